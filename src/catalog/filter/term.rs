//! One word of a filter, as a test of an entry.

use jiff::tz::TimeZone;

use crate::{
    catalog::{Entry, Standing},
    protocol::Timestamp,
};

/// What relative words are relative to.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    /// Now.
    pub now: Timestamp,
    /// The zone that dates are meant in.
    pub zone: TimeZone,
    /// The folder of this project; `None` when there is none.
    pub here: Option<String>,
}

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// Turned round.
    pub(super) not: bool,
    /// What is tested.
    pub(super) test: Test,
}

/// What is tested. Words are in small letters; one of several is enough.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// Anything a person would look for it by.
    Word(String),
    /// How it ended.
    Outcome(Vec<Ended>),
    /// Part of a text.
    Text(Field, Vec<String>),
    /// One of its tags.
    Tag(Vec<String>),
    /// Whose it is.
    From(Vec<Source>),
    /// A figure.
    Figure(Figure, Vec<Bounds>),
    /// It began at this moment or later.
    Since(Timestamp),
    /// It began before this moment.
    Before(Timestamp),
    /// What it is besides.
    Is(Vec<Is>),
    /// It was run in this folder or below it.
    Here(String),
}

/// A text of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Winner,
    Agent,
    Model,
}

/// A figure of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Cost,
    Turns,
    Agents,
    Answers,
    Duration,
    Files,
    Notes,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    NoAnswer,
    Cancelled,
    Crashed,
    Damaged,
    Running,
}

/// Whose a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Ours,
    MassGen,
}

/// What a session is besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    Pinned,
    Archived,
    Live,
    Analysed,
    Demo,
    Deleted,
    Noted,
    Tagged,
}

/// A range of figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// The least, and whether it is itself within.
    pub(super) least: Option<(f64, Edge)>,
    /// The greatest, and whether it is itself within.
    pub(super) most: Option<(f64, Edge)>,
}

/// Whether the end of a range belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Within,
    Without,
}

impl Bounds {
    fn hold(self, value: f64) -> bool {
        let least = self.least.is_none_or(|(least, edge)| match edge {
            Edge::Within => value >= least,
            Edge::Without => value > least,
        });
        let most = self.most.is_none_or(|(most, edge)| match edge {
            Edge::Within => value <= most,
            Edge::Without => value < most,
        });
        least && most
    }
}

impl Term {
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        self.test.holds(entry) != self.not
    }
}

impl Test {
    fn holds(&self, entry: &Entry) -> bool {
        let summary = &entry.summary;
        match self {
            Self::Word(word) => {
                let labels = &entry.labels;
                contains(&summary.prompt, word)
                    || contains(labels.name.as_deref().unwrap_or_default(), word)
                    || labels.tags.iter().any(|tag| tag.contains(word.as_str()))
                    || summary.run.0.contains(word.as_str())
            }
            Self::Outcome(words) => words.iter().any(|word| word.holds(entry)),
            Self::Text(field, words) => words.iter().any(|word| field.holds(entry, word)),
            Self::Tag(words) => words.iter().any(|word| entry.labels.tags.contains(word)),
            Self::From(sources) => sources.iter().any(|source| match source {
                Source::Ours => entry.is_ours(),
                Source::MassGen => {
                    let from = summary.from.as_deref().unwrap_or_default();
                    contains(from, "massgen")
                }
            }),
            Self::Figure(figure, ranges) => {
                let value = figure.of(entry);
                value.is_some_and(|value| ranges.iter().any(|range| range.hold(value)))
            }
            Self::Since(moment) => summary.started_ms >= moment.0,
            Self::Before(moment) => summary.started_ms < moment.0,
            Self::Is(words) => words.iter().any(|word| word.holds(entry)),
            Self::Here(folder) => within(&summary.folder, folder),
        }
    }
}

impl Field {
    fn holds(self, entry: &Entry, word: &str) -> bool {
        let summary = &entry.summary;
        match self {
            Self::Winner => contains(summary.winner.as_deref().unwrap_or_default(), word),
            Self::Agent => summary.team.iter().any(|one| contains(&one.name, word)),
            Self::Model => summary.team.iter().any(|one| contains(&one.model, word)),
        }
    }
}

impl Figure {
    /// `None` when it is not known.
    fn of(self, entry: &Entry) -> Option<f64> {
        let summary = &entry.summary;
        match self {
            Self::Cost => summary.cost_usd,
            Self::Turns => Some(f64::from(summary.turns)),
            Self::Agents => Some(f64::from(summary.agents)),
            Self::Answers => Some(f64::from(summary.answers)),
            Self::Duration => Some(summary.duration_ms as f64),
            Self::Files => summary.files_changed.map(f64::from),
            Self::Notes => Some(f64::from(entry.notes)),
        }
    }
}

impl Ended {
    fn holds(self, entry: &Entry) -> bool {
        let word = match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no answer",
            Self::Cancelled => "cancelled",
            Self::Crashed => "crashed",
            Self::Damaged => "damaged",
            Self::Running => "running",
        };
        entry.word() == word
    }
}

impl Is {
    fn holds(self, entry: &Entry) -> bool {
        match self {
            Self::Pinned => entry.labels.pinned,
            Self::Archived => entry.labels.archived,
            Self::Live => entry.standing == Standing::Live,
            Self::Analysed => entry.analysed > 0,
            Self::Demo => entry.summary.demo,
            Self::Deleted => entry.deleted,
            Self::Noted => entry.notes > 0,
            Self::Tagged => !entry.labels.tags.is_empty(),
        }
    }
}

/// Whether `text` has `word`, which is in small letters, whatever the case.
fn contains(text: &str, word: &str) -> bool {
    let Some(first) = word.bytes().next() else {
        return true;
    };
    if !word.is_ascii() {
        // Most texts have no such letter at all.
        return !text.is_ascii() && text.to_lowercase().contains(word);
    }
    // A plain word is found in any text as it stands, without a copy of it: no byte of another letter is
    // plain. (The sign for Kelvin is not taken for a k.)
    let (bytes, word) = (text.as_bytes(), word.as_bytes());
    let begins = |at: &usize| {
        let part = bytes.get(*at..*at + word.len());
        part.is_some_and(|part| part.eq_ignore_ascii_case(word))
    };
    let mut places = bytes.iter().enumerate();
    places.any(|(at, byte)| byte.eq_ignore_ascii_case(&first) && begins(&at))
}

/// Whether `folder` is `top` or lies below it.
pub fn within(folder: &str, top: &str) -> bool {
    let rest = folder.strip_prefix(top.trim_end_matches('/'));
    !folder.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
