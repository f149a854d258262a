//! What an application changes in git itself: entries of the index, and one ref.
//!
//! The index is written by git's own protocol: `index.lock`, then a rename. The lock is a hard link to
//! a file that bears our name, so that after a kill it can be told from a lock of git's. Entries of
//! other paths are never touched. A ref is moved only from where it was seen. No hook runs.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use git2::{Index, IndexEntry, IndexTime, Repository};

use super::{
    journal::Leftover,
    record::{Moved, Record, Slot, Staged, Way},
};
use crate::{
    protocol::change::{ObjectId, RepoPath},
    workspace::{Trouble, TroubleKind, names},
};

/// The bits of an entry's flags that hold its stage, and where they begin.
const STAGE: u16 = 0x3000;
const STAGE_SHIFT: u16 = 12;

/// Brings the entries of the record's paths to their other side; gives the paths that were on neither.
pub(super) fn stage(
    git_dir: &Path,
    record: &Record,
    way: Way,
    leftover: Leftover,
) -> Result<Vec<RepoPath>, Trouble> {
    let ours = git_dir.join(format!("massgen-tui-{}.index", record.token));
    let lock = git_dir.join("index.lock");
    unlock(&ours, &lock);
    if is_staged(git_dir, record, way) {
        return Ok(Vec::new());
    }
    let done = write(git_dir, record, way, leftover, &ours, &lock);
    unlock(&ours, &lock);
    done
}

/// Takes away what a run of ours left; a lock of git's stays.
fn unlock(ours: &Path, lock: &Path) {
    let about = |path: &Path| fs::symlink_metadata(path).map(|about| (about.dev(), about.ino()));
    if let (Ok(one), Ok(two)) = (about(ours), about(lock))
        && one == two
    {
        // What cannot be removed is reported by the next attempt to lock.
        let _ = fs::remove_file(lock);
    }
    let _ = fs::remove_file(ours);
}

fn write(
    git_dir: &Path,
    record: &Record,
    way: Way,
    leftover: Leftover,
    ours: &Path,
    lock: &Path,
) -> Result<Vec<RepoPath>, Trouble> {
    let path = git_dir.join("index");
    let io = |what: &str, path: &Path| {
        let (what, path) = (what.to_owned(), path.to_path_buf());
        move |error: io::Error| Trouble::io(&what, &path, &error)
    };
    // The lock comes first: what is read after it is what is replaced.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(ours)
        .map_err(io("cannot make a file", ours))?;
    match fs::hard_link(ours, lock) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Trouble::new(
                TroubleKind::Busy,
                "another git process is changing the index",
                lock.display().to_string(),
                "Try again when it has ended; if none runs, remove this file.",
            ));
        }
        linked => linked.map_err(io("cannot lock the index", lock))?,
    }
    let copy = ours.with_extension("new");
    let _ = fs::remove_file(&copy);
    if path.exists() {
        fs::copy(&path, &copy).map_err(io("cannot copy the index", &path))?;
    }
    let made = edit(&copy, record, way, leftover);
    let written = made.and_then(|left| {
        // The lock keeps its file; its content comes from the copy.
        fs::copy(&copy, ours)
            .and_then(|_| File::open(ours)?.sync_all())
            .and_then(|()| fs::rename(lock, &path))
            .map_err(io("cannot write the index", &path))?;
        Ok(left)
    });
    let _ = fs::remove_file(&copy);
    written
}

/// Changes entries of the index in this file.
fn edit(
    file: &Path,
    record: &Record,
    way: Way,
    leftover: Leftover,
) -> Result<Vec<RepoPath>, Trouble> {
    let failed = |error: git2::Error| {
        Trouble::git(
            "cannot change the index",
            file.display().to_string(),
            &error,
        )
    };
    let mut index = Index::open(file).map_err(failed)?;
    let mut left = Vec::new();
    for staged in &record.git.index {
        let (from, to) = staged.sides(way);
        let now = slots(&index, staged.path.as_bytes());
        if now == to {
            continue;
        }
        if now != from {
            if leftover == Leftover::Leave {
                left.push(staged.path.clone());
                continue;
            }
            return Err(Trouble::new(
                TroubleKind::Refused,
                "the index changed in this moment, and not by us",
                staged.path.to_string(),
                "Nothing was applied; look at the changes again.",
            ));
        }
        let path = names::path(staged.path.as_bytes());
        for slot in from {
            index.remove(path, i32::from(slot.stage)).map_err(failed)?;
        }
        for slot in to {
            index.add(&entry(staged, slot)?).map_err(failed)?;
        }
    }
    index.write().map_err(failed)?;
    Ok(left)
}

/// The entries that an index has for a path.
pub(super) fn slots(index: &Index, path: &[u8]) -> Vec<Slot> {
    (0..4)
        .filter_map(|stage| index.get_path(names::path(path), stage))
        .map(|entry| Slot {
            stage: (entry.flags & STAGE) >> STAGE_SHIFT,
            mode: entry.mode,
            blob: names::object(entry.id),
        })
        .collect()
}

fn entry(staged: &Staged, slot: &Slot) -> Result<IndexEntry, Trouble> {
    Ok(IndexEntry {
        // Nothing is said of the file itself: git looks at it when it next needs to.
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: slot.mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: names::oid(&slot.blob)?,
        flags: slot.stage << STAGE_SHIFT,
        flags_extended: 0,
        path: staged.path.as_bytes().to_vec(),
    })
}

/// Whether the record's entries are all on this side.
pub(super) fn is_staged(git_dir: &Path, record: &Record, way: Way) -> bool {
    let Ok(index) = Index::open(&git_dir.join("index")) else {
        return record.git.index.is_empty();
    };
    record
        .git
        .index
        .iter()
        .all(|staged| slots(&index, staged.path.as_bytes()) == staged.sides(way).1)
}

/// Where a ref is; `None` when it is not there.
pub(super) fn reference(git: &Repository, name: &str) -> Option<ObjectId> {
    let found = git.find_reference(name).ok()?;
    found.target().map(names::object)
}

/// Moves a ref to its other side; false when it was on neither and was left.
pub(super) fn move_ref(
    git_dir: &Path,
    moved: &Moved,
    way: Way,
    leftover: Leftover,
) -> Result<bool, Trouble> {
    let failed = |error: git2::Error| Trouble::git("cannot move a ref", moved.name.clone(), &error);
    let git = Repository::open(git_dir).map_err(failed)?;
    let (from, to) = moved.sides(way);
    let now = reference(&git, &moved.name);
    if now.as_ref() == to {
        return Ok(true);
    }
    if now.as_ref() != from {
        if leftover == Leftover::Leave {
            return Ok(false);
        }
        return Err(Trouble::new(
            TroubleKind::Refused,
            "the branch moved in this moment, and not by us",
            moved.name.clone(),
            "Nothing was applied; look at the changes again.",
        ));
    }
    match (from, to) {
        (_, None) => {
            let mut found = git.find_reference(&moved.name).map_err(failed)?;
            found.delete().map_err(failed)?;
        }
        (None, Some(to)) => {
            git.reference(&moved.name, names::oid(to)?, false, LOG)
                .map_err(failed)?;
        }
        (Some(from), Some(to)) => {
            let (from, to) = (names::oid(from)?, names::oid(to)?);
            git.reference_matching(&moved.name, to, true, from, LOG)
                .map_err(failed)?;
        }
    }
    Ok(true)
}

/// What the reflog says.
const LOG: &str = "massgen-tui: apply";
