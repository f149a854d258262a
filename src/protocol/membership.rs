//! Changes of the team while it is at work: what may be asked, and what came of it.

use serde::{Deserialize, Serialize};

use super::{AgentCard, AgentId, Hiding};

/// A change of the team. Each may be asked for at any moment; one that cannot be made is answered
/// with [`TeamEvent::Declined`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamCommand {
    /// One more agent, like one that is there.
    Add {
        /// Whose server, key and instructions it gets.
        like: AgentId,
        /// Its model; `None` is the model of the other.
        #[serde(default)]
        model: Option<String>,
    },
    /// Takes an agent out. What it published stays eligible.
    Retire(AgentId),
    /// Interrupts an agent and asks it nothing until it is resumed.
    Pause(AgentId),
    /// Ends a pause.
    Resume(AgentId),
    /// Gives an agent that is out another chance.
    Retry(AgentId),
    /// Puts another model into an agent's seat; its answers and its ballot stay.
    Replace {
        /// The seat.
        id: AgentId,
        /// The new model.
        model: String,
    },
    /// Changes what all agents are told about each other, from their next prompts on.
    Hide(Hiding),
}

impl TeamCommand {
    /// What is asked for, as it reads after "cannot": `pause agent2`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Add { like, .. } => format!("add an agent like {like}"),
            Self::Retire(id) => format!("retire {id}"),
            Self::Pause(id) => format!("pause {id}"),
            Self::Resume(id) => format!("resume {id}"),
            Self::Retry(id) => format!("retry {id}"),
            Self::Replace { id, .. } => format!("replace the model of {id}"),
            Self::Hide(_) => "change what agents are told".to_owned(),
        }
    }
}

/// The team changed, or did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamEvent {
    /// An agent joined. Its number was never used before in the session.
    Added {
        /// The agent.
        card: AgentCard,
        /// Whom it is like.
        like: AgentId,
        /// Why the engine added it; empty when the person did.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// An agent was taken out by the person; its answers stay eligible.
    Retired(AgentId),
    /// An agent was interrupted and is asked nothing for now; the others wait for it for a while.
    Paused(AgentId),
    /// A pause lasts too long: the others no longer wait for this agent.
    Overdue(AgentId),
    /// A pause ended.
    Resumed(AgentId),
    /// An agent that was out has another chance.
    Retried(AgentId),
    /// Another model sits in an agent's seat.
    Replaced(AgentCard),
    /// What agents are told about each other changed, for the rest of the turn.
    Hidden(Hiding),
    /// A change could not be made.
    Declined {
        /// The change.
        change: TeamCommand,
        /// Why not, one sentence.
        reason: String,
    },
}
