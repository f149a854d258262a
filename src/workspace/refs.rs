//! Our refs: everything under `refs/massgen-tui/<run>/`, and nothing else.

use std::{fs, path::Path};

use git2::{Oid, Repository};

use super::{Trouble, TroubleKind};
use crate::protocol::{AgentId, Label, RunId, change::ContextId};

/// Where all our refs are.
pub(super) const ROOT: &str = "refs/massgen-tui";
/// Refs of one run that are looked at.
const MOST: usize = 100_000;

/// Refuses a run whose name cannot be part of a ref and a folder.
pub(super) fn check(run: &RunId) -> Result<(), Trouble> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !run.0.is_empty() && run.0.len() <= 100 && run.0.bytes().all(plain) {
        return Ok(());
    }
    Err(Trouble::new(
        TroubleKind::Refused,
        "this cannot be the name of a session",
        run.0.chars().take(100).collect::<String>(),
        "`massgen-tui logs list` shows the names of sessions.",
    ))
}

/// `refs/massgen-tui/<run>/`.
pub(super) fn folder(run: &RunId) -> String {
    format!("{ROOT}/{run}/")
}

/// The person's tree as the run began.
pub(super) fn base(run: &RunId, context: ContextId) -> String {
    format!("{ROOT}/{run}/base/{}", context.0)
}

/// What an answer is made of.
pub(super) fn label(run: &RunId, label: Label, context: ContextId) -> String {
    format!("{ROOT}/{run}/{label}/{}", context.0)
}

/// An agent's latest snapshot.
pub(super) fn latest(run: &RunId, agent: AgentId, context: ContextId) -> String {
    format!("{ROOT}/{run}/agents/{agent}/{}", context.0)
}

/// Work that would have been lost.
pub(super) fn salvage(run: &RunId, number: u32) -> String {
    format!("{}{number}", all_salvage(run))
}

/// Before the number of a piece of salvage.
pub(super) fn all_salvage(run: &RunId) -> String {
    format!("{ROOT}/{run}/salvage/")
}

/// The files that a turn ended with, by the answer that won.
pub(super) fn finish(run: &RunId, label: Label, context: ContextId) -> String {
    format!("{ROOT}/{run}/final/{label}/{}", context.0)
}

/// Points a ref of ours at a commit for good: numbers of answers begin anew with every turn, so what it
/// has named until now is kept under `earlier/`.
pub(super) fn keep(git: &Repository, run: &RunId, name: &str, to: Oid) -> Result<(), Trouble> {
    let inner = name.strip_prefix(&folder(run));
    if let (Ok(now), Some(inner)) = (git.refname_to_id(name), inner)
        && now != to
    {
        let id: String = now.to_string().chars().take(12).collect();
        set(git, &format!("{}earlier/{id}/{inner}", folder(run)), now)?;
    }
    set(git, name, to)
}

/// Points a ref of ours at a commit.
pub(super) fn set(git: &Repository, name: &str, to: Oid) -> Result<(), Trouble> {
    if !name.starts_with("refs/massgen-tui/") {
        return Err(Trouble::damaged("this is no ref of ours", name));
    }
    let same = git.refname_to_id(name).is_ok_and(|now| now == to);
    if same {
        return Ok(());
    }
    git.reference(name, to, true, "massgen-tui")
        .map(drop)
        .map_err(|error| Trouble::writing("cannot keep a commit", name, &error, (git, 0)))
}

/// The refs of one run, or of all runs, by name.
pub(super) fn list(git: &Repository, run: Option<&RunId>) -> Result<Vec<(String, Oid)>, Trouble> {
    let glob = run.map_or_else(|| format!("{ROOT}/*"), |run| format!("{}*", folder(run)));
    let failed = |error: git2::Error| Trouble::git("cannot list our refs", glob.clone(), &error);
    let mut found = Vec::new();
    for reference in git.references_glob(&glob).map_err(failed)?.take(MOST) {
        // A ref that cannot be read names nothing that could be kept or removed.
        let Ok(reference) = reference else { continue };
        if let (Ok(name), Some(id)) = (reference.name(), reference.target()) {
            found.push((name.to_owned(), id));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes refs of ours.
///
/// Loose ones are unlinked: the lock of `packed-refs`, which a killed process would leave behind, is
/// taken only for those that the person's `git gc` has packed.
pub(super) fn remove(git: &Repository, names: &[String]) -> Result<(), Trouble> {
    let packed = fs::read_to_string(git.commondir().join("packed-refs")).unwrap_or_default();
    for name in names {
        if !name.starts_with("refs/massgen-tui/") {
            return Err(Trouble::damaged("this is no ref of ours", name));
        }
        let is_packed = packed.lines().any(|line| {
            line.split_once(' ')
                .is_some_and(|(_, packed)| packed == name)
        });
        if is_packed {
            git.find_reference(name)
                .and_then(|mut reference| reference.delete())
                .map_err(|error| Trouble::git("cannot remove a ref", name, &error))?;
            continue;
        }
        let file = git.commondir().join(name);
        match fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Trouble::io("cannot remove a ref", &file, &error)),
        }
    }
    sweep(&git.commondir().join(ROOT));
    Ok(())
}

/// Removes folders of refs that are empty.
fn sweep(folder: &Path) {
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                sweep(&entry.path());
            }
        }
    }
    // A folder with something in it stays.
    let _ = fs::remove_dir(folder);
}

/// Removes lock files that a killed process of ours left on refs of this run.
pub(super) fn unlock(git: &Repository, run: &RunId) {
    let mut folders = vec![git.commondir().join(folder(run))];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "lock") {
                // Only whoever holds the run's own lock gets here.
                let _ = fs::remove_file(path);
            }
        }
    }
}
