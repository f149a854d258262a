//! Sessions of several turns, the person's words in between, leaving in the middle.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{
        AgentEvent, AgentId, Channel, Command, Event, EventKind, Level, Limits, Message, Outcome,
        OutcomeEnd, RunEvent, SteerMode, SteerState, Target,
    },
    provider::{Provider, Request, StopReason, StreamEvent},
    run::RunState,
    store::Store,
};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Step, act, choices, laws, model, ms, offers, plain, publish, say, setup, turn_with, unlogged,
    vote,
};

/// Everything a session tells until it is over. `react` gets each event and the way to the engine.
async fn session(
    models: Vec<Arc<dyn Provider>>,
    sinks: impl FnOnce(mpsc::Sender<Event>) -> Sinks,
    react: impl Fn(&Event, &mpsc::Sender<Command>),
) -> Vec<Event> {
    let (sender, mut events) = mpsc::channel(1024);
    let session = engine::spawn(
        setup(models, Limits::default()),
        sinks(sender),
        "first".into(),
    );
    let mut heard = Vec::new();
    while let Some(event) = events.recv().await {
        react(&event, &session.commands);
        heard.push(event);
    }
    session.done.await.expect("the session ends orderly");
    heard
}

fn send(commands: &mpsc::Sender<Command>, command: Command) {
    commands.try_send(command).expect("room for a command");
}

fn is_end(event: &Event) -> bool {
    matches!(event.kind, EventKind::Run(RunEvent::Ended(_)))
}

fn everything(request: &Request) -> String {
    request
        .messages
        .iter()
        .map(|message| match message {
            Message::System { text }
            | Message::User { text }
            | Message::Assistant { text, .. }
            | Message::Tool { text, .. } => text.as_str(),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A model that notes what it was asked.
fn noting(
    script: impl Fn(usize, &Request) -> Vec<Step> + Send + Sync + 'static,
) -> (Arc<dyn Provider>, Arc<Mutex<Vec<Request>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&asked);
    let provider = model(move |call, request| {
        laws::check_request(request);
        notes.lock().expect("no panic").push(request.clone());
        script(call, request)
    });
    (provider, asked)
}

/// Publishes, votes for the first choice, presents.
fn willing(_: usize, request: &Request) -> Vec<Step> {
    if request.tools.is_empty() {
        say("the final word")
    } else if offers(request, "vote") {
        vote(10, &choices(request)[0])
    } else {
        publish(10, "an answer")
    }
}

#[tokio::test(start_paused = true)]
async fn a_follow_up_knows_what_was_asked_and_answered() {
    let (provider, asked) = noting(willing);
    let events = session(
        vec![provider, plain(20, "two", "agent1")],
        unlogged,
        |event, commands| {
            if is_end(event) {
                send(
                    commands,
                    if event.seq.0 < 40 {
                        Command::FollowUp {
                            prompt: "and shorter?".into(),
                        }
                    } else {
                        Command::Close
                    },
                );
            }
        },
    )
    .await;
    laws::check(&events, "no secret");
    assert_eq!(events.iter().filter(|event| is_end(event)).count(), 2);
    let asked = asked.lock().expect("no panic");
    let second = asked
        .iter()
        .map(everything)
        .find(|text| text.contains("<task>\nand shorter?\n"))
        .expect("the second task was asked");
    assert!(second.contains("<earlier task>\nfirst\n<end of earlier task>"));
    assert!(second.contains("<answer given>\nthe final word\n<end of answer given>"));
    let mut state = RunState::default();
    for event in &events {
        state.apply(event);
    }
    assert_eq!((state.history.len(), state.gaps), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_task_given_while_a_turn_runs_is_refused_in_words() {
    let events = session(
        vec![plain(50, "one", "agent1")],
        unlogged,
        |event, commands| {
            if event.seq.0 == 1 {
                let prompt = "too early".to_owned();
                send(commands, Command::FollowUp { prompt });
            }
            if is_end(event) {
                send(commands, Command::Close);
            }
        },
    )
    .await;
    let told = |event: &Event| {
        matches!(&event.kind, EventKind::Run(RunEvent::Notice { level: Level::Info, text })
            if text.contains("still running"))
    };
    assert_eq!(events.iter().filter(|event| told(event)).count(), 1);
    assert_eq!(events.iter().filter(|event| is_end(event)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn leaving_in_the_middle_keeps_the_answer_and_ends_at_once() {
    let leave: [fn(&mpsc::Sender<Command>); 2] = [
        |commands| send(commands, Command::Close),
        |commands| {
            send(commands, Command::Stop);
            send(commands, Command::Close);
        },
    ];
    for leave in leave {
        let slow = model(|_, _| vec![ms(3_600_000, StreamEvent::Stop(StopReason::EndTurn))]);
        let begun = Instant::now();
        let events = session(
            vec![plain(50, "early", "agent1"), slow],
            unlogged,
            |event, commands| {
                if matches!(
                    event.kind,
                    EventKind::Agent {
                        event: AgentEvent::Published(_),
                        ..
                    }
                ) {
                    leave(commands);
                }
            },
        )
        .await;
        laws::check(&events, "no secret");
        let last = events.iter().rev().find(|event| is_end(event));
        assert!(
            matches!(
                last.map(|event| &event.kind),
                Some(EventKind::Run(RunEvent::Ended(Outcome::Answered {
                    end: OutcomeEnd::Stopped,
                    ..
                })))
            ),
            "{last:?}"
        );
        assert!(begun.elapsed() < Duration::from_millis(60 + 250));
    }
}

#[tokio::test(start_paused = true)]
async fn losing_every_sender_of_commands_ends_the_session() {
    let (sender, mut events) = mpsc::channel(1024);
    let team = setup(vec![plain(50_000, "late", "agent1")], Limits::default());
    let engine::Session { commands, done, .. } =
        engine::spawn(team, unlogged(sender), "task".into());
    drop(commands);
    let mut ends = 0;
    while let Some(event) = events.recv().await {
        ends += usize::from(is_end(&event));
    }
    done.await.expect("the session ends orderly");
    assert_eq!(ends, 1);
}

/// Words steered in while the first call streams.
fn steer_on_first_text(event: &Event, target: Target, mode: SteerMode) -> Option<Command> {
    let first = matches!(
        &event.kind,
        EventKind::Agent { id: AgentId(1), event: AgentEvent::Delta { channel: Channel::Text, text } }
            if text.contains("begin")
    );
    first.then(|| Command::Steer {
        target,
        text: "mind the gap".into(),
        mode,
    })
}

/// Says "begin", works on for a while, opens a tool; then as [`willing`].
fn with_a_boundary(call: usize, request: &Request) -> Vec<Step> {
    if call > 0 {
        return willing(call, request);
    }
    let mut steps = vec![
        ms(5, StreamEvent::Text("begin \n".into())),
        ms(1_000, StreamEvent::Text("and end".into())),
    ];
    steps.extend(act(1, "open_answer", &serde_json::json!({})));
    steps
}

#[tokio::test(start_paused = true)]
async fn queued_words_wait_for_the_next_boundary() {
    let (provider, asked) = noting(with_a_boundary);
    let turn = turn_with(vec![provider], Limits::default(), |event| {
        steer_on_first_text(event, Target::All, SteerMode::Queue)
    })
    .await;
    laws::check(&turn.events, "no secret");
    let said: String = turn
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
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(
        said.starts_with("begin \nand end"),
        "not interrupted: {said:?}"
    );
    let asked = asked.lock().expect("no panic");
    assert!(!everything(&asked[0]).contains("mind the gap"));
    assert!(everything(&asked[1]).contains("mind the gap"));
    let last = everything(asked.last().expect("several calls"));
    assert!(last.matches("mind the gap").count() <= 1, "once: {last}");
}

#[tokio::test(start_paused = true)]
async fn words_to_one_agent_reach_nobody_else() {
    for mode in [SteerMode::Queue, SteerMode::Now] {
        let (first, to_first) = noting(with_a_boundary);
        let (second, to_second) = noting(|call, request| match call {
            0 => {
                let mut steps = with_a_boundary(call, request);
                steps[0].0 = Duration::from_millis(500);
                steps
            }
            _ => willing(call, request),
        });
        let turn = turn_with(vec![first, second], Limits::default(), |event| {
            steer_on_first_text(event, Target::One(AgentId(2)), mode)
        })
        .await;
        laws::check(&turn.events, "no secret");
        let heard = |asked: &Mutex<Vec<Request>>| {
            let asked = asked.lock().expect("no panic");
            asked
                .iter()
                .any(|request| everything(request).contains("mind the gap"))
        };
        assert!(!heard(&to_first), "{mode:?}");
        assert!(heard(&to_second), "{mode:?}");
        let receipts: Vec<SteerState> = turn
            .events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Run(RunEvent::Steer { state, .. }) if state != SteerState::Queued => {
                    Some(state)
                }
                _ => None,
            })
            .collect();
        assert_eq!(
            receipts,
            [
                SteerState::Delivered(AgentId(2)),
                SteerState::Seen(AgentId(2))
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn answer_now_does_not_wait_for_the_slow() {
    let slow = model(|_, request| {
        if offers(request, "new_answer") {
            vec![ms(600_000, StreamEvent::Stop(StopReason::EndTurn))]
        } else {
            vote(10, &choices(request)[0])
        }
    });
    let begun = Instant::now();
    let turn = turn_with(
        vec![plain(50, "one", "agent2"), plain(60, "two", "agent2"), slow],
        Limits::default(),
        |event| {
            let second = matches!(
                &event.kind,
                EventKind::Agent {
                    id: AgentId(2),
                    event: AgentEvent::Published(_)
                }
            );
            second.then_some(Command::AnswerNow)
        },
    )
    .await;
    laws::check(&turn.events, "no secret");
    let Outcome::Answered { winner, end, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(*end, OutcomeEnd::AnswerNow);
    assert_eq!(winner.agent, AgentId(2));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn sixteen_agents_agree() {
    let models = (0..16).map(|n| plain(10 * (n + 1), "same idea", "agent1"));
    let turn = turn_with(models.collect(), Limits::default(), |_| None).await;
    laws::check(&turn.events, "no secret");
    assert!(matches!(
        turn.outcome(),
        Outcome::Answered {
            end: OutcomeEnd::Consensus,
            ..
        }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_slows_the_models_and_loses_nothing() {
    const WORDS: usize = 3_000;
    let talker = model(|call, request| {
        if call > 0 {
            return willing(call, request);
        }
        let word = |n: usize| ms(20, StreamEvent::Text(format!("{n} ")));
        let mut steps: Vec<Step> = (0..WORDS).map(word).collect();
        steps.extend(publish(1, "done"));
        steps
    });
    let (sender, mut events) = mpsc::channel(1);
    let team = setup(vec![talker], Limits::default());
    let session = engine::spawn(team, unlogged(sender), "task".into());
    let begun = Instant::now();
    let mut heard = Vec::new();
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let event = events.recv().await.expect("the turn ends first");
        let over = is_end(&event);
        heard.push(event);
        if over {
            break;
        }
    }
    send(&session.commands, Command::Close);
    session.done.await.expect("the session ends orderly");
    laws::check(&heard, "no secret");
    assert!(begun.elapsed() > Duration::from_millis(20 * WORDS as u64));
    let said: String = heard
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Agent {
                event:
                    AgentEvent::Delta {
                        channel: Channel::Text,
                        text,
                    },
                ..
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let expected: String = (0..WORDS)
        .flat_map(|n| [n.to_string(), " ".into()])
        .collect();
    assert!(said.starts_with(&expected), "every word in order");
}

#[tokio::test(start_paused = true)]
async fn stop_is_heard_while_nobody_reads() {
    let flood = model(|_, _| {
        let word = |n: usize| (Duration::ZERO, Ok(StreamEvent::Text(format!("{n}\n"))));
        (0..100_000).map(word).collect()
    });
    let (sender, mut events) = mpsc::channel(4);
    let team = setup(vec![flood, plain(1, "early", "agent2")], Limits::default());
    let session = engine::spawn(team, unlogged(sender), "task".into());
    tokio::time::sleep(Duration::from_mins(1)).await;
    send(&session.commands, Command::Stop);
    send(&session.commands, Command::Close);
    let mut heard = Vec::new();
    while let Some(event) = events.recv().await {
        heard.push(event);
    }
    session.done.await.expect("the session ends orderly");
    assert_eq!(heard.iter().filter(|event| is_end(event)).count(), 1);
    assert!(
        heard.len() < 5_000,
        "{} events: the stop passed the flood",
        heard.len()
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_read_back_is_the_run_as_lived() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let run = massgen_tui::store::new_run_id(1_795_256_130_000);
    let log = store.write(run.clone()).expect("a log");
    let events = session(
        vec![
            plain(10, "one", "agent2"),
            plain(20, "two", "agent2"),
            model(with_a_boundary),
        ],
        |sender| Sinks {
            log: Some(log),
            ..unlogged(sender)
        },
        |event, commands| {
            if let Some(command) = steer_on_first_text(event, Target::All, SteerMode::Now) {
                send(commands, command);
            }
            if is_end(event) {
                send(commands, Command::Close);
            }
        },
    )
    .await;
    laws::check(&events, "no secret");
    let read = store.read(&run).expect("a log that opens");
    assert_eq!(read.damage, None);
    assert_eq!(read.events, events);
    let fold = |events: &[Event]| {
        let mut state = RunState::default();
        for event in events {
            state.apply(event);
        }
        state
    };
    assert_eq!(fold(&read.events), fold(&events));
}
