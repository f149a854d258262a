//! Answers, ballots, and how a turn ends.

use serde::{Deserialize, Serialize};

use super::{AgentId, Label, Marks, change::Snapshot};

/// A published answer. Immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its label.
    pub label: Label,
    /// Markdown text, as published.
    pub text: String,
    /// True when the engine published the agent's plain text for it, because the agent never called
    /// `new_answer`.
    #[serde(default)]
    pub auto: bool,
    /// What the agent's worktrees held when it published, one snapshot per folder that it may change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Snapshot>,
}

/// A standing vote, or an abstention when `target` is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// Who voted.
    pub voter: AgentId,
    /// The answer voted for; `None` is an abstention.
    pub target: Option<Label>,
    /// The voter's words.
    pub reason: String,
    /// Number of publications the voter had seen (the epoch of its view).
    pub epoch: u32,
    /// What it says beyond the target.
    #[serde(default, skip_serializing_if = "Marks::is_single")]
    pub marks: Marks,
}

/// A ballot that no longer counts, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotDrop {
    /// The ballot.
    pub ballot: Ballot,
    /// Why it was dropped.
    pub reason: BallotDropReason,
}

/// Why a ballot does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum BallotDropReason {
    /// A newer answer was published after it was cast.
    NewAnswer {
        /// The answer that invalidated it.
        by: Label,
    },
    /// The same voter voted again.
    Replaced,
    /// No answer met the bar; the voter is asked to choose between the two that lead.
    Runoff {
        /// The answer that leads.
        one: Label,
        /// The next.
        other: Label,
    },
    /// A verification asks the voter to work again.
    Revising,
}

impl BallotDropReason {
    /// Why, in few words, the same on every screen and in every export.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::NewAnswer { by } => format!("{by} is newer"),
            Self::Replaced => "voted again".to_owned(),
            Self::Runoff { one, other } => format!("a runoff between {one} and {other}"),
            Self::Revising => "asked to work again".to_owned(),
        }
    }
}

/// How a turn ended. If an answer was ever published, it is `Answered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// There is a final answer.
    Answered {
        /// The winning answer.
        winner: Label,
        /// Final text: the presenter's, or the winning answer's own.
        text: String,
        /// Who presented it; `None` when the winning text was reused.
        presenter: Option<AgentId>,
        /// Why the turn ended when it did.
        end: OutcomeEnd,
        /// The files it ends with, one snapshot per folder: what the presenter's worktrees held, which
        /// began with the winner's files; without a presenter the winner's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<Snapshot>,
    },
    /// Nobody ever published an answer.
    NoAnswer {
        /// Why.
        reason: NoAnswerReason,
        /// One sentence for the person.
        message: String,
    },
}

/// Why coordination stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeEnd {
    /// Everyone who could vote has voted on the same set of answers.
    Consensus,
    /// A limit was reached: time, rounds, answers or money.
    Limit,
    /// The person asked for an answer now.
    AnswerNow,
    /// The person stopped the run.
    Stopped,
    /// Every agent was lost; the best published answer stands.
    AgentsLost,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswerReason {
    /// Every agent failed.
    AllFailed,
    /// A limit was reached first.
    Limit,
    /// Cancelled before the first answer.
    Cancelled,
}
