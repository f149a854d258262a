//! How the endpoints are, as a list that people look at.

use serde::{Deserialize, Serialize};

/// One endpoint and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Why it is listed.
    pub of: HealthOf,
    /// Who uses it or whose it is: an agent's name, or a vendor's.
    pub name: String,
    /// Backend type.
    pub backend: String,
    /// Address without a password; of a program its path, or its name where it is not installed.
    pub base_url: String,
    /// The model that is asked, when an agent's endpoint was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How it is.
    pub state: HealthState,
    /// Whether it has its key. The key itself is never told.
    pub key: KeyState,
    /// Time to its answer in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Models on its list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<usize>,
    /// Models that are loaded, where the server tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<usize>,
    /// Milliseconds for which nobody asks it, after failures in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_ms: Option<u64>,
    /// What to do; empty when nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub hint: String,
}

impl Health {
    /// What else is known, in a line: model, models on its list, models loaded, the key.
    #[must_use]
    pub fn facts(&self) -> String {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let models = self
            .models
            .map(|count| format!("{count} model{}", plural(count)));
        let loaded = self.loaded.map(|count| format!("{count} loaded"));
        let rests = self
            .rests_ms
            .map(|ms| format!("left alone for {} s after failures", ms.div_ceil(1000)));
        let facts = [rests, self.model.clone(), models, loaded];
        let mut facts: Vec<String> = facts.into_iter().flatten().collect();
        if self.of != HealthOf::Tools {
            facts.push(self.key.words().to_owned());
        }
        facts.join(" · ")
    }
}

/// Why an endpoint is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthOf {
    /// An agent of the configuration uses it.
    Team,
    /// The key of its vendor is set.
    Vendor,
    /// It was found on this machine.
    Nearby,
    /// It is a command-line agent that is installed.
    Program,
    /// It is a server of tools of an agent.
    Tools,
}

impl HealthOf {
    /// All of them, in the order of a list.
    pub const ALL: [Self; 5] = [
        Self::Team,
        Self::Tools,
        Self::Vendor,
        Self::Nearby,
        Self::Program,
    ];

    /// The heading of its part of a list.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Team => "Of your configuration",
            Self::Vendor => "Vendors whose key is set",
            Self::Nearby => "Servers on this machine",
            Self::Program => "Command-line agents",
            Self::Tools => "Tool servers of agents",
        }
    }
}

/// Whether an endpoint has its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It is there.
    Set,
    /// It is wanted and not there.
    Missing,
    /// None is wanted.
    NotNeeded,
    /// The program has a login of its own.
    OwnLogin,
}

impl KeyState {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Set => "key set",
            Self::Missing => "no key",
            Self::NotNeeded => "no key needed",
            Self::OwnLogin => "own login",
        }
    }
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
    /// A program that is there. Whether it is logged in shows when it is asked.
    Installed,
    /// A program that is not there.
    NotInstalled,
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
            Self::Installed => "installed",
            Self::NotInstalled => "not installed",
        }
    }

    /// True when a run can use it.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Up | Self::Busy | Self::Installed)
    }
}
