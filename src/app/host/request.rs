//! What a program asks for when it starts a run, and from there to a run that has started.
//!
//! Nothing a client names is taken on trust: paths must lie below the folders it may name, a file that goes
//! into the task must be text of a bounded size, and an address that a client names gets no key of the
//! person's, as it could be anybody's.

use std::{
    fmt::Write as _,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{
    super::{Services, Source, Team, Way, again::go_on_under, session, trust::Chosen},
    Bounds, Presence,
    keeper::{Begun, EVENTS},
    local, refused, template,
};
use crate::{
    config::{BackendConfig, Overlay, Paths, Purpose},
    demo,
    protocol::{Failure, FailureKind, Folder, RunId},
    run::RunState,
    text::clean,
};

/// Longest task, in bytes.
const TASK: usize = 4 * 1024 * 1024;
/// Bytes of files that go into a task.
const FILES: u64 = 512 * 1024;
/// Files that go into a task.
const MOST_FILES: usize = 64;
/// Models a client may name.
const MODELS: usize = 32;

/// Which team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TeamChoice {
    /// The configuration that a person would get in that folder without naming one.
    #[default]
    Usual,
    /// A scenario of the scripted demo team; empty for the usual one.
    Demo(String),
    /// A configuration: a path, or the name of a saved one.
    Config(String),
    /// A template of the set-up, with the models that are at hand.
    Template(String),
    /// Models, one agent each.
    Models {
        /// The server's address; `None` asks each model's own vendor. No key of the person's is sent to an
        /// address.
        base_url: Option<String>,
        /// Their names.
        models: Vec<String>,
    },
}

/// A run to start.
#[derive(Clone, Debug, Default)]
pub struct StartRequest {
    /// The task.
    pub prompt: String,
    /// The team.
    pub team: TeamChoice,
    /// Where relative paths begin; the program's own folder without one.
    pub cwd: Option<PathBuf>,
    /// Folders for the agents, in place of those the team comes with; `None` leaves those.
    pub folders: Option<Vec<Folder>>,
    /// Text files whose contents go with the task.
    pub files: Vec<PathBuf>,
    /// Settings as `--set` takes them, `KEY=VALUE`. They are the caller's, who must not pass on a client's
    /// words as keys.
    pub settings: Vec<String>,
    /// Go on with this session, with the task as its next turn.
    pub after: Option<RunId>,
    /// The name of the new session, from [`super::Host::new_name`]; without one it gets its own.
    pub name: Option<RunId>,
    /// Whether somebody hears the questions of the agents.
    pub presence: Presence,
}

impl StartRequest {
    /// Starts the run.
    pub(super) async fn begin(
        self,
        services: &Arc<Services>,
        bounds: &Bounds,
    ) -> Result<Begun, Failure> {
        let ground = Ground::new(self.cwd.as_deref(), &bounds.roots)?;
        let overlay = laid(&services.overlay, &self.settings)?;
        let named = match &self.team {
            TeamChoice::Template(name) => Some(template::team(services, name, &overlay).await?),
            team => {
                let (shared, places, team) = (Arc::clone(services), ground.clone(), team.clone());
                let over = overlay.clone();
                super::blocking(move || source(&team, &places, &shared, &over)).await?
            }
        };
        let (places, files) = (ground.clone(), self.files);
        let task = super::blocking(move || task(self.prompt, &files, &places)).await?;
        let (sender, events) = mpsc::channel(EVENTS);
        let presence = self.presence;
        if let Some(run) = self.after {
            let source = match self.team {
                // Without a word about the team the session's own goes on.
                TeamChoice::Usual => None,
                _ => named,
            };
            let way = Way::Continue(task);
            let again = go_on_under(services, &overlay, &run, source, way, sender).await?;
            return Ok(Begun {
                run: again.run,
                session: again.session,
                events,
                state: again.state,
                turn: again.turn,
                presence,
            });
        }
        let source = named.ok_or_else(no_team)?;
        let mut team = source.build_over(services, &overlay).await?;
        let folders = match self.team {
            // A client that names a template names its folders: they are no more trusted than others.
            TeamChoice::Template(_) => {
                let own = || team.rules.working.folders.clone();
                Some(self.folders.unwrap_or_else(own))
            }
            _ => self.folders,
        };
        ground.place(&mut team, folders)?;
        let run = self.name.unwrap_or_else(session::new_name);
        if services.store.as_ref().is_ok_and(|store| store.has(&run)) {
            return Err(local(format!("There is a session {run} already.")));
        }
        let session = session::start_as(services, run.clone(), team, task, sender).await?;
        Ok(Begun {
            run,
            session,
            events,
            state: RunState::default(),
            turn: 1,
            presence,
        })
    }
}

fn no_team() -> Failure {
    refused("There is no configuration here, and no team was named.").hint(
        "Name a configuration, a model or the demo; `massgen-tui setup` writes a configuration.",
    )
}

/// The program's settings with those of the request over them. A limit that the program was started with
/// can be lowered, not raised.
fn laid(base: &Overlay, settings: &[String]) -> Result<Overlay, Failure> {
    let mut overlay = base.clone();
    for setting in settings {
        if raised(base, setting).is_none() {
            overlay.set(setting).map_err(refused)?;
        }
    }
    match overlay.troubles().into_iter().next() {
        Some(trouble) => Err(refused(trouble)),
        None => Ok(overlay),
    }
}

/// The key and the program's own limit, where a setting asks for more.
fn raised<'a>(base: &Overlay, setting: &'a str) -> Option<(&'a str, f64)> {
    let (key, value) = setting.split_once('=')?;
    let own = base.number(key.trim())?;
    let wanted: f64 = value.trim().parse().ok()?;
    (wanted > own).then_some((key.trim(), own))
}

/// What is to be said of settings that ask for more than the program was started with, a sentence each.
pub(super) fn lowered(base: &Overlay, settings: &[String]) -> Vec<String> {
    let raised = settings.iter().filter_map(|one| raised(base, one));
    let told = raised.map(|(key, own)| {
        format!("{key} is {own}: the server was started with this limit, and nobody may raise it.")
    });
    told.collect()
}

/// The team that is named; `None` when none is and none is usual here. Blocking.
fn source(
    choice: &TeamChoice,
    ground: &Ground,
    services: &Services,
    overlay: &Overlay,
) -> Result<Option<Source>, Failure> {
    Ok(match choice {
        TeamChoice::Usual => match ground.paths.default_config() {
            Some(path) => Some(configuration(&path, services, overlay)?),
            None => None,
        },
        TeamChoice::Demo(name) => {
            let name = if name.is_empty() { demo::DEFAULT } else { name };
            demo::find(name)?;
            Some(Source::Demo(name.to_owned()))
        }
        TeamChoice::Config(name) => {
            let path = ground.configuration(name)?;
            Some(configuration(&path, services, overlay)?)
        }
        // It has to be put together first.
        TeamChoice::Template(_) => None,
        TeamChoice::Models { base_url, models } => {
            if models.is_empty() || models.len() > MODELS {
                return Err(refused(format!("Name 1 to {MODELS} models.")));
            }
            let backend = |model: &String| -> Result<BackendConfig, Failure> {
                match base_url {
                    Some(url) => services.found(url, model),
                    None => services.backend(None, Some(model)),
                }
            };
            let backends: Result<Vec<_>, _> = models.iter().map(backend).collect();
            Some(Source::Backends(backends?))
        }
    })
}

/// The team of a configuration file: one of a project only when its content was approved.
fn configuration(path: &Path, services: &Services, overlay: &Overlay) -> Result<Source, Failure> {
    services
        .configuration_over(path, Chosen::Found, Purpose::Run, overlay)
        .map(Source::Config)
        .map_err(|refusal| refusal.failure())
}

/// The task with the files that go with it. Blocking.
fn task(prompt: String, files: &[PathBuf], ground: &Ground) -> Result<String, Failure> {
    if prompt.trim().is_empty() {
        return Err(refused("The task is empty.").hint("Write what the team should work on."));
    }
    if prompt.len() > TASK {
        return Err(refused(format!(
            "The task is longer than {} MiB.",
            TASK >> 20
        )));
    }
    if files.len() > MOST_FILES {
        return Err(
            refused(format!("More than {MOST_FILES} files go with the task."))
                .hint("Name their folder instead: the agents can look into it."),
        );
    }
    let (mut task, mut room) = (prompt, FILES);
    for file in files {
        let path = ground.allowed(file)?;
        let text = text_of(&path, room)?;
        room = room.saturating_sub(text.len() as u64);
        let name = path.strip_prefix(&ground.cwd).unwrap_or(&path).display();
        let _ = write!(task, "\n\n{}", fenced(&name.to_string(), &text));
    }
    Ok(task)
}

/// The text of a file of at most `room` bytes.
fn text_of(path: &Path, room: u64) -> Result<String, Failure> {
    let unread = |error: std::io::Error| {
        refused(format!("{} cannot be read: {error}.", path.display()))
            .hint("Name a text file that exists.")
    };
    // Looked at before it is opened: a pipe would be waited for.
    if !path.metadata().map_err(unread)?.is_file() {
        return Err(refused(format!("{} is no file.", path.display()))
            .hint("Name a folder as a folder: the agents can look into it."));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unread)?;
    file.take(room + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    if bytes.len() as u64 > room {
        return Err(refused(format!(
            "The files that go with the task are longer than {} KiB, at {}.",
            FILES >> 10,
            path.display()
        ))
        .hint("Name their folder instead: the agents can look into it."));
    }
    String::from_utf8(bytes).map_err(|_| {
        refused(format!("{} is no text.", path.display()))
            .hint("Name its folder instead: the agents can look into it.")
    })
}

/// The text of a file as a part of a task: under its name, in a fence that the text does not hold.
#[must_use]
pub fn fenced(name: &str, text: &str) -> String {
    let fence = fence(text);
    format!("File {}:\n\n{fence}\n{text}\n{fence}", clean::line(name))
}

fn fence(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest.max(2) + 1)
}

/// Where the paths of a request begin, and where they may lead.
#[derive(Clone)]
pub(super) struct Ground {
    cwd: PathBuf,
    /// Without any, everything may be named; a root that is gone allows nothing.
    roots: Vec<PathBuf>,
    paths: Paths,
}

impl Ground {
    /// Of a request from this folder.
    pub fn new(cwd: Option<&Path>, roots: &[PathBuf]) -> Result<Self, Failure> {
        let own = std::env::current_dir()
            .map_err(|error| local(format!("The program's folder is gone: {error}.")))?;
        let real = |root: &PathBuf| root.canonicalize().unwrap_or_else(|_| root.clone());
        let roots: Vec<PathBuf> = roots.iter().map(real).collect();
        let mut ground = Self {
            paths: Paths::discover(own.clone()),
            cwd: own,
            roots,
        };
        if let Some(cwd) = cwd {
            let cwd = ground.allowed(cwd)?;
            if !cwd.is_dir() {
                return Err(refused(format!("{} is no folder.", cwd.display())));
            }
            ground.paths = Paths::discover(cwd.clone());
            ground.cwd = cwd;
        }
        Ok(ground)
    }

    /// Where configurations are looked for.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The file or folder that a client names, with all links followed.
    pub fn allowed(&self, named: &Path) -> Result<PathBuf, Failure> {
        let path = self.cwd.join(self.paths.expand_home(named));
        let real = path.canonicalize().map_err(|error| {
            refused(format!("{} cannot be used: {error}.", path.display()))
                .hint("Name a file or folder that exists.")
        })?;
        self.inside(&real, &self.roots)?;
        Ok(real)
    }

    fn inside(&self, real: &Path, roots: &[PathBuf]) -> Result<(), Failure> {
        if self.roots.is_empty() || roots.iter().any(|root| real.starts_with(root)) {
            return Ok(());
        }
        let roots: Vec<String> = self
            .roots
            .iter()
            .map(|root| root.display().to_string())
            .collect();
        Err(Failure::new(
            FailureKind::Request,
            format!(
                "{} is outside of what may be named here ({}).",
                real.display(),
                roots.join(", ")
            ),
        )
        .hint("Start the server with --folder DIR for every folder that it may use."))
    }

    /// The configuration of this name: below the roots, or one the person saved for themselves.
    pub fn configuration(&self, name: &str) -> Result<PathBuf, Failure> {
        let wanted = self.paths.expand_home(Path::new(name));
        let beside = self.cwd.join(&wanted);
        let path = if beside.exists() {
            beside
        } else {
            self.paths
                .named_config(&wanted)
                .map_err(|error| refused(format!("{error}.")))?
        };
        let real = path.canonicalize().map_err(|error| {
            refused(format!("{} cannot be used: {error}.", path.display()))
                .hint("Name a configuration that exists, or one of `massgen-tui config path`.")
        })?;
        let own = self.paths.config.clone();
        let saved = self
            .paths
            .home
            .as_ref()
            .map(|home| home.join(".config/massgen"));
        let mut roots = self.roots.clone();
        roots.extend(
            [own, saved]
                .into_iter()
                .flatten()
                .filter_map(|folder| folder.canonicalize().ok()),
        );
        self.inside(&real, &roots)?;
        Ok(real)
    }

    /// Gives the team its folders, each with its whole path.
    fn place(&self, team: &mut Team, folders: Option<Vec<Folder>>) -> Result<(), Failure> {
        if let Some(folders) = folders {
            let folders = folders
                .into_iter()
                .map(|folder| {
                    let real = self.allowed(Path::new(&folder.path))?;
                    let path = real.display().to_string();
                    Ok(Folder { path, ..folder })
                })
                .collect::<Result<_, Failure>>()?;
            team.rules.working.given(folders);
            return Ok(());
        }
        // What a configuration names counts from the folder of the request.
        for folder in &mut team.rules.working.folders {
            let path = self.paths.expand_home(Path::new(&folder.path));
            folder.path = self.cwd.join(path).display().to_string();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_the_program_is_lowered_and_never_raised() {
        let key = "orchestrator.limits.usd";
        let mut base = Overlay::default();
        base.set("orchestrator.limits.usd=0.5").expect("a setting");
        for (wanted, held) in [("5", 0.5), ("0.2", 0.2), ("0.5", 0.5)] {
            let overlay = laid(&base, &[format!("{key}={wanted}")]).expect("settings");
            assert_eq!(overlay.number(key), Some(held), "{wanted}");
        }
        let told = lowered(&base, &[format!("{key}=5"), format!("{key}=0.2")]);
        assert_eq!(
            told,
            [
                "orchestrator.limits.usd is 0.5: the server was started with this limit, and nobody may raise it."
            ]
        );
        let open = laid(&Overlay::default(), &[format!("{key}=5")]).expect("settings");
        assert_eq!(open.number(key), Some(5.0));
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(
            fenced("a\u{1b}[2J\nb.md", "````"),
            format!(
                "File {}:\n\n`````\n````\n`````",
                clean::line("a\u{1b}[2J\nb.md")
            )
        );
    }
}
