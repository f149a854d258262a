//! What is known of a stored session: a light line for every event, and the events while there is room.

use super::{Piece, Rest};
use crate::{
    protocol::{
        AgentEvent, BallotEvent, CallEvent, Event, EventKind, Level, Mark, RunEvent, RunId,
        Setback, Timestamp, ToolEvent,
    },
    text::clean::Gate,
};

/// An event, in few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its number in the log.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What it is to somebody who looks for a place.
    pub kind: Kind,
}

/// What an event is to somebody who looks for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An answer was published.
    Answer,
    /// A ballot was cast.
    Vote,
    /// Something failed: a call, a tool, an agent, a round, an act that was not accepted.
    Error,
    /// The vote was settled, or the turn ended.
    Decision,
    /// A turn, a phase, a round, a tool, a message.
    Step,
    /// Text that streams in, and counts.
    Stream,
}

impl Kind {
    /// What this event is.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        match &event.kind {
            EventKind::Run(RunEvent::Decided(_) | RunEvent::Ended(_)) => Self::Decision,
            EventKind::Run(RunEvent::Notice {
                level: Level::Error,
                ..
            }) => Self::Error,
            EventKind::Run(_) => Self::Step,
            EventKind::Agent { event, .. } => match event {
                AgentEvent::Published(_) => Self::Answer,
                AgentEvent::Ballot(BallotEvent::Cast(_) | BallotEvent::Auto(_)) => Self::Vote,
                AgentEvent::Benched(_)
                // To look again, or to improve, is no fault.
                | AgentEvent::Refused {
                    setback: Setback::Refused,
                    ..
                }
                | AgentEvent::Call(CallEvent::Retrying { .. } | CallEvent::Switched { .. })
                | AgentEvent::Tool(ToolEvent::Finished { ok: false, .. }) => Self::Error,
                AgentEvent::Delta { .. } | AgentEvent::Usage(_) => Self::Stream,
                AgentEvent::Nested(inner) => match Self::of(inner) {
                    Self::Stream => Self::Stream,
                    // What a team inside does is one step of the agent that it is.
                    _ => Self::Step,
                },
                _ => Self::Step,
            },
        }
    }
}

/// A part of the log as it was read.
#[derive(Debug)]
struct Part {
    from: Mark,
    /// What streams are in the middle of where the part begins.
    gate: Gate,
    /// Number of its first event on the tape.
    first: usize,
    /// Events in it.
    len: usize,
    /// Bytes of the log.
    bytes: u64,
    /// The events, clean; `None` when they were let go of.
    events: Option<Vec<Event>>,
}

/// What is known of a stored session.
#[derive(Debug)]
pub struct Tape {
    run: RunId,
    parts: Vec<Part>,
    ticks: Vec<Tick>,
    /// Events that one looks for, by their place.
    marks: Vec<(usize, Kind)>,
    next: Mark,
    gate: Gate,
    length: u64,
    rest: Rest,
}

impl Tape {
    /// Bytes of a log whose events are kept in memory; beyond, they are fetched again when wanted.
    pub const ROOM: u64 = 32 * 1024 * 1024;

    /// A tape of a session of which nothing is known yet.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self {
            run,
            parts: Vec::new(),
            ticks: Vec::new(),
            marks: Vec::new(),
            next: Mark::default(),
            gate: Gate::default(),
            length: 0,
            rest: Rest::More,
        }
    }

    /// The session, as it is asked for.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// Events known.
    pub fn len(&self) -> usize {
        self.ticks.len()
    }

    /// True before the first event.
    pub fn is_empty(&self) -> bool {
        self.ticks.is_empty()
    }

    /// What follows the events that are known.
    pub const fn rest(&self) -> Rest {
        self.rest
    }

    /// Where the next part of the log begins, and what could not be read before it.
    pub const fn next(&self) -> &Mark {
        &self.next
    }

    /// How much of the log was read, in hundredths.
    pub fn percent(&self) -> u64 {
        if self.rest != Rest::More {
            return 100;
        }
        let read = u128::from(self.next.offset) * 100;
        u64::try_from(read / u128::from(self.length.max(1))).unwrap_or(100)
    }

    /// The light line of an event.
    pub fn tick(&self, index: usize) -> Option<&Tick> {
        self.ticks.get(index)
    }

    /// All light lines.
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Answers, votes, errors and decisions with their places, in order.
    pub fn marks(&self) -> &[(usize, Kind)] {
        &self.marks
    }

    /// The events up to and including the one with this number.
    pub fn up_to(&self, seq: u64) -> usize {
        // Numbers grow but for damaged logs; then the first place after it is as good as any.
        self.ticks.partition_point(|tick| tick.seq <= seq)
    }

    /// The events that happened until this moment.
    pub fn until(&self, at: Timestamp) -> usize {
        self.ticks.partition_point(|tick| tick.at <= at)
    }

    /// Takes in a part. False when it is none that was asked for, or the log is no longer the same.
    pub fn take(&mut self, piece: Piece) -> bool {
        if piece.from == self.next {
            self.append(piece);
            return true;
        }
        let Some(part) = self.parts.iter_mut().find(|part| part.from == piece.from) else {
            return false;
        };
        if part.events.is_none() {
            let mut gate = part.gate.clone();
            let events = piece.events.into_iter().take(part.len);
            let events: Vec<Event> = events.map(|event| gate.pass(event)).collect();
            if events.len() < part.len {
                return false;
            }
            part.events = Some(events);
        }
        true
    }

    fn append(&mut self, piece: Piece) {
        self.length = piece.length;
        self.rest = piece.rest;
        let bytes = piece.next.offset.saturating_sub(piece.from.offset);
        self.next = piece.next;
        if piece.events.is_empty() {
            return;
        }
        let gate = self.gate.clone();
        let first = self.ticks.len();
        let events: Vec<Event> = piece
            .events
            .into_iter()
            .map(|event| self.gate.pass(event))
            .collect();
        for (index, event) in (first..).zip(&events) {
            match Kind::of(event) {
                Kind::Step | Kind::Stream => {}
                kind => self.marks.push((index, kind)),
            }
        }
        self.ticks.extend(events.iter().map(|event| Tick {
            seq: event.seq.0,
            at: event.at,
            kind: Kind::of(event),
        }));
        self.parts.push(Part {
            from: piece.from,
            gate,
            first,
            len: events.len(),
            bytes,
            events: Some(events),
        });
    }

    fn part_of(&self, index: usize) -> Option<&Part> {
        let place = self.parts.partition_point(|part| part.first <= index);
        self.parts.get(place.checked_sub(1)?)
    }

    /// An event, if it is in memory.
    pub fn event(&self, index: usize) -> Option<&Event> {
        let part = self.part_of(index)?;
        part.events.as_ref()?.get(index - part.first)
    }

    /// Where the part with this event begins, when it has to be fetched again.
    pub fn missing(&self, index: usize) -> Option<&Mark> {
        let part = self.part_of(index)?;
        (part.events.is_none() && index < part.first + part.len).then_some(&part.from)
    }

    /// Lets go of events until those that are kept fit the room: first those long before `at`, then those
    /// far after it. The part that holds `at` stays.
    pub fn trim(&mut self, at: usize) {
        let kept = |part: &Part| part.events.as_ref().map_or(0, |_| part.bytes);
        let mut total: u64 = self.parts.iter().map(kept).sum();
        let before = self
            .parts
            .partition_point(|part| part.first + part.len <= at);
        let (old, new) = self.parts.split_at_mut(before);
        for part in old.iter_mut().chain(new.iter_mut().skip(1).rev()) {
            if total <= Self::ROOM {
                return;
            }
            if part.events.take().is_some() {
                total -= part.bytes;
            }
        }
    }

    /// Bytes of the log whose events stand in memory.
    #[cfg(test)]
    pub fn kept(&self) -> u64 {
        let kept = |part: &Part| part.events.as_ref().map_or(0, |_| part.bytes);
        self.parts.iter().map(kept).sum()
    }
}
