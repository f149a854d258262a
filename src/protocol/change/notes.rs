//! What a person has noted while reviewing: marks, picks, comments, what was looked at.
//!
//! Kept beside a session's log, so a review can be left and taken up again. Everything that depends
//! on a content names its blob: when the agent changes the file, the mark no longer holds.

use serde::{Deserialize, Serialize};

use super::{Applied, ContextId, ObjectId, Pick, RepoPath};
use crate::protocol::{AgentId, Label};

/// A review as it was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewNotes {
    /// Files the person is done with.
    pub reviewed: Vec<Reviewed>,
    /// What was taken.
    pub picks: Vec<Picked>,
    /// What was said.
    pub comments: Vec<Comment>,
    /// The tree of each agent that was looked at last.
    pub looked: Vec<Looked>,
    /// What was applied and not undone, oldest first.
    pub applied: Vec<Applied>,
}

/// A file that was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// Whose.
    pub agent: AgentId,
    /// Which folder.
    pub context: ContextId,
    /// The file.
    pub path: RepoPath,
    /// Its content then; `None` when it was deleted.
    pub blob: Option<ObjectId>,
}

/// A pick and the content it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picked {
    /// Which folder.
    pub context: ContextId,
    /// The agent's content; `None` when it deleted the file.
    pub blob: Option<ObjectId>,
    /// The pick.
    pub pick: Pick,
}

/// The tree that was looked at last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Whose.
    pub agent: AgentId,
    /// Which folder.
    pub context: ContextId,
    /// The tree.
    pub tree: ObjectId,
}

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Number, from 1, never given twice in a review.
    pub id: u32,
    /// What kind.
    pub kind: CommentKind,
    /// What it is about.
    pub on: Spot,
    /// The words.
    pub text: String,
    /// The lines it is about, as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quote: Vec<String>,
    /// True when it was sent.
    #[serde(default)]
    pub sent: bool,
}

/// What a comment is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spot {
    /// Whose work, at which revision.
    pub label: Label,
    /// The file; `None` for the answer itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<SpotFile>,
    /// First and last line, from 1; `None` for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<(u32, u32)>,
    /// The side the lines are counted on.
    #[serde(default)]
    pub face: Face,
}

/// The file of a comment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpotFile {
    /// Which folder.
    pub context: ContextId,
    /// Its path.
    pub path: RepoPath,
    /// The agent's content; `None` when it deleted the file.
    pub blob: Option<ObjectId>,
}

/// A side of a diff.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Before.
    Old,
    /// After.
    #[default]
    New,
}

/// What kind of a comment it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentKind {
    /// Something is wrong and has to be changed.
    #[default]
    Issue,
    /// Something could be better.
    Suggestion,
    /// Something is not clear.
    Question,
    /// Something worth saying that asks for nothing.
    Note,
}

impl CommentKind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Suggestion => "suggestion",
            Self::Question => "question",
            Self::Note => "note",
        }
    }

    /// The one after it, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Issue => Self::Suggestion,
            Self::Suggestion => Self::Question,
            Self::Question => Self::Note,
            Self::Note => Self::Issue,
        }
    }
}
