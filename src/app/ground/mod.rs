//! The folders of a session: git below, tools and engine above.
//!
//! One thread owns the [`workspace::Grounds`] of a session and does one short thing at a time; everybody
//! else sends it work and waits. What takes long, writing worktrees and looking at them, it gives away
//! ([`away`]). It ends with the last handle, with a last snapshot of every worktree.
//!
//! A team in the place of an agent has a handle of its own, whose members are known to the owner under
//! numbers of their own. Agents only ever see the numbers of their own team.

mod away;
mod crew;
mod peers;
mod web;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use self::crew::Kit;
use super::{Services, owned};
use crate::{
    config::Paths,
    engine::{
        desk::Desk,
        leave::Gate,
        premises::{Premises, Start},
    },
    protocol::{
        AgentEvent, AgentId, Event, EventKind, Failure, FailureKind, Isolation, Label, Rules,
        RunId, Untracked, Working,
        change::{Access, Snapshot, Workplace},
    },
    provider::Folders,
    tool::Toolbox,
    workspace::{self, Beside, Grounds, Place, Renewed, Trouble, TroubleKind, unwatched},
};

/// Pieces of work that may wait.
const WAITING: usize = 64;

/// Paths that a warning names.
const TOLD: usize = 3;

/// What the thread owns.
struct Keeper {
    grounds: Grounds,
    /// The trees behind the labels of this session.
    published: BTreeMap<Label, Vec<Snapshot>>,
    /// One at a time for each agent.
    turnstiles: BTreeMap<AgentId, Arc<Semaphore>>,
}

/// One piece of work.
type Work = Box<dyn FnOnce(&mut Keeper) + Send>;

/// The folders of one session. Clones are the same.
#[derive(Clone)]
pub struct Ground {
    work: mpsc::Sender<Work>,
    places: watch::Sender<Arc<[Workplace]>>,
    kit: Arc<Kit>,
    /// Long pieces of work that run at a time.
    room: Arc<Semaphore>,
    /// Whose it is, when not the team's of the session.
    team: Option<Team>,
}

/// A team in the place of an agent.
#[derive(Clone)]
struct Team {
    /// Under which number the owner knows the agent.
    number: AgentId,
    /// The agent of the session that it is, or is below of.
    seat: AgentId,
    /// What people call it.
    name: String,
    /// The desk of the session.
    desk: Desk,
}

impl Ground {
    /// Lays the ground of a new session; `None` when its rules name no folder.
    ///
    /// # Errors
    /// Which folder cannot be used, why, and what to do.
    pub async fn lay(
        services: &Services,
        run: &RunId,
        rules: &Rules,
        gate: &Gate,
    ) -> Result<Option<Self>, Failure> {
        if rules.working.folders.is_empty() {
            return Ok(None);
        }
        let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
        let own = owned::folder(&services.state_dir, run);
        let places = places(&rules.working, &paths, &own)?;
        let (state, named) = (services.state_dir.clone(), run.clone());
        let grounds = blocking(move || Grounds::lay(&state, &named, &places)).await?;
        let kit = Kit::new(services, rules, run, gate);
        Ok(Some(Self::over(kit, grounds, BTreeMap::new())))
    }

    /// Takes the ground of a stored session up again; `None` when it had none.
    ///
    /// # Errors
    /// Another process has it, or its record is damaged.
    pub async fn reopen(
        services: &Services,
        run: &RunId,
        rules: &Rules,
        log: &[Event],
        gate: &Gate,
    ) -> Result<Option<Self>, Failure> {
        let (state, named) = (services.state_dir.clone(), run.clone());
        let grounds = tokio::task::spawn_blocking(move || Grounds::reopen(&state, &named))
            .await
            .map_err(|error| local(format!("The folders could not be opened: {error}.")))?;
        match grounds {
            Ok(grounds) => {
                let kit = Kit::new(services, rules, run, gate);
                Ok(Some(Self::over(kit, grounds, published(log))))
            }
            Err(trouble) if trouble.kind == TroubleKind::Missing => Ok(None),
            Err(trouble) => Err(failure(&trouble)),
        }
    }

    fn over(kit: Kit, grounds: Grounds, published: BTreeMap<Label, Vec<Snapshot>>) -> Self {
        let places: Arc<[Workplace]> = grounds.workplaces().to_vec().into();
        let (work, mut waiting): (mpsc::Sender<Work>, mpsc::Receiver<Work>) =
            mpsc::channel(WAITING);
        // Ends when the last sender is dropped, which the session's end does.
        drop(tokio::task::spawn_blocking(move || {
            let mut keeper = Keeper {
                grounds,
                published,
                turnstiles: BTreeMap::new(),
            };
            while let Some(work) = waiting.blocking_recv() {
                work(&mut keeper);
            }
            // What cannot be kept now is found as an orphan at the next start.
            let _ = keeper.grounds.close();
        }));
        Self {
            work,
            places: watch::channel(places).0,
            kit: Arc::new(kit),
            room: away::room(),
            team: None,
        }
    }

    /// Does something on the owning thread.
    async fn perform<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Keeper) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Failure> {
        let gone = || local("The folders of the session are closed.".to_owned());
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |keeper| {
            let _ = reply.send(work(keeper));
        });
        self.work.send(work).await.map_err(|_| gone())?;
        let done = answer.await.map_err(|_| gone())?;
        done.map_err(|trouble| failure(&trouble))
    }
}

impl Premises for Ground {
    fn places(&self) -> Vec<Workplace> {
        self.places.borrow().to_vec()
    }

    fn warnings(&self) -> BoxFuture<'static, Vec<String>> {
        let (ground, kit) = (self.clone(), Arc::clone(&self.kit));
        async move {
            // Whoever is in a place of it was told already.
            if ground.team.is_some() {
                return Vec::new();
            }
            let left_out = ground.perform(|keeper| {
                let mut words = keeper.grounds.beside();
                words.extend(left_out(&keeper.grounds));
                Ok(words)
            });
            let left_out = left_out.await;
            // A ground that is closed already warns of nothing.
            let mut words = left_out.unwrap_or_default();
            words.extend(kit.unheld().await);
            words
        }
        .boxed()
    }

    fn tools(&self, desk: &Desk, tools: Toolbox) -> Toolbox {
        crew::tools(self, desk, tools)
    }

    fn folders(&self, agent: AgentId) -> BoxFuture<'static, Result<Folders, Failure>> {
        crew::folders(self.clone(), agent).boxed()
    }

    fn holds(&self) -> BoxFuture<'static, bool> {
        let kit = Arc::clone(&self.kit);
        async move { kit.runner.holder(&[]).await.is_some() }.boxed()
    }

    fn snapshot(&self, agent: AgentId) -> BoxFuture<'static, Result<Vec<Snapshot>, Failure>> {
        let ground = self.clone();
        async move {
            let number = ground.number(agent).await?;
            ground.look(number).await
        }
        .boxed()
    }

    fn label(
        &self,
        label: Label,
        snapshots: Vec<Snapshot>,
    ) -> BoxFuture<'static, Result<(), Failure>> {
        let ground = self.clone();
        async move {
            let label = ground.labelled(label).await?;
            let work = move |keeper: &mut Keeper| {
                keeper.grounds.label(label, &snapshots)?;
                keeper.published.insert(label, snapshots);
                Ok(())
            };
            ground.perform(work).await
        }
        .boxed()
    }

    fn begin(&self, start: Start) -> BoxFuture<'static, Result<Option<String>, Failure>> {
        let ground = self.clone();
        async move {
            let team = ground.team.as_ref().map(|team| team.number);
            let places = ground.places.clone();
            let begun = ground.perform(move |keeper| begin(keeper, team, start));
            let (news, now) = begun.await?;
            places.send_replace(now.into());
            Ok(news)
        }
        .boxed()
    }

    fn stand(
        &self,
        agent: AgentId,
        snapshots: Vec<Snapshot>,
    ) -> BoxFuture<'static, Result<(), Failure>> {
        let ground = self.clone();
        async move {
            let number = ground.number(agent).await?;
            ground.bring(number, snapshots).await
        }
        .boxed()
    }

    fn finish(
        &self,
        winner: Label,
        snapshots: Vec<Snapshot>,
    ) -> BoxFuture<'static, Result<(), Failure>> {
        let ground = self.clone();
        async move {
            let winner = ground.labelled(winner).await?;
            let work = move |keeper: &mut Keeper| keeper.grounds.finish(winner, &snapshots);
            ground.perform(work).await
        }
        .boxed()
    }

    fn below(
        &self,
        seat: AgentId,
        desk: &Desk,
    ) -> BoxFuture<'static, Result<Arc<dyn Premises>, Failure>> {
        let (ground, desk) = (self.clone(), desk.clone());
        async move {
            let number = ground.number(seat).await?;
            let files = ground.clone().look(number).await?;
            let work = move |keeper: &mut Keeper| {
                keeper.grounds.start_over(Some(number), files)?;
                Ok(keeper.grounds.manifest().name(number))
            };
            let name = ground.clone().perform(work).await?;
            let above = ground.team.as_ref();
            let team = Team {
                number,
                seat: above.map_or(seat, |team| team.seat),
                name,
                desk: above.map_or(desk, |team| team.desk.clone()),
            };
            let below = Self {
                team: Some(team),
                ..ground
            };
            Ok(Arc::new(below) as Arc<dyn Premises>)
        }
        .boxed()
    }
}

/// What is new about the folders, for the person, and what they are now.
type Begun = (Option<String>, Vec<Workplace>);

/// Another turn or step begins.
fn begin(keeper: &mut Keeper, team: Option<AgentId>, start: Start) -> Result<Begun, Trouble> {
    let (files, news) = match start {
        Start::Step(files) => (files, None),
        Start::Further(files) => match keeper.grounds.renew(&unwatched)? {
            Renewed::Same => (files, None),
            // What the last turn ended with was taken, and nothing else has changed.
            Renewed::New if is_taken(&keeper.grounds, &files) => (Vec::new(), None),
            Renewed::New => {
                let words = "Your files have changed since the last turn: agents begin with them as \
                             they are now.";
                (Vec::new(), Some(words.to_owned()))
            }
        },
    };
    keeper.grounds.start_over(team, files)?;
    if team.is_none() {
        // Numbers of answers begin anew.
        keeper.published.clear();
    }
    Ok((news, keeper.grounds.workplaces().to_vec()))
}

/// Whether the person's files are what a turn ended with.
fn is_taken(grounds: &Grounds, files: &[Snapshot]) -> bool {
    let places = grounds.workplaces().iter();
    let mut changed = places.filter(|place| place.access == Access::Write);
    changed.all(|place| {
        let last = files.iter().find(|one| one.context == place.context);
        last.is_some_and(|one| one.tree == place.tree)
    })
}

/// The folders that the rules name, as the workspace takes them; `own` is the one that is made for the
/// run, which is in no repository of anybody's.
fn places(working: &Working, paths: &Paths, own: &Path) -> Result<Vec<Place>, Failure> {
    let untracked = match working.untracked {
        Untracked::All => workspace::Untracked::default(),
        Untracked::None => workspace::Untracked::Leave,
    };
    let mut places: Vec<Place> = Vec::new();
    for folder in &working.folders {
        let path = paths.cwd.join(paths.expand_home(Path::new(&folder.path)));
        if !path.exists() {
            return Err(local(format!("There is no folder {}.", path.display()))
                .hint("Correct the path under `context_paths`, or make the folder."));
        }
        let made = path == own;
        let in_repository = || workspace::Repo::discover(&path).is_ok();
        if working.isolation == Isolation::Worktree && !made && !in_repository() {
            return Err(
                local(format!("{} is in no git repository.", path.display())).hint(
                    "`write_mode: worktree` asks for one: run `git init` there, or write `auto`.",
                ),
            );
        }
        places.push(Place {
            path,
            access: folder.access,
            untracked,
            include: Vec::new(),
            beside: if made || working.isolation == Isolation::Shadow {
                Beside::Always
            } else {
                Beside::WhereNeeded
            },
        });
    }
    Ok(places)
}

/// What of the folders is not in the agents' copies.
fn left_out(grounds: &Grounds) -> Vec<String> {
    let places = grounds.manifest().places.iter();
    let some = places.filter(|kept| !kept.left_out.is_empty());
    some.map(|kept| {
        let shown: Vec<String> = kept
            .left_out
            .iter()
            .take(TOLD)
            .map(|one| one.path.to_string())
            .collect();
        let more = kept.left_out.len() as u64 + kept.more - shown.len() as u64;
        let more = match more {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        format!(
            "Agents do not get all of {}: {}{more} (`massgen-tui worktrees list` says why).",
            kept.place.path,
            shown.join(", ")
        )
    })
    .collect()
}

/// The trees behind the labels of a log.
fn published(log: &[Event]) -> BTreeMap<Label, Vec<Snapshot>> {
    let answers = log.iter().filter_map(|event| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Published(answer),
            ..
        } => Some((answer.label, answer.changes.clone())),
        _ => None,
    });
    answers.collect()
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| local(format!("Work on the folders ended: {error}.")))?
        .map_err(|trouble| failure(&trouble))
}

/// Trouble with a repository, for the person.
pub(super) fn failure(trouble: &Trouble) -> Failure {
    let kind = match trouble.kind {
        TroubleKind::Cancelled => FailureKind::Cancelled,
        _ => FailureKind::Local,
    };
    let mut what = trouble.what.clone();
    if let Some(first) = what.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Failure::new(kind, format!("{what} ({}).", trouble.place)).hint(trouble.next.clone())
}

fn local(words: String) -> Failure {
    Failure::new(FailureKind::Local, words)
}

/// A private folder for an agent's temporary files.
fn temp(state: &Path, run: &RunId, agent: AgentId) -> PathBuf {
    state.join("tmp").join(&run.0).join(agent.to_string())
}
