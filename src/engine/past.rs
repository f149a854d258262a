//! What a session's log says to a process that goes on with it.
//!
//! A small fold of its own: numbers that must not be used again, earlier turns for the prompt, and
//! the events of a turn that broke off. It holds no rule of coordination.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    SessionSetup,
    history::{self, Earlier},
    stages::{self, Chain, Mark, run::unfinished},
};
use crate::protocol::{
    AgentEvent, AgentId, Answer, BudgetEvent, Channel, Decision, Event, EventKind, Mode, Outcome,
    QuestionEvent, QuestionId, RoundEnd, RunEvent, Seq, StageEvent, SteerId, TurnStart,
    rules::Approval, stage::Whole,
};

/// Most bytes of what an agent had written that it is shown again, the end of it.
const NOTES: usize = 16 * 1024;

/// What a log says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// How the last turn started, when there was one.
    pub start: Option<Box<TurnStart>>,
    /// What the person should know about going on, one sentence each.
    pub notices: Vec<String>,
    /// Number of the last event.
    pub last: Seq,
    /// Number of the last turn.
    pub turn: u32,
    /// Turns that are over, oldest first.
    pub history: Vec<Earlier>,
    /// The turn that broke off.
    pub open: Option<Box<Open>>,
    /// What the chain of turns that broke off has come to, and its task.
    pub(super) marks: Vec<Mark>,
    pub(super) chained: Option<String>,
    /// What holds for all of it.
    whole: Option<Box<Whole>>,
    /// Turns there were before that chain.
    before: usize,
    /// The last question that was asked.
    pub(super) question: QuestionId,
}

/// A turn that broke off.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// How it started, or went on the last time.
    pub start: TurnStart,
    /// All its events, its start first.
    pub events: Vec<Event>,
    /// Numbers that are missing among them.
    pub missing: u64,
}

/// What a driver has to know of a turn that broke off.
#[derive(Clone, Debug, Default)]
pub(super) struct Recall {
    /// Published answers.
    pub answers: Vec<Answer>,
    /// The settled vote.
    pub decision: Option<Decision>,
    /// The last message of the person.
    pub steer: SteerId,
    /// What agents had written in rounds that were cut off.
    pub notes: BTreeMap<AgentId, String>,
    /// Bytes that streamed of model calls whose tokens were never told.
    pub unpaid: BTreeMap<AgentId, u64>,
    /// Questions nobody waits for any more.
    pub questions: BTreeSet<QuestionId>,
}

impl Past {
    /// Reads the events of a log.
    #[must_use]
    pub fn read(events: &[Event]) -> Self {
        let mut past = Self::default();
        for event in events {
            past.take(event);
        }
        past
    }

    fn take(&mut self, event: &Event) {
        let missing = event.seq.0.saturating_sub(self.last.0 + 1);
        self.last = self.last.max(event.seq);
        if let EventKind::Run(RunEvent::Question(question)) = &event.kind {
            self.question = self.question.max(question.id());
        }
        if let EventKind::Run(RunEvent::Started(start)) = &event.kind {
            self.start = Some(start.clone());
            self.turn = self.turn.max(start.turn);
            let goes_on = start.resumed.is_some()
                && self
                    .open
                    .as_ref()
                    .is_some_and(|open| open.start.turn == start.turn);
            if !goes_on {
                self.close();
                self.link(start);
                let settled = start.stage.iter().flat_map(|stage| &stage.settled);
                self.marks.extend(settled.cloned().map(Mark::Step));
                self.open = Some(Box::new(Open {
                    start: (**start).clone(),
                    events: vec![event.clone()],
                    missing: 0,
                }));
                return;
            }
            if let Some(open) = &mut self.open {
                open.start = (**start).clone();
            }
        }
        if let Some(open) = &mut self.open {
            open.missing = open.missing.saturating_add(missing);
            open.events.push(event.clone());
        }
        match &event.kind {
            EventKind::Run(RunEvent::Stage(StageEvent::Over { outcome })) => {
                self.unlink(outcome.as_ref());
            }
            EventKind::Run(RunEvent::Stage(step)) if self.chained.is_some() => {
                self.marks.push(Mark::Step(step.clone()));
            }
            EventKind::Run(RunEvent::Ended(outcome)) => {
                let stage = self
                    .open
                    .as_ref()
                    .and_then(|open| open.start.stage.as_ref());
                if let Some(stage) = stage {
                    self.marks
                        .extend(self.open.as_ref().and_then(|open| open.spent()));
                    self.marks.push(Mark::Ended(stage.kind, outcome.clone()));
                }
                self.close();
            }
            EventKind::Run(_) | EventKind::Agent { .. } => {}
        }
    }

    /// A turn begins: the next of a chain, or something of its own.
    fn link(&mut self, start: &TurnStart) {
        match (&start.stage, &self.chained) {
            (Some(_), Some(_)) => {}
            (Some(_), None) => {
                self.chained = Some(start.prompt.clone());
                self.whole = start.stage.as_ref().and_then(|stage| stage.whole.clone());
                self.before = self.history.len();
            }
            (None, _) => {
                self.chained = None;
                self.marks.clear();
            }
        }
    }

    /// A chain is over: it was one task.
    fn unlink(&mut self, outcome: Option<&Outcome>) {
        let Some(prompt) = self.chained.take() else {
            return;
        };
        self.marks.clear();
        let last = self.history.pop();
        self.history.truncate(self.before);
        let (last, answers) = last.map_or((None, Vec::new()), |turn| (turn.outcome, turn.answers));
        let turn = Earlier {
            prompt,
            outcome: outcome.cloned().or(last),
            best: None,
            answers,
        };
        history::remember(&mut self.history, turn);
    }

    /// Whether there is something to go on with: a turn that broke off, or a chain between two turns.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some() || self.chained.is_some()
    }

    /// The chain that broke off, as far as it got, under the rules it began with.
    pub(super) fn chain(&self, setup: &SessionSetup) -> Option<Chain> {
        let team: Vec<AgentId> = setup.team.iter().map(|one| one.card.id).collect();
        let prompt = self.chained.as_ref()?;
        let whole = self.whole.as_deref();
        let (rules, limits) = whole.map_or((&setup.rules, &setup.limits), |whole| {
            (&whole.rules, &whole.limits)
        });
        let mut chain = Chain::new(prompt, rules, limits, &team)?;
        if let Mode::Plan(planning) = &setup.rules.mode
            && planning.approval == Approval::Auto
        {
            chain.never_ask();
        }
        Some(unfinished(chain, &self.marks))
    }

    /// Turns before the task that broke off.
    pub(super) fn earlier(&self) -> Vec<Earlier> {
        let mut history = self.history.clone();
        if self.chained.is_some() {
            history.truncate(self.before);
        }
        history
    }

    /// The turn is over, or another one has begun without its end.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut turn = Earlier {
            prompt: open.start.prompt.clone(),
            outcome: None,
            best: None,
            answers: Vec::new(),
        };
        let tells =
            stages::run::answers_the_task(open.start.stage.as_ref().map(|stage| stage.kind));
        for event in open.events {
            match event.kind {
                EventKind::Run(RunEvent::Ended(outcome)) => turn.outcome = Some(outcome),
                EventKind::Agent {
                    event: AgentEvent::Published(answer),
                    ..
                } => {
                    turn.best = Some(answer.text.clone());
                    if tells {
                        turn.answers.push(answer);
                    }
                }
                EventKind::Run(_) | EventKind::Agent { .. } => {}
            }
        }
        history::remember(&mut self.history, turn);
    }
}

impl Open {
    /// Where its money went, as told at its end.
    fn spent(&self) -> Option<Mark> {
        self.events
            .iter()
            .rev()
            .find_map(|event| match &event.kind {
                EventKind::Run(RunEvent::Budget(BudgetEvent::Spent(shares))) => {
                    Some(Mark::Spent(shares.clone()))
                }
                _ => None,
            })
    }

    /// What the driver of the next process has to know.
    pub(super) fn recall(&self) -> Recall {
        let mut recall = Recall::default();
        for event in &self.events {
            match &event.kind {
                EventKind::Run(event) => recall.run_event(event),
                EventKind::Agent { id, event } => recall.agent_event(*id, event),
            }
        }
        recall.notes.retain(|_, notes| !notes.trim().is_empty());
        recall
    }
}

impl Recall {
    fn run_event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Steer { id, .. } => self.steer = self.steer.max(*id),
            RunEvent::Decided(decision) => self.decision = Some(decision.clone()),
            RunEvent::Question(QuestionEvent::Asked(question)) => {
                self.questions.insert(question.id);
            }
            RunEvent::Question(question) => {
                self.questions.remove(&question.id());
            }
            // The call that its round began with was not made.
            RunEvent::Budget(BudgetEvent::Refused(refused)) => {
                self.unpaid.remove(&refused.agent);
            }
            RunEvent::Started(_)
            | RunEvent::Phase(_)
            | RunEvent::BallotsDropped(_)
            | RunEvent::Ended(_)
            | RunEvent::Budget(
                BudgetEvent::Forecast(_) | BudgetEvent::Unpriced { .. } | BudgetEvent::Spent(_),
            )
            | RunEvent::Review(_)
            | RunEvent::Team(_)
            | RunEvent::Stage(_)
            | RunEvent::Notice { .. } => {}
        }
    }

    fn agent_event(&mut self, id: AgentId, event: &AgentEvent) {
        match event {
            AgentEvent::RoundStarted { .. } => {
                self.unpaid.insert(id, 0);
            }
            AgentEvent::Delta { text, .. } => {
                *self.unpaid.entry(id).or_default() += text.len() as u64;
            }
            AgentEvent::Usage(_) | AgentEvent::RoundEnded { .. } => {
                self.unpaid.remove(&id);
            }
            AgentEvent::Nested(inner) => {
                if let EventKind::Agent {
                    event: AgentEvent::Delta { text, .. },
                    ..
                } = &inner.kind
                {
                    *self.unpaid.entry(id).or_default() += text.len() as u64;
                }
            }
            AgentEvent::Tool(_)
            | AgentEvent::Call(_)
            | AgentEvent::Published(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Benched(_) => {}
        }
        self.note(id, event);
    }

    /// Keeps what an agent has written and not brought to an end.
    fn note(&mut self, id: AgentId, event: &AgentEvent) {
        match event {
            AgentEvent::Delta {
                channel: Channel::Text | Channel::Draft,
                text,
            } => {
                let notes = self.notes.entry(id).or_default();
                notes.push_str(text);
                if notes.len() > 2 * NOTES {
                    notes.drain(..notes.ceil_char_boundary(notes.len() - NOTES));
                }
            }
            AgentEvent::Published(answer) => {
                self.notes.remove(&id);
                self.answers.push(answer.clone());
            }
            // The reply is asked for again from its start, or what it wrote is settled.
            AgentEvent::Call(_)
            | AgentEvent::RoundEnded {
                end:
                    RoundEnd::Published
                    | RoundEnd::Voted
                    | RoundEnd::Abstained
                    | RoundEnd::Weighed
                    | RoundEnd::Presented
                    | RoundEnd::Verified
                    | RoundEnd::Failed,
                ..
            }
            | AgentEvent::Ballot(_)
            | AgentEvent::Benched(_) => {
                self.notes.remove(&id);
            }
            // Cut off already by the end of an earlier process: still its notes.
            AgentEvent::RoundEnded {
                end: RoundEnd::Interrupted,
                ..
            }
            | AgentEvent::RoundStarted { .. }
            | AgentEvent::Delta {
                channel: Channel::Thinking | Channel::Final,
                text: _,
            }
            | AgentEvent::Nested(_)
            | AgentEvent::Tool(_)
            | AgentEvent::Usage(_)
            | AgentEvent::Refused { .. }
            | AgentEvent::Delivered { .. } => {}
        }
    }
}
