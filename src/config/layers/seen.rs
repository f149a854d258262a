//! The exact bytes of every file that a configuration was built from.
//!
//! Who decides whether a configuration may be used has to judge the bytes that were used, not those that
//! stand in the files a moment later. So the loader notes each file as it reads it.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

/// One file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// Its name as it was opened.
    pub path: PathBuf,
    /// What was in it.
    pub bytes: Arc<[u8]>,
}

/// What was read so far; copies share it.
#[derive(Clone, Debug, Default)]
pub struct Seen(Rc<RefCell<Vec<ReadFile>>>);

impl Seen {
    /// Notes a file. The same file read again counts once, as long as nobody changed it in between.
    pub fn note(&self, path: &Path, bytes: &[u8]) {
        let mut files = self.0.borrow_mut();
        let known = files
            .iter()
            .any(|file| file.path == path && *file.bytes == *bytes);
        if !known {
            files.push(ReadFile {
                path: path.to_owned(),
                bytes: bytes.into(),
            });
        }
    }

    /// Every file, in the order it was read: the configuration itself first.
    #[must_use]
    pub fn all(&self) -> Vec<ReadFile> {
        self.0.borrow().clone()
    }
}
