//! `massgen-tui sandbox-hold [--write PATH]… -- PROGRAM …`: becomes a program that keeps its standard
//! streams, its environment and its process group, and can write nowhere but there.
//!
//! For command-line agents: they need the network, their login and whatever they are made of, so they
//! read everything; only writing is held, by Landlock, for the program and all that it starts. As root
//! all powers are given up. See `docs/sandbox.md`.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{confine, launch::Launcher, trial::Folder};

/// The hidden subcommand.
pub const HOLD: &str = "sandbox-hold";
/// What stands before a path that may be written.
const WRITE: &str = "--write";
/// What stands before the program.
const END: &str = "--";
/// Exit code of a program that could not be held or started, as shells have it.
const FAILED: u8 = 126;
/// Longest wait for the trial.
const TRIAL: Duration = Duration::from_secs(20);

/// Becomes the program that the words name. Returns only when that fails.
#[must_use]
pub fn hold(words: &[OsString]) -> u8 {
    let why = match become_held(words) {
        Ok(never) => match never {},
        Err(why) => why,
    };
    let _ = writeln!(std::io::stderr(), "massgen-tui: {why}");
    FAILED
}

/// What cannot be.
enum Never {}

fn become_held(words: &[OsString]) -> Result<Never, String> {
    let mut write = Vec::new();
    let mut rest = words.iter();
    loop {
        match rest.next() {
            Some(word) if word == WRITE => {
                write.push(PathBuf::from(rest.next().ok_or("a path is missing.")?));
            }
            Some(word) if word == END => break,
            _ => return Err("this is no way to hold a program.".to_owned()),
        }
    }
    let program = rest.next().ok_or("no program is named.")?;
    confine::hold(&write)?;
    let error = Command::new(program).args(rest).exec();
    Err(format!(
        "{} could not be started: {error}.",
        Path::new(program).display()
    ))
}

/// The words that hold a program which may write to `write`; [`END`] and the program follow.
#[must_use]
pub fn words(own: &Path, write: &[PathBuf]) -> Vec<String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut words = vec![text(own), HOLD.to_owned()];
    for path in write {
        words.extend([WRITE.to_owned(), text(path)]);
    }
    words
}

impl Launcher {
    /// The words before a program that is held to `write`, without the [`END`] of the list; `None`
    /// where nothing holds programs. Found out by trying, once.
    pub async fn holder(&self, write: &[PathBuf]) -> Option<Vec<String>> {
        let holds = self.inner.holds.get_or_init(|| tried(&self.inner.own));
        holds.await.then(|| words(&self.inner.own, write))
    }
}

/// Whether a held program writes where it may, and nowhere else.
async fn tried(own: &Path) -> bool {
    let Ok(folder) = Folder::new() else {
        return false;
    };
    let [root, inside, outside] =
        ["root", "root/inside", "outside"].map(|name| folder.0.join(name));
    let mut command = words(own, &[root]).into_iter();
    let Some(program) = command.next() else {
        return false;
    };
    let done = tokio::process::Command::new(program)
        .args(command)
        .args([END, "/bin/sh", "-c", "echo > \"$1\"; echo > \"$2\"", "sh"])
        .args([&inside, &outside])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    let ended = tokio::time::timeout(TRIAL, done).await;
    matches!(ended, Ok(Ok(_)))
        && fs::exists(inside).unwrap_or(false)
        && !fs::exists(outside).unwrap_or(true)
}
