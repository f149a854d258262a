//! The composition root: builds teams, starts sessions, and is the world behind the screen.
//!
//! The only module, with `cli`, that sees every other. It holds no rule of its own: a team comes from
//! `config`, flags, discovery or `demo`; a session is `engine` with `provider` and `store` put into
//! it; [`Hub`] owns the one running session.

mod again;
pub mod analysis;
mod captures;
pub mod casting;
mod checkup;
pub mod compare;
mod comparing;
pub mod endpoints;
mod finding;
mod giving;
mod ground;
mod guide;
pub mod host;
mod hub;
mod inbox;
pub mod journal;
mod keyring;
mod keys;
mod labelling;
mod left;
pub mod listening;
pub mod notes;
mod noting;
pub mod opening;
mod owned;
pub mod plugins;
mod ports;
pub mod prompts;
mod report;
mod review;
mod searching;
pub mod serving;
mod session;
mod sessions;
pub mod settings;
pub mod setup;
pub mod sharing;
pub mod shelf;
pub mod stills;
mod taking;
pub mod tape;
mod team;
pub mod toolservers;
pub mod trust;
mod ways;

pub use again::{Again, Way, go_on};
pub use checkup::checkup;
pub use hub::{Hub, HubHandle};
pub use keys::{Keep, Keys};
pub use left::{left_behind, tidied};
pub use ports::World;
pub use session::start;
pub use taking::{End, Policy, Taken, after_run};
pub use team::{Source, Team, given};
pub use ways::endpoint;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::{
    config::{self, BackendConfig, Finding, Overlay, dotenv::Environment},
    demo::{DemoServer, Speed},
    mcp::Board,
    protocol::{Failure, FailureKind},
    provider::http::Client,
    store::Store,
    workspace,
};

/// Variable of the key for a server that is given by its address.
const OPENAI_KEY: &str = "OPENAI_API_KEY";

/// What lies in the person's own folder of settings, beside their configuration.
#[derive(Debug, Default)]
pub struct Own {
    /// The folder of plugins.
    pub plugins: Option<PathBuf>,
    /// What was changed on the screen, and where it is saved.
    pub settings: settings::Settings,
    /// The file of the person's keys.
    pub keys: Option<PathBuf>,
}

/// What every part of the program shares.
pub struct Services {
    /// Environment with `.env` files.
    pub environment: Environment,
    /// Connection pool; built at the first request.
    pub client: Client,
    /// State folder.
    pub state_dir: PathBuf,
    /// The session store, or why there is none.
    pub store: Result<Store, Failure>,
    /// Folder for the requests to models, when somebody wants to read them.
    pub dump_prompts: Option<PathBuf>,
    /// Pace of the demo team.
    pub demo_speed: Speed,
    /// How long worktrees of ended sessions are kept.
    pub keeping: workspace::Keeping,
    /// Settings of the command line; they win over every configuration.
    pub overlay: Overlay,
    /// What is to be said of configurations that are not used, one sentence each.
    pub notices: Vec<String>,
    /// Which configurations may be used.
    pub trust: Arc<trust::Trust>,
    /// Who else hears the events of sessions.
    pub listeners: listening::Listeners,
    /// The log of MassGen that the program was started on, which may lie anywhere.
    pub opened: OnceLock<PathBuf>,
    /// How the tool servers of agents are.
    pub tools: Board,
    /// What lies in the person's own folder of settings.
    pub own: Own,
    /// The scripted server, started at the first demo session.
    demo: OnceCell<DemoServer>,
}

impl Services {
    /// Services over a state folder. Nothing is started yet.
    #[must_use]
    pub fn new(environment: Environment, state_dir: PathBuf, demo_speed: Speed) -> Self {
        Self {
            environment,
            client: Client::new(),
            store: Store::open(&state_dir),
            trust: Arc::new(trust::Trust::new(&state_dir)),
            state_dir,
            dump_prompts: None,
            demo_speed,
            keeping: workspace::Keeping::default(),
            overlay: Overlay::default(),
            listeners: listening::Listeners::default(),
            notices: Vec::new(),
            opened: OnceLock::new(),
            tools: Board::default(),
            own: Own::default(),
            demo: OnceCell::new(),
        }
    }

    /// The scripted server, started when first asked for.
    ///
    /// # Errors
    /// No loopback port can be had.
    pub async fn demo_server(&self) -> Result<&DemoServer, Failure> {
        self.demo
            .get_or_try_init(|| DemoServer::start(self.demo_speed))
            .await
    }

    /// All sessions there are to look at from here.
    #[must_use]
    pub fn shelf(&self) -> shelf::Shelf {
        let paths = config::Paths::discover(std::env::current_dir().unwrap_or_default());
        let base = std::env::var_os(shelf::MASSGEN_VARIABLE);
        shelf::Shelf::new(&self.state_dir, &paths, base)
            .masking(self.environment.secrets())
            .also(self.opened.get())
    }

    /// A model from flags, by the rules of the configuration. To an address of no
    /// vendor we know, `OPENAI_API_KEY` is sent when it is set, as OpenAI's own clients do with a base
    /// URL they are given: the person named both.
    ///
    /// # Errors
    /// What is missing: address, model or key.
    pub fn backend(
        &self,
        base_url: Option<&str>,
        model: Option<&str>,
    ) -> Result<BackendConfig, Failure> {
        let mut backend = self.direct(base_url, model)?;
        if backend.key.is_none() && backend.key_variable.is_none() {
            let key = self.environment.get(OPENAI_KEY).unwrap_or_default();
            backend.key = Some(key.trim())
                .filter(|key| !key.is_empty())
                .map(SecretString::from);
            backend.key_variable = Some(OPENAI_KEY.to_owned());
        }
        Ok(backend)
    }

    /// A model of a server that was found on this machine. Whoever listens there was not named by the
    /// person, so it gets no vendor's key.
    ///
    /// # Errors
    /// An address or a model that cannot be used.
    pub fn found(&self, base_url: &str, model: &str) -> Result<BackendConfig, Failure> {
        self.direct(Some(base_url), Some(model))
    }

    fn direct(
        &self,
        base_url: Option<&str>,
        model: Option<&str>,
    ) -> Result<BackendConfig, Failure> {
        let env = |name: &str| self.environment.get(name);
        config::direct(None, base_url, model, &env)
            .map_err(|findings| unusable(findings, base_url, model))
    }
}

/// The first error of a backend that cannot be used.
fn unusable(findings: Vec<Finding>, base_url: Option<&str>, model: Option<&str>) -> Failure {
    let first = findings
        .into_iter()
        .find(|finding| finding.severity == config::Severity::Error);
    match first {
        // Nobody who writes flags knows about types of backends.
        Some(finding) if finding.code == "no-type" => unplaced(base_url, model),
        Some(finding) => Failure::new(FailureKind::Request, sentence(&finding.message))
            .hint(sentence(&finding.suggestion)),
        None => Failure::new(FailureKind::Request, "The model cannot be reached."),
    }
}

/// Neither the address nor the name of the model says where to ask.
fn unplaced(base_url: Option<&str>, model: Option<&str>) -> Failure {
    if let Some(url) = base_url {
        // An address may carry a password.
        let shown = if url.contains('@') {
            "The base URL".to_owned()
        } else {
            format!("\"{url}\"")
        };
        let message = format!("{shown} is not an http or https address.");
        return Failure::new(FailureKind::Request, message)
            .hint("Write it like http://127.0.0.1:1234/v1.");
    }
    let model = model.unwrap_or_default();
    let message = format!("It is not known who serves \"{model}\".");
    Failure::new(FailureKind::Model, message).hint(
        "Say where with --base-url URL; `massgen-tui doctor` shows the servers on this machine.",
    )
}

/// A finding's words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut sentence: String = first.to_uppercase().chain(letters).collect();
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn services(folder: &std::path::Path, key: &str) -> Services {
        let process = [(OPENAI_KEY.to_owned(), key.to_owned())];
        let environment = Environment::gather(process, folder, None, None);
        Services::new(environment, folder.join("state"), Speed::default())
    }

    #[test]
    fn only_a_server_that_the_person_named_gets_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = "http://127.0.0.1:1234/v1";
        let with_key = services(folder.path(), " sk-abc ");
        let named = with_key.backend(Some(url), Some("m")).expect("a backend");
        let key = named.key.as_ref().map(ExposeSecret::expose_secret);
        assert_eq!(key, Some("sk-abc"));
        assert!(with_key.found(url, "m").expect("a backend").key.is_none());
        let blank = services(folder.path(), "  ");
        let named = blank.backend(Some(url), Some("m")).expect("a backend");
        assert!(named.key.is_none() && named.key_variable.is_some());
    }

    #[test]
    fn what_is_missing_is_told_in_the_words_of_flags() {
        let folder = tempfile::tempdir().expect("a folder");
        let services = services(folder.path(), "");
        for (url, model, told) in [
            (
                Some("nonsense"),
                "m",
                "\"nonsense\" is not an http or https address. Write it like",
            ),
            (Some("u:secret@host"), "m", "The base URL is not an http"),
            (
                None,
                "m",
                "It is not known who serves \"m\". Say where with --base-url",
            ),
            (
                None,
                "gpt-5",
                "OPENAI_API_KEY is not set. Set OPENAI_API_KEY in",
            ),
        ] {
            let failure = services
                .backend(url, Some(model))
                .expect_err("it cannot be reached");
            assert!(failure.words().contains(told), "{failure}");
            assert!(!failure.words().contains("secret"));
        }
    }
}
