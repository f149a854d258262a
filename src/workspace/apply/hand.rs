//! The person's folder: looking, and the few moves that change it.
//!
//! Every part of a path is opened by itself, from the folder before it, and never through a link. What
//! belongs to git, to another repository or to our own state is never entered. Nothing is overwritten
//! that the caller did not look at: a file that is new must be new, one that is replaced must be the
//! one that was seen.

use std::{
    fs::File,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps},
    io::Errno,
};

use crate::workspace::{Trouble, names};

/// How a folder is opened.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// The person's folder, open.
pub(super) struct Hand {
    top: OwnedFd,
    root: PathBuf,
    barred: Vec<(u64, u64)>,
}

/// What stands at a path.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A regular file.
    File(Stat),
    /// A symbolic link.
    Link(Stat),
    /// A folder.
    Folder(Stat),
    /// A link stands where a folder should be on the way; nothing is looked at behind it.
    Behind,
    /// A pipe, socket or device, or something in a place we never enter.
    Barred,
}

impl Hand {
    /// Opens `root`; the folders `barred` and everything in them are never entered.
    pub(super) fn open(root: &Path, barred: &[&Path]) -> Result<Self, Trouble> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = rustix::fs::open(root, flags, Mode::empty())
            .map_err(|error| Trouble::io("cannot open the folder", root, &error.into()))?;
        let barred = barred
            .iter()
            .filter_map(|path| rustix::fs::stat(*path).ok())
            .map(|stat| (stat.st_dev, stat.st_ino))
            .collect();
        Ok(Self {
            top,
            root: root.to_path_buf(),
            barred,
        })
    }

    /// The path as the system names it.
    pub(super) fn full(&self, path: &[u8]) -> PathBuf {
        self.root.join(names::path(path))
    }

    /// The trouble of a move at `path`.
    pub(super) fn trouble(&self, what: &str, path: &[u8], error: &io::Error) -> Trouble {
        Trouble::io(what, &self.full(path), error)
    }

    /// The folder at `path`; the root for an empty one.
    fn folder(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let mut at = self.top.try_clone()?;
        if path.is_empty() {
            return Ok(at);
        }
        if !names::is_plain(path) {
            return Err(denied("a part of the path is `.`, `..` or `.git`"));
        }
        for part in path.split(|byte| *byte == b'/') {
            at = rustix::fs::openat(&at, part, FOLDER, Mode::empty())?;
            let stat = rustix::fs::fstat(&at)?;
            if self.barred.contains(&(stat.st_dev, stat.st_ino)) {
                return Err(denied("the folder belongs to git or to this program"));
            }
            if rustix::fs::statat(&at, ".git", AtFlags::SYMLINK_NOFOLLOW).is_ok() {
                return Err(denied("the folder belongs to another repository"));
            }
        }
        Ok(at)
    }

    /// The folder that holds `path`, and the name in it.
    fn parent<'p>(&self, path: &'p [u8]) -> io::Result<(OwnedFd, &'p [u8])> {
        if !names::is_plain(path) {
            return Err(denied("a part of the path is empty, `.`, `..` or `.git`"));
        }
        let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(end) => (&path[..end], &path[end + 1..]),
            None => (&path[..0], path),
        };
        Ok((self.folder(folder)?, name))
    }

    /// What stands at `path`.
    pub(super) fn look(&self, path: &[u8]) -> io::Result<Found> {
        let (parent, name) = match self.parent(path) {
            Ok(found) => found,
            Err(error) => {
                let link = error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
                return match error.kind() {
                    io::ErrorKind::NotFound => Ok(Found::Nothing),
                    // Opening a link as a folder fails in this way as well.
                    io::ErrorKind::NotADirectory => self.above(path),
                    io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
                        Ok(Found::Barred)
                    }
                    _ if link => Ok(Found::Behind),
                    _ => Err(error),
                };
            }
        };
        match rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Found::File(stat),
                FileType::Symlink => Found::Link(stat),
                FileType::Directory if self.barred.contains(&(stat.st_dev, stat.st_ino)) => {
                    Found::Barred
                }
                FileType::Directory => Found::Folder(stat),
                _ => Found::Barred,
            }),
            Err(Errno::NOENT) => Ok(Found::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a file or a link stands above `path`: behind a file there is nothing, behind a link
    /// we do not look.
    fn above(&self, path: &[u8]) -> io::Result<Found> {
        for end in super::tree::slashes(path) {
            match self.look(&path[..end])? {
                Found::Folder(_) => {}
                Found::File(_) | Found::Nothing => return Ok(Found::Nothing),
                Found::Link(_) | Found::Behind => return Ok(Found::Behind),
                Found::Barred => return Ok(Found::Barred),
            }
        }
        Ok(Found::Nothing)
    }

    /// The regular file at `path`, to read.
    pub(super) fn read(&self, path: &[u8]) -> io::Result<File> {
        let (parent, name) = self.parent(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&parent, name, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok(file)
    }

    /// Where the link at `path` leads.
    pub(super) fn target(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        let (parent, name) = self.parent(path)?;
        Ok(rustix::fs::readlinkat(&parent, name, Vec::new())?.into_bytes())
    }

    /// The names in a folder.
    pub(super) fn list(&self, path: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let folder = self.folder(path)?;
        let mut found = Vec::new();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                found.push(name.to_vec());
            }
        }
        Ok(found)
    }

    /// Makes a folder; one that is there already is left as it is.
    pub(super) fn make_folder(&self, path: &[u8], mode: Option<u32>) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => {
                if let Some(mode) = mode {
                    let folder = rustix::fs::openat(&parent, name, FOLDER, Mode::empty())?;
                    rustix::fs::fchmod(&folder, Mode::from_raw_mode(mode & 0o7777))?;
                }
                Ok(())
            }
            Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a folder that is empty; true when it is gone.
    pub(super) fn remove_folder(&self, path: &[u8]) -> io::Result<bool> {
        let (parent, name) = match self.parent(path) {
            Err(error) if is_absent(&error) => return Ok(true),
            found => found?,
        };
        match rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the file or link at `path`.
    pub(super) fn remove(&self, path: &[u8]) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        Ok(rustix::fs::unlinkat(&parent, name, AtFlags::empty())?)
    }

    /// Removes what an earlier run left under a name of ours; nothing there is no error.
    pub(super) fn sweep(&self, path: &[u8], temporary: &str) {
        if let Ok((parent, _)) = self.parent(path) {
            // A leftover that cannot be removed is in the way of nobody but its own name.
            let _ = rustix::fs::unlinkat(&parent, temporary, AtFlags::empty());
        }
    }

    /// Makes a file beside `path` with these bytes, on the disk for good.
    pub(super) fn prepare(
        &self,
        path: &[u8],
        temporary: &str,
        file: &NewFile<'_>,
    ) -> io::Result<()> {
        let (parent, _) = self.parent(path)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = if file.executable { 0o777 } else { 0o666 };
        let opened = rustix::fs::openat(&parent, temporary, flags, Mode::from_raw_mode(mode))?;
        let mut out = File::from(opened);
        let mut from = File::open(file.bytes)?;
        io::copy(&mut from, &mut out)?;
        if let Some(mode) = file.mode {
            rustix::fs::fchmod(&out, Mode::from_raw_mode(mode & 0o7777))?;
        }
        if let Some(at) = file.changed {
            rustix::fs::futimens(&out, &times(at))?;
        }
        out.sync_all()
    }

    /// Makes a link beside `path`.
    pub(super) fn prepare_link(
        &self,
        path: &[u8],
        temporary: &str,
        target: &[u8],
        changed: Option<(i64, i64)>,
    ) -> io::Result<()> {
        let (parent, _) = self.parent(path)?;
        rustix::fs::symlinkat(target, &parent, temporary)?;
        if let Some(at) = changed {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::utimensat(&parent, temporary, &times(at), flags)?;
        }
        Ok(())
    }

    /// Gives what was prepared its name. Without `seen` the name must be free; with it, what has the
    /// name must still be what was seen.
    pub(super) fn settle(
        &self,
        path: &[u8],
        temporary: &str,
        seen: Option<&Stat>,
    ) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        let Some(seen) = seen else {
            return rename_new(&parent, temporary, name);
        };
        let now = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let of = |stat: &Stat| {
            (
                (stat.st_dev, stat.st_ino, stat.st_size),
                (stat.st_mtime, stat.st_mtime_nsec),
                (stat.st_ctime, stat.st_ctime_nsec),
            )
        };
        if of(&now) != of(seen) {
            return Err(io::Error::other("it changed in this moment"));
        }
        Ok(rustix::fs::renameat(&parent, temporary, &parent, name)?)
    }

    /// Brings the names in the folder of `path` to the disk for good.
    pub(super) fn sync(&self, path: &[u8]) -> io::Result<()> {
        let (parent, _) = match self.parent(path) {
            // The folder went with its last file.
            Err(error) if is_absent(&error) => return Ok(()),
            found => found?,
        };
        match rustix::fs::fsync(&parent) {
            // Some file systems cannot do this for folders.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A file to be made.
pub(super) struct NewFile<'a> {
    /// Where its bytes are.
    pub(super) bytes: &'a Path,
    /// Whether it may be run, when nothing else says.
    pub(super) executable: bool,
    /// Its mode; without one, what the person's umask says.
    pub(super) mode: Option<u32>,
    /// When it was changed, in seconds and nanoseconds; now without one.
    pub(super) changed: Option<(i64, i64)>,
}

/// Renames to a name that must be free.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_new(parent: &OwnedFd, from: &str, to: &[u8]) -> io::Result<()> {
    use rustix::fs::RenameFlags;
    match rustix::fs::renameat_with(parent, from, parent, to, RenameFlags::NOREPLACE) {
        // Not every file system can; a link to the file fails in the same way when the name is taken.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => rename_checked(parent, from, to),
        other => Ok(other?),
    }
}

/// Renames to a name that must be free.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_new(parent: &OwnedFd, from: &str, to: &[u8]) -> io::Result<()> {
    rename_checked(parent, from, to)
}

fn rename_checked(parent: &OwnedFd, from: &str, to: &[u8]) -> io::Result<()> {
    match rustix::fs::statat(parent, to, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => Ok(rustix::fs::renameat(parent, from, parent, to)?),
        Ok(_) => Err(Errno::EXIST.into()),
        Err(error) => Err(error.into()),
    }
}

fn times((seconds, nanoseconds): (i64, i64)) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: rustix::fs::UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: seconds,
            tv_nsec: nanoseconds,
        },
    }
}

/// True when the error says that there is no such folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn denied(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}
