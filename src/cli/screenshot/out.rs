//! Where a picture goes: a file that is never half written and never replaces another unasked, or stdout.

use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::super::launch::Trouble;
use crate::protocol::{Failure, FailureKind};

/// What a picture is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Vectors.
    Svg,
    /// Text without colours.
    Txt,
    /// Text with ANSI colours.
    Ans,
}

impl Format {
    const ALL: [(&'static str, Self); 4] = [
        ("png", Self::Png),
        ("svg", Self::Svg),
        ("txt", Self::Txt),
        ("ans", Self::Ans),
    ];

    /// The ending of its files.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Txt => "txt",
            Self::Ans => "ans",
        }
    }
}

/// The format that a flag or an ending says; PNG when neither does.
pub(super) fn format(output: Option<&Path>, flag: Option<&str>) -> Result<Format, Trouble> {
    if let Some(flag) = flag {
        return super::one_of("format", flag, &Format::ALL);
    }
    let Some(path) = output.filter(|path| path.as_os_str() != "-") else {
        return Ok(Format::Png);
    };
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let ending = ending.to_ascii_lowercase();
    let found = Format::ALL.iter().find(|(name, _)| *name == ending);
    found.map(|(_, format)| *format).ok_or_else(|| {
        Trouble::Usage(format!(
            "The ending of {} says no format; it is .png, .svg, .txt or .ans, or --format says it.",
            path.display()
        ))
    })
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Stdout.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// The target that was named, or one with the usual name.
pub(super) fn target(output: Option<&Path>, usual: impl FnOnce() -> String) -> Target {
    match output {
        None => Target::File(PathBuf::from(usual())),
        Some(path) if path.as_os_str() == "-" => Target::Stdout,
        Some(path) if path.is_dir() => Target::File(path.join(usual())),
        Some(path) => Target::File(path.to_owned()),
    }
}

impl Target {
    /// Looks whether the target may be written, before anything is made.
    pub(super) fn free(&self, force: bool) -> Result<(), Trouble> {
        match self {
            Self::File(path) if !force && fs::symlink_metadata(path).is_ok() => {
                Err(Trouble::Usage(format!(
                    "{} is there already; --force replaces it.",
                    path.display()
                )))
            }
            Self::File(_) | Self::Stdout => Ok(()),
        }
    }

    /// Writes it, and says the name of the file.
    pub(super) fn write(&self, bytes: &[u8], force: bool) -> Result<(), Trouble> {
        let path = match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                if out.is_terminal() && bytes.starts_with(b"\x89PNG") {
                    let words = "A PNG is nothing for a terminal; name a file, or write to a pipe.";
                    return Err(Trouble::Usage(words.to_owned()));
                }
                let written = out.write_all(bytes).and_then(|()| out.flush());
                return match written {
                    Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                        Err(failed("The output", &error))
                    }
                    _ => Ok(()),
                };
            }
            Self::File(path) => path,
        };
        put(path, bytes, force).map_err(|error| failed(&path.display().to_string(), &error))?;
        // A closed stdout is nobody to tell.
        let _ = writeln!(io::stdout(), "{}", path.display());
        Ok(())
    }
}

/// Writes beside the file and gives it its name at the end.
fn put(path: &Path, bytes: &[u8], force: bool) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let name = format!(".massgen-tui-{:016x}", fastrand::u64(..));
    let beside = folder.join(name);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| {
            if force {
                fs::rename(&beside, path)
            } else {
                // Unlike a rename, a link never replaces what has come there in the meantime.
                fs::hard_link(&beside, path)
            }
        });
    if written.is_err() || !force {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn failed(what: &str, error: &io::Error) -> Trouble {
    let words = format!("{what} could not be written: {error}.");
    Failure::new(FailureKind::Local, words).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format_and_the_flag_says_it_louder() {
        let of = |output: Option<&str>, flag| format(output.map(Path::new), flag).ok();
        assert_eq!(of(None, None), Some(Format::Png));
        assert_eq!(of(Some("-"), None), Some(Format::Png));
        assert_eq!(of(Some("a/b.SVG"), None), Some(Format::Svg));
        assert_eq!(of(Some("x.ans"), Some("txt")), Some(Format::Txt));
        assert_eq!(of(Some("x.gif"), None), None);
        assert_eq!(of(Some("x"), None), None);
        assert_eq!(of(Some("x.png"), Some("gif")), None);
    }

    #[test]
    fn a_picture_of_a_session_is_for_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        for force in [false, true] {
            put(&path, b"one", force).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{force}");
        }
    }

    #[test]
    fn a_file_is_replaced_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        put(&path, b"one", false).unwrap();
        assert!(put(&path, b"two", false).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        put(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 1, "nothing is left beside it");
        assert!(Target::File(path.clone()).free(false).is_err());
        assert!(Target::File(path).free(true).is_ok());
        assert!(put(&folder.path().join("no/x.txt"), b"", true).is_err());
    }
}
