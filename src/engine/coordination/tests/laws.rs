//! Random play. The [`World`] checks the laws after every action; here are the players.

use proptest::prelude::*;

use crate::{
    engine::coordination::{Change, Input, Report, Setup, Timer},
    protocol::{
        AgentEvent, AgentId, BudgetScope, EventKind, Finish, Finishing, Hiding, Improving, Label,
        Limits, Mode, Novelty, Policy, Rules, RunEvent, Scaling, Seeing, SteerId, SteerMode,
        Target, TeamCommand, Verify, Visibility,
    },
};

use super::{
    modes::any_mode,
    votes::{self, any_deciding},
    world::{World, card, failure},
};
use crate::engine::coordination::Action;

/// One move of the world; numbers pick among what there is.
#[derive(Clone, Debug)]
pub enum Move {
    Report(u8, Say),
    /// A second start, and inputs of a round that is over or has not begun.
    Late(u8),
    Fire(u8),
    Steer(u8, SteerMode),
    /// Any message, sent or not, heard or not.
    Withdraw(u8),
    /// A change of the team: which, about whom.
    Team(u8, u8),
    AnswerNow,
    Stop,
}

/// What an agent says.
#[derive(Clone, Debug)]
pub enum Say {
    /// A text from a small pool, so that agents agree now and then.
    Publish(u8),
    /// One of the offered choices.
    Vote(u8),
    /// Any label, current or not.
    Ballot(u8, u8),
    Words(String),
    /// A ballot that cannot be counted.
    Nonsense(u8),
    Miss(u8),
    Boundary,
    Presented(u8),
    Verdict(bool, u8),
    Unaffordable(BudgetScope),
    Failed,
}

fn text(n: u8) -> String {
    match n {
        0 => String::new(),
        1 => " \n".into(),
        // Says the same as the next, with padding.
        n if n % 8 == 2 => format!("Indeed, the answer is {}!", n / 4),
        n if n % 2 == 0 => format!("answer  {}\n", n / 4),
        n => format!("answer {}", n / 4),
    }
}

pub fn any_say() -> impl Strategy<Value = Say> {
    prop_oneof![
        5 => (0_u8..32).prop_map(Say::Publish),
        6 => any::<u8>().prop_map(Say::Vote),
        2 => (0_u8..5, 0_u8..4).prop_map(|(a, r)| Say::Ballot(a, r)),
        1 => "[ a-z0-9.]{0,12}".prop_map(Say::Words),
        1 => any::<u8>().prop_map(Say::Nonsense),
        2 => (0_u8..32).prop_map(Say::Miss),
        3 => Just(Say::Boundary),
        1 => (0_u8..6).prop_map(Say::Presented),
        2 => (any::<bool>(), 0_u8..8).prop_map(|(accept, who)| Say::Verdict(accept, who)),
        1 => prop_oneof![Just(BudgetScope::Team), Just(BudgetScope::Agent)]
            .prop_map(Say::Unaffordable),
        1 => Just(Say::Failed),
    ]
}

pub fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        30 => (any::<u8>(), any_say()).prop_map(|(who, say)| Move::Report(who, say)),
        1 => any::<u8>().prop_map(Move::Late),
        2 => any::<u8>().prop_map(Move::Fire),
        2 => (any::<u8>(), prop_oneof![Just(SteerMode::Queue), Just(SteerMode::Now)])
            .prop_map(|(who, mode)| Move::Steer(who, mode)),
        2 => (0_u8..80).prop_map(Move::Withdraw),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(what, who)| Move::Team(what, who)),
        1 => prop_oneof![4 => Just(Move::AnswerNow), 1 => Just(Move::Stop)],
    ]
}

prop_compose! {
    fn any_limits()(
        answers_per_agent in 0_u32..4,
        answers_total in 0_u32..7,
        rounds_per_agent in 0_u32..7,
        misses_per_round in 0_u32..3,
        refusals_per_round in 0_u32..4,
        calls_per_round in 0_u32..6,
    ) -> Limits {
        Limits {
            answers_per_agent,
            answers_total,
            rounds_per_agent,
            misses_per_round,
            refusals_per_round,
            calls_per_round,
            ..Limits::default()
        }
    }
}

prop_compose! {
    fn any_improving()(
        lead in proptest::option::of(0_u32..3),
        silent_seconds in prop_oneof![Just(0), Just(120)],
        novelty in prop_oneof![
            Just(Novelty::Off),
            Just(Novelty::Lenient),
            Just(Novelty::Balanced),
            Just(Novelty::Strict),
        ],
    ) -> Improving {
        Improving { lead, novelty, silent_seconds }
    }
}

prop_compose! {
    fn any_seeing()(
        visibility in prop_oneof![
            1 => Just(Visibility::All),
            3 => Just(Visibility::AfterOwn),
            2 => Just(Visibility::Ring),
            2 => (0_u16..4).prop_map(|neighbours| Visibility::Islands { neighbours }),
        ],
        midstream in prop_oneof![2 => Just(None), 1 => (0_u32..3).prop_map(Some)],
        hide_tally in any::<bool>(),
        hide_identities in any::<bool>(),
    ) -> Seeing {
        Seeing { visibility, midstream, hide_tally, hide_identities }
    }
}

prop_compose! {
    fn any_scaling()(
        add_on_split in 0_u32..3,
        stalls in any::<bool>(),
        agents in 1_u32..9,
        grows in any::<bool>(),
    ) -> Scaling {
        Scaling {
            add_on_split: if grows { add_on_split } else { 0 },
            stall_seconds: stalls.then_some(60),
            agents,
            ..Scaling::default()
        }
    }
}

prop_compose! {
    pub fn any_setup()(
        agents in 1_u16..8,
        // Tight limits find corners, the usual ones give room for long games.
        limits in prop_oneof![any_limits(), Just(Limits::default())],
        finish in prop_oneof![Just(Finish::Reuse), Just(Finish::Present), Just(Finish::Synthesize)],
        presenter in proptest::option::of(1_u16..6),
        verify in proptest::option::of((proptest::option::of(1_u16..6), 0_u32..3)),
        refine in 0_u32..2,
        improving in any_improving(),
        seeing in any_seeing(),
        deciding in any_deciding(),
        mode in prop_oneof![3 => Just(Mode::Team), 2 => any_mode()],
        scaling in any_scaling(),
        asked in proptest::option::weighted(0.1, 1_u16..8),
    ) -> Setup {
        let setup = Setup {
            agents: (1..=agents).map(AgentId).collect(),
            limits,
            rules: Rules {
                finishing: Finishing {
                    finish,
                    presenter: presenter.map(AgentId),
                    verify: verify.map(|(by, restarts)| Verify { by: by.map(AgentId), restarts }),
                    refine,
                },
                improving,
                seeing,
                deciding: votes::fit(deciding, &mode),
                mode,
                scaling,
                ..Rules::default()
            },
        };
        match asked.map(AgentId) {
            Some(one) => Setup {
                limits: setup.limits.for_one(),
                rules: setup.rules.for_one(one),
                ..setup
            },
            None => setup,
        }
    }
}

pub fn say(world: &World, agent: AgentId, say: &Say) -> Report {
    let reason = String::new();
    match say {
        Say::Publish(n) => Report::Publish {
            text: text(*n),
            changes: Vec::new(),
        },
        Say::Vote(n) => {
            let criteria = world.setup.rules.deciding.criteria();
            Report::Vote {
                choice: votes::ballot(&world.live[&agent].brief, &criteria, *n),
                reason,
            }
        }
        Say::Nonsense(n) => Report::Vote {
            choice: votes::nonsense(&world.live[&agent].brief, *n),
            reason,
        },
        Say::Ballot(agent, revision) => Report::Vote {
            choice: format!("agent{agent}.{revision}").into(),
            reason,
        },
        Say::Words(choice) => Report::Vote {
            choice: choice.clone().into(),
            reason,
        },
        Say::Miss(n) => Report::Miss { text: text(*n) },
        Say::Boundary => Report::Boundary,
        Say::Presented(n) => Report::Presented { text: text(*n) },
        Say::Verdict(accept, who) => Report::Verdict {
            accept: *accept,
            instructions: "do it again".into(),
            agents: match who {
                0..4 => vec![],
                who => vec![format!("agent{}", who - 3)],
            },
        },
        Say::Unaffordable(scope) => Report::Unaffordable(*scope),
        Say::Failed => Report::Failed(failure()),
    }
}

/// Everybody who could go on is paused: the others stop waiting.
fn patience(world: &mut World) {
    let pause = world
        .armed
        .iter()
        .find(|timer| matches!(timer, Timer::Pause(_)));
    let pause = *pause.expect("somebody works or is waited for");
    world.elapse(pause);
}

/// A change that is drawn: about anybody, legal or not.
fn change(world: &World, what: u8, who: u8) -> Change {
    let members = world.members();
    let id = match usize::from(who) % (members.len() + 1) {
        0 if who > 200 => AgentId(99),
        n => members[n % members.len()],
    };
    match what % 10 {
        0 | 1 => Change::Add {
            // Now and then a number that is taken.
            card: card(if who == 7 { id } else { world.next_agent() }),
            like: id,
            why: String::new(),
        },
        2 => Change::Retire(id),
        3 | 4 => Change::Pause(id),
        5 => Change::Resume(id),
        6 => Change::Retry(id),
        7 => Change::Replace(card(id)),
        8 => Change::Hide(Hiding {
            tally: who.is_multiple_of(2),
            identities: who.is_multiple_of(3),
        }),
        _ => Change::Unavailable {
            change: TeamCommand::Pause(id),
            reason: "no reason".into(),
        },
    }
}

pub fn perform(world: &mut World, step: &Move, message: u32) {
    match step {
        Move::Report(who, what) => {
            let running: Vec<_> = world.live.keys().copied().collect();
            if running.is_empty() {
                return patience(world);
            }
            let agent = running[*who as usize % running.len()];
            let report = say(world, agent, what);
            world.report(agent.0, report);
        }
        Move::Team(what, who) => {
            let change = change(world, *what, *who);
            world.step(Input::Team(change));
        }
        Move::Late(who) => {
            let before = world.log.len();
            let agent = world.setup.agents[*who as usize % world.setup.agents.len()];
            let round = world.live.get(&agent).map_or(1, |live| live.round + 1);
            let report = Report::Boundary;
            world.step(Input::Start);
            world.step(Input::Agent {
                agent,
                round,
                report,
            });
            world.elapse(Timer::Round { agent, round });
            assert_eq!(
                world.log.len(),
                before,
                "inputs out of place change nothing"
            );
        }
        Move::Fire(n) => {
            let armed: Vec<_> = world.armed.iter().copied().collect();
            if !armed.is_empty() {
                world.elapse(armed[*n as usize % armed.len()]);
            }
        }
        Move::Steer(who, mode) => {
            let target = match u16::from(*who % 12) {
                0 => Target::All,
                n if n < 6 => Target::One(AgentId(n)),
                // Out of order, twice, and one that may not be in the team.
                n => Target::Several(vec![AgentId(n - 5), AgentId(1), AgentId(1)]),
            };
            world.steer(message, target, *mode);
        }
        Move::Withdraw(n) => {
            let sent = world.books_sent();
            let id = match sent.len() {
                0 => SteerId(u32::from(*n)),
                len if n % 4 > 0 => sent[len - 1 - usize::from(*n / 4) % len.min(3)],
                _ => SteerId(u32::from(*n)),
            };
            let before = world.outstanding(id);
            world.step(Input::Withdraw(id));
            assert_eq!(world.outstanding(id), 0, "{id:?}");
            let told = world.last.iter().any(|action| {
                matches!(
                    action,
                    Action::Emit(EventKind::Run(RunEvent::Notice { .. }))
                )
            });
            assert_eq!(told, before == 0, "withdrawn or told");
        }
        Move::AnswerNow => {
            world.step(Input::AnswerNow);
        }
        Move::Stop => {
            world.step(Input::Stop);
        }
    }
}

/// Plays the moves, then lets all agents behave in one way until the end, without help from timers.
pub fn play(setup: Setup, moves: &[Move], habit: &Say) -> World {
    let mut world = World::new(setup);
    for (step, message) in moves.iter().zip(1..) {
        if world.closed {
            break;
        }
        perform(&mut world, step, message);
    }
    finish(&mut world, habit);
    world
}

/// Lets all agents behave in one way until the end, without help from timers.
pub fn finish(world: &mut World, habit: &Say) {
    for turn in 0.. {
        if world.closed {
            break;
        }
        let bound = world.bound() + world.members().len();
        assert!(turn < bound, "not over after {bound} reports");
        let running: Vec<_> = world.live.keys().copied().collect();
        if running.is_empty() {
            patience(world);
            continue;
        }
        let agent = running[turn % running.len()];
        let report = say(world, agent, habit);
        world.report(agent.0, report);
    }
}

fn decision(log: &[Action]) -> Option<&crate::protocol::Decision> {
    log.iter().find_map(|action| match action {
        Action::Emit(EventKind::Run(RunEvent::Decided(decision))) => Some(decision),
        _ => None,
    })
}

pub fn published(log: &[Action]) -> Vec<Label> {
    log.iter()
        .filter_map(|action| match action {
            Action::Emit(EventKind::Agent {
                event: AgentEvent::Published(answer),
                ..
            }) => Some(answer.label),
            _ => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Whatever happens, the laws hold and the turn ends within the bound.
    #[test]
    fn any_play_keeps_the_laws(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..80),
        habit in any_say(),
    ) {
        let world = play(setup, &moves, &habit);
        prop_assert!(world.closed);
    }

    /// Same inputs, same actions.
    #[test]
    fn play_is_deterministic(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..40),
        habit in any_say(),
    ) {
        let first = play(setup.clone(), &moves, &habit);
        let second = play(setup, &moves, &habit);
        prop_assert_eq!(first.log, second.log);
    }

    /// The order of the team decides nothing but the order of actions and who presents.
    #[test]
    fn the_winner_does_not_depend_on_the_order_of_the_team(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..60),
        habit in any_say(),
    ) {
        let first = play(setup.clone(), &moves, &habit);
        let mut turned = setup;
        turned.agents.reverse();
        let mut second = World::new(turned);
        for input in first.inputs.iter().skip(1) {
            if !second.closed {
                second.step(input.clone());
            }
        }
        // The order of the team says who is next to whom, and which of several agents without an
        // answer judges. Texts that the engine publishes for several agents at one deadline come in
        // team order.
        let rules = &second.setup.rules;
        let whole = rules.seeing.visibility.is_whole() && rules.deciding.policy != Policy::Judge;
        if whole && published(&first.log) == published(&second.log) {
            prop_assert_eq!(decision(&first.log), decision(&second.log));
        }
    }

    /// Stop always ends the turn at once, with an answer if there is one.
    #[test]
    fn stop_ends_at_once(
        setup in any_setup(),
        moves in proptest::collection::vec(any_move(), 0..40),
    ) {
        let mut world = World::new(setup);
        for (step, message) in moves.iter().zip(1..) {
            if world.closed {
                break;
            }
            perform(&mut world, step, message);
        }
        if !world.closed {
            world.step(Input::Stop);
        }
        prop_assert!(world.closed);
        // Nothing afterwards.
        for input in [Input::Start, Input::Stop, Input::AnswerNow, Input::Elapsed(Timer::Turn)] {
            prop_assert!(world.step(input).is_empty());
        }
        let late = Input::Steer {
            id: SteerId(9_999),
            target: Target::All,
            text: "late".into(),
            mode: SteerMode::Now,
        };
        prop_assert!(world.machine.step(late).is_empty());
    }

    /// Timers alone end any turn in which nobody ever says anything.
    #[test]
    fn silence_is_ended_by_timers(setup in any_setup(), order in any::<[u8; 8]>()) {
        let mut world = World::new(setup);
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
}
