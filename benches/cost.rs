//! What a decision costs: model calls, events and prompt tokens, with scripted agents and the real
//! engine under a paused clock. Nothing is timed; the numbers are the same on every machine.
//!
//! `cargo bench --bench cost` prints the tables of `docs/coordination-costs.md`. Prompt tokens are
//! those of all requests (messages and tools), estimated at 4 bytes each, as if no server cached.

// A bench that cannot run fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use massgen_tui::{
    engine::{self, Member, SessionSetup, outbox::Sinks},
    protocol::{
        AgentCard, AgentId, Command, EventKind, Failure, Finish, Limits, Message, Origin, Outcome,
        Rules, RunEvent, RunId, ToolCall, Visibility,
    },
    provider::{Provider, Request, StopReason, StreamEvent},
    store::redact::Redactor,
};
use tokio::sync::mpsc;

/// Calls and tokens of one turn, added up by all agents.
#[derive(Default)]
struct Meter {
    calls: AtomicU64,
    tokens: AtomicU64,
    revotes: AtomicU64,
    revote_tokens: AtomicU64,
}

/// Publishes `answers` times, each a page with other figures, then votes for the first choice.
struct Agent {
    number: u16,
    answers: usize,
    written: AtomicUsize,
    last: AtomicU64,
    votes: AtomicUsize,
    meter: Arc<Meter>,
}

fn tokens(request: &Request) -> u64 {
    let messages: usize = request
        .messages
        .iter()
        .map(|message| match message {
            Message::System { text } | Message::User { text } | Message::Tool { text, .. } => {
                text.len()
            }
            Message::Assistant { text, calls, .. } => {
                text.len() + calls.iter().map(|call| call.arguments.len()).sum::<usize>()
            }
        })
        .sum();
    let tools: usize = request
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.parameters.to_string().len())
        .sum();
    ((messages + tools) / 4) as u64
}

impl Agent {
    fn act(&self, request: &Request) -> Vec<StreamEvent> {
        let offered = |name: &str| request.tools.iter().find(|tool| tool.name == name);
        let (name, arguments) = if let (Some(_), true) = (
            offered("new_answer"),
            self.written.load(Ordering::Relaxed) < self.answers,
        ) {
            let revision = self.written.fetch_add(1, Ordering::Relaxed) + 1;
            let facts: Vec<String> = (0..60)
                .map(|line| {
                    format!(
                        "fact{line} is {}.",
                        line * 7919 + revision * 31 + usize::from(self.number)
                    )
                })
                .collect();
            (
                "new_answer",
                serde_json::json!({ "content": facts.join("\n") }),
            )
        } else if let Some(vote) = offered("vote") {
            let choice = &vote.parameters["properties"]["agent_id"]["enum"][0];
            (
                "vote",
                serde_json::json!({ "agent_id": choice, "reason": "it has the most facts" }),
            )
        } else {
            return vec![
                StreamEvent::Text("The final answer.".into()),
                StreamEvent::Stop(StopReason::EndTurn),
            ];
        };
        vec![
            StreamEvent::ToolCall(ToolCall {
                id: "call".into(),
                name: name.into(),
                arguments: arguments.to_string(),
            }),
            StreamEvent::Stop(StopReason::ToolUse),
        ]
    }
}

impl Provider for Agent {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let spent = tokens(&request);
        self.meter.calls.fetch_add(1, Ordering::Relaxed);
        self.meter.tokens.fetch_add(spent, Ordering::Relaxed);
        let events = self.act(&request);
        let votes = matches!(&events[0], StreamEvent::ToolCall(call) if call.name == "vote");
        // What a vote adds to the call before it is what it costs where the beginning is cached.
        let before = self.last.swap(spent, Ordering::Relaxed);
        if votes && self.votes.fetch_add(1, Ordering::Relaxed) > 0 {
            self.meter.revotes.fetch_add(1, Ordering::Relaxed);
            self.meter
                .revote_tokens
                .fetch_add(spent.saturating_sub(before), Ordering::Relaxed);
        }
        // Nobody is at the same moment as another, so that the order is always the same.
        let wait = Duration::from_millis(1_000 + u64::from(self.number) * 10);
        stream::iter(events.into_iter().enumerate())
            .then(move |(place, event)| async move {
                if place == 0 {
                    tokio::time::sleep(wait).await;
                }
                Ok(event)
            })
            .boxed()
    }
}

/// One turn: calls, prompt tokens, events, revotes and their added tokens.
struct Bill {
    calls: u64,
    tokens: u64,
    events: u64,
    revotes: u64,
    revote_tokens: u64,
    settled: bool,
}

async fn turn(team: u16, answers: usize, rules: Rules) -> Bill {
    let meter = Arc::new(Meter::default());
    let member = |number: u16| Member {
        card: AgentCard {
            id: AgentId(number),
            name: format!("name{number}"),
            model: "scripted".into(),
            backend: "bench".into(),
        },
        system: None,
        provider: Arc::new(Agent {
            number,
            answers,
            written: AtomicUsize::new(0),
            last: AtomicU64::new(0),
            votes: AtomicUsize::new(0),
            meter: Arc::clone(&meter),
        }),
        tools: None,
    };
    let setup = SessionSetup {
        run: RunId("bench".into()),
        team: (1..=team).map(member).collect(),
        limits: Limits {
            answers_total: u32::from(team) * 3,
            rounds_per_agent: 400,
            ..Limits::default()
        },
        rules,
        origin: Origin::Direct,
        cwd: String::new(),
        grounds: None,
        gate: None,
    };
    let (sender, mut heard) = mpsc::channel(4096);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let task = "List what is known about the ship, with figures.".to_owned();
    let session = engine::spawn(setup, sinks, task);
    let (mut events, mut settled) = (0, false);
    while let Some(event) = heard.recv().await {
        events += 1;
        if let EventKind::Run(RunEvent::Ended(outcome)) = event.kind {
            settled = matches!(outcome, Outcome::Answered { .. });
            break;
        }
    }
    let _ = session.commands.send(Command::Close).await;
    let _ = session.done.await;
    let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
    Bill {
        calls: read(&meter.calls),
        tokens: read(&meter.tokens),
        events,
        revotes: read(&meter.revotes),
        revote_tokens: read(&meter.revote_tokens),
        settled,
    }
}

fn quick() -> Rules {
    let mut rules = Rules::default();
    rules.deciding.skip_voting = true;
    rules.finishing.finish = Finish::Reuse;
    rules
}

fn seeing(visibility: Visibility) -> Rules {
    let mut rules = Rules::default();
    rules.seeing.visibility = visibility;
    rules
}

#[expect(
    clippy::expect_used,
    reason = "a bench without a runtime has nothing to say"
)]
fn main() {
    // `cargo test` runs benches without being asked for a table.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    println!(
        "| way | agents | calls | prompt tokens | votes again | tokens a vote again adds | settled |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (way, answers, rules) in [
        ("quick (no vote, text as it is)", 1, quick()),
        ("default", 1, Rules::default()),
        ("improve twice", 3, Rules::default()),
    ] {
        let bill = runtime.block_on(turn(3, answers, rules));
        println!(
            "| {way} | 3 | {} | {} | {} | {} | {} |",
            bill.calls,
            bill.tokens,
            bill.revotes,
            bill.revote_tokens / bill.revotes.max(1),
            if bill.settled { "yes" } else { "no" }
        );
    }
    println!("\n| visibility | agents | events | calls | prompt tokens | tokens per agent |");
    println!("|---|---|---|---|---|---|");
    for visibility in [
        Visibility::AfterOwn,
        Visibility::Ring,
        Visibility::Islands { neighbours: 4 },
    ] {
        for team in [3, 10, 32, 100] {
            let bill = runtime.block_on(turn(team, 1, seeing(visibility)));
            println!(
                "| {} | {team} | {} | {} | {} | {} |",
                visibility.words(),
                bill.events,
                bill.calls,
                bill.tokens,
                bill.tokens / u64::from(team)
            );
        }
    }
}
