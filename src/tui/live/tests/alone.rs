//! What a person sees of a turn in which one agent is asked alone.

use super::stage::{Stage, id, label};
use crate::protocol::{AgentEvent, Outcome, OutcomeEnd, Purpose, RoundEnd, RunEvent, TurnStart};

/// Ben is asked alone.
fn stage() -> Stage {
    let stage = Stage::new(&[("ada", "m"), ("ben", "m"), ("cleo", "m")]);
    let turn = stage.shared.run.turn.as_ref().expect("a turn");
    let start = turn.start.clone();
    let rules = start.rules.for_one(id(2));
    let mut stage = Stage::empty();
    stage.run(RunEvent::Started(Box::new(TurnStart { rules, ..start })));
    stage.round(2, 1, Purpose::Work, &[]);
    stage
}

#[test]
fn header_and_panes_say_who_is_asked_and_who_waits() {
    let mut stage = stage();
    for (columns, rows) in [(100, 30), (160, 48)] {
        let screen = stage.screen(columns, rows);
        assert!(screen.contains("only ben is asked"), "{screen}");
        assert!(screen.contains("not asked in this turn"), "{screen}");
        assert_eq!(
            screen.matches("not asked in this turn").count(),
            2,
            "{screen}"
        );
        assert!(!screen.contains("starting…"), "{screen}");
    }
    let turn = stage.shared.run.turn.as_ref().expect("a turn");
    let rules = turn.rule_words();
    assert_eq!(
        rules[0],
        (
            "mode",
            "only ben is asked; the others wait for the next turn".to_owned()
        )
    );
    assert!(!turn.votes_are_taken());
}

#[test]
fn when_it_is_over_nobody_waits() {
    let mut stage = stage();
    stage.publishes(2, 1, "Worked in.");
    let end = RoundEnd::Published;
    stage.agent(2, AgentEvent::RoundEnded { round: 1, end });
    stage.run(RunEvent::Ended(Outcome::Answered {
        winner: label(2, 1),
        text: "Worked in.".to_owned(),
        presenter: None,
        end: OutcomeEnd::Consensus,
        changes: Vec::new(),
    }));
    let screen = stage.screen(160, 48);
    assert!(!screen.contains("only ben is asked"), "{screen}");
    assert!(!screen.contains("waits for"), "{screen}");
}
