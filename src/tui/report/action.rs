//! What can be done on the report screen, as data with stable names.

use crate::tui::{action::Named, moves::Move};

/// One thing to do on the report screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move over the lines.
    Move(Move),
    /// Move further.
    Go(Go),
    /// Take what the cursor stands on: open the session at its event, pick the model, start.
    Take,
    /// Fold and unfold.
    Fold(Fold),
    /// The next page: figures, then the analyses.
    NextPage,
    /// The page before.
    PreviousPage,
    /// Write it down.
    Save(Save),
    /// Have a model read the log.
    Ask,
    /// Read the log anew.
    Refresh,
    /// Take back the last letter of a search.
    Erase,
    /// Back to where it was opened, or out of the list of models; stops an analysis.
    Back,
}

/// Further moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Go {
    /// The next part.
    NextPart,
    /// The part before.
    PreviousPart,
}

/// What is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// The part under the cursor.
    This,
    /// All parts.
    All,
}

/// Where a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Save {
    /// The clipboard.
    Clipboard,
    /// A file, as Markdown.
    Markdown,
    /// A file, as JSON.
    Json,
}

impl Action {
    /// Names, help lines and actions.
    pub const TABLE: &[Named<Self>] = &[
        ("next-part", "the next part", Self::Go(Go::NextPart)),
        (
            "previous-part",
            "the part before",
            Self::Go(Go::PreviousPart),
        ),
        (
            "take",
            "open the session at this event; pick the model; start",
            Self::Take,
        ),
        ("fold", "fold or unfold the part", Self::Fold(Fold::This)),
        (
            "fold-all",
            "fold or unfold all parts",
            Self::Fold(Fold::All),
        ),
        ("next-page", "the next analysis", Self::NextPage),
        (
            "previous-page",
            "the analysis before, or the figures",
            Self::PreviousPage,
        ),
        ("copy", "copy the page", Self::Save(Save::Clipboard)),
        (
            "write",
            "write the page to a file, as Markdown",
            Self::Save(Save::Markdown),
        ),
        (
            "write-json",
            "write the page to a file, as JSON",
            Self::Save(Save::Json),
        ),
        ("ask", "have a model read the log", Self::Ask),
        ("refresh", "read the log anew", Self::Refresh),
        ("erase", "take back a letter", Self::Erase),
        ("back", "back; stops an analysis", Self::Back),
    ];
}
