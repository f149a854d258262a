//! The order of the list.
//!
//! Total and stable under changes of the list: what is equal by the key stands newest first, then by
//! its name. What is unknown stands last in either direction.

use std::{cmp::Ordering, str::FromStr};

use super::Entry;

/// What the list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// Start.
    #[default]
    Date,
    /// Money.
    Cost,
    /// Wall-clock time.
    Duration,
    /// Number of agents.
    Agents,
    /// Number of turns.
    Turns,
    /// The word for how it ended.
    Outcome,
    /// Name or prompt.
    Name,
}

/// Which end is on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// A key and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Which end first.
    pub direction: Direction,
}

impl Default for Sort {
    fn default() -> Self {
        Self::by(SortKey::default())
    }
}

impl SortKey {
    /// All, in the order they are offered.
    pub const ALL: [Self; 7] = [
        Self::Date,
        Self::Cost,
        Self::Duration,
        Self::Agents,
        Self::Turns,
        Self::Outcome,
        Self::Name,
    ];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Cost => "cost",
            Self::Duration => "duration",
            Self::Agents => "agents",
            Self::Turns => "turns",
            Self::Outcome => "outcome",
            Self::Name => "name",
        }
    }

    /// The next one, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Date => Self::Cost,
            Self::Cost => Self::Duration,
            Self::Duration => Self::Agents,
            Self::Agents => Self::Turns,
            Self::Turns => Self::Outcome,
            Self::Outcome => Self::Name,
            Self::Name => Self::Date,
        }
    }
}

impl Sort {
    /// A key in its usual direction: words from a to z, figures from the greatest.
    #[must_use]
    pub const fn by(key: SortKey) -> Self {
        let direction = match key {
            SortKey::Outcome | SortKey::Name => Direction::Ascending,
            SortKey::Date
            | SortKey::Cost
            | SortKey::Duration
            | SortKey::Agents
            | SortKey::Turns => Direction::Descending,
        };
        Self { key, direction }
    }

    /// The other direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        let direction = match self.direction {
            Direction::Ascending => Direction::Descending,
            Direction::Descending => Direction::Ascending,
        };
        Self { direction, ..self }
    }

    /// Which of two entries stands first, pins left out.
    #[must_use]
    pub fn compare(self, one: &Entry, other: &Entry) -> Ordering {
        let (a, b) = (&one.summary, &other.summary);
        let by_key = match self.key {
            SortKey::Date => self.turned(a.started_ms.cmp(&b.started_ms)),
            SortKey::Cost => match (a.cost_usd, b.cost_usd) {
                (Some(a), Some(b)) => self.turned(a.total_cmp(&b)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            },
            SortKey::Duration => self.turned(a.duration_ms.cmp(&b.duration_ms)),
            SortKey::Agents => self.turned(a.agents.cmp(&b.agents)),
            SortKey::Turns => self.turned(a.turns.cmp(&b.turns)),
            SortKey::Outcome => self.turned(one.word().cmp(other.word())),
            SortKey::Name => self.turned(by_words(one.title(), other.title())),
        };
        by_key
            .then_with(|| b.started_ms.cmp(&a.started_ms))
            .then_with(|| a.run.cmp(&b.run))
    }

    const fn turned(self, order: Ordering) -> Ordering {
        match self.direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    }
}

/// Case does not matter, unless nothing else does.
fn by_words(one: &str, other: &str) -> Ordering {
    let pairs = one.bytes().zip(other.bytes());
    let alike = |(a, b): &(u8, u8)| a.is_ascii() && a.eq_ignore_ascii_case(b);
    // What is before the first difference is plain letters, so both are cut between characters.
    let same = pairs.take_while(alike).count();
    let by_letters = match (one.as_bytes().get(same), other.as_bytes().get(same)) {
        (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() => {
            a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase())
        }
        _ => {
            // Compared as they are turned: sorting thousands makes no copies.
            let one = one.get(same..).unwrap_or_default().chars();
            let other = other.get(same..).unwrap_or_default().chars();
            let folded = one.flat_map(char::to_lowercase);
            folded.cmp(other.flat_map(char::to_lowercase))
        }
    };
    by_letters.then_with(|| one.cmp(other))
}

impl FromStr for Sort {
    type Err = String;

    /// `cost`, or `-cost` for the other direction.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (word, reversed) = match text.strip_prefix('-') {
            Some(word) => (word, true),
            None => (text, false),
        };
        let key = SortKey::ALL.into_iter().find(|key| key.word() == word);
        let Some(key) = key else {
            let words: Vec<&str> = SortKey::ALL.into_iter().map(SortKey::word).collect();
            return Err(format!(
                "{word:?} is nothing to sort by; there are {}, each with a minus in front for the \
                 other direction.",
                words.join(", ")
            ));
        };
        let sort = Self::by(key);
        Ok(if reversed { sort.reversed() } else { sort })
    }
}
