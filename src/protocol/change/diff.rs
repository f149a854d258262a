//! The lines of one changed file, in hunks.
//!
//! Hunks are what `git diff --no-ext-diff --no-textconv -U3` makes of the two blobs. They are the
//! numbers that [`super::Part`] refers to, so every maker of a diff makes the same ones for the same
//! pair of blobs.

use serde::{Deserialize, Serialize};

/// The diff of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// Its hunks, from top to bottom; none for a change of mode or name alone, and for what is not
    /// text.
    pub hunks: Vec<Hunk>,
}

/// A run of changed lines with three lines of context around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// First line before, from 1; 0 when there are none.
    pub old_start: u32,
    /// Lines before.
    pub old_lines: u32,
    /// First line after, from 1; 0 when there are none.
    pub new_start: u32,
    /// Lines after.
    pub new_lines: u32,
    /// What stands behind the second `@@`: the function or section it is in.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Which side it is on.
    pub kind: LineKind,
    /// Its text without the line end; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// How it ends.
    pub end: LineEnd,
}

/// Which side a line is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Both.
    Context,
    /// After.
    Added,
    /// Before.
    Removed,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// `\n`.
    Lf,
    /// `\r\n`.
    CrLf,
    /// The file ends here without a line end.
    None,
}
