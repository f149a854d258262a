//! A session as one compressed file that another `massgen-tui` opens: the log, what stands beside it, and
//! a manifest with the SHA-256 of every part. The only door to `tar` and `flate2`.
//!
//! The manifest comes first and names all parts in their order, so that a reader knows before each part how
//! large it may be and what its sum has to be; what does not agree is refused ([`unpack`]). The same session
//! gives the same bytes.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Limits, Refusal, unpack};
pub(super) use write::write;

use serde::{Deserialize, Serialize};

use super::{LeftOut, Masked};
use crate::protocol::RunId;

/// Version of the format; raised when an older program would misread a file.
pub const VERSION: u32 = 1;
/// Name of the first part.
pub const MANIFEST: &str = "manifest.json";
/// Name of the log.
pub const LOG: &str = "events.jsonl";
/// How a manifest begins.
const MARK: &str = "bundle";

/// What a bundle says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `bundle`.
    pub massgen_tui: String,
    /// [`VERSION`].
    pub version: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// The session.
    pub run: RunId,
    /// Who gives it away, when they say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When, in milliseconds since the epoch; only along with who, so that a bundle without a name is the
    /// same bytes every time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// What was masked.
    #[serde(default)]
    pub masked: Vec<Masked>,
    /// What is not in it.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Its parts, in their order.
    pub parts: Vec<Part>,
}

/// A file in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its path.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Whether a part may have such a name: a short relative path of plain characters in a place we know.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    let place = match name.split_once('/') {
        None => [LOG, "labels.json", "notes.jsonl"].contains(&name),
        Some((folder, _)) => ["analysis", "patches", "files"].contains(&folder),
    };
    place && name.len() <= 96 && name.split('/').count() <= 4 && name.split('/').all(plain)
}
