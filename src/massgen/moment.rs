//! What MassGen's files have in common: who did what at which moment.

use crate::protocol::{Channel, Failure, Label, Level, Setback, ToolEvent, Usage};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When, in milliseconds since the epoch.
    pub at: u64,
    /// Configured name of the agent; empty for the team as a whole.
    pub agent: String,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The agent was asked.
    Round,
    /// Answers came before it: labels, or names of agents whose current answers they were.
    Seen(Vec<String>),
    /// It wrote.
    Said(Channel, String),
    /// A tool call.
    Tool(ToolEvent),
    /// Something was not taken.
    Refused {
        /// What it tried.
        act: &'static str,
        /// Why not.
        reason: String,
        /// How hard it is.
        setback: Setback,
    },
    /// A model call failed.
    Trouble {
        /// How.
        failure: Failure,
        /// Whether the agent was out after it.
        last: bool,
    },
    /// An answer.
    Answer {
        /// Its label, where it was told.
        label: Option<Label>,
        /// Its text, possibly cut; a whole one is preferred where there is one.
        text: String,
    },
    /// A vote.
    Vote {
        /// Name of the agent whose answer it is for.
        target: String,
        /// That answer, where it was told.
        label: Option<Label>,
        /// The voter's words.
        reason: String,
    },
    /// The agent was chosen and presents.
    Presents {
        /// Votes by name of the agent, as MassGen counted them; to compare with.
        counts: Vec<(String, u64)>,
    },
    /// The final answer.
    Final(String),
    /// The person should know.
    Told(Level, String),
    /// Tokens and money.
    Spent(Usage),
}

impl Moment {
    /// A moment of an agent.
    pub fn new(at: u64, agent: impl Into<String>, what: What) -> Self {
        Self {
            at,
            agent: agent.into(),
            what,
        }
    }
}
