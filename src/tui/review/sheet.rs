//! The lines of one file as a list of items: hunks, the lines between them, folds, comments.
//!
//! Nothing here is laid out: the list knows how many items there are and which one stands where, in
//! time that does not grow with their number. Hunks keep the numbers of the default diff whatever is
//! unfolded. Unified and side by side are two orders of the same lines.
//! Not here: how an item is painted, what is picked.

use std::collections::BTreeMap;

pub use super::runs::{Pair, reference};
use super::{
    ask::Content,
    runs::{Body, Gap, body, gaps},
};
use crate::protocol::change::{Face, Hunk, LineKind, LineRef};

/// Lines that one step of unfolding shows, at each end of a fold.
pub const STEP: u32 = 20;
/// Lines around a comment outside hunks.
const AROUND: u32 = 3;

/// One item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Lines that both sides have and that are hidden.
    Fold {
        /// Which gap, from 0 before the first hunk.
        gap: usize,
        /// How many.
        lines: u32,
    },
    /// A line that both sides have, outside hunks; numbers from 1, 0 where a side does not count.
    Same {
        /// Its number before.
        old: u32,
        /// Its number after.
        new: u32,
    },
    /// The beginning of a hunk.
    Head(usize),
    /// A row of a hunk.
    Row {
        /// The hunk.
        hunk: usize,
        /// Its row in this order.
        row: usize,
    },
    /// A comment.
    Note(u32),
}

/// How lines are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Removed lines above added ones.
    #[default]
    Unified,
    /// Before on the left, after on the right.
    Split,
}

#[derive(Clone, Copy, Debug)]
enum Segment {
    Fold { gap: usize, lines: u32 },
    Same { old: u32, new: u32 },
    Head(usize),
    Rows { hunk: usize, from: usize },
    Note(u32),
}

/// Comments by the line and side they stand below; line 0 is the file as a whole.
pub type Anchors = BTreeMap<(u32, Face), Vec<u32>>;

/// The list.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    bodies: Vec<Body>,
    gaps: Vec<Gap>,
    order: Order,
    anchors: Anchors,
    segments: Vec<(usize, Segment)>,
    total: usize,
    /// Folds can be opened: the lines are there.
    open: bool,
}

impl Sheet {
    /// The list of a diff.
    #[must_use]
    pub fn new(content: &Content, order: Order, anchors: Anchors) -> Self {
        let hunks = &content.diff.hunks;
        let mut sheet = Self {
            bodies: hunks.iter().map(body).collect(),
            gaps: gaps(content),
            order,
            anchors,
            open: content.new.is_some() || content.old.is_some(),
            ..Self::default()
        };
        sheet.show_anchors();
        sheet.lay();
        sheet
    }

    /// Comments are in sight, also outside hunks.
    fn show_anchors(&mut self) {
        let lines: Vec<u32> = self.anchors.keys().map(|(line, _)| *line).collect();
        for line in lines {
            self.reveal(line);
        }
    }

    /// The list of a text that has no other side.
    #[must_use]
    pub fn text(lines: usize, anchors: Anchors) -> Self {
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        let mut sheet = Self {
            gaps: vec![Gap {
                old: 0,
                new: 1,
                lines,
                shown: (lines, 0),
            }],
            anchors,
            open: true,
            ..Self::default()
        };
        sheet.lay();
        sheet
    }

    /// How many items there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.total
    }

    /// Another order of the same lines.
    pub fn reorder(&mut self, order: Order) {
        self.order = order;
        self.lay();
    }

    /// Other comments.
    pub fn annotate(&mut self, anchors: Anchors) {
        self.anchors = anchors;
        self.show_anchors();
        self.lay();
    }

    /// Shows more of a gap; false when there is nothing to show.
    pub fn unfold(&mut self, gap: usize) -> bool {
        let last = self.gaps.len().saturating_sub(1);
        let open = self.open;
        let Some(found) = self.gaps.get_mut(gap).filter(|_| open) else {
            return false;
        };
        let hidden = found.lines.saturating_sub(found.shown.0 + found.shown.1);
        if hidden == 0 {
            return false;
        }
        if hidden <= STEP {
            found.shown.0 += hidden;
        } else if gap == 0 {
            found.shown.1 += STEP;
        } else if gap == last {
            found.shown.0 += STEP;
        } else {
            let half = STEP / 2;
            found.shown = (found.shown.0 + half, found.shown.1 + half);
        }
        self.lay();
        true
    }

    /// Shows more of every gap; false when everything is shown.
    pub fn unfold_all(&mut self) -> bool {
        let mut any = false;
        for gap in 0..self.gaps.len() {
            any |= self.unfold(gap);
        }
        any
    }

    /// Shows a line of the side after with some around it, when a fold hides it.
    fn reveal(&mut self, line: u32) {
        for gap in self.gaps.iter_mut().filter(|_| self.open) {
            let within = line.wrapping_sub(gap.new);
            if line < gap.new || within >= gap.lines {
                continue;
            }
            let back = gap.lines - within;
            if within < back {
                gap.shown.0 = gap.shown.0.max((within + AROUND).min(gap.lines));
            } else {
                gap.shown.1 = gap.shown.1.max((back + AROUND).min(gap.lines));
            }
        }
    }

    /// Hides everything outside hunks again.
    pub fn fold_all(&mut self) {
        for gap in &mut self.gaps {
            gap.shown = (0, 0);
        }
        self.lay();
    }

    /// The item at a place.
    #[must_use]
    pub fn item(&self, place: usize) -> Option<Item> {
        if place >= self.total {
            return None;
        }
        let at = self.segments.partition_point(|(start, _)| *start <= place);
        let (start, segment) = self.segments.get(at.checked_sub(1)?)?;
        let offset = place - start;
        let further = u32::try_from(offset).unwrap_or(u32::MAX);
        Some(match *segment {
            Segment::Fold { gap, lines } => Item::Fold { gap, lines },
            Segment::Same { old, new } => Item::Same {
                old: if old == 0 { 0 } else { old + further },
                new: new + further,
            },
            Segment::Head(hunk) => Item::Head(hunk),
            Segment::Rows { hunk, from } => Item::Row {
                hunk,
                row: from + offset,
            },
            Segment::Note(id) => Item::Note(id),
        })
    }

    /// The place of a hunk's beginning.
    #[must_use]
    pub fn head(&self, hunk: usize) -> Option<usize> {
        let mut segments = self.segments.iter();
        let found =
            segments.find(|(_, segment)| matches!(segment, Segment::Head(at) if *at == hunk));
        found.map(|(start, _)| *start)
    }

    /// The place of the nearest beginning of a hunk before or after a place.
    #[must_use]
    pub fn next_head(&self, place: usize, back: bool) -> Option<usize> {
        let at = |(start, segment): &(usize, Segment)| {
            let beyond = if back { *start < place } else { *start > place };
            (beyond && matches!(segment, Segment::Head(_))).then_some(*start)
        };
        if back {
            self.segments.iter().rev().find_map(at)
        } else {
            self.segments.iter().find_map(at)
        }
    }

    /// The place of a comment.
    #[must_use]
    pub fn note(&self, id: u32) -> Option<usize> {
        let mut segments = self.segments.iter();
        let found = segments.find(|(_, segment)| matches!(segment, Segment::Note(at) if *at == id));
        found.map(|(start, _)| *start)
    }

    /// The hunk that a place is in, or the next one after it.
    #[must_use]
    pub fn hunk_at(&self, place: usize) -> Option<usize> {
        let at = self.segments.partition_point(|(start, _)| *start <= place);
        let before = self.segments.get(..at).unwrap_or_default();
        let inside = before.iter().rev().find_map(|(_, segment)| match segment {
            Segment::Head(hunk) | Segment::Rows { hunk, .. } => Some(Some(*hunk)),
            Segment::Fold { .. } | Segment::Same { .. } => Some(None),
            Segment::Note(_) => None,
        });
        if let Some(Some(hunk)) = inside {
            return Some(hunk);
        }
        let after = self.segments.get(at..).unwrap_or_default();
        after.iter().find_map(|(_, segment)| match segment {
            Segment::Head(hunk) => Some(*hunk),
            _ => None,
        })
    }

    /// The lines of a hunk that stand in one of its rows, by their place in the hunk.
    #[must_use]
    pub fn pair(&self, hunk: usize, row: usize) -> Pair {
        let Some(body) = self.bodies.get(hunk) else {
            return Pair::default();
        };
        match self.order {
            Order::Split => body.pairs.get(row).copied().unwrap_or_default(),
            Order::Unified => match body.numbers.get(row) {
                Some((0, _)) => Pair {
                    left: None,
                    right: Some(row),
                },
                Some((_, 0)) => Pair {
                    left: Some(row),
                    right: None,
                },
                Some(_) => Pair {
                    left: Some(row),
                    right: Some(row),
                },
                None => Pair::default(),
            },
        }
    }

    /// The line that a removed or added line is compared with.
    #[must_use]
    pub fn partner(&self, hunk: usize, line: usize) -> Option<usize> {
        let partners = &self.bodies.get(hunk)?.partners;
        partners.get(line).copied().flatten()
    }

    /// Numbers before and after of a hunk's line.
    #[must_use]
    pub fn numbers(&self, hunk: usize, line: usize) -> (u32, u32) {
        let found = self
            .bodies
            .get(hunk)
            .and_then(|body| body.numbers.get(line));
        found.copied().unwrap_or_default()
    }

    /// The numbers of an item, before and after.
    #[must_use]
    pub fn lines_of(&self, item: Item) -> (u32, u32) {
        match item {
            Item::Same { old, new } => (old, new),
            Item::Row { hunk, row } => {
                let pair = self.pair(hunk, row);
                let old = pair.left.map_or(0, |line| self.numbers(hunk, line).0);
                let new = pair.right.map_or(0, |line| self.numbers(hunk, line).1);
                (old, new)
            }
            Item::Head(hunk) => self.numbers(hunk, 0),
            Item::Fold { gap, .. } => self.gaps.get(gap).map_or((0, 0), |gap| (gap.old, gap.new)),
            Item::Note(_) => (0, 0),
        }
    }

    /// The first place at or after a line of a side.
    #[must_use]
    pub fn place_of(&self, face: Face, line: u32) -> usize {
        let (mut low, mut high) = (0, self.total);
        // Numbers never go down from one item to the next, apart from the items that have none.
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.number_before(face, middle) {
                Some(number) if number >= line => high = middle,
                _ => low = middle + 1,
            }
        }
        low.min(self.total.saturating_sub(1))
    }

    /// The number of the nearest item at or before a place that has one on this side.
    fn number_before(&self, face: Face, place: usize) -> Option<u32> {
        (0..=place).rev().take(4_096).find_map(|place| {
            let (old, new) = self.lines_of(self.item(place)?);
            let number = match face {
                Face::Old => old,
                Face::New => new,
            };
            (number > 0).then_some(number)
        })
    }

    /// All changed lines of the items between two places, in order.
    #[must_use]
    pub fn changed(&self, from: usize, to: usize, hunks: &[Hunk]) -> Vec<LineRef> {
        let mut lines = Vec::new();
        for place in from.min(to)..=from.max(to) {
            let Some(Item::Row { hunk, row }) = self.item(place) else {
                continue;
            };
            let pair = self.pair(hunk, row);
            let both = [
                pair.left,
                pair.right.filter(|right| pair.left != Some(*right)),
            ];
            for line in both.into_iter().flatten() {
                let kind = hunks.get(hunk).and_then(|hunk| hunk.lines.get(line));
                if kind.is_some_and(|line| line.kind != LineKind::Context) {
                    lines.push(reference(hunk, line));
                }
            }
        }
        lines.sort_unstable();
        lines
    }

    fn lay(&mut self) {
        let mut segments = Vec::new();
        let mut total = 0;
        let mut put = |segment: Segment, count: usize| {
            if count > 0 {
                segments.push((total, segment));
                total += count;
            }
        };
        for id in self.anchors.get(&(0, Face::New)).into_iter().flatten() {
            put(Segment::Note(*id), 1);
        }
        for (index, gap) in self.gaps.iter().enumerate() {
            let start = gap.shown.0.min(gap.lines);
            let end = gap.shown.1.min(gap.lines - start);
            let hidden = gap.lines - start - end;
            self.same(&mut put, gap.old, gap.new, start);
            put(
                Segment::Fold {
                    gap: index,
                    lines: hidden,
                },
                usize::from(hidden > 0),
            );
            let skip = start + hidden;
            let old = if gap.old == 0 { 0 } else { gap.old + skip };
            self.same(&mut put, old, gap.new + skip, end);
            if let Some(body) = self.bodies.get(index) {
                put(Segment::Head(index), 1);
                self.rows(&mut put, index, body);
            }
        }
        self.segments = segments;
        self.total = total;
    }

    /// Lines outside hunks, cut where a comment stands.
    fn same(&self, put: &mut impl FnMut(Segment, usize), old: u32, new: u32, lines: u32) {
        let mut done = 0;
        let notes = self.anchors.range((new.max(1), Face::Old)..);
        for ((line, face), ids) in notes {
            if *line >= new + lines {
                break;
            }
            if *face == Face::Old {
                continue;
            }
            let upto = line + 1 - new;
            let old = if old == 0 { 0 } else { old + done };
            put(
                Segment::Same {
                    old,
                    new: new + done,
                },
                (upto - done) as usize,
            );
            done = upto;
            for id in ids {
                put(Segment::Note(*id), 1);
            }
        }
        let old = if old == 0 { 0 } else { old + done };
        put(
            Segment::Same {
                old,
                new: new + done,
            },
            (lines - done) as usize,
        );
    }

    /// Rows of a hunk, cut where a comment stands.
    fn rows(&self, put: &mut impl FnMut(Segment, usize), hunk: usize, body: &Body) {
        let count = match self.order {
            Order::Unified => body.numbers.len(),
            Order::Split => body.pairs.len(),
        };
        let mut cuts: Vec<(usize, u32)> = Vec::new();
        let first = body.numbers.iter().map(|(old, new)| (*old).max(*new));
        let top = first.clone().max().unwrap_or(0);
        for ((line, face), ids) in self.anchors.range((1, Face::Old)..=(top, Face::New)) {
            let row = (0..count).find(|row| {
                let (old, new) = self.lines_of(Item::Row { hunk, row: *row });
                *line
                    == match face {
                        Face::Old => old,
                        Face::New => new,
                    }
            });
            cuts.extend(
                row.into_iter()
                    .flat_map(|row| ids.iter().map(move |id| (row + 1, *id))),
            );
        }
        cuts.sort_unstable();
        let mut done = 0;
        for (upto, id) in cuts {
            put(Segment::Rows { hunk, from: done }, upto - done);
            done = upto;
            put(Segment::Note(id), 1);
        }
        put(Segment::Rows { hunk, from: done }, count - done);
    }
}
