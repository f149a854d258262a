//! Brings the index up to date: reads what is new, forgets what is gone.
//!
//! In pieces, oldest session first, stoppable between any two; whatever was done stays done. A log that
//! cannot be read now is left as it is known.

use std::{collections::HashMap, path::PathBuf};

use super::{
    Index,
    gather::Gatherer,
    log::{self, State},
    noted,
    put::{self, Change, Put, Source},
};
use crate::{
    protocol::{Failure, RunId, Timestamp},
    store::{
        Imported, Importer, Store,
        catalog::{settled, stamp},
        db::{OptionalExtension as _, Row, SqlError},
        index,
    },
};

/// How often a log is tried that another process reads at the same time.
pub(super) const TRIES: u32 = 1_000;

/// How far an update is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of logs that were read.
    pub read: u64,
    /// Bytes of logs that there are to read, as far as is known.
    pub of: u64,
    /// Logs that are up to date.
    pub logs: usize,
    /// Logs there are.
    pub of_logs: usize,
}

/// What whoever watches an update says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Stop; the rest is done next time.
    Stop,
}

/// What the index holds of a log.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) step: i64,
    pub(super) look: String,
    theirs: bool,
}

impl Index {
    /// Brings the index up to date with `store` and logs of another program; says whether it is, or was
    /// told to stop. `now` tells which changes are fresh.
    ///
    /// # Errors
    /// Our folder cannot be listed, or the index cannot be written.
    pub fn update(
        &mut self,
        store: &Store,
        imported: &[Imported],
        importer: &dyn Importer,
        now: Timestamp,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Result<Go, Failure> {
        let held = self.held()?;
        let mut runs = index::names(&store.sessions)?;
        runs.sort_unstable();
        self.forget_gone(&held, &runs)?;
        let mut todo: Vec<(RunId, u64)> = Vec::new();
        for run in &runs {
            let known = held.get(&run.0).map(|held| held.look.as_str());
            let look = log::look(&store.log(run));
            if let Some((_, length)) = look.filter(|(look, _)| known != Some(look)) {
                let read = self.state_of(&run.0)?.map_or(0, |state| state.read);
                todo.push((run.clone(), length.saturating_sub(read)));
            }
        }
        let logs: Vec<&Imported> = imported
            .iter()
            .filter(|log| is_new(held.get(&key(log)), log, importer))
            .collect();
        let mut progress = Progress {
            read: 0,
            of: todo.iter().map(|(_, bytes)| bytes).sum(),
            logs: (runs.len() + imported.len()).saturating_sub(todo.len() + logs.len()),
            of_logs: runs.len() + imported.len(),
        };
        // Notes first: they are few, and the rest may take long.
        let sessions = (runs.as_slice(), imported);
        if self.update_notes(store, sessions, &held, progress, watch)? == Go::Stop {
            return Ok(Go::Stop);
        }
        for (run, _) in &todo {
            if self.read_ours(store, run, &mut progress, watch)? == Go::Stop {
                return Ok(Go::Stop);
            }
            progress.logs += 1;
        }
        for log in logs {
            if watch(progress) == Go::Stop {
                return Ok(Go::Stop);
            }
            self.read_theirs(log, importer, now)?;
            progress.logs += 1;
        }
        // Nothing is left to stop.
        watch(progress);
        Ok(Go::On)
    }

    fn held(&mut self) -> Result<HashMap<String, Held>, Failure> {
        self.db.with(|sql| {
            let mut select = sql.prepare("SELECT key, step, look, theirs FROM sources")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, held(row)?)))?;
            rows.collect()
        })
    }

    /// What the index holds of one log, now.
    pub(super) fn held_of(&mut self, key: &str) -> Result<Option<Held>, Failure> {
        self.db.with(|sql| {
            sql.query_row(
                "SELECT key, step, look, theirs FROM sources WHERE key = ?1",
                [key],
                held,
            )
            .optional()
        })
    }

    /// How far a log of ours was read.
    fn state_of(&mut self, key: &str) -> Result<Option<State>, Failure> {
        let select = "SELECT state FROM sources WHERE key = ?1";
        let state: Option<String> = self
            .db
            .with(|sql| sql.query_row(select, [key], |row| row.get(0)).optional())?;
        Ok(state.and_then(|state| serde_json::from_str(&state).ok()))
    }

    fn forget_gone(&mut self, held: &HashMap<String, Held>, runs: &[RunId]) -> Result<(), Failure> {
        for (key, held) in held {
            let session = noted::session(key);
            let gone = if held.theirs {
                // One that is only out of sight from here is in sight from elsewhere.
                !PathBuf::from(session).is_dir()
            } else {
                runs.binary_search_by(|run| run.0.as_str().cmp(session))
                    .is_err()
            };
            if gone {
                self.db.with(|sql| put::forget(sql, key))?;
            }
        }
        Ok(())
    }

    /// Reads a log of ours to its end, piece by piece.
    fn read_ours(
        &mut self,
        store: &Store,
        run: &RunId,
        progress: &mut Progress,
        watch: &mut dyn FnMut(Progress) -> Go,
    ) -> Result<Go, Failure> {
        let path = store.log(run);
        for _ in 0..TRIES {
            if watch(*progress) == Go::Stop {
                return Ok(Go::Stop);
            }
            let held = self.held_of(&run.0)?;
            let Some((look, _)) = log::look(&path) else {
                break;
            };
            if held.as_ref().is_some_and(|held| held.look == look) {
                break;
            }
            // Of another process, when it was there in between: then the change below is refused.
            let known = self.state_of(&run.0)?;
            let Ok(news) = log::read(&path, known.as_ref()) else {
                break;
            };
            let before = match known {
                Some(known) if !news.anew => known.read,
                _ => 0,
            };
            let change = Change {
                anew: news.anew,
                complete: &news.complete,
                unfinished: &news.unfinished,
                look: &news.state.look(),
                state: &serde_json::to_string(&news.state).unwrap_or_default(),
                step: held.map_or(0, |held| held.step + 1),
                keep_texts: false,
            };
            let source = Source {
                key: &run.0,
                run: &run.0,
                theirs: false,
            };
            let put = self.db.with(|sql| put::put(sql, &source, &change))?;
            if put == Put::Done {
                progress.read += news.state.read.saturating_sub(before);
                progress.of = progress.of.max(progress.read);
            }
        }
        Ok(Go::On)
    }

    /// Reads a log of another program whole.
    fn read_theirs(
        &mut self,
        log: &Imported,
        importer: &dyn Importer,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let key = key(log);
        for _ in 0..TRIES {
            let held = self.held_of(&key)?;
            if !is_new(held.as_ref(), log, importer) {
                return Ok(());
            }
            let state = stamp(&importer.watched(&log.root));
            let state = if settled(&state, now) {
                state
            } else {
                Vec::new()
            };
            let mut gatherer = Gatherer::default();
            for (line, event) in (0_u64..).zip(importer.events(log).unwrap_or_default()) {
                gatherer.take(&event, line..line + 1);
            }
            let mut complete = gatherer.ready();
            complete.extend(gatherer.unfinished());
            let change = Change {
                anew: true,
                complete: &complete,
                unfinished: &[],
                look: &hex(&state),
                state: "",
                step: held.map_or(0, |held| held.step + 1),
                keep_texts: true,
            };
            let source = Source {
                key: &key,
                run: &log.run.0,
                theirs: true,
            };
            if self.db.with(|sql| put::put(sql, &source, &change))? == Put::Done {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What a log of another program is known by.
pub(super) fn key(log: &Imported) -> String {
    log.root.to_string_lossy().into_owned()
}

fn is_new(held: Option<&Held>, log: &Imported, importer: &dyn Importer) -> bool {
    // Looking twice costs less than reading once.
    held.is_none_or(|held| {
        held.look.is_empty() || held.look != hex(&stamp(&importer.watched(&log.root)))
    })
}

fn held(row: &Row<'_>) -> Result<Held, SqlError> {
    Ok(Held {
        step: row.get(1)?,
        look: row.get(2)?,
        theirs: row.get(3)?,
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
