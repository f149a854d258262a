//! The session log: every run is appended to its own folder as it is lived and can be read back.
//!
//! `<state>/sessions/<run id>/events.jsonl` holds a header line and one event per line; what the
//! lines mean is [`crate::protocol::Event`]. Folders and files are private to their owner. Secrets
//! are masked ([`redact`]) before an event reaches anyone, the log included. This module knows the
//! event types and nothing of who makes or shows them.

mod analyses;
mod append;
pub mod approvals;
mod catalog;
mod db;
mod files;
mod index;
mod labels;
mod lines;
mod lock;
pub mod logfile;
mod notes;
pub mod permissions;
mod pieces;
mod prompts;
mod reader;
pub mod redact;
mod results;
mod review;
#[cfg(test)]
pub(crate) mod samples;
mod schema;
pub mod scrub;
pub mod search;
mod shared;
mod summary;
mod trash;
mod writer;

pub use analyses::{AnalysisFolder, PageFolder};
pub use append::Reopened;
pub use catalog::{Catalogue, Imported, Importer};
pub use index::Listing;
pub use labels::{edit_labels, labels};
pub use notes::{
    KeptNotes, NOTES_FILE, NoteFolder, OtherCopy, other_copy, read_notes, same_session, same_times,
};
pub use pieces::{Bound, Piece, piece};
pub use prompts::PromptFolder;
pub use reader::{Reader, Session, read};
pub use results::{KeptResult, MOST as MOST_OF_A_RESULT, ResultFolder};
pub use schema::{Header, SCHEMA};
pub use summary::Scan;
pub use trash::{Emptied, TRASH_DAYS};
pub use writer::{Writer, WriterHandle};

/// Writes a private file of ours, whole or not at all; its folder is made when it is not there.
///
/// # Errors
/// Why it cannot be written; what was there still stands.
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        files::create_dirs(folder)?;
    }
    files::replace(path, bytes).map_err(|error| files::trouble("write", path, &error))
}

use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};

pub use crate::protocol::Damage;
use crate::{
    catalog::Shared,
    protocol::{Event, Failure, FailureKind, RunId, SessionSummary},
};

/// Name of the log within a session's folder.
const LOG_FILE: &str = "events.jsonl";
/// Beside the log of a session that came from somebody else: what its bundle says.
pub const SHARED_FILE: &str = "shared.json";
/// Name of the summary within a session's folder.
const SUMMARY_FILE: &str = "summary.json";
/// Letters and digits that are hard to mistake for one another.
const SUFFIX: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Candidates named when a name fits several sessions.
const CANDIDATES: usize = 5;

/// The folder of all sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    sessions: PathBuf,
}

impl Store {
    /// The store in `state_dir`, made ready for writing.
    ///
    /// # Errors
    /// A folder that cannot be created or written.
    pub fn open(state_dir: &Path) -> Result<Self, Failure> {
        let store = Self::reading(state_dir);
        files::create_dirs(&store.sessions)?;
        files::tighten(&store.sessions)?;
        files::writable(&store.sessions)?;
        Ok(store)
    }

    /// The store in `state_dir` as it is, for looking only: nothing needs to exist or be writable.
    #[must_use]
    pub fn reading(state_dir: &Path) -> Self {
        Self {
            sessions: state_dir.join("sessions"),
        }
    }

    /// The folder that holds all sessions.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.sessions
    }

    /// The log file of a session.
    #[must_use]
    pub fn log(&self, run: &RunId) -> PathBuf {
        self.sessions.join(&run.0).join(LOG_FILE)
    }

    /// The folder of a session of ours: its log and whatever belongs to it.
    #[must_use]
    pub fn beside(&self, run: &RunId) -> PathBuf {
        self.sessions.join(&run.0)
    }

    /// The folder for what belongs to a log of another program, which is never written itself.
    #[must_use]
    pub fn beside_imported(&self, run: &RunId) -> PathBuf {
        self.sessions.with_file_name("imported").join(&run.0)
    }

    /// Starts the log of a new session.
    ///
    /// # Errors
    /// A folder or file that cannot be created or written.
    pub fn write(&self, run: RunId) -> Result<WriterHandle, Failure> {
        Writer::open(&self.sessions.join(&run.0), run)
    }

    /// Reads a session back.
    ///
    /// # Errors
    /// A log that cannot be opened, or is of a newer format.
    pub fn read(&self, run: &RunId) -> Result<Session, Failure> {
        reader::read(&self.log(run))
    }

    /// Whether this is the whole name of a session that has a log here.
    #[must_use]
    pub fn has(&self, run: &RunId) -> bool {
        is_run_name(&run.0) && self.log(run).is_file()
    }

    /// Reads a part of a session, from `mark` on; also of one that is being written.
    ///
    /// # Errors
    /// A log that cannot be opened, or is of a newer format.
    pub fn piece(
        &self,
        run: &RunId,
        mark: &crate::protocol::Mark,
        bound: Bound,
    ) -> Result<Piece, Failure> {
        pieces::piece(&self.log(run), mark, bound)
    }

    /// Names of all sessions, in no order.
    ///
    /// # Errors
    /// A folder that cannot be listed; one that does not exist is an empty list.
    pub fn runs(&self) -> Result<Vec<RunId>, Failure> {
        index::names(&self.sessions)
    }

    /// The newest `limit` sessions and how many there are.
    ///
    /// # Errors
    /// A folder that cannot be listed; one that does not exist is an empty list.
    pub fn list(&self, limit: usize) -> Result<Listing, Failure> {
        index::list(&self.sessions, limit)
    }

    /// Whether a session may have this name.
    #[must_use]
    pub fn names(run: &RunId) -> bool {
        is_run_name(&run.0)
    }

    /// Whether a session came from somebody else and is only looked at.
    #[must_use]
    pub fn is_shared(&self, run: &RunId) -> bool {
        self.sessions.join(&run.0).join(SHARED_FILE).is_file()
    }

    /// Who gave a session away that came from somebody else.
    #[must_use]
    pub fn shared(&self, run: &RunId) -> Option<Shared> {
        shared::shared(&self.sessions.join(&run.0))
    }

    /// Whether a process writes this session now: it is at work, here or elsewhere.
    #[must_use]
    pub fn is_written(&self, run: &RunId) -> bool {
        lock::is_held(&self.sessions.join(&run.0))
    }

    /// The session that `name` means: `latest`, a whole id, its beginning, or its last four
    /// characters.
    ///
    /// # Errors
    /// No session fits, or several do; the failure then names some.
    pub fn find(&self, name: &str) -> Result<RunId, Failure> {
        let runs = index::runs(&self.sessions)?;
        let name = name.trim();
        if name.is_empty() || name == "latest" {
            return runs.into_iter().next().ok_or_else(|| self.nothing());
        }
        if let Some(exact) = runs.iter().find(|run| run.0 == name) {
            return Ok(exact.clone());
        }
        let mut fitting: Vec<RunId> = runs
            .iter()
            .filter(|run| run.0.starts_with(name))
            .cloned()
            .collect();
        if fitting.is_empty() {
            let ending = format!("-{name}");
            fitting.extend(runs.iter().filter(|run| run.0.ends_with(&ending)).cloned());
        }
        match fitting.len() {
            0 if runs.is_empty() => Err(self.nothing()),
            0 => Err(Failure::new(
                FailureKind::Local,
                format!("No session is called {name:?}."),
            )
            .hint("`massgen-tui logs list` shows them; `latest` is the newest.")),
            1 => Ok(fitting.swap_remove(0)),
            _ => Err(ambiguous(name, &fitting)),
        }
    }

    fn nothing(&self) -> Failure {
        Failure::new(
            FailureKind::Local,
            format!("There is no session in {}.", self.sessions.display()),
        )
        .hint("`massgen-tui --demo` makes one without any key.")
    }
}

fn ambiguous(name: &str, fitting: &[RunId]) -> Failure {
    let mut names: Vec<&str> = fitting
        .iter()
        .take(CANDIDATES)
        .map(|run| run.0.as_str())
        .collect();
    if fitting.len() > CANDIDATES {
        names.push("…");
    }
    Failure::new(
        FailureKind::Local,
        format!(
            "{name:?} fits {} sessions: {}.",
            fitting.len(),
            names.join(", ")
        ),
    )
    .hint("Write more of the name.")
}

/// The line of the list for a session, wherever it is kept.
#[must_use]
pub fn summary(run: RunId, events: &[Event]) -> SessionSummary {
    let mut scan = summary::Scan::new(run);
    for event in events {
        scan.apply(event);
    }
    scan.summary(None)
}

/// A new session name such as `20261121-101530-k3f9` for a session that starts at `now_ms`
/// (milliseconds since the epoch): the time in UTC, so that names sort by start, and four random
/// letters.
#[must_use]
pub fn new_run_id(now_ms: u64) -> RunId {
    let time = i64::try_from(now_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(TimeZone::UTC)
        .strftime("%Y%m%d-%H%M%S")
        .to_string();
    let suffix: String = (0..4)
        .filter_map(|_| fastrand::choice(SUFFIX))
        .map(|byte| char::from(*byte))
        .collect();
    RunId(format!("{time}-{suffix}"))
}

/// True for names that a session's folder may have; keeps other folders out of the list, and path
/// separators out of paths.
fn is_run_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests;
