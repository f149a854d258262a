//! A column of blocks: laid out to a width, scrolled, painted.
//!
//! Only blocks that changed are laid out again, and where each block begins is kept as a running
//! sum, so a delta costs the same however much stands above it. A column is bounded: the oldest
//! whole blocks go first and one row says so. Blocks are named by numbers that only grow.
//!
//! Blocks are shared by the copies of a column until one of them changes, so a copy costs little.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    block::{Block, Row},
    ink::{Role, Words, clip, put, put_line},
    marked::Marked,
    scroll::Scroll,
    search::Hits,
};
use crate::{
    text::{HighlightJob, Hit},
    tui::{detail::Detail, shared::Shared, theme::Theme},
};

/// Rows a column keeps.
pub(super) const ROWS: usize = 20_000;
/// Bytes of text a column keeps.
pub(super) const BYTES: usize = 4 * 1024 * 1024;
/// What a block is taken to weigh beside its text, in bytes, so that many small ones are bounded.
const OVERHEAD: usize = 96;

/// What a layout was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    columns: u16,
    revision: u64,
    detail: Detail,
}

/// A column of blocks.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    blocks: VecDeque<Arc<Block>>,
    /// Number of the first block.
    first: u64,
    /// Row at which each block begins, as of the last layout.
    starts: Vec<usize>,
    /// Rows of all blocks, as of the last layout.
    total: usize,
    /// Blocks to lay out again.
    stale: BTreeSet<u64>,
    /// True when `starts` no longer fits `blocks`.
    shifted: bool,
    made: Option<Made>,
    /// Weight of all blocks in bytes.
    bytes: usize,
    /// True when the first block stands for dropped ones.
    marker: bool,
    /// Code blocks found complete by a layout.
    jobs: Vec<(u64, HighlightJob)>,
    /// What is in sight.
    pub(super) scroll: Scroll,
    /// First row in sight, as of the last layout.
    pub(super) top: usize,
    /// Rows in sight, as of the last layout.
    pub(super) height: usize,
    /// The block that card keys act on.
    pub(super) selected: Option<u64>,
    /// The place of the event that somebody asked for.
    pub(super) marked: Option<Marked>,
}

impl Flow {
    /// True while text is being written at its end.
    pub(super) fn is_growing(&self) -> bool {
        let last = self.blocks.back();
        last.is_some_and(|block| block.open && !block.is_left_out())
    }

    /// An empty column that starts with this scroll.
    pub(super) fn new(scroll: Scroll) -> Self {
        Self {
            blocks: VecDeque::new(),
            first: 0,
            starts: Vec::new(),
            total: 0,
            stale: BTreeSet::new(),
            shifted: false,
            made: None,
            bytes: 0,
            marker: false,
            jobs: Vec::new(),
            scroll,
            top: 0,
            height: 0,
            selected: None,
            marked: None,
        }
    }

    /// Adds a block at the end and returns its number.
    pub(super) fn push(&mut self, block: Block) -> u64 {
        let id = self.first + self.blocks.len() as u64;
        self.bytes += block.bytes + OVERHEAD;
        self.blocks.push_back(Arc::new(block));
        self.stale.insert(id);
        self.bound_bytes();
        id
    }

    /// True without any block.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Number of the last block.
    pub(super) fn last_id(&self) -> Option<u64> {
        self.ids().next_back()
    }

    /// Numbers of all blocks, oldest first.
    pub(super) fn ids(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.blocks.len() as u64
    }

    /// The block with this number, unless it was dropped.
    pub(super) fn block(&self, id: u64) -> Option<&Block> {
        let index = usize::try_from(id.checked_sub(self.first)?).ok()?;
        self.blocks.get(index).map(AsRef::as_ref)
    }

    /// Changes the block with this number; it is laid out again before the next painting.
    pub(super) fn edit<T>(&mut self, id: u64, change: impl FnOnce(&mut Block) -> T) -> Option<T> {
        let index = usize::try_from(id.checked_sub(self.first)?).ok()?;
        let block = Arc::make_mut(self.blocks.get_mut(index)?);
        let before = block.bytes;
        let result = change(block);
        self.bytes = self.bytes - before + block.bytes;
        self.stale.insert(id);
        self.bound_bytes();
        Some(result)
    }

    /// Puts another block in the place of the one with this number.
    pub(super) fn replace(&mut self, id: u64, mut new: Block) {
        self.edit(id, |block| {
            new.version = block.version + 1;
            *block = new;
        });
    }

    /// Takes over the blocks of a column made anew, and keeps the place in it.
    pub(super) fn become_like(&mut self, new: Self) {
        let blocks = new.blocks;
        let versions = self.blocks.iter().map(|block| block.version).max();
        self.blocks = blocks;
        for block in &mut self.blocks {
            Arc::make_mut(block).version = versions.map_or(0, |version| version + 1);
        }
        self.bytes = new.bytes;
        self.first = new.first;
        self.marker = new.marker;
        self.stale = new.stale;
        self.shifted = true;
    }

    /// Drops all blocks from this one on.
    pub(super) fn truncate(&mut self, id: u64) {
        while self.last_id().is_some_and(|last| last >= id) {
            if let Some(old) = self.blocks.pop_back() {
                self.bytes -= old.bytes + OVERHEAD;
            }
        }
        self.stale.retain(|stale| *stale < id);
        self.shifted = true;
    }

    /// Code blocks that became complete since the last call, with the numbers of their blocks.
    pub(super) fn take_jobs(&mut self) -> Vec<(u64, HighlightJob)> {
        std::mem::take(&mut self.jobs)
    }

    /// Hits in the block with this number. Its rows stay as they are.
    pub(super) fn find(&mut self, id: u64, needle: &str, shared: &Shared) -> Vec<Hit> {
        let columns = self.columns();
        id.checked_sub(self.first)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.blocks.get_mut(index))
            .map_or_else(Vec::new, |block| {
                Arc::make_mut(block).find(needle, columns, shared)
            })
    }

    /// All rows, as of the last layout.
    pub(super) const fn total(&self) -> usize {
        self.total
    }

    /// Lays out what changed and settles what is in sight. Twice is the same as once.
    pub(super) fn prepare(&mut self, columns: u16, height: u16, shared: &Shared) {
        let theme = &shared.theme;
        let made = Made {
            columns,
            revision: theme.revision,
            detail: shared.detail,
        };
        let moved = self.made.is_some_and(|old| old.columns != columns);
        let anchor = if moved { self.anchor() } else { None };
        let mut from = usize::MAX;
        if self.made == Some(made) && !self.shifted {
            for id in &self.stale {
                let Some(index) = id
                    .checked_sub(self.first)
                    .and_then(|index| usize::try_from(index).ok())
                else {
                    continue;
                };
                if let Some(block) = self.blocks.get_mut(index) {
                    let block = Arc::make_mut(block);
                    block.layout(columns, made.detail, theme);
                    let found = block.take_jobs().into_iter().map(|job| (*id, job));
                    self.jobs.extend(found);
                    from = from.min(index);
                }
            }
        } else {
            let again = self.made != Some(made);
            for (id, block) in (self.first..).zip(self.blocks.iter_mut()) {
                if again || self.stale.contains(&id) {
                    let block = Arc::make_mut(block);
                    block.layout(columns, made.detail, theme);
                    self.jobs
                        .extend(block.take_jobs().into_iter().map(|job| (id, job)));
                }
            }
            from = 0;
        }
        self.stale.clear();
        self.shifted = false;
        self.restart(from);
        self.find_again(anchor);
        self.made = Some(made);
        self.bound_rows(made, theme);
        self.height = usize::from(height);
        self.settle();
        self.find_mark();
    }

    /// Columns of the last layout.
    pub(super) fn columns(&self) -> u16 {
        self.made.map_or(80, |made| made.columns)
    }

    /// How much of its blocks the last layout shows.
    pub(super) fn detail(&self) -> Detail {
        self.made.map_or_else(Detail::default, |made| made.detail)
    }

    /// Counts the beginnings of the blocks from this one on again.
    fn restart(&mut self, from: usize) {
        if from == usize::MAX {
            return;
        }
        self.starts.truncate(from);
        let mut row = match from.checked_sub(1) {
            Some(before) => {
                self.starts.get(before).copied().unwrap_or(0)
                    + self.blocks.get(before).map_or(0, |block| block.rows())
            }
            None => 0,
        };
        for block in self.blocks.iter().skip(from) {
            self.starts.push(row);
            row += block.rows();
        }
        self.total = row;
    }

    /// Row at which the block with this number begins; dropped ones count as the first row.
    pub(super) fn start_of(&self, id: u64) -> usize {
        let index = id.saturating_sub(self.first);
        usize::try_from(index)
            .ok()
            .and_then(|index| self.starts.get(index))
            .copied()
            .unwrap_or(if id < self.first { 0 } else { self.total })
    }

    /// The block that holds this row, and the row within it.
    pub(super) fn locate(&self, row: usize) -> Option<(u64, usize)> {
        let index = self
            .starts
            .partition_point(|start| *start <= row)
            .checked_sub(1)?;
        let start = self.starts.get(index)?;
        Some((self.first + index as u64, row - start))
    }

    /// Replaces the oldest block by one row that tells of it. False when nothing may be dropped.
    fn drop_oldest(&mut self) -> bool {
        if self.blocks.len() < 2 + usize::from(self.marker) {
            return false;
        }
        if self.marker
            && let Some(old) = self.blocks.pop_front()
        {
            self.bytes -= old.bytes + OVERHEAD;
            self.first += 1;
        }
        let note = Block::row(Words::of(
            Role::Dim,
            "⋯ older output dropped here, the session log has it",
        ));
        if let Some(slot) = self.blocks.front_mut() {
            self.bytes -= slot.bytes;
            *slot = Arc::new(note);
        }
        self.stale.insert(self.first);
        self.marker = true;
        self.shifted = true;
        true
    }

    fn bound_bytes(&mut self) {
        while self.bytes > BYTES && self.drop_oldest() {}
    }

    fn bound_rows(&mut self, made: Made, theme: &Theme) {
        if self.total <= ROWS {
            return;
        }
        let mut total = self.total;
        while total > ROWS {
            let lost = self
                .blocks
                .get(usize::from(self.marker))
                .map_or(0, |block| block.rows());
            // The first time, the marker itself takes a row.
            let gained = usize::from(!self.marker);
            if !self.drop_oldest() {
                break;
            }
            total = (total + gained).saturating_sub(lost);
        }
        if let Some(note) = self.blocks.front_mut() {
            Arc::make_mut(note).layout(made.columns, made.detail, theme);
        }
        self.stale.clear();
        self.shifted = false;
        self.restart(0);
    }

    /// Paints the rows in sight.
    pub(super) fn paint(&self, buffer: &mut Buffer, area: Rect, shared: &Shared, hits: &Hits) {
        let area = clip(buffer, area);
        let Some((mut id, mut row)) = self.locate(self.top) else {
            return;
        };
        let mut block = self.block(id);
        let mut marked = self.marked_row(id);
        for y in area.top()..area.bottom() {
            while block.is_some_and(|block| row >= block.rows()) {
                id += 1;
                row = 0;
                block = self.block(id);
                marked = self.marked_row(id);
            }
            let Some(current) = block else { return };
            let line = Rect::new(area.x, y, area.width, 1);
            match current.at(row) {
                Row::Gap => {}
                Row::Head => {
                    current
                        .title(shared)
                        .paint(buffer, line.x, y, line.width, &shared.theme);
                    if self.selected == Some(id) {
                        buffer.set_style(line, shared.theme.selection);
                    }
                }
                Row::Body { text, sign } => {
                    let indent = current.indent.min(line.width);
                    put(buffer, line, sign, current.tint.style(&shared.theme));
                    let body = Rect::new(line.x + indent, y, line.width - indent, 1);
                    put_line(buffer, body, text);
                }
            }
            if marked == Some(row) {
                buffer.set_style(line, shared.theme.selection);
            }
            hits.paint(buffer, line, id, current.unfolded(row), &shared.theme);
            row += 1;
        }
    }

    /// Forgets everything that a layout can bring back.
    #[cfg(test)]
    pub(super) fn forget(&mut self, theme: &Theme) {
        for block in &mut self.blocks {
            Arc::make_mut(block).forget(theme);
        }
        self.starts.clear();
        self.total = 0;
        self.made = None;
    }

    /// Bytes that a copy holds and an earlier copy of the same column does not.
    pub(super) fn beside(&self, earlier: Option<&Self>) -> usize {
        let own = |(id, block): (u64, &Arc<Block>)| {
            let old = earlier.and_then(|old| {
                let index = usize::try_from(id.checked_sub(old.first)?).ok()?;
                old.blocks.get(index)
            });
            match old {
                Some(old) if Arc::ptr_eq(old, block) => size_of::<Arc<Block>>(),
                Some(_) | None => block.weight() + OVERHEAD,
            }
        };
        (self.first..).zip(&self.blocks).map(own).sum()
    }

    /// Weight in bytes.
    #[cfg(test)]
    pub(super) const fn weight(&self) -> usize {
        self.bytes
    }
}
