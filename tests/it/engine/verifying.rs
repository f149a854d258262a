//! Verification with scripted models under paused time: whole attempts from the first answer to the
//! verdict, with real seats.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{
        AgentEvent, AgentId, Command, Event, EventKind, FailureKind, Limits, Message, Outcome,
        OutcomeEnd, ReviewEvent, RunEvent, Verify,
    },
    provider::{Provider, Request},
    run::RunState,
    store::redact::Redactor,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Step, act, choices, failure, laws, model, offers, publish, say, setup, vote};

/// What a verifier does when it is asked for the n-th time, by whoever.
type Verdicts = fn(usize) -> Option<Value>;

fn last_words(request: &Request) -> String {
    let texts = request.messages.iter().filter_map(|message| match message {
        Message::User { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

const FIRST: [&str; 3] = [
    "Sort the list and take the middle.",
    "Ask the library for its median function.",
    "Two heaps meet in the centre.",
];

/// Agents that answer, vote for agent 1, present its latest answer, improve it when a review asks for
/// it, and verify as `verdicts` says; `None` is a server that refuses.
fn team(size: usize, verdicts: Verdicts) -> Vec<Arc<dyn Provider>> {
    let asked = Arc::new(AtomicUsize::new(0));
    let one = |place: usize| {
        let asked = Arc::clone(&asked);
        model(move |call, request| -> Vec<Step> {
            if offers(request, "verdict") {
                return match verdicts(asked.fetch_add(1, Ordering::Relaxed)) {
                    Some(arguments) => act(10, "verdict", &arguments),
                    None => vec![(Duration::ZERO, Err(failure(FailureKind::Auth)))],
                };
            }
            let words = last_words(request);
            if request.tools.is_empty() {
                return say("presented");
            }
            let choices = choices(request);
            let latest = choices.iter().rev().find(|one| one.starts_with("agent1"));
            let revised = choices.iter().any(|one| one == "agent1.2");
            match latest {
                Some(_) if words.contains("<review>") && !revised => {
                    publish(10, &format!("better, after call {call}"))
                }
                Some(latest) => vote(10, latest),
                None if offers(request, "vote") => vote(10, &choices[0]),
                None => publish(10, FIRST[place]),
            }
        })
    };
    (0..size).map(one).collect()
}

struct Ran {
    events: Vec<Event>,
    state: RunState,
}

impl Ran {
    fn reviews(&self) -> Vec<&ReviewEvent> {
        let reviews = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Review(review)) => Some(review),
            EventKind::Run(_) | EventKind::Agent { .. } => None,
        });
        reviews.collect()
    }

    /// Who was asked to verify, in order.
    fn asked(&self) -> Vec<AgentId> {
        let asked = self
            .reviews()
            .into_iter()
            .filter_map(|review| match review {
                ReviewEvent::Asked { by, .. } => Some(*by),
                _ => None,
            });
        asked.collect()
    }

    fn attempts(&self) -> usize {
        let again = |review: &&&ReviewEvent| matches!(review, ReviewEvent::Again { .. });
        1 + self.reviews().iter().filter(again).count()
    }

    fn text(&self) -> (&str, OutcomeEnd) {
        let turn = self.state.turn.as_ref().expect("a turn");
        match turn.outcome.as_ref() {
            Some(Outcome::Answered { text, end, .. }) => (text, *end),
            other => panic!("{other:?}"),
        }
    }
}

async fn run(models: Vec<Arc<dyn Provider>>, restarts: u32) -> Ran {
    let (sender, mut events) = mpsc::channel(1024);
    let mut setup = setup(models, Limits::default());
    setup.rules.finishing.verify = Some(Verify { by: None, restarts });
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&[]),
        trouble: None,
        prompts: None,
    };
    let session = engine::spawn(setup, sinks, "the task".into());
    let mut ran = Ran {
        events: Vec::new(),
        state: RunState::default(),
    };
    while let Some(event) = events.recv().await {
        ran.state.apply(&event);
        if matches!(event.kind, EventKind::Run(RunEvent::Ended(_))) {
            session
                .commands
                .send(Command::Close)
                .await
                .expect("it waits");
        }
        ran.events.push(event);
    }
    session.done.await.expect("an orderly end");
    laws::check(&ran.events, "no secret here");
    ran
}

fn verdict(accept: bool) -> Value {
    json!({ "accept": accept, "instructions": "add the second case", "agents": ["agent1"] })
}

#[tokio::test(start_paused = true)]
async fn a_text_is_sent_back_improved_and_accepted() {
    let ran = run(team(3, |asked| Some(verdict(asked > 0))), 2).await;
    assert_eq!(ran.attempts(), 2);
    let turn = ran.state.turn.as_ref().expect("a turn");
    let asked = ran.asked();
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().all(|by| *by != AgentId(1)),
        "never the author: {asked:?}"
    );
    let verdicts: Vec<bool> = (turn.record.reviews.verdicts.iter())
        .map(|verdict| verdict.accept)
        .collect();
    assert_eq!(verdicts, [false, true]);
    let winner = turn.decision.as_ref().expect("a decision").winner;
    assert_eq!(winner.to_string(), "agent1.2", "the improved one");
    assert_eq!(ran.text(), ("presented", OutcomeEnd::Consensus));
    // Only the named agent worked again; the others kept their answers.
    let published = ran.events.iter().filter_map(|event| match &event.kind {
        EventKind::Agent {
            event: AgentEvent::Published(answer),
            ..
        } => Some(answer.label.to_string()),
        _ => None,
    });
    let mut labels: Vec<String> = published.collect();
    labels.sort();
    assert_eq!(labels, ["agent1.1", "agent1.2", "agent2.1", "agent3.1"]);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_nobody_accepts_stands_after_the_last_attempt() {
    for restarts in [0, 1, 3] {
        let ran = run(team(3, |_| Some(verdict(false))), restarts).await;
        assert_eq!(ran.attempts(), restarts as usize + 1);
        assert_eq!(ran.asked().len(), restarts as usize + 1);
        assert_eq!(ran.text().0, "presented");
        let turn = ran.state.turn.as_ref().expect("a turn");
        let last = turn.record.reviews.verdicts.last().expect("a verdict");
        assert!(!last.accept, "and the log says that it was not accepted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_verifier_that_dies_is_replaced_once() {
    let ran = run(team(3, |asked| (asked > 0).then(|| verdict(true))), 1).await;
    let asked = ran.asked();
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0], asked[1]);
    let turn = ran.state.turn.as_ref().expect("a turn");
    assert!(turn.record.reviews.verdicts[0].accept);
    assert_eq!(ran.text().0, "presented");
}

#[tokio::test(start_paused = true)]
async fn when_every_verifier_dies_the_text_stands_and_is_called_unverified() {
    let ran = run(team(3, |_| None), 1).await;
    assert_eq!(ran.asked().len(), 2, "both others");
    let turn = ran.state.turn.as_ref().expect("a turn");
    let why = turn.record.reviews.skipped.as_deref();
    assert_eq!(why, Some("the verifier failed."));
    assert_eq!(ran.text().0, "presented");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_verdict_is_asked_for_again_and_never_guessed() {
    let ran = run(
        team(3, |asked| match asked {
            0 => Some(json!({ "accept": "yes" })),
            _ => Some(verdict(true)),
        }),
        1,
    )
    .await;
    assert_eq!(ran.asked().len(), 1, "the same verifier");
    assert_eq!(ran.attempts(), 1, "no attempt was lost");
    let turn = ran.state.turn.as_ref().expect("a turn");
    assert!(turn.record.reviews.verdicts[0].accept);

    let never = run(team(3, |_| Some(json!({ "instructions": 7 }))), 1).await;
    assert_eq!(never.attempts(), 1, "words that say nothing start nothing");
    assert_eq!(never.asked().len(), 2);
    let turn = never.state.turn.as_ref().expect("a turn");
    assert!(turn.record.reviews.verdicts.is_empty());
    assert!(turn.record.reviews.skipped.is_some());
    assert_eq!(never.text().0, "presented");
}

#[tokio::test(start_paused = true)]
async fn a_verdict_that_names_a_stranger_is_refused() {
    let ran = run(
        team(3, |asked| match asked {
            0 => Some(json!({ "accept": false, "instructions": "x", "agents": ["agent9"] })),
            _ => Some(verdict(true)),
        }),
        1,
    )
    .await;
    let refused = ran.events.iter().any(|event| {
        matches!(
            &event.kind,
            EventKind::Agent {
                event: AgentEvent::Refused { .. },
                ..
            }
        )
    });
    assert!(refused);
    assert_eq!(ran.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_agent_alone_is_not_its_own_verifier() {
    let ran = run(team(1, |_| Some(verdict(true))), 2).await;
    assert!(ran.asked().is_empty());
    let turn = ran.state.turn.as_ref().expect("a turn");
    assert_eq!(
        turn.record.reviews.skipped.as_deref(),
        Some("there is no other agent than its author.")
    );
}
