//! What agents changed in files: snapshots, lists of changed files, diffs, and what a person takes
//! of them.
//!
//! Contents are named by git's object ids, never carried along: whoever holds the repository reads
//! them. A diff here is for eyes; applying works on blobs, so text that is not UTF-8 may be shown
//! with replacement characters and is still applied byte for byte.

mod apply;
mod diff;
mod notes;
mod path;
mod pick;

pub use apply::{Applied, ApplyId, Decision, Destination, Drift, DriftState, Preview, Stop, Take};
pub use diff::{DiffLine, FileDiff, Hunk, LineEnd, LineKind};
pub use notes::{
    Comment, CommentKind, Face, Looked, Picked, ReviewNotes, Reviewed, Spot, SpotFile,
};
pub use path::{PathParseError, RepoPath};
pub use pick::{Built, Clash, LineRef, Part, Pick, Provenance, Selection, Source};

use serde::{Deserialize, Serialize};

/// Which of the folders a session works on, counted from 0 in the order of the configuration.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ContextId(pub u16);

/// The id of a git object, in hexadecimal digits: 40 for SHA-1, 64 for SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub String);

/// What a worktree held at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whose folder.
    pub context: ContextId,
    /// The commit that keeps it, under `refs/massgen-tui/`.
    pub commit: ObjectId,
    /// The tree of the whole repository.
    pub tree: ObjectId,
    /// Files that differ from the baseline.
    pub files: u32,
    /// Lines added to the baseline.
    pub added: u32,
    /// Lines removed from it.
    pub removed: u32,
}

/// One folder that a session works on, as it was when the session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workplace {
    /// Its number.
    pub context: ContextId,
    /// The folder as the person named it.
    pub path: String,
    /// The root of its repository; the folder itself where there was none.
    pub root: String,
    /// Whether agents may change files in it.
    pub access: Access,
    /// The branch or commit it stood on, as people say it; `None` without a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The commit that keeps the person's tree as it was, uncommitted changes included.
    pub base: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// What keeps the objects.
    pub kept: KeptIn,
}

/// What agents may do with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Look at it.
    Read,
    /// Change a copy of it, for the person to take from.
    Write,
}

/// What keeps the objects of a workplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptIn {
    /// The person's own repository.
    Repository,
    /// A repository beside it, in the state folder: the folder is under no version control, or its
    /// repository cannot be written to.
    Shadow,
}

/// The kind of a file, as git tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileMode {
    /// 100644.
    File,
    /// 100755.
    Executable,
    /// 120000.
    Symlink,
    /// 160000.
    Submodule,
}

/// One side of a changed file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Side {
    /// Its kind.
    pub mode: FileMode,
    /// Its content; the commit of a submodule.
    pub blob: ObjectId,
    /// Its length in bytes; 0 for a submodule.
    pub size: u64,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or mode changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name, and perhaps another content.
    Renamed,
    /// It became another kind of file.
    Retyped,
}

impl ChangeKind {
    /// The letter git uses for it.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'M',
            Self::Deleted => 'D',
            Self::Renamed => 'R',
            Self::Retyped => 'T',
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
            Self::Retyped => "retyped",
        }
    }
}

/// What a file is made of, as far as a diff is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Lines of text; a symbolic link counts as one line.
    Text,
    /// Anything else: taken whole or not at all.
    Binary,
    /// Too large to be shown line by line: taken whole or not at all.
    Huge,
    /// A commit of another repository.
    Submodule,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Its path now; the old one of a deleted file.
    pub path: RepoPath,
    /// Its path before, when it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<RepoPath>,
    /// What became of it.
    pub kind: ChangeKind,
    /// Before; `None` for an added file.
    pub old: Option<Side>,
    /// After; `None` for a deleted file.
    pub new: Option<Side>,
    /// What it is made of.
    pub body: Body,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// All files that differ between two trees, in the order of their paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// Which folder.
    pub context: ContextId,
    /// The tree before.
    pub base: ObjectId,
    /// The tree after.
    pub tree: ObjectId,
    /// The files.
    pub files: Vec<FileChange>,
}
