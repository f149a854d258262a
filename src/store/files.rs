//! Private files and folders: created for the owner only, never through a symbolic link, replaced
//! whole or not at all.
//!
//! Every error comes out as a [`Failure`] of kind `Local` that names the path and says what to do.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use rustix::fs::{AtFlags, OFlags, Timespec, Timestamps};

use crate::{
    logging,
    protocol::{Failure, FailureKind},
};

/// Owner may read and write a file, nobody else may do anything.
pub(super) const FILE_MODE: u32 = 0o600;
/// Owner may list and enter a folder, nobody else may do anything.
const DIR_MODE: u32 = 0o700;

/// Creates `dir` and its parents for the owner only; an existing folder stays as it is.
pub(super) fn create_dirs(dir: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIR_MODE)
        .create(dir)
        .map_err(|error| trouble("create the folder", dir, &error))
}

/// Takes rights of group and others away from a folder of ours that was made too open.
pub(super) fn tighten(dir: &Path) -> Result<(), Failure> {
    let open = fs::metadata(dir)
        .map_err(|error| trouble("look at the folder", dir, &error))?
        .mode()
        & 0o077
        != 0;
    if open {
        fs::set_permissions(dir, Permissions::from_mode(DIR_MODE))
            .map_err(|error| trouble("make the folder private:", dir, &error))?;
    }
    Ok(())
}

/// Creates a new file to append to; fails when anything, a symbolic link included, has its name.
pub(super) fn create_new(path: &Path) -> Result<File, Failure> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(FILE_MODE)
        .custom_flags(nofollow())
        .open(path)
        .map_err(|error| trouble("create the session log", path, &error))
}

/// Opens an existing file to append to, and to read what is in it.
pub(super) fn open_append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .custom_flags(nofollow())
        .open(path)
}

/// Opens a file to append to, made private when it is new.
pub(super) fn open_appended(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .custom_flags(nofollow())
        .open(path)
}

/// Opens a file to read and write, made private when it is new; what is in it stays.
pub(super) fn open_shared(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .custom_flags(nofollow())
        .open(path)
}

/// Opens a file for reading, refusing a symbolic link.
pub(super) fn open_read(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(nofollow())
        .open(path)
}

/// Replaces `path` with `bytes`: a reader sees the old or the new content, never a part.
///
/// # Errors
/// The system's error; the old content then still stands.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{:08x}.tmp", fastrand::u32(..)));
    let temporary = path.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .custom_flags(nofollow())
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The leftover is of no use to anyone; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// True when this process may create files in `dir`.
pub(super) fn writable(dir: &Path) -> Result<(), Failure> {
    rustix::fs::access(
        dir,
        rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
    )
    .map_err(|error| trouble("write to the folder", dir, &error.into()))
}

/// Gives a folder the present as the time of its last change. Where that cannot be done nothing happens: it is a
/// hint for those who look, and no fact.
pub(super) fn touched(dir: &Path) {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: rustix::fs::UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    let _ = rustix::fs::utimensat(rustix::fs::CWD, dir, &times, AtFlags::empty());
}

/// A file error as a sentence with a way out.
pub(super) fn trouble(what: &str, path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "Make it writable for you, or choose another folder with --state-dir."
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Free some space, or choose another folder with --state-dir."
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "Something else has that name; move it away or choose another folder with --state-dir."
        }
        io::ErrorKind::NotFound => "Check the path.",
        _ => "Check the disk, or choose another folder with --state-dir.",
    };
    let words = format!("Cannot {what} {}: {}.", path.display(), plain(error));
    logging::tell(logging::Level::Warn, logging::Area::Store, || words.clone());
    Failure::new(FailureKind::Local, words).hint(hint)
}

/// The system's words without the trailing error number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .trim_end_matches('.')
        .to_owned()
}

/// The flag in the type that the standard library wants.
fn nofollow() -> i32 {
    OFlags::NOFOLLOW.bits().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_private() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        create_dirs(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
        let file = dir.join("log");
        create_new(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert!(create_new(&file).is_err(), "an existing file is not reused");
    }

    #[test]
    fn a_link_is_neither_written_nor_read_through() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target");
        fs::write(&target, "keep").unwrap();
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(create_new(&link).is_err());
        assert!(open_read(&link).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "keep");
    }

    #[test]
    fn replacing_leaves_no_temporary_file() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("summary.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_open_folder_is_tightened() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        tighten(root.path()).unwrap();
        assert_eq!(fs::metadata(root.path()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_failure_names_the_path_and_the_way_out() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = create_dirs(&file.join("below")).unwrap_err();
        assert!(failure.message.contains("file/below"), "{failure}");
        assert!(failure.hint.contains("--state-dir"), "{failure}");
        assert!(!failure.message.contains("os error"), "{failure}");
    }
}
