//! Sessions that a crash cut off: bringing them to an orderly end, and their files out.

use std::path::{Path, PathBuf};

use super::{Grounds, Manifest, Trouble, TroubleKind, Wanted, Watch, manifest, yard};
use crate::protocol::{AgentId, RunId};

/// Ends a run that was cut off: what its worktrees hold becomes the agents' latest snapshots, and it is
/// offered no more. The worktrees stay. Gives how many files the snapshots change.
///
/// # Errors
///
/// [`TroubleKind::Busy`] while a process works with it; its repository is gone or cannot be written.
pub fn keep(state: &Path, run: &RunId) -> Result<u32, Trouble> {
    let grounds = Grounds::reopen(state, run)?;
    grounds.close()?;
    let record = Manifest::read(state, run)?;
    let latest = record.trees.iter().filter_map(|tree| tree.latest.as_ref());
    Ok(latest.map(|latest| latest.files).sum())
}

/// [`keep`], and then every agent's files in a folder of their own below a new folder in the state
/// folder, which it gives.
pub fn write_out(state: &Path, run: &RunId, watch: Watch<'_>) -> Result<PathBuf, Trouble> {
    keep(state, run)?;
    let record = Manifest::read(state, run)?;
    let mut agents: Vec<AgentId> = record.trees.iter().map(|tree| tree.agent).collect();
    agents.dedup();
    let above = state.join("restored");
    let to = (1..1000)
        .map(|number| match number {
            1 => above.join(&run.0),
            more => above.join(format!("{run}-{more}")),
        })
        .find(|to| to.symlink_metadata().is_err())
        .ok_or_else(|| {
            Trouble::new(
                TroubleKind::Refused,
                "these files were written out too often",
                above.display().to_string(),
                "Remove some of the folders there.",
            )
        })?;
    manifest::make_private(&to)?;
    for agent in agents {
        let below = to.join(agent.to_string());
        match yard::restore(state, run, Wanted::Agent(agent), &below, watch) {
            // An agent that never had a snapshot has no files of its own.
            Err(trouble) if trouble.kind == TroubleKind::Missing => {}
            written => drop(written?),
        }
    }
    Ok(to)
}
