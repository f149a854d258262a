//! What counts as a new answer, and how far agents may run ahead of each other.

use serde::{Deserialize, Serialize};

/// What counts as a new answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Improving {
    /// Answers an agent may be ahead of the slowest live peer; `None` switches the rule off.
    pub lead: Option<u32>,
    /// What a text must bring that the answers its author knows do not have.
    pub novelty: Novelty,
    /// Seconds without any report after which a peer at work holds nobody back; 0 waits as long as
    /// its round may take.
    pub silent_seconds: u64,
}

impl Default for Improving {
    /// Two answers ahead at most, as in `MassGen`; who is silent for two minutes does not count.
    fn default() -> Self {
        Self {
            lead: Some(2),
            novelty: Novelty::default(),
            silent_seconds: 120,
        }
    }
}

/// How new a text must be (`MassGen`: `answer_novelty_requirement`). Equal texts are refused by
/// every level; a changed fact (a number, a name, a line of code, a negation) passes every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Novelty {
    /// Nothing but equality is looked at.
    Off,
    /// Refused is only what adds nothing: the same statements in another order, form or padding.
    #[default]
    Lenient,
    /// Refused is also what shares more than 70 % of its words without a fix.
    Balanced,
    /// Refused is also what shares more than 50 % of its words without a changed fact.
    Strict,
}

impl Novelty {
    /// The word for screens, logs and configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Lenient => "lenient",
            Self::Balanced => "balanced",
            Self::Strict => "strict",
        }
    }

    /// Percent of common words above which a text has to bring a fix.
    #[must_use]
    pub const fn bar(self) -> u32 {
        match self {
            Self::Off | Self::Lenient => 100,
            Self::Balanced => 70,
            Self::Strict => 50,
        }
    }
}
