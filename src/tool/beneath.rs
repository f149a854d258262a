//! Opening files below a folder, and nothing else: links that lead out are errors.
//!
//! With `openat2` the kernel keeps to the folder in one step (`RESOLVE_BENEATH`, no magic links, as
//! in `/proc`). Without it every component is opened by itself and no link is followed at all.
//! Writing never follows a link: a new file is made beside the old one and takes its place, so that
//! other names of the old one (hard links) keep their content.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat},
    io::Errno,
};

use super::place::Place;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file with this many bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a socket, a pipe.
    Other,
}

/// Opens the folder that a place is below.
fn base(place: &Place) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::PATH | OFlags::NOFOLLOW;
    Ok(rustix::fs::openat(CWD, &place.base, flags, Mode::empty())?)
}

/// Opens what is below `base`.
fn open(base: impl AsFd, below: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let below = if below.is_empty() { "." } else { below };
    let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(base.as_fd(), below, flags, Mode::empty(), resolve) {
            Err(Errno::NOSYS | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
            Ok(file) => return Ok(file),
        }
    }
    walk(base, below, flags)
}

/// The same without `openat2`: component by component, following no link.
fn walk(base: impl AsFd, below: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let mut at = base.as_fd().try_clone_to_owned()?;
    let parts: Vec<&str> = below
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let Some((last, folders)) = parts.split_last() else {
        return Ok(rustix::fs::openat(&at, ".", flags, Mode::empty())?);
    };
    for part in folders.iter().chain([last]) {
        if *part == ".." {
            return Err(Errno::XDEV.into());
        }
    }
    for folder in folders {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::PATH;
        at = rustix::fs::openat(&at, *folder, flags, Mode::empty())?;
    }
    Ok(rustix::fs::openat(
        &at,
        *last,
        flags | OFlags::NOFOLLOW,
        Mode::empty(),
    )?)
}

fn kind_of(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File(u64::try_from(stat.st_size).unwrap_or(0)),
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

/// The bytes of a file, `most` at most.
///
/// # Errors
/// There is none, it leads out, it has other names on the disk, or it is larger than `most`.
pub fn read(place: &Place, most: u64) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its other end.
    let file = open(
        base(place)?,
        &place.below,
        OFlags::RDONLY | OFlags::NONBLOCK,
    )?;
    let stat = rustix::fs::fstat(&file)?;
    match kind_of(&stat) {
        Kind::File(size) if size > most => {
            return Err(io::Error::other(format!(
                "it has {size} bytes, more than {most}"
            )));
        }
        Kind::File(_) => {}
        Kind::Folder => return Err(io::Error::other("it is a folder")),
        Kind::Link | Kind::Other => return Err(io::Error::other("it is no regular file")),
    }
    if stat.st_nlink > 1 {
        return Err(io::Error::other(
            "it has other names on this disk (hard links), so it could be a file from outside",
        ));
    }
    let mut bytes = Vec::new();
    File::from(file).take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other("it grew while it was read"));
    }
    Ok(bytes)
}

/// The path of a folder without any link in it, once it is certain that it lies beneath the root.
///
/// # Errors
/// There is none, or it leads out.
pub fn real(place: &Place) -> io::Result<PathBuf> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    drop(open(base(place)?, &place.below, flags)?);
    let real = std::fs::canonicalize(place.base.join(&place.below))?;
    if real.starts_with(&place.base) {
        Ok(real)
    } else {
        Err(Errno::XDEV.into())
    }
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as far as it is text.
    pub name: String,
    /// What it is; links are not followed.
    pub kind: Kind,
}

/// What stands in a folder, by name; more than `most` entries are counted only.
///
/// # Errors
/// There is no such folder, or it leads out.
pub fn list(place: &Place, most: usize) -> io::Result<(Vec<Entry>, usize)> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let folder = open(base(place)?, &place.below, flags)?;
    let mut names = Vec::new();
    let mut all = 0;
    for entry in rustix::fs::Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "." || name == ".." {
            continue;
        }
        all += 1;
        if names.len() < most {
            let kind = rustix::fs::statat(&folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)
                .map_or(Kind::Other, |stat| kind_of(&stat));
            names.push(Entry { name, kind });
        }
    }
    names.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((names, all))
}

/// Writes a file whole: missing folders are made, the old file keeps its mode. Never through a link.
///
/// # Errors
/// It leads out, or it cannot be written; the old file is then as it was.
pub fn write(place: &Place, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = place.below.rsplit_once('/').unwrap_or(("", &place.below));
    if name.is_empty() {
        return Err(io::Error::other("it is a folder"));
    }
    let root = base(place)?;
    let parent = folders(&root, folder)?;
    let mode = match rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => match kind_of(&stat) {
            Kind::File(_) => Mode::from_raw_mode(stat.st_mode),
            Kind::Folder => return Err(io::Error::other("it is a folder")),
            Kind::Link => {
                return Err(io::Error::other(
                    "it is a symbolic link; write to the file that it leads to",
                ));
            }
            Kind::Other => return Err(io::Error::other("it is no regular file")),
        },
        Err(Errno::NOENT) => Mode::from_raw_mode(0o644),
        Err(error) => return Err(error.into()),
    };
    let (file, temporary) = create(&parent)?;
    let done = File::from(file).write_all(bytes).and_then(|()| {
        rustix::fs::chmodat(&parent, temporary.as_str(), mode, AtFlags::empty())?;
        Ok(rustix::fs::renameat(
            &parent,
            temporary.as_str(),
            &parent,
            name,
        )?)
    });
    if done.is_err() {
        // What could not be finished is not left behind; that it stays is no worse than the error.
        let _ = rustix::fs::unlinkat(&parent, temporary.as_str(), AtFlags::empty());
    }
    done
}

/// Opens a folder below `root`, making what is missing of it.
fn folders(root: &OwnedFd, folder: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    match open(root, folder, flags) {
        Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => {}
        other => return other,
    }
    let mut made = String::new();
    for part in folder.split('/') {
        let parent = open(root, &made, flags)?;
        match rustix::fs::mkdirat(&parent, part, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        if !made.is_empty() {
            made.push('/');
        }
        made.push_str(part);
    }
    open(root, folder, flags)
}

/// A new file with a name that nobody has.
fn create(parent: &OwnedFd) -> io::Result<(OwnedFd, String)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for _ in 0..16 {
        let name = format!(".massgen-{:016x}.tmp", fastrand::u64(..));
        match rustix::fs::openat(parent, name.as_str(), flags, Mode::from_raw_mode(0o600)) {
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
            Ok(file) => return Ok((file, name)),
        }
    }
    Err(io::Error::other("no name was free for a temporary file"))
}

/// What an error means, in words for the model.
#[must_use]
pub fn words(shown: &str, error: &io::Error) -> String {
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    match code {
        Some(Errno::NOENT) => {
            format!("There is no \"{shown}\"; list_dir and glob show what is there.")
        }
        Some(Errno::XDEV | Errno::LOOP) => {
            format!("\"{shown}\" leads out of your folders through a link; it cannot be used.")
        }
        Some(Errno::NOTDIR) => {
            format!("\"{shown}\" cannot be there: a part of its path is a file, not a folder.")
        }
        Some(Errno::NAMETOOLONG) => format!("The path is too long: {}.", start(shown)),
        Some(Errno::ACCESS | Errno::PERM) => {
            format!("The system does not let \"{shown}\" be used: permission denied.")
        }
        _ => format!("\"{}\" cannot be used: {error}.", start(shown)),
    }
}

fn start(shown: &str) -> &str {
    &shown[..shown.floor_char_boundary(200)]
}

/// True when nothing stands at a place.
#[must_use]
pub fn is_missing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NOENT.raw_os_error())
}

#[cfg(test)]
mod tests;
