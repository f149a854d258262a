//! What a sheet is made of: the lines of hunks with their numbers and partners, the lines between.
//!
//! Pure arithmetic over a diff; made once for each file.

use super::ask::Content;
use crate::protocol::change::{Hunk, LineKind, LineRef};

/// Lines of a hunk that stand beside each other, by their place in the hunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// On the left.
    pub left: Option<usize>,
    /// On the right.
    pub right: Option<usize>,
}

/// What is known of a hunk.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    /// Numbers before and after of each line; 0 where the side does not have it.
    pub(super) numbers: Vec<(u32, u32)>,
    pub(super) pairs: Vec<Pair>,
    /// The line each removed or added line is compared with.
    pub(super) partners: Vec<Option<usize>>,
}

/// A run of equal lines between two hunks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gap {
    pub(super) old: u32,
    pub(super) new: u32,
    pub(super) lines: u32,
    /// Shown at its beginning and at its end.
    pub(super) shown: (u32, u32),
}

/// What is known of a hunk, from its lines.
pub(super) fn body(hunk: &Hunk) -> Body {
    let (mut old, mut new) = (hunk.old_start, hunk.new_start);
    let mut body = Body::default();
    let mut left = Vec::new();
    let mut right = Vec::new();
    for (place, line) in hunk.lines.iter().enumerate() {
        match line.kind {
            LineKind::Context => {
                settle(&mut body.pairs, &mut left, &mut right);
                body.pairs.push(Pair {
                    left: Some(place),
                    right: Some(place),
                });
                body.numbers.push((old, new));
                old += 1;
                new += 1;
            }
            LineKind::Removed => {
                // A removed line after added ones begins another change.
                if !right.is_empty() {
                    settle(&mut body.pairs, &mut left, &mut right);
                }
                left.push(place);
                body.numbers.push((old, 0));
                old += 1;
            }
            LineKind::Added => {
                right.push(place);
                body.numbers.push((0, new));
                new += 1;
            }
        }
    }
    settle(&mut body.pairs, &mut left, &mut right);
    body.partners = vec![None; hunk.lines.len()];
    for pair in &body.pairs {
        if let (Some(left), Some(right)) = (pair.left, pair.right)
            && left != right
        {
            for (line, other) in [(left, right), (right, left)] {
                if let Some(partner) = body.partners.get_mut(line) {
                    *partner = Some(other);
                }
            }
        }
    }
    body
}

fn settle(pairs: &mut Vec<Pair>, left: &mut Vec<usize>, right: &mut Vec<usize>) {
    for row in 0..left.len().max(right.len()) {
        pairs.push(Pair {
            left: left.get(row).copied(),
            right: right.get(row).copied(),
        });
    }
    left.clear();
    right.clear();
}

/// The runs of equal lines before, between and after the hunks.
pub(super) fn gaps(content: &Content) -> Vec<Gap> {
    let (mut old, mut new) = (1, 1);
    let mut gaps = Vec::new();
    // A side without lines is told by the line before it.
    let first = |start: u32, lines: u32| if lines == 0 { start + 1 } else { start };
    for hunk in &content.diff.hunks {
        let before = first(hunk.old_start, hunk.old_lines);
        let after = first(hunk.new_start, hunk.new_lines);
        gaps.push(Gap {
            old,
            new,
            lines: after.saturating_sub(new).min(before.saturating_sub(old)),
            shown: (0, 0),
        });
        old = before + hunk.old_lines;
        new = after + hunk.new_lines;
    }
    let rest = |lines: &Option<std::sync::Arc<Vec<String>>>, from: u32| {
        let count = lines.as_ref().map_or(0, |lines| lines.len());
        (u32::try_from(count).unwrap_or(u32::MAX) + 1).saturating_sub(from)
    };
    gaps.push(Gap {
        old,
        new,
        lines: rest(&content.new, new).min(rest(&content.old, old)),
        shown: (0, 0),
    });
    gaps
}

/// A changed line by its places; beyond four billion there is none.
#[must_use]
pub fn reference(hunk: usize, line: usize) -> LineRef {
    LineRef {
        hunk: u32::try_from(hunk).unwrap_or(u32::MAX),
        line: u32::try_from(line).unwrap_or(u32::MAX),
    }
}
