//! Snapshots of worktrees, and salvage of work that nothing else keeps.

use std::collections::BTreeSet;

use super::{Grounds, base};
use crate::{
    protocol::{
        AgentId,
        change::{ContextId, Snapshot},
    },
    workspace::{
        Repo, Taken, Trouble, TroubleKind, Watch, manifest, names, refs,
        salvage::{self, Counting},
        take::{self, Nested, Task},
        unwatched,
    },
};

impl Grounds {
    /// What the agent's worktrees hold now, kept as its latest: one snapshot per folder that it may
    /// write. An agent without worktrees has none.
    pub fn snapshot(&mut self, agent: AgentId) -> Result<Vec<Snapshot>, Trouble> {
        let contexts: Vec<_> = self
            .manifest
            .trees
            .iter()
            .filter(|tree| tree.agent == agent)
            .map(|tree| tree.context)
            .collect();
        let mut snapshots = Vec::with_capacity(contexts.len());
        for context in contexts {
            let snapshot = self.take(agent, context, Keep::No, &unwatched)?;
            let repo = self.repo(context)?;
            let name = refs::latest(&self.manifest.run, agent, context);
            refs::set(repo.git(), &name, names::oid(&snapshot.commit)?)?;
            self.entry(agent, context, |tree| tree.latest = Some(snapshot.clone()))?;
            snapshots.push(snapshot);
        }
        self.save()?;
        Ok(snapshots)
    }

    /// What a snapshot of a worktree leaves out, beside the snapshot: for the person to know.
    pub fn look(&self, agent: AgentId, context: ContextId) -> Result<Taken, Trouble> {
        self.tree_of(agent, context, Keep::No, &unwatched)
    }

    /// The worktree as a tree.
    pub(super) fn tree_of(
        &self,
        agent: AgentId,
        context: ContextId,
        keep: Keep,
        watch: Watch<'_>,
    ) -> Result<Taken, Trouble> {
        let run = &self.manifest.run;
        let kept = self.manifest.place(context)?;
        let root = manifest::tree(&self.state, run, agent, context);
        let index = manifest::index(&self.state, run, agent, context);
        if !root.symlink_metadata().is_ok_and(|about| about.is_dir()) {
            return Err(Trouble::new(
                TroubleKind::Missing,
                format!("the worktree of {agent} is no folder any more"),
                root.display().to_string(),
                "Its snapshots are kept; `massgen-tui worktrees restore` writes one.",
            ));
        }
        let skip: BTreeSet<_> = kept.copied.iter().cloned().collect();
        let task = Task {
            git_dir: kept.common_dir(),
            root: &root,
            seed: &index,
            keep: (keep == Keep::Yes).then_some(index.as_path()),
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
        agent: AgentId,
        context: ContextId,
        keep: Keep,
        watch: Watch<'_>,
    ) -> Result<Snapshot, Trouble> {
        let taken = self.tree_of(agent, context, keep, watch)?;
        self.committed(agent, context, &taken)
    }

    /// A tree of a worktree as a commit on top of the baseline; no ref names it yet.
    pub(super) fn committed(
        &self,
        agent: AgentId,
        context: ContextId,
        taken: &Taken,
    ) -> Result<Snapshot, Trouble> {
        let kept = self.manifest.place(context)?;
        let latest = self
            .manifest
            .trees
            .iter()
            .find(|tree| tree.agent == agent && tree.context == context)
            .and_then(|tree| tree.latest.clone());
        if let Some(latest) = latest.filter(|latest| latest.tree == taken.tree) {
            return Ok(latest);
        }
        let repo = self.repo(context)?;
        snapshot(&repo, kept, taken, &format!("What {agent} has\n"))
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

/// Whether the index of a worktree is left as the snapshot found it, or goes with the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workspace) enum Keep {
    /// It goes with the snapshot.
    Yes,
    /// It stays: what is left out is found, and told, again the next time.
    No,
}

/// The commit of a tree on top of a place's baseline, and how it differs.
fn snapshot(
    repo: &Repo,
    kept: &crate::workspace::KeptPlace,
    taken: &Taken,
    message: &str,
) -> Result<Snapshot, Trouble> {
    let context = kept.place.context;
    let base_commit = names::oid(&kept.place.base)?;
    if taken.tree == kept.place.tree {
        return Ok(Snapshot {
            context,
            commit: kept.place.base.clone(),
            tree: taken.tree.clone(),
            files: 0,
            added: 0,
            removed: 0,
        });
    }
    let tree = names::oid(&taken.tree)?;
    let commit = base::write_commit(repo.git(), tree, &[base_commit], message)?;
    let changes = repo.changes(&kept.place.tree, &taken.tree)?;
    Ok(Snapshot {
        context,
        commit: names::object(commit),
        tree: taken.tree.clone(),
        files: changes.files.len() as u32,
        added: changes.files.iter().map(|file| file.added).sum(),
        removed: changes.files.iter().map(|file| file.removed).sum(),
    })
}
