//! Looks for secrets in what was written before, and masks them where they lie.
//!
//! A log of ours is looked at event by event, so that what deltas cut in pieces is found and a masked log is
//! still a log; everything else beside it is text ([`files`]). Masking replaces a file as a whole or not at
//! all, under the lock of the session, and leaves its time as it was, so that the order of the list stays.

pub mod files;
#[cfg(test)]
mod tests;

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    LOG_FILE, SUMMARY_FILE, Store, files as door,
    lines::{Line, Lines, MAX_LINE},
    lock::{LOCK_FILE, Lock},
    redact::{self, Cuts, Hit, Joined, Redactor},
    schema::{Header, SCHEMA, parse_event},
};
use crate::protocol::{AgentEvent, Event, EventKind, Failure, RunId};

/// A secret in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub file: PathBuf,
    /// Which line, from 1.
    pub line: u64,
    /// Number of the event, in a log of ours.
    pub event: Option<u64>,
    /// What.
    pub hit: Hit,
}

/// What a look at a session came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// In the order of files and lines.
    pub findings: Vec<Finding>,
    /// Files that are no text, or could not be read, and why.
    pub passed_over: Vec<(PathBuf, String)>,
    /// Files that were changed.
    pub changed: Vec<PathBuf>,
}

impl Store {
    /// Looks through everything of a session.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn scan(&self, run: &RunId, redactor: &Redactor) -> Result<Scan, Failure> {
        let folder = self.beside(run);
        let mut scan = Scan::default();
        let log = folder.join(LOG_FILE);
        let told = |error: io::Error| door::trouble("look through the session log", &log, &error);
        scan.findings = look(&log, redactor).map_err(told)?.0;
        for path in files::all(&folder) {
            if !is_own(&folder, &path) {
                files::scan(&path, redactor, &mut scan);
            }
        }
        Ok(scan)
    }

    /// Masks the secrets of a session; what may only be one is left. Gives what was there before, and what
    /// was changed.
    ///
    /// # Errors
    /// The session is being written, or a file cannot be replaced.
    pub fn scrub(&self, run: &RunId, redactor: &Redactor) -> Result<Scan, Failure> {
        let folder = self.beside(run);
        let log = folder.join(LOG_FILE);
        let _lock = Lock::take(&folder, run)?;
        let mut scan = self.scan(run, redactor)?;
        let sure = |file: &Path| {
            let mut findings = scan.findings.iter();
            findings.any(|one| one.hit.sure && one.file == file)
        };
        let mut changed = Vec::new();
        if sure(&log) {
            rewrite(&log, redactor)
                .map_err(|error| door::trouble("mask secrets in", &log, &error))?;
            // It holds the task; the list makes it anew from the log.
            let _ = fs::remove_file(folder.join(SUMMARY_FILE));
            changed.push(log.clone());
        }
        for path in files::all(&folder) {
            if !is_own(&folder, &path) && sure(&path) {
                files::rewrite(&path, redactor)
                    .map_err(|error| door::trouble("mask secrets in", &path, &error))?;
                changed.push(path);
            }
        }
        scan.changed = changed;
        Ok(scan)
    }
}

/// The log and what is made of it: looked at as such.
fn is_own(folder: &Path, path: &Path) -> bool {
    [LOG_FILE, SUMMARY_FILE, LOCK_FILE]
        .iter()
        .any(|name| path == folder.join(name))
}

/// The secrets of a log, and what to cut out of its deltas.
fn look(log: &Path, redactor: &Redactor) -> io::Result<(Vec<Finding>, Cuts)> {
    let mut lines = Lines::new(
        BufReader::with_capacity(64 * 1024, door::open_read(log)?),
        MAX_LINE,
    );
    let find = |text: &str| redact::hits(redactor, text);
    let mut joined = Joined::new(&find);
    let mut findings = Vec::new();
    let mut deltas: Vec<(u64, u64)> = Vec::new();
    let (mut number, mut schema) = (0, SCHEMA);
    while let Some(line) = lines.next()? {
        number += 1;
        let (Line::Whole(bytes) | Line::Unfinished(bytes)) = line else {
            continue;
        };
        let mut tell = |event: Option<u64>, hits: Vec<Hit>| {
            findings.extend(hits.into_iter().map(|hit| Finding {
                file: log.to_owned(),
                line: number,
                event,
                hit,
            }));
        };
        if number == 1
            && let Some(header) = Header::parse(bytes)
        {
            schema = header.schema;
            continue;
        }
        let Some(event) = parse_event(schema, bytes) else {
            tell(None, find(&String::from_utf8_lossy(bytes)));
            continue;
        };
        joined.push(&event);
        let seq = event.seq.0;
        if is_delta(&event) {
            deltas.push((seq, number));
        } else {
            let hits = RefCell::new(Vec::new());
            let _ = redact::texts(event, &|text| {
                hits.borrow_mut().extend(find(&text));
                text
            });
            tell(Some(seq), hits.take());
        }
    }
    let (cuts, hits) = joined.finish();
    for (event, hit) in hits {
        let line = deltas.iter().find(|(seq, _)| *seq == event);
        findings.push(Finding {
            file: log.to_owned(),
            line: line.map_or(0, |(_, line)| *line),
            event: Some(event),
            hit,
        });
    }
    findings.sort_by_key(|finding| finding.line);
    Ok((findings, cuts))
}

/// Whether an event is streamed text, also of a team within.
fn is_delta(event: &Event) -> bool {
    match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Delta { .. },
            ..
        } => true,
        EventKind::Agent {
            event: AgentEvent::Nested(inner),
            ..
        } => is_delta(inner),
        _ => false,
    }
}

/// Writes a log anew with its secrets masked. Lines without any stay as they are, byte for byte.
fn rewrite(log: &Path, redactor: &Redactor) -> io::Result<()> {
    let (_, cuts) = look(log, redactor)?;
    files::replaced(log, &mut |input: File, out: &mut BufWriter<File>| {
        let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, input), MAX_LINE);
        let mut schema = None;
        while let Some(line) = lines.next()? {
            let (bytes, end): (&[u8], &[u8]) = match line {
                Line::Whole(bytes) => (bytes, b"\n"),
                Line::Unfinished(bytes) => (bytes, b""),
                Line::TooLong => {
                    return Err(io::Error::other("a line of it is too long to look at"));
                }
            };
            let header = if schema.is_none() {
                Header::parse(bytes)
            } else {
                None
            };
            let known = schema
                .get_or_insert_with(|| header.as_ref().map_or(SCHEMA, |header| header.schema));
            if header.is_some() {
                out.write_all(bytes)?;
            } else if let Some(event) = parse_event(*known, bytes) {
                let masked = redact::event(redactor, cuts.apply(event.clone()));
                if masked == event {
                    out.write_all(bytes)?;
                } else {
                    serde_json::to_writer(&mut *out, &masked)?;
                }
            } else {
                match std::str::from_utf8(bytes) {
                    Ok(text) => out.write_all(redactor.text(text).as_bytes())?,
                    Err(_) => out.write_all(bytes)?,
                }
            }
            out.write_all(end)?;
        }
        Ok(())
    })
}
