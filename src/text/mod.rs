//! The text engine: outside text to rows that fit a width, each character looked at once.
//!
//! Pure: no I/O, no clock, no terminal. Finished blocks become immutable rows; only the unfinished
//! tail is redone. Everything from models, tools, logs, git and file names passes [`clean`] first.
//!
//! The way of a character: [`clean`] (the gate) → [`Doc`] (source, blocks) → [`markdown`] or plain
//! lines → [`wrap`] → [`Row`], which a view paints as it is.

pub mod clean;
pub mod highlight;
pub mod markdown;
pub mod percent;
pub mod rows;
pub mod stream;
mod style;
pub mod width;
pub mod words;
pub mod wrap;

pub use rows::Row;
pub use stream::{Doc, Hit, Mark};
pub use style::TextStyles;

use std::sync::Arc;

use ratatui::text::Line;

/// A finished code block that wants highlighting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighlightJob {
    /// The block within its document.
    pub block: u64,
    /// Language word of the fence.
    pub language: String,
    /// Source text.
    pub source: Arc<str>,
    /// False under `NO_COLOR`.
    pub colour: bool,
}

/// The answer to a [`HighlightJob`].
#[derive(Clone, Debug, PartialEq)]
pub struct Highlighted {
    /// The block.
    pub block: u64,
    /// One styled line per source line.
    pub lines: Vec<Line<'static>>,
}
