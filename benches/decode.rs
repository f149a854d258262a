//! What decoding a stream costs beside the bare JSON parsing of its frames, for each wire family.
//!
//! `cargo bench --bench decode`. A stream of 4 000 tokens of text and a tool call arrives in pieces of
//! 4 KiB. The baseline of the same run parses the JSON of every frame and throws it away; the bar is
//! 1.5 times that. Frames, not bytes, are counted.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use divan::{Bencher, black_box, counter::ItemsCount};
use massgen_tui::protocol::Context;
use massgen_tui::provider::sse::{Item, Parser};
use massgen_tui::provider::wire::{Decoder, Setup, ToolStyle};
use massgen_tui::provider::{Endpoint, RateLimit, ToolCalling, Wire};
use serde_json::{Value, json};

/// Tokens of text in a stream.
const TOKENS: usize = 4_000;
/// Bytes that arrive at once.
const PIECE: usize = 4 * 1024;
const WIRES: [&str; 4] = ["chat", "responses", "messages", "gemini"];

fn main() {
    divan::main();
}

fn wire(name: &str) -> Wire {
    match name {
        "responses" => Wire::Responses,
        "messages" => Wire::Messages,
        "gemini" => Wire::Gemini,
        _ => Wire::Chat,
    }
}

fn setup(wire: Wire) -> Setup {
    Setup {
        endpoint: Arc::new(Endpoint {
            backend: "bench".into(),
            wire,
            base_url: "http://127.0.0.1:1/v1".into(),
            model: "bench".into(),
            key: None,
            key_variable: None,
            parameters: serde_json::Map::new(),
            tool_calling: ToolCalling::Native,
            local: true,
            price: None,
            rate_limit: RateLimit::default(),
            manners: massgen_tui::provider::Manners::default(),
            context: Context::default(),
        }),
        tools: ToolStyle::Native,
        price: None,
        prompt_tokens: 100,
        id_seed: 1,
    }
}

/// One token of text as the vendors send it, with all that they put around it.
fn token(wire: Wire, number: usize) -> Value {
    let text = format!(" word{number}");
    match wire {
        Wire::Chat => json!({"id": "chatcmpl-0123456789", "object": "chat.completion.chunk",
            "created": 1_760_000_000, "model": "bench-model-2026-01-01", "system_fingerprint": "fp_0123",
            "choices": [{"index": 0, "delta": {"content": text}, "logprobs": null, "finish_reason": null}]}),
        Wire::Responses => json!({"type": "response.output_text.delta", "sequence_number": number,
            "item_id": "msg_0123456789", "output_index": 0, "content_index": 0, "delta": text, "logprobs": []}),
        Wire::Messages => json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text}}),
        Wire::Gemini => {
            json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}],
            "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": number, "totalTokenCount": 100 + number},
            "modelVersion": "bench-model", "responseId": "r1"})
        }
    }
}

fn frames(wire: Wire) -> Vec<String> {
    let mut frames: Vec<Value> = Vec::new();
    if wire == Wire::Messages {
        frames.push(json!({"type": "message_start", "message": {"usage": {"input_tokens": 100}}}));
        frames.push(json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}));
    }
    frames.extend((0..TOKENS).map(|number| token(wire, number)));
    frames.extend(match wire {
        Wire::Chat => vec![json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})],
        Wire::Responses => vec![json!({"type": "response.completed", "response": {"status": "completed", "output": []}})],
        Wire::Messages => vec![
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": TOKENS}}),
            json!({"type": "message_stop"}),
        ],
        Wire::Gemini => vec![json!({"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]})],
    });
    frames.iter().map(Value::to_string).collect()
}

#[divan::bench(args = WIRES)]
fn bare_json(bencher: Bencher, name: &str) {
    let frames = frames(wire(name));
    bencher.counter(ItemsCount::new(frames.len())).bench(|| {
        for frame in &frames {
            black_box(serde_json::from_str::<Value>(frame).unwrap());
        }
    });
}

#[divan::bench(args = WIRES)]
fn decoded(bencher: Bencher, name: &str) {
    let wire = wire(name);
    let frames = frames(wire);
    let stream = format!("data: {}\n\n", frames.join("\n\ndata: "));
    bencher.counter(ItemsCount::new(frames.len())).bench(|| {
        let (mut parser, mut decoder) = (Parser::new(), Decoder::new(setup(wire)));
        let (mut items, mut out) = (Vec::new(), Vec::new());
        for piece in stream.as_bytes().chunks(PIECE) {
            parser.feed(piece, &mut items).unwrap();
            for item in items.drain(..) {
                if let Item::Frame(frame) = item {
                    decoder.frame(&frame.data, &mut out).unwrap();
                }
            }
        }
        decoder.end(&mut out).unwrap();
        black_box(out)
    });
}
