//! What can be done on the report screen, as data with stable names.

use crate::tui::action::Named;

/// One thing to do on the report screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move the cursor.
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

/// Moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Go {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first line.
    First,
    /// The last line.
    Last,
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
        ("up", "one line up", Self::Go(Go::Up)),
        ("down", "one line down", Self::Go(Go::Down)),
        ("page-up", "a page up", Self::Go(Go::PageUp)),
        ("page-down", "a page down", Self::Go(Go::PageDown)),
        ("first", "the first line", Self::Go(Go::First)),
        ("last", "the last line", Self::Go(Go::Last)),
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
