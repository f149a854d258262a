//! Paths and object ids between git's form, the system's and ours.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path},
};

use super::{Trouble, TroubleKind};
use crate::protocol::change::{FileMode, ObjectId};

/// The system's path with git's bytes.
pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Git's bytes of the system's path.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// True when every part of git's path is a plain name: not empty, no `.`, no `..`, no `.git`, no NUL.
///
/// Trees that come from elsewhere may name anything; nothing is written by a path that fails this.
pub(super) fn is_plain(path: &[u8]) -> bool {
    !path.is_empty()
        && !path.contains(&0)
        && path.split(|byte| *byte == b'/').all(|part| {
            !part.is_empty() && part != b"." && part != b".." && !part.eq_ignore_ascii_case(b".git")
        })
}

/// `path` below `root` as git's bytes; `None` when it is not below.
pub(super) fn inside<'a>(path: &'a Path, root: &Path) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(root).ok()?;
    rest.components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| bytes(rest))
}

/// Our form of an object id.
pub(super) fn object(id: git2::Oid) -> ObjectId {
    ObjectId(id.to_string())
}

/// Git's form of an object id.
pub(super) fn oid(id: &ObjectId) -> Result<git2::Oid, Trouble> {
    git2::Oid::from_str(&id.0).map_err(|_| {
        Trouble::new(
            TroubleKind::Damaged,
            "this is no object id",
            id.0.chars().take(80).collect::<String>(),
            "The record that names it is damaged.",
        )
    })
}

/// The kind of a file from git's mode; `None` for a folder and for what git does not know.
pub(super) fn mode(raw: u32) -> Option<FileMode> {
    match raw & 0o170_000 {
        0o100_000 if raw & 0o111 == 0 => Some(FileMode::File),
        0o100_000 => Some(FileMode::Executable),
        0o120_000 => Some(FileMode::Symlink),
        0o160_000 => Some(FileMode::Submodule),
        _ => None,
    }
}

/// Git's mode of a kind of file.
pub(super) const fn raw_mode(mode: FileMode) -> u32 {
    match mode {
        FileMode::File => 0o100_644,
        FileMode::Executable => 0o100_755,
        FileMode::Symlink => 0o120_000,
        FileMode::Submodule => 0o160_000,
    }
}
