//! Where a program is started and what holds it there: its folder, its command line, its variables.
//!
//! A program in folders is started in the agent's own copy. Where something holds programs it is put
//! behind that and writes only to its folders, to temporary files, and where it keeps login, settings
//! and sessions. Without folders it is started in the current folder, and reads.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::folder::Folder;
use super::launch::Offer;
use crate::config::{Dialect, Program, program::find};
use crate::protocol::{Deed, Network};
use crate::provider::{Custom, Folders};

/// What a program may do with files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hands {
    /// It reads.
    #[default]
    Reading,
    /// It changes the files of its folders.
    Writing,
}

/// Where a program works, and as what.
#[derive(Clone, Debug, Default)]
pub struct Place {
    folders: Option<Arc<Folders>>,
    hands: Hands,
    /// It is not held by us: it has a sandbox of its own that does not start inside of another.
    alone: bool,
}

impl Place {
    /// The place of a program that gets our tools and works, or that only talks.
    #[must_use]
    pub fn new(program: &Program, folders: Option<Arc<Folders>>, offer: Offer) -> Self {
        let writes = offer == Offer::Ours && folders.as_ref().is_some_and(|all| all.writes());
        let hands = if writes {
            Hands::Writing
        } else {
            Hands::Reading
        };
        Self {
            folders,
            hands,
            alone: holds_itself(program),
        }
    }

    /// Whether its commands reach the network, where it holds them itself.
    #[must_use]
    pub fn network(&self) -> Network {
        self.folders
            .as_ref()
            .map_or(Network::Off, |folders| folders.network)
    }

    /// What it may do with files.
    #[must_use]
    pub const fn hands(&self) -> Hands {
        self.hands
    }

    /// Where it begins, absolute; the current folder without folders.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        let own = self.folders.as_deref().and_then(Folders::home);
        own.map_or_else(
            || std::env::current_dir().unwrap_or_default(),
            Path::to_owned,
        )
    }

    /// Further folders that it may write to.
    #[must_use]
    pub fn more(&self) -> Vec<String> {
        let folders = self.folders.as_deref();
        let more = folders.filter(|_| self.hands == Hands::Writing);
        let more = more.into_iter().flat_map(Folders::more);
        more.map(|path| path.to_string_lossy().into_owned())
            .collect()
    }

    /// Instructions, with what is to be said about the folders.
    #[must_use]
    pub fn instructions(&self, system: &str) -> String {
        let folders = self.folders.as_deref().map(Folders::words);
        let folders = folders.unwrap_or_default();
        format!("{system}{folders}")
    }

    /// The folders, when something of ours holds it there.
    fn held_folders(&self) -> Option<&Folders> {
        let folders = self.folders.as_deref();
        folders.filter(|folders| !self.alone && !folders.holder.is_empty())
    }

    /// What is usual for something that it asks leave for: writing into its own copies is what they are
    /// for, as long as it is held there.
    #[must_use]
    pub fn custom(&self, deed: &Deed) -> Custom {
        let Deed::Write { path, .. } = deed else {
            return Custom::Asked;
        };
        let path = self.home().join(path);
        let climbs = path.components().any(|part| part == Component::ParentDir);
        let own = self.held_folders().is_some_and(|folders| {
            let mut own = folders.more().chain(folders.home());
            own.any(|folder| path.starts_with(folder))
        });
        if own && !climbs && self.hands == Hands::Writing {
            Custom::Allowed
        } else {
            Custom::Asked
        }
    }

    /// What holds it, in a sentence for the person; empty when nothing of ours does.
    #[must_use]
    pub fn held(&self) -> String {
        if self.held_folders().is_none() {
            return String::new();
        }
        "It can write only to its own copies, its temporary files and its own settings; it reads \
         everything and reaches the network."
            .to_owned()
    }

    /// The words that start it: what holds it, and the program by its path.
    ///
    /// # Errors
    /// There is no such program.
    pub fn command(&self, program: &Program, private: &Folder) -> io::Result<Vec<String>> {
        let mut words = program.command.iter();
        let name = words.next().ok_or(io::ErrorKind::InvalidInput)?;
        let path = match variable(program, "PATH") {
            Some(folders) => find(name, folders).ok_or(io::ErrorKind::NotFound)?,
            None => PathBuf::from(name),
        };
        // It is started elsewhere.
        let path = if name.contains('/') {
            std::path::absolute(path)?
        } else {
            path
        };
        let mut command = Vec::new();
        if let Some(folders) = self.held_folders() {
            command.clone_from(&folders.holder);
            for path in keeps(program).into_iter().chain([private.file("")]) {
                command.extend(["--write".to_owned(), text(&path)]);
            }
            command.push("--".to_owned());
        }
        command.push(text(&path));
        command.extend(words.cloned());
        Ok(command)
    }

    /// Variables for a program in folders: temporary files of its own, and a git that waits for nobody.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let Some(folders) = &self.folders else {
            return Vec::new();
        };
        let mut all = vec![("GIT_OPTIONAL_LOCKS".to_owned(), "0".to_owned())];
        for name in ["TMPDIR", "CLAUDE_CODE_TMPDIR"] {
            all.push((name.to_owned(), text(&folders.temp)));
        }
        all
    }
}

/// Whether a program holds itself, with a sandbox that does not start inside of Landlock: Codex, also
/// behind its adapter.
#[must_use]
pub fn holds_itself(program: &Program) -> bool {
    // An adapter may be started by another program: `npx @agentclientprotocol/codex-acp`.
    let mut words = program
        .command
        .iter()
        .map(|word| Path::new(word).file_name());
    let codex = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("codex");
    match program.dialect {
        Dialect::Codex => true,
        Dialect::ClaudeCode | Dialect::GeminiCli => false,
        Dialect::Acp => words.any(|word| word.is_some_and(codex)),
    }
}

/// Where a program keeps login, settings and sessions, as far as that is known. What is not there is
/// made, as the program would, since nothing can be made in a home that is not written to.
fn keeps(program: &Program) -> Vec<PathBuf> {
    let Some(home) = variable(program, "HOME").map(PathBuf::from) else {
        return Vec::new();
    };
    let own = |name: &str, usual: &str| {
        variable(program, name).map_or_else(|| home.join(usual), PathBuf::from)
    };
    let (folders, files) = match program.dialect {
        Dialect::ClaudeCode => (
            vec![own("CLAUDE_CONFIG_DIR", ".claude")],
            vec![home.join(".claude.json")],
        ),
        Dialect::Codex => (vec![own("CODEX_HOME", ".codex")], Vec::new()),
        Dialect::GeminiCli => (vec![own("GEMINI_CLI_HOME", "").join(".gemini")], Vec::new()),
        Dialect::Acp => of_an_acp_agent(program, &home, &own),
    };
    for folder in &folders {
        // What cannot be made is missed by the program, which says so.
        let _ = std::fs::create_dir_all(folder);
    }
    folders.into_iter().chain(files).collect()
}

/// The places of an agent whose program has this name, and those of the three that we know, which
/// such agents often are.
fn of_an_acp_agent(
    program: &Program,
    home: &Path,
    own: &dyn Fn(&str, &str) -> PathBuf,
) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let command = program.command.first().map_or("", String::as_str);
    let file = Path::new(command).file_name().unwrap_or_default();
    let name = file.to_string_lossy();
    let mut folders = vec![
        own("CLAUDE_CONFIG_DIR", ".claude"),
        own("CODEX_HOME", ".codex"),
        own("GEMINI_CLI_HOME", "").join(".gemini"),
    ];
    folders.retain(|folder| folder.is_dir());
    if !name.is_empty() {
        folders.push(home.join(format!(".{name}")));
        for (variable, usual) in [
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"),
        ] {
            folders.push(own(variable, usual).join(&*name));
        }
    }
    (folders, vec![home.join(".claude.json")])
}

fn variable<'a>(program: &'a Program, name: &str) -> Option<&'a str> {
    let found = program.env.iter().find(|(known, _)| known == name)?;
    Some(found.1.expose_secret()).filter(|value| !value.is_empty())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::change::Access;
    use crate::provider::Folder;

    #[test]
    fn only_writing_into_its_own_copies_is_usual_and_only_where_it_is_held() {
        let folder = |path: &str, access| Folder {
            path: path.into(),
            access,
        };
        let place = |holder: &[&str]| Place {
            folders: Some(Arc::new(Folders {
                all: vec![
                    folder("/w/0", Access::Write),
                    folder("/w/1", Access::Write),
                    folder("/docs", Access::Read),
                ],
                holder: holder.iter().map(ToString::to_string).collect(),
                ..Folders::default()
            })),
            hands: Hands::Writing,
            alone: false,
        };
        let write = |path: &str| Deed::Write {
            path: path.to_owned(),
            diff: String::new(),
        };
        let held = place(&["x"]);
        for (path, custom) in [
            ("src/a.rs", Custom::Allowed),
            ("/w/1/a.rs", Custom::Allowed),
            ("/docs/a.md", Custom::Asked),
            ("/w/2/a.rs", Custom::Asked),
            ("/w/1/../2/a.rs", Custom::Asked),
            ("../2/a.rs", Custom::Asked),
            ("/etc/passwd", Custom::Asked),
        ] {
            assert_eq!(held.custom(&write(path)), custom, "{path}");
            assert_eq!(place(&[]).custom(&write(path)), Custom::Asked, "{path}");
        }
        let command = Deed::Command {
            line: "ls".into(),
            folder: ".".into(),
        };
        assert_eq!(held.custom(&command), Custom::Asked);
        assert!(!held.held().is_empty() && place(&[]).held().is_empty());
    }
}
