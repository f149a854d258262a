//! The circuit breaker of one endpoint, shared by every agent of the process that uses it.
//!
//! ```text
//! closed ── several failures in a row ──▶ open until ── time is up ──▶ one trial
//!   ▲                                        ▲                            │
//!   └────────── an answer ───────────────────┴──────── it fails ──────────┘
//! ```
//!
//! Pure: time is passed in, in milliseconds. At most one trial is under way; a trial that nobody ends
//! is given back by [`Circuit::abandoned`], so nothing waits for ever. Only what says that the endpoint
//! itself is not there counts as a failure: a refusal, a bad key or a rate limit is an answer.

/// When it opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row that open it. More than one call makes by itself.
    pub failures: u32,
    /// First rest in milliseconds.
    pub rest_ms: u64,
    /// How it grows with every trial that fails, in percent: 200 doubles it.
    pub growth: u32,
    /// Longest rest.
    pub longest_ms: u64,
    /// How long a call waits for a resting endpoint altogether, before it fails.
    pub wait_ms: u64,
}

impl Default for Rules {
    /// 8 failures; rests of 15 s, doubled up to 2 minutes; a call waits a minute.
    fn default() -> Self {
        Self {
            failures: 8,
            rest_ms: 15_000,
            growth: 200,
            longest_ms: 120_000,
            wait_ms: 60_000,
        }
    }
}

/// Who goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One of many.
    Usual,
    /// The one that finds out whether the endpoint is back.
    Trial,
}

/// Whether a call may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It may.
    Go(Role),
    /// Not for so many milliseconds.
    Rests(u64),
    /// Somebody else finds out.
    OnTrial,
}

/// What became of it, when something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nobody asks for so many milliseconds.
    Opened(u64),
    /// Everybody asks again.
    Closed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Open {
        until: u64,
    },
    Trial,
}

/// One endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circuit {
    state: State,
    /// Failures in a row.
    failures: u32,
    /// Rests since it was last well.
    rests: u32,
}

impl Circuit {
    /// Asks to be let in at `now`.
    pub fn enter(&mut self, now: u64) -> Entry {
        match self.state {
            State::Closed => Entry::Go(Role::Usual),
            State::Open { until } if until <= now => {
                self.state = State::Trial;
                Entry::Go(Role::Trial)
            }
            State::Open { until } => Entry::Rests(until - now),
            State::Trial => Entry::OnTrial,
        }
    }

    /// A reply has begun, or the endpoint has said that it is at work: nobody needs to wait any more,
    /// but one failure is enough to rest again.
    pub fn answered(&mut self, rules: Rules) -> Option<Change> {
        if self.state == State::Closed {
            return None;
        }
        self.state = State::Closed;
        self.failures = rules.failures.saturating_sub(1);
        Some(Change::Closed)
    }

    /// It is well.
    pub fn succeeded(&mut self) -> Option<Change> {
        let change = (self.state != State::Closed).then_some(Change::Closed);
        *self = Self::default();
        change
    }

    /// An attempt failed.
    pub fn failed(&mut self, role: Role, rules: Rules, now: u64) -> Option<Change> {
        match (self.state, role) {
            (State::Closed, _) => {
                self.failures = self.failures.saturating_add(1);
                (self.failures >= rules.failures.max(1)).then(|| self.open(rules, now))
            }
            (State::Trial, Role::Trial) => Some(self.open(rules, now)),
            // Calls that were under way when it opened.
            (State::Trial | State::Open { .. }, _) => None,
        }
    }

    /// Whoever went in as `role` left without having found out anything.
    pub fn abandoned(&mut self, role: Role, now: u64) {
        if role == Role::Trial && self.state == State::Trial {
            self.state = State::Open { until: now };
        }
    }

    /// Milliseconds until it is tried again, while it rests.
    pub fn rests(&self, now: u64) -> Option<u64> {
        match self.state {
            State::Open { until } if until > now => Some(until - now),
            State::Closed | State::Open { .. } | State::Trial => None,
        }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    fn open(&mut self, rules: Rules, now: u64) -> Change {
        let rest = grown(rules.rest_ms, rules.growth, self.rests, rules.longest_ms).max(1);
        self.rests = self.rests.saturating_add(1);
        self.state = State::Open { until: now + rest };
        Change::Opened(rest)
    }
}

/// A wait after `times` growths by `growth` percent, at most `longest`.
#[must_use]
pub fn grown(first: u64, growth: u32, times: u32, longest: u64) -> u64 {
    let mut wait = first.min(longest);
    for _ in 0..times.min(64) {
        wait = (wait.saturating_mul(u64::from(growth.max(100))) / 100).min(longest);
    }
    wait
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        failures: 3,
        rest_ms: 100,
        growth: 200,
        longest_ms: 400,
        wait_ms: 0,
    };

    #[test]
    fn it_opens_tries_once_and_closes() {
        let mut circuit = Circuit::default();
        for failure in 1..=3 {
            assert_eq!(circuit.enter(0), Entry::Go(Role::Usual));
            let change = circuit.failed(Role::Usual, RULES, 0);
            assert_eq!(change, (failure == 3).then_some(Change::Opened(100)));
        }
        assert_eq!(circuit.enter(99), Entry::Rests(1));
        assert_eq!(circuit.rests(99), Some(1));
        assert_eq!(circuit.enter(100), Entry::Go(Role::Trial));
        assert_eq!(circuit.enter(100), Entry::OnTrial, "one trial at a time");
        assert_eq!(circuit.failed(Role::Usual, RULES, 100), None, "a straggler");
        let again = circuit.failed(Role::Trial, RULES, 100);
        assert_eq!(again, Some(Change::Opened(200)), "the rest doubles");
        assert_eq!(circuit.enter(300), Entry::Go(Role::Trial));
        circuit.abandoned(Role::Trial, 300);
        assert_eq!(circuit.enter(300), Entry::Go(Role::Trial), "given back");
        assert_eq!(circuit.answered(RULES), Some(Change::Closed));
        let back = circuit.failed(Role::Usual, RULES, 300);
        assert_eq!(back, Some(Change::Opened(400)), "not well yet");
        assert_eq!(circuit.succeeded(), Some(Change::Closed));
        assert_eq!(circuit, Circuit::default());
    }

    #[test]
    fn one_success_forgets_all_failures() {
        let mut circuit = Circuit::default();
        for _ in 0..10 {
            assert_eq!(circuit.failed(Role::Usual, RULES, 0), None);
            assert_eq!(circuit.failed(Role::Usual, RULES, 0), None);
            assert_eq!(circuit.succeeded(), None);
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Enter,
        Answer(usize),
        Succeed(usize),
        Fail(usize),
        Leave(usize),
        Later(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let who = any::<usize>();
        prop_oneof![
            3 => Just(Step::Enter),
            1 => who.prop_map(Step::Answer),
            1 => who.prop_map(Step::Succeed),
            4 => who.prop_map(Step::Fail),
            1 => who.prop_map(Step::Leave),
            2 => (0u64..300).prop_map(Step::Later),
        ]
    }

    proptest! {
        /// Any number of agents, in any order, at any time.
        #[test]
        fn it_keeps_its_laws(steps in prop::collection::vec(step(), 1..80)) {
            let (mut circuit, mut now) = (Circuit::default(), 0);
            // Who is inside, and when the last rest ends.
            let (mut inside, mut until): (Vec<Role>, u64) = (Vec::new(), 0);
            for step in steps {
                let take = |inside: &mut Vec<Role>, at: usize| {
                    let place = at.checked_rem(inside.len())?;
                    Some(inside.swap_remove(place))
                };
                let change = match step {
                    Step::Later(more) => {
                        now += more;
                        None
                    }
                    Step::Enter => {
                        match circuit.enter(now) {
                            Entry::Go(role) => {
                                prop_assert!(until <= now, "let in while it rests");
                                inside.push(role);
                            }
                            Entry::Rests(wait) => {
                                prop_assert!(wait > 0 && now + wait <= until);
                                prop_assert_eq!(circuit.rests(now), Some(wait));
                            }
                            Entry::OnTrial => {
                                let trials = inside.iter().filter(|role| **role == Role::Trial);
                                prop_assert_eq!(trials.count(), 1, "waits for nobody");
                            }
                        }
                        None
                    }
                    Step::Answer(at) => {
                        // Whoever got an answer stays inside until it is known how it ends.
                        (!inside.is_empty() && at % 2 == 0)
                            .then(|| circuit.answered(RULES))
                            .flatten()
                            .inspect(|_| inside.iter_mut().for_each(|role| *role = Role::Usual))
                    }
                    Step::Succeed(at) => take(&mut inside, at).and_then(|_| {
                        let change = circuit.succeeded();
                        inside.fill(Role::Usual);
                        change
                    }),
                    Step::Fail(at) => {
                        take(&mut inside, at).and_then(|role| circuit.failed(role, RULES, now))
                    }
                    Step::Leave(at) => {
                        if let Some(role) = take(&mut inside, at) {
                            circuit.abandoned(role, now);
                        }
                        None
                    }
                };
                match change {
                    Some(Change::Opened(rest)) => {
                        prop_assert!((RULES.rest_ms..=RULES.longest_ms).contains(&rest));
                        until = now + rest;
                    }
                    Some(Change::Closed) => until = 0,
                    None => {}
                }
                let trials = inside.iter().filter(|role| **role == Role::Trial).count();
                prop_assert!(trials <= 1, "{} trials", trials);
            }
            // Whoever is inside leaves, time passes: somebody is let in.
            for role in inside {
                circuit.abandoned(role, now);
            }
            let entry = circuit.enter(now + RULES.longest_ms);
            prop_assert!(matches!(entry, Entry::Go(_)), "{:?}", entry);
        }
    }
}
