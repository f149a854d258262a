//! A session's events one after the other, wherever they come from, with what looks like a secret masked.
//!
//! Logs were masked when they were written; what has become known as the shape of a secret since is masked
//! here, also where it was written in pieces: for that, the whole log is read before its first event is
//! given. A log up to [`KEPT`] is kept from that reading; a larger one of ours is read a second time, as it
//! is asked for, so that it never stands in memory. A log of MassGen is made of many files and is always
//! read whole, and once. Blocking.

use super::shelf::{Shelf, Volume};
use crate::{
    protocol::{Event, Failure, Seq, Timestamp},
    store::{
        Reader,
        redact::{self, Cuts, Joined, Redactor},
    },
};

/// Largest log of ours that is kept in memory, in bytes.
const KEPT: u64 = 16_000_000;

/// The number and the time of an event.
pub type Place = (Seq, Timestamp);

/// The events of a session, in order.
pub struct Tape {
    source: Source,
    redactor: Redactor,
    cuts: Cuts,
    span: Option<(Place, Place)>,
}

enum Source {
    Ours(Box<Reader>),
    Read {
        events: std::vec::IntoIter<Event>,
        /// What was found unreadable, with how many events were left to give then.
        damage: Vec<(usize, String)>,
    },
}

impl Source {
    fn next(&mut self) -> Result<Option<Event>, Failure> {
        match self {
            Self::Ours(reader) => reader.next(),
            Self::Read { events, .. } => Ok(events.next()),
        }
    }
}

impl Tape {
    /// The tape of a session on the shelf.
    ///
    /// # Errors
    /// It cannot be opened or read, or is of a newer format.
    pub fn open(shelf: &Shelf, volume: &Volume) -> Result<Self, Failure> {
        let redactor = shelf.redactor();
        let find = |text: &str| redact::hits(&redactor, text);
        let mut pass = Pass {
            joined: Joined::new(&find),
            span: None,
        };
        let source = match volume {
            Volume::Ours(run) => {
                let log = shelf.store().log(run);
                let length = std::fs::metadata(&log).map_or(0, |meta| meta.len());
                if length > KEPT {
                    let mut before = Reader::open(&log)?;
                    while let Some(event) = before.next()? {
                        pass.take(&event);
                    }
                    Source::Ours(Box::new(Reader::open(&log)?))
                } else {
                    kept(Reader::open(&log)?, &mut pass)?
                }
            }
            Volume::MassGen(_) => {
                let events = shelf.read(volume)?.events;
                for event in &events {
                    pass.take(event);
                }
                Source::Read {
                    events: events.into_iter(),
                    damage: Vec::new(),
                }
            }
        };
        let (cuts, span) = (pass.joined.finish().0, pass.span);
        Ok(Self {
            source,
            redactor,
            cuts,
            span,
        })
    }

    /// The first and the last event; `None` where there is none.
    #[must_use]
    pub const fn span(&self) -> Option<(Place, Place)> {
        self.span
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
            Source::Read { events, damage } => {
                let left = events.len();
                let known = damage.iter().take_while(|(then, _)| *then >= left);
                known.last().map(|(_, words)| words.clone())
            }
        }
    }
}

/// What the first reading finds out.
struct Pass<'a> {
    joined: Joined<'a>,
    span: Option<(Place, Place)>,
}

impl Pass<'_> {
    fn take(&mut self, event: &Event) {
        let place = (event.seq, event.at);
        let first = self.span.map_or(place, |(first, _)| first);
        self.span = Some((first, place));
        self.joined.push(event);
    }
}

/// Reads a log into memory.
fn kept(mut reader: Reader, pass: &mut Pass<'_>) -> Result<Source, Failure> {
    let mut events = Vec::new();
    let mut damage: Vec<(usize, String)> = Vec::new();
    loop {
        let event = reader.next()?;
        let given = events.len() + usize::from(event.is_some());
        if let Some(words) = reader.damage().map(|damage| damage.to_string())
            && damage.last().is_none_or(|(_, known)| *known != words)
        {
            damage.push((given, words));
        }
        let Some(event) = event else { break };
        pass.take(&event);
        events.push(event);
    }
    // Counted from the end, as the events are used up.
    let all = events.len();
    for (given, _) in &mut damage {
        *given = all - *given;
    }
    Ok(Source::Read {
        events: events.into_iter(),
        damage,
    })
}
