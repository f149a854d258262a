//! Full text search through all sessions.
//!
//! An index of words in one file of [`super::db`], filled from logs piece by piece: what was read of a log
//! is not read again as long as the log only grows. Texts of our own sessions stay in their logs; the
//! index knows where. Several processes may fill and ask it at once, and any of them may be killed at any
//! moment: what a log had and what was read of it change in one transaction. Notes beside a session are
//! found as well. Blocking.

mod excerpt;
mod find;
mod gather;
mod log;
mod noted;
mod put;
mod query;
mod said;
#[cfg(test)]
mod tests;
mod update;
mod words;

pub use query::Query;
pub use update::{Go, Progress};

use std::path::Path;

use super::db::{Db, Plan};
use crate::protocol::Failure;

/// `passages.id` is the time of a passage and a number that makes it unique, so that the newest stand
/// last and are found first.
const PLAN: Plan = Plan {
    name: "search",
    version: 3,
    tables: "
        CREATE TABLE sources(
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, run TEXT NOT NULL, theirs INTEGER NOT NULL,
            step INTEGER NOT NULL, look TEXT NOT NULL, state TEXT NOT NULL);
        CREATE TABLE passages(
            id INTEGER PRIMARY KEY, source INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
            kind TEXT NOT NULL, path TEXT NOT NULL, who TEXT NOT NULL, part INTEGER NOT NULL,
            start INTEGER NOT NULL, stop INTEGER NOT NULL, unfinished INTEGER NOT NULL);
        CREATE INDEX of_source ON passages(source, unfinished);
        CREATE TABLE texts(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
        CREATE VIRTUAL TABLE words USING fts5(
            text, content='', contentless_delete=1, tokenize='ascii');
        INSERT INTO words(words, rank) VALUES('hashsize', 8388608);",
};

/// The index.
#[derive(Debug)]
pub struct Index {
    db: Db,
}

impl Index {
    /// Opens the index below `state_dir`; an empty one where none can be kept.
    ///
    /// # Errors
    /// Not even a file of its own can be had.
    pub fn open(state_dir: &Path) -> Result<Self, Failure> {
        Ok(Self {
            db: Db::open(state_dir, PLAN)?,
        })
    }

    /// Whether what is indexed is there for the next who opens it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.db.is_kept()
    }
}
