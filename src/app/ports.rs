//! The world behind the screen: what the TUI's [`Ports`] come to.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{HubHandle, Services, Source, Way, captures, checkup, guide::Configured};
use crate::{
    protocol::{Command, Failure, FailureKind, Folder, change::Access},
    provider::{discovery, health},
    tui::{
        effect::{Done, Here, Launch, Onward, Query, Stored, TeamChoice},
        ports::{Picture, Ports},
        rooms,
    },
};

/// Stored sessions that the start screen may show.
const RECENT: usize = 20;

/// The real world.
pub struct World {
    services: Arc<Services>,
    hub: HubHandle,
    /// The team of the configuration or of the flags.
    configured: Configured,
    /// The team that takes over stored sessions; `None` is the one that each log names.
    successor: Option<Source>,
    reports: super::report::Reports,
    giving: super::giving::Desk,
}

impl World {
    /// The world with the team the program was started with.
    #[must_use]
    pub fn new(services: Arc<Services>, hub: HubHandle, configured: Option<Source>) -> Self {
        Self {
            services,
            hub,
            configured: Configured::new(configured),
            successor: None,
            reports: super::report::Reports::default(),
            giving: super::giving::Desk::default(),
        }
    }

    /// The same world, in which stored sessions go on with this team.
    #[must_use]
    pub fn succeeded_by(self, successor: Option<Source>) -> Self {
        Self { successor, ..self }
    }

    fn source(&self, team: TeamChoice) -> Result<Source, Failure> {
        match team {
            TeamChoice::Demo { scenario } => Ok(Source::Demo(scenario)),
            TeamChoice::Configured => self.configured.team().ok_or_else(|| {
                Failure::new(FailureKind::Request, "No team is configured.")
                    .hint("Start with --config FILE, or pick another team.")
            }),
            TeamChoice::Stored { run, .. } => {
                Err(local(&format!("Session {run} has its own team.")))
            }
            TeamChoice::Local { base_url, models } => models
                .iter()
                .map(|model| self.services.found(&base_url, model))
                .collect::<Result<_, _>>()
                .map(Source::Backends),
        }
    }
}

impl Ports for World {
    fn launch(&self, launch: Launch) -> BoxFuture<'static, Result<(), Failure>> {
        let hub = self.hub.clone();
        let team = match launch.team {
            TeamChoice::Stored { run, onward } => {
                let way = match onward {
                    Onward::BrokenOff => Way::Resume,
                    Onward::Next => Way::Continue(launch.prompt),
                    Onward::Ask(agent) => Way::Ask(agent, launch.prompt),
                };
                let source = self.successor.clone();
                return async move { hub.go_on(run, source, way).await.map(|_| ()) }.boxed();
            }
            team => team,
        };
        let source = self.source(team);
        let folders = match launch.folder {
            Here::AsSaid => None,
            Here::Nothing => Some(Vec::new()),
            Here::Read => Some(vec![here(Access::Read)]),
            Here::Write => Some(vec![here(Access::Write)]),
        };
        async move {
            let launched = hub.launch(source?, folders, launch.prompt).await;
            launched.map(|_| ())
        }
        .boxed()
    }

    fn command(&self, command: Command) {
        self.hub.command(command);
    }

    fn query(&self, query: Query) -> BoxFuture<'static, Done> {
        let services = Arc::clone(&self.services);
        match query {
            Query::Discover => async move {
                let targets = discovery::Targets::from_env(|name| services.environment.get(name));
                Done::Discovered(discovery::discover(&services.client, &targets).await)
            }
            .boxed(),
            Query::Health => {
                let team = self.configured.team();
                async move {
                    let bound = health::BOUND;
                    Done::Health(checkup(&services, team.as_ref(), bound).await)
                }
                .boxed()
            }
            Query::Sessions => blocking(move || Done::Sessions(sessions(&services))),
            Query::Open(reading) => blocking(move || {
                let piece = super::opening::piece(&services.shelf(), &reading);
                Done::Opened(piece.map(Box::new))
            }),
            Query::Left(ask) => blocking(move || Done::Left(super::left::answer(&services, ask))),
            Query::Room(rooms::Ask::Sessions(ask)) => blocking(move || {
                let told = super::sessions::answer(&services, *ask);
                Done::Room(rooms::Told::Sessions(Box::new(told)))
            }),
            Query::Room(rooms::Ask::Compare(ask)) => blocking(move || {
                let told = super::comparing::answer(&services, *ask);
                Done::Room(rooms::Told::Compare(Box::new(told)))
            }),
            Query::Room(rooms::Ask::Notes(ask)) => blocking(move || {
                let told = super::noting::answer(&services, *ask);
                Done::Room(rooms::Told::Notes(Box::new(told)))
            }),
            Query::Room(rooms::Ask::Review(ask)) => blocking(move || {
                let told = super::review::answer(&services, *ask);
                Done::Room(rooms::Told::Review(Box::new(told)))
            }),
            Query::Room(rooms::Ask::Give(ask)) => {
                let told = self.giving.answer(services, *ask);
                async move { Done::Room(rooms::Told::Give(Box::new(told.await))) }.boxed()
            }
            Query::Room(rooms::Ask::Trust(ask)) => {
                let configured = self.configured.clone();
                blocking(move || {
                    let told = super::trust::screen::answer(&services, &configured, &ask);
                    Done::Room(rooms::Told::Trust(Box::new(told)))
                })
            }
            Query::Room(rooms::Ask::Desk(ask)) => {
                let configured = self.configured.clone();
                blocking(move || {
                    let told = super::settings::answer(&services, &configured, *ask);
                    Done::Room(rooms::Told::Desk(Box::new(told)))
                })
            }
            Query::Room(rooms::Ask::Guide(ask)) => {
                let configured = self.configured.clone();
                async move {
                    let told = configured.answer(services, *ask).await;
                    Done::Room(rooms::Told::Guide(Box::new(told)))
                }
                .boxed()
            }
            Query::Room(rooms::Ask::Report(ask)) => {
                let configured = match self.configured.team() {
                    Some(Source::Config(config)) => Some(config),
                    Some(Source::Demo(_) | Source::Backends(_)) | None => None,
                };
                let told = self.reports.answer(services, configured, *ask);
                async move { Done::Room(rooms::Told::Report(Box::new(told.await))) }.boxed()
            }
        }
    }

    fn save_capture(&self, picture: Picture) -> BoxFuture<'static, Result<String, Failure>> {
        let folder = self.services.state_dir.join("captures");
        async move {
            tokio::task::spawn_blocking(move || captures::save(&folder, &picture))
                .await
                .unwrap_or_else(|error| Err(local(&format!("The capture task ended: {error}."))))
        }
        .boxed()
    }
}

/// The folder the program was started in.
fn here(access: Access) -> Folder {
    Folder {
        path: ".".to_owned(),
        access,
        protected: Vec::new(),
    }
}

/// Runs file work off the async threads.
fn blocking(work: impl FnOnce() -> Done + Send + 'static) -> BoxFuture<'static, Done> {
    async move {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => Done::LaunchFailed(local(&format!("A file task ended: {error}."))),
        }
    }
    .boxed()
}

fn sessions(services: &Services) -> Result<Stored, Failure> {
    let listing = services.shelf().list(RECENT)?;
    Ok(Stored {
        sessions: listing.sessions,
        total: listing.total,
    })
}

fn local(message: &str) -> Failure {
    Failure::new(FailureKind::Local, message)
}
