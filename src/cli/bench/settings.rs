//! Every setting that may change a result, by name: what resumed results are compared with.
//!
//! Numbers and switches stand as they are; texts, addresses and parameters as digests, so that no
//! secret gets into the results.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    app::{Services, Source},
    bench::digest,
    config::BackendConfig,
    protocol::Failure,
};

/// The settings of a team.
///
/// # Errors
/// A team that cannot be built.
pub async fn of(source: &Source, services: &Services) -> Result<BTreeMap<String, String>, Failure> {
    let team = source.build(services).await?;
    let agent = |backend: &BackendConfig, system: Option<&str>| {
        json!({
            "model": backend.model,
            "backend": backend.kind,
            "url": backend.base_url,
            "tool_calling": format!("{:?}", backend.tool_calling),
            "parameters": Value::Object(backend.parameters.clone()).to_string(),
            "system": system,
        })
    };
    let agents: Vec<Value> = match source {
        // Each task says which scenario; it is part of the task.
        Source::Demo(_) => Vec::new(),
        Source::Config(config) => config
            .agents
            .iter()
            .map(|one| agent(&one.backend, one.system_message.as_deref()))
            .collect(),
        Source::Backends(backends) => backends.iter().map(|one| agent(one, None)).collect(),
    };
    let limits = serde_json::to_value(team.limits).unwrap_or_default();
    let rules = serde_json::to_value(team.rules).unwrap_or_default();
    let demo = matches!(source, Source::Demo(_));
    let mut settings = BTreeMap::new();
    let all = json!({ "demo": demo, "agents": agents, "limits": limits, "rules": rules });
    flatten("", &all, &mut settings);
    Ok(settings)
}

fn flatten(name: &str, value: &Value, settings: &mut BTreeMap<String, String>) {
    let below = |key: &str| {
        if name.is_empty() {
            key.to_owned()
        } else {
            format!("{name}.{key}")
        }
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&below(key), value, settings);
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                flatten(&below(&(place + 1).to_string()), value, settings);
            }
        }
        Value::String(text) => {
            settings.insert(name.to_owned(), digest(text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            settings.insert(name.to_owned(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_names_and_no_texts() {
        let mut settings = BTreeMap::new();
        let value = json!({ "a": { "b": [1, "secret"] }, "c": true, "d": null });
        flatten("", &value, &mut settings);
        assert_eq!(settings["a.b.1"], "1");
        assert_eq!(settings["c"], "true");
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
