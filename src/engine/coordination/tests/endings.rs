//! How turns end: votes, limits, loss, impatience, presentation.

use crate::{
    engine::coordination::{Input, Report, Setup, Timer},
    protocol::{
        AgentId, Decision, Finish, Label, NoAnswerReason, NoVote, Outcome, OutcomeEnd, Phase,
        Purpose, SteerMode, SteerState, Target, TieBreak,
    },
    run::Happening,
};

use super::world::{Voted, World, agent, label, team};

/// Winning agent and revision, presenter, end.
fn answered(world: &World) -> (u16, u32, Option<u16>, OutcomeEnd) {
    match &world.outcome {
        Some(Outcome::Answered {
            winner,
            presenter,
            end,
            ..
        }) => (
            winner.agent.0,
            winner.revision,
            presenter.map(|id| id.0),
            *end,
        ),
        other => panic!("no answer: {other:?}"),
    }
}

fn final_text(world: &World) -> &str {
    match &world.outcome {
        Some(Outcome::Answered { text, .. }) => text,
        other => panic!("no answer: {other:?}"),
    }
}

fn no_answer(world: &World) -> (NoAnswerReason, &str) {
    match &world.outcome {
        Some(Outcome::NoAnswer { reason, message }) => (*reason, message),
        other => panic!("an answer: {other:?}"),
    }
}

fn decision(world: &World) -> &Decision {
    let turn = world.fold.turn.as_ref().unwrap();
    turn.decision.as_ref().expect("a decision")
}

/// All have published and nobody has voted.
fn published(setup: Setup) -> World {
    let agents = setup.agents.clone();
    let mut world = World::new(setup);
    for id in agents {
        world.publish(id.0, &format!("text of {id}"));
    }
    world
}

fn all_vote(world: &mut World, choice: &str) {
    let running: Vec<_> = world.live.keys().copied().collect();
    for AgentId(n) in running {
        // The first vote of an agent that was already running may be stale.
        world.boundary(n);
        world.vote(n, choice);
    }
}

#[test]
fn consensus_uses_the_winning_text() {
    let mut world = published(team(3));
    all_vote(&mut world, "agent2");
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Consensus));
    assert_eq!(final_text(&world), "text of agent2");
    assert_eq!(decision(&world).by, TieBreak::Votes);
    assert_eq!(decision(&world).tally[0].voters.len(), 3);
}

#[test]
fn an_improvement_can_turn_the_result() {
    let mut world = published(team(3));
    for n in 1..=2 {
        world.boundary(n);
        world.vote(n, "agent1");
    }
    world.publish(3, "a better text");
    assert!(world.standing.is_empty());
    all_vote(&mut world, "agent3");
    assert_eq!(answered(&world), (3, 2, None, OutcomeEnd::Consensus));
    assert_eq!(world.fold.turn.as_ref().unwrap().dropped.len(), 2);
}

#[test]
fn ties_are_settled_by_votes_of_others_then_by_time() {
    let mut world = published(team(2));
    world.boundary(1);
    world.vote(1, "agent1");
    world.vote(2, "agent2");
    assert_eq!(answered(&world).0, 1);
    assert_eq!(decision(&world).by, TieBreak::Earliest);

    let mut world = published(team(4));
    for n in 1..=4 {
        world.boundary(n);
    }
    world.vote(1, "agent1");
    world.vote(2, "agent1");
    world.vote(3, "agent2");
    world.vote(4, "agent2");
    assert_eq!(answered(&world).0, 2);
    assert_eq!(decision(&world).by, TieBreak::OtherVoters);
}

#[test]
fn a_single_agent_votes_for_itself_to_finish() {
    let mut setup = team(1);
    setup.rules.finishing.finish = Finish::Present;
    let mut world = World::new(setup.clone());
    world.publish(1, "first");
    assert_eq!(world.brief(1).choices, [label(1, 1)]);
    world.publish(1, "second");
    world.vote(1, "agent1");
    assert_eq!(answered(&world), (1, 2, None, OutcomeEnd::Consensus));

    // When it cannot improve any more there is nothing to vote on.
    setup.limits.answers_per_agent = 1;
    let mut world = World::new(setup);
    world.publish(1, "only");
    assert_eq!(answered(&world), (1, 1, None, OutcomeEnd::Consensus));
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::OnlyAnswer));
}

#[test]
fn one_answer_that_nobody_can_add_to_needs_no_vote() {
    let mut setup = team(3);
    setup.limits.answers_total = 1;
    let mut world = World::new(setup);
    world.publish(2, "only");
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Consensus));
}

#[test]
fn without_voting_every_agent_publishes_once() {
    let mut setup = team(3);
    setup.rules.deciding.skip_voting = true;
    let mut world = World::new(setup.clone());
    world.publish(1, "one");
    world.publish(3, "three");
    assert!(!world.closed && world.purpose(1).is_none());
    world.publish(2, "two");
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Consensus));
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::LatestLive));

    // Agents that can add nothing any more are not waited for.
    let mut capped = setup.clone();
    capped.limits.answers_total = 2;
    let mut world = World::new(capped);
    world.publish(1, "one");
    world.publish(2, "two");
    assert_eq!(answered(&world).0, 2);

    // Time over: what is there is used, no vote is asked for.
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(3, "three");
    world.elapse(Timer::Turn);
    assert_eq!(answered(&world), (3, 1, None, OutcomeEnd::Limit));
}

#[test]
fn used_up_rounds_end_the_turn() {
    let mut setup = team(2);
    setup.limits.rounds_per_agent = 1;
    let world = published(setup);
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Limit));
    assert_eq!(decision(&world).abstained, [agent(1), agent(2)]);
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::LatestLive));
}

#[test]
fn a_lost_agent_blocks_nobody_and_its_answer_can_win() {
    let mut world = published(team(3));
    world.boundary(1);
    world.boundary(2);
    world.vote(1, "agent3");
    world.fail(3);
    world.vote(2, "agent3");
    assert_eq!(answered(&world), (3, 1, None, OutcomeEnd::Consensus));
}

#[test]
fn all_agents_lost() {
    let mut world = published(team(2));
    world.fail(1);
    world.fail(2);
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::AgentsLost));
    assert_eq!(decision(&world).by, TieBreak::NoVote(NoVote::Latest));

    let mut world = World::new(team(2));
    world.fail(1);
    world.fail(2);
    let (reason, message) = no_answer(&world);
    assert_eq!(reason, NoAnswerReason::AllFailed);
    assert_eq!(
        message,
        "All 2 agents failed (no access). agent1: The key was refused. Check the key."
    );
}

#[test]
fn silence_of_all_is_no_answer() {
    let mut world = World::new(team(2));
    world.fail(1);
    world.miss(2, "");
    world.miss(2, " ");
    let (reason, message) = no_answer(&world);
    assert_eq!(reason, NoAnswerReason::Limit);
    assert!(message.contains("1 of 2 agents failed"), "{message}");
}

#[test]
fn time_over_with_answers_means_voting() {
    let mut world = World::new(team(3));
    world.publish(1, "one");
    world.publish(2, "two");
    world.vote(2, "agent1");
    world.elapse(Timer::Turn);
    assert_eq!(world.phase, Some(Phase::VoteNow));
    assert_eq!(world.purpose(2), None, "its ballot stands");
    for n in [1, 3] {
        let brief = world.brief(n);
        assert_eq!(world.purpose(n), Some(Purpose::VoteOnly));
        assert!(!brief.may_publish && brief.hurry);
        assert_eq!(brief.choices, [label(1, 1), label(2, 1)]);
    }
    world.vote(1, "agent2");
    assert!(!world.closed);
    world.elapse(Timer::Phase);
    assert_eq!(answered(&world), (1, 1, None, OutcomeEnd::Limit));
}

#[test]
fn time_over_with_one_answer_means_that_answer() {
    let mut world = World::new(team(3));
    world.publish(2, "two");
    world.elapse(Timer::Turn);
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Limit));
    let phases = &world.fold.turn.as_ref().unwrap().timeline;
    assert!(
        phases
            .iter()
            .all(|entry| entry.what != Happening::Phase(Phase::VoteNow))
    );
}

#[test]
fn answer_now_without_answers_asks_to_publish() {
    let mut world = World::new(team(2));
    world.step(Input::AnswerNow);
    assert!(!world.armed.contains(&Timer::Turn));
    assert_eq!(world.phase, Some(Phase::PublishNow));
    assert!(world.live.values().all(|live| live.interrupted));
    world.boundary(1);
    assert!(world.brief(1).hurry && world.brief(1).may_publish);
    world.publish(1, "one");
    assert_eq!(world.purpose(1), None, "nobody is asked twice in a hurry");
    world.publish(2, "two");
    assert_eq!(world.phase, Some(Phase::VoteNow));
    all_vote(&mut world, "agent2");
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::AnswerNow));
}

#[test]
fn answer_now_again_goes_one_step_further() {
    let mut world = World::new(team(3));
    world.step(Input::AnswerNow);
    world.step(Input::AnswerNow);
    assert_eq!(world.phase, Some(Phase::PublishNow), "nothing to vote for");
    world.publish(1, "one");
    world.publish(2, "two");
    world.step(Input::AnswerNow);
    assert_eq!(world.phase, Some(Phase::VoteNow));
    assert_eq!(world.brief(3).choices.len(), 2);
}

#[test]
fn the_last_minute_passes() {
    let mut world = World::new(team(2));
    world.elapse(Timer::Turn);
    world.elapse(Timer::Phase);
    assert_eq!(no_answer(&world).0, NoAnswerReason::Limit);

    // What an agent said without publishing is better than nothing.
    let mut world = World::new(team(2));
    world.miss(1, "the answer in plain words");
    world.elapse(Timer::Turn);
    world.elapse(Timer::Phase);
    assert_eq!(final_text(&world), "the answer in plain words");
    assert_eq!(answered(&world), (1, 1, None, OutcomeEnd::Limit));
}

#[test]
fn a_round_that_takes_too_long_is_hurried_then_resolved() {
    // With answers of others it abstains.
    let mut world = World::new(team(3));
    world.publish(1, "one");
    world.elapse_round(3);
    assert!(world.live[&agent(3)].interrupted);
    world.boundary(3);
    assert!(world.brief(3).hurry);
    world.elapse_round(3);
    assert_eq!(world.ballot(3), Voted::Abstained);
    assert!(world.benched.is_empty());
    // Without any it is out.
    let mut world = World::new(team(2));
    world.elapse_round(1);
    world.elapse_round(1);
    assert!(world.benched.contains(&agent(1)));
    // What it said counts.
    let mut world = World::new(team(2));
    world.miss(1, "plain words");
    world.elapse_round(1);
    world.elapse_round(1);
    assert!(world.machine.answers()[0].auto);
}

#[test]
fn stop_keeps_what_is_there() {
    let mut world = World::new(team(2));
    world.steer(1, Target::All, SteerMode::Queue);
    world.step(Input::Stop);
    assert_eq!(no_answer(&world).0, NoAnswerReason::Cancelled);
    assert_eq!(world.receipt(1, 2), Some(SteerState::Missed(agent(2))));

    let mut setup = team(3);
    setup.rules.finishing.finish = Finish::Present;
    let mut world = published(setup);
    world.boundary(1);
    world.vote(1, "agent2");
    world.step(Input::Stop);
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Stopped));
}

fn presenting() -> World {
    let mut setup = team(3);
    setup.rules.finishing.finish = Finish::Present;
    let mut world = published(setup);
    all_vote(&mut world, "agent2");
    world
}

#[test]
fn the_winner_presents() {
    let mut world = presenting();
    assert_eq!(world.phase, Some(Phase::Presenting));
    assert_eq!(world.purpose(2), Some(Purpose::Present));
    let numbers = |labels: &[Label]| labels.iter().map(|l| l.agent.0).collect::<Vec<_>>();
    assert_eq!(
        numbers(&world.brief(2).news),
        [2],
        "the winning answer in full"
    );
    assert_eq!(
        numbers(&world.brief(2).again),
        [3, 1],
        "what it knows already"
    );
    assert!(!world.brief(2).may_publish && world.brief(2).choices.is_empty());
    assert_eq!(world.armed.iter().collect::<Vec<_>>(), [&Timer::Phase]);
    let text = "the final text".to_owned();
    world.report(2, Report::Presented { text });
    assert_eq!(answered(&world), (2, 1, Some(2), OutcomeEnd::Consensus));
    assert_eq!(final_text(&world), "the final text");
}

#[test]
fn presentation_falls_back() {
    // The winner fails, the next agent presents.
    let mut world = presenting();
    world.fail(2);
    assert_eq!(world.purpose(1), Some(Purpose::Present));
    world.publish(1, "as new_answer");
    assert_eq!(answered(&world).2, Some(1));
    assert_eq!(final_text(&world), "as new_answer");
    // Both fail: the winning text stands.
    let mut world = presenting();
    world.elapse(Timer::Phase);
    world.elapse(Timer::Phase);
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Consensus));
    assert_eq!(final_text(&world), "text of agent2");
    // Empty, or stopped: the same.
    let mut world = presenting();
    let text = " ".to_owned();
    world.report(2, Report::Presented { text });
    assert_eq!(answered(&world).2, None);
    let mut world = presenting();
    world.step(Input::Stop);
    assert_eq!(answered(&world), (2, 1, None, OutcomeEnd::Stopped));
    assert_eq!(final_text(&world), "text of agent2");
}

#[test]
fn a_lost_winner_is_presented_by_another() {
    let mut setup = team(3);
    setup.rules.finishing.finish = Finish::Present;
    let mut world = published(setup);
    for n in 1..=2 {
        world.boundary(n);
        world.vote(n, "agent3");
    }
    world.fail(3);
    assert_eq!(world.purpose(1), Some(Purpose::Present));
    world.miss(1, "spoken");
    assert_eq!(answered(&world), (3, 1, Some(1), OutcomeEnd::Consensus));
}

#[test]
fn the_presenter_is_told_what_the_person_said_before() {
    let mut setup = team(2);
    setup.rules.finishing.finish = Finish::Present;
    let mut world = published(setup);
    world.steer(1, Target::One(agent(2)), SteerMode::Queue);
    all_vote(&mut world, "agent2");
    let heard: Vec<u32> = world.brief(2).steering.iter().map(|(id, _)| id.0).collect();
    assert_eq!(heard, [1], "its conversation starts over");
    // While presenting only the presenter listens.
    world.steer(2, Target::All, SteerMode::Now);
    assert!(world.live[&agent(2)].interrupted);
    assert_eq!(world.receipt(2, 1), Some(SteerState::Missed(agent(1))));
    world.boundary(2);
    assert_eq!(world.receipt(2, 2), Some(SteerState::Delivered(agent(2))));
}
