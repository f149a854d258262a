//! A session's events one after the other, wherever they come from, with what looks like a secret masked.
//!
//! Our own logs are read as they are asked for, so that a large one never stands in memory; a log of MassGen
//! is made of many files and is read whole. Logs were masked when they were written; what has become known
//! as the shape of a secret since is masked here. Blocking.

use super::shelf::{Shelf, Volume};
use crate::{
    protocol::{Event, Failure},
    store::{
        Reader,
        redact::{self, Redactor},
    },
};

/// The events of a session, in order.
pub struct Tape {
    source: Source,
    redactor: Redactor,
}

enum Source {
    Ours(Box<Reader>),
    Read(std::vec::IntoIter<Event>),
}

impl Tape {
    /// The tape of a session on the shelf.
    ///
    /// # Errors
    /// It cannot be opened, or is of a newer format.
    pub fn open(shelf: &Shelf, volume: &Volume) -> Result<Self, Failure> {
        let source = match volume {
            Volume::Ours(run) => {
                let log = shelf.store().log(run);
                Source::Ours(Box::new(Reader::open(&log)?))
            }
            Volume::MassGen(_) => Source::Read(shelf.read(volume)?.events.into_iter()),
        };
        Ok(Self {
            source,
            redactor: Redactor::new(&[]),
        })
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// The disk's error.
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, an iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, Failure> {
        let event = match &mut self.source {
            Source::Ours(reader) => reader.next()?,
            Source::Read(events) => events.next(),
        };
        Ok(event.map(|event| redact::event(&self.redactor, event)))
    }

    /// What could not be read so far, in words.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        match &self.source {
            Source::Ours(reader) => Some(reader.damage()?.to_string()),
            Source::Read(_) => None,
        }
    }
}
