//! The models that could read a log: those of vendors with what is known of them, and those of servers
//! on this machine, found now.

use super::{
    super::{Services, endpoint, endpoints},
    Analyst,
};
use crate::{
    config::{Config, Wire, backends},
    provider::{Endpoint, Price, ToolCalling, catalog, discovery},
    report::analysis::Form,
};

/// A model that could be picked.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Backend type: `openai`, `ollama` …
    pub provider: String,
    /// Model id.
    pub model: String,
    /// What is known of it.
    pub offer: Offer,
    /// Its key.
    pub key: KeyNeed,
    /// The server on this machine that has it.
    pub nearby: Option<String>,
}

/// What is known of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// Window in tokens.
    pub context: Option<u64>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether its server holds replies to a schema.
    pub structured: bool,
    /// Whether it reasons.
    pub reasoning: Option<bool>,
    /// What it costs; `None` when that is not known.
    pub price: Option<Price>,
    /// The day after which the vendor may take it away.
    pub until: Option<String>,
}

/// Whether a model can be asked with what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyNeed {
    /// Its key is set.
    Set,
    /// It needs none.
    None,
    /// This variable is missing.
    Missing(String),
}

impl Candidate {
    /// `openai/gpt-5.4`: what is typed to get it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }
}

/// All candidates: the demo's script, servers on this machine, vendors with a key, the others. Asks no
/// vendor.
pub async fn candidates(services: &Services) -> Vec<Candidate> {
    let targets = discovery::Targets::from_env(|name| services.environment.get(name));
    let found = discovery::discover(&services.client, &targets).await;
    let mut all = Vec::new();
    for server in &found {
        let endpoint = endpoints::of_server(server).endpoint;
        for model in &server.models {
            all.push(Candidate {
                provider: endpoint.backend.clone(),
                model: model.id.clone(),
                offer: Offer {
                    context: model.context,
                    structured: true,
                    price: Some(Price::flat(0.0, 0.0, 0.0)),
                    ..Offer::default()
                },
                key: if server.needs_key {
                    KeyNeed::Missing("the server's own key".to_owned())
                } else {
                    KeyNeed::None
                },
                nearby: Some(server.base_url.clone()),
            });
        }
    }
    let mut vendors: Vec<Candidate> = of_table(services);
    vendors.sort_by_key(|one| (one.key != KeyNeed::Set, one.offer.until.is_some()));
    all.extend(vendors);
    all.push(script());
    all
}

/// The models of a team, each once, as the team reaches them.
#[must_use]
pub fn of_team(services: &Services, config: &Config) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for agent in &config.agents {
        let backend = &agent.backend;
        let seen = |one: &Candidate| one.provider == backend.kind && one.model == backend.model;
        if backend.program.is_some() || backend.model.is_empty() || all.iter().any(seen) {
            continue;
        }
        let analyst = Analyst::new(services, endpoint(backend));
        let known = catalog::find(&backend.kind, &backend.model);
        let key = match (&backend.key, &backend.key_variable) {
            (Some(_), _) => KeyNeed::Set,
            (None, Some(variable)) if !backend.local => KeyNeed::Missing(variable.clone()),
            (None, _) => KeyNeed::None,
        };
        all.push(Candidate {
            provider: backend.kind.clone(),
            model: backend.model.clone(),
            offer: Offer {
                context: analyst.window_known.then_some(analyst.window),
                tools: known.map(|entry| entry.tools),
                structured: structured(&backend.kind, backend.wire),
                reasoning: known.map(|entry| entry.reasoning),
                price: analyst.price,
                until: known.and_then(|entry| entry.deprecated_after.clone()),
            },
            key,
            nearby: backend.local.then(|| backend.base_url.clone()),
        });
    }
    all
}

/// The demo's script.
fn script() -> Candidate {
    let (provider, model) = super::DEMO;
    Candidate {
        provider: provider.to_owned(),
        model: model.to_owned(),
        offer: Offer {
            tools: Some(true),
            price: Some(Price::flat(0.0, 0.0, 0.0)),
            ..Offer::default()
        },
        key: KeyNeed::None,
        nearby: None,
    }
}

/// The table of models, as far as this program has a backend for their vendors.
fn of_table(services: &Services) -> Vec<Candidate> {
    let rows = catalog::entries().iter();
    rows.filter_map(|entry| {
        let backend = backends::find(&entry.provider)
            .filter(|backend| backend.unserved.is_none() && backend.program.is_none())?;
        let set = |name: &&String| {
            let key = services.environment.get(name);
            key.is_some_and(|key| !key.trim().is_empty())
        };
        let key = match backend.keys.iter().find(set) {
            Some(_) => KeyNeed::Set,
            None => KeyNeed::Missing(backend.keys.first()?.clone()),
        };
        Some(Candidate {
            provider: backend.r#type.clone(),
            model: entry.id.clone(),
            offer: Offer {
                context: entry.context,
                tools: Some(entry.tools),
                structured: structured(&backend.r#type, backend.wire),
                reasoning: Some(entry.reasoning),
                price: catalog::price(&backend.r#type, &entry.id),
                until: entry.deprecated_after.clone(),
            },
            key,
            nearby: None,
        })
    })
    .collect()
}

/// Backends whose chat completions are known to hold a reply to a schema.
const SCHEMAS: &[&str] = &[
    "openai",
    "azure_openai",
    "openrouter",
    "grok",
    "groq",
    "cerebras",
    "fireworks",
    "together",
    "lmstudio",
    "ollama",
    "vllm",
    "sglang",
    "llamacpp",
];

/// Whether replies are held to a schema there.
fn structured(backend: &str, wire: Wire) -> bool {
    match wire {
        Wire::Gemini => true,
        Wire::Responses | Wire::Chat => SCHEMAS.contains(&backend),
        Wire::Messages => false,
    }
}

/// The form in which an endpoint is asked first; a refusal leads to a simpler one.
pub(super) fn form(endpoint: &Endpoint) -> Form {
    let known = catalog::find(&endpoint.backend, &endpoint.model);
    match endpoint.tool_calling {
        ToolCalling::Text => Form::Text,
        ToolCalling::Auto | ToolCalling::Native => {
            if structured(&endpoint.backend, endpoint.wire) {
                Form::Schema
            } else if known.is_some_and(|entry| !entry.tools) {
                Form::Text
            } else {
                Form::Call
            }
        }
    }
}
