//! Where an export is written: a file that is whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    Prepared,
    watch::{Counted, Doing},
};
use crate::protocol::{Failure, FailureKind};

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced.
    Replace,
}

/// Writes an export into a file: first beside it, then all at once. Gives where it is.
///
/// # Errors
/// A file is there and stays, or it cannot be written; then nothing is left behind.
pub fn save(prepared: &Prepared, place: &Path, existing: Existing) -> Result<PathBuf, Failure> {
    let path = if place.is_dir() {
        place.join(prepared.name())
    } else {
        place.to_owned()
    };
    if existing == Existing::Keep && fs::symlink_metadata(&path).is_ok() {
        return Err(Failure::new(
            FailureKind::Local,
            format!("{} is there already.", path.display()),
        )
        .hint("--force replaces it; -o FILE names another."));
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{:08x}.part", fastrand::u32(..)));
    let part = path.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|file| fill(prepared, file))
        .and_then(|()| settle(&part, &path, existing));
    written.map(|()| path.clone()).map_err(|error| {
        // The leftover is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&part);
        Failure::new(
            FailureKind::Local,
            format!("{} cannot be written: {error}.", path.display()),
        )
        .hint("Nothing was left there; choose another place with -o FILE.")
    })
}

fn fill(prepared: &Prepared, file: File) -> io::Result<()> {
    let watch = &prepared.watch;
    watch.begin(Doing::Writing, prepared.bytes);
    let counted = Counted { out: file, watch };
    let mut out = BufWriter::with_capacity(256 * 1024, counted);
    prepared.write(&mut out)?;
    out.flush()?;
    out.get_ref().out.sync_data()?;
    watch.go_on()
}

/// Gives the finished file its name.
fn settle(part: &Path, path: &Path, existing: Existing) -> io::Result<()> {
    match existing {
        Existing::Replace => fs::rename(part, path),
        Existing::Keep => match fs::hard_link(part, path) {
            Ok(()) => fs::remove_file(part),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // A file system without links: the name is taken first, so that nobody else's file is replaced.
            Err(_) => {
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)?;
                fs::rename(part, path)
            }
        },
    }
}
