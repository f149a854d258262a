//! The lock of a run: one process at a time works with its worktrees.
//!
//! The system takes it away when its holder ends, however it ends. A program that is being started has
//! our files open as well until it becomes another one, so closing the file is not enough: the lock is
//! given back in so many words. Who only looks does not stand in the way of others who look.

use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

/// How often a lock that is held is tried for again: somebody may only be looking.
const TRIES: u32 = 10;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to work with a run's worktrees; given back when dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // What cannot be given back ends with the process.
        let _ = self.0.unlock();
    }
}

impl Lock {
    /// Takes it; `None` when somebody has it and does not give it back soon.
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        Self::take_after(path, || std::thread::sleep(PAUSE))
    }

    fn take_after(path: &Path, mut pause: impl FnMut()) -> io::Result<Option<Self>> {
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::WouldBlock) => pause(),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Whether somebody has it. What cannot be looked at is nobody's.
    pub(super) fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(path) else {
            return false;
        };
        match file.try_lock_shared() {
            Ok(()) => {
                drop(Self(file));
                false
            }
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(path: &Path) -> Option<Lock> {
        Lock::take_after(path, || ()).unwrap()
    }

    #[test]
    fn it_is_free_when_it_is_dropped_although_another_has_the_file_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert!(!Lock::is_held(&path) && !path.exists());
        let lock = take(&path).unwrap();
        // As a program has it that is being started.
        let inherited = lock.0.try_clone().unwrap();
        assert!(Lock::is_held(&path));
        assert!(take(&path).is_none());
        drop(lock);
        assert!(!Lock::is_held(&path));
        let again = take(&path).unwrap();
        drop((inherited, again));
    }

    #[test]
    fn who_only_holds_it_for_a_moment_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let mut looking = take(&path);
        let mut pauses = 0;
        let lock = Lock::take_after(&path, || {
            pauses += 1;
            if pauses == 3 {
                looking = None;
            }
        });
        assert!(lock.unwrap().is_some());
        assert_eq!(pauses, 3);
    }

    #[test]
    fn two_can_look_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        drop(take(&path));
        let other = File::open(&path).unwrap();
        other.lock_shared().unwrap();
        assert!(!Lock::is_held(&path));
        assert!(take(&path).is_none());
    }
}
