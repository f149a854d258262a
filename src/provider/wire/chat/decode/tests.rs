//! Streams as servers send them, one row each, and the laws of the decoder.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::provider::StopReason;
use crate::provider::Wire;
use crate::provider::wire::reply::ToolStyle;
use crate::provider::wire::testing::{self, Reply, collect, setup};

fn decoder(tools: ToolStyle) -> Decoder {
    Decoder::new(setup(Wire::Chat, tools))
}

fn decode_with(tools: ToolStyle, frames: &[&str]) -> Reply {
    testing::decode(setup(Wire::Chat, tools), frames)
}

fn decode(frames: &[&str]) -> Reply {
    decode_with(ToolStyle::Native, frames)
}

fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#)
}

fn text(words: &str) -> String {
    delta(&json!({ "content": words }).to_string())
}

fn finish(reason: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

#[test]
fn a_plain_reply_with_usage() {
    let reply = decode(&[
        &delta(r#"{"role":"assistant","content":""}"#),
        &delta(r#"{"reasoning_content":"Let me see"}"#),
        &text("Hi"),
        &text(" there"),
        &finish("stop"),
        r#"{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,
            "prompt_tokens_details":{"cached_tokens":16}}}"#,
        "[DONE]",
        &text("after the end"),
    ]);
    assert_eq!(reply.text, "Hi there");
    assert_eq!(reply.thinking, "Let me see");
    assert_eq!(reply.stop, Some(StopReason::EndTurn));
    let usage = reply.usage.expect("usage");
    assert_eq!(
        (usage.input, usage.cached, usage.output, usage.calls),
        (20, 16, 9, 1)
    );
    assert!(!usage.estimated);
    assert!(usage.cost.partial, "no price is known");
}

fn ends(name: &str, frames: &[&str], expected: Result<StopReason, FailureKind>) {
    let reply = decode(frames);
    let end = match reply.failure {
        Some(failure) => Err(failure),
        None => reply.stop.ok_or(FailureKind::Local),
    };
    assert_eq!(end, expected, "{name}: {reply:?}");
    let called = expected == Ok(StopReason::ToolUse);
    assert_eq!(reply.calls.is_empty(), !called, "{name}");
}

const CALL: &str =
    r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;

#[test]
fn how_replies_end() {
    use StopReason as S;
    let (x, call) = (text("x"), delta(CALL));
    let refusal = delta(r#"{"refusal":"I can't"}"#);
    let thought = delta(r#"{"reasoning":"hm"}"#);
    ends("done", &[&x, &finish("stop"), "[DONE]"], Ok(S::EndTurn));
    ends("no end mark", &[&x, &finish("stop")], Ok(S::EndTurn));
    ends("no reason", &[&x, "[DONE]"], Ok(S::EndTurn));
    ends("together", &[&x, &finish("eos")], Ok(S::EndTurn));
    ends("unheard of", &[&x, &finish("because")], Ok(S::EndTurn));
    ends("length", &[&x, &finish("length")], Ok(S::Length));
    ends("hidden thoughts", &[&finish("length")], Ok(S::Length));
    ends("mistral", &[&x, &finish("model_length")], Ok(S::Length));
    ends("filter", &[&finish("content_filter")], Ok(S::Refused));
    ends("zai", &[&x, &finish("sensitive")], Ok(S::Refused));
    ends("refusal", &[&refusal, &finish("stop")], Ok(S::Refused));
    ends("calls", &[&call, &finish("tool_calls")], Ok(S::ToolUse));
    ends("stop with calls", &[&call, &finish("stop")], Ok(S::ToolUse));
    ends("calls, no reason", &[&call, "[DONE]"], Ok(S::ToolUse));
    ends("xai", &[&finish(""), &x, &finish("stop")], Ok(S::EndTurn));
    ends(
        "thoughts only",
        &[&thought, &finish("stop")],
        Ok(S::EndTurn),
    );
}

#[test]
fn how_replies_fail() {
    use FailureKind as K;
    let (x, call, blank) = (text("x"), delta(CALL), text("\n "));
    let busy = finish("insufficient_system_resource");
    let window = finish("model_context_window_exceeded");
    let upstream = r#"{"error":{"message":"upstream overloaded","code":502}}"#;
    let flat = r#"{"object":"error","message":"x","type":"invalid_request_error"}"#;
    ends("cut", &[&text("half a")], Err(K::Transient));
    ends("cut in a call", &[&call], Err(K::Transient));
    ends("nothing", &[], Err(K::Transient));
    ends("empty", &[&finish("stop"), "[DONE]"], Err(K::Transient));
    ends("white space", &[&blank, &finish("stop")], Err(K::Transient));
    ends("openrouter", &[&x, &finish("error")], Err(K::Transient));
    ends("deepseek", &[&busy], Err(K::Overloaded));
    ends("zai context", &[&window], Err(K::Context));
    ends("error", &[&x, upstream], Err(K::Transient));
    ends(
        "error in words",
        &[r#"{"error":"boom"}"#],
        Err(K::Transient),
    );
    ends("error, flat", &[flat], Err(K::Request));
    ends("malformed", &[&x, r#"{"choices":[{"#], Err(K::Transient));
    ends("no object", &["17"], Err(K::Transient));
    ends("odd shape", &[r#"{"choices":"x"}"#], Err(K::Transient));
}

#[test]
fn where_text_and_thoughts_come_from() {
    for (name, frame, thinking, text) in [
        ("reasoning", delta(r#"{"reasoning":"a"}"#), "a", ""),
        ("both, never twice", delta(r#"{"reasoning":"a","reasoning_content":"a"}"#), "a", ""),
        ("one of them empty", delta(r#"{"reasoning":"a","reasoning_content":""}"#), "a", ""),
        ("details", delta(r#"{"reasoning_details":[{"text":"a"},{"summary":"b"}]}"#), "ab", ""),
        (
            "mistral",
            delta(r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]},{"type":"text","text":"b"}]}"#),
            "a",
            "b",
        ),
        ("tags", text("<think>a</think>b"), "a", "b"),
        ("unknown fields", delta(r#"{"content":"b","obfuscation":"zzz","new":{"x":[1]}}"#), "", "b"),
        ("a message", r#"{"choices":[{"message":{"role":"assistant","content":"b"}}]}"#.to_owned(), "", "b"),
        ("another choice", r#"{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"b"}}]}"#.to_owned(), "", "b"),
        ("nulls", r#"{"id":null,"usage":null,"choices":[{"delta":{"content":"b","tool_calls":null,"refusal":null},"finish_reason":null}]}"#.to_owned(), "", "b"),
    ] {
        let reply = decode(&[&frame, &finish("stop")]);
        assert_eq!(reply.failure.filter(|_| !text.is_empty()), None, "{name}");
        assert_eq!((reply.thinking.as_str(), reply.text.as_str()), (thinking, text), "{name}");
    }
    let repeated = decode(&[
        &text("b"),
        r#"{"choices":[{"message":{"content":"b"},"finish_reason":"stop"}]}"#,
    ]);
    assert_eq!(repeated.text, "b", "a closing message repeats the stream");
}

#[test]
fn where_usage_comes_from() {
    let counts = r#"{"prompt_tokens":5,"completion_tokens":2}"#;
    for (name, frames) in [
        ("last choice", vec![format!(r#"{{"choices":[{{"delta":{{"content":"x"}},"finish_reason":"stop"}}],"usage":{counts}}}"#)]),
        ("inside the choice", vec![format!(r#"{{"choices":[{{"delta":{{"content":"x"}},"finish_reason":"stop","usage":{counts}}}]}}"#)]),
        ("groq", vec![text("x"), format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"x_groq":{{"usage":{counts}}}}}"#)]),
        ("cumulative", vec![
            r#"{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#.to_owned(),
            format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"usage":{counts}}}"#),
        ]),
    ] {
        let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        let usage = decode(&frames).usage.expect(name);
        assert_eq!((usage.input, usage.output, usage.estimated), (5, 2, false), "{name}");
    }
    let usage = decode(&[&text("eight ch"), &finish("stop")])
        .usage
        .expect("an estimate");
    assert_eq!((usage.input, usage.output, usage.estimated), (7, 2, true));
}

#[test]
fn what_a_failed_reply_has_cost() {
    let mut decoder = decoder(ToolStyle::Native);
    assert_eq!(decoder.spent(), None);
    decoder
        .frame(&text("eight ch"), &mut Vec::new())
        .expect("a frame");
    let Some(StreamEvent::Usage(usage)) = decoder.spent() else {
        panic!("something was spent");
    };
    assert_eq!((usage.input, usage.output, usage.estimated), (7, 2, true));
}

#[test]
fn calls_stream_and_complete_at_the_end() {
    let mut decoder = decoder(ToolStyle::Native);
    let mut out = Vec::new();
    for frame in [
        delta(
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}"#,
        ),
        delta(r#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#),
        finish("tool_calls"),
    ] {
        decoder.frame(&frame, &mut out).expect("a frame");
    }
    assert_eq!(out.len(), 3, "a start and two fragments: {out:?}");
    out.clear();
    decoder.end(&mut out).expect("a whole reply");
    let Some(StreamEvent::ToolCall(call)) = out.first() else {
        panic!("the call first: {out:?}");
    };
    assert_eq!(
        (call.id.as_str(), call.arguments.as_str()),
        ("a", r#"{"x":1}"#)
    );
}

#[test]
fn the_form_before_tool_calls() {
    let reply = decode(&[
        &delta(r#"{"function_call":{"name":"f","arguments":"{"}}"#),
        &delta(r#"{"function_call":{"arguments":"}"}}"#),
        &finish("function_call"),
    ]);
    assert_eq!(reply.calls.len(), 1);
    assert_eq!(
        reply.calls.first().map(|call| call.arguments.as_str()),
        Some("{}")
    );
}

#[test]
fn a_call_as_text() {
    let block = "I vote.\n\n```tool\n{\"tool_name\": \"vote\", \"arguments\": {\"agent_id\": \"agent1\"}}\n```";
    let reply = decode_with(ToolStyle::Text, &[&text(block), &finish("stop")]);
    assert_eq!(reply.text, "I vote.\n\n");
    assert_eq!(reply.stop, Some(StopReason::ToolUse));
    assert_eq!(
        reply.calls.first().map(|call| call.name.as_str()),
        Some("vote")
    );
    let native = decode(&[&text(block), &finish("stop")]);
    assert_eq!(native.text, block, "without the text protocol it is text");
    assert_eq!(native.stop, Some(StopReason::EndTurn));
    let cut = decode_with(ToolStyle::Text, &[&text(block)]);
    assert!(cut.calls.is_empty(), "no call from a cut reply");
    let thought = format!("<think>{block}</think>no");
    let thought = decode_with(ToolStyle::Text, &[&text(&thought), &finish("stop")]);
    assert!(thought.calls.is_empty(), "thoughts are not the reply");
}

#[test]
fn whole_documents() {
    let run = |body: &str| {
        let mut decoder = decoder(ToolStyle::Native);
        let mut out = Vec::new();
        let result = decoder
            .document(body, &mut out)
            .and_then(|()| decoder.end(&mut out));
        collect(out, result.err().as_ref())
    };
    let reply = run(
        r#"{"id":"x","choices":[{"message":{"role":"assistant","content":"b","tool_calls":
            [{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
            "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    );
    assert_eq!(reply.text, "b");
    assert_eq!(reply.calls.len(), 1);
    assert_eq!(reply.stop, Some(StopReason::ToolUse));
    for (body, kind) in [
        (
            r#"{"error":{"message":"no","code":"model_not_found"}}"#,
            FailureKind::Model,
        ),
        (r#"{"hello":"world"}"#, FailureKind::Request),
        (r#"{"choices":[]}"#, FailureKind::Request),
        (r#"{"choices":[{"mess"#, FailureKind::Transient),
        ("[]", FailureKind::Transient),
    ] {
        assert_eq!(run(body).failure, Some(kind), "{body}");
    }
}

proptest! {
    #[test]
    fn any_grouping_of_deltas_reads_the_same(
        words in prop::collection::vec("[a-z<>/`{}\" \n]{0,6}", 0..12),
        cut in 1usize..5,
    ) {
        let whole = words.concat();
        let letters: Vec<char> = whole.chars().collect();
        let frames: Vec<String> = letters
            .chunks(cut)
            .map(|chunk| text(&chunk.iter().collect::<String>()))
            .chain([finish("stop")])
            .collect();
        let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        for style in [ToolStyle::Native, ToolStyle::Text] {
            let pieces = decode_with(style, &frames);
            let once = decode_with(style, &[&text(&whole), &finish("stop")]);
            prop_assert_eq!(pieces, once);
        }
    }

    #[test]
    fn no_frame_panics(data in "\\PC{0,60}", frame in prop::sample::select(vec![
        r#"{"choices":[{"delta":{"tool_calls":[{"index":9,"function":{"arguments":7}}]}}]}"#,
        r#"{"choices":[{"delta":{"content":{"a":1}}}]}"#,
        r#"{"choices":[null]}"#,
        r#"{"choices":[{"delta":"x"}]}"#,
        r#"{"choices":{}}"#,
        r#"{"usage":3}"#,
        "null",
        "[]",
    ])) {
        decode(&[&data]);
        decode(&[frame]);
    }
}
