//! How much the worktrees of a session take, without walking through all of them at every start.
//!
//! What was counted is kept beside the record, and believed as long as the record was not written
//! since: the worktrees of an ended session hardly change.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::workspace::{Held, Standing, manifest, yard};

/// Bytes on disk of a session's folder.
pub(super) fn of(state: &Path, held: &Held) -> u64 {
    let folder = manifest::folder(state, &held.run);
    if held.standing != Standing::Ended {
        return yard::size(&folder);
    }
    let Some(stamp) = stamp(&folder) else {
        return yard::size(&folder);
    };
    let kept = folder.join("weight");
    if let Some(bytes) = read(&kept, &stamp) {
        return bytes;
    }
    let bytes = yard::size(&folder);
    // Without it they are counted again.
    let _ = fs::write(&kept, format!("{stamp} {bytes}"));
    bytes
}

/// What changes when the record is written.
fn stamp(folder: &Path) -> Option<String> {
    let about = fs::symlink_metadata(folder.join("manifest.json")).ok()?;
    Some(format!(
        "{}.{:09}.{}",
        about.mtime(),
        about.mtime_nsec(),
        about.ino()
    ))
}

fn read(kept: &PathBuf, stamp: &str) -> Option<u64> {
    let text = fs::read_to_string(kept).ok()?;
    let (was, bytes) = text.split_once(' ')?;
    (was == stamp).then(|| bytes.parse().ok())?
}
