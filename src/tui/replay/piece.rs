//! Parts of a stored session, as they are asked for and come.

use crate::protocol::{Event, Mark, RunId};

/// What is asked for: the part of a session that begins at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The session: its name, or the folder of a log of MassGen.
    pub run: RunId,
    /// From where; the beginning is `Mark::default()`.
    pub from: Mark,
}

/// A part of a stored session. Its texts have not passed the text gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The session, by its name.
    pub run: RunId,
    /// Where the part begins.
    pub from: Mark,
    /// Its events.
    pub events: Vec<Event>,
    /// Where the next one begins.
    pub next: Mark,
    /// What there is in all, in the unit of [`Mark::offset`].
    pub length: u64,
    /// What follows.
    pub rest: Rest,
}

/// What follows a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// More, already written.
    More,
    /// Nothing: the log ends here.
    End,
    /// Nothing yet: another process is writing on.
    Growing,
}

impl Piece {
    /// A whole session in one piece.
    #[must_use]
    pub fn whole(run: RunId, events: Vec<Event>) -> Self {
        let length = events.len() as u64;
        Self {
            run,
            from: Mark::default(),
            next: Mark {
                offset: length,
                line: length,
                seq: events.last().map_or(0, |event| event.seq.0),
                ..Mark::default()
            },
            events,
            length,
            rest: Rest::End,
        }
    }
}
