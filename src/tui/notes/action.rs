//! What can be done with notes, as data with stable names.

use crate::tui::{action::Named, moves::Move};

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Anywhere.
    Here(Here),
    /// Move over the lines.
    Move(Move),
    /// Move further.
    Go(Go),
    /// Say something.
    Say(Say),
    /// Look at it in another way, or leave.
    View(View),
}

/// From any screen of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Here {
    /// Show all notes.
    Open,
    /// Note something on what is looked at.
    Write,
    /// Show the next that was not looked at.
    Unread,
}

/// Further moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Go {
    /// To the next that was not looked at.
    NextUnread,
    /// To the one before that was not looked at.
    PreviousUnread,
}

/// Words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Say {
    /// A new note on what the line is about.
    New,
    /// A new note on the session as a whole.
    Session,
    /// An answer.
    Reply,
    /// Other words for one's own.
    Edit,
    /// Settle it, or open it again.
    Resolve,
    /// Take one's own back.
    Remove,
    /// Write down what stands in the editor.
    Save,
    /// Leave the editor.
    Cancel,
    /// While writing: note it on something else.
    Other,
}

/// Ways to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Go to the event.
    Jump,
    /// All, open, unread, settled.
    Filter,
    /// Copy the words.
    Copy,
    /// Count everything as looked at.
    SeeAll,
    /// Read the file anew.
    Refresh,
    /// Leave.
    Back,
}

impl Action {
    /// Names and lines of help.
    pub const TABLE: &'static [Named<Self>] = &[
        (
            "open",
            "show what was noted on this session",
            Self::Here(Here::Open),
        ),
        (
            "write",
            "note something on what you look at",
            Self::Here(Here::Write),
        ),
        (
            "unread",
            "show the next note or answer that you have not looked at",
            Self::Here(Here::Unread),
        ),
        (
            "next-unread",
            "to the next note or answer that you have not looked at",
            Self::Go(Go::NextUnread),
        ),
        (
            "previous-unread",
            "to the one before that you have not looked at",
            Self::Go(Go::PreviousUnread),
        ),
        (
            "new",
            "note something on what the line is about",
            Self::Say(Say::New),
        ),
        (
            "session",
            "note something on the session as a whole",
            Self::Say(Say::Session),
        ),
        ("reply", "answer the note", Self::Say(Say::Reply)),
        (
            "edit",
            "change your last words in the thread",
            Self::Say(Say::Edit),
        ),
        (
            "resolve",
            "settle the thread, or open it again",
            Self::Say(Say::Resolve),
        ),
        (
            "remove",
            "take your last words in the thread back; asks by a second press",
            Self::Say(Say::Remove),
        ),
        ("save", "write the note down", Self::Say(Say::Save)),
        ("cancel", "leave the note unwritten", Self::Say(Say::Cancel)),
        ("other", "note it on something else", Self::Say(Say::Other)),
        (
            "jump",
            "go to the event it is about",
            Self::View(View::Jump),
        ),
        (
            "filter",
            "all, open, unread or settled ones",
            Self::View(View::Filter),
        ),
        ("copy", "copy the words", Self::View(View::Copy)),
        (
            "see-all",
            "count everything as looked at",
            Self::View(View::SeeAll),
        ),
        ("refresh", "read the notes anew", Self::View(View::Refresh)),
        ("back", "leave the notes", Self::View(View::Back)),
    ];
}
