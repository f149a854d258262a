//! What we made for a run and where, written before it is made: the record that finds everything
//! again after a kill.
//!
//! `<state>/worktrees/<run>/manifest.json`, replaced by renaming. A tree is `Making` from before its
//! first file until it may be used, and `Removing` from before the first file goes: whatever stands in
//! between is finished or undone by whoever opens the run next.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{LeftOut, Trouble, TroubleKind, Untracked, lock::Lock, names, refs};
use crate::protocol::{
    AgentId, RunId,
    change::{ContextId, ObjectId, RepoPath, Snapshot, Workplace},
};

/// The form of the record.
const VERSION: u32 = 1;
/// Longest record that is read.
const LONGEST: u64 = 64 << 20;

/// What was made for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the record.
    pub version: u32,
    /// Which run.
    pub run: RunId,
    /// Whether the run ended in order.
    pub closed: bool,
    /// Its folders.
    pub places: Vec<KeptPlace>,
    /// Its worktrees.
    pub trees: Vec<KeptTree>,
    /// Worktrees that were removed, as they stood: who goes on finds what was in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<KeptTree>,
    /// How much was salvaged: the number of the last `salvage/<n>`.
    pub salvaged: u32,
    /// What worktrees begin with, where that is not the baseline alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Start>,
    /// Members of teams inside teams, who have worktrees under numbers of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<Inner>,
}

/// What the worktrees of a team begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// In whose place the team is; `None` is the team of the session.
    pub team: Option<AgentId>,
    /// How often the team has begun anew.
    pub begun: u32,
    /// The files it begins with; the baseline of folders that are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Snapshot>,
}

/// A member of a team inside a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inner {
    /// The number of its worktrees, snapshots and labels.
    pub number: AgentId,
    /// In whose place its team is: an agent of the session, or the number of such a member.
    pub team: AgentId,
    /// Its number within its team.
    pub member: AgentId,
}

/// One folder of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPlace {
    /// What the session's log says of it.
    pub place: Workplace,
    /// The person's git dir (of a linked worktree its own), or the shadow's; a path of the system.
    pub git_dir: RepoPath,
    /// What all worktrees of that repository share.
    pub common_dir: RepoPath,
    /// The root of the person's files.
    pub root: RepoPath,
    /// The context below that root; empty for the root itself.
    pub inside: RepoPath,
    /// Which untracked files belong to the person's tree.
    pub untracked: Untracked,
    /// Ignored files and folders that every worktree gets a copy of, below the root.
    pub copied: Vec<RepoPath>,
    /// What is not in the baseline.
    pub left_out: Vec<LeftOut>,
    /// How much more is not in it.
    pub more: u64,
    /// How often its baseline was taken again.
    #[serde(default)]
    pub renewed: u32,
    /// When it gets a repository of ours beside it.
    #[serde(default)]
    pub beside: Beside,
}

/// When a folder gets a repository of ours beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// When it is in none that can be used.
    #[default]
    WhereNeeded,
    /// Whatever repository it is in, which is not looked at.
    Always,
}

/// One worktree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTree {
    /// Whose.
    pub agent: AgentId,
    /// Of which folder.
    pub context: ContextId,
    /// Its name in `<git dir>/worktrees`.
    pub admin: String,
    /// How far it is.
    pub stage: TreeStage,
    /// Its latest snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Snapshot>,
    /// What is in the worktree and not in that snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Commit and tree of the baseline it stands on; the folder's where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<(ObjectId, ObjectId)>,
    /// Which of its team's beginnings it has followed.
    #[serde(default)]
    pub begun: u32,
}

/// How far a worktree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeStage {
    /// It is being made; nobody has worked in it.
    Making,
    /// It is in use.
    Ready,
    /// All of it is kept, and it is being removed.
    Removing,
}

impl Manifest {
    /// An empty record.
    pub(super) const fn new(run: RunId) -> Self {
        Self {
            version: VERSION,
            run,
            closed: false,
            places: Vec::new(),
            trees: Vec::new(),
            gone: Vec::new(),
            salvaged: 0,
            starts: Vec::new(),
            nested: Vec::new(),
        }
    }

    /// Whether there is a record of `run`.
    #[must_use]
    pub fn exists(state: &Path, run: &RunId) -> bool {
        refs::check(run).is_ok() && folder(state, run).join("manifest.json").is_file()
    }

    /// The record of `run`.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::Missing`] when there is none, [`TroubleKind::Damaged`] when it cannot be read.
    pub fn read(state: &Path, run: &RunId) -> Result<Self, Trouble> {
        refs::check(run)?;
        let path = folder(state, run).join("manifest.json");
        let about = fs::symlink_metadata(&path)
            .map_err(|error| Trouble::io("this session has no worktrees", &path, &error))?;
        if !about.is_file() || about.len() > LONGEST {
            return Err(Trouble::damaged(
                "the record of worktrees is no file, or too long",
                path.display().to_string(),
            ));
        }
        let text = fs::read(&path)
            .map_err(|error| Trouble::io("cannot read the record of worktrees", &path, &error))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
            Trouble::damaged(
                format!("the record of worktrees cannot be read: {error}"),
                path.display().to_string(),
            )
        })?;
        if manifest.version != VERSION || manifest.run != *run {
            return Err(Trouble::damaged(
                "the record of worktrees is of another version or session",
                path.display().to_string(),
            ));
        }
        Ok(manifest)
    }

    /// Replaces the record on disk.
    pub(super) fn write(&self, state: &Path) -> Result<(), Trouble> {
        let folder = folder(state, &self.run);
        let path = folder.join("manifest.json");
        let failed =
            |error: io::Error| Trouble::io("cannot write the record of worktrees", &path, &error);
        let fresh = folder.join("manifest.new");
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)
            .map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&fresh, &path).map_err(failed)?;
        // The new name is durable once the folder is; where folders cannot be synced, it is so later.
        let _ = File::open(&folder).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// What people call whoever has worktrees under this number: `agent2`, `agent2/agent1` for a member of
    /// the team in its place.
    #[must_use]
    pub fn name(&self, agent: AgentId) -> String {
        let inner = self.nested.iter().find(|one| one.number == agent);
        // A member is always written down after its team, so this ends.
        match inner.filter(|one| one.team < one.number) {
            Some(one) => format!("{}/{}", self.name(one.team), one.member),
            None => agent.to_string(),
        }
    }

    /// The folder number `context`.
    pub fn place(&self, context: ContextId) -> Result<&KeptPlace, Trouble> {
        self.places
            .iter()
            .find(|kept| kept.place.context == context)
            .ok_or_else(|| {
                Trouble::new(
                    TroubleKind::Missing,
                    format!("the session has no folder number {}", context.0),
                    self.run.to_string(),
                    "`massgen-tui worktrees list` shows what there is.",
                )
            })
    }
}

impl KeptPlace {
    /// The person's git dir, or the shadow's.
    pub fn git_dir(&self) -> &Path {
        names::path(self.git_dir.as_bytes())
    }

    /// What all worktrees of that repository share.
    pub fn common_dir(&self) -> &Path {
        names::path(self.common_dir.as_bytes())
    }

    /// The root of the person's files.
    pub fn root(&self) -> &Path {
        names::path(self.root.as_bytes())
    }

    /// The context below the root.
    pub fn inside(&self) -> &Path {
        names::path(self.inside.as_bytes())
    }
}

/// `<state>/worktrees`.
pub(super) fn all(state: &Path) -> PathBuf {
    state.join("worktrees")
}

/// `<state>/worktrees/<run>`.
pub(super) fn folder(state: &Path, run: &RunId) -> PathBuf {
    all(state).join(&run.0)
}

/// Where the worktree of an agent and a folder is.
pub(super) fn tree(state: &Path, run: &RunId, agent: AgentId, context: ContextId) -> PathBuf {
    folder(state, run)
        .join(agent.to_string())
        .join(context.0.to_string())
}

/// Where the index that snapshots of that worktree start from is.
pub(super) fn index(state: &Path, run: &RunId, agent: AgentId, context: ContextId) -> PathBuf {
    folder(state, run).join(format!("{agent}-{}.index", context.0))
}

/// Where the index of a folder's baseline is; the record names the one that counts, so a new one can
/// be written beside it.
pub(super) fn base_index(state: &Path, run: &RunId, context: ContextId, renewed: u32) -> PathBuf {
    let name = match renewed {
        0 => format!("base-{}.index", context.0),
        again => format!("base-{}.{again}.index", context.0),
    };
    folder(state, run).join(name)
}

/// Makes a folder that only the person may enter, and those above it.
pub(super) fn make_private(path: &Path) -> Result<(), Trouble> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Trouble::io("cannot make the folder", path, &error))
}

/// Where the lock of a run is.
pub(super) fn lock_file(state: &Path, run: &RunId) -> PathBuf {
    folder(state, run).join("lock")
}

/// Takes the lock of a run.
///
/// # Errors
///
/// [`TroubleKind::Busy`] when another process has it.
pub(super) fn lock(state: &Path, run: &RunId) -> Result<Lock, Trouble> {
    let path = lock_file(state, run);
    let taken = Lock::take(&path)
        .map_err(|error| Trouble::io("cannot lock the worktrees", &path, &error))?;
    taken.ok_or_else(|| {
        Trouble::new(
            TroubleKind::Busy,
            "another massgen-tui works with these worktrees",
            run.to_string(),
            "End it first, or wait until it is done.",
        )
    })
}
