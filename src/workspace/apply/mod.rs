//! From what a person picked to files in their folder, and back.
//!
//! [`build()`] makes one tree of parts of several agents' changes. [`preview()`] tells what bringing it to
//! the person's folder would do, [`apply()`] does it, [`undo()`] takes it back, [`recover()`] ends what a
//! killed program left half done. Everything is blocking.
//!
//! What always holds:
//!
//! - All or nothing: originals and new contents are on the disk for good before the first file
//!   changes; an error in the middle brings everything back, and so does the next start after a kill.
//! - Nothing of the person's is overwritten that the preview did not show: when their files are
//!   others by then, applying refuses.
//! - Nothing is written outside of the folder the session works on, through a link, into `.git`, into
//!   another repository or into our own state.
//! - No hook runs and nothing is signed. Objects apart, git itself changes only where the destination
//!   says so: index entries of the files that were taken, one ref.

mod build;
mod hand;
mod ingit;
mod journal;
mod merge;
mod old;
mod ours;
mod patch;
mod perform;
mod plan;
mod record;
mod recover;
#[cfg(test)]
mod tests;
pub(in crate::workspace) mod tree;
mod undo;
#[cfg(test)]
pub(in crate::workspace) mod workshop;

use std::path::Path;

use super::{Repo, Trouble, Untracked, Watch};
use crate::protocol::{
    AgentId, Label, RunId, Timestamp,
    change::{Access, Applied, Built, Decision, Destination, ObjectId, Preview, RepoPath, Take},
};
pub use build::build;
pub(in crate::workspace) use old::{old_copies, remove_copies};
pub use patch::patch;
pub use recover::{Recovered, Recovery, recover};
pub use undo::{Changed, Listed, Undone, changed_since, list, undo};

/// The person's folder that a result goes to.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Its repository.
    pub repo: &'a Repo,
    /// Whether it may be changed at all.
    pub access: Access,
    /// The folder below the repository's root that the session works on; empty for the root.
    pub inside: &'a RepoPath,
    /// Which untracked files count as the person's.
    pub untracked: &'a Untracked,
    /// Where this program keeps its state.
    pub state_dir: &'a Path,
}

/// What is to be brought there.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The tree that the result was built over.
    pub base: &'a ObjectId,
    /// The result.
    pub built: &'a Built,
    /// What the person decided about files that both sides changed.
    pub decisions: &'a [Decision],
    /// The answers that the agents' work is told by.
    pub credits: &'a [Credit],
    /// Where to.
    pub to: &'a Destination,
}

/// Whose work an agent's part of a result is told as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The agent.
    pub agent: AgentId,
    /// Its answer.
    pub label: Label,
}

impl Order<'_> {
    /// The labels of all whose work is in the result, in the agents' order.
    fn labels(&self) -> Vec<String> {
        let agents = self.built.provenance.iter().flat_map(|one| &one.agents);
        self.words(agents)
    }

    /// Whose a file is, for conflict markers.
    fn label(&self, path: &RepoPath) -> String {
        let found = self.built.provenance.iter().find(|one| one.path == *path);
        let labels = found.map_or_else(|| self.labels(), |one| self.words(one.agents.iter()));
        if labels.is_empty() {
            "theirs".to_owned()
        } else {
            labels.join("+")
        }
    }

    fn words<'i>(&self, agents: impl Iterator<Item = &'i AgentId>) -> Vec<String> {
        let mut agents: Vec<&AgentId> = agents.collect();
        agents.sort_unstable();
        agents.dedup();
        let word = |agent: &AgentId| {
            let credit = self.credits.iter().find(|credit| credit.agent == *agent);
            credit.map_or_else(|| agent.to_string(), |credit| credit.label.to_string())
        };
        agents.into_iter().map(word).collect()
    }

    /// True when the person decided to leave this file as it is.
    fn leaves(&self, path: &[u8]) -> bool {
        let decided = self
            .decisions
            .iter()
            .find(|one| one.path.as_bytes() == path);
        decided.is_some_and(|one| one.take == Take::Mine)
    }
}

/// What applying would do, before anything is written. Only objects are added to the repository.
///
/// # Errors
///
/// When the repository or the folder cannot be read.
pub fn preview(ground: &Ground<'_>, order: &Order<'_>) -> Result<Preview, Trouble> {
    perform::can_take(ground, order.to)?;
    plan::plan(ground, order).map(|plan| plan.preview)
}

/// When and for which run something is applied.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The run.
    pub run: Option<&'a RunId>,
    /// The time.
    pub at: Timestamp,
}

/// Brings the result to its destination, all of it or nothing. `seen` is the preview that the person
/// agreed to, made with the same decisions or with none.
///
/// # Errors
///
/// [`super::TroubleKind::Refused`] when the person's files changed since the preview (look again), a
/// file is not decided or cannot be written, or the destination cannot take the result;
/// [`super::TroubleKind::Busy`] while another process applies; anything the system says. In every case
/// the folder, the index and the refs are as before.
pub fn apply(
    ground: &Ground<'_>,
    order: &Order<'_>,
    seen: &Preview,
    occasion: Occasion<'_>,
    watch: Watch<'_>,
) -> Result<Applied, Trouble> {
    perform::apply(ground, order, seen, occasion, watch)
}
