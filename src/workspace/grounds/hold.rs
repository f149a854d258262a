//! Holding a run only to clear it away: nothing is made, and repositories may be gone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Grounds, snap::Keep};
use crate::{
    protocol::{
        AgentId, Label, RunId,
        change::{ContextId, Snapshot},
    },
    workspace::{
        KeptTree, LeftOut, Manifest, Repo, TreeStage, Trouble, TroubleKind, Watch, Why, admin,
        beneath, manifest, names, refs,
        salvage::{self, Counting},
    },
};

/// What became of one worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::workspace) struct Cleared {
    /// What was put by, in words.
    pub(in crate::workspace) salvaged: Vec<String>,
}

impl Grounds {
    /// Takes the lock and the record of a run, and nothing else.
    pub(in crate::workspace) fn hold(state: &Path, run: &RunId) -> Result<Self, Trouble> {
        refs::check(run)?;
        let lock = manifest::lock(state, run)?;
        let record = Manifest::read(state, run)?;
        let state = state
            .canonicalize()
            .map_err(|error| Trouble::io("cannot open the state folder", state, &error))?;
        Ok(Self {
            places: Vec::new(),
            state,
            manifest: record,
            making: BTreeMap::new(),
            lock: Arc::new(lock),
        })
    }

    /// Removes one worktree, after everything in it that no ref keeps was put by.
    pub(in crate::workspace) fn clear(
        &mut self,
        tree: &KeptTree,
        watch: Watch<'_>,
    ) -> Result<Cleared, Trouble> {
        let root = self.root_of(tree);
        let mut cleared = Cleared::default();
        if tree.stage == TreeStage::Ready
            && root.symlink_metadata().is_ok_and(|about| about.is_dir())
        {
            match self.repo(tree.context) {
                Ok(repo) => self.put_by(&repo, tree, &root, &mut cleared, watch)?,
                Err(_) => self.move_whole(tree, &root, &mut cleared)?,
            }
        }
        self.remove(tree, watch)?;
        Ok(cleared)
    }

    /// Where a worktree is.
    fn root_of(&self, tree: &KeptTree) -> PathBuf {
        manifest::tree(&self.state, &self.manifest.run, tree.agent, tree.context)
    }

    /// Removes one worktree of which everything is kept.
    pub(in crate::workspace) fn remove(
        &mut self,
        tree: &KeptTree,
        watch: Watch<'_>,
    ) -> Result<(), Trouble> {
        let run = self.manifest.run.clone();
        self.entry(tree.agent, tree.context, |tree| {
            tree.stage = TreeStage::Removing;
        })?;
        self.save()?;
        beneath::remove_tree(&self.root_of(tree), watch)?;
        let place = self.manifest.place(tree.context)?;
        admin::forget(place.common_dir(), &tree.admin, watch)?;
        // Without its worktree the index says nothing to anyone.
        let _ = fs::remove_file(manifest::index(&self.state, &run, tree.agent, tree.context));
        let same = |kept: &KeptTree| (kept.agent, kept.context) == (tree.agent, tree.context);
        self.manifest.trees.retain(|kept| !same(kept));
        self.manifest.gone.retain(|kept| !same(kept));
        self.manifest.gone.push(tree.clone());
        self.save()
    }

    /// Why something in a worktree is kept nowhere else; `None` when all of it is.
    pub(in crate::workspace) fn unkept(
        &self,
        tree: &KeptTree,
        watch: Watch<'_>,
    ) -> Result<Option<String>, Trouble> {
        let root = self.root_of(tree);
        if tree.stage != TreeStage::Ready
            || !root.symlink_metadata().is_ok_and(|about| about.is_dir())
        {
            return Ok(None);
        }
        let Ok(repo) = self.repo(tree.context) else {
            return Ok(Some("the repository is gone".to_owned()));
        };
        let taken = self.spot(tree.agent, tree.context)?.tree(Keep::No, watch)?;
        let place = &self.manifest.place(tree.context)?.place;
        let now = names::oid(&taken.tree)?;
        let kept = refs::list(repo.git(), Some(&self.manifest.run))?
            .iter()
            .filter_map(|(_, id)| repo.git().find_commit(*id).ok())
            .any(|commit| commit.tree_id() == now);
        if !kept {
            let base = repo.changes(&place.tree, &taken.tree)?.files.len();
            return Ok(Some(format!(
                "its files are in no snapshot ({base} differ from the baseline)"
            )));
        }
        if self.own_head(&repo, tree)?.is_some() {
            return Ok(Some("it has commits of its own".to_owned()));
        }
        if taken.more > 0 {
            return Ok(Some("too many files in it are in no snapshot".to_owned()));
        }
        let out = taken.left_out.iter().find(|out| !is_nothing(out.why));
        Ok(out.map(|out| format!("{} is in no snapshot ({})", out.path, out.why.words())))
    }

    /// Keeps what the worktree holds: a ref and a patch for its tree, its own commits, and the files
    /// that are in no tree.
    fn put_by(
        &mut self,
        repo: &Repo,
        tree: &KeptTree,
        root: &Path,
        cleared: &mut Cleared,
        watch: Watch<'_>,
    ) -> Result<(), Trouble> {
        let spot = self.spot(tree.agent, tree.context)?;
        let taken = spot.tree(Keep::No, watch)?;
        let now = spot.committed(&taken)?;
        let latest = tree.latest.as_ref().map(|latest| &latest.tree);
        let named = refs::latest(&self.manifest.run, tree.agent, tree.context);
        let kept = latest == Some(&now.tree) && repo.git().refname_to_id(&named).is_ok();
        if !kept
            && self.salvage(
                tree.agent,
                &now,
                Counting::AllButLatest,
                "before its worktree was removed",
            )?
        {
            cleared.salvaged.push(self.words(&now, tree.agent));
        }
        self.own_commits(repo, tree, cleared)?;
        if taken.more > 0 {
            return Err(Trouble::new(
                TroubleKind::Refused,
                "too many files in it are in no tree",
                root.display().to_string(),
                "Look at them and remove the folder yourself; `prune` does the rest.",
            ));
        }
        for out in &taken.left_out {
            self.move_out(tree, root, out, cleared)?;
        }
        Ok(())
    }

    fn words(&self, snapshot: &Snapshot, agent: AgentId) -> String {
        format!(
            "{} of {agent}: {} files changed",
            refs::salvage(&self.manifest.run, self.manifest.salvaged),
            snapshot.files
        )
    }

    /// Commits that the agent made itself, by the HEAD of its worktree.
    fn own_commits(
        &mut self,
        repo: &Repo,
        tree: &KeptTree,
        cleared: &mut Cleared,
    ) -> Result<(), Trouble> {
        let git = repo.git();
        let Some(id) = self.own_head(repo, tree)? else {
            return Ok(());
        };
        let number = self.manifest.salvaged + 1;
        let name = refs::salvage(&self.manifest.run, number);
        refs::set(git, &name, id)?;
        self.manifest.salvaged = number;
        self.save()?;
        cleared
            .salvaged
            .push(format!("{name} of {}: its own commits", tree.agent));
        Ok(())
    }

    /// The HEAD of a worktree, when it is a commit that no ref of the run keeps.
    fn own_head(&self, repo: &Repo, tree: &KeptTree) -> Result<Option<git2::Oid>, Trouble> {
        let place = self.manifest.place(tree.context)?;
        let head = admin::folder(place.common_dir(), &tree.admin).join("HEAD");
        let text = fs::read_to_string(head).unwrap_or_default();
        let Ok(id) = git2::Oid::from_str(text.trim()) else {
            return Ok(None);
        };
        let ours = refs::list(repo.git(), Some(&self.manifest.run))?;
        let git = repo.git();
        let known = ours
            .iter()
            .any(|(_, to)| *to == id || git.graph_descendant_of(*to, id).unwrap_or(false));
        Ok((!known && git.find_commit(id).is_ok()).then_some(id))
    }

    /// Moves what git does not see out of the worktree.
    fn move_out(
        &self,
        tree: &KeptTree,
        root: &Path,
        out: &LeftOut,
        cleared: &mut Cleared,
    ) -> Result<(), Trouble> {
        if is_nothing(out.why) {
            return Ok(());
        }
        let path = names::path(out.path.as_bytes());
        let name = out.path.as_bytes();
        if !names::is_plain(name) || !beneath::is_reached_plainly(root, path) {
            return Ok(());
        }
        let to = self.files_of(tree).join(path);
        if let Some(above) = to.parent() {
            manifest::make_private(above)?;
        }
        fs::rename(root.join(path), &to)
            .map_err(|error| Trouble::io("cannot put a file by", &root.join(path), &error))?;
        cleared
            .salvaged
            .push(format!("{} ({})", to.display(), out.why.words()));
        Ok(())
    }

    /// Without its repository nothing can be told of a worktree, so all of it is put by.
    fn move_whole(
        &self,
        tree: &KeptTree,
        root: &Path,
        cleared: &mut Cleared,
    ) -> Result<(), Trouble> {
        let mut to = self.files_of(tree);
        for number in 2..100 {
            if to.symlink_metadata().is_err() {
                break;
            }
            to = self.files_of(tree).with_extension(format!("files{number}"));
        }
        if let Some(above) = to.parent() {
            manifest::make_private(above)?;
        }
        fs::rename(root, &to)
            .map_err(|error| Trouble::io("cannot put the worktree by", root, &error))?;
        cleared
            .salvaged
            .push(format!("{} (its repository is gone)", to.display()));
        Ok(())
    }

    fn files_of(&self, tree: &KeptTree) -> PathBuf {
        salvage::folder(&self.state, &self.manifest.run)
            .join(format!("{}-{}.files", tree.agent, tree.context.0))
    }

    /// Removes the run's refs but those of salvage. Agents' latest snapshots become salvage first.
    pub(in crate::workspace) fn forget(&mut self) -> Result<Vec<String>, Trouble> {
        let mut salvaged = Vec::new();
        let run = self.manifest.run.clone();
        let contexts: Vec<_> = self
            .manifest
            .places
            .iter()
            .map(|kept| kept.place.context)
            .collect();
        for context in contexts {
            // A repository that is gone took its refs along.
            let Ok(repo) = self.repo(context) else {
                continue;
            };
            let ours = refs::list(repo.git(), Some(&run))?;
            let ours: Vec<_> = ours
                .into_iter()
                .filter(|(name, _)| part(&run, name, 0).is_some_and(is_snapshot))
                .collect();
            for (name, id) in &ours {
                if name.ends_with(&format!("/{}", context.0))
                    && let Some(agent) = agent_of(&run, name)
                    && let Some(snapshot) = described(&repo, context, *id)?
                    && self.salvage(
                        agent,
                        &snapshot,
                        Counting::Salvage,
                        "before its session was forgotten",
                    )?
                {
                    salvaged.push(self.words(&snapshot, agent));
                }
            }
            let gone: Vec<_> = ours.into_iter().map(|(name, _)| name).collect();
            refs::remove(repo.git(), &gone)?;
        }
        Ok(salvaged)
    }
}

/// True for what holds no work of anybody: it is not missed.
const fn is_nothing(why: Why) -> bool {
    matches!(why, Why::Special | Why::Junk | Why::Nested)
}

/// The part number `at` of a ref's name behind the run's.
fn part<'a>(run: &RunId, name: &'a str, at: usize) -> Option<&'a str> {
    name.strip_prefix(&refs::folder(run))?.split('/').nth(at)
}

/// True for the parts of names that only snapshots and baselines have.
fn is_snapshot(part: &str) -> bool {
    matches!(part, "base" | "agents" | "final" | "earlier") || part.parse::<Label>().is_ok()
}

/// Whose snapshot a ref keeps.
fn agent_of(run: &RunId, name: &str) -> Option<AgentId> {
    let labelled = |at| part(run, name, at)?.parse::<Label>().ok();
    let label = match part(run, name, 0)? {
        "agents" => return part(run, name, 1)?.parse().ok(),
        "final" => labelled(1),
        "earlier" => labelled(2).or_else(|| labelled(3)),
        _ => labelled(0),
    };
    label.map(|label| label.agent)
}

/// The snapshot that a commit of ours is; `None` when nothing differs from its baseline.
fn described(repo: &Repo, context: ContextId, id: git2::Oid) -> Result<Option<Snapshot>, Trouble> {
    let failed = |error: git2::Error| repo.trouble("cannot read a snapshot", &error);
    let commit = repo.git().find_commit(id).map_err(failed)?;
    let Ok(base) = commit.parent(0) else {
        return Ok(None);
    };
    let tree = names::object(commit.tree_id());
    let changes = repo.changes(&names::object(base.tree_id()), &tree)?;
    Ok((!changes.files.is_empty()).then(|| Snapshot {
        context,
        commit: names::object(id),
        tree,
        files: changes.files.len() as u32,
        added: changes.files.iter().map(|file| file.added).sum(),
        removed: changes.files.iter().map(|file| file.removed).sum(),
    }))
}
