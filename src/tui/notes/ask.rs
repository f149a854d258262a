//! What the room of notes asks the world, and what it is told.

use std::sync::Arc;

use crate::protocol::{
    Failure, RunId, Timestamp,
    note::{Act, NoteId, Seen, Threads},
};

/// A question about the notes of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which session.
    pub run: RunId,
    /// What.
    pub what: What,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// All notes.
    Read,
    /// Write something down; without a name, a new note.
    Write {
        /// Which note.
        note: Option<NoteId>,
        /// What is done to it.
        act: Box<Act>,
    },
    /// Remember what was looked at.
    See(Box<Seen>),
}

impl Ask {
    /// True for what is written down.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self.what {
            What::Write { .. } | What::See(_) => true,
            What::Read => false,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Of which session.
    pub run: RunId,
    /// What there is to know.
    pub news: Result<News, Failure>,
}

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The notes as they are now.
    Book(Arc<Book>),
    /// What was looked at is remembered.
    Remembered,
}

/// The notes of a session and who looks at them. Texts and names are as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// The person's name.
    pub who: String,
    /// The notes.
    pub threads: Threads,
    /// What the person has looked at.
    pub seen: Seen,
    /// When it was read.
    pub now: Timestamp,
    /// What could not be read.
    pub damage: Option<String>,
}
