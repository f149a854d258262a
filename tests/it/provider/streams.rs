//! Streams as such: recorded ones cut anywhere, errors in the middle, and one that does not end in a
//! bounded memory.

use std::sync::Arc;

use massgen_tui::protocol::{Context, Failure, FailureKind};
use massgen_tui::provider::sse::{Item, Parser};
use massgen_tui::provider::wire::{Decoder, Setup, ToolStyle};
use massgen_tui::provider::{StreamEvent, Wire};
use proptest::prelude::*;

use super::{Call, Reply, endpoint};
use crate::harness::sse_server::Server;

/// Streams of llama.cpp's own server (`tests/interop/llamacpp.sh`) and ours, one call each.
const RECORDED: [(Wire, &str); 7] = [
    (
        Wire::Chat,
        include_str!("../../fixtures/sse/llamacpp-chat.sse"),
    ),
    (
        Wire::Responses,
        include_str!("../../fixtures/sse/llamacpp-responses.sse"),
    ),
    (
        Wire::Messages,
        include_str!("../../fixtures/sse/llamacpp-messages.sse"),
    ),
    (Wire::Chat, include_str!("../../fixtures/sse/chat.sse")),
    (
        Wire::Responses,
        include_str!("../../fixtures/sse/responses.sse"),
    ),
    (
        Wire::Messages,
        include_str!("../../fixtures/sse/messages.sse"),
    ),
    (Wire::Gemini, include_str!("../../fixtures/sse/gemini.sse")),
];

/// What a stream comes to when its bytes arrive in these pieces.
fn read<'a>(wire: Wire, pieces: impl Iterator<Item = &'a [u8]>) -> Reply {
    let mut endpoint = endpoint("http://127.0.0.1:1/v1".to_owned());
    endpoint.wire = wire;
    endpoint.context = Context::default();
    let mut decoder = Decoder::new(Setup {
        endpoint: Arc::new(endpoint),
        tools: ToolStyle::Native,
        price: None,
        prompt_tokens: 7,
        id_seed: 1,
    });
    let (mut parser, mut items, mut out) = (Parser::new(), Vec::new(), Vec::new());
    for piece in pieces {
        parser.feed(piece, &mut items).unwrap();
        for item in items.drain(..) {
            if let Item::Frame(frame) = item
                && !decoder.is_done()
            {
                decoder.frame(&frame.data, &mut out).unwrap();
            }
        }
    }
    if let Some(frame) = parser.finish().filter(|_| !decoder.is_done()) {
        decoder.frame(&frame.data, &mut out).unwrap();
    }
    decoder.end(&mut out).unwrap();
    let mut reply = Reply::default();
    for event in out {
        // What is carried back is a document; its parts are compared by the decoders' own tests.
        if !matches!(event, StreamEvent::Carried(_)) {
            reply.add(Ok::<_, Failure>(event));
        }
    }
    reply
}

#[test]
fn recorded_streams_are_calls() {
    for (wire, stream) in RECORDED {
        let reply = read(wire, std::iter::once(stream.as_bytes()));
        let [call] = &reply.calls[..] else {
            panic!("{wire:?}: {reply:?}");
        };
        assert!(
            serde_json::from_str::<serde_json::Value>(&call.arguments).is_ok(),
            "{wire:?}"
        );
        assert!(
            reply
                .tokens
                .is_some_and(|tokens| tokens.0 > 0 && tokens.2 > 0),
            "{wire:?}"
        );
        assert_eq!(reply.failure, None, "{wire:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_split_of_a_recorded_stream_reads_like_the_whole(
        cuts in prop::collection::vec(0.0_f64..1.0, 0..60),
        ends in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        comments in any::<bool>(),
    ) {
        for (wire, stream) in RECORDED {
            let whole = read(wire, std::iter::once(stream.as_bytes()));
            let dressed = if comments { stream.replace("\n\n", "\n\n: ü\n\n") } else { stream.to_owned() };
            let dressed = dressed.replace('\n', ends);
            let bytes = dressed.as_bytes();
            let mut places: Vec<usize> = cuts.iter().map(|cut| (cut * bytes.len() as f64) as usize).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let pieces = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            prop_assert_eq!(read(wire, pieces), whole, "{:?}", wire);
        }
    }
}

/// Text of a family in one frame, and the frame that says something went wrong, with its class.
fn broken(wire: Wire) -> (&'static str, &'static str, FailureKind) {
    match wire {
        Wire::Chat => (
            r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
            r#"{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":429}}"#,
            FailureKind::RateLimit,
        ),
        Wire::Responses => (
            r#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"delta":"Hi"}"#,
            r#"{"type":"error","code":"rate_limit_exceeded","message":"Rate limit reached","param":null}"#,
            FailureKind::RateLimit,
        ),
        Wire::Messages => (
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            FailureKind::Overloaded,
        ),
        Wire::Gemini => (
            r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}"#,
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            FailureKind::Overloaded,
        ),
    }
}

#[tokio::test]
async fn an_error_in_the_middle_ends_the_reply_and_is_not_repeated() {
    for wire in [Wire::Chat, Wire::Responses, Wire::Messages, Wire::Gemini] {
        for named in ["", "event: error\n"] {
            let (text, error, kind) = broken(wire);
            let server = Server::start().await;
            let call = Call::in_family(&server, wire);
            let mut connection = server.accept().await;
            connection.open().await;
            connection
                .send(format!("data: {text}\n\n{named}data: {error}\n\n"))
                .await;
            connection.finish().await;
            let reply = call.rest().await;
            assert_eq!(reply.kind(), Some(kind), "{wire:?}: {reply:?}");
            assert_eq!(reply.text, "Hi", "{wire:?}: what was said stays");
            assert!(reply.retries.is_empty(), "{wire:?}: it cannot be continued");
        }
    }
}

/// A frame of text in the words of a family, about a kilobyte.
#[cfg(target_os = "linux")]
fn kilobyte(wire: Wire) -> String {
    let word = "ü".repeat(400);
    broken(wire).0.replace("Hi", &word)
}

/// Resident memory of this process at its highest, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .next()
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// Runs in a process of its own: see below.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "run by the test after it, in a process of its own"]
async fn long_streams_in_this_process() {
    let megabytes: usize = std::env::var("STREAM_MB").map_or(16, |mb| mb.parse().unwrap());
    for wire in [Wire::Chat, Wire::Responses, Wire::Messages, Wire::Gemini] {
        let mut before = 0;
        let server = Server::start().await;
        let mut call = Call::in_family(&server, wire);
        let mut connection = server.accept().await;
        connection.open().await;
        if wire == Wire::Messages {
            connection
                .send("data: {\"type\":\"message_start\",\"message\":{}}\n\n")
                .await;
            let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
            connection.send(format!("data: {block}\n\n")).await;
        }
        let piece = format!("data: {}\n\n: still here\n\n", kilobyte(wire)).repeat(64);
        let pieces = megabytes * 1024 * 1024 / piece.len();
        let sends = tokio::spawn(async move {
            for _ in 0..pieces {
                if !connection.send(&piece).await {
                    return false;
                }
            }
            connection.finish().await;
            true
        });
        let mut bytes = 0;
        // The end is missing: what matters is that everything before it passed through.
        while let Some(Ok(event)) = call.0.recv().await {
            if let StreamEvent::Text(text) = event {
                bytes += text.len();
            }
            if before == 0 && bytes > 2 * 1024 * 1024 {
                before = peak();
            }
        }
        assert!(sends.await.unwrap(), "{wire:?}: it was read to the end");
        assert!(
            bytes > megabytes * 1024 * 1024 * 2 / 3,
            "{wire:?}: {bytes} bytes came"
        );
        let more = peak().saturating_sub(before);
        println!("{wire:?}: {megabytes} MB, {} KB more", more / 1024);
        // What a family must keep to give it back grows with the reply; the stream itself does not.
        assert!(
            more < 4 * 1024 * 1024,
            "{wire:?}: {more} bytes more for {megabytes} MB"
        );
    }
}

/// `STREAM_MB=100 cargo test --test it takes_no_more_memory` sends a hundred megabytes in each family.
#[cfg(target_os = "linux")]
#[test]
fn a_long_stream_takes_no_more_memory_than_a_short_one() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .arg("provider::streams::long_streams_in_this_process")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    print!("{told}");
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("1 passed"), "{told}");
}
