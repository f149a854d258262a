//! A private folder for files that live as long as one piece of work.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::Trouble;

/// Tells the folders of one process apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that only we may enter; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one in the system's folder for temporary files.
    pub(super) fn new() -> Result<Self, Trouble> {
        let base = std::env::temp_dir();
        for _ in 0..1000 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("massgen-tui-{}-{number}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(Trouble::io("cannot make a temporary folder", &path, &error));
                }
            }
        }
        Err(Trouble::io(
            "cannot make a temporary folder",
            &base,
            &io::Error::from(io::ErrorKind::AlreadyExists),
        ))
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

/// The folders of this kind in the system's folder for temporary files, and the processes that made
/// them.
pub(super) fn left() -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(std::env::temp_dir());
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix("massgen-tui-")?;
            let (process, number) = rest.split_once('-')?;
            number.parse::<u32>().ok()?;
            Some((process.parse().ok()?, entry.path()))
        })
        .collect()
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is in the system's folder for temporary files, and private.
        let _ = fs::remove_dir_all(&self.0);
    }
}
