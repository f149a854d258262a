//! The simulator: whole turns in virtual time, played by agents of many natures, under timers that
//! keep time or do not, with a person who speaks at random.
//!
//! The referee is the [`World`], as everywhere; setups and odd moves are drawn from the strategies of
//! [`super::laws`], so a rule that is drawn there is drawn here. Beyond the laws every schedule must
//! end within the computed bounds of reports and of virtual time; and some are played again: the same
//! inputs give the same actions, the recorded events read back from JSON give the same fold, a
//! team with other numbers gives the same result under those numbers, and the log cut anywhere gives
//! a turn that goes on and ends without losing an answer.
//!
//! A schedule is its seed. `SIM_SCHEDULES=100000` sets how many are played (CI does), `SIM_FIRST=N`
//! from which seed on, `SIM_SEED=N` plays one and tells what happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
};

use proptest::{
    strategy::{BoxedStrategy, Strategy as _, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    laws::{Move, Say, any_move, any_say, any_setup, perform, published, say},
    renamed::Renaming,
    world::{World, failure},
};
use crate::{
    engine::coordination::{Action, Choice, Coordination, Input, Report, Setup, Timer},
    protocol::{
        AgentId, AgentLimits, BudgetScope, Event, Form, Gate, Label, Outcome, OutcomeEnd, Phase,
        Policy, Purpose,
    },
    run::RunState,
};

/// Schedules when nobody says how many: a second or two.
const SCHEDULES: u64 = 5_000;
/// The first of the seeds that are played.
const FIRST_SEED: u64 = 0x6d61_7373;
/// One schedule in so many is played again in other ways.
const AGAIN: u64 = 8;
/// A step of virtual time for things that happen at once.
const SOON: u64 = 1;

/// How an agent behaves, all through a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// Publishes, looks, votes.
    Diligent,
    /// Improves whenever it may.
    Eager,
    /// Never says a word: only timers move it.
    Silent,
    /// Works for a while, then its model fails for good.
    Dying,
    /// Votes for what is not there, was replaced, is its own, or is no label; acts out of turn.
    Lying,
    /// Empty, enormous and equal answers.
    Flooding,
    /// Talks and calls nothing.
    Talking,
    /// Calls tools, and now and then remembers the task.
    Busy,
    /// Every call takes as long as a whole team below it would.
    Nested,
}

const NATURES: [Nature; 9] = [
    Nature::Diligent,
    Nature::Eager,
    Nature::Silent,
    Nature::Dying,
    Nature::Lying,
    Nature::Flooding,
    Nature::Talking,
    Nature::Busy,
    Nature::Nested,
];

/// What is due at a moment.
#[derive(Clone, Debug)]
enum Due {
    /// An agent's report, if its round still is where it was.
    Report(AgentId, Stamp),
    /// A timer, if it still runs by this arming.
    Timer(Timer, u64),
    /// A move of the person, or of chance.
    Move(Box<Move>),
}

/// Where a round is: round, calls, interrupted.
type Stamp = (u32, u32, bool);

/// Calls that are paid for, as a ledger would: most of them for work, some kept for forced votes, the
/// rest for the end.
#[derive(Clone, Copy, Debug)]
struct Purse {
    calls: u32,
    used: u32,
}

impl Purse {
    /// Takes out one call, unless what may be used for this purpose is used up.
    fn pay(&mut self, purpose: Purpose, phase: Option<Phase>) -> bool {
        let forced = phase.is_some_and(|phase| phase > Phase::Work);
        let kept = match purpose {
            Purpose::Present | Purpose::Verify => 0,
            Purpose::VoteOnly | Purpose::Judge => 15,
            Purpose::Work | Purpose::Revote | Purpose::Weigh if forced => 15,
            Purpose::Work | Purpose::Revote | Purpose::Weigh => 25,
        };
        let affordable = self.used < self.calls - self.calls * kept / 100;
        self.used += u32::from(affordable);
        affordable
    }
}

/// The strategies that values are drawn from; built once per thread.
struct Urn {
    setups: BoxedStrategy<Setup>,
    moves: BoxedStrategy<Move>,
    says: BoxedStrategy<Say>,
}

impl Urn {
    fn new() -> Self {
        Self {
            setups: any_setup().boxed(),
            moves: any_move().boxed(),
            says: any_say().boxed(),
        }
    }
}

/// One schedule being played.
struct Play<'a> {
    urn: &'a Urn,
    chance: fastrand::Rng,
    runner: TestRunner,
    world: World,
    natures: BTreeMap<AgentId, Nature>,
    /// Budgets of the team and of single agents.
    purse: Option<Purse>,
    purses: BTreeMap<AgentId, Purse>,
    /// How long a reply takes at most, in milliseconds.
    slowness: u64,
    /// Whether timers may fire at any moment.
    wild: bool,
    now: u64,
    queue: BTreeMap<(u64, u64), Due>,
    queued: u64,
    stamps: BTreeMap<AgentId, Stamp>,
    /// The arming that counts, per timer.
    arming: BTreeMap<Timer, u64>,
    /// Actions of the log that were looked at.
    looked: usize,
    texts: u32,
}

fn draw<T>(strategy: &BoxedStrategy<T>, runner: &mut TestRunner) -> T
where
    T: std::fmt::Debug,
{
    let tree = strategy.new_tree(runner).expect("nothing is filtered");
    tree.current()
}

impl<'a> Play<'a> {
    fn new(urn: &'a Urn, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let bytes: [u8; 32] = std::array::from_fn(|_| chance.u8(..));
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let mut setup = draw(&urn.setups, &mut runner);
        grow(&mut setup, &mut chance);
        decide(&mut setup, &mut chance);
        bound(&mut setup, &mut chance);
        let natures = setup
            .agents
            .iter()
            .map(|agent| {
                let nature = if chance.u8(..3) == 0 {
                    NATURES[chance.usize(..NATURES.len())]
                } else {
                    Nature::Diligent
                };
                (*agent, nature)
            })
            .collect();
        let purse = |chance: &mut fastrand::Rng, most: u32| Purse {
            calls: chance.u32(..most),
            used: 0,
        };
        let team = setup.agents.len() as u32 * 8;
        let mut purses = BTreeMap::new();
        for agent in &setup.agents {
            if chance.u8(..12) == 0 {
                purses.insert(*agent, purse(&mut chance, 10));
            }
        }
        let mut play = Self {
            urn,
            runner,
            natures,
            purse: (chance.u8(..5) == 0).then(|| purse(&mut chance, team)),
            purses,
            slowness: [20, 5_000, 400_000][chance.usize(..3)],
            wild: chance.u8(..4) == 0,
            now: 0,
            queue: BTreeMap::new(),
            queued: 0,
            stamps: BTreeMap::new(),
            arming: BTreeMap::new(),
            looked: 0,
            texts: 0,
            world: World::new(setup),
            chance,
        };
        // Now and then a person, or a program in its place, that does not stop.
        let moves = match play.chance.u8(..50) {
            0 => 60,
            few => few % 5,
        };
        for _ in 0..moves {
            let at = play.chance.u64(..play.slowness * 4);
            let odd = draw(&play.urn.moves, &mut play.runner);
            play.put(at, Due::Move(Box::new(odd)));
        }
        play.look();
        play
    }

    fn put(&mut self, at: u64, due: Due) {
        self.queued += 1;
        // Things of one moment come in any order.
        let place = u64::from(self.chance.u32(..)) << 32 | self.queued;
        self.queue.insert((at, place), due);
    }

    /// Puts into the queue what the last step led to.
    fn look(&mut self) {
        while let Some(action) = self.world.log.get(self.looked) {
            self.looked += 1;
            if let Action::Arm { timer, after_ms } = action {
                let (timer, after_ms) = (*timer, *after_ms);
                let after = if self.wild {
                    self.chance.u64(..=after_ms.saturating_mul(2))
                } else {
                    after_ms
                };
                self.arming.insert(timer, self.queued + 1);
                self.put(self.now + after, Due::Timer(timer, self.queued + 1));
            }
        }
        let live: Vec<(AgentId, Stamp)> = self
            .world
            .live
            .iter()
            .map(|(id, live)| (*id, (live.round, live.calls, live.interrupted)))
            .collect();
        for (id, stamp) in live {
            if self.stamps.insert(id, stamp) == Some(stamp) {
                continue;
            }
            if stamp.2 {
                // The call is aborted; the boundary comes at once, whatever its nature.
                self.put(self.now + SOON, Due::Report(id, stamp));
            } else if self.natures.get(&id) != Some(&Nature::Silent) {
                let nested = self.natures.get(&id) == Some(&Nature::Nested);
                let factor = if nested { 50 } else { 1 };
                let latency = self.chance.u64(..=self.slowness * factor);
                self.put(self.now + latency, Due::Report(id, stamp));
            }
        }
    }

    /// Plays to the end.
    fn run(&mut self) {
        let mut messages = 0;
        while !self.world.closed {
            let Some(((at, _), due)) = self.queue.pop_first() else {
                panic!("nothing would ever happen again: {:?}", self.world.armed);
            };
            self.now = at;
            match due {
                Due::Report(agent, stamp) => {
                    let live = self.world.live.get(&agent);
                    if live.map(|live| (live.round, live.calls, live.interrupted)) == Some(stamp) {
                        let report = self.compose(agent, stamp.2);
                        self.world.report(agent.0, report);
                    }
                }
                Due::Timer(timer, arming) => {
                    if self.world.armed.contains(&timer) && self.arming[&timer] == arming {
                        self.world.elapse(timer);
                    }
                }
                Due::Move(odd) => {
                    messages += 1;
                    perform(&mut self.world, &odd, messages);
                }
            }
            self.look();
        }
        self.check_bounds();
    }

    /// What an agent says now.
    fn compose(&mut self, agent: AgentId, interrupted: bool) -> Report {
        if interrupted {
            return Report::Boundary;
        }
        if let Some(scope) = self.unaffordable(agent) {
            return Report::Unaffordable(scope);
        }
        let dice = self.chance.u8(..100);
        if dice < 6 {
            let odd = draw(&self.urn.says, &mut self.runner);
            return say(&self.world, agent, &odd);
        }
        let live = &self.world.live[&agent];
        if live.purpose == Purpose::Present && dice < 90 {
            let text = if dice < 12 {
                String::new()
            } else {
                "The final words.".into()
            };
            return Report::Presented { text };
        }
        match self
            .natures
            .get(&agent)
            .copied()
            .unwrap_or(Nature::Diligent)
        {
            Nature::Diligent | Nature::Nested => self.diligent(agent, 80),
            Nature::Eager => self.diligent(agent, 25),
            Nature::Silent => Report::Boundary,
            Nature::Dying if dice < 50 => Report::Failed(failure()),
            Nature::Dying => self.diligent(agent, 70),
            Nature::Lying => self.lie(agent),
            Nature::Flooding => self.flood(),
            Nature::Talking => Report::Miss {
                text: ["", "Let me think about it.", " \n"][self.chance.usize(..3)].into(),
            },
            Nature::Busy if dice < 85 => Report::Boundary,
            Nature::Busy => self.diligent(agent, 60),
        }
    }

    /// Whose purse does not pay for another call.
    fn unaffordable(&mut self, agent: AgentId) -> Option<BudgetScope> {
        let (purpose, phase) = (self.world.live[&agent].purpose, self.world.phase);
        let pays = |purse: &mut Purse| purse.pay(purpose, phase);
        if !self.purse.as_mut().is_none_or(pays) {
            return Some(BudgetScope::Team);
        }
        let own = self.purses.get_mut(&agent);
        (!own.is_none_or(pays)).then_some(BudgetScope::Agent)
    }

    /// Votes with this chance in a hundred when it may, otherwise publishes when it may.
    fn diligent(&mut self, agent: AgentId, votes: u8) -> Report {
        let brief = &self.world.live[&agent].brief;
        let (choices, may_publish) = (brief.choices.clone(), brief.may_publish);
        let vote = !choices.is_empty() && (!may_publish || self.chance.u8(..100) < votes);
        if vote {
            let choice = self.ballot(&choices);
            let reason = "It is the best.".into();
            return Report::Vote { choice, reason };
        }
        self.texts += 1;
        let text = match self.chance.u8(..4) {
            // Agents agree now and then.
            0 => format!("The answer is {}.", self.chance.u8(..4)),
            _ => format!("Solution number {}, in full.", self.texts),
        };
        Report::Publish {
            text,
            changes: Vec::new(),
        }
    }

    /// A ballot in the form that the vote asks for, now and then in another.
    fn ballot(&mut self, choices: &[Label]) -> Choice {
        let deciding = &self.world.setup.rules.deciding;
        let (form, criteria) = (deciding.policy.form(), deciding.criteria());
        let mut names: Vec<String> = choices.iter().map(ToString::to_string).collect();
        self.chance.shuffle(&mut names);
        if self.chance.u8(..20) == 0 {
            return Choice::One(names.swap_remove(0));
        }
        match form {
            Form::One => Choice::One(names.swap_remove(0)),
            Form::Several => {
                names.truncate(self.chance.usize(1..=names.len()));
                Choice::Several(names)
            }
            Form::Ranking => Choice::Ranking(names),
            Form::Scores => Choice::Scores(
                names
                    .into_iter()
                    .map(|name| {
                        let scores = criteria
                            .iter()
                            .map(|criterion| (criterion.name.clone(), self.chance.i64(0..=10)));
                        (name, scores.collect())
                    })
                    .collect(),
            ),
        }
    }

    fn lie(&mut self, agent: AgentId) -> Report {
        let reason = "Trust me.".to_owned();
        let choice = match self.chance.u8(..8) {
            0 => "agent99.1".to_owned(),
            1 => format!("agent{}.1", agent.0),
            2 => format!("agent{}", agent.0),
            3 => format!("agent{}.{}", self.chance.u8(1..6), self.chance.u8(..9)),
            4 => "the best one; ignore all other votes".to_owned(),
            5 => "agent4294967296.-1".to_owned(),
            6 => return self.flood(),
            _ => {
                return Report::Presented {
                    text: "I have won.".into(),
                };
            }
        };
        Report::Vote {
            choice: choice.into(),
            reason,
        }
    }

    fn flood(&mut self) -> Report {
        let text = match self.chance.u8(..200) {
            0..25 => String::new(),
            25..50 => " \n\t".to_owned(),
            // Enormous, and so rare that it does not take all the time there is.
            50 => "flood ".repeat(20_000),
            51..100 => "flood ".repeat(self.chance.usize(1..40)),
            _ => "the  same".to_owned(),
        };
        Report::Publish {
            text,
            changes: Vec::new(),
        }
    }

    /// The turn ended within the bounds of `docs/coordination.md`.
    fn check_bounds(&self) {
        let setup = &self.world.setup;
        let limits = &setup.limits;
        let verify = setup.rules.finishing.verify;
        let attempts = verify.map_or(1, |rule| rule.restarts + 1);
        let bound = self.world.bound();
        let reports = self.world.reports;
        assert!(reports <= bound, "{reports} reports, {bound} allowed");
        if !self.wild {
            let servants = if verify.is_some() { 4 } else { 2 };
            let seconds =
                limits.turn_seconds + 2 * limits.vote_seconds + servants * limits.present_seconds;
            let bound = (seconds * u64::from(attempts) * 1000).max(SOON);
            assert!(self.now <= bound, "{} ms, {bound} allowed", self.now);
        }
    }
}

/// Sometimes a larger team than the strategy draws.
fn grow(setup: &mut Setup, chance: &mut fastrand::Rng) {
    let agents = match chance.u8(..40) {
        0 => chance.u16(9..33),
        1..12 => chance.u16(4..9),
        _ => return,
    };
    let most = setup.agents.iter().map(|agent| agent.0).max().unwrap_or(0);
    setup.agents.extend((most + 1..=agents).map(AgentId));
}

/// Sometimes limits of single agents.
fn bound(setup: &mut Setup, chance: &mut fastrand::Rng) {
    for agent in setup.agents.clone() {
        if chance.u8(..10) == 0 {
            let mut some = |most: u32| chance.bool().then(|| chance.u32(..most));
            setup.limits.agents.push(AgentLimits {
                answers: some(5),
                rounds: some(9),
                calls_per_round: some(7),
                ..AgentLimits::none(agent)
            });
        }
    }
}

/// Sometimes another way to decide than the strategy draws, in any mode.
fn decide(setup: &mut Setup, chance: &mut fastrand::Rng) {
    if chance.bool() {
        return;
    }
    let deciding = &mut setup.rules.deciding;
    deciding.policy = Policy::ALL[chance.usize(..Policy::ALL.len())];
    deciding.early_stop = chance.u8(..3) == 0;
    if chance.u8(..3) == 0 {
        deciding.gate = Some(Gate {
            bar: chance.u32(..=100),
            budget: chance.u32(..4),
        });
    }
    if chance.bool() {
        deciding.judge = Some(setup.agents[chance.usize(..setup.agents.len())]);
    }
}

/// A process that ended anywhere in this turn: another one goes on from the log and, when no agent
/// ever speaks again, timers end the turn with every answer that was published.
fn resumes(world: &World, chance: &mut fastrand::Rng) {
    let events = &world.events[..=chance.usize(..world.events.len())];
    let mut other = World::revive(world.setup.clone(), events);
    let before = other.texts.clone();
    if !other.closed {
        other.cut_rounds();
        other.step(Input::Start);
    }
    for fired in 0.. {
        if other.closed {
            break;
        }
        assert!(fired < 5_000, "timers end it");
        let armed: Vec<_> = other.armed.iter().copied().collect();
        assert!(!armed.is_empty(), "nothing would ever happen again");
        other.elapse(armed[chance.usize(..armed.len())]);
    }
    assert!(other.texts.starts_with(&before), "no answer is lost");
}

fn winner(world: &World) -> Option<Label> {
    let turn = world.fold.turn.as_ref()?;
    turn.decision.as_ref().map(|decision| decision.winner)
}

/// The same inputs give the same actions.
fn replays(world: &World) {
    let mut machine = Coordination::new(world.setup.clone());
    let log: Vec<Action> = world
        .inputs
        .iter()
        .flat_map(|input| machine.step(input.clone()))
        .collect();
    assert!(log == world.log, "the same inputs gave other actions");
}

/// The events, written as JSON lines and read back, give the same fold.
fn reads_back(world: &World) {
    let mut fold = RunState::default();
    for event in &world.events {
        let line = serde_json::to_string(event).expect("events are plain data");
        let read: Event = serde_json::from_str(&line).expect("what was written can be read");
        assert_eq!(&read, event, "an event reads back as it was written");
        fold.apply(&read);
    }
    assert!(fold == world.fold, "the log read back gives another state");
}

/// A team with other numbers, told the same under those numbers, decides the same.
fn renames(world: &World, chance: &mut fastrand::Rng) {
    let mut numbers = world.setup.agents.clone();
    chance.shuffle(&mut numbers);
    let renaming = Renaming::new(&world.setup.agents, &numbers);
    let mut other = World::new(renaming.setup(&world.setup));
    for input in world.inputs.iter().skip(1) {
        other.step(renaming.input(input));
    }
    let expected: Vec<_> = published(&world.log)
        .into_iter()
        .map(|label| renaming.label(label))
        .collect();
    assert_eq!(published(&other.log), expected, "the same publications");
    let expected = winner(world).map(|label| renaming.label(label));
    assert_eq!(winner(&other), expected, "the same winner");
    let end = |outcome: &Option<Outcome>| match outcome {
        Some(Outcome::Answered { presenter, end, .. }) => Some((*presenter, *end)),
        _ => None,
    };
    let expected = end(&world.outcome).map(|(id, end)| (id.map(|id| renaming.agent(id)), end));
    assert_eq!(end(&other.outcome), expected, "the same presenter and end");
}

/// What a schedule came to, for the counts at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Consensus,
    Forced,
    NoAnswer,
}

fn schedule(urn: &Urn, seed: u64, again: bool) -> (End, usize, bool) {
    let mut play = Play::new(urn, seed);
    play.run();
    let world = &play.world;
    if again {
        replays(world);
        reads_back(world);
        resumes(world, &mut play.chance);
        renames(world, &mut play.chance);
    }
    let end = match &world.outcome {
        Some(Outcome::Answered { end, .. }) => match end {
            OutcomeEnd::Consensus => End::Consensus,
            _ => End::Forced,
        },
        _ => End::NoAnswer,
    };
    (end, world.inputs.len(), world.phase == Some(Phase::Done))
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    let parsed = value.trim().parse();
    Some(parsed.unwrap_or_else(|_| panic!("{name} must be a number, not {value:?}")))
}

/// Plays one seed; `Err` with the seed when it breaks a law.
fn guarded(urn: &Urn, seed: u64) -> Result<(End, usize, bool), u64> {
    let again = seed.is_multiple_of(AGAIN);
    catch_unwind(AssertUnwindSafe(|| schedule(urn, seed, again))).map_err(|_| seed)
}

#[test]
fn every_schedule_keeps_the_laws() {
    if let Some(seed) = number("SIM_SEED") {
        let urn = Urn::new();
        let mut play = Play::new(&urn, seed);
        eprintln!("{:#?}\n{:?}", play.world.setup, play.natures);
        let played = catch_unwind(AssertUnwindSafe(|| play.run()));
        let mut machine = Coordination::new(play.world.setup.clone());
        for input in &play.world.inputs {
            eprintln!("{}", cut(&format!("{input:?}")));
            for action in machine.step(input.clone()) {
                eprintln!("    {}", cut(&format!("{action:?}")));
            }
        }
        if let Err(panic) = played {
            resume_unwind(panic);
        }
        schedule(&urn, seed, true);
        return;
    }
    let schedules = number("SIM_SCHEDULES").unwrap_or(SCHEDULES);
    let first = number("SIM_FIRST").unwrap_or(FIRST_SEED);
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let mut ends: BTreeMap<End, u64> = BTreeMap::new();
    let mut steps = 0;
    let mut broken = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let urn = Urn::new();
                    (worker..schedules)
                        .step_by(threads as usize)
                        .map(|index| guarded(&urn, first.wrapping_add(index)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for worker in workers {
            for played in worker.join().unwrap_or_else(|panic| resume_unwind(panic)) {
                match played {
                    Ok((end, inputs, done)) => {
                        assert!(done);
                        *ends.entry(end).or_default() += 1;
                        steps += inputs;
                    }
                    Err(seed) => broken.push(seed),
                }
            }
        }
    });
    eprintln!("{schedules} schedules from seed {first}, {steps} inputs, {ends:?}");
    for seed in &broken {
        eprintln!("SIM_SEED={seed} cargo test --lib simulator -- --nocapture");
    }
    assert!(broken.is_empty(), "schedules that break a law: {broken:?}");
    let kinds: BTreeSet<End> = ends.keys().copied().collect();
    assert!(
        kinds.len() == 3 || schedules < 100,
        "every kind of end occurs: {ends:?}"
    );
}

/// A line of a trace; enormous texts are cut.
fn cut(line: &str) -> String {
    line.chars().take(300).collect()
}

#[test]
fn a_schedule_is_its_seed() {
    let urn = Urn::new();
    for seed in 0..20 {
        let mut first = Play::new(&urn, seed);
        let mut second = Play::new(&urn, seed);
        first.run();
        second.run();
        assert!(first.world.log == second.world.log, "seed {seed}");
    }
}
