//! Where a configuration goes, and how: whole or not at all, never over another one unasked.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::{
    app::trust::{Standing, Trust},
    config::{self, Environment, Paths, Purpose},
    protocol::{Failure, FailureKind},
    store::approvals::How,
};

/// Where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `massgen-tui.yaml` in the folder one stands in.
    Project,
    /// `config.yaml` in the person's own settings folder.
    User,
    /// This file.
    File(PathBuf),
}

/// What happens to a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// It stays, and nothing is written.
    Never,
    /// It is kept beside the new one, its name with `.old` behind it.
    Kept,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Where the one before is kept.
    pub old: Option<PathBuf>,
}

/// The file of a place.
///
/// # Errors
/// There is no settings folder, because there is no home folder.
pub fn target(place: &Place, paths: &Paths) -> Result<PathBuf, Failure> {
    match place {
        Place::Project => Ok(paths.cwd.join("massgen-tui.yaml")),
        Place::User => match &paths.config {
            Some(config) => Ok(config.join("config.yaml")),
            None => Err(
                Failure::new(FailureKind::Local, "There is no home folder for settings.")
                    .hint("Save it in the project, or name a file."),
            ),
        },
        Place::File(path) => Ok(paths.cwd.join(paths.expand_home(path))),
    }
}

/// Writes it.
///
/// # Errors
/// A file is there and may not be replaced; or the system's error, and then nothing has changed.
pub fn save(path: &Path, text: &str, replace: Replace) -> Result<Saved, Failure> {
    let trouble = |error: std::io::Error| {
        let message = format!("{} cannot be written: {error}.", path.display());
        Failure::new(FailureKind::Local, message).hint("Choose another place.")
    };
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(trouble)?;
    }
    let mut old = None;
    if replace == Replace::Kept {
        match std::fs::read(path) {
            Ok(bytes) => {
                let kept = beside(path, "old");
                let new = fresh(path, &bytes).map_err(trouble)?;
                rename(&new, &kept).map_err(trouble)?;
                old = Some(kept);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(trouble(error)),
        }
    }
    let new = fresh(path, text.as_bytes()).map_err(trouble)?;
    let done = match replace {
        Replace::Kept => rename(&new, path),
        // A link is made only where there is nothing, in one step.
        Replace::Never => match std::fs::hard_link(&new, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => {
                // Some disks know no links.
                rename(&new, path)
            }
            linked => {
                let _ = std::fs::remove_file(&new);
                linked
            }
        },
    };
    match done {
        Ok(()) => Ok(Saved {
            path: path.to_owned(),
            old,
        }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::new(
            FailureKind::Local,
            format!("{} is there already and was left as it is.", path.display()),
        )
        .hint("--force replaces it and keeps the old one beside it; or name another file.")),
        Err(error) => Err(trouble(error)),
    }
}

/// Approves a file that was written on the person's order, so that it is used where it lies.
///
/// # Errors
/// The approval cannot be written.
pub fn approve(trust: &Trust, path: &Path, env: &Environment) -> Result<(), Failure> {
    let lookup = |name: &str| env.get(name);
    let loaded = config::load_file(path, &lookup, Purpose::Check);
    match trust.of(path, &loaded.files) {
        Standing::Own | Standing::Approved => Ok(()),
        Standing::Unapproved { sum } => trust.approve(path, &sum, How::Approved),
    }
}

/// Puts a text in the place of a file that is there, whole or not at all, with the old one's mode. A link
/// stays a link.
///
/// # Errors
/// The system's; the old text then still stands.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = std::fs::canonicalize(path)?;
    let mode = std::fs::metadata(&path)?.permissions();
    let new = fresh(&path, bytes)?;
    if let Err(error) = std::fs::set_permissions(&new, mode) {
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    rename(&new, &path)
}

/// A new file beside `path` with these bytes, for the owner only.
fn fresh(path: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let new = beside(path, &format!("{:08x}.tmp", fastrand::u32(..)));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    match written {
        Ok(()) => Ok(new),
        Err(error) => {
            let _ = std::fs::remove_file(&new);
            Err(error)
        }
    }
}

fn rename(new: &Path, path: &Path) -> std::io::Result<()> {
    let renamed = std::fs::rename(new, path);
    if renamed.is_err() {
        let _ = std::fs::remove_file(new);
    }
    renamed
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{suffix}"));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let files = std::fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = files
            .map(|file| file.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_there_stays_or_is_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/team.yaml");
        let saved = save(&path, "one", Replace::Never).expect("written");
        assert_eq!((saved.path.as_path(), saved.old), (path.as_path(), None));
        let mode = std::fs::metadata(&path)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let failure = save(&path, "two", Replace::Never).expect_err("it is there");
        assert!(failure.words().contains("--force"), "{failure}");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "one");
        let saved = save(&path, "three", Replace::Kept).expect("written");
        let old = saved.old.expect("the old one");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "three");
        assert_eq!(std::fs::read_to_string(old).expect("a file"), "one");
        assert_eq!(
            names(&folder.path().join("a")),
            ["team.yaml", "team.yaml.old"]
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("a file");
        let failure = save(&file.join("team.yaml"), "x", Replace::Never).expect_err("no folder");
        assert!(failure.words().contains("cannot be written"), "{failure}");
        assert_eq!(names(folder.path()), ["file"]);
    }
}
