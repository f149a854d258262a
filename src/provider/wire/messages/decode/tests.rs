//! Streams as servers send them, and the laws of the decoder.

use proptest::prelude::*;
use serde_json::json;

use crate::protocol::{FailureKind, ToolCall};
use crate::provider::wire::ToolStyle;
use crate::provider::wire::testing::{self, Reply, setup};
use crate::provider::{StopReason, Wire};

fn decode(frames: &[&str]) -> Reply {
    testing::decode(setup(Wire::Messages, ToolStyle::Native), frames)
}

const START: &str = r#"{"type":"message_start","message":{"id":"m","role":"assistant","content":[],
    "usage":{"input_tokens":12,"cache_creation_input_tokens":5,"cache_read_input_tokens":2048,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn ends(reason: &str) -> String {
    json!({"type": "message_delta", "delta": {"stop_reason": reason},
           "usage": {"output_tokens": 87, "output_tokens_details": {"thinking_tokens": 40}}})
    .to_string()
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

const THINKING: [&str; 4] = [
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Check"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
];

const CALLS: [&str; 6] = [
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"b","name":"g"}}"#,
    r#"{"type":"ping"}"#,
];

#[test]
fn thinking_and_calls() {
    let end = ends("tool_use");
    let mut frames = vec![START];
    frames.extend(THINKING);
    frames.extend(CALLS);
    frames.extend([end.as_str(), STOP]);
    let reply = decode(&frames);
    assert_eq!(reply.thinking, "Check");
    assert_eq!(
        reply.calls,
        [call("a", "f", r#"{"x":1}"#), call("b", "g", "")]
    );
    assert_eq!(reply.stop, Some(StopReason::ToolUse));
    let usage = reply.usage.expect("usage");
    assert_eq!(
        (usage.input, usage.cached, usage.output, usage.reasoning),
        (2065, 2048, 87, 40)
    );
    assert_eq!(
        reply.carried.expect("blocks").items,
        [
            json!({"type": "thinking", "thinking": "Check", "signature": "SIG"}),
            json!({"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}),
            json!({"type": "tool_use", "id": "b", "name": "g", "input": {}}),
        ]
    );
}

#[test]
fn plain_text_carries_nothing() {
    let end = ends("end_turn");
    let reply = decode(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
        &end,
        STOP,
    ]);
    assert_eq!((reply.text.as_str(), reply.carried), ("Hi", None));
    assert_eq!(reply.stop, Some(StopReason::EndTurn));
}

#[test]
fn every_end_has_its_word() {
    let text =
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"half"}}"#;
    let error =
        |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "no"}}).to_string();
    for (name, last, stop, failure) in [
        ("cut", vec![], None, Some(FailureKind::Transient)),
        (
            "length",
            vec![ends("max_tokens")],
            Some(StopReason::Length),
            None,
        ),
        (
            "refusal",
            vec![ends("refusal")],
            Some(StopReason::Refused),
            None,
        ),
        (
            "window",
            vec![ends("model_context_window_exceeded")],
            None,
            Some(FailureKind::Context),
        ),
        (
            "busy",
            vec![error("overloaded_error")],
            None,
            Some(FailureKind::Overloaded),
        ),
        (
            "limited",
            vec![error("rate_limit_error")],
            None,
            Some(FailureKind::RateLimit),
        ),
        (
            "no reason",
            vec![STOP.to_owned()],
            Some(StopReason::EndTurn),
            None,
        ),
    ] {
        let mut frames = vec![START, text];
        frames.extend(last.iter().map(String::as_str));
        let reply = decode(&frames);
        assert_eq!(reply.stop, stop, "{name}");
        assert_eq!(reply.failure, failure, "{name}");
    }
}

#[test]
fn whole_documents() {
    let document = |body| testing::document(setup(Wire::Messages, ToolStyle::Native), body);
    let reply = document(
        r#"{"type":"message","content":[{"type":"text","text":"b"},
            {"type":"tool_use","id":"a","name":"f","input":{"x":1}}],
            "stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#,
    );
    assert_eq!(reply.text, "b");
    assert_eq!(reply.calls, [call("a", "f", r#"{"x":1}"#)]);
    for (body, kind) in [
        (
            r#"{"type":"error","error":{"type":"authentication_error","message":"no"}}"#,
            FailureKind::Auth,
        ),
        (r#"{"hello":"world"}"#, FailureKind::Request),
    ] {
        assert_eq!(document(body).failure, Some(kind), "{body}");
    }
}

proptest! {
    #[test]
    fn any_grouping_of_deltas_reads_the_same(whole in "[a-z\" \n{}é漢]{0,40}", cut in 1usize..5) {
        let end = ends("end_turn");
        for (kind, field) in [("text", "text"), ("input_json", "partial_json")] {
            let begin = if kind == "text" { r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"# }
                else { r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f"}}"# };
            let delta = |text: &str| {
                let mut delta = json!({"type": format!("{kind}_delta")});
                delta[field] = json!(text);
                json!({"type": "content_block_delta", "index": 0, "delta": delta}).to_string()
            };
            let letters: Vec<char> = whole.chars().collect();
            let pieces: Vec<String> = letters
                .chunks(cut)
                .map(|chunk| delta(&chunk.iter().collect::<String>()))
                .collect();
            let all = [delta(&whole)];
            let run = |middle: &[String]| {
                let mut frames = vec![START, begin];
                frames.extend(middle.iter().map(String::as_str));
                frames.extend([end.as_str(), STOP]);
                decode(&frames)
            };
            prop_assert_eq!(run(&pieces), run(&all));
        }
    }

    #[test]
    fn no_frame_panics(frame in prop::sample::select(vec![
        "null", "[]", "3", r#"{"type":"content_block_start"}"#,
        r#"{"type":"content_block_start","index":0,"content_block":7}"#,
        r#"{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":"x"}}"#,
        r#"{"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"x"}}"#,
        r#"{"type":"message_delta","usage":3}"#, r#"{"type":"error"}"#,
    ]), text in "\\PC{0,40}") {
        decode(&[frame, STOP]);
        decode(&[&text]);
    }
}
