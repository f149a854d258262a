//! The port of the HTTP server: runs of a [`Host`], sessions of the shelf, teams by name.

mod pictures;
mod teams;

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::time::timeout;

use self::{pictures::Pictures, teams::Teams};
use super::{
    Services,
    host::{Feed, Host, Presence, StartRequest, TeamChoice, Told},
    sharing::{self, Order, Rules, Surroundings, Workspace},
    shelf::Shelf,
};
use crate::{
    catalog::{Entry, Standing as Kept},
    config::Paths,
    export::{Format, Selection},
    protocol::{Command, Event, Failure, FailureKind, Folder, Origin, RunId, Seq, change},
    run::Turn,
    serve::http::port::{
        self, Access, Begun, Events, ExportAsk, File, Hears, ListAsk, Listed, Pick, Picture,
        Refused, Runs, Scope, Standing, Team, Waiting, Why, Wish,
    },
};

/// Largest file that is made of a session.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Time for a run to close its log after its last word.
const CLOSING: Duration = Duration::from_secs(5);

/// Runs and sessions for the server.
pub struct Serving {
    host: Host,
    services: Arc<Services>,
    around: Surroundings,
    teams: Teams,
    pictures: Arc<Pictures>,
}

impl Serving {
    /// Over the runs of this host.
    #[must_use]
    pub fn new(host: Host, paths: Paths) -> Self {
        let services = Arc::clone(host.services());
        let around = sharing::surroundings(&paths, &services.environment);
        Self {
            around,
            teams: Teams::new(host.clone(), paths),
            host,
            services,
            pictures: Arc::default(),
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

    /// The session that is gone on with, and its last event.
    async fn before(&self, run: &RunId, pick: &Pick) -> Result<Begun, Refused> {
        let mut picture = self.picture(run.clone()).await?;
        let said = |turn: &Turn| turn.last_word().is_some();
        if picture.standing == Standing::Running && picture.state.turn.as_ref().is_some_and(said) {
            // Whoever was told the answer may be quicker than the log is closed.
            let ended = self.host.ended(&picture.summary.run.0);
            let _ = timeout(CLOSING, ended).await;
            picture = self.picture(run.clone()).await?;
        }
        let run = picture.summary.run;
        if picture.standing != Standing::Over {
            return Err(Refused::new(Why::AtWork, format!("{run} is at work."))
                .hint("Wait for its end (result?wait=60), or steer it."));
        }
        let origin = picture.state.turn.as_ref().map(|turn| &turn.start.origin);
        if let (Some(Origin::Direct), Pick::Default) = (origin, pick) {
            let what = format!("{run} had a team of models, and a log holds no addresses or keys.");
            return Err(Refused::new(Why::Unusable, what)
                .hint("Name `models` with `base_url` again, or a `team` or `config`."));
        }
        Ok(Begun {
            run,
            after: Seq(picture.state.last_seq),
            notes: Vec::new(),
        })
    }

    async fn request(&self, wish: Wish) -> Result<(StartRequest, Seq), Refused> {
        let before = match &wish.after {
            Some(run) => Some(self.before(run, &wish.team).await?),
            None => None,
        };
        let (after, last) = match before {
            Some(before) => (Some(before.run), before.after),
            None => (None, Seq(0)),
        };
        let team = self.teams.choice(wish.team, after.is_some()).await?;
        let folders = teams::blocking(move || folders(wish.folders)).await?;
        // A template says `.`, and where the server was started is no choice of its client.
        let whole = matches!(team, TeamChoice::Template(_));
        let settings = wish.settings.iter();
        let request = StartRequest {
            prompt: wish.prompt,
            folders: (whole || !folders.is_empty()).then_some(folders),
            team,
            settings: settings
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
            after,
            presence: match wish.hears {
                Hears::Nobody => Presence::Nobody,
                Hears::Client => Presence::Somebody,
            },
            ..StartRequest::default()
        };
        Ok((request, last))
    }

    async fn begin(&self, wish: Wish) -> Result<Begun, Refused> {
        let (request, after) = self.request(wish).await?;
        let notes = self.host.lowered(&request.settings);
        match self.host.start(request).await {
            Ok(run) => Ok(Begun { run, after, notes }),
            Err(failure) => {
                let full = self.host.running().await?.len() >= self.host.bounds().runs;
                let why = match failure.kind {
                    FailureKind::Model => Why::Missing,
                    FailureKind::Auth => Why::Forbidden,
                    FailureKind::Local if full => Why::Full,
                    FailureKind::Request => Why::Unusable,
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
        let (shelf, pictures) = (self.services.shelf(), Arc::clone(&self.pictures));
        let name = run.clone();
        let mut picture =
            teams::blocking(move || Ok(pictures.read(&shelf, name, standing)?)).await?;
        if let Some(state) = self.host.state(&run).await? {
            // Who heard of a question answers it, whether or not it stands in the log yet.
            picture.state = *state;
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

    async fn pass(&self, run: RunId, command: Command) -> Result<RunId, Refused> {
        let run = self.find(&run).await?;
        if self.standing(&run).await? != Standing::Running {
            let what = format!("{run} does not run in this server.");
            return Err(Refused::new(Why::Over, what)
                .hint("GET the run: `state` says whether it is over or runs elsewhere."));
        }
        let taken = self.host.command(&run.0, command).await;
        // It may have ended in between.
        taken.map(|()| run).map_err(|failure| Refused {
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

/// The folders of a request. Blocking.
fn folders(given: Vec<port::Folder>) -> Result<Vec<Folder>, Refused> {
    let folders = given.into_iter().map(|folder| {
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
    });
    folders.collect()
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
    shelf: &Shelf,
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

fn broke(error: &tokio::task::JoinError) -> Refused {
    Refused::new(Why::Failed, format!("It broke off: {error}."))
}

impl Runs for Serving {
    fn teams(&self) -> Waiting<'_, Vec<Team>> {
        self.teams.all().boxed()
    }

    fn start(&self, wish: Wish) -> Waiting<'_, Begun> {
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

    fn command(&self, run: RunId, command: Command) -> Waiting<'_, RunId> {
        self.pass(run, command).boxed()
    }

    fn export(&self, ask: ExportAsk) -> Waiting<'_, File> {
        self.file(ask).boxed()
    }
}
