//! What a search through sessions finds: plain data for the screen, the command line and JSON.
//!
//! The words of an excerpt come from logs as they are: whoever shows them cleans them first.

use serde::{Deserialize, Serialize};

use super::{AgentId, RunId, Seq, Timestamp};

/// Where in a session words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// A task, or what the person said while the team was at work.
    Prompt,
    /// What an agent said, or an answer that it never published.
    Text,
    /// The reasoning of an agent.
    Thinking,
    /// A published answer or a final text.
    Answer,
    /// Arguments, output or changes of a tool call.
    Tool,
    /// The reason of a ballot.
    Vote,
    /// A notice, a failure, a question, a step of a mode.
    Notice,
    /// A note that a person wrote beside the session.
    Note,
}

impl Passage {
    /// All, in the order in which they are named to people.
    pub const ALL: [Self; 8] = [
        Self::Prompt,
        Self::Text,
        Self::Thinking,
        Self::Answer,
        Self::Tool,
        Self::Vote,
        Self::Notice,
        Self::Note,
    ];

    /// The word for it, also in a query: `in:answer`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Text => "text",
            Self::Thinking => "thinking",
            Self::Answer => "answer",
            Self::Tool => "tool",
            Self::Vote => "vote",
            Self::Notice => "notice",
            Self::Note => "note",
        }
    }
}

/// One place where a query is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The session.
    pub run: RunId,
    /// The event that it opens at: where the passage begins, or what a note is on. `None` for a note on
    /// the session as a whole, which opens at the end.
    pub seq: Option<Seq>,
    /// When that was.
    pub at: Timestamp,
    /// The agent; `None` for what concerns the turn.
    pub agent: Option<AgentId>,
    /// Its name; of a member of a team inside a team the names of both, outer first. Of a note who wrote
    /// it, as they call themselves.
    pub who: String,
    /// What kind of words they are.
    pub passage: Passage,
    /// The words around; empty when the log was changed since it was read.
    pub excerpt: Vec<Bit>,
}

/// A piece of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bit {
    /// Its words, on one line.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// What a search came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Whether there are more than these.
    pub more: bool,
}
