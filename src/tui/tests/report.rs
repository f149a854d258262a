//! The report screen as a person uses it: figures, models, an analysis under way, its end.

use super::kit::{Person, options, started};
use crate::{
    protocol::{Failure, FailureKind, RunId, Seq, Sheet, SheetPart, SheetRow},
    tui::{
        effect::{Done, Effect, Query, Ticket},
        model::Screen,
        msg::Msg,
        report::{Analysis, Choice, Form, Heard, Page, Paper, Papers, Preview, Told, What},
        rooms,
    },
};

const RUN: &str = "20261121-101530-k3f9";

fn row(cells: &[&str], event: Option<u64>) -> SheetRow {
    SheetRow {
        cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
        event: event.map(Seq),
        depth: 0,
    }
}

fn part(title: &str, heads: &[&str], rows: Vec<SheetRow>) -> SheetPart {
    SheetPart {
        title: title.to_owned(),
        top: title.starts_with("Turn"),
        heads: heads.iter().map(|&head| head.to_owned()).collect(),
        rows,
    }
}

fn figures() -> Paper {
    let agents = [
        "agent", "model", "worked", "tools", "retrying", "waited", "rounds", "tokens", "cost",
    ];
    let sheet = Sheet {
        title: format!("Session {RUN}"),
        parts: vec![
            part(
                "Turn 1: Why is the sky blue?",
                &[],
                vec![row(
                    &[
                        "answered, won by agent1.1 of ada with 2 of 2 votes after 30.0s, 210 tokens, $1.00.",
                    ],
                    None,
                )],
            ),
            part(
                "Worth a look",
                &[],
                vec![row(
                    &["Round 1 of bob took 20 s, the middle one 5 s."],
                    Some(3),
                )],
            ),
            part(
                "Agents",
                &agents,
                vec![
                    row(
                        &[
                            "ada",
                            "gpt-5.4-mini",
                            "16.0s",
                            "0.0s",
                            "3.0s",
                            "11.0s",
                            "4",
                            "12,345",
                            "$1.00",
                        ],
                        None,
                    ),
                    row(
                        &[
                            "bob",
                            "claude-haiku-4-5",
                            "19.0s",
                            "4.0s",
                            "0.0s",
                            "7.0s",
                            "2",
                            "10",
                            "$0.00",
                        ],
                        None,
                    ),
                ],
            ),
            part(
                "Votes",
                &["voter", "for", "counted", "why"],
                vec![
                    row(
                        &[
                            "ada",
                            "agent1.1",
                            "no",
                            "It names the effect, and it is short enough for what was asked.",
                        ],
                        Some(12),
                    ),
                    row(&["bob", "agent1.1", "yes", "It is clear."], Some(23)),
                ],
            ),
        ],
        foot: "Counted from the events of the log, without any model.".to_owned(),
    };
    Paper {
        markdown: "# Session".to_owned(),
        sheet,
    }
}

fn analysis(number: u32, name: &str, stale: bool) -> Analysis {
    let claim = |words: &str, event| {
        let mut below = row(&[&format!("e{event} bob voted for agent1.1:")], Some(event));
        below.depth = 1;
        [row(&[words], Some(event)), below]
    };
    let mut lost = row(&["e999: not found in the log"], None);
    lost.depth = 1;
    let mut votes: Vec<SheetRow> = claim(
        "Both agents voted for the first answer without looking at the second.",
        23,
    )
    .into();
    votes.push(lost);
    Analysis {
        number,
        name: name.to_owned(),
        turn: (1, 1),
        stale,
        paper: Paper {
            markdown: format!("# Analysis by {name}"),
            sheet: Sheet {
                title: format!("Analysis by {name}"),
                parts: vec![
                    part(
                        &format!("Turn 1 by {name}"),
                        &[],
                        vec![row(
                            &["2026-11-21 10:15 · 1.5s · 4,837 tokens in, 131 out · $0.0042"],
                            None,
                        )],
                    ),
                    part("Summary", &[], vec![row(&["Ada won at once."], None)]),
                    part("Votes", &[], votes),
                ],
                foot: "Words of a model about a log.".to_owned(),
            },
        },
    }
}

fn papers(analyses: Vec<Analysis>) -> Told {
    Told::Papers(Ok(Box::new(Papers {
        figures: figures(),
        analyses,
        turns: vec![(1, 1)],
        unread: 0,
        scripted: false,
    })))
}

fn choices() -> Vec<Choice> {
    let choice = |name: &str, price: &str, window: &str, key: &str| Choice {
        name: name.to_owned(),
        can: "tools, structured, reasons".to_owned(),
        window: window.to_owned(),
        price: price.to_owned(),
        key: key.to_owned(),
        ready: !key.contains("missing"),
        usual: name.contains("luna"),
    };
    vec![
        choice(
            "llamacpp/river-8b",
            "free",
            "8192, condensed to 61 %",
            "runs here",
        ),
        choice(
            "openai/gpt-6-luna",
            "about $0.0015",
            "922k, fits",
            "key set",
        ),
        choice("demo/analyst", "free", "", "a script, no model"),
        choice(
            "claude/claude-haiku-5-5",
            "about $0.0021",
            "1.0M, fits",
            "ANTHROPIC_API_KEY is missing",
        ),
    ]
}

/// Answers the open questions that `fits`; the others stay.
fn serve(person: &mut Person, answer: &dyn Fn(&What) -> Option<Told>) {
    loop {
        let effects = std::mem::take(&mut person.effects);
        let mut answers: Vec<(Ticket, Told)> = Vec::new();
        for effect in effects {
            let told = match &effect {
                Effect::Query {
                    ticket,
                    query: Query::Room(rooms::Ask::Report(ask)),
                } => {
                    assert_eq!(ask.run, RunId(RUN.into()));
                    answer(&ask.what).map(|told| (*ticket, told))
                }
                _ => None,
            };
            match told {
                Some(told) => answers.push(told),
                None => person.effects.push(effect),
            }
        }
        if answers.is_empty() {
            return;
        }
        for (ticket, told) in answers {
            let done = Done::Room(rooms::Told::Report(Box::new(told)));
            person.send(Msg::Done(ticket, done));
        }
    }
}

fn opened(width: u16, height: u16, analyses: &[Analysis]) -> Person {
    let mut person = Person::at(width, height, &options());
    person.hear(started(1)).press("f7");
    let analyses = analyses.to_vec();
    serve(&mut person, &|what| {
        matches!(what, What::Papers).then(|| papers(analyses.clone()))
    });
    person
}

fn on_each(analyses: &[Analysis], act: impl Fn(&mut Person)) -> String {
    [(40, 12), (80, 24), (160, 48)]
        .map(|(width, height)| {
            let mut person = opened(width, height, analyses);
            act(&mut person);
            format!("{width}x{height}\n{}", person.sees())
        })
        .join("\n")
}

#[test]
fn figures_at_three_sizes() {
    insta::assert_snapshot!(on_each(&[], |person| {
        person.press("down");
    }));
}

#[test]
fn analyses_stand_in_tabs_and_side_by_side() {
    let all = [
        analysis(1, "openai/gpt-6-luna", true),
        analysis(2, "demo/analyst", false),
    ];
    insta::assert_snapshot!(on_each(&all, |person| {
        person.press("tab down down");
    }));
}

#[test]
fn the_list_of_models_and_the_price_before() {
    let list = on_each(&[], |person| {
        person.press("m");
        serve(person, &|what| {
            matches!(what, What::Models(_)).then(|| Told::Models(Ok(choices())))
        });
    });
    let preview = on_each(&[], |person| {
        person.press("m");
        serve(person, &|what| {
            matches!(what, What::Models(_)).then(|| Told::Models(Ok(choices())))
        });
        person.write("luna").press("enter");
        serve(person, &|what| match what {
            What::Preview((1, 1), model) => Some(Told::Preview(Ok(Preview {
                words: vec![
                    format!("{model} reads turn 1, whole."),
                    "Cost: about 4,845 tokens to send, about $0.0015, at most $0.0088.".to_owned(),
                ],
                prompt: vec!["You read the log of a session.".to_owned(); 60],
                scripted: false,
            }))),
            _ => None,
        });
    });
    insta::assert_snapshot!(format!("{list}\n{preview}"));
}

/// Presses on until an analysis by the second model is under way.
fn asking(person: &mut Person) {
    person.press("m");
    serve(person, &|what| {
        matches!(what, What::Models(_)).then(|| Told::Models(Ok(choices())))
    });
    person.press("enter");
    serve(person, &|what| {
        let preview = Preview {
            words: Vec::new(),
            prompt: Vec::new(),
            scripted: true,
        };
        matches!(what, What::Preview(..)).then(|| Told::Preview(Ok(preview.clone())))
    });
    person.press("enter");
}

fn heard(number: u64, over: Option<Result<u32, Failure>>) -> Heard {
    Heard {
        number,
        told: vec![
            "The server does not take structured output; asking for a tool call instead.".into(),
        ],
        thought: 10,
        said: 64,
        rows: vec!["Ada won at once.".into(), "· Both voted for her.".into()],
        over,
    }
}

#[test]
fn an_analysis_is_seen_while_it_is_written_and_opened_when_it_is_there() {
    let mut person = opened(80, 24, &[]);
    asking(&mut person);
    let mut answer = Some(heard(3, None));
    let cell = std::cell::RefCell::new(answer.take());
    serve(&mut person, &|what| match what {
        What::Listen(0) => cell
            .borrow_mut()
            .take()
            .map(|heard| Told::Heard(Box::new(heard))),
        _ => None,
    });
    let writing = person.sees();
    assert!(
        writing.contains("writes: 64 characters") && writing.contains("Both voted"),
        "{writing}"
    );
    serve(&mut person, &|what| match what {
        What::Listen(3) => Some(Told::Heard(Box::new(heard(4, Some(Ok(2)))))),
        What::Papers => Some(papers(vec![
            analysis(1, "openai/gpt-6-luna", true),
            analysis(2, "demo/analyst", false),
        ])),
        _ => None,
    });
    let there = person.sees();
    assert!(there.contains("Turn 1 by demo/analyst"), "{there}");
    assert!(there.contains("analysis 2"), "{there}");
}

#[test]
fn esc_stops_an_analysis_and_nothing_is_kept() {
    let mut person = opened(80, 24, &[]);
    asking(&mut person);
    person.press("esc");
    let stops = person.took().into_iter().any(|effect| {
        matches!(effect, Effect::Query { query: Query::Room(rooms::Ask::Report(ask)), .. } if ask.what == What::Stop)
    });
    assert!(stops);
    let failure = Failure::new(FailureKind::Cancelled, "It was stopped; nothing was kept.");
    let done = Done::Room(rooms::Told::Report(Box::new(Told::Heard(Box::new(heard(
        5,
        Some(Err(failure)),
    ))))));
    person.send(Msg::Done(Ticket(1), done));
    let screen = person.sees();
    assert!(
        screen.contains("nothing was kept")
            && screen.contains("Phases") | screen.contains("Agents"),
        "{screen}"
    );
}

#[test]
fn pages_are_copied_and_written_and_left() {
    let mut person = opened(80, 24, &[analysis(7, "openai/gpt-6-luna", false)]);
    person.took();
    person.press("y");
    assert!(person.took().contains(&Effect::Copy("# Session".into())));
    person.press("tab w");
    let asked: Vec<What> = person
        .took()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Query {
                query: Query::Room(rooms::Ask::Report(ask)),
                ..
            } => Some(ask.what),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [What::Write(Page::Analysis(7), Form::Markdown)]);
    person.press("esc");
    assert_eq!(person.model.screen, Screen::Live);
    person.press("f7");
    assert_eq!(person.model.screen, Screen::Report);
    person.press("f7");
    assert_eq!(
        person.model.screen,
        Screen::Live,
        "the key that opens it closes it"
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    let mut person = Person::at(80, 24, &options());
    person.press("tab f7");
    assert!(person.sees().contains("Open a session first"));
    person.hear(started(1)).press("f7");
    assert!(person.sees().contains("Counting"));
    serve(&mut person, &|what| {
        let failure = Failure::new(FailureKind::Local, "No session is named so.");
        matches!(what, What::Papers).then(|| Told::Papers(Err(failure.clone())))
    });
    assert!(person.sees().contains("No session is named so."));
    person.press("m");
    assert!(person.sees().contains("no turn"));
}
