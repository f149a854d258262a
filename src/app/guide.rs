//! The world behind the set-up screen: what is at hand, tries, keys that are kept, the file that is saved.
//!
//! Every question looks at the environment anew, so that a key that was just kept counts at once.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::sync::watch;

use super::{
    Keep, Keys, Services, Source,
    setup::{self, FoundKey, FoundProgram, Login, Place, Replace, Tried},
};
use crate::{
    config::{self, Environment, Paths, Purpose, Severity, backends},
    headless::words::money,
    protocol::{Discovered, Failure, FailureKind, Origin},
    setup::{Hand, Way},
    text::clean,
    tui::{
        guide::{self, Ask, Mark, Part, Seen, Spot, Store, Told},
        options::TeamSummary,
    },
};

/// The team that is offered as the configured one; set-up changes it.
#[derive(Clone)]
pub(super) struct Configured {
    team: Arc<watch::Sender<Option<Source>>>,
    /// Counts up when tries are stopped.
    stops: Arc<watch::Sender<u64>>,
}

impl Configured {
    pub(super) fn new(team: Option<Source>) -> Self {
        Self {
            team: Arc::new(watch::Sender::new(team)),
            stops: Arc::new(watch::Sender::new(0)),
        }
    }

    /// The team as it is now.
    pub(super) fn team(&self) -> Option<Source> {
        self.team.borrow().clone()
    }

    /// This is the team from now on.
    pub(super) fn set(&self, team: Source) {
        self.team.send_replace(Some(team));
    }

    /// Answers the screen.
    pub(super) async fn answer(self, services: Arc<Services>, ask: Ask) -> Told {
        match ask {
            Ask::Keys => Told::Keys(Box::new(keys(&services).await)),
            Ask::Servers => {
                let (_, env) = surroundings().await;
                Told::Part(servers(&services, &env).await)
            }
            Ask::Programs => {
                let (_, env) = surroundings().await;
                Told::Part(programs(&env).await)
            }
            Ask::Models(ways) => {
                let (_, env) = surroundings().await;
                let lists = ways.into_iter().map(|way| list(&services, &env, way));
                let (ways, troubles): (Vec<_>, Vec<_>) = join_all(lists).await.into_iter().unzip();
                Told::Models(ways, troubles.into_iter().flatten().collect())
            }
            Ask::Prompts => prompts().await,
            Ask::Try(agent) => {
                let mut stops = self.stops.subscribe();
                let attempt = async {
                    let (_, env) = surroundings().await;
                    setup::attempt(&services.client, &env, &agent).await
                };
                let outcome = tokio::select! {
                    outcome = attempt => outcome,
                    _ = stops.changed() => Err(Failure::new(FailureKind::Cancelled, "Stopped.")),
                };
                Told::Tried(outcome.map(|tried| words(&tried)))
            }
            Ask::Stop => {
                self.stops.send_modify(|count| *count += 1);
                Told::Part(Part::default())
            }
            Ask::Keep {
                variable,
                key,
                store,
            } => Told::Kept(keep(variable, SecretString::from(key.0), store).await),
            Ask::Save {
                path,
                text,
                replace,
            } => {
                let saved = blocking(move || save(&services, &path, &text, replace)).await;
                Told::Saved(saved.map(|(saved, source)| {
                    self.set(source);
                    Box::new(saved)
                }))
            }
        }
    }
}

/// The prompts that are kept.
async fn prompts() -> Told {
    let looked = tokio::task::spawn_blocking(|| {
        let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
        let (mut presets, mut troubles) = (Vec::new(), Vec::new());
        for kept in super::prompts::all(paths.config.as_deref()) {
            match kept.preset {
                Ok(preset) => presets.push(preset),
                Err(words) => {
                    let file = kept.file.map(|file| file.display().to_string());
                    troubles.push(format!("{}: {words}", file.unwrap_or(kept.name)));
                }
            }
        }
        Told::Prompts(presets, troubles)
    });
    let failed = |error| Told::Prompts(Vec::new(), vec![format!("A file task ended: {error}.")]);
    looked.await.unwrap_or_else(failed)
}

/// Files and the keyring are looked at off the async threads.
async fn surroundings() -> (Paths, Environment) {
    let looked = tokio::task::spawn_blocking(setup::surroundings).await;
    looked.unwrap_or_default()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Failure::new(
            FailureKind::Local,
            format!("A file task ended: {error}."),
        )),
    }
}

/// How a try went, for people.
fn words(tried: &Tried) -> String {
    let seconds = tried.took_ms as f64 / 1_000.0;
    let mut words = format!("answers in {seconds:.1} s");
    if let Some(cost) = tried.cost {
        words.push_str(" · ");
        words.push_str(&money(cost));
    }
    words
}

async fn keys(services: &Services) -> guide::Keys {
    let (paths, env) = surroundings().await;
    let found = setup::keys(&env);
    let all = setup::Found {
        keys: found.clone(),
        ..setup::Found::default()
    };
    let hand = setup::hand(&services.client, &env, &all).await;
    let mut rows: Vec<Seen> = found.iter().map(|key| of_key(key, &hand)).collect();
    rows.extend(missing(&found));
    let spots = [
        ("This project", Place::Project),
        ("Everywhere, for you", Place::User),
    ];
    let spots = spots.into_iter().filter_map(|(whose, place)| {
        let path = setup::target(&place, &paths).ok()?;
        Some(Spot {
            whose: whose.to_owned(),
            exists: path.exists(),
            path: path.display().to_string(),
        })
    });
    guide::Keys {
        part: Part {
            rows,
            ways: hand.ways,
        },
        day: setup::today(),
        spots: spots.collect(),
    }
}

fn of_key(key: &FoundKey, hand: &Hand) -> Seen {
    let usable = hand.way(&key.backend, None).is_some_and(Way::is_usable);
    let (mark, help) = if usable {
        (Mark::Ready, String::new())
    } else {
        let words =
            "Its models could not be listed; the list of models takes a name that you type.";
        (Mark::Half, words.to_owned())
    };
    Seen {
        mark,
        name: key.name.clone(),
        note: format!("{} is set ({})", key.variable, key.from),
        help,
        variable: None,
    }
}

/// Vendors whose key could be entered.
fn missing(found: &[FoundKey]) -> Vec<Seen> {
    let vendors = backends::all().iter().filter(|one| {
        one.unserved.is_none() && one.program.is_none() && !one.local && one.base_url.is_some()
    });
    vendors
        .filter(|one| found.iter().all(|key| key.backend != one.r#type))
        .filter_map(|one| {
            let variable = one.keys.first()?.clone();
            Some(Seen {
                mark: Mark::Absent,
                name: one.name.clone(),
                note: format!("{variable} is not set"),
                help: "Enter lets you type the key; it goes into the keyring.".to_owned(),
                variable: Some(variable),
            })
        })
        .collect()
}

async fn servers(services: &Services, env: &Environment) -> Part {
    let found = setup::servers(&services.client, env).await;
    let rows = found.iter().map(of_server).collect();
    let all = setup::Found {
        servers: found,
        ..setup::Found::default()
    };
    let hand = setup::hand(&services.client, env, &all).await;
    Part {
        rows,
        ways: hand.ways,
    }
}

fn of_server(server: &Discovered) -> Seen {
    let (mark, note, help) = match server.models.as_slice() {
        _ if server.needs_key => (
            Mark::Half,
            "wants a key".to_owned(),
            "Give it one with --base-url and OPENAI_API_KEY, or in a configuration.",
        ),
        [] => (
            Mark::Half,
            "offers no model".to_owned(),
            "Load a model there, then look again with Ctrl-R.",
        ),
        [one] => (Mark::Ready, one.id.clone(), ""),
        [first, ..] => (
            Mark::Ready,
            format!("{} and {} more", first.id, server.models.len() - 1),
            "",
        ),
    };
    Seen {
        mark,
        name: server.kind.name().to_owned(),
        note: format!("{} · {note}", clean::line(&server.base_url)),
        help: help.to_owned(),
        variable: None,
    }
}

async fn programs(env: &Environment) -> Part {
    let found = setup::programs(env).await;
    let rows = found
        .iter()
        .map(|program| {
            let (mark, note, help) = match &program.login {
                Login::Found(trace) => (Mark::Ready, format!("logged in ({trace})"), String::new()),
                Login::NotFound => (
                    Mark::Half,
                    "installed, but no login was found".to_owned(),
                    format!(
                        "Log in once with `{}`, then look again with Ctrl-R.",
                        program.how
                    ),
                ),
            };
            Seen {
                mark,
                name: program.name.clone(),
                note,
                help,
                variable: None,
            }
        })
        .collect();
    let usable = found.iter().filter(|one| one.login != Login::NotFound);
    let ways = usable.map(FoundProgram::way);
    let ways = ways.collect();
    Part { rows, ways }
}

/// A way with all its models; without a list it stays as it was.
async fn list(services: &Services, env: &Environment, mut way: Way) -> (Way, Option<String>) {
    match setup::list(&services.client, env, &way).await {
        Ok(models) => {
            way.models = models;
            (way, None)
        }
        Err(failure) => (way, Some(clean::line(&failure.words()).into_owned())),
    }
}

async fn keep(variable: String, key: SecretString, store: Store) -> Result<String, String> {
    use secrecy::ExposeSecret as _;
    let work = move || {
        let (paths, env) = setup::surroundings();
        let folder = paths
            .config
            .ok_or("There is no home folder to keep keys in.")?;
        let keys = Keys::new(folder);
        let keep = match store {
            Store::Keyring => Keep::Keyring,
            Store::File => Keep::File,
        };
        keys.set(&env, &variable, key.expose_secret(), keep)?;
        Ok(match store {
            Store::Keyring => "the keyring".to_owned(),
            Store::File => keys.file().display().to_string(),
        })
    };
    let kept = tokio::task::spawn_blocking(work).await;
    kept.unwrap_or_else(|error| Err(format!("A task ended: {error}.")))
}

/// Writes the file and reads it back as it will be run.
fn save(
    services: &Services,
    path: &str,
    text: &str,
    replace: bool,
) -> Result<(guide::Saved, Source), Failure> {
    let replace = if replace {
        Replace::Kept
    } else {
        Replace::Never
    };
    let saved = setup::save(&PathBuf::from(path), text, replace)?;
    let (_, env) = setup::surroundings();
    setup::approve(&services.trust, &saved.path, &env)?;
    let lookup = |name: &str| env.get(name);
    let loaded =
        config::load_file_with(&saved.path, &lookup, Purpose::Run, &services.overlay_now());
    let Some(config) = loaded.config else {
        let all = loaded.report.findings().iter();
        let mut errors = all.filter(|finding| finding.severity == Severity::Error);
        let first = errors.next().map_or("", |finding| finding.message.as_str());
        let message = format!(
            "{} was saved, but cannot be run: {first}.",
            saved.path.display()
        );
        return Err(Failure::new(FailureKind::Request, message)
            .hint("Change the team, or the file; `massgen-tui config check` says where."));
    };
    let source = Source::Config(Arc::new(config));
    let shown = saved.path.display().to_string();
    let team = TeamSummary {
        title: shown.clone(),
        agents: source.roster(),
        origin: Origin::Config {
            path: shown.clone(),
        },
    };
    let given = source.given(services);
    let saved = guide::Saved {
        path: shown,
        old: saved.old.map(|old| old.display().to_string()),
        team,
        given,
    };
    Ok((saved, source))
}
