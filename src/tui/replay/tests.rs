//! The tape, the player and the bar by themselves.

use proptest::prelude::*;
use ratatui::layout::Rect;

use super::{Goal, Jump, Kind, Piece, Player, Reel, Rest, Tape, Way, Work, seek};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, Channel, Event, EventKind, Label, Mark, Phase, RunEvent,
        RunId, Seq, Timestamp,
    },
    tui::effect::Ticket,
};

fn run() -> RunId {
    RunId("20261121-101530-k3f9".into())
}

fn event(seq: u64, event: AgentEvent) -> Event {
    Event {
        seq: Seq(seq),
        at: Timestamp(seq * 1_000),
        kind: EventKind::Agent {
            id: AgentId(1),
            event,
        },
    }
}

fn text(seq: u64, text: &str) -> Event {
    let channel = Channel::Text;
    let text = text.to_owned();
    event(seq, AgentEvent::Delta { channel, text })
}

fn answer(seq: u64) -> Event {
    let answer = Answer {
        label: Label::new(AgentId(1), 1),
        text: "so it is".to_owned(),
        auto: false,
        changes: Vec::new(),
    };
    event(seq, AgentEvent::Published(answer))
}

fn phase(seq: u64) -> Event {
    Event {
        seq: Seq(seq),
        at: Timestamp(seq * 1_000),
        kind: EventKind::Run(RunEvent::Phase(Phase::Work)),
    }
}

/// The events of a log in pieces of this many, each taken to be of this many bytes.
fn pieces(events: &[Event], each: usize, bytes: u64) -> Vec<Piece> {
    let count = events.len().div_ceil(each) as u64;
    let chunks = (0..).zip(events.chunks(each));
    let mark = |number: u64, seq: u64| Mark {
        offset: number * bytes,
        seq,
        ..Mark::default()
    };
    let piece = |(number, chunk): (u64, &[Event])| Piece {
        run: run(),
        from: mark(number, chunk[0].seq.0 - 1),
        events: chunk.to_vec(),
        next: mark(number + 1, chunk[chunk.len() - 1].seq.0),
        length: count * bytes,
        rest: if number + 1 == count {
            Rest::End
        } else {
            Rest::More
        },
    };
    chunks.map(piece).collect()
}

#[test]
fn events_are_let_go_of_beyond_the_room_and_come_back() {
    let events: Vec<Event> = (1..=100).map(|seq| text(seq, "word ")).collect();
    let pieces = pieces(&events, 1, 1024 * 1024);
    let mut tape = Tape::new(run());
    for (at, piece) in pieces.iter().enumerate() {
        assert!(tape.take(piece.clone()));
        tape.trim(at);
        assert!(tape.kept() <= Tape::ROOM, "{} at {at}", tape.kept());
    }
    assert_eq!((tape.len(), tape.rest()), (100, Rest::End));
    assert!(tape.event(99).is_some() && tape.event(0).is_none());
    let mark = tape.missing(0).cloned().expect("it has to be fetched");
    assert_eq!(mark, pieces[0].from);
    assert!(tape.take(pieces[0].clone()));
    tape.trim(0);
    assert_eq!(tape.event(0), Some(&events[0]));
    assert!(tape.kept() <= Tape::ROOM);
    let mut other = pieces[40].clone();
    other.events.clear();
    assert!(!tape.take(other), "the log is not the same any more");
    other = pieces[40].clone();
    other.from.offset += 1;
    assert!(!tape.take(other), "nobody asked for that place");
}

#[test]
fn what_one_looks_for_is_found() {
    let mut events = vec![phase(1), text(2, "a"), answer(3), text(4, "b"), answer(5)];
    events.push(phase(6));
    let mut reel = Reel::new(Piece::whole(run(), events), Goal::End);
    reel.at = 6;
    assert_eq!(reel.tape.marks(), [(2, Kind::Answer), (4, Kind::Answer)]);
    assert_eq!(reel.find(Jump::Answer, Way::On), None);
    for (from, back, on) in [(6, Some(5), None), (5, Some(3), None), (3, None, Some(5))] {
        reel.seek(from);
        assert_eq!(reel.find(Jump::Answer, Way::Back), back, "from {from}");
        assert_eq!(reel.find(Jump::Answer, Way::On), on, "from {from}");
    }
    assert_eq!(reel.find(Jump::Vote, Way::On), None);
    reel.seek(4);
    assert_eq!(reel.step_back(), Some(3), "streamed text is no step");
    reel.seek(0);
    assert_eq!(
        reel.place(),
        1,
        "there is nothing to see before the first event"
    );
}

#[test]
fn a_long_quiet_time_is_skipped_and_told() {
    let mut player = Player::at(Timestamp(1_000));
    player.toggle();
    let wall = |ms: u64| Timestamp(1_000_000 + ms);
    player.beat(wall(0), Some(Timestamp(1_500)));
    assert_eq!(player.clock, Timestamp(1_000), "nobody knows since when");
    player.beat(wall(100), Some(Timestamp(1_500)));
    assert_eq!((player.clock, player.skipped), (Timestamp(1_100), None));
    player.faster();
    player.faster();
    assert_eq!(player.speed(), 4);
    player.beat(wall(150), Some(Timestamp(1_500)));
    assert_eq!(player.clock, Timestamp(1_300));
    // A minute of nothing: a second is left, at this speed.
    player.beat(wall(200), Some(Timestamp(61_500)));
    assert_eq!(player.clock, Timestamp(57_500));
    assert_eq!(player.skipped, Some(56_000));
    player.beat(wall(99_000), None);
    assert_eq!(player.clock, Timestamp(59_500), "a stopped program");
    player.toggle();
    player.beat(wall(99_900), None);
    assert_eq!(player.clock, Timestamp(59_500));
}

#[test]
fn a_click_means_the_place_under_it() {
    let track = Rect::new(10, 3, 11, 1);
    for (column, place) in [
        (9, None),
        (10, Some(0)),
        (20, Some(100)),
        (15, Some(50)),
        (21, None),
    ] {
        assert_eq!(seek(track, column, 100), place, "column {column}");
    }
    assert_eq!(seek(Rect::default(), 0, 100), None);
}

proptest! {
    /// However pieces come and whatever is wanted, each event is folded once, in order, and the goal is
    /// reached with bounded work and a bounded look ahead.
    #[test]
    fn every_goal_is_reached(
        count in 1usize..400,
        each in 1usize..90,
        goals in prop::collection::vec(prop::option::of(0usize..420), 1..6),
        bytes in prop::sample::select(vec![10u64, 9_000_000]),
    ) {
        let events: Vec<Event> = (1..=count as u64).map(|seq| text(seq, "x")).collect();
        let pieces = pieces(&events, each, bytes);
        let mut reel = Reel::new(pieces[0].clone(), Goal::End);
        let mut tickets = 0;
        for goal in goals {
            match goal {
                Some(place) => reel.seek(place),
                None => reel.leave(),
            }
            // What is not yet known of the log cannot be chosen.
            let wanted = goal.map(|place| place.clamp(1, reel.tape.len()));
            let mut folded = reel.at;
            for _ in 0..10_000 {
                match reel.work() {
                    Work::Again => {
                        reel.at = 0;
                        folded = 0;
                    }
                    Work::Fold(to) => {
                        while reel.at < to && let Some(event) = reel.tape.event(reel.at) {
                            folded += 1;
                            prop_assert_eq!(event.seq.0, folded as u64);
                            reel.at += 1;
                        }
                    }
                    Work::Arrived => break,
                    Work::Fetch(_) | Work::Wait => {}
                }
                reel.tape.trim(reel.at);
                let asked = reel.ask(|| {
                    tickets += 1;
                    Ticket(tickets)
                });
                if let Some((ticket, reading)) = asked {
                    prop_assert!(reel.answered(ticket));
                    let piece = pieces.iter().find(|piece| piece.from == reading.from);
                    prop_assert!(reel.tape.take(piece.expect("a piece").clone()));
                }
            }
            prop_assert_eq!(reel.work(), Work::Arrived);
            prop_assert_eq!(reel.at, wanted.unwrap_or(count));
            prop_assert!(reel.tape.kept() <= Tape::ROOM + bytes);
        }
    }
}
