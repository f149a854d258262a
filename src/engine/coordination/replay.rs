//! Events back into the state that emitted them.
//!
//! Reads what a process that ended in the middle of a turn has logged. The stream may break off
//! anywhere, also in the middle of what one step emitted; what is half done is kept aside in
//! [`Torn`] for `resume` to finish. Every event type is looked at here, so that a new one asks what
//! it means for a turn that goes on.
//!
//! Conversations are lost with the process: nothing counts as seen, and whoever is asked next
//! begins anew. What was shown before is known, though: it is shown as digests.

use std::collections::BTreeSet;

use crate::protocol::{
    AgentEvent, AgentId, BallotDrop, BallotDropReason, BallotEvent, BudgetEvent, Channel, Decision,
    Event, EventKind, Label, OutcomeEnd, Phase, Purpose, ReviewEvent, RoundEnd, RunEvent, Setback,
    SteerId, SteerState, TeamEvent, Timestamp,
};

use super::{
    Coordination, Setup,
    members::Replayed,
    state::{FirstAnswer, Lost, Stage},
    verify::Told,
};

/// Milliseconds by which a timer may fire early in the clock of the events.
const TIMER_SLACK: u64 = 1000;

/// What the log had begun and not finished, and what only the log tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Torn {
    /// Running rounds, by position in the team.
    pub open: Vec<(usize, Open)>,
    /// Ballots that were cast before the latest publication, by position.
    pub stale: Vec<usize>,
    /// Messages to agents that do not exist, whose receipt is missing.
    pub unheard: BTreeSet<(SteerId, AgentId)>,
    /// The phase was told at least once.
    pub phase_told: bool,
    /// The vote that was settled.
    pub decision: Option<Decision>,
    /// A presentation that was complete.
    pub presented: Option<(AgentId, String)>,
    /// Agents whose presentation ended without one.
    pub tried: Vec<AgentId>,
    /// Milliseconds the turn had run.
    pub used_ms: u64,
}

/// A round that had begun and not ended.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub round: u32,
    pub purpose: Purpose,
    /// What the agent has done with it; its end was on the way.
    pub acted: Option<RoundEnd>,
    /// Presentation text of the latest model call.
    text: String,
    /// The latest model call is complete.
    complete: bool,
    /// The process that ran it has ended.
    cut: bool,
}

/// Milliseconds that the turn of these events has run; pauses between processes are left out.
#[must_use]
pub fn time_used(events: &[Event]) -> u64 {
    let mut clock = Clock::default();
    for event in events {
        clock.tick(event);
    }
    clock.used
}

/// Adds up the time of one turn over several processes.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    used: u64,
    last: Option<Timestamp>,
}

impl Clock {
    fn tick(&mut self, event: &Event) {
        let begins = matches!(event.kind, EventKind::Run(RunEvent::Started(_)));
        if let (Some(last), false) = (self.last, begins) {
            self.used = self.used.saturating_add(event.at.since(last));
        }
        self.last = Some(event.at);
    }
}

impl Coordination {
    /// Whether the turn's timer had fired when it had run for so long.
    pub(super) fn is_time_up(&self, used_ms: u64) -> bool {
        let limit = self.setup.limits.turn_seconds.saturating_mul(1000);
        used_ms.saturating_add(TIMER_SLACK) >= limit
    }
}

/// A machine while the log is read.
pub(super) struct Replay {
    machine: Coordination,
    torn: Torn,
    open: Vec<Option<Open>>,
    /// Answers there were when each standing ballot was cast.
    ballot_at: Vec<usize>,
    clock: Clock,
    /// Whose round the event before has interrupted.
    interrupted: Option<usize>,
}

impl Replay {
    pub fn new(setup: Setup) -> Self {
        let machine = Coordination::new(setup);
        let members = machine.members.len();
        Self {
            machine,
            torn: Torn::default(),
            open: vec![None; members],
            ballot_at: vec![0; members],
            clock: Clock::default(),
            interrupted: None,
        }
    }

    /// Takes in one event of the turn.
    pub fn take(&mut self, event: &Event) {
        self.clock.tick(event);
        // A new model drops an abstention in between.
        let between = matches!(event.kind, EventKind::Run(RunEvent::BallotsDropped(_)));
        let interrupted = self.interrupted.take();
        if between {
            self.interrupted = interrupted;
        }
        if let EventKind::Run(RunEvent::Team(change)) = &event.kind {
            return self.team(change, interrupted);
        }
        match &event.kind {
            EventKind::Run(event) => self.run_event(event),
            EventKind::Agent { id, event } => {
                // Somebody who is not in the team: a damaged or foreign log.
                if let Some(i) = self.machine.find(*id) {
                    self.agent_event(i, *id, event);
                }
            }
        }
    }

    /// The machine as of the last event, and what has to be finished.
    pub fn finish(mut self) -> (Coordination, Torn) {
        let epoch = self.machine.answers.len();
        for (i, open) in self.open.into_iter().enumerate() {
            let member = &mut self.machine.members[i];
            member.seen.clear();
            member.lost = Lost::Nothing;
            member.stint.talking = false;
            // A ballot outlives answers that its voter may not see.
            let since = self.machine.answers.get(self.ballot_at[i]..epoch);
            let target = member.ballot.as_ref().and_then(|ballot| ballot.target);
            let concerned = since.unwrap_or_default().iter().any(|answer| {
                let author = answer.label.agent;
                let place = self.machine.find(author);
                place.is_some_and(|place| self.machine.sees(i, place))
                    || target.is_some_and(|target| target.agent == author)
            });
            if self.machine.members[i].ballot.is_some() && concerned {
                self.torn.stale.push(i);
            }
            if let Some(open) = open {
                self.torn.open.push((i, open));
            }
        }
        self.torn.used_ms = self.clock.used;
        (self.machine, self.torn)
    }

    fn run_event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started(_) => {
                for open in self.open.iter_mut().flatten() {
                    open.cut = true;
                }
            }
            RunEvent::Phase(phase) => self.phase(*phase),
            RunEvent::BallotsDropped(drops) => {
                for drop in drops {
                    self.drop_ballot(drop);
                }
            }
            RunEvent::Steer {
                id,
                target,
                text,
                state,
            } => match state {
                SteerState::Queued => {
                    self.machine.last_steer = self.machine.last_steer.max(Some(*id));
                    for agent in self.machine.addressees(target) {
                        match self.machine.find(agent) {
                            Some(i) => self.machine.members[i].mail.inbox.push((*id, text.clone())),
                            None => {
                                self.torn.unheard.insert((*id, agent));
                            }
                        }
                    }
                }
                SteerState::Delivered(agent) => {
                    if let Some((i, words)) = self.taken(*id, *agent) {
                        let member = &mut self.machine.members[i];
                        member.mail.heard.push((*id, words));
                        member.mail.unseen.push(*id);
                    }
                }
                SteerState::Seen(agent) => {
                    if let Some(i) = self.machine.find(*agent) {
                        self.machine.members[i]
                            .mail
                            .unseen
                            .retain(|unseen| unseen != id);
                    }
                }
                SteerState::Missed(agent) | SteerState::Withdrawn(agent) => {
                    self.torn.unheard.remove(&(*id, *agent));
                    // Words that reach nobody any more.
                    let _ = self.taken(*id, *agent);
                }
            },
            RunEvent::Decided(decision) => self.torn.decision = Some(decision.clone()),
            RunEvent::Ended(_) => self.machine.stage = Stage::Closed,
            RunEvent::Review(event) => self.review(event),
            RunEvent::Budget(event) => self.budget(event),
            // Questions end with the process that waited for them.
            RunEvent::Question(_) | RunEvent::Team(_) | RunEvent::Notice { .. } => {}
            RunEvent::Stage(event) => self.machine.replay_step(event),
        }
    }

    fn drop_ballot(&mut self, drop: &BallotDrop) {
        let Some(i) = self.machine.find(drop.ballot.voter) else {
            return;
        };
        self.machine.members[i].ballot = None;
        match drop.reason {
            BallotDropReason::NewAnswer { by: _ }
            | BallotDropReason::Replaced
            | BallotDropReason::Revising => {}
            BallotDropReason::Runoff { one, other } => {
                self.machine.voting.runoff = Some((one, other));
            }
        }
    }

    fn budget(&mut self, event: &BudgetEvent) {
        if let BudgetEvent::Refused(refused) = event
            && let Some(i) = self.machine.find(refused.agent)
            && let Some(open) = &self.open[i]
            && !matches!(open.purpose, Purpose::Present | Purpose::Verify)
        {
            self.machine.note_refusal(i, refused.scope);
        }
    }

    /// A change of the team; `interrupted` is whose round was ended for it.
    fn team(&mut self, change: &TeamEvent, interrupted: Option<usize>) {
        if self.machine.replay_change(change, interrupted) == Replayed::Joined {
            self.open.push(None);
            self.ballot_at.push(0);
        }
    }

    fn review(&mut self, event: &ReviewEvent) {
        if let ReviewEvent::Again { agents, .. } = event {
            let instructions = match self.machine.attempts.told.take() {
                Some(Told::Verdict(verdict)) => verdict.instructions,
                Some(Told::Skipped) | None => String::new(),
            };
            self.machine.count_attempt(agents, &instructions);
            self.machine.phase = Phase::Work;
            self.torn = Torn::default();
            self.clock.used = 0;
        }
        self.machine.attempts.told = match event {
            ReviewEvent::Verdict(verdict) => Some(Told::Verdict(verdict.clone())),
            ReviewEvent::Skipped { .. } => Some(Told::Skipped),
            ReviewEvent::Asked { .. } | ReviewEvent::Again { .. } => None,
        };
    }

    /// Why a phase was forced is not told, but it follows from the clock.
    fn phase(&mut self, phase: Phase) {
        self.torn.phase_told = true;
        self.machine.phase = phase;
        // The call that the budget refused was told before.
        let broke = self.machine.attempts.out_of_budget;
        // A runoff and a judge lead to votes by themselves.
        let further = self.machine.voting.runoff.is_some() || self.machine.judged();
        if matches!(phase, Phase::PublishNow | Phase::VoteNow)
            && self.machine.ending.forced.is_none()
            && (broke || !(further && phase == Phase::VoteNow))
        {
            let timed = self.machine.is_time_up(self.clock.used);
            self.machine.ending.forced = Some(if timed || broke {
                OutcomeEnd::Limit
            } else {
                OutcomeEnd::AnswerNow
            });
        }
    }

    /// Takes a message out of an agent's inbox.
    fn taken(&mut self, id: SteerId, agent: AgentId) -> Option<(usize, String)> {
        let i = self.machine.find(agent)?;
        let inbox = &mut self.machine.members[i].mail.inbox;
        let at = inbox.iter().position(|(message, _)| *message == id)?;
        Some((i, inbox.remove(at).1))
    }

    fn agent_event(&mut self, i: usize, id: AgentId, event: &AgentEvent) {
        match event {
            AgentEvent::RoundStarted {
                round,
                purpose,
                view,
            } => {
                self.began(i, *round, *purpose);
                self.show(i, view);
            }
            AgentEvent::RoundEnded { round: _, end } => self.ended(i, id, *end),
            AgentEvent::Delta {
                channel: Channel::Final,
                text,
            } => {
                if let Some(open) = &mut self.open[i] {
                    if std::mem::take(&mut open.complete) {
                        open.text.clear();
                    }
                    open.text.push_str(text);
                }
            }
            // The reply is asked for again from its start.
            AgentEvent::Call(_) => {
                if let Some(open) = &mut self.open[i] {
                    open.text.clear();
                }
            }
            AgentEvent::Usage(_) => {
                if let Some(open) = &mut self.open[i] {
                    open.complete = true;
                }
            }
            AgentEvent::Published(answer) => {
                if self.machine.answer(answer.label).is_none() && answer.label.agent == id {
                    self.machine.answers.push(answer.clone());
                    self.machine.voting.runoff = None;
                    let member = &mut self.machine.members[i];
                    member.revisions = member.revisions.max(answer.label.revision);
                    self.machine.leave_layer(i);
                    self.acted(i, RoundEnd::Published);
                }
            }
            AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                self.ballot_at[i] = self.machine.answers.len();
                self.machine.members[i].ballot = Some(ballot.clone());
                self.acted(
                    i,
                    match ballot.target {
                        Some(_) => RoundEnd::Voted,
                        None => RoundEnd::Abstained,
                    },
                );
            }
            AgentEvent::Delivered { labels } => self.show(i, labels),
            AgentEvent::Benched(failure) => {
                self.machine.members[i].benched = Some(failure.clone());
            }
            AgentEvent::Delta {
                channel: Channel::Text | Channel::Thinking | Channel::Draft,
                text: _,
            }
            | AgentEvent::Tool(_)
            | AgentEvent::Nested(_) => {}
            AgentEvent::Refused { setback, .. } => {
                if *setback == Setback::Improves {
                    let epoch = self.machine.epoch();
                    self.machine.voting.sent_back.insert((id, epoch));
                }
            }
        }
    }

    fn began(&mut self, i: usize, round: u32, purpose: Purpose) {
        let member = &mut self.machine.members[i];
        member.rounds = member.rounds.max(round);
        self.open[i] = Some(Open {
            round,
            purpose,
            acted: None,
            text: String::new(),
            complete: false,
            cut: false,
        });
        self.machine.replay_round(purpose);
    }

    /// Answers came into its view. One without an answer of its own that was shown others although
    /// first answers are independent had written what another had published.
    fn show(&mut self, i: usize, labels: &[Label]) {
        if labels.is_empty() {
            return;
        }
        let looks = self.machine.may_look(i);
        let epoch = self.machine.epoch_on_show();
        let member = &mut self.machine.members[i];
        member.epoch = epoch;
        member.stint.known.extend(labels);
        if !looks {
            member.first = FirstAnswer::Agreed;
        }
    }

    fn acted(&mut self, i: usize, end: RoundEnd) {
        self.machine.members[i].stint.revise = None;
        if let Some(open) = &mut self.open[i] {
            open.acted = Some(end);
        }
    }

    fn ended(&mut self, i: usize, id: AgentId, end: RoundEnd) {
        let open = self.open[i].take();
        if end == RoundEnd::Abstained {
            self.machine.leave_layer(i);
        }
        let member = &mut self.machine.members[i];
        if end != RoundEnd::Interrupted {
            member.stint.revise = None;
        }
        match end {
            RoundEnd::Abstained if member.revisions == 0 => member.first = FirstAnswer::GivenUp,
            RoundEnd::Presented => {
                let text = open.map(|open| open.text).unwrap_or_default();
                self.torn.presented = Some((id, text));
            }
            RoundEnd::Published
            | RoundEnd::Voted
            | RoundEnd::Abstained
            | RoundEnd::Verified
            | RoundEnd::Weighed
            | RoundEnd::Failed
            | RoundEnd::Interrupted => {
                self.interrupted = (end == RoundEnd::Interrupted).then_some(i);
                let Some(open) = open else { return };
                if open.cut && end == RoundEnd::Interrupted {
                    member.stint.again += 1;
                } else if open.purpose == Purpose::Present {
                    self.torn.tried.push(id);
                } else if open.purpose == Purpose::Verify {
                    self.machine.attempts.tried.push(id);
                }
            }
        }
    }
}
