//! What a compaction saves and what survives it: one long scripted conversation, four ways.
//!
//! `cargo bench --bench context` prints the table of docs/context.md. The models are scripts, so the
//! numbers are about the machinery (what is sent, what stays, what is lost), not about how well a real
//! model writes notes: the writer here copies every fact of what it is given, within the length it is
//! allowed, and the server's own form keeps them all.

// A bench fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use massgen_tui::{
    engine::{self, Member, SessionSetup, outbox::Sinks},
    protocol::{
        AgentCard, AgentId, Carried, Command, Context, EventKind, Failure, FailureKind, Limits,
        Message, Origin, Outcome, Rules, RunEvent, RunId, ToolCall, Usage,
    },
    provider::{
        Compaction, Price, Provider, Request, StopReason, StreamEvent, tokens,
        usage::{Tokens, priced},
        wire::carried::is_mark,
    },
    run::RunState,
    store::redact::Redactor,
};
use serde_json::json;
use tokio::sync::mpsc;

/// Steps of the conversation; each plants a fact.
const STEPS: usize = 40;
/// Words of padding in a step: about 1,000 tokens.
const PADDING: usize = 800;
/// The window in tokens.
const WINDOW: u64 = 16_000;
const PRICE: Price = Price {
    input: 3.0,
    cached: 0.3,
    output: 15.0,
    written: 3.0,
    long: None,
};

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
    Native,
}

struct Model {
    way: Way,
    /// Facts in the last request for work, and steps so far.
    state: Mutex<(BTreeSet<String>, usize)>,
}

fn facts(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
        .filter(|word| word.starts_with("fact-"))
        .map(str::to_owned)
        .collect()
}

/// What a server reads of a request: a mark stands for everything before it.
fn texts(request: &Request) -> String {
    let messages = &request.messages;
    let mark = messages.iter().rposition(is_mark).unwrap_or(0);
    let system = messages.iter().take(1);
    let read: Vec<&Message> = system.chain(messages.iter().skip(mark)).collect();
    // Escaped line ends would stick to the words after them.
    serde_json::to_string(&read).unwrap().replace("\\n", " ")
}

fn spent(request: &Request, output: u64) -> StreamEvent {
    let tokens = Tokens {
        input: tokens::prompt(request),
        output,
        ..Tokens::default()
    };
    StreamEvent::Usage(priced(tokens, Some(PRICE), false))
}

fn call(name: &str, arguments: &serde_json::Value) -> StreamEvent {
    StreamEvent::ToolCall(ToolCall {
        id: format!("call-{name}"),
        name: name.into(),
        arguments: arguments.to_string(),
    })
}

impl Model {
    fn reply(&self, request: &Request) -> Vec<Result<StreamEvent, Failure>> {
        let end = Ok(StreamEvent::Stop(StopReason::EndTurn));
        let text = texts(request);
        if text.contains("You write the notes") {
            if self.way == Way::Cut {
                return vec![Err(Failure::new(FailureKind::Auth, "no notes today"))];
            }
            let notes: Vec<String> = facts(&text).into_iter().collect();
            let notes = notes.join(", ");
            let output = notes.len() as u64 / 4;
            return vec![
                Ok(StreamEvent::Text(notes)),
                Ok(spent(request, output)),
                end,
            ];
        }
        if self.way != Way::Endless && tokens::prompt(request) > WINDOW {
            let words = format!("prompt is too long: the maximum is {WINDOW} tokens");
            return vec![Err(Failure::new(FailureKind::Context, words))];
        }
        let offers = |name: &str| request.tools.iter().any(|tool| tool.name == name);
        let mut state = self.state.lock().unwrap();
        if request.tools.is_empty() {
            return vec![
                Ok(StreamEvent::Text("done".into())),
                Ok(spent(request, 1)),
                end,
            ];
        }
        if offers("vote") {
            let vote = json!({"agent_id": "agent1", "reason": "it is the only one"});
            return vec![Ok(call("vote", &vote)), Ok(spent(request, 20)), end];
        }
        state.0 = facts(&text);
        if state.1 == STEPS {
            let answer = json!({"content": "the answer"});
            return vec![Ok(call("new_answer", &answer)), Ok(spent(request, 10)), end];
        }
        state.1 += 1;
        let arguments = json!({
            "label": "agent9.9",
            "found": format!("fact-{:03}-{}", state.1, state.1 * 7919),
            "pad": "work ".repeat(PADDING),
        });
        let output = arguments.to_string().len() as u64 / 4;
        vec![
            Ok(call("open_answer", &arguments)),
            Ok(spent(request, output)),
            end,
        ]
    }
}

impl Provider for Model {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        stream::iter(self.reply(&request)).boxed()
    }

    fn price(&self) -> Option<Price> {
        Some(PRICE)
    }

    fn context(&self) -> Context {
        let off = matches!(self.way, Way::Endless | Way::None);
        Context {
            window: Some(WINDOW),
            full: (!off).then_some(75),
            ..Context::default()
        }
    }

    fn compact(
        &self,
        work: Compaction,
    ) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
        if self.way != Way::Native {
            return None;
        }
        let request = Request {
            messages: work.before,
            tools: Vec::new(),
            choice: massgen_tui::protocol::ToolChoice::None,
        };
        let kept: Vec<String> = facts(&texts(&request)).into_iter().collect();
        let opaque = kept.join(" ");
        let output = opaque.len() as u64 / 4;
        let carried = Carried {
            origin: "here".into(),
            items: vec![json!({"type": "compaction", "encrypted_content": opaque})],
        };
        let items = vec![
            Ok(StreamEvent::Carried(carried)),
            Ok(spent(&request, output)),
            Ok(StreamEvent::Stop(StopReason::EndTurn)),
        ];
        Some(stream::iter(items).boxed())
    }
}

struct Played {
    survived: usize,
    steps: usize,
    usage: Usage,
    times: u64,
    answered: bool,
}

async fn play(way: Way) -> Played {
    let model = Arc::new(Model {
        way,
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
        team: vec![Member {
            card: AgentCard {
                id: AgentId(1),
                name: "one".into(),
                model: "scripted".into(),
                backend: "bench".into(),
            },
            system: None,
            provider: Arc::clone(&model) as Arc<dyn Provider>,
        }],
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
        times: turn.record.spending.compactions.times,
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
    for (name, way) in [
        ("none, endless window", Way::Endless),
        ("none, 16k window", Way::None),
        ("notes (fallback)", Way::Notes),
        ("cut (notes fail)", Way::Cut),
        ("native", Way::Native),
    ] {
        let result = runtime.block_on(play(way));
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
