//! What counts as a new answer, and how far agents may run ahead of each other.

use serde::{Deserialize, Serialize};

/// What counts as a new answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Improving {
    /// Answers an agent may be ahead of the slowest live peer; `None` switches the rule off.
    pub lead: Option<u32>,
}

impl Default for Improving {
    /// Two answers ahead at most, as in `MassGen`.
    fn default() -> Self {
        Self { lead: Some(2) }
    }
}
