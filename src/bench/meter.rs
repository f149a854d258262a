//! From the events of one run to its [`Record`].
//!
//! A fold beside [`RunState`]: it adds what the state does not keep, namely what each agent had spent
//! and seen when it first published, the order of standing ballots, and the time of each phase.

use std::collections::BTreeMap;

use super::{
    Record, Task,
    record::{End, First, Key, Majority, Times, Vote},
};
use crate::{
    protocol::{
        AgentEvent, AgentId, BallotDropReason, BallotEvent, Event, EventKind, Label, Origin,
        Outcome, OutcomeEnd, Phase, RunEvent, RunId, Timestamp, Usage, result,
    },
    run::{RunState, Turn},
};

/// Longest result or message that is kept, in characters.
const KEPT: usize = 300;

/// Follows one run.
#[derive(Debug, Default)]
pub struct Meter {
    state: RunState,
    openings: BTreeMap<AgentId, Opening>,
    /// Standing ballots with a target, in the order they were cast.
    ballots: Vec<(AgentId, Label)>,
    phase: Option<(Phase, Timestamp)>,
    phases: BTreeMap<String, u64>,
}

/// An agent until its first answer.
#[derive(Clone, Debug, Default)]
struct Opening {
    usage: Usage,
    saw_others: bool,
    text: Option<String>,
    at: Timestamp,
}

impl Meter {
    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        self.state.apply(event);
        match &event.kind {
            EventKind::Run(run) => self.run_event(run, event.at),
            EventKind::Agent { id, event: agent } => self.agent_event(*id, agent, event.at),
        }
    }

    /// The state so far.
    #[must_use]
    pub const fn state(&self) -> &RunState {
        &self.state
    }

    fn run_event(&mut self, event: &RunEvent, at: Timestamp) {
        match event {
            RunEvent::Phase(phase) => self.enter(Some(*phase), at),
            RunEvent::Ended(_) => self.enter(None, at),
            RunEvent::BallotsDropped(drops) => {
                for drop in drops {
                    if matches!(drop.reason, BallotDropReason::NewAnswer { .. }) {
                        self.ballots
                            .retain(|(voter, _)| *voter != drop.ballot.voter);
                    }
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, phase: Option<Phase>, at: Timestamp) {
        if let Some((phase, since)) = self.phase.take() {
            *self.phases.entry(phase.word().to_owned()).or_default() += at.since(since);
        }
        self.phase = phase
            .filter(|phase| *phase != Phase::Done)
            .map(|phase| (phase, at));
    }

    fn agent_event(&mut self, id: AgentId, event: &AgentEvent, at: Timestamp) {
        let opening = self.openings.entry(id).or_default();
        match event {
            AgentEvent::Usage(usage) if opening.text.is_none() => opening.usage += *usage,
            AgentEvent::RoundStarted { view: labels, .. } | AgentEvent::Delivered { labels }
                if opening.text.is_none() =>
            {
                opening.saw_others |= labels.iter().any(|label| label.agent != id);
            }
            AgentEvent::Published(answer) if opening.text.is_none() => {
                opening.text = Some(answer.text.clone());
                opening.at = at;
            }
            AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                self.ballots.retain(|(voter, _)| *voter != id);
                self.ballots
                    .extend(ballot.target.map(|target| (id, target)));
            }
            _ => {}
        }
    }

    /// What the run came to; `None` when it has no outcome, or was stopped by the person.
    #[must_use]
    pub fn record(&self, task: &Task, key: Key) -> Option<Record> {
        let turn = self.state.turn.as_ref()?;
        let (end, text, message) = ending(turn)?;
        let oracle = &task.oracle;
        let firsts = self.firsts(turn, task);
        Some(Record {
            key,
            hash: task.hash.clone(),
            run: turn.start.run.clone(),
            correct: text.is_some_and(|text| oracle.accepts(text)),
            end,
            message: cut(message),
            result: text.map(|text| cut(&result::result(text))),
            vote: self.vote(turn),
            usage: turn.usage(),
            times: Times {
                wall: turn.elapsed(turn.started),
                phases: self.phases.clone(),
            },
            majority: self.majority(task),
            firsts,
        })
    }

    fn vote(&self, turn: &Turn) -> Vote {
        let winner = turn.decision.as_ref().map(|decision| decision.winner);
        let tally = turn
            .decision
            .as_ref()
            .map(|decision| decision.tally.as_slice());
        let counts = tally.unwrap_or_default().iter().map(|row| row.voters.len());
        let most = counts.clone().max().unwrap_or_default();
        let own = self
            .ballots
            .iter()
            .filter(|(voter, target)| target.agent == *voter);
        Vote {
            winner: winner.map(|label| label.agent),
            ballots: self.ballots.len() as u32,
            own: own.count() as u32,
            abstained: turn.abstained().len() as u32,
            dropped: turn.dropped.len() as u32,
            first_won: self
                .ballots
                .first()
                .map(|(_, target)| Some(*target) == winner),
            tie: most > 0 && counts.filter(|count| *count == most).count() > 1,
            answers: turn.answers.len() as u32,
        }
    }

    fn firsts(&self, turn: &Turn, task: &Task) -> Vec<First> {
        let none = Opening::default();
        turn.agents
            .iter()
            .map(|agent| {
                let opening = self.openings.get(&agent.card.id).unwrap_or(&none);
                let text = opening.text.as_deref();
                First {
                    name: agent.card.name.clone(),
                    answered: text.is_some(),
                    correct: text.is_some_and(|text| task.oracle.accepts(text)),
                    independent: !opening.saw_others,
                    usage: opening.usage,
                    wall: opening.at.since(turn.started),
                }
            })
            .collect()
    }

    /// The most frequent result of the first answers; of equally frequent ones the first published.
    fn majority(&self, task: &Task) -> Option<Majority> {
        let mut texts: Vec<(Timestamp, &str)> = self
            .openings
            .values()
            .filter_map(|opening| Some((opening.at, opening.text.as_deref()?)))
            .collect();
        texts.sort_by_key(|(at, _)| *at);
        let mut groups: Vec<(String, &str, u32)> = Vec::new();
        for (_, text) in &texts {
            let Some(key) = task.oracle.key(text) else {
                continue;
            };
            match groups.iter_mut().find(|(known, ..)| *known == key) {
                Some((.., votes)) => *votes += 1,
                None => groups.push((key, text, 1)),
            }
        }
        let most = groups.iter().map(|(.., votes)| *votes).max()?;
        let (_, text, votes) = groups.iter().find(|(.., votes)| *votes == most)?;
        Some(Majority {
            correct: task.oracle.accepts(text),
            votes: *votes,
            of: texts.len() as u32,
        })
    }

    /// The session, once it is known.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        self.state.turn.as_ref().map(|turn| &turn.start.run)
    }

    /// True when the run is one of the scripted demo team.
    #[must_use]
    pub fn scripted(&self) -> bool {
        let turn = self.state.turn.as_ref();
        turn.is_some_and(|turn| matches!(turn.start.origin, Origin::Demo { .. }))
    }
}

/// How the turn ended, its final text, and why there is none.
fn ending(turn: &Turn) -> Option<(End, Option<&str>, &str)> {
    match turn.outcome.as_ref()? {
        Outcome::Answered { text, end, .. } => match end {
            OutcomeEnd::Stopped => None,
            OutcomeEnd::Consensus => Some((End::Settled, Some(text), "")),
            _ => Some((End::Forced, Some(text), "")),
        },
        Outcome::NoAnswer { reason, message } => match reason {
            crate::protocol::NoAnswerReason::Cancelled => None,
            _ => Some((End::Failed, None, message)),
        },
    }
}

fn cut(text: &str) -> String {
    text.chars().take(KEPT).collect()
}
