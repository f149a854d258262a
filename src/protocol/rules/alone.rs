//! The rules of a turn in which one agent is asked alone.
//!
//! Made of the rules of its session for that turn. Whatever needs others is left out: votes, other
//! agents' verification, a mode that gives every agent its work, questions to peers.

use super::{Asking, Finish, Mode, Rules};
use crate::protocol::{AgentId, Limits};

impl Rules {
    /// These rules for a turn in which only `agent` is asked: what it publishes is the result.
    #[must_use]
    pub fn for_one(&self, agent: AgentId) -> Self {
        let mut rules = self.clone();
        rules.asked = Some(agent);
        rules.mode = Mode::Team;
        rules.deciding.skip_voting = true;
        rules.finishing.finish = Finish::Reuse;
        rules.finishing.presenter = None;
        rules.finishing.verify = None;
        rules.finishing.refine = 0;
        rules.talking.ask = rules.talking.ask.without_agents();
        rules.personas.diversity = None;
        rules.scaling.add_on_split = 0;
        rules
    }
}

impl Limits {
    /// These limits for a turn in which one agent is asked alone: one answer is all there is to come.
    #[must_use]
    pub fn for_one(&self) -> Self {
        let mut limits = self.clone();
        limits.answers_per_agent = limits.answers_per_agent.min(1);
        limits.answers_total = limits.answers_total.min(1);
        limits
    }
}

impl Asking {
    /// The same without the other agents, who wait.
    #[must_use]
    pub const fn without_agents(self) -> Self {
        match self {
            Self::Nobody | Self::Agents => Self::Nobody,
            Self::Person | Self::Both => Self::Person,
        }
    }
}
