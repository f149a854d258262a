//! One screen row.
//!
//! A row is made once for one width and never changes. It is never wider than that width, counted
//! as [`super::width`] counts, and holds no control character.

use ratatui::text::Line;

use super::width;

/// One screen row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What is painted.
    pub line: Line<'static>,
    /// Where its text begins in the document, in bytes since the document's beginning. Never
    /// decreases from one row to the next, so that it can be searched (see [`super::Mark`]).
    pub at: u64,
}

impl Row {
    /// A row from a line whose text begins at `at`.
    #[must_use]
    pub const fn new(line: Line<'static>, at: u64) -> Self {
        Self { line, at }
    }

    /// Its text without styles, prefixes included.
    #[must_use]
    pub fn text(&self) -> String {
        self.line.spans.iter().map(|span| &*span.content).collect()
    }

    /// Its width in cells.
    #[must_use]
    pub fn width(&self) -> usize {
        self.line
            .spans
            .iter()
            .map(|span| width::of(&span.content))
            .sum()
    }
}
