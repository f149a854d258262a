//! Work that would be lost: a ref that keeps it, and a patch that needs no repository of ours.
//!
//! `refs/massgen-tui/<run>/salvage/<n>` and `<state>/salvage/<run>/<n>-<agent>-<folder>.patch`, which
//! `git apply` reads. Both are there before anything is removed, and only the person removes them.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use git2::{DiffFormat, DiffOptions};

use super::{Repo, Trouble, manifest::make_private, names, refs};
use crate::protocol::{
    AgentId, RunId,
    change::{ObjectId, Snapshot},
};

/// `<state>/salvage/<run>`.
pub(super) fn folder(state: &Path, run: &RunId) -> PathBuf {
    state.join("salvage").join(&run.0)
}

/// Which refs count as keeping a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// Baselines, labels, salvage: all but the agents' latest, which the next snapshot moves.
    AllButLatest,
    /// Salvage alone: the others are about to go.
    Salvage,
}

/// True when a ref of the run that counts keeps the snapshot's tree.
pub(super) fn is_kept(
    repo: &Repo,
    run: &RunId,
    snapshot: &Snapshot,
    counting: Counting,
) -> Result<bool, Trouble> {
    let tree = names::oid(&snapshot.tree)?;
    let folder = refs::folder(run);
    let counts = |name: &str| match counting {
        Counting::AllButLatest => !name.starts_with(&format!("{folder}agents/")),
        Counting::Salvage => name.starts_with(&format!("{folder}salvage/")),
    };
    Ok(refs::list(repo.git(), Some(run))?
        .iter()
        .filter(|(name, _)| counts(name))
        .filter_map(|(_, id)| repo.git().find_commit(*id).ok())
        .any(|commit| commit.tree_id() == tree))
}

/// Writes ref and patch.
pub(super) fn keep(
    repo: &Repo,
    state: &Path,
    run: &RunId,
    number: u32,
    agent: AgentId,
    snapshot: &Snapshot,
    why: &str,
) -> Result<(), Trouble> {
    let commit = names::oid(&snapshot.commit)?;
    refs::set(repo.git(), &refs::salvage(run, number), commit)?;
    let base = repo
        .git()
        .find_commit(commit)
        .and_then(|commit| commit.parent(0))
        .map(|parent| parent.tree_id())
        .map_err(|error| repo.trouble("cannot read the baseline", &error))?;
    let path = folder(state, run).join(format!("{number}-{agent}-{}.patch", snapshot.context.0));
    let head = format!(
        "Work of {agent} in session {run}, kept {why}.\n\
         Of {}; commit {}.\n\n",
        repo.root().display(),
        snapshot.commit.0
    );
    write_patch(repo, &names::object(base), &snapshot.tree, &head, &path)
}

/// Writes what changed between two trees as a patch that `git apply` reads.
pub(super) fn write_patch(
    repo: &Repo,
    old: &ObjectId,
    new: &ObjectId,
    head: &str,
    path: &Path,
) -> Result<(), Trouble> {
    if let Some(above) = path.parent() {
        make_private(above)?;
    }
    let fresh = path.with_extension("new");
    let failed = |error: io::Error| Trouble::io("cannot write the patch", path, &error);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(failed)?;
    let mut out = BufWriter::new(file);
    out.write_all(head.as_bytes()).map_err(failed)?;
    patch(repo, old, new, &mut out)?;
    let file = out
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)
}

/// The patch between two trees, binary files included, renames as removals and additions.
fn patch(
    repo: &Repo,
    old: &ObjectId,
    new: &ObjectId,
    out: &mut dyn io::Write,
) -> Result<(), Trouble> {
    let failed = |error: git2::Error| repo.trouble("cannot write the patch", &error);
    let git = repo.git();
    let tree = |id: &ObjectId| -> Result<git2::Tree<'_>, Trouble> {
        git.find_tree(names::oid(id)?).map_err(failed)
    };
    let (old, new) = (tree(old)?, tree(new)?);
    let mut options = DiffOptions::new();
    options
        .show_binary(true)
        .id_abbrev(40)
        .indent_heuristic(true);
    let diff = git
        .diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))
        .map_err(failed)?;
    let mut trouble = None;
    let printed = diff.print(DiffFormat::Patch, |_, _, line| {
        let origin = match line.origin() {
            mark @ ('+' | '-' | ' ') => Some(mark as u8),
            _ => None,
        };
        let mut text = Vec::with_capacity(line.content().len() + 1);
        text.extend(origin);
        text.extend_from_slice(line.content());
        match out.write_all(&text) {
            Ok(()) => true,
            Err(error) => {
                trouble = Some(error);
                false
            }
        }
    });
    match (trouble, printed) {
        (Some(error), _) => Err(Trouble::io("cannot write the patch", repo.root(), &error)),
        (None, printed) => printed.map_err(failed),
    }
}
