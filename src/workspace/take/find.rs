//! What differs between an index and a folder, path by path.

use std::fs;

use git2::{Delta, DiffOptions, Index};

use super::Task;
use crate::workspace::{
    Trouble, Watch, names,
    shadow::JUNK,
    watch::{Stage, tell},
};

/// The mark of an entry that a sparse checkout leaves out.
const SKIP_WORKTREE: u16 = 0x4000;

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Known to the index and no longer there.
    pub(super) gone: Vec<Vec<u8>>,
    /// Known to the index and different.
    pub(super) changed: Vec<Vec<u8>>,
    /// Not known to the index.
    pub(super) untracked: Vec<Vec<u8>>,
    /// Folders that are repositories, or look like one; without the slash at the end.
    pub(super) nested: Vec<Vec<u8>>,
    /// Known submodules whose folder has files and no repository.
    pub(super) unseen: Vec<Vec<u8>>,
    /// Folders that a shadow leaves out.
    pub(super) junk: Vec<Vec<u8>>,
}

/// Finds it.
pub(super) fn find(
    git: &git2::Repository,
    index: &Index,
    task: &Task<'_>,
    watch: Watch<'_>,
) -> Result<Found, Trouble> {
    tell(watch, Stage::Looking, 0, 0)?;
    let mut options = DiffOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_typechange(true)
        .include_unreadable_as_untracked(true)
        .skip_binary_check(true);
    if let Some(only) = task.only {
        options
            .pathspec(only.as_bytes())
            .disable_pathspec_match(true);
    }
    options.include_ignored(task.junk);
    let diff = git
        .diff_index_to_workdir(Some(index), Some(&mut options))
        .map_err(|error| {
            Trouble::git(
                "cannot look at the folder",
                task.root.display().to_string(),
                &error,
            )
        })?;
    let mut found = Found::default();
    let of = diff.deltas().len();
    for (done, delta) in diff.deltas().enumerate() {
        if done % 512 == 0 {
            tell(watch, Stage::Looking, done, of)?;
        }
        let path = delta
            .new_file()
            .path_bytes()
            .or_else(|| delta.old_file().path_bytes())
            .unwrap_or_default();
        if delta.status() == Delta::Ignored {
            if is_junk(path) {
                found.junk.push(path.to_vec());
            }
            continue;
        }
        if let Some(folder) = path.strip_suffix(b"/") {
            if !task.skips(folder) {
                found.nested.push(folder.to_vec());
            }
            continue;
        }
        match delta.status() {
            Delta::Deleted if is_sparse(index, path) => {}
            Delta::Deleted => found.gone.push(path.to_vec()),
            Delta::Untracked if task.skips(path) => {}
            Delta::Untracked => found.untracked.push(path.to_vec()),
            Delta::Unmodified => {}
            _ => found.changed.push(path.to_vec()),
        }
    }
    for entry in index.iter().filter(|entry| entry.mode == 0o160_000) {
        let folder = task.root.join(names::path(&entry.path));
        if fs::symlink_metadata(folder.join(".git")).is_err()
            && fs::read_dir(&folder).is_ok_and(|mut inside| inside.next().is_some())
        {
            found.unseen.push(entry.path);
        }
    }
    Ok(found)
}

/// True for a folder that a shadow leaves out by its name.
fn is_junk(path: &[u8]) -> bool {
    let folder = path.strip_suffix(b"/").unwrap_or(path);
    let last = folder.rsplit(|byte| *byte == b'/').next();
    last.is_some_and(|name| JUNK.iter().any(|junk| junk.as_bytes() == name))
}

/// True when the person's sparse checkout leaves this path out on purpose.
fn is_sparse(index: &Index, path: &[u8]) -> bool {
    index
        .get_path(names::path(path), 0)
        .is_some_and(|entry| entry.flags_extended & SKIP_WORKTREE != 0)
}
