//! All sessions there are to look at: ours, and those that MassGen left in its folders.
//!
//! MassGen's logs stay where they are and are only read; what looks like a secret in them is masked before
//! anyone sees it. Only ours can be gone on with. Blocking.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    catalog::Entry,
    config::Paths,
    massgen,
    protocol::{Event, Failure, FailureKind, Mark, RunId, SessionSummary},
    store::{
        self, Bound, Catalogue, Header, Imported, Importer, Listing, Session, Store,
        redact::{self, Redactor},
    },
};

/// Where MassGen keeps its logs, below the working folder and below home.
const MASSGEN_LOGS: &str = ".massgen/massgen_logs";

/// The variable that tells MassGen to write its logs elsewhere.
pub const MASSGEN_VARIABLE: &str = "MASSGEN_LOG_BASE_DIR";

/// The sessions of this machine.
#[derive(Clone, Debug)]
pub struct Shelf {
    state_dir: PathBuf,
    here: PathBuf,
    store: Store,
    places: Vec<PathBuf>,
    /// Values that are masked besides what has the shape of a secret.
    secrets: Vec<String>,
}

/// A session on the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Volume {
    /// One of ours.
    Ours(RunId),
    /// A log of MassGen.
    MassGen(PathBuf),
}

impl Shelf {
    /// The shelf of a state folder, with MassGen's logs below the working folder, below home and where
    /// [`MASSGEN_VARIABLE`] says.
    #[must_use]
    pub fn new(state_dir: &Path, paths: &Paths, base: Option<OsString>) -> Self {
        let mut places = vec![paths.cwd.join(MASSGEN_LOGS)];
        // MassGen puts its logs right into that folder, or into its usual one below it.
        if let Some(base) = base.filter(|base| !base.is_empty()).map(PathBuf::from) {
            places.push(base.join("massgen_logs"));
            places.push(base.join(MASSGEN_LOGS));
            places.push(base);
        }
        places.extend(paths.home.as_ref().map(|home| home.join(MASSGEN_LOGS)));
        places.dedup();
        Self {
            state_dir: state_dir.to_owned(),
            here: paths.cwd.clone(),
            store: Store::reading(state_dir),
            places,
            secrets: Vec::new(),
        }
    }

    /// Masks these values, too: the keys in use, whatever their shape. In our own logs they are masked
    /// already; pictures, and notes that are written, take them from here.
    #[must_use]
    pub fn masking(self, secrets: Vec<String>) -> Self {
        Self { secrets, ..self }
    }

    /// What masks secrets here.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        Redactor::new(&self.secrets)
    }

    /// Every session there is, newest first. What did not change since the last time is not read again.
    ///
    /// # Errors
    /// Our own folder cannot be listed, or what is remembered cannot be written.
    pub fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let logs = self.imported();
        let now = crate::engine::outbox::now();
        let mut catalogue = Catalogue::open(&self.state_dir)?;
        let mut entries = catalogue.entries(&self.store, &logs, &MassGen, now)?;
        entries.sort_unstable_by(|one, other| {
            let (one, other) = (&one.summary, &other.summary);
            (other.started_ms, &other.run).cmp(&(one.started_ms, &one.run))
        });
        Ok(entries)
    }

    /// The same with the place in which a log of MassGen lies, so that it is found by its name, too.
    #[must_use]
    pub fn also(mut self, log: Option<&PathBuf>) -> Self {
        let place = log.and_then(|log| {
            let run = massgen::name(log);
            // The folder may be that of a turn, or of an attempt.
            let mut above = log.ancestors().skip(1).take(3).map(Path::to_owned);
            above.find(|place| {
                let logs = massgen::find(std::slice::from_ref(place));
                logs.iter().any(|log| log.run == run)
            })
        });
        self.places.extend(place);
        self.places.dedup();
        self
    }

    /// The newest `limit` sessions of all, and how many there are.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn list(&self, limit: usize) -> Result<Listing, Failure> {
        let entries = self.entries()?;
        let entries = entries.into_iter().filter(|entry| !entry.deleted);
        let mut sessions: Vec<_> = entries.map(|entry| entry.summary).collect();
        let total = sessions.len();
        sessions.truncate(limit);
        Ok(Listing { sessions, total })
    }

    /// The session that `name` means: a folder with a log of MassGen, or a name as
    /// [`Store::find`] takes it, of ours first.
    ///
    /// # Errors
    /// Nothing fits, or several do.
    pub fn find(&self, name: &str) -> Result<Volume, Failure> {
        let path = Path::new(name.trim());
        if path.is_dir() && massgen::holds(path) {
            return Ok(Volume::MassGen(path.to_owned()));
        }
        let failure = match self.store.find(name) {
            Ok(run) => return Ok(Volume::Ours(run)),
            Err(failure) => failure,
        };
        let name = name.trim();
        let mut logs = massgen::find(&self.places);
        if matches!(name, "" | "latest") {
            logs.truncate(1);
        } else {
            logs.retain(|log| log.run.0.starts_with(name) || log.run.0.ends_with(name));
        }
        match logs.as_slice() {
            [] => Err(failure),
            [log] => Ok(Volume::MassGen(log.root.clone())),
            [one, other, ..] => Err(Failure::new(
                FailureKind::Local,
                format!(
                    "{name:?} fits {} logs of MassGen: {}, {} …",
                    logs.len(),
                    one.run,
                    other.run
                ),
            )
            .hint("Write more of the name.")),
        }
    }

    /// Reads a session.
    ///
    /// # Errors
    /// It cannot be opened, or is of a newer format.
    pub fn read(&self, volume: &Volume) -> Result<Session, Failure> {
        match volume {
            Volume::Ours(run) => self.store.read(run),
            Volume::MassGen(root) => read_massgen(root),
        }
    }

    /// Whether somebody writes a session now. Nobody is known to write one of MassGen.
    #[must_use]
    pub fn is_written(&self, volume: &Volume) -> bool {
        match volume {
            Volume::Ours(run) => self.store.is_written(run),
            Volume::MassGen(_) => false,
        }
    }

    /// The folder for what belongs to a session and is no part of its log: labels, notes, analyses. Of one
    /// of ours it is its own folder; MassGen's folders are never written, so what belongs to a log of
    /// MassGen stands in the state folder, under the name the log has here. It need not exist.
    #[must_use]
    pub fn beside(&self, volume: &Volume) -> PathBuf {
        match volume {
            Volume::Ours(run) => self.store.beside(run),
            Volume::MassGen(folder) => self.store.beside_imported(&massgen::name(folder)),
        }
    }

    /// Reads a part of a session from a place on. A log of MassGen is translated as a whole and comes in one
    /// piece.
    ///
    /// # Errors
    /// As for [`Shelf::read`].
    pub fn piece(
        &self,
        volume: &Volume,
        from: &Mark,
        bound: Bound,
    ) -> Result<store::Piece, Failure> {
        match volume {
            Volume::Ours(run) => self.store.piece(run, from, bound),
            Volume::MassGen(_) => {
                let session = self.read(volume)?;
                let length = session.events.len() as u64;
                let next = Mark {
                    offset: length,
                    line: length,
                    seq: session.events.last().map_or(0, |event| event.seq.0),
                    ..Mark::default()
                };
                let skipped = usize::try_from(from.offset).unwrap_or(usize::MAX);
                Ok(store::Piece {
                    header: session.header,
                    events: session.events.into_iter().skip(skipped).collect(),
                    next,
                    length,
                    end: true,
                })
            }
        }
    }

    /// The logs of MassGen that are in sight from here, newest first.
    pub(super) fn imported(&self) -> Vec<Imported> {
        let found = massgen::find(&self.places).into_iter();
        found
            .map(|found| Imported {
                run: found.run,
                root: found.root,
            })
            .collect()
    }

    pub(super) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The folder that this is seen from.
    pub(super) fn here(&self) -> &Path {
        &self.here
    }

    /// Every session there is, ours first, newest first.
    ///
    /// # Errors
    /// Our own folder cannot be listed.
    pub fn volumes(&self) -> Result<Vec<Volume>, Failure> {
        let mut ours = self.store.runs()?;
        ours.sort_unstable_by(|one, other| other.cmp(one));
        let logs = self.imported().into_iter();
        Ok(ours
            .into_iter()
            .map(Volume::Ours)
            .chain(logs.map(|log| Volume::MassGen(log.root)))
            .collect())
    }

    /// Our own sessions.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }
}

/// How logs of MassGen are read.
pub(super) struct MassGen;

impl Importer for MassGen {
    fn watched(&self, root: &Path) -> Vec<PathBuf> {
        massgen::watched(root)
    }

    fn summary(&self, log: &Imported) -> SessionSummary {
        match read_massgen(&log.root) {
            Ok(session) => store::summary(log.run.clone(), &session.events),
            Err(_) => SessionSummary {
                outcome: "damaged".to_owned(),
                from: Some("MassGen".to_owned()),
                ..store::summary(log.run.clone(), &[])
            },
        }
    }

    fn events(&self, log: &Imported) -> Result<Vec<Event>, Failure> {
        Ok(read_massgen(&log.root)?.events)
    }
}

/// A log of MassGen with what looks like a secret masked.
fn read_massgen(root: &Path) -> Result<Session, Failure> {
    let log = massgen::read(root)?;
    let redactor = Redactor::new(&[]);
    let events = log.events.into_iter();
    Ok(Session {
        header: Header::new(log.run),
        events: events
            .map(|event| redact::event(&redactor, event))
            .collect(),
        damage: None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn log(place: &Path, name: &str, prompt: &str) {
        let attempt = place.join(name).join("turn_1/attempt_1");
        fs::create_dir_all(&attempt).unwrap();
        let metadata = format!("query: '{prompt}'\ntimestamp: '2026-01-31T12:00:00'\n");
        fs::write(attempt.join("execution_metadata.yaml"), metadata).unwrap();
    }

    #[test]
    fn massgens_logs_stand_beside_ours_and_hide_their_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let (home, base) = (folder.path().join("home"), folder.path().join("base"));
        let cwd = folder.path().join("cwd");
        let paths = Paths {
            cwd: cwd.clone(),
            home: Some(home.clone()),
            ..Paths::default()
        };
        let key = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
        log(
            &cwd.join(MASSGEN_LOGS),
            "log_20260101_000000_000001",
            &format!("with {key}"),
        );
        log(
            &home.join(MASSGEN_LOGS),
            "log_20260103_000000_000003",
            "home",
        );
        log(&base, "log_20260102_000000_000002", "base");
        let shelf = Shelf::new(&folder.path().join("state"), &paths, Some(base.into()));
        let listing = shelf.list(2).unwrap();
        assert_eq!((listing.sessions.len(), listing.total), (2, 3));
        let all = shelf.list(9).unwrap().sessions;
        assert!(all.iter().all(|one| one.outcome == "no answer"), "{all:?}");
        assert!(
            all.iter().all(|one| one.from.as_deref() == Some("MassGen")),
            "{all:?}"
        );
        let prompt = |volume: &Volume| {
            let session = shelf.read(volume).unwrap();
            store::summary(session.header.run, &session.events).prompt
        };
        let of = |name: &str| prompt(&shelf.find(name).unwrap());
        assert_eq!(
            of("latest"),
            "home",
            "the newest, when there is none of ours"
        );
        assert_eq!(of("massgen-20260102"), "base");
        assert_eq!(of("000003"), "home");
        let path = cwd
            .join(MASSGEN_LOGS)
            .join("log_20260101_000000_000001/turn_1");
        let masked = of(path.to_str().unwrap());
        assert!(
            masked.starts_with("with sk-") && !masked.contains("0123456789"),
            "{masked}"
        );
        assert!(
            shelf
                .find("massgen-")
                .unwrap_err()
                .message
                .contains("fits 3")
        );
        assert!(shelf.find("nothing").is_err());
        let state = folder.path().join("state");
        let ours = Volume::Ours(crate::protocol::RunId("20261121-101530-k3f9".into()));
        assert_eq!(
            shelf.beside(&ours),
            state.join("sessions/20261121-101530-k3f9")
        );
        let place = cwd.join(MASSGEN_LOGS).join("log_20260101_000000_000001");
        let theirs = state.join("imported/massgen-20260101-000000-000001");
        for part in ["", "turn_1", "turn_1/attempt_1"] {
            let volume = Volume::MassGen(place.join(part));
            assert_eq!(shelf.beside(&volume), theirs, "{part:?}");
        }
    }
}
