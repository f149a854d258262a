//! Long results of tools, kept whole: `results/` in the session's folder.
//!
//! One private file per result, named after the agent, a number and the tool; secrets are masked. Names
//! are made and read here alone, so that no name of a model leads anywhere else. Numbers go on where an
//! earlier process of the session left them.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{files, redact::Redactor};
use crate::protocol::{AgentId, Failure, FailureKind};

/// Name of the folder.
const FOLDER: &str = "results";
/// Most bytes of a result that are kept.
pub const MOST: usize = 16 * 1024 * 1024;
/// Most results of one agent.
const MANY: u32 = 10_000;
/// Most characters of a tool's name in the name of a file.
const NAME: usize = 32;

/// The folder; made when the first file is written.
#[derive(Clone, Debug)]
pub struct ResultFolder {
    folder: PathBuf,
    redactor: Redactor,
    /// Anything was kept, by this process or an earlier one.
    any: Arc<AtomicBool>,
}

/// One result that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptResult {
    /// Its name for the agent: `agent2-7`.
    pub id: String,
    /// The tool it is of.
    pub tool: String,
    /// Its length in bytes.
    pub bytes: u64,
}

impl ResultFolder {
    /// The folder within a session's folder. Nothing is touched yet.
    #[must_use]
    pub fn new(session: &Path, redactor: Redactor) -> Self {
        let folder = session.join(FOLDER);
        let any = Arc::new(AtomicBool::new(folder.is_dir()));
        Self {
            folder,
            redactor,
            any,
        }
    }

    /// True when there may be results here.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Keeps a result whole, up to [`MOST`].
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn keep(&self, agent: AgentId, tool: &str, text: &str) -> Result<KeptResult, Failure> {
        files::create_dirs(&self.folder)?;
        files::tighten(&self.folder)?;
        let text = text.get(..text.floor_char_boundary(MOST)).unwrap_or(text);
        let masked = self.redactor.text(text);
        let tool = plain(tool);
        let first = self.numbers(agent).last().map_or(1, |last| last + 1);
        let mut number = first;
        let (path, mut file) = loop {
            let path = self.folder.join(file_name(agent, number, &tool));
            match files::create_new(&path) {
                Ok(file) => break (path, file),
                // Another call of the same agent took the number.
                Err(_) if path.exists() && number < first + 100 => number += 1,
                Err(failure) => return Err(failure),
            }
        };
        if number > MANY {
            let _ = fs::remove_file(&path);
            let words = format!("{agent} has {MANY} long results already");
            return Err(Failure::new(FailureKind::Local, words));
        }
        file.write_all(masked.as_bytes())
            .map_err(|error| files::trouble("keep the result", &path, &error))?;
        self.any.store(true, Ordering::Relaxed);
        Ok(KeptResult {
            id: id(agent, number),
            tool,
            bytes: masked.len() as u64,
        })
    }

    /// The results of an agent, oldest first.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> Vec<KeptResult> {
        let mut all: Vec<(u32, KeptResult)> = self
            .files(agent)
            .filter_map(|(number, tool, path)| {
                let bytes = fs::symlink_metadata(path).ok()?.len();
                let id = id(agent, number);
                Some((number, KeptResult { id, tool, bytes }))
            })
            .collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, kept)| kept).collect()
    }

    /// A result of this agent as it was kept; `None` when the agent has none of this name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, agent: AgentId, name: &str) -> Result<Option<String>, Failure> {
        let found = self
            .files(agent)
            .find(|(number, _, _)| id(agent, *number) == name.trim());
        let Some((_, _, path)) = found else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        files::open_read(&path)
            .and_then(|file| file.take(2 * MOST as u64).read_to_end(&mut bytes))
            .map_err(|error| files::trouble("read the result", &path, &error))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn numbers(&self, agent: AgentId) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.files(agent).map(|(number, _, _)| number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Number, tool and place of each file of an agent.
    fn files(&self, agent: AgentId) -> impl Iterator<Item = (u32, String, PathBuf)> {
        let listed = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let start = format!("{agent}-");
        listed.filter_map(move |entry| {
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix(&start)?.strip_suffix(".txt")?;
            let (number, tool) = rest.split_once('-')?;
            Some((number.parse().ok()?, tool.to_owned(), entry.path()))
        })
    }
}

fn id(agent: AgentId, number: u32) -> String {
    format!("{agent}-{number}")
}

fn file_name(agent: AgentId, number: u32, tool: &str) -> String {
    format!("{}-{tool}.txt", id(agent, number))
}

/// What of a tool's name may stand in the name of a file.
fn plain(tool: &str) -> String {
    let letters = tool
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_');
    let name: String = letters.take(NAME).collect();
    if name.is_empty() {
        "tool".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn results_are_private_masked_numbered_and_each_agents_own() {
        let place = tempfile::tempdir().expect("a folder");
        let secret = "sk-verysecretkey123456";
        let folder = ResultFolder::new(place.path(), Redactor::new(&[secret.to_owned()]));
        assert_eq!(folder.of(AgentId(1)), []);
        let text = format!("a long text with {secret}");
        let kept = folder.keep(AgentId(1), "run_command", &text).expect("kept");
        assert_eq!(
            (kept.id.as_str(), kept.tool.as_str()),
            ("agent1-1", "run_command")
        );
        // A later process of the session goes on counting.
        let later = ResultFolder::new(place.path(), Redactor::new(&[]));
        let second = later
            .keep(AgentId(1), "../../etc/pass wd", "é")
            .expect("kept");
        assert_eq!(
            (second.id.as_str(), second.tool.as_str()),
            ("agent1-2", "etcpasswd")
        );
        later.keep(AgentId(11), "", "other").expect("kept");
        let ids: Vec<String> = later.of(AgentId(1)).into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["agent1-1", "agent1-2"]);
        let read = |agent, name: &str| later.read(AgentId(agent), name).expect("readable");
        let first = read(1, "agent1-1").expect("it is there");
        assert!(
            first.starts_with("a long text") && !first.contains(secret),
            "{first}"
        );
        for (agent, name) in [
            (2, "agent1-1"),
            (1, "agent1-3"),
            (1, "../events.jsonl"),
            (1, "agent1-1-run_command.txt"),
            (1, ""),
        ] {
            assert_eq!(read(agent, name), None, "{name}");
        }
        let mode = |path: &Path| {
            let found = fs::metadata(path).expect("it is there");
            found.permissions().mode() & 0o777
        };
        let path = place.path().join("results");
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("agent1-1-run_command.txt")), 0o600);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed_and_trouble_is_told() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = ResultFolder::new(place.path(), Redactor::new(&[]));
        assert!(!folder.has_any());
        folder.keep(AgentId(1), "look", "x").expect("kept");
        assert!(folder.has_any() && ResultFolder::new(place.path(), Redactor::new(&[])).has_any());
        let path = place.path().join("results/agent1-2-look.txt");
        std::os::unix::fs::symlink("/etc/hostname", &path).expect("a link");
        assert!(folder.read(AgentId(1), "agent1-2").is_err());
        let kept = folder.keep(AgentId(1), "look", "y").expect("kept");
        assert_eq!(kept.id, "agent1-3");
        let file = place.path().join("file");
        fs::write(&file, "").expect("a file");
        let nowhere = ResultFolder::new(&file, Redactor::new(&[]));
        assert!(nowhere.keep(AgentId(1), "look", "x").is_err());
    }
}
