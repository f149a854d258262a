//! Stored sessions that are opened in pieces, at an event, and played again, as a person meets them.

use super::kit::{Person, options, started};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, Channel, Event, EventKind, Failure, FailureKind, Label, Mark,
        Outcome, OutcomeEnd, Phase, RunEvent, RunId, Seq, Timestamp,
    },
    tui::{
        effect::{Done, Effect, Query, Ticket},
        keymap::{Context, Room, Shown},
        model::Screen,
        msg::Msg,
        options::{First, Opening, StartOptions},
        replay::{Piece, Reading, Rest},
        route,
    },
};

const RUN: &str = "20261121-101530-k3f9";

fn run() -> RunId {
    RunId(RUN.into())
}

/// A lived turn of two agents, and its events.
fn lived() -> Vec<Event> {
    let label = Label::new(AgentId(1), 1);
    let agent = |event| EventKind::Agent {
        id: AgentId(1),
        event,
    };
    let mut kinds = vec![started(1), EventKind::Run(RunEvent::Phase(Phase::Work))];
    kinds.extend(["Light ", "is ", "scattered ", "by ", "air."].map(|text| {
        agent(AgentEvent::Delta {
            channel: Channel::Text,
            text: text.to_owned(),
        })
    }));
    kinds.push(agent(AgentEvent::Published(Answer {
        label,
        text: "Because of scattering.".to_owned(),
        auto: false,
        changes: Vec::new(),
    })));
    kinds.push(EventKind::Run(RunEvent::Ended(Outcome::Answered {
        changes: Vec::new(),
        winner: label,
        text: "Because of scattering.".to_owned(),
        presenter: Some(AgentId(1)),
        end: OutcomeEnd::Consensus,
    })));
    let mut team = Person::new();
    kinds.into_iter().map(|kind| team.event(kind)).collect()
}

/// The same in pieces of this many events.
fn in_pieces(events: &[Event], each: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = Mark::default();
    for chunk in events.chunks(each) {
        let next = Mark {
            offset: from.offset + chunk.len() as u64,
            seq: chunk.last().map_or(0, |event| event.seq.0),
            ..Mark::default()
        };
        pieces.push(Piece {
            run: run(),
            from: from.clone(),
            events: chunk.to_vec(),
            next: next.clone(),
            length: events.len() as u64,
            rest: Rest::More,
        });
        from = next;
    }
    if let Some(last) = pieces.last_mut() {
        last.rest = Rest::End;
    }
    pieces
}

fn opening(piece: Piece, at: Option<u64>) -> StartOptions {
    StartOptions {
        opened: Some(Opening {
            piece,
            at: at.map(Seq),
            first: First::Session,
        }),
        ..options()
    }
}

/// The part that was asked for, if any.
fn asked(person: &mut Person) -> Option<(Ticket, Reading)> {
    person.took().into_iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Open(reading),
        } => Some((ticket, reading)),
        _ => None,
    })
}

/// Messages that the program sent to itself arrive.
fn wakes(person: &mut Person) {
    for _ in 0..100 {
        let now: Vec<Ticket> = person
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Wake { ticket, after } if after.is_zero() => Some(*ticket),
                _ => None,
            })
            .collect();
        person
            .effects
            .retain(|effect| !matches!(effect, Effect::Wake { after, .. } if after.is_zero()));
        if now.is_empty() {
            return;
        }
        for ticket in now {
            person.send(Msg::Done(ticket, Done::Woke));
        }
    }
}

/// Gives every part that is asked for, until nothing is.
fn serve(person: &mut Person, pieces: &[Piece]) {
    for _ in 0..1_000 {
        wakes(person);
        let Some((ticket, reading)) = asked(person) else {
            return;
        };
        let piece = pieces.iter().find(|piece| piece.from == reading.from);
        let piece = Box::new(piece.expect("a part that is there").clone());
        person.send(Msg::Done(ticket, Done::Opened(Ok(piece))));
    }
}

#[test]
fn a_session_opens_at_an_event_that_is_marked() {
    let events = lived();
    let whole = Piece::whole(run(), events.clone());
    let mut person = Person::at(100, 20, &opening(whole, Some(5)));
    let screen = person.sees();
    assert!(screen.contains("at event 5 of 9, 00:00:05"), "{screen}");
    assert!(screen.contains("Light is scattered"), "{screen}");
    assert!(!screen.contains("by air"), "{screen}");
    assert_eq!(person.model.shared.now, Timestamp(5_000));
    assert_eq!(
        route::base_contexts(&person.model)[0],
        Context::Room(Room::Stored(Shown::Between))
    );
    insta::assert_snapshot!("opened_at_an_event", screen);
    // Nothing moves, and nobody is at work.
    assert!(!person.model.shared.running());
    person.press("i");
    assert!(
        person.bottom().contains("Esc leads to its end"),
        "{}",
        person.bottom()
    );
    person.press("esc");
    let screen = person.sees();
    assert!(screen.contains("Because of scattering."), "{screen}");
    assert!(!screen.contains("at event"), "{screen}");
    assert_eq!(
        route::base_contexts(&person.model)[0],
        Context::Room(Room::Stored(Shown::Ended))
    );
}

#[test]
fn an_event_of_the_turn_is_marked_on_the_timeline() {
    let whole = Piece::whole(run(), lived());
    let mut person = Person::at(100, 20, &opening(whole, Some(2)));
    insta::assert_snapshot!("opened_at_a_phase", person.sees());
    let gone = Piece::whole(run(), lived());
    let mut person = Person::at(100, 20, &opening(gone, Some(400)));
    assert!(
        person.bottom().contains("There is no event 400"),
        "{}",
        person.bottom()
    );
}

#[test]
fn a_large_log_is_shown_while_it_is_read_and_can_be_left() {
    let events = lived();
    let pieces = in_pieces(&events, 2);
    let mut person = Person::at(100, 20, &opening(pieces[0].clone(), None));
    let screen = person.sees();
    assert!(screen.contains("reading 22 %"), "{screen}");
    let (ticket, reading) = asked(&mut person).expect("the next part");
    assert_eq!(reading.from, pieces[0].next);
    person.press("space");
    assert!(
        person.bottom().contains("still being read"),
        "{}",
        person.bottom()
    );
    person.press("esc");
    assert!(
        person.bottom().contains("Stopped at 22 %"),
        "{}",
        person.bottom()
    );
    person.send(Msg::Done(
        ticket,
        Done::Opened(Ok(Box::new(pieces[1].clone()))),
    ));
    assert_eq!(asked(&mut person), None, "nobody reads on");
    assert_eq!(person.model.shared.run.last_seq, 2);
    // The same key reads on.
    person.press("esc");
    serve(&mut person, &pieces);
    let whole = Piece::whole(run(), events);
    let mut other = Person::at(100, 20, &opening(whole, None));
    assert_eq!(person.sees(), other.sees());
}

#[test]
fn a_log_that_cannot_be_read_further_stays_as_far_as_it_was() {
    let pieces = in_pieces(&lived(), 4);
    let mut person = Person::at(100, 20, &opening(pieces[0].clone(), None));
    let (ticket, _) = asked(&mut person).expect("the next part");
    let failure = Failure::new(FailureKind::Local, "The disk is gone.");
    person.send(Msg::Done(ticket, Done::Opened(Err(failure))));
    let screen = person.sees();
    assert!(screen.contains("could not be read any further"), "{screen}");
    assert!(screen.contains("at event 4 of 4+"), "{screen}");
}

#[test]
fn a_session_that_another_process_writes_is_followed() {
    let pieces = in_pieces(&lived(), 5);
    let mut first = pieces[0].clone();
    first.rest = Rest::Growing;
    let mut person = Person::at(100, 20, &opening(first, None));
    let screen = person.sees();
    assert!(screen.contains("at work in another process"), "{screen}");
    assert!(!screen.contains("log ends here"), "{screen}");
    assert_eq!(asked(&mut person), None);
    let beat = person.model.waits.beat.expect("it looks again");
    person.send(Msg::Done(beat, Done::Woke));
    let (ticket, reading) = asked(&mut person).expect("what is new");
    assert_eq!(reading.from, pieces[0].next);
    person.send(Msg::Done(
        ticket,
        Done::Opened(Ok(Box::new(pieces[1].clone()))),
    ));
    let screen = person.sees();
    assert!(screen.contains("Because of scattering."), "{screen}");
    let beat = person.model.waits.beat.expect("the last look");
    person.send(Msg::Done(beat, Done::Woke));
    assert_eq!(person.model.waits.beat, None, "nothing is left to look for");
    person.press("f2");
    let screen = person.sees();
    assert!(screen.contains("wrote this session has ended"), "{screen}");
}

#[test]
fn what_is_wrong_with_a_log_is_told_once_it_is_read() {
    let mut piece = Piece::whole(run(), lived());
    piece.next.damage.skipped = 2;
    piece.next.damage.first_skipped = Some(7);
    let mut person = Person::at(120, 20, &opening(piece, None));
    let bottom = person.bottom();
    assert!(
        bottom.contains("2 unreadable lines skipped (first: line 7)"),
        "{bottom}"
    );
    assert_eq!(person.model.screen, Screen::Live);
}
