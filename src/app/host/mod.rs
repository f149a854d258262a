//! Runs of this process that a program drives, not the screen: for an API, an MCP client, an editor.
//!
//! One task owns all runs ([`registry`]), one task follows each ([`keeper`]): it folds the run's events,
//! answers what nobody is there to answer, and closes the run after its outcome, so that its log is whole.
//! A [`Host`] is the asking end; clones share the same runs. Sessions that ended, or that another process
//! runs, are answered from their logs, so every session of this machine can be asked about.
//!
//! Bounds: runs at the same time ([`Bounds::runs`]); every request waits at most [`Bounds::patience`],
//! a start at most [`Bounds::start`]; a reader of events that is slow never slows a run, it reads on from
//! the log ([`feed`]); what ended runs came to is remembered for the newest [`REMEMBERED`]. A start whose
//! asker has gone is stopped. [`Host::close`] stops every run and waits until the logs are written.

mod feed;
mod keeper;
mod reading;
mod registry;
mod request;
mod seen;
mod sessions;
mod teams;
mod template;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

pub use feed::{Feed, Told};
pub use reading::{Read, Reading};
pub use request::{StartRequest, TeamChoice, fenced};
pub use seen::{AgentStatus, AnswerLine, RunResult, Seen, State, Status};
pub use teams::{Demo, Teams, TemplateLine};

use self::{
    registry::{Registry, Request},
    request::Ground,
};
use super::{Services, shelf::Volume};
pub use crate::headless::Presence;
use crate::{
    protocol::{Command, Failure, FailureKind, RunId, Seq},
    run::RunState,
};

/// Requests that may wait for the owner of the runs.
const REQUESTS: usize = 64;
/// Ended runs whose result is remembered beside their logs.
const REMEMBERED: usize = 64;

/// How much a host does at most.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Runs at the same time.
    pub runs: usize,
    /// Longest wait for a run to start.
    pub start: Duration,
    /// Longest wait for everything else that is asked.
    pub patience: Duration,
    /// Longest wait for the logs when everything is stopped.
    pub leave: Duration,
    /// Folders that clients may name, with all below them; none means that they may name any.
    pub roots: Vec<PathBuf>,
}

impl Default for Bounds {
    /// 4 runs; 30 s for a start, 10 s for anything else, 5 s to leave.
    fn default() -> Self {
        Self {
            runs: 4,
            start: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            leave: Duration::from_secs(5),
            roots: Vec::new(),
        }
    }
}

/// The asking end. Clones share the runs.
#[derive(Clone)]
pub struct Host {
    services: Arc<Services>,
    bounds: Arc<Bounds>,
    requests: mpsc::Sender<Request>,
}

impl Host {
    /// Begins without any run. The task ends after [`Host::close`], or with the last handle.
    #[must_use]
    pub fn spawn(services: Arc<Services>, bounds: Bounds) -> (Self, JoinHandle<()>) {
        let (requests, receiver) = mpsc::channel(REQUESTS);
        let bounds = Arc::new(bounds);
        let registry = Registry::new(Arc::clone(&services), Arc::clone(&bounds));
        let host = Self {
            services,
            bounds,
            requests,
        };
        (host, tokio::spawn(registry.run(receiver)))
    }

    /// What everything is built with.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// How much is done at most.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The configuration that a client means by a path or a name: one that it may name. Blocking.
    ///
    /// # Errors
    /// There is none, or it lies outside of [`Bounds::roots`].
    pub fn configuration(&self, name: &str) -> Result<PathBuf, Failure> {
        Ground::new(None, &self.bounds.roots)?.configuration(name)
    }

    /// A name for a session that is started later.
    #[must_use]
    pub fn new_name(&self) -> RunId {
        super::session::new_name()
    }

    /// What whoever makes a request is to be told of its settings, a sentence each: limits above those that
    /// the program was started with are not taken.
    #[must_use]
    pub fn lowered(&self, settings: &[String]) -> Vec<String> {
        request::lowered(&self.services.overlay, settings)
    }

    /// Starts a run. When the caller stops waiting, the run is stopped as soon as it has started.
    ///
    /// # Errors
    /// Too many runs, a path that may not be named, a team that cannot be built.
    pub async fn start(&self, request: StartRequest) -> Result<RunId, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Start {
            request: Box::new(request),
            reply,
        };
        self.ask(request, answer, self.bounds.start).await?
    }

    /// Where a session of this machine is, and what it came to when it is over. The name may be cut
    /// short, or `latest`.
    ///
    /// # Errors
    /// No session is called so, or its log cannot be read.
    pub async fn seen(&self, name: &str) -> Result<Seen, Failure> {
        let run = RunId(name.trim().to_owned());
        if let Some(seen) = self.here(&run).await? {
            return Ok(seen);
        }
        let run = self.find(name).await?;
        if let Some(seen) = self.here(&run).await? {
            return Ok(seen);
        }
        let shelf = self.services.shelf();
        blocking(move || {
            let volume = shelf.find(&run.0)?;
            let session = shelf.read(&volume)?;
            let elsewhere = shelf.is_written(&volume);
            Ok(Seen::of_log(&run, &session.events, elsewhere))
        })
        .await
    }

    /// All that is known of a run of this host; `None` of any other. Its log may be a moment behind.
    ///
    /// # Errors
    /// The host is leaving.
    pub async fn state(&self, run: &RunId) -> Result<Option<Box<RunState>>, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request::State {
            run: run.clone(),
            reply,
        };
        self.ask(request, answer, self.bounds.patience).await
    }

    /// Where a session is.
    ///
    /// # Errors
    /// As for [`Host::seen`].
    pub async fn status(&self, name: &str) -> Result<Status, Failure> {
        self.seen(name).await.map(|seen| seen.status)
    }

    /// What a session came to; `None` while it runs.
    ///
    /// # Errors
    /// As for [`Host::seen`].
    pub async fn result(&self, name: &str) -> Result<Option<RunResult>, Failure> {
        self.seen(name).await.map(|seen| seen.result)
    }

    /// The runs of this host that are not over, oldest first.
    ///
    /// # Errors
    /// The host is leaving.
    pub async fn running(&self) -> Result<Vec<RunId>, Failure> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Running(reply), answer, self.bounds.patience)
            .await
    }

    /// The full name of the session that `name` means.
    ///
    /// # Errors
    /// Nothing fits, or several do.
    pub async fn find(&self, name: &str) -> Result<RunId, Failure> {
        let (shelf, name) = (self.services.shelf(), name.trim().to_owned());
        // A path would lead out of what is known here.
        if name.contains(['/', '\\']) {
            return Err(local("A session is named by its ID, not by a path.")
                .hint("`massgen-tui logs list` shows the IDs."));
        }
        blocking(move || {
            Ok(match shelf.find(&name)? {
                Volume::Ours(run) => run,
                Volume::MassGen(folder) => crate::massgen::name(&folder),
            })
        })
        .await
    }

    /// The events of a session from number `from` on: of a run of this host to its end, of any other what
    /// its log holds.
    ///
    /// # Errors
    /// No session is called so.
    pub async fn subscribe(&self, name: &str, from: Seq) -> Result<Feed, Failure> {
        let exact = RunId(name.trim().to_owned());
        let run = match self.tail(&exact).await? {
            Some(tail) => return Ok(Feed::live(self.services.shelf(), exact, from, tail)),
            None => self.find(name).await?,
        };
        Ok(match self.tail(&run).await? {
            Some(tail) => Feed::live(self.services.shelf(), run, from, tail),
            None => Feed::stored(self.services.shelf(), run, from),
        })
    }

    /// Passes a command to a run of this host.
    ///
    /// # Errors
    /// It does not run here, or takes no further command now.
    pub async fn command(&self, name: &str, command: Command) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let run = RunId(name.trim().to_owned());
        let request = Request::Command {
            run,
            command,
            reply,
        };
        self.ask(request, answer, self.bounds.patience).await?
    }

    /// Waits until a run of this host is over and its log is closed; says what it came to. Of a session
    /// that does not run here it says at once what its log tells.
    ///
    /// # Errors
    /// As for [`Host::seen`].
    pub async fn ended(&self, name: &str) -> Result<Seen, Failure> {
        let (reply, answer) = oneshot::channel();
        let run = RunId(name.trim().to_owned());
        let request = Request::Ended { run, reply };
        // How long a run takes is the run's own limit; the end of the host ends the wait.
        let waiting = self.ask(request, answer, self.bounds.patience).await?;
        if let Some(waiting) = waiting {
            waiting.await;
        }
        self.seen(name).await
    }

    /// Stops every run, waits until their logs are written (or [`Bounds::leave`] is over), and says which
    /// had not ended by themselves. Nothing is started afterwards.
    pub async fn close(&self) -> Vec<RunId> {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Close(reply)).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    async fn here(&self, run: &RunId) -> Result<Option<Seen>, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Look {
            run: run.clone(),
            reply,
        };
        self.ask(request, answer, self.bounds.patience).await
    }

    async fn tail(&self, run: &RunId) -> Result<Option<keeper::Tail>, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Tail {
            run: run.clone(),
            reply,
        };
        self.ask(request, answer, self.bounds.patience).await
    }

    async fn ask<T>(
        &self,
        request: Request,
        answer: oneshot::Receiver<T>,
        bound: Duration,
    ) -> Result<T, Failure> {
        let gone = || Failure::new(FailureKind::Cancelled, "The program is leaving.");
        let asked = async {
            self.requests.send(request).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())
        };
        timeout(bound, asked).await.unwrap_or_else(|_| {
            let what = format!("There was no answer within {} s.", bound.as_secs());
            Err(Failure::new(FailureKind::Local, what).hint("Try again in a moment."))
        })
    }
}

/// Work with files, away from those who wait for the network.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(local(format!("The log could not be read: {error}."))))
}

fn local(what: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Local, what)
}

fn refused(what: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Request, what)
}
