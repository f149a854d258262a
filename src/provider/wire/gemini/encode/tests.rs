//! Bodies of requests, whole.

use serde_json::json;

use super::*;
use crate::protocol::ToolCall;
use crate::provider::Wire;
use crate::provider::test_support::endpoint;
use crate::provider::wire::carried::keep;

fn gemini(model: &str) -> Endpoint {
    Endpoint {
        wire: Wire::Gemini,
        model: model.to_owned(),
        ..endpoint("http://h/v1beta")
    }
}

fn request() -> Request {
    let call = |id: &str| ToolCall {
        id: id.into(),
        name: "read".into(),
        arguments: "{\"p\":1}".into(),
    };
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
                calls: vec![call("a"), call("b")],
                carried: None,
            },
            result("a"),
            result("b"),
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
    let call = json!({"name": "read", "args": {"p": 1}});
    let response = json!({"functionResponse": {"name": "read", "response": {"output": "R"}}});
    assert_eq!(
        encode(&gemini("gemini-9-test"), &request(), Adaptation::default()),
        json!({
            "systemInstruction": {"parts": [{"text": "S"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Q"}]},
                {"role": "model", "parts": [
                    {"functionCall": call, "thoughtSignature": FOREIGN},
                    {"functionCall": call},
                ]},
                {"role": "user", "parts": [response, response]},
            ],
            "tools": [{"functionDeclarations": [
                {"name": "read", "description": "d", "parametersJsonSchema": {"type": "object"}},
            ]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        })
    );
}

#[test]
fn signed_parts_go_back_as_they_came() {
    let endpoint = gemini("gemini-9-test");
    let parts = vec![
        json!({"functionCall": {"id": "a", "name": "read", "args": {}}, "thoughtSignature": "SIG"}),
    ];
    let mut request = request();
    if let Some(Message::Assistant { carried, .. }) = request.messages.get_mut(2) {
        *carried = keep(&endpoint, parts.clone()).map(Box::new);
    }
    let body = encode(&endpoint, &request, Adaptation::default());
    assert_eq!(body["contents"][1]["parts"], json!(parts));
    let ids: Vec<_> = (0..2)
        .map(|at| body["contents"][2]["parts"][at]["functionResponse"].get("id"))
        .collect();
    assert_eq!(ids, [Some(&json!("a")), None]);
    let old = encode(&gemini("gemini-2.5-pro"), &request, Adaptation::default());
    assert!(!old["contents"].to_string().contains("thoughtSignature"));
}

#[test]
fn parameters_get_the_names_of_this_api() {
    let mut endpoint = gemini("gemini-9-test");
    for (name, value) in [
        ("max_tokens", json!(99)),
        ("top_p", json!(0.5)),
        ("reasoning_effort", json!("low")),
        ("stop", json!("X")),
        ("safetySettings", json!([])),
        ("contents", json!("mine")),
    ] {
        endpoint.parameters.insert(name.to_owned(), value);
    }
    let body = encode(&endpoint, &request(), Adaptation::default());
    assert_eq!(
        body["generationConfig"],
        json!({"maxOutputTokens": 99, "topP": 0.5, "stopSequences": ["X"],
               "thinkingConfig": {"thinkingLevel": "LOW"}})
    );
    assert_eq!(body["safetySettings"], json!([]));
    assert!(body["contents"].is_array());
}

#[test]
fn the_model_is_in_the_path() {
    for (model, expected) in [
        ("gemini-3", "/models/gemini-3:streamGenerateContent?alt=sse"),
        ("models/g", "/models/g:streamGenerateContent?alt=sse"),
        (
            "../x?key=1",
            "/models/..xkey1:streamGenerateContent?alt=sse",
        ),
    ] {
        assert_eq!(path(model), expected);
    }
}

#[test]
fn settings_of_the_vendor_get_their_names() {
    let parameters = json!({
        "thinking_config": {"thinking_budget": 512},
        "include_thoughts": false,
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "function_calling_mode": "validated",
    });
    let at = Endpoint {
        parameters: parameters.as_object().cloned().unwrap_or_default(),
        ..gemini("of-nobody")
    };
    let mut request = request();
    request.choice = ToolChoice::Auto;
    let body = encode(&at, &request, Adaptation::default());
    assert_eq!(
        body["generationConfig"]["thinkingConfig"],
        json!({"thinkingBudget": 512, "includeThoughts": false})
    );
    assert_eq!(body["safetySettings"][0]["threshold"], "BLOCK_NONE");
    let mode = "/toolConfig/functionCallingConfig/mode";
    assert_eq!(body.pointer(mode), Some(&json!("VALIDATED")));
    request.choice = ToolChoice::Required;
    let body = encode(&at, &request, Adaptation::default());
    assert_eq!(
        body.pointer(mode),
        Some(&json!("ANY")),
        "the conversation's"
    );
}
