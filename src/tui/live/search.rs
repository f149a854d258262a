//! Search in one column: a line to type into, hits, the current one.
//!
//! Hits are kept per block and found again only in blocks that changed. They are counted as if
//! every fold were open, and a fold opens when its hit becomes the current one. Upper and lower case
//! are the same unless the needle has upper case.

use std::collections::BTreeMap;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{block::Fold, flow::Flow, ink::clip};
use crate::{
    text::{Hit, width},
    tui::{detail::Detail, shared::Shared, theme::Theme},
};

/// Characters of a needle at most.
const LONGEST: usize = 200;

/// Names a hit: the block, and which of its hits. Another width moves hits but keeps their order.
type Place = (u64, usize);

/// Hits of the current search, kept per block with the block's version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    blocks: BTreeMap<u64, (u64, Vec<Hit>)>,
    current: Option<Place>,
    /// What the hits were found for: needle, columns, theme revision, how much is shown.
    made: (String, u16, u64, Detail),
}

/// A step to another hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The first hit at or after the first row in sight.
    Near,
    /// The next hit.
    Next,
    /// The previous hit.
    Previous,
}

/// A search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// What is looked for.
    pub(super) needle: String,
    /// True while keys are typed into the line.
    pub(super) editing: bool,
    /// Hits in the column searched.
    pub(super) hits: Hits,
    /// A step to take as soon as hits are known.
    wanted: Option<Step>,
}

impl Search {
    /// An empty search line.
    pub(super) fn open() -> Self {
        Self {
            editing: true,
            ..Self::default()
        }
    }

    /// Adds typed or pasted text.
    pub(super) fn type_in(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.needle.chars().count());
        self.needle.extend(
            text.chars()
                .filter(|letter| !letter.is_control())
                .take(room),
        );
        self.wanted = Some(Step::Near);
    }

    /// Takes the last character away.
    pub(super) fn erase(&mut self) {
        self.needle.pop();
        self.wanted = Some(Step::Near);
    }

    /// The search goes on in another column.
    pub(super) fn elsewhere(&mut self) {
        self.hits = Hits::default();
        self.wanted = Some(Step::Near);
    }

    /// Goes to another hit with the next frame.
    pub(super) fn step(&mut self, step: Step) {
        self.wanted = Some(step);
    }

    /// Finds hits in what changed and takes the wanted step. The column must be laid out, and must
    /// be laid out again when this returns true.
    pub(super) fn settle(&mut self, flow: &mut Flow, shared: &Shared) -> bool {
        self.hits.refresh(&self.needle, flow, shared);
        let Some(step) = self.wanted.take() else {
            return false;
        };
        self.hits
            .take_step(step, flow.locate(flow.top).unwrap_or((0, 0)));
        let Some((id, row)) = self.hits.current_row() else {
            return false;
        };
        let hidden = flow
            .block(id)
            .is_some_and(|block| block.is_closed() && row >= block.lead());
        if hidden {
            flow.edit(id, |block| block.set_fold(Fold::Open));
        }
        hidden
    }

    /// Brings the current hit into sight.
    pub(super) fn reveal(&self, flow: &mut Flow) {
        if let Some((id, row)) = self.hits.current_row() {
            flow.reveal(id, row);
        }
    }

    /// True when a step waits for the next frame.
    pub(super) const fn pending(&self) -> bool {
        self.wanted.is_some()
    }

    /// `3/17`, or what there is to say without hits.
    pub(super) fn standing(&self) -> String {
        if self.needle.is_empty() {
            return String::new();
        }
        match self.hits.count() {
            0 => "no hits".to_owned(),
            all => format!("{}/{all}", self.hits.position()),
        }
    }
}

impl Hits {
    /// Every hit in order.
    fn places(&self) -> impl DoubleEndedIterator<Item = Place> {
        self.blocks
            .iter()
            .flat_map(|(id, (_, hits))| (0..hits.len()).map(move |nth| (*id, nth)))
    }

    /// Block and row of the current hit.
    fn current_row(&self) -> Option<(u64, usize)> {
        let (id, nth) = self.current?;
        let (_, hits) = self.blocks.get(&id)?;
        hits.get(nth).map(|hit| (id, hit.row))
    }

    /// The first hit at or after a row of a block.
    fn near(&self, (block, row): (u64, usize)) -> Option<Place> {
        self.places().find(|(id, nth)| {
            let at = self
                .blocks
                .get(id)
                .and_then(|(_, hits)| hits.get(*nth))
                .map_or(0, |hit| hit.row);
            (*id, at) >= (block, row)
        })
    }

    fn count(&self) -> usize {
        self.blocks.values().map(|(_, hits)| hits.len()).sum()
    }

    /// Number of the current hit, counted from 1; 0 when none is current.
    fn position(&self) -> usize {
        self.current.map_or(0, |current| {
            self.places()
                .position(|place| place >= current)
                .map_or(0, |index| index + 1)
        })
    }

    fn refresh(&mut self, needle: &str, flow: &mut Flow, shared: &Shared) {
        let revision = shared.theme.revision;
        let made = (needle.to_owned(), flow.columns(), revision, flow.detail());
        if self.made != made {
            self.blocks.clear();
            self.made = made;
        }
        if needle.is_empty() {
            self.blocks.clear();
            self.current = None;
            return;
        }
        let ids = flow.ids();
        self.blocks.retain(|id, _| ids.contains(id));
        for id in ids {
            let version = flow.block(id).map_or(0, |block| block.version);
            if self
                .blocks
                .get(&id)
                .is_none_or(|(known, _)| *known != version)
            {
                let hits = flow.find(id, needle, shared);
                self.blocks.insert(id, (version, hits));
            }
        }
    }

    fn take_step(&mut self, step: Step, top: (u64, usize)) {
        let current = self.current;
        let found = match (step, current) {
            (Step::Near, _) | (_, None) => self.near(top),
            (Step::Next, Some(current)) => self.places().find(|place| *place > current),
            (Step::Previous, Some(current)) => self.places().rev().find(|place| *place < current),
        };
        // Round the end: from the last hit to the first and back.
        self.current = found.or_else(|| match step {
            Step::Near | Step::Next => self.places().next(),
            Step::Previous => self.places().next_back(),
        });
    }

    /// Marks the hits of one painted row.
    pub(super) fn paint(
        &self,
        buffer: &mut Buffer,
        line: Rect,
        id: u64,
        row: usize,
        theme: &Theme,
    ) {
        let Some((_, hits)) = self.blocks.get(&id) else {
            return;
        };
        let from = hits.partition_point(|hit| hit.row < row);
        let on_row = hits.iter().enumerate().skip(from);
        for (nth, hit) in on_row.take_while(|(_, hit)| hit.row == row) {
            let start = hit.start_col.min(line.width);
            let end = hit.end_col.min(line.width);
            let cells = Rect::new(line.x + start, line.y, end.saturating_sub(start), 1);
            let cells = clip(buffer, cells);
            buffer.set_style(cells, theme.styles.hit);
            if self.current == Some((id, nth)) {
                buffer.set_style(cells, theme.strong.patch(theme.selection));
            }
        }
    }
}

/// Hits in one line of text. Upper and lower case are alike unless the needle has upper case, as in
/// [`crate::text::Doc::find`].
pub(super) fn find_in(line: &str, needle: &str, row: usize) -> Vec<Hit> {
    let exact = needle.chars().any(char::is_uppercase);
    let fold = |text: &str| {
        if exact {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let cells: Vec<_> = width::cells(line)
        .map(|cell| (fold(cell.text), cell.width))
        .collect();
    let needle: Vec<_> = width::cells(needle).map(|cell| fold(cell.text)).collect();
    let mut hits = Vec::new();
    if needle.is_empty() {
        return hits;
    }
    let mut column = 0;
    let mut at = 0;
    while let Some(window) = cells.get(at..at + needle.len()) {
        let wide = |cells: &[(String, usize)]| cells.iter().map(|(_, width)| width).sum::<usize>();
        let step = if window.iter().map(|(text, _)| text).eq(needle.iter()) {
            let end = column + wide(window);
            hits.push(Hit {
                row,
                start_col: u16::try_from(column).unwrap_or(u16::MAX),
                end_col: u16::try_from(end).unwrap_or(u16::MAX),
            });
            needle.len()
        } else {
            1
        };
        column += cells.get(at..at + step).map_or(0, wide);
        at += step;
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_columns_not_bytes() {
        let columns = |line, needle| {
            find_in(line, needle, 0)
                .into_iter()
                .map(|hit| (hit.start_col, hit.end_col))
                .collect::<Vec<_>>()
        };
        assert_eq!(columns("Grep grep", "grep"), [(0, 4), (5, 9)]);
        assert_eq!(columns("Grep grep", "Grep"), [(0, 4)]);
        assert_eq!(columns("你好 grep", "grep"), [(5, 9)]);
        assert_eq!(columns("aaaa", "aa"), [(0, 2), (2, 4)]);
        assert_eq!(columns("É", "é"), [(0, 1)]);
        assert_eq!(columns("short", "longer than that"), []);
        assert_eq!(columns("x", ""), []);
    }
}
