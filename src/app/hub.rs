//! Owns the one running session: starts it, passes commands to it, closes it before the next.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{Services, Source, Way};
use crate::{
    engine::Session,
    protocol::{Command, Event, Failure, FailureKind, Folder, RunId},
};

/// Time for a session to write its log out when the program leaves.
const LEAVE: Duration = Duration::from_secs(2);
/// Requests that may wait.
const REQUESTS: usize = 64;

enum Request {
    Launch {
        source: Box<Source>,
        folders: Option<Vec<Folder>>,
        prompt: String,
        reply: oneshot::Sender<Result<RunId, Failure>>,
    },
    GoOn {
        run: RunId,
        source: Option<Box<Source>>,
        way: Way,
        reply: oneshot::Sender<Result<RunId, Failure>>,
    },
    Command(Command),
}

/// The asking end.
#[derive(Clone, Debug)]
pub struct HubHandle {
    requests: mpsc::Sender<Request>,
}

impl HubHandle {
    /// Starts a session; an earlier one is closed first. Folders that are given stand for those the
    /// team comes with.
    ///
    /// # Errors
    /// The team cannot be built: unknown scenario, missing key, no port for the demo server.
    pub async fn launch(
        &self,
        source: Source,
        folders: Option<Vec<Folder>>,
        prompt: String,
    ) -> Result<RunId, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Launch {
            source: Box::new(source),
            folders,
            prompt,
            reply,
        };
        let gone = || Failure::new(FailureKind::Cancelled, "The program is leaving.");
        self.requests.send(request).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Goes on with a stored session, with this team or else the one its log names; a session that
    /// runs is closed first.
    ///
    /// # Errors
    /// Why it cannot go on.
    pub async fn go_on(
        &self,
        run: RunId,
        source: Option<Source>,
        way: Way,
    ) -> Result<RunId, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request::GoOn {
            run,
            source: source.map(Box::new),
            way,
            reply,
        };
        let gone = || Failure::new(FailureKind::Cancelled, "The program is leaving.");
        self.requests.send(request).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Passes a command to the running session. Dropped when there is none, or when the engine is so
    /// busy that 64 commands wait.
    pub fn command(&self, command: Command) {
        let _ = self.requests.try_send(Request::Command(command));
    }
}

/// The owning end.
pub struct Hub {
    services: Arc<Services>,
    events: mpsc::Sender<Event>,
    session: Option<Session>,
}

impl Hub {
    /// Starts the hub. It ends, with its session closed, when every handle is dropped.
    #[must_use]
    pub fn spawn(
        services: Arc<Services>,
        events: mpsc::Sender<Event>,
    ) -> (HubHandle, JoinHandle<()>) {
        let (requests, receiver) = mpsc::channel(REQUESTS);
        let hub = Self {
            services,
            events,
            session: None,
        };
        (HubHandle { requests }, tokio::spawn(hub.run(receiver)))
    }

    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            match request {
                Request::Launch {
                    source,
                    folders,
                    prompt,
                    reply,
                } => {
                    let result = self.launch(*source, folders, prompt).await;
                    // The asker may have left; the session runs on and is closed with the hub.
                    let _ = reply.send(result);
                }
                Request::GoOn {
                    run,
                    source,
                    way,
                    reply,
                } => {
                    let result = self.go_on(run, source.map(|source| *source), way).await;
                    let _ = reply.send(result);
                }
                Request::Command(command) => {
                    if let Some(session) = &self.session {
                        let _ = session.commands.send(command).await;
                    }
                }
            }
        }
        self.close().await;
    }

    async fn launch(
        &mut self,
        source: Source,
        folders: Option<Vec<Folder>>,
        prompt: String,
    ) -> Result<RunId, Failure> {
        let mut team = source.build(&self.services).await?;
        if let Some(folders) = folders {
            team.rules.working.given(folders);
        }
        self.close().await;
        let events = self.events.clone();
        let (run, session) = super::start(&self.services, team, prompt, events).await?;
        self.session = Some(session);
        Ok(run)
    }

    async fn go_on(
        &mut self,
        run: RunId,
        source: Option<Source>,
        way: Way,
    ) -> Result<RunId, Failure> {
        self.close().await;
        let again = super::go_on(&self.services, &run, source, way, self.events.clone()).await?;
        self.session = Some(again.session);
        Ok(again.run)
    }

    /// Stops the running session and waits until its log is written.
    async fn close(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        let Session {
            commands, mut done, ..
        } = session;
        // Dropping the sender says the same when the channel is full.
        let _ = commands.try_send(Command::Close);
        drop(commands);
        if tokio::time::timeout(LEAVE, &mut done).await.is_err() {
            // It must not speak into the next session.
            done.abort();
        }
    }
}
