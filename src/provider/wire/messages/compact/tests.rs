//! Anthropic's ways to make a conversation smaller: what is sent, what stands for it, what is told.

use super::*;
use crate::config::Wire;
use crate::protocol::{CallEvent, CompactedBy, ToolCall, ToolSpec};
use crate::provider::StreamEvent;
use crate::provider::test_support::endpoint;
use crate::provider::wire::{Decoder, Setup, ToolStyle, encode as encode_any, native};

fn claude() -> Endpoint {
    let mut endpoint = endpoint("https://api.anthropic.com/v1");
    endpoint.wire = Wire::Messages;
    endpoint.backend = "claude".into();
    endpoint.context.window = Some(10_000);
    endpoint
}

fn user(text: &str) -> Message {
    Message::User { text: text.into() }
}

fn spoke(text: &str, call: Option<&str>) -> Message {
    let calls = call.into_iter().map(|name| ToolCall {
        id: format!("id-{name}"),
        name: name.into(),
        arguments: "{}".into(),
    });
    Message::Assistant {
        text: text.into(),
        calls: calls.collect(),
        carried: None,
    }
}

fn result(name: &str) -> Message {
    Message::Tool {
        call_id: format!("id-{name}"),
        name: name.into(),
        text: "what it said".into(),
    }
}

fn work() -> Compaction {
    Compaction {
        before: vec![
            Message::System {
                text: "be good".into(),
            },
            user("the task"),
            spoke("long ago", Some("look")),
            result("look"),
        ],
        kept: vec![user("no tabs"), spoke("", Some("vote")), result("vote")],
        tools: vec![ToolSpec {
            name: "look".into(),
            description: String::new(),
            parameters: json!({"type": "object"}),
        }],
    }
}

fn body(
    endpoint: &Endpoint,
    messages: Vec<Message>,
    adaptation: Adaptation,
) -> (Value, Vec<&'static str>) {
    let request = Request {
        messages,
        tools: work().tools,
        choice: ToolChoice::Required,
    };
    let sent = encode_any(endpoint, &request, adaptation);
    (
        serde_json::from_slice(&sent.body).expect("JSON"),
        sent.betas,
    )
}

const BLOCK: &str = r#"{"type": "compaction", "content": "what was", "encrypted_content": null,
    "signature": "SIG", "tool_changes": []}"#;

#[test]
fn the_request_is_the_conversation_without_what_it_may_not_hold() {
    let mut endpoint = claude();
    let parameters = [
        ("stop", json!(["x"])),
        (
            "output_config",
            json!({"format": {"type": "json_schema"}, "effort": "low"}),
        ),
        ("context_management", json!({"edits": []})),
    ];
    for (name, value) in parameters {
        endpoint.parameters.insert(name.into(), value);
    }
    let sent = native::encode(&endpoint, &work(), Adaptation::default());
    assert_eq!((sent.path.as_str(), sent.betas), ("/messages", vec![BETA]));
    let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
    assert_eq!(body["compaction"], json!({"type": "summarize"}));
    assert_eq!(body["system"][0]["text"], "be good");
    assert_eq!(body["tools"][0]["name"], "look");
    assert_eq!(body["output_config"], json!({"effort": "low"}));
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(3));
    for absent in FOREIGN {
        assert_eq!(body.get(absent), None, "{absent}");
    }
}

#[test]
fn the_block_stands_first_for_what_it_covers_and_only_where_it_was_made() {
    let (endpoint, none) = (claude(), Adaptation::default());
    let block: Value = serde_json::from_str(BLOCK).expect("JSON");
    let answer = json!({"type": "message", "content": [block], "stop_reason": "compaction",
        "usage": {"input_tokens": 0, "output_tokens": 0, "iterations": [
            {"type": "message", "input_tokens": 9, "output_tokens": 9},
            {"type": "compaction", "input_tokens": 900, "cache_read_input_tokens": 100,
             "cache_creation_input_tokens": 0, "output_tokens": 40}]}});
    let read = read(&answer.to_string(), &endpoint, &work(), none).expect("a message");
    let (carried, tokens) = read.expect("a compaction");
    let tokens = tokens.expect("counts");
    assert_eq!(
        (tokens.input, tokens.cached, tokens.output),
        (1_000, 100, 40)
    );
    let mut messages = work().before;
    messages.push(carried::mark(carried));
    messages.extend([spoke("now", None), user("go on")]);
    let (sent, betas) = body(&endpoint, messages.clone(), none);
    assert_eq!(betas, [BETA, EDITS_BETA]);
    let turns: Vec<(&str, &str)> = sent["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|turn| {
            let kind = turn["content"][0]["type"].as_str().unwrap_or_default();
            (turn["role"].as_str().unwrap_or_default(), kind)
        })
        .collect();
    assert_eq!(
        turns,
        [
            ("assistant", "compaction"),
            ("user", "text"),
            ("assistant", "tool_use"),
            ("user", "tool_result"),
            ("assistant", "text"),
            ("user", "text"),
        ]
    );
    assert_eq!(sent["messages"][0]["content"][0], block, "unchanged");
    let said: Vec<&Value> = (0..2)
        .map(|at| &sent["messages"][1]["content"][at]["text"])
        .collect();
    assert_eq!(said, ["the task", "no tabs"]);
    assert_eq!(sent["system"][0]["text"], "be good");
    assert!(!sent.to_string().contains("long ago"));
    // Elsewhere, and where the block was refused, stands the conversation as it was.
    let mut other = claude();
    other.model = "another".into();
    let refused = Adaptation {
        no_compact: true,
        ..none
    };
    for (endpoint, adaptation) in [(&other, none), (&endpoint, refused)] {
        assert!(!native::reads(&messages, endpoint, adaptation));
        let (sent, betas) = body(endpoint, messages.clone(), adaptation);
        let text = sent.to_string();
        assert!(text.contains("long ago") && !text.contains("SIG"), "{text}");
        assert!(!betas.contains(&BETA));
    }
    assert!(native::reads(&messages, &endpoint, none));
}

#[test]
fn an_ordinary_reply_says_that_it_is_not_known_and_an_empty_summary_is_trouble() {
    let (endpoint, none) = (claude(), Adaptation::default());
    let read = |answer: &str| read(answer, &endpoint, &work(), none);
    let ordinary = r#"{"content": [{"type": "text", "text": "Sure!"}], "stop_reason": "end_turn"}"#;
    assert_eq!(read(ordinary), Ok(None));
    let failed =
        r#"{"content": [{"type": "compaction", "content": null, "encrypted_content": null}]}"#;
    for bad in [failed, "", "<html>", "{}"] {
        assert_eq!(
            read(bad).map_err(|failure| failure.kind),
            Err(FailureKind::Transient),
            "{bad}"
        );
    }
    let answer = native::read(ordinary, &endpoint, &work(), none);
    assert!(matches!(answer, Ok(native::Answer::Unknown(_))));
}

#[test]
fn old_results_are_left_out_in_time_and_only_where_that_is_known() {
    let (endpoint, none) = (claude(), Adaptation::default());
    let messages = || vec![user("task"), spoke("", Some("look")), result("look")];
    let (sent, betas) = body(&endpoint, messages(), none);
    let edit = &sent["context_management"]["edits"][0];
    // Four fifths of three quarters of the window.
    assert_eq!(edit["trigger"]["value"], 6_000);
    assert_eq!(edit["clear_at_least"]["value"], 500);
    assert_eq!(edit["exclude_tools"][0], "new_answer");
    assert_eq!(betas, [EDITS_BETA]);
    let other = |change: fn(&mut Endpoint)| {
        let mut other = claude();
        change(&mut other);
        other
    };
    for elsewhere in [
        other(|endpoint| endpoint.backend = "zai".into()),
        other(|endpoint| endpoint.context.native = false),
        other(|endpoint| endpoint.context.full = None),
        other(|endpoint| endpoint.context.window = None),
        other(|endpoint| {
            let mine = json!({"edits": [{"type": "compact_20260112"}]});
            endpoint
                .parameters
                .insert("context_management".into(), mine);
        }),
    ] {
        let (sent, _) = body(&elsewhere, messages(), none);
        let ours = sent.pointer("/context_management/edits/0/keep");
        assert_eq!(ours, None, "{elsewhere:?}");
    }
    let refused = Adaptation {
        no_edits: true,
        ..none
    };
    let (sent, betas) = body(&endpoint, messages(), refused);
    assert!(sent.get("context_management").is_none() && betas.is_empty());
    assert!(
        body(&endpoint, vec![user("task")], none).1.is_empty(),
        "no results yet"
    );
}

fn setup() -> Setup {
    Setup {
        endpoint: std::sync::Arc::new(claude()),
        tools: ToolStyle::Native,
        price: None,
        prompt_tokens: 1,
        id_seed: 1,
    }
}

#[test]
fn what_was_left_out_is_told_before_the_end() {
    let mut decoder = Decoder::new(setup());
    let mut out = Vec::new();
    for frame in [
        r#"{"type":"message_start","message":{"usage":{"input_tokens":1200,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"hi"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5},
            "context_management":{"applied_edits":[{"type":"clear_tool_uses_20250919",
            "cleared_tool_uses":3,"cleared_input_tokens":4000},{"type":"later"}]}}"#,
        r#"{"type":"message_stop"}"#,
    ] {
        decoder.frame(frame, &mut out).expect("a frame");
    }
    decoder.end(&mut out).expect("an end");
    let [
        ..,
        StreamEvent::Call(CallEvent::Compacted {
            before, after, way, ..
        }),
        StreamEvent::Stop(_),
    ] = out.as_slice()
    else {
        panic!("{out:?}");
    };
    assert_eq!((*before, *after, *way), (5_200, 1_200, CompactedBy::Edited));
}

#[test]
fn a_summary_inside_a_reply_goes_back_with_it_and_is_paid_for() {
    let mut decoder = Decoder::new(setup());
    let mut out = Vec::new();
    for frame in [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"compaction","content":null}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta",
            "content":"what was","encrypted_content":"OPAQUE"}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"hi"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":10,
            "output_tokens":5,"iterations":[{"type":"compaction","input_tokens":100,"output_tokens":7}]}}"#,
        r#"{"type":"message_stop"}"#,
    ] {
        decoder.frame(frame, &mut out).expect("a frame");
    }
    decoder.end(&mut out).expect("an end");
    let carried = out.iter().find_map(|event| match event {
        StreamEvent::Carried(carried) => Some(carried),
        _ => None,
    });
    let items = &carried.expect("it goes back").items;
    assert_eq!(items[0]["content"], "what was");
    assert_eq!(items[0]["encrypted_content"], "OPAQUE");
    assert_eq!(items[1]["text"], "hi");
    let usage = out.iter().find_map(|event| match event {
        StreamEvent::Usage(usage) => Some(usage),
        _ => None,
    });
    let usage = usage.expect("counts");
    assert_eq!((usage.input, usage.output), (110, 12));
}
