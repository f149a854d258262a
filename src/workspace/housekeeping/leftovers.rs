//! What else is left lying about: temporary files of the dead, samples of old demo sessions, repositories
//! beside folders of sessions that are gone, copies of what was applied long ago.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{DAY, Keeping, Leftover, LeftoverKind, seconds};
use crate::{
    protocol::RunId,
    workspace::{Held, Standing, Trouble, Watch, apply, beneath, refs, scratch, shadow},
};

/// Days after which an application can no longer be undone.
const UNDO_DAYS: u64 = 90;
/// The newest applications, which can be undone however old they are.
const UNDO_LAST: usize = 20;

/// Finds all of it.
pub(super) fn find(
    state: &Path,
    keeping: Keeping,
    now: u64,
    all: &[Held],
) -> Result<Vec<Leftover>, Trouble> {
    let mut found = Vec::new();
    let mut add = |kind, path| found.push(Leftover { kind, path });
    for (run, path) in runs(&state.join("tmp")) {
        if is_idle(all, &run) && is_older(&path, now, 1) {
            add(LeftoverKind::Temporary, path);
        }
    }
    let own = rustix::process::geteuid().as_raw();
    for (process, path) in scratch::left() {
        let ours = fs::symlink_metadata(&path).is_ok_and(|about| {
            about.is_dir() && about.uid() == own && about.mode() & 0o777 == 0o700
        });
        if ours && is_gone(process) && is_older(&path, now, 1) {
            add(LeftoverKind::Temporary, path);
        }
    }
    if let Some(days) = keeping.days {
        for (run, path) in runs(&state.join("samples")) {
            // As long as its worktrees are there, somebody may work with it.
            let free = all
                .iter()
                .find(|held| held.run == run)
                .is_none_or(|held| held.standing == Standing::Ended && held.trees.is_empty());
            let touched = all.iter().find(|held| held.run == run);
            let old = touched
                .is_none_or(|held| now.saturating_sub(held.touched) >= u64::from(days) * DAY);
            if free && old && is_older(&path, now, u64::from(days)) {
                add(LeftoverKind::Sample, path);
            }
        }
    }
    for (run, path) in shadow::of_sessions(state) {
        let held = all.iter().find(|held| held.run == run);
        let free = held.is_none_or(|held| {
            let idle = matches!(held.standing, Standing::Ended | Standing::LeftBehind);
            idle && held.trees.is_empty()
        });
        if free && is_deleted(state, &run) {
            add(LeftoverKind::Shadow, path);
        }
    }
    for path in apply::old_copies(state, now.saturating_sub(UNDO_DAYS * DAY), UNDO_LAST)? {
        add(LeftoverKind::Applied, path);
    }
    Ok(found)
}

/// Removes one; tells whether it went.
pub(super) fn remove(state: &Path, left: &Leftover, watch: Watch<'_>) -> bool {
    match left.kind {
        LeftoverKind::Applied => apply::remove_copies(state, &left.path, watch).unwrap_or(false),
        LeftoverKind::Temporary | LeftoverKind::Sample | LeftoverKind::Shadow => {
            beneath::remove_tree(&left.path, watch).is_ok()
        }
    }
}

/// The folders in a folder of ours that are named by sessions.
fn runs(folder: &Path) -> Vec<(RunId, PathBuf)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| {
            let run = RunId(entry.file_name().to_string_lossy().into_owned());
            (run, entry.path())
        })
        .filter(|(run, _)| refs::check(run).is_ok())
        .collect();
    found.sort();
    found
}

fn is_idle(all: &[Held], run: &RunId) -> bool {
    all.iter()
        .all(|held| held.run != *run || held.standing != Standing::InUse)
}

/// Whether a session is gone for good. One that comes back out of the trash meanwhile is found where it
/// was looked for first.
fn is_deleted(state: &Path, run: &RunId) -> bool {
    let mut places = ["sessions", "trash", "sessions"].into_iter();
    places.all(|place| {
        let found = fs::symlink_metadata(state.join(place).join(&run.0));
        found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    })
}

fn is_older(path: &Path, now: u64, days: u64) -> bool {
    seconds(path).is_ok_and(|when| now.saturating_sub(when) >= days * DAY)
}

/// True when no process has this number.
fn is_gone(process: u32) -> bool {
    let Some(process) = i32::try_from(process)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    else {
        return true;
    };
    rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}
