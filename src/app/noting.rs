//! The world behind the room of notes.

use std::sync::Arc;

use super::{Services, notes};
use crate::{
    engine::outbox::now,
    protocol::{Failure, FailureKind, RunId, note::Threads},
    store::{NoteFolder, Store, redact::Redactor},
    tui::notes::{Ask, Book, News, Told, What},
};

/// What names of logs of MassGen begin with here.
const IMPORTED: &str = "massgen-";

/// Answers one question.
pub(super) fn answer(services: &Services, ask: Ask) -> Told {
    let Ask { run, what } = ask;
    Told {
        news: news(services, &run, what),
        run,
    }
}

fn news(services: &Services, run: &RunId, what: What) -> Result<News, Failure> {
    let folder = folder(services, run)?;
    let who = notes::author(None);
    match what {
        What::Read => {}
        What::Write { note, act } => {
            notes::write(&folder, &who, note.unwrap_or_else(notes::new_id), *act)?;
        }
        What::See(seen) => {
            folder.see(&who, &seen)?;
            return Ok(News::Remembered);
        }
    }
    let kept = folder.read()?;
    Ok(News::Book(Arc::new(Book {
        threads: Threads::of(&kept.records),
        seen: folder.seen(&who),
        now: now(),
        damage: kept.damage,
        who,
    })))
}

/// The notes of the session with this name, ours or an imported one.
fn folder(services: &Services, run: &RunId) -> Result<NoteFolder, Failure> {
    // The name comes from a log, and becomes a part of a path.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if run.0.is_empty() || !run.0.chars().all(plain) {
        let words = "The session has a name that no folder can have.";
        return Err(Failure::new(FailureKind::Local, words));
    }
    let store = Store::reading(&services.state_dir);
    let beside = if store.log(run).is_file() {
        store.beside(run)
    } else if run.0.starts_with(IMPORTED) {
        store.beside_imported(run)
    } else {
        let words = format!("Session {run} is not stored, so nothing can be noted on it.");
        let hint = "`massgen-tui doctor` says whether the state folder can be written.";
        return Err(Failure::new(FailureKind::Local, words).hint(hint));
    };
    let redactor = Redactor::new(&services.environment.secrets());
    Ok(NoteFolder::new(beside, run.clone()).masking(redactor))
}
