//! An agent's worktrees: where they are, and bringing one to another state.

use std::{collections::BTreeSet, path::Path};

use git2::{Index, IndexEntry, IndexTime, Oid};

use super::{Desk, Grounds, snap::Spot};
use crate::{
    protocol::{
        AgentId,
        change::{Access, ContextId, Snapshot},
    },
    workspace::{
        KeptTree, Repo, Trouble, admin, beneath::Beneath, checkout, manifest, names, unwatched,
    },
};

impl Grounds {
    /// Where the agent works; its worktrees are there already.
    pub(super) fn desks(&self, agent: AgentId) -> Vec<Desk> {
        let run = &self.manifest.run;
        self.manifest
            .places
            .iter()
            .map(|kept| {
                let context = kept.place.context;
                let root = match kept.place.access {
                    Access::Read => kept.root().to_path_buf(),
                    Access::Write => manifest::tree(&self.state, run, agent, context),
                };
                let inside = kept.inside();
                let path = if inside.as_os_str().is_empty() {
                    root.clone()
                } else {
                    root.join(inside)
                };
                Desk {
                    context,
                    access: kept.place.access,
                    root,
                    path,
                }
            })
            .collect()
    }

    pub(in crate::workspace) fn entry(
        &mut self,
        agent: AgentId,
        context: ContextId,
        change: impl FnOnce(&mut KeptTree),
    ) -> Result<(), Trouble> {
        let tree = self
            .manifest
            .trees
            .iter_mut()
            .find(|tree| tree.agent == agent && tree.context == context)
            .ok_or_else(|| Trouble::damaged("the record lacks a worktree", agent.to_string()))?;
        change(tree);
        Ok(())
    }

    /// Brings an agent's worktrees to the state of these snapshots, its own or another's, and to the
    /// baseline where there is none. Work that no label keeps is salvaged first: a ref and a patch. Ignored
    /// files stay.
    pub fn reset(&mut self, agent: AgentId, snapshots: &[Snapshot]) -> Result<(), Trouble> {
        let made = self.begin_at(agent, snapshots)?.perform(&unwatched);
        self.made(made).map(drop)
    }
}

impl Spot {
    /// Writes and removes what differs. `now` is what the worktree and its index hold.
    pub(super) fn bring(&self, now: &Snapshot, to: &Snapshot) -> Result<(), Trouble> {
        let (root, index, admin) = self.parts();
        let common = self.kept().common_dir();
        let repo = Repo::open_at(common, Some(root), to.context)?;
        let (before, after) = (names::oid(&now.tree)?, names::oid(&to.tree)?);
        let wanted = rewrite(&repo, root, index, before, after)?;
        let target = checkout::Target {
            git_dir: common,
            root,
            index,
        };
        checkout::write(target, Some(&wanted), &unwatched)?;
        admin::update(common, admin, names::oid(&to.commit)?, index)
    }
}

/// Removes files that are gone in the second tree, puts the others into the index; gives their paths.
fn rewrite(
    repo: &Repo,
    root: &Path,
    index: &Path,
    before: Oid,
    after: Oid,
) -> Result<BTreeSet<Vec<u8>>, Trouble> {
    let failed = |error: git2::Error| repo.trouble("cannot change the worktree", &error);
    let git = repo.git();
    let tree = |id: Oid| git.find_tree(id).map_err(failed);
    let (before, after) = (tree(before)?, tree(after)?);
    let diff = git
        .diff_tree_to_tree(Some(&before), Some(&after), None)
        .map_err(failed)?;
    let mut folder = Beneath::open(root)?;
    let mut entries = Index::open(index).map_err(failed)?;
    let mut wanted = BTreeSet::new();
    for delta in diff.deltas() {
        let old = delta.old_file();
        if let (Some(path), git2::Delta::Deleted | git2::Delta::Typechange) =
            (old.path_bytes(), delta.status())
        {
            entries.remove_path(names::path(path)).map_err(failed)?;
            folder.remove(path).map_err(|error| {
                Trouble::io(
                    "cannot remove a file",
                    &root.join(names::path(path)),
                    &error,
                )
            })?;
        }
    }
    for delta in diff.deltas() {
        let new = delta.new_file();
        let Some(path) = new.path_bytes() else {
            continue;
        };
        if delta.status() == git2::Delta::Deleted {
            continue;
        }
        let zero = IndexTime::new(0, 0);
        entries
            .add(&IndexEntry {
                ctime: zero,
                mtime: zero,
                dev: 0,
                ino: 0,
                mode: new.mode().into(),
                uid: 0,
                gid: 0,
                file_size: 0,
                id: new.id(),
                flags: 0,
                flags_extended: 0,
                path: path.to_vec(),
            })
            .map_err(failed)?;
        wanted.insert(path.to_vec());
    }
    entries.write().map_err(failed)?;
    Ok(wanted)
}
