//! What anyone may ask of a running session.

use serde::{Deserialize, Serialize};

use super::{AgentId, QuestionId, Reply, SteerId, TeamCommand};

/// A request to the engine. The answer is always an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Say something to agents while they run.
    Steer {
        /// Who hears it.
        target: Target,
        /// The words.
        text: String,
        /// Wait for the next safe point, or interrupt.
        mode: SteerMode,
    },
    /// Take a message back from every agent that has not heard it yet.
    Withdraw(SteerId),
    /// Answer a question of the session.
    Answer {
        /// Which.
        id: QuestionId,
        /// What the person says.
        reply: Reply,
    },
    /// Wrap up: publish what is there, vote, decide.
    AnswerNow,
    /// Change the team.
    Team(TeamCommand),
    /// Stop the turn. Published answers are kept and the best one stands.
    Stop,
    /// Start the next turn with this task; ignored while a turn runs.
    FollowUp {
        /// The task.
        prompt: String,
    },
    /// The same, but only one agent is asked; the turn after it has the whole team again.
    Ask {
        /// Who.
        agent: AgentId,
        /// The task.
        prompt: String,
    },
    /// End the session: stop what runs, write the log out.
    Close,
}

/// Addressees of a steering message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Every agent.
    All,
    /// One agent.
    One(AgentId),
    /// These agents, in ascending order without repetition.
    Several(Vec<AgentId>),
}

impl Target {
    /// The agents of a list: one, or several in order and without repetition. `None` for no agent.
    #[must_use]
    pub fn of(agents: impl IntoIterator<Item = AgentId>) -> Option<Self> {
        let agents: std::collections::BTreeSet<AgentId> = agents.into_iter().collect();
        let first = agents.first().copied()?;
        Some(match agents.len() {
            1 => Self::One(first),
            _ => Self::Several(agents.into_iter().collect()),
        })
    }

    /// Whether a message to it is meant for this agent.
    #[must_use]
    pub fn includes(&self, agent: AgentId) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => *one == agent,
            Self::Several(several) => several.contains(&agent),
        }
    }
}

/// When a steering message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SteerMode {
    /// At the agent's next tool result, between calls, or at its next round.
    Queue,
    /// At once: the running model call is aborted, its partial text kept, the message appended.
    Now,
}
