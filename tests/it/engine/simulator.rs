//! Random teams under paused time: whatever models and people do, the laws hold.

use std::{sync::Arc, time::Duration};

use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{
        AgentId, Command, Event, EventKind, FailureKind, Finish, Limits, QuestionId, Reply,
        RunEvent, SteerId, SteerMode, Target, ToolCall, Usage,
    },
    provider::{Provider, Request, StopReason, StreamEvent},
    run::RunState,
    store::{self, Store, redact::Redactor},
};
use proptest::prelude::*;
use tokio::{sync::mpsc, time::Instant};

use super::{Step, act, choices, failure, laws, model, ms, offers, publish, say, setup, vote};

const SECRET: &str = "swordfish-4711";

/// What a model does in one call.
#[derive(Clone, Debug)]
enum Deed {
    Publish(u8),
    /// Votes for the n-th choice, publishes when there is none.
    Vote(usize),
    VoteNonsense,
    Talk(u8),
    Silence,
    BrokenArguments,
    Tool,
    /// Several calls at once, ids included.
    Everything,
    /// Fails before any text.
    Fail(FailureKind),
    /// Fails after some text.
    Cut(FailureKind),
    /// The stream ends without a word about it.
    Vanish,
    Hang,
    TellSecret(usize),
}

#[derive(Clone, Debug)]
struct Plan {
    agents: Vec<Vec<(u64, Deed)>>,
    commands: Vec<(u64, Command)>,
    reader_ms: u64,
    small: bool,
    reuse: bool,
}

fn kinds() -> impl Strategy<Value = FailureKind> {
    prop_oneof![
        Just(FailureKind::Auth),
        Just(FailureKind::Transient),
        Just(FailureKind::RateLimit),
        Just(FailureKind::Context),
    ]
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0u8..4).prop_map(Deed::Publish),
        6 => (0usize..4).prop_map(Deed::Vote),
        1 => Just(Deed::VoteNonsense),
        2 => (0u8..4).prop_map(Deed::Talk),
        1 => Just(Deed::Silence),
        1 => Just(Deed::BrokenArguments),
        2 => Just(Deed::Tool),
        1 => Just(Deed::Everything),
        1 => kinds().prop_map(Deed::Fail),
        2 => kinds().prop_map(Deed::Cut),
        1 => Just(Deed::Vanish),
        1 => Just(Deed::Hang),
        1 => (1usize..9).prop_map(Deed::TellSecret),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    let target = prop_oneof![
        Just(Target::All),
        (1u16..7).prop_map(|agent| Target::One(AgentId(agent))),
        proptest::collection::vec((1u16..7).prop_map(AgentId), 1..4)
            .prop_map(|agents| Target::of(agents).unwrap_or(Target::All)),
    ];
    let mode = prop_oneof![Just(SteerMode::Queue), Just(SteerMode::Now)];
    prop_oneof![
        6 => (target, mode).prop_map(|(target, mode)| Command::Steer {
            target,
            text: "look again".into(),
            mode,
        }),
        2 => (1u32..8).prop_map(|id| Command::Withdraw(SteerId(id))),
        1 => (1u32..3).prop_map(|id| Command::Answer {
            id: QuestionId(id),
            reply: Reply::Skipped,
        }),
        1 => Just(Command::AnswerNow),
        1 => Just(Command::Stop),
        1 => Just(Command::FollowUp { prompt: "more".into() }),
        1 => Just(Command::Close),
    ]
}

fn plans() -> impl Strategy<Value = Plan> {
    let latency = prop_oneof![Just(0u64), 1u64..50, 50u64..5_000];
    let agent = proptest::collection::vec((latency, deeds()), 1..8);
    let wait = prop_oneof![Just(0u64), 1u64..3_000];
    (
        proptest::collection::vec(agent, 1..6),
        proptest::collection::vec((wait, commands()), 0..5),
        prop_oneof![3 => Just(0u64), 1 => 1u64..30],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(agents, commands, reader_ms, small, reuse)| Plan {
            agents,
            commands,
            reader_ms,
            small,
            reuse,
        })
}

fn call(id: &str, name: &str, arguments: &str) -> Step {
    ms(
        1,
        StreamEvent::ToolCall(ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        }),
    )
}

fn perform(wait: u64, deed: &Deed, request: &Request) -> Vec<Step> {
    let choices = choices(request);
    let stop = || ms(1, StreamEvent::Stop(StopReason::ToolUse));
    let text = |text: &str| ms(wait, StreamEvent::Text(text.into()));
    match deed {
        _ if request.tools.is_empty() && !matches!(deed, Deed::Hang | Deed::Cut(_)) => {
            say("the final word")
        }
        Deed::Publish(n) => publish(wait, &format!("answer {n}")),
        Deed::Vote(n) => match choices.get(n % choices.len().max(1)) {
            Some(choice) => vote(wait, choice),
            None => publish(wait, &format!("instead of vote {n}")),
        },
        Deed::VoteNonsense => vote(wait, "the third one"),
        Deed::Talk(n) => say(&format!("just words {n}")),
        Deed::Silence => say(""),
        Deed::BrokenArguments => vec![call("c", "new_answer", "{\"content\": \"ha"), stop()],
        Deed::Tool => act(
            wait,
            "open_answer",
            &serde_json::json!({ "label": "agent1" }),
        ),
        Deed::Everything => vec![
            text("several things"),
            call("c1", "open_answer", ""),
            call("c2", "vote", "{\"agent_id\": \"agent1\"}"),
            call("c3", "new_answer", "{\"content\": \"all at once\"}"),
            call("c4", "no_such_tool", "[]"),
            ms(
                1,
                StreamEvent::Usage(Usage {
                    input: 7,
                    calls: 1,
                    ..Usage::default()
                }),
            ),
            stop(),
        ],
        Deed::Fail(kind) => vec![(Duration::from_millis(wait), Err(failure(*kind)))],
        Deed::Cut(kind) => vec![text("half a"), (Duration::ZERO, Err(failure(*kind)))],
        Deed::Vanish => vec![text("and th")],
        Deed::Hang => vec![ms(u64::from(u32::MAX), StreamEvent::Text("late".into()))],
        Deed::TellSecret(size) => {
            let letters: Vec<char> = format!("it is {SECRET}, really").chars().collect();
            let mut steps: Vec<Step> = letters
                .chunks(*size)
                .map(|piece| text(&piece.iter().collect::<String>()))
                .collect();
            if offers(request, "new_answer") {
                steps.extend(publish(1, &format!("say {SECRET}")));
            } else {
                steps.push(stop());
            }
            steps
        }
    }
}

fn limits(small: bool) -> Limits {
    if small {
        Limits {
            answers_per_agent: 1,
            rounds_per_agent: 3,
            calls_per_round: 3,
            turn_seconds: 20,
            round_seconds: 5,
            vote_seconds: 3,
            present_seconds: 3,
            ..Limits::default()
        }
    } else {
        Limits::default()
    }
}

async fn live(plan: &Plan, store: &Store) -> Vec<Event> {
    let run = store::new_run_id(0);
    let models = plan.agents.iter().cloned().map(|deeds| {
        let provider: Arc<dyn Provider> = model(move |call, request| {
            laws::check_request(request);
            let (wait, deed) = &deeds[call % deeds.len()];
            perform(*wait, deed, request)
        });
        provider
    });
    let mut team = setup(models.collect(), limits(plan.small));
    team.run = run.clone();
    if plan.reuse {
        team.rules.finishing.finish = Finish::Reuse;
    }
    let (sender, mut events) = mpsc::channel(8);
    let sinks = Sinks {
        log: Some(store.write(run.clone()).expect("a log")),
        subscribers: vec![sender],
        redactor: Redactor::new(&[SECRET.to_owned()]),
        trouble: None,
        prompts: None,
    };
    let session = engine::spawn(team, sinks, format!("what is {SECRET}?"));
    let commands = session.commands.clone();
    let words = plan.commands.clone();
    let person = tokio::spawn(async move {
        for (wait, command) in words {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let _ = commands.send(command).await;
        }
    });
    let begun = Instant::now();
    let mut heard = Vec::new();
    while let Some(event) = events.recv().await {
        tokio::time::sleep(Duration::from_millis(plan.reader_ms)).await;
        if matches!(event.kind, EventKind::Run(RunEvent::Ended(_))) {
            let _ = session.commands.try_send(Command::Close);
        }
        heard.push(event);
    }
    let longest = Limits::default().turn_seconds * 3;
    assert!(begun.elapsed() < Duration::from_secs(longest), "too long");
    person.abort();
    session.done.await.expect("the session ends orderly");
    let read = store.read(&run).expect("a log that opens");
    assert_eq!(read.damage, None);
    assert_eq!(read.events, heard, "the log is the run");
    heard
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_laws_hold(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let heard = runtime.block_on(live(&plan, &store));
        laws::check(&heard, SECRET);
        let mut state = RunState::default();
        for event in &heard {
            state.apply(event);
        }
        prop_assert_eq!(state.gaps, 0);
    }
}
