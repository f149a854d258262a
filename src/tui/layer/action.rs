//! What can be done in an overlay, as data with stable names.

use crate::tui::action::Named;

/// One thing to do in an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Put it away.
    Close,
    /// Take what is marked.
    Accept,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Take back the last typed character.
    Erase,
    /// Ask again for what is listed.
    Refresh,
    /// Take this answer, counted from 1.
    Pick(u8),
}

impl Action {
    /// Name, help and meaning of every action.
    pub const TABLE: &'static [Named<Self>] = &[
        ("close", "put it away", Self::Close),
        ("accept", "take what is marked", Self::Accept),
        ("up", "one line up", Self::Up),
        ("down", "one line down", Self::Down),
        ("page-up", "a screenful up", Self::PageUp),
        ("page-down", "a screenful down", Self::PageDown),
        ("first", "to the first line", Self::First),
        ("last", "to the last line", Self::Last),
        ("erase", "take back a typed character", Self::Erase),
        ("refresh", "ask again for what is listed", Self::Refresh),
        ("pick-1", "take the first answer", Self::Pick(1)),
        ("pick-2", "take the second answer", Self::Pick(2)),
        ("pick-3", "take the third answer", Self::Pick(3)),
        ("pick-4", "take the fourth answer", Self::Pick(4)),
        ("pick-5", "take the fifth answer", Self::Pick(5)),
        ("pick-6", "take the sixth answer", Self::Pick(6)),
    ];
}
