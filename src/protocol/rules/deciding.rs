//! When and how votes become a winner.

use serde::{Deserialize, Serialize};

/// When and how votes become a winner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deciding {
    /// Nobody votes before every live agent has published.
    pub defer_voting: bool,
    /// No voting at all: the turn is decided when every live agent has published once.
    pub skip_voting: bool,
}
