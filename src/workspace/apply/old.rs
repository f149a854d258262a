//! Copies of applications that nobody will undo any more.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    journal::{Journals, list},
    record::Phase,
};
use crate::workspace::{Trouble, TroubleKind, Watch, beneath};

/// The folders of applications that ended before `before` (seconds since 1970), without the newest
/// `last`. What is not ended is never among them.
pub(in crate::workspace) fn old_copies(
    state_dir: &Path,
    before: u64,
    last: usize,
) -> Result<Vec<PathBuf>, Trouble> {
    let mut all = list(state_dir)?;
    all.truncate(all.len().saturating_sub(last));
    let old = all.into_iter().filter(|(record, phase)| {
        let ended = match phase {
            Phase::Applied | Phase::Undone | Phase::RolledBack => true,
            Phase::Prepared => false,
        };
        ended && record.at.0 / 1000 < before
    });
    Ok(old
        .map(|(record, _)| state_dir.join("applied").join(record.id.0))
        .collect())
}

/// Removes the folder of an application; false while another process applies or undoes something.
///
/// The record goes first: without it the rest is nothing but files of a folder to be removed.
pub(in crate::workspace) fn remove_copies(
    state_dir: &Path,
    folder: &Path,
    watch: Watch<'_>,
) -> Result<bool, Trouble> {
    let _journals = match Journals::open(state_dir) {
        Ok(journals) => journals,
        Err(trouble) if trouble.kind == TroubleKind::Busy => return Ok(false),
        Err(trouble) => return Err(trouble),
    };
    let record = folder.join("record.json");
    fs::remove_file(&record)
        .map_err(|error| Trouble::io("cannot remove the record", &record, &error))?;
    beneath::remove_tree(folder, watch)?;
    Ok(true)
}
