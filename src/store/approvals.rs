//! Which contents of which configurations the person has approved.
//!
//! `<state>/approved.json`: a path as the system knows it and the sum over the exact content. The file
//! is private and replaced whole; one that cannot be read counts as empty, which approves nothing. Who
//! changes it holds a lock, so that two programs do not lose each other's approvals.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::files;
use crate::protocol::{Failure, FailureKind, Timestamp};

/// Name of the file in the state folder.
const FILE: &str = "approved.json";
/// Name of the lock beside it.
const LOCK: &str = "approved.lock";
/// Largest file that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Approvals that are kept; the oldest go first.
const MOST: usize = 1000;
/// Contents of one path that stay approved: a person goes back and forth between branches.
const CONTENTS: usize = 16;

/// How an approval came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The person was asked, or said so with a command.
    Approved,
    /// The person named the file on the command line and ran it.
    Named,
}

/// One approved content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The path without links.
    pub path: PathBuf,
    /// SHA-256 over it and everything that it includes, in hexadecimal.
    pub sum: String,
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: How,
}

/// The file of approvals.
#[derive(Clone, Debug)]
pub struct Approvals {
    folder: PathBuf,
}

impl Approvals {
    /// The approvals in a state folder. Nothing needs to exist.
    #[must_use]
    pub fn new(state_dir: &Path) -> Self {
        Self {
            folder: state_dir.to_owned(),
        }
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Approval> {
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            files::open_read(&self.folder.join(FILE))?
                .take(LARGEST)
                .read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read()
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Whether this content of this path was approved.
    #[must_use]
    pub fn has(&self, path: &Path, sum: &str) -> bool {
        let mut all = self.all().into_iter();
        all.any(|one| one.path == path && one.sum == sum)
    }

    /// Approves one content.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&self, approval: Approval) -> Result<(), Failure> {
        self.change(|all| {
            all.retain(|one| one.path != approval.path || one.sum != approval.sum);
            let same = all.iter().filter(|one| one.path == approval.path).count();
            for _ in CONTENTS..=same {
                if let Some(oldest) = all.iter().position(|one| one.path == approval.path) {
                    all.remove(oldest);
                }
            }
            all.push(approval);
            let over = all.len().saturating_sub(MOST);
            all.drain(..over);
        })
    }

    /// Takes back every approval of a path; says how many there were.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn remove(&self, path: &Path) -> Result<usize, Failure> {
        let mut removed = 0;
        self.change(|all| {
            let before = all.len();
            all.retain(|one| one.path != path);
            removed = before - all.len();
        })?;
        Ok(removed)
    }

    fn change(&self, edit: impl FnOnce(&mut Vec<Approval>)) -> Result<(), Failure> {
        let path = self.folder.join(FILE);
        let trouble = |error: &io::Error| files::trouble("write the approvals", &path, error);
        files::create_dirs(&self.folder)?;
        let lock: fs::File =
            files::open_shared(&self.folder.join(LOCK)).map_err(|error| trouble(&error))?;
        // A file system without locks: the worst is an approval that is asked for again.
        let _ = lock.lock();
        let mut all = self.all();
        edit(&mut all);
        let bytes = serde_json::to_vec_pretty(&all)
            .map_err(|error| Failure::new(FailureKind::Local, error.to_string()))?;
        let written = files::replace(&path, &bytes).map_err(|error| trouble(&error));
        let _ = lock.unlock();
        written
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn approval(path: &str, sum: &str) -> Approval {
        Approval {
            path: path.into(),
            sum: sum.to_owned(),
            at: Timestamp(1),
            how: How::Approved,
        }
    }

    #[test]
    fn an_approval_holds_for_one_path_and_one_content() {
        let folder = tempfile::tempdir().unwrap();
        let approvals = Approvals::new(&folder.path().join("state"));
        assert!(!approvals.has(Path::new("/a"), "1"));
        approvals.add(approval("/a", "1")).unwrap();
        approvals.add(approval("/a", "2")).unwrap();
        approvals.add(approval("/a", "2")).unwrap();
        for (path, sum, has) in [
            ("/a", "1", true),
            ("/a", "2", true),
            ("/a", "3", false),
            ("/b", "1", false),
        ] {
            assert_eq!(approvals.has(Path::new(path), sum), has, "{path} {sum}");
        }
        let file = folder.path().join("state").join(FILE);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(approvals.remove(Path::new("/a")).unwrap(), 2);
        assert!(approvals.all().is_empty());
    }

    #[test]
    fn old_contents_of_a_path_are_forgotten_first() {
        let folder = tempfile::tempdir().unwrap();
        let approvals = Approvals::new(folder.path());
        approvals.add(approval("/other", "x")).unwrap();
        for number in 0..CONTENTS + 3 {
            approvals.add(approval("/a", &number.to_string())).unwrap();
        }
        let all = approvals.all();
        assert_eq!(all.len(), CONTENTS + 1);
        assert!(approvals.has(Path::new("/other"), "x"));
        assert!(!approvals.has(Path::new("/a"), "2") && approvals.has(Path::new("/a"), "3"));
    }

    #[test]
    fn a_damaged_file_approves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "[{\"path\":\"/a\",").unwrap();
        let approvals = Approvals::new(folder.path());
        assert!(approvals.all().is_empty());
        approvals.add(approval("/a", "1")).unwrap();
        assert!(approvals.has(Path::new("/a"), "1"));
    }
}
