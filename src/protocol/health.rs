//! How the endpoints are, as a list that people look at.

use serde::{Deserialize, Serialize};

/// One endpoint and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Who uses it or whose it is: an agent's name, or a vendor's.
    pub name: String,
    /// Backend type.
    pub backend: String,
    /// Address without a password.
    pub base_url: String,
    /// The model that is asked, when an agent's endpoint was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How it is.
    pub state: HealthState,
    /// Time to its answer in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Models on its list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<usize>,
    /// What to do; empty when nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub hint: String,
}

/// How an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It answers, and takes the key.
    Up,
    /// It answers, but does not have the model on its list.
    NoModel,
    /// It wants a key, and there is none.
    NoKey,
    /// It refuses the key.
    KeyRefused,
    /// It answers that it is busy, loading or limited.
    Busy,
    /// It answers something that no model server says.
    Strange,
    /// Nothing listens there, or there is no way to it.
    Down,
    /// No answer in time.
    Slow,
}

impl HealthState {
    /// The word of the state.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::NoModel => "no such model",
            Self::NoKey => "no key",
            Self::KeyRefused => "key refused",
            Self::Busy => "busy",
            Self::Strange => "strange answer",
            Self::Down => "down",
            Self::Slow => "no answer in time",
        }
    }

    /// True when a run can use it.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Up | Self::Busy)
    }
}
