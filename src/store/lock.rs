//! One writer per session: a lock that the system takes away when its holder ends, however it ends.
//!
//! The file beside the log says who holds it, for the words of a refusal. It stays when the session
//! is over; only the lock on it counts. Taking it shows in the time of the session's folder, so that the
//! list of sessions has one thing less to look at. Where the system has no locks, writing goes on without.

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use super::files;
use crate::protocol::{Failure, FailureKind, RunId};

/// Name of the file within a session's folder.
pub(super) const LOCK_FILE: &str = "lock";
/// Most bytes read of what the holder wrote about itself.
const HOLDER: u64 = 64;

/// The right to write a session's log; given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone is not enough: a program that is being started has the file open as well, until
        // it becomes another one.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock of the session in `dir`.
    ///
    /// # Errors
    /// Another process, or this one, writes the session; the failure says which. Or the file cannot
    /// be made.
    pub(super) fn take(dir: &Path, run: &RunId) -> Result<Self, Failure> {
        let path = dir.join(LOCK_FILE);
        let mut file = files::open_shared(&path)
            .map_err(|error| files::trouble("open the lock of the session", &path, &error))?;
        match file.try_lock() {
            // A file system without locks: better a session without a lock than none.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(held(run, &mut file)),
        }
        // Who cannot be told is told as "another process".
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        files::touched(dir);
        Ok(Self { file })
    }
}

/// Whether somebody writes the session in `dir` now.
pub(super) fn is_held(dir: &Path) -> bool {
    let Ok(file) = File::open(dir.join(LOCK_FILE)) else {
        return false;
    };
    match file.try_lock_shared() {
        Ok(()) => {
            drop(Lock { file });
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}

fn held(run: &RunId, file: &mut File) -> Failure {
    let mut holder = String::new();
    let _ = file.take(HOLDER).read_to_string(&mut holder);
    let who = match holder.trim().parse::<u32>() {
        Ok(id) if id == std::process::id() => "this program".to_owned(),
        Ok(id) => format!("process {id}"),
        Err(_) => "another process".to_owned(),
    };
    Failure::new(
        FailureKind::Local,
        format!("Session {run} is still being written by {who}."),
    )
    .hint("Wait until it is over, or end that process; then try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_and_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunId("r".into());
        let first = Lock::take(dir.path(), &run).unwrap();
        let failure = Lock::take(dir.path(), &run).unwrap_err();
        assert!(failure.message.contains("this program"), "{failure}");
        assert!(is_held(dir.path()));
        // As a program has it that is being started.
        let _inherited = first.file.try_clone().unwrap();
        drop(first);
        assert!(!is_held(dir.path()));
        Lock::take(dir.path(), &run).unwrap();
    }

    #[test]
    fn taking_it_again_shows_in_the_time_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunId("r".into());
        drop(Lock::take(dir.path(), &run).unwrap());
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        let folder = File::open(dir.path()).unwrap();
        folder.set_modified(long_ago).unwrap();
        let _held = Lock::take(dir.path(), &run).unwrap();
        assert_ne!(folder.metadata().unwrap().modified().unwrap(), long_ago);
    }
}
