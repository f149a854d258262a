//! From the words of a person to a model that can be asked.

use std::time::Duration;

use super::{
    super::{Services, endpoint, endpoints, sentence},
    Analyst, Candidate, KeyNeed, candidates,
};
use crate::{
    config::{self, BackendConfig, Config, Severity, backends},
    protocol::{Failure, FailureKind},
    provider::{Endpoint, Wire, catalog, discovery, listing},
};

/// The name that leaves the choice to the program.
pub const AUTO: &str = "auto";
/// Provider and model of the demo's script.
pub const DEMO: (&str, &str) = ("demo", "analyst");

/// Time for the list of one server.
const BOUND: Duration = Duration::from_secs(5);
/// Cheap models that read long logs well enough, by vendor: the first whose key is set is the default.
const CHEAP: &[(&str, &str)] = &[
    ("openai", "gpt-6-luna"),
    ("gemini", "gemini-3.5-flash-lite"),
    ("claude", "claude-haiku-5-5"),
];

/// What the person named.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `provider/model`, [`AUTO`], or an agent's name or a model of `config`.
    pub name: String,
    /// The server, where it is named by its address.
    pub base_url: Option<String>,
    /// The team whose models may be named.
    pub config: Option<std::sync::Arc<Config>>,
}

/// The model that is meant.
///
/// # Errors
/// Of kind `Request`, `Model` or `Auth` when the words are wrong or a key is missing, with what is
/// known; any other when a server that was meant cannot be reached.
pub async fn pick(services: &Services, wanted: &Wanted) -> Result<Analyst, Failure> {
    let name = wanted.name.trim();
    if name.is_empty() {
        return Err(unknown("No model is named.").hint(HOW));
    }
    if let Some(url) = &wanted.base_url {
        let backend = services.backend(Some(url), Some(name))?;
        return Ok(analyst(services, endpoint(&backend)));
    }
    if let Some(backend) = wanted
        .config
        .as_ref()
        .and_then(|config| of_team(config, name))
    {
        if let (None, false, Some(variable)) = (&backend.key, backend.local, &backend.key_variable)
        {
            let message = format!("{variable} is not set, which {name} needs.");
            let hint = format!("Set it, or keep it: `massgen-tui keys set {variable}`.");
            return Err(Failure::new(FailureKind::Auth, message).hint(hint));
        }
        return Ok(analyst(services, endpoint(backend)));
    }
    if name == AUTO {
        return default(services).await;
    }
    let (provider, model) = split(name)?;
    if (provider, model) == DEMO {
        return demo(services).await;
    }
    if provider == DEMO.0 {
        let message = format!("The demo has no model \"{model}\".");
        return Err(unknown(message).hint("It has demo/analyst, a script."));
    }
    let Some(backend) = backends::find(provider) else {
        return nearby(services, provider, model).await;
    };
    if let Some(why) = &backend.unserved {
        let message = format!("{} cannot be asked: {why}.", backend.name);
        return Err(unknown(message).hint(HOW));
    }
    if backend.program.is_some() {
        let message = format!(
            "{} is a program with tools of its own; a log is read by a bare model.",
            backend.name
        );
        return Err(unknown(message).hint(HOW));
    }
    if backend.local {
        return nearby(services, &backend.r#type, model).await;
    }
    let env = |name: &str| services.environment.get(name);
    let direct = config::direct(Some(&backend.r#type), None, Some(model), &env);
    let backend = direct.map_err(|findings| {
        let mut errors = findings.into_iter();
        let first = errors.find(|finding| finding.severity == Severity::Error);
        first.map_or_else(
            || unknown(format!("{name} cannot be reached.")),
            |finding| unknown(sentence(&finding.message)).hint(sentence(&finding.suggestion)),
        )
    })?;
    vendors(services, endpoint(&backend)).await
}

const HOW: &str = "Write it as provider/model; `massgen-tui models` lists all, demo/analyst is a script for a first look.";

fn unknown(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Request, message)
}

/// Provider and model; the vendor may be left out where a model's name says it.
fn split(name: &str) -> Result<(&str, &str), Failure> {
    if let Some((provider, model)) = name.split_once('/')
        && !provider.is_empty()
        && !model.is_empty()
        && (known(provider) || backends::by_model(name).is_none())
    {
        return Ok((provider, model));
    }
    let Some(backend) = backends::by_model(name) else {
        let message = format!("It is not known who serves \"{name}\".");
        return Err(unknown(message).hint(HOW));
    };
    Ok((backend.r#type.as_str(), name))
}

fn known(provider: &str) -> bool {
    provider == DEMO.0 || backends::find(provider).is_some() || provider == COMPATIBLE
}

/// The name that a server of no known kind has in the list.
const COMPATIBLE: &str = "openai-compatible";

fn of_team<'a>(config: &'a Config, name: &str) -> Option<&'a BackendConfig> {
    let own = |backend: &BackendConfig| {
        backend.model == name || format!("{}/{}", backend.kind, backend.model) == name
    };
    let mut agents = config
        .agents
        .iter()
        .filter(|agent| agent.backend.program.is_none());
    let named = agents.clone().find(|agent| agent.name == name);
    let found = named.or_else(|| agents.find(|agent| own(&agent.backend)));
    found.map(|agent| &agent.backend)
}

/// A vendor's model: known to the table, or on the vendor's own list.
async fn vendors(services: &Services, endpoint: Endpoint) -> Result<Analyst, Failure> {
    if catalog::find(&endpoint.backend, &endpoint.model).is_some() {
        return Ok(analyst(services, endpoint));
    }
    let list = listing::list(&services.client, &endpoint);
    let Ok(list) = tokio::time::timeout(BOUND, list).await else {
        let message = format!("{} did not list its models in time.", endpoint.backend);
        return Err(Failure::new(FailureKind::Transient, message)
            .hint("Try again, or pick a model that `massgen-tui models` knows."));
    };
    let models = list?;
    if let Some(model) = models.iter().find(|model| model.id == endpoint.model) {
        let mut endpoint = endpoint;
        endpoint.context.window = endpoint.context.window.or(model.context);
        return Ok(analyst(services, endpoint));
    }
    let message = format!("{} has no model \"{}\".", endpoint.backend, endpoint.model);
    let rows = catalog::entries().iter();
    let same = |entry: &&catalog::Entry| catalog::find(&endpoint.backend, &entry.id).is_some();
    let ids = rows.filter(same).map(|entry| entry.id.as_str());
    let near = config::nearest(
        &endpoint.model,
        ids.chain(models.iter().map(|one| one.id.as_str())),
    );
    let hint = near.map_or_else(
        || {
            format!(
                "`massgen-tui models --provider {}` lists them.",
                endpoint.backend
            )
        },
        |near| format!("Did you mean {}/{near}?", endpoint.backend),
    );
    Err(Failure::new(FailureKind::Model, message).hint(hint))
}

/// A model of a server on this machine.
async fn nearby(services: &Services, provider: &str, model: &str) -> Result<Analyst, Failure> {
    let targets = discovery::Targets::from_env(|name| services.environment.get(name));
    let found = discovery::discover(&services.client, &targets).await;
    let mut servers = Vec::new();
    for server in &found {
        let mut endpoint = endpoints::of_server(server).endpoint;
        // The search gives some servers another name than the table of backends.
        let own = endpoint.backend == provider
            || backends::find(&endpoint.backend).is_some_and(|one| one.r#type == provider);
        if !own {
            continue;
        }
        model.clone_into(&mut endpoint.model);
        if let Some(named) = listing::matching(&endpoint, &server.models) {
            endpoint.context.window = named.context;
            return Ok(analyst(services, endpoint));
        }
        servers.push(server);
    }
    if servers.is_empty() {
        if backends::find(provider).is_some() || provider == COMPATIBLE {
            let message = format!("No {provider} server runs on this machine.");
            return Err(Failure::new(FailureKind::Transient, message).hint(
                "Start it, or name it with --base-url URL; `massgen-tui doctor` shows what is there.",
            ));
        }
        let near = backends::nearest_type(provider);
        let near = near.map_or_else(String::new, |near| format!("Did you mean {near}? "));
        let message = format!("There is no provider named \"{provider}\".");
        return Err(unknown(message).hint(format!("{near}{HOW}")));
    }
    let ids: Vec<&str> = servers
        .iter()
        .flat_map(|server| &server.models)
        .map(|one| one.id.as_str())
        .collect();
    let message = format!("{provider} has no model \"{model}\".");
    let shown = ids.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    let hint = match config::nearest(model, ids.iter().copied()) {
        Some(near) => format!("Did you mean {provider}/{near}?"),
        None => format!("It has {shown}."),
    };
    Err(Failure::new(FailureKind::Model, message).hint(hint))
}

/// The demo's script, on a server of its own.
async fn demo(services: &Services) -> Result<Analyst, Failure> {
    let server = services.demo_server().await?;
    let mut backend = services.found(&server.session(), &format!("{}/{}", DEMO.0, DEMO.1))?;
    backend.key = Some(server.token().to_owned().into());
    let mut endpoint = endpoint(&backend);
    DEMO.0.clone_into(&mut endpoint.backend);
    endpoint.wire = Wire::Chat;
    endpoint.context.window = Some(128_000);
    let mut analyst = analyst(services, endpoint);
    DEMO.1.clone_into(&mut analyst.model);
    analyst.scripted = true;
    Ok(analyst)
}

fn analyst(services: &Services, endpoint: Endpoint) -> Analyst {
    Analyst::new(services, endpoint)
}

/// The one that is taken when the choice is left to the program: a cheap one whose key is set, then what a
/// server on this machine has.
#[must_use]
pub fn usual(all: &[Candidate]) -> Option<&Candidate> {
    let ready = |one: &&Candidate| one.key == KeyNeed::Set;
    let cheap = CHEAP.iter().find_map(|(provider, model)| {
        let mut ready = all.iter().filter(ready);
        ready.find(|one| one.provider == *provider && one.model == *model)
    });
    let vendor = cheap.or_else(|| {
        let defaults = |one: &&Candidate| {
            let backend = backends::find(&one.provider);
            backend.and_then(|backend| backend.model.as_ref()) == Some(&one.model)
        };
        all.iter().filter(ready).find(defaults)
    });
    vendor.or_else(|| {
        let nearby = all.iter().filter(|one| one.nearby.is_some());
        nearby
            .filter(|one| one.key == KeyNeed::None)
            .max_by_key(|one| one.offer.context.unwrap_or(0))
    })
}

/// The default by the keys that are set, then by the servers that run.
async fn default(services: &Services) -> Result<Analyst, Failure> {
    let all = candidates(services).await;
    let Some(found) = usual(&all) else {
        let message = "No key is set and no model server runs on this machine.";
        return Err(Failure::new(FailureKind::Auth, message).hint(
            "`massgen-tui keys set OPENAI_API_KEY` keeps a key; --model demo/analyst shows the way without one.",
        ));
    };
    let wanted = Wanted {
        name: found.name(),
        ..Wanted::default()
    };
    Box::pin(pick(services, &wanted)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ServerKind;

    #[test]
    fn the_cheap_ones_are_in_the_table_with_a_price() {
        for (provider, model) in CHEAP {
            let price = catalog::price(provider, model);
            assert!(
                price.is_some_and(|price| price.input <= 1.0),
                "{provider}/{model}"
            );
            let entry = catalog::find(provider, model).unwrap();
            assert_eq!(entry.deprecated_after, None, "{provider}/{model}");
        }
    }

    #[test]
    fn a_name_is_a_provider_and_a_model() {
        for (name, parts) in [
            ("openai/gpt-5-mini", Some(("openai", "gpt-5-mini"))),
            ("gpt-5-mini", Some(("openai", "gpt-5-mini"))),
            (
                "groq/openai/gpt-oss-20b",
                Some(("groq", "openai/gpt-oss-20b")),
            ),
            ("opnai/gpt-5", Some(("opnai", "gpt-5"))),
            ("something", None),
            ("/x", None),
        ] {
            assert_eq!(split(name).ok(), parts, "{name}");
        }
    }

    #[test]
    fn kinds_of_servers_have_names_that_are_found() {
        for kind in [
            ServerKind::LmStudio,
            ServerKind::Ollama,
            ServerKind::LlamaCpp,
        ] {
            let server = crate::protocol::Discovered {
                kind,
                base_url: "http://127.0.0.1:1/v1".into(),
                models: Vec::new(),
                needs_key: false,
            };
            let backend = endpoints::of_server(&server).endpoint.backend;
            assert!(backends::find(&backend).is_some(), "{backend}");
        }
    }
}
