//! Work on worktrees away from the ground: many agents' at a time, each on a thread of its own.
//!
//! A ground has one owner, and every change of its record is made there. What takes long, writing a
//! worktree or looking at one, needs nothing of the ground: the owner gives it out as a [`Making`] or
//! a [`Looking`], any thread performs it, and the owner takes the outcome back. [`Grounds::worktree`]
//! and [`Grounds::snapshot`] do the three steps at once.
//!
//! Work that is dropped instead does no harm: the record says that the worktree is being made, and
//! it is made again the next time. As long as work is away, the run stays locked for other processes.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::Arc,
};

use super::{Desk, Grounds, snap::Spot};
use crate::{
    protocol::{AgentId, RunId, change::Snapshot},
    workspace::{
        KeptPlace, KeptTree, Repo, TreeStage, Trouble, TroubleKind, Watch, admin, beneath,
        checkout, include, manifest, names, refs, unwatched,
    },
};

/// The worktrees of one agent that are still to be written.
#[derive(Debug)]
pub struct Making {
    state: PathBuf,
    run: RunId,
    agent: AgentId,
    /// Each folder, and the name of its worktree for git.
    trees: Vec<(KeptPlace, String)>,
    held: Held,
}

/// How writing the worktrees of one agent went, for [`Grounds::made`].
#[derive(Debug)]
#[must_use = "the ground does not know of the worktrees yet"]
pub struct Made {
    agent: AgentId,
    done: Result<(), Trouble>,
    _held: Held,
}

/// What work that is away holds: the run's lock, and the mark that it is on its way.
#[derive(Debug)]
struct Held {
    _lock: Arc<File>,
    _mark: Arc<()>,
}

impl Making {
    /// Whose worktrees.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }

    /// Writes them, for as long as that takes.
    pub fn perform(self, watch: Watch<'_>) -> Made {
        let done = self
            .trees
            .iter()
            .try_for_each(|(kept, name)| self.fill(kept, name, watch));
        Made {
            agent: self.agent,
            done,
            _held: self.held,
        }
    }

    fn fill(&self, kept: &KeptPlace, name: &str, watch: Watch<'_>) -> Result<(), Trouble> {
        let (run, agent, context) = (&self.run, self.agent, kept.place.context);
        let root = manifest::tree(&self.state, run, agent, context);
        beneath::remove_tree(&root, &unwatched)?;
        manifest::make_private(&root)?;
        let index = manifest::index(&self.state, run, agent, context);
        let base = manifest::base_index(&self.state, run, context);
        fs::copy(&base, &index)
            .map_err(|error| Trouble::io("cannot copy the index", &base, &error))?;
        let target = checkout::Target {
            git_dir: kept.common_dir(),
            root: &root,
            index: &index,
        };
        checkout::write(target, None, watch)?;
        if !kept.copied.is_empty() {
            include::copy(kept.root(), &root, &kept.copied, watch)?;
        }
        let commit = names::oid(&kept.place.base)?;
        admin::make(kept.common_dir(), name, &root, commit, &index)
    }
}

/// The worktrees of one agent as they are to be looked at.
#[derive(Debug)]
pub struct Looking {
    run: RunId,
    agent: AgentId,
    spots: Vec<Spot>,
    lock: Arc<File>,
}

/// What the worktrees of one agent hold, for [`Grounds::seen`].
#[derive(Debug)]
#[must_use = "the ground does not know of the snapshots yet"]
pub struct Seen {
    agent: AgentId,
    snapshots: Vec<Snapshot>,
    _lock: Arc<File>,
}

impl Looking {
    /// Takes the snapshots; refs keep them when it returns.
    ///
    /// # Errors
    ///
    /// A worktree cannot be read, or the repository not be written.
    pub fn perform(self, watch: Watch<'_>) -> Result<Seen, Trouble> {
        let mut snapshots = Vec::with_capacity(self.spots.len());
        for spot in &self.spots {
            let snapshot = spot.take(super::snap::Keep::No, watch)?;
            let repo = Repo::open_place(spot.kept())?;
            let name = refs::latest(&self.run, self.agent, snapshot.context);
            refs::set(repo.git(), &name, names::oid(&snapshot.commit)?)?;
            snapshots.push(snapshot);
        }
        Ok(Seen {
            agent: self.agent,
            snapshots,
            _lock: self.lock,
        })
    }
}

impl Grounds {
    /// The worktrees of `agent` that are not there yet, to be written on any thread. None are written
    /// when all are there.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::Busy`] while the same worktrees are being written already.
    pub fn begin(&mut self, agent: AgentId) -> Result<Making, Trouble> {
        self.making.retain(|_, mark| mark.strong_count() > 0);
        if self.making.contains_key(&agent) {
            return Err(Trouble::new(
                TroubleKind::Busy,
                format!("the worktree of {agent} is being made"),
                self.manifest.run.to_string(),
                "Wait until it is there.",
            ));
        }
        let mut trees = Vec::new();
        for context in self.writable() {
            let known = self
                .manifest
                .trees
                .iter()
                .find(|tree| tree.agent == agent && tree.context == context);
            if known.is_some_and(|tree| tree.stage == TreeStage::Ready) {
                continue;
            }
            let run = &self.manifest.run;
            let name = format!("{}{run}-{agent}-{}", admin::PREFIX, context.0);
            trees.push((self.manifest.place(context)?.clone(), name.clone()));
            self.manifest
                .trees
                .retain(|tree| (tree.agent, tree.context) != (agent, context));
            self.manifest.trees.push(KeptTree {
                agent,
                context,
                admin: name,
                stage: TreeStage::Making,
                latest: None,
            });
        }
        if !trees.is_empty() {
            self.save()?;
        }
        let mark = Arc::new(());
        self.making.insert(agent, Arc::downgrade(&mark));
        Ok(Making {
            state: self.state.clone(),
            run: self.manifest.run.clone(),
            agent,
            trees,
            held: Held {
                _lock: Arc::clone(&self.lock),
                _mark: mark,
            },
        })
    }

    /// Takes written worktrees back; tells where the agent works.
    ///
    /// # Errors
    ///
    /// Why they could not be written. What there was of them is cleared away.
    pub fn made(&mut self, made: Made) -> Result<Vec<Desk>, Trouble> {
        let agent = made.agent;
        self.making.remove(&agent);
        if let Err(trouble) = made.done {
            // Whatever stays behind is cleared at the next opening.
            let _ = self.clear_halves(Some(agent), &unwatched);
            return Err(trouble);
        }
        let mut new = false;
        for tree in &mut self.manifest.trees {
            if tree.agent == agent && tree.stage == TreeStage::Making {
                tree.stage = TreeStage::Ready;
                new = true;
            }
        }
        if new {
            self.save()?;
        }
        Ok(self.desks(agent))
    }

    /// The worktrees of `agent`, to be looked at on any thread. An agent without any has none.
    ///
    /// # Errors
    ///
    /// The record is damaged.
    pub fn look_at(&self, agent: AgentId) -> Result<Looking, Trouble> {
        let trees = self.manifest.trees.iter();
        let spots = trees
            .filter(|tree| tree.agent == agent && tree.stage == TreeStage::Ready)
            .map(|tree| self.spot(agent, tree.context))
            .collect::<Result<_, _>>()?;
        Ok(Looking {
            run: self.manifest.run.clone(),
            agent,
            spots,
            lock: Arc::clone(&self.lock),
        })
    }

    /// Takes snapshots back: they are the agent's latest from now on.
    ///
    /// # Errors
    ///
    /// The record cannot be written.
    pub fn seen(&mut self, seen: Seen) -> Result<Vec<Snapshot>, Trouble> {
        for snapshot in &seen.snapshots {
            self.entry(seen.agent, snapshot.context, |tree| {
                tree.latest = Some(snapshot.clone());
            })?;
        }
        self.save()?;
        Ok(seen.snapshots)
    }
}
