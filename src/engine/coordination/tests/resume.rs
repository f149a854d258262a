//! A turn that broke off goes on: any log, cut anywhere, any number of times.

use proptest::prelude::*;

use super::{
    laws::{Move, any_move, any_say, any_setup, finish, perform, play},
    world::{Voted, World},
};
use crate::{
    engine::coordination::{Coordination, Input, Setup, Timer},
    protocol::{Event, EventKind, Outcome, OutcomeEnd, RunEvent},
};

/// The first events of a log, the beginning of the turn at least.
fn cut(events: &[Event], at: prop::sample::Index) -> &[Event] {
    &events[..=at.index(events.len())]
}

/// Plays on after a break, with messages that have numbers of their own.
fn go_on(world: &mut World, moves: &[Move], first: u32) {
    world.cut_rounds();
    world.step(Input::Start);
    for (step, message) in moves.iter().zip(first..) {
        if world.closed {
            break;
        }
        perform(world, step, message);
    }
}

fn ended(world: &World) -> &Outcome {
    world.outcome.as_ref().expect("an outcome")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Whatever had happened when the process ended, and wherever the log stops: the laws hold to
    /// the end, nothing published is lost or told twice, also when it breaks off again.
    #[test]
    fn any_broken_turn_goes_on_lawfully(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..50),
        first in any::<prop::sample::Index>(),
        more in proptest::collection::vec(any_move(), 0..25),
        second in any::<prop::sample::Index>(),
        habit in any_say(),
    ) {
        let lived = play(setup.clone(), &moves, &habit);
        let mut world = World::revive(setup.clone(), cut(&lived.events, first));
        let before = world.texts.clone();
        if !world.closed {
            go_on(&mut world, &more, 1000);
            finish(&mut world, &habit);
        }
        prop_assert!(world.closed);
        prop_assert_eq!(&world.texts[..before.len()], &before[..]);
        let mut again = World::revive(setup, cut(&world.events, second));
        if !again.closed {
            go_on(&mut again, &[], 2000);
            finish(&mut again, &habit);
        }
        prop_assert!(again.closed);
    }

    /// Stopped instead of resumed, a turn ends at once with the best there is, without a question.
    #[test]
    fn a_broken_turn_can_be_ended_as_it_is(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..50),
        at in any::<prop::sample::Index>(),
        habit in any_say(),
    ) {
        let lived = play(setup.clone(), &moves, &habit);
        let mut world = World::revive(setup, cut(&lived.events, at));
        if !world.closed {
            world.cut_rounds();
            world.step(Input::Stop);
        }
        prop_assert!(world.closed && world.live.is_empty());
    }

    /// Timers alone end a turn that went on.
    #[test]
    fn silence_after_a_break_is_ended_by_timers(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..30),
        at in any::<prop::sample::Index>(),
        habit in any_say(),
        order in any::<[u8; 8]>(),
    ) {
        let lived = play(setup.clone(), &moves, &habit);
        let mut world = World::revive(setup, cut(&lived.events, at));
        if !world.closed {
            go_on(&mut world, &[], 1000);
        }
        let mut fired = 0;
        while !world.closed {
            let armed: Vec<_> = world.armed.iter().copied().collect();
            prop_assert!(!armed.is_empty(), "nothing would ever happen again");
            let pick = order[fired % order.len()] as usize;
            world.elapse(armed[pick % armed.len()]);
            fired += 1;
            prop_assert!(fired < 200);
        }
    }

    /// Once the decision is told, a break changes nothing about why the turn ended: the exit code is
    /// the same.
    #[test]
    fn a_turn_that_was_decided_ends_in_the_same_way(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..60),
        habit in any_say(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut setup = setup;
        setup.rules.finishing.verify = None;
        let lived = play(setup.clone(), &moves, &habit);
        let decided = |event: &Event| match &event.kind {
            EventKind::Run(RunEvent::Decided(decision)) => decision.end,
            _ => None,
        };
        let events = &lived.events;
        let Some(first) = events.iter().position(|event| decided(event).is_some()) else {
            return Ok(());
        };
        let log = &events[..=first + at.index(events.len() - first)];
        let mut world = World::revive(setup, log);
        if world.closed {
            return Ok(());
        }
        go_on(&mut world, &[], 1000);
        while !world.closed {
            let timer = *world.armed.first().expect("a presenter is waited for");
            world.elapse(timer);
        }
        let Outcome::Answered { end, .. } = ended(&world) else {
            panic!("decided means answered");
        };
        prop_assert_eq!(Some(*end), decided(&events[first]));
    }

    /// A log gives the state it was written from, after every single input.
    #[test]
    fn a_log_gives_the_state_it_was_written_from(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..60),
    ) {
        let mut world = World::new(setup.clone());
        for (step, message) in moves.iter().zip(1..) {
            same(&setup, &world)?;
            if world.closed {
                break;
            }
            perform(&mut world, step, message);
        }
    }
}

/// The machine and the one that is read back from its events know the same of everybody.
fn same(setup: &Setup, world: &World) -> Result<(), TestCaseError> {
    let live = &world.machine;
    let read = Coordination::resume(setup.clone(), &world.events);
    prop_assert_eq!(read.answers(), live.answers());
    prop_assert_eq!(read.phase(), live.phase());
    prop_assert_eq!(read.rules(), live.rules());
    prop_assert_eq!(read.last_steer, live.last_steer);
    prop_assert_eq!(read.is_closed(), live.is_closed());
    if live.layer().is_some() {
        prop_assert_eq!(&read.barriers, &live.barriers);
    }
    for (read, live) in read.members.iter().zip(&live.members) {
        prop_assert_eq!(&read.benched, &live.benched);
        prop_assert_eq!(read.rounds, live.rounds);
        prop_assert_eq!(read.revisions, live.revisions);
        prop_assert_eq!(&read.ballot, &live.ballot);
        prop_assert_eq!(&read.mail.inbox, &live.mail.inbox);
        prop_assert_eq!(&read.mail.heard, &live.mail.heard);
        prop_assert_eq!(read.epoch, live.epoch, "{:?}", live);
    }
    Ok(())
}

fn small(agents: u16) -> Setup {
    super::world::team(agents)
}

fn end(world: &World) -> OutcomeEnd {
    match ended(world) {
        Outcome::Answered { end, .. } => *end,
        Outcome::NoAnswer { .. } => panic!("there is an answer"),
    }
}

/// The events up to the one before the decision.
fn undecided(events: &[Event]) -> &[Event] {
    let decided = |event: &Event| matches!(event.kind, EventKind::Run(RunEvent::Decided(_)));
    let at = events.iter().position(decided).expect("decided");
    &events[..at]
}

#[test]
fn an_early_stop_ends_the_same_way_after_a_break() {
    let mut setup = small(5);
    setup.rules.deciding.early_stop = true;
    setup.limits.answers_per_agent = 1;
    let mut lived = World::new(setup.clone());
    for n in 1..=5 {
        lived.publish(n, &format!("answer {n}"));
    }
    for n in 1..=3 {
        while !lived.closed && lived.ballot(n) == Voted::No {
            lived.vote(n, "agent1");
        }
    }
    assert!(lived.closed, "two votes are not waited for");
    for log in [
        undecided(&lived.events),
        &lived.events[..=undecided(&lived.events).len()],
    ] {
        let mut world = World::revive(setup.clone(), log);
        go_on(&mut world, &[], 1);
        assert!(world.closed);
        assert_eq!(end(&world), end(&lived));
        assert_eq!(end(&world), OutcomeEnd::Consensus);
    }
}

#[test]
fn a_budget_that_ended_work_is_a_limit_after_a_break_too() {
    use crate::engine::coordination::Report;
    use crate::protocol::BudgetScope;
    // With one answer it is decided at once, with two there is a vote first.
    for answers in 1..=2 {
        let mut lived = World::new(small(3));
        for n in 1..=answers {
            lived.publish(n, &format!("answer {n}"));
        }
        lived.report(3, Report::Unaffordable(BudgetScope::Team));
        let log = match answers {
            1 => undecided(&lived.events),
            _ => &lived.events[..],
        };
        let mut world = World::revive(small(3), log);
        go_on(&mut world, &[], 1);
        if answers == 2 {
            world.elapse(Timer::Phase);
        }
        assert_eq!(end(&world), OutcomeEnd::Limit, "{answers} answers");
    }
}

#[test]
fn a_running_round_is_closed_and_asked_again_with_everything_there_is_to_see() {
    let mut lived = World::new(small(2));
    lived.publish(1, "one");
    lived.publish(2, "two");
    // Both look at both answers when the process ends.
    let mut world = World::revive(small(2), &lived.events);
    go_on(&mut world, &[], 1);
    for n in [1, 2] {
        assert_eq!(world.live[&super::world::agent(n)].round, 3);
        assert_eq!(
            world.brief(n).news.len() + world.brief(n).again.len(),
            2,
            "shown again"
        );
        assert_eq!(world.brief(n).choices.len(), 2);
    }
    world.vote(1, "agent2");
    world.vote(2, "agent2");
    assert!(matches!(
        ended(&world),
        Outcome::Answered { end: OutcomeEnd::Consensus, winner, .. } if winner.agent.0 == 2
    ));
}

#[test]
fn a_standing_ballot_is_not_asked_for_again() {
    let mut lived = World::new(small(2));
    lived.publish(1, "one");
    lived.publish(2, "two");
    lived.vote(1, "agent2");
    let mut world = World::revive(small(2), &lived.events);
    go_on(&mut world, &[], 1);
    assert_eq!(world.purpose(1), None);
    world.vote(2, "agent2");
    assert!(world.closed);
}

#[test]
fn words_that_were_heard_are_heard_again_in_the_new_conversation() {
    use crate::protocol::{SteerMode, Target};
    let mut lived = World::new(small(1));
    lived.steer(1, Target::All, SteerMode::Now);
    lived.boundary(1);
    lived.steer(2, Target::All, SteerMode::Queue);
    let mut world = World::revive(small(1), &lived.events);
    go_on(&mut world, &[], 3);
    let words: Vec<_> = world.brief(1).steering.iter().map(|(id, _)| id.0).collect();
    assert_eq!(words, [1, 2], "one repeated, one new");
}

#[test]
fn the_time_of_the_turn_that_was_used_counts_and_the_pause_does_not() {
    let lived = World::new(small(2));
    let mut events = lived.events.clone();
    let last = events.len() - 1;
    events[last].at.0 = events[0].at.0 + 1_700_000;
    let mut machine = Coordination::resume(small(2), &events);
    let actions = machine.step(Input::Start);
    let armed = actions.iter().find_map(|action| match action {
        crate::engine::coordination::Action::Arm {
            timer: Timer::Turn,
            after_ms,
        } => Some(*after_ms),
        _ => None,
    });
    assert_eq!(armed, Some(100_000));
}

#[test]
fn a_presentation_that_was_complete_is_used_and_one_that_was_not_is_asked_for_again() {
    use crate::protocol::{AgentEvent, Channel, Finish, Seq, Timestamp};
    let mut setup = small(2);
    setup.rules.finishing.finish = Finish::Present;
    let mut lived = World::new(setup.clone());
    lived.publish(1, "one");
    lived.publish(2, "two");
    lived.vote(1, "agent2");
    lived.vote(2, "agent2");
    let mut world = World::revive(setup.clone(), &lived.events);
    go_on(&mut world, &[], 1);
    assert_eq!(world.purpose(2), Some(crate::protocol::Purpose::Present));

    let presenting = lived.events.len();
    lived.report(
        2,
        crate::engine::coordination::Report::Presented {
            text: "final".into(),
        },
    );
    let ended = |event: &Event| {
        matches!(
            event.kind,
            EventKind::Agent {
                event: AgentEvent::RoundEnded { .. },
                ..
            }
        )
    };
    let at = lived.events[presenting..]
        .iter()
        .position(ended)
        .expect("it ends")
        + presenting;
    let mut events = lived.events[..=at].to_vec();
    // What the seat told while it presented.
    events.insert(
        at,
        Event {
            seq: Seq(0),
            at: Timestamp(at as u64),
            kind: EventKind::Agent {
                id: super::world::agent(2),
                event: AgentEvent::Delta {
                    channel: Channel::Final,
                    text: "final".into(),
                },
            },
        },
    );
    let mut machine = Coordination::resume(setup, &events);
    let actions = machine.step(Input::Start);
    assert!(machine.is_closed());
    assert!(actions.iter().any(|action| matches!(
        action,
        crate::engine::coordination::Action::Emit(EventKind::Run(RunEvent::Ended(
            Outcome::Answered { text, presenter: Some(id), .. }
        ))) if text == "final" && id.0 == 2
    )));
}
