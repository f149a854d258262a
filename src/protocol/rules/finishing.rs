//! How the winner becomes the final answer, and who looks at it before it is given.

use serde::{Deserialize, Serialize};

use crate::protocol::AgentId;

/// How the final answer is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finishing {
    /// The way.
    pub finish: Finish,
    /// Who presents or synthesizes, when it is live; otherwise the winner, then the next live one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presenter: Option<AgentId>,
    /// Whether somebody verifies the final text, and how often the team may work again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Times a single agent improves its own answer before it presents it.
    pub refine: u32,
}

/// Ways to a final answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The winning text as it is.
    Reuse,
    /// The winner (or the next live agent) presents, seeing all answers and the vote.
    #[default]
    Present,
    /// The winner (or the next live agent) writes one new answer out of all answers; the vote says
    /// where to begin, not what to keep.
    Synthesize,
}

/// Verification of the final text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verify {
    /// Who verifies; `None`, or when it wrote the text or is out: the next live agent that did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<AgentId>,
    /// Times the team may work again after a verdict against the text.
    pub restarts: u32,
}
