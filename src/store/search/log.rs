//! Reads a piece of a log of ours: what is new since the last time, or all of it when it is another one.
//!
//! A log only grows. One that is shorter, is another file, or begins or goes on differently than before
//! was written anew, and is read from its beginning.

use std::{
    fs::{self, File, Metadata},
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
    ops::Range,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::gather::{Gatherer, Piece};
use crate::{
    protocol::Event,
    store::{
        files,
        lines::{Line, Lines, MAX_LINE},
        reader::{self, Parsed},
        schema::{Header, SCHEMA},
    },
};

/// Bytes of a log after which a piece ends, so that work can be stopped and is kept.
const PIECE: u64 = 4 * 1024 * 1024;
/// Bytes by which a log is known again, at its beginning and where reading stopped.
const SAMPLE: u64 = 256;

/// Stands for a version that this program cannot read.
const UNKNOWN: u32 = u32::MAX;

/// How far a log was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Number of the file.
    inode: u64,
    /// Its length when it was last looked at.
    length: u64,
    /// Its time then, in nanoseconds since the epoch.
    time: i64,
    /// Bytes that were read: whole lines.
    pub(super) read: u64,
    /// Whether that was all.
    done: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
    gatherer: Gatherer,
}

/// What a piece of a log came to.
#[derive(Debug)]
pub(super) struct News {
    /// What was known of the log does not hold any more.
    pub(super) anew: bool,
    pub(super) complete: Vec<Piece>,
    /// Passages that may go on; all of the log that is not complete.
    pub(super) unfinished: Vec<Piece>,
    pub(super) state: State,
}

impl State {
    /// What the file looks like as long as there is nothing more to read; empty when there is.
    pub(super) fn look(&self) -> String {
        if self.done {
            shown(self.inode, self.length, self.time)
        } else {
            String::new()
        }
    }

    fn is_same(&self, meta: &Metadata) -> bool {
        (self.inode, self.length, self.time) == (meta.ino(), meta.len(), time(meta))
    }

    /// Whether the file is the one that was read, with more at its end at most.
    fn goes_on(&self, file: &mut File, meta: &Metadata) -> io::Result<bool> {
        if self.is_same(meta) {
            return Ok(true);
        }
        // Another time at the same length is another content.
        let grown = self.inode == meta.ino() && meta.len() > self.length && self.read > 0;
        Ok(grown && samples(file, self.read)? == (self.head.clone(), self.tail.clone()))
    }
}

fn time(meta: &Metadata) -> i64 {
    meta.mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(meta.mtime_nsec())
}

/// The first bytes of a file, and the last before `end`.
fn samples(file: &mut File, end: u64) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut sample = |start: u64, stop: u64| {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(stop - start).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    let head = sample(0, SAMPLE.min(end))?;
    Ok((head, sample(end.saturating_sub(SAMPLE), end)?))
}

/// Reads on, at most [`PIECE`] bytes and the rest of their last line.
pub(super) fn read(path: &Path, before: Option<&State>) -> io::Result<News> {
    let mut file = files::open_read(path)?;
    let meta = file.metadata()?;
    let goes_on = match before {
        Some(before) => before.goes_on(&mut file, &meta)?,
        None => false,
    };
    let mut state = match before {
        Some(before) if goes_on => before.clone(),
        _ => State::default(),
    };
    let from = state.read;
    file.seek(SeekFrom::Start(from))?;
    let mut lines = Lines::new(BufReader::with_capacity(256 * 1024, &mut file), MAX_LINE);
    state.done = false;
    while state.read - from < PIECE {
        let start = state.read;
        match lines.next()? {
            None | Some(Line::Unfinished(_)) => {
                state.done = true;
                break;
            }
            Some(Line::TooLong) => {}
            Some(Line::Whole(bytes)) => {
                let end = start + bytes.len() as u64 + 1;
                if let Some(event) = event(&mut state.gatherer, bytes) {
                    state.gatherer.take(&event, start..end);
                }
            }
        }
        state.read += lines.taken();
        if state.gatherer.schema == UNKNOWN {
            state.done = true;
            break;
        }
    }
    drop(lines);
    (state.head, state.tail) = samples(&mut file, state.read)?;
    (state.inode, state.length, state.time) = (meta.ino(), meta.len(), time(&meta));
    Ok(News {
        anew: !goes_on,
        complete: state.gatherer.ready(),
        unfinished: state.gatherer.unfinished(),
        state,
    })
}

/// The event in a line; the first line says what the others mean.
fn event(gatherer: &mut Gatherer, line: &[u8]) -> Option<Event> {
    if gatherer.schema == 0 {
        match Header::parse(line) {
            Some(header) if header.check().is_err() => gatherer.schema = UNKNOWN,
            Some(header) => gatherer.schema = header.schema,
            None => gatherer.schema = SCHEMA,
        }
    }
    match reader::parse(gatherer.schema, &Line::Whole(line)) {
        Parsed::Event { event, .. } => Some(*event),
        Parsed::Blank | Parsed::Unfinished | Parsed::Unreadable => None,
    }
}

/// The text of a passage, read again where it stands; `None` when it is not there any more.
pub(super) fn text(
    file: &mut File,
    span: Range<u64>,
    is_it: impl Fn(&Piece) -> bool,
) -> Option<String> {
    file.seek(SeekFrom::Start(span.start)).ok()?;
    let part = file.take(span.end.checked_sub(span.start)?);
    let mut lines = Lines::new(BufReader::new(part), MAX_LINE);
    let mut gatherer = Gatherer::of(SCHEMA);
    let mut start = span.start;
    while let Some(line) = lines.next().ok()? {
        if let Line::Whole(bytes) = line {
            let end = start + bytes.len() as u64 + 1;
            if let Some(event) = event(&mut gatherer, bytes) {
                gatherer.take(&event, start..end);
            }
        }
        start += lines.taken();
    }
    let mut pieces = gatherer.ready();
    pieces.extend(gatherer.unfinished());
    pieces.into_iter().find(is_it).map(|piece| piece.text)
}

/// Opens a log to read passages from it.
pub(super) fn open(path: &Path) -> Option<File> {
    files::open_read(path).ok()
}

/// What a file looks like now, and its length; `None` when it is not there.
pub(super) fn look(path: &Path) -> Option<(String, u64)> {
    let meta = fs::symlink_metadata(path).ok()?;
    Some((shown(meta.ino(), meta.len(), time(&meta)), meta.len()))
}

fn shown(inode: u64, length: u64, time: i64) -> String {
    format!("{inode} {length} {time}")
}
