//! Reading, writing and removing below one folder without ever following a link out of it.
//!
//! Every part of a path is opened by itself with `O_NOFOLLOW`, from the folder before it. So whatever
//! an agent put in the way (a link instead of a folder, a pipe instead of a file), nothing outside is
//! read, written or removed. Names go through [`names::is_plain`]: no `..`, no `.git`.

use std::{
    ffi::CStr,
    fs::File,
    io::{self, Write as _},
    os::fd::OwnedFd,
    path::Path,
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat},
    io::Errno,
};

use super::{
    Trouble, TroubleKind, Watch, names,
    watch::{Stage, tell},
};

/// Deepest folder that is removed.
const DEPTH: usize = 400;

/// How a folder is opened.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A folder that is open.
#[derive(Debug)]
pub(super) struct Beneath {
    top: OwnedFd,
    /// The folder that was used last, and its path: files come sorted.
    last: Option<(Vec<u8>, OwnedFd)>,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A folder.
    Folder,
    /// Anything else.
    Special,
}

impl Beneath {
    /// Opens `root`, which must be a folder and no link.
    pub(super) fn open(root: &Path) -> Result<Self, Trouble> {
        let top = rustix::fs::open(root, FOLDER, Mode::empty())
            .map_err(|error| Trouble::io("cannot open the folder", root, &error.into()))?;
        Ok(Self { top, last: None })
    }

    /// The folder that holds `path`; with `Make::Yes` it is made, and what stands in the way removed.
    fn parent(&mut self, path: &[u8], make: Make) -> io::Result<&OwnedFd> {
        let folder = match path.iter().rposition(|byte| *byte == b'/') {
            Some(end) => &path[..end],
            None => return Ok(&self.top),
        };
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            let mut at: Option<OwnedFd> = None;
            for part in folder.split(|byte| *byte == b'/') {
                let from = at.as_ref().unwrap_or(&self.top);
                at = Some(enter(from, part, make)?);
            }
            let Some(at) = at else {
                return Ok(&self.top);
            };
            self.last = Some((folder.to_vec(), at));
        }
        Ok(self.last.as_ref().map_or(&self.top, |(_, at)| at))
    }

    /// What stands at `path`.
    pub(super) fn standing(&mut self, path: &[u8]) -> io::Result<Standing> {
        let found = plain(path).and_then(|()| {
            let parent = self.parent(path, Make::No)?;
            Ok(rustix::fs::statat(
                parent,
                name(path),
                AtFlags::SYMLINK_NOFOLLOW,
            )?)
        });
        match found {
            Ok(stat) => Ok(kind(&stat)),
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    || error.kind() == io::ErrorKind::NotADirectory
                    || is_link_in_the_way(&error) =>
            {
                Ok(Standing::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a new file; whatever stood there is removed before. Gives what the system says of it.
    pub(super) fn write(
        &mut self,
        path: &[u8],
        content: &[u8],
        executable: Executable,
    ) -> io::Result<Stat> {
        plain(path)?;
        let mode = match executable {
            Executable::Yes => Mode::from_raw_mode(0o777),
            Executable::No => Mode::from_raw_mode(0o666),
        };
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let parent = self.parent(path, Make::Yes)?;
        let opened = match rustix::fs::openat(parent, name(path), flags, mode) {
            Err(Errno::EXIST) => {
                clear(parent, name(path))?;
                rustix::fs::openat(parent, name(path), flags, mode)
            }
            other => other,
        };
        let mut file = File::from(opened?);
        file.write_all(content)?;
        Ok(rustix::fs::fstat(&file)?)
    }

    /// Makes a symbolic link; whatever stood there is removed before.
    pub(super) fn link(&mut self, path: &[u8], target: &[u8]) -> io::Result<Stat> {
        plain(path)?;
        let parent = self.parent(path, Make::Yes)?;
        if let Err(Errno::EXIST) = rustix::fs::symlinkat(target, parent, name(path)) {
            clear(parent, name(path))?;
            rustix::fs::symlinkat(target, parent, name(path))?;
        }
        Ok(rustix::fs::statat(
            parent,
            name(path),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// Makes a folder, and what stands in the way of it goes.
    pub(super) fn folder(&mut self, path: &[u8]) -> io::Result<()> {
        plain(path)?;
        let parent = self.parent(path, Make::Yes)?;
        enter(parent, name(path), Make::Yes).map(drop)
    }

    /// Removes the file or link at `path`, and folders above it that became empty. A folder is left
    /// alone.
    pub(super) fn remove(&mut self, path: &[u8]) -> io::Result<()> {
        if !matches!(
            self.standing(path)?,
            Standing::File | Standing::Link | Standing::Special
        ) {
            return Ok(());
        }
        let parent = self.parent(path, Make::No)?;
        rustix::fs::unlinkat(parent, name(path), AtFlags::empty())?;
        self.last = None;
        let mut rest = path;
        while let Some(end) = rest.iter().rposition(|byte| *byte == b'/') {
            rest = &rest[..end];
            let parent = self.parent(rest, Make::No)?;
            if rustix::fs::unlinkat(parent, name(rest), AtFlags::REMOVEDIR).is_err() {
                break;
            }
            self.last = None;
        }
        Ok(())
    }
}

/// Whether missing folders are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Make {
    Yes,
    No,
}

/// Whether a file may be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Executable {
    /// It may.
    Yes,
    /// It may not.
    No,
}

fn plain(path: &[u8]) -> io::Result<()> {
    if names::is_plain(path) {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a path with a part that is empty, `.`, `..` or `.git`",
        ))
    }
}

/// The last part of a path.
fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// True when no folder on the way from `root` to `path` is a link.
pub(super) fn is_reached_plainly(root: &Path, path: &Path) -> bool {
    path.ancestors()
        .skip(1)
        .filter(|above| !above.as_os_str().is_empty())
        .all(|above| {
            root.join(above)
                .symlink_metadata()
                .is_ok_and(|about| about.is_dir())
        })
}

/// True for the errors of opening a link, or a file, as a folder.
fn is_link_in_the_way(error: &io::Error) -> bool {
    [Errno::LOOP, Errno::NOTDIR]
        .iter()
        .any(|known| error.raw_os_error() == Some(known.raw_os_error()))
}

/// Opens the folder `part` of `from`.
fn enter(from: &OwnedFd, part: &[u8], make: Make) -> io::Result<OwnedFd> {
    let opened = rustix::fs::openat(from, part, FOLDER, Mode::empty());
    match (opened, make) {
        (Ok(folder), _) => Ok(folder),
        (Err(Errno::NOENT), Make::Yes) => {
            match rustix::fs::mkdirat(from, part, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(rustix::fs::openat(from, part, FOLDER, Mode::empty())?)
        }
        (Err(Errno::LOOP | Errno::NOTDIR), Make::Yes) => {
            rustix::fs::unlinkat(from, part, AtFlags::empty())?;
            rustix::fs::mkdirat(from, part, Mode::from_raw_mode(0o777))?;
            Ok(rustix::fs::openat(from, part, FOLDER, Mode::empty())?)
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// Removes the file, link or tree `part` of `from`.
fn clear(from: &OwnedFd, part: &[u8]) -> io::Result<()> {
    match rustix::fs::unlinkat(from, part, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) => {
            let mut removing = Removing::default();
            removing
                .tree(from, part, 0, &mut |_| Ok(()))
                .map_err(|error| match error {
                    Stop::Io(error) => error,
                    Stop::Trouble(trouble) => io::Error::other(trouble.to_string()),
                })
        }
        other => Ok(other?),
    }
}

fn kind(stat: &Stat) -> Standing {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Standing::File,
        FileType::Symlink => Standing::Link,
        FileType::Directory => Standing::Folder,
        _ => Standing::Special,
    }
}

/// Removes the folder at `path` and everything in it, links as links; nothing there is no error.
///
/// Never leaves the file system it begins in. When `watch` stops it, the rest stays.
pub(super) fn remove_tree(path: &Path, watch: Watch<'_>) -> Result<(), Trouble> {
    let (Some(above), Some(last)) = (path.parent(), path.file_name()) else {
        return Err(Trouble::new(
            TroubleKind::Refused,
            "this folder is never removed",
            path.display().to_string(),
            "Name a folder below it.",
        ));
    };
    let from = match rustix::fs::open(above, FOLDER, Mode::empty()) {
        Ok(from) => from,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(Trouble::io("cannot open the folder", above, &error.into())),
    };
    let mut removing = Removing::default();
    let told = &mut |done: usize| tell(watch, Stage::Removing, done, 0);
    match removing.tree(&from, last.as_encoded_bytes(), 0, told) {
        Ok(()) => Ok(()),
        Err(Stop::Trouble(trouble)) => Err(trouble),
        Err(Stop::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(Stop::Io(error)) => Err(Trouble::io("cannot remove the folder", path, &error)),
    }
}

/// Why a removal ends early.
enum Stop {
    Io(io::Error),
    Trouble(Trouble),
}

impl From<Errno> for Stop {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// One removal.
#[derive(Default)]
struct Removing {
    device: Option<u64>,
    done: usize,
}

impl Removing {
    fn tree(
        &mut self,
        from: &OwnedFd,
        part: &[u8],
        depth: usize,
        told: &mut dyn FnMut(usize) -> Result<(), Trouble>,
    ) -> Result<(), Stop> {
        let folder = match rustix::fs::openat(from, part, FOLDER, Mode::empty()) {
            Ok(folder) => folder,
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Ok(rustix::fs::unlinkat(from, part, AtFlags::empty())?);
            }
            Err(Errno::ACCESS) => {
                // It is a folder of ours that an agent closed for everybody.
                rustix::fs::chmodat(from, part, Mode::RWXU, AtFlags::empty())?;
                rustix::fs::openat(from, part, FOLDER, Mode::empty())?
            }
            Err(error) => return Err(error.into()),
        };
        let about = rustix::fs::fstat(&folder)?;
        if *self.device.get_or_insert(about.st_dev) != about.st_dev || depth > DEPTH {
            return Err(Stop::Io(io::Error::other(
                "another file system is mounted in it, or it is too deep",
            )));
        }
        if about.st_mode & 0o700 != 0o700 {
            rustix::fs::fchmod(&folder, Mode::RWXU)?;
        }
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name: &CStr = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.done += 1;
            if self.done.is_multiple_of(256) {
                told(self.done).map_err(Stop::Trouble)?;
            }
            if entry.file_type() == FileType::Directory {
                self.tree(&folder, name.to_bytes(), depth + 1, told)?;
                continue;
            }
            match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(Errno::ISDIR) => self.tree(&folder, name.to_bytes(), depth + 1, told)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rustix::fs::unlinkat(from, part, AtFlags::REMOVEDIR)?)
    }
}
