//! What anyone may ask of a running session.

use serde::{Deserialize, Serialize};

use super::AgentId;

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
    /// Wrap up: publish what is there, vote, decide.
    AnswerNow,
    /// Stop the turn. Published answers are kept and the best one stands.
    Stop,
    /// Start the next turn with this task; ignored while a turn runs.
    FollowUp {
        /// The task.
        prompt: String,
    },
    /// End the session: stop what runs, write the log out.
    Close,
}

/// Addressees of a steering message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Every agent.
    All,
    /// One agent.
    One(AgentId),
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
