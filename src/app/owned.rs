//! The empty folder of a run whose agents bring folders of their own (`backend.cwd`) and were given none
//! that they may change.
//!
//! It lies in the session's own folder, so nothing of the person's is touched, and goes with the session.
//! Agents work in copies of it as of any other folder; what they make gets there when it is taken.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::{
    config::Paths,
    protocol::{Failure, FailureKind, Folder, Own, RunId, Working, change::Access},
};

/// Name of the folder in the session's.
const FOLDER: &str = "files";

/// Where it is, or would be; absolute.
pub(super) fn folder(state: &Path, run: &RunId) -> PathBuf {
    let folder = state.join("sessions").join(&run.0).join(FOLDER);
    std::path::absolute(&folder).unwrap_or(folder)
}

/// Gives a team what its agents bring, if anything: the folder that they name, or an empty one. Gives the
/// empty one when it was made.
///
/// # Errors
/// The folder cannot be made.
pub(super) async fn settle(
    state: &Path,
    run: &RunId,
    working: &mut Working,
) -> Result<Option<PathBuf>, Failure> {
    let own = std::mem::take(&mut working.own);
    if own.is_none() || working.is_changed() {
        return Ok(None);
    }
    let made = folder(state, run);
    let work = move || match theirs(&own) {
        Some(path) => Ok((path, None)),
        None => make(&made).map(|()| (made.clone(), Some(made))),
    };
    let (path, made) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| local(format!("The folder of the run cannot be made: {error}.")))??;
    // The first folder is where relative paths begin.
    working.folders.insert(0, written(&path));
    if made.is_some() {
        working.own = Own::Empty;
    }
    Ok(made)
}

/// The folder of the person's that agents name, when it is there.
fn theirs(own: &Own) -> Option<PathBuf> {
    let Own::At(named) = own else { return None };
    let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
    Some(paths.expand_home(Path::new(named))).filter(|path| path.is_dir())
}

fn make(folder: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|error| {
        let folder = folder.display();
        local(format!(
            "The folder {folder} for the files of this run cannot be made: {error}."
        ))
        .hint(
            "Free some room there, or give agents a folder of yours: --cwd-context write, or \
             `orchestrator.context_paths`.",
        )
    })
}

fn local(what: String) -> Failure {
    Failure::new(FailureKind::Local, what)
}

/// The run does not begin after all.
pub(super) fn unmake(made: &Path) {
    // Whatever is in one of them stays, and so does the folder then.
    let _ = fs::remove_dir(made);
    if let Some(session) = made.parent() {
        let _ = fs::remove_dir(session);
    }
}

fn written(path: &Path) -> Folder {
    Folder {
        path: path.display().to_string(),
        access: Access::Write,
        protected: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "20261121-101530-k3f9";

    async fn settled(state: &Path, own: Own, folders: Vec<Folder>) -> (Working, Option<PathBuf>) {
        let mut working = Working {
            folders,
            own,
            ..Working::default()
        };
        let run = RunId(RUN.into());
        let made = settle(state, &run, &mut working).await.unwrap();
        (working, made)
    }

    #[tokio::test]
    async fn an_empty_folder_stands_first_and_only_where_nothing_may_be_changed() {
        let state = tempfile::tempdir().unwrap();
        let read = Folder {
            access: Access::Read,
            ..written(Path::new("/read"))
        };
        let (working, made) = settled(state.path(), Own::Empty, vec![read.clone()]).await;
        let made = made.unwrap();
        assert_eq!(made, folder(state.path(), &RunId(RUN.into())));
        assert_eq!(fs::read_dir(&made).unwrap().count(), 0);
        assert_eq!(working.folders, [written(&made), read]);
        assert_eq!(working.own, Own::Empty);
        unmake(&made);
        assert!(!made.exists() && !made.parent().unwrap().exists());

        let given = vec![written(Path::new("/mine"))];
        let (working, made) = settled(state.path(), Own::Empty, given.clone()).await;
        assert_eq!(
            (working.folders, working.own, made),
            (given, Own::None, None)
        );
        let (working, made) = settled(state.path(), Own::None, Vec::new()).await;
        assert_eq!((working, made), (Working::default(), None));
    }

    #[tokio::test]
    async fn a_folder_of_the_persons_is_taken_when_it_is_there() {
        let state = tempfile::tempdir().unwrap();
        let theirs = state.path().join("theirs");
        let own = Own::At(theirs.display().to_string());
        let (working, made) = settled(state.path(), own.clone(), Vec::new()).await;
        assert!(
            made.is_some() && working.own == Own::Empty,
            "it is not there"
        );
        assert!(!theirs.exists(), "and is not made");
        fs::create_dir(&theirs).unwrap();
        let (working, made) = settled(state.path(), own, Vec::new()).await;
        assert_eq!((working.folders, made), (vec![written(&theirs)], None));
        assert_eq!(working.own, Own::None);
    }
}
