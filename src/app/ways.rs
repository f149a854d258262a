//! From a configured backend to a provider: one server, or a chain of ways to a model.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{BackendConfig, ContextSaid, Dialect, Program},
    engine,
    protocol::{Context, Form},
    provider::{
        Endpoint, Price, Shared, catalog,
        chain::{Chain, Link},
        cli::{CliProvider, Setup},
        http::{Client, HttpProvider},
        words,
    },
};

/// How a configured backend is reached, without its other ways.
#[must_use]
pub fn endpoint(backend: &BackendConfig) -> Endpoint {
    Endpoint {
        backend: backend.kind.clone(),
        wire: backend.wire,
        base_url: backend.base_url.clone(),
        model: backend.model.clone(),
        key: backend.key.clone(),
        key_variable: backend.key_variable.clone(),
        parameters: backend.parameters.clone(),
        tool_calling: backend.tool_calling,
        local: backend.local,
        price: None,
        rate_limit: backend.rate_limit,
        manners: backend.manners.clone(),
        context: backend.context.over(&Context::default()),
    }
}

/// One way to a model.
#[derive(Clone, Debug)]
enum Way {
    /// A server.
    Server(Box<Endpoint>),
    /// A command-line agent, and its price if the configuration says one.
    Program(Box<Program>, Option<Price>),
}

impl Way {
    fn of(backend: &BackendConfig) -> Self {
        match &backend.program {
            Some(program) => Self::Program(program.clone(), None),
            None => Self::Server(Box::new(endpoint(backend))),
        }
    }

    /// Where it leads, in words.
    fn name(&self) -> String {
        match self {
            Self::Server(endpoint) => format!("{} at {}", endpoint.model, endpoint.backend),
            Self::Program(program, _) => program.name.clone(),
        }
    }

    fn connect(self, client: &Client, form: Form, patience: Patience) -> Shared {
        match self {
            Self::Server(endpoint) => {
                let provider = HttpProvider::new(client.clone(), *endpoint);
                Arc::new(match patience {
                    Patience::Usual => provider,
                    Patience::Short => provider.impatient(),
                })
            }
            Self::Program(program, said) => Arc::new(CliProvider::new(Setup {
                price: said.or_else(|| known_price(&program)),
                program: *program,
                relay: relay(),
                standing: engine::standing_tools(form),
            })),
        }
    }
}

/// How long a way is tried. Whoever has somewhere else to go does not wait long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Usual,
    Short,
}

/// What the catalogue knows of the model of a program.
fn known_price(program: &Program) -> Option<Price> {
    let vendor = match program.dialect {
        Dialect::ClaudeCode => "claude",
        Dialect::Codex => "openai",
        Dialect::GeminiCli => "gemini",
        Dialect::Acp => return None,
    };
    catalog::price(vendor, program.model.as_deref()?)
}

/// The tool server of command-line agents: this program itself.
fn relay() -> Vec<String> {
    let program = std::env::current_exe().unwrap_or_else(|_| "massgen-tui".into());
    vec![
        program.to_string_lossy().into_owned(),
        "agent-tools".to_owned(),
    ]
}

/// Names of variables whose values are secrets.
fn is_secret(name: &str) -> bool {
    ["KEY", "TOKEN", "SECRET", "PASSWORD"]
        .iter()
        .any(|mark| name.contains(mark))
}

/// The ways to one model: the first `sharing` take turns, the rest are for bad days.
#[derive(Clone, Debug)]
pub struct Ways {
    all: Vec<Way>,
    /// What the configuration says about the window of each of them.
    said: Vec<ContextSaid>,
    sharing: usize,
}

impl Ways {
    /// The only way.
    #[must_use]
    pub fn one(endpoint: Endpoint) -> Self {
        Self {
            all: vec![Way::Server(Box::new(endpoint))],
            said: Vec::new(),
            sharing: 1,
        }
    }

    /// All ways of a backend.
    #[must_use]
    pub fn of(backend: &BackendConfig) -> Self {
        let sharing = std::iter::once(backend).chain(&backend.endpoints);
        let ways: Vec<_> = sharing.chain(&backend.fallbacks).collect();
        Self {
            all: ways.iter().map(|way| Way::of(way)).collect(),
            said: ways.into_iter().map(|way| way.context.clone()).collect(),
            sharing: 1 + backend.endpoints.len(),
        }
    }

    /// What the configuration says that tokens cost, whichever way is taken.
    pub fn price(&mut self, said: Option<Price>) {
        for way in &mut self.all {
            match way {
                Way::Server(endpoint) => endpoint.price = said.or(endpoint.price),
                Way::Program(_, price) => *price = said.or(*price),
            }
        }
    }

    /// How full a conversation may get where a backend does not say it.
    pub fn context(&mut self, all: &Context) {
        let nothing = ContextSaid::default();
        for (at, way) in self.all.iter_mut().enumerate() {
            // A program keeps its own conversation small.
            if let Way::Server(endpoint) = way {
                endpoint.context = self.said.get(at).unwrap_or(&nothing).over(all);
            }
        }
    }

    /// All keys, for the masker.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        self.all.iter().flat_map(|way| match way {
            Way::Server(endpoint) => {
                let headers = endpoint.manners.headers.iter();
                let headers = headers.filter(|(name, _)| is_secret(&name.to_uppercase()));
                let headers = headers.map(|(_, value)| value);
                let all = endpoint.key.iter().chain(headers);
                all.map(|key: &SecretString| key.expose_secret().to_owned())
                    .collect()
            }
            Way::Program(program, _) => {
                let secret = program.env.iter().filter(|(name, _)| is_secret(name));
                secret
                    .map(|(_, value)| value.expose_secret().to_owned())
                    .collect::<Vec<_>>()
            }
        })
    }

    /// The provider behind them, for a team that votes by `form`.
    #[must_use]
    pub fn connect(self, client: &Client, form: Form) -> Shared {
        let last = self.all.len().saturating_sub(1);
        // A model that is had in two places is told apart by its address.
        let mut names: Vec<String> = self.all.iter().map(Way::name).collect();
        let short = names.clone();
        for (name, way) in names.iter_mut().zip(&self.all) {
            if let Way::Server(endpoint) = way
                && short.iter().filter(|other| *other == name).count() > 1
            {
                *name = format!("{name} ({})", words::address(&endpoint.base_url));
            }
        }
        let mut links: Vec<Link> = self
            .all
            .into_iter()
            .zip(names)
            .enumerate()
            .map(|(at, (way, name))| {
                let patience = if at == last {
                    Patience::Usual
                } else {
                    Patience::Short
                };
                Link {
                    name,
                    provider: way.connect(client, form, patience),
                }
            })
            .collect();
        match (links.len(), links.pop()) {
            (1, Some(only)) => only.provider,
            (_, only) => {
                links.extend(only);
                Arc::new(Chain::new(links, self.sharing))
            }
        }
    }
}
