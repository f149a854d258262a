//! The words of the filter: which sessions are meant.
//!
//! Words are joined by "and"; several values after one colon, with commas, by "or"; a minus in front
//! turns a word round. A bare word is searched in prompt, name, tags and the session's own name; quotes
//! keep blanks and colons together. A word that is not known is an error that says what is, never a
//! word that matches nothing.

mod parse;
mod term;

use std::{fmt, ops::Range};

pub use term::Ground;
pub(super) use term::within;
use term::{Is, Term, Test};

use super::Entry;

/// What is meant. The default means every session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// A word, a value or a quote that makes no sense, with what would.
    pub fn parse(text: &str, ground: &Ground) -> Result<Self, Wrong> {
        Ok(Self {
            terms: parse::terms(text, ground)?,
        })
    }

    /// True when it means every session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether this session is meant. Archived and deleted ones are as good as others here; whether
    /// they are in sight is said by [`super::Shown`].
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        self.terms.iter().all(|term| term.matches(entry))
    }

    /// True when archived sessions are asked for by name.
    #[must_use]
    pub fn asks_for_archived(&self) -> bool {
        self.asks_for(Is::Archived)
    }

    /// True when deleted sessions are asked for by name.
    #[must_use]
    pub fn asks_for_deleted(&self) -> bool {
        self.asks_for(Is::Deleted)
    }

    fn asks_for(&self, what: Is) -> bool {
        self.terms.iter().any(|term| match &term.test {
            Test::Is(words) => !term.not && words.contains(&what),
            _ => false,
        })
    }
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where, in bytes of the text.
    pub at: Range<usize>,
    /// What.
    pub what: String,
    /// What would be right.
    pub hint: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.hint)
    }
}

impl std::error::Error for Wrong {}
