//! A finished file in the state folder, for as long as it is sent.
//!
//! A process that is killed leaves it there; [`sweep`] finds it later.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{Existing, Parcel, Prepared, Voice, save, sum};
use crate::{
    export::Format,
    protocol::{Failure, FailureKind, Timestamp},
    text::clean,
};

/// Folder of files that are sent, within the state folder.
const FOLDER: &str = "outgoing";
/// Seconds after which nobody sends a file any more.
const OLD: u64 = 86_400;

/// The file; it goes when this does.
#[derive(Debug)]
pub struct Aside(PathBuf);

impl Aside {
    /// Writes a session that is ready into the state folder.
    ///
    /// # Errors
    /// It cannot be written; then nothing is left behind.
    pub fn of(prepared: &Prepared, state: &Path) -> Result<Self, Failure> {
        // A folder of its own, so that commands see the file under its own name.
        let folder = state
            .join(FOLDER)
            .join(format!("{:08x}", fastrand::u32(..)));
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder);
        made.map_err(|error| local(format!("{} cannot be made: {error}.", folder.display())))?;
        let path = folder.join(prepared.name());
        let aside = Self(path.clone());
        save(prepared, &path, Existing::Keep)?;
        Ok(aside)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is sent of it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn parcel(&self, prepared: &Prepared) -> Result<Parcel, Failure> {
        let sha256 = sum(&self.0);
        Ok(Parcel {
            path: self.0.clone(),
            name: prepared.name(),
            format: prepared.format,
            title: title(prepared),
            bytes: prepared.bytes,
            sha256: sha256.map_err(|error| local(format!("The file cannot be read: {error}.")))?,
            replace: false,
            voice: Voice::Kept,
        })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // It is private; that it cannot be removed harms nobody.
        let _ = fs::remove_file(&self.0);
        if let Some(folder) = self.0.parent() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Removes what killed processes left aside more than a day ago. Only files with names of ours in folders
/// with names of ours go, and no link is followed; what cannot be removed is tried again next time.
pub(super) fn sweep(state: &Path, now: Timestamp) {
    let is_old = |about: &fs::Metadata| {
        let written = u64::try_from(about.mtime()).unwrap_or(u64::MAX);
        (now.0 / 1_000).saturating_sub(written) > OLD
    };
    let outgoing = state.join(FOLDER);
    if !fs::symlink_metadata(&outgoing).is_ok_and(|about| about.is_dir()) {
        return;
    }
    for folder in below(&outgoing) {
        let Ok(about) = fs::symlink_metadata(&folder) else {
            continue;
        };
        if !about.is_dir() || !is_old(&about) || !folder.file_name().is_some_and(is_number) {
            continue;
        }
        for file in below(&folder).filter(|file| is_ours(file)) {
            if fs::symlink_metadata(&file).is_ok_and(|about| about.is_file() && is_old(&about)) {
                let _ = fs::remove_file(&file);
            }
        }
        // One that is not empty stays.
        let _ = fs::remove_dir(&folder);
    }
}

fn below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Whether a folder is named as [`Aside::of`] names it.
fn is_number(name: &OsStr) -> bool {
    let digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    name.len() == 8 && name.as_encoded_bytes().iter().all(digit)
}

/// Whether a file ends as exports do, finished or not.
fn is_ours(file: &Path) -> bool {
    const ENDS: [Format; 5] = [
        Format::Html,
        Format::Md,
        Format::Json,
        Format::Bundle,
        Format::Cast,
    ];
    let end = file.extension();
    end.is_some_and(|end| end == "part" || ENDS.iter().any(|format| end == format.extension()))
}

/// What a session is about, in a line.
fn title(prepared: &Prepared) -> String {
    let line = prepared.task().trim().lines().next().unwrap_or_default();
    let line: String = clean::line(line).chars().take(80).collect();
    format!("massgen-tui: {line}")
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        os::unix::fs::symlink,
        time::{Duration, SystemTime},
    };

    use super::*;

    /// What stands in the folder, by age in hours.
    const LEFT: [(&str, u64); 6] = [
        ("0badcafe/20261121-101530-k3f9.html", 25),
        ("0badcafe/20261121-101530-k3f9.html.00c0ffee.part", 25),
        ("0badcafe/precious.txt", 25),
        ("00c0ffee/20261121-101530-k3f9.mgt", 25),
        ("5eed5eed/20261121-101530-k3f9.md", 23),
        ("my files/20261121-101530-k3f9.md", 25),
    ];

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn age(path: &Path, hours: u64) {
        let then = Duration::from_secs(NOW.0 / 1_000 - hours * 3_600);
        let file = File::open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + then).unwrap();
    }

    #[test]
    fn what_killed_processes_left_aside_goes_after_a_day_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        sweep(state.path(), NOW);
        assert!(!state.path().join(FOLDER).exists(), "nothing is made");
        let theirs = state.path().join("theirs");
        for (name, _) in LEFT.iter().chain(&[("theirs/a.html", 0)]) {
            let path = state.path().join(FOLDER).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "private").unwrap();
        }
        let outgoing = state.path().join(FOLDER);
        fs::rename(outgoing.join("theirs"), &theirs).unwrap();
        symlink(theirs.join("a.html"), outgoing.join("0badcafe/b.html")).unwrap();
        symlink(&theirs, outgoing.join("deadbeef")).unwrap();
        age(&theirs.join("a.html"), 25);
        age(&theirs, 25);
        for (name, hours) in LEFT {
            age(&outgoing.join(name), hours);
            age(outgoing.join(name).parent().unwrap(), hours);
        }
        sweep(state.path(), NOW);
        let there = |name: &str| fs::symlink_metadata(outgoing.join(name)).is_ok();
        let stays = LEFT.map(|(name, _)| there(name));
        assert_eq!(stays, [false, false, true, false, true, true]);
        assert!(!there("00c0ffee"), "an empty folder goes");
        assert!(there("0badcafe/b.html") && there("deadbeef"), "links");
        assert!(theirs.join("a.html").exists());
        // The folder itself may be one, too.
        fs::rename(&outgoing, state.path().join("moved")).unwrap();
        fs::create_dir_all(theirs.join("00c0ffee")).unwrap();
        fs::write(theirs.join("00c0ffee/a.md"), "mine").unwrap();
        age(&theirs.join("00c0ffee/a.md"), 25);
        age(&theirs.join("00c0ffee"), 25);
        symlink(&theirs, &outgoing).unwrap();
        sweep(state.path(), NOW);
        assert!(theirs.join("00c0ffee/a.md").exists());
    }
}
