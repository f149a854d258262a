//! Notes of people as exports show them: threads, each with what it is on.

use serde::{Deserialize, Serialize};

/// A note on the session with what was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The first words.
    #[serde(flatten)]
    pub first: Words,
    /// On what: an event, an answer, lines of a file, the session.
    pub on: String,
    /// The event where it is looked at; `None` for the session as a whole.
    pub event: Option<u64>,
    /// Who settled it; `None` while it is open.
    pub resolved: Option<String>,
    /// Answers, oldest first.
    pub replies: Vec<Words>,
}

/// What somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Who, as they call themselves.
    pub author: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// Whether the words were changed later.
    pub edited: bool,
    /// The words; `None` when they were taken back.
    pub text: Option<String>,
}

/// The notes on events from one number to before another, with their places in the list.
pub(super) fn between(all: &[Remark], from: u64, until: u64) -> Vec<(usize, &Remark)> {
    let inside = |one: &Remark| {
        one.event
            .is_some_and(|event| (from..until).contains(&event))
    };
    let numbered = all.iter().enumerate();
    numbered.filter(|(_, one)| inside(one)).collect()
}
