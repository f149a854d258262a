//! Ending what a killed program left half done.
//!
//! When everything of a record is written, it is finished; otherwise everything of it that stands is
//! taken back. What somebody changed since is left and told.

use std::path::{Path, PathBuf};

use super::{
    hand::Hand,
    ingit,
    journal::{Journal, Journals, Leftover, Run, holds},
    record::{Moved, Phase, Record, Way},
};
use crate::{
    protocol::change::{ApplyId, ObjectId, RepoPath},
    workspace::{Trouble, TroubleKind, names, unwatched},
};

/// What became of an application that was left half done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Its name.
    pub id: ApplyId,
    /// The root of its folder; the folder of its record, when that cannot be read.
    pub root: PathBuf,
    /// What became of it.
    pub what: Recovery,
}

/// What became of an application that was left half done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Everything had been written; it stands.
    Finished,
    /// Everything is as before it.
    RolledBack,
    /// Everything is as before it but these, which somebody changed since.
    Left(Vec<RepoPath>),
    /// It could not be looked at; why. The next start tries again.
    Failed(String),
    /// Its record cannot be read, or is another version's; why. Nothing of it is touched, and it stays.
    Unreadable(String),
}

/// Ends what a killed program left half done: finishes it when all was written, takes it back
/// otherwise. Nothing is done while another process applies something. Records that cannot be read are
/// told, and do not keep the others from being ended.
///
/// # Errors
///
/// When the records cannot be listed or locked.
pub fn recover(state_dir: &Path) -> Result<Vec<Recovered>, Trouble> {
    if !state_dir.join("applied").is_dir() {
        return Ok(Vec::new());
    }
    match Journals::open(state_dir) {
        Ok(journals) => settle(&journals),
        Err(trouble) if trouble.kind == TroubleKind::Busy => Ok(Vec::new()),
        Err(trouble) => Err(trouble),
    }
}

/// [`recover`] for who has the lock.
pub(super) fn settle(journals: &Journals) -> Result<Vec<Recovered>, Trouble> {
    let mut found = Vec::new();
    for id in journals.names()? {
        let read = journals.read(&id).and_then(|read| match read {
            Some(read) => Ok(Some(read)),
            None => journals.discard(&id).map(|()| None),
        });
        let (journal, phase) = match read {
            Ok(Some(read)) => read,
            Ok(None) => continue,
            Err(trouble) => {
                found.push(Recovered {
                    root: journals.folder(&id),
                    what: Recovery::Unreadable(trouble.to_string()),
                    id,
                });
                continue;
            }
        };
        let mut stands = phase == Phase::Applied;
        if phase == Phase::Prepared {
            let what = match end(&journal) {
                Ok(what) => what,
                Err(trouble) => Recovery::Failed(trouble.to_string()),
            };
            stands = what == Recovery::Finished;
            found.push(Recovered {
                id,
                root: root(&journal.record),
                what,
            });
        }
        if let (true, Some(undone)) = (stands, &journal.record.undoes)
            // What cannot be read is told for itself.
            && let Ok(Some((old, Phase::Applied))) = journals.read(undone)
        {
            old.turn(Phase::Undone)?;
        }
    }
    Ok(found)
}

/// Finishes or takes back one.
fn end(journal: &Journal) -> Result<Recovery, Trouble> {
    let hand = hand(journal)?;
    if stands(journal, &hand)? {
        journal.turn(Phase::Applied)?;
        return Ok(Recovery::Finished);
    }
    let left = Run::new(journal, &hand, Way::Back, Leftover::Leave, &unwatched).all()?;
    journal.turn(Phase::RolledBack)?;
    Ok(if left.is_empty() {
        Recovery::RolledBack
    } else {
        Recovery::Left(left)
    })
}

/// True when everything is as the record says it should be afterwards.
fn stands(journal: &Journal, hand: &Hand) -> Result<bool, Trouble> {
    let record = &journal.record;
    for op in &record.files {
        let path = op.path.as_bytes();
        let held = holds(hand, path, &op.after, &journal.dir, record.site.modes)
            .map_err(|error| hand.trouble("cannot read a file", path, &error))?;
        if !held.0 {
            return Ok(false);
        }
    }
    let Some(git_dir) = &record.site.git_dir else {
        return Ok(true);
    };
    let git_dir = names::path(git_dir.as_bytes());
    if !record.git.index.is_empty() && !ingit::is_staged(git_dir, record, Way::Forward) {
        return Ok(false);
    }
    let Some(moved) = &record.git.reference else {
        return Ok(true);
    };
    Ok(now(git_dir, moved)? == moved.after)
}

/// Where the ref of a record is now.
pub(super) fn now(git_dir: &Path, moved: &Moved) -> Result<Option<ObjectId>, Trouble> {
    let git = git2::Repository::open(git_dir).map_err(|error| {
        Trouble::git(
            "cannot open the repository",
            git_dir.display().to_string(),
            &error,
        )
    })?;
    Ok(ingit::reference(&git, &moved.name))
}

/// The folder of a record.
pub(super) fn root(record: &Record) -> PathBuf {
    names::path(record.site.root.as_bytes()).to_path_buf()
}

/// The folder of a record, open. Git's folders and ours are barred as when it was written.
pub(super) fn hand(journal: &Journal) -> Result<Hand, Trouble> {
    let root = root(&journal.record);
    let mut barred: Vec<PathBuf> = Vec::new();
    // `<state>/applied/<id>`.
    barred.extend(journal.dir.ancestors().nth(2).map(Path::to_path_buf));
    if let Some(git_dir) = &journal.record.site.git_dir {
        let git_dir = names::path(git_dir.as_bytes());
        barred.push(git_dir.to_path_buf());
        if let Ok(git) = git2::Repository::open(git_dir) {
            barred.push(git.commondir().to_path_buf());
        }
    }
    let barred: Vec<&Path> = barred.iter().map(PathBuf::as_path).collect();
    Hand::open(&root, &barred)
}
