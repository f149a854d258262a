//! What can be done in the list of sessions, as data with stable names.

use crate::tui::{action::Named, moves::Move};

/// One thing to do in the list of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Show the list, or go back to where one came from.
    Show,
    /// Leave the search, or the list.
    Back,
    /// Show the session under the cursor, or what was found.
    Open,
    /// Go on with the session under the cursor.
    Resume,
    /// Move the cursor.
    Move(Move),
    /// Mark sessions for what is done to several.
    Mark(Mark),
    /// Write something to sessions.
    Label(Label),
    /// Take sessions off the list, and back.
    Bin(Bin),
    /// Which sessions, in which order, and how much of each.
    View(View),
}

/// Marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Mark the session under the cursor or not, and go on to the next.
    This,
    /// Mark all that are listed.
    All,
    /// Take all marks away.
    None,
}

/// What is written to sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// A name.
    Rename,
    /// Tags.
    Tag,
    /// On top or not.
    Pin,
    /// Out of sight or not.
    Archive,
}

/// The trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bin {
    /// Into it.
    Delete,
    /// The last ones, or those under the cursor, out of it.
    Undo,
}

/// Ways to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Type a filter.
    Filter,
    /// Search the text of all sessions.
    Search,
    /// Order by something else.
    Sort,
    /// The other direction.
    Reverse,
    /// This project, or the machine.
    Scope,
    /// Archived and deleted ones as well.
    Hidden,
    /// More about the session under the cursor.
    Details,
    /// Look again.
    Refresh,
    /// Copy the session's name.
    Copy,
}

impl Action {
    /// Names, help and actions.
    pub const TABLE: &[Named<Self>] = &[
        ("show", "list all sessions, or go back", Self::Show),
        ("back", "leave the search, or the list", Self::Back),
        ("open", "open the session, or what was found", Self::Open),
        ("resume", "go on with a session that crashed", Self::Resume),
        (
            "mark",
            "mark the session for what is done to several",
            Self::Mark(Mark::This),
        ),
        (
            "mark-all",
            "mark all that are listed",
            Self::Mark(Mark::All),
        ),
        ("mark-none", "take all marks away", Self::Mark(Mark::None)),
        ("rename", "give it a name", Self::Label(Label::Rename)),
        ("tag", "add tags or take them away", Self::Label(Label::Tag)),
        ("pin", "keep it on top, or not", Self::Label(Label::Pin)),
        (
            "archive",
            "take it out of sight, or back",
            Self::Label(Label::Archive),
        ),
        ("delete", "move it into the trash", Self::Bin(Bin::Delete)),
        (
            "undo",
            "get back what was deleted last, or the deleted one here",
            Self::Bin(Bin::Undo),
        ),
        ("filter", "type a filter", Self::View(View::Filter)),
        (
            "search",
            "search the text of all sessions",
            Self::View(View::Search),
        ),
        ("sort", "order by something else", Self::View(View::Sort)),
        ("reverse", "turn the order round", Self::View(View::Reverse)),
        (
            "scope",
            "this project, or the whole machine",
            Self::View(View::Scope),
        ),
        (
            "hidden",
            "show archived ones, deleted ones, or neither",
            Self::View(View::Hidden),
        ),
        (
            "details",
            "show more about the session",
            Self::View(View::Details),
        ),
        ("refresh", "look again", Self::View(View::Refresh)),
        ("copy", "copy the session's id", Self::View(View::Copy)),
    ];
}
