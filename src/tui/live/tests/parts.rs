//! What a person sees of a task in parts: whose part is which, what it waits for, what is missing.

use std::fmt::Write as _;

use super::stage::{Stage, id};
use crate::protocol::{
    Mode, Purpose, RunEvent, TeamEvent, TurnStart,
    rules::{Decomposition, Part},
};

/// Three parts, the last of which builds on the others, and an agent that assembles.
fn stage() -> Stage {
    let stage = Stage::new(&[("ada", "m"), ("ben", "m"), ("cleo", "m"), ("dora", "m")]);
    let turn = stage.shared.run.turn.as_ref().expect("a turn");
    let start = turn.start.clone();
    let mut rules = start.rules.clone();
    let part = |agent, text: &str, after: &[u16]| Part {
        agent: id(agent),
        text: text.to_owned(),
        after: after.iter().copied().map(id).collect(),
    };
    rules.mode = Mode::Parts(Decomposition {
        parts: vec![
            part(1, "Collect the facts.", &[]),
            part(2, "List what can go wrong.", &[]),
            part(3, "Compare both.\nBriefly.", &[1, 2]),
        ],
        presenter: Some(id(4)),
        ..Decomposition::default()
    });
    let mut stage = Stage::empty();
    stage.run(RunEvent::Started(Box::new(TurnStart { rules, ..start })));
    stage.round(1, 1, Purpose::Work, &[]);
    stage.round(2, 1, Purpose::Work, &[]);
    stage
}

#[test]
fn every_pane_says_whose_part_it_is_and_what_it_waits_for() {
    let mut stage = stage();
    stage.publishes(1, 1, "The facts.");
    let mut out = String::new();
    for (columns, rows) in [(40, 12), (80, 24), (160, 48)] {
        let _ = writeln!(out, "=== {columns}x{rows}");
        out.push_str(&stage.screen(columns, rows));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("parts", out));
}

#[test]
fn a_part_waits_only_for_what_may_still_come() {
    let mut stage = stage();
    let screen = stage.screen(160, 48);
    for words in [
        "part 1 of 3: Collect the facts.",
        "part 3 of 3, waits for ada and ben: Compare both. Briefly.",
        "no part: puts them together",
        "agents see what their part builds on · names hidden",
    ] {
        assert!(screen.contains(words), "{words:?} is not in\n{screen}");
    }
    stage.publishes(1, 1, "The facts.");
    stage.run(RunEvent::Team(TeamEvent::Retired(id(2))));
    let screen = stage.screen(160, 48);
    for words in [
        "part 1 of 3, done: Collect",
        "part 2 of 3, not delivered: List",
        "part 3 of 3: Compare both.",
    ] {
        assert!(screen.contains(words), "{words:?} is not in\n{screen}");
    }
}

#[test]
fn the_smallest_screen_keeps_the_step() {
    let screen = stage().screen(40, 12);
    let first = screen.lines().next().unwrap_or_default();
    assert!(first.contains("0/3 parts"), "{screen}");
}
