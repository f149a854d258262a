//! Things that should never happen, and what is told when they do.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{
        AgentEvent, AgentId, CallEvent, Channel, Command, Event, EventKind, Failure, FailureKind,
        Limits, Message, Outcome, RunEvent, ToolCall, Usage,
    },
    provider::{Provider, Request, StopReason, StreamEvent},
    store::redact::Redactor,
};
use tokio::sync::mpsc;

use super::{
    choices, failure, laws, model, ms, offers, plain, publish, say, setup, turn, turn_with, vote,
};

#[tokio::test(start_paused = true)]
async fn an_agent_whose_task_breaks_down_is_out_and_the_others_finish() {
    // At its first call, and at a later one.
    for fatal in [0, 1] {
        let broken = model(move |call, request| {
            assert!(call < fatal, "a defect");
            if offers(request, "new_answer") {
                publish(1, "before the defect")
            } else {
                say("")
            }
        });
        let turn = turn(vec![
            broken,
            plain(50, "two", "agent2"),
            plain(60, "three", "agent2"),
        ])
        .await;
        let told = turn.events.iter().find_map(|event| match &event.kind {
            EventKind::Agent {
                id: AgentId(1),
                event: AgentEvent::Benched(failure),
            } => Some(failure.to_string()),
            _ => None,
        });
        let told = told.expect("it is out");
        assert!(
            told.contains("ended unexpectedly") && told.contains("a defect"),
            "{told}"
        );
        assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn when_every_task_breaks_down_the_turn_still_ends() {
    let broken = || -> Arc<dyn Provider> { model(|_, _| panic!("a defect")) };
    let turn = turn(vec![broken(), broken()]).await;
    let Outcome::NoAnswer { message, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert!(message.contains("a defect"), "{message}");
}

fn tokens(n: u64) -> StreamEvent {
    StreamEvent::Usage(Usage {
        input: n,
        output: n,
        calls: 1,
        ..Usage::default()
    })
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted_once_per_call_also_when_it_fails() {
    // A call that is cut after text, one that fails before any, one that is refused without costs.
    let costly = model(|call, request| match call {
        0 => vec![
            ms(1, StreamEvent::Text("half".into())),
            ms(1, tokens(100)),
            (Duration::ZERO, Err(failure(FailureKind::Transient))),
        ],
        1 => {
            let mut steps = publish(1, "whole");
            steps.insert(3, ms(1, tokens(1_000)));
            steps
        }
        _ if offers(request, "vote") => vec![
            ms(1, tokens(10_000)),
            (Duration::ZERO, Err(failure(FailureKind::Request))),
        ],
        _ => vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))],
    });
    let turn = turn(vec![costly, plain(50_000, "two", "agent1")]).await;
    laws::check(&turn.events, "no secret");
    let spent = &turn.state.turn.as_ref().expect("a turn").agents[0].usage;
    assert_eq!(
        (spent.input, spent.calls, spent.estimated),
        (11_100, 3, false)
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_costs_nothing() {
    let dead = model(|_, _| {
        vec![
            ms(
                1,
                StreamEvent::Call(CallEvent::Retrying {
                    attempt: 2,
                    wait_ms: 10,
                    failure: failure(FailureKind::RateLimit),
                }),
            ),
            (
                Duration::from_millis(10),
                Err(failure(FailureKind::RateLimit)),
            ),
        ]
    });
    let turn = turn(vec![dead]).await;
    let usage = turn.count(|event| matches!(event, AgentEvent::Usage(_)));
    assert_eq!(usage, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_wait_is_heard_at_once() {
    // While the provider waits to try again, and while the seat does.
    let waiting = model(|_, _| {
        vec![
            ms(
                1,
                StreamEvent::Call(CallEvent::Retrying {
                    attempt: 2,
                    wait_ms: 100_000,
                    failure: failure(FailureKind::Overloaded),
                }),
            ),
            ms(100_000, StreamEvent::Text("late".into())),
        ]
    });
    let cut = model(|_, _| {
        vec![
            ms(1, StreamEvent::Text("half".into())),
            (Duration::ZERO, Err(failure(FailureKind::Transient))),
        ]
    });
    let begun = tokio::time::Instant::now();
    let turn = turn_with(vec![waiting, cut], Limits::default(), |event| {
        matches!(
            &event.kind,
            EventKind::Agent {
                id: AgentId(2),
                event: AgentEvent::Call(_)
            }
        )
        .then_some(Command::Stop)
    })
    .await;
    laws::check(&turn.events, "no secret");
    assert!(begun.elapsed() < Duration::from_millis(250));
}

#[tokio::test(start_paused = true)]
async fn a_secret_in_a_failure_never_leaves_the_engine() {
    const SECRET: &str = "swordfish-4711";
    let leaky = |kind| {
        model(move |_, _| {
            let words = format!("key {SECRET} is wrong");
            let failure = Failure::new(kind, words).hint(format!("not {SECRET}"));
            vec![(Duration::ZERO, Err(failure))]
        })
    };
    let chatty = model(|_, request| {
        if offers(request, "vote") {
            return vote(1, &choices(request)[0]);
        }
        let mut steps: Vec<_> = format!("my key is {SECRET}, keep it")
            .chars()
            .map(|letter| ms(20, StreamEvent::Text(letter.into())))
            .collect();
        steps.extend(publish(1, &format!("use {SECRET}")));
        steps
    });
    for models in [
        vec![leaky(FailureKind::Auth), leaky(FailureKind::Request)],
        vec![leaky(FailureKind::Auth), chatty],
    ] {
        let (sender, mut events) = mpsc::channel(1024);
        let sinks = Sinks {
            log: None,
            subscribers: vec![sender],
            redactor: Redactor::new(&[SECRET.to_owned()]),
            trouble: None,
            prompts: None,
        };
        let prompt = format!("what opens {SECRET}?");
        let session = engine::spawn(setup(models, Limits::default()), sinks, prompt);
        let mut heard: Vec<Event> = Vec::new();
        while let Some(event) = events.recv().await {
            if matches!(event.kind, EventKind::Run(RunEvent::Ended(_))) {
                session
                    .commands
                    .try_send(Command::Close)
                    .expect("room for a command");
            }
            heard.push(event);
        }
        laws::check(&heard, SECRET);
    }
}

#[tokio::test(start_paused = true)]
async fn megabytes_in_one_piece_are_told_in_pieces() {
    const LONG: usize = 10_000_000;
    let long = model(|_, request| {
        if request.tools.is_empty() || offers(request, "vote") {
            vote(1, &choices(request)[0])
        } else {
            let mut steps = vec![ms(1, StreamEvent::Text("é".repeat(LONG / 2)))];
            steps.extend(publish(1, "short"));
            steps
        }
    });
    let turn = turn(vec![long]).await;
    let pieces: Vec<usize> = turn
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Agent {
                event:
                    AgentEvent::Delta {
                        channel: Channel::Text,
                        text,
                    },
                ..
            } => Some(text.len()),
            _ => None,
        })
        .collect();
    assert_eq!(pieces.iter().sum::<usize>(), LONG);
    assert!(pieces.iter().all(|length| *length <= 64 * 1024));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_says_nothing_at_all_is_asked_in_good_form() {
    let silent = model(|_, request| {
        laws::check_request(request);
        say("")
    });
    let turn = turn(vec![silent, plain(50, "two", "agent2")]).await;
    laws::check(&turn.events, "no secret");
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
}

/// What the tool results of these calls say, as the model reads them.
fn result(request: &Request, id: &str) -> Option<String> {
    request.messages.iter().find_map(|message| match message {
        Message::Tool { call_id, text, .. } if call_id == id => Some(text.clone()),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn of_several_terminal_calls_the_answer_counts_and_the_others_are_told() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let call = |id: &str, name: &str, arguments: serde_json::Value| {
        ms(
            1,
            StreamEvent::ToolCall(ToolCall {
                id: id.into(),
                name: name.into(),
                arguments: arguments.to_string(),
            }),
        )
    };
    let eager = model(move |number, request| {
        if number == 0 {
            return vec![
                call(
                    "a",
                    "new_answer",
                    serde_json::json!({"content": "the answer"}),
                ),
                call("b", "vote", serde_json::json!({"agent_id": "agent2"})),
                ms(1, StreamEvent::Stop(StopReason::ToolUse)),
            ];
        }
        let mut notes = notes.lock().expect("no panic");
        notes.push((result(request, "a"), result(request, "b")));
        if offers(request, "vote") {
            vote(5, "agent1")
        } else {
            say("final")
        }
    });
    let turn = turn(vec![eager, plain(20, "two", "agent1")]).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { winner, .. } if winner.agent.0 == 1));
    let first = |event: &AgentEvent| matches!(event, AgentEvent::Published(answer) if answer.text == "the answer");
    assert_eq!(turn.count(first), 1);
    let heard = heard.lock().expect("no panic");
    let (answer, vote) = &heard[0];
    assert!(answer.is_some(), "every call has a result");
    assert!(
        vote.as_ref()
            .is_some_and(|text| text.contains("Only one of"))
    );
}

#[tokio::test(start_paused = true)]
async fn no_agent_is_told_what_model_another_one_is() {
    let models: Vec<Arc<dyn Provider>> = (1..=3)
        .map(|n: u16| {
            model(move |_, request| {
                let text = format!("{:?}", request.messages);
                for told in ["scripted", "name1", "name2", "name3"] {
                    assert!(!text.contains(told), "{told} in {text}");
                }
                if offers(request, "vote") {
                    vote(5, "agent1")
                } else if offers(request, "new_answer") {
                    publish(u64::from(n), &format!("answer {n}"))
                } else {
                    say("final")
                }
            }) as Arc<dyn Provider>
        })
        .collect();
    // Identities are hidden unless the person asks for them.
    let turn = turn(models).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
}
