//! Bodies of requests, whole.

use serde_json::json;

use super::*;
use crate::protocol::{Carried, ToolCall};
use crate::provider::Wire;
use crate::provider::test_support::endpoint;
use crate::provider::wire::carried::keep;

fn responses() -> Endpoint {
    Endpoint {
        wire: Wire::Responses,
        ..endpoint("http://h/v1")
    }
}

fn request(carried: Option<Carried>) -> Request {
    Request {
        messages: vec![
            Message::System { text: "S".into() },
            Message::System { text: "T".into() },
            Message::User { text: "Q".into() },
            Message::Assistant {
                text: "I look.".into(),
                calls: vec![ToolCall {
                    id: "call_1".into(),
                    name: "read".into(),
                    arguments: "{broken".into(),
                }],
                carried: carried.map(Box::new),
            },
            Message::Tool {
                call_id: "call_1".into(),
                name: "read".into(),
                text: "R".into(),
            },
        ],
        tools: vec![ToolSpec {
            name: "read".into(),
            description: "d".into(),
            parameters: json!({"type": "object"}),
        }],
        choice: ToolChoice::Required,
    }
}

#[test]
fn the_whole_body() {
    let body = encode(&responses(), &request(None), Adaptation::default());
    assert_eq!(
        body,
        json!({
            "model": "test-model",
            "stream": true,
            "store": false,
            "include": ["reasoning.encrypted_content"],
            "instructions": "S\n\nT",
            "input": [
                {"role": "user", "content": "Q"},
                {"role": "assistant", "content": "I look."},
                {"type": "function_call", "call_id": "call_1", "name": "read",
                 "arguments": "{\"invalid_arguments\":\"{broken\"}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "R"},
            ],
            "tools": [{"type": "function", "name": "read", "description": "d",
                       "parameters": {"type": "object"}, "strict": false}],
            "tool_choice": "required",
        })
    );
}

#[test]
fn what_a_reply_carried_goes_back_unless_it_was_refused() {
    let endpoint = responses();
    let items = vec![
        json!({"type": "reasoning", "encrypted_content": "OPAQUE"}),
        json!({"type": "function_call", "call_id": "call_1", "name": "read", "arguments": "{}"}),
    ];
    let request = request(keep(&endpoint, items.clone()));
    let body = encode(&endpoint, &request, Adaptation::default());
    let input = body["input"].as_array().unwrap();
    assert_eq!(input[1..3], items);
    let refused = Adaptation {
        no_carried: true,
        ..Adaptation::default()
    };
    let body = encode(&endpoint, &request, refused).to_string();
    assert!(
        !body.contains("OPAQUE") && !body.contains("encrypted"),
        "{body}"
    );
    assert!(body.contains("I look."));
}

#[test]
fn parameters_get_the_names_of_this_api() {
    let mut endpoint = responses();
    for (name, value) in [
        ("max_completion_tokens", json!(99)),
        ("reasoning_effort", json!("low")),
        ("reasoning", json!({"summary": "auto"})),
        ("verbosity", json!("high")),
        ("temperature", json!(0.5)),
        ("input", json!("mine")),
        ("store", json!(true)),
    ] {
        endpoint.parameters.insert(name.to_owned(), value);
    }
    let body = encode(&endpoint, &request(None), Adaptation::default());
    assert_eq!(body["max_output_tokens"], json!(99));
    assert_eq!(
        body["reasoning"],
        json!({"effort": "low", "summary": "auto"})
    );
    assert_eq!(body["text"], json!({"verbosity": "high"}));
    assert_eq!(body["temperature"], json!(0.5));
    assert_eq!(body["store"], json!(false));
    assert!(body["input"].is_array());
    let quiet = Adaptation {
        no_summary: true,
        ..Adaptation::default()
    };
    let body = encode(&endpoint, &request(None), quiet);
    assert_eq!(body["reasoning"], json!({"effort": "low"}));
}

#[test]
fn models_that_reason_are_asked_for_a_summary() {
    let body = |model: &str, parameters: Value, adaptation: Adaptation| {
        let at = Endpoint {
            backend: "openai".into(),
            base_url: "https://api.openai.com/v1".into(),
            model: model.into(),
            parameters: parameters.as_object().cloned().unwrap_or_default(),
            ..responses()
        };
        encode(&at, &request(None), adaptation)
    };
    let usual = Adaptation::default();
    let refused = Adaptation {
        no_summary: true,
        ..usual
    };
    let reasons = catalog::entries()
        .iter()
        .find(|entry| entry.provider == "openai" && entry.reasoning)
        .map(|entry| entry.id.clone())
        .expect("such a model");
    let summary = |body: &Value| body.pointer("/reasoning/summary").cloned();
    assert_eq!(
        summary(&body(&reasons, json!({}), usual)),
        Some(json!("auto"))
    );
    assert_eq!(summary(&body(&reasons, json!({}), refused)), None);
    let own = json!({"reasoning": {"summary": "detailed", "effort": "low"}});
    let said = body(&reasons, own, usual);
    assert_eq!(
        said["reasoning"],
        json!({"summary": "detailed", "effort": "low"})
    );
    let none = json!({"reasoning_effort": "none"});
    assert_eq!(summary(&body(&reasons, none, usual)), None);
    assert_eq!(summary(&body("of-nobody", json!({}), usual)), None);
    assert!(body(&reasons, json!({}), usual)["prompt_cache_key"].is_string());
}
