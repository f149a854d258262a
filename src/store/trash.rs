//! Deleting with a way back: a session's folder moves to `<state>/trash/<id>/` and back.
//!
//! A session that somebody writes is not moved. What lies in the trash has a file that says since
//! when; it is removed for good when it has lain there long enough, or when the person says so. Only
//! folders with a session's name are ever touched. Worktrees and refs of a session follow the rules of
//! the workspace, whether its log lies here or there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Store, files, index, lock::Lock};
use crate::protocol::{Failure, FailureKind, RunId, Timestamp};

/// Folder of the trash within the state folder.
const TRASH: &str = "trash";
/// Says since when a session lies in the trash, in milliseconds since the epoch.
const SINCE_FILE: &str = "deleted";
/// How many days a deleted session is kept.
pub const TRASH_DAYS: u64 = 30;
const DAY_MS: u64 = 86_400_000;

/// What was removed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    /// Sessions.
    pub sessions: usize,
    /// Their room, in bytes.
    pub bytes: u64,
    /// Sessions that could not be removed.
    pub failed: usize,
}

impl Store {
    /// The sessions in the trash, as a store to look at.
    #[must_use]
    pub fn trash(&self) -> Self {
        Self {
            sessions: self.sessions.with_file_name(TRASH),
        }
    }

    /// Moves a session into the trash.
    ///
    /// # Errors
    /// It is being written, is not there, or cannot be moved.
    pub fn delete(&self, run: &RunId, now: Timestamp) -> Result<(), Failure> {
        let from = self.folder_of(run)?;
        let trash = self.trash();
        files::create_dirs(&trash.sessions)?;
        let to = trash.sessions.join(&run.0);
        if fs::symlink_metadata(&to).is_ok() {
            return Err(local(format!("{} is in the way.", to.display()))
                .hint("`massgen-tui logs empty-trash` removes what lies in the trash."));
        }
        // Whoever holds the lock writes; nobody can begin to while we hold it.
        let lock = Lock::take(&from, run)?;
        let since = from.join(SINCE_FILE);
        files::replace(&since, now.0.to_string().as_bytes())
            .map_err(|error| files::trouble("write to", &since, &error))?;
        let moved = fs::rename(&from, &to);
        drop(lock);
        moved.map_err(|error| files::trouble("move into the trash", &from, &error))
    }

    /// Moves a session out of the trash.
    ///
    /// # Errors
    /// It is not there, another one has its name, or it cannot be moved.
    pub fn undelete(&self, run: &RunId) -> Result<(), Failure> {
        let from = self.trash().folder_of(run)?;
        let to = self.sessions.join(&run.0);
        if fs::symlink_metadata(&to).is_ok() {
            return Err(local(format!("{} is in the way.", to.display()))
                .hint("Move it away; the deleted session stays in the trash until then."));
        }
        files::create_dirs(&self.sessions)?;
        fs::rename(&from, &to)
            .map_err(|error| files::trouble("move out of the trash", &from, &error))?;
        // Left over it means nothing.
        let _ = fs::remove_file(to.join(SINCE_FILE));
        Ok(())
    }

    /// Removes for good what was deleted before `before`; all of the trash without it.
    ///
    /// # Errors
    /// The trash cannot be listed.
    pub fn empty_trash(&self, before: Option<Timestamp>) -> Result<Emptied, Failure> {
        let trash = self.trash().sessions;
        let mut emptied = Emptied::default();
        for run in index::runs(&trash)? {
            let folder = trash.join(&run.0);
            let ripe = before.is_none_or(|before| since(&folder).is_some_and(|at| at < before));
            if !ripe {
                continue;
            }
            let bytes = size(&folder);
            match fs::remove_dir_all(&folder) {
                Ok(()) => {
                    emptied.sessions += 1;
                    emptied.bytes += bytes;
                }
                Err(_) => emptied.failed += 1,
            }
        }
        Ok(emptied)
    }

    /// Removes for good what was deleted more than [`TRASH_DAYS`] ago.
    ///
    /// # Errors
    /// The trash cannot be listed.
    pub fn sweep_trash(&self, now: Timestamp) -> Result<Emptied, Failure> {
        let before = Timestamp(now.0.saturating_sub(TRASH_DAYS * DAY_MS));
        self.empty_trash(Some(before))
    }

    /// The folder of a session that is there. A name is checked before it is part of a path.
    fn folder_of(&self, run: &RunId) -> Result<PathBuf, Failure> {
        let folder = self.sessions.join(&run.0);
        let there = super::is_run_name(&run.0)
            && fs::symlink_metadata(&folder).is_ok_and(|meta| meta.is_dir());
        if there {
            Ok(folder)
        } else {
            Err(local(format!(
                "There is no session {run} in {}.",
                self.sessions.display()
            )))
        }
    }
}

/// Since when a folder lies in the trash; `None` when nobody can tell, and then it stays.
fn since(folder: &Path) -> Option<Timestamp> {
    let text = fs::read_to_string(folder.join(SINCE_FILE)).ok()?;
    text.trim().parse().ok().map(Timestamp)
}

/// Room of the files in a folder and one level of folders below; what cannot be seen counts nothing.
fn size(folder: &Path) -> u64 {
    let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    below(folder)
        .flat_map(|entry| {
            let inner: Vec<_> = match entry.file_type() {
                Ok(kind) if kind.is_dir() => below(&entry.path()).collect(),
                _ => vec![entry],
            };
            inner
        })
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|meta| meta.len())
        .sum()
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::Edit,
        store::{WriterHandle, edit_labels, labels, samples},
    };

    const RUN: &str = "20261121-101530-k3f9";

    async fn written(store: &Store, run: &RunId) -> WriterHandle {
        let log = store.write(run.clone()).unwrap();
        for event in samples::session(&run.0) {
            log.append(event).await;
        }
        log
    }

    async fn store() -> (tempfile::TempDir, Store, RunId) {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        let run = RunId(RUN.into());
        written(&store, &run).await.close().await;
        (root, store, run)
    }

    #[tokio::test]
    async fn a_deleted_session_comes_back_as_it_was() {
        let (_root, store, run) = store().await;
        let before = store.read(&run).unwrap();
        let beside = store.beside(&run);
        edit_labels(&beside, &[Edit::Tag("good".into())]).unwrap();
        store.delete(&run, Timestamp(1_000)).unwrap();
        assert_eq!(store.list(9).unwrap().total, 0);
        assert!(store.find("latest").is_err());
        let trash = store.trash();
        assert_eq!(trash.list(9).unwrap().sessions[0].run, run);
        assert_eq!(trash.find("k3f9").unwrap(), run);
        assert!(store.delete(&run, Timestamp(1_000)).is_err(), "only once");
        // As another process does it later.
        Store::open(store.folder().parent().unwrap())
            .unwrap()
            .undelete(&run)
            .unwrap();
        assert_eq!(store.read(&run).unwrap(), before);
        assert!(labels(&beside).tags.contains("good"));
        assert!(!beside.join(SINCE_FILE).exists());
        assert!(store.undelete(&run).is_err());
    }

    #[tokio::test]
    async fn a_session_that_is_written_stays() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        let run = RunId(RUN.into());
        let log = written(&store, &run).await;
        let failure = store.delete(&run, Timestamp(1)).unwrap_err();
        assert!(failure.message.contains("still being written"), "{failure}");
        log.close().await;
        store.delete(&run, Timestamp(1)).unwrap();
    }

    #[tokio::test]
    async fn the_trash_is_emptied_when_it_is_old_or_when_asked() {
        let (_root, store, run) = store().await;
        let day = DAY_MS;
        store.delete(&run, Timestamp(100 * day)).unwrap();
        let early = store.sweep_trash(Timestamp(130 * day)).unwrap();
        assert_eq!(early, Emptied::default());
        let late = store.sweep_trash(Timestamp(130 * day + 1)).unwrap();
        assert!(late.sessions == 1 && late.bytes > 100, "{late:?}");
        assert!(store.undelete(&run).is_err());
        // What has no date stays until somebody says so.
        fs::create_dir_all(store.trash().folder().join(RUN)).unwrap();
        fs::write(store.trash().log(&run), "").unwrap();
        let swept = store.sweep_trash(Timestamp(u64::MAX)).unwrap();
        assert_eq!(swept.sessions, 0);
        assert_eq!(store.empty_trash(None).unwrap().sessions, 1);
    }

    #[test]
    fn only_names_of_sessions_are_paths() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        for name in ["", "..", "../sessions", "/", "a/b"] {
            let run = RunId(name.into());
            assert!(store.delete(&run, Timestamp(1)).is_err(), "{name:?}");
            assert!(store.undelete(&run).is_err(), "{name:?}");
        }
        assert!(store.folder().is_dir());
    }
}
