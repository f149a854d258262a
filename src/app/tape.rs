//! A session's events one after the other, wherever they come from, with what looks like a secret masked.
//!
//! Our own logs are read as they are asked for, so that a large one never stands in memory; a log of MassGen
//! is made of many files and is read whole. Logs were masked when they were written; what has become known
//! as the shape of a secret since is masked here, also where it was written in pieces: for that, the log is
//! read once before. Blocking.

use super::shelf::{Shelf, Volume};
use crate::{
    protocol::{Event, Failure},
    store::{
        Reader,
        redact::{self, Cuts, Joined, Redactor},
    },
};

/// The events of a session, in order.
pub struct Tape {
    source: Source,
    redactor: Redactor,
    cuts: Cuts,
}

enum Source {
    Ours(Box<Reader>),
    Read(std::vec::IntoIter<Event>),
}

impl Source {
    fn next(&mut self) -> Result<Option<Event>, Failure> {
        match self {
            Self::Ours(reader) => reader.next(),
            Self::Read(events) => Ok(events.next()),
        }
    }
}

impl Tape {
    /// The tape of a session on the shelf.
    ///
    /// # Errors
    /// It cannot be opened or read, or is of a newer format.
    pub fn open(shelf: &Shelf, volume: &Volume) -> Result<Self, Failure> {
        let mut tape = Self::times(shelf, volume)?;
        let redactor = Redactor::new(&[]);
        let find = |text: &str| redact::hits(&redactor, text);
        let mut joined = Joined::new(&find);
        match &tape.source {
            Source::Ours(_) => {
                let mut before = Self::times(shelf, volume)?;
                while let Some(event) = before.source.next()? {
                    joined.push(&event);
                }
            }
            Source::Read(events) => events
                .as_slice()
                .iter()
                .for_each(|event| joined.push(event)),
        }
        tape.cuts = joined.finish().0;
        Ok(tape)
    }

    /// The same for whoever only wants to know numbers and times: what is in pieces stays.
    ///
    /// # Errors
    /// It cannot be opened, or is of a newer format.
    pub fn times(shelf: &Shelf, volume: &Volume) -> Result<Self, Failure> {
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
            cuts: Cuts::default(),
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
        let event = self.source.next()?;
        Ok(event.map(|event| redact::event(&self.redactor, self.cuts.apply(event))))
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
