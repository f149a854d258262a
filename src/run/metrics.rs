//! How quickly models answer and how often they fail, by model and where it is served.
//!
//! Folded from events alone. A call begins when its agent could have asked: at the start of a round, after the
//! call before, after the last tool, after the wait for another try. Its first word is the first streamed text,
//! its end the report of its tokens. Waits between tries belong to no call; they are summed beside the failure
//! that they were waited for. A program that tells several model calls as one has a first word, but no time
//! of a call. After a change to another server the agent's calls count there until it changes again or
//! sits on another model: a silent way back is in no log.

use std::collections::BTreeMap;

use crate::protocol::{
    AgentCard, AgentEvent, AgentId, CallEvent, FailureKind, Timestamp, ToolEvent, Usage,
};

/// Places that are told apart; what comes after them counts for the last.
const PLACES: usize = 256;

/// Calls of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    places: Vec<Served>,
    seats: BTreeMap<AgentId, Seat>,
}

/// Calls to one model at one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Served {
    /// The model.
    pub model: String,
    /// Where it is served: the backend or endpoint by name.
    pub backend: String,
    /// Calls with their tokens.
    pub usage: Usage,
    /// Milliseconds from the question to the first word.
    pub first: Spread,
    /// Milliseconds from the question to the end.
    pub whole: Spread,
    /// Reply tokens of the calls in [`Served::whole`].
    pub timed: u64,
    /// Tries after a failure.
    pub retries: u64,
    /// Calls that went on elsewhere after a failure.
    pub switched: u64,
    /// Agents that were lost.
    pub lost: u64,
    /// Failures by kind, in the order of their first.
    pub errors: Vec<Errors>,
}

/// Failures of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errors {
    /// Which.
    pub kind: FailureKind,
    /// How many.
    pub count: u64,
    /// Milliseconds waited for other tries.
    pub waited_ms: u64,
}

/// Milliseconds of many calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    samples: Vec<u32>,
}

/// What a [`Spread`] is like: values that were measured, none in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of the calls took no longer.
    pub median: u64,
    /// 95 of 100 took no longer.
    pub p95: u64,
    /// None took longer.
    pub longest: u64,
}

/// An agent and the call that it makes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seat {
    /// The place of its card.
    home: usize,
    /// The place that its calls go to.
    place: usize,
    /// Since when it asks.
    asked: Option<Timestamp>,
    /// When the first word came.
    first: Option<Timestamp>,
}

impl Spread {
    fn add(&mut self, milliseconds: u64) {
        let sample = u32::try_from(milliseconds).unwrap_or(u32::MAX);
        self.samples.push(sample);
    }

    /// How many calls.
    #[must_use]
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// The sum in milliseconds.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.samples.iter().map(|one| u64::from(*one)).sum()
    }

    /// What it is like; `None` without any.
    #[must_use]
    pub fn quantiles(&self) -> Option<Quantiles> {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            let value = sorted.get(rank.checked_sub(1)?)?;
            Some(u64::from(*value))
        };
        Some(Quantiles {
            median: at(50)?,
            p95: at(95)?,
            longest: at(100)?,
        })
    }
}

impl Served {
    /// Reply tokens per second over the whole time of calls, the wait for the first word included.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let ms = self.whole.sum();
        (ms > 0 && self.timed > 0).then(|| self.timed as f64 * 1000.0 / ms as f64)
    }

    /// All failures.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.errors.iter().map(|one| one.count).sum()
    }

    /// Milliseconds waited for other tries.
    #[must_use]
    pub fn waited_ms(&self) -> u64 {
        let waits = self.errors.iter().map(|one| one.waited_ms);
        waits.fold(0, u64::saturating_add)
    }

    /// True when nothing was asked of it.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.usage.calls == 0 && self.errors.is_empty() && self.first.count() == 0
    }

    fn failed(&mut self, kind: FailureKind, waited_ms: u64) {
        self.add_errors(Errors {
            kind,
            count: 1,
            waited_ms,
        });
    }

    fn add_errors(&mut self, more: Errors) {
        match self.errors.iter_mut().find(|one| one.kind == more.kind) {
            Some(errors) => {
                errors.count += more.count;
                errors.waited_ms = errors.waited_ms.saturating_add(more.waited_ms);
            }
            None => self.errors.push(more),
        }
    }

    /// Adds the figures of another place.
    fn add(&mut self, other: &Self) {
        self.usage += other.usage;
        self.first.samples.extend(&other.first.samples);
        self.whole.samples.extend(&other.whole.samples);
        self.timed = self.timed.saturating_add(other.timed);
        self.retries += other.retries;
        self.switched += other.switched;
        self.lost += other.lost;
        for errors in &other.errors {
            self.add_errors(*errors);
        }
    }
}

impl Metrics {
    /// Every place that was asked anything, in the order of the first question.
    pub fn places(&self) -> impl Iterator<Item = &Served> {
        self.places.iter().filter(|place| !place.is_idle())
    }

    /// The places of several turns, each once.
    #[must_use]
    pub fn of_all<'a>(turns: impl IntoIterator<Item = &'a Self>) -> Vec<Served> {
        let mut all: Vec<Served> = Vec::new();
        for place in turns.into_iter().flat_map(Self::places) {
            let same =
                |known: &&mut Served| known.model == place.model && known.backend == place.backend;
            match all.iter_mut().find(same) {
                Some(known) => known.add(place),
                None => all.push(place.clone()),
            }
        }
        all
    }

    /// All places as one, without a name.
    #[must_use]
    pub fn sum<'a>(places: impl IntoIterator<Item = &'a Served>) -> Served {
        places.into_iter().fold(Served::default(), |mut sum, one| {
            sum.add(one);
            sum
        })
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let samples = |place: &Served| place.first.count() + place.whole.count();
        self.places.iter().map(samples).sum::<usize>() * size_of::<u32>()
            + self.places.len() * size_of::<Served>()
    }

    /// Takes an event of an agent in.
    pub(super) fn take(&mut self, card: &AgentCard, event: &AgentEvent, at: Timestamp) {
        if matches!(event, AgentEvent::RoundStarted { .. }) || !self.seats.contains_key(&card.id) {
            self.sit(card);
        }
        let Some(seat) = self.seats.get_mut(&card.id) else {
            return;
        };
        let Some(place) = self.places.get_mut(seat.place) else {
            return;
        };
        match event {
            AgentEvent::RoundStarted { .. } => (seat.asked, seat.first) = (Some(at), None),
            AgentEvent::RoundEnded { .. } => (seat.asked, seat.first) = (None, None),
            AgentEvent::Delta { .. } => {
                seat.first.get_or_insert(at);
            }
            // A program's tools run within its call.
            AgentEvent::Tool(ToolEvent::Finished { .. }) if seat.first.is_none() => {
                seat.asked = seat.asked.map(|_| at);
            }
            AgentEvent::Usage(usage) => seat.ended(place, *usage, at),
            AgentEvent::Benched(failure) => {
                place.failed(failure.kind, 0);
                place.lost += 1;
                (seat.asked, seat.first) = (None, None);
            }
            AgentEvent::Call(call) => {
                if let Some((model, backend)) = seat.way(place, call, at) {
                    let to = self.place(&model, &backend);
                    if let Some(seat) = self.seats.get_mut(&card.id) {
                        seat.place = to;
                    }
                }
            }
            AgentEvent::Tool(_)
            | AgentEvent::Published(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Nested(_) => {}
        }
    }

    /// Nothing is asked any more.
    pub(super) fn rest(&mut self) {
        for seat in self.seats.values_mut() {
            (seat.asked, seat.first) = (None, None);
        }
    }

    /// The agent sits where its card says, if the card is a new one.
    fn sit(&mut self, card: &AgentCard) {
        let home = self.place(&card.model, &card.backend);
        let seat = self.seats.entry(card.id).or_insert(Seat {
            home,
            place: home,
            asked: None,
            first: None,
        });
        if seat.home != home {
            (seat.home, seat.place) = (home, home);
        }
    }

    fn place(&mut self, model: &str, backend: &str) -> usize {
        let same = |place: &Served| place.model == model && place.backend == backend;
        if let Some(known) = self.places.iter().position(same) {
            return known;
        }
        if self.places.len() < PLACES {
            self.places.push(Served {
                model: model.to_owned(),
                backend: backend.to_owned(),
                ..Served::default()
            });
        }
        self.places.len() - 1
    }
}

impl Seat {
    /// A call ended; the next may begin.
    fn ended(&mut self, place: &mut Served, usage: Usage, at: Timestamp) {
        place.usage += usage;
        let (asked, first) = (self.asked, self.first.take());
        if let Some(asked) = asked.filter(|_| usage.calls > 0) {
            if let Some(first) = first {
                place.first.add(first.since(asked));
            }
            if usage.calls == 1 {
                place.whole.add(at.since(asked));
                place.timed = place.timed.saturating_add(usage.output);
            }
        }
        self.asked = asked.map(|_| at);
    }

    /// Something happened to a call on its way. The model and place that it goes on at, when those change.
    fn way(
        &mut self,
        place: &mut Served,
        call: &CallEvent,
        at: Timestamp,
    ) -> Option<(String, String)> {
        match call {
            CallEvent::Retrying {
                wait_ms, failure, ..
            } => {
                place.failed(failure.kind, *wait_ms);
                place.retries += 1;
                self.asks_after(*wait_ms, at);
                None
            }
            CallEvent::Held { held_ms } => {
                self.asks_after(*held_ms, at);
                None
            }
            CallEvent::Switched { to, failure } => {
                place.failed(failure.kind, 0);
                place.switched += 1;
                self.asks_after(0, at);
                let (model, backend) = to.rsplit_once(" at ").unwrap_or((to, ""));
                Some((model.to_owned(), backend.to_owned()))
            }
            CallEvent::Circuit { .. } | CallEvent::Loading { .. } | CallEvent::Compacted { .. } => {
                None
            }
        }
    }

    fn asks_after(&mut self, wait_ms: u64, at: Timestamp) {
        self.first = None;
        self.asked = self.asked.map(|_| Timestamp(at.0.saturating_add(wait_ms)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Channel, Failure, Purpose, RoundEnd};

    fn card() -> AgentCard {
        AgentCard {
            id: AgentId(1),
            name: "mia".into(),
            model: "m".into(),
            backend: "here".into(),
        }
    }

    fn begins() -> AgentEvent {
        AgentEvent::RoundStarted {
            round: 1,
            purpose: Purpose::Work,
            view: Vec::new(),
        }
    }

    fn word() -> AgentEvent {
        AgentEvent::Delta {
            channel: Channel::Text,
            text: "x".into(),
        }
    }

    fn used(output: u64, calls: u32) -> AgentEvent {
        AgentEvent::Usage(Usage {
            output,
            calls,
            ..Usage::default()
        })
    }

    fn tool_done() -> AgentEvent {
        AgentEvent::Tool(ToolEvent::Finished {
            call: "c".into(),
            ok: true,
            output: String::new(),
            elapsed_ms: 1,
        })
    }

    fn fails(kind: FailureKind, wait_ms: u64) -> AgentEvent {
        AgentEvent::Call(CallEvent::Retrying {
            attempt: 2,
            wait_ms,
            failure: Failure::new(kind, "no"),
        })
    }

    fn folded(events: &[(u64, AgentEvent)]) -> Metrics {
        let mut metrics = Metrics::default();
        for (at, event) in events {
            metrics.take(&card(), event, Timestamp(*at));
        }
        metrics
    }

    #[test]
    fn a_call_begins_when_its_agent_could_ask() {
        let metrics = folded(&[
            (1000, begins()),
            (1300, word()),
            (1400, word()),
            (2000, used(50, 1)),
            // A tool runs between two calls.
            (5000, tool_done()),
            (5100, word()),
            (6000, used(25, 1)),
            // Without a word of text.
            (6500, used(5, 1)),
            (
                6600,
                AgentEvent::RoundEnded {
                    round: 1,
                    end: RoundEnd::Voted,
                },
            ),
            (9000, used(1, 1)),
        ]);
        let place = metrics.places().next().unwrap();
        assert_eq!(place.first.samples, [300, 100]);
        assert_eq!(place.whole.samples, [1000, 1000, 500]);
        assert_eq!((place.timed, place.usage.calls), (80, 4));
        assert!((place.rate().unwrap() - 32.0).abs() < 1e-9);
    }

    #[test]
    fn waits_belong_to_failures_and_not_to_calls() {
        let metrics = folded(&[
            (1000, begins()),
            (1200, fails(FailureKind::RateLimit, 3000)),
            (4300, fails(FailureKind::RateLimit, 500)),
            (4900, AgentEvent::Call(CallEvent::Held { held_ms: 100 })),
            (5250, word()),
            (5600, used(6, 1)),
            (
                5700,
                AgentEvent::Benched(Failure::new(FailureKind::Auth, "no")),
            ),
        ]);
        let place = metrics.places().next().unwrap();
        assert_eq!(place.first.samples, [250]);
        assert_eq!(place.whole.samples, [600]);
        assert_eq!((place.retries, place.lost, place.failures()), (2, 1, 3));
        assert_eq!(place.waited_ms(), 3500);
        let kinds: Vec<_> = place
            .errors
            .iter()
            .map(|one| (one.kind, one.count))
            .collect();
        assert_eq!(kinds, [(FailureKind::RateLimit, 2), (FailureKind::Auth, 1)]);
    }

    #[test]
    fn programs_with_calls_of_their_own_have_a_first_word_only() {
        let metrics = folded(&[
            (0, begins()),
            (700, word()),
            (2000, tool_done()),
            (9000, used(900, 7)),
        ]);
        let place = metrics.places().next().unwrap();
        assert_eq!(place.first.samples, [700]);
        assert_eq!((place.whole.count(), place.rate()), (0, None));
        assert_eq!(place.usage.calls, 7);
    }

    #[test]
    fn calls_count_where_they_went() {
        let failure = Failure::new(FailureKind::Overloaded, "busy");
        let to = "gpt at 9 at openai".to_owned();
        let mut metrics = folded(&[
            (0, begins()),
            (10, AgentEvent::Call(CallEvent::Switched { to, failure })),
            (30, used(3, 1)),
        ]);
        let other = AgentCard {
            model: "n".into(),
            ..card()
        };
        metrics.take(&other, &begins(), Timestamp(50));
        metrics.take(&other, &used(1, 1), Timestamp(60));
        let told: Vec<_> = metrics
            .places()
            .map(|one| {
                (
                    one.model.as_str(),
                    one.backend.as_str(),
                    one.usage.calls,
                    one.switched,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("m", "here", 0, 1),
                ("gpt at 9", "openai", 1, 0),
                ("n", "here", 1, 0)
            ]
        );
        let all = Metrics::of_all([&metrics, &metrics]);
        assert_eq!(all.len(), 3);
        let sum = Metrics::sum(&all);
        assert_eq!((sum.usage.calls, sum.failures(), sum.switched), (4, 2, 2));
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let spread = |samples: &[u32]| Spread {
            samples: samples.to_vec(),
        };
        assert_eq!(spread(&[]).quantiles(), None);
        let told = |samples: &[u32]| {
            let Quantiles {
                median,
                p95,
                longest,
            } = spread(samples).quantiles().unwrap();
            (median, p95, longest)
        };
        assert_eq!(told(&[7]), (7, 7, 7));
        assert_eq!(told(&[9, 1]), (1, 9, 9));
        let hundred: Vec<u32> = (1..=100).rev().collect();
        assert_eq!(told(&hundred), (50, 95, 100));
    }
}
