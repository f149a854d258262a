//! Clearing away by itself what nobody needs any more, within bounds that the person sets.
//!
//! Only worktrees of sessions that ended in order go, and only when every one of them is kept by a ref
//! as it stands: nothing is put by in silence. What somebody changed in a worktree after the end, files
//! that git does not see and commits of an agent's own make it stay, and are told. Refs, records and
//! salvage stay, so a session can be reviewed and restored afterwards: only the repository that we made
//! beside a session's own folder goes when that session is gone for good. Sessions that a crash cut off
//! are offered to the person and never touched here.
//!
//! [`Mode::Look`] says what [`Mode::Clear`] would do: both go the same way.

mod leftovers;
mod weight;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use super::{Grounds, Held, Standing, Trouble, TroubleKind, Watch, manifest, watch, yard};
use crate::protocol::RunId;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// How long and how much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Days after which the worktrees of an ended session go; `None` keeps them.
    pub days: Option<u32>,
    /// Bytes that the worktrees of all sessions may take; the oldest go first. `None` is no bound.
    pub bytes: Option<u64>,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            days: Some(14),
            bytes: Some(20 << 30),
        }
    }
}

/// Whether anything is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is only told what would be.
    Look,
    /// It is.
    Clear,
}

/// Why the worktrees of a session go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ripe {
    /// The session ended so many days ago.
    Days(u64),
    /// All worktrees together take more than they may.
    Room,
}

/// The worktrees of one session that go or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chore {
    /// Which session.
    pub run: RunId,
    /// How many worktrees.
    pub trees: usize,
    /// Bytes on disk.
    pub bytes: u64,
    /// Why.
    pub why: Ripe,
}

/// A session whose worktrees would go by their age or size, and stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Staying {
    /// Which session.
    pub run: RunId,
    /// Why, in words.
    pub why: String,
}

/// Something else of ours that goes or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// What.
    pub kind: LeftoverKind,
    /// Where.
    pub path: PathBuf,
}

/// What else of ours goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverKind {
    /// Temporary files of agents, or of work that was killed.
    Temporary,
    /// The sample repository of a demo session.
    Sample,
    /// The repository beside the folder of a session that was deleted for good.
    Shadow,
    /// The copies of an application, without which it cannot be undone.
    Applied,
}

impl LeftoverKind {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Temporary => "temporary files",
            Self::Sample => "the sample of an old demo session",
            Self::Shadow => "the repository of a deleted session",
            Self::Applied => "the copies of an old application",
        }
    }
}

/// What goes and stays, or went and stayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Sessions whose worktrees go.
    pub going: Vec<Chore>,
    /// Sessions whose worktrees would go and stay.
    pub staying: Vec<Staying>,
    /// What else goes.
    pub leftovers: Vec<Leftover>,
    /// Bytes of all worktrees that are left.
    pub bytes: u64,
}

impl Swept {
    /// Bytes of the worktrees that go.
    #[must_use]
    pub fn freed(&self) -> u64 {
        self.going.iter().map(|chore| chore.bytes).sum()
    }
}

/// Looks for what may go, and removes it when told to.
///
/// # Errors
///
/// The state folder cannot be read; [`TroubleKind::Cancelled`] when `watch` says so: then some of it
/// is gone, and another call does the rest. Trouble with one session makes that session stay.
pub fn housekeep(
    state: &Path,
    keeping: Keeping,
    now: SystemTime,
    mode: Mode,
    watch: Watch<'_>,
) -> Result<Swept, Trouble> {
    let now = now
        .duration_since(UNIX_EPOCH)
        .as_ref()
        .map_or(0, Duration::as_secs);
    let mut swept = Swept::default();
    let mut all = yard::standing(state)?;
    // The oldest first.
    all.sort_by_key(|held| held.touched);
    let weights: Vec<u64> = all.iter().map(|held| weight::of(state, held)).collect();
    let mut total: u64 = weights.iter().sum();
    for (held, bytes) in all.iter().zip(weights) {
        watch::tell(watch, watch::Stage::Removing, 0, 0)?;
        if held.standing != Standing::Ended || held.trees.is_empty() {
            continue;
        }
        let Some(why) = ripe(held, keeping, now, total) else {
            continue;
        };
        match one(state, held, now, mode, watch) {
            Ok(None) => {
                total = total.saturating_sub(bytes);
                swept.going.push(Chore {
                    run: held.run.clone(),
                    trees: held.trees.len(),
                    bytes,
                    why,
                });
            }
            Ok(Some(why)) => swept.staying.push(Staying {
                run: held.run.clone(),
                why,
            }),
            Err(trouble) if trouble.kind == TroubleKind::Cancelled => return Err(trouble),
            Err(trouble) => swept.staying.push(Staying {
                run: held.run.clone(),
                why: trouble.to_string(),
            }),
        }
    }
    swept.bytes = total;
    swept.leftovers = leftovers::find(state, keeping, now, &all)?;
    if mode == Mode::Clear {
        swept
            .leftovers
            .retain(|left| leftovers::remove(state, left, watch));
    }
    Ok(swept)
}

fn ripe(held: &Held, keeping: Keeping, now: u64, total: u64) -> Option<Ripe> {
    let age = now.saturating_sub(held.touched) / DAY;
    if keeping.days.is_some_and(|days| age >= u64::from(days)) {
        return Some(Ripe::Days(age));
    }
    keeping
        .bytes
        .is_some_and(|most| total > most)
        .then_some(Ripe::Room)
}

/// Removes the worktrees of one session; gives why they stay, when they do.
fn one(
    state: &Path,
    held: &Held,
    now: u64,
    mode: Mode,
    watch: Watch<'_>,
) -> Result<Option<String>, Trouble> {
    // Looking at every file takes a while, so what was found not long ago is believed.
    let mark = manifest::folder(state, &held.run).join("stays");
    if let (Ok(when), Ok(why)) = (seconds(&mark), fs::read_to_string(&mark))
        && when >= held.touched
        && now.saturating_sub(when) < DAY
    {
        return Ok(Some(why));
    }
    let mut grounds = Grounds::hold(state, &held.run)?;
    let trees = grounds.manifest().trees.clone();
    for tree in &trees {
        if let Some(why) = grounds.unkept(tree, watch)? {
            let why = format!("{}: {why}", grounds.manifest().name(tree.agent));
            // Without the mark it is only looked at again.
            let _ = fs::write(&mark, &why);
            return Ok(Some(why));
        }
    }
    if mode == Mode::Clear {
        for tree in &trees {
            grounds.remove(tree, watch)?;
        }
        let run = &held.run;
        let _ = fs::remove_file(manifest::folder(state, run).join("stays"));
        for agent in trees.iter().map(|tree| tree.agent) {
            // The folders of agents are empty now; one that is not stays.
            let _ = fs::remove_dir(manifest::folder(state, run).join(agent.to_string()));
        }
    }
    Ok(None)
}

/// When a file was written, in seconds since 1970.
fn seconds(path: &Path) -> std::io::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let about = fs::symlink_metadata(path)?;
    Ok(u64::try_from(about.mtime()).unwrap_or(0))
}
