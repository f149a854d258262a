//! Streams as servers send them, and the laws of the decoder.

use proptest::prelude::*;

use crate::protocol::{FailureKind, ToolCall};
use crate::provider::wire::ToolStyle;
use crate::provider::wire::testing::{self, Reply, setup};
use crate::provider::{StopReason, Wire};

fn decode(frames: &[&str]) -> Reply {
    testing::decode(setup(Wire::Responses, ToolStyle::Native), frames)
}

const DONE: &str = r#"{"type":"response.completed","response":{"status":"completed","output":[],
    "usage":{"input_tokens":900,"input_tokens_details":{"cached_tokens":768},"output_tokens":61,
    "output_tokens_details":{"reasoning_tokens":55},"total_tokens":961}}}"#;

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

#[test]
fn text_with_a_summary_of_reasoning() {
    let reply = decode(&[
        r#"{"type":"response.created","sequence_number":0,"response":{"status":"in_progress"}}"#,
        r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning"}}"#,
        r#"{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","delta":"Compare"}"#,
        r#"{"type":"response.reasoning_summary_part.done","item_id":"rs_1"}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","encrypted_content":"OPAQUE"}}"#,
        r#"{"type":"response.output_text.delta","item_id":"msg_1","delta":"Hi"}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_1","type":"message","phase":"final_answer","content":[{"type":"output_text","text":"Hi"}]}}"#,
        DONE,
        "[DONE]",
    ]);
    assert_eq!(reply.text, "Hi");
    assert_eq!(reply.thinking, "Compare\n\n");
    assert_eq!(reply.stop, Some(StopReason::EndTurn));
    let usage = reply.usage.expect("usage");
    assert_eq!(
        (usage.input, usage.cached, usage.output, usage.reasoning),
        (900, 768, 61, 55)
    );
    let carried = reply.carried.expect("items");
    let kinds: Vec<_> = carried.items.iter().map(|item| &item["type"]).collect();
    assert_eq!(kinds, ["reasoning", "message"]);
}

#[test]
fn servers_tell_calls_in_different_ways() {
    let item = r#"{"type":"response.output_item.done","item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":1}"}}"#;
    for (name, frames) in [
        (
            "the documented way",
            vec![
                r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"f","arguments":""}}"#,
                r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":0,"delta":"{\"x\""}"#,
                r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":0,"delta":":1}"}"#,
                r#"{"type":"response.function_call_arguments.done","item_id":"fc_1","arguments":"{\"x\":1}"}"#,
                item,
            ],
        ),
        (
            "without indices and done events",
            vec![
                r#"{"type":"response.output_item.added","item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"f"}}"#,
                r#"{"type":"response.function_call_arguments.delta","delta":"{\"x\":1}"}"#,
            ],
        ),
        ("as a finished item only", vec![item]),
        (
            "with all of them at the beginning, too",
            vec![
                r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":1}"}}"#,
                r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":0,"delta":"{\"x\":1}"}"#,
                item,
            ],
        ),
        (
            "with arguments only at the end",
            vec![
                r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"f"}}"#,
                item,
            ],
        ),
    ] {
        let mut frames = frames;
        frames.push(DONE);
        let reply = decode(&frames);
        assert_eq!(reply.calls, [call("c1", "f", r#"{"x":1}"#)], "{name}");
        assert_eq!(reply.stop, Some(StopReason::ToolUse), "{name}");
    }
}

#[test]
fn two_calls_interleave() {
    let reply = decode(&[
        r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"a","type":"function_call","call_id":"c1","name":"f"}}"#,
        r#"{"type":"response.output_item.added","output_index":1,"item":{"id":"b","type":"function_call","call_id":"c2","name":"g"}}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"b","delta":"{\"y\":"}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"a","delta":"{}"}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"b","delta":"2}"}"#,
        DONE,
    ]);
    assert_eq!(
        reply.calls,
        [call("c1", "f", "{}"), call("c2", "g", r#"{"y":2}"#)]
    );
}

#[test]
fn every_end_has_its_word() {
    let said = r#"{"type":"response.output_text.delta","delta":"half"}"#;
    for (name, last, stop, failure) in [
        ("cut", None, None, Some(FailureKind::Transient)),
        (
            "length",
            Some(
                r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#,
            ),
            Some(StopReason::Length),
            None,
        ),
        (
            "filter",
            Some(
                r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}}"#,
            ),
            Some(StopReason::Refused),
            None,
        ),
        (
            "failed",
            Some(
                r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"too long"}}}"#,
            ),
            None,
            Some(FailureKind::Context),
        ),
        (
            "a flat error",
            Some(r#"{"type":"error","code":"rate_limit_exceeded","message":"slow down"}"#),
            None,
            Some(FailureKind::RateLimit),
        ),
        (
            "a nested error",
            Some(r#"{"type":"error","error":{"code":"insufficient_quota","message":"no money"}}"#),
            None,
            Some(FailureKind::Quota),
        ),
        (
            "no JSON",
            Some("{\"type\":"),
            None,
            Some(FailureKind::Transient),
        ),
    ] {
        let frames: Vec<&str> = std::iter::once(said).chain(last).collect();
        let reply = decode(&frames);
        assert_eq!(reply.stop, stop, "{name}");
        assert_eq!(reply.failure, failure, "{name}");
    }
}

#[test]
fn a_refusal_has_no_calls_and_carries_nothing() {
    let reply = decode(&[
        r#"{"type":"response.refusal.delta","delta":"I will not."}"#,
        r#"{"type":"response.output_item.done","item":{"type":"message","content":[]}}"#,
        DONE,
    ]);
    assert_eq!(reply.text, "I will not.");
    assert_eq!(
        (reply.stop, reply.carried),
        (Some(StopReason::Refused), None)
    );
}

#[test]
fn whole_documents() {
    let document = |body| testing::document(setup(Wire::Responses, ToolStyle::Native), body);
    let reply = document(
        r#"{"status":"completed","output":[
            {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
            {"type":"message","content":[{"type":"output_text","text":"b"}]},
            {"type":"function_call","call_id":"a","name":"f","arguments":"{}"}],
            "usage":{"input_tokens":1,"output_tokens":2}}"#,
    );
    assert_eq!((reply.text.as_str(), reply.thinking.as_str()), ("b", "hm"));
    assert_eq!(reply.calls, [call("a", "f", "{}")]);
    for (body, kind) in [
        (
            r#"{"error":{"message":"no","code":"model_not_found"}}"#,
            FailureKind::Model,
        ),
        (r#"{"hello":"world"}"#, FailureKind::Request),
        ("[]", FailureKind::Request),
    ] {
        assert_eq!(document(body).failure, Some(kind), "{body}");
    }
}

proptest! {
    #[test]
    fn any_grouping_of_deltas_reads_the_same(whole in "[a-z\" \n{}é漢]{0,40}", cut in 1usize..5) {
        let delta = |kind: &str, text: &str| {
            serde_json::json!({"type": kind, "item_id": "a", "delta": text}).to_string()
        };
        let begin = r#"{"type":"response.output_item.added","item":{"id":"a","type":"function_call","call_id":"c","name":"f"}}"#;
        for kind in ["response.output_text.delta", "response.function_call_arguments.delta"] {
            let letters: Vec<char> = whole.chars().collect();
            let pieces: Vec<String> = letters
                .chunks(cut)
                .map(|chunk| delta(kind, &chunk.iter().collect::<String>()))
                .collect();
            let all = delta(kind, &whole);
            let frames = |middle: &[String]| {
                let frames: Vec<&str> = std::iter::once(begin)
                    .chain(middle.iter().map(String::as_str))
                    .chain([DONE])
                    .collect();
                decode(&frames)
            };
            prop_assert_eq!(frames(&pieces), frames(&[all]));
        }
    }

    #[test]
    fn no_frame_panics(frame in prop::sample::select(vec![
        r#"{"type":7}"#, "null", "[]", "3",
        r#"{"type":"response.output_item.done","item":3}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"ghost","delta":"x"}"#,
        r#"{"type":"response.completed"}"#,
        r#"{"type":"response.failed"}"#,
        r#"{"type":"error","error":"text"}"#,
    ]), text in "\\PC{0,40}") {
        decode(&[frame]);
        decode(&[&text]);
    }
}
