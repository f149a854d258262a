//! Rounds with their times, what set them off, and what came of them.

use serde::Serialize;

use super::AgentShare;
use crate::{
    protocol::{
        AgentEvent, AgentId, BallotEvent, CallEvent, Event, EventKind, Label, Purpose, RoundEnd,
        RunEvent, Timestamp, ToolEvent, Usage,
    },
    run::{Activity, AgentState, Turn},
};

/// One round of one agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Round {
    /// Whose.
    pub agent: AgentId,
    /// Number, starting at 1.
    pub round: u32,
    /// What it asked for.
    pub purpose: Purpose,
    /// Number of the event that began it.
    pub event: u64,
    /// Milliseconds from the turn's start.
    pub from_ms: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The part of it in which a tool ran.
    pub tools_ms: u64,
    /// The part of it between a failed call and the next word.
    pub retrying_ms: u64,
    /// How it ended; `None` when the log ends before it.
    pub end: Option<RoundEnd>,
    /// What it was set off by.
    pub cause: Cause,
    /// Tokens and money.
    pub usage: Usage,
    /// Whether what it did came to nothing.
    pub wasted: bool,
}

/// Why a round began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The turn began.
    Start,
    /// These answers were new to the agent.
    Answers(Vec<Label>),
    /// It was told what to do next: to present, to judge, to verify.
    Asked,
    /// It had published an answer itself, and looks at what there is.
    Own,
    /// Its own round before had no result.
    Again,
}

/// A round that runs while events are read.
struct Open {
    round: Round,
    began: Timestamp,
    tools: Vec<(String, Timestamp)>,
    busy: Option<Timestamp>,
    failed: Option<Timestamp>,
}

/// All rounds of a turn.
pub fn of(turn: &Turn, events: &[Event], end: Timestamp) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut known: Vec<(AgentId, Vec<Label>)> = Vec::new();
    for event in events {
        if let EventKind::Run(RunEvent::BallotsDropped(drops)) = &event.kind {
            for drop in drops {
                let voted = |round: &&mut Round| {
                    round.agent == drop.ballot.voter && round.end == Some(RoundEnd::Voted)
                };
                if let Some(round) = rounds.iter_mut().rfind(voted) {
                    round.wasted = true;
                }
            }
        }
        let EventKind::Agent { id, event: what } = &event.kind else {
            continue;
        };
        if let AgentEvent::RoundStarted {
            round,
            purpose,
            view,
        } = what
        {
            close(&mut rounds, &mut open, *id, event.at, None);
            let mut round = Round {
                agent: *id,
                round: *round,
                purpose: *purpose,
                event: event.seq.0,
                from_ms: event.at.since(turn.started),
                ms: 0,
                tools_ms: 0,
                retrying_ms: 0,
                end: None,
                cause: Cause::Start,
                usage: Usage::default(),
                wasted: false,
            };
            round.cause = cause(&round, news(&mut known, *id, view), &rounds);
            open.push(Open {
                round,
                began: event.at,
                tools: Vec::new(),
                busy: None,
                failed: None,
            });
            continue;
        }
        if let AgentEvent::RoundEnded { end, .. } = what {
            close(&mut rounds, &mut open, *id, event.at, Some(*end));
        } else if let AgentEvent::Usage(usage) = what {
            spent(&mut rounds, &mut open, *id, *usage);
        } else if let Some(running) = open.iter_mut().find(|open| open.round.agent == *id) {
            running.take(what, event.at, &mut known);
        }
    }
    for running in open {
        rounds.push(running.closed(end, None));
    }
    rounds.sort_by_key(|round| round.event);
    rounds
}

/// Labels that are new to an agent; they are known to it from now on.
fn news(known: &mut Vec<(AgentId, Vec<Label>)>, id: AgentId, view: &[Label]) -> Vec<Label> {
    if !known.iter().any(|(agent, _)| *agent == id) {
        known.push((id, Vec::new()));
    }
    let Some((_, seen)) = known.iter_mut().find(|(agent, _)| *agent == id) else {
        return Vec::new();
    };
    let new: Vec<Label> = view
        .iter()
        .filter(|one| !seen.contains(one))
        .copied()
        .collect();
    seen.extend(&new);
    // An agent's own answer is no news to it.
    new.into_iter().filter(|label| label.agent != id).collect()
}

fn cause(round: &Round, new: Vec<Label>, rounds: &[Round]) -> Cause {
    let asked = !matches!(
        round.purpose,
        Purpose::Work | Purpose::Revote | Purpose::VoteOnly
    );
    let before = rounds.iter().rfind(|one| one.agent == round.agent);
    match (asked, new.is_empty()) {
        (true, _) => Cause::Asked,
        (false, false) => Cause::Answers(new),
        (false, true) => match before.map(|one| one.end) {
            None => Cause::Start,
            Some(Some(RoundEnd::Published)) => Cause::Own,
            Some(_) => Cause::Again,
        },
    }
}

/// A round's own share of what is paid for; a figure that comes late belongs to the last round.
fn spent(rounds: &mut [Round], open: &mut [Open], id: AgentId, usage: Usage) {
    let running = open.iter_mut().find(|open| open.round.agent == id);
    let round = running.map(|open| &mut open.round);
    let round = round.or_else(|| rounds.iter_mut().rfind(|round| round.agent == id));
    if let Some(round) = round {
        round.usage += usage;
    }
}

fn close(
    rounds: &mut Vec<Round>,
    open: &mut Vec<Open>,
    id: AgentId,
    at: Timestamp,
    end: Option<RoundEnd>,
) {
    if let Some(place) = open.iter().position(|open| open.round.agent == id) {
        rounds.push(open.swap_remove(place).closed(at, end));
    }
}

impl Open {
    fn take(&mut self, what: &AgentEvent, at: Timestamp, known: &mut Vec<(AgentId, Vec<Label>)>) {
        match what {
            AgentEvent::Call(CallEvent::Retrying { .. } | CallEvent::Switched { .. }) => {
                self.failed.get_or_insert(at);
            }
            AgentEvent::Tool(ToolEvent::Started { call, .. }) => {
                self.alive(at);
                self.busy.get_or_insert(at);
                self.tools.push((call.clone(), at));
            }
            AgentEvent::Tool(ToolEvent::Finished { call, .. }) => {
                self.tools.retain(|(running, _)| running != call);
                self.idle(at);
            }
            AgentEvent::Delivered { labels } => {
                let new = news(known, self.round.agent, labels);
                // Told right behind the beginning of a round, they are what it is about.
                if !new.is_empty()
                    && matches!(self.round.cause, Cause::Start | Cause::Own | Cause::Again)
                {
                    self.round.cause = Cause::Answers(new);
                }
            }
            AgentEvent::Delta { .. }
            | AgentEvent::Published(_)
            | AgentEvent::Ballot(BallotEvent::Cast(_)) => self.alive(at),
            _ => {}
        }
    }

    /// The model answers again.
    fn alive(&mut self, at: Timestamp) {
        if let Some(failed) = self.failed.take() {
            self.round.retrying_ms += at.since(failed);
        }
    }

    /// Tools that run at the same time count once.
    fn idle(&mut self, at: Timestamp) {
        if self.tools.is_empty()
            && let Some(busy) = self.busy.take()
        {
            self.round.tools_ms += at.since(busy);
        }
    }

    fn closed(mut self, at: Timestamp, end: Option<RoundEnd>) -> Round {
        self.alive(at);
        self.tools.clear();
        self.idle(at);
        let mut round = self.round;
        round.end = end;
        round.wasted = matches!(end, Some(RoundEnd::Failed | RoundEnd::Interrupted));
        round.ms = at.since(self.began);
        round
    }
}

/// An agent's part of the turn.
pub fn share(turn: &Turn, agent: &AgentState, rounds: &[Round], end: Timestamp) -> AgentShare {
    let id = agent.card.id;
    let own = || rounds.iter().filter(|round| round.agent == id);
    let sum = |of: fn(&Round) -> u64| own().map(of).sum::<u64>();
    let (busy, tools_ms) = (sum(|round| round.ms), sum(|round| round.tools_ms));
    let retrying_ms = sum(|round| round.retrying_ms);
    let wasted = own().filter(|round| round.wasted);
    AgentShare {
        agent: id,
        name: agent.card.name.clone(),
        model: agent.card.model.clone(),
        working_ms: busy.saturating_sub(tools_ms + retrying_ms),
        tools_ms,
        retrying_ms,
        waiting_ms: turn.elapsed(end).saturating_sub(busy),
        rounds: own().count(),
        answers: (turn.answers.iter())
            .filter(|published| published.answer.label.agent == id)
            .count(),
        usage: agent.usage,
        wasted: wasted.fold(Usage::default(), |sum, round| sum + round.usage),
        lost: match &agent.activity {
            Activity::Away(away) => Some(away.word().to_owned()),
            _ => None,
        },
    }
}
