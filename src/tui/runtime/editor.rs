//! `$EDITOR`: the text goes into a private file, the editor gets the terminal, the text comes back.
//!
//! Blocking; the loop runs it on a blocking thread and goes on taking in events meanwhile.

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process,
};

use crate::{
    protocol::{Failure, FailureKind},
    tui::effect::Draft,
};

/// Largest text taken back from the editor, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Lets the person edit `text`; `None` when it comes back as it was.
pub(super) fn edit(text: &str, draft: Draft) -> Result<Option<String>, Failure> {
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()))
        .unwrap_or_else(|| "vi".to_owned());
    let file = Scratch::new(text).map_err(|error| {
        Failure::new(
            FailureKind::Local,
            format!("The text could not be written to a file in the temporary folder: {error}."),
        )
    })?;
    // As git does it: the value may hold arguments, so a shell takes it apart.
    let status = process::Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(&file.path)
        .status();
    let complaint = match status {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("{editor} ended with {status}.")),
        Err(error) => Some(format!("{editor} could not be started: {error}.")),
    };
    if let Some(complaint) = complaint {
        return Err(Failure::new(FailureKind::Local, complaint)
            .hint("Set EDITOR to an editor that runs in the terminal."));
    }
    let edited = file.read().map_err(|error| {
        Failure::new(
            FailureKind::Local,
            format!("The edited text could not be read back: {error}."),
        )
    })?;
    if draft == Draft::Code {
        return Ok((edited != text).then_some(edited));
    }
    let edited = edited.trim_end_matches('\n');
    Ok((edited != text.trim_end_matches('\n')).then(|| edited.to_owned()))
}

/// A file that nobody else can read and that goes away when dropped.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(text: &str) -> io::Result<Self> {
        let folder = env::temp_dir();
        for attempt in 0..100 {
            let path = folder.join(format!(
                "massgen-tui-{}-{attempt}-{:08x}.md",
                process::id(),
                fastrand::u32(..)
            ));
            match create(&path) {
                Ok(mut file) => {
                    let scratch = Self { path };
                    file.write_all(text.as_bytes())?;
                    return Ok(scratch);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    fn read(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        fs::File::open(&self.path)?
            .take(LARGEST)
            .read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file left in the temporary folder is the system's to clear.
        let _ = fs::remove_file(&self.path);
    }
}

fn create(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}
