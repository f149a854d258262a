//! Bodies of requests, whole.

use serde_json::json;

use super::*;
use crate::provider::Wire;
use crate::provider::test_support::endpoint;
use crate::provider::wire::carried::keep;

fn messages() -> Endpoint {
    Endpoint {
        wire: Wire::Messages,
        ..endpoint("http://h/v1")
    }
}

fn call(id: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "read".into(),
        arguments: arguments.into(),
    }
}

fn request() -> Request {
    let result = |id: &str| Message::Tool {
        call_id: id.into(),
        name: "read".into(),
        text: "R".into(),
    };
    Request {
        messages: vec![
            Message::System { text: "S".into() },
            Message::User { text: "Q".into() },
            Message::Assistant {
                text: String::new(),
                calls: vec![call("a", ""), call("b", "{broken")],
                carried: None,
            },
            result("a"),
            result("b"),
            Message::User {
                text: "Go on".into(),
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
    let mark = json!({"type": "ephemeral"});
    assert_eq!(
        encode(&messages(), &request(), Adaptation::default()),
        json!({
            "model": "test-model",
            "stream": true,
            "max_tokens": 8192,
            "system": [{"type": "text", "text": "S", "cache_control": mark}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Q"}]},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "a", "name": "read", "input": {}},
                    {"type": "tool_use", "id": "b", "name": "read",
                     "input": {"invalid_arguments": "{broken"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": "R"},
                    {"type": "tool_result", "tool_use_id": "b", "content": "R"},
                    {"type": "text", "text": "Go on", "cache_control": mark},
                ]},
            ],
            "tools": [{"name": "read", "description": "d", "input_schema": {"type": "object"},
                       "cache_control": mark}],
            "tool_choice": {"type": "any"},
        })
    );
}

#[test]
fn what_was_refused_is_left_out() {
    let adaptation = Adaptation {
        no_cache_marks: true,
        no_forced_choice: true,
        ..Adaptation::default()
    };
    let body = encode(&messages(), &request(), adaptation);
    assert!(!body.to_string().contains("cache_control"));
    assert_eq!(body.get("tool_choice"), None);
}

#[test]
fn thinking_goes_back_as_it_came() {
    let endpoint = messages();
    let blocks = vec![
        json!({"type": "thinking", "thinking": "hm", "signature": "SIG"}),
        json!({"type": "tool_use", "id": "a", "name": "read", "input": {}}),
    ];
    let mut request = request();
    request.messages.truncate(3);
    if let Some(Message::Assistant { carried, .. }) = request.messages.get_mut(2) {
        *carried = keep(&endpoint, blocks.clone()).map(Box::new);
    }
    let body = encode(&endpoint, &request, Adaptation::default());
    assert_eq!(body["messages"][1]["content"], json!(blocks));
    // The person speaks last.
    assert_eq!(body["messages"][2]["role"], json!("user"));
    let refused = Adaptation {
        no_carried: true,
        ..Adaptation::default()
    };
    assert!(
        !encode(&endpoint, &request, refused)
            .to_string()
            .contains("SIG")
    );
}

#[test]
fn parameters_get_the_names_of_this_api() {
    let mut endpoint = messages();
    endpoint.model = "claude-haiku-4-5".into();
    let body = encode(&endpoint, &request(), Adaptation::default());
    assert_eq!(body["max_tokens"], json!(32_000));
    for (name, value) in [
        ("max_completion_tokens", json!(99)),
        ("reasoning_effort", json!("low")),
        ("stop", json!("X")),
        ("thinking", json!({"type": "adaptive"})),
        ("system", json!("mine")),
    ] {
        endpoint.parameters.insert(name.to_owned(), value);
    }
    let body = encode(&endpoint, &request(), Adaptation::default());
    assert_eq!(body["max_tokens"], json!(99));
    assert_eq!(body["output_config"], json!({"effort": "low"}));
    assert_eq!(body["stop_sequences"], json!(["X"]));
    assert_eq!(body["thinking"], json!({"type": "adaptive"}));
    assert_eq!(body["system"][0]["text"], json!("S"));
}
