//! A session as traces and metrics: a fold over its events, in the words of OpenTelemetry's conventions
//! for generative AI.
//!
//! Pure: events in ([`Recorder::take`]), spans and figures out, as OTLP in JSON ([`otlp`]) or as a trace
//! that browsers show ([`chrome`]). Ids are made from the session's name and the numbers of its events, so
//! a session that was lived and one that was read back give the same trace. Without
//! [`Capture::Content`] no word of a task, an answer or a tool call is in it. What a team does that is an
//! agent itself counts as that agent's.

pub mod chrome;
mod figures;
pub mod otlp;
mod record;
#[cfg(test)]
mod tests;

pub use figures::{Figures, Histogram};
pub use record::Recorder;

use serde_json::Value;

/// Whether words are part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capture {
    /// Names, numbers, kinds.
    #[default]
    Nothing,
    /// Tasks, answers, arguments of tools, too.
    Content,
}

/// The id of a trace: a session.
pub type TraceId = [u8; 16];
/// The id of a span.
pub type SpanId = [u8; 8];

/// Something that took time.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its id.
    pub id: SpanId,
    /// What it is a part of.
    pub parent: Option<SpanId>,
    /// Its name.
    pub name: String,
    /// Whether it waited for a model server.
    pub kind: SpanKind,
    /// Who did it; 0 is the team as a whole.
    pub lane: u16,
    /// Start, milliseconds since the epoch.
    pub start: u64,
    /// End.
    pub end: u64,
    /// Facts.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it failed, when it did.
    pub failed: Option<String>,
}

/// Kinds of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Work of this program.
    Internal,
    /// A call to a server.
    Client,
}
