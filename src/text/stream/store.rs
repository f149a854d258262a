//! The rows of a document: final ones, the tail, the bound, and places that survive.

use std::collections::VecDeque;

use ratatui::text::Span;

use super::Row;

/// A place in a document that survives deltas, resizes and dropped rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Where the row's text begins.
    at: u64,
    /// How many rows before it begin at the same place.
    nth: u32,
}

/// Rows: a notice that older ones are gone, final rows, rows that the next layout may redo.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    notice: Option<Row>,
    frozen: VecDeque<Row>,
    tail: Vec<Row>,
    /// Final rows dropped from the front since the last `clear`.
    dropped: u64,
    /// The largest `at` so far; rows never go back.
    last: u64,
}

impl Rows {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Appends a final row. The tail must be empty.
    pub(super) fn freeze(&mut self, mut row: Row) {
        self.last = self.last.max(row.at);
        row.at = self.last;
        self.frozen.push_back(row);
    }

    /// Appends a row to the tail.
    pub(super) fn push_tail(&mut self, mut row: Row) {
        let last = self.tail.last().map_or(self.last, |row| row.at);
        row.at = row.at.max(last);
        self.tail.push(row);
    }

    /// Empties the tail.
    pub(super) fn clear_tail(&mut self) {
        self.tail.clear();
    }

    /// Number of final rows ever made since the last `clear`, dropped ones included.
    pub(super) fn made(&self) -> u64 {
        self.dropped + self.frozen.len() as u64
    }

    /// Puts other rows in the place of final ones, counted as [`Rows::made`] counts. Rows that are
    /// gone already are skipped.
    pub(super) fn replace(&mut self, first: u64, rows: Vec<Row>) {
        for (number, row) in (first..).zip(rows) {
            let Some(index) = number.checked_sub(self.dropped) else {
                continue;
            };
            if let Some(old) = usize::try_from(index)
                .ok()
                .and_then(|index| self.frozen.get_mut(index))
            {
                old.line = row.line;
            }
        }
    }

    /// True when rows are or must be dropped.
    pub(super) fn over(&self, limit: usize) -> bool {
        self.dropped > 0 || self.frozen.len() + self.tail.len() > limit
    }

    /// Drops the oldest rows so that at most `limit` stay, the notice included.
    pub(super) fn bound(&mut self, limit: usize, notice: Option<Row>) {
        self.notice = notice;
        let room = limit - usize::from(self.notice.is_some());
        let excess = (self.frozen.len() + self.tail.len()).saturating_sub(room);
        let frozen = excess.min(self.frozen.len());
        self.frozen.drain(..frozen);
        self.dropped += frozen as u64;
        self.tail.drain(..(excess - frozen).min(self.tail.len()));
    }

    /// Drops all rows: text between them and what follows is gone.
    pub(super) fn drop_all(&mut self) {
        self.dropped += self.frozen.len() as u64;
        self.frozen.clear();
        self.tail.clear();
    }

    /// Drops final rows that begin before a place.
    pub(super) fn drop_before(&mut self, at: u64) {
        let gone = self.frozen.partition_point(|row| row.at < at);
        self.frozen.drain(..gone);
        self.dropped += gone as u64;
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.notice.is_some()) + self.frozen.len() + self.tail.len()
    }

    /// Bytes of memory that they take beside their text, about.
    pub(super) fn weight(&self) -> usize {
        /// Spans of a row that there is room for: a list grows to four at once.
        const SPANS: usize = 4;
        (self.frozen.capacity() + self.tail.capacity()) * size_of::<Row>()
            + self.len() * SPANS * size_of::<Span<'static>>()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Row> {
        let Some(index) = index.checked_sub(usize::from(self.notice.is_some())) else {
            return self.notice.as_ref();
        };
        match index.checked_sub(self.frozen.len()) {
            None => self.frozen.get(index),
            Some(index) => self.tail.get(index),
        }
    }

    /// Rows from an index on.
    pub(super) fn from(&self, first: usize) -> impl Iterator<Item = &Row> {
        let skip = first.saturating_sub(usize::from(self.notice.is_some()));
        let frozen = skip.min(self.frozen.len());
        let tail = (skip - frozen).min(self.tail.len());
        self.notice
            .iter()
            .take(usize::from(first == 0))
            .chain(self.frozen.range(frozen..))
            .chain(self.tail.iter().skip(tail))
    }

    pub(super) fn mark(&self, row: usize) -> Mark {
        let row = row.min(self.len().saturating_sub(1));
        let at = self.get(row).map_or(0, |row| row.at);
        let nth = row - self.first_at(at).min(row);
        Mark {
            at,
            nth: u32::try_from(nth).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn row_of(&self, mark: Mark) -> usize {
        let first = self.first_at(mark.at);
        let after = self.first_at(mark.at + 1);
        if first == after {
            // No row begins there (any more): the row that holds the place.
            return first.saturating_sub(1);
        }
        (first + mark.nth as usize).min(after - 1)
    }

    /// Index of the first row that begins at a place or after it.
    fn first_at(&self, at: u64) -> usize {
        let notice = usize::from(self.notice.is_some());
        if at == 0 {
            return 0;
        }
        let frozen = self.frozen.partition_point(|row| row.at < at);
        if frozen < self.frozen.len() {
            return notice + frozen;
        }
        notice + frozen + self.tail.partition_point(|row| row.at < at)
    }
}
