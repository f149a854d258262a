//! A session read from its log goes on, from the screen.

use super::kit::{Person, options, started};
use crate::{
    protocol::{EventKind, Failure, FailureKind, Outcome, Phase, Resumed, RunEvent, RunId},
    tui::{
        effect::{Done, Effect, Launch, Onward, Query, TeamChoice, Ticket},
        msg::Msg,
        options::{Opening, StartOptions},
        replay::{Piece, Reading},
    },
};

const RUN: &str = "20261121-101530-k3f9";

/// What a log tells: one that broke off, or one with an end.
fn told(over: bool) -> Vec<EventKind> {
    let mut kinds = vec![started(1), EventKind::Run(RunEvent::Phase(Phase::Work))];
    if over {
        kinds.push(EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
            reason: crate::protocol::NoAnswerReason::Cancelled,
            message: "Stopped.".to_owned(),
        })));
    }
    kinds
}

/// A screen that shows such a log.
fn opened(over: bool) -> Person {
    let mut log = Person::new();
    let kinds = told(over).into_iter();
    let events = kinds.map(|kind| log.event(kind)).collect();
    let mut person = Person::at(
        100,
        24,
        &StartOptions {
            opened: Some(Opening::whole(Piece::whole(RunId(RUN.into()), events))),
            ..options()
        },
    );
    person.continue_after(&log);
    person
}

fn launched(person: &mut Person) -> Option<(Ticket, Launch)> {
    person.took().into_iter().find_map(|effect| match effect {
        Effect::Launch { ticket, launch } => Some((ticket, launch)),
        _ => None,
    })
}

fn stored(onward: Onward) -> TeamChoice {
    TeamChoice::Stored {
        run: RunId(RUN.into()),
        onward,
    }
}

#[test]
fn what_was_said_of_a_session_is_not_said_of_the_next() {
    let mut person = opened(false);
    assert!(person.bottom().contains("This turn broke off"));
    let run = RunId("20261121-101531-x7c2".to_owned());
    let asked = person.model.open(run.clone());
    let ticket = asked.0.iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Open(_),
        } => Some(*ticket),
        _ => None,
    });
    let mut log = Person::new();
    let kinds = told(true).into_iter();
    let events = kinds.map(|kind| log.event(kind)).collect();
    let piece = Done::Opened(Ok(Box::new(Piece::whole(run, events))));
    person.send(Msg::Done(ticket.expect("it is read"), piece));
    let bottom = person.bottom();
    assert!(!bottom.contains("broke off"), "{bottom}");
}

#[test]
fn a_turn_that_broke_off_is_offered_and_goes_on_where_it_was() {
    let mut person = opened(false);
    assert!(
        person.bottom().contains("This turn broke off. r goes on"),
        "{}",
        person.bottom()
    );
    person.press("r");
    let (_, launch) = launched(&mut person).expect("a launch");
    assert_eq!(launch.team, stored(Onward::BrokenOff));
    person.press("r");
    assert!(launched(&mut person).is_none(), "once is enough");
    let EventKind::Run(RunEvent::Started(mut start)) = started(1) else {
        panic!("a start");
    };
    start.resumed = Some(Resumed {
        times: 1,
        used_ms: 10,
    });
    person.hear(EventKind::Run(RunEvent::Started(start)));
    assert!(person.model.shared.running());
    assert!(person.model.shared.run.history.is_empty(), "the same turn");
}

#[test]
fn a_session_with_an_end_takes_a_further_task() {
    let mut person = opened(true);
    person.press("r");
    assert!(launched(&mut person).is_none());
    assert!(person.bottom().contains("has an end"));
    person.press("i m o r e enter");
    let (_, launch) = launched(&mut person).expect("a launch");
    assert_eq!(launch.team, stored(Onward::Next));
    assert_eq!(launch.prompt, "more");
    person.hear(started(2));
    assert!(person.model.shared.running() && person.model.composer.is_empty());
    assert_eq!(person.model.shared.run.history.len(), 1);
}

#[test]
fn what_cannot_go_on_says_why_and_loses_no_text() {
    let mut person = opened(true);
    person.press("i m o r e enter");
    let (ticket, _) = launched(&mut person).expect("a launch");
    let failure = Failure::new(FailureKind::Local, "Session x is still being written.");
    person.send(Msg::Done(ticket, Done::LaunchFailed(failure)));
    assert!(person.bottom().contains("still being written"));
    assert!(!person.model.shared.live);
    assert_eq!(person.model.composer.text(), "more");
    person.press("enter");
    assert!(launched(&mut person).is_some(), "it can be tried again");
}

#[test]
fn the_start_screen_goes_on_with_what_broke_off() {
    let mut person = Person::new();
    person.press("alt-r");
    assert!(person.bottom().contains("No stored session broke off"));
    let sessions = person.effects.iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Sessions,
        } => Some(*ticket),
        _ => None,
    });
    person.list_sessions(sessions.expect("sessions are asked for"));
    let screen = person.sees();
    assert!(screen.contains("Alt-R goes on with it"), "{screen}");
    person.took();
    person.press("alt-r");
    let ticket = match person.took().as_slice() {
        [
            Effect::Query {
                ticket,
                query: Query::Open(Reading { run, .. }),
            },
        ] if run.0 == "run-2" => *ticket,
        other => panic!("the session is read first: {other:?}"),
    };
    let log = vec![person.event(started(1))];
    person.send(Msg::Done(
        ticket,
        Done::Opened(Ok(Box::new(Piece::whole(RunId(RUN.into()), log)))),
    ));
    let (_, launch) = launched(&mut person).expect("it goes on");
    assert_eq!(launch.team, stored(Onward::BrokenOff));
}

#[test]
fn opening_another_session_forgets_that_one_was_to_go_on() {
    let mut person = Person::new();
    let sessions = person.effects.iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Sessions,
        } => Some(*ticket),
        _ => None,
    });
    person.list_sessions(sessions.expect("sessions are asked for"));
    person.press("alt-r");
    person.took();
    person.press("tab tab tab enter");
    let ticket = person.took().iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Open(_),
        } => Some(*ticket),
        _ => None,
    });
    let log = vec![person.event(started(1))];
    let opened = Done::Opened(Ok(Box::new(Piece::whole(RunId(RUN.into()), log))));
    person.send(Msg::Done(ticket.expect("it is opened"), opened));
    assert!(launched(&mut person).is_none());
}
