//! What the report screen asks of the world, and what it is told. Plain data; words are clean lines.

use crate::protocol::{Failure, RunId, Sheet};

/// A question about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which session.
    pub run: RunId,
    /// What.
    pub what: What,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The figures, and what models made of it.
    Papers,
    /// Which models could read this turn, and for how much.
    Models(Turn),
    /// What would be sent to this model.
    Preview(Turn, String),
    /// Send it.
    Start(Turn, String),
    /// What has happened since this was heard; answered when there is more, within a second.
    Listen(u64),
    /// Stop what was started.
    Stop,
    /// Write a page to a file.
    Write(Page, Form),
}

/// A turn: its number and which of its attempts.
pub type Turn = (u32, u32);

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The figures.
    Figures,
    /// The analysis with this number.
    Analysis(u32),
}

/// In which form a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Markdown,
    /// For programs.
    Json,
}

impl Ask {
    /// True for what is written down.
    pub const fn writes(&self) -> bool {
        matches!(self.what, What::Write(..))
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Figures and analyses.
    Papers(Result<Box<Papers>, Failure>),
    /// Models.
    Models(Result<Vec<Choice>, Failure>),
    /// What would be sent.
    Preview(Result<Preview, Failure>),
    /// How far an analysis is.
    Heard(Box<Heard>),
    /// Where a page was written.
    Written(Result<String, Failure>),
}

/// What there is of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Papers {
    /// The figures.
    pub figures: Paper,
    /// What models made of it, oldest first.
    pub analyses: Vec<Analysis>,
    /// Its turns, in order.
    pub turns: Vec<Turn>,
    /// What could not be read.
    pub unread: usize,
    /// A script of the demo played the session.
    pub scripted: bool,
}

/// A page, as it is shown and as it is copied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paper {
    /// Parts and rows.
    pub sheet: Sheet,
    /// The same as Markdown.
    pub markdown: String,
}

/// What a model made of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Its number.
    pub number: u32,
    /// `openai/gpt-5.4`, for a tab.
    pub name: String,
    /// Which turn.
    pub turn: Turn,
    /// Whether the session has gone on since.
    pub stale: bool,
    /// The page.
    pub paper: Paper,
}

/// A model that could be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// `openai/gpt-5.4`: what is sent back.
    pub name: String,
    /// What it can: `tools, structured, reasons`.
    pub can: String,
    /// Its window and how much of the log fits: `272k, fits`.
    pub window: String,
    /// What it may cost for this log: `$0.0042`.
    pub price: String,
    /// Its key: `key set`, `OPENAI_API_KEY missing`, `runs here`.
    pub key: String,
    /// Whether it can be asked now.
    pub ready: bool,
    /// Whether it is what the settings name.
    pub usual: bool,
}

/// What would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Who reads what and for how much, one sentence each.
    pub words: Vec<String>,
    /// The beginning of what is sent, line by line.
    pub prompt: Vec<String>,
    /// No model, a script.
    pub scripted: bool,
}

/// How far an analysis is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Grows with whatever happens.
    pub number: u64,
    /// What was told on the way: waits, simpler forms.
    pub told: Vec<String>,
    /// Characters of thinking.
    pub thought: usize,
    /// Characters of the reply.
    pub said: usize,
    /// The reply as far as it can be read.
    pub rows: Vec<String>,
    /// Its end: the number under which it is kept, or why there is none.
    pub over: Option<Result<u32, Failure>>,
}
