//! Sessions read from the shelf and put side by side.

use super::{notes, shelf::Shelf};
use crate::{
    protocol::{Failure, FailureKind, RunId, comparison::Comparison},
    report::{self, Subject},
    store::Session,
};

/// Most sessions that are put side by side.
pub const MOST: usize = 12;

/// These sessions side by side, by their names, in this order. Reads all of them; blocking.
///
/// # Errors
/// Fewer than two or too many, one that is named twice, is not there or cannot be read.
pub fn compare(shelf: &Shelf, names: &[String]) -> Result<Comparison, Failure> {
    if names.len() < 2 || names.len() > MOST {
        let words = format!("{} sessions cannot be compared.", names.len());
        let hint = format!("Name 2 to {MOST} of them; `massgen-tui logs list` shows them.");
        return Err(Failure::new(FailureKind::Request, words).hint(hint));
    }
    let mut read: Vec<(RunId, Session)> = Vec::new();
    for name in names {
        let volume = shelf.find(name)?;
        let run = notes::run_of(&volume);
        if read.iter().any(|(other, _)| *other == run) {
            let words = format!("{run} is named twice.");
            let hint = "Name each session once.";
            return Err(Failure::new(FailureKind::Request, words).hint(hint));
        }
        read.push((run, shelf.read(&volume)?));
    }
    let damage: Vec<Option<String>> = (read.iter())
        .map(|(_, session)| session.damage.as_ref().map(ToString::to_string))
        .collect();
    let subjects: Vec<Subject<'_>> = (read.iter().zip(&damage))
        .map(|((run, session), damage)| Subject {
            run,
            events: &session.events,
            damage: damage.as_deref(),
        })
        .collect();
    Ok(report::compare(&subjects))
}
