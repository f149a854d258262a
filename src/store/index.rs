//! The list of sessions, newest first, without reading their logs.
//!
//! Each session's folder holds `summary.json` beside its log. One that is missing or older than the
//! log (the program was killed, or still runs) is made again from the log and stored when it can be.

use std::{fs, path::Path, time::SystemTime};

use super::{
    LOG_FILE, SUMMARY_FILE, files,
    reader::Reader,
    summary::{self, Scan, Stored},
};
use crate::protocol::{Damage, Failure, RunId, SessionSummary};

/// Part of the list of sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Newest first.
    pub sessions: Vec<SessionSummary>,
    /// How many sessions there are in all.
    pub total: usize,
}

/// Names of folders in `sessions` that may be sessions, in no order; none when it does not exist.
pub(super) fn names(sessions: &Path) -> Result<Vec<RunId>, Failure> {
    let entries = match fs::read_dir(sessions) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(files::trouble("list the sessions in", sessions, &error)),
    };
    let names = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names
        .filter(|name| super::is_run_name(name))
        .map(RunId)
        .collect())
}

/// Names of the sessions in `sessions`, newest first; none when the folder does not exist.
pub(super) fn runs(sessions: &Path) -> Result<Vec<RunId>, Failure> {
    let mut runs: Vec<(SystemTime, RunId)> = names(sessions)?
        .into_iter()
        .filter_map(|run| {
            let log = fs::symlink_metadata(sessions.join(&run.0).join(LOG_FILE)).ok()?;
            Some((log.modified().unwrap_or(SystemTime::UNIX_EPOCH), run))
        })
        .collect();
    // Names sort by the second of their start; within a second the one that was written last wins.
    runs.sort_unstable_by(|(a_written, a), (b_written, b)| {
        (second(b), b_written, b).cmp(&(second(a), a_written, a))
    });
    Ok(runs.into_iter().map(|(_, run)| run).collect())
}

/// The part of a name that tells the start.
fn second(run: &RunId) -> &str {
    run.0
        .rsplit_once('-')
        .map_or(run.0.as_str(), |(start, _)| start)
}

/// The newest `limit` sessions.
pub(super) fn list(sessions: &Path, limit: usize) -> Result<Listing, Failure> {
    let runs = runs(sessions)?;
    Ok(Listing {
        total: runs.len(),
        sessions: runs
            .into_iter()
            .take(limit)
            .map(|run| summary_of(&sessions.join(&run.0), run))
            .collect(),
    })
}

/// The stored summary, or a new one from the log.
pub(super) fn summary_of(dir: &Path, run: RunId) -> SessionSummary {
    let log = dir.join(LOG_FILE);
    let file = dir.join(SUMMARY_FILE);
    let length = fs::symlink_metadata(&log).map_or(0, |meta| meta.len());
    if let Some(session) = stored(&file, length, &run) {
        return session;
    }
    let session = scan(&log, run);
    let stored = Stored {
        summary: summary::VERSION,
        log_bytes: length,
        session,
    };
    if let Ok(bytes) = serde_json::to_vec(&stored) {
        // A folder that cannot be written only means that the log is read again next time.
        let _ = files::replace(&file, &bytes);
    }
    stored.session
}

fn stored(file: &Path, log_bytes: u64, run: &RunId) -> Option<SessionSummary> {
    let file = files::open_read(file).ok()?;
    let stored: Stored = serde_json::from_reader(std::io::BufReader::new(file)).ok()?;
    (stored.summary == summary::VERSION
        && stored.log_bytes == log_bytes
        && stored.session.run == *run)
        .then_some(stored.session)
}

/// Reads the log; one that cannot be read becomes a line that says `damaged`.
fn scan(log: &Path, run: RunId) -> SessionSummary {
    let mut scan = Scan::new(run);
    let damage = Reader::open(log).and_then(|mut reader| {
        while let Some(event) = reader.next()? {
            scan.apply(&event);
        }
        Ok(reader.damage())
    });
    match damage {
        Ok(damage) => scan.summary(damage.as_ref()),
        Err(_) => scan.summary(Some(&Damage {
            skipped: 1,
            ..Damage::default()
        })),
    }
}
