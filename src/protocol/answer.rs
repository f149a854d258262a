//! Answers, ballots, and how a turn ends.

use serde::{Deserialize, Serialize};

use super::{AgentId, Label};

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
}

/// One line of the final count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRow {
    /// The answer.
    pub label: Label,
    /// Who voted for it, in agent order.
    pub voters: Vec<AgentId>,
}

/// The rule that settled the winner, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// Most ballots, no tie.
    Votes,
    /// Tie: more voters other than the author.
    OtherVoters,
    /// Tie: published earlier.
    Earliest,
    /// No ballots: the only answer.
    OnlyAnswer,
    /// No ballots: latest answer of an agent still working.
    LatestLive,
    /// No ballots, all agents out: latest answer of all.
    Latest,
}

impl TieBreak {
    /// How the rule reads after "won by".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Votes => "most votes",
            Self::OtherVoters => "a tie broken by votes of others",
            Self::Earliest => "a tie broken by earliest publication",
            Self::OnlyAnswer => "being the only answer",
            Self::LatestLive => "being the latest answer, no votes were cast",
            Self::Latest => "being the latest answer, no agent was left to vote",
        }
    }
}

/// The settled vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The winning answer.
    pub winner: Label,
    /// The count, winner first, then by votes and label; answers without votes included.
    pub tally: Vec<TallyRow>,
    /// Agents that abstained.
    pub abstained: Vec<AgentId>,
    /// What settled it.
    pub by: TieBreak,
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
