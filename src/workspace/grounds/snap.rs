//! Snapshots of worktrees, and salvage of work that nothing else keeps.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Grounds, base};
use crate::{
    protocol::{
        AgentId,
        change::{ContextId, ObjectId, Snapshot},
    },
    workspace::{
        KeptPlace, Repo, Taken, Trouble, TroubleKind, Watch, manifest, names,
        salvage::{self, Counting},
        take::{self, Nested, Task},
        unwatched,
    },
};

impl Grounds {
    /// What the agent's worktrees hold now, kept as its latest: one snapshot per folder that it may
    /// write. An agent without worktrees has none.
    pub fn snapshot(&mut self, agent: AgentId) -> Result<Vec<Snapshot>, Trouble> {
        let seen = self.look_at(agent)?.perform(&unwatched)?;
        self.seen(seen)
    }

    /// What a snapshot of a worktree leaves out, beside the snapshot: for the person to know.
    pub fn look(&self, agent: AgentId, context: ContextId) -> Result<Taken, Trouble> {
        self.spot(agent, context)?.tree(Keep::No, &unwatched)
    }

    /// One worktree, known well enough to look at it away from the ground.
    pub(in crate::workspace) fn spot(
        &self,
        agent: AgentId,
        context: ContextId,
    ) -> Result<Spot, Trouble> {
        let run = &self.manifest.run;
        let known = self
            .manifest
            .trees
            .iter()
            .find(|tree| tree.agent == agent && tree.context == context);
        Ok(Spot {
            agent,
            root: manifest::tree(&self.state, run, agent, context),
            index: manifest::index(&self.state, run, agent, context),
            kept: self.manifest.place(context)?.clone(),
            latest: known.and_then(|tree| tree.latest.clone()),
            base: known.and_then(|tree| tree.base.clone()),
            admin: known.map(|tree| tree.admin.clone()).unwrap_or_default(),
        })
    }

    /// Keeps a snapshot that no ref that counts names: a ref, and a patch beside it. Tells whether that
    /// was needed.
    pub(in crate::workspace) fn salvage(
        &mut self,
        agent: AgentId,
        snapshot: &Snapshot,
        counting: Counting,
        why: &str,
    ) -> Result<bool, Trouble> {
        let repo = self.repo(snapshot.context)?;
        if salvage::is_kept(&repo, &self.manifest.run, snapshot, counting)? {
            return Ok(false);
        }
        let number = self.manifest.salvaged + 1;
        let run = self.manifest.run.clone();
        salvage::keep(&repo, &self.state, &run, number, agent, snapshot, why)?;
        self.manifest.salvaged = number;
        self.save()?;
        Ok(true)
    }
}

/// One worktree.
#[derive(Debug)]
pub(in crate::workspace) struct Spot {
    agent: AgentId,
    root: PathBuf,
    index: PathBuf,
    kept: KeptPlace,
    latest: Option<Snapshot>,
    /// The baseline it stands on, where it is not the folder's.
    base: Option<(ObjectId, ObjectId)>,
    /// Its name for git.
    admin: String,
}

impl Spot {
    /// Its folder, as the record keeps it.
    pub(in crate::workspace) const fn kept(&self) -> &KeptPlace {
        &self.kept
    }

    /// The worktree as a tree.
    pub(in crate::workspace) fn tree(
        &self,
        keep: Keep,
        watch: Watch<'_>,
    ) -> Result<Taken, Trouble> {
        let root = &self.root;
        if !root.symlink_metadata().is_ok_and(|about| about.is_dir()) {
            return Err(Trouble::new(
                TroubleKind::Missing,
                format!("the worktree of {} is no folder any more", self.agent),
                root.display().to_string(),
                "Its snapshots are kept; `massgen-tui worktrees restore` writes one.",
            ));
        }
        let skip: BTreeSet<_> = self.kept.copied.iter().cloned().collect();
        let task = Task {
            git_dir: self.kept.common_dir(),
            root,
            seed: &self.index,
            keep: (keep == Keep::Yes).then_some(self.index.as_path()),
            untracked: take::Untracked::Take(take::Room::default()),
            skip: &skip,
            nested: Nested::Files,
            only: None,
            junk: false,
        };
        take::tree(&task, watch)
    }

    /// The worktree as a commit on top of the baseline; no ref names it yet.
    pub(in crate::workspace) fn take(
        &self,
        keep: Keep,
        watch: Watch<'_>,
    ) -> Result<Snapshot, Trouble> {
        let taken = self.tree(keep, watch)?;
        self.committed(&taken)
    }

    /// A tree of the worktree as a commit on top of the baseline; no ref names it yet.
    pub(in crate::workspace) fn committed(&self, taken: &Taken) -> Result<Snapshot, Trouble> {
        match &self.latest {
            Some(latest) if latest.tree == taken.tree => Ok(latest.clone()),
            _ => {
                let repo = Repo::open_place(&self.kept)?;
                let words = format!("What {} has\n", self.agent);
                snapshot(&repo, self.kept.place.context, self.base(), (taken, &words))
            }
        }
    }

    /// Commit and tree of the baseline it stands on.
    fn base(&self) -> (&ObjectId, &ObjectId) {
        let place = &self.kept.place;
        let own = self.base.as_ref();
        own.map_or((&place.base, &place.tree), |(commit, tree)| (commit, tree))
    }

    /// The baseline of the folder as it is now, as something to bring the worktree to.
    pub(super) fn baseline(&self) -> Snapshot {
        let place = &self.kept.place;
        bare(place.context, (&place.base, &place.tree))
    }

    /// Its root, its index and its name for git.
    pub(super) fn parts(&self) -> (&Path, &Path, &str) {
        (&self.root, &self.index, &self.admin)
    }
}

/// A baseline as a snapshot that changes nothing.
fn bare(context: ContextId, (commit, tree): (&ObjectId, &ObjectId)) -> Snapshot {
    Snapshot {
        context,
        commit: commit.clone(),
        tree: tree.clone(),
        files: 0,
        added: 0,
        removed: 0,
    }
}

/// Whether the index of a worktree is left as the snapshot found it, or goes with the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workspace) enum Keep {
    /// It goes with the snapshot.
    Yes,
    /// It stays: what is left out is found, and told, again the next time.
    No,
}

/// The commit of a tree on top of a baseline, and how it differs.
fn snapshot(
    repo: &Repo,
    context: ContextId,
    (base, base_tree): (&ObjectId, &ObjectId),
    (taken, message): (&Taken, &str),
) -> Result<Snapshot, Trouble> {
    if taken.tree == *base_tree {
        return Ok(bare(context, (base, base_tree)));
    }
    let (parent, tree) = (names::oid(base)?, names::oid(&taken.tree)?);
    let commit = base::write_commit(repo.git(), tree, &[parent], message)?;
    let changes = repo.changes(base_tree, &taken.tree)?;
    Ok(Snapshot {
        context,
        commit: names::object(commit),
        tree: taken.tree.clone(),
        files: changes.files.len() as u32,
        added: changes.files.iter().map(|file| file.added).sum(),
        removed: changes.files.iter().map(|file| file.removed).sum(),
    })
}
