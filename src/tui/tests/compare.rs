//! Sessions side by side, as a person meets them.

use std::{fmt::Write as _, sync::Arc};

use super::kit::{Person, options};
use crate::{
    protocol::{
        Failure, FailureKind, RunId,
        comparison::{AnswerDiff, Cell, Compared, Comparison, Line, Marked, Row, Section},
    },
    tui::{
        compare::{Ask, News},
        effect::{Done, Effect, Query},
        model::Screen,
        msg::Msg,
        options::StartOptions,
        replay::Reading,
        rooms,
    },
};

fn run(name: &str) -> RunId {
    RunId(name.to_owned())
}

fn row(name: &str, cells: &[&str]) -> Row {
    Row {
        name: name.to_owned(),
        differs: cells.windows(2).any(|pair| pair[0] != pair[1]),
        cells: cells
            .iter()
            .map(|words| Cell {
                words: (*words).to_owned(),
                figure: None,
            })
            .collect(),
    }
}

fn section(title: &str, rows: Vec<Row>, remark: &str) -> Section {
    Section {
        title: title.to_owned(),
        rows,
        remark: remark.to_owned(),
    }
}

/// Two sessions, whatever they are called.
fn comparison(runs: &[RunId]) -> Comparison {
    let marked = |text: &str, marks: &[std::ops::Range<usize>]| Marked {
        text: text.to_owned(),
        marks: marks.to_vec(),
    };
    Comparison {
        version: 1,
        sessions: runs
            .iter()
            .map(|run| Compared {
                run: run.clone(),
                last_event: 9,
                prompt: "Why is the sky blue?".to_owned(),
                answer: "because".to_owned(),
                damage: None,
            })
            .collect(),
        sections: vec![
            section(
                "Outcome",
                vec![
                    row("task", &["Why is the sky blue?", "Why is the sky blue?"]),
                    row("outcome", &["answered", "no answer"]),
                    row("winner", &["ada (agent1.1)", ""]),
                ],
                "",
            ),
            section("Cost", vec![row("all turns", &["$0.12", "price unknown"])], ""),
            section("Rules", Vec::new(), "One of the sessions does not tell them."),
        ],
        answers: vec![AnswerDiff {
            session: 1,
            removed: 2,
            added: 1,
            lines: vec![
                Line::Same("Light scatters.".to_owned()),
                Line::Changed {
                    old: marked("Blue light scatters most of all.", std::slice::from_ref(&(0..4))),
                    new: marked("Violet light scatters most of all.", std::slice::from_ref(&(0..6))),
                },
                Line::Removed("A line that is long enough to be wrapped on narrow screens, and on wide ones where two texts stand side by side as well.".to_owned()),
                Line::Same("One.".to_owned()),
                Line::Same("Two.".to_owned()),
                Line::Same("Three.".to_owned()),
            ],
        }],
    }
}

/// Starts with two sessions, and hears what they have to say.
fn opened(width: u16, height: u16) -> Person {
    let mut person = Person::at(
        width,
        height,
        &StartOptions {
            compared: vec![
                run("20261121-101530-k3f9"),
                run("massgen-20260131-120000-000001"),
            ],
            ..options()
        },
    );
    serve(&mut person);
    person
}

/// Answers what the program asked; returns what was to be copied and what was to be opened.
fn serve(person: &mut Person) -> (Vec<String>, Vec<RunId>) {
    let (mut copied, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        for effect in person.took() {
            match effect {
                Effect::Query {
                    ticket,
                    query: Query::Room(rooms::Ask::Compare(ask)),
                } => {
                    let news = match *ask {
                        Ask::Read(runs) => News::Here(runs.clone(), Arc::new(comparison(&runs))),
                        Ask::Write(_) => News::Written(vec!["a.csv".to_owned()]),
                        Ask::Page(_) => News::Page("# Sessions compared".to_owned()),
                    };
                    let told = rooms::Told::Compare(Box::new(Ok(news)));
                    person.send(Msg::Done(ticket, Done::Room(told)));
                }
                Effect::Query {
                    query: Query::Open(Reading { run, .. }),
                    ..
                } => opened.push(run),
                Effect::Copy(text) => copied.push(text),
                _ => {}
            }
        }
    }
    (copied, opened)
}

#[test]
fn two_sessions_stand_side_by_side() {
    let mut shown = String::new();
    for (width, height) in [(160, 30), (80, 24), (40, 12)] {
        let mut person = opened(width, height);
        assert_eq!(person.model.screen, Screen::Compare);
        let _ = writeln!(shown, "{width}x{height}\n{}", person.sees());
        person.press("a G l");
        let _ = writeln!(shown, "everything, at its end\n{}", person.sees());
    }
    insta::assert_snapshot!("compare", shown);
}

#[test]
fn what_is_compared_is_taken_away_and_opened() {
    let mut person = opened(100, 30);
    assert!(
        !person.sees().contains("Why is the sky blue?"),
        "{}",
        person.sees()
    );
    person.press("a");
    assert!(
        person.sees().contains("Why is the sky blue?"),
        "{}",
        person.sees()
    );
    person.press("y");
    assert_eq!(serve(&mut person).0, ["# Sessions compared"]);
    person.press("w");
    serve(&mut person);
    assert!(
        person.bottom().contains("Written: a.csv"),
        "{}",
        person.bottom()
    );
    person.press("l b");
    serve(&mut person);
    let screen = person.sees();
    assert!(
        screen.contains("Final answer of 20261121-101530-k3f9 against massgen"),
        "{screen}"
    );
    person.press("l enter");
    assert_eq!(serve(&mut person).1, [run("20261121-101530-k3f9")]);
    person.press("q");
    assert_eq!(person.model.screen, Screen::Start);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let runs = vec![run("one"), run("other")];
    let options = StartOptions {
        compared: runs,
        ..options()
    };
    let mut person = Person::at(80, 24, &options);
    assert!(
        person.sees().contains("Reading the sessions"),
        "{}",
        person.sees()
    );
    let asked = person.took().into_iter().find_map(|effect| match effect {
        Effect::Query {
            ticket,
            query: Query::Room(rooms::Ask::Compare(_)),
        } => Some(ticket),
        _ => None,
    });
    let failure = Failure::new(FailureKind::Local, "No session is called \"other\".");
    let told = rooms::Told::Compare(Box::new(Err(failure)));
    person.send(Msg::Done(asked.expect("a question"), Done::Room(told)));
    let screen = person.sees();
    assert!(
        screen.contains("could not be read") && screen.contains("is called"),
        "{screen}"
    );
    person.press("j k h l space Z a b y w enter esc");
    assert_eq!(person.model.screen, Screen::Start);
}
