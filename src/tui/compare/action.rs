//! What can be done where sessions stand side by side, as data with stable names.

use crate::tui::{action::Named, moves::Move};

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move over the lines.
    Move(Move),
    /// Move further.
    Go(Go),
    /// Look at it in another way.
    View(View),
    /// Take it away, or leave.
    Take(Take),
}

/// Further moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Go {
    /// To the session on the left.
    Left,
    /// To the session on the right.
    Right,
    /// To the next section.
    NextSection,
    /// To the section before.
    PreviousSection,
}

/// Ways to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Fold the section, or unfold it.
    Fold,
    /// Fold all sections, or unfold them.
    FoldAll,
    /// Only what differs, or everything.
    Differences,
    /// Make the session the one that the others are compared with.
    Base,
    /// Read the sessions anew.
    Refresh,
}

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Take {
    /// Open the session.
    Open,
    /// Copy it as Markdown.
    Copy,
    /// Write it as CSV, JSON and Markdown.
    Write,
    /// Leave.
    Back,
    /// Come back.
    Show,
    /// Begin with the sessions that are marked in the list.
    Marked,
}

impl Action {
    /// Names and lines of help.
    pub const TABLE: &'static [Named<Self>] = &[
        ("left", "to the session on the left", Self::Go(Go::Left)),
        ("right", "to the session on the right", Self::Go(Go::Right)),
        (
            "next-section",
            "to the next section",
            Self::Go(Go::NextSection),
        ),
        (
            "previous-section",
            "to the section before",
            Self::Go(Go::PreviousSection),
        ),
        (
            "fold",
            "fold the section, or unfold it",
            Self::View(View::Fold),
        ),
        (
            "fold-all",
            "fold all sections, or unfold them",
            Self::View(View::FoldAll),
        ),
        (
            "differences",
            "only what differs, or everything",
            Self::View(View::Differences),
        ),
        (
            "base",
            "compare the answers with the one of this session",
            Self::View(View::Base),
        ),
        (
            "refresh",
            "read the sessions anew",
            Self::View(View::Refresh),
        ),
        (
            "open",
            "open the session of the column",
            Self::Take(Take::Open),
        ),
        (
            "copy",
            "copy the comparison as Markdown",
            Self::Take(Take::Copy),
        ),
        (
            "write",
            "write the comparison as CSV, JSON and Markdown files",
            Self::Take(Take::Write),
        ),
        ("back", "leave the comparison", Self::Take(Take::Back)),
        (
            "marked",
            "put the marked sessions side by side",
            Self::Take(Take::Marked),
        ),
        (
            "show",
            "go back to the sessions compared last",
            Self::Take(Take::Show),
        ),
    ];
}
