//! Logs of MassGen, read as sessions of ours.
//!
//! MassGen writes a folder per session with several files that tell the same run in different words, and
//! counters that are wrong (votes that were dropped stay counted, costs add up over turns, a crash
//! leaves half of them). This module reads what is there, trusts the single happenings and recounts
//! everything from them: the result is a stream of [`crate::protocol::Event`]s, and every screen,
//! report and export works on it as on a session of our own. Versions 0.1.12 to 0.1.97 are known.
//!
//! It only reads, follows no link, and never fails for a damaged file: what could not be used is told
//! as a notice of the session. Blocking.

mod about;
mod attempt;
mod bills;
mod clock;
mod count;
mod ending;
mod file;
mod folders;
mod moment;
mod play;
mod steps;
mod stream;
#[cfg(test)]
mod tests;
mod tracker;

pub use folders::{Found, find, holds, is_named, name, watched};

use std::path::Path;

use crate::protocol::{Event, Failure, FailureKind, RunId};

/// A log of MassGen as a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// The name it has here: `massgen-` and its date.
    pub run: RunId,
    /// Its story.
    pub events: Vec<Event>,
}

/// Reads the log in a folder: the root of a session, one of its turns, or one of its attempts (all of
/// the session is read).
///
/// # Errors
/// The folder cannot be listed, or holds no log of MassGen.
pub fn read(folder: &Path) -> Result<Log, Failure> {
    let root = folders::root_of(folder);
    let attempts = folders::attempts(&root)?;
    if attempts.is_empty() {
        return Err(Failure::new(
            FailureKind::Local,
            format!("{} holds no log of MassGen.", folder.display()),
        )
        .hint("A log is a folder such as .massgen/massgen_logs/log_20260131_101530_123456."));
    }
    let run = folders::name(&root);
    let mut stage = play::Stage::new(run.clone());
    let mut spent = bills::Account::default();
    for attempt in &attempts {
        attempt::tell(attempt, &mut spent, &mut stage);
    }
    Ok(Log {
        run,
        events: stage.events(),
    })
}
