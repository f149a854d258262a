//! `massgen-tui undo`: takes back what was applied to a folder.
//!
//! Without an id the last application that stands. Files that were changed since are never overwritten
//! unasked.

use std::{fmt::Write as _, io::Write as _, path::Path};

use super::{Globals, launch};
use crate::{
    config::Paths,
    engine::outbox,
    protocol::{
        Failure, FailureKind, Timestamp,
        change::{ApplyId, Destination},
    },
    workspace::{
        Trouble,
        apply::{self, Changed, Listed, Recovered, Recovery},
        unwatched,
    },
};

/// Arguments of `undo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which application, as `--list` names it; without it the last one that stands.
    #[arg(conflicts_with = "list")]
    pub id: Option<String>,
    /// Show what was applied instead.
    #[arg(long)]
    pub list: bool,
    /// What becomes of files that you changed since.
    #[command(flatten)]
    pub since: Since,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What becomes of files that the person changed since.
#[derive(Debug, clap::Args)]
pub struct Since {
    /// Leave files that you changed since, and undo the rest.
    #[arg(long, conflicts_with_all = ["merge", "list"])]
    pub keep: bool,
    /// Keep your later changes where they fit, with conflict markers where they do not.
    #[arg(long, conflicts_with = "list")]
    pub merge: bool,
}

/// Runs `undo`; returns the exit code.
pub async fn run(globals: &Globals, args: Args) -> u8 {
    let here = std::env::current_dir().unwrap_or_default();
    let state = Paths::discover(here).state_dir(globals.state_dir.as_deref(), None);
    let state = match state {
        Ok(state) => state,
        Err(error) => return launch::Trouble::Usage(format!("{error}.")).tell(),
    };
    let now = outbox::now();
    match tokio::task::spawn_blocking(move || perform(&state, &args, now)).await {
        Ok(Ok(text)) => {
            // A closed pipe is nobody to tell.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            0
        }
        Ok(Err(trouble)) => {
            let failure = Failure::new(FailureKind::Local, trouble.to_string());
            launch::Trouble::from(failure).tell()
        }
        Err(error) => {
            let failure = Failure::new(FailureKind::Local, format!("It broke off: {error}."));
            launch::Trouble::from(failure).tell()
        }
    }
}

/// Does it; gives what to print.
fn perform(state: &Path, args: &Args, now: Timestamp) -> Result<String, Trouble> {
    let recovered = apply::recover(state)?;
    if args.list {
        let all = apply::list(state)?;
        return Ok(if args.json {
            let rows: Vec<_> = all.iter().map(row).collect();
            let ended: Vec<_> = recovered.iter().map(ended).collect();
            format!(
                "{:#}\n",
                serde_json::json!({ "applied": rows, "ended": ended })
            )
        } else {
            table(&recovered, &all)
        });
    }
    let id = args.id.clone().map(ApplyId);
    let changed = match (args.since.keep, args.since.merge) {
        (true, _) => Changed::Keep,
        (_, true) => Changed::Merge,
        _ => Changed::Refuse,
    };
    let undone = apply::undo(state, id.as_ref(), changed, now, &unwatched)?;
    if args.json {
        let body = serde_json::json!({
            "undone": undone.id,
            "folder": undone.root.display().to_string(),
            "files": undone.files,
            "kept": undone.kept,
            "conflicts": undone.conflicts,
            "ended": recovered.iter().map(ended).collect::<Vec<_>>(),
        });
        return Ok(format!("{body:#}\n"));
    }
    let mut out = told(&recovered);
    let _ = writeln!(
        out,
        "Application {} is undone: {} in {}.",
        undone.id.0,
        count(undone.files.len()),
        undone.root.display()
    );
    for path in &undone.kept {
        let _ = writeln!(out, "  left as it is: {path}");
    }
    for path in &undone.conflicts {
        let _ = writeln!(out, "  has conflict markers: {path}");
    }
    Ok(out)
}

fn count(files: usize) -> String {
    if files == 1 {
        "1 file".to_owned()
    } else {
        format!("{files} files")
    }
}

/// What became of applications that a killed program left half done.
pub(super) fn told(recovered: &[Recovered]) -> String {
    let mut out = String::new();
    for one in recovered {
        let (id, root) = (&one.id.0, one.root.display());
        let _ = match &one.what {
            Recovery::Finished => writeln!(
                out,
                "Application {id} was cut off when all was written: it stands, in {root}."
            ),
            Recovery::RolledBack => writeln!(
                out,
                "Application {id} was cut off in the middle: everything in {root} is as before."
            ),
            Recovery::Left(paths) => {
                let list: Vec<String> = paths.iter().map(ToString::to_string).collect();
                writeln!(
                    out,
                    "Application {id} was cut off in the middle: everything in {root} is as before but \
                     {}, which somebody changed since.",
                    list.join(", ")
                )
            }
            Recovery::Failed(why) => writeln!(
                out,
                "Application {id} was cut off in the middle and cannot be taken back yet: {why}"
            ),
            Recovery::Unreadable(why) => writeln!(
                out,
                "The record of application {id} was passed over, and nothing of it was touched: {why}"
            ),
        };
    }
    out
}

fn ended(one: &Recovered) -> serde_json::Value {
    let (what, why) = match &one.what {
        Recovery::Finished => ("finished", None),
        Recovery::RolledBack => ("rolled_back", None),
        Recovery::Left(_) => ("rolled_back_but_for_some", None),
        Recovery::Failed(why) => ("failed", Some(why)),
        Recovery::Unreadable(why) => ("unreadable", Some(why)),
    };
    serde_json::json!({ "id": one.id, "folder": one.root.display().to_string(), "what": what, "why": why })
}

fn row(one: &Listed) -> serde_json::Value {
    serde_json::json!({
        "id": one.id,
        "at": one.at,
        "session": one.run,
        "folder": one.root.display().to_string(),
        "to": one.to,
        "agents": one.agents,
        "files": one.files,
        "undoes": one.undoes,
        "stands": one.stands,
    })
}

/// The applications for people, the last one first.
fn table(recovered: &[Recovered], all: &[Listed]) -> String {
    let mut out = told(recovered);
    if all.is_empty() {
        out.push_str("Nothing was applied yet.\n");
    }
    for one in all.iter().rev() {
        let to = match &one.to {
            Destination::WorkingTree => "files".to_owned(),
            Destination::Index => "files and index".to_owned(),
            Destination::Commit { .. } => "commit".to_owned(),
            Destination::Branch { name, .. } => format!("branch {name}"),
            Destination::Patch { path } => format!("patch {path}"),
        };
        let state = match (&one.undoes, one.stands) {
            (Some(id), true) => format!("undid {}", id.0),
            (None, true) => "applied".to_owned(),
            (_, false) => "undone or taken back".to_owned(),
        };
        let date = jiff::Timestamp::from_millisecond(i64::try_from(one.at.0).unwrap_or(0))
            .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "{:>4}  {date}  {state}  {}  {to}  {}  {}",
            one.id.0,
            count(one.files.len()),
            one.agents.join(", "),
            one.root.display()
        );
    }
    out
}
