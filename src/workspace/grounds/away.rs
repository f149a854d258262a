//! Work on worktrees away from the ground: many agents' at a time, each on a thread of its own.
//!
//! A ground has one owner, and every change of its record is made there. What takes long, writing a
//! worktree or looking at one, needs nothing of the ground: the owner gives it out as a [`Making`] or
//! a [`Looking`], any thread performs it, and the owner takes the outcome back. [`Grounds::worktree`]
//! and [`Grounds::snapshot`] do the three steps at once.
//!
//! Work that is dropped instead does no harm: the record says that the worktree is being made, and
//! it is made again the next time. As long as work is away, the run stays locked for other processes.

use std::{fs, path::PathBuf, sync::Arc};

use super::{
    Desk, Grounds,
    snap::{Keep, Spot},
};
use crate::{
    protocol::{
        AgentId, RunId,
        change::{ContextId, Snapshot},
    },
    workspace::{
        KeptTree, LeftOut, Repo, TreeStage, Trouble, TroubleKind, Watch, admin, beneath, checkout,
        include,
        lock::Lock,
        manifest, names, refs,
        salvage::{self, Counting},
        unwatched,
    },
};

/// The worktrees of one agent that are still to be written, or to be brought to another state.
#[derive(Debug)]
pub struct Making {
    state: PathBuf,
    run: RunId,
    agent: AgentId,
    chores: Vec<Chore>,
    held: Held,
}

/// One worktree that is to be written or brought to another state.
#[derive(Debug)]
struct Chore {
    spot: Spot,
    /// What it shall hold; `None` is the baseline.
    to: Option<Snapshot>,
    /// Of one that is there already: the number of the salvage it may need.
    there: Option<u32>,
}

/// How writing the worktrees of one agent went, for [`Grounds::made`].
#[derive(Debug)]
#[must_use = "the ground does not know of the worktrees yet"]
pub struct Made {
    agent: AgentId,
    done: Result<Vec<(ContextId, Option<Snapshot>)>, Trouble>,
    _held: Held,
}

/// What work that is away holds: the run's lock, and the mark that it is on its way.
#[derive(Debug)]
struct Held {
    _lock: Arc<Lock>,
    _mark: Arc<()>,
}

impl Making {
    /// Whose worktrees.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }

    /// Writes them, for as long as that takes. Unfinished work in one that is there is salvaged first.
    pub fn perform(self, watch: Watch<'_>) -> Made {
        let chores = self.chores.iter();
        let done = chores.map(|chore| {
            self.chore(chore, watch)
                .map(|()| (chore.spot.kept().place.context, chore.to.clone()))
        });
        Made {
            agent: self.agent,
            done: done.collect(),
            _held: self.held,
        }
    }

    fn chore(&self, chore: &Chore, watch: Watch<'_>) -> Result<(), Trouble> {
        let spot = &chore.spot;
        match chore.there {
            None => {
                self.fill(spot, watch)?;
                if let Some(to) = &chore.to {
                    spot.bring(&spot.baseline(), to)?;
                }
            }
            Some(number) => {
                let now = spot.take(Keep::Yes, watch)?;
                let to = chore.to.clone().unwrap_or_else(|| spot.baseline());
                if now.tree != to.tree {
                    self.put_by(spot, &now, number)?;
                }
                spot.bring(&now, &to)?;
            }
        }
        let Some(to) = &chore.to else { return Ok(()) };
        let repo = Repo::open_place(spot.kept())?;
        let name = refs::latest(&self.run, self.agent, to.context);
        refs::set(repo.git(), &name, names::oid(&to.commit)?)
    }

    /// Salvages what no label keeps.
    fn put_by(&self, spot: &Spot, now: &Snapshot, number: u32) -> Result<(), Trouble> {
        let repo = Repo::open_place(spot.kept())?;
        if salvage::is_kept(&repo, &self.run, now, Counting::AllButLatest)? {
            return Ok(());
        }
        let why = "before its worktree was brought to another state";
        salvage::keep(&repo, &self.state, &self.run, number, self.agent, now, why)
    }

    fn fill(&self, spot: &Spot, watch: Watch<'_>) -> Result<(), Trouble> {
        let (kept, (root, index, name)) = (spot.kept(), spot.parts());
        beneath::remove_tree(root, &unwatched)?;
        manifest::make_private(root)?;
        let context = kept.place.context;
        let base = manifest::base_index(&self.state, &self.run, context, kept.renewed);
        fs::copy(&base, index)
            .map_err(|error| Trouble::io("cannot copy the index", &base, &error))?;
        let target = checkout::Target {
            git_dir: kept.common_dir(),
            root,
            index,
        };
        checkout::write(target, None, watch)?;
        if !kept.copied.is_empty() {
            include::copy(kept.root(), root, &kept.copied, watch)?;
        }
        let commit = names::oid(&kept.place.base)?;
        admin::make(kept.common_dir(), name, root, commit, index)
    }
}

/// The worktrees of one agent as they are to be looked at.
#[derive(Debug)]
pub struct Looking {
    run: RunId,
    agent: AgentId,
    spots: Vec<Spot>,
    /// What its team began with, of folders in which it has not worked since.
    begun_with: Vec<Snapshot>,
    lock: Arc<Lock>,
}

/// What the worktrees of one agent hold, for [`Grounds::seen`].
#[derive(Debug)]
#[must_use = "the ground does not know of the snapshots yet"]
pub struct Seen {
    agent: AgentId,
    /// With what each leaves out.
    snapshots: Vec<(Snapshot, Vec<LeftOut>)>,
    begun_with: Vec<Snapshot>,
    _lock: Arc<Lock>,
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
            let taken = spot.tree(Keep::No, watch)?;
            let snapshot = spot.committed(&taken)?;
            let repo = Repo::open_place(spot.kept())?;
            let name = refs::latest(&self.run, self.agent, snapshot.context);
            refs::set(repo.git(), &name, names::oid(&snapshot.commit)?)?;
            snapshots.push((snapshot, taken.left_out));
        }
        Ok(Seen {
            agent: self.agent,
            snapshots,
            begun_with: self.begun_with,
            _lock: self.lock,
        })
    }
}

impl Grounds {
    /// The worktrees of `agent` that are not there yet, or not yet at what its team begins with, to be
    /// written on any thread. None are written when all are there.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::Busy`] while the same worktrees are being written already.
    pub fn begin(&mut self, agent: AgentId) -> Result<Making, Trouble> {
        self.start_making(agent, None)
    }

    /// The worktrees of `agent`, to be brought to these snapshots, its own or another's, on any thread;
    /// those of folders without a snapshot to the baseline, if they are there at all.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::Busy`] while the same worktrees are being written already.
    pub fn begin_at(&mut self, agent: AgentId, snapshots: &[Snapshot]) -> Result<Making, Trouble> {
        self.start_making(agent, Some(snapshots))
    }

    fn start_making(
        &mut self,
        agent: AgentId,
        wanted: Option<&[Snapshot]>,
    ) -> Result<Making, Trouble> {
        self.making.retain(|_, mark| mark.strong_count() > 0);
        if self.making.contains_key(&agent) {
            return Err(Trouble::new(
                TroubleKind::Busy,
                format!("the worktree of {agent} is being made"),
                self.manifest.run.to_string(),
                "Wait until it is there.",
            ));
        }
        let mut chores = Vec::new();
        for context in self.writable() {
            let trees = self.manifest.trees.iter();
            let ready = trees
                .filter(|tree| tree.stage == TreeStage::Ready)
                .find(|tree| (tree.agent, tree.context) == (agent, context));
            let follows = ready.is_some_and(|tree| tree.begun == self.begun(agent));
            let (there, to) = match wanted {
                None if follows => continue,
                None => {
                    let before = || self.before(agent, context);
                    let start = self.start(agent, context);
                    match ready {
                        Some(_) => (true, start),
                        None => (false, before().or(start)),
                    }
                }
                Some(wanted) => {
                    let to = wanted.iter().find(|one| one.context == context);
                    if to.is_none() && !follows {
                        continue;
                    }
                    (ready.is_some(), to.cloned())
                }
            };
            if there {
                self.manifest.salvaged += 1;
            } else {
                self.announce(agent, context);
            }
            chores.push(Chore {
                spot: self.spot(agent, context)?,
                to,
                there: there.then_some(self.manifest.salvaged),
            });
        }
        if !chores.is_empty() {
            self.save()?;
        }
        let mark = Arc::new(());
        self.making.insert(agent, Arc::downgrade(&mark));
        Ok(Making {
            state: self.state.clone(),
            run: self.manifest.run.clone(),
            agent,
            chores,
            held: Held {
                _lock: Arc::clone(&self.lock),
                _mark: mark,
            },
        })
    }

    /// What a worktree held that was cleared away since the agent's team began.
    fn before(&self, agent: AgentId, context: ContextId) -> Option<Snapshot> {
        let place = &self.manifest.place(context).ok()?.place;
        let gone = self.manifest.gone.iter();
        gone.filter(|tree| (tree.agent, tree.context) == (agent, context))
            .filter(|tree| tree.begun == self.begun(agent))
            .filter(|tree| {
                let base = tree.base.as_ref();
                base.is_none_or(|(commit, _)| *commit == place.base)
            })
            .find_map(|tree| tree.latest.clone())
    }

    /// A worktree that is to be made.
    fn announce(&mut self, agent: AgentId, context: ContextId) {
        let run = &self.manifest.run;
        let name = format!("{}{run}-{agent}-{}", admin::PREFIX, context.0);
        let trees = &mut self.manifest.trees;
        trees.retain(|tree| (tree.agent, tree.context) != (agent, context));
        trees.push(KeptTree {
            agent,
            context,
            admin: name,
            stage: TreeStage::Making,
            latest: None,
            left_out: Vec::new(),
            base: None,
            begun: 0,
        });
    }

    /// Takes written worktrees back; tells where the agent works.
    ///
    /// # Errors
    ///
    /// Why they could not be written. What there was of them is cleared away.
    pub fn made(&mut self, made: Made) -> Result<Vec<Desk>, Trouble> {
        let agent = made.agent;
        self.making.remove(&agent);
        let done = match made.done {
            Ok(done) => done,
            Err(trouble) => {
                // Whatever stays behind is cleared at the next opening.
                let _ = self.clear_halves(Some(agent), &unwatched);
                return Err(trouble);
            }
        };
        let begun = self.begun(agent);
        let new = !done.is_empty();
        for (context, latest) in done {
            let gone = &mut self.manifest.gone;
            gone.retain(|tree| (tree.agent, tree.context) != (agent, context));
            let place = &self.manifest.place(context)?.place;
            let base = Some((place.base.clone(), place.tree.clone()));
            self.entry(agent, context, |tree| {
                tree.stage = TreeStage::Ready;
                tree.latest = latest;
                tree.base = base;
                tree.begun = begun;
            })?;
        }
        if new {
            self.save()?;
        }
        Ok(self.desks(agent))
    }

    /// The worktrees of `agent`, to be looked at on any thread. Of a folder in which it has not worked
    /// since its team began, what the team began with counts; an agent without either has none.
    ///
    /// # Errors
    ///
    /// The record is damaged.
    pub fn look_at(&self, agent: AgentId) -> Result<Looking, Trouble> {
        let begun = self.begun(agent);
        let trees = self.manifest.trees.iter();
        let spots: Vec<Spot> = trees
            .filter(|tree| tree.agent == agent && tree.stage == TreeStage::Ready)
            .filter(|tree| tree.begun == begun)
            .map(|tree| self.spot(agent, tree.context))
            .collect::<Result<_, _>>()?;
        let looked = |context| {
            let mut spots = spots.iter();
            spots.any(|spot| spot.kept().place.context == context)
        };
        let others = self.writable().into_iter();
        let others = others.filter(|context| !looked(*context));
        let begun_with = others.filter_map(|context| self.start(agent, context));
        let begun_with = begun_with.collect();
        Ok(Looking {
            run: self.manifest.run.clone(),
            agent,
            spots,
            begun_with,
            lock: Arc::clone(&self.lock),
        })
    }

    /// Takes snapshots back: they are the agent's latest from now on.
    ///
    /// # Errors
    ///
    /// The record cannot be written.
    pub fn seen(&mut self, seen: Seen) -> Result<Vec<Snapshot>, Trouble> {
        for (snapshot, left_out) in &seen.snapshots {
            self.entry(seen.agent, snapshot.context, |tree| {
                tree.latest = Some(snapshot.clone());
                tree.left_out.clone_from(left_out);
            })?;
        }
        self.save()?;
        let mut all: Vec<Snapshot> = seen.snapshots.into_iter().map(|(one, _)| one).collect();
        all.extend(seen.begun_with);
        all.sort_by_key(|one| one.context);
        Ok(all)
    }
}
