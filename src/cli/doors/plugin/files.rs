//! The plugin's files: what they are, what is on disk, writing and removing them.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    export::hash::{hex, sha256},
    store::replace_private,
};

macro_rules! pieces {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../../assets/claude-plugin/", $path)))),*]
    };
}

/// Every file of the plugin and its marketplace.
const PIECES: &[(&str, &[u8])] = pieces![
    ".claude-plugin/marketplace.json",
    "massgen-tui/.claude-plugin/plugin.json",
    "massgen-tui/.mcp.json",
    "massgen-tui/README.md",
    "massgen-tui/commands/config.md",
    "massgen-tui/commands/context.md",
    "massgen-tui/commands/review.md",
    "massgen-tui/commands/run.md",
    "massgen-tui/commands/status.md",
    "massgen-tui/icon.png",
    "massgen-tui/skills/team/SKILL.md",
];
/// The one that names this program.
const SERVER: &str = "massgen-tui/.mcp.json";
/// The sums of what was written.
const WRITTEN: &str = "written.json";

/// A file of the plugin as it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As this program would write it.
    Same,
    /// Not there.
    Missing,
    /// Something else.
    Other,
}

/// What was removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Files that are gone.
    pub gone: usize,
    /// Files that somebody changed.
    pub kept: Vec<PathBuf>,
}

/// How the plugin starts this program.
#[derive(Clone, Debug)]
pub struct Start {
    /// This program.
    pub program: PathBuf,
    /// The state folder, where it is not the usual one: sessions of Claude Code are to be found there too.
    pub state: Option<PathBuf>,
}

impl Start {
    /// The arguments of the server.
    pub fn arguments(&self) -> Vec<String> {
        let mut all = vec!["mcp".to_owned()];
        if let Some(state) = &self.state {
            all.extend(["--state-dir".to_owned(), state.display().to_string()]);
        }
        all
    }
}

/// The folder of the plugin.
pub struct Folder {
    place: PathBuf,
    pieces: Vec<(&'static str, Cow<'static, [u8]>)>,
}

impl Folder {
    /// The plugin that starts this program, in this folder.
    pub fn new(place: PathBuf, start: &Start) -> Self {
        let pieces = PIECES.iter().map(|(path, bytes)| {
            let bytes = if *path == SERVER {
                Cow::Owned(server(start).into_bytes())
            } else {
                Cow::Borrowed(*bytes)
            };
            (*path, bytes)
        });
        Self {
            place,
            pieces: pieces.collect(),
        }
    }

    /// Where it is.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// How each file is.
    pub fn state(&self) -> Vec<(PathBuf, Piece)> {
        let state = |(path, whole): &(&str, Cow<[u8]>)| {
            let path = self.place.join(path);
            let piece = match fs::read(&path) {
                Ok(bytes) if bytes == **whole => Piece::Same,
                Ok(_) => Piece::Other,
                Err(_) => Piece::Missing,
            };
            (path, piece)
        };
        self.pieces.iter().map(state).collect()
    }

    /// Whether everything is as it should be.
    pub fn is_whole(&self) -> bool {
        self.state().iter().all(|(_, piece)| *piece == Piece::Same)
    }

    /// Writes what is missing or different; says how many files that were. A file is replaced whole.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn write(&self) -> Result<usize, String> {
        let mut written = 0;
        let mut sums = serde_json::Map::new();
        for (path, whole) in &self.pieces {
            let place = self.place.join(path);
            sums.insert((*path).to_owned(), hex(&sha256(whole)).into());
            if fs::read(&place).is_ok_and(|bytes| bytes == **whole) {
                continue;
            }
            replace(&place, whole)?;
            written += 1;
        }
        let sums = format!("{}\n", json!(sums));
        replace(&self.place.join(WRITTEN), sums.as_bytes())?;
        Ok(written)
    }

    /// Removes what was written and is unchanged, and folders that are empty then.
    ///
    /// # Errors
    /// What cannot be removed.
    pub fn remove(&self) -> Result<Removed, String> {
        let record = self.place.join(WRITTEN);
        let Ok(bytes) = fs::read(&record) else {
            return Ok(Removed::default());
        };
        let sums: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes)
            .map_err(|error| format!("{} cannot be read: {error}.", record.display()))?;
        let mut removed = Removed::default();
        // Only names that were ever ours, whatever the record says.
        for (path, _) in PIECES {
            let whole = self.place.join(path);
            let (Some(sum), Ok(bytes)) = (sums.get(*path), fs::read(&whole)) else {
                continue;
            };
            if sum.as_str() != Some(hex(&sha256(&bytes)).as_str()) {
                removed.kept.push(whole);
                continue;
            }
            fs::remove_file(&whole).map_err(|error| failed("removed", &whole, &error))?;
            removed.gone += 1;
        }
        fs::remove_file(&record).map_err(|error| failed("removed", &record, &error))?;
        for folder in FOLDERS {
            // A folder with something else in it stays.
            let _ = fs::remove_dir(self.place.join(folder));
        }
        Ok(removed)
    }
}

/// Folders of the plugin, the deepest first.
const FOLDERS: &[&str] = &[
    "massgen-tui/skills/team",
    "massgen-tui/skills",
    "massgen-tui/commands",
    "massgen-tui/.claude-plugin",
    "massgen-tui",
    ".claude-plugin",
    "",
];

/// The server's entry, with the whole path of this program: Claude Code need not find it by name.
fn server(start: &Start) -> String {
    let arguments = start.arguments();
    let entry = json!({"mcpServers": {"team": {"command": start.program, "args": arguments}}});
    format!("{entry:#}\n")
}

fn failed(what: &str, path: &Path, error: &io::Error) -> String {
    format!("{} cannot be {what}: {error}.", path.display())
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    replace_private(path, bytes).map_err(|failure| failure.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_taken_back_and_nothing_else() {
        let base = tempfile::tempdir().expect("a folder");
        let start = |program: &str, state: Option<&str>| Start {
            program: program.into(),
            state: state.map(PathBuf::from),
        };
        let place = || base.path().join("plugin");
        let folder = Folder::new(place(), &start("/opt/massgen-tui", None));
        assert!(!folder.is_whole());
        assert_eq!(folder.write(), Ok(PIECES.len()));
        assert!(folder.is_whole());
        assert_eq!(folder.write(), Ok(0), "twice changes nothing");
        let server = fs::read_to_string(folder.place().join(SERVER)).expect("a file");
        assert!(server.contains("\"/opt/massgen-tui\""), "{server}");
        // A newer program writes anew what differs.
        let newer = Folder::new(place(), &start("/new/massgen-tui", Some("/s t")));
        assert!(!newer.is_whole());
        assert_eq!(newer.write(), Ok(1));
        let server = fs::read_to_string(folder.place().join(SERVER)).expect("a file");
        let server: serde_json::Value = serde_json::from_str(&server).expect("JSON");
        let arguments = &server["mcpServers"]["team"]["args"];
        assert_eq!(*arguments, json!(["mcp", "--state-dir", "/s t"]));
        // What somebody changed or added stays.
        let changed = folder.place().join("massgen-tui/commands/run.md");
        fs::write(&changed, "mine").expect("a file");
        fs::write(folder.place().join("massgen-tui/own.md"), "mine").expect("a file");
        let removed = newer.remove().expect("it can be removed");
        assert_eq!(removed.gone, PIECES.len() - 1);
        assert_eq!(removed.kept, std::slice::from_ref(&changed));
        assert!(changed.is_file() && folder.place().join("massgen-tui/own.md").is_file());
        assert_eq!(newer.remove(), Ok(Removed::default()));
        // Nothing of others: not even the folder stays.
        let alone = Folder::new(base.path().join("alone"), &start("/x", None));
        alone.write().expect("it is written");
        assert_eq!(alone.remove().map(|removed| removed.gone), Ok(PIECES.len()));
        assert!(!alone.place().exists());
    }

    #[test]
    fn versions_are_those_of_the_program() {
        for (path, bytes) in PIECES {
            if path.ends_with("plugin.json") || path.ends_with("marketplace.json") {
                let text = String::from_utf8_lossy(bytes);
                let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
                assert!(text.contains(&version), "{path}");
            }
        }
    }
}
