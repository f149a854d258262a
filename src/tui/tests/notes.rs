//! Notes on the session on the screen, as a person meets them.

use std::{fmt::Write as _, sync::Arc};

use super::kit::{Person, on_each, options, started};
use crate::{
    protocol::{
        AgentEvent, AgentId, Answer, EventKind, Label, Outcome, OutcomeEnd, RunEvent, RunId,
        Timestamp,
        note::{Act, NoteId, NoteOn, Record, Seen, Threads},
    },
    tui::{
        effect::{Done, Effect, Query},
        model::Screen,
        msg::Msg,
        notes::{Ask, Book, News, Told, What},
        options::{Opening, StartOptions},
        replay::Piece,
        rooms,
    },
};

/// Notes that are kept in memory, for `Mia`.
#[derive(Default)]
struct Kept {
    records: Vec<Record>,
    seen: Seen,
}

impl Kept {
    fn write(&mut self, by: &str, note: Option<NoteId>, act: Act) -> NoteId {
        let at = Timestamp(1_000 + self.records.len() as u64);
        let note = note.unwrap_or(NoteId(at.0));
        self.records.push(Record {
            at,
            note,
            by: by.to_owned(),
            act,
        });
        note
    }

    /// Answers what the program asked.
    fn serve(&mut self, person: &mut Person) {
        for effect in person.took() {
            let Effect::Query { ticket, query } = effect else {
                continue;
            };
            let Query::Room(rooms::Ask::Notes(ask)) = query else {
                continue;
            };
            let Ask { run, what } = *ask;
            let told = Told {
                news: Ok(self.answer(what)),
                run,
            };
            let done = Done::Room(rooms::Told::Notes(Box::new(told)));
            person.send(Msg::Done(ticket, done));
        }
    }

    fn answer(&mut self, what: What) -> News {
        match what {
            What::Read => {}
            What::Write { note, act } => {
                self.write("Mia", note, *act);
            }
            What::See(seen) => {
                self.seen.join(&seen);
                return News::Remembered;
            }
        }
        News::Book(Arc::new(Book {
            who: "Mia".to_owned(),
            threads: Threads::of(&self.records),
            seen: self.seen.clone(),
            now: Timestamp(300_000),
            damage: None,
        }))
    }

    fn texts(&self) -> Vec<String> {
        let threads = Threads::of(&self.records);
        threads
            .notes()
            .map(|note| format!("{} on {}", note.text, note.on.words()))
            .collect()
    }
}

/// A stored session with two answers, on a screen of this size.
fn opened(width: u16, height: u16) -> Person {
    opened_with(width, height, 1)
}

/// The same two answers in each of so many turns.
fn opened_with(width: u16, height: u16, turns: u32) -> Person {
    let mut log = Person::new();
    let published = |agent: u16, text: &str| EventKind::Agent {
        id: AgentId(agent),
        event: AgentEvent::Published(Answer {
            label: Label::new(AgentId(agent), 1),
            text: text.to_owned(),
            auto: false,
            changes: Vec::new(),
        }),
    };
    let turn = |turn| {
        [
            started(turn),
            published(1, "The sky is blue because of Rayleigh scattering."),
            published(
                2,
                "Short waves scatter more.\n\nSo blue comes from everywhere.",
            ),
            EventKind::Run(RunEvent::Ended(Outcome::Answered {
                changes: Vec::new(),
                winner: Label::new(AgentId(1), 1),
                text: "The sky is blue because of Rayleigh scattering.".to_owned(),
                presenter: None,
                end: OutcomeEnd::Consensus,
            })),
        ]
    };
    let kinds = (1..=turns).flat_map(turn);
    let events = kinds.map(|kind| log.event(kind)).collect();
    let run = RunId("20261121-101530-k3f9".to_owned());
    Person::at(
        width,
        height,
        &StartOptions {
            opened: Some(Opening::whole(Piece::whole(run, events))),
            ..options()
        },
    )
}

#[test]
fn answers_of_one_label_are_told_apart_by_their_turns() {
    for (turns, told) in [(1, false), (2, true)] {
        let mut kept = Kept::default();
        let mut person = opened_with(100, 24, turns);
        kept.serve(&mut person);
        person.press("f8");
        kept.serve(&mut person);
        let screen = person.sees();
        // In the list, where the words beside it always name the turn.
        let has = |turn: u32| screen.contains(&format!("  ada · turn {turn} · "));
        assert_eq!((has(1), has(2)), (told, told), "{screen}");
    }
}

#[test]
fn a_note_is_written_on_what_is_looked_at_and_read_again() {
    let mut kept = Kept::default();
    let mut person = opened(100, 24);
    kept.serve(&mut person);
    person.press("2 alt-n");
    assert!(
        person.sees().contains("note on answer agent2.1"),
        "{}",
        person.sees()
    );
    person.press("tab").write("is this all?").press("enter");
    kept.serve(&mut person);
    assert_eq!(kept.texts(), ["is this all? on the work of agent2"]);
    assert_eq!(person.model.screen, Screen::Live, "back where it was begun");
    // Somebody else answers; the session is opened anew.
    let first = kept.records[0].note;
    let on = NoteOn::Session;
    kept.write(
        "Bo",
        None,
        Act::Written {
            on,
            text: "read it twice".to_owned(),
            reply: Some(first),
        },
    );
    let mut person = opened(100, 24);
    kept.serve(&mut person);
    person.press("f8");
    kept.serve(&mut person);
    let screen = person.sees();
    assert!(
        screen.contains("is this all?") && screen.contains("not looked at"),
        "{screen}"
    );
    let unread = |kept: &mut Kept, person: &mut Person| {
        person.press("n");
        kept.serve(person);
        person.model.rooms.notes.as_ref().unwrap().unread()
    };
    assert_eq!(
        unread(&mut kept, &mut person),
        2,
        "two answers and a thread, one is left behind"
    );
    while unread(&mut kept, &mut person) > 0 {}
    assert_eq!(kept.seen.answers.len(), 2);
    person.press("esc");
    assert_eq!(person.model.screen, Screen::Live);
}

#[test]
fn threads_are_answered_settled_changed_and_taken_back() {
    let mut kept = Kept::default();
    let on = NoteOn::Session;
    kept.write(
        "Bo",
        None,
        Act::Written {
            on,
            text: "why so dear?".to_owned(),
            reply: None,
        },
    );
    let mut person = opened(100, 24);
    kept.serve(&mut person);
    person.press("f8 g r").write("two rounds").press("enter");
    kept.serve(&mut person);
    assert_eq!(
        kept.texts(),
        ["why so dear? on the session", "two rounds on the session"]
    );
    person.press("e").write(" too many").press("enter");
    kept.serve(&mut person);
    assert!(
        kept.texts()[1].starts_with("two rounds too many"),
        "{:?}",
        kept.texts()
    );
    person.press("x");
    kept.serve(&mut person);
    assert!(
        person.sees().contains("settled by Mia"),
        "{}",
        person.sees()
    );
    person.press("f");
    assert!(!person.sees().contains("why so dear?"), "{}", person.sees());
    person.press("f f f x d d");
    kept.serve(&mut person);
    assert_eq!(kept.texts(), ["why so dear? on the session"]);
    person.press("r").write("half a tho").press("esc");
    assert_eq!(kept.texts().len(), 1, "what is left is not written");
}

#[test]
fn a_draft_comes_back_and_marks_stand_in_the_timeline() {
    let mut kept = Kept::default();
    let mut person = opened(100, 24);
    kept.serve(&mut person);
    person
        .press("i")
        .write("next task")
        .press("esc 1 alt-n")
        .write("good")
        .press("enter");
    kept.serve(&mut person);
    assert_eq!(person.model.composer.text(), "next task");
    person.press("t");
    assert!(person.sees().contains("✍ 1 note"), "{}", person.sees());
}

#[test]
fn marks_stand_beside_answers_and_the_next_unread_is_a_key_away() {
    let mut kept = Kept::default();
    let on = NoteOn::Answer {
        label: Label::new(AgentId(2), 1),
        seq: crate::protocol::Seq(3),
    };
    let text = "which waves?".to_owned();
    kept.write(
        "Bo",
        None,
        Act::Written {
            on,
            text,
            reply: None,
        },
    );
    for (width, height) in [(40, 12), (80, 24), (160, 48)] {
        let mut person = opened(width, height);
        kept.serve(&mut person);
        person.press("2");
        assert!(person.sees().contains("agent2.1 ✍1"), "{}", person.sees());
        person.press("u");
        if width > 40 {
            assert!(person.sees().contains("✍ 1 note"), "{}", person.sees());
        }
    }
    let mut person = opened(100, 24);
    kept.serve(&mut person);
    person.press("alt-u");
    assert_eq!(person.model.screen, Screen::Notes);
    let before = person.model.rooms.notes.as_ref().unwrap().unread();
    person.press("alt-u");
    kept.serve(&mut person);
    let after = person.model.rooms.notes.as_ref().unwrap().unread();
    assert!(after < before, "{before} {after}");
    person.press("esc");
    assert_eq!(person.model.screen, Screen::Live);
}

#[test]
fn notes_of_a_running_session_are_fetched_when_it_begins() {
    let mut kept = Kept::default();
    let on = NoteOn::Event {
        seq: crate::protocol::Seq(1),
    };
    let text = "begun late".to_owned();
    kept.write(
        "Bo",
        None,
        Act::Written {
            on,
            text,
            reply: None,
        },
    );
    let mut person = Person::at(100, 24, &options());
    person.begins(1);
    kept.serve(&mut person);
    person.press("t");
    assert!(person.sees().contains("✍ 1 note"), "{}", person.sees());
}

#[test]
fn notes_of_another_session_are_not_shown() {
    let mut person = opened(80, 24);
    let told = Told {
        run: RunId("other".to_owned()),
        news: Ok(Kept::default().answer(What::Read)),
    };
    let ticket = crate::tui::effect::Ticket(crate::tui::effect::Ticket::TOP + 1);
    person.send(Msg::Done(
        ticket,
        Done::Room(rooms::Told::Notes(Box::new(told))),
    ));
    person.press("f8");
    assert!(
        person.sees().contains("Reading the notes"),
        "{}",
        person.sees()
    );
}

#[test]
fn what_is_there_looks_right() {
    let mut kept = Kept::default();
    let hostile = "is \u{1b}[31mthis\u{7} right?\u{202e}\nsecond line of a note that is long enough to be wrapped on any of the screens";
    let on = NoteOn::Event {
        seq: crate::protocol::Seq(1),
    };
    let id = kept.write(
        "Bo\u{1b}[2J",
        None,
        Act::Written {
            on: on.clone(),
            text: hostile.to_owned(),
            reply: None,
        },
    );
    kept.write(
        "Mia",
        None,
        Act::Written {
            on,
            text: "yes".to_owned(),
            reply: Some(id),
        },
    );
    let mut shown = String::new();
    for (width, height) in [(160, 30), (80, 24), (40, 12)] {
        let mut person = opened(width, height);
        kept.serve(&mut person);
        person.press("f8");
        kept.serve(&mut person);
        let _ = writeln!(shown, "{width}x{height}\n{}", person.sees());
    }
    insta::assert_snapshot!("notes", shown);
    let nothing = on_each(|person| {
        person.begins(1);
        person.press("f8");
        let mut empty = Kept::default();
        empty.serve(person);
    });
    insta::assert_snapshot!("no_notes", nothing);
}
