//! The file of the program's own log: private, appended line by line, turned over by size.
//!
//! `<state>/log/massgen-tui.log` is the newest, `.1` and `.2` the two before it; together they never take
//! more than about three times [`LARGEST`]. Several programs may write at once: a line is one write at
//! the end of the file, and who finds that another has turned the file over opens the new one.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::files;
use crate::protocol::Failure;

/// Bytes after which a file is turned over.
pub const LARGEST: u64 = 4 * 1024 * 1024;
/// Name of the newest file.
const NAME: &str = "massgen-tui.log";

/// The file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    largest: u64,
}

impl LogFile {
    /// The log below a state folder; made when it is not there.
    ///
    /// # Errors
    /// Folder or file cannot be made or written.
    pub fn open(state_dir: &Path) -> Result<Self, Failure> {
        let folder = state_dir.join("log");
        files::create_dirs(&folder)?;
        files::tighten(&folder)?;
        let path = folder.join(NAME);
        let opened = appended(&path);
        let file = opened.map_err(|error| files::trouble("open the log", &path, &error))?;
        Ok(Self {
            path,
            file,
            largest: LARGEST,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line, which has its line end.
    ///
    /// # Errors
    /// The system's.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        let about = self.file.metadata()?;
        if about.len() + line.len() as u64 > self.largest && about.len() > 0 {
            self.turn(about.ino())?;
        }
        self.file.write_all(line.as_bytes())
    }

    fn turn(&mut self, ours: u64) -> io::Result<()> {
        let theirs = fs::symlink_metadata(&self.path).map(|about| about.ino());
        if theirs.is_ok_and(|theirs| theirs == ours) {
            let numbered = |number: u8| self.path.with_extension(format!("log.{number}"));
            // The oldest goes; that there was none is as good.
            let _ = fs::rename(numbered(1), numbered(2));
            fs::rename(&self.path, numbered(1))?;
        }
        self.file = appended(&self.path)?;
        Ok(())
    }
}

fn appended(path: &Path) -> io::Result<File> {
    let file = files::open_appended(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(fs::Permissions::from_mode(files::FILE_MODE))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_bounded_however_much_two_write() {
        let state = tempfile::tempdir().unwrap();
        let mut one = LogFile::open(state.path()).unwrap();
        let mut two = LogFile::open(state.path()).unwrap();
        (one.largest, two.largest) = (100, 100);
        for number in 0..200 {
            one.append(&format!("one {number:03}\n")).unwrap();
            two.append(&format!("two {number:03}\n")).unwrap();
        }
        let folder = state.path().join("log");
        let mut all: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        all.sort();
        assert_eq!(all.len(), 3, "{all:?}");
        let mut text = String::new();
        for path in all.iter().rev() {
            let about = fs::metadata(path).unwrap();
            assert!(about.len() <= 108, "{path:?} has {}", about.len());
            assert_eq!(about.mode() & 0o777, 0o600);
            text.push_str(&fs::read_to_string(path).unwrap());
        }
        assert!(
            text.contains("one 199") && text.contains("two 199"),
            "{text}"
        );
        assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let state = tempfile::tempdir().unwrap();
        let target = state.path().join("other");
        fs::write(&target, "").unwrap();
        fs::create_dir(state.path().join("log")).unwrap();
        std::os::unix::fs::symlink(&target, state.path().join("log").join(NAME)).unwrap();
        assert!(LogFile::open(state.path()).is_err());
    }
}
