//! Stored sessions that are opened in pieces, at an event, and played again, as a person meets them.

use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::kit::{Person, options, started};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, Channel, Event, EventKind, Failure, FailureKind, Label, Mark,
        Outcome, OutcomeEnd, Phase, Purpose, RunEvent, RunId, Seq, Timestamp, ToolEvent,
    },
    store::samples,
    tui::{
        effect::{Done, Effect, Query, Ticket},
        keymap::{Context, Room, Shown},
        model::Screen,
        msg::{Input, Mouse, MouseKind, Msg},
        options::{First, Opening, StartOptions},
        playing,
        replay::{Piece, Reading, Rest},
        route, stored,
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

/// The screen at a place of the replay.
fn replayed(person: &mut Person, place: usize) -> Buffer {
    if let Some(reel) = &mut person.model.session.reel {
        reel.seek(place);
    }
    let effects = stored::drive(&mut person.model);
    person.effects.extend(effects.0);
    wakes(person);
    assert_eq!(
        person.model.session.reel.as_ref().map(|reel| reel.at),
        Some(place)
    );
    playing::picture(&mut person.model)
}

/// The screens of the same events as they are lived, one after each event.
fn screens(size: (u16, u16), events: &[Event]) -> Vec<Buffer> {
    let mut team = Person::at(size.0, size.1, &options());
    let shown = |event: &Event| {
        team.model.clock(event.at);
        team.send(Msg::Engine(Box::new(event.clone())));
        playing::picture(&mut team.model)
    };
    events.iter().map(shown).collect()
}

/// What a person sees at every event of a replay is what was seen when it was lived, cell by cell: going on,
/// going back, and at the end.
fn law(size: (u16, u16), events: &[Event], places: &[usize]) {
    let lived = screens(size, events);
    let whole = Piece::whole(run(), events.to_vec());
    let mut person = Person::at(size.0, size.1, &opening(whole, None));
    let order = places.iter().map(|place| place % events.len());
    for index in order.chain([events.len() - 1]) {
        let seen = replayed(&mut person, index + 1);
        assert_eq!(
            seen,
            lived[index],
            "after event {} of {}",
            index + 1,
            events.len()
        );
    }
}

#[test]
fn a_session_with_everything_in_it_is_played_as_it_was_lived() {
    let events = samples::session(RUN);
    let on: Vec<usize> = (0..events.len()).collect();
    law((100, 24), &events, &on);
    let back: Vec<usize> = (0..events.len()).rev().step_by(3).collect();
    for size in [(40, 12), (160, 48)] {
        law(size, &events, &back);
    }
}

/// Something that a team does.
fn kinds() -> impl Strategy<Value = EventKind> {
    let agent = |id, event| EventKind::Agent {
        id: AgentId(id),
        event,
    };
    let words = prop::sample::select(vec![
        "so ",
        "日本語",
        "**bold** ",
        "\n\n- a\n",
        "```rust\nlet a = 1;\n```\n",
    ]);
    let channel = prop::sample::select(vec![Channel::Text, Channel::Thinking, Channel::Draft]);
    let delta = (1u16..4, channel, words).prop_map(move |(id, channel, text)| {
        let text = text.to_owned();
        agent(id, AgentEvent::Delta { channel, text })
    });
    let round = (1u16..3, 1u32..4).prop_map(move |(id, round)| {
        let view = vec![Label::new(AgentId(3 - id), round)];
        let purpose = Purpose::Work;
        agent(
            id,
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            },
        )
    });
    let published = (1u16..3, 1u32..4).prop_map(move |(id, revision)| {
        let label = Label::new(AgentId(id), revision);
        let text = format!("answer {revision}");
        let (auto, changes) = (false, Vec::new());
        agent(
            id,
            AgentEvent::Published(Answer {
                label,
                text,
                auto,
                changes,
            }),
        )
    });
    let tool = (1u16..3, 0u8..3, any::<bool>()).prop_map(move |(id, what, ok)| {
        let call = "call-1".to_owned();
        agent(
            id,
            AgentEvent::Tool(if what == 0 {
                let output = "three lines".to_owned();
                ToolEvent::Finished {
                    call,
                    ok,
                    output,
                    elapsed_ms: 1_200,
                }
            } else {
                let (name, arguments) = ("grep".to_owned(), "{\"a\":1}".to_owned());
                ToolEvent::Started {
                    call,
                    name,
                    arguments,
                }
            }),
        )
    });
    let phase = prop::sample::select(vec![Phase::Work, Phase::VoteNow, Phase::Presenting])
        .prop_map(|phase| EventKind::Run(RunEvent::Phase(phase)));
    prop_oneof![
        6 => delta,
        2 => round,
        2 => published,
        2 => tool,
        1 => phase,
        1 => Just(lived().pop().expect("an end").kind),
        1 => Just(started(2)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_was_lived_is_played_as_it_was(
        kinds in prop::collection::vec(kinds(), 1..40),
        places in prop::collection::vec(0usize..40, 0..6),
        size in prop::sample::select(vec![(40, 12), (80, 24)]),
    ) {
        let mut team = Person::new();
        let all = std::iter::once(started(1)).chain(kinds);
        let events: Vec<Event> = all.map(|kind| team.event(kind)).collect();
        law(size, &events, &places);
    }
}

/// A replay of the small session, at its beginning.
fn playing() -> Person {
    let whole = Piece::whole(run(), lived());
    let mut person = Person::at(100, 20, &opening(whole, None));
    person.press("P");
    person
}

#[test]
fn a_session_is_played_paused_and_left() {
    let mut person = playing();
    assert!(person.sees().contains("▶ 1x"), "{}", person.sees());
    person.press("+ +");
    let mut wall = 5_000_000;
    for _ in 0..40 {
        person.model.clock(Timestamp(wall));
        wall += 200;
        let beat = person.model.waits.beat.expect("it plays");
        person.send(Msg::Done(beat, Done::Woke));
        wakes(&mut person);
        if person.model.shared.run.last_seq >= 6 {
            break;
        }
    }
    assert!(person.sees().contains("▶ 4x"), "{}", person.sees());
    person.press("space");
    let beat = person.model.waits.beat.expect("the last beat");
    person.send(Msg::Done(beat, Done::Woke));
    assert_eq!(
        person.model.waits.beat, None,
        "what is paused draws nothing"
    );
    let paused = person.sees();
    assert!(paused.contains("at event 6 of 9, 00:00:06"), "{paused}");
    assert!(paused.contains("Light is scattered by"), "{paused}");
    person.press("a");
    assert!(
        person.sees().contains("at event 8 of 9"),
        "{}",
        person.sees()
    );
    person.press("a");
    assert!(
        person.bottom().contains("no later answer"),
        "{}",
        person.bottom()
    );
    person.press(",");
    assert!(
        person.sees().contains("at event 7 of 9"),
        "{}",
        person.sees()
    );
    person.press("home");
    assert!(
        person.sees().contains("at event 1 of 9"),
        "{}",
        person.sees()
    );
    person.press("s");
    assert!(
        person.sees().contains("at event 9 of 9"),
        "{}",
        person.sees()
    );
    person.press("esc");
    let whole = Piece::whole(run(), lived());
    let mut other = Person::at(100, 20, &opening(whole, None));
    assert_eq!(person.sees(), other.sees(), "as it was before");
}

#[test]
fn a_step_goes_on_to_what_can_be_seen() {
    let usage = EventKind::Agent {
        id: AgentId(1),
        event: AgentEvent::Delivered { labels: Vec::new() },
    };
    let mut team = Person::new();
    let mut kinds = vec![started(1)];
    kinds.extend([(); 3].map(|()| EventKind::Run(RunEvent::Phase(Phase::Work))));
    kinds.push(usage);
    kinds.push(EventKind::Run(RunEvent::Phase(Phase::VoteNow)));
    let events: Vec<Event> = kinds.into_iter().map(|kind| team.event(kind)).collect();
    let whole = Piece::whole(run(), events);
    let mut person = Person::at(100, 20, &opening(whole, Some(1)));
    person.press("right");
    wakes(&mut person);
    let screen = person.sees();
    assert!(
        !screen.contains("at event 2 of 6"),
        "the same phase again is no change: {screen}"
    );
    assert!(
        screen.contains("at event 5 of 6") || screen.contains("at event 6 of 6"),
        "{screen}"
    );
    person.press("end right");
    wakes(&mut person);
    assert!(
        person.bottom().contains("end of the log"),
        "{}",
        person.bottom()
    );
}

#[test]
fn a_click_on_the_bar_goes_there() {
    let mut person = playing();
    person.press("space");
    person.sees();
    let row = person.model.seen.regions.composer.y;
    let click = |column| {
        Msg::Input(Input::Mouse(Mouse {
            kind: MouseKind::Click,
            column,
            row,
        }))
    };
    let painted = person.sees();
    let bar = painted.lines().nth(usize::from(row)).expect("the bar");
    let end = bar
        .chars()
        .position(|sign| sign == '★')
        .expect("the end is marked");
    person.send(click(u16::try_from(end).expect("a column")));
    assert!(
        person.sees().contains("at event 9 of 9"),
        "{}",
        person.sees()
    );
    person.send(click(1));
    assert!(
        person.sees().contains("▶"),
        "a click beside the track plays: {}",
        person.sees()
    );
}

#[test]
fn going_back_in_a_long_session_begins_near_where_one_goes() {
    let mut team = Person::new();
    let mut kinds = vec![started(1)];
    kinds.extend((0..20_000).map(|place| EventKind::Agent {
        id: AgentId(1 + place % 2),
        event: AgentEvent::Delta {
            channel: Channel::Text,
            text: format!("word{place} "),
        },
    }));
    let events: Vec<Event> = kinds.into_iter().map(|kind| team.event(kind)).collect();
    let whole = Piece::whole(run(), events.clone());
    let mut person = Person::at(80, 24, &opening(whole, None));
    wakes(&mut person);
    let reel = person.model.session.reel.as_ref().expect("a reel");
    assert_eq!(reel.at, events.len());
    assert!(person.model.session.stops.before(20_000) > 19_900);
    for place in [20_000, 19_999, 7, 12_345, 3_000, 19_000, 1] {
        let seen = replayed(&mut person, place);
        assert!(place - person.model.session.stops.before(place) < 2_048);
        let fresh = Piece::whole(run(), events[..place].to_vec());
        let mut other = Person::at(80, 24, &opening(fresh, None));
        assert_eq!(seen, replayed(&mut other, place), "after {place} events");
    }
}

#[test]
fn what_a_person_opened_is_no_part_of_what_was_lived() {
    let events = samples::session(RUN);
    let lived = screens((100, 24), &events);
    let whole = Piece::whole(run(), events.clone());
    let mut person = Person::at(100, 24, &opening(whole, None));
    wakes(&mut person);
    // Cards are opened, columns scrolled, pages turned; then one goes to and fro.
    person.press("P space 1 ] enter pageup v");
    for place in [events.len() / 2, events.len(), 3, events.len() - 1] {
        person.press("1");
        let page = replayed(&mut person, place);
        assert_eq!(page.area, lived[place - 1].area);
    }
    person.press("esc P space home");
    let mut other = Person::at(100, 24, &opening(Piece::whole(run(), events.clone()), None));
    other.press("P space home");
    assert_eq!(person.sees(), other.sees());
}

#[test]
fn the_header_says_what_a_log_is() {
    let says = |piece: Piece| {
        let mut seen = Vec::new();
        for (width, height) in [(100, 20), (40, 12)] {
            let mut person = Person::at(width, height, &opening(piece.clone(), None));
            wakes(&mut person);
            seen.push(person.sees().lines().next().unwrap_or_default().to_owned());
        }
        seen
    };
    let mut damaged = Piece::whole(run(), lived());
    damaged.next.damage.skipped = 2;
    let mut gap = lived();
    gap.remove(3);
    let gap = Piece::whole(run(), gap);
    let mut elsewhere = in_pieces(&lived(), 5)[0].clone();
    elsewhere.rest = Rest::Growing;
    let mut crashed = in_pieces(&lived(), 5)[0].clone();
    crashed.rest = Rest::End;
    let mut stopped = lived();
    if let Some(EventKind::Run(RunEvent::Ended(Outcome::Answered { end, .. }))) =
        stopped.last_mut().map(|event| &mut event.kind)
    {
        *end = OutcomeEnd::Stopped;
    }
    let stopped = Piece::whole(run(), stopped);
    for (piece, word) in [
        (damaged, "damaged log"),
        (gap, "damaged log"),
        (elsewhere, "elsewhere"),
        (crashed, "unfinished"),
        (stopped, "stopped"),
    ] {
        let seen = says(piece);
        let wide = seen[0].contains(word) || seen[0].contains("in another process");
        assert!(wide, "{word}: {}", seen[0]);
        let short = word.split(' ').next().unwrap_or_default();
        assert!(seen[1].contains(short), "{word}: {}", seen[1]);
    }
    // Somebody who stops reading sees a part.
    let pieces = in_pieces(&lived(), 4);
    let mut person = Person::at(100, 20, &opening(pieces[0].clone(), None));
    person.press("esc");
    assert!(person.sees().contains("partly read"), "{}", person.sees());
}

#[test]
fn tool_calls_of_earlier_turns_are_kept() {
    let tool = |event| EventKind::Agent {
        id: AgentId(1),
        event: AgentEvent::Tool(event),
    };
    let mut team = Person::new();
    let mut kinds = vec![started(1)];
    kinds.push(tool(ToolEvent::Started {
        call: "c1".to_owned(),
        name: "grep".to_owned(),
        arguments: "{\"pattern\":\"light\"}".to_owned(),
    }));
    kinds.push(tool(ToolEvent::Finished {
        call: "c1".to_owned(),
        ok: false,
        output: "nothing like it".to_owned(),
        elapsed_ms: 12,
    }));
    kinds.extend(lived().pop().map(|event| event.kind));
    kinds.push(started(2));
    kinds.extend(lived().pop().map(|event| event.kind));
    let events: Vec<Event> = kinds.into_iter().map(|kind| team.event(kind)).collect();
    let mut person = Person::at(100, 20, &opening(Piece::whole(run(), events), None));
    person.press("C");
    assert!(
        person.sees().contains("No tool was called"),
        "{}",
        person.sees()
    );
    person.press("{ C");
    let screen = person.sees();
    assert!(screen.contains("1 tool calls, 1 failed"), "{screen}");
    assert!(screen.contains("grep"), "{screen}");
    person.press("U");
    let screen = person.sees();
    assert!(screen.contains("nothing like it"), "{screen}");
}
