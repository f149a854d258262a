//! `massgen-tui worktrees`: what agents' worktrees there are, clearing them away, getting files back.
//!
//! Nothing is removed before everything in it is kept elsewhere; what was put by is told.

use std::{
    fmt::Write as _,
    io::Write as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    Globals, launch,
    pruning::{PruneArgs, prune},
};
use crate::{
    config::Paths,
    protocol::{Failure, FailureKind, RunId},
    workspace::{self, Held, Keeping, Progress, Standing, Strays, Trouble, Wanted},
};

/// Arguments of `worktrees`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with worktrees.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List sessions with worktrees: disk use, age, how they stand.
    List {
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Remove worktrees; what is kept nowhere else is put by first. Without a word which ones: what
    /// would go by itself.
    Prune(PruneArgs),
    /// Write the files of an agent, an answer or a piece of salvage into a new folder.
    Restore {
        /// Session, as `worktrees list` names it.
        session: String,
        /// agent1, agent1.2 (an answer) or salvage/1.
        what: Wanted,
        /// The folder to write; it must be new or empty.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
}

/// Set by Ctrl-C: the removal stops at the next safe place.
static STOP: AtomicBool = AtomicBool::new(false);

pub(super) fn watch(_: Progress) -> ControlFlow<()> {
    if STOP.load(Ordering::Relaxed) {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Runs `worktrees`; returns the exit code.
pub async fn run(globals: &Globals, args: Args) -> u8 {
    let here = std::env::current_dir().unwrap_or_default();
    let state = Paths::discover(here.clone()).state_dir(globals.state_dir.as_deref(), None);
    let state = match state {
        Ok(state) => state,
        Err(error) => return launch::Trouble::Usage(format!("{error}.")).tell(),
    };
    let keeping = globals.keep.keeping();
    let work = move || perform(&state, &here, &args.command, keeping);
    let mut work = tokio::task::spawn_blocking(work);
    let done = tokio::select! {
        done = &mut work => done,
        _ = tokio::signal::ctrl_c() => {
            STOP.store(true, Ordering::Relaxed);
            work.await
        }
    };
    match done {
        Ok(Ok(text)) => {
            // A closed pipe is nobody to tell.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            0
        }
        Ok(Err(trouble)) => launch::Trouble::from(failure(&trouble)).tell(),
        Err(error) => {
            let failure = Failure::new(FailureKind::Local, format!("It broke off: {error}."));
            launch::Trouble::from(failure).tell()
        }
    }
}

fn failure(trouble: &Trouble) -> Failure {
    Failure::new(FailureKind::Local, trouble.to_string())
}

/// Does it; gives what to print.
fn perform(
    state: &Path,
    here: &Path,
    command: &Command,
    keeping: Keeping,
) -> Result<String, Trouble> {
    match command {
        Command::List { json } => {
            let all = workspace::list(state)?;
            // A folder outside any repository has no strays.
            let strays = workspace::strays(state, here).unwrap_or_default();
            Ok(if *json {
                let body = serde_json::json!({ "sessions": all, "strays": strays });
                format!("{body:#}\n")
            } else {
                table(&all, &strays, now())
            })
        }
        Command::Prune(args) => prune(state, here, args, keeping),
        Command::Restore {
            session,
            what,
            to,
            json,
        } => {
            let run = RunId(session.clone());
            let written = workspace::restore(state, &run, *what, to, &watch)?;
            if *json {
                return Ok(format!("{:#}\n", serde_json::json!({ "written": written })));
            }
            let mut out = String::new();
            for path in written {
                let _ = writeln!(out, "Written to {}.", path.display());
            }
            Ok(out)
        }
    }
}

/// The sessions for people.
fn table(all: &[Held], strays: &Strays, now: u64) -> String {
    let mut out = String::new();
    if all.is_empty() {
        out.push_str("No session has worktrees.\n");
    }
    for held in all {
        let _ = writeln!(
            out,
            "{}  {}  {} old  {}  {}",
            held.run,
            size(held.bytes.unwrap_or(0)),
            age(now.saturating_sub(held.touched)),
            held.standing.words(),
            held.places.join(", ")
        );
        for tree in &held.trees {
            let what = match tree.changed {
                None => "no snapshot yet".to_owned(),
                Some(1) => "1 file changed in its latest snapshot".to_owned(),
                Some(files) => format!("{files} files changed in its latest snapshot"),
            };
            // Other commands take the number.
            let number = tree.agent.to_string();
            let who = if tree.name == number {
                number
            } else {
                format!("{} ({number})", tree.name)
            };
            let _ = writeln!(
                out,
                "  {who}  {}  {what}  {}",
                size(tree.bytes.unwrap_or(0)),
                tree.path.display()
            );
        }
        for path in &held.salvaged {
            let _ = writeln!(out, "  put by  {}", path.display());
        }
    }
    if all.iter().any(|held| held.standing == Standing::LeftBehind) {
        out.push_str(
            "Left behind by a crash: `massgen-tui worktrees restore SESSION AGENT --to DIR` gets an \
             agent's files back, `massgen-tui worktrees prune --left-behind` clears them away.\n",
        );
    }
    if !strays.worktrees.is_empty() {
        let _ = writeln!(
            out,
            "This repository lists {} worktrees of ours whose folder is gone: \
             `massgen-tui worktrees prune --all` makes git forget them.",
            strays.worktrees.len()
        );
    }
    if !strays.sessions.is_empty() {
        let _ = writeln!(
            out,
            "This repository keeps snapshots of {} sessions without a record here: \
             `git for-each-ref refs/massgen-tui` lists them.",
            strays.sessions.len()
        );
    }
    out
}

/// Bytes as people say them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Seconds as people say them.
fn age(seconds: u64) -> String {
    match seconds {
        0..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
