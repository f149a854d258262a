//! Reads a session log back, whatever happened to it.
//!
//! Every complete event before and after a damaged spot is read; what could not be is counted in
//! [`Damage`]. Nothing in a file makes this panic. What it refuses: files that are no session log,
//! and logs of a newer format.

use std::{
    fmt,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use super::{
    files,
    lines::{Line, Lines, MAX_LINE},
    schema::{self, Header, SCHEMA},
};
use crate::protocol::{Event, Failure, FailureKind, RunId};

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

/// What could not be read of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The file ends in the middle of a line: the program was killed while it wrote.
    pub unfinished: bool,
    /// Lines that are not events.
    pub skipped: u64,
    /// Number of the first such line, counted from 1.
    pub first_skipped: Option<u64>,
    /// Lines with bytes that are not UTF-8, read with replacement characters.
    pub repaired: u64,
    /// Events that are missing according to the numbering.
    pub missing: u64,
}

impl Damage {
    /// True when more is wrong than a last line that was cut off.
    #[must_use]
    pub fn lost_events(&self) -> bool {
        self.skipped > 0 || self.missing > 0
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(line) = self.first_skipped {
            parts.push(format!(
                "{} unreadable {} skipped (first: line {line})",
                self.skipped,
                plural(self.skipped, "line", "lines"),
            ));
        }
        if self.repaired > 0 {
            parts.push(format!(
                "{} {} with bytes that are not UTF-8",
                self.repaired,
                plural(self.repaired, "line", "lines"),
            ));
        }
        if self.missing > 0 {
            parts.push(format!(
                "{} {} missing",
                self.missing,
                plural(self.missing, "event", "events"),
            ));
        }
        if self.unfinished {
            parts.push("the last line is unfinished".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

fn plural<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
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
    line: u64,
    last_seq: u64,
    /// The first event of a log that lost its header.
    early: Option<Event>,
    damage: Damage,
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
            line: 0,
            last_seq: 0,
            early: None,
            damage: Damage::default(),
        };
        reader.read_header()?;
        reader.header.check()?;
        Ok(reader)
    }

    /// The first line; one of our own making when the log lost it.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What could not be read so far; complete once [`Reader::next`] has returned `None`.
    #[must_use]
    pub fn damage(&self) -> Option<Damage> {
        (!self.damage.is_none()).then(|| self.damage.clone())
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
            self.line += 1;
            match parsed {
                Parsed::Event { event, repaired } => {
                    self.damage.repaired += u64::from(repaired);
                    return Ok(Some(self.numbered(*event)));
                }
                Parsed::Blank => {}
                Parsed::Unfinished => self.damage.unfinished = true,
                Parsed::Unreadable => self.skip(),
            }
        }
    }

    fn read_header(&mut self) -> Result<(), Failure> {
        let line = self
            .lines
            .next()
            .map_err(|error| files::trouble("read the session log", &self.path, &error))?;
        self.line = 1;
        match line {
            None => self.damage.unfinished = true,
            Some(Line::Unfinished(bytes)) => match Header::parse(bytes) {
                Some(header) => self.header = header,
                None if looks_cut(bytes) => self.damage.unfinished = true,
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
        Ok(())
    }

    fn skip(&mut self) {
        self.damage.skipped += 1;
        self.damage.first_skipped.get_or_insert(self.line);
    }

    fn numbered(&mut self, event: Event) -> Event {
        let expected = self.last_seq.saturating_add(1);
        self.damage.missing = self
            .damage
            .missing
            .saturating_add(event.seq.0.saturating_sub(expected));
        self.last_seq = self.last_seq.max(event.seq.0);
        event
    }
}

/// What became of one line.
enum Parsed {
    Event { event: Box<Event>, repaired: bool },
    Blank,
    Unfinished,
    Unreadable,
}

fn parse(schema: u32, line: &Line<'_>) -> Parsed {
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
