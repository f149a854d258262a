//! Moves of a cursor over rows: the same six in every list, with the same names and arithmetic.

use super::action::Named;

/// A move that every list knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
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
}

impl Move {
    /// Names and lines of help, added to the actions of each room that has rows.
    pub const TABLE: &'static [Named<Self>] = &[
        ("up", "one line up", Self::Up),
        ("down", "one line down", Self::Down),
        ("page-up", "a page up", Self::PageUp),
        ("page-down", "a page down", Self::PageDown),
        ("first", "to the first line", Self::First),
        ("last", "to the last line", Self::Last),
    ];

    /// Where it leads from row `at` of `rows`, of which `page` are seen: a page keeps one row of
    /// the page before, and no move leaves the rows.
    #[must_use]
    pub fn over(self, at: usize, rows: usize, page: usize) -> usize {
        let page = page.saturating_sub(1).max(1);
        let to = match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page),
            Self::PageDown => at.saturating_add(page),
            Self::First => 0,
            Self::Last => usize::MAX,
        };
        to.min(rows.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_stays_on_its_rows() {
        let check = |step: Move, at, rows, page, to| {
            assert_eq!(
                step.over(at, rows, page),
                to,
                "{step:?} from {at} of {rows}"
            );
        };
        check(Move::Up, 0, 5, 3, 0);
        check(Move::Down, 4, 5, 3, 4);
        check(Move::PageDown, 0, 50, 10, 9);
        check(Move::PageUp, 12, 50, 10, 3);
        check(Move::PageDown, 3, 50, 0, 4);
        check(Move::Last, 3, 50, 10, 49);
        check(Move::First, 3, 50, 10, 0);
        for step in Move::TABLE {
            check(step.2, 0, 0, 0, 0);
            check(step.2, 7, 1, 1, 0);
        }
    }
}
