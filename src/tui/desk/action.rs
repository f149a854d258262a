//! What can be done on the screen of settings and log, as data with stable names.

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
    /// Change the setting under the cursor, or take what was typed, for this run.
    Take,
    /// Take what was typed, and save it.
    Save,
    /// Take the last change back.
    Undo,
    /// Show fewer or more levels of the log: the next one in turn.
    Level,
    /// Narrow the log by words.
    Find,
    /// Copy the lines that are shown.
    Copy,
    /// Turn the log on or off.
    Switch,
    /// Take back a letter.
    Erase,
    /// Out of the line, else away.
    Back,
}

impl Action {
    /// Names, help lines and actions.
    pub const TABLE: &[Named<Self>] = &[
        (
            "open",
            "settings: what is in force, and change it",
            Self::Open(Page::Settings),
        ),
        ("log", "what the program itself does", Self::Open(Page::Log)),
        ("other", "settings or log", Self::Other),
        ("take", "change it, or take it for this run", Self::Take),
        ("save", "take it and save it for later", Self::Save),
        ("undo", "take the last change back", Self::Undo),
        ("level", "show fewer or more levels of the log", Self::Level),
        ("find", "narrow the log by words", Self::Find),
        ("copy", "copy the lines that are shown", Self::Copy),
        ("switch", "turn the log on or off", Self::Switch),
        ("erase", "take back a letter", Self::Erase),
        ("back", "out of the line, else away", Self::Back),
    ];
}
