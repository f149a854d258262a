//! Reads a bundle of somebody else: everything in it is checked before it counts.
//!
//! Refused: what is no bundle, what is newer, names that lead elsewhere, links and devices, parts that are
//! missing, too many, out of order, larger or smaller than promised or with another sum, and more bytes than
//! the [`Limits`] allow, whatever the file promises. Nothing is unpacked beyond a promise.

use std::{
    collections::BTreeSet,
    fmt,
    io::{self, Read, Write},
};

use flate2::read::GzDecoder;

use super::{LOG, MANIFEST, MARK, Manifest, Part, VERSION, is_name};
use crate::export::{Sha256, hex};

/// Largest manifest.
const LARGEST_MANIFEST: u64 = 8 * 1024 * 1024;
/// Bytes read in one step.
const STEP: usize = 64 * 1024;

/// How much is unpacked at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all parts together.
    pub bytes: u64,
    /// Parts.
    pub parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 * 1024 * 1024 * 1024,
            parts: 20_000,
        }
    }
}

/// Why a file is not opened.
#[derive(Debug)]
pub enum Refusal {
    /// It is something else.
    NoBundle,
    /// A newer program wrote it: its format and its version.
    Newer(u32, String),
    /// Something in it is not as it has to be.
    Damaged(String),
    /// It would do harm, or fill the disk.
    Hostile(String),
    /// Reading or writing failed.
    Trouble(io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBundle => f.write_str("It is no bundle of massgen-tui"),
            Self::Newer(version, program) => write!(
                f,
                "It has bundle format {version} (written by massgen-tui {program}); this program ({}) reads format {VERSION}",
                env!("CARGO_PKG_VERSION")
            ),
            Self::Damaged(what) => write!(f, "It is damaged: {what}"),
            Self::Hostile(what) => write!(f, "It is not safe to open: {what}"),
            Self::Trouble(error) => write!(f, "It cannot be read: {error}"),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What the decompressor and the archive say about broken bytes.
            io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Other => Self::Damaged(error.to_string()),
            _ => Self::Trouble(error),
        }
    }
}

/// Reads a bundle. `place` gives where the bytes of a part go; they may not be used before this returns.
///
/// # Errors
/// The bundle is refused; whatever was written until then has to be thrown away.
pub fn unpack(
    input: &mut dyn Read,
    limits: Limits,
    place: &mut dyn FnMut(&Part) -> io::Result<Box<dyn Write>>,
) -> Result<Manifest, Refusal> {
    let mut magic = [0; 2];
    if input.read_exact(&mut magic).is_err() || magic != [0x1f, 0x8b] {
        return Err(Refusal::NoBundle);
    }
    let mut archive = tar::Archive::new(GzDecoder::new(magic.as_slice().chain(input)));
    let mut entries = archive.entries()?;
    let manifest = match entries.next() {
        Some(Ok(mut entry)) if *entry.path_bytes() == *MANIFEST.as_bytes() => {
            is_plain(&entry)?;
            manifest(&mut entry)?
        }
        Some(Err(_) | Ok(_)) | None => return Err(Refusal::NoBundle),
    };
    check(&manifest, limits)?;
    for part in &manifest.parts {
        let Some(entry) = entries.next() else {
            return Err(Refusal::Damaged(format!("{} is missing", part.name)));
        };
        let mut entry = entry?;
        is_plain(&entry)?;
        if *entry.path_bytes() != *part.name.as_bytes() {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            return Err(Refusal::Damaged(format!(
                "{name} stands where {} has to be",
                part.name
            )));
        }
        let mut out = place(part).map_err(Refusal::Trouble)?;
        copy(&mut entry, part, &mut *out)?;
        out.flush().map_err(Refusal::Trouble)?;
    }
    match entries.next() {
        None => Ok(manifest),
        Some(Ok(_)) => Err(Refusal::Hostile(
            "it holds more than its manifest names".to_owned(),
        )),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Refuses whatever is not a file.
fn is_plain<R: Read>(entry: &tar::Entry<'_, R>) -> Result<(), Refusal> {
    if entry.header().entry_type() == tar::EntryType::Regular {
        return Ok(());
    }
    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    Err(Refusal::Hostile(format!(
        "{name} is a link or something else that is no file"
    )))
}

fn manifest(entry: &mut dyn Read) -> Result<Manifest, Refusal> {
    #[derive(serde::Deserialize)]
    struct Face {
        massgen_tui: String,
        version: u32,
        #[serde(default)]
        program: String,
    }
    let mut text = Vec::new();
    entry.take(LARGEST_MANIFEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST_MANIFEST {
        return Err(Refusal::Hostile(
            "its manifest is larger than any manifest is".to_owned(),
        ));
    }
    let face: Face = serde_json::from_slice(&text).map_err(|_| Refusal::NoBundle)?;
    if face.massgen_tui != MARK || face.version == 0 {
        return Err(Refusal::NoBundle);
    }
    if face.version > VERSION {
        return Err(Refusal::Newer(face.version, face.program));
    }
    serde_json::from_slice(&text)
        .map_err(|error| Refusal::Damaged(format!("its manifest cannot be read ({error})")))
}

/// What a manifest may promise.
fn check(manifest: &Manifest, limits: Limits) -> Result<(), Refusal> {
    if manifest.parts.len() > limits.parts {
        return Err(Refusal::Hostile(format!(
            "it has {} parts",
            manifest.parts.len()
        )));
    }
    let mut names = BTreeSet::new();
    let mut bytes = 0_u64;
    for part in &manifest.parts {
        if !is_name(&part.name) {
            return Err(Refusal::Hostile(format!(
                "a part of it is called {:?}",
                part.name
            )));
        }
        if !names.insert(part.name.as_str()) {
            return Err(Refusal::Hostile(format!("{} is in it twice", part.name)));
        }
        bytes = bytes.saturating_add(part.bytes);
    }
    if bytes > limits.bytes {
        return Err(Refusal::Hostile(format!(
            "unpacked it has {bytes} bytes; at most {} are taken",
            limits.bytes
        )));
    }
    if manifest.parts.first().is_none_or(|part| part.name != LOG) {
        return Err(Refusal::Damaged("it has no log".to_owned()));
    }
    Ok(())
}

/// Copies a part and compares it with what was promised.
fn copy(entry: &mut dyn Read, part: &Part, out: &mut dyn Write) -> Result<(), Refusal> {
    let mut sum = Sha256::default();
    let mut left = part.bytes;
    let mut buffer = vec![0; STEP];
    loop {
        let count = match entry.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Refusal::Damaged(format!("{} is larger than its manifest says", part.name))
        })?;
        sum.update(bytes);
        out.write_all(bytes).map_err(Refusal::Trouble)?;
    }
    if left > 0 {
        return Err(Refusal::Damaged(format!("{} is cut off", part.name)));
    }
    if hex(&sum.finish()) != part.sha256 {
        return Err(Refusal::Damaged(format!(
            "{} is not what was packed (its SHA-256 differs)",
            part.name
        )));
    }
    Ok(())
}
