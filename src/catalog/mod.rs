//! The list of sessions as data: what is known of each, which of them are meant, in which order.
//!
//! Pure: no disk, no clock, no screen. `app::shelf` fills it, the log browser and `logs list` show it,
//! and both read the same words ([`Filter`]) and the same order ([`Sort`]). What a person wrote to a
//! session ([`Labels`]) never stands in its log.

mod filter;
mod labels;
mod sort;

pub use filter::{Filter, Ground, Wrong};
pub use labels::{Edit, LONGEST_NAME, LONGEST_TAG, Labels, MOST_TAGS, TagError, tag};
pub use sort::{Direction, Sort, SortKey};

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::protocol::SessionSummary;

/// One session of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What its log says.
    pub summary: SessionSummary,
    /// What the person wrote to it.
    pub labels: Labels,
    /// Whether somebody writes it now.
    pub standing: Standing,
    /// Reports of it that a model wrote and that are kept.
    pub analysed: u32,
    /// Notes of people on it.
    pub notes: u32,
    /// Who gave it away, when it came as a bundle.
    pub shared: Option<Shared>,
    /// It lies in the trash; for a log of another program, it was hidden ([`Labels::hidden`]).
    pub deleted: bool,
    /// Where its log lies, for people.
    pub log: String,
}

/// Where a session came from that somebody gave away as a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Who gave it away, as they call themselves; `None` when they did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When they did, in milliseconds since the epoch; told only by those who say who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// When it was taken in here; `None` when the file does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_ms: Option<u64>,
}

impl Shared {
    /// In a line; `moment` writes a date.
    #[must_use]
    pub fn words(&self, moment: impl Fn(u64) -> String) -> String {
        let by = self.by.as_deref().unwrap_or("somebody who gave no name");
        let at = self.at_ms.map(|at| format!(", {}", moment(at)));
        let taken = self.taken_ms.map(|at| format!("; taken in {}", moment(at)));
        format!(
            "by {by}{}{}",
            at.unwrap_or_default(),
            taken.unwrap_or_default()
        )
    }
}

/// Whether a session is being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// A process writes it now, this one or another.
    Live,
    /// Nobody does.
    #[default]
    Over,
}

impl Entry {
    /// An entry of which only the log is known.
    #[must_use]
    pub fn new(summary: SessionSummary) -> Self {
        Self {
            summary,
            labels: Labels::default(),
            standing: Standing::Over,
            analysed: 0,
            notes: 0,
            shared: None,
            deleted: false,
            log: String::new(),
        }
    }

    /// True for one of ours: it can be gone on with and deleted.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        self.summary.from.is_none()
    }

    /// The word for how it is: `running`, `crashed`, or the outcome.
    #[must_use]
    pub fn word(&self) -> &str {
        match self.standing {
            Standing::Live => "running",
            Standing::Over if self.summary.is_unfinished() => "crashed",
            Standing::Over => &self.summary.outcome,
        }
    }

    /// True when it was run in this folder or below it.
    #[must_use]
    pub fn is_in(&self, folder: &str) -> bool {
        filter::within(&self.summary.folder, folder)
    }

    /// The name it was given, else the first line of its prompt.
    #[must_use]
    pub fn title(&self) -> &str {
        let prompt = self.summary.prompt.trim();
        match &self.labels.name {
            Some(name) => name,
            None => prompt.lines().next().unwrap_or_default(),
        }
    }
}

/// Which sessions are listed that are usually out of sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shown {
    /// Neither archived nor deleted ones, unless the filter asks for them.
    #[default]
    Usual,
    /// Archived ones as well.
    Archived,
    /// Deleted ones as well, as long as they are kept.
    All,
}

impl Shown {
    /// The next one, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Usual => Self::Archived,
            Self::Archived => Self::All,
            Self::All => Self::Usual,
        }
    }

    /// Whether an entry is in sight.
    #[must_use]
    pub fn allows(self, entry: &Entry, filter: &Filter) -> bool {
        let archived = self != Self::Usual || filter.asks_for_archived();
        let deleted = self == Self::All || filter.asks_for_deleted();
        (archived || !entry.labels.archived || entry.deleted) && (deleted || !entry.deleted)
    }
}

/// The places of the entries that are meant, in order: pinned ones first.
#[must_use]
pub fn select(entries: &[Entry], filter: &Filter, sort: Sort, shown: Shown) -> Vec<usize> {
    let mut places: Vec<(usize, &Entry)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| shown.allows(entry, filter) && filter.matches(entry))
        .collect();
    places.sort_unstable_by(|(a, one), (b, other)| order(one, other, sort).then(a.cmp(b)));
    places.into_iter().map(|(place, _)| place).collect()
}

/// Pinned before others, then by the key.
fn order(one: &Entry, other: &Entry, sort: Sort) -> Ordering {
    let pinned = other.labels.pinned.cmp(&one.labels.pinned);
    pinned.then_with(|| sort.compare(one, other))
}

#[cfg(test)]
mod tests;
