//! Files of a log, however large or damaged they are.
//!
//! A file that is missing is nothing; one that cannot be used is nothing and a note. Links are not
//! followed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

use serde_json::Value;

/// Largest JSON or text file that is read whole, in bytes. The largest seen has 3 MB.
const LARGEST: u64 = 128 << 20;

/// What could not be used, one sentence each.
#[derive(Debug, Default)]
pub struct Notes(pub Vec<String>);

impl Notes {
    /// One more.
    pub fn add(&mut self, words: impl Into<String>) {
        self.0.push(words.into());
    }
}

/// Opens a plain file for reading; links and devices are refused.
pub fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // A pipe under the name of a log must not hold the program up.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a plain file",
        ))
    }
}

/// The bytes of a file.
fn bytes(path: &Path, notes: &mut Notes) -> Option<Vec<u8>> {
    let name = || path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            notes.add(format!(
                "{} cannot be read ({error}); what it tells is missing.",
                name()
            ));
            return None;
        }
    };
    let mut bytes = Vec::new();
    match (&mut file).take(LARGEST + 1).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > LARGEST => {
            notes.add(format!(
                "{} is larger than 128 MB and was not read.",
                name()
            ));
            None
        }
        Ok(_) => Some(bytes),
        Err(error) => {
            notes.add(format!(
                "{} cannot be read ({error}); what it tells is missing.",
                name()
            ));
            None
        }
    }
}

/// A text file; bytes that are no UTF-8 are replaced.
pub fn text(path: &Path, notes: &mut Notes) -> Option<String> {
    let bytes = bytes(path, notes)?;
    Some(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// A JSON file.
pub fn json(path: &Path, notes: &mut Notes) -> Option<Value> {
    let text = text(path, notes)?;
    match serde_json::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let (line, column) = (error.line(), error.column());
            notes.add(format!(
                "{name} is damaged (line {line}, column {column}); what it tells is taken from the other files where they tell it."
            ));
            None
        }
    }
}

/// Names of the plain folders in a folder, sorted; links are left out.
pub fn folders(path: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

/// The text under a path of keys; empty when there is none.
pub fn word<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The number under a path of keys.
pub fn number(value: &Value, path: &[&str]) -> Option<f64> {
    at(value, path).and_then(Value::as_f64)
}

/// The list under a path of keys; empty when there is none.
pub fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// What stands under a path of keys.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}
