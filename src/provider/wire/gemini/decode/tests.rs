//! Streams as servers send them, and the laws of the decoder.

use proptest::prelude::*;
use serde_json::json;

use crate::protocol::FailureKind;
use crate::provider::wire::ToolStyle;
use crate::provider::wire::testing::{self, Reply, setup};
use crate::provider::{StopReason, Wire};

fn decode(frames: &[&str]) -> Reply {
    testing::decode(setup(Wire::Gemini, ToolStyle::Native), frames)
}

const LAST: &str = r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"SIG"}]},"finishReason":"STOP"}],
    "usageMetadata":{"promptTokenCount":900,"cachedContentTokenCount":512,"candidatesTokenCount":2,"thoughtsTokenCount":30,"totalTokenCount":932}}"#;

#[test]
fn thoughts_and_text() {
    let reply = decode(&[
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Compare","thought":true}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"H"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"i"}]}}]}"#,
        LAST,
    ]);
    assert_eq!(
        (reply.text.as_str(), reply.thinking.as_str()),
        ("Hi", "Compare")
    );
    assert_eq!(reply.stop, Some(StopReason::EndTurn));
    let usage = reply.usage.expect("usage");
    assert_eq!(
        (usage.input, usage.cached, usage.output, usage.reasoning),
        (900, 512, 32, 30)
    );
    assert_eq!(
        reply.carried.expect("signed").items,
        [
            json!({"text": "Hi"}),
            json!({"text": "", "thoughtSignature": "SIG"})
        ]
    );
}

#[test]
fn parallel_calls() {
    let reply = decode(&[r#"{"candidates":[{"content":{"parts":[
            {"functionCall":{"id":"fc1","name":"vote","args":{"agent_id":"agent1"}},"thoughtSignature":"SIG"},
            {"functionCall":{"name":"new_answer","args":{"content":"x"}}}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20}}"#]);
    let calls: Vec<_> = reply
        .calls
        .iter()
        .map(|call| {
            (
                call.id.as_str(),
                call.name.as_str(),
                call.arguments.as_str(),
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            ("fc1", "vote", r#"{"agent_id":"agent1"}"#),
            ("call_ab_1", "new_answer", r#"{"content":"x"}"#),
        ]
    );
    assert_eq!(reply.stop, Some(StopReason::ToolUse));
    assert_eq!(reply.carried.expect("signed").items.len(), 2);
}

#[test]
fn every_end_has_its_word() {
    let said = r#"{"candidates":[{"content":{"parts":[{"text":"half"}]}}]}"#;
    let ends = |reason: &str| json!({"candidates": [{"finishReason": reason}]}).to_string();
    for (name, last, stop, failure) in [
        ("cut", None, None, Some(FailureKind::Transient)),
        ("length", Some(ends("MAX_TOKENS")), Some(StopReason::Length), None),
        ("safety", Some(ends("SAFETY")), Some(StopReason::Refused), None),
        (
            "a call that cannot be read",
            Some(ends("MALFORMED_FUNCTION_CALL")),
            None,
            Some(FailureKind::Transient),
        ),
        (
            "busy",
            Some(json!({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}).to_string()),
            None,
            Some(FailureKind::Overloaded),
        ),
        ("unknown", Some(ends("NEW_REASON")), Some(StopReason::EndTurn), None),
    ] {
        let frames: Vec<&str> = std::iter::once(said).chain(last.as_deref()).collect();
        let reply = decode(&frames);
        assert_eq!(reply.stop, stop, "{name}");
        assert_eq!(reply.failure, failure, "{name}");
    }
    let blocked = decode(&[r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#]);
    assert_eq!(blocked.stop, Some(StopReason::Refused));
}

#[test]
fn whole_documents() {
    let document = |body| testing::document(setup(Wire::Gemini, ToolStyle::Native), body);
    let two = r#"[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},
        {"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}]"#;
    assert_eq!(document(two).text, "ab");
    for (body, kind) in [
        (
            r#"[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
            FailureKind::Auth,
        ),
        (r#"{"hello":"world"}"#, FailureKind::Request),
        ("[]", FailureKind::Request),
    ] {
        assert_eq!(document(body).failure, Some(kind), "{body}");
    }
}

proptest! {
    #[test]
    fn any_grouping_of_texts_reads_the_same(whole in "[a-z\" \n{}é漢]{0,40}", cut in 1usize..5) {
        let text = |text: &str| {
            json!({"candidates": [{"content": {"parts": [{"text": text}]}}]}).to_string()
        };
        let letters: Vec<char> = whole.chars().collect();
        let pieces: Vec<String> = letters
            .chunks(cut)
            .map(|chunk| text(&chunk.iter().collect::<String>()))
            .collect();
        let all = [text(&whole)];
        let run = |middle: &[String]| {
            let frames: Vec<&str> = middle.iter().map(String::as_str).chain([LAST]).collect();
            decode(&frames)
        };
        if !whole.trim().is_empty() {
            prop_assert_eq!(run(&pieces), run(&all));
        }
    }

    #[test]
    fn no_frame_panics(frame in prop::sample::select(vec![
        "null", "[]", "3", r#"{"candidates":7}"#, r#"{"candidates":[null]}"#,
        r#"{"candidates":[{"content":{"parts":[7,{"functionCall":3},{"text":4}]}}]}"#,
        r#"{"usageMetadata":3}"#, r#"{"error":"x"}"#,
    ]), text in "\\PC{0,40}") {
        decode(&[frame, LAST]);
        decode(&[&text]);
    }
}
