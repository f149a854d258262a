//! Reads a session log back, whatever happened to it.
//!
//! Every complete event before and after a damaged spot is read; what could not be is counted in
//! [`Damage`]. Nothing in a file makes this panic. What it refuses: files that are no session log,
//! and logs of a newer format.

use std::{
    fs::File,
    io::{self, BufReader, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    files,
    lines::{Line, Lines, MAX_LINE},
    schema::{self, Header, SCHEMA},
};
use crate::protocol::{Damage, Event, Failure, FailureKind, Mark, RunId};

/// A session as read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// First line.
    pub header: Header,
    /// All readable events in the order of the file.
    pub events: Vec<Event>,
    /// What is missing, if anything is.
    pub damage: Option<Damage>,
}

/// Reads a whole session.
///
/// # Errors
/// A file that cannot be opened, is no session log, or is of a newer format.
pub fn read(path: &Path) -> Result<Session, Failure> {
    let mut reader = Reader::open(path)?;
    let mut events = Vec::new();
    while let Some(event) = reader.next()? {
        events.push(event);
    }
    Ok(Session {
        header: reader.header().clone(),
        events,
        damage: reader.damage(),
    })
}

/// Reads a log event by event, so that a large one need not stand in memory.
pub struct Reader {
    lines: Lines<BufReader<File>>,
    path: PathBuf,
    header: Header,
    /// Everything before this place was taken in.
    mark: Mark,
    /// The first event of a log that lost its header.
    early: Option<Event>,
}

impl Reader {
    /// Opens a log and reads its header. A log that was killed before the header was complete opens
    /// as one without events.
    ///
    /// # Errors
    /// A file that cannot be opened, is no session log, or is of a newer format.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = files::open_read(path)
            .map_err(|error| files::trouble("read the session log", path, &error))?;
        let mut reader = Self {
            lines: Lines::new(BufReader::with_capacity(64 * 1024, file), MAX_LINE),
            path: path.to_owned(),
            header: Header::new(run_of(path)),
            mark: Mark::default(),
            early: None,
        };
        reader.read_header()?;
        reader.header.check()?;
        Ok(reader)
    }

    /// Opens a log to go on from a place that [`Reader::mark`] told, also when it has grown since.
    ///
    /// # Errors
    /// As for [`Reader::open`], or the disk's error.
    pub fn resume(path: &Path, mark: &Mark) -> Result<Self, Failure> {
        let mut reader = Self::open(path)?;
        if mark.offset > 0 {
            reader.early = None;
            reader.mark = mark.clone();
            reader.mark.damage.unfinished = false;
            let trouble = |error: io::Error| files::trouble("read the session log", path, &error);
            let file = files::open_read(path).map_err(trouble)?;
            let mut input = BufReader::with_capacity(64 * 1024, file);
            input.seek(SeekFrom::Start(mark.offset)).map_err(trouble)?;
            reader.lines = Lines::new(input, MAX_LINE);
        }
        Ok(reader)
    }

    /// The place before the event that [`Reader::next`] would give. A line that is not yet complete stands
    /// behind it.
    #[must_use]
    pub fn mark(&self) -> Mark {
        if self.early.is_some() {
            return Mark::default();
        }
        self.mark.clone()
    }

    /// The first line; one of our own making when the log lost it.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What could not be read so far; complete once [`Reader::next`] has returned `None`.
    #[must_use]
    pub fn damage(&self) -> Option<Damage> {
        let damage = &self.mark.damage;
        (!damage.is_none()).then(|| damage.clone())
    }

    /// The next readable event; `None` at the end.
    ///
    /// # Errors
    /// The disk's error.
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, an iterator cannot"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, Failure> {
        if let Some(event) = self.early.take() {
            return Ok(Some(self.numbered(event)));
        }
        loop {
            let parsed = match self.lines.next() {
                Ok(None) => return Ok(None),
                Ok(Some(line)) => parse(self.header.schema, &line),
                Err(error) => {
                    return Err(files::trouble("read the session log", &self.path, &error));
                }
            };
            if matches!(parsed, Parsed::Unfinished) {
                // It is read again when the rest of it is there.
                self.mark.damage.unfinished = true;
                continue;
            }
            self.mark.offset += self.lines.taken();
            self.mark.line += 1;
            match parsed {
                Parsed::Event { event, repaired } => {
                    self.mark.damage.repaired += u64::from(repaired);
                    return Ok(Some(self.numbered(*event)));
                }
                Parsed::Blank | Parsed::Unfinished => {}
                Parsed::Unreadable => self.skip(),
            }
        }
    }

    fn read_header(&mut self) -> Result<(), Failure> {
        let line = self
            .lines
            .next()
            .map_err(|error| files::trouble("read the session log", &self.path, &error))?;
        self.mark.line = 1;
        match line {
            None => self.mark.damage.unfinished = true,
            Some(Line::Unfinished(bytes)) => match Header::parse(bytes) {
                Some(header) => self.header = header,
                None if looks_cut(bytes) => {
                    self.mark.damage.unfinished = true;
                    return Ok(());
                }
                None => return Err(no_log(&self.path)),
            },
            Some(Line::Whole(bytes)) => {
                if let Some(header) = Header::parse(bytes) {
                    self.header = header;
                } else if let Some(event) = schema::parse_event(SCHEMA, bytes) {
                    self.early = Some(event);
                    self.skip();
                } else {
                    return Err(no_log(&self.path));
                }
            }
            Some(Line::TooLong) => return Err(no_log(&self.path)),
        }
        self.mark.offset = self.lines.taken();
        Ok(())
    }

    fn skip(&mut self) {
        self.mark.damage.skipped += 1;
        self.mark.damage.first_skipped.get_or_insert(self.mark.line);
    }

    fn numbered(&mut self, event: Event) -> Event {
        let expected = self.mark.seq.saturating_add(1);
        let damage = &mut self.mark.damage;
        damage.missing = damage
            .missing
            .saturating_add(event.seq.0.saturating_sub(expected));
        self.mark.seq = self.mark.seq.max(event.seq.0);
        event
    }
}

/// What became of one line.
pub(super) enum Parsed {
    Event { event: Box<Event>, repaired: bool },
    Blank,
    Unfinished,
    Unreadable,
}

pub(super) fn parse(schema: u32, line: &Line<'_>) -> Parsed {
    let (bytes, complete) = match line {
        Line::Whole(bytes) => (*bytes, true),
        Line::Unfinished(bytes) => (*bytes, false),
        Line::TooLong => return Parsed::Unreadable,
    };
    // A machine that lost power may leave blocks of NUL where data was not yet written.
    let bytes = trim(bytes);
    if bytes.is_empty() {
        return if complete {
            Parsed::Blank
        } else {
            Parsed::Unfinished
        };
    }
    if let Some(event) = schema::parse_event(schema, bytes) {
        return Parsed::Event {
            event: Box::new(event),
            repaired: false,
        };
    }
    if let Err(_) = str::from_utf8(bytes)
        && let Some(event) = schema::parse_event(schema, String::from_utf8_lossy(bytes).as_bytes())
    {
        return Parsed::Event {
            event: Box::new(event),
            repaired: true,
        };
    }
    if complete {
        Parsed::Unreadable
    } else {
        Parsed::Unfinished
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let junk = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = bytes.iter().position(|byte| !junk(byte));
    let end = bytes.iter().rposition(|byte| !junk(byte));
    match (start, end) {
        (Some(start), Some(end)) => &bytes[start..=end],
        _ => &[],
    }
}

/// True for the beginning of a header line of ours.
fn looks_cut(bytes: &[u8]) -> bool {
    let start = br#"{"massgen_tui":"session""#;
    let shared = bytes.len().min(start.len());
    bytes[..shared] == start[..shared] || trim(bytes).is_empty()
}

/// The session's name is that of its folder.
fn run_of(path: &Path) -> RunId {
    RunId(
        path.parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
    )
}

fn no_log(path: &Path) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("{} is not a session log of massgen-tui.", path.display()),
    )
    .hint("Sessions are listed by `massgen-tui logs list`.")
}

#[cfg(test)]
mod tests;
