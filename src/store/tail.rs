//! Reads on in a log that somebody else writes: what came since the last look.
//!
//! A look reads whole lines only, at most [`PIECE`] bytes of them, and remembers where it stopped. A
//! line that is still being written is read when it is whole.

use std::{
    io::{BufReader, Seek as _, SeekFrom},
    path::Path,
};

use super::{
    Store, files,
    lines::{Line, Lines, MAX_LINE},
    reader::Reader,
    schema,
};
use crate::protocol::{Event, Failure, RunId, Seq};

/// Bytes after which a look ends.
const PIECE: u64 = 4 * 1024 * 1024;

/// Where a look ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Bytes of the log that were read.
    pub bytes: u64,
    /// Last event that is known.
    pub seq: Seq,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Events after the one that was known.
    pub events: Vec<Event>,
    /// Where to look on.
    pub mark: Mark,
    /// There is more to read right now.
    pub more: bool,
    /// Somebody writes the log. When nobody does and there is no more, this was the end.
    pub live: bool,
}

impl Store {
    /// What came into a session's log since `mark`.
    ///
    /// # Errors
    /// A log that cannot be read, or is of a newer format.
    pub fn look(&self, run: &RunId, mark: Mark) -> Result<Look, Failure> {
        // Asked first: what is written after it is found by the next look.
        let live = self.is_written(run);
        let path = self.log(run);
        let look = after(&path, mark)?;
        Ok(Look { live, ..look })
    }
}

fn after(path: &Path, mark: Mark) -> Result<Look, Failure> {
    let trouble = |error: &std::io::Error| files::trouble("read the session log", path, error);
    let format = Reader::open(path)?.header().schema;
    let mut file = files::open_read(path).map_err(|error| trouble(&error))?;
    file.seek(SeekFrom::Start(mark.bytes))
        .map_err(|error| trouble(&error))?;
    let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, file), MAX_LINE);
    let mut look = Look {
        events: Vec::new(),
        mark,
        more: false,
        live: false,
    };
    loop {
        match lines.next().map_err(|error| trouble(&error))? {
            Some(Line::Whole(bytes)) => {
                look.mark.bytes += bytes.len() as u64 + 1;
                // Lines that are no events, the header among them, were told when it was opened.
                let event = schema::parse_event(format, bytes);
                if let Some(event) = event.filter(|event| event.seq > look.mark.seq) {
                    look.mark.seq = event.seq;
                    look.events.push(event);
                }
            }
            None | Some(Line::Unfinished(_) | Line::TooLong) => return Ok(look),
        }
        if look.mark.bytes - mark.bytes >= PIECE {
            look.more = true;
            return Ok(look);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::OpenOptions, io::Write as _};

    use super::*;
    use crate::store::samples;

    #[tokio::test]
    async fn what_comes_is_read_once_and_whole() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        let run = RunId("20261121-101530-k3f9".into());
        let events = samples::session(&run.0);
        let (first, rest) = events.split_at(4);
        let log = store.write(run.clone()).unwrap();
        for event in first {
            log.append(event.clone()).await;
        }
        log.close().await;
        let look = store.look(&run, Mark::default()).unwrap();
        assert_eq!(look.events, first);
        assert!(!look.live && !look.more);
        // Known from opening it: nothing is told twice.
        let known = Mark {
            bytes: 0,
            seq: Seq(3),
        };
        assert_eq!(store.look(&run, known).unwrap().events, first[3..]);
        assert_eq!(store.look(&run, look.mark).unwrap().events, []);
        let mut file = OpenOptions::new()
            .append(true)
            .open(store.log(&run))
            .unwrap();
        let mut mark = look.mark;
        let mut seen = Vec::new();
        for event in rest {
            let mut line = serde_json::to_vec(event).unwrap();
            line.push(b'\n');
            for piece in line.chunks(7) {
                file.write_all(piece).unwrap();
                let look = store.look(&run, mark).unwrap();
                mark = look.mark;
                seen.extend(look.events);
            }
        }
        assert_eq!(seen, rest);
    }

    #[tokio::test]
    async fn a_log_that_is_written_is_live() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path()).unwrap();
        let run = RunId("20261121-101530-k3f9".into());
        let log = store.write(run.clone()).unwrap();
        assert!(store.look(&run, Mark::default()).unwrap().live);
        log.close().await;
        assert!(!store.look(&run, Mark::default()).unwrap().live);
        assert!(
            store
                .look(&RunId("nothing".into()), Mark::default())
                .is_err()
        );
    }
}
