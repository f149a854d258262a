//! What files look like: their lengths and times, by which a change shows without reading anything.
//!
//! Sessions of ours are looked at from the folder they are in, which is opened once: thousands of long
//! paths need not be walked from the root again and again.

use std::{
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, Stat},
    path::Arg,
};

use crate::{
    protocol::{Failure, Timestamp},
    store::files,
};

/// A file that changed less than this ago, in nanoseconds, may change again without its time showing it.
const MOMENT: i64 = 2_000_000_000;
/// What a file that is not there leaves.
pub(super) const ABSENT: [u8; 16] = [0xff; 16];

/// Where names begin.
#[derive(Debug)]
pub(super) enum Looker {
    /// They are whole paths.
    Root,
    /// They belong to a folder in this one.
    Within(OwnedFd),
}

impl Looker {
    /// One for the files of the folders in `top`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn within(top: &Path) -> Result<Self, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(top, flags, Mode::empty());
        let opened = opened.map_err(|error| {
            files::trouble("list the sessions in", top, &std::io::Error::from(error))
        })?;
        Ok(Self::Within(opened))
    }

    /// Length and time of each of the `names`, one in a line; `folder` is the one they belong to.
    pub(super) fn stamp(&self, folder: &str, names: &str) -> Vec<u8> {
        let mut stamp = Vec::with_capacity(4 * ABSENT.len());
        let mut path = String::new();
        for name in names.lines() {
            stamp.extend(match self {
                Self::Root => look(CWD, name),
                Self::Within(top) => {
                    path.clear();
                    path.extend([folder, "/", name]);
                    look(top.as_fd(), path.as_str())
                }
            });
        }
        stamp
    }
}

/// Length and time of each.
pub(in crate::store) fn stamp(watched: &[PathBuf]) -> Vec<u8> {
    watched.iter().flat_map(|path| look(CWD, path)).collect()
}

/// Length and time of a file; links are not followed.
fn look(from: BorrowedFd<'_>, path: impl Arg) -> [u8; 16] {
    let found = rustix::fs::statat(from, path, AtFlags::SYMLINK_NOFOLLOW);
    found.map_or(ABSENT, |meta| {
        let mut look = ABSENT;
        let (length, time) = look.split_at_mut(8);
        length.copy_from_slice(&whole(meta.st_size).to_le_bytes());
        time.copy_from_slice(&modified(&meta).to_le_bytes());
        look
    })
}

/// When it changed, in nanoseconds since the epoch.
fn modified(meta: &Stat) -> i64 {
    whole(meta.st_mtime)
        .saturating_mul(1_000_000_000)
        .saturating_add(whole(meta.st_mtime_nsec))
}

/// A number of the system, whose type is not the same on all of them.
fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Whether nothing changed so short a time before `now` that another change might not show.
pub(in crate::store) fn settled(stamp: &[u8], now: Timestamp) -> bool {
    let fresh_since = i64::try_from(now.0)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000)
        .saturating_sub(MOMENT);
    times(stamp).all(|time| time < fresh_since)
}

/// The times of a stamp, in nanoseconds since the epoch.
fn times(stamp: &[u8]) -> impl Iterator<Item = i64> {
    let (pairs, _) = stamp.as_chunks::<16>();
    pairs.iter().filter_map(|pair| {
        let time = pair.last_chunk::<8>()?;
        Some(i64::from_le_bytes(*time))
    })
}
