//! What the room of comparison asks the world, and what it is told.

use std::sync::Arc;

use crate::protocol::{Failure, RunId, comparison::Comparison};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Put these sessions side by side, in this order.
    Read(Vec<RunId>),
    /// Write the comparison of these sessions into files.
    Write(Vec<RunId>),
    /// The comparison of these sessions as a page of Markdown.
    Page(Vec<RunId>),
}

impl Ask {
    /// True for what is written down.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(self, Self::Write(_))
    }
}

/// An answer.
pub type Told = Result<News, Failure>;

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The sessions side by side, and who they are.
    Here(Vec<RunId>, Arc<Comparison>),
    /// These files were written.
    Written(Vec<String>),
    /// The page.
    Page(String),
}
