//! The composition root: builds teams, starts sessions, and is the world behind the screen.
//!
//! The only module, with `cli`, that sees every other. It holds no rule of its own: a team comes from
//! `config`, flags, discovery or `demo`; a session is `engine` with `provider` and `store` put into
//! it; [`Hub`] owns the one running session.

mod hub;
mod ports;
mod session;
mod team;

pub use hub::{Hub, HubHandle};
pub use ports::World;
pub use session::start;
pub use team::{Source, Team, endpoint};

use std::path::PathBuf;

use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::{
    config::{self, BackendConfig, Finding, dotenv::Environment},
    demo::{DemoServer, Speed},
    protocol::{Failure, FailureKind},
    provider::http::Client,
    store::Store,
};

/// Variable of the key for a server that is given by its address.
const OPENAI_KEY: &str = "OPENAI_API_KEY";

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
    /// Pace of the demo team.
    pub demo_speed: Speed,
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
            state_dir,
            demo_speed,
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

    /// A model from flags or from discovery, by the rules of the configuration. To an address of no
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
        let env = |name: &str| self.environment.get(name);
        let mut backend = config::direct(None, base_url, model, &env)
            .map_err(|findings| unusable(findings, base_url, model))?;
        if backend.key.is_none() && backend.key_variable.is_none() {
            backend.key = env(OPENAI_KEY).map(SecretString::from);
            backend.key_variable = Some(OPENAI_KEY.to_owned());
        }
        Ok(backend)
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
