//! All runs' worktrees on this machine: what there is, clearing it away, getting it back.
//!
//! Nothing is removed while something in it is kept nowhere else: see [`prune`].

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    Grounds, KeptTree, Manifest, Repo, Trouble, TroubleKind, Watch, admin, beneath, checkout,
    lock::Lock, manifest, names, refs, salvage, scratch::Scratch, take, watch,
};
use crate::protocol::{
    AgentId, Label, RunId,
    change::{ContextId, ObjectId},
};

/// The worktrees of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Which run.
    pub run: RunId,
    /// How it stands.
    pub standing: Standing,
    /// Its folders, as the person named them.
    pub places: Vec<String>,
    /// Its worktrees.
    pub trees: Vec<HeldTree>,
    /// Bytes on disk, salvaged files included; `None` when they were not counted.
    pub bytes: Option<u64>,
    /// When its record was written last, in seconds since 1970.
    pub touched: u64,
    /// Patches and files that were put by.
    pub salvaged: Vec<PathBuf>,
}

/// How a run's worktrees stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A process works with them.
    InUse,
    /// The run ended in order.
    Ended,
    /// The process ended without closing them: a crash or a kill.
    LeftBehind,
    /// The record cannot be read.
    Damaged,
}

impl Standing {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InUse => "in use",
            Self::Ended => "ended",
            Self::LeftBehind => "left behind by a crash",
            Self::Damaged => "its record cannot be read",
        }
    }
}

/// One worktree on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldTree {
    /// Whose.
    pub agent: AgentId,
    /// What people call them: `agent2/agent1` for a member of the team in the place of `agent2`.
    pub name: String,
    /// Of which folder.
    pub context: ContextId,
    /// Where.
    pub path: PathBuf,
    /// Bytes on disk; `None` when they were not counted.
    pub bytes: Option<u64>,
    /// Files that its latest snapshot changes; `None` without a snapshot.
    pub changed: Option<u32>,
}

/// What clearing a run away did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Worktrees removed.
    pub trees: usize,
    /// Bytes freed.
    pub bytes: u64,
    /// What was put by before, in words.
    pub salvaged: Vec<String>,
}

/// How much of a run is cleared away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its worktrees. Snapshots and record stay: it can be reviewed, applied, restored.
    Trees,
    /// Everything but what is salvaged; every agent's snapshots are.
    Everything,
}

/// What to get back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An agent's latest snapshot.
    Agent(AgentId),
    /// The files of an answer.
    Answer(Label),
    /// A piece of salvage.
    Salvage(u32),
}

impl std::str::FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(label) = text.parse() {
            return Ok(Self::Answer(label));
        }
        if let Ok(agent) = text.parse() {
            return Ok(Self::Agent(agent));
        }
        text.strip_prefix("salvage/")
            .and_then(|number| number.parse().ok())
            .map(Self::Salvage)
            .ok_or_else(|| "say agent1, agent1.2 (an answer) or salvage/1".to_owned())
    }
}

/// All runs that have a folder, by name, so by time. Every file of them is counted, which takes a while.
pub fn list(state: &Path) -> Result<Vec<Held>, Trouble> {
    let mut all = standing(state)?;
    for held in &mut all {
        held.weigh(state);
    }
    Ok(all)
}

/// [`list`], without counting bytes: quick.
pub fn standing(state: &Path) -> Result<Vec<Held>, Trouble> {
    let folder = manifest::all(state);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Trouble::io("cannot list worktrees", &folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let run = RunId(entry.file_name().to_string_lossy().into_owned());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && refs::check(&run).is_ok() {
            found.push(held(state, run));
        }
    }
    found.sort_by(|a, b| a.run.cmp(&b.run));
    Ok(found)
}

/// Runs whose process ended without closing them and that have worktrees, to be offered at the next
/// start. Quick: bytes are not counted, see [`Held::weigh`].
pub fn left_behind(state: &Path) -> Result<Vec<Held>, Trouble> {
    let mut all = standing(state)?;
    all.retain(|held| held.standing == Standing::LeftBehind && !held.trees.is_empty());
    Ok(all)
}

fn held(state: &Path, run: RunId) -> Held {
    let folder = manifest::folder(state, &run);
    let saved = salvage::folder(state, &run);
    let mut salvaged: Vec<_> = fs::read_dir(&saved)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    salvaged.sort();
    let touched = fs::symlink_metadata(folder.join("manifest.json"))
        .map_or(0, |about| u64::try_from(about.mtime()).unwrap_or(0));
    let record = Manifest::read(state, &run);
    // A run that is only beginning has no record yet, and whoever begins it must not find it locked.
    let standing = match &record {
        Err(trouble) if trouble.kind == TroubleKind::Missing => Standing::Damaged,
        _ if Lock::is_held(&manifest::lock_file(state, &run)) => Standing::InUse,
        Err(_) => Standing::Damaged,
        Ok(record) if record.closed => Standing::Ended,
        Ok(_) => Standing::LeftBehind,
    };
    let record = record.unwrap_or_else(|_| Manifest::new(run.clone()));
    let trees = record.trees.iter().map(|tree| {
        let path = manifest::tree(state, &run, tree.agent, tree.context);
        HeldTree {
            name: record.name(tree.agent),
            agent: tree.agent,
            context: tree.context,
            bytes: None,
            path,
            changed: tree.latest.as_ref().map(|latest| latest.files),
        }
    });
    Held {
        trees: trees.collect(),
        places: record
            .places
            .iter()
            .map(|kept| kept.place.path.clone())
            .collect(),
        run,
        standing,
        bytes: None,
        touched,
        salvaged,
    }
}

impl Held {
    /// Counts the bytes.
    pub fn weigh(&mut self, state: &Path) {
        for tree in &mut self.trees {
            tree.bytes = Some(size(&tree.path));
        }
        let folder = manifest::folder(state, &self.run);
        let saved = salvage::folder(state, &self.run);
        self.bytes = Some(size(&folder) + size(&saved));
    }
}

/// Bytes below a folder, as the disk counts them; links are not followed.
pub(super) fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(about) = entry.path().symlink_metadata() else {
                continue;
            };
            bytes += about.blocks() * 512;
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    bytes
}

/// Clears a run away. Before a worktree goes, everything in it that no ref keeps is put by: its tree as
/// a ref under `salvage/` and as a patch, commits of the agent's own as a ref, files that git does not
/// see (too large, nested repositories) as files.
///
/// # Errors
///
/// [`TroubleKind::Busy`] while a process works with it, [`TroubleKind::Cancelled`] when `watch` says so:
/// then some of it is gone, all of that is kept, and another call does the rest.
pub fn prune(state: &Path, run: &RunId, scope: Scope, watch: Watch<'_>) -> Result<Pruned, Trouble> {
    let folder = manifest::folder(state, run);
    let before = size(&folder);
    let mut pruned = Pruned::default();
    if never_begun(state, run)? {
        beneath::remove_tree(&folder, watch)?;
        pruned.bytes = before;
        return Ok(pruned);
    }
    let mut grounds = Grounds::hold(state, run)?;
    let trees: Vec<KeptTree> = grounds.manifest().trees.clone();
    for tree in &trees {
        watch::tell(watch, watch::Stage::Removing, 0, 0)?;
        let cleared = grounds.clear(tree, watch)?;
        pruned.salvaged.extend(cleared.salvaged);
        pruned.trees += 1;
    }
    if scope == Scope::Everything {
        pruned.salvaged.extend(grounds.forget()?);
        beneath::remove_tree(&folder, watch)?;
    } else {
        grounds.record().closed = true;
        grounds.save()?;
    }
    pruned.bytes = before.saturating_sub(size(&folder));
    Ok(pruned)
}

/// True when a run was killed before its record was written: no worktree was made then.
fn never_begun(state: &Path, run: &RunId) -> Result<bool, Trouble> {
    refs::check(run)?;
    let folder = manifest::folder(state, run);
    if folder.join("manifest.json").symlink_metadata().is_ok() {
        return Ok(false);
    }
    let _lock = manifest::lock(state, run)?;
    let empty = fs::read_dir(&folder)
        .map_err(|error| Trouble::io("cannot list worktrees", &folder, &error))?
        .flatten()
        .all(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    Ok(empty)
}

/// What a repository has of ours although no record in the state folder names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Strays {
    /// Worktrees that git still lists and whose folder is gone, by their names for git.
    pub worktrees: Vec<String>,
    /// Sessions whose snapshots are kept by refs.
    pub sessions: Vec<String>,
}

/// Strays of the repository that `path` lies in.
pub fn strays(state: &Path, path: &Path) -> Result<Strays, Trouble> {
    let repo = Repo::discover(path)?;
    let common = repo.git().commondir();
    let mut found = Strays::default();
    for entry in fs::read_dir(common.join("worktrees"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let link = fs::read_to_string(entry.path().join("gitdir")).unwrap_or_default();
        if name.starts_with(admin::PREFIX) && !Path::new(link.trim()).exists() {
            found.worktrees.push(name);
        }
    }
    for (name, _) in refs::list(repo.git(), None)? {
        let run = name
            .strip_prefix(refs::ROOT)
            .and_then(|rest| rest.trim_start_matches('/').split('/').next())
            .unwrap_or_default()
            .to_owned();
        if !found.sessions.contains(&run) && !manifest::folder(state, &RunId(run.clone())).exists()
        {
            found.sessions.push(run);
        }
    }
    found.worktrees.sort();
    Ok(found)
}

/// Makes git forget worktrees of ours whose folder is gone. Refs stay.
pub fn forget_strays(state: &Path, path: &Path, watch: Watch<'_>) -> Result<Strays, Trouble> {
    let found = strays(state, path)?;
    let repo = Repo::discover(path)?;
    for name in &found.worktrees {
        admin::forget(repo.git().commondir(), name, watch)?;
    }
    Ok(found)
}

/// Writes the files of a snapshot into the new folder `to`, one folder for each of the run's folders
/// when there are several. Gives what was written.
///
/// # Errors
///
/// [`TroubleKind::Refused`] when `to` is there and not empty, [`TroubleKind::Missing`] when nothing is
/// kept under that name.
pub fn restore(
    state: &Path,
    run: &RunId,
    wanted: Wanted,
    to: &Path,
    watch: Watch<'_>,
) -> Result<Vec<PathBuf>, Trouble> {
    let record = Manifest::read(state, run)?;
    if fs::read_dir(to).is_ok_and(|mut inside| inside.next().is_some()) {
        return Err(Trouble::new(
            TroubleKind::Refused,
            "the folder is not empty",
            to.display().to_string(),
            "Name one that does not exist yet.",
        ));
    }
    let mut found = Vec::new();
    for kept in &record.places {
        let context = kept.place.context;
        let Ok(repo) = Repo::open_kept(&record, context) else {
            continue;
        };
        let name = match wanted {
            Wanted::Agent(agent) => refs::latest(run, agent, context),
            Wanted::Answer(label) => refs::label(run, label, context),
            Wanted::Salvage(number) => refs::salvage(run, number),
        };
        let tree = repo
            .git()
            .find_reference(&name)
            .and_then(|found| found.peel_to_tree())
            .map(|tree| names::object(tree.id()));
        if let Ok(tree) = tree {
            found.push((context, repo, tree));
        }
    }
    if found.is_empty() {
        return Err(Trouble::new(
            TroubleKind::Missing,
            "nothing is kept under that name",
            run.to_string(),
            "`massgen-tui worktrees list` shows what there is.",
        ));
    }
    let several = found.len() > 1;
    let mut written = Vec::new();
    for (context, repo, tree) in found {
        let root = if several {
            to.join(context.0.to_string())
        } else {
            to.to_path_buf()
        };
        write(&repo, &tree, &root, watch)?;
        written.push(root);
    }
    Ok(written)
}

/// Writes a tree into a folder.
fn write(repo: &Repo, tree: &ObjectId, root: &Path, watch: Watch<'_>) -> Result<(), Trouble> {
    manifest::make_private(root)?;
    let root = root
        .canonicalize()
        .map_err(|error| Trouble::io("cannot open the folder", root, &error))?;
    let scratch = Scratch::new()?;
    let index = scratch.file("index");
    take::write_index(repo.git(), names::oid(tree)?, &index)?;
    let target = checkout::Target {
        git_dir: repo.git().commondir(),
        root: &root,
        index: &index,
    };
    checkout::write(target, None, watch)
}
