//! A report as parts and rows: what is shown on a screen, written as Markdown, or opened at an event.
//!
//! Plain data between whoever counts and whoever shows. Every cell is one line of cleaned text.

use serde::{Deserialize, Serialize};

use super::Seq;

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// What it is about.
    pub title: String,
    /// Its parts, in order.
    pub parts: Vec<SheetPart>,
    /// What it is and is not, one or two sentences.
    pub foot: String,
}

/// A part of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetPart {
    /// Heading.
    pub title: String,
    /// Whether it heads the parts behind it: a turn.
    pub top: bool,
    /// Heads of the columns; none for sentences.
    pub heads: Vec<String>,
    /// Rows of as many cells as there are heads; of one for sentences.
    pub rows: Vec<SheetRow>,
}

/// A row of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRow {
    /// Its cells.
    pub cells: Vec<String>,
    /// The event it rests on.
    pub event: Option<Seq>,
    /// How far below the row before it: 0 stands by itself.
    pub depth: u8,
}

impl SheetRow {
    /// A sentence.
    #[must_use]
    pub fn words(words: impl Into<String>) -> Self {
        Self {
            cells: vec![words.into()],
            event: None,
            depth: 0,
        }
    }

    /// The same resting on an event.
    #[must_use]
    pub const fn at(mut self, event: u64) -> Self {
        self.event = Some(Seq(event));
        self
    }
}
