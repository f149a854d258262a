//! What an agent offers when a session is opened: logins, earlier sessions, modes, models. Pure.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::protocol::Failure;
use crate::provider::cli::claude::word;

/// The way to log in that asks nobody: with a key that is in its environment. `None` when there is no
/// such way or no key; all others open a browser or ask at a terminal.
pub fn login(said: &Value, key: bool) -> Option<&str> {
    let methods = said["authMethods"].as_array()?.iter();
    let ids = methods.map(|method| word(method, "id"));
    ids.filter(|_| key)
        .find(|id| id.contains("api-key") || id.contains("api_key") || id.contains("apikey"))
}

/// The failure with the names of the ways to log in.
pub fn logins(failure: Failure, said: &Value) -> Failure {
    let methods = said["authMethods"].as_array().into_iter().flatten();
    let names: Vec<&str> = methods
        .map(|method| word(method, "name"))
        .filter(|name| !name.is_empty())
        .take(6)
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

/// The requests that choose mode and model in an open session. Where there is a mode for reading only
/// it is taken, since agents only read; a model is chosen when one is named.
pub fn choices(
    opened: &Value,
    session: &str,
    model: Option<&str>,
) -> VecDeque<(&'static str, Value)> {
    let mut choices = VecDeque::new();
    let modes = opened["modes"]["availableModes"].as_array();
    let reads = |mode: &&Value| word(mode, "id") == "read-only";
    let current = word(&opened["modes"], "currentModeId");
    if let Some(mode) = modes.into_iter().flatten().find(reads)
        && current != word(mode, "id")
    {
        let parameters = json!({"sessionId": session, "modeId": mode["id"]});
        choices.push_back(("session/set_mode", parameters));
    }
    if let Some(model) = model {
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
    fn only_a_key_logs_in_by_itself() {
        let said = json!({"authMethods": [{"id": "oauth-personal", "name": "Log in with Google"},
            {"id": "gemini-api-key", "name": "Gemini API key"}]});
        assert_eq!(login(&said, true), Some("gemini-api-key"));
        assert_eq!(login(&said, false), None);
        assert_eq!(login(&json!({"authMethods": 3}), true), None);
        let failure = logins(Failure::new(FailureKind::Auth, "No."), &said);
        assert!(
            failure.hint.contains("Log in with Google, Gemini API key"),
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
        let made: Vec<_> = choices(&opened, "s", Some("m")).into();
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
            choices(&json!({}), "s", Some("m"))[0].0,
            "session/set_model"
        );
        assert!(
            choices(
                &json!({"modes": {"availableModes": [{"id": "default"}]}}),
                "s",
                None
            )
            .is_empty()
        );
    }
}
