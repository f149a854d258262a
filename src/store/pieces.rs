//! A session log read piece by piece, so that a large one is never waited for and never held whole.
//!
//! Each piece is read from the place where the one before ended; the file may have grown in between. Pieces
//! one after the other hold exactly the events that the whole log holds. Nothing is kept open.

use std::path::Path;

use super::{files, reader::Reader, schema::Header};
use crate::protocol::{Event, Failure, Mark};

/// How much a piece may hold; one event is always read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Bytes of the log.
    pub bytes: u64,
    /// Events.
    pub events: usize,
}

/// A part of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// First line of the log.
    pub header: Header,
    /// Its readable events, in the order of the file.
    pub events: Vec<Event>,
    /// Where the next piece begins.
    pub next: Mark,
    /// Bytes of the whole log as it is now.
    pub length: u64,
    /// True when there was nothing more to read.
    pub end: bool,
}

/// Reads the part of a log that begins at `mark`.
///
/// # Errors
/// A file that cannot be opened, is no session log, or is of a newer format.
pub fn piece(path: &Path, mark: &Mark, bound: Bound) -> Result<Piece, Failure> {
    let length = std::fs::metadata(path)
        .map_err(|error| files::trouble("read the session log", path, &error))?
        .len();
    let mut reader = Reader::resume(path, mark)?;
    let mut events = Vec::new();
    let mut end = false;
    while !end {
        match reader.next()? {
            Some(event) => events.push(event),
            None => end = true,
        }
        let read = reader.mark().offset.saturating_sub(mark.offset);
        if events.len() >= bound.events || read >= bound.bytes {
            break;
        }
    }
    let next = reader.mark();
    Ok(Piece {
        header: reader.header().clone(),
        events,
        length: length.max(next.offset),
        next,
        end,
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        protocol::RunId,
        store::{read, samples},
    };

    const ALL: Bound = Bound {
        bytes: u64::MAX,
        events: usize::MAX,
    };

    fn log() -> Vec<u8> {
        let run = "20261121-101530-k3f9";
        let mut bytes = serde_json::to_vec(&Header::new(RunId(run.into()))).unwrap();
        for event in samples::session(run) {
            bytes.push(b'\n');
            bytes.extend(serde_json::to_vec(&event).unwrap());
        }
        bytes.push(b'\n');
        bytes
    }

    /// Everything that pieces of this size tell of a log.
    fn in_pieces(path: &Path, bound: Bound) -> (Vec<Event>, Mark) {
        let (mut events, mut mark) = (Vec::new(), Mark::default());
        loop {
            let piece = piece(path, &mark, bound).unwrap();
            events.extend(piece.events);
            mark = piece.next;
            if piece.end {
                return (events, mark);
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_tell_what_the_whole_log_tells(
            cut in 0usize..4_000,
            broken in prop::option::of(0usize..4_000),
            bytes in 1u64..900,
            events in 1usize..9,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.jsonl");
            let mut log = log();
            log.truncate(cut.max(30));
            if let Some(byte) = broken.and_then(|at| log.get_mut(at)) {
                *byte = 0xFF;
            }
            fs::write(&path, &log).unwrap();
            if let Ok(whole) = read(&path) {
                let (pieces, mark) = in_pieces(&path, Bound { bytes, events });
                prop_assert_eq!(pieces, whole.events);
                prop_assert_eq!(mark.damage, whole.damage.unwrap_or_default());
            }
        }

        #[test]
        fn a_log_that_grows_is_followed_at_any_byte(cut in 0usize..4_000) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.jsonl");
            let log = log();
            let cut = cut.min(log.len());
            fs::write(&path, &log[..cut]).unwrap();
            let before = piece(&path, &Mark::default(), ALL).unwrap();
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(&log[cut..]).unwrap();
            let after = piece(&path, &before.next, ALL).unwrap();
            let mut events = before.events;
            events.extend(after.events);
            prop_assert_eq!(events, read(&path).unwrap().events);
            prop_assert!(after.next.damage.is_none());
            prop_assert_eq!(after.next.offset, log.len() as u64);
        }
    }
}
