//! Contents that a journal keeps, and whether a path still has one of them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::fs::Stat;

use crate::{
    protocol::change::RepoPath,
    workspace::{
        Trouble,
        apply::{
            hand::{Found, Hand},
            record::{Held, HeldFile, Modes},
        },
    },
};

/// Keeps what stands at `path`, under this name beside the record. `None` for what is no file, link or
/// nothing.
pub(in crate::workspace::apply) fn keep(
    hand: &Hand,
    path: &[u8],
    dir: &Path,
    name: &str,
) -> Result<Option<Held>, Trouble> {
    let failed = |error: io::Error| hand.trouble("cannot read a file", path, &error);
    Ok(Some(match hand.look(path).map_err(failed)? {
        Found::Nothing => Held::Nothing,
        Found::Link(stat) => Held::Link {
            target: RepoPath::new(hand.target(path).map_err(failed)?),
            changed: Some(changed(&stat)),
        },
        Found::File(stat) => {
            let mut from = hand.read(path).map_err(failed)?;
            let size = copy_in(&mut from, dir, name)?;
            Held::File(HeldFile {
                bytes: name.to_owned(),
                size,
                executable: executable(&stat),
                mode: Some(stat.st_mode & 0o7777),
                changed: Some(changed(&stat)),
            })
        }
        Found::Folder(_) | Found::Behind | Found::Barred => return Ok(None),
    }))
}

/// Copies bytes into a new file beside the record, for good; gives their number.
pub(in crate::workspace::apply) fn copy_in(
    from: &mut impl Read,
    dir: &Path,
    name: &str,
) -> Result<u64, Trouble> {
    let path = dir.join(name);
    let copied = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| {
            let size = io::copy(from, &mut file)?;
            file.flush()?;
            file.sync_all()?;
            Ok(size)
        });
    copied.map_err(|error| Trouble::io("cannot keep a copy", &path, &error))
}

/// True when `path` has exactly this. A file's whole mode and its time do not count: only who may
/// run it does, as for git.
pub(in crate::workspace::apply) fn holds(
    hand: &Hand,
    path: &[u8],
    held: &Held,
    dir: &Path,
    modes: Modes,
) -> io::Result<(bool, Option<Stat>)> {
    let found = hand.look(path)?;
    Ok(match (found, held) {
        // A folder stands where a file was, or a link where a folder was: the record's other files
        // have it so.
        (Found::Nothing | Found::Folder(_) | Found::Behind, Held::Nothing) => (true, None),
        (Found::Link(stat), Held::Link { target, .. }) => {
            (hand.target(path)? == target.as_bytes(), Some(stat))
        }
        (Found::File(stat), Held::File(file)) => {
            let runs = modes == Modes::Ignored || executable(&stat) == file.executable;
            let long = u64::try_from(stat.st_size) == Ok(file.size);
            let same = runs && long && same(hand.read(path)?, File::open(dir.join(&file.bytes))?)?;
            (same, Some(stat))
        }
        (Found::File(stat) | Found::Link(stat), _) => (false, Some(stat)),
        _ => (false, None),
    })
}

fn same(one: File, two: File) -> io::Result<bool> {
    let (mut one, mut two) = (io::BufReader::new(one), io::BufReader::new(two));
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let read = fill(&mut one, &mut left)?;
        if fill(&mut two, &mut right)? != read || left[..read] != right[..read] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the end.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match from.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The types of these fields differ between systems.
#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
fn changed(stat: &Stat) -> (i64, i64) {
    (
        i64::try_from(stat.st_mtime).unwrap_or(0),
        i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
    )
}

fn executable(stat: &Stat) -> bool {
    stat.st_mode & 0o100 != 0
}
