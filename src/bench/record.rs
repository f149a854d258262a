//! What one run came to: one line of `results.jsonl`.
//!
//! Old lines stay readable: every field that is added later has a default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::protocol::{AgentId, RunId, Usage};

/// Who worked on the task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The whole team.
    Team,
    /// This agent of the team, alone.
    Alone(String),
}

impl Arm {
    /// The name in tables and progress lines.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Team => "team".into(),
            Self::Alone(name) => format!("{name} alone"),
        }
    }
}

/// Which run it was: a task is run once per sweep and arm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Id of the task.
    pub task: String,
    /// Sweep, starting at 1.
    pub sweep: u32,
    /// Who worked on it.
    pub arm: Arm,
}

/// How the turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Everyone who could vote had voted on the same answers.
    Settled,
    /// There is an answer, but a limit or the loss of agents ended the turn.
    Forced,
    /// There is no answer.
    Failed,
}

impl End {
    /// The word of the end.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Forced => "forced",
            Self::Failed => "failed",
        }
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which.
    pub key: Key,
    /// Digest of the task when it was run.
    pub hash: String,
    /// The session; `massgen-tui open` shows it.
    pub run: RunId,
    /// Whether the final answer is right.
    pub correct: bool,
    /// How it ended.
    pub end: End,
    /// Why there is no answer; empty when there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the final answer came to.
    #[serde(default)]
    pub result: Option<String>,
    /// The vote.
    #[serde(default)]
    pub vote: Vote,
    /// Tokens and money of everything.
    pub usage: Usage,
    /// Times.
    #[serde(default)]
    pub times: Times,
    /// The first answer of each agent, in the order of the team.
    #[serde(default)]
    pub firsts: Vec<First>,
    /// The most frequent of the first answers; `None` when none comes to anything.
    #[serde(default)]
    pub majority: Option<Majority>,
}

/// What the vote of a run looked like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vote {
    /// Who won.
    pub winner: Option<AgentId>,
    /// Ballots for an answer that were counted.
    pub ballots: u32,
    /// Counted ballots for the voter's own answer.
    pub own: u32,
    /// Abstentions.
    pub abstained: u32,
    /// Ballots that new answers made void.
    pub dropped: u32,
    /// Whether the earliest of the counted ballots named the winner; `None` without ballots.
    pub first_won: Option<bool>,
    /// Whether several answers had the most ballots.
    pub tie: bool,
    /// Answers published.
    pub answers: u32,
}

/// Times of a run, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// From start to end.
    pub wall: u64,
    /// By phase, under the words of the status line.
    pub phases: BTreeMap<String, u64>,
}

/// An agent's first answer, which it wrote before it saw those of others: what it would have said
/// alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct First {
    /// Name of the agent.
    pub name: String,
    /// Whether there is one.
    pub answered: bool,
    /// Whether it is right.
    pub correct: bool,
    /// False when answers of others were shown to the agent before.
    pub independent: bool,
    /// Tokens and money up to it (of the whole run when there is none).
    pub usage: Usage,
    /// Milliseconds from the start of the run.
    pub wall: u64,
}

/// The plain majority of the first answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Majority {
    /// Whether it is right.
    pub correct: bool,
    /// First answers that came to it.
    pub votes: u32,
    /// First answers there are.
    pub of: u32,
}
