//! The plugin's files: what they are, what is on disk, writing and removing them.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::export::hash::{hex, sha256};

macro_rules! pieces {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../assets/claude-plugin/", $path)))),*]
    };
}

/// Every file of the plugin and its marketplace.
const PIECES: &[(&str, &str)] = pieces![
    ".claude-plugin/marketplace.json",
    "massgen-tui/.claude-plugin/plugin.json",
    "massgen-tui/.mcp.json",
    "massgen-tui/README.md",
    "massgen-tui/commands/config.md",
    "massgen-tui/commands/context.md",
    "massgen-tui/commands/review.md",
    "massgen-tui/commands/run.md",
    "massgen-tui/commands/status.md",
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

/// The folder of the plugin.
pub struct Folder {
    place: PathBuf,
    pieces: Vec<(&'static str, String)>,
}

impl Folder {
    /// The plugin that starts this program, in this folder.
    pub fn new(place: PathBuf, program: &Path) -> Self {
        let pieces = PIECES.iter().map(|(path, text)| {
            let text = if *path == SERVER {
                server(program)
            } else {
                (*text).to_owned()
            };
            (*path, text)
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
        let state = |(path, text): &(&str, String)| {
            let path = self.place.join(path);
            let piece = match fs::read(&path) {
                Ok(bytes) if bytes == text.as_bytes() => Piece::Same,
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
        for (path, text) in &self.pieces {
            let whole = self.place.join(path);
            sums.insert((*path).to_owned(), hex(&sha256(text.as_bytes())).into());
            if fs::read(&whole).is_ok_and(|bytes| bytes == text.as_bytes()) {
                continue;
            }
            replace(&whole, text)?;
            written += 1;
        }
        replace(&self.place.join(WRITTEN), &format!("{}\n", json!(sums)))?;
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
fn server(program: &Path) -> String {
    let entry = json!({"mcpServers": {"team": {"command": program, "args": ["mcp"]}}});
    format!("{entry:#}\n")
}

fn failed(what: &str, path: &Path, error: &io::Error) -> String {
    format!("{} cannot be {what}: {error}.", path.display())
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    let wrong = |error: io::Error| failed("written", path, &error);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(wrong)?;
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside).map_err(wrong)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    fs::rename(&beside, path).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_taken_back_and_nothing_else() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(base.path().join("plugin"), Path::new("/opt/massgen-tui"));
        assert!(!folder.is_whole());
        assert_eq!(folder.write(), Ok(PIECES.len()));
        assert!(folder.is_whole());
        assert_eq!(folder.write(), Ok(0), "twice changes nothing");
        let server = fs::read_to_string(folder.place().join(SERVER)).expect("a file");
        assert!(server.contains("\"/opt/massgen-tui\""), "{server}");
        // A newer program writes anew what differs.
        let newer = Folder::new(base.path().join("plugin"), Path::new("/new/massgen-tui"));
        assert!(!newer.is_whole());
        assert_eq!(newer.write(), Ok(1));
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
        let alone = Folder::new(base.path().join("alone"), Path::new("/x"));
        alone.write().expect("it is written");
        assert_eq!(alone.remove().map(|removed| removed.gone), Ok(PIECES.len()));
        assert!(!alone.place().exists());
    }

    #[test]
    fn versions_are_those_of_the_program() {
        for (path, text) in PIECES {
            if path.ends_with("plugin.json") || path.ends_with("marketplace.json") {
                let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
                assert!(text.contains(&version), "{path}");
            }
        }
    }
}
