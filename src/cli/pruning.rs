//! `massgen-tui worktrees prune`: which sessions, what would go, what went.

use std::{fmt::Write as _, path::Path, time::SystemTime};

use super::worktrees::{now, size, watch};
use crate::{
    protocol::RunId,
    workspace::{self, Held, Keeping, Mode, Ripe, Scope, Standing, Swept, Trouble},
};

/// Arguments of `prune`.
#[derive(Clone, Debug, clap::Args)]
pub struct PruneArgs {
    /// Which sessions.
    #[command(flatten)]
    pub which: WhichArgs,
    /// Remove snapshots and record as well; what differs from the person's files becomes salvage.
    #[arg(long)]
    pub forget: bool,
    /// Only say what would go.
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Which sessions are cleared away.
#[derive(Clone, Debug, clap::Args)]
pub struct WhichArgs {
    /// Sessions, as `worktrees list` names them. Without any, and without an option that says which:
    /// those that ended long ago, or take too much room, and are kept by refs as they stand.
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

impl WhichArgs {
    /// True when nothing was said.
    fn is_silent(&self) -> bool {
        self.sessions.is_empty() && !self.all && self.older_than.is_none() && !self.left_behind
    }
}

/// Does it; gives what to print.
pub(super) fn prune(
    state: &Path,
    here: &Path,
    args: &PruneArgs,
    keeping: Keeping,
) -> Result<String, Trouble> {
    if args.which.is_silent() && !args.forget {
        let mode = if args.dry_run {
            Mode::Look
        } else {
            Mode::Clear
        };
        let swept = workspace::housekeep(state, keeping, SystemTime::now(), mode, &watch)?;
        return Ok(if args.json {
            format!("{:#}\n", serde_json::json!({ "swept": swept }))
        } else {
            told(&swept, keeping, mode)
        });
    }
    let chosen = chosen(state, &args.which)?;
    if args.dry_run {
        return looked(&chosen, state, args.json);
    }
    let scope = if args.forget {
        Scope::Everything
    } else {
        Scope::Trees
    };
    if args.which.all {
        // A folder outside any repository has no strays.
        let _ = workspace::forget_strays(state, here, &watch);
    }
    let mut done = Vec::new();
    for run in chosen {
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

/// The sessions that were named, or that the options choose.
fn chosen(state: &Path, which: &WhichArgs) -> Result<Vec<RunId>, Trouble> {
    if !which.sessions.is_empty() {
        // What is not there is told by whoever shall remove it.
        return Ok(which.sessions.iter().cloned().map(RunId).collect());
    }
    let now = now();
    let old = |held: &Held| {
        which
            .older_than
            .is_none_or(|days| now.saturating_sub(held.touched) >= days * 86_400)
    };
    let left = |held: &Held| !which.left_behind || held.standing == Standing::LeftBehind;
    let all = workspace::standing(state)?.into_iter();
    let idle = all.filter(|held| held.standing != Standing::InUse);
    Ok(idle
        .filter(|held| old(held) && left(held))
        .map(|held| held.run)
        .collect())
}

/// What would be removed on demand.
fn looked(chosen: &[RunId], state: &Path, json: bool) -> Result<String, Trouble> {
    let mut found = workspace::standing(state)?;
    found.retain(|held| chosen.contains(&held.run));
    for held in &mut found {
        held.weigh(state);
    }
    if json {
        return Ok(format!("{:#}\n", serde_json::json!({ "would_go": found })));
    }
    let mut out = String::new();
    for held in &found {
        let _ = writeln!(
            out,
            "{}: {} worktrees would go, {}; what is kept nowhere else would be put by.",
            held.run,
            held.trees.len(),
            size(held.bytes.unwrap_or(0))
        );
    }
    if found.is_empty() {
        out.push_str("Nothing to remove.\n");
    }
    Ok(out)
}

/// What went, or would go, by itself.
fn told(swept: &Swept, keeping: Keeping, mode: Mode) -> String {
    let (go, free) = match mode {
        Mode::Look => ("would go", "would be freed"),
        Mode::Clear => ("removed", "freed"),
    };
    let mut out = String::new();
    for chore in &swept.going {
        let why = match chore.why {
            Ripe::Days(days) => format!("{days} days old"),
            Ripe::Room => "all together take too much room".to_owned(),
        };
        let _ = writeln!(
            out,
            "{}: {} worktrees {go}, {} {free} ({why}).",
            chore.run,
            chore.trees,
            size(chore.bytes)
        );
    }
    for left in &swept.leftovers {
        let words = left.kind.words();
        let _ = writeln!(out, "{}: {words} {go}.", left.path.display());
    }
    if swept.going.is_empty() && swept.leftovers.is_empty() {
        out.push_str("Nothing to remove.\n");
    }
    for stay in &swept.staying {
        let _ = writeln!(
            out,
            "{} stays: {}. `massgen-tui worktrees prune {}` puts it by and removes it.",
            stay.run, stay.why, stay.run
        );
    }
    let days = keeping
        .days
        .map_or("any time".to_owned(), |days| format!("{days} days"));
    let room = keeping.bytes.map_or("any room".to_owned(), size);
    let _ = writeln!(
        out,
        "Worktrees of ended sessions are kept for {days} and in {room} (--keep-days, --keep-size); \
         {} are taken.",
        size(swept.bytes)
    );
    out
}
