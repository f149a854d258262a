//! What the three processes of a command tell each other, a JSON line each.
//!
//! The program says what to run ([`Plan`]); the keeper passes it on to the inner process, which says
//! whether it stands ([`Word`]); the keeper says how the command ended. Nothing secret is in it.

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::protocol::Network;

/// Longest line, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Everything about a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Program and arguments.
    pub words: Vec<String>,
    /// Where.
    pub folder: PathBuf,
    /// All of its environment.
    pub environment: Vec<(String, String)>,
    /// Folders that it may change.
    pub write: Vec<PathBuf>,
    /// Folders and files that it may read and run.
    pub read: Vec<PathBuf>,
    /// Devices that it may use.
    pub devices: Vec<PathBuf>,
    /// Whether it reaches the network.
    pub network: Network,
    /// Limits of resources.
    pub limits: Limits,
    /// Whether it is to be held; without, only the limits are.
    pub hold: Hold,
    /// The command line of bubblewrap, when it is used; the inner process is put behind it.
    pub wrap: Vec<String>,
}

/// Whether a command is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// By Landlock and seccomp; without them it does not run.
    Full,
    /// By what there is of them: another process holds it already.
    Further,
    /// By nothing.
    Nothing,
}

/// Limits of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds of processor time of each process.
    pub cpu_seconds: u64,
    /// Bytes of address space of each process.
    pub space: u64,
    /// Bytes of writable memory of each process.
    pub memory: u64,
    /// Open files of each process.
    pub files: u64,
    /// Processes and threads of the command.
    pub processes: u64,
    /// Bytes of a file.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const GIB: u64 = 1024 * 1024 * 1024;
        Self {
            cpu_seconds: 3_600,
            space: 64 * GIB,
            memory: 8 * GIB,
            files: 4_096,
            processes: 512,
            file_bytes: 4 * GIB,
        }
    }
}

/// What the inner process and the keeper say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It stands, held by Landlock as said; the command is about to begin.
    Ready {
        /// `all of it (ABI 7)`, `part of it (ABI 1)`, `no`.
        landlock: String,
    },
    /// It could not be made to stand, or the command could not be started.
    Failed(String),
    /// The command ended with this exit code.
    Exit(i32),
    /// The command was ended by this signal.
    Signal(i32),
    /// It had too many processes and was ended.
    Crowd,
}

/// Writes one line.
///
/// # Errors
/// The other side is gone.
pub fn say<T: Serialize>(mut to: &UnixStream, what: &T) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line)
}

/// Reads one line; `None` when the other side has nothing more to say.
///
/// # Errors
/// It cannot be read.
pub fn hear<T: DeserializeOwned>(from: &UnixStream) -> std::io::Result<Option<T>> {
    // A byte at a time would be slow, a larger buffer could swallow the next line: there is only one
    // line at a time on these sockets, and the reader is kept by nobody.
    let mut line = Vec::new();
    let mut reader = BufReader::with_capacity(1, from.take(LONGEST));
    reader.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}
