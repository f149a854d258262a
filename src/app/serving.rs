//! The port of the HTTP server: runs of a [`Host`], sessions of the shelf, teams by name.

use std::{path::Path, sync::Arc};

use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::{
    Services,
    host::{Feed, Host, Presence, StartRequest, TeamChoice, Told},
    pictures::{self, Pictures},
    sharing::{self, Order, Rules, Surroundings, Workspace},
    shelf::Volume,
    trust::{Chosen, Refusal},
};
use crate::{
    catalog::{Entry, Standing as Kept},
    config::Paths,
    demo,
    export::{Format, Selection},
    protocol::{Command, Event, Failure, FailureKind, Folder, RunId, Seq, change},
    run::RunState,
    serve::http::port::{
        Access, Events, ExportAsk, File, Hears, ListAsk, Listed, Pick, Picture, Refused, Runs,
        Scope, Standing, Team, Waiting, Why, Wish,
    },
    store,
};

/// Name of the team of the person's own configuration.
const OWN: &str = "default";
/// What stands before the name of a scenario.
const DEMO: &str = "demo:";
/// What stands before the name of a saved configuration.
const SAVED: &str = "config:";
/// Largest file that is made of a session.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Most saved configurations that are listed.
const MOST_SAVED: usize = 200;

/// Runs and sessions for the server.
pub struct Serving {
    host: Host,
    services: Arc<Services>,
    around: Surroundings,
    paths: Paths,
    pictures: Pictures,
}

impl Serving {
    /// Over the runs of this host.
    #[must_use]
    pub fn new(host: Host, paths: Paths) -> Self {
        let services = Arc::clone(host.services());
        let around = sharing::surroundings(&paths, &services.environment);
        Self {
            host,
            services,
            around,
            paths,
            pictures: Pictures::default(),
        }
    }

    async fn find(&self, run: &RunId) -> Result<RunId, Refused> {
        let found = self.host.find(&run.0).await;
        found.map_err(|failure| Refused {
            why: Why::Missing,
            failure,
        })
    }

    async fn standing(&self, run: &RunId) -> Result<Standing, Refused> {
        Ok(if self.host.running().await?.contains(run) {
            Standing::Running
        } else {
            Standing::Over
        })
    }

    /// Whether a configuration may be used. What else is wrong with it is told when it is started.
    fn approved(&self, path: &Path) -> Result<(), Refused> {
        match self.services.configuration(path, Chosen::Found) {
            Err(refusal @ Refusal::Unapproved(_)) => Err(Refused {
                why: Why::Forbidden,
                failure: refusal.failure(),
            }),
            Err(Refusal::Broken(_)) | Ok(_) => Ok(()),
        }
    }

    fn choice(&self, pick: Pick) -> Result<TeamChoice, Refused> {
        let missing = |what: String| {
            Refused::new(Why::Missing, what)
                .hint("/api/v1/teams lists what can be started by name.")
        };
        Ok(match pick {
            Pick::Default => {
                let Some(path) = self.paths.default_config() else {
                    let what = "There is no configuration of your own.";
                    return Err(missing(what.to_owned()));
                };
                self.approved(&path)?;
                TeamChoice::Usual
            }
            Pick::Named(name) => {
                if !self.teams_now().iter().any(|team| team.id == name) {
                    return Err(missing(format!("There is no team `{name}`.")));
                }
                match name.strip_prefix(DEMO) {
                    Some(scenario) => TeamChoice::Demo(scenario.to_owned()),
                    None => match name.strip_prefix(SAVED) {
                        Some(saved) => TeamChoice::Config(saved.to_owned()),
                        None => return self.choice(Pick::Default),
                    },
                }
            }
            Pick::File(path) => {
                if !path.is_file() {
                    return Err(missing(format!("There is no file {}.", path.display())));
                }
                self.approved(&path)?;
                TeamChoice::Config(path.display().to_string())
            }
            Pick::Models { base_url, models } => TeamChoice::Models { base_url, models },
        })
    }

    fn teams_now(&self) -> Vec<Team> {
        let mut teams = Vec::new();
        if let Some(path) = self.paths.default_config() {
            teams.push(Team {
                id: OWN.to_owned(),
                title: format!("The configuration {}", path.display()),
                agents: Vec::new(),
            });
        }
        for name in saved(&self.paths) {
            teams.push(Team {
                id: format!("{SAVED}{name}"),
                title: "A saved configuration".to_owned(),
                agents: Vec::new(),
            });
        }
        for info in demo::scenarios() {
            let agents = demo::find(&info.name).map(|scenario| scenario.agents());
            teams.push(Team {
                id: format!("{DEMO}{}", info.name),
                title: format!("{} (a script, no model)", info.title),
                agents: agents
                    .map(|agents| agents.into_iter().map(|(name, _)| name).collect())
                    .unwrap_or_default(),
            });
        }
        teams
    }

    fn request(&self, wish: Wish) -> Result<StartRequest, Refused> {
        let folder = |folder: crate::serve::http::port::Folder| {
            if !folder.path.exists() {
                let what = format!("There is no folder {}.", folder.path.display());
                return Err(Refused::new(Why::Missing, what).hint("Name one that exists."));
            }
            Ok(Folder {
                path: folder.path.display().to_string(),
                access: match folder.access {
                    Access::Read => change::Access::Read,
                    Access::Write => change::Access::Write,
                },
                protected: Vec::new(),
            })
        };
        let folders: Vec<Folder> = wish
            .folders
            .into_iter()
            .map(folder)
            .collect::<Result<_, _>>()?;
        Ok(StartRequest {
            prompt: wish.prompt,
            team: self.choice(wish.team)?,
            folders: (!folders.is_empty()).then_some(folders),
            settings: wish
                .settings
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
            presence: match wish.hears {
                Hears::Nobody => Presence::Nobody,
                Hears::Client => Presence::Somebody,
            },
            ..StartRequest::default()
        })
    }

    async fn begin(&self, wish: Wish) -> Result<RunId, Refused> {
        let request = self.request(wish)?;
        match self.host.start(request).await {
            Ok(run) => Ok(run),
            Err(failure) => {
                let full = self.host.running().await?.len() >= self.host.bounds().runs;
                let why = match failure.kind {
                    FailureKind::Model => Why::Missing,
                    FailureKind::Auth => Why::Forbidden,
                    FailureKind::Local if full => Why::Full,
                    _ => Refused::from(failure.clone()).why,
                };
                Err(Refused { why, failure })
            }
        }
    }

    async fn listed(&self, ask: ListAsk) -> Result<Listed, Refused> {
        let running = self.host.running().await?;
        let entries = self.host.filtered(&ask.filter).await?;
        let standing = |entry: &Entry| {
            if running.contains(&entry.summary.run) {
                Standing::Running
            } else if entry.standing == Kept::Live {
                Standing::Elsewhere
            } else {
                Standing::Over
            }
        };
        let sessions: Vec<_> = entries
            .iter()
            .map(|entry| (entry.summary.clone(), standing(entry)))
            .filter(|(_, standing)| match ask.scope {
                Scope::Running => *standing == Standing::Running,
                Scope::Stored => *standing == Standing::Over,
                Scope::All => true,
            })
            .collect();
        let fitting = sessions.len();
        let sessions = sessions.into_iter().take(ask.limit).collect();
        Ok(Listed { sessions, fitting })
    }

    async fn picture(&self, run: RunId) -> Result<Picture, Refused> {
        let run = self.find(&run).await?;
        // Asked before the log is read: what is over is whole there.
        let standing = self.standing(&run).await?;
        // Marked before it is read, too: what is added meanwhile is read the next time.
        let log = self.services.state_dir.join("sessions").join(&run.0);
        let mark = pictures::mark(&log.join("events.jsonl"));
        let mark = mark.filter(|_| standing == Standing::Over);
        if let Some(picture) = mark.and_then(|mark| self.pictures.get(&run, mark)) {
            return Ok(picture);
        }
        let shelf = self.services.shelf();
        let name = run.clone();
        let read = tokio::task::spawn_blocking(move || {
            let volume = shelf.find(&name.0)?;
            let elsewhere = match &volume {
                Volume::Ours(run) => shelf.store().is_written(run),
                Volume::MassGen(_) => false,
            };
            Ok::<_, Failure>((shelf.read(&volume)?, elsewhere))
        });
        let (session, elsewhere) = read.await.map_err(|error| broke(&error))??;
        let mut state = RunState::default();
        for event in &session.events {
            state.apply(event);
        }
        let picture = Picture {
            summary: store::summary(run.clone(), &session.events),
            standing: match standing {
                Standing::Over if elsewhere => Standing::Elsewhere,
                standing => standing,
            },
            state,
        };
        if let (Some(mark), Standing::Over) = (mark, picture.standing) {
            self.pictures.keep(run, mark, &picture);
        }
        Ok(picture)
    }

    async fn follow(&self, run: RunId, after: Seq) -> Result<Events, Refused> {
        let run = self.find(&run).await?;
        let feed = self
            .host
            .subscribe(&run.0, Seq(after.0.saturating_add(1)))
            .await?;
        Ok(stream::unfold(Some(feed), |feed| async move {
            let mut feed = feed?;
            match next(&mut feed).await {
                Ok(Some(event)) => Some((Ok(event), Some(feed))),
                Ok(None) => None,
                Err(failure) => Some((Err(failure), None)),
            }
        })
        .boxed())
    }

    async fn pass(&self, run: RunId, command: Command) -> Result<(), Refused> {
        let run = self.find(&run).await?;
        if self.standing(&run).await? != Standing::Running {
            let what = format!("{run} does not run in this server.");
            return Err(Refused::new(Why::Over, what)
                .hint("GET the run: `state` says whether it is over or runs elsewhere."));
        }
        let taken = self.host.command(&run.0, command).await;
        // It may have ended in between.
        taken.map_err(|failure| Refused {
            why: Why::Over,
            failure,
        })
    }

    async fn file(&self, ask: ExportAsk) -> Result<File, Refused> {
        let run = self.find(&ask.run).await?;
        let wrong = |error: &dyn std::fmt::Display| Refused::new(Why::Wrong, format!("{error}."));
        let turns = Some(ask.turns.as_str()).filter(|turns| !turns.is_empty());
        let turns = turns.map(str::parse::<Selection>).transpose();
        let redact: Vec<String> = (!ask.redact.is_empty())
            .then_some(ask.redact)
            .into_iter()
            .collect();
        let order = Order {
            id: run.0,
            format: match ask.format.as_str() {
                "md" => Format::Md,
                "json" => Format::Json,
                "bundle" => Format::Bundle,
                "cast" => Format::Cast,
                _ => Format::Html,
            },
            turns: turns
                .map_err(|error| wrong(&error))?
                .unwrap_or(Selection::All),
            workspace: Workspace::With,
            most: Some(LARGEST),
            rules: Rules::parse(&redact).map_err(|error| wrong(&error))?,
            by: None,
            watch: sharing::Watch::default(),
        };
        let (shelf, state) = (self.services.shelf(), self.services.state_dir.clone());
        let around = self.around.clone();
        let made = tokio::task::spawn_blocking(move || made(&shelf, &state, &around, &order));
        made.await.map_err(|error| broke(&error))?
    }
}

/// The next event; numbers that cannot be had are passed over, which the next one's number shows.
async fn next(feed: &mut Feed) -> Result<Option<Event>, Failure> {
    loop {
        match feed.next().await? {
            Some(Told::Event(event)) => return Ok(Some(Arc::unwrap_or_clone(event))),
            Some(Told::Missing { .. }) => {}
            None => return Ok(None),
        }
    }
}

/// The file of a session. Blocking.
fn made(
    shelf: &super::shelf::Shelf,
    state: &Path,
    around: &Surroundings,
    order: &Order,
) -> Result<File, Refused> {
    let prepared = sharing::prepare(shelf, state, around, order)?;
    if !prepared.suspects.is_empty() {
        let what = format!(
            "{} things in the session may be secrets and are not masked.",
            prepared.suspects.len()
        );
        return Err(Refused::new(Why::Forbidden, what)
            .hint("Mask them with redact=suspects; `massgen-tui export --dry-run` shows them."));
    }
    let mut bytes = Vec::new();
    prepared.write(&mut bytes).map_err(|error| {
        Refused::new(
            Why::Failed,
            format!("The session cannot be written: {error}."),
        )
    })?;
    Ok(File {
        name: prepared.name(),
        mime: order.format.mime(),
        bytes,
    })
}

/// Names of the configurations that the person saved.
fn saved(paths: &Paths) -> Vec<String> {
    let Some(home) = &paths.home else {
        return Vec::new();
    };
    let Ok(folder) = std::fs::read_dir(home.join(".config/massgen/agents")) else {
        return Vec::new();
    };
    let fits = |name: &String| {
        name.len() <= 100
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let mut names: Vec<String> = folder
        .flatten()
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            let ending = Path::new(name).extension();
            ending
                .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        })
        .filter(fits)
        .collect();
    names.sort_unstable();
    names.truncate(MOST_SAVED);
    names
}

fn broke(error: &tokio::task::JoinError) -> Refused {
    Refused::new(Why::Failed, format!("It broke off: {error}."))
}

impl Runs for Serving {
    fn teams(&self) -> Waiting<'_, Vec<Team>> {
        async { Ok(self.teams_now()) }.boxed()
    }

    fn start(&self, wish: Wish) -> Waiting<'_, RunId> {
        self.begin(wish).boxed()
    }

    fn list(&self, ask: ListAsk) -> Waiting<'_, Listed> {
        self.listed(ask).boxed()
    }

    fn get(&self, run: RunId) -> Waiting<'_, Picture> {
        self.picture(run).boxed()
    }

    fn events(&self, run: RunId, after: Seq) -> Waiting<'_, Events> {
        self.follow(run, after).boxed()
    }

    fn command(&self, run: RunId, command: Command) -> Waiting<'_, ()> {
        self.pass(run, command).boxed()
    }

    fn export(&self, ask: ExportAsk) -> Waiting<'_, File> {
        self.file(ask).boxed()
    }
}
