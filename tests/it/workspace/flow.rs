//! The whole way of one agent's work: worktree, snapshot, and its tree brought to the person's folder.

use std::path::{Path, PathBuf};

use massgen_tui::{
    protocol::{
        Timestamp,
        change::{Access, Applied, Built, ContextId, Destination, ObjectId, Preview, RepoPath},
    },
    workspace::{
        Grounds, Repo, Trouble, Untracked,
        apply::{self, Ground, Occasion, Order},
        unwatched,
    },
};

use super::grounds::{AGENT, place, run};

/// A ground with one worktree.
pub struct Flow {
    pub state: tempfile::TempDir,
    pub grounds: Grounds,
    /// The worktree.
    pub tree: PathBuf,
}

impl Flow {
    pub fn on(root: &Path) -> Self {
        let state = tempfile::TempDir::new().unwrap();
        let mut grounds = Grounds::lay(state.path(), &run(), &[place(root)]).unwrap();
        let tree = grounds.worktree(AGENT).unwrap().remove(0).root;
        Self {
            state,
            grounds,
            tree,
        }
    }

    /// Takes a snapshot and brings all of it there.
    pub fn bring(&mut self, to: &Destination) -> Result<Applied, Trouble> {
        let snapshot = self.grounds.snapshot(AGENT).unwrap().remove(0);
        let base = self.grounds.workplaces()[0].tree.clone();
        let repo = self.grounds.repo(ContextId(0)).unwrap();
        bring(self.state.path(), &repo, (&base, &snapshot.tree), to)
    }
}

/// Brings a tree to the person's folder.
pub fn bring(
    state: &Path,
    repo: &Repo,
    (base, tree): (&ObjectId, &ObjectId),
    to: &Destination,
) -> Result<Applied, Trouble> {
    let inside = RepoPath::from("");
    let untracked = Untracked::default();
    let ground = Ground {
        repo,
        access: Access::Write,
        inside: &inside,
        untracked: &untracked,
        state_dir: state,
    };
    let built = Built {
        tree: tree.clone(),
        provenance: Vec::new(),
        clashes: Vec::new(),
    };
    let order = Order {
        base,
        built: &built,
        decisions: &[],
        credits: &[],
        to,
    };
    let seen: Preview = apply::preview(&ground, &order)?;
    let occasion = Occasion {
        run: None,
        at: Timestamp(1_795_256_130_000),
    };
    apply::apply(&ground, &order, &seen, occasion, &unwatched)
}
