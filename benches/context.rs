//! What a compaction saves and what survives it: one long scripted conversation, over loopback.
//!
//! `cargo bench --bench context` prints the table of docs/benchmarks.md. The whole program takes part (seat,
//! wire, HTTP); only the model is a script behind a socket, which counts what it is sent, refuses what is
//! longer than its window, and knows of the conversation what stands in the request. So the numbers
//! are about the machinery (what is sent, what stays, what is lost), not about how well a model writes
//! notes: the writer here copies every fact of what it is given, and so does the server's own form.

// A bench fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use massgen_tui::{
    engine::{self, Member, SessionSetup, outbox::Sinks},
    protocol::{
        AgentCard, AgentId, Command, Context, EventKind, Limits, Origin, Outcome, Rules, RunEvent,
        RunId, Usage,
    },
    provider::{
        Endpoint, Manners, Price, RateLimit, ToolCalling, Wire,
        http::{Client, HttpProvider},
    },
    run::RunState,
    store::redact::Redactor,
};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

/// Steps of the conversation; each plants a fact.
const STEPS: usize = 40;
/// Words of padding in a step: about 1,000 tokens.
const PADDING: usize = 800;
/// The window in tokens.
const WINDOW: u64 = 16_000;
const PRICE: Price = Price::flat(3.0, 0.3, 15.0);

/// How the conversation is kept small.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Not at all, and the window is endless.
    Endless,
    /// Not at all.
    None,
    Notes,
    /// The notes fail.
    Cut,
    /// The server does it.
    Native,
    /// The server knows how and fails: notes instead.
    Fails,
}

/// The model behind the socket.
struct Model {
    way: Way,
    wire: Wire,
    /// Facts in the last request for work, and steps so far.
    state: Mutex<(BTreeSet<String>, usize)>,
}

fn facts(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
        .filter(|word| word.starts_with("fact-"))
        .map(str::to_owned)
        .collect()
}

/// What the model says next.
enum Say {
    Text(String),
    Call(&'static str, Value),
}

/// Status and body of an answer; a stream where the family streams.
type Answer = (u16, String);

impl Model {
    /// Only what stands in the request is known of the conversation.
    fn answer(&self, path: &str, body: &Value) -> Answer {
        // Escaped line ends would stick to the words after them.
        let text = body.to_string().replace("\\n", " ");
        let tokens = text.len() as u64 / 4;
        let known: Vec<String> = facts(&text).into_iter().collect();
        if path.ends_with("/compact") || body.get("compaction").is_some() {
            return match self.way {
                Way::Native => (200, self.own_form(&known.join(" "), tokens)),
                _ => (
                    400,
                    json!({"error": {"message": "cannot just now"}}).to_string(),
                ),
            };
        }
        if text.contains("You write the notes") {
            return match self.way {
                Way::Cut => (
                    401,
                    json!({"error": {"message": "no notes today"}}).to_string(),
                ),
                _ => (200, self.stream(&Say::Text(known.join(", ")), tokens)),
            };
        }
        if self.way != Way::Endless && tokens > WINDOW {
            let message = format!("prompt is too long: {tokens} tokens > {WINDOW} maximum");
            return (400, json!({"error": {"message": message}}).to_string());
        }
        let said = self.next(body, &text);
        (200, self.stream(&said, tokens))
    }

    fn next(&self, body: &Value, text: &str) -> Say {
        let tools = body.get("tools").map(Value::to_string).unwrap_or_default();
        let mut state = self.state.lock().unwrap();
        if tools.is_empty() {
            return Say::Text("done".into());
        }
        if tools.contains("\"vote\"") {
            return Say::Call(
                "vote",
                json!({"agent_id": "agent1", "reason": "the only one"}),
            );
        }
        state.0 = facts(text);
        if state.1 == STEPS {
            return Say::Call("new_answer", json!({"content": "the answer"}));
        }
        state.1 += 1;
        let arguments = json!({
            "label": "agent9.9",
            "found": format!("fact-{:03}-{}", state.1, state.1 * 7919),
            "pad": "work ".repeat(PADDING),
        });
        Say::Call("open_answer", arguments)
    }

    fn own_form(&self, kept: &str, input: u64) -> String {
        let usage = json!({"input_tokens": input, "output_tokens": kept.len() / 4});
        match self.wire {
            Wire::Messages => {
                json!({"type": "message", "stop_reason": "compaction", "usage": usage,
                "content": [{"type": "compaction", "content": kept, "signature": "S"}]})
            }
            _ => json!({"object": "response.compaction", "usage": usage,
                "output": [{"type": "compaction", "id": "c", "encrypted_content": kept}]}),
        }
        .to_string()
    }

    fn stream(&self, said: &Say, input: u64) -> String {
        let output = match said {
            Say::Text(text) => text.len() / 4,
            Say::Call(_, arguments) => arguments.to_string().len() / 4,
        };
        let counts = json!({"input_tokens": input, "output_tokens": output});
        let frames = match (self.wire, said) {
            (Wire::Messages, Say::Text(text)) => vec![
                json!({"type": "content_block_start", "index": 0,
                    "content_block": {"type": "text", "text": text}}),
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counts}),
                json!({"type": "message_stop"}),
            ],
            (Wire::Messages, Say::Call(name, arguments)) => vec![
                json!({"type": "content_block_start", "index": 0, "content_block":
                    {"type": "tool_use", "id": format!("c{input}"), "name": name, "input": arguments}}),
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": counts}),
                json!({"type": "message_stop"}),
            ],
            (_, said) => {
                let item = match said {
                    Say::Text(text) => json!({"id": "m", "type": "message", "role": "assistant",
                        "content": [{"type": "output_text", "text": text}]}),
                    Say::Call(name, arguments) => json!({"id": format!("f{input}"),
                        "type": "function_call", "call_id": format!("c{input}"), "name": name,
                        "arguments": arguments.to_string()}),
                };
                let text = match said {
                    Say::Text(text) => {
                        Some(json!({"type": "response.output_text.delta", "delta": text}))
                    }
                    Say::Call(..) => None,
                };
                let done = json!({"type": "response.completed", "response":
                    {"status": "completed", "usage": counts}});
                text.into_iter()
                    .chain([
                        json!({"type": "response.output_item.done", "item": item}),
                        done,
                    ])
                    .collect()
            }
        };
        let mut out = String::new();
        for frame in &frames {
            out.push_str("data: ");
            out.push_str(&frame.to_string());
            out.push_str("\n\n");
        }
        out
    }

    /// One connection, one request.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            match line.to_ascii_lowercase().strip_prefix("content-length:") {
                Some(number) => length = number.trim().parse().ok()?,
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (status, text) = self.answer(&path, &body);
        let kind = if text.starts_with("data:") {
            "text/event-stream"
        } else {
            "application/json"
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            text.len()
        );
        let mut stream = stream;
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(text.as_bytes()).ok()
    }
}

struct Played {
    survived: usize,
    steps: usize,
    usage: Usage,
    times: u64,
    answered: bool,
}

fn member(model: &Arc<Model>) -> Member {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Arc::clone(model);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            server.serve(stream);
        }
    });
    let off = matches!(model.way, Way::Endless | Way::None);
    let backend = match model.wire {
        Wire::Messages => "claude",
        _ => "openai",
    };
    let endpoint = Endpoint {
        backend: backend.into(),
        wire: model.wire,
        base_url: format!("http://{address}/v1"),
        model: "scripted".into(),
        key: None,
        key_variable: None,
        parameters: Map::new(),
        tool_calling: ToolCalling::Native,
        local: true,
        price: Some(PRICE),
        rate_limit: RateLimit::default(),
        manners: Manners::default(),
        context: Context {
            window: Some(WINDOW),
            full: (!off).then_some(75),
            native: matches!(model.way, Way::Native | Way::Fails),
            ..Context::default()
        },
    };
    Member {
        card: AgentCard {
            id: AgentId(1),
            name: "one".into(),
            model: "scripted".into(),
            backend: backend.into(),
        },
        system: None,
        provider: Arc::new(HttpProvider::new(Client::new(), endpoint)),
        tools: None,
    }
}

async fn play(way: Way, wire: Wire) -> Played {
    let model = Arc::new(Model {
        way,
        wire,
        state: Mutex::default(),
    });
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let setup = SessionSetup {
        run: RunId("bench".into()),
        team: vec![member(&model)],
        limits: Limits {
            calls_per_round: 1_000,
            tools_per_round: 1_000,
            ..Limits::default()
        },
        rules: Rules::default(),
        origin: Origin::Direct,
        cwd: String::new(),
        grounds: None,
        gate: None,
    };
    let session = engine::spawn(setup, sinks, "the task".into());
    let mut state = RunState::default();
    while let Some(event) = events.recv().await {
        state.apply(&event);
        if matches!(event.kind, EventKind::Run(RunEvent::Ended(_))) {
            break;
        }
    }
    let _ = session.commands.send(Command::Close).await;
    drop(events);
    let _ = session.done.await;
    let turn = state.turn.as_ref().expect("a turn");
    let (facts, steps) = model.state.lock().unwrap().clone();
    Played {
        survived: facts.len(),
        steps,
        usage: turn.usage(),
        times: turn.record.spending.compactions.all().times,
        answered: matches!(turn.outcome, Some(Outcome::Answered { .. })),
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    println!(
        "| way | steps | answered | compactions | prompt tokens | cost | facts that survive |"
    );
    println!("|---|---:|---|---:|---:|---:|---:|");
    for (name, way, wire) in [
        ("none, endless window", Way::Endless, Wire::Responses),
        ("none, 16k window", Way::None, Wire::Responses),
        ("notes (fallback)", Way::Notes, Wire::Responses),
        ("cut (notes fail)", Way::Cut, Wire::Responses),
        ("native, Responses", Way::Native, Wire::Responses),
        ("native, Claude", Way::Native, Wire::Messages),
        ("native fails, notes", Way::Fails, Wire::Messages),
    ] {
        let result = runtime.block_on(play(way, wire));
        println!(
            "| {name} | {} of {STEPS} | {} | {} | {} | ${:.2} | {} of {} |",
            result.steps,
            if result.answered { "yes" } else { "no" },
            result.times,
            result.usage.input,
            result.usage.cost.usd,
            result.survived,
            result.steps
        );
    }
}
