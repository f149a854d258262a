//! Keys of the person: in the keyring of the operating system, or in a `.env` of our own folder that
//! only they can read.
//!
//! Of the keyring only the names are written down (`keys.json`), so that nothing is asked for what is
//! not there. A key never stands among the arguments of a program, in a message, or in that list.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::keyring::Keyring;
use crate::config::{Environment, dotenv};

/// The list of names in our folder.
const NAMES: &str = "keys.json";
/// Largest list that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Where a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the keyring.
    Keyring,
    /// In the `.env` of our folder.
    File,
}

/// Names that the keyring has.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Names {
    names: BTreeSet<String>,
}

/// The person's keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Our own folder for settings.
    folder: PathBuf,
}

impl Keys {
    /// The keys of a settings folder. Nothing is created.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The `.env` of the folder.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join(".env")
    }

    /// Names that the keyring keeps.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.listed().names.into_iter().collect()
    }

    /// The environment with what the keyring has for names that nothing stronger sets. Starts no
    /// program when the keyring keeps nothing.
    #[must_use]
    pub fn completed(&self, environment: Environment) -> Environment {
        let mut names = self.names();
        names.retain(|name| environment.get(name).is_none());
        if names.is_empty() {
            return environment;
        }
        let Ok(keyring) = Keyring::find(&environment) else {
            return environment;
        };
        let values = keyring.get(&names).into_iter();
        let found = names
            .into_iter()
            .zip(values)
            .filter_map(|(name, value)| Some((name, value?)));
        environment.with_keyring(found.collect())
    }

    /// Keeps a key.
    ///
    /// # Errors
    /// A name that no key can have, no keyring, a file that cannot be written; as a sentence.
    pub fn set(
        &self,
        environment: &Environment,
        name: &str,
        key: &str,
        keep: Keep,
    ) -> Result<(), String> {
        check_name(name)?;
        let key = key.trim();
        if key.is_empty() {
            return Err("An empty key was not kept.".to_owned());
        }
        if key.chars().any(char::is_control) {
            return Err("A key has no line breaks or control characters.".to_owned());
        }
        match keep {
            Keep::File => self.rewrite(name, Some(key)),
            Keep::Keyring => {
                Keyring::find(environment)?.set(name, key)?;
                let mut listed = self.listed();
                listed.names.insert(name.to_owned());
                self.list(&listed)
            }
        }
    }

    /// Forgets a key wherever we keep it; where that was.
    ///
    /// # Errors
    /// The keyring or the file refused.
    pub fn remove(&self, environment: &Environment, name: &str) -> Result<Vec<Keep>, String> {
        check_name(name)?;
        let mut from = Vec::new();
        let mut listed = self.listed();
        if listed.names.contains(name) {
            Keyring::find(environment)?.remove(name)?;
            listed.names.remove(name);
            self.list(&listed)?;
            from.push(Keep::Keyring);
        }
        let text = std::fs::read_to_string(self.file()).unwrap_or_default();
        if dotenv::parse(&text).variables.contains_key(name) {
            self.rewrite(name, None)?;
            from.push(Keep::File);
        }
        Ok(from)
    }

    fn listed(&self) -> Names {
        use std::io::Read as _;
        let mut text = String::new();
        let read = std::fs::File::open(self.folder.join(NAMES))
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        let names: Names = match read {
            Ok(_) => serde_json::from_str(&text).unwrap_or_default(),
            Err(_) => Names::default(),
        };
        Names {
            // The names go to a program.
            names: names
                .names
                .into_iter()
                .filter(|name| check_name(name).is_ok())
                .collect(),
        }
    }

    fn list(&self, names: &Names) -> Result<(), String> {
        let text = serde_json::to_string_pretty(names).map_err(|error| format!("{error}."))?;
        self.write(&self.folder.join(NAMES), &format!("{text}\n"))
    }

    /// The `.env` with one line changed, added or left out; other lines stay as they are.
    fn rewrite(&self, name: &str, key: Option<&str>) -> Result<(), String> {
        let path = self.file();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{} cannot be read: {error}.", path.display())),
        };
        let own = |line: &&str| {
            let line = line.trim().trim_start_matches("export ");
            line.split_once('=')
                .is_some_and(|(before, _)| before.trim() == name)
        };
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| !own(line))
            .map(str::to_owned)
            .collect();
        lines.extend(key.map(|key| format!("{name}={}", quoted(key))));
        let mut text = lines.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        self.write(&path, &text)
    }

    /// Writes a file that only the person can read, whole or not at all.
    fn write(&self, path: &Path, text: &str) -> Result<(), String> {
        let trouble =
            |error: std::io::Error| format!("{} cannot be written: {error}.", path.display());
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(trouble)?;
        let new = path.with_extension("new");
        let _ = std::fs::remove_file(&new);
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, path)
        };
        write().map_err(trouble)
    }
}

/// A value as the reader of such files takes it back unchanged.
fn quoted(key: &str) -> String {
    if key.contains('\'') {
        let inside = key
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('$', "\\$");
        format!("\"{inside}\"")
    } else {
        format!("'{key}'")
    }
}

/// Whether a key can have this name.
fn check_name(name: &str) -> Result<(), String> {
    let good = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.len() <= 100
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !good {
        return Err(
            "A key is named like its variable, in capitals: OPENAI_API_KEY. The key itself is never \
             an argument."
                .to_owned(),
        );
    }
    if dotenv::is_refused(name) {
        return Err(format!("{name} is no key."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_is_private_keeps_other_lines_and_reads_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = Keys::new(folder.path().join("settings"));
        let nothing = Environment::default();
        let set = |name: &str, key: &str| keys.set(&nothing, name, key, Keep::File);
        set("A_KEY", "one").expect("written");
        let text = std::fs::read_to_string(keys.file()).expect("a file");
        std::fs::write(keys.file(), format!("# mine\n{text}export B=2\n")).expect("written");
        let odd = r#"it's "$odd" \ #x"#;
        set("A_KEY", odd).expect("written");
        let text = std::fs::read_to_string(keys.file()).expect("a file");
        let read = dotenv::parse(&text);
        assert_eq!(read.variables.get("A_KEY").map(String::as_str), Some(odd));
        assert_eq!(read.variables.get("B").map(String::as_str), Some("2"));
        assert!(text.starts_with("# mine\n"), "{text}");
        let mode = keys.file().metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(keys.remove(&nothing, "A_KEY"), Ok(vec![Keep::File]));
        assert_eq!(keys.remove(&nothing, "A_KEY"), Ok(Vec::new()));
        let text = std::fs::read_to_string(keys.file()).expect("a file");
        assert!(!text.contains("A_KEY") && text.contains("B=2"), "{text}");
    }

    #[test]
    fn what_is_no_name_or_no_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = Keys::new(folder.path().to_owned());
        let nothing = Environment::default();
        for (name, key) in [
            ("sk-secret-key", "x"),
            ("lower", "x"),
            ("PATH", "x"),
            ("LD_PRELOAD", "x"),
            ("", "x"),
            ("A_KEY", "  "),
            ("A_KEY", "a\nb"),
        ] {
            let refused = keys.set(&nothing, name, key, Keep::File);
            let words = refused.expect_err("refused");
            assert!(!words.contains("sk-secret"), "{words}");
        }
        assert!(!keys.file().exists());
    }

    #[test]
    fn without_a_keyring_it_says_so_and_starts_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = Keys::new(folder.path().to_owned());
        let nothing = Environment::default();
        let words = keys.set(&nothing, "A_KEY", "x", Keep::Keyring);
        assert!(
            words
                .expect_err("no keyring")
                .starts_with("This machine has no")
        );
        assert_eq!(keys.names(), Vec::<String>::new());
        std::fs::write(folder.path().join(NAMES), "{\"names\": [\"A\", \"; rm\"]}")
            .expect("written");
        assert_eq!(keys.names(), ["A"]);
    }
}
