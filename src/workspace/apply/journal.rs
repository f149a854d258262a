//! Writing a record out, step by step, and taking it back.
//!
//! The record, all contents and the phase are on the disk for good before the first change. Each step
//! brings one thing from its first side to its second and is the same when done twice, so a program
//! that was killed anywhere can go on or go back: what stands at a path tells which steps were done.
//! What stands there and is neither side belongs to the person and is left alone.

mod content;
mod steps;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::record::{Phase, Record, VERSION};
use crate::{
    protocol::change::ApplyId,
    workspace::{Trouble, TroubleKind},
};
pub(super) use content::{copy_in, holds, keep};
pub(super) use steps::{Leftover, Run};

/// Longest record that is read.
const LONGEST: u64 = 256 << 20;

/// One application on disk.
pub(super) struct Journal {
    pub(super) dir: PathBuf,
    pub(super) record: Record,
}

/// All applications of a state folder, held by this process alone.
pub(super) struct Journals {
    dir: PathBuf,
    lock: File,
}

impl Drop for Journals {
    fn drop(&mut self) {
        // Closing alone is not enough: a process that is being started has the file open too, until it
        // becomes another program.
        let _ = rustix::fs::flock(&self.lock, rustix::fs::FlockOperation::Unlock);
    }
}

impl Journals {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::Busy`] while another process applies or undoes something.
    pub(super) fn open(state_dir: &Path) -> Result<Self, Trouble> {
        let dir = state_dir.join("applied");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(|error| Trouble::io("cannot make the folder", &dir, &error))?;
        let path = dir.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Trouble::io("cannot open the lock", &path, &error))?;
        let how = rustix::fs::FlockOperation::NonBlockingLockExclusive;
        match rustix::fs::flock(&lock, how) {
            Ok(()) => Ok(Self { dir, lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Trouble::new(
                TroubleKind::Busy,
                "another massgen-tui is applying or undoing something",
                path.display().to_string(),
                "Try again when it is done.",
            )),
            Err(error) => Err(Trouble::io("cannot take the lock", &path, &error.into())),
        }
    }

    /// The names of all, oldest first.
    pub(super) fn names(&self) -> Result<Vec<ApplyId>, Trouble> {
        names(&self.dir)
    }

    /// A new folder for the next application.
    pub(super) fn make(&self) -> Result<(ApplyId, PathBuf), Trouble> {
        let last = self.names()?.last().and_then(|id| id.0.parse().ok());
        let id = last.unwrap_or(0_u64) + 1;
        let dir = self.dir.join(id.to_string());
        DirBuilder::new()
            .mode(0o700)
            .create(&dir)
            .map_err(|error| Trouble::io("cannot make the folder", &dir, &error))?;
        Ok((ApplyId(id.to_string()), dir))
    }

    /// Reads one; `None` when it never got as far as a record, so that nothing was touched.
    pub(super) fn read(&self, id: &ApplyId) -> Result<Option<(Journal, Phase)>, Trouble> {
        read(&self.dir, id)
    }

    /// The folder of one.
    pub(super) fn folder(&self, id: &ApplyId) -> PathBuf {
        self.dir.join(&id.0)
    }

    /// Forgets one that never got as far as a record.
    pub(super) fn discard(&self, id: &ApplyId) -> Result<(), Trouble> {
        let dir = self.folder(id);
        fs::remove_dir_all(&dir)
            .map_err(|error| Trouble::io("cannot remove the folder", &dir, &error))
    }
}

/// All applications of a state folder whose record can be read, oldest first, without taking the lock.
pub(super) fn list(state_dir: &Path) -> Result<Vec<(Record, Phase)>, Trouble> {
    let dir = state_dir.join("applied");
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for id in names(&dir)? {
        // What cannot be read is told by whoever recovers.
        if let Ok(Some((journal, phase))) = read(&dir, &id) {
            found.push((journal.record, phase));
        }
    }
    Ok(found)
}

fn names(dir: &Path) -> Result<Vec<ApplyId>, Trouble> {
    let failed = |error: io::Error| Trouble::io("cannot list the folder", dir, &error);
    let mut numbers: Vec<u64> = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers
        .iter()
        .map(|number| ApplyId(number.to_string()))
        .collect())
}

fn read(all: &Path, id: &ApplyId) -> Result<Option<(Journal, Phase)>, Trouble> {
    if id.0.is_empty() || !id.0.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let dir = all.join(&id.0);
    let phase: Option<Phase> = json(&dir.join("phase"))?;
    let record: Option<Record> = json(&dir.join("record.json"))?;
    let (Some(record), Some(phase)) = (record, phase) else {
        return Ok(None);
    };
    if record.version != VERSION {
        return Err(Trouble::new(
            TroubleKind::Beyond,
            "this record was written by another version of the program",
            dir.display().to_string(),
            "Use the version that wrote it.",
        ));
    }
    Ok(Some((Journal { dir, record }, phase)))
}

/// Reads one JSON file; `None` when it is not there.
fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Trouble> {
    let bytes = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(about) if about.len() > LONGEST => {
            return Err(Trouble::damaged(
                "the record is too long",
                path.display().to_string(),
            ));
        }
        _ => fs::read(path).map_err(|error| Trouble::io("cannot read the record", path, &error))?,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Trouble::damaged(
            format!("the record cannot be read: {error}"),
            path.display().to_string(),
        )
    })
}

impl Journal {
    /// Writes the record and then the phase: from here on a kill is followed by a look at it.
    pub(super) fn write(&self) -> Result<(), Trouble> {
        let path = self.dir.join("record.json");
        let bytes = serde_json::to_vec(&self.record)
            .map_err(|error| Trouble::damaged(error.to_string(), path.display().to_string()))?;
        replace(&self.dir, "record.json", &bytes)?;
        self.turn(Phase::Prepared)?;
        // The folder's own name.
        if let Some(above) = self.dir.parent() {
            sync(above)?;
        }
        Ok(())
    }

    /// Says how far it is.
    pub(super) fn turn(&self, phase: Phase) -> Result<(), Trouble> {
        let bytes = serde_json::to_vec(&phase)
            .map_err(|error| Trouble::damaged(error.to_string(), self.dir.display().to_string()))?;
        replace(&self.dir, "phase", &bytes)
    }
}

/// Replaces a file of ours; on the disk for good when this returns.
fn replace(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
    let path = dir.join(name);
    let temporary = dir.join(format!("{name}.tmp"));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, &path));
    written.map_err(|error| Trouble::io("cannot write the record", &path, &error))?;
    sync(dir)
}

/// Brings the names in a folder of ours to the disk for good.
fn sync(dir: &Path) -> Result<(), Trouble> {
    File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Trouble::io("cannot write the folder", dir, &error))
}
