//! What can be done on the screen of settings, keys and log, as data with stable names.

use super::Page;
use crate::tui::{action::Named, moves::Move};

/// One thing to do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open the screen with this page.
    Open(Page),
    /// Move the cursor.
    Move(Move),
    /// The other page.
    Other,
    /// Change what is under the cursor, or take what was typed, for this run.
    Take,
    /// Take what was typed, and save it.
    Save,
    /// Take the last change back.
    Undo,
    /// Narrow the log or the keys by words.
    Find,
    /// Do something with the log.
    Log(Log),
    /// Take back a letter; of an action, the person's own keys.
    Erase,
    /// Out of the line, else away.
    Back,
    /// Have panes show more or less; on any screen.
    Detail(Step),
}

/// What can be done with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Log {
    /// Show fewer or more levels of it: the next one in turn.
    Level,
    /// Copy the lines that are shown.
    Copy,
    /// Turn it on or off.
    Switch,
}

/// A step from one level of detail to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To one that shows more.
    More,
    /// To one that shows less.
    Less,
}

impl Action {
    /// Names, help lines and actions.
    pub const TABLE: &[Named<Self>] = &[
        (
            "open",
            "settings: what is in force, and change it",
            Self::Open(Page::Settings),
        ),
        (
            "keys",
            "all keys, and give actions others",
            Self::Open(Page::Keys),
        ),
        ("log", "what the program itself does", Self::Open(Page::Log)),
        ("other", "settings, keys or log", Self::Other),
        ("take", "change it, or take it for this run", Self::Take),
        ("save", "take it and save it for later", Self::Save),
        ("undo", "take the last change back", Self::Undo),
        (
            "level",
            "show fewer or more levels of the log",
            Self::Log(Log::Level),
        ),
        ("find", "narrow the log or the keys by words", Self::Find),
        (
            "copy",
            "copy the lines that are shown",
            Self::Log(Log::Copy),
        ),
        ("switch", "turn the log on or off", Self::Log(Log::Switch)),
        (
            "erase",
            "take back a letter; of an action, your own keys",
            Self::Erase,
        ),
        ("back", "out of the line, else away", Self::Back),
        (
            "more",
            "panes show more of what agents do",
            Self::Detail(Step::More),
        ),
        (
            "less",
            "panes show less of what agents do",
            Self::Detail(Step::Less),
        ),
    ];
}
