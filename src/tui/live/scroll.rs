//! Where a column is scrolled to.
//!
//! Either it follows its end, or it is pinned to a mark. A mark names a block and a row in it, not
//! a screen row, so it survives what arrives below, what is folded above and another width.

use super::{action::Move, block::Block, flow::Flow};
use crate::text;

/// A row by the block it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The block.
    pub(super) block: u64,
    /// The row within it.
    pub(super) row: usize,
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scroll {
    /// The end, along with what arrives.
    Follow,
    /// From this row on.
    Pinned {
        /// First row in sight.
        top: Mark,
        /// Last row that has been in sight; what comes after it is new. `None` where nothing is
        /// news: a page that is read from its beginning.
        seen: Option<Mark>,
    },
}

impl Scroll {
    /// Shows the beginning.
    pub(super) const TOP: Self = Self::Pinned {
        top: Mark { block: 0, row: 0 },
        seen: None,
    };
}

/// Rows by which text that is being written moves up at once. Moving at every row would repaint the
/// whole pane for each line, and nobody can read a text that never stands still.
pub(super) const STEP: usize = 4;

impl Flow {
    /// Rows to move by: few enough that most of a low pane stays filled.
    fn step(&self) -> usize {
        (self.height / 4).clamp(1, STEP)
    }

    /// Rows above the first row in sight at most.
    fn lowest(&self) -> usize {
        self.total().saturating_sub(self.height)
    }

    /// The row a mark names now.
    fn row_of(&self, mark: Mark) -> usize {
        let rows = self.block(mark.block).map_or(0, Block::rows);
        self.start_of(mark.block) + mark.row.min(rows.saturating_sub(1))
    }

    /// The mark of a row.
    fn mark_at(&self, row: usize) -> Mark {
        let (block, row) = self.locate(row).unwrap_or((0, 0));
        Mark { block, row }
    }

    /// Settles the first row in sight after a layout.
    pub(super) fn settle(&mut self) {
        self.top = match self.scroll {
            Scroll::Follow if self.is_growing() => self.lowest().next_multiple_of(self.step()),
            Scroll::Follow => self.lowest(),
            Scroll::Pinned { top, .. } => self.row_of(top).min(self.lowest()),
        };
    }

    /// The text that is pinned, named before a layout at another width.
    pub(super) fn anchor(&self) -> Option<text::Mark> {
        match self.scroll {
            Scroll::Follow => None,
            Scroll::Pinned { top, .. } => self.block(top.block)?.text_at(top.row),
        }
    }

    /// Moves the mark to where its text is after that layout.
    pub(super) fn find_again(&mut self, anchor: Option<text::Mark>) {
        if let (Scroll::Pinned { top, seen }, Some(text)) = (self.scroll, anchor) {
            let row = self.block(top.block).map_or(0, |block| block.row_of(text));
            let block = top.block;
            self.scroll = Scroll::Pinned {
                top: Mark { block, row },
                seen,
            };
        }
    }

    /// Scrolls by keys.
    pub(super) fn move_by(&mut self, by: Move) {
        let page = self.height.saturating_sub(1).max(1);
        let top = self.top.min(self.lowest());
        match by {
            Move::Up => self.scroll_to(top.saturating_sub(1)),
            Move::Down => self.scroll_to(top + 1),
            Move::PageUp => self.scroll_to(top.saturating_sub(page)),
            Move::PageDown => self.scroll_to(top + page),
            Move::Top => self.pin(0),
            Move::End => self.scroll_to(usize::MAX),
        }
    }

    /// Scrolls by rows, down when positive.
    pub(super) fn wheel(&mut self, rows: i32) {
        let by = usize::try_from(rows.unsigned_abs()).unwrap_or(usize::MAX);
        let top = self.top.min(self.lowest());
        self.scroll_to(if rows < 0 {
            top.saturating_sub(by)
        } else {
            top.saturating_add(by)
        });
    }

    /// Shows this row first; follows when that is the end.
    pub(super) fn scroll_to(&mut self, row: usize) {
        if row >= self.lowest() {
            self.top = self.lowest();
            self.scroll = Scroll::Follow;
        } else {
            self.pin(row);
        }
    }

    /// Shows this row first and stays there.
    pub(super) fn pin(&mut self, row: usize) {
        let row = row.min(self.lowest());
        let bottom = (row + self.height).min(self.total()).saturating_sub(1);
        let last = match self.scroll {
            Scroll::Follow => Some(self.total().saturating_sub(1)),
            Scroll::Pinned { seen, .. } => seen.map(|seen| self.row_of(seen).max(bottom)),
        };
        self.top = row;
        self.scroll = Scroll::Pinned {
            top: self.mark_at(row),
            seen: last.map(|row| self.mark_at(row)),
        };
    }

    /// Brings a row of a block into sight, a third from the top when it was out of sight.
    pub(super) fn reveal(&mut self, block: u64, row: usize) {
        let row = self.row_of(Mark { block, row });
        if row < self.top || row >= self.top + self.height {
            self.pin(row.saturating_sub(self.height / 3));
        } else if self.scroll == Scroll::Follow {
            // Stay with the hit while more text arrives.
            self.pin(self.top);
        }
    }

    /// Rows below the last row in sight, and how many of them arrived unseen.
    pub(super) fn below(&self) -> (usize, usize) {
        let rest = self.total().saturating_sub(self.top + self.height);
        let new = match self.scroll {
            Scroll::Follow => 0,
            Scroll::Pinned { seen, .. } => seen.map_or(0, |seen| {
                self.total().saturating_sub(self.row_of(seen) + 1).min(rest)
            }),
        };
        (rest, new)
    }

    /// Place and size of the scrollbar's thumb on a track of this many rows; `None` when all is in
    /// sight.
    pub(super) fn thumb(&self, track: u16) -> Option<(u16, u16)> {
        let track = usize::from(track);
        if track < 2 || self.total() <= self.height {
            return None;
        }
        let size = (track * self.height / self.total()).clamp(1, track - 1);
        let lowest = self.lowest().max(1);
        let at = (track - size) * self.top.min(lowest) / lowest;
        Some((
            u16::try_from(at).unwrap_or(0),
            u16::try_from(size).unwrap_or(1),
        ))
    }
}
