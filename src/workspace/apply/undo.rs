//! Taking back what was applied.
//!
//! An undo is an application of its own, from the record's second side to its first: it is kept,
//! written and recovered in the same way. Files that the person changed since are never overwritten
//! without their word.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use git2::FileFavor;

use super::{
    hand::{Found, Hand},
    ingit,
    journal::{self, Journal, Journals, copy_in, holds, keep},
    merge,
    perform::run,
    record::{Held, HeldFile, InGit, Moved, Op, Phase, Record, Staged},
    recover::{hand, now, root, settle},
};
use crate::{
    protocol::{
        RunId, Timestamp,
        change::{ApplyId, Destination, RepoPath},
    },
    workspace::{Trouble, TroubleKind, Watch, lines, names},
};

/// What becomes of files that the person changed after they were applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Nothing is undone.
    Refuse,
    /// They stay as they are; the others are undone.
    Keep,
    /// The person's later change is kept and the rest of the file goes back, with conflict markers
    /// where that does not fit. What cannot be merged stays.
    Merge,
}

/// What was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The application.
    pub id: ApplyId,
    /// The root of its folder.
    pub root: PathBuf,
    /// Files that are as they were before it.
    pub files: Vec<RepoPath>,
    /// Files that stayed as they are.
    pub kept: Vec<RepoPath>,
    /// Files with conflict markers.
    pub conflicts: Vec<RepoPath>,
}

/// One application in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: ApplyId,
    /// When it was.
    pub at: Timestamp,
    /// Of which run.
    pub run: Option<RunId>,
    /// The root of its folder.
    pub root: PathBuf,
    /// Where it went.
    pub to: Destination,
    /// Whose work it was.
    pub agents: Vec<String>,
    /// Files that were written or removed.
    pub files: Vec<RepoPath>,
    /// The application that it took back, when it is an undo.
    pub undoes: Option<ApplyId>,
    /// Whether it stands, and was not undone or taken back.
    pub stands: bool,
}

/// All applications of a state folder whose record can be read, oldest first.
///
/// # Errors
///
/// When the records cannot be listed.
pub fn list(state_dir: &Path) -> Result<Vec<Listed>, Trouble> {
    let all = journal::list(state_dir)?;
    Ok(all
        .into_iter()
        .map(|(record, phase)| Listed {
            root: root(&record),
            id: record.id,
            at: record.at,
            run: record.run,
            to: record.to,
            agents: record.agents,
            files: record.files.into_iter().map(|op| op.path).collect(),
            undoes: record.undoes,
            stands: phase == Phase::Applied,
        })
        .collect())
}

/// Takes back an application; without an id the last one that stands.
///
/// # Errors
///
/// [`TroubleKind::Missing`] when there is nothing to undo, [`TroubleKind::Refused`] when the person
/// changed something since that cannot be kept (`changed` says what to do about files). Then
/// everything is as it was.
pub fn undo(
    state_dir: &Path,
    id: Option<&ApplyId>,
    changed: Changed,
    at: Timestamp,
    watch: Watch<'_>,
) -> Result<Undone, Trouble> {
    if !state_dir.join("applied").is_dir() {
        return Err(nothing(state_dir, id));
    }
    let journals = Journals::open(state_dir)?;
    settle(&journals)?;
    let old = chosen(&journals, id, state_dir)?;
    let hand = hand(&old)?;
    let (new_id, dir) = journals.make()?;
    let begun = Turning {
        old: &old,
        hand: &hand,
        dir: &dir,
        changed,
        kept: Vec::new(),
        conflicts: Vec::new(),
    }
    .record(new_id.clone(), at);
    let (journal, kept) = match begun {
        Ok(begun) => begun,
        Err(trouble) => {
            // Nothing was touched yet; a folder that stays is swept up with the next application.
            let _ = journals.discard(&new_id);
            return Err(trouble);
        }
    };
    run(&journal, &hand, watch)?;
    old.turn(Phase::Undone)?;
    let root = root(&old.record);
    let record = journal.record;
    Ok(Undone {
        id: old.record.id,
        root,
        files: record.files.into_iter().map(|op| op.path).collect(),
        kept,
        conflicts: record.conflicts,
    })
}

/// Files, and index entries, that the person changed after they were applied: what stands in the way of
/// [`Changed::Refuse`] and not of the other ways. Nothing is changed.
///
/// # Errors
///
/// When the application does not stand, or its folder cannot be read.
pub fn changed_since(state_dir: &Path, id: &ApplyId) -> Result<Vec<RepoPath>, Trouble> {
    if !state_dir.join("applied").is_dir() {
        return Err(nothing(state_dir, Some(id)));
    }
    let journals = Journals::open(state_dir)?;
    let old = chosen(&journals, Some(id), state_dir)?;
    let hand = hand(&old)?;
    let mut turning = Turning {
        old: &old,
        hand: &hand,
        dir: &old.dir,
        // Nothing is kept or merged here; index entries that differ are told.
        changed: Changed::Keep,
        kept: Vec::new(),
        conflicts: Vec::new(),
    };
    turning.git()?;
    let mut changed = std::mem::take(&mut turning.kept);
    for op in &old.record.files {
        let has = |held| turning.has(op, held);
        if !has(&op.before)? && !has(&op.after)? {
            changed.push(op.path.clone());
        }
    }
    changed.sort();
    changed.dedup();
    Ok(changed)
}

/// The application that is meant.
fn chosen(journals: &Journals, id: Option<&ApplyId>, state_dir: &Path) -> Result<Journal, Trouble> {
    if let Some(id) = id {
        return match journals.read(id)? {
            Some((journal, Phase::Applied)) => Ok(journal),
            Some(_) => Err(Trouble::new(
                TroubleKind::Missing,
                format!(
                    "application {} does not stand: it was undone or taken back",
                    id.0
                ),
                state_dir.display().to_string(),
                "`massgen-tui undo --list` shows what can be undone.",
            )),
            None => Err(nothing(state_dir, Some(id))),
        };
    }
    for id in journals.names()?.iter().rev() {
        if let Some((journal, Phase::Applied)) = journals.read(id)?
            && journal.record.undoes.is_none()
        {
            return Ok(journal);
        }
    }
    Err(nothing(state_dir, None))
}

fn nothing(state_dir: &Path, id: Option<&ApplyId>) -> Trouble {
    let what = match id {
        Some(id) => format!("there is no application {}", id.0),
        None => "there is nothing to undo".to_owned(),
    };
    Trouble::new(
        TroubleKind::Missing,
        what,
        state_dir.display().to_string(),
        "`massgen-tui undo --list` shows what was applied.",
    )
}

/// An application turned around.
struct Turning<'a> {
    old: &'a Journal,
    hand: &'a Hand,
    dir: &'a Path,
    changed: Changed,
    kept: Vec<RepoPath>,
    conflicts: Vec<RepoPath>,
}

impl Turning<'_> {
    fn record(mut self, id: ApplyId, at: Timestamp) -> Result<(Journal, Vec<RepoPath>), Trouble> {
        let old = &self.old.record;
        let git = self.git()?;
        let mut files = Vec::with_capacity(old.files.len());
        let mut others = Vec::new();
        for (number, op) in old.files.iter().enumerate() {
            match self.file(number, op)? {
                Turned::Back(op) => files.push(op),
                Turned::Already => {}
                Turned::Changed => others.push(op.path.clone()),
            }
        }
        if !others.is_empty() && self.changed == Changed::Refuse {
            let list: Vec<String> = others.iter().map(ToString::to_string).collect();
            return Err(Trouble::new(
                TroubleKind::Refused,
                format!(
                    "you changed files since they were applied: {}",
                    list.join(", ")
                ),
                root(old).display().to_string(),
                "Nothing was undone. `--keep` leaves them and undoes the rest, `--merge` keeps your \
                 change in them where it fits.",
            ));
        }
        self.kept.extend(others);
        let mode = |path: &RepoPath| match self.hand.look(path.as_bytes()) {
            Ok(Found::Folder(stat)) => stat.st_mode & 0o7777,
            _ => 0o755,
        };
        let record = Record {
            version: old.version,
            token: format!("{}-{:06x}", id.0, fastrand::u32(..0x0100_0000)),
            id,
            at,
            run: old.run.clone(),
            context: old.context,
            to: old.to.clone(),
            agents: old.agents.clone(),
            undoes: Some(old.id.clone()),
            site: old.site.clone(),
            files,
            made: old
                .emptied
                .iter()
                .rev()
                .filter(|(path, _)| {
                    !matches!(self.hand.look(path.as_bytes()), Ok(Found::Folder(_)))
                })
                .map(|(path, mode)| (path.clone(), Some(*mode)))
                .collect(),
            emptied: old
                .made
                .iter()
                .rev()
                .map(|(path, _)| (path.clone(), mode(path)))
                .collect(),
            git,
            conflicts: self.conflicts,
        };
        let journal = Journal {
            dir: self.dir.to_path_buf(),
            record,
        };
        Ok((journal, self.kept))
    }

    /// Whether a file is as it was kept.
    fn has(&self, op: &Op, held: &Held) -> Result<bool, Trouble> {
        let path = op.path.as_bytes();
        holds(
            self.hand,
            path,
            held,
            &self.old.dir,
            self.old.record.site.modes,
        )
        .map(|(has, _)| has)
        .map_err(|error| self.hand.trouble("cannot read a file", path, &error))
    }

    fn file(&mut self, number: usize, op: &Op) -> Result<Turned, Trouble> {
        let path = op.path.as_bytes();
        if self.has(op, &op.before)? {
            return Ok(Turned::Already);
        }
        let as_applied = self.has(op, &op.after)?;
        if !as_applied && self.changed == Changed::Refuse {
            return Ok(Turned::Changed);
        }
        let now = match keep(self.hand, path, self.dir, &format!("b{number}"))? {
            Some(now) => now,
            // A folder that stands where the file was goes with its own files.
            None if as_applied => Held::Nothing,
            None => return Ok(Turned::Changed),
        };
        let name = format!("a{number}");
        let after = if as_applied {
            self.copy(&op.before, &name)?
        } else if self.changed == Changed::Merge {
            match self.merged(op, &now, &name)? {
                Some(after) => after,
                None => return Ok(Turned::Changed),
            }
        } else {
            return Ok(Turned::Changed);
        };
        Ok(Turned::Back(Op {
            path: op.path.clone(),
            before: now,
            after,
        }))
    }

    /// What stood there, its content copied beside the new record.
    fn copy(&self, held: &Held, name: &str) -> Result<Held, Trouble> {
        let Held::File(file) = held else {
            return Ok(held.clone());
        };
        let from = self.old.dir.join(&file.bytes);
        let mut from =
            File::open(&from).map_err(|error| Trouble::io("cannot read a copy", &from, &error))?;
        copy_in(&mut from, self.dir, name)?;
        Ok(Held::File(HeldFile {
            bytes: name.to_owned(),
            ..file.clone()
        }))
    }

    /// The person's later change with the rest of the file as it was; `None` when that is no matter of
    /// lines.
    fn merged(&mut self, op: &Op, now: &Held, name: &str) -> Result<Option<Held>, Trouble> {
        let (Held::File(before), Held::File(after), Held::File(mine)) =
            (&op.before, &op.after, now)
        else {
            return Ok(None);
        };
        let read = |dir: &Path, file: &HeldFile| {
            let path = dir.join(&file.bytes);
            fs::read(&path).map_err(|error| Trouble::io("cannot read a copy", &path, &error))
        };
        let base = read(&self.old.dir, after)?;
        let (ours, theirs) = (read(self.dir, mine)?, read(&self.old.dir, before)?);
        if [&base, &ours, &theirs]
            .into_iter()
            .any(|text| lines::is_binary(text))
        {
            return Ok(None);
        }
        let (text, fits) = merge::three(&base, &ours, &theirs, "before", FileFavor::Normal)
            .map_err(|error| Trouble::git("cannot merge a file", op.path.to_string(), &error))?;
        if !fits {
            self.conflicts.push(op.path.clone());
        }
        let size = copy_in(&mut text.as_slice(), self.dir, name)?;
        Ok(Some(Held::File(HeldFile {
            bytes: name.to_owned(),
            size,
            changed: None,
            ..mine.clone()
        })))
    }

    /// What goes back in git itself.
    fn git(&mut self) -> Result<InGit, Trouble> {
        let old = &self.old.record;
        let Some(git_dir) = &old.site.git_dir else {
            return Ok(InGit::default());
        };
        let git_dir = names::path(git_dir.as_bytes());
        let reference = match &old.git.reference {
            Some(moved) if now(git_dir, moved)? != moved.after => {
                return Err(Trouble::new(
                    TroubleKind::Refused,
                    format!("`{}` has moved on since", moved.name),
                    root(old).display().to_string(),
                    "Nothing was undone. `git revert` takes back a commit that others stand on.",
                ));
            }
            moved => moved.as_ref().map(|moved| Moved {
                name: moved.name.clone(),
                before: moved.after.clone(),
                after: moved.before.clone(),
            }),
        };
        let mut index = Vec::new();
        if !old.git.index.is_empty() {
            let path = git_dir.join("index");
            let now = git2::Index::open(&path).map_err(|error| {
                Trouble::git("cannot read the index", path.display().to_string(), &error)
            })?;
            for staged in &old.git.index {
                let slots = ingit::slots(&now, staged.path.as_bytes());
                if slots == staged.after {
                    index.push(Staged {
                        path: staged.path.clone(),
                        before: staged.after.clone(),
                        after: staged.before.clone(),
                    });
                } else if slots != staged.before {
                    if self.changed == Changed::Refuse {
                        return Err(Trouble::new(
                            TroubleKind::Refused,
                            format!("you staged something else for `{}` since", staged.path),
                            root(old).display().to_string(),
                            "Nothing was undone. `--keep` leaves what you staged and undoes the rest.",
                        ));
                    }
                    self.kept.push(staged.path.clone());
                }
            }
        }
        Ok(InGit { index, reference })
    }
}

/// What an undo makes of one file.
enum Turned {
    /// It goes back.
    Back(Op),
    /// It is as before.
    Already,
    /// The person changed it.
    Changed,
}
