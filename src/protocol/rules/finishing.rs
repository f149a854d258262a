//! How the winner becomes the final answer.

use serde::{Deserialize, Serialize};

/// How the final answer is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finishing {
    /// The way.
    pub finish: Finish,
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
}
