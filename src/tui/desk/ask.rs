//! What the screen of settings and log asks of the world, and what it is told.

use crate::{logging::Level, protocol::Failure};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The lines of the log behind this number.
    Log(u64),
    /// Log this much from now on; `None` is nothing.
    Level(Option<Level>),
    /// What is in force?
    Settings,
    /// Could this value be used?
    Check(Change),
    /// Use this value.
    Change(Change, Keep),
    /// Take the last change back.
    Undo,
}

impl Ask {
    /// True for what is written down.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(self, Self::Change(_, Keep::Saved) | Self::Undo)
    }
}

/// A value for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key's path.
    pub key: String,
    /// The value as it was typed; empty takes the person's own word back.
    pub value: String,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Until the program ends.
    Run,
    /// For later starts, too.
    Saved,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The log.
    Log(News),
    /// What is in force.
    Settings(Vec<Setting>),
    /// What is wrong with a value, if anything.
    Checked(Change, Option<String>),
    /// What became of a change, in words, and what is in force now.
    Changed(Result<(String, Vec<Setting>), Failure>),
}

/// The log as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// How much is told now.
    pub level: Option<Level>,
    /// Lines behind the number that was asked for; cleaned and masked.
    pub lines: Vec<Line>,
    /// Where they are written, or why nowhere.
    pub place: String,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Time of day.
    pub time: String,
    /// How weighty.
    pub level: Level,
    /// What about.
    pub area: &'static str,
    /// The words.
    pub text: String,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its heading.
    pub group: &'static str,
    /// Its name for people.
    pub title: String,
    /// Its key.
    pub key: String,
    /// Its value; empty when nobody said anything.
    pub value: String,
    /// Who said it, and where.
    pub origin: String,
    /// The values it can have, when they are few.
    pub choices: Vec<String>,
    /// Whether it can be saved outside the team's own file.
    pub savable: bool,
}
