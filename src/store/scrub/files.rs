//! Secrets in files of any kind: text is looked through line by line in bounded memory, anything else is
//! passed over and named. Links are not followed.

use std::{
    fs::{self, File, FileTimes, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Finding, Scan};
use crate::store::{
    files as door,
    redact::{Finder, Redactor, suspects},
};

/// Bytes of a line that are looked at in one step.
const STEP: usize = 64 * 1024;
/// Most files of a session.
const MOST: usize = 20_000;
/// Deepest folder.
const DEEPEST: usize = 16;
/// Largest JSON file that is looked at as such.
const LARGEST_JSON: u64 = 64 * 1024 * 1024;

/// All files below a folder, in order.
#[must_use]
pub fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST => {
                    folders.push((entry.path(), depth + 1));
                }
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
        if found.len() > MOST {
            break;
        }
    }
    found.sort_unstable();
    found
}

/// Looks through a file.
pub fn scan(path: &Path, redactor: &Redactor, scan: &mut Scan) {
    let looked = door::open_read(path).and_then(|file| {
        look(
            &mut BufReader::with_capacity(STEP, file),
            redactor,
            &mut |line, hit| {
                scan.findings.push(Finding {
                    file: path.to_owned(),
                    line,
                    event: None,
                    hit,
                });
            },
        )
    });
    match looked {
        Ok(Kind::Text) => {}
        Ok(Kind::Binary) => scan
            .passed_over
            .push((path.to_owned(), "it is no text".to_owned())),
        Err(error) => scan.passed_over.push((path.to_owned(), error.to_string())),
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

fn look(
    input: &mut dyn BufRead,
    redactor: &Redactor,
    tell: &mut dyn FnMut(u64, crate::store::redact::Hit),
) -> io::Result<Kind> {
    if input.fill_buf()?.contains(&0) {
        return Ok(Kind::Binary);
    }
    let mut finder = Finder::new(redactor);
    let mut pieces = Pieces::default();
    let mut line = 1;
    while let Some(piece) = pieces.next(input)? {
        let hits = finder.push(&piece);
        if hits.is_empty() {
            for hit in suspects(&piece) {
                tell(line, hit);
            }
        }
        for hit in hits {
            tell(line, hit);
        }
        line += u64::from(piece.ends_with('\n'));
    }
    for hit in finder.finish() {
        tell(line, hit);
    }
    Ok(Kind::Text)
}

/// Text that ends with its line, or after so many bytes; never within a character.
#[derive(Default)]
struct Pieces {
    rest: Vec<u8>,
}

impl Pieces {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<String>> {
        loop {
            let bytes = match input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                let rest = std::mem::take(&mut self.rest);
                return Ok((!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned()));
            }
            let newline = bytes.iter().position(|byte| *byte == b'\n');
            let used = newline.map_or(bytes.len(), |at| at + 1).min(STEP);
            self.rest
                .extend_from_slice(bytes.get(..used).unwrap_or_default());
            input.consume(used);
            let ended = self.rest.last() == Some(&b'\n');
            let whole = match std::str::from_utf8(&self.rest) {
                Err(error) if error.error_len().is_none() && !ended => error.valid_up_to(),
                _ => self.rest.len(),
            };
            if whole > 0 && (ended || self.rest.len() >= STEP) {
                let rest = self.rest.split_off(whole);
                let piece = std::mem::replace(&mut self.rest, rest);
                return Ok(Some(String::from_utf8_lossy(&piece).into_owned()));
            }
        }
    }
}

/// Masks the secrets of a text file. A file of JSON stays one.
///
/// # Errors
/// It is not UTF-8, has changed meanwhile, or cannot be replaced; then it is as it was.
pub fn rewrite(path: &Path, redactor: &Redactor) -> io::Result<()> {
    let ending = path
        .extension()
        .and_then(|end| end.to_str())
        .unwrap_or_default();
    replaced(path, &mut |input: File, out: &mut BufWriter<File>| {
        let small = input.metadata()?.len() <= LARGEST_JSON;
        let mut input = BufReader::with_capacity(STEP, input);
        match ending {
            "json" if small => {
                let text = io::read_to_string(input)?;
                out.write_all(json(&text, redactor).as_bytes())
            }
            "jsonl" => {
                let mut line = String::new();
                while input.read_line(&mut line)? > 0 {
                    out.write_all(json(&line, redactor).as_bytes())?;
                    line.clear();
                }
                Ok(())
            }
            _ => {
                let mut stream = redactor.stream();
                let mut line = String::new();
                while input.read_line(&mut line)? > 0 {
                    out.write_all(stream.push(&line).as_bytes())?;
                    line.clear();
                }
                out.write_all(stream.flush().as_bytes())
            }
        }
    })
}

/// JSON with its secrets masked: as text where that leaves it JSON, else value by value.
fn json(text: &str, redactor: &Redactor) -> String {
    let masked = redactor.text(text).into_owned();
    let is_json = |text: &str| serde_json::from_str::<Value>(text.trim()).is_ok();
    if masked == text || !is_json(text) || is_json(&masked) {
        return masked;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(text.trim()) else {
        return masked;
    };
    mask(&mut value, redactor);
    let end = if text.ends_with('\n') { "\n" } else { "" };
    format!("{value}{end}")
}

fn mask(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.text(text).into_owned(),
        Value::Array(all) => all.iter_mut().for_each(|value| mask(value, redactor)),
        Value::Object(all) => all.values_mut().for_each(|value| mask(value, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts what `make` makes of a file in its place: all of it or nothing. Time and rights stay.
pub(super) fn replaced(
    path: &Path,
    make: &mut dyn FnMut(File, &mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let input = door::open_read(path)?;
    let before = input.metadata()?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{:08x}.tmp", fastrand::u32(..)));
    let part = path.with_file_name(name);
    let out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(before.mode() & 0o777)
        .open(&part)?;
    let mut out = BufWriter::with_capacity(STEP, out);
    let written = make(input, &mut out).and_then(|()| {
        out.flush()?;
        let file = out.get_ref();
        if let Ok(modified) = before.modified() {
            file.set_times(FileTimes::new().set_modified(modified))?;
        }
        file.sync_data()?;
        let now = fs::symlink_metadata(path)?;
        if now.len() != before.len() || now.mtime() != before.mtime() || now.ino() != before.ino() {
            return Err(io::Error::other("it was changed meanwhile"));
        }
        fs::rename(&part, path)
    });
    if written.is_err() {
        // The leftover is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&part);
    }
    written
}
