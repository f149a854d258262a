//! A world whose process ended: another one takes over from the log alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Books, World, turn_start};
use crate::{
    engine::coordination::{Coordination, Setup},
    protocol::{
        AgentCard, AgentEvent, AgentId, BallotDropReason, Event, EventKind, Resumed, ReviewEvent,
        RoundEnd, RunEvent, StageEvent, SteerState, TeamEvent, TurnStart,
    },
    run::RunState,
};

impl World {
    /// A world that goes on from the first events of another. Nothing is asked before the first
    /// input ([`crate::engine::coordination::Input::Start`] or `Stop`).
    pub fn revive(setup: Setup, events: &[Event]) -> Self {
        let machine = Coordination::resume(setup.clone(), events);
        let mut fold = RunState::default();
        let mut reader = Reader::default();
        for event in events {
            fold.apply(event);
            reader.take(&event.kind);
        }
        let turn = fold.turn.clone().expect("a turn");
        let books = reader.books;
        let mut world = Self {
            machine,
            setup,
            inputs: vec![],
            reports: 0,
            log: vec![],
            last: vec![],
            live: BTreeMap::new(),
            phase: reader.phase,
            outcome: turn.outcome.clone(),
            armed: BTreeSet::new(),
            texts: turn
                .answers
                .iter()
                .map(|published| (published.answer.label, published.answer.text.clone()))
                .collect(),
            standing: turn
                .agents
                .iter()
                .filter_map(|agent| {
                    let ballot = agent.ballot.clone()?;
                    Some((agent.card.id, (ballot, reader.cast_at[&agent.card.id])))
                })
                .collect(),
            benched: reader.benched,
            closed: turn.outcome.is_some(),
            books,
            fold,
            events: events.to_vec(),
        };
        world.books.speechless = world.books.rounds.keys().copied().collect();
        world.compare_with_log();
        if !world.closed {
            world.fold_in(started_again(&world.setup, reader.times + 1));
        }
        world
    }

    /// What was published and what stands is that of the log.
    fn compare_with_log(&self) {
        let turn = self.fold.turn.as_ref().expect("a turn");
        let folded: Vec<_> = turn.answers.iter().map(|p| p.answer.clone()).collect();
        assert_eq!(folded, self.machine.answers());
        let folded: Vec<_> = turn
            .agents
            .iter()
            .filter_map(|agent| agent.ballot.clone())
            .collect();
        let machine: Vec<_> = self.machine.ballots().cloned().collect();
        assert_eq!(folded, machine);
        assert_eq!(self.closed, self.machine.is_closed());
    }
}

fn started_again(setup: &Setup, times: u32) -> EventKind {
    let EventKind::Run(RunEvent::Started(start)) = turn_start(setup) else {
        unreachable!("a turn starts with its start");
    };
    let resumed = Some(Resumed { times, used_ms: 0 });
    EventKind::Run(RunEvent::Started(Box::new(TurnStart { resumed, ..*start })))
}

/// Reads the referee's books out of a log.
#[derive(Default)]
struct Reader {
    books: Books,
    phase: Option<crate::protocol::Phase>,
    benched: BTreeSet<AgentId>,
    answers: usize,
    own: BTreeSet<AgentId>,
    equal: BTreeSet<AgentId>,
    cast_at: BTreeMap<AgentId, usize>,
    /// Running rounds: whether the agent has done what ends them, and whether their process ended.
    open: BTreeMap<AgentId, (bool, bool)>,
    times: u32,
}

impl Reader {
    fn take(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Run(RunEvent::Started(start)) => {
                self.times += u32::from(start.resumed.is_some());
                if start.resumed.is_none() {
                    self.books.members = start.team.iter().map(|card| card.id).collect();
                }
                for (_, cut) in self.open.values_mut() {
                    *cut = true;
                }
            }
            EventKind::Run(RunEvent::Phase(phase)) => self.phase = Some(*phase),
            EventKind::Run(RunEvent::Steer {
                id, target, state, ..
            }) => match state {
                SteerState::Queued => self.books.send(*id, target),
                SteerState::Delivered(agent) => {
                    self.books.told.insert((*id, *agent));
                    self.books.receipts.insert((*id, *agent), *state);
                }
                SteerState::Seen(agent) => {
                    self.books.read.insert((*id, *agent));
                }
                SteerState::Missed(agent) | SteerState::Withdrawn(agent) => {
                    self.books.receipts.insert((*id, *agent), *state);
                }
            },
            EventKind::Run(RunEvent::Stage(StageEvent::Layer { .. })) => {
                self.books.barrier = self.answers;
            }
            EventKind::Run(RunEvent::Decided(decision)) => {
                self.books.writers = vec![decision.winner.agent];
            }
            EventKind::Run(RunEvent::Review(ReviewEvent::Again { .. })) => {
                self.phase = None;
                self.books.begin_again(self.answers);
            }
            EventKind::Run(RunEvent::Team(event)) => {
                if let TeamEvent::Retried(id) | TeamEvent::Replaced(AgentCard { id, .. }) = event {
                    self.equal.remove(id);
                }
                self.books.team(event, &mut self.benched);
            }
            EventKind::Run(RunEvent::BallotsDropped(drops)) => {
                for drop in drops {
                    if let BallotDropReason::Runoff { one, other } = drop.reason {
                        self.books.runoff = Some((one, other));
                    }
                }
            }
            EventKind::Run(_) => {}
            EventKind::Agent { id, event } => self.agent(*id, event),
        }
    }

    fn agent(&mut self, id: AgentId, event: &AgentEvent) {
        match event {
            AgentEvent::RoundStarted { round, view, .. } => {
                self.books.rounds.insert(id, *round);
                self.open.insert(id, (false, false));
                self.shown(id, !view.is_empty());
                self.books.known.entry(id).or_default().extend(view);
            }
            AgentEvent::Delivered { labels } => {
                self.shown(id, true);
                self.books.known.entry(id).or_default().extend(labels);
            }
            AgentEvent::RoundEnded { round, end } => {
                self.books.ended.insert(id, *round);
                if *end == RoundEnd::Presented {
                    self.books.writers.push(id);
                }
                if let Some((_, true)) = self.open.remove(&id)
                    && *end == RoundEnd::Interrupted
                {
                    *self.books.again.entry(id).or_default() += 1;
                }
            }
            AgentEvent::Published(_) => {
                self.answers += 1;
                self.books.runoff = None;
                self.own.insert(id);
                self.acted(id);
            }
            AgentEvent::Ballot(_) => {
                self.cast_at.insert(id, self.answers);
                self.acted(id);
            }
            AgentEvent::Refused { act, reason, .. } => {
                if act == "new_answer" && reason.contains("equals the current answer") {
                    self.equal.insert(id);
                }
            }
            AgentEvent::Benched(_) => {
                self.benched.insert(id);
            }
            AgentEvent::Delta { .. }
            | AgentEvent::Nested(_)
            | AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Usage(_) => {}
        }
    }

    fn acted(&mut self, id: AgentId) {
        if let Some((acted, _)) = self.open.get_mut(&id) {
            *acted = true;
        }
    }

    fn shown(&mut self, id: AgentId, any: bool) {
        if any && !self.own.contains(&id) && self.equal.contains(&id) {
            self.books.agreed.insert(id);
        }
    }
}

impl World {
    /// Rounds that ran when the process ended will be closed and asked again.
    pub fn cut_rounds(&mut self) {
        let mut reader = Reader::default();
        for event in &self.events {
            reader.take(&event.kind);
        }
        for (id, (acted, _)) in reader.open {
            if !acted {
                *self.books.again.entry(id).or_default() += 1;
            }
        }
    }
}
