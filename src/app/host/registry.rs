//! The owner of all runs: admits them, finds them, forgets them, stops them all.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{
    Bounds, REMEMBERED, Services,
    keeper::{Begun, Keeper, Kept, Look, Tail},
    local,
    request::StartRequest,
    seen::Seen,
};
use crate::{
    protocol::{Command, Failure, FailureKind, RunId},
    run::RunState,
};

/// Time between a command to close and giving the tasks up.
const GIVEN_UP: Duration = Duration::from_millis(500);

/// The end of a run, for those who wait for it.
pub(super) struct Waiting(watch::Receiver<()>);

impl Waiting {
    /// Comes back when the run is over.
    pub async fn wait(mut self) {
        // The sender is dropped with the run.
        while self.0.changed().await.is_ok() {}
    }
}

impl IntoFuture for Waiting {
    type Output = ();
    type IntoFuture = futures_util::future::BoxFuture<'static, ()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}

type Reply<T> = oneshot::Sender<T>;

/// What is asked of the owner.
pub(super) enum Request {
    Start {
        request: Box<StartRequest>,
        reply: Reply<Result<RunId, Failure>>,
    },
    Command {
        run: RunId,
        command: Command,
        reply: Reply<Result<(), Failure>>,
    },
    Look {
        run: RunId,
        reply: Reply<Option<Seen>>,
    },
    State {
        run: RunId,
        reply: Reply<Option<Box<RunState>>>,
    },
    Tail {
        run: RunId,
        reply: Reply<Option<Tail>>,
    },
    Ended {
        run: RunId,
        reply: Reply<Option<Waiting>>,
    },
    Running(Reply<Vec<RunId>>),
    Close(Reply<Vec<RunId>>),
}

/// A run of this host.
struct Live {
    kept: Kept,
    /// Dropped with the run.
    ended: watch::Sender<()>,
}

type Started = (Reply<Result<RunId, Failure>>, Result<Begun, Failure>);

/// Passes a look on to who follows a run.
fn pass<T: Send + 'static>(live: &Live, look: fn(Reply<T>) -> Look, reply: Reply<Option<T>>) {
    let looks = live.kept.looks.clone();
    // A keeper is never busy for long, and the asker's patience is bounded.
    tokio::spawn(async move {
        let (asked, seen) = oneshot::channel();
        let seen = match looks.send(look(asked)).await {
            Ok(()) => seen.await.ok(),
            Err(_) => None,
        };
        drop(reply.send(seen));
    });
}

/// All runs.
pub(super) struct Registry {
    services: Arc<Services>,
    bounds: Arc<Bounds>,
    live: BTreeMap<RunId, Live>,
    ended: VecDeque<(RunId, Seen)>,
    starting: JoinSet<Started>,
    keepers: JoinSet<(RunId, Seen)>,
}

impl Registry {
    pub fn new(services: Arc<Services>, bounds: Arc<Bounds>) -> Self {
        Self {
            services,
            bounds,
            live: BTreeMap::new(),
            ended: VecDeque::new(),
            starting: JoinSet::new(),
            keepers: JoinSet::new(),
        }
    }

    /// Serves until it is closed or nobody can ask any more.
    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut asker = None;
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    None => break,
                    Some(Request::Close(reply)) => {
                        asker = Some(reply);
                        break;
                    }
                    Some(request) => self.serve(request),
                },
                Some(joined) = self.starting.join_next() => if let Ok(started) = joined {
                    self.begin(started);
                },
                Some(joined) = self.keepers.join_next() => self.end(joined.ok()),
            }
        }
        drop(requests);
        let left = self.close().await;
        if let Some(asker) = asker {
            let _ = asker.send(left);
        }
    }

    fn serve(&mut self, request: Request) {
        // Whoever asked may have left; that is no trouble of ours.
        match request {
            Request::Start { request, reply } => self.start(request, reply),
            Request::Command {
                run,
                command,
                reply,
            } => drop(reply.send(self.command(&run, command))),
            Request::Look { run, reply } => self.look(&run, reply),
            Request::State { run, reply } => match self.live.get(&run) {
                Some(live) => pass(live, Look::State, reply),
                None => drop(reply.send(None)),
            },
            Request::Tail { run, reply } => {
                let live = self.live.get(&run);
                drop(reply.send(live.and_then(|live| live.kept.tail())));
            }
            Request::Ended { run, reply } => {
                let live = self.live.get(&run);
                drop(reply.send(live.map(|live| Waiting(live.ended.subscribe()))));
            }
            Request::Running(reply) => drop(reply.send(self.live.keys().cloned().collect())),
            // Dealt with by the loop.
            Request::Close(_) => {}
        }
    }

    fn start(&mut self, request: Box<StartRequest>, reply: Reply<Result<RunId, Failure>>) {
        let most = self.bounds.runs;
        if self.live.len() + self.starting.len() >= most {
            let running: Vec<&str> = self.live.keys().map(|run| run.0.as_str()).collect();
            let what = format!("{most} runs are at work, and no more may be at the same time.");
            let failure = Failure::new(FailureKind::Local, what).hint(format!(
                "Wait for one to end, or stop one: {}.",
                running.join(", ")
            ));
            drop(reply.send(Err(failure)));
            return;
        }
        let (services, bounds) = (Arc::clone(&self.services), Arc::clone(&self.bounds));
        self.starting.spawn(async move {
            let begun = request.begin(&services, &bounds).await;
            (reply, begun)
        });
    }

    fn begin(&mut self, (reply, begun): Started) {
        let begun = match begun {
            Ok(begun) => begun,
            Err(failure) => return drop(reply.send(Err(failure))),
        };
        let run = begun.run.clone();
        let (keeper, kept) = Keeper::new(begun);
        let commands = kept.commands.clone();
        let (ended, _) = watch::channel(());
        self.keepers.spawn(keeper.run());
        self.ended.retain(|(known, _)| *known != run);
        self.live.insert(run.clone(), Live { kept, ended });
        if reply.send(Ok(run)).is_err() {
            // Nobody knows of it, so nobody could stop it.
            let _ = commands.try_send(Command::Close);
        }
    }

    fn end(&mut self, ended: Option<(RunId, Seen)>) {
        match ended {
            Some((run, seen)) => {
                self.live.remove(&run);
                self.ended.push_back((run, seen));
                if self.ended.len() > REMEMBERED {
                    self.ended.pop_front();
                }
            }
            // A keeper that broke: its run is known by its closed channel.
            None => self.live.retain(|_, live| !live.kept.looks.is_closed()),
        }
    }

    fn command(&self, run: &RunId, command: Command) -> Result<(), Failure> {
        let Some(live) = self.live.get(run) else {
            return Err(
                local(format!("Session {run} does not run here.")).hint(format!(
                    "Look at it with `massgen-tui open {run}`; go on with it by a new task."
                )),
            );
        };
        live.kept.commands.try_send(command).map_err(|error| {
            use mpsc::error::TrySendError;
            match error {
                TrySendError::Full(_) => {
                    local(format!("Session {run} is too busy to take a command."))
                        .hint("Try again in a moment.")
                }
                TrySendError::Closed(_) => local(format!("Session {run} is just over.")),
            }
        })
    }

    fn look(&mut self, run: &RunId, reply: Reply<Option<Seen>>) {
        if let Some(live) = self.live.get(run) {
            pass(live, Look::Seen, reply);
            return;
        }
        let ended = self.ended.iter().find(|(known, _)| known == run);
        drop(reply.send(ended.map(|(_, seen)| seen.clone())));
    }

    /// Stops everything; says which runs had not ended by themselves.
    async fn close(mut self) -> Vec<RunId> {
        let deadline = Instant::now() + self.bounds.leave;
        while let Ok(Some(joined)) = timeout_at(deadline, self.starting.join_next()).await {
            if let Ok(started) = joined {
                self.begin(started);
            }
        }
        let left: Vec<RunId> = self.live.keys().cloned().collect();
        for live in std::mem::take(&mut self.live).into_values() {
            // Dropping the sender says the same when the channel is full.
            let _ = live.kept.commands.try_send(Command::Close);
        }
        let deadline = deadline.max(Instant::now() + GIVEN_UP);
        while let Ok(Some(_)) = timeout_at(deadline, self.keepers.join_next()).await {}
        left
    }
}
