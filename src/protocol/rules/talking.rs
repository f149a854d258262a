//! Whom agents may ask while they work, and how long they wait.
//!
//! The names and meanings are MassGen's `coordination.broadcast*`; `both` is ours.

use serde::{Deserialize, Serialize};

/// How agents ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Talking {
    /// Whom `ask_others` reaches.
    pub ask: Asking,
    /// Seconds until a question counts as not answered.
    pub ask_seconds: u64,
    /// Whether a question waits for its answers unless the agent says otherwise.
    pub ask_waits: bool,
    /// Questions one agent may ask in a turn.
    pub asks_per_agent: u32,
    /// How readily agents should ask.
    pub eagerness: Degree,
    /// How long the answers of agents should be.
    pub depth: Degree,
    /// What happens to questions when nobody is there; `None`: wait where somebody could answer,
    /// skip where nobody can.
    pub questions: Option<QuestionPolicy>,
    /// A folder whose files are the person's words and answers.
    pub inbox: Option<String>,
}

impl Default for Talking {
    /// Nobody asks; if they may, 10 questions each, 300 s to answer.
    fn default() -> Self {
        Self {
            ask: Asking::Nobody,
            ask_seconds: 300,
            ask_waits: true,
            asks_per_agent: 10,
            eagerness: Degree::Medium,
            depth: Degree::Medium,
            questions: None,
            inbox: None,
        }
    }
}

/// Whom `ask_others` reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asking {
    /// Nobody: the tool is not offered.
    #[default]
    Nobody,
    /// The other agents.
    Agents,
    /// The person.
    Person,
    /// The other agents and the person.
    Both,
}

impl Asking {
    /// True when agents may be asked.
    #[must_use]
    pub const fn agents(self) -> bool {
        matches!(self, Self::Agents | Self::Both)
    }

    /// True when the person may be asked.
    #[must_use]
    pub const fn person(self) -> bool {
        matches!(self, Self::Person | Self::Both)
    }
}

/// Little, some, much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Degree {
    /// Little.
    Low,
    /// Some.
    #[default]
    Medium,
    /// Much.
    High,
}

/// What happens to a question when nobody is there to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionPolicy {
    /// It is skipped: the agent decides for itself.
    Skip,
    /// The first option is taken, a plan is approved, an open question is skipped.
    First,
    /// It waits for an answer from the inbox until its time is up.
    Wait,
    /// The turn is stopped: a person is needed.
    Fail,
}

impl QuestionPolicy {
    /// Its name in flags and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::First => "first",
            Self::Wait => "wait",
            Self::Fail => "fail",
        }
    }

    /// The policy of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Skip, Self::First, Self::Wait, Self::Fail]
            .into_iter()
            .find(|policy| policy.word() == name)
    }
}
