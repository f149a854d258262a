//! What the screen of settings and log asks of the world, and what it is told.

use super::Bind;
use crate::{
    logging::Level,
    protocol::Failure,
    tui::options::{Look, TeamSummary},
};

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
    /// Write keys into the person's file.
    Bind(Bind),
}

impl Ask {
    /// True for what is written down, or has to keep its order.
    #[must_use]
    pub const fn writes(&self) -> bool {
        // Changes for this run, too, come one after the other.
        matches!(self, Self::Change(..) | Self::Undo | Self::Bind(_))
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
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The log.
    Log(News),
    /// What is in force.
    Settings(Vec<Setting>),
    /// What is wrong with a value, if anything.
    Checked(Change, Option<String>),
    /// What became of a change.
    Changed(Result<Box<Changed>, Failure>),
    /// Keys were written, and what there is to say about it.
    Bound(Bind, Result<String, Failure>),
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// What there is to say about it.
    pub words: String,
    /// What is in force now.
    pub settings: Vec<Setting>,
    /// How the screen looks now.
    pub look: Look,
    /// The configured team as it is now.
    pub team: Option<TeamSummary>,
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
    /// What it means.
    pub means: String,
    /// Its value; empty when nobody said anything.
    pub value: String,
    /// What holds when nobody says anything.
    pub usual: String,
    /// Who said it, and where.
    pub origin: String,
    /// The values it can have, when they are few.
    pub choices: Vec<String>,
    /// Why it can be changed for this run only, if so.
    pub unsaved: Option<String>,
}
