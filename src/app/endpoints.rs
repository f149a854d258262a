//! Every endpoint that this machine could use: the team's, the vendors' whose keys are set, and the
//! servers found nearby.

use secrecy::SecretString;
use serde_json::Map;

use super::{Services, Source, ways::endpoint};
use crate::{
    config::{BackendConfig, ToolCalling, backends},
    protocol::Discovered,
    provider::{Endpoint, RateLimit, health::Subject},
};

/// The endpoints of a team, fallbacks included; the demo team has none of its own.
#[must_use]
pub fn of_team(source: &Source) -> Vec<Subject> {
    match source {
        Source::Demo(_) => Vec::new(),
        Source::Config(config) => {
            let agents = config.agents.iter().filter(|agent| agent.team.is_none());
            agents
                .flat_map(|agent| of_backend(&agent.name, &agent.backend))
                .collect()
        }
        Source::Backends(all) => all
            .iter()
            .flat_map(|backend| of_backend(&backend.model, backend))
            .collect(),
    }
}

fn of_backend(name: &str, backend: &BackendConfig) -> Vec<Subject> {
    let subject = |name: String, backend: &BackendConfig| Subject {
        name,
        endpoint: endpoint(backend),
        has_model: true,
        optional_key: backend.local || backend.key_variable.is_none(),
    };
    let others = backend.endpoints.iter().chain(&backend.fallbacks);
    let others = others.map(|other| (format!("{name}, else"), other));
    std::iter::once((name.to_owned(), backend))
        .chain(others)
        // A program has no address that could be asked.
        .filter(|(_, backend)| backend.program.is_none())
        .map(|(name, backend)| subject(name, backend))
        .collect()
}

/// The vendors whose keys are set.
#[must_use]
pub fn of_vendors(services: &Services) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for vendor in backends::all().iter().filter(|one| one.unserved.is_none()) {
        let key = vendor.keys.iter().find_map(|name| {
            let key = services.environment.get(name)?;
            (!key.trim().is_empty()).then(|| (name, SecretString::from(key.trim())))
        });
        if let (Some((variable, key)), Some(base_url), false) =
            (key, &vendor.base_url, vendor.local)
        {
            subjects.push(Subject {
                name: vendor.name.clone(),
                endpoint: Endpoint {
                    backend: vendor.r#type.clone(),
                    wire: vendor.wire,
                    base_url: base_url.clone(),
                    model: vendor.model.clone().unwrap_or_default(),
                    key: Some(key),
                    key_variable: Some(variable.clone()),
                    parameters: Map::new(),
                    tool_calling: ToolCalling::Auto,
                    local: false,
                    price: None,
                    rate_limit: RateLimit::default(),
                    context: crate::protocol::Context::default(),
                },
                has_model: false,
                optional_key: false,
            });
        }
    }
    subjects
}

/// A server that was found on this machine. It gets no key.
#[must_use]
pub fn of_server(server: &Discovered) -> Subject {
    Subject {
        name: server.kind.name().to_owned(),
        endpoint: Endpoint {
            backend: server.kind.name().to_lowercase().replace([' ', '.'], ""),
            wire: crate::config::Wire::Chat,
            base_url: server.base_url.clone(),
            model: String::new(),
            key: None,
            key_variable: None,
            parameters: Map::new(),
            tool_calling: ToolCalling::Auto,
            local: true,
            price: None,
            rate_limit: RateLimit::default(),
            context: crate::protocol::Context::default(),
        },
        has_model: false,
        optional_key: true,
    }
}
