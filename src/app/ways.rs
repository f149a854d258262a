//! From a configured backend to a provider: one server, or a chain of ways to a model.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{BackendConfig, ContextSaid},
    protocol::Context,
    provider::{
        Endpoint, Price, Shared,
        chain::{Chain, Link},
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
        context: backend.context.over(&Context::default()),
    }
}

/// The ways to one model: the first `sharing` take turns, the rest are for bad days.
#[derive(Clone, Debug)]
pub struct Ways {
    endpoints: Vec<Endpoint>,
    /// What the configuration says about the window of each of them.
    said: Vec<ContextSaid>,
    sharing: usize,
}

impl Ways {
    /// The only way.
    #[must_use]
    pub fn one(endpoint: Endpoint) -> Self {
        Self {
            endpoints: vec![endpoint],
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
            endpoints: ways.iter().map(|way| endpoint(way)).collect(),
            said: ways.into_iter().map(|way| way.context.clone()).collect(),
            sharing: 1 + backend.endpoints.len(),
        }
    }

    /// What the configuration says that tokens cost, whichever way is taken.
    pub fn price(&mut self, said: Option<Price>) {
        for endpoint in &mut self.endpoints {
            endpoint.price = said.or(endpoint.price);
        }
    }

    /// How full a conversation may get where a backend does not say it.
    pub fn context(&mut self, all: &Context) {
        let nothing = ContextSaid::default();
        for (at, endpoint) in self.endpoints.iter_mut().enumerate() {
            endpoint.context = self.said.get(at).unwrap_or(&nothing).over(all);
        }
    }

    /// All keys, for the masker.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        let keys = self.endpoints.iter().filter_map(|way| way.key.as_ref());
        keys.map(|key: &SecretString| key.expose_secret().to_owned())
    }

    /// The provider behind them.
    #[must_use]
    pub fn connect(self, client: &Client) -> Shared {
        let last = self.endpoints.len().saturating_sub(1);
        // A model that is had in two places is told apart by its address.
        let short = |endpoint: &Endpoint| format!("{} at {}", endpoint.model, endpoint.backend);
        let mut names: Vec<String> = self.endpoints.iter().map(short).collect();
        let all = names.clone();
        for (name, endpoint) in names.iter_mut().zip(&self.endpoints) {
            if all.iter().filter(|other| *other == name).count() > 1 {
                *name = format!("{name} ({})", words::address(&endpoint.base_url));
            }
        }
        let mut links: Vec<Link> = self
            .endpoints
            .into_iter()
            .zip(names)
            .enumerate()
            .map(|(at, (endpoint, name))| {
                let provider = HttpProvider::new(client.clone(), endpoint);
                // Whoever has somewhere else to go does not wait long.
                let provider = if at == last {
                    provider
                } else {
                    provider.impatient()
                };
                Link {
                    name,
                    provider: Arc::new(provider),
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
