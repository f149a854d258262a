//! Sessions that programs ask for: folded once as far as their logs go; asked for again, only what was added
//! is read.
//!
//! What was folded counts as long as the log is the same file, which is only ever written on.

use std::{
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use crate::{
    app::shelf::{Shelf, Volume},
    protocol::{Failure, Mark, RunId},
    run::RunState,
    serve::http::port::{Picture, Standing},
    store::{Bound, Scan},
};

/// Sessions that are kept.
const KEPT: usize = 8;
/// Bytes of the largest that is kept.
const LARGEST: usize = 16 * 1024 * 1024;
/// What is read of a log in one step.
const STEP: Bound = Bound {
    bytes: 4 * 1024 * 1024,
    events: 20_000,
};

/// Device, number and birth of a file.
type Identity = (u64, u64, Option<SystemTime>);

/// A session as far as its log was read.
#[derive(Debug)]
struct Fold {
    /// The log; `None` of one that is none of ours and is read as a whole each time.
    log: Option<Identity>,
    mark: Mark,
    state: RunState,
    scan: Scan,
}

/// Sessions as they were read, the one asked for last at the end.
#[derive(Debug, Default)]
pub struct Pictures(Mutex<Vec<(RunId, Fold)>>);

impl Pictures {
    /// A session as its log tells it now. `standing` is what was known of it before. Blocking.
    ///
    /// # Errors
    /// No session is called so, or its log cannot be read.
    pub fn read(&self, shelf: &Shelf, run: RunId, standing: Standing) -> Result<Picture, Failure> {
        let volume = shelf.find(&run.0)?;
        let elsewhere = shelf.is_written(&volume);
        let log = match &volume {
            Volume::Ours(run) => identity(&shelf.store().log(run)),
            Volume::MassGen(_) => None,
        };
        let kept = self.take(&run).filter(|fold| fold.log == log);
        let mut fold = kept.unwrap_or_else(|| Fold::new(run.clone(), log));
        fold.read_on(shelf, &volume)?;
        let picture = Picture {
            summary: fold.scan.summary(None),
            standing: match standing {
                Standing::Over if elsewhere => Standing::Elsewhere,
                standing => standing,
            },
            state: fold.state.clone(),
        };
        self.keep(run, fold);
        Ok(picture)
    }

    /// Who asks for the same session meanwhile reads it anew.
    fn take(&self, run: &RunId) -> Option<Fold> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == run)?;
        Some(kept.remove(at).1)
    }

    fn keep(&self, run: RunId, fold: Fold) {
        if fold.log.is_none() || fold.state.weight() > LARGEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != run);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((run, fold));
    }
}

impl Fold {
    fn new(run: RunId, log: Option<Identity>) -> Self {
        Self {
            log,
            mark: Mark::default(),
            state: RunState::default(),
            scan: Scan::new(run),
        }
    }

    /// Takes in what the log has behind the mark.
    fn read_on(&mut self, shelf: &Shelf, volume: &Volume) -> Result<(), Failure> {
        loop {
            let piece = shelf.piece(volume, &self.mark, STEP)?;
            for event in &piece.events {
                self.state.apply(event);
                self.scan.apply(event);
            }
            self.mark = piece.next;
            if piece.end {
                return Ok(());
            }
        }
    }
}

fn identity(log: &Path) -> Option<Identity> {
    let known = std::fs::metadata(log).ok()?;
    Some((known.dev(), known.ino(), known.created().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Paths,
        protocol::Event,
        store::{self, Store, samples},
    };

    const RUN: &str = "20261121-101530-k3f9";

    /// The same, read anew.
    fn whole(events: &[Event]) -> (RunState, crate::protocol::SessionSummary) {
        let mut state = RunState::default();
        for event in events {
            state.apply(event);
        }
        (state, store::summary(RunId(RUN.into()), events))
    }

    #[tokio::test]
    async fn what_is_added_is_read_on_and_another_log_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (run, store) = (RunId(RUN.into()), Store::open(folder.path()).unwrap());
        let shelf = Shelf::new(folder.path(), &Paths::default(), None);
        let pictures = Pictures::default();
        let read = |standing| {
            let picture = pictures.read(&shelf, run.clone(), standing).unwrap();
            (picture.standing, (picture.state, picture.summary))
        };
        let offset = || pictures.0.lock().unwrap()[0].1.mark.offset;
        let events = samples::session(RUN);
        let (first, rest) = events.split_at(events.len() / 2);
        let log = store.write(run.clone()).unwrap();
        for event in first {
            log.append(event.clone()).await;
        }
        log.close().await;
        assert_eq!(read(Standing::Over), (Standing::Over, whole(first)));
        let before = offset();
        let again = store.reopen(&run).unwrap().log;
        for event in rest {
            again.append(event.clone()).await;
        }
        assert_eq!(read(Standing::Over).0, Standing::Elsewhere);
        again.close().await;
        // What was read is not looked at again, so that nobody sees that it is gone.
        let path = store.log(&run);
        let mut bytes = std::fs::read(&path).unwrap();
        let head = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        bytes[head..before as usize - 1].fill(b' ');
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(Standing::Over), (Standing::Over, whole(&events)));
        assert!(offset() > before);
        // A session of the same name that is another one.
        std::fs::remove_dir_all(folder.path().join("sessions").join(RUN)).unwrap();
        let log = store.write(run.clone()).unwrap();
        for event in first {
            log.append(event.clone()).await;
        }
        log.close().await;
        assert_eq!(read(Standing::Over), (Standing::Over, whole(first)));
        assert_eq!(offset(), before);
    }

    #[test]
    fn those_asked_for_stay() {
        let kept = Pictures::default();
        let run = |number: usize| RunId(number.to_string());
        let fold = |number: usize| Fold::new(run(number), Some((0, 0, None)));
        for number in 0..KEPT {
            kept.keep(run(number), fold(number));
        }
        let asked = kept.take(&run(0)).unwrap();
        kept.keep(run(0), asked);
        kept.keep(run(99), fold(99));
        assert!(kept.take(&run(0)).is_some());
        assert!(kept.take(&run(1)).is_none());
    }
}
