//! What a person sees of a task in parts: whose part is which, what it waits for, what is missing.

use std::fmt::Write as _;

use super::stage::{Stage, id, label};
use crate::protocol::{
    Decision, Finish, Mode, NoVote, Purpose, ReviewEvent, RunEvent, TallyRow, TeamEvent, TieBreak,
    TurnStart, Verdict,
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

fn first_row(stage: &mut Stage) -> String {
    let screen = stage.screen(160, 48);
    screen.lines().nth(2).unwrap_or_default().to_owned()
}

fn settled(by: TieBreak) -> RunEvent {
    let row = |agent| TallyRow {
        label: label(agent, 1),
        voters: Vec::new(),
    };
    let rows = vec![row(1), row(2), row(3)];
    RunEvent::Decided(Decision::plain(label(3, 1), rows, Vec::new(), by))
}

#[test]
fn the_final_page_says_who_put_the_parts_together() {
    let mut stage = stage();
    for number in 1..=3 {
        stage.publishes(number, 1, &format!("Part {number}."));
    }
    stage.run(settled(TieBreak::NoVote(NoVote::Assembled)));
    stage.answers(label(3, 1), "All of it.", Some(4));
    let row = first_row(&mut stage);
    assert!(
        row.contains("Final answer: 3 parts, put together by dora"),
        "{row}"
    );
}

#[test]
fn the_first_row_of_the_final_page_says_who_wrote_it_and_whether_it_was_accepted() {
    let stage = Stage::new(&[("ada", "m"), ("ben", "m"), ("cleo", "m")]);
    let turn = stage.shared.run.turn.as_ref().expect("a turn");
    let start = turn.start.clone();
    let mut rules = start.rules.clone();
    rules.finishing.finish = Finish::Synthesize;
    let mut stage = Stage::empty();
    stage.run(RunEvent::Started(Box::new(TurnStart { rules, ..start })));
    for number in 1..=3 {
        stage.publishes(number, 1, &format!("Answer {number}."));
    }
    stage.run(settled(TieBreak::Earliest));
    let verdict = |attempt, accept| {
        RunEvent::Review(ReviewEvent::Verdict(Verdict {
            by: id(2),
            attempt,
            accept,
            instructions: "Say why.".to_owned(),
            agents: Vec::new(),
        }))
    };
    stage.run(verdict(1, false));
    stage.answers(label(3, 1), "New text.", Some(1));
    let row = first_row(&mut stage);
    for words in [
        "written by ada out of 3 answers; agent3.1 by cleo, won by",
        ", not accepted by ben",
    ] {
        assert!(row.contains(words), "{words:?} is not in {row}");
    }
    stage.run(verdict(2, true));
    let row = first_row(&mut stage);
    assert!(row.contains("accepted by ben at attempt 2"), "{row}");
}
