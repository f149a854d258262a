//! One example per rule: who is asked what, what is accepted, what is refused and why.

use crate::{
    engine::coordination::{
        Action, Cause, Change, Coordination, Input, Likeness, Refusal, Setup, Timer,
    },
    protocol::{
        AgentEvent, AgentId, BallotDropReason, EventKind, Hiding, Label, Phase, Purpose, RunEvent,
        SteerMode, SteerState, Target, TeamEvent, Visibility,
    },
};

use super::world::{Voted, World, agent, label, team};

fn refusal(world: &World, n: u16) -> Option<&Refusal> {
    match world.cause(n) {
        Some(Cause::Refused { refusal }) => Some(refusal),
        _ => None,
    }
}

fn delivered(world: &World, n: u16) -> Vec<Label> {
    world
        .last
        .iter()
        .find_map(|action| match action {
            Action::Emit(EventKind::Agent {
                id,
                event: AgentEvent::Delivered { labels },
            }) if id.0 == n => Some(labels.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

/// Three agents; 1 and 2 have published and look at both answers, 3 writes its first.
fn two_of_three() -> World {
    let mut world = World::new(team(3));
    world.publish(1, "one");
    world.publish(2, "two");
    world
}

#[test]
fn everybody_starts_at_once_and_alone() {
    let world = World::new(team(3));
    assert_eq!(world.phase, Some(Phase::Work));
    assert!(world.armed.contains(&Timer::Turn));
    for n in 1..=3 {
        let brief = world.brief(n);
        assert_eq!(world.purpose(n), Some(Purpose::Work));
        assert!(brief.may_publish && brief.choices.is_empty() && brief.news.is_empty());
        assert_eq!(brief.answers_left, 3);
        let agent = agent(n);
        assert!(world.armed.contains(&Timer::Round { agent, round: 1 }));
    }
}

#[test]
fn a_first_answer_is_written_without_seeing_others() {
    let mut world = World::new(team(2));
    world.publish(1, "one");
    world.boundary(2);
    assert!(world.brief(2).news.is_empty());
    assert!(world.brief(2).choices.is_empty());
    world.vote(2, "agent1.1");
    assert_eq!(refusal(&world, 2), Some(&Refusal::NothingToVoteFor));
    assert!(world.brief(2).news.is_empty());
    world.publish(2, "two");
    assert_eq!(world.brief(2).news, [label(1, 1), label(2, 1)]);
    assert_eq!(world.brief(2).choices, [label(1, 1), label(2, 1)]);
}

#[test]
fn an_author_waits_until_there_is_something_to_judge() {
    let mut world = World::new(team(3));
    world.publish(1, "one");
    assert_eq!(world.purpose(1), None, "only its own answer is there");
    world.publish(2, "two");
    assert_eq!(world.purpose(1), Some(Purpose::Work));
    // Own answer last; continued, not started over (the world checks that).
    assert_eq!(world.brief(1).news, [label(2, 1), label(1, 1)]);

    // When nobody else can add an answer its own is enough.
    let mut world = World::new(team(2));
    world.publish(1, "one");
    assert_eq!(world.purpose(1), None);
    world.fail(2);
    assert_eq!(world.brief(1).choices, [label(1, 1)]);
}

#[test]
fn every_reader_gets_another_order_with_its_own_answer_last() {
    let mut world = World::new(team(4));
    for n in 1..=4 {
        world.boundary(n);
    }
    world.publish(1, "one");
    world.publish(3, "three");
    world.publish(4, "four");
    world.publish(2, "two");
    let order: Vec<u16> = world.brief(2).news.iter().map(|l| l.agent.0).collect();
    assert_eq!(order, [3, 4, 1, 2]);
}

#[test]
fn a_new_answer_drops_votes_and_asks_only_about_what_changed() {
    let mut world = two_of_three();
    world.vote(1, "agent2.1");
    assert_eq!(world.purpose(1), None);
    world.publish(3, "three");
    assert_eq!(world.ballot(1), Voted::No);
    assert_eq!(world.purpose(1), Some(Purpose::Revote));
    let brief = world.brief(1);
    assert_eq!(brief.news, [label(3, 1)]);
    assert_eq!(brief.lost_vote, Some(label(2, 1)));
    assert_eq!(brief.choices, [label(1, 1), label(2, 1), label(3, 1)]);
    // The next brief does not repeat it.
    world.boundary(1);
    assert_eq!(world.brief(1).lost_vote, None);
    assert!(world.brief(1).news.is_empty());
}

#[test]
fn running_agents_hear_of_new_answers_at_the_next_boundary() {
    let mut world = two_of_three();
    world.publish(3, "three");
    assert!(!world.brief(1).news.contains(&label(3, 1)));
    world.boundary(1);
    assert_eq!(world.cause(1), Some(&Cause::Boundary));
    assert_eq!(world.brief(1).news, [label(3, 1)]);
    assert_eq!(delivered(&world, 1), [label(3, 1)]);
}

#[test]
fn a_stale_vote_costs_one_more_look_in_the_same_round() {
    let mut world = two_of_three();
    world.publish(3, "three");
    world.vote(1, "agent2.1");
    assert_eq!(refusal(&world, 1), Some(&Refusal::Unseen));
    assert_eq!(world.brief(1).news, [label(3, 1)]);
    world.vote(1, "agent2.1");
    assert_eq!(world.ballot(1), Voted::For(label(2, 1)));
}

#[test]
fn what_a_choice_may_be() {
    let superseded = Refusal::Superseded(label(2, 2));
    let unknown = |text: &str| Refusal::UnknownChoice(text.into());
    let cases: Vec<(&str, Result<Label, Refusal>)> = vec![
        ("agent2.2", Ok(label(2, 2))),
        ("agent2", Ok(label(2, 2))),
        ("2", Ok(label(2, 2))),
        ("agent1", Ok(label(1, 1))),
        ("agent2.1", Err(superseded)),
        ("agent2.3", Err(unknown("agent2.3"))),
        ("agent3", Err(unknown("agent3"))),
        ("agent9.1", Err(unknown("agent9.1"))),
        ("the second", Err(unknown("the second"))),
        ("", Err(unknown(""))),
    ];
    for (choice, expected) in cases {
        let mut world = two_of_three();
        world.publish(2, "better");
        world.boundary(1);
        world.vote(1, choice);
        match expected {
            Ok(label) => assert_eq!(world.ballot(1), Voted::For(label), "{choice:?}"),
            Err(expected) => {
                assert_eq!(refusal(&world, 1), Some(&expected), "{choice:?}");
                assert_eq!(world.ballot(1), Voted::No);
            }
        }
    }
    let mut world = two_of_three();
    world.vote(1, &"x".repeat(10_000));
    assert!(matches!(refusal(&world, 1), Some(Refusal::UnknownChoice(text)) if text.len() == 80));
}

#[test]
fn a_vote_for_a_replaced_label_shows_the_new_one() {
    let mut world = two_of_three();
    world.publish(2, "better");
    world.vote(1, "agent2.1");
    assert_eq!(refusal(&world, 1), Some(&Refusal::Superseded(label(2, 2))));
    assert_eq!(world.brief(1).news, [label(2, 2)]);
    assert_eq!(world.brief(1).choices, [label(1, 1), label(2, 2)]);
}

#[test]
fn an_improver_loses_its_own_vote_but_is_not_asked_as_if_robbed() {
    let mut setup = team(3);
    setup.rules.improving.lead = None;
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(2, "two");
    world.vote(1, "agent2");
    world.steer(1, Target::One(agent(1)), SteerMode::Queue);
    world.publish(1, "better");
    assert_eq!(world.ballot(1), Voted::No);
    assert_eq!(world.purpose(1), Some(Purpose::Work));
    assert_eq!(world.brief(1).lost_vote, None);
}

#[test]
fn under_time_pressure_it_is_enough_to_have_seen_what_one_votes_for() {
    let mut world = World::new(team(4));
    world.elapse(Timer::Turn);
    world.publish(1, "one");
    // Agent 2 agrees with agent 1, so it may look; agent 3 publishes something it has not seen.
    world.publish(2, "one");
    world.publish(3, "three");
    world.vote(2, "agent3");
    assert_eq!(refusal(&world, 2), Some(&Refusal::Unseen));
    world.publish(4, "four");
    assert_eq!(world.phase, Some(Phase::PublishNow));
    world.vote(2, "agent1");
    let ballot = world.fold.turn.as_ref().unwrap().agents[1].ballot.clone();
    let ballot = ballot.expect("accepted although agent4.1 is unseen");
    assert_eq!((ballot.target, ballot.epoch), (Some(label(1, 1)), 2));
}

#[test]
fn vote_and_answer_at_the_same_moment() {
    // Vote first: it is accepted, then dropped.
    let mut first = two_of_three();
    first.vote(1, "agent2");
    first.publish(3, "three");
    assert_eq!(first.ballot(1), Voted::No);
    assert_eq!(first.purpose(1), Some(Purpose::Revote));
    // Answer first: the vote is refused because it is stale.
    let mut second = two_of_three();
    second.publish(3, "three");
    second.vote(1, "agent2");
    assert_eq!(refusal(&second, 1), Some(&Refusal::Unseen));
    // Either way the agent looks at the same three answers before its vote counts.
    assert_eq!(first.brief(1).choices, second.brief(1).choices);
}

#[test]
fn caps_leave_only_voting() {
    let mut setup = team(3);
    setup.limits.answers_per_agent = 1;
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(2, "two");
    assert_eq!(world.purpose(1), Some(Purpose::VoteOnly));
    assert!(!world.brief(1).may_publish);
    world.publish(1, "more");
    assert_eq!(refusal(&world, 1), Some(&Refusal::AnswerLimit));

    // The team's cap makes the others' answers the only way on for who has none.
    let mut setup = team(3);
    setup.limits.answers_total = 2;
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(2, "two");
    assert!(world.brief(3).news.is_empty());
    world.publish(3, "three");
    assert_eq!(refusal(&world, 3), Some(&Refusal::AnswerLimit));
    assert_eq!(world.brief(3).news, [label(1, 1), label(2, 1)]);
    world.vote(3, "agent2");
    assert_eq!(world.ballot(3), Voted::For(label(2, 1)));
}

fn fast_and_slow() -> World {
    let mut setup = team(3);
    setup.rules.improving.lead = Some(1);
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(2, "two");
    world
}

#[test]
fn nobody_runs_too_far_ahead() {
    let mut world = fast_and_slow();
    // Agent 3 has nothing yet: a second answer would be two ahead.
    assert!(!world.brief(1).may_publish);
    world.publish(1, "one more");
    assert_eq!(refusal(&world, 1), Some(&Refusal::Lead));
    // It may always vote.
    world.vote(1, "agent2");
    assert_eq!(world.ballot(1), Voted::For(label(2, 1)));
    // The slow one catches up.
    world.publish(3, "three");
    assert!(world.brief(1).may_publish);
}

#[test]
fn who_stumbles_or_is_overdue_holds_nobody_back() {
    type Trouble = fn(&mut World);
    let troubles: [(&str, Trouble); 4] = [
        ("overdue", |world| drop(world.elapse_round(3).to_vec())),
        ("missed", |world| drop(world.miss(3, "").to_vec())),
        ("out", |world| drop(world.fail(3).to_vec())),
        ("abstained", |world| {
            world.miss(3, "");
            world.miss(3, "");
        }),
    ];
    for (name, trouble) in troubles {
        let mut world = fast_and_slow();
        trouble(&mut world);
        world.boundary(1);
        assert!(world.brief(1).may_publish, "{name}");
    }
}

#[test]
fn the_same_answer_is_not_published_twice() {
    let mut world = World::new(team(2));
    world.publish(1, "forty\n two");
    world.publish(2, "  forty two ");
    assert_eq!(
        refusal(&world, 2),
        Some(&Refusal::Duplicate(Likeness::Equal(label(1, 1))))
    );
    // It agreed without having looked, so now it may look and vote.
    assert_eq!(world.brief(2).news, [label(1, 1)]);
    assert!(world.brief(2).may_publish);
    world.vote(2, "agent1");
    assert_eq!(world.ballot(2), Voted::For(label(1, 1)));

    // Its own words do not count as something new either.
    let mut setup = team(2);
    setup.rules.improving.lead = None;
    let mut world = World::new(setup);
    world.publish(1, "one");
    world.publish(2, "two");
    world.publish(1, "one");
    assert_eq!(
        refusal(&world, 1),
        Some(&Refusal::Duplicate(Likeness::Equal(label(1, 1))))
    );
    // A replaced answer may come back.
    world.publish(1, "uno");
    world.publish(1, "one");
    assert_eq!(world.current()[0], label(1, 3));
}

#[test]
fn refusals_cost_no_miss_but_end_with_the_calls() {
    let mut setup = team(2);
    setup.limits.calls_per_round = 4;
    setup.limits.refusals_per_round = 9;
    let mut world = World::new(setup);
    for left in (1..4).rev() {
        world.publish(1, " ");
        assert_eq!(refusal(&world, 1), Some(&Refusal::EmptyAnswer));
        assert_eq!(
            world.brief(1).hurry,
            left == 1,
            "the last call is announced"
        );
    }
    world.publish(1, " ");
    assert_eq!(world.purpose(1), None);
    assert_eq!(
        world.ballot(1),
        Voted::Abstained,
        "the engine abstained for it"
    );
}

#[test]
fn an_agent_that_insists_is_not_asked_for_ever() {
    let mut setup = team(2);
    setup.limits.refusals_per_round = 3;
    let mut world = World::new(setup);
    world.publish(1, " ");
    world.publish(1, " ");
    assert_eq!(refusal(&world, 1), Some(&Refusal::EmptyAnswer));
    world.publish(1, " ");
    assert_eq!(world.purpose(1), None);
    assert_eq!(world.ballot(1), Voted::Abstained);
}

#[test]
fn plain_text_becomes_the_first_answer() {
    let mut world = World::new(team(2));
    world.miss(1, "A long and thorough reply.");
    assert_eq!(world.cause(1), Some(&Cause::Missed { left: 1 }));
    world.miss(1, "As I said.");
    let answer = &world.machine.answers()[0];
    assert_eq!(answer.text, "A long and thorough reply.");
    assert!(answer.auto);

    // Not if it equals an answer that is there, and not from somebody who has one.
    world.miss(2, "A long and  thorough reply.");
    world.miss(2, "");
    assert_eq!(world.machine.answers().len(), 1);
    assert_eq!(world.ballot(2), Voted::Abstained);
    world.miss(1, "something else");
    world.miss(1, "something else");
    assert_eq!(world.machine.answers().len(), 1);
}

#[test]
fn misses_are_counted_per_round() {
    let mut world = two_of_three();
    world.miss(1, "hm");
    world.publish(1, "one more");
    world.boundary(1);
    world.miss(1, "hm");
    assert_eq!(world.cause(1), Some(&Cause::Missed { left: 1 }));
}

#[test]
fn who_gave_up_can_still_judge() {
    let mut world = World::new(team(2));
    world.miss(1, "");
    world.miss(1, "");
    assert_eq!(world.ballot(1), Voted::Abstained);
    world.publish(2, "two");
    assert_eq!(world.purpose(1), Some(Purpose::Revote));
    let brief = world.brief(1);
    assert_eq!((brief.may_publish, brief.lost_vote), (false, None));
    assert_eq!(brief.choices, [label(2, 1)]);
    world.publish(1, "late");
    assert_eq!(refusal(&world, 1), Some(&Refusal::VotesOnly));
}

#[test]
fn deferred_voting_waits_for_all_first_answers() {
    let mut setup = team(3);
    setup.rules.deciding.defer_voting = true;
    let defer = || World::new(setup.clone());
    let mut world = defer();
    world.publish(1, "one");
    world.publish(2, "two");
    assert_eq!((world.purpose(1), world.purpose(2)), (None, None));
    world.publish(3, "three");
    for n in 1..=3 {
        assert_eq!(world.brief(n).choices.len(), 3);
    }
    // The team's cap opens the vote: no further first answer can come.
    let mut capped = setup.clone();
    capped.limits.answers_total = 2;
    let mut world = World::new(capped);
    world.publish(1, "one");
    world.publish(3, "three");
    assert_eq!(world.brief(1).choices.len(), 2);
    // Who gives up early has not abstained from a vote that has not begun.
    let mut world = defer();
    world.miss(1, "");
    world.miss(1, "");
    assert_eq!((world.ballot(1), world.purpose(1)), (Voted::No, None));
    world.publish(2, "two");
    world.publish(3, "three");
    assert_eq!(world.purpose(1), Some(Purpose::VoteOnly));
    // An agent that is lost or gives up does not keep the others waiting.
    for lose in [true, false] {
        let mut world = defer();
        world.publish(1, "one");
        world.publish(2, "two");
        if lose {
            world.fail(3);
        } else {
            world.miss(3, "");
            world.miss(3, "");
        }
        assert_eq!(world.brief(1).choices.len(), 2);
    }
}

fn steered(setup: Setup, id: u32, target: Target, mode: SteerMode) -> World {
    let mut world = World::new(setup);
    world.steer(id, target, mode);
    world
}

fn messages(world: &World, n: u16) -> Vec<u32> {
    world.brief(n).steering.iter().map(|(id, _)| id.0).collect()
}

#[test]
fn queued_words_wait_for_a_safe_point() {
    let mut world = steered(team(2), 1, Target::All, SteerMode::Queue);
    assert!(world.live.values().all(|live| !live.interrupted));
    world.boundary(1);
    assert_eq!(messages(&world, 1), [1]);
    assert_eq!(world.receipt(1, 1), Some(SteerState::Delivered(agent(1))));
    assert_eq!(world.receipt(1, 2), None);
    world.boundary(1);
    assert_eq!(messages(&world, 1), Vec::<u32>::new());
    // A refused act is as good a moment as any; so is the next round.
    world.vote(2, "x");
    assert_eq!(messages(&world, 2), [1]);
    world.publish(1, "one");
    world.steer(2, Target::One(agent(1)), SteerMode::Queue);
    assert_eq!(messages(&world, 1), [2], "idle, so it is asked at once");
}

#[test]
fn urgent_words_interrupt_once() {
    let mut world = steered(team(2), 1, Target::One(agent(1)), SteerMode::Now);
    assert!(world.live[&agent(1)].interrupted && !world.live[&agent(2)].interrupted);
    world.steer(2, Target::One(agent(1)), SteerMode::Now);
    world.boundary(1);
    assert_eq!(messages(&world, 1), [1, 2]);
    world.steer(3, Target::One(agent(1)), SteerMode::Now);
    assert!(world.live[&agent(1)].interrupted, "and again next time");
}

#[test]
fn who_has_voted_is_heard_again_and_may_change_its_mind() {
    let mut world = two_of_three();
    world.vote(1, "agent2");
    world.steer(1, Target::One(agent(1)), SteerMode::Queue);
    assert_eq!(world.purpose(1), Some(Purpose::Work));
    assert_eq!(world.ballot(1), Voted::For(label(2, 1)), "it still stands");
    world.vote(1, "agent1");
    assert_eq!(world.ballot(1), Voted::For(label(1, 1)));
    let replaced = world.last.iter().any(|action| {
        matches!(action, Action::Emit(EventKind::Run(RunEvent::BallotsDropped(drops)))
            if drops[0].reason == BallotDropReason::Replaced)
    });
    assert!(replaced);

    // If it says nothing usable, the old ballot stands.
    world.steer(2, Target::One(agent(1)), SteerMode::Queue);
    world.miss(1, "");
    world.miss(1, "");
    assert_eq!(world.ballot(1), Voted::For(label(1, 1)));
}

#[test]
fn words_that_reach_nobody_are_reported() {
    let mut world = two_of_three();
    world.steer(1, Target::All, SteerMode::Queue);
    world.fail(3);
    assert_eq!(world.receipt(1, 3), Some(SteerState::Missed(agent(3))));
    world.steer(2, Target::All, SteerMode::Now);
    assert_eq!(world.receipt(2, 3), Some(SteerState::Missed(agent(3))));
    world.steer(3, Target::One(AgentId(9)), SteerMode::Now);
    assert_eq!(world.receipt(3, 9), Some(SteerState::Missed(agent(9))));
    // The same number again is not a new message.
    assert!(world.steer(2, Target::All, SteerMode::Now).is_empty());
}

/// A vote that fell because somebody published costs its voter one call, with nothing but the new
/// answer in it.
#[test]
fn a_superseded_ballot_costs_exactly_one_short_call() {
    let mut world = World::new(team(3));
    for (n, text) in [(1, "one"), (2, "two"), (3, "three")] {
        world.publish(n, text);
    }
    for n in [1, 2] {
        world.boundary(n);
        world.vote(n, "agent2");
    }
    let before = world.log.len();
    world.publish(3, "four");
    for n in [1, 2] {
        assert_eq!(world.purpose(n), Some(Purpose::Revote));
        assert_eq!(world.brief(n).news, [label(3, 2)], "only what is new");
        assert_eq!(world.brief(n).lost_vote, Some(label(2, 1)));
        world.vote(n, "agent2");
    }
    world.vote(3, "agent2");
    assert!(world.closed);
    let calls = |n: u16| {
        let asks = world.log[before..].iter().filter(|action| match action {
            Action::Ask(ask) => ask.agent == agent(n) && !ask.fresh,
            Action::Continue { agent: who, .. } => *who == agent(n),
            _ => false,
        });
        asks.count()
    };
    assert_eq!((calls(1), calls(2)), (1, 1));
}

/// Three on a ring of five do not see each other's news, so their votes stand.
#[test]
fn on_a_ring_a_publication_costs_its_neighbours_a_vote_and_nobody_else() {
    let mut setup = team(5);
    setup.rules.seeing.visibility = Visibility::Ring;
    let mut world = World::new(setup);
    for n in 1..=5 {
        world.publish(n, &format!("answer {n}"));
    }
    for n in 1..=5 {
        world.boundary(n);
    }
    assert_eq!(
        world.brief(3).choices,
        [label(2, 1), label(3, 1), label(4, 1)]
    );
    world.vote(3, "agent1");
    assert_eq!(
        refusal(&world, 3),
        Some(&Refusal::UnknownChoice("agent1".into()))
    );
    for (n, choice) in [(2, "agent2"), (3, "agent2"), (4, "agent3"), (5, "agent4")] {
        world.vote(n, choice);
    }
    world.publish(1, "answer 6");
    assert_eq!(world.ballot(3), Voted::For(label(2, 1)));
    assert_eq!(world.ballot(4), Voted::For(label(3, 1)));
    assert_eq!((world.ballot(2), world.ballot(5)), (Voted::No, Voted::No));
}

#[test]
fn padding_is_refused_with_a_reason_and_a_fix_is_not() {
    let mut world = World::new(team(2));
    world.publish(1, "The bridge is 269 m long.");
    world.publish(2, "It was opened in 1912.");
    world.publish(1, "Indeed, the bridge is really 269 m long!");
    assert!(
        matches!(refusal(&world, 1), Some(Refusal::Duplicate(Likeness::Echo { of, .. })) if *of == label(1, 1))
    );
    world.publish(1, "The bridge is 268 m long.");
    assert_eq!(world.current()[0], label(1, 2));
}

/// Somebody who has reported nothing for a while holds nobody back.
#[test]
fn a_silent_peer_does_not_count() {
    let mut setup = team(3);
    setup.rules.improving.lead = Some(1);
    let mut world = World::new(setup);
    world.publish(1, "one 1");
    world.publish(2, "two 1");
    world.publish(1, "one 2");
    assert_eq!(refusal(&world, 1), Some(&Refusal::Lead));
    let round = world.live[&agent(3)].round;
    let agent = agent(3);
    world.elapse(Timer::Silence { agent, round });
    world.publish(1, "one 2");
    assert_eq!(world.current()[0], label(1, 2));
}

/// What agents are told can be changed on the way: the next brief follows, so does a resumed turn.
#[test]
fn the_tally_is_told_from_the_next_brief_on_once_it_is_switched() {
    let mut setup = team(3);
    let hiding = |tally, identities| Hiding { tally, identities };
    let switch = |world: &mut World, to| {
        world.step(Input::Team(Change::Hide(to)));
        world.last.iter().any(|action| {
            matches!(
                action,
                Action::Emit(EventKind::Run(RunEvent::Team(TeamEvent::Hidden(told)))) if *told == to
            )
        })
    };
    setup.rules.seeing.hide(hiding(true, true));
    let mut world = World::new(setup.clone());
    world.publish(1, "one");
    world.publish(2, "two");
    world.vote(1, "agent2");
    world.boundary(2);
    assert_eq!(world.brief(2).votes, []);
    assert!(switch(&mut world, hiding(false, true)));
    world.boundary(2);
    let told = &world.brief(2).votes[0];
    assert_eq!((told.label, told.count), (label(2, 1), 1));
    assert!(told.voters.is_empty(), "the ballot is secret");
    assert!(switch(&mut world, hiding(false, false)));
    world.boundary(2);
    assert_eq!(world.brief(2).votes[0].voters, [agent(1)]);
    assert!(
        !switch(&mut world, hiding(false, false)),
        "nothing changes, and it says so"
    );
    let read = Coordination::resume(setup, &world.events);
    assert_eq!(read.rules().seeing.hiding(), hiding(false, false));
}
