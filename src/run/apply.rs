//! Taking in one event.
//!
//! Hostile or damaged logs are expected: an event about an agent that is not in the team, or before
//! any turn, changes nothing but the counters.

use crate::protocol::{
    AgentEvent, AgentId, Answer, Ballot, BallotDrop, BallotDropReason, BallotEvent, Event,
    EventKind, Phase, RunEvent, SteerId, SteerState, Target, Timestamp, TurnStart,
};

use super::{
    Activity, AgentState, Beginning, Happening, Published, Record, RunState, Said, Steering, Steps,
    TimelineEntry, Turn,
};

impl RunState {
    /// Takes in one event. Events with a number already seen are ignored.
    pub fn apply(&mut self, event: &Event) {
        let seq = event.seq.0;
        if seq <= self.last_seq {
            return;
        }
        self.gaps += seq - self.last_seq - 1;
        self.last_seq = seq;
        if let EventKind::Run(RunEvent::Started(start)) = &event.kind {
            match &mut self.turn {
                Some(turn) if turn.is_resumed_by(start) => turn.go_on((**start).clone(), event.at),
                turn => {
                    self.history.extend(turn.take());
                    *turn = Some(Turn::new((**start).clone(), event.at));
                }
            }
        }
        if let Some(turn) = &mut self.turn {
            turn.apply(event);
        }
    }
}

impl Turn {
    fn new(start: TurnStart, at: Timestamp) -> Self {
        let agents = start
            .team
            .iter()
            .map(|card| {
                let mut agent = AgentState::new(card.clone(), at);
                if waits_from_start(&start, card.id) {
                    agent.activity = Activity::Waiting;
                }
                agent
            })
            .collect();
        Self {
            start,
            started: at,
            ended: None,
            phase: Phase::Work,
            agents,
            answers: Vec::new(),
            dropped: Vec::new(),
            decision: None,
            outcome: None,
            timeline: Vec::new(),
            steps: Steps::default(),
            steering: Vec::new(),
            pauses: Vec::new(),
            questions: Vec::new(),
            record: Record::default(),
        }
    }

    fn apply(&mut self, event: &Event) {
        let happening = match &event.kind {
            EventKind::Run(RunEvent::Question(question)) => self.question(question, event.at),
            EventKind::Run(run) => self.run_event(run, event.at).map(|what| (None, what)),
            EventKind::Agent { id, event: agent } => {
                self.notes_cause(event, *id, agent);
                let what = self.agent_event(*id, agent, event.at);
                what.map(|what| (Some(*id), what))
            }
        };
        if let Some((agent, what)) = happening {
            self.timeline.push(TimelineEntry {
                at: event.at,
                seq: event.seq.0,
                agent,
                what,
            });
        }
    }

    fn run_event(&mut self, event: &RunEvent, at: Timestamp) -> Option<Happening> {
        match event {
            RunEvent::Started(start) => Some(match start.resumed {
                None => Happening::Started(Beginning::Afresh),
                Some(_) => Happening::Started(Beginning::Again),
            }),
            RunEvent::Phase(phase) => {
                self.phase = *phase;
                // The first phase begins with the turn and the last with its outcome: both have a
                // line of their own.
                (!matches!(phase, Phase::Work | Phase::Done)).then_some(Happening::Phase(*phase))
            }
            RunEvent::BallotsDropped(drops) => self.drop_ballots(drops, at),
            RunEvent::Steer {
                id,
                target,
                text,
                state,
            } => self.steer(*id, target, text, *state),
            RunEvent::Question(event) => self.question(event, at).map(|(_, what)| what),
            RunEvent::Team(change) => self.team(change, at),
            RunEvent::Decided(decision) => {
                self.decision = Some(decision.clone());
                Some(Happening::Decided(decision.winner))
            }
            RunEvent::Budget(event) => self.budget(event).map(Happening::Told),
            RunEvent::Review(event) => Some(Happening::Told(self.review(event))),
            RunEvent::Ended(outcome) => {
                self.outcome = Some(outcome.clone());
                self.phase = Phase::Done;
                self.ended = Some(at);
                self.withdraw_questions();
                self.record.metrics.rest();
                for agent in &mut self.agents {
                    agent.rest(at);
                    if !matches!(agent.activity, Activity::Away(_)) {
                        agent.turn_to(Activity::Done, at);
                    }
                }
                Some(Happening::Ended)
            }
            RunEvent::Stage(event) => self.stage_event(event),
            RunEvent::Notice { level, text } => {
                self.record.notices.push((at, *level, text.clone()));
                None
            }
        }
    }

    fn drop_ballots(&mut self, drops: &[BallotDrop], at: Timestamp) -> Option<Happening> {
        let mut by = None;
        let mut count = 0;
        for drop in drops {
            let voter = self
                .agents
                .iter_mut()
                .find(|agent| agent.card.id == drop.ballot.voter);
            let Some(voter) = voter else { continue };
            match drop.reason {
                BallotDropReason::NewAnswer { by: label } => {
                    by = Some(label);
                    count += 1;
                    voter.ballot = None;
                }
                BallotDropReason::Revising => voter.ballot = None,
                // The ballot that replaces this one may already stand.
                BallotDropReason::Replaced | BallotDropReason::Runoff { .. } => {
                    if voter.ballot.as_ref() == Some(&drop.ballot) {
                        voter.ballot = None;
                    }
                }
            }
            if voter.ballot.is_none() && voter.activity == Activity::Voted {
                voter.turn_to(Activity::Waiting, at);
            }
            self.dropped.push(drop.clone());
        }
        by.map(|label| Happening::BallotsDropped(count, label))
    }

    fn steer(
        &mut self,
        id: SteerId,
        target: &Target,
        text: &str,
        state: SteerState,
    ) -> Option<Happening> {
        if !self.steering.iter().any(|known| known.id == id) {
            self.steering.push(Steering {
                id,
                target: target.clone(),
                text: text.to_owned(),
                receipts: Vec::new(),
            });
        }
        if let Some(known) = self.steering.iter_mut().find(|known| known.id == id) {
            known.receipts.push(state);
        }
        matches!(state, SteerState::Queued).then_some(Happening::Said(Said::Steered))
    }

    fn agent_event(&mut self, id: AgentId, event: &AgentEvent, at: Timestamp) -> Option<Happening> {
        match event {
            AgentEvent::Published(answer) => self.publish(id, answer, at),
            AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                self.vote(id, ballot, at)
            }
            other => {
                self.account(id, other, at);
                self.agents
                    .iter_mut()
                    .find(|agent| agent.card.id == id)?
                    .apply(other, at)
            }
        }
    }

    /// Whose share a call belongs to; agents that are not in the team have none.
    fn account(&mut self, id: AgentId, event: &AgentEvent, at: Timestamp) {
        let Some(agent) = self.agents.iter().find(|agent| agent.card.id == id) else {
            return;
        };
        self.record.metrics.take(&agent.card, event, at);
        match event {
            AgentEvent::RoundStarted { round, purpose, .. } => {
                self.record.spending.begin(id, *round, *purpose, self.phase);
                self.record.spending.compactions.begin(id, *purpose);
            }
            AgentEvent::Usage(usage) => {
                self.record.spending.spend(id, *usage, self.phase);
                self.record.spending.compactions.called(id, *usage);
            }
            AgentEvent::Call(call) => self.record.spending.compactions.count(id, call),
            _ => {}
        }
    }

    fn vote(&mut self, id: AgentId, ballot: &Ballot, at: Timestamp) -> Option<Happening> {
        if ballot.voter != id || self.is_over() {
            return None;
        }
        let agent = self.agents.iter_mut().find(|agent| agent.card.id == id)?;
        if let Some(old) = agent.ballot.replace(ballot.clone()) {
            self.dropped.push(BallotDrop {
                ballot: old,
                reason: BallotDropReason::Replaced,
            });
        }
        if agent.purpose.is_none() {
            agent.rest(at);
        }
        Some(Happening::Voted(ballot.target))
    }

    /// An answer is taken in once: the text behind a label never changes.
    fn publish(&mut self, id: AgentId, answer: &Answer, at: Timestamp) -> Option<Happening> {
        if answer.label.agent != id || self.answer(answer.label).is_some() {
            return None;
        }
        let agent = self.agents.iter_mut().find(|agent| agent.card.id == id)?;
        agent.current = Some(answer.label);
        agent.show(&[answer.label]);
        self.answers.push(Published {
            answer: answer.clone(),
            at,
        });
        Some(Happening::Published(answer.label))
    }
}

/// Whether an agent begins by waiting: another is asked alone, its part builds on others, or it has
/// none.
fn waits_from_start(start: &TurnStart, id: AgentId) -> bool {
    if start.rules.asked.is_some_and(|asked| asked != id) {
        return true;
    }
    let parts = start.rules.mode.parts();
    let mine = parts.iter().find(|part| part.agent == id);
    !parts.is_empty() && mine.is_none_or(|part| !part.after.is_empty())
}
