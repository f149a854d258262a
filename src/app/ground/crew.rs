//! The hands of each agent: its worktrees, what it may read besides, who holds its commands, who is
//! asked and where that is written down.

use std::{
    collections::BTreeMap,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::watch;

use super::{Ground, Keeper, temp, web::Browser};
use crate::{
    app::Services,
    config::Paths,
    engine::{
        desk::Desk,
        leave::{AtDesk, Gate, recorded_as},
    },
    protocol::{AgentId, Failure, Offered, Rules, RunId, change::Access},
    provider::{Folder, Folders},
    tool::{
        self, Crew, Hands, Root, Toolbox,
        hands::{Approver, Recorder, Web},
        sandbox::{Launcher, Tier},
    },
    workspace::{self, Trouble},
};

/// What all agents of a session share.
pub(super) struct Kit {
    run: RunId,
    state: PathBuf,
    /// What nobody reads.
    closed: Vec<PathBuf>,
    gate: Gate,
    /// Paths that stay as they are, per folder.
    protected: Vec<Vec<String>>,
    pub(super) runner: Launcher,
    /// Who brings pages, where agents may have some.
    web: Option<Browser>,
}

impl Kit {
    pub(super) fn new(services: &Services, rules: &Rules, run: &RunId, gate: &Gate) -> Self {
        let cwd = std::env::current_dir().unwrap_or_default();
        let paths = Paths::discover(cwd.clone());
        let mut closed = vec![services.state_dir.clone()];
        closed.extend(paths.config);
        closed.extend(paths.state);
        Self {
            run: run.clone(),
            state: services.state_dir.clone(),
            closed,
            gate: gate.clone(),
            protected: rules
                .working
                .folders
                .iter()
                .map(|folder| folder.protected.clone())
                .collect(),
            runner: Launcher::here(paths.home.clone(), cwd),
            web: Browser::new(&gate.permitting),
        }
    }
}

impl Kit {
    /// Says so where nothing holds the commands of agents.
    pub(super) async fn unheld(&self) -> Option<String> {
        if self.gate.permitting.commands == Offered::No {
            return None;
        }
        (self.runner.found().await.tier == Tier::Nothing).then(|| {
            "Nothing holds the commands of agents on this machine (no Landlock, no bubblewrap): each \
             one asks you first. `massgen-tui doctor` says what is missing."
                .to_owned()
        })
    }
}

/// The tools that work on the folders.
pub(super) fn tools(ground: &Ground, desk: &Desk, tools: Toolbox) -> Toolbox {
    let kit = &ground.kit;
    let gate = &kit.gate;
    let desk = ground.team.as_ref().map_or(desk, |team| &team.desk);
    let crew: Arc<dyn Crew> = Arc::new(Members {
        ground: ground.clone(),
        person: AtDesk::new(desk.clone(), &gate.permitting),
        record: Arc::clone(&gate.record),
        hands: watch::channel(Arc::default()).0,
    });
    tools.with_files(&crew, &kit.gate.permitting)
}

struct Members {
    ground: Ground,
    person: AtDesk,
    record: Arc<dyn Recorder>,
    /// The hands that were given so far.
    hands: watch::Sender<Arc<BTreeMap<AgentId, Arc<Hands>>>>,
}

impl Crew for Members {
    fn hands(&self, agent: AgentId) -> BoxFuture<'static, Result<Arc<Hands>, String>> {
        if let Some(hands) = self.hands.borrow().get(&agent) {
            let hands = Arc::clone(hands);
            return async { Ok(hands) }.boxed();
        }
        let (ground, given) = (self.ground.clone(), self.hands.clone());
        let (person, record) = (self.person.clone(), Arc::clone(&self.record));
        async move {
            let kit = Arc::clone(&ground.kit);
            let failed = |failure: Failure| {
                format!(
                    "Your copy of the folder cannot be made: {}",
                    failure.message
                )
            };
            let number = ground.number(agent).await.map_err(failed)?;
            let (person, record) = match &ground.team {
                Some(team) => {
                    let member = format!("{}/{agent}", team.name);
                    let record = recorded_as(record, team.seat, member.clone());
                    (person.on_behalf(team.seat, member), record)
                }
                None => (person, record),
            };
            let permits = ground.team.as_ref().map_or(agent, |team| team.seat);
            let permits = kit.gate.permits_of(permits);
            // Asked twice at once, the worktree is made once: the second finds it.
            let reach = reach(&ground, number).await.map_err(failed)?;
            let hands = Arc::new(Hands {
                agent: number,
                ground: reach,
                peers: Some(Arc::new(ground)),
                permits,
                person: Arc::new(person) as Arc<dyn Approver>,
                record,
                runner: Arc::new(kit.runner.clone()),
                web: kit.web.clone().map(|web| Arc::new(web) as Arc<dyn Web>),
            });
            given.send_modify(|given| {
                Arc::make_mut(given).insert(agent, Arc::clone(&hands));
            });
            Ok(hands)
        }
        .boxed()
    }
}

/// Where an agent works that is a program, and what holds it there.
pub(super) async fn folders(ground: Ground, agent: AgentId) -> Result<Folders, Failure> {
    let number = ground.number(agent).await?;
    let reach = reach(&ground, number).await?;
    let write: Vec<PathBuf> = reach.writable().map(Path::to_owned).collect();
    let holder = ground.kit.runner.holder(&write).await;
    let all = reach.roots.into_iter().map(|root| Folder {
        path: root.path,
        access: root.access,
    });
    Ok(Folders {
        all: all.collect(),
        temp: reach.temp,
        holder: holder.unwrap_or_default(),
        network: ground.kit.gate.permitting.network,
    })
}

/// Where an agent reaches: its worktrees are made now.
async fn reach(ground: &Ground, agent: AgentId) -> Result<tool::Ground, Failure> {
    let kit = Arc::clone(&ground.kit);
    let desks = ground.clone().desks(agent).await?;
    let work = ground.clone();
    work.perform(move |keeper| {
        let temp = temp(&kit.state, &kit.run, agent);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&temp)
            .map_err(|error| Trouble {
                kind: workspace::TroubleKind::Other,
                what: format!("cannot make a folder for temporary files: {error}"),
                place: temp.display().to_string(),
                next: "Check the rights of the state folder.".to_owned(),
            })?;
        let mut git_dirs = Vec::new();
        for desk in desks.iter().filter(|desk| desk.access == Access::Write) {
            git_dirs.extend(git_dirs_of(keeper, agent, desk)?);
        }
        let roots = desks.iter().map(|desk| Root {
            // The same in the trees of others.
            name: desk.context.0.to_string(),
            path: folder(&desk.path),
            access: desk.access,
            protected: kit
                .protected
                .get(usize::from(desk.context.0))
                .cloned()
                .unwrap_or_default(),
        });
        Ok(tool::Ground {
            roots: roots.collect(),
            temp,
            git_dirs,
            closed: kit.closed.clone(),
        })
    })
    .await
}

/// The git directories that belong to a worktree.
fn git_dirs_of(
    keeper: &Keeper,
    agent: AgentId,
    desk: &workspace::Desk,
) -> Result<Vec<PathBuf>, Trouble> {
    let manifest = keeper.grounds.manifest();
    let place = manifest.place(desk.context)?;
    let common = place.common_dir().to_path_buf();
    let own = manifest
        .trees
        .iter()
        .find(|tree| tree.agent == agent && tree.context == desk.context)
        .map(|tree| common.join("worktrees").join(&tree.admin));
    Ok(std::iter::once(common).chain(own).collect())
}

/// A context that is a single file is worked on in its folder.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if path.is_file() => parent.to_path_buf(),
        _ => path.to_path_buf(),
    }
}
