//! What models made of a session, kept beside it: `analysis/<n>.json`, one private file each.
//!
//! Numbers go up and are never given twice, also not by two processes at once. A file is there whole or not
//! at all. What is in them is not known here.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::files;
use crate::protocol::{Failure, FailureKind};

/// Name of the folder.
const FOLDER: &str = "analysis";
/// Most bytes of one file that are read.
const MOST: u64 = 8 * 1024 * 1024;
/// Most files of one session.
const MANY: u32 = 1_000;

/// The analyses of a session; the folder is made with the first one.
#[derive(Clone, Debug)]
pub struct AnalysisFolder {
    folder: PathBuf,
}

impl AnalysisFolder {
    /// Those beside a session. Nothing is touched yet.
    #[must_use]
    pub fn beside(place: &Path) -> Self {
        Self {
            folder: place.join(FOLDER),
        }
    }

    /// The file of a number.
    #[must_use]
    pub fn file(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number}.json"))
    }

    /// Every file with its number, oldest first; those that cannot be read are left out.
    #[must_use]
    pub fn all(&self) -> Vec<(u32, Vec<u8>)> {
        let mut numbers = self.numbers();
        numbers.sort_unstable();
        let read = |number: u32| {
            let mut bytes = Vec::new();
            let file = files::open_read(&self.file(number)).ok()?;
            file.take(MOST).read_to_end(&mut bytes).ok()?;
            Some((number, bytes))
        };
        numbers.into_iter().filter_map(read).collect()
    }

    /// Keeps one and returns its number.
    ///
    /// # Errors
    /// The folder or the file cannot be written, or there are too many.
    pub fn keep(&self, bytes: &[u8]) -> Result<u32, Failure> {
        files::create_dirs(&self.folder)?;
        files::tighten(&self.folder)?;
        let first = self.numbers().into_iter().max().map_or(1, |last| last + 1);
        let temporary = self.folder.join(format!(".{:016x}.tmp", fastrand::u64(..)));
        let mut file = files::create_new(&temporary)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_data());
        let trouble = |error| files::trouble("keep the analysis", &temporary, &error);
        let kept = written
            .map_err(trouble)
            .and_then(|()| self.name(&temporary, first));
        // It has its name now, or is of no use.
        let _ = fs::remove_file(&temporary);
        kept
    }

    /// Gives a written file the next free number. A link, unlike a new name, takes none away.
    fn name(&self, temporary: &Path, first: u32) -> Result<u32, Failure> {
        for number in first..first.saturating_add(100).min(MANY + 1) {
            let path = self.file(number);
            match fs::hard_link(temporary, &path) {
                Ok(()) => return Ok(number),
                Err(_) if path.exists() => {}
                Err(error) => return Err(files::trouble("keep the analysis", &path, &error)),
            }
        }
        let words = format!("The session has {MANY} analyses already.");
        Err(Failure::new(FailureKind::Local, words)
            .hint(format!("Delete some in {}.", self.folder.display())))
    }

    fn numbers(&self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names
            .filter_map(|name| name.strip_suffix(".json")?.parse().ok())
            .collect()
    }
}

/// Pages that a person had written: `<state>/reports/`, `<state>/comparisons/`.
#[derive(Clone, Debug)]
pub struct PageFolder {
    folder: PathBuf,
}

impl PageFolder {
    /// The folder in a state folder; made with the first page.
    #[must_use]
    pub fn new(state_dir: &Path) -> Self {
        Self {
            folder: state_dir.join("reports"),
        }
    }

    /// The same for sessions side by side.
    #[must_use]
    pub fn comparisons(state_dir: &Path) -> Self {
        Self {
            folder: state_dir.join("comparisons"),
        }
    }

    /// Writes a page, in the place of an older one of this name, and returns its path.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        files::create_dirs(&self.folder)?;
        files::tighten(&self.folder)?;
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '-'
            }
        };
        let name: String = name.chars().map(safe).collect();
        let path = self.folder.join(name.trim_start_matches('.'));
        files::replace(&path, text.as_bytes())
            .map_err(|error| files::trouble("write the page", &path, &error))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn numbers_go_up_and_files_are_private_and_whole() {
        let place = tempfile::tempdir().unwrap();
        let folder = AnalysisFolder::beside(&place.path().join("session"));
        assert!(folder.all().is_empty());
        assert_eq!(folder.keep(b"one").unwrap(), 1);
        assert_eq!(folder.keep(b"two").unwrap(), 2);
        fs::remove_file(folder.file(1)).unwrap();
        assert_eq!(
            folder.keep(b"three").unwrap(),
            3,
            "a number is never given twice"
        );
        let all = folder.all();
        assert_eq!(all, [(2, b"two".to_vec()), (3, b"three".to_vec())]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.file(3)), 0o600);
        assert_eq!(mode(&place.path().join("session/analysis")), 0o700);
        let names = fs::read_dir(place.path().join("session/analysis")).unwrap();
        assert_eq!(names.count(), 2, "nothing else is left");
    }

    #[test]
    fn pages_are_private_and_stay_in_their_folder() {
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for (pages, name) in [
            (PageFolder::new(place.path()), "reports"),
            (PageFolder::comparisons(place.path()), "comparisons"),
        ] {
            let path = pages.write("../a b.md", "words").unwrap();
            assert_eq!(path, place.path().join(name).join("-a-b.md"));
            assert_eq!(fs::read_to_string(&path).unwrap(), "words");
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn many_at_once_get_a_number_each() {
        let place = tempfile::tempdir().unwrap();
        let folder = AnalysisFolder::beside(place.path());
        let keepers: Vec<_> = (0..8_u8)
            .map(|byte| {
                let folder = folder.clone();
                std::thread::spawn(move || folder.keep(&[byte]).unwrap())
            })
            .collect();
        let mut numbers: Vec<u32> = keepers.into_iter().map(|one| one.join().unwrap()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((numbers.len(), folder.all().len()), (8, 8));
    }
}
