//! The steps of one record, forward and back.

use std::io;

use super::{Journal, holds};
use crate::{
    protocol::change::RepoPath,
    workspace::{
        Trouble, TroubleKind, Watch,
        apply::{
            hand::{Hand, NewFile},
            ingit,
            record::{Held, Op, Way},
        },
        names,
        watch::{Stage, tell},
    },
};

/// What a run of steps does about things that are on neither side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workspace::apply) enum Leftover {
    /// It stops.
    Stop,
    /// It leaves them as they are.
    Leave,
}

/// On which side a file is.
enum Side {
    /// The first; what the system says of it, when something is there.
    First(Option<rustix::fs::Stat>),
    /// The second, or neither and left so: there is nothing to do.
    Done,
}

/// One run through the steps of a record.
pub(in crate::workspace::apply) struct Run<'a> {
    pub(in crate::workspace::apply) journal: &'a Journal,
    pub(in crate::workspace::apply) hand: &'a Hand,
    pub(in crate::workspace::apply) way: Way,
    pub(in crate::workspace::apply) leftover: Leftover,
    pub(in crate::workspace::apply) watch: Watch<'a>,
    done: usize,
    left: Vec<RepoPath>,
}

impl<'a> Run<'a> {
    /// A run that has not begun.
    pub(in crate::workspace::apply) fn new(
        journal: &'a Journal,
        hand: &'a Hand,
        way: Way,
        leftover: Leftover,
        watch: Watch<'a>,
    ) -> Self {
        Self {
            journal,
            hand,
            way,
            leftover,
            watch,
            done: 0,
            left: Vec::new(),
        }
    }

    /// Takes every step; gives the paths that were on neither side and were left.
    pub(in crate::workspace::apply) fn all(mut self) -> Result<Vec<RepoPath>, Trouble> {
        match self.way {
            Way::Forward => {
                self.files()?;
                self.git()?;
            }
            Way::Back => {
                // Files come back even when git is at work on its index.
                let git = self.git();
                self.files()?;
                git?;
            }
        }
        Ok(self.left)
    }

    /// The name that file number `number` has until it gets its own.
    fn temporary(&self, number: usize) -> String {
        format!(".massgen-tui-{}-{number}", self.journal.record.token)
    }

    /// Tells that the next step comes; every one of them can be the last that is taken.
    fn step(&mut self) -> Result<(), Trouble> {
        self.done += 1;
        tell(self.watch, Stage::Applying, self.done, 0)
    }

    fn files(&mut self) -> Result<(), Trouble> {
        let record = &self.journal.record;
        for (number, op) in record.files.iter().enumerate() {
            self.hand.sweep(op.path.as_bytes(), &self.temporary(number));
        }
        let (going, coming): (Vec<_>, Vec<_>) = record
            .files
            .iter()
            .enumerate()
            .partition(|(_, op)| *op.sides(self.way).1 == Held::Nothing);
        for (_, op) in going {
            self.step()?;
            self.remove(op)?;
        }
        let emptied: Vec<(&RepoPath, Option<u32>)> = record
            .emptied
            .iter()
            .map(|(path, mode)| (path, Some(*mode)))
            .collect();
        let made: Vec<(&RepoPath, Option<u32>)> = record
            .made
            .iter()
            .map(|(path, mode)| (path, *mode))
            .collect();
        let (out, mut into) = match self.way {
            Way::Forward => (emptied, made),
            Way::Back => (made.into_iter().rev().collect(), emptied),
        };
        if self.way == Way::Back {
            // Inner ones go first and come back last.
            into.reverse();
        }
        for (path, _) in out {
            self.step()?;
            let path = path.as_bytes();
            // One that has got something else in it stays, and is nobody's trouble.
            let removed = self.hand.remove_folder(path).map(drop);
            self.forgive(path, "cannot remove a folder", removed)?;
        }
        for (path, mode) in into {
            self.step()?;
            let path = path.as_bytes();
            let made = self.hand.make_folder(path, mode);
            self.forgive(path, "cannot make a folder", made)?;
        }
        for (number, op) in coming {
            self.step()?;
            self.put(number, op)?;
        }
        self.step()?;
        let mut folders: Vec<&[u8]> = Vec::new();
        for op in &record.files {
            let path = op.path.as_bytes();
            let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            if !folders.iter().any(|known| {
                known.iter().rposition(|byte| *byte == b'/').unwrap_or(0) == end
                    && known[..end] == path[..end]
            }) {
                folders.push(path);
            }
        }
        for path in folders {
            let synced = self.hand.sync(path);
            self.forgive(path, "cannot write a folder", synced)?;
        }
        self.step()?;
        self.verify()
    }

    /// Ends the run, or leaves `path` as it is, when it cannot be changed.
    fn forgive(&mut self, path: &[u8], what: &str, done: io::Result<()>) -> Result<(), Trouble> {
        match (done, self.leftover) {
            (Ok(()), _) => Ok(()),
            (Err(error), Leftover::Stop) => Err(self.hand.trouble(what, path, &error)),
            (Err(_), Leftover::Leave) => {
                self.leave(path);
                Ok(())
            }
        }
    }

    fn leave(&mut self, path: &[u8]) {
        let path = RepoPath::new(path.to_vec());
        if !self.left.contains(&path) {
            self.left.push(path);
        }
    }

    /// On which side `op` is.
    fn first(&mut self, op: &Op) -> Result<Side, Trouble> {
        let path = op.path.as_bytes();
        let (from, to) = op.sides(self.way);
        let modes = self.journal.record.site.modes;
        let holds = |held| {
            holds(self.hand, path, held, &self.journal.dir, modes)
                .map_err(|error| self.hand.trouble("cannot read a file", path, &error))
        };
        if holds(to)?.0 && from != to {
            return Ok(Side::Done);
        }
        let (first, stat) = holds(from)?;
        if first {
            return Ok(Side::First(stat));
        }
        if self.leftover == Leftover::Leave {
            self.leave(path);
            return Ok(Side::Done);
        }
        Err(Trouble::new(
            TroubleKind::Refused,
            "the file changed in this moment, and not by us",
            self.hand.full(path).display().to_string(),
            "Nothing was applied; look at the changes again.",
        ))
    }

    fn remove(&mut self, op: &Op) -> Result<(), Trouble> {
        if matches!(self.first(op)?, Side::Done) {
            return Ok(());
        }
        let path = op.path.as_bytes();
        let removed = self.hand.remove(path);
        self.forgive(path, "cannot remove a file", removed)
    }

    fn put(&mut self, number: usize, op: &Op) -> Result<(), Trouble> {
        let path = op.path.as_bytes();
        let temporary = self.temporary(number);
        let Side::First(seen) = self.first(op)? else {
            return Ok(());
        };
        let prepared = match op.sides(self.way).1 {
            Held::Nothing => return Ok(()),
            Held::Link { target, changed } => {
                self.hand
                    .prepare_link(path, &temporary, target.as_bytes(), *changed)
            }
            Held::File(file) => self.hand.prepare(
                path,
                &temporary,
                &NewFile {
                    bytes: &self.journal.dir.join(&file.bytes),
                    executable: file.executable,
                    mode: file.mode,
                    changed: file.changed,
                },
            ),
        };
        self.step()?;
        let done = prepared.and_then(|()| self.hand.settle(path, &temporary, seen.as_ref()));
        if done.is_err() {
            self.hand.sweep(path, &temporary);
        }
        self.forgive(path, "cannot write a file", done)
    }

    /// Reads everything again.
    fn verify(&mut self) -> Result<(), Trouble> {
        for op in &self.journal.record.files {
            let path = op.path.as_bytes();
            let (_, to) = op.sides(self.way);
            let modes = self.journal.record.site.modes;
            let held = holds(self.hand, path, to, &self.journal.dir, modes)
                .map_err(|error| self.hand.trouble("cannot read a file", path, &error))?;
            if !held.0 {
                if self.leftover == Leftover::Leave {
                    self.leave(path);
                    continue;
                }
                return Err(Trouble::new(
                    TroubleKind::Damaged,
                    "the file does not hold what was written to it",
                    self.hand.full(path).display().to_string(),
                    "Check the disk; nothing was applied.",
                ));
            }
        }
        Ok(())
    }

    fn git(&mut self) -> Result<(), Trouble> {
        let record = &self.journal.record;
        let Some(git_dir) = &record.site.git_dir else {
            return Ok(());
        };
        let git_dir = names::path(git_dir.as_bytes()).to_path_buf();
        let order = match self.way {
            Way::Forward => [true, false],
            Way::Back => [false, true],
        };
        for index in order {
            if index && !record.git.index.is_empty() {
                self.step()?;
                let left = ingit::stage(&git_dir, record, self.way, self.leftover)?;
                self.left.extend(left);
            } else if !index && let Some(moved) = &record.git.reference {
                self.step()?;
                let there = ingit::move_ref(&git_dir, moved, self.way, self.leftover)?;
                if !there {
                    self.leave(moved.name.as_bytes());
                }
            }
        }
        self.step()
    }
}
