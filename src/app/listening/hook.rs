//! A hook of the configuration as one that can be used.

use std::time::Duration;

use secrecy::SecretString;

use crate::{
    config::{Environment, hooking::Said},
    hooks::{Content, Filter, Hook, Kind, OUTCOMES, Reach, Target},
};

/// A hook, and its name with its secret when it has one.
pub type Ready = (Hook, Option<(String, SecretString)>);

/// Reads an entry.
///
/// # Errors
/// A word that means nothing, a variable that is not set.
pub fn read(said: Said, environment: &Environment) -> Result<Ready, String> {
    let name = said.name;
    let unused = |what: &str| format!("The webhook {name} is not used: {what}.");
    let mut kinds = Vec::new();
    for word in &said.events {
        let known = Kind::ALL.map(Kind::word).join(", ");
        let kind = Kind::of(word)
            .ok_or_else(|| unused(&format!("there is no event \"{word}\"; there are {known}")))?;
        kinds.push(kind);
    }
    if let Some(word) = said
        .outcomes
        .iter()
        .find(|word| !OUTCOMES.contains(&word.as_str()))
    {
        let known = OUTCOMES.join(", ");
        return Err(unused(&format!(
            "there is no outcome \"{word}\"; there are {known}"
        )));
    }
    let mut secret = None;
    if let Some(variable) = &said.secret_env {
        let value = environment
            .get(variable)
            .filter(|value| !value.trim().is_empty());
        let value =
            value.ok_or_else(|| unused(&format!("{variable} with its secret is not set")))?;
        secret = Some((name.clone(), SecretString::from(value.trim())));
    }
    let target = match said.url {
        Some(url) => Target::Url {
            url,
            secret: said.secret_env,
            reach: if said.private {
                Reach::Private
            } else {
                Reach::Public
            },
        },
        None => Target::Command(said.command),
    };
    let mut filter = Filter {
        outcomes: said.outcomes,
        agents: said.agents,
        ..Filter::default()
    };
    if !kinds.is_empty() {
        filter.kinds = kinds;
    }
    let hook = Hook {
        target,
        filter,
        content: if said.full {
            Content::Full
        } else {
            Content::Short
        },
        timeout: Duration::from_secs_f64(said.timeout_seconds),
        name,
    };
    Ok((hook, secret))
}
