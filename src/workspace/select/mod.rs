//! Taking a part of one file's change: which lines of the old content give way to what.
//!
//! A change is a list of [`Edit`]s, each a run of lines of the old content and the bytes that stand in
//! its place. Edits are made of the same hunks that [`super::Repo::diff`] numbers, and of bytes, never
//! of text: what is not chosen stays byte for byte. Nothing here knows files, modes or names.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use git2::DiffLineType;

use super::lines;
use crate::protocol::change::LineRef;

/// Consecutive lines of the old content that give way to other bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edit {
    /// The first line, from 0; of an insertion the line it stands before.
    pub(super) at: usize,
    /// How many lines go; 0 for an insertion.
    pub(super) gone: usize,
    /// What comes.
    pub(super) text: Vec<u8>,
}

impl Edit {
    /// True when the two cannot stand beside one another: they share a line, or touch, so that
    /// nobody could say what belongs before what.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.at <= other.at + other.gone && other.at <= self.at + self.gone
    }
}

/// Which changed lines are taken.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    /// All.
    All,
    /// Those of these hunks, and these lines.
    Some {
        /// Hunks, from 0.
        hunks: BTreeSet<u32>,
        /// Lines.
        lines: BTreeSet<LineRef>,
    },
}

/// What a choice comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The edits, from top to bottom.
    pub(super) edits: Vec<Edit>,
    /// Whether every changed line is taken.
    pub(super) whole: bool,
}

/// Why a choice cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    /// It names a hunk or a changed line that the diff does not have.
    #[error("there is no such hunk or changed line")]
    Absent,
    /// Libgit2 could not compare.
    #[error(transparent)]
    Git(#[from] git2::Error),
}

/// The edits that `chosen` takes of the change from `old` to `new`.
pub(super) fn edits(old: &[u8], new: &[u8], chosen: &Chosen) -> Result<Choice, Unfit> {
    let patch = lines::patch(old, new)?;
    let mut made = Making {
        named: match chosen {
            Chosen::All => BTreeSet::new(),
            Chosen::Some { lines, .. } => lines.clone(),
        },
        ..Making::default()
    };
    for hunk in 0..patch.num_hunks() {
        let (head, count) = patch.hunk(hunk)?;
        let start = head.old_start() as usize;
        // A hunk without old lines names the line it stands behind.
        made.at = start.saturating_sub(usize::from(head.old_lines() > 0));
        let whole = match chosen {
            Chosen::All => true,
            Chosen::Some { hunks, .. } => hunks.contains(&(hunk as u32)),
        };
        let mut number = 0;
        for at in 0..count {
            let line = patch.line_in_hunk(hunk, at)?;
            let name = LineRef {
                hunk: hunk as u32,
                line: number,
            };
            match line.origin_value() {
                DiffLineType::Context => made.keep(),
                DiffLineType::Deletion => {
                    let taken = made.names(name) || whole;
                    made.remove(taken);
                }
                DiffLineType::Addition => {
                    let taken = made.names(name) || whole;
                    made.add(taken, line.content());
                }
                // Marks about a missing line end are no lines of their own.
                _ => continue,
            }
            number += 1;
        }
        made.close();
    }
    let absent = match chosen {
        Chosen::All => false,
        Chosen::Some { hunks, .. } => {
            let last = hunks.last().map_or(0, |last| *last as usize + 1);
            last > patch.num_hunks() || !made.named.is_empty()
        }
    };
    if absent {
        return Err(Unfit::Absent);
    }
    Ok(Choice {
        whole: made.left == 0,
        edits: made.edits,
    })
}

/// Edits in the making.
#[derive(Default)]
struct Making {
    /// The line of the old content that comes next.
    at: usize,
    open: Option<Edit>,
    edits: Vec<Edit>,
    /// Lines that were named and not met yet.
    named: BTreeSet<LineRef>,
    /// Changed lines that were not taken.
    left: usize,
}

impl Making {
    /// Strikes a line off the named ones; true when it was one of them.
    fn names(&mut self, line: LineRef) -> bool {
        self.named.remove(&line)
    }

    fn close(&mut self) {
        self.edits.extend(self.open.take());
    }

    fn keep(&mut self) {
        self.close();
        self.at += 1;
    }

    fn opened(&mut self) -> &mut Edit {
        // While an edit is open, lines that go are counted in it and in `at`.
        let at = self.at;
        self.open.get_or_insert_with(|| Edit {
            at,
            gone: 0,
            text: Vec::new(),
        })
    }

    fn remove(&mut self, taken: bool) {
        if taken {
            self.opened().gone += 1;
            self.at += 1;
        } else {
            self.left += 1;
            self.keep();
        }
    }

    fn add(&mut self, taken: bool, text: &[u8]) {
        if taken {
            self.opened().text.extend_from_slice(text);
        } else {
            self.left += 1;
        }
    }
}

/// `old` with these edits, which must not meet one another.
///
/// A line without a line end gets one when something comes to stand behind it: the one that the line
/// before it has.
pub(super) fn apply(old: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort();
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(old.len() + added);
    let mut rest = old.split_inclusive(|byte| *byte == b'\n');
    let mut at = 0;
    for edit in edits {
        while at < edit.at {
            let Some(line) = rest.next() else { break };
            push(&mut out, line);
            at += 1;
        }
        push(&mut out, &edit.text);
        for _ in 0..edit.gone {
            rest.next();
            at += 1;
        }
    }
    for line in rest {
        push(&mut out, line);
    }
    out
}

fn push(out: &mut Vec<u8>, text: &[u8]) {
    if text.is_empty() {
        return;
    }
    if out.last().is_some_and(|last| *last != b'\n') {
        let mut ends = out.windows(2).rev();
        let crlf = ends
            .find(|pair| pair[1] == b'\n')
            .is_some_and(|pair| pair[0] == b'\r');
        out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    }
    out.extend_from_slice(text);
}
