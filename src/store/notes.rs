//! Notes beside a session: `notes.jsonl`, records that are only ever added; `seen.json`, what each
//! person has looked at.
//!
//! A writer holds a lock while it adds, so two programs at once lose nothing; what was added is on the
//! disk when [`NoteFolder::write`] returns. A line that was cut off, or that is no record, is passed
//! over and told, never changed: it stays in the file. Secrets are masked when a record is written,
//! other people's included. What the records come to is [`crate::protocol::note::Threads::of`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, TryLockError},
    io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    LOG_FILE, files,
    lines::{Line, Lines},
    reader::Reader,
    redact::Redactor,
};
use crate::protocol::{
    Event, Failure, FailureKind, RunId, Timestamp,
    note::{Act, NoteId, Record, Seen},
};

/// Name of the file of records, beside a session.
pub const NOTES_FILE: &str = "notes.jsonl";
/// Name of the file of what was seen.
const SEEN_FILE: &str = "seen.json";
/// Name of the file that writers lock.
const LOCK_FILE: &str = "notes.lock";
/// Version of the records this program writes.
const SCHEMA: u32 = 1;
/// Value of the header's first field.
const MARK: &str = "notes";
/// Longest line that is read, in bytes: a record with the longest text, every byte of it escaped.
const LONGEST_LINE: usize = 256 * 1024;
/// Records that are read from one file.
const MOST: usize = 200_000;
/// Largest `seen.json` that is read, in bytes.
const LARGEST_SEEN: u64 = 16 * 1024 * 1024;
/// How often a lock that is held is tried for again, and the pause between two tries: a writer holds
/// it for milliseconds.
const TRIES: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// The first line of a file of records.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    massgen_tui: String,
    schema: u32,
    run: RunId,
}

/// What a file of records held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptNotes {
    /// The session that the file says it belongs to.
    pub run: Option<RunId>,
    /// The records, each once.
    pub records: BTreeSet<Record>,
    /// What could not be read, a sentence for people.
    pub damage: Option<String>,
}

/// What belongs to a session beside its log, as far as notes go.
#[derive(Clone, Debug)]
pub struct NoteFolder {
    dir: PathBuf,
    run: RunId,
    redactor: Redactor,
}

impl NoteFolder {
    /// The notes of session `run`, in the folder `beside` it. Nothing needs to exist.
    #[must_use]
    pub fn new(beside: PathBuf, run: RunId) -> Self {
        Self {
            dir: beside,
            run,
            redactor: Redactor::default(),
        }
    }

    /// The same folder, with what else is a secret.
    #[must_use]
    pub fn masking(self, redactor: Redactor) -> Self {
        Self { redactor, ..self }
    }

    /// All records.
    ///
    /// # Errors
    /// A file that cannot be read, or is of a newer format.
    pub fn read(&self) -> Result<KeptNotes, Failure> {
        match read_notes(&self.dir.join(NOTES_FILE))? {
            Some(kept) => Ok(kept),
            None => Ok(KeptNotes::default()),
        }
    }

    /// Writes down what `by` did at `now`. Each record gets a time after those of the same note that
    /// are known here, also when clocks disagree.
    ///
    /// # Errors
    /// A file that cannot be written, or a text or name that is empty or too long. Nothing was
    /// written then.
    pub fn write(
        &self,
        by: &str,
        now: Timestamp,
        acts: Vec<(NoteId, Act)>,
    ) -> Result<Vec<Record>, Failure> {
        let held = Held::take(&self.dir)?;
        let known = self.read()?.records;
        let mut latest: BTreeMap<NoteId, Timestamp> = BTreeMap::new();
        for record in &known {
            let at = latest.entry(record.note).or_default();
            *at = (*at).max(record.at);
        }
        let mut records = Vec::new();
        for (note, act) in acts {
            let after = latest.get(&note).map_or(0, |at| at.0.saturating_add(1));
            let record = self.masked(Record {
                at: Timestamp(now.0.max(after)),
                note,
                by: by.to_owned(),
                act,
            });
            if !record.is_sound() {
                return Err(unsound());
            }
            latest.insert(note, record.at);
            records.push(record);
        }
        self.append(&held, &records)?;
        Ok(records)
    }

    /// Adds the records that are not here yet; returns these.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn join(&self, records: impl IntoIterator<Item = Record>) -> Result<Vec<Record>, Failure> {
        let held = Held::take(&self.dir)?;
        let known = self.read()?.records;
        let new: BTreeSet<Record> = (records.into_iter())
            .map(|record| self.masked(record))
            .filter(|record| record.is_sound() && !known.contains(record))
            .collect();
        let new: Vec<Record> = new.into_iter().collect();
        self.append(&held, &new)?;
        Ok(new)
    }

    /// What `who` has looked at; nothing when it is not known.
    #[must_use]
    pub fn seen(&self, who: &str) -> Seen {
        let mut people = self.people();
        people.remove(who).unwrap_or_default()
    }

    /// Notes what `who` has looked at, beside what was noted before.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn see(&self, who: &str, seen: &Seen) -> Result<(), Failure> {
        let _held = Held::take(&self.dir)?;
        let mut people = self.people();
        let before = people.entry(who.to_owned()).or_default();
        let was = before.clone();
        before.join(seen);
        if *before == was {
            return Ok(());
        }
        let path = self.dir.join(SEEN_FILE);
        serde_json::to_vec(&people)
            .map_err(io::Error::from)
            .and_then(|bytes| files::replace(&path, &bytes))
            .map_err(|error| files::trouble("note what was seen in", &path, &error))
    }

    /// What everybody has looked at. A file that cannot be understood is as none: only marks are lost.
    fn people(&self) -> BTreeMap<String, Seen> {
        let mut bytes = Vec::new();
        let read = files::open_read(&self.dir.join(SEEN_FILE))
            .and_then(|file| file.take(LARGEST_SEEN).read_to_end(&mut bytes));
        read.ok()
            .and_then(|_| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    fn masked(&self, mut record: Record) -> Record {
        let mask = |text: &mut String| *text = self.redactor.text(text).into_owned();
        mask(&mut record.by);
        match &mut record.act {
            Act::Written { text, .. } | Act::Edited { text } => mask(text),
            Act::Resolved | Act::Reopened | Act::Removed => {}
        }
        record
    }

    /// Adds lines and waits until the disk has them; all of them or none.
    fn append(&self, _held: &Held, records: &[Record]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let path = self.dir.join(NOTES_FILE);
        let trouble = |error: io::Error| files::trouble("write the notes", &path, &error);
        let fresh = !path.exists();
        let mut file = files::open_shared(&path).map_err(trouble)?;
        let length = file.seek(SeekFrom::End(0)).map_err(trouble)?;
        let mut lines = Vec::new();
        if length > 0 && !ends_a_line(&mut file).map_err(trouble)? {
            // What was cut off stays a line of its own.
            lines.push(b'\n');
        }
        if length == 0 {
            let header = Header {
                massgen_tui: MARK.to_owned(),
                schema: SCHEMA,
                run: self.run.clone(),
            };
            put(&mut lines, &header)?;
        }
        for record in records {
            put(&mut lines, record)?;
        }
        let written = file.write_all(&lines).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // What cannot be taken back is a torn line, which readers pass over.
            let _ = file.set_len(length);
            return Err(trouble(error));
        }
        if fresh {
            // Without it, only a crash of the whole machine could lose the file's name.
            let _ = File::open(&self.dir).and_then(|dir| dir.sync_all());
        }
        Ok(())
    }
}

fn unsound() -> Failure {
    Failure::new(
        FailureKind::Local,
        format!(
            "A note has 1 to {} bytes, and its author a name of at most {} bytes.",
            crate::protocol::note::LONGEST_TEXT,
            crate::protocol::note::LONGEST_NAME
        ),
    )
    .hint("Nothing was written; make it shorter, or write two notes.")
}

fn put(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *lines, value)
        .map_err(|error| Failure::new(FailureKind::Local, error.to_string()))?;
    lines.push(b'\n');
    Ok(())
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

/// The right to add notes; given back when dropped.
#[derive(Debug)]
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing alone is not enough while a program that is being started has the file open as well.
        let _ = self.0.unlock();
    }
}

impl Held {
    fn take(dir: &Path) -> Result<Self, Failure> {
        files::create_dirs(dir)?;
        let path = dir.join(LOCK_FILE);
        let file = files::open_shared(&path)
            .map_err(|error| files::trouble("open the lock of the notes", &path, &error))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                // A file system without locks: better notes without a lock than none.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
        let words = format!("Another process keeps {} locked.", path.display());
        Err(Failure::new(FailureKind::Local, words).hint("End it, then try again."))
    }
}

/// The records of a file; `None` when there is no such file.
///
/// # Errors
/// A file that cannot be read, or is of a newer format.
pub fn read_notes(path: &Path) -> Result<Option<KeptNotes>, Failure> {
    let trouble = |error: io::Error| files::trouble("read the notes", path, &error);
    let file = match files::open_read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(trouble(error)),
    };
    let mut lines = Lines::new(BufReader::new(file), LONGEST_LINE);
    let mut kept = KeptNotes::default();
    let (mut number, mut skipped, mut first) = (0_u64, 0_u64, None);
    while let Some(line) = lines.next().map_err(trouble)? {
        number += 1;
        let (Line::Whole(bytes) | Line::Unfinished(bytes)) = line else {
            skipped += 1;
            first.get_or_insert(number);
            continue;
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(header) = header(bytes) {
            if header.schema > SCHEMA {
                return Err(newer(path, header.schema));
            }
            kept.run.get_or_insert(header.run);
            continue;
        }
        let record = serde_json::from_slice::<Record>(bytes).ok();
        match record.filter(Record::is_sound) {
            Some(record) if kept.records.len() < MOST => {
                kept.records.insert(record);
            }
            Some(_) | None => {
                skipped += 1;
                first.get_or_insert(number);
            }
        }
    }
    kept.damage = first.map(|first| {
        let lines = if skipped == 1 { "line" } else { "lines" };
        format!(
            "{skipped} {lines} of {} could not be read and {} passed over (first: line {first}).",
            path.display(),
            if skipped == 1 { "was" } else { "were" }
        )
    });
    Ok(Some(kept))
}

fn header(line: &[u8]) -> Option<Header> {
    let header = serde_json::from_slice::<Header>(line).ok();
    header.filter(|header| header.massgen_tui == MARK)
}

fn newer(path: &Path, schema: u32) -> Failure {
    let words = format!(
        "{} has format {schema}; this program reads format {SCHEMA}.",
        path.display()
    );
    Failure::new(FailureKind::Local, words).hint("Update massgen-tui to read these notes.")
}

/// Another copy of a session's notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCopy {
    /// The session it says it belongs to.
    pub run: Option<RunId>,
    /// Its notes.
    pub notes: KeptNotes,
    /// The log beside them, when there is one.
    pub log: Option<PathBuf>,
}

/// Looks at another copy: a file of notes, or a folder with one in it, perhaps with a log.
///
/// # Errors
/// There is neither, or it cannot be read.
pub fn other_copy(path: &Path) -> Result<OtherCopy, Failure> {
    let folder = path.is_dir();
    let file = if folder {
        path.join(NOTES_FILE)
    } else {
        path.to_owned()
    };
    let log = path.join(LOG_FILE);
    let log = (folder && log.is_file()).then_some(log);
    let notes = match (read_notes(&file)?, &log) {
        (Some(notes), _) => notes,
        (None, Some(_)) => KeptNotes::default(),
        (None, None) => {
            let words = format!("{} holds no notes and no session.", path.display());
            let hint = "Name a notes.jsonl, or the folder of a copy of a session.";
            return Err(Failure::new(FailureKind::Local, words).hint(hint));
        }
    };
    let run = match &log {
        Some(log) => Some(Reader::open(log)?.header().run.clone()),
        None => notes.run.clone(),
    };
    if run.is_none() && (notes.records.is_empty() || notes.damage.is_some()) {
        let words = format!("{} is no file of notes.", file.display());
        return Err(Failure::new(FailureKind::Local, words).hint("Name a notes.jsonl."));
    }
    Ok(OtherCopy { run, notes, log })
}

/// Whether two logs tell the same session, as far as both go.
///
/// # Errors
/// They do not, and the failure names the first event that differs; or one cannot be read.
pub fn same_session(ours: &Path, theirs: &Path) -> Result<(), Failure> {
    same_events(ours, theirs, |mine, yours| mine == yours)
}

/// The same for a copy in which texts were masked: the times of its events are compared.
///
/// # Errors
/// As [`same_session`].
pub fn same_times(ours: &Path, theirs: &Path) -> Result<(), Failure> {
    same_events(ours, theirs, |mine, yours| mine.at == yours.at)
}

fn same_events(
    ours: &Path,
    theirs: &Path,
    same: fn(&Event, &Event) -> bool,
) -> Result<(), Failure> {
    let (mut one, mut other) = (Reader::open(ours)?, Reader::open(theirs)?);
    let (mut a, mut b) = (one.next()?, other.next()?);
    while let (Some(mine), Some(yours)) = (&a, &b) {
        // What a damaged copy lost is no contradiction.
        match mine.seq.cmp(&yours.seq) {
            std::cmp::Ordering::Less => a = one.next()?,
            std::cmp::Ordering::Greater => b = other.next()?,
            std::cmp::Ordering::Equal => {
                if !same(mine, yours) {
                    return Err(other_events(theirs, mine));
                }
                (a, b) = (one.next()?, other.next()?);
            }
        }
    }
    Ok(())
}

fn other_events(theirs: &Path, event: &Event) -> Failure {
    let words = format!(
        "{} tells another story of this session: event {} is not the same.",
        theirs.display(),
        event.seq.0
    );
    Failure::new(FailureKind::Local, words)
        .hint("One of the two went on elsewhere; its notes are about other events.")
}

#[cfg(test)]
mod tests;
