//! Every endpoint that this machine could use: the team's, the vendors' whose keys are set, and the
//! servers found nearby.

use secrecy::SecretString;
use serde_json::Map;

use super::{Services, Source, checkup::Sought, ways::endpoint};
use crate::{
    config::{BackendConfig, Config, ToolCalling, backends},
    protocol::{Discovered, HealthOf},
    provider::{Endpoint, Manners, RateLimit, health::Subject},
};

/// The endpoints of a team, fallbacks and teams inside it included; the demo team has none of its
/// own.
#[must_use]
pub fn of_team(source: &Source) -> Vec<Subject> {
    backends_of(source)
        .into_iter()
        .flat_map(|(name, backend)| of_backend(&name, backend))
        .collect()
}

/// The programs of a team that stand in the place of models.
#[must_use]
pub fn programs_of_team(source: &Source) -> Vec<Sought> {
    backends_of(source)
        .into_iter()
        .flat_map(|(name, backend)| ways_of(&name, backend))
        .filter_map(|(name, backend)| {
            let program = backend.program.as_ref()?;
            Some(Sought {
                of: HealthOf::Team,
                name,
                backend: backend.kind.clone(),
                command: program.command.first()?.clone(),
                install: program.install.clone(),
                login: program.login.clone(),
            })
        })
        .collect()
}

/// Every backend of a team with the name of its agent.
fn backends_of(source: &Source) -> Vec<(String, &BackendConfig)> {
    fn of_config<'a>(config: &'a Config, above: &str, all: &mut Vec<(String, &'a BackendConfig)>) {
        for agent in &config.agents {
            let name = format!("{above}{}", agent.name);
            match &agent.team {
                Some(team) => of_config(team, &format!("{name} / "), all),
                None => all.push((name, &agent.backend)),
            }
        }
    }
    match source {
        Source::Demo(_) => Vec::new(),
        Source::Config(config) => {
            let mut all = Vec::new();
            of_config(config, "", &mut all);
            all
        }
        Source::Backends(all) => {
            let named = |backend: &'_ BackendConfig| backend.model.clone();
            all.iter().map(|one| (named(one), one)).collect()
        }
    }
}

/// A backend and its other ways.
fn ways_of<'a>(name: &str, backend: &'a BackendConfig) -> Vec<(String, &'a BackendConfig)> {
    let others = backend.endpoints.iter().chain(&backend.fallbacks);
    let others = others.map(|other| (format!("{name}, else"), other));
    std::iter::once((name.to_owned(), backend))
        .chain(others)
        .collect()
}

fn of_backend(name: &str, backend: &BackendConfig) -> Vec<Subject> {
    let subject = |name: String, backend: &BackendConfig| Subject {
        of: HealthOf::Team,
        name,
        endpoint: endpoint(backend),
        has_model: true,
        optional_key: backend.local || backend.key_variable.is_none(),
    };
    ways_of(name, backend)
        .into_iter()
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
                of: HealthOf::Vendor,
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
                    manners: Manners::default(),
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
        of: HealthOf::Nearby,
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
            manners: Manners::default(),
            context: crate::protocol::Context::default(),
        },
        has_model: false,
        optional_key: true,
    }
}
