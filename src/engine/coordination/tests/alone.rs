//! Turns in which one agent is asked alone.

use crate::{
    engine::coordination::{Change, Input, Report, Setup},
    protocol::{
        AgentId, EventKind, Limits, NoAnswerReason, NoVote, Outcome, OutcomeEnd, Purpose, RunEvent,
        SteerMode, SteerState, Target, TeamEvent, TieBreak,
    },
    run::{Activity, RunState},
};

use super::world::{Voted, World, agent, card, label, team};

fn alone(n: u16, asked: u16) -> Setup {
    let setup = team(n);
    Setup {
        rules: setup.rules.for_one(agent(asked)),
        limits: Limits::default().for_one(),
        ..setup
    }
}

fn declined(world: &World) -> Vec<String> {
    let events = world.events.iter().filter_map(|event| match &event.kind {
        EventKind::Run(RunEvent::Team(TeamEvent::Declined { reason, .. })) => Some(reason.clone()),
        _ => None,
    });
    events.collect()
}

fn activity(state: &RunState, n: u16) -> &Activity {
    let turn = state.turn.as_ref().expect("a turn");
    &turn.agent(agent(n)).expect("an agent").activity
}

#[test]
fn only_the_asked_agent_is_asked_and_its_answer_ends_the_turn() {
    for asked in 1..=3 {
        let mut world = World::new(alone(3, asked));
        for n in 1..=3 {
            let purpose = (n == asked).then_some(Purpose::Work);
            assert_eq!(world.purpose(n), purpose);
            assert_eq!(
                *activity(&world.fold, n) == Activity::Waiting,
                n != asked,
                "{n}"
            );
        }
        world.publish(asked, "worked in");
        let Some(Outcome::Answered {
            winner,
            presenter,
            end,
            ref text,
            ..
        }) = world.outcome
        else {
            panic!("{:?}", world.outcome);
        };
        assert_eq!((winner, presenter), (label(asked, 1), None));
        assert_eq!((end, text.as_str()), (OutcomeEnd::Consensus, "worked in"));
        assert_eq!(world.reports, 1, "one call, and no vote on the own answer");
        let turn = world.fold.turn.as_ref().expect("a turn");
        let decision = turn.decision.as_ref().expect("a decision");
        assert_eq!(decision.by, TieBreak::NoVote(NoVote::OnlyAnswer));
        assert!((1..=3).all(|n| world.ballot(n) == Voted::No));
    }
}

#[test]
fn a_word_to_one_that_waits_is_missed_and_asks_nobody() {
    let mut world = World::new(alone(3, 2));
    world.steer(1, Target::All, SteerMode::Queue);
    assert_eq!(world.receipt(1, 1), Some(SteerState::Missed(agent(1))));
    assert_eq!(world.receipt(1, 3), Some(SteerState::Missed(agent(3))));
    assert_eq!((world.purpose(1), world.purpose(3)), (None, None));
    world.boundary(2);
    assert_eq!(world.receipt(1, 2), Some(SteerState::Delivered(agent(2))));
}

#[test]
fn when_the_asked_agent_fails_nobody_stands_in() {
    let mut world = World::new(alone(3, 2));
    world.fail(2);
    match &world.outcome {
        Some(Outcome::NoAnswer { reason, message }) => {
            assert_eq!(*reason, NoAnswerReason::AllFailed);
            assert!(
                message.starts_with("The agent failed (no access)."),
                "{message}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn changes_of_the_team_ask_nobody_else() {
    let mut world = World::new(alone(3, 2));
    world.step(Input::Team(Change::Add {
        card: card(AgentId(4)),
        like: agent(1),
        why: String::new(),
    }));
    for change in [Change::Pause(agent(1)), Change::Replace(card(agent(3)))] {
        world.step(Input::Team(change));
    }
    assert_eq!(
        declined(&world),
        [
            "this turn is one agent's alone",
            "it is not asked in this turn"
        ]
    );
    assert_eq!((world.purpose(1), world.purpose(3)), (None, None));
    world.report(
        2,
        Report::Publish {
            text: "worked in".into(),
            changes: Vec::new(),
        },
    );
    assert!(world.closed);
}

#[test]
fn a_name_that_nobody_has_asks_the_whole_team() {
    let world = World::new(alone(2, 7));
    assert!([1, 2].iter().all(|n| world.purpose(*n).is_some()));
}
