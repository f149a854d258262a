//! The ground a run works on: a baseline of every folder, a worktree per agent, snapshots, labels.
//!
//! One process at a time holds a run's ground (a lock in its folder). Everything is written into the
//! [`Manifest`] before it is done.

mod away;
mod base;
mod hold;
mod open;
mod snap;
mod tree;
mod turns;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Weak},
};

pub use self::{
    away::{Looking, Made, Making, Seen},
    turns::Renewed,
};

use super::{
    Beside, Manifest, Repo, Trouble, TroubleKind, Untracked, Watch, lock::Lock, names, refs,
    shadow, unwatched,
};
use crate::protocol::{
    AgentId, Label, RunId,
    change::{Access, ContextId, KeptIn, Snapshot, Workplace},
};

/// A folder that a run shall work on.
#[derive(Clone, Debug)]
pub struct Place {
    /// A folder or a single file.
    pub path: PathBuf,
    /// Whether agents may change files in it.
    pub access: Access,
    /// Which untracked files agents see.
    pub untracked: Untracked,
    /// Ignored files that agents get a copy of, as lines of a `.gitignore`, beside those of the
    /// folder's `.worktreeinclude`.
    pub include: Vec<String>,
    /// When it gets a repository of ours beside it.
    pub beside: Beside,
}

/// Where an agent works on one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Which folder.
    pub context: ContextId,
    /// Whether the agent may write below `root`.
    pub access: Access,
    /// The root of its worktree. Of a folder that may only be read: the person's own root.
    pub root: PathBuf,
    /// The context itself, at or below `root`; a file when the context is one.
    pub path: PathBuf,
}

/// The ground of one run.
#[derive(Debug)]
pub struct Grounds {
    state: PathBuf,
    manifest: Manifest,
    places: Vec<Workplace>,
    /// Whose worktrees are being made somewhere: the marks live as long as that work does.
    making: BTreeMap<AgentId, Weak<()>>,
    /// Held open: the lock ends with the process, however it ends.
    lock: Arc<Lock>,
}

impl Grounds {
    /// The folders of the run as the log tells them.
    #[must_use]
    pub fn workplaces(&self) -> &[Workplace] {
        &self.places
    }

    /// Folders with a repository that cannot be used itself, in words: what agents change in them comes
    /// back in another way than elsewhere, which is to be known before anybody works.
    #[must_use]
    pub fn beside(&self) -> Vec<String> {
        let places = self.manifest.places.iter();
        places
            .filter(|kept| kept.place.kept == KeptIn::Shadow && kept.beside == Beside::WhereNeeded)
            .filter(|kept| shadow::git_above(kept.root()).is_some())
            .map(|kept| {
                format!(
                    "The repository of {} cannot be written here (SHA-256, reftable, a partial clone, or no \
                     rights), so agents get a copy beside it: what they change comes back as files or a \
                     patch, not into the index or a commit.",
                    kept.place.path
                )
            })
            .collect()
    }

    /// The record of what was made.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The repository that keeps folder number `context`, with the person's files as its folder.
    pub fn repo(&self, context: ContextId) -> Result<Repo, Trouble> {
        Repo::open_kept(&self.manifest, context)
    }

    /// Where the agent works, one desk per folder; worktrees are made on first use.
    pub fn worktree(&mut self, agent: AgentId) -> Result<Vec<Desk>, Trouble> {
        self.worktree_watched(agent, &unwatched)
    }

    /// [`Self::worktree`], watched.
    pub fn worktree_watched(
        &mut self,
        agent: AgentId,
        watch: Watch<'_>,
    ) -> Result<Vec<Desk>, Trouble> {
        let made = self.begin(agent)?.perform(watch);
        self.made(made)
    }

    /// Keeps a published answer's snapshots under its label, for as long as the run is kept.
    pub fn label(&mut self, label: Label, snapshots: &[Snapshot]) -> Result<(), Trouble> {
        for snapshot in snapshots {
            let repo = self.repo(snapshot.context)?;
            let commit = names::oid(&snapshot.commit)?;
            let run = &self.manifest.run;
            let name = refs::label(run, label, snapshot.context);
            refs::keep(repo.git(), run, &name, commit)?;
        }
        Ok(())
    }

    /// Takes a last snapshot of every worktree and marks the run as ended in order. The worktrees stay
    /// until [`super::prune`] removes them.
    pub fn close(mut self) -> Result<(), Trouble> {
        let agents: std::collections::BTreeSet<_> =
            self.manifest.trees.iter().map(|tree| tree.agent).collect();
        for agent in agents {
            match self.snapshot(agent) {
                // A worktree that the person removed has no last state; its snapshots are kept.
                Err(trouble) if trouble.kind == TroubleKind::Missing => {}
                taken => drop(taken?),
            }
        }
        self.manifest.closed = true;
        self.save()
    }

    pub(super) fn save(&self) -> Result<(), Trouble> {
        self.manifest.write(&self.state)
    }

    /// The run's name.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.manifest.run
    }

    fn writable(&self) -> Vec<ContextId> {
        self.places
            .iter()
            .filter(|place| place.access == Access::Write)
            .map(|place| place.context)
            .collect()
    }
}
