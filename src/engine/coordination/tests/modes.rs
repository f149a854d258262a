//! Turns in every mode: layers, rounds, samples, council, parts; with losses, limits and one agent.

use proptest::prelude::*;

use crate::{
    engine::coordination::{Action, Aim, Input, Setup},
    protocol::{
        AgentId, Decision, EventKind, Finish, Mode, NoVote, Outcome, OutcomeEnd, Phase, Purpose,
        RunEvent, StageEvent, TieBreak,
        rules::{Decomposition, Part},
    },
};

use super::world::{World, agent, card, label, team};
use crate::engine::coordination::{Change, Report, Timer};

prop_compose! {
    fn any_part(agent: u16)(text in "[a-z]{0,6}", after in proptest::collection::vec(1_u16..6, 0..3))
        -> Part {
        Part {
            agent: AgentId(agent),
            text,
            after: after.into_iter().map(AgentId).collect(),
        }
    }
}

/// Any mode that is played inside a turn, for teams of any size: agents may be named that are not
/// there, parts may wait for each other in a circle.
pub fn any_mode() -> impl Strategy<Value = Mode> {
    let somebody = || proptest::option::of((1_u16..6).prop_map(AgentId));
    prop_oneof![
        (0_u32..4, somebody()).prop_map(|(layers, aggregator)| Mode::Layers { layers, aggregator }),
        (0_u32..3, 0_u32..5, somebody()).prop_map(|(least, most, judge)| Mode::Rounds {
            least,
            most,
            judge
        }),
        Just(Mode::Samples),
        somebody().prop_map(|chairman| Mode::Council { chairman }),
        (1_u16..6)
            .prop_flat_map(|parts| (1..=parts).map(any_part).collect::<Vec<_>>())
            .prop_flat_map(move |parts| (Just(parts), somebody()))
            .prop_map(|(parts, presenter)| Mode::Parts(Decomposition {
                parts,
                presenter,
                ..Decomposition::default()
            })),
    ]
}

fn setup(n: u16, mode: Mode) -> Setup {
    let mut setup = team(n);
    setup.rules.mode = mode;
    setup
}

fn layers(n: u16, layers: u32) -> World {
    World::new(setup(
        n,
        Mode::Layers {
            layers,
            aggregator: None,
        },
    ))
}

fn parts(n: u16, list: &[(u16, &[u16])]) -> World {
    let parts = list.iter().map(|(who, after)| Part {
        agent: agent(*who),
        text: format!("the part of {who}"),
        after: after.iter().copied().map(AgentId).collect(),
    });
    World::new(setup(
        n,
        Mode::Parts(Decomposition {
            parts: parts.collect(),
            ..Decomposition::default()
        }),
    ))
}

fn decision(world: &World) -> &Decision {
    let turn = world.fold.turn.as_ref().expect("a turn");
    turn.decision.as_ref().expect("decided")
}

fn text(world: &World) -> &str {
    match &world.outcome {
        Some(Outcome::Answered { text, .. }) => text,
        other => panic!("{other:?}"),
    }
}

fn end(world: &World) -> OutcomeEnd {
    match &world.outcome {
        Some(Outcome::Answered { end, .. }) => *end,
        other => panic!("{other:?}"),
    }
}

fn stages(world: &World) -> Vec<StageEvent> {
    let stage = |action: &Action| match action {
        Action::Emit(EventKind::Run(RunEvent::Stage(event))) => Some(event.clone()),
        _ => None,
    };
    world.log.iter().filter_map(stage).collect()
}

// ----- layers -----

#[test]
fn a_layer_waits_for_everybody_and_then_shows_everything() {
    let mut world = layers(3, 2);
    world.publish(1, "one");
    world.publish(2, "two");
    assert_eq!(world.purpose(1), None, "it waits");
    world.publish(3, "three");
    let all = [label(2, 1), label(3, 1), label(1, 1)];
    assert_eq!(world.brief(1).news, all);
    assert_eq!(world.brief(1).aim, Aim::Refine);
    world.publish(2, "two, better");
    assert!(world.brief(1).choices.is_empty(), "no votes within a layer");
    world.publish(1, "one, better");
    world.publish(3, "three, better");
    assert_eq!(world.purpose(1), Some(Purpose::VoteOnly));
    for voter in 1..=3 {
        world.vote(voter, "agent2");
    }
    assert_eq!(text(&world), "two, better");
    let layer = |number| StageEvent::Layer { number, of: 2 };
    assert_eq!(stages(&world), [layer(1), layer(2)]);
}

#[test]
fn a_loss_or_a_silent_agent_holds_up_no_layer() {
    let mut world = layers(3, 2);
    world.publish(1, "one");
    world.fail(2);
    world.miss(3, "");
    world.miss(3, "");
    // Agent 3 gave up in the first layer and gets another chance with what agent 1 wrote.
    assert_eq!(world.brief(3).news, [label(1, 1)]);
    assert!(world.brief(3).may_publish);
    world.publish(3, "three");
    world.publish(1, "one, better");
    world.vote(1, "agent3");
    world.vote(3, "agent3");
    assert_eq!(decision(&world).winner, label(3, 1));
}

#[test]
fn saying_the_same_is_agreeing_and_ends_the_round() {
    let mut world = layers(2, 2);
    world.publish(1, "one");
    world.publish(2, "two");
    world.publish(2, "one");
    assert_eq!(world.purpose(2), None);
    world.publish(1, "one, better");
    assert_eq!(world.purpose(2), Some(Purpose::VoteOnly));
}

#[test]
fn one_agent_refines_its_own_answer_and_nobody_votes() {
    let mut world = layers(1, 3);
    for text in ["one", "two", "three"] {
        world.publish(1, text);
    }
    assert_eq!(text(&world), "three");
    assert_eq!(end(&world), OutcomeEnd::Consensus);
}

#[test]
fn the_answer_now_ends_the_layers_with_a_vote() {
    let mut world = layers(2, 3);
    world.publish(1, "one");
    world.step(Input::AnswerNow);
    assert!(world.closed, "a single answer needs no vote");
    assert_eq!(end(&world), OutcomeEnd::AnswerNow);
    let mut world = layers(2, 3);
    world.publish(1, "one");
    world.publish(2, "two");
    world.publish(1, "one, better");
    world.step(Input::AnswerNow);
    assert_eq!(world.phase, Some(Phase::VoteNow));
    assert_eq!(world.brief(2).choices, [label(1, 2), label(2, 1)]);
    world.step(Input::Stop);
    assert!(world.closed);
}

#[test]
fn an_aggregator_presents_whoever_wins() {
    let mut setup = setup(
        2,
        Mode::Layers {
            layers: 1,
            aggregator: Some(agent(2)),
        },
    );
    setup.rules.deciding.skip_voting = true;
    let mut world = World::new(setup);
    world.publish(2, "two");
    world.publish(1, "one");
    assert_eq!(world.purpose(2), Some(Purpose::Present));
    world.report(
        2,
        Report::Presented {
            text: "both".into(),
        },
    );
    assert_eq!(text(&world), "both");
}

// ----- samples and rounds -----

#[test]
fn samples_never_look_and_the_majority_wins() {
    let mut world = World::new(setup(4, Mode::Samples));
    world.publish(1, "Answer: 7");
    world.publish(2, "I think so.\n\n**Answer:** 8.");
    world.publish(3, "Answer: 8");
    assert_eq!(world.live.len(), 1);
    world.publish(4, "It cannot be.\nAnswer: 8");
    assert_eq!(decision(&world).winner, label(2, 1));
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::Agreement));
    assert_eq!(end(&world), OutcomeEnd::Consensus);
}

fn rounds(n: u16, least: u32, most: u32) -> World {
    let judge = Some(agent(2));
    World::new(setup(n, Mode::Rounds { least, most, judge }))
}

#[test]
fn rounds_end_when_all_agree() {
    let mut world = rounds(2, 1, 4);
    world.publish(1, "Answer: 7");
    world.publish(2, "Answer: 7.");
    assert!(world.closed);
    let reason = "all answers agree".to_owned();
    assert_eq!(
        stages(&world).last(),
        Some(&StageEvent::Early { rounds: 1, reason })
    );
}

#[test]
fn a_judge_ends_the_rounds_and_its_silence_does_not() {
    let judge = |world: &mut World, text: &str| {
        assert_eq!(world.purpose(2), Some(Purpose::Weigh));
        assert_eq!(world.live.len(), 1);
        world.report(2, Report::Presented { text: text.into() });
    };
    let mut world = rounds(2, 1, 3);
    world.publish(1, "Answer: 7");
    world.publish(2, "Answer: 8");
    judge(&mut world, "no idea");
    world.publish(1, "Answer: 7 again");
    world.publish(2, "Answer: 8 again");
    judge(&mut world, "They will not move. STOP");
    assert!(world.closed);
    assert_eq!(decision(&world).by, TieBreak::Earliest);
    assert_eq!(decision(&world).winner, label(1, 2));
}

#[test]
fn a_lost_judge_is_replaced_and_a_slow_one_is_not_waited_for() {
    let mut world = rounds(2, 1, 2);
    world.publish(1, "Answer: 7");
    world.publish(2, "Answer: 8");
    world.fail(2);
    assert_eq!(world.purpose(1), Some(Purpose::Weigh));
    world.elapse_round(1);
    assert_eq!(world.purpose(1), Some(Purpose::Work), "the last round");
    world.publish(1, "Answer: 8");
    assert_eq!(decision(&world).winner, label(2, 1), "two say 8");
}

#[test]
fn who_joins_while_a_round_is_weighed_begins_with_the_next_one() {
    let mut world = rounds(2, 1, 3);
    world.publish(1, "Answer: 7");
    world.publish(2, "Answer: 8");
    let join = Change::Add {
        card: card(agent(3)),
        like: agent(1),
        why: String::new(),
    };
    world.step(Input::Team(join));
    assert_eq!(world.live.len(), 1, "the judge alone");
    let text = "CONTINUE".to_owned();
    world.report(2, Report::Presented { text });
    assert_eq!(world.brief(3).news, [label(1, 1), label(2, 1)]);
    for n in 1..=3 {
        world.publish(n, "Answer: 9");
    }
    assert!(world.closed, "all agree");
}

#[test]
fn fewer_rounds_than_the_least_are_not_judged() {
    let mut world = rounds(2, 2, 3);
    world.publish(1, "Answer: 7");
    world.publish(2, "Answer: 7");
    assert_eq!(world.purpose(1), Some(Purpose::Work));
    world.elapse(Timer::Turn);
    assert!(world.closed);
    assert_eq!(end(&world), OutcomeEnd::Limit);
}

// ----- council -----

#[test]
fn nobody_in_a_council_judges_its_own_answer() {
    let mut setup = setup(
        3,
        Mode::Council {
            chairman: Some(agent(1)),
        },
    );
    setup.rules.finishing.finish = Finish::Present;
    let mut world = World::new(setup);
    for n in 1..=3 {
        world.publish(n, &format!("answer {n}"));
    }
    assert_eq!(world.brief(2).choices, [label(1, 1), label(3, 1)]);
    world.vote(2, "agent2");
    assert!(world.cause(2).is_some(), "refused");
    world.vote(2, "agent3");
    world.vote(1, "agent3");
    world.vote(3, "agent1");
    assert_eq!(decision(&world).winner, label(3, 1));
    assert_eq!(world.purpose(1), Some(Purpose::Present), "the chairman");
    world.fail(1);
    assert_eq!(world.purpose(3), Some(Purpose::Present), "then the winner");
    world.fail(3);
    assert_eq!(text(&world), "answer 3");
}

// ----- parts -----

#[test]
fn parts_begin_when_their_basis_is_there_and_see_it_alone() {
    let mut world = parts(4, &[(1, &[]), (2, &[1]), (3, &[])]);
    assert_eq!(world.live.len(), 2, "1 and 3; 2 waits and 4 has no part");
    assert_eq!(world.brief(1).aim, Aim::Part);
    world.publish(3, "three");
    world.publish(1, "one");
    assert_eq!(world.brief(2).news, [label(1, 1)]);
    world.publish(2, "two");
    assert_eq!(
        world.purpose(4),
        Some(Purpose::Present),
        "the last of the team"
    );
    let text_of_all = "one two three".to_owned();
    world.report(4, Report::Presented { text: text_of_all });
    assert_eq!(text(&world), "one two three");
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::Assembled));
}

#[test]
fn a_lost_part_is_named_and_holds_up_nobody() {
    let mut world = parts(3, &[(1, &[]), (2, &[1]), (3, &[])]);
    world.publish(3, "three");
    world.fail(1);
    assert!(
        world.brief(2).news.is_empty(),
        "it goes on without its basis"
    );
    world.publish(2, "two");
    world.report(3, Report::Presented { text: "all".into() });
    assert!(text(&world).starts_with("all\n"));
    assert!(text(&world).contains("- part 1 (agent1): the part of 1\n"));
    assert_eq!(end(&world), OutcomeEnd::Limit);
    let turn = world.fold.turn.as_ref().expect("a turn");
    assert_eq!(turn.steps.missing, ["part 1 (agent1): the part of 1"]);
}

#[test]
fn without_a_presenter_the_parts_stand_one_after_the_other() {
    let mut world = parts(2, &[(1, &[]), (2, &[])]);
    world.publish(1, "one");
    world.publish(2, "two");
    world.step(Input::Stop);
    let whole = "## Part 1: the part of 1\n\none\n\n## Part 2: the part of 2\n\ntwo";
    assert_eq!(text(&world), whole);
}

#[test]
fn stopping_or_hurrying_gives_the_parts_there_are() {
    let mut world = parts(2, &[(1, &[]), (2, &[1])]);
    world.publish(1, "one");
    world.step(Input::AnswerNow);
    assert_eq!(world.purpose(2), Some(Purpose::Present));
    world.step(Input::Stop);
    assert!(text(&world).contains("one"));
    assert!(text(&world).contains("- part 2 (agent2)"));
}

#[test]
fn parts_in_a_circle_end_and_do_not_hang() {
    let world = parts(2, &[(1, &[2]), (2, &[1])]);
    assert!(world.closed);
    assert!(matches!(world.outcome, Some(Outcome::NoAnswer { .. })));
}

#[test]
fn an_agent_with_the_only_part_of_a_team_of_one_is_the_answer() {
    let mut world = parts(1, &[(1, &[])]);
    world.publish(1, "one");
    assert_eq!(text(&world), "one");
}
