//! The engine with scripted models under paused time: whole turns from the first request to the
//! outcome, read from the event stream as any reader sees them.

mod alone;
mod asking;
mod bad_turns;
mod chain;
mod compaction;
mod dumping;
mod folders;
mod laws;
mod nested;
mod premises;
mod results;
mod scaling;
mod simulator;
mod stages;
mod verifying;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use massgen_tui::{
    engine::{self, Member, SessionSetup, outbox::Sinks},
    protocol::{
        AgentCard, AgentEvent, AgentId, Channel, Command, Event, EventKind, Failure, FailureKind,
        Limits, Message, NoAnswerReason, Origin, Outcome, OutcomeEnd, Rules, RunEvent, RunId,
        SteerMode, SteerState, Target, ToolCall,
    },
    provider::{Provider, Request, StopReason, StreamEvent},
    run::RunState,
    store::redact::Redactor,
};
use tokio::sync::mpsc;

type Step = (Duration, Result<StreamEvent, Failure>);

/// A model that answers by a function of (number of the call, request).
struct Scripted<F> {
    calls: AtomicUsize,
    script: F,
}

impl<F> Provider for Scripted<F>
where
    F: Fn(usize, &Request) -> Vec<Step> + Send + Sync + 'static,
{
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let steps = (self.script)(call, &request);
        stream::iter(steps)
            .then(|(wait, item)| async move {
                tokio::time::sleep(wait).await;
                item
            })
            .boxed()
    }
}

fn unlogged(sender: mpsc::Sender<Event>) -> Sinks {
    Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    }
}

fn model(
    script: impl Fn(usize, &Request) -> Vec<Step> + Send + Sync + 'static,
) -> Arc<dyn Provider> {
    Arc::new(Scripted {
        calls: AtomicUsize::new(0),
        script,
    })
}

fn ms(wait: u64, event: StreamEvent) -> Step {
    (Duration::from_millis(wait), Ok(event))
}

fn say(text: &str) -> Vec<Step> {
    vec![
        ms(10, StreamEvent::Text(text.into())),
        ms(1, StreamEvent::Stop(StopReason::EndTurn)),
    ]
}

fn act(wait: u64, name: &str, arguments: &serde_json::Value) -> Vec<Step> {
    let arguments = arguments.to_string();
    vec![
        ms(
            wait,
            StreamEvent::ToolStart {
                index: 0,
                name: name.into(),
            },
        ),
        ms(
            1,
            StreamEvent::ToolArguments {
                index: 0,
                fragment: arguments.clone(),
            },
        ),
        ms(
            1,
            StreamEvent::ToolCall(ToolCall {
                id: format!("call-{name}"),
                name: name.into(),
                arguments,
            }),
        ),
        ms(1, StreamEvent::Stop(StopReason::ToolUse)),
    ]
}

fn publish(wait: u64, text: &str) -> Vec<Step> {
    act(wait, "new_answer", &serde_json::json!({ "content": text }))
}

fn vote(wait: u64, choice: &str) -> Vec<Step> {
    let arguments = serde_json::json!({ "agent_id": choice, "reason": "it is right" });
    act(wait, "vote", &arguments)
}

fn offers(request: &Request, tool: &str) -> bool {
    request.tools.iter().any(|spec| spec.name == tool)
}

fn choices(request: &Request) -> Vec<String> {
    request
        .tools
        .iter()
        .find(|spec| spec.name == "vote")
        .and_then(|spec| spec.parameters["properties"]["agent_id"]["enum"].as_array())
        .map(|labels| {
            labels
                .iter()
                .filter_map(|label| label.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
}

/// Publishes once, then votes for `favourite`; presents in plain text.
fn plain(wait: u64, answer: &'static str, favourite: &'static str) -> Arc<dyn Provider> {
    model(move |_, request| {
        if request.tools.is_empty() {
            say("the final word")
        } else if choices(request)
            .iter()
            .any(|label| label.starts_with(favourite))
        {
            vote(wait, favourite)
        } else if offers(request, "vote") && !offers(request, "new_answer") {
            vote(wait, &choices(request)[0])
        } else {
            publish(wait, answer)
        }
    })
}

fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "the server said no")
}

struct Turn {
    events: Vec<Event>,
    state: RunState,
}

impl Turn {
    fn outcome(&self) -> &Outcome {
        self.state
            .turn
            .as_ref()
            .and_then(|turn| turn.outcome.as_ref())
            .expect("every turn ends in an outcome")
    }

    fn count(&self, test: impl Fn(&AgentEvent) -> bool) -> usize {
        self.events
            .iter()
            .filter(|event| matches!(&event.kind, EventKind::Agent { event, .. } if test(event)))
            .count()
    }
}

/// A session of agents called `name1`, `name2` …
fn setup(models: Vec<Arc<dyn Provider>>, limits: Limits) -> SessionSetup {
    let member = |(provider, number): (Arc<dyn Provider>, u16)| Member {
        tools: None,
        card: AgentCard {
            id: AgentId(number),
            name: format!("name{number}"),
            model: "scripted".into(),
            backend: "test".into(),
        },
        system: None,
        provider,
    };
    SessionSetup {
        run: RunId("test".into()),
        team: models.into_iter().zip(1..).map(member).collect(),
        limits,
        rules: Rules::default(),
        origin: Origin::Direct,
        cwd: String::new(),
        grounds: None,
        gate: None,
    }
}

/// Runs one turn. `react` may answer events with commands.
async fn turn_with(
    models: Vec<Arc<dyn Provider>>,
    limits: Limits,
    react: impl Fn(&Event) -> Option<Command>,
) -> Turn {
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let session = engine::spawn(setup(models, limits), sinks, "the task".into());
    let mut turn = Turn {
        events: Vec::new(),
        state: RunState::default(),
    };
    while let Some(event) = events.recv().await {
        turn.state.apply(&event);
        if let Some(command) = react(&event) {
            session
                .commands
                .send(command)
                .await
                .expect("the session runs");
        }
        let over = matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        turn.events.push(event);
        if over {
            break;
        }
    }
    session
        .commands
        .send(Command::Close)
        .await
        .expect("the session waits");
    session.done.await.expect("the session ends orderly");
    turn
}

async fn turn(models: Vec<Arc<dyn Provider>>) -> Turn {
    turn_with(models, Limits::default(), |_| None).await
}

#[tokio::test(start_paused = true)]
async fn a_unanimous_team_ends_in_a_presented_answer() {
    let turn = turn(vec![
        plain(100, "one", "agent1"),
        plain(200, "two", "agent1"),
        plain(300, "three", "agent1"),
    ])
    .await;
    let Outcome::Answered {
        winner,
        text,
        presenter,
        end,
        ..
    } = turn.outcome()
    else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(winner.to_string(), "agent1.1");
    assert_eq!(text, "the final word");
    assert_eq!(*presenter, Some(AgentId(1)));
    assert_eq!(*end, OutcomeEnd::Consensus);
    assert_eq!(
        turn.count(|event| matches!(event, AgentEvent::Published(_))),
        3
    );
    for (index, event) in turn.events.iter().enumerate() {
        assert_eq!(event.seq.0, index as u64 + 1, "numbers without gaps");
    }
}

#[tokio::test(start_paused = true)]
async fn the_draft_streams_before_the_answer_is_published() {
    let turn = turn(vec![plain(10, "streamed words", "agent1")]).await;
    let draft: String = turn
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Agent {
                event:
                    AgentEvent::Delta {
                        channel: Channel::Draft,
                        text,
                    },
                ..
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(draft, "streamed words");
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_breaks_off_is_asked_for_again() {
    let flaky = model(|call, request| {
        if call == 0 {
            vec![
                ms(10, StreamEvent::Text("half a".into())),
                (Duration::ZERO, Err(failure(FailureKind::Transient))),
            ]
        } else if request.tools.is_empty() {
            say("final")
        } else if offers(request, "vote") {
            vote(10, &choices(request)[0])
        } else {
            publish(10, "whole")
        }
    });
    let turn = turn(vec![flaky]).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    assert_eq!(turn.count(|event| matches!(event, AgentEvent::Call(_))), 1);
    assert_eq!(
        turn.count(|event| matches!(event, AgentEvent::Benched(_))),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_agent_is_benched_and_the_others_finish() {
    let dead = model(|_, _| vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))]);
    let turn = turn(vec![
        dead,
        plain(50, "two", "agent2"),
        plain(60, "three", "agent2"),
    ])
    .await;
    assert_eq!(
        turn.count(|event| matches!(event, AgentEvent::Benched(_))),
        1
    );
    let Outcome::Answered { winner, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(winner.to_string(), "agent2.1");
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_reason_is_told() {
    let dead = || model(|_, _| vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))]);
    let turn = turn(vec![dead(), dead()]).await;
    let Outcome::NoAnswer { reason, message } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(*reason, NoAnswerReason::AllFailed);
    assert!(message.contains("the server said no"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_calls_a_tool_still_takes_part() {
    let talker = model(|_, _| say("my plain answer, again and again"));
    let turn = turn(vec![talker, plain(50, "two", "agent2")]).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    let auto = turn.count(|event| matches!(event, AgentEvent::Published(answer) if answer.auto));
    assert_eq!(auto, 1, "its text is published for it once");
}

#[tokio::test(start_paused = true)]
async fn broken_arguments_are_told_to_the_model() {
    let clumsy = model(|call, request| {
        let told = request.messages.iter().any(|message| {
            matches!(message, Message::Tool { text, .. } if text.contains("not valid JSON"))
        });
        match call {
            0 => vec![
                ms(
                    5,
                    StreamEvent::ToolCall(ToolCall {
                        id: "c".into(),
                        name: "new_answer".into(),
                        arguments: "{\"content\": \"ha".into(),
                    }),
                ),
                ms(1, StreamEvent::Stop(StopReason::ToolUse)),
            ],
            1 if told => publish(5, "mended"),
            _ if request.tools.is_empty() => say("final"),
            _ => vote(5, &choices(request)[0]),
        }
    });
    let turn = turn(vec![clumsy]).await;
    let Outcome::Answered { winner, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(winner.to_string(), "agent1.1");
    let told = |event: &AgentEvent| {
        matches!(event, AgentEvent::Refused { act, reason, .. }
            if act == "new_answer" && reason.contains("not valid JSON"))
    };
    assert_eq!(turn.count(told), 1);
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_transcript_has_one_result() {
    let checker = model(|_, request| {
        let mut open = Vec::new();
        for message in &request.messages {
            match message {
                Message::Assistant { calls, .. } => {
                    assert!(open.is_empty(), "unanswered calls {open:?}");
                    open = calls.iter().map(|call| call.id.clone()).collect();
                }
                Message::Tool { call_id, .. } => {
                    let at = open.iter().position(|id| id == call_id);
                    open.remove(at.expect("a result for an open call"));
                }
                Message::System { .. } | Message::User { .. } => {
                    assert!(open.is_empty(), "unanswered calls {open:?}");
                }
            }
        }
        if request.tools.is_empty() {
            return say("final");
        }
        if offers(request, "vote") {
            let mut steps = act(5, "no_such_tool", &serde_json::json!({}));
            steps.pop();
            let mut last = vote(5, &choices(request)[0]);
            steps.append(&mut last);
            steps
        } else {
            publish(5, "text")
        }
    });
    let turn = turn(vec![checker, plain(20, "two", "agent2")]).await;
    assert!(matches!(turn.outcome(), Outcome::Answered { .. }));
    assert_eq!(
        turn.count(|event| matches!(event, AgentEvent::Benched(_))),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_hanging_model_does_not_hold_the_turn() {
    let hanging = model(|_, _| vec![ms(10_000_000, StreamEvent::Stop(StopReason::EndTurn))]);
    let limits = Limits {
        turn_seconds: 60,
        round_seconds: 20,
        ..Limits::default()
    };
    let turn = turn_with(vec![hanging, plain(50, "two", "agent2")], limits, |_| None).await;
    let Outcome::Answered { winner, .. } = turn.outcome() else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(winner.to_string(), "agent2.1");
}

#[tokio::test(start_paused = true)]
async fn stop_keeps_what_was_published() {
    let slow = || plain(60_000, "late", "agent2");
    let turn = turn_with(
        vec![plain(50, "early", "agent2"), slow()],
        Limits::default(),
        |event| {
            matches!(
                &event.kind,
                EventKind::Agent {
                    event: AgentEvent::Published(_),
                    ..
                }
            )
            .then_some(Command::Stop)
        },
    )
    .await;
    let Outcome::Answered {
        text,
        end,
        presenter,
        ..
    } = turn.outcome()
    else {
        panic!("{:?}", turn.outcome());
    };
    assert_eq!(
        (text.as_str(), *end, *presenter),
        ("early", OutcomeEnd::Stopped, None)
    );
}

#[tokio::test(start_paused = true)]
async fn steering_now_interrupts_and_is_heard_once() {
    let listener = model(|_, request| {
        let heard = request.messages.iter().any(
            |message| matches!(message, Message::User { text } if text.contains("use metric units")),
        );
        if request.tools.is_empty() {
            say("final")
        } else if offers(request, "vote") {
            vote(5, &choices(request)[0])
        } else if heard {
            publish(5, "in metres")
        } else {
            vec![
                ms(5, StreamEvent::Text("thinking in feet".into())),
                ms(60_000, StreamEvent::Stop(StopReason::EndTurn)),
            ]
        }
    });
    let turn = turn_with(vec![listener], Limits::default(), |event| {
        let text = matches!(
            &event.kind,
            EventKind::Agent {
                event: AgentEvent::Delta {
                    channel: Channel::Text,
                    ..
                },
                ..
            }
        );
        text.then(|| Command::Steer {
            target: Target::All,
            text: "use metric units".into(),
            mode: SteerMode::Now,
        })
    })
    .await;
    let delivered = turn
        .events
        .iter()
        .filter(|event| {
            matches!(
                &event.kind,
                EventKind::Run(RunEvent::Steer {
                    state: SteerState::Delivered(_),
                    ..
                })
            )
        })
        .count();
    assert!(delivered >= 1);
    let answer = &turn.state.turn.as_ref().expect("a turn").answers[0];
    assert_eq!(answer.answer.text, "in metres");
}
