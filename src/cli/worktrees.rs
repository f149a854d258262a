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

use super::{Globals, launch};
use crate::{
    config::Paths,
    protocol::{Failure, FailureKind, RunId},
    workspace::{self, Held, Progress, Scope, Standing, Strays, Trouble, Wanted},
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
    /// Remove worktrees; what is kept nowhere else is put by first.
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

/// Arguments of `prune`.
#[derive(Clone, Debug, clap::Args)]
pub struct PruneArgs {
    /// Which sessions.
    #[command(flatten)]
    pub which: WhichArgs,
    /// Remove snapshots and record as well; what differs from the person's files becomes salvage.
    #[arg(long)]
    pub forget: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Which sessions are cleared away.
#[derive(Clone, Debug, clap::Args)]
pub struct WhichArgs {
    /// Sessions, as `worktrees list` names them.
    #[arg(required_unless_present_any = ["all", "older_than", "left_behind"])]
    pub sessions: Vec<String>,
    /// All sessions that no process works with.
    #[arg(long, conflicts_with_all = ["sessions", "older_than", "left_behind"])]
    pub all: bool,
    /// Those whose record was not written for so many days.
    #[arg(long, value_name = "DAYS", conflicts_with = "sessions")]
    pub older_than: Option<u64>,
    /// Those that a crash left behind.
    #[arg(long, conflicts_with = "sessions")]
    pub left_behind: bool,
}

/// Set by Ctrl-C: the removal stops at the next safe place.
static STOP: AtomicBool = AtomicBool::new(false);

fn watch(_: Progress) -> ControlFlow<()> {
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
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut work = tokio::task::spawn_blocking(move || perform(&state, &here, &args.command, now));
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
fn perform(state: &Path, here: &Path, command: &Command, now: u64) -> Result<String, Trouble> {
    match command {
        Command::List { json } => {
            let all = workspace::list(state)?;
            // A folder outside any repository has no strays.
            let strays = workspace::strays(state, here).unwrap_or_default();
            Ok(if *json {
                let body = serde_json::json!({ "sessions": all, "strays": strays });
                format!("{body:#}\n")
            } else {
                table(&all, &strays, now)
            })
        }
        Command::Prune(args) => prune(state, here, args, now),
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

fn prune(state: &Path, here: &Path, args: &PruneArgs, now: u64) -> Result<String, Trouble> {
    let scope = if args.forget {
        Scope::Everything
    } else {
        Scope::Trees
    };
    let runs: Vec<RunId> = if args.which.sessions.is_empty() {
        let old = |held: &Held| {
            args.which
                .older_than
                .is_none_or(|days| now.saturating_sub(held.touched) >= days * 86_400)
        };
        let left = |held: &Held| !args.which.left_behind || held.standing == Standing::LeftBehind;
        workspace::list(state)?
            .into_iter()
            .filter(|held| held.standing != Standing::InUse && old(held) && left(held))
            .map(|held| held.run)
            .collect()
    } else {
        args.which.sessions.iter().cloned().map(RunId).collect()
    };
    if args.which.all {
        // A folder outside any repository has no strays.
        let _ = workspace::forget_strays(state, here, &watch);
    }
    let mut done = Vec::new();
    for run in runs {
        let pruned = workspace::prune(state, &run, scope, &watch)?;
        done.push((run, pruned));
    }
    if args.json {
        let rows: Vec<_> = done
            .iter()
            .map(|(run, pruned)| serde_json::json!({ "session": run, "pruned": pruned }))
            .collect();
        return Ok(format!("{:#}\n", serde_json::json!({ "sessions": rows })));
    }
    let mut out = String::new();
    for (run, pruned) in &done {
        let _ = writeln!(
            out,
            "{run}: {} worktrees removed, {} freed.",
            pruned.trees,
            size(pruned.bytes)
        );
        for kept in &pruned.salvaged {
            let _ = writeln!(out, "  put by: {kept}");
        }
    }
    if done.is_empty() {
        out.push_str("Nothing to remove.\n");
    }
    Ok(out)
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
            size(held.bytes),
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
            let _ = writeln!(
                out,
                "  {}  {}  {what}  {}",
                tree.agent,
                size(tree.bytes),
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
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// Seconds as people say them.
fn age(seconds: u64) -> String {
    match seconds {
        0..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
