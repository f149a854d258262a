//! How the team may grow and shrink by itself while it works.

use serde::{Deserialize, Serialize};

/// Growth and shrinking of a team. What changes a team without the person's word is off by
/// default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scaling {
    /// Agents that are added, one at a time, while all have voted and no answer has more than half
    /// of the votes. 0 switches it off.
    pub add_on_split: u32,
    /// Name of the agent that an added one is like; `None`: the author of the leading answer.
    pub add_like: Option<String>,
    /// Seconds without any output after which a working agent is out; `None` switches it off.
    pub stall_seconds: Option<u64>,
    /// Seconds that the others wait for an agent that is paused.
    pub pause_seconds: u64,
    /// Most agents of one team, those that are out included: nothing is added beyond.
    pub agents: u32,
}

impl Scaling {
    /// Every text of these rules, for masking and cleaning.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self {
            add_on_split: _,
            add_like,
            stall_seconds: _,
            pause_seconds: _,
            agents: _,
        } = self;
        if let Some(name) = add_like {
            change(name);
        }
    }
}

impl Default for Scaling {
    /// Nothing by itself; five minutes of patience, 100 agents.
    fn default() -> Self {
        Self {
            add_on_split: 0,
            add_like: None,
            stall_seconds: None,
            pause_seconds: 300,
            agents: 100,
        }
    }
}
