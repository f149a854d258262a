//! What an agent offers when a session is opened: logins, earlier sessions, modes, models. Pure.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::protocol::Failure;
use crate::provider::cli::{acp::Opening, claude::word, place::Hands};

/// The way to log in that asks nobody, with a key among these `variables`: one that names the variables
/// it wants, all of which are there; one for keys that speaks of the vendor that a variable is named
/// after; or the only one for keys, when there is one key only. All others open a browser or ask at a
/// terminal.
pub fn login<'a>(said: &'a Value, variables: &[String]) -> Option<&'a str> {
    let methods = said["authMethods"].as_array()?;
    let id = |method: &'a Value| word(method, "id");
    let named = methods.iter().find(|method| {
        let wanted = wanted(method);
        !wanted.is_empty()
            && wanted
                .iter()
                .all(|name| variables.iter().any(|known| known == name))
    });
    if let Some(method) = named {
        return Some(id(method));
    }
    let for_keys = |method: &&&'a Value| {
        let id = id(method).replace('_', "-");
        wanted(method).is_empty() && (id.contains("api-key") || id.contains("apikey"))
    };
    let keys: Vec<&str> = variables
        .iter()
        .filter_map(|name| name.strip_suffix("_KEY"))
        .map(|name| name.strip_suffix("_API").unwrap_or(name))
        .collect();
    let for_keys: Vec<&Value> = methods.iter().filter(|method| for_keys(&method)).collect();
    let agent = said["agentInfo"].to_string();
    let speaks_of = |method: &&&Value| {
        let words = format!("{method}{agent}").to_lowercase();
        keys.iter().any(|key| words.contains(&key.to_lowercase()))
    };
    match (
        for_keys.iter().find(speaks_of),
        for_keys.as_slice(),
        keys.as_slice(),
    ) {
        (Some(method), _, _) => Some(id(method)),
        (None, [only], [_]) => Some(id(only)),
        (None, _, _) => None,
    }
}

/// The variables that a way to log in names.
fn wanted(method: &Value) -> Vec<&str> {
    let vars = method["vars"].as_array().into_iter().flatten();
    let vars = vars.filter(|var| var["optional"] != Value::Bool(true));
    let vars = vars.map(|var| var.as_str().unwrap_or_else(|| word(var, "name")));
    let one = ["varName", "var"].map(|key| word(method, key));
    vars.chain(one).filter(|name| !name.is_empty()).collect()
}

/// The failure with the names of the ways to log in.
pub fn logins(failure: Failure, said: &Value) -> Failure {
    let methods = said["authMethods"].as_array().into_iter().flatten();
    let names: Vec<String> = methods
        .map(|method| (word(method, "name"), wanted(method).join(", ")))
        .filter(|(name, _)| !name.is_empty())
        .take(6)
        .map(|(name, wanted)| match wanted.as_str() {
            "" => name.to_owned(),
            wanted => format!("{name}: {wanted}"),
        })
        .collect();
    if names.is_empty() {
        return failure.hint(
            "Log in once with the agent itself in a terminal, or name the variable of its key under `env:`.",
        );
    }
    failure.hint(format!(
        "Log in once with the agent itself in a terminal ({}), or name the variable of its key under `env:`.",
        names.join(", ")
    ))
}

/// The method that goes on with an earlier session; resuming repeats nothing and is preferred.
pub fn resumes(said: &Value) -> Option<&'static str> {
    let able = &said["agentCapabilities"];
    if able["sessionCapabilities"]["resume"].is_object() {
        Some("session/resume")
    } else if able["loadSession"] == Value::Bool(true) {
        Some("session/load")
    } else {
        None
    }
}

/// Whether a session takes further folders.
pub fn takes_more(said: &Value) -> bool {
    said["agentCapabilities"]["sessionCapabilities"]["additionalDirectories"].is_object()
}

/// The requests that choose mode and model in an open session. Who only reads gets the mode for reading
/// only, where there is one; who works in a copy of its own one in which edits there are not asked about;
/// a model is chosen when one is named.
pub fn choices(
    opened: &Value,
    session: &str,
    opening: &Opening,
) -> VecDeque<(&'static str, Value)> {
    let mut choices = VecDeque::new();
    let modes = opened["modes"]["availableModes"].as_array();
    let wanted: &[&str] = match opening.place.hands() {
        Hands::Reading => &["read-only"],
        Hands::Writing => &["acceptEdits", "autoEdit", "workspace-write"],
    };
    let fits = |mode: &&Value| wanted.contains(&word(mode, "id"));
    let current = word(&opened["modes"], "currentModeId");
    if let Some(mode) = modes.into_iter().flatten().find(fits)
        && current != word(mode, "id")
    {
        let parameters = json!({"sessionId": session, "modeId": mode["id"]});
        choices.push_back(("session/set_mode", parameters));
    }
    if let Some(model) = opening.model.as_deref() {
        let options = opened["configOptions"].as_array();
        let of_models =
            |option: &&Value| word(option, "category") == "model" || word(option, "id") == "model";
        let choice = if let Some(option) = options.into_iter().flatten().find(of_models) {
            let parameters =
                json!({"sessionId": session, "configId": option["id"], "value": model});
            ("session/set_config_option", parameters)
        } else {
            let parameters = json!({"sessionId": session, "modelId": model});
            ("session/set_model", parameters)
        };
        choices.push_back(choice);
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::FailureKind;

    #[test]
    fn only_the_key_that_a_method_means_logs_in_by_itself() {
        let google = json!({"id": "oauth-personal", "name": "Log in with Google"});
        let gemini = json!({"id": "gemini-api-key", "name": "Gemini API key"});
        let openai = json!({"id": "api-key", "name": "API Key", "_meta": {"api-key": {"provider": "openai"}}});
        let plain = json!({"id": "some_api_key", "name": "API key"});
        let named = json!({"id": "env", "name": "Key", "type": "env_var",
            "vars": [{"name": "ACME_TOKEN"}, {"name": "ACME_URL", "optional": true}]});
        for (methods, variables, expected) in [
            (
                vec![&google, &gemini],
                vec!["GEMINI_API_KEY"],
                Some("gemini-api-key"),
            ),
            (vec![&google, &gemini], vec![], None),
            (
                vec![&openai, &gemini],
                vec!["GEMINI_API_KEY"],
                Some("gemini-api-key"),
            ),
            (vec![&openai, &gemini], vec!["GITHUB_API_KEY"], None),
            (
                vec![&openai],
                vec!["PATH", "OPENAI_API_KEY"],
                Some("api-key"),
            ),
            (
                vec![&google, &plain],
                vec!["FAKE_API_KEY"],
                Some("some_api_key"),
            ),
            (vec![&plain], vec!["FAKE_API_KEY", "OTHER_KEY"], None),
            (vec![&plain, &named], vec!["ACME_TOKEN"], Some("env")),
            (vec![&named], vec!["OTHER_KEY"], None),
        ] {
            let said = json!({ "authMethods": methods });
            let variables: Vec<String> = variables.iter().map(ToString::to_string).collect();
            assert_eq!(
                login(&said, &variables),
                expected,
                "{methods:?} {variables:?}"
            );
        }
        let codex = json!({"authMethods": [plain], "agentInfo": {"name": "codex-acp"}});
        let keys = ["CODEX_API_KEY".to_owned(), "OTHER_KEY".to_owned()];
        assert_eq!(login(&codex, &keys), Some("some_api_key"));
        assert_eq!(login(&json!({"authMethods": 3}), &keys), None);
        let said = json!({ "authMethods": [google, gemini, named] });
        let failure = logins(Failure::new(FailureKind::Auth, "No."), &said);
        assert!(
            failure
                .hint
                .contains("Log in with Google, Gemini API key, Key: ACME_TOKEN"),
            "{failure}"
        );
    }

    #[test]
    fn sessions_are_resumed_rather_than_loaded() {
        let able = |able: Value| resumes(&json!({"agentCapabilities": able}));
        assert_eq!(
            able(json!({"loadSession": true, "sessionCapabilities": {"resume": {}}})),
            Some("session/resume")
        );
        assert_eq!(able(json!({"loadSession": true})), Some("session/load"));
        assert_eq!(able(json!({})), None);
    }

    #[test]
    fn a_mode_for_reading_and_the_named_model_are_chosen() {
        let opened = json!({
            "modes": {"currentModeId": "agent", "availableModes": [{"id": "agent"}, {"id": "read-only"}]},
            "configOptions": [{"id": "model", "category": "model"}]});
        let wants = |model: Option<&str>| Opening {
            model: model.map(str::to_owned),
            ..Opening::default()
        };
        let made: Vec<_> = choices(&opened, "s", &wants(Some("m"))).into();
        assert_eq!(
            made[0],
            (
                "session/set_mode",
                json!({"sessionId": "s", "modeId": "read-only"})
            )
        );
        assert_eq!(made[1].0, "session/set_config_option");
        assert_eq!(made[1].1["value"], "m");
        assert_eq!(
            choices(&json!({}), "s", &wants(Some("m")))[0].0,
            "session/set_model"
        );
        assert!(
            choices(
                &json!({"modes": {"availableModes": [{"id": "default"}]}}),
                "s",
                &wants(None)
            )
            .is_empty()
        );
    }
}
