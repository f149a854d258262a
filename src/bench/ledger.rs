//! `results.jsonl`: a header line, then one line per finished run, appended and never changed.
//!
//! A line is written whole and brought to the disk before the next run is counted as done, so a program
//! that is killed loses at most the runs it had not finished; a last line that was cut off is removed
//! when the file is opened again. One process at a time: the file is locked.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Record, record::Key};
use crate::protocol::{Failure, FailureKind};

/// Name of the file in its folder.
pub const FILE: &str = "results.jsonl";
/// Version of the format.
const SCHEMA: u32 = 1;
/// Longest file that is read, in bytes.
const LONGEST: u64 = 1 << 30;

/// The first line: by which team and rules the runs were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `bench`.
    pub massgen_tui: String,
    /// Version of the format.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// Digest of every setting that may change a result, by its name.
    pub settings: BTreeMap<String, String>,
}

impl Header {
    /// The header of runs under these settings.
    #[must_use]
    pub fn new(settings: BTreeMap<String, String>) -> Self {
        Self {
            massgen_tui: "bench".into(),
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").into(),
            settings,
        }
    }

    /// Names of settings that differ.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<String> {
        let mut names: Vec<String> = self
            .settings
            .keys()
            .chain(other.settings.keys())
            .filter(|name| self.settings.get(*name) != other.settings.get(*name))
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// What to do with results that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// There must be none.
    New,
    /// Go on with them.
    Resume,
    /// Put them aside and begin anew.
    Fresh,
}

/// An open file of results.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    path: PathBuf,
    header: Header,
    records: BTreeMap<Key, Record>,
    /// Bytes of a line that was cut off and removed.
    torn: usize,
}

impl Ledger {
    /// Opens or begins the results in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// Results that are there though none may be; other settings; a file that is locked, damaged in the
    /// middle, or cannot be read or written. Each says what to do.
    pub fn open(folder: &Path, header: Header, start: Start) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| trouble(folder, &error))?;
        let path = folder.join(FILE);
        let mut file = locked(&path)?;
        if start == Start::Fresh && put_aside(&path)? {
            file = locked(&path)?;
        }
        let mut bytes = Vec::new();
        (&mut file)
            .take(LONGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| trouble(&path, &error))?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let torn = bytes.len() - whole;
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned();
        let mut ledger = Self {
            file,
            path,
            header,
            records: BTreeMap::new(),
            torn,
        };
        if text.is_empty() {
            ledger.cut(0)?;
            let line = json(&ledger.header)?;
            ledger.write(&line)?;
            return Ok(ledger);
        }
        if start == Start::New {
            let message = format!("There are results in {}.", folder.display());
            return Err(local(&message)
                .hint("Go on with them (--resume), begin anew (--fresh), or choose another folder (--out)."));
        }
        ledger.read(&text)?;
        ledger.cut(whole as u64)?;
        Ok(ledger)
    }

    fn read(&mut self, text: &str) -> Result<(), Failure> {
        let mut lines = (1..).zip(text.lines());
        let damaged = |number: usize, error: &dyn std::fmt::Display| {
            let message = format!("{}:{number} cannot be read: {error}.", self.path.display());
            local(&message)
                .hint("Remove the line if you know what it is, or begin anew with --fresh.")
        };
        let (number, first) = lines.next().unwrap_or((1, ""));
        let header: Header =
            serde_json::from_str(first).map_err(|error| damaged(number, &error))?;
        if header.massgen_tui != "bench" || header.schema > SCHEMA {
            return Err(damaged(
                number,
                &"it is no file of results that this version reads",
            ));
        }
        let changes = header.changes(&self.header);
        if !changes.is_empty() {
            let message = format!(
                "The results in {} were made under other settings: {}.",
                self.path.display(),
                list(&changes)
            );
            return Err(local(&message)
                .hint("Use the settings of then, begin anew with --fresh, or choose another folder with --out."));
        }
        let mut records = BTreeMap::new();
        for (number, line) in lines {
            let record: Record =
                serde_json::from_str(line).map_err(|error| damaged(number, &error))?;
            records.insert(record.key.clone(), record);
        }
        self.records = records;
        self.header = header;
        Ok(())
    }

    /// Cuts the file to its whole lines and goes to its end.
    fn cut(&mut self, length: u64) -> Result<(), Failure> {
        let cut = self
            .file
            .set_len(length)
            .and_then(|()| self.file.seek(SeekFrom::End(0)));
        cut.map(|_| ()).map_err(|error| trouble(&self.path, &error))
    }

    /// Writes a run down. A later record of the same run takes the place of an earlier one.
    ///
    /// # Errors
    /// A disk that takes nothing.
    pub fn append(&mut self, record: Record) -> Result<(), Failure> {
        let line = json(&record)?;
        self.write(&line)?;
        self.records.insert(record.key.clone(), record);
        Ok(())
    }

    fn write(&mut self, line: &str) -> Result<(), Failure> {
        let line = format!("{line}\n");
        let written = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| trouble(&self.path, &error))
    }

    /// All runs, by key.
    #[must_use]
    pub const fn records(&self) -> &BTreeMap<Key, Record> {
        &self.records
    }

    /// The header of the file.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of a last line that was cut off (by a kill or a full disk) and removed.
    #[must_use]
    pub const fn torn(&self) -> usize {
        self.torn
    }
}

/// The file, made when it is not there, for this process alone.
fn locked(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| trouble(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("{} is in use by another bench.", path.display());
            Err(local(&message).hint("Wait for it, or choose another folder with --out."))
        }
        Err(TryLockError::Error(error)) => Err(trouble(path, &error)),
    }
}

/// `results.jsonl` becomes `results.1.jsonl`, or the next free number; false when it is empty.
fn put_aside(path: &Path) -> Result<bool, Failure> {
    let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
    if size == 0 {
        return Ok(false);
    }
    let free = (1..10_000_u32)
        .map(|number| path.with_extension(format!("{number}.jsonl")))
        .find(|candidate| !candidate.exists());
    let Some(free) = free else {
        return Err(local("There are too many old results in the folder.")
            .hint("Choose another with --out."));
    };
    std::fs::rename(path, &free).map_err(|error| trouble(path, &error))?;
    Ok(true)
}

/// Writes a file of the report in one go: a reader sees the old one or the new one.
///
/// # Errors
/// A disk that takes nothing.
pub fn replace(folder: &Path, name: &str, content: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    let draft = folder.join(format!(".{name}.part"));
    std::fs::write(&draft, content)
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(|error| trouble(&path, &error))
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| local(&format!("A result cannot be written: {error}.")))
}

/// At most five names.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut words: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = format!("and {} more", names.len().saturating_sub(SHOWN));
    if names.len() > SHOWN {
        words.push(&more);
    }
    words.join(", ")
}

fn trouble(path: &Path, error: &io::Error) -> Failure {
    local(&format!("{}: {error}.", path.display()))
        .hint("Check the folder and the space on its disk, or choose another with --out.")
}

fn local(message: &str) -> Failure {
    Failure::new(FailureKind::Local, message)
}
