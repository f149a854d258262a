//! Bringing a result into the person's tree: where to, what stands in the way, what was done.

use serde::{Deserialize, Serialize};

use super::{ContextId, ObjectId, RepoPath};

/// Names one application; `undo` takes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApplyId(pub String);

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// The files of the person's folder; the index stays as it is.
    WorkingTree,
    /// The index and the files.
    Index,
    /// A commit on the branch that is checked out.
    Commit {
        /// Its message; a trailer that names the agents is added.
        message: String,
    },
    /// A new branch with one commit on top of HEAD; the folder stays as it is.
    Branch {
        /// Its name, without `refs/heads/`.
        name: String,
        /// The commit's message; a trailer that names the agents is added.
        message: String,
    },
    /// A file that `git apply` reads; the folder stays as it is.
    Patch {
        /// Where to write it.
        path: String,
    },
}

/// What applying would do, told before anything is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Which folder.
    pub context: ContextId,
    /// Files that would be written or removed.
    pub files: Vec<RepoPath>,
    /// Files that the person changed since the session began and the result changes too.
    pub drift: Vec<Drift>,
    /// Files that cannot be written at all; applying refuses until each is decided as
    /// [`Take::Mine`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// The person's tree the preview was made against; applying refuses when it is another one.
    pub ours: ObjectId,
}

/// A file of a result that cannot be written, whatever is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The file.
    pub path: RepoPath,
    /// Why, as the end of a sentence.
    pub why: String,
}

/// What the person decided about a file that both sides changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The file.
    pub path: RepoPath,
    /// Whose.
    pub take: Take,
}

/// Which side of a file is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The person's: the file stays as it is.
    Mine,
    /// The result's: the person's change of it is given up.
    Theirs,
    /// Both: merged where they fit, with conflict markers where they do not.
    Both,
}

/// A file that both sides changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The file.
    pub path: RepoPath,
    /// Whether both changes fit.
    pub state: DriftState,
}

/// Whether two changes of one file fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// Both sides made the same change.
    Same,
    /// They touch different lines; both are kept.
    Merged,
    /// They touch the same lines: the file would get conflict markers.
    Conflict,
    /// They cannot be merged line by line (binary, deleted, another kind of file): one must be
    /// chosen.
    Choice,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its name.
    pub id: ApplyId,
    /// Which folder.
    pub context: ContextId,
    /// Where it went.
    pub to: Destination,
    /// Files that were written or removed.
    pub files: Vec<RepoPath>,
    /// Those among them that have conflict markers.
    pub conflicts: Vec<RepoPath>,
    /// The commit that was made, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<ObjectId>,
}
