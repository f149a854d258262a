//! The list of all sessions, remembered: nothing is read anew whose files did not change.
//!
//! What is known of a session stands in a table with the lengths and times of the files it was made
//! from. Listing looks at those and at nothing else: two of them for one of ours, a few more for a log
//! of another program. A session whose files changed within the last moments is looked at again the next
//! time as well, because a second change may not show. The table is a cache: without it the list is the
//! same, only later.

use std::{
    collections::{HashMap, HashSet},
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    thread,
};

use serde::{Deserialize, Serialize};

use self::look::{ABSENT, Looker};
pub(super) use self::look::{settled, stamp};
use super::{
    LOG_FILE, Store,
    db::{Db, Plan, SqlError, Transaction, TransactionBehavior, params},
    index,
    labels::{LABELS_FILE, labels},
    lock,
    notes::{NOTES_FILE, read_notes},
    shared::shared,
};
use crate::{
    catalog::{Entry, Labels, Shared, Standing},
    protocol::{Event, Failure, RunId, SessionSummary, Timestamp, note::Act},
};

mod look;

/// One shelf of it stands in one piece, in the order of its keys.
const PLAN: Plan = Plan {
    name: "sessions",
    version: 4,
    tables: "CREATE TABLE entries(
        theirs INTEGER NOT NULL, key TEXT NOT NULL, stamp BLOB NOT NULL, watched TEXT NOT NULL,
        live INTEGER NOT NULL, known TEXT NOT NULL, PRIMARY KEY(theirs, key)) WITHOUT ROWID;",
};

/// The folder of reports that models wrote.
const ANALYSIS_FOLDER: &str = "analysis";
/// Sessions below which a second thread is not worth it.
const FEW: usize = 256;

/// The list of sessions.
#[derive(Debug)]
pub struct Catalogue {
    db: Db,
}

/// A log of another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its name here.
    pub run: RunId,
    /// Its folder.
    pub root: PathBuf,
}

/// How logs of another program are read.
pub trait Importer: Sync {
    /// The files and folders of a log that tell by their lengths and times whether there is anything new.
    fn watched(&self, root: &Path) -> Vec<PathBuf>;
    /// What a log tells.
    fn summary(&self, log: &Imported) -> SessionSummary;
    /// Its story, with secrets masked.
    ///
    /// # Errors
    /// It cannot be read.
    fn events(&self, log: &Imported) -> Result<Vec<Event>, Failure>;
}

/// A session that was found, and where to look.
struct Place {
    key: String,
    run: RunId,
    /// The folder of its log.
    folder: PathBuf,
    /// Where labels, notes and reports stand.
    beside: PathBuf,
}

/// A row of the table.
struct Row {
    stamp: Vec<u8>,
    watched: String,
    live: bool,
    known: String,
}

/// What is remembered of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    summary: SessionSummary,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    analysed: u32,
    #[serde(default)]
    notes: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<Shared>,
}

/// A session after its files were looked at.
struct Looked {
    stamp: Vec<u8>,
    watched: String,
    /// `None`: it must be read.
    known: Option<Known>,
    was_live: bool,
}

impl Catalogue {
    /// Opens what is remembered below `state_dir`.
    ///
    /// # Errors
    /// Not even memory for it can be had.
    pub fn open(state_dir: &Path) -> Result<Self, Failure> {
        Ok(Self {
            db: Db::open(state_dir, PLAN)?,
        })
    }

    /// All sessions of `store`, those in its trash, and the logs of another program, in no order. `now` tells which changes
    /// are fresh.
    ///
    /// # Errors
    /// The folder of sessions cannot be listed, or the disk is full.
    pub fn entries(
        &mut self,
        store: &Store,
        imported: &[Imported],
        importer: &dyn Importer,
        now: Timestamp,
    ) -> Result<Vec<Entry>, Failure> {
        let ours = places(store, "")?;
        // Deleted ones are never in the way of the others.
        let trash = places(&store.trash(), "trash/").unwrap_or_default();
        let theirs: Vec<Place> = imported
            .iter()
            .map(|log| Place {
                key: log.root.to_string_lossy().into_owned(),
                run: log.run.clone(),
                folder: log.root.clone(),
                beside: store.beside_imported(&log.run),
            })
            .collect();
        let looker = |top, places: &[Place]| match places {
            [] => Ok(Looker::Root),
            _ => Looker::within(top),
        };
        let here = looker(store.folder(), &ours)?;
        let mut entries = self.refresh(Kind::Ours, &here, &ours, now)?;
        entries.extend(self.refresh(Kind::Theirs(importer), &Looker::Root, &theirs, now)?);
        let there = looker(store.trash().folder(), &trash)?;
        entries.extend(self.refresh(Kind::Trash, &there, &trash, now)?);
        Ok(entries)
    }

    fn refresh(
        &mut self,
        shelf: Kind<'_>,
        looker: &Looker,
        places: &[Place],
        now: Timestamp,
    ) -> Result<Vec<Entry>, Failure> {
        let mut rows = self.db.with(|sql| {
            let mut select = sql.prepare(
                "SELECT key, stamp, watched, live, known FROM entries WHERE theirs = ?1",
            )?;
            let rows = select.query_map([shelf.number()], |row| {
                let known = Row {
                    stamp: row.get(1)?,
                    watched: row.get(2)?,
                    live: row.get(3)?,
                    known: row.get(4)?,
                };
                Ok((row.get::<_, String>(0)?, known))
            })?;
            rows.collect::<Result<HashMap<_, _>, _>>()
        })?;
        let looked = look_at_all(shelf, looker, places, &rows);
        let mut entries = Vec::with_capacity(places.len());
        let mut changed: Vec<(&Place, Row)> = Vec::new();
        for (place, looked) in places.iter().zip(looked) {
            let Some(looked) = looked else {
                continue;
            };
            let unchanged = looked.known.is_some();
            // Taking a lock touches the folder: what was over stays over as long as that did not change.
            let live = (!unchanged || looked.was_live) && shelf.is_live(place);
            let known = looked.known.unwrap_or_else(|| shelf.read(place));
            if !unchanged || live != looked.was_live {
                let row = Row {
                    stamp: if settled(&looked.stamp, now) {
                        looked.stamp
                    } else {
                        Vec::new()
                    },
                    watched: looked.watched,
                    live,
                    known: serde_json::to_string(&known).unwrap_or_default(),
                };
                changed.push((place, row));
            }
            rows.remove(&place.key);
            entries.push(entry(place, shelf, known, live));
        }
        let gone: Vec<String> = rows.into_keys().filter(|key| shelf.is_gone(key)).collect();
        if !changed.is_empty() || !gone.is_empty() {
            self.db.with(|sql| {
                let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
                write(&change, shelf, &changed, &gone)?;
                change.commit()
            })?;
        }
        Ok(entries)
    }
}

/// The sessions of ours in a folder.
fn places(store: &Store, mark: &str) -> Result<Vec<Place>, Failure> {
    let runs = index::names(&store.sessions)?.into_iter();
    Ok(runs
        .map(|run| Place {
            key: format!("{mark}{run}"),
            folder: store.beside(&run),
            beside: store.beside(&run),
            run,
        })
        .collect())
}

fn write(
    change: &Transaction<'_>,
    shelf: Kind<'_>,
    changed: &[(&Place, Row)],
    gone: &[String],
) -> Result<(), SqlError> {
    let mut put = change.prepare(
        "INSERT OR REPLACE INTO entries(key, theirs, stamp, watched, live, known)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (place, row) in changed {
        put.execute(params![
            place.key,
            shelf.number(),
            row.stamp,
            row.watched,
            row.live,
            row.known
        ])?;
    }
    let mut remove = change.prepare("DELETE FROM entries WHERE key = ?1")?;
    for key in gone {
        remove.execute([key])?;
    }
    Ok(())
}

/// Whose sessions they are.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Ours,
    Theirs(&'a dyn Importer),
    /// Ours that were deleted and can come back.
    Trash,
}

impl Kind<'_> {
    fn number(self) -> i64 {
        match self {
            Self::Ours => 0,
            Self::Theirs(_) => 1,
            Self::Trash => 2,
        }
    }

    /// Everything that tells by its length and time whether a session changed, as [`Looker`] takes it; the
    /// first is what makes it one.
    fn watched(self, place: &Place) -> String {
        // These may be written without their folder showing it.
        let inside = [LABELS_FILE, NOTES_FILE, ANALYSIS_FOLDER];
        let inside = inside
            .iter()
            .filter(|name| place.beside.join(name).exists());
        match self {
            Self::Ours | Self::Trash => {
                // A lock that is taken shows in the time of the folder.
                let always = [LOG_FILE, "."];
                let all: Vec<&str> = always.iter().chain(inside).copied().collect();
                all.join("\n")
            }
            Self::Theirs(importer) => {
                let mut watched = vec![place.folder.clone()];
                watched.extend(importer.watched(&place.folder));
                watched.push(place.beside.clone());
                watched.extend(inside.map(|name| place.beside.join(name)));
                watched.retain(|path| !path.to_string_lossy().contains('\n'));
                joined(&watched)
            }
        }
    }

    fn read(self, place: &Place) -> Known {
        Known {
            summary: match self {
                Self::Ours | Self::Trash => index::summary_of(&place.folder, place.run.clone()),
                Self::Theirs(importer) => importer.summary(&Imported {
                    run: place.run.clone(),
                    root: place.folder.clone(),
                }),
            },
            labels: labels(&place.beside),
            analysed: reports(&place.beside.join(ANALYSIS_FOLDER)),
            notes: notes(&place.beside.join(NOTES_FILE)),
            shared: match self {
                Self::Ours | Self::Trash => shared(&place.folder),
                Self::Theirs(_) => None,
            },
        }
    }

    fn is_live(self, place: &Place) -> bool {
        match self {
            Self::Ours => lock::is_held(&place.folder),
            Self::Theirs(_) | Self::Trash => false,
        }
    }

    /// Whether a session that was not found is of no more use.
    fn is_gone(self, key: &str) -> bool {
        match self {
            Self::Ours | Self::Trash => true,
            // One that is only out of sight from here is in sight from elsewhere.
            Self::Theirs(_) => !Path::new(key).is_dir(),
        }
    }

    /// The log as people know it.
    fn log(self, place: &Place) -> PathBuf {
        match self {
            Self::Ours | Self::Trash => place.folder.join(LOG_FILE),
            Self::Theirs(_) => place.folder.clone(),
        }
    }
}

/// Looks at the files of all places; `None` for one that is no session.
fn look_at_all(
    shelf: Kind<'_>,
    looker: &Looker,
    places: &[Place],
    rows: &HashMap<String, Row>,
) -> Vec<Option<Looked>> {
    let look = |places: &[Place]| -> Vec<Option<Looked>> {
        places
            .iter()
            .map(|place| look_at(shelf, looker, place, rows.get(&place.key)))
            .collect()
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    if places.len() < FEW || threads < 2 {
        return look(places);
    }
    let size = places.len().div_ceil(threads.min(4));
    thread::scope(|scope| {
        let parts: Vec<_> = places
            .chunks(size)
            .map(|part| (part, scope.spawn(|| look(part))))
            .collect();
        parts
            .into_iter()
            // A thread that died has looked at nothing: its part is done here.
            .flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| look(part)))
            .collect()
    })
}

fn look_at(shelf: Kind<'_>, looker: &Looker, place: &Place, row: Option<&Row>) -> Option<Looked> {
    if let Some(row) = row.filter(|row| !row.stamp.is_empty()) {
        let stamp = looker.stamp(&place.run.0, &row.watched);
        if stamp == row.stamp
            && let Ok(known) = serde_json::from_str(&row.known)
        {
            return Some(Looked {
                stamp,
                watched: row.watched.clone(),
                known: Some(known),
                was_live: row.live,
            });
        }
    }
    // What there is to look at may have become more.
    let watched = shelf.watched(place);
    let stamp = looker.stamp(&place.run.0, &watched);
    (!stamp.starts_with(&ABSENT)).then_some(Looked {
        stamp,
        watched,
        known: None,
        was_live: false,
    })
}

fn joined(watched: &[PathBuf]) -> String {
    let watched: Vec<_> = watched.iter().map(|path| path.to_string_lossy()).collect();
    watched.join("\n")
}

/// How many reports a folder holds.
fn reports(folder: &Path) -> u32 {
    let reports = fs::read_dir(folder).into_iter().flatten().flatten();
    let reports = reports.filter(|entry| {
        let name = entry.file_name();
        Path::new(&name)
            .extension()
            .is_some_and(|end| end == "json")
    });
    u32::try_from(reports.count()).unwrap_or(u32::MAX)
}

/// How many notes stand in a file, replies among them; none where it cannot be read.
fn notes(path: &Path) -> u32 {
    let Ok(Some(kept)) = read_notes(path) else {
        return 0;
    };
    let of = |wanted: fn(&Act) -> bool| {
        let records = kept.records.iter();
        let found = records.filter(move |record| wanted(&record.act));
        found.map(|record| &record.note).collect::<HashSet<_>>()
    };
    let written = of(|act| matches!(act, Act::Written { .. }));
    let removed = of(|act| matches!(act, Act::Removed));
    u32::try_from(written.difference(&removed).count()).unwrap_or(u32::MAX)
}

fn entry(place: &Place, shelf: Kind<'_>, known: Known, live: bool) -> Entry {
    Entry {
        deleted: known.labels.hidden || matches!(shelf, Kind::Trash),
        summary: known.summary,
        labels: known.labels,
        standing: if live { Standing::Live } else { Standing::Over },
        analysed: known.analysed,
        notes: known.notes,
        shared: known.shared,
        log: shelf.log(place).to_string_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests;
