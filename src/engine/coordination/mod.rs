//! The coordination reducer: `step(Input) -> Vec<Action>`, pure and deterministic.
//!
//! No clock, no randomness, no await: time comes in as [`Input::Elapsed`], text as reports. Same
//! inputs, same actions. The laws it keeps are listed in `docs/coordination.md` and run as
//! properties in `tests/laws.rs`.

mod action;
mod close;
mod finish;
mod flow;
mod input;
mod publish;
mod report;
mod round;
mod state;
mod steer;
mod tally;
#[cfg(test)]
mod tests;
mod timers;
mod view;
mod vote;

pub use action::{Action, Ask, Brief, Cause, Refusal};
pub use input::{Input, Report, Timer};
pub use state::Coordination;

use crate::protocol::{AgentId, Limits};

/// What the reducer needs to know before it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The team in configuration order (the last tie-break).
    pub agents: Vec<AgentId>,
    /// Limits.
    pub limits: Limits,
    /// Options.
    pub options: Options,
}

/// Choices of the configuration that change coordination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How the final answer is made.
    pub finish: Finish,
    /// Answers an agent may be ahead of the slowest live peer; `None` switches the rule off.
    pub lead: Option<u32>,
    /// Nobody votes before every live agent has published.
    pub defer_voting: bool,
    /// No voting at all: the turn is decided when every live agent has published once.
    pub skip_voting: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            finish: Finish::Present,
            lead: Some(2),
            defer_voting: false,
            skip_voting: false,
        }
    }
}

/// How the final answer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The winning text as it is.
    Reuse,
    /// The winner (or the next live agent) presents, seeing all answers and the vote.
    Present,
}
