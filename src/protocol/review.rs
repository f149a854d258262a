//! Verification as events: who looked at the final text, what came of it, which attempt it was.

use serde::{Deserialize, Serialize};

use super::AgentId;

/// What is told about verifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewEvent {
    /// An agent looks at the final text.
    Asked {
        /// Who. Never the one that wrote the text.
        by: AgentId,
        /// Attempt, starting at 1.
        attempt: u32,
        /// Attempts there may be.
        of: u32,
    },
    /// Its verdict.
    Verdict(Verdict),
    /// Nobody could say: the text stands unverified.
    Skipped {
        /// Why, one sentence.
        why: String,
    },
    /// The team works on it again. All answers stay eligible.
    Again {
        /// The attempt that begins.
        attempt: u32,
        /// Attempts there may be.
        of: u32,
        /// Who works again; the others' ballots keep standing.
        agents: Vec<AgentId>,
    },
}

impl ReviewEvent {
    /// Passes every text through `each`.
    pub fn texts_mut(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Verdict(Verdict {
                by: _,
                attempt: _,
                accept: _,
                instructions: text,
                agents: _,
            })
            | Self::Skipped { why: text } => each(text),
            Self::Asked {
                by: _,
                attempt: _,
                of: _,
            }
            | Self::Again {
                attempt: _,
                of: _,
                agents: _,
            } => {}
        }
    }
}

/// A verdict about the final text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Who says it.
    pub by: AgentId,
    /// Attempt it is about.
    pub attempt: u32,
    /// True when the text stands.
    pub accept: bool,
    /// What to change, or a short reason.
    pub instructions: String,
    /// Who should change it; empty for everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentId>,
}
