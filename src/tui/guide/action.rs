//! What can be done on the set-up screen, as data with stable names.

use crate::tui::{action::Named, moves::Move};

/// One thing to do on the set-up screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open the screen.
    Open,
    /// Move the cursor.
    Move(Move),
    /// Take what the cursor is on.
    Take,
    /// Less, or the one before.
    Less,
    /// More, or the one after.
    More,
    /// The next page.
    Next,
    /// Back: out of a list or a form, else to the page before; from the first one, away.
    Back,
    /// One more agent.
    Add,
    /// The agent under the cursor goes.
    Remove,
    /// Try every agent with one tiny call.
    Test,
    /// Look again.
    Refresh,
    /// Take back the last letter.
    Erase,
}

impl Action {
    /// Names, help lines and actions.
    pub const TABLE: &[Named<Self>] = &[
        ("open", "set up a team: keys, models, limits", Self::Open),
        ("take", "take what the cursor is on", Self::Take),
        ("less", "less, or the one before", Self::Less),
        ("more", "more, or the one after", Self::More),
        ("next", "the next page", Self::Next),
        ("back", "back, or stop the tests", Self::Back),
        ("add", "one more agent", Self::Add),
        ("remove", "the agent under the cursor goes", Self::Remove),
        ("test", "try every agent with one tiny call", Self::Test),
        ("refresh", "look again", Self::Refresh),
        ("erase", "take back a letter", Self::Erase),
    ];
}
