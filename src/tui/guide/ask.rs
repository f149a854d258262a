//! What the set-up screen asks of the world, and what it is told. A typed key prints as dots.

use std::fmt;

use crate::{
    protocol::Failure,
    setup::{Agent, Model, Way, preset::Preset},
    tui::options::{Given, TeamSummary},
};

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Which keys are set, and where files can go?
    Keys,
    /// Which model servers are near?
    Servers,
    /// Which agent programs are installed?
    Programs,
    /// All models of these ways, as their servers list them now.
    Models(Vec<Way>),
    /// Which prompts are kept?
    Prompts,
    /// Does this agent answer?
    Try(Agent),
    /// Stop every try.
    Stop,
    /// Keep a key.
    Keep {
        /// Its variable.
        variable: String,
        /// The key.
        key: Typed,
        /// Where.
        store: Store,
    },
    /// Save the configuration.
    Save {
        /// The file.
        path: String,
        /// Its text.
        text: String,
        /// Whether a file that is there is put aside.
        replace: bool,
    },
}

// Models have prices, which are never NaN here; equality is that of tests.
impl Eq for Ask {}

impl Ask {
    /// True for what is written down.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Keep { .. } | Self::Save { .. } => true,
            Self::Keys
            | Self::Servers
            | Self::Programs
            | Self::Models(_)
            | Self::Prompts
            | Self::Try(_)
            | Self::Stop => false,
        }
    }
}

/// Where a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// In the keyring of the operating system.
    Keyring,
    /// In a file that only the person can read.
    File,
}

/// Something that was typed and is nobody's to see.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Keys, and where files can go.
    Keys(Box<Keys>),
    /// What was found of servers, or of programs.
    Part(Part),
    /// Ways with all their models, and what could not be listed.
    Models(Vec<Way>, Vec<String>),
    /// Prompts that are kept, and what is wrong with others.
    Prompts(Vec<Preset>, Vec<String>),
    /// How a try went: words of the time and the price.
    Tried(Result<String, Failure>),
    /// Where a key is kept now.
    Kept(Result<String, String>),
    /// What was saved.
    Saved(Result<Box<Saved>, Failure>),
}

/// Keys, and where files can go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys {
    /// What was found.
    pub part: Part,
    /// The day, `2026-11-21`.
    pub day: String,
    /// Files that can be written.
    pub spots: Vec<Spot>,
}

/// What was found of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// For people.
    pub rows: Vec<Seen>,
    /// What agents can be put on.
    pub ways: Vec<Way>,
}

/// One thing that was found, or could be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How good it is.
    pub mark: Mark,
    /// Name.
    pub name: String,
    /// What about it.
    pub note: String,
    /// What to do; empty when nothing is to be done.
    pub help: String,
    /// The variable whose key can be entered here.
    pub variable: Option<String>,
}

/// How good something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Ready.
    Ready,
    /// There, but something is missing.
    Half,
    /// Not there.
    #[default]
    Absent,
}

/// A file that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Whose it is, for people.
    pub whose: String,
    /// The file.
    pub path: String,
    /// There is one already.
    pub exists: bool,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The file.
    pub path: String,
    /// Where the one before is kept.
    pub old: Option<String>,
    /// The team in it, as the start screen offers it.
    pub team: TeamSummary,
    /// What it gives agents to work on.
    pub given: Given,
}

/// `$0.10/$0.50` for a million tokens in and out, `free`, or `price unknown`.
#[must_use]
pub fn priced(model: &Model) -> String {
    match model.price {
        Some((input, output)) if input + output > 0.0 => format!("${input}/${output}"),
        Some(_) => "free".to_owned(),
        None => "price unknown".to_owned(),
    }
}
