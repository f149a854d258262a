//! A finished file in the state folder, for as long as it is sent.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::{Existing, Parcel, Prepared, Voice, save, sum};
use crate::{
    protocol::{Failure, FailureKind},
    text::clean,
};

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
            .join("outgoing")
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

/// What a session is about, in a line.
fn title(prepared: &Prepared) -> String {
    let line = prepared.task().trim().lines().next().unwrap_or_default();
    let line: String = clean::line(line).chars().take(80).collect();
    format!("massgen-tui: {line}")
}

fn local(message: String) -> Failure {
    Failure::new(FailureKind::Local, message)
}
