//! Chains without any turn: what comes next after each outcome, and the same from a log.

use super::*;
use crate::{
    engine::stages::run::unfinished,
    protocol::{
        Label,
        rules::{Decomposition, Personas},
    },
};

fn answered(text: &str, end: OutcomeEnd) -> Outcome {
    Outcome::Answered {
        changes: Vec::new(),
        winner: Label::new(AgentId(1), 1),
        text: text.into(),
        presenter: None,
        end,
    }
}

fn said(text: &str) -> Outcome {
    answered(text, OutcomeEnd::Consensus)
}

fn lost(reason: NoAnswerReason) -> Outcome {
    Outcome::NoAnswer {
        reason,
        message: "no".into(),
    }
}

fn chain(rules: &Rules) -> Option<Chain> {
    Chain::new("task", rules, &Limits::default(), &[AgentId(1), AgentId(2)])
}

fn planned(approval: Approval) -> Chain {
    let rules = Rules {
        mode: Mode::Plan(Planning {
            approval,
            ..Planning::default()
        }),
        ..Rules::default()
    };
    chain(&rules).expect("a chain")
}

fn leg(chain: &Chain) -> Leg {
    match chain.next() {
        Next::Run(leg) => *leg,
        other => panic!("{other:?}"),
    }
}

fn kind(chain: &Chain) -> StageKind {
    leg(chain).stage.kind
}

fn step(chain: &mut Chain, outcome: &Outcome) {
    let kind = kind(chain);
    chain.told();
    chain.take(kind, Some(outcome));
}

const PLAN: &str = "## Collect\n- a\n## Write\n- b";

/// Through planning and approval.
fn approved() -> Chain {
    let mut chain = planned(Approval::Ask);
    assert_eq!(kind(&chain), StageKind::Plan);
    step(&mut chain, &said(PLAN));
    assert_eq!(chain.next(), Next::Approve(PLAN.into()));
    chain.approve(Some(&Reply::Approved));
    chain
}

fn over(chain: &Chain) -> Option<Outcome> {
    match chain.next() {
        Next::Over(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn most_tasks_are_no_chain() {
    assert!(chain(&Rules::default()).is_none());
    let given = Rules {
        personas: Personas {
            given: vec![Persona {
                agent: AgentId(1),
                role: String::new(),
                text: "p".into(),
            }],
            ..Personas::default()
        },
        ..Rules::default()
    };
    assert!(chain(&given).is_none(), "given personas need no stage");
}

#[test]
fn a_plan_is_worked_off_chunk_by_chunk_and_assembled() {
    let mut chain = approved();
    let first = leg(&chain);
    assert_eq!(first.stage.words(), "chunk 1 of 2: Collect");
    assert!(matches!(first.news[0], StageEvent::Planned { .. }));
    step(&mut chain, &said("collected"));
    let second = leg(&chain);
    assert_eq!(second.stage.words(), "chunk 2 of 2: Write");
    assert!(
        second.stage.step.contains("<result>\ncollected\n"),
        "{}",
        second.stage.step
    );
    assert!(second.news.is_empty(), "told once");
    step(&mut chain, &said("written"));
    let last = leg(&chain);
    assert_eq!(
        (last.stage.kind, last.alone),
        (StageKind::Assemble, Some(AgentId(1)))
    );
    step(&mut chain, &said("all of it"));
    assert_eq!(over(&chain), None, "the last turn tells it all");
    assert!(chain.missing().is_empty());
}

#[test]
fn the_person_may_change_or_reject_a_plan_but_not_for_ever() {
    let mut chain = planned(Approval::Ask);
    step(&mut chain, &said(PLAN));
    chain.approve(Some(&Reply::Rejected("too short".into())));
    assert!(leg(&chain).stage.step.contains("too short"));
    step(&mut chain, &said(PLAN));
    chain.approve(Some(&Reply::Edited("## Only this".into())));
    assert_eq!(leg(&chain).stage.of, 1);
    step(&mut chain, &said("done"));
    assert_eq!(over(&chain), None, "one chunk needs no assembly");

    let mut chain = planned(Approval::Ask);
    for _ in 0..PLANS {
        step(&mut chain, &said(PLAN));
        chain.approve(Some(&Reply::Rejected(String::new())));
    }
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::Limit);
    assert!(text.starts_with("## Collect") && text.ends_with("- the plan was not carried out\n"));
}

#[test]
fn nobody_answering_carries_nothing_out_and_a_policy_does() {
    let mut chain = planned(Approval::Ask);
    step(&mut chain, &said(PLAN));
    chain.approve(None);
    assert_eq!(told(&chain).1, OutcomeEnd::Limit);
    let mut chain = planned(Approval::Auto);
    step(&mut chain, &said(PLAN));
    assert!(!chain.asks());
    chain.approve_by_policy();
    assert_eq!(kind(&chain), StageKind::Chunk);
}

fn told(chain: &Chain) -> (String, OutcomeEnd) {
    match over(chain) {
        Some(Outcome::Answered { text, end, .. }) => (text, end),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stopping_in_a_chunk_tells_what_is_missing() {
    let mut chain = approved();
    step(&mut chain, &said("collected"));
    step(&mut chain, &answered("half", OutcomeEnd::Stopped));
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::Stopped);
    assert!(
        text.starts_with("## Collect\n\ncollected\n\n## Write\n\nhalf"),
        "{text}"
    );

    let mut chain = approved();
    step(&mut chain, &answered("collected", OutcomeEnd::AnswerNow));
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::AnswerNow);
    assert!(
        text.contains("**Not delivered:**\n\n- chunk 2: Write"),
        "{text}"
    );
}

#[test]
fn a_chunk_without_result_is_named_and_the_next_one_runs() {
    let mut chain = approved();
    step(&mut chain, &lost(NoAnswerReason::Limit));
    assert_eq!(leg(&chain).stage.number, 2);
    step(&mut chain, &said("written"));
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::Limit);
    assert!(
        text.starts_with("written\n") && text.contains("- chunk 1: Collect"),
        "{text}"
    );
}

#[test]
fn a_team_that_is_lost_is_not_asked_again() {
    let mut chain = approved();
    step(&mut chain, &said("collected"));
    step(&mut chain, &lost(NoAnswerReason::AllFailed));
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::AgentsLost);
    assert!(text.contains("collected") && text.contains("- chunk 2: Write"));
    let mut chain = approved();
    step(&mut chain, &lost(NoAnswerReason::AllFailed));
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::AgentsLost);
    assert!(
        text.starts_with("## Collect\n\n- a\n\n## Write\n\n- b\n\n---"),
        "the plan is all there is: {text}"
    );
    assert!(text.contains("- chunk 1: Collect\n- chunk 2: Write"));
}

#[test]
fn without_a_plan_there_is_nothing_to_carry_out() {
    let mut chain = planned(Approval::Ask);
    step(&mut chain, &lost(NoAnswerReason::AllFailed));
    assert_eq!(over(&chain), None);
    let mut chain = planned(Approval::Ask);
    step(&mut chain, &answered(PLAN, OutcomeEnd::AnswerNow));
    let (text, end) = told(&chain);
    assert_eq!(end, OutcomeEnd::AnswerNow);
    assert!(
        text.starts_with("## Collect"),
        "who hurries has the plan: {text}"
    );
}

#[test]
fn parts_and_personas_are_made_before_the_work_and_told_at_its_start() {
    let rules = Rules {
        mode: Mode::Parts(Decomposition::default()),
        personas: Personas {
            diversity: Some(crate::protocol::rules::Diversity::Perspective),
            ..Personas::default()
        },
        ..Rules::default()
    };
    let mut chain = chain(&rules).expect("a chain");
    assert_eq!(kind(&chain), StageKind::Personas);
    step(&mut chain, &lost(NoAnswerReason::AllFailed));
    assert_eq!(kind(&chain), StageKind::Divide, "a fallback for personas");
    step(
        &mut chain,
        &said(r#"{"subtasks": {"agent1": "front", "agent2": "back"}}"#),
    );
    let work = leg(&chain);
    assert_eq!(work.stage.kind, StageKind::Work);
    assert_eq!(work.rules.mode.parts()[1].text, "back");
    assert_eq!(work.rules.personas.given.len(), 2);
    assert!(matches!(work.news.as_slice(), [StageEvent::Divided { .. }]));
    step(&mut chain, &said("done"));
    assert_eq!(over(&chain), None);
}

#[test]
fn stopping_a_preparation_stops_the_task() {
    let rules = Rules {
        mode: Mode::Parts(Decomposition::default()),
        ..Rules::default()
    };
    let mut chain = chain(&rules).expect("a chain");
    step(&mut chain, &lost(NoAnswerReason::Cancelled));
    assert_eq!(over(&chain), None);
}

#[test]
fn a_log_gives_the_chain_it_was_written_from() {
    let mut live = approved();
    let mut marks = vec![Mark::Ended(StageKind::Plan, said(PLAN))];
    let read = |marks: &[Mark]| unfinished(planned(Approval::Ask), marks);
    assert_eq!(
        read(&marks).next(),
        Next::Approve(PLAN.into()),
        "it asks again"
    );
    marks.push(Mark::Step(leg(&live).news[0].clone()));
    live.told();
    assert_eq!(read(&marks).next(), live.next());
    for outcome in [said("collected"), lost(NoAnswerReason::Limit)] {
        step(&mut live, &outcome);
        marks.push(Mark::Ended(StageKind::Chunk, outcome));
        assert_eq!(read(&marks).next(), live.next());
    }
}
