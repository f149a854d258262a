//! What help, palette and notices have in common: typed text that narrows, a marked row, a window of
//! rows.

use ratatui::layout::{Rect, Size};

use super::Action;
use crate::{text::width, tui::layout};

/// Cells of the box, where there is room.
pub(super) const WIDEST: u16 = 90;

/// Longest text that narrows a list.
const LONGEST: usize = 200;

/// Filter, mark and window of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// What was typed.
    pub(super) filter: String,
    /// The marked row.
    pub(super) cursor: usize,
    /// The first row in the window.
    pub(super) top: usize,
    /// Rows of the window, settled by `prepare`.
    pub(super) height: usize,
    /// The box on the screen, settled by `prepare`.
    pub(super) area: Rect,
}

impl List {
    /// Narrows the list further. A new filter starts from the first row.
    pub(super) fn type_text(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        if self.filter.len() + line.len() <= LONGEST {
            self.filter.push_str(line);
        }
        self.home();
    }

    /// Moves the mark; false for an action that is no move.
    pub(super) fn go(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        match action {
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = self.cursor.saturating_add(1),
            Action::PageUp => self.cursor = self.cursor.saturating_sub(page),
            Action::PageDown => self.cursor = self.cursor.saturating_add(page),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = usize::MAX,
            Action::Erase => {
                let last = width::cells(&self.filter)
                    .last()
                    .map_or(0, |cell| cell.start);
                self.filter.truncate(last);
                self.home();
            }
            Action::Close | Action::Accept | Action::Refresh | Action::Pick(_) => return false,
        }
        true
    }

    fn home(&mut self) {
        self.cursor = 0;
        self.top = 0;
    }

    /// Settles box, mark and window of a list whose rows are all marked one by one.
    pub(super) fn settle(&mut self, size: Size, rows: usize, edges: u16) {
        self.place(size, rows, edges);
        self.cursor = self.cursor.min(rows.saturating_sub(1));
        self.top = self
            .top
            .max((self.cursor + 1).saturating_sub(self.height))
            .min(self.cursor)
            .min(rows.saturating_sub(self.height));
    }

    /// Settles box and window of a list that scrolls as a whole: the mark is the first row.
    pub(super) fn settle_page(&mut self, size: Size, rows: usize, edges: u16) {
        self.place(size, rows, edges);
        self.cursor = self.cursor.min(rows.saturating_sub(self.height));
        self.top = self.cursor;
    }

    fn place(&mut self, size: Size, rows: usize, edges: u16) {
        let wanted = u16::try_from(rows)
            .unwrap_or(u16::MAX)
            .saturating_add(edges);
        self.area = layout::centred(size, WIDEST, wanted.max(edges + 3));
        self.height = usize::from(self.area.height.saturating_sub(edges));
    }
}
