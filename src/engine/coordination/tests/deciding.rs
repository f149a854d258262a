//! One example per policy and per way of deciding: what is asked, what is counted, what is told.

use super::world::{Voted, World, agent, label, team};
use crate::{
    engine::coordination::{Action, BadBallot, Cause, Choice, Refusal, Report, VoteWhy},
    protocol::{
        Decision, EventKind, Form, Gate, NoVote, Outcome, OutcomeEnd, Phase, Policy, Purpose,
        RunEvent, TieBreak,
    },
};

fn world(n: u16, policy: Policy) -> World {
    let mut setup = team(n);
    setup.rules.deciding.policy = policy;
    let mut world = World::new(setup);
    for agent in 1..=n {
        world.publish(agent, &format!("answer {agent}"));
    }
    all_look(&mut world);
    world
}

/// Everybody at work sees what there is.
fn all_look(world: &mut World) {
    for id in world.live.keys().copied().collect::<Vec<_>>() {
        world.boundary(id.0);
    }
}

fn vote(world: &mut World, n: u16, choice: Choice) {
    let reason = "because".into();
    world.report(n, Report::Vote { choice, reason });
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn ranking(texts: &[&str]) -> Choice {
    Choice::Ranking(words(texts))
}

/// The same score for every criterion of each answer.
fn scores(rows: &[(&str, i64)]) -> Choice {
    let names = ["correct", "Complete ", "clear"];
    let row = |(label, score): &(&str, i64)| {
        let marks = names.map(|name| (name.to_owned(), *score));
        ((*label).to_owned(), marks.to_vec())
    };
    Choice::Scores(rows.iter().map(row).collect())
}

fn refusal(world: &World, n: u16) -> Option<&Refusal> {
    match world.cause(n) {
        Some(Cause::Refused { refusal }) => Some(refusal),
        _ => None,
    }
}

fn decision(world: &World) -> &Decision {
    let found = world.log.iter().find_map(|action| match action {
        Action::Emit(EventKind::Run(RunEvent::Decided(decision))) => Some(decision),
        _ => None,
    });
    found.expect("decided")
}

fn end(world: &World) -> OutcomeEnd {
    match &world.outcome {
        Some(Outcome::Answered { end, .. }) => *end,
        other => panic!("{other:?}"),
    }
}

#[test]
fn approval_counts_every_answer_that_is_good_enough() {
    let mut world = world(3, Policy::Approval);
    assert_eq!(world.brief(1).vote.form, Form::Several);
    vote(&mut world, 1, Choice::Several(words(&["agent1", "agent3"])));
    vote(
        &mut world,
        2,
        Choice::Several(words(&["2", "agent3.1", "2"])),
    );
    world.vote(3, "agent3");
    let decision = decision(&world);
    assert_eq!(
        (decision.winner, decision.by),
        (label(3, 1), TieBreak::Approvals)
    );
    assert_eq!(decision.how(), "most approvals (3 of 3)");
}

#[test]
fn a_ranked_vote_strikes_the_weakest() {
    let mut world = world(3, Policy::InstantRunoff);
    vote(&mut world, 1, ranking(&["agent1", "agent3", "agent2"]));
    vote(&mut world, 2, ranking(&["agent2", "agent3"]));
    vote(&mut world, 3, ranking(&["agent3", "agent2", "agent1"]));
    // One own vote each: agent3.1 was published last and is struck, its ballot goes to agent2.1.
    let decision = decision(&world);
    assert_eq!(decision.winner, label(2, 1));
    assert_eq!(decision.rounds[0].out, Some(label(3, 1)));
    assert_eq!(decision.how(), "instant runoff (2 of 3 in count 2)");
}

#[test]
fn borda_counts_places() {
    let mut world = world(3, Policy::Borda);
    vote(&mut world, 1, ranking(&["agent1", "agent2", "agent3"]));
    vote(&mut world, 2, ranking(&["agent2", "agent1", "agent3"]));
    vote(&mut world, 3, ranking(&["agent3", "agent2", "agent1"]));
    let decision = decision(&world);
    assert_eq!(decision.winner, label(2, 1));
    assert_eq!(decision.how(), "most points (4 points)");
}

#[test]
fn a_ranking_that_cannot_be_counted_is_refused_with_its_reason() {
    for (choice, expected) in [
        (ranking(&[]), Refusal::BadBallot(BadBallot::Empty)),
        (
            ranking(&["agent1", "agent2", "1.1"]),
            Refusal::BadBallot(BadBallot::Twice(label(1, 1))),
        ),
        (
            ranking(&["agent1", "agent9"]),
            Refusal::UnknownChoice("agent9".into()),
        ),
        (
            Choice::Several(words(&["agent1"])),
            Refusal::BadBallot(BadBallot::Shape("ranking")),
        ),
        (
            scores(&[("agent1", 3)]),
            Refusal::BadBallot(BadBallot::Shape("ranking")),
        ),
    ] {
        let mut world = world(2, Policy::InstantRunoff);
        vote(&mut world, 1, choice.clone());
        assert_eq!(refusal(&world, 1), Some(&expected), "{choice:?}");
        assert_eq!(world.ballot(1), Voted::No);
    }
}

#[test]
fn scores_must_be_whole() {
    let good = [("agent1", 8), ("agent2", 9)];
    for (choice, expected) in [
        (scores(&[]), BadBallot::Empty),
        (scores(&good[..1]), BadBallot::Unscored(label(2, 1))),
        (
            scores(&[("agent1", 8), ("1", 9)]),
            BadBallot::Twice(label(1, 1)),
        ),
        (
            scores(&[("agent1", 11), ("agent2", 9)]),
            BadBallot::OutOfRange(label(1, 1), "correct".into()),
        ),
        (
            scores(&[("agent1", -1), ("agent2", 9)]),
            BadBallot::OutOfRange(label(1, 1), "correct".into()),
        ),
        (
            Choice::Scores(vec![("agent1".into(), vec![("correct".into(), 5)])]),
            BadBallot::NoScore(label(1, 1), "complete".into()),
        ),
        ("agent1".into(), BadBallot::Shape("scores")),
    ] {
        let mut world = world(2, Policy::Score);
        vote(&mut world, 1, choice.clone());
        let expected = Refusal::BadBallot(expected);
        assert_eq!(refusal(&world, 1), Some(&expected), "{choice:?}");
    }
    let mut world = world(2, Policy::Score);
    vote(&mut world, 1, scores(&good));
    assert_eq!(world.ballot(1), Voted::For(label(2, 1)));
}

#[test]
fn who_finds_nothing_good_enough_improves_or_insists() {
    let mut setup = team(2);
    setup.rules.deciding.policy = Policy::Score;
    setup.rules.deciding.gate = Some(Gate { bar: 80, budget: 1 });
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(2, "two");
    assert_eq!(world.brief(1).vote.bar, Some(80));
    let low = scores(&[("agent1", 6), ("agent2", 5)]);
    vote(&mut world, 1, low.clone());
    let expected = Refusal::BelowBar {
        best: label(1, 1),
        mean: 600,
        bar: 80,
    };
    assert_eq!(refusal(&world, 1), Some(&expected));
    assert!(world.brief(1).may_publish);
    // It improves; with its budget used up it has no bar any more.
    world.publish(1, "one, better");
    assert!(!world.brief(1).may_publish);
    assert_eq!(world.brief(1).vote.bar, Some(0));
    let low = scores(&[("agent1", 1), ("agent2", 0)]);
    vote(&mut world, 1, low.clone());
    assert_eq!(world.ballot(1), Voted::For(label(1, 2)));
    // The other looks at the news, is sent back once, insists, and is taken at its word.
    world.boundary(2);
    vote(&mut world, 2, low.clone());
    assert!(matches!(refusal(&world, 2), Some(Refusal::BelowBar { .. })));
    vote(&mut world, 2, low);
    assert_eq!(decision(&world).winner, label(1, 2));
    assert_eq!(end(&world), OutcomeEnd::Consensus);
    assert_eq!(decision(&world).how(), "highest score (1 of 10)");
}

#[test]
fn a_rubric_that_nobody_passes_ends_within_the_limits() {
    for n in 1..=4 {
        let mut setup = team(n);
        setup.rules.deciding.policy = Policy::Score;
        setup.rules.deciding.gate = Some(Gate {
            bar: 100,
            budget: 9,
        });
        let limits = &setup.limits;
        let bound =
            (u32::from(n) * (limits.rounds_per_agent + 1) * limits.calls_per_round) as usize;
        let mut world = World::new(setup);
        let mut text = 0;
        for turn in 0.. {
            if world.closed {
                break;
            }
            assert!(turn < bound);
            let id = *world.live.keys().next().expect("running");
            let brief = world.brief(id.0).clone();
            if brief.may_publish {
                text += 1;
                world.publish(id.0, &format!("try {text}"));
            } else {
                let rows: Vec<_> = brief.choices.iter().map(ToString::to_string).collect();
                let rows: Vec<_> = rows.iter().map(|row| (row.as_str(), 0)).collect();
                vote(&mut world, id.0, scores(&rows));
            }
        }
        assert!(matches!(world.outcome, Some(Outcome::Answered { .. })));
    }
}

#[test]
fn a_majority_that_is_missed_leads_to_one_runoff() {
    let mut world = world(5, Policy::Majority);
    for (voter, choice) in [(1, "agent1"), (2, "agent1"), (3, "agent2"), (4, "agent2")] {
        world.vote(voter, choice);
    }
    world.vote(5, "agent3");
    // Only the voter whose choice is out is asked, and only for the two that lead.
    assert_eq!(world.phase, Some(Phase::VoteNow));
    assert_eq!(world.live.keys().copied().collect::<Vec<_>>(), [agent(5)]);
    let brief = world.brief(5);
    assert_eq!(
        (brief.vote.form, brief.vote.why),
        (Form::One, VoteWhy::Runoff)
    );
    assert_eq!(brief.choices, [label(1, 1), label(2, 1)]);
    world.vote(5, "agent3");
    assert_eq!(
        refusal(&world, 5),
        Some(&Refusal::UnknownChoice("agent3".into()))
    );
    world.vote(5, "agent2");
    let decision = decision(&world);
    assert_eq!(decision.winner, label(2, 1));
    let bar = decision.bar.expect("a bar");
    assert!(bar.met());
    assert_eq!((bar.need, bar.of, bar.got), (3, 5, 3));
    assert_eq!(bar.runoff, Some((label(2, 1), label(1, 1))));
    assert_eq!(end(&world), OutcomeEnd::Consensus);
}

#[test]
fn unanimity_that_is_missed_twice_is_a_plurality_and_says_so() {
    let mut world = world(3, Policy::Unanimity);
    for (voter, choice) in [(1, "agent1"), (2, "agent1"), (3, "agent3")] {
        world.vote(voter, choice);
    }
    // Everybody is asked once more.
    assert_eq!(world.live.len(), 3);
    for (voter, choice) in [(1, "agent1"), (2, "agent1"), (3, "agent3")] {
        world.vote(voter, choice);
    }
    let decision = decision(&world);
    assert_eq!(decision.winner, label(1, 1));
    assert!(!decision.bar.expect("a bar").met());
    assert!(decision.remarks()[1].starts_with("No unanimity: 2 of the 3 votes needed"));
}

#[test]
fn the_dead_are_no_part_of_the_majority() {
    let mut world = world(4, Policy::Majority);
    world.fail(3);
    world.fail(4);
    world.vote(1, "agent2");
    world.vote(2, "agent2");
    let bar = decision(&world).bar.expect("a bar");
    assert_eq!((bar.need, bar.of, bar.got, bar.runoff), (2, 2, 2, None));
}

#[test]
fn a_judge_decides_after_the_answers_are_in() {
    let mut setup = team(3);
    setup.rules.deciding.policy = Policy::Judge;
    setup.rules.deciding.judge = Some(agent(2));
    let mut world = World::new(setup);
    assert_eq!(world.purpose(2), None, "a judge writes no answer");
    world.publish(1, "one");
    assert_eq!(world.purpose(1), None);
    world.publish(3, "three");
    assert_eq!(world.purpose(2), Some(Purpose::Judge));
    assert_eq!(world.live.len(), 1);
    assert_eq!(world.brief(2).vote.why, VoteWhy::Judge);
    world.publish(2, "my own");
    assert_eq!(refusal(&world, 2), Some(&Refusal::VotesOnly));
    world.vote(2, "agent3");
    let decision = decision(&world);
    assert_eq!(
        (decision.winner, decision.by),
        (label(3, 1), TieBreak::Judged)
    );
    assert_eq!(end(&world), OutcomeEnd::Consensus);
}

#[test]
fn a_lost_judge_is_replaced_and_a_lonely_one_answers() {
    let mut world = world(3, Policy::Judge);
    // Nobody is without an answer: the author of the oldest judges.
    assert_eq!(world.purpose(1), Some(Purpose::Judge));
    world.fail(1);
    assert_eq!(world.purpose(2), Some(Purpose::Judge));
    world.vote(2, "agent3");
    assert_eq!(decision(&world).winner, label(3, 1));

    let mut setup = team(2);
    setup.rules.deciding.policy = Policy::Judge;
    setup.rules.deciding.judge = Some(agent(2));
    let mut world = World::new(setup);
    world.fail(1);
    assert_eq!(world.purpose(2), Some(Purpose::Work));
    world.publish(2, "alone");
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::OnlyAnswer));
}

#[test]
fn voting_stops_when_the_leader_cannot_be_overtaken() {
    let mut setup = team(4);
    setup.rules.deciding.early_stop = true;
    setup.limits.answers_per_agent = 1;
    let mut world = World::new(setup);
    for n in 1..=4 {
        world.publish(n, &format!("answer {n}"));
    }
    all_look(&mut world);
    world.vote(1, "agent2");
    world.vote(2, "agent2");
    assert!(!world.closed, "two votes can still be levelled");
    world.vote(3, "agent2");
    let settled = decision(&world);
    assert_eq!((settled.winner, settled.saved_calls), (label(2, 1), 1));
    assert_eq!(end(&world), OutcomeEnd::Consensus);

    // Who may still publish is waited for.
    let mut setup = team(4);
    setup.rules.deciding.early_stop = true;
    let mut world = World::new(setup);
    for n in 1..=4 {
        world.publish(n, &format!("answer {n}"));
    }
    all_look(&mut world);
    for n in 1..=3 {
        world.vote(n, "agent2");
    }
    assert!(!world.closed);
    world.vote(4, "agent4");
    assert_eq!(decision(&world).saved_calls, 0);
}

#[test]
fn the_plain_majority_stands_beside_the_result() {
    let mut world = World::new(team(3));
    world.publish(1, "The answer is 42.");
    world.publish(2, "I think it is\n\n**41**");
    world.publish(3, "\\boxed{42}");
    for n in 1..=3 {
        world.boundary(n);
        world.vote(n, "agent2");
    }
    let plain = decision(&world).majority.clone().expect("computed");
    assert_eq!((plain.value.as_str(), plain.of), ("42", 3));
    assert_eq!(plain.labels, [label(1, 1), label(3, 1)]);
    let remarks = decision(&world).remarks();
    assert_eq!(
        remarks,
        ["Plain majority: \"42\" in 2 of 3 answers, the winner says otherwise."]
    );
}

#[test]
fn one_agent_needs_no_vote_by_any_policy() {
    for policy in Policy::ALL {
        let mut world = world(1, policy);
        if !world.closed {
            assert_eq!(world.brief(1).choices, [label(1, 1)], "{policy:?}");
            let ballot = match policy.form() {
                Form::Scores => scores(&[("agent1", 10)]),
                _ => "agent1".into(),
            };
            vote(&mut world, 1, ballot);
        }
        assert_eq!(decision(&world).winner, label(1, 1), "{policy:?}");
    }
}

#[test]
fn an_own_answer_may_be_voted_for_and_a_replaced_one_may_not() {
    let mut world = world(2, Policy::Approval);
    world.vote(1, "agent1");
    assert_eq!(world.ballot(1), Voted::For(label(1, 1)));
    world.publish(2, "better");
    vote(
        &mut world,
        1,
        Choice::Several(words(&["agent1", "agent2.1"])),
    );
    assert_eq!(refusal(&world, 1), Some(&Refusal::Superseded(label(2, 2))));
    assert_eq!(world.ballot(1), Voted::No);
}
