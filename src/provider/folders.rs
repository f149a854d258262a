//! The folders that an agent works in which is a program: given by whoever owns the session, before
//! the program is asked for the first time. Plain data.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use crate::protocol::{Network, change::Access};

/// One folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is, absolute: the agent's own copy where it may write.
    pub path: PathBuf,
    /// What the agent may do there.
    pub access: Access,
}

/// A program in the place of a model, for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alone {
    /// The product.
    pub name: String,
    /// What keeps it in its folders.
    pub held: HeldBy,
}

/// What keeps a program in its folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldBy {
    /// Whatever holds programs here, see [`Folders::holder`].
    Us,
    /// A sandbox of its own.
    Itself,
}

/// Where a program works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// The folders, in the order of the configuration.
    pub all: Vec<Folder>,
    /// A private folder for temporary files.
    pub temp: PathBuf,
    /// Words before the program that hold it: written is only what they and further `--write PATH`
    /// name. Behind them `--` and the program. Empty where nothing holds programs.
    pub holder: Vec<String>,
    /// Whether commands reach the network, where a program holds them itself.
    pub network: Network,
}

impl Folders {
    /// Where it begins: the first folder that it may write to, else the first.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        let all = self.all.iter();
        let mut writes = all.clone().filter(|folder| folder.access == Access::Write);
        let home = writes.next().or_else(|| self.all.first());
        home.map(|folder| folder.path.as_path())
    }

    /// The other folders that it may write to.
    pub fn more(&self) -> impl Iterator<Item = &Path> {
        let home = self.home();
        let all = self.all.iter();
        all.filter(|folder| folder.access == Access::Write)
            .map(|folder| folder.path.as_path())
            .filter(move |path| Some(*path) != home)
    }

    /// Whether it may write anywhere.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.all.iter().any(|folder| folder.access == Access::Write)
    }

    /// What the program is told about them; nothing without any.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(home) = self.home() else {
            return String::new();
        };
        let mut text = format!(
            "\nYou are in {}. Use your own tools on files. These are all the folders you have:\n",
            home.display()
        );
        for folder in &self.all {
            let may = match folder.access {
                Access::Write => "yours to change",
                Access::Read => "for reading only",
            };
            let _ = writeln!(text, "- {}: {may}", folder.path.display());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_where_it_may_write() {
        let folders = |all: &[(&str, Access)]| Folders {
            all: all
                .iter()
                .map(|(path, access)| Folder {
                    path: PathBuf::from(path),
                    access: *access,
                })
                .collect(),
            ..Folders::default()
        };
        let mixed = folders(&[
            ("/docs", Access::Read),
            ("/a", Access::Write),
            ("/b", Access::Write),
        ]);
        assert_eq!(mixed.home(), Some(Path::new("/a")));
        assert_eq!(mixed.more().collect::<Vec<_>>(), [Path::new("/b")]);
        assert!(mixed.writes() && mixed.words().contains("- /docs: for reading only"));
        let reads = folders(&[("/docs", Access::Read)]);
        assert_eq!(reads.home(), Some(Path::new("/docs")));
        assert!(!reads.writes() && reads.more().next().is_none());
        assert_eq!(folders(&[]).words(), "");
    }
}
