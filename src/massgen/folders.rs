//! Where logs are, and the order of what is in one.

use std::path::{Path, PathBuf};

use super::file;
use crate::protocol::{Failure, FailureKind, RunId};

/// Files that make a folder an attempt.
const MARKS: [&str; 4] = [
    "status.json",
    "events.jsonl",
    "coordination_events.json",
    "execution_metadata.yaml",
];

/// Files beside those that grow or are written again.
const ALSO: [&str; 2] = ["metrics_events.json", "snapshot_mappings.json"];

/// How names of logs of MassGen begin here.
const PREFIX: &str = "massgen-";

/// Most turns and attempts that are read of one log.
const MOST: usize = 1_000;

/// A log that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name it has here.
    pub run: RunId,
    /// Its folder.
    pub root: PathBuf,
}

/// One attempt at one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Turn, starting at 1.
    pub turn: u32,
    /// Attempt at it, starting at 1.
    pub number: u32,
    /// Whether a later attempt took its place.
    pub superseded: bool,
    /// Its folder.
    pub folder: PathBuf,
    /// Where its metadata is when it is not there: the folder of its turn (0.1.12).
    pub above: PathBuf,
    /// Where its stream of events is: a process that continued a session left it in another folder.
    pub stream: PathBuf,
}

/// The logs in folders of logs, newest first. A folder that is not there has none.
#[must_use]
pub fn find(places: &[PathBuf]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for place in places {
        for name in file::folders(place) {
            let root = place.join(&name);
            if name.starts_with("log_") && !found.iter().any(|known| known.root == root) {
                found.push(Found {
                    run: self::name(&root),
                    root,
                });
            }
        }
    }
    found.sort_by(|one, other| other.run.cmp(&one.run).then(one.root.cmp(&other.root)));
    found
}

/// Whether a folder is a log of MassGen, or a part of one.
#[must_use]
pub fn holds(folder: &Path) -> bool {
    attempts(&root_of(folder)).is_ok_and(|attempts| !attempts.is_empty())
}

/// The name here of the log that a folder is, or is a turn or an attempt of:
/// `log_20261121_000809_774066` is `massgen-20261121-000809-774066`.
#[must_use]
pub fn name(folder: &Path) -> RunId {
    let root = root_of(folder);
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_prefix("log_").unwrap_or(&name);
    let plain: String = name
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(48)
        .collect();
    RunId(format!("{PREFIX}{plain}"))
}

/// Whether a session is a log of MassGen, by its name: ours begin with a date.
#[must_use]
pub fn is_named(run: &RunId) -> bool {
    run.0.starts_with(PREFIX)
}

/// The session that a folder belongs to: a turn's and an attempt's parents are looked through.
pub fn root_of(folder: &Path) -> PathBuf {
    let named = |path: &Path, prefix: &str| number(path, prefix).is_some();
    let mut root = folder;
    for prefix in ["attempt_", "turn_"] {
        if named(root, prefix)
            && let Some(parent) = root.parent()
        {
            root = parent;
        }
    }
    root.to_owned()
}

/// The attempts of a session in their order.
///
/// # Errors
/// The folder cannot be listed.
pub fn attempts(root: &Path) -> Result<Vec<Attempt>, Failure> {
    std::fs::read_dir(root).map_err(|error| {
        Failure::new(
            FailureKind::Local,
            format!("{} cannot be listed: {error}.", root.display()),
        )
    })?;
    let mut turns = numbered(root, "turn_");
    // A stream alone may be a log of ours.
    let other = |name: &&str| *name != "events.jsonl" && root.join(name).is_file();
    if turns.is_empty() && MARKS.iter().any(other) {
        turns.push((1, root.to_owned()));
    }
    let mut all = Vec::new();
    for (turn, above) in turns {
        let inner = numbered(&above, "attempt_");
        let last = inner.last().map_or(1, |(attempt, _)| *attempt);
        let inner = if inner.is_empty() {
            vec![(1, above.clone())]
        } else {
            inner
        };
        for (attempt, folder) in inner {
            if is_attempt(&folder) || (attempt == last && is_attempt(&above)) {
                all.push(Attempt {
                    turn,
                    number: attempt,
                    superseded: attempt < last,
                    stream: folder.clone(),
                    folder,
                    above: above.clone(),
                });
            }
        }
    }
    all.truncate(MOST);
    Ok(paired(all))
}

/// A process that continues a session writes its stream into `turn_1` of a new log and everything else
/// into the turn it is (MassGen's issue 848): both are one.
fn paired(mut all: Vec<Attempt>) -> Vec<Attempt> {
    let has = |attempt: &Attempt, name: &str| attempt.folder.join(name).is_file();
    let [stub, rest] = all.as_slice() else {
        return all;
    };
    let split = stub.turn == 1
        && rest.turn > 1
        && has(stub, "events.jsonl")
        && !has(stub, "status.json")
        && has(rest, "status.json")
        && !has(rest, "events.jsonl");
    if split {
        let stream = all.remove(0).folder;
        if let Some(rest) = all.first_mut() {
            rest.above.clone_from(&stream);
            rest.stream = stream;
        }
    }
    all
}

/// The files and folders of a log that tell by their lengths and times whether it has anything new.
#[must_use]
pub fn watched(root: &Path) -> Vec<PathBuf> {
    let mut watched = vec![root.to_owned()];
    let mut add = |path: PathBuf| {
        if !watched.contains(&path) {
            watched.push(path);
        }
    };
    for attempt in attempts(root).unwrap_or_default() {
        for folder in [attempt.above, attempt.stream, attempt.folder] {
            let files = MARKS.iter().chain(&ALSO).map(|name| folder.join(name));
            let files = files.filter(|path| path.is_file());
            // An answer or a vote is a new folder below that of its agent.
            let below = file::folders(&folder).into_iter();
            let below = below.map(|name| folder.join(name));
            files.chain(below).for_each(&mut add);
            add(folder);
        }
    }
    watched
}

fn is_attempt(folder: &Path) -> bool {
    MARKS.iter().any(|name| folder.join(name).is_file())
}

/// Folders such as `turn_2` by their number.
fn numbered(folder: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let mut all: Vec<(u32, PathBuf)> = file::folders(folder)
        .into_iter()
        .map(|name| folder.join(name))
        .filter_map(|path| Some((number(&path, prefix)?, path)))
        .collect();
    all.sort_unstable();
    all
}

/// The number of a folder such as `turn_2`.
fn number(path: &Path, prefix: &str) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix(prefix)?.parse().ok()
}
