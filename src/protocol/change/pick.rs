//! What a person takes of the agents' changes, and what it comes to.

use serde::{Deserialize, Serialize};

use super::{ContextId, ObjectId, RepoPath};
use crate::protocol::AgentId;

/// Whose tree a pick is from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The agent.
    pub agent: AgentId,
    /// Its tree.
    pub tree: ObjectId,
}

/// Everything that is taken, over one base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Which folder.
    pub context: ContextId,
    /// The tree that all sources are compared with.
    pub base: ObjectId,
    /// The parts. Of one file there may be parts from several agents.
    pub picks: Vec<Pick>,
}

/// What is taken of one file of one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// Whose.
    pub from: Source,
    /// The file, by its path after the change ([`super::FileChange::path`]).
    pub path: RepoPath,
    /// How much of it.
    pub part: Part,
}

/// How much of a file's change is taken. Numbers are those of [`super::FileDiff`], from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All: content, name and mode.
    Whole,
    /// These hunks of its text; the file keeps its name and mode unless it is new.
    Hunks(Vec<u32>),
    /// These changed lines.
    Lines(Vec<LineRef>),
    /// Its whole text as the person rewrote it in an editor, with the change's name and mode.
    Edited(String),
}

/// One changed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineRef {
    /// Hunk, from 0.
    pub hunk: u32,
    /// Line within the hunk, from 0; context lines are never taken.
    pub line: u32,
}

/// What a selection comes to, before it meets the person's tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Base plus everything that was taken and does not clash.
    pub tree: ObjectId,
    /// Where each changed file comes from, in the order of paths.
    pub provenance: Vec<Provenance>,
    /// Picks that contradict one another; none of a clash's parts is in the tree.
    pub clashes: Vec<Clash>,
}

/// Where a file of a result comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The file.
    pub path: RepoPath,
    /// The agents, in their order.
    pub agents: Vec<AgentId>,
}

/// Parts of one file that cannot stand beside one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// The file.
    pub path: RepoPath,
    /// Whose parts.
    pub agents: Vec<AgentId>,
    /// Lines of the base that more than one of them changes, first and last, from 1; 0 and 0 when
    /// the whole file is meant.
    pub lines: (u32, u32),
    /// Why, one sentence.
    pub why: String,
}
