//! Sessions that are over and were read, kept for programs that ask for them again.
//!
//! A picture counts as long as its log has the size and the time of change that it had before it was read.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use crate::{protocol::RunId, serve::http::port::Picture};

/// Sessions that are kept.
const KEPT: usize = 8;
/// Bytes of the largest that is kept.
const LARGEST: usize = 16 * 1024 * 1024;

/// Size and time of change of a log.
pub type Mark = (u64, SystemTime);

/// Pictures of sessions, the one asked for last at the end.
#[derive(Default)]
pub struct Pictures(Mutex<Vec<(RunId, Mark, Picture)>>);

/// The mark of a log; `None` when there is none to be had.
#[must_use]
pub fn mark(log: &Path) -> Option<Mark> {
    let known = std::fs::metadata(log).ok()?;
    Some((known.len(), known.modified().ok()?))
}

impl Pictures {
    /// The picture of a session whose log has this mark.
    #[must_use]
    pub fn get(&self, run: &RunId, mark: Mark) -> Option<Picture> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, ..)| known == run)?;
        let found = kept.remove(at);
        let picture = (found.1 == mark).then(|| found.2.clone())?;
        kept.push(found);
        Some(picture)
    }

    /// Keeps one.
    pub fn keep(&self, run: RunId, mark: Mark, picture: &Picture) {
        if picture.state.weight() > LARGEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, ..)| *known != run);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((run, mark, picture.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{run::RunState, serve::http::port::Standing, store};

    fn picture(name: &str) -> Picture {
        Picture {
            summary: store::summary(RunId(name.into()), &[]),
            standing: Standing::Over,
            state: RunState::default(),
        }
    }

    #[test]
    fn a_log_that_changed_is_read_again() {
        let kept = Pictures::default();
        let run = RunId("a".into());
        let then = SystemTime::UNIX_EPOCH;
        kept.keep(run.clone(), (5, then), &picture("a"));
        assert_eq!(kept.get(&run, (5, then)), Some(picture("a")));
        assert_eq!(kept.get(&run, (6, then)), None);
        assert_eq!(kept.get(&run, (5, then)), None, "what is old is gone");
    }

    #[test]
    fn those_asked_for_stay() {
        let kept = Pictures::default();
        let mark = (1, SystemTime::UNIX_EPOCH);
        let run = |number: usize| RunId(number.to_string());
        for number in 0..KEPT {
            kept.keep(run(number), mark, &picture("x"));
        }
        assert!(kept.get(&run(0), mark).is_some());
        kept.keep(run(99), mark, &picture("x"));
        assert!(kept.get(&run(0), mark).is_some());
        assert!(kept.get(&run(1), mark).is_none());
    }
}
