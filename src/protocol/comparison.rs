//! Several sessions side by side, as plain data: what a table shows, and how final answers differ.
//!
//! Every text in it is clean: it can be painted, copied and written as it is.

use std::ops::Range;

use serde::Serialize;

use super::RunId;

/// Version of these names.
pub const VERSION: u32 = 1;

/// Several sessions side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// [`VERSION`].
    pub version: u32,
    /// The sessions, in the order they were named; cells stand in the same order.
    pub sessions: Vec<Compared>,
    /// What is compared.
    pub sections: Vec<Section>,
    /// How the final answer of each further session differs from that of the first.
    pub answers: Vec<AnswerDiff>,
}

/// One of the sessions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub run: RunId,
    /// Number of its last event.
    pub last_event: u64,
    /// Its first task.
    pub prompt: String,
    /// The final answer of its last turn; empty when there is none.
    pub answer: String,
    /// What of its log could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// Rows that belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// What they are about.
    pub title: String,
    /// The rows.
    pub rows: Vec<Row>,
    /// What is to be said about them as a whole; empty when nothing is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// One thing that is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What.
    pub name: String,
    /// One per session.
    pub cells: Vec<Cell>,
    /// False when all cells say the same.
    pub differs: bool,
}

/// What a session has to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// In words; empty when it has nothing to say.
    pub words: String,
    /// As a figure: milliseconds, US dollars, or a count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<f64>,
}

/// How a final answer differs from that of the first session.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnswerDiff {
    /// Which session, counted from 0.
    pub session: usize,
    /// Lines that the first has and this one has not.
    pub removed: usize,
    /// Lines that this one has and the first has not.
    pub added: usize,
    /// All lines, in order.
    pub lines: Vec<Line>,
}

/// A line of two answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Both have it.
    Same(String),
    /// Only the first has it.
    Removed(String),
    /// Only the other has it.
    Added(String),
    /// Both have one much like it.
    Changed {
        /// The first's.
        old: Marked,
        /// The other's.
        new: Marked,
    },
}

/// A line and the words in it that differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Marked {
    /// The line.
    pub text: String,
    /// Byte ranges of what differs, on character borders, ascending.
    pub marks: Vec<Range<usize>>,
}
