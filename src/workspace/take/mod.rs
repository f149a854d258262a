//! A folder's files as a tree: what `git add -A` and `git write-tree` make with an index of their own.
//!
//! The index of the person is read, never written. What is looked at is what git says differs from
//! the index; every such path is taken by itself, so that one that cannot be read does not lose the
//! others: it is left out, and told.
//!
//! Where this differs from `git add -A`: files marked "assume unchanged" are looked at (their bytes
//! count, not the mark); untracked files beyond the policy's bounds, pipes, sockets and devices are
//! left out and told; a nested repository without commits, at which git stops, gives its files.

mod add;
mod find;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

use git2::Index;
use serde::{Deserialize, Serialize};

use super::{
    Repo, Trouble, Watch,
    binary::{Binary, Site},
    names,
    scratch::Scratch,
};
use crate::protocol::change::{KeptIn, ObjectId, RepoPath};

/// The marks of an index entry that git calls "assume unchanged".
const ASSUME_UNCHANGED: u16 = 0x8000;
/// Most things left out that are listed one by one.
const LISTED: usize = 1000;

/// Which untracked files belong to the person's tree. Ignored ones never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untracked {
    /// None.
    Leave,
    /// All that fit.
    Take(Room),
}

/// How much untracked content fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all of them.
    pub total_bytes: u64,
    /// How many.
    pub files: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            total_bytes: 1 << 30,
            files: 50_000,
        }
    }
}

impl Default for Untracked {
    fn default() -> Self {
        Self::Take(Room::default())
    }
}

/// A folder's files as a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The tree.
    pub tree: ObjectId,
    /// What is not in it, or not as it stands in the folder; at most 1000 are listed.
    pub left_out: Vec<LeftOut>,
    /// How many more there are.
    pub more: u64,
}

/// Something that is not in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Where.
    pub path: RepoPath,
    /// Why.
    pub why: Why,
}

/// Why something is not in a tree, or not as it stands in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The untracked file is larger than the policy allows.
    TooLarge,
    /// The untracked files before it filled the room.
    NoRoom,
    /// A repository of its own: only its commit is kept, as git does.
    Nested,
    /// A repository of its own: its files are kept, its history is not.
    Flattened,
    /// Files in the folder of a submodule that is not there: git does not see them.
    InSubmodule,
    /// A folder of build results or packages, where git's own rules do not say what to ignore.
    Junk,
    /// A pipe, socket or device.
    Special,
    /// It could not be read; its last known content is kept, if there was one.
    Unreadable,
}

impl Why {
    /// In words, after "left out: ".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TooLarge => "untracked and too large",
            Self::NoRoom => "untracked, and the room for untracked files is full",
            Self::Nested => "a repository of its own, of which only the commit is kept",
            Self::Flattened => "the history of a nested repository; its files are kept",
            Self::InSubmodule => "inside a submodule that is not checked out",
            Self::Junk => "a folder of build results or packages",
            Self::Special => "a pipe, socket or device",
            Self::Unreadable => "it cannot be read",
        }
    }
}

/// What becomes of repositories inside the folder that the index does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nested {
    /// Their commit is kept, as git does.
    Link,
    /// Their files are kept.
    Files,
}

/// What to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    /// The git dir that keeps the objects and the rules.
    pub(super) git_dir: &'a Path,
    /// The folder.
    pub(super) root: &'a Path,
    /// The index to start from.
    pub(super) seed: &'a Path,
    /// Where the index that comes out is written, if anywhere.
    pub(super) keep: Option<&'a Path>,
    /// Which untracked files count.
    pub(super) untracked: Untracked,
    /// Untracked paths that never count.
    pub(super) skip: &'a BTreeSet<RepoPath>,
    /// What becomes of nested repositories.
    pub(super) nested: Nested,
    /// The one path that is looked at, if not all are.
    pub(super) only: Option<&'a RepoPath>,
    /// Tell of the build and package folders that a shadow leaves out.
    pub(super) junk: bool,
}

impl Task<'_> {
    /// True for a path that never counts, and for everything below one.
    pub(super) fn skips(&self, path: &[u8]) -> bool {
        if self.skip.is_empty() {
            return false;
        }
        let ends = path
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        ends.into_iter()
            .any(|end| self.skip.contains(&RepoPath::new(&path[..end])))
    }
}

/// The person's tree.
pub(super) fn person(
    repo: &Repo,
    untracked: &Untracked,
    watch: Watch<'_>,
) -> Result<Taken, Trouble> {
    look(repo, untracked, None, watch)
}

/// The person's tree, and the index that goes with it.
pub(super) fn baseline(
    repo: &Repo,
    untracked: &Untracked,
    index: &Path,
    watch: Watch<'_>,
) -> Result<Taken, Trouble> {
    look(repo, untracked, Some(index), watch)
}

fn look(
    repo: &Repo,
    untracked: &Untracked,
    keep: Option<&Path>,
    watch: Watch<'_>,
) -> Result<Taken, Trouble> {
    let Some(root) = repo.work() else {
        let taken = bare(repo)?;
        if let Some(keep) = keep {
            write_index(repo.git(), names::oid(&taken.tree)?, keep)?;
        }
        return Ok(taken);
    };
    // A shadow knows no index: every file in it is untracked, and all of them count.
    let seed = match repo.kept() {
        KeptIn::Repository => repo.git_dir().join("index"),
        KeptIn::Shadow => repo.git_dir().join("no-index"),
    };
    let untracked = match (repo.kept(), untracked) {
        (KeptIn::Shadow, Untracked::Leave) => Untracked::default(),
        (_, said) => *said,
    };
    let task = Task {
        git_dir: repo.git_dir(),
        root,
        seed: &seed,
        keep,
        untracked,
        skip: &BTreeSet::new(),
        nested: Nested::Link,
        only: repo.only(),
        junk: repo.kept() == KeptIn::Shadow,
    };
    tree(&task, watch)
}

/// Writes the index of a tree, for a repository that has none of its own.
pub(super) fn write_index(
    git: &git2::Repository,
    tree: git2::Oid,
    to: &Path,
) -> Result<(), Trouble> {
    let failed = |error: git2::Error| {
        Trouble::git("cannot write an index", to.display().to_string(), &error)
    };
    let tree = git.find_tree(tree).map_err(failed)?;
    let mut index = Index::open(to).map_err(failed)?;
    index.read_tree(&tree).map_err(failed)?;
    index.write().map_err(failed)
}

/// HEAD's tree, or the empty one.
fn bare(repo: &Repo) -> Result<Taken, Trouble> {
    let git = repo.git();
    let head = git.head().and_then(|head| head.peel_to_tree());
    let id = match head {
        Ok(tree) => tree.id(),
        Err(_) => git
            .treebuilder(None)
            .and_then(|empty| empty.write())
            .map_err(|error| repo.trouble("cannot write a tree", &error))?,
    };
    Ok(Taken {
        tree: names::object(id),
        left_out: Vec::new(),
        more: 0,
    })
}

/// Does the task.
pub(super) fn tree(task: &Task<'_>, watch: Watch<'_>) -> Result<Taken, Trouble> {
    let place = || task.root.display().to_string();
    let failed = |error: git2::Error| Trouble::git("cannot look at the folder", place(), &error);
    let git = handle(task)?;
    let scratch = Scratch::new()?;
    let (mut index, mut seed) = open(task, &scratch)?;
    look_at_all(&mut index).map_err(failed)?;
    git.set_index(&mut index).map_err(failed)?;
    let found = find::find(&git, &index, task, watch)?;
    let mut adding = add::Adding::new(&git, task, found);
    if let Some(paths) = adding.for_binary() {
        seed = through_binary(task, &seed, &scratch, &paths)?;
        index = Index::open(&seed).map_err(failed)?;
        look_at_all(&mut index).map_err(failed)?;
        git.set_index(&mut index).map_err(failed)?;
    }
    adding.add(&mut index, watch)?;
    let id = index
        .write_tree_to(&git)
        .map_err(|error| Trouble::writing("cannot write the tree", place(), &error, (&git, 0)))?;
    if let Some(keep) = task.keep {
        store(&mut index, keep)?;
    }
    let (mut left_out, more) = adding.left_out();
    left_out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Taken {
        tree: names::object(id),
        left_out,
        more,
    })
}

/// A handle of its own, so that its index can be another one.
fn handle(task: &Task<'_>) -> Result<git2::Repository, Trouble> {
    let failed = |error: git2::Error| {
        Trouble::git(
            "cannot open the repository",
            task.git_dir.display().to_string(),
            &error,
        )
    };
    let git = git2::Repository::open(task.git_dir).map_err(failed)?;
    git.set_workdir(task.root, false).map_err(failed)?;
    Ok(git)
}

/// The index to start from, and the file it is in: the seed, or a copy that libgit2 can read.
fn open(task: &Task<'_>, scratch: &Scratch) -> Result<(Index, PathBuf), Trouble> {
    let copy = scratch.file("index");
    copy_index(task.seed, &copy)?;
    if let Ok(index) = Index::open(&copy) {
        return Ok((index, copy));
    }
    // A split or sparse index: git writes it out in full.
    let git = Binary::need(task.root, "the index has a form that libgit2 cannot read")?;
    let site = Site {
        git_dir: task.git_dir,
        work: task.root,
        index: &copy,
    };
    git.run(
        site,
        &["update-index", "--no-split-index", "--force-write-index"],
        &[],
    )?;
    let index = Index::open(&copy).map_err(|error| {
        Trouble::git(
            "cannot read the index",
            task.seed.display().to_string(),
            &error,
        )
    })?;
    Ok((index, copy))
}

/// Takes the "assume unchanged" marks off.
fn look_at_all(index: &mut Index) -> Result<(), git2::Error> {
    let marked: Vec<_> = index
        .iter()
        .filter(|entry| entry.flags & ASSUME_UNCHANGED != 0)
        .collect();
    for mut entry in marked {
        entry.flags &= !ASSUME_UNCHANGED;
        index.add(&entry)?;
    }
    Ok(())
}

/// Lets the `git` binary add `paths` to a copy of the index; gives the copy.
fn through_binary(
    task: &Task<'_>,
    seed: &Path,
    scratch: &Scratch,
    paths: &[u8],
) -> Result<PathBuf, Trouble> {
    let git = Binary::need(task.root, "files here go through a filter")?;
    let copy = scratch.file("filtered");
    copy_index(seed, &copy)?;
    let site = Site {
        git_dir: task.git_dir,
        work: task.root,
        index: &copy,
    };
    git.run(
        site,
        &[
            "update-index",
            "--add",
            "--remove",
            "--replace",
            "-z",
            "--stdin",
        ],
        paths,
    )?;
    Ok(copy)
}

/// Copies an index with its time, by which git knows whether a file may have changed after it was
/// looked at. A missing one is no error.
fn copy_index(from: &Path, to: &Path) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| Trouble::io("cannot copy the index", from, &error);
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let time = source.metadata().and_then(|about| about.modified());
    let mut copy = File::create(to).map_err(failed)?;
    std::io::copy(&mut source, &mut copy).map_err(failed)?;
    copy.set_modified(time.map_err(failed)?).map_err(failed)
}

/// Writes the index to `keep` by renaming, so that the whole one is there or the old one.
fn store(index: &mut Index, keep: &Path) -> Result<(), Trouble> {
    let place = || keep.display().to_string();
    index
        .write()
        .map_err(|error| Trouble::git("cannot keep the index", place(), &error))?;
    let Some(written) = index.path() else {
        return Err(Trouble::damaged("an index without a file", place()));
    };
    let fresh = keep.with_extension("new");
    copy_index(written, &fresh)?;
    fs::rename(&fresh, keep).map_err(|error| Trouble::io("cannot keep the index", keep, &error))
}
