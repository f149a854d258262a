//! What one application writes, told before it writes: enough to finish it, to take it back, and to
//! undo it later.
//!
//! `<state>/applied/<id>/record.json` with the contents beside it (`b<n>` before, `a<n>` after) and a
//! file `phase`. Everything is on the disk for good before the first of the person's files changes.

use serde::{Deserialize, Serialize};

use crate::protocol::{
    RunId, Timestamp,
    change::{ApplyId, ContextId, Destination, ObjectId, RepoPath},
};

/// The form of the record.
pub(super) const VERSION: u32 = 1;

/// One application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The form of the record.
    pub(super) version: u32,
    /// Its name.
    pub(super) id: ApplyId,
    /// When.
    pub(super) at: Timestamp,
    /// Of which run.
    pub(super) run: Option<RunId>,
    /// Of which of its folders.
    pub(super) context: ContextId,
    /// Where it goes.
    pub(super) to: Destination,
    /// Whose work it is.
    pub(super) agents: Vec<String>,
    /// The application that this one takes back.
    pub(super) undoes: Option<ApplyId>,
    /// Tells our temporary names from everybody else's.
    pub(super) token: String,
    /// Where the files are.
    pub(super) site: Site,
    /// Files.
    pub(super) files: Vec<Op>,
    /// Folders that are made for them, the outer ones first, with modes where the umask does not say.
    pub(super) made: Vec<(RepoPath, Option<u32>)>,
    /// Folders that become empty and go, the inner ones first, with their modes.
    pub(super) emptied: Vec<(RepoPath, u32)>,
    /// What changes in git itself.
    pub(super) git: InGit,
    /// Files with conflict markers.
    pub(super) conflicts: Vec<RepoPath>,
}

/// Where the files are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Site {
    /// The folder that paths begin at, as the system names it.
    pub(super) root: RepoPath,
    /// The git dir, when there is one.
    pub(super) git_dir: Option<RepoPath>,
    /// Whether the file system and the person's configuration keep who may run a file.
    pub(super) modes: Modes,
}

/// Whether modes mean anything here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Modes {
    /// They do.
    Kept,
    /// `core.fileMode` is false.
    Ignored,
}

/// What changes in git itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InGit {
    /// Entries of the index.
    pub(super) index: Vec<Staged>,
    /// A ref.
    pub(super) reference: Option<Moved>,
}

/// One path of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staged {
    /// The path.
    pub(super) path: RepoPath,
    /// Its entries before.
    pub(super) before: Vec<Slot>,
    /// Its entries after.
    pub(super) after: Vec<Slot>,
}

/// One entry of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Slot {
    /// 0, or 1 to 3 in a conflict.
    pub(super) stage: u16,
    /// Git's mode.
    pub(super) mode: u32,
    /// The content.
    pub(super) blob: ObjectId,
}

/// A ref that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moved {
    /// Its whole name.
    pub(super) name: String,
    /// Where it was; `None` when it was not there.
    pub(super) before: Option<ObjectId>,
    /// Where it goes.
    pub(super) after: Option<ObjectId>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Op {
    /// Below the root.
    pub(super) path: RepoPath,
    /// What is there before.
    pub(super) before: Held,
    /// What is there after.
    pub(super) after: Held,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Held {
    /// Nothing.
    Nothing,
    /// A file.
    File(HeldFile),
    /// A symbolic link.
    Link {
        /// Where it leads.
        target: RepoPath,
        /// When it was changed.
        changed: Option<(i64, i64)>,
    },
}

/// A file whose bytes the record keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldFile {
    /// The name of the copy beside the record.
    pub(super) bytes: String,
    /// How long it is.
    pub(super) size: u64,
    /// Whether it may be run.
    pub(super) executable: bool,
    /// Its whole mode; of a new file what the umask makes of it.
    pub(super) mode: Option<u32>,
    /// When it was changed, in seconds and nanoseconds since 1970; of a new content, when it is
    /// written.
    pub(super) changed: Option<(i64, i64)>,
}

/// How far an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Everything is kept, and files may be changing.
    Prepared,
    /// All is written.
    Applied,
    /// It was written and taken back on demand.
    Undone,
    /// It failed and was taken back.
    RolledBack,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From before to after.
    Forward,
    /// From after to before.
    Back,
}

impl Op {
    /// What is there first, and what then.
    pub(super) const fn sides(&self, way: Way) -> (&Held, &Held) {
        match way {
            Way::Forward => (&self.before, &self.after),
            Way::Back => (&self.after, &self.before),
        }
    }
}

impl Staged {
    /// What is there first, and what then.
    pub(super) fn sides(&self, way: Way) -> (&[Slot], &[Slot]) {
        match way {
            Way::Forward => (&self.before, &self.after),
            Way::Back => (&self.after, &self.before),
        }
    }
}

impl Moved {
    /// Where it is first, and where then.
    pub(super) const fn sides(&self, way: Way) -> (Option<&ObjectId>, Option<&ObjectId>) {
        match way {
            Way::Forward => (self.before.as_ref(), self.after.as_ref()),
            Way::Back => (self.after.as_ref(), self.before.as_ref()),
        }
    }
}
