//! A stored session in the real loop: read in pieces, left, opened at an event, played.

use std::time::Duration;

use massgen_tui::{
    protocol::{
        AgentCard, AgentEvent, AgentId, Channel, Event, EventKind, Label, Limits, Mark, Origin,
        Outcome, OutcomeEnd, Rules, RunEvent, RunId, Seq, Timestamp, TurnStart,
    },
    tui::{
        options::{First, Opening, StartOptions},
        replay::Reading,
    },
};

use crate::harness::app::{App, World, options};

const RUN: &str = "20261121-101530-k3f9";

/// A session of so many events, a second apart.
fn log(events: u64) -> Vec<Event> {
    let card = |number: u16, name: &str| AgentCard {
        id: AgentId(number),
        name: name.to_owned(),
        model: "scripted".to_owned(),
        backend: "demo".to_owned(),
    };
    let started = EventKind::Run(RunEvent::Started(Box::new(TurnStart {
        run: RunId(RUN.to_owned()),
        turn: 1,
        prompt: "Count.".to_owned(),
        team: vec![card(1, "ada"), card(2, "bob")],
        limits: Limits::default(),
        rules: Rules::default(),
        origin: Origin::Demo {
            scenario: "quick".to_owned(),
        },
        version: "0.0.0".to_owned(),
        cwd: "/home/someone".to_owned(),
        places: Vec::new(),
        resumed: None,
        stage: None,
    })));
    let ended = EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner: Label::new(AgentId(1), 1),
        text: "Counted.".to_owned(),
        presenter: None,
        end: OutcomeEnd::Consensus,
    }));
    let word = |seq: u64| EventKind::Agent {
        id: AgentId(1),
        event: AgentEvent::Delta {
            channel: Channel::Text,
            text: format!("word{seq} "),
        },
    };
    (1..=events)
        .map(|seq| Event {
            seq: Seq(seq),
            at: Timestamp(seq * 1_000),
            kind: match seq {
                1 => started.clone(),
                seq if seq == events => ended.clone(),
                seq => word(seq),
            },
        })
        .collect()
}

fn open(events: u64, at: Option<u64>) -> App {
    let world = World::holding(log(events));
    let piece = world.piece(&Reading {
        run: RunId(RUN.to_owned()),
        from: Mark::default(),
    });
    let opened = Some(Opening {
        piece,
        at: at.map(Seq),
        first: First::Session,
    });
    App::start(
        100,
        24,
        world,
        StartOptions {
            opened,
            ..options()
        },
    )
}

#[tokio::test(start_paused = true)]
async fn a_long_log_is_shown_at_once_and_reading_it_can_be_stopped() {
    let mut app = open(5_000, None);
    app.sees("reading 2 %").await;
    app.keys("esc").await;
    app.sees("Stopped at").await;
    let painted = app.frames();
    // The hint passes; then nothing moves, and nobody reads on.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let screen = app.sees("at event").await;
    assert!(!screen.contains("word4000"), "{screen}");
    assert!(app.frames() <= painted + 2, "an idle screen is not painted");
    app.keys("esc").await;
    app.sees("Counted.").await;
    app.keys("q").await;
    app.left().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_opens_at_an_event_and_goes_on_from_there() {
    let mut app = open(300, Some(150));
    let screen = app.sees("at event 150 of 300").await;
    assert!(
        screen.contains("word150") && !screen.contains("word151"),
        "{screen}"
    );
    app.keys(". .").await;
    let screen = app.sees("at event 152 of 300").await;
    assert!(
        screen.contains("word152") && !screen.contains("word153"),
        "{screen}"
    );
    app.keys("s").await;
    app.sees("at event 300 of 300").await;
    app.keys("esc").await;
    app.sees("Counted.").await;
    app.keys("q").await;
    app.left().await;
}
