//! The coordination reducer: `step(Input) -> Vec<Action>`, pure and deterministic.
//!
//! No clock, no randomness, no await: time comes in as [`Input::Elapsed`], text as reports. Same
//! inputs, same actions. The laws it keeps are listed in `docs/coordination.md` and run as
//! properties in `tests/laws.rs`.

mod action;
mod agreement;
mod choice;
mod close;
mod early;
mod extract;
mod finish;
mod flow;
mod funds;
mod further;
mod graph;
mod input;
mod layers;
mod members;
mod novelty;
mod parts;
mod policy;
mod publish;
mod replay;
mod report;
mod resume;
mod round;
mod same;
mod state;
mod steer;
mod tally;
#[cfg(test)]
mod tests;
mod timers;
mod verify;
mod view;
mod vote;

pub use action::{
    Action, Aim, Ask, Brief, Cause, Likeness, Refusal, Review, VoteAsk, VoteWhy, Votes,
};
pub use choice::{BadBallot, Choice, ScoreRow};
pub use input::{Change, Input, Report, Timer};
pub use replay::time_used;
pub use state::Coordination;

use crate::protocol::{AgentId, Limits, Rules};

/// What the reducer needs to know before it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The team in configuration order (the last tie-break).
    pub agents: Vec<AgentId>,
    /// Limits.
    pub limits: Limits,
    /// Rules.
    pub rules: Rules,
}
