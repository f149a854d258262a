//! One agent at work: owns its conversation, calls its model, runs its tools, reports, waits.
//!
//! A seat lives for one turn. It knows nothing about votes or peers: the driver tells it what to add
//! to the conversation and which tools to offer ([`Directive`]), it tells the driver what each model
//! call came to ([`Report`]). Every tool call of its transcript has exactly one result, also when a
//! call is cut off. Dropping the directive channel ends it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::{
    asking::{Asking, Stop},
    bank::Bank,
    coordination::Report,
    ledger::Ticket,
    nested::Place,
    outbox::Outbox,
    premises::Grounds,
    prompt::Answers,
    reply::{self, Pace, Reply},
    talk::Talk,
    workflow,
};
use crate::{
    protocol::{
        AgentEvent, AgentId, BudgetScope, CallEvent, Failure, FailureKind, Label, Message, Purpose,
        ToolChoice, ToolSpec,
    },
    provider::{self, Request, StreamEvent},
    tool::Toolbox,
};

/// What the driver tells a seat.
#[derive(Debug)]
pub enum Directive {
    /// Begin a round.
    Ask {
        /// Round.
        round: u32,
        /// What for; decides the channel of its text.
        purpose: Purpose,
        /// The system message of a new conversation; `None` continues the old one.
        fresh: Option<Message>,
        /// What to add and offer.
        add: Addition,
        /// When the driver waits no longer.
        due: Option<Instant>,
    },
    /// Go on after a report.
    Continue {
        /// Round.
        round: u32,
        /// What to add and offer.
        add: Addition,
        /// When the driver waits no longer.
        due: Option<Instant>,
    },
    /// Cut the running model call, keep its text, report a boundary.
    Interrupt {
        /// Round.
        round: u32,
    },
    /// The round is over.
    Finish {
        /// Round.
        round: u32,
        /// Dropped when nothing more will be told about the round.
        done: Done,
    },
}

/// Held while a seat may still tell something about a finished round.
pub type Done = oneshot::Sender<()>;

/// What is added to the conversation and offered with the next model call.
#[derive(Clone, Debug, PartialEq)]
pub struct Addition {
    /// Text for the model.
    pub text: String,
    /// Answers that the text shows.
    pub shown: Vec<Label>,
    /// What the person says in it, word for word.
    pub heard: Vec<String>,
    /// Tools on offer.
    pub tools: Vec<ToolSpec>,
    /// How strongly a call is asked for.
    pub choice: ToolChoice,
}

/// A report with its address.
pub type Addressed = (AgentId, u32, Report);

/// Everything a seat needs.
pub struct Seat {
    /// Who sits here.
    pub agent: AgentId,
    /// Its model.
    pub provider: provider::Shared,
    /// Its tools.
    pub tools: Toolbox,
    /// Where its events go.
    pub outbox: Outbox,
    /// Where its reports go.
    pub reports: mpsc::Sender<Addressed>,
    /// What it is told.
    pub directives: mpsc::Receiver<Directive>,
    /// The published answers.
    pub answers: watch::Receiver<Arc<Answers>>,
    /// Who counts calls and tokens.
    pub bank: Bank,
    /// Tool calls of the running round.
    pub called: u32,
    /// Its number among the seats of this agent in this turn: 0 unless the agent was replaced, or an
    /// earlier process began the turn.
    pub sitting: u32,
    /// Ids of tool calls that were told; servers use theirs again in every reply.
    pub told: BTreeSet<String>,
    /// Its questions to others, and what it tells when it is asked.
    pub asking: Asking,
    /// What a team in this seat is told of the turn.
    pub place: Place,
    /// Beats whenever something happens here, for whoever listens for silence.
    pub pulse: watch::Sender<Instant>,
    /// The folders it works on.
    pub premises: Grounds,
}

/// How a wait or a model call ended.
enum Next {
    Continue(Addition),
    Finish(Done),
    Closed,
}

pub(super) enum Called {
    Reply(Reply),
    Interrupted(Reply),
    Finished(Reply, Done),
    /// It failed for good.
    Failed(Reply, Failure),
    /// The stream broke after content had arrived: the provider does not repeat that.
    Cut(Reply, Failure),
    /// The reply is as long as the budget allows.
    Capped(Reply),
    /// The budget does not allow the call.
    Unaffordable(BudgetScope),
    Closed,
}

/// Times a reply that broke off in the middle is asked for again.
const MAX_CUTS: u32 = 2;
/// Times a conversation is told in other words for another server, within one call.
const MAX_MOVES: u32 = 3;
/// Wait before the first repetition; doubled for the next.
const CUT_WAIT: Duration = Duration::from_secs(1);

impl Seat {
    /// Works until the directive channel closes.
    pub async fn run(mut self) {
        let mut talk = Talk::default();
        while let Some(directive) = self.directives.recv().await {
            if let Directive::Ask {
                round,
                purpose,
                fresh,
                add,
                due,
            } = directive
            {
                self.place.due = due;
                if let Some(system) = fresh {
                    let gauge = talk.gauge.afresh();
                    talk = Talk::new(system);
                    talk.gauge = gauge;
                }
                let mut add = add;
                self.late_answers(&mut add).await;
                talk.add(add);
                if self.round(round, purpose, &mut talk).await.is_none() {
                    return;
                }
            }
        }
    }

    /// One round; `None` when the channel closed.
    async fn round(&mut self, round: u32, purpose: Purpose, talk: &mut Talk) -> Option<()> {
        self.called = 0;
        loop {
            let report = match self.call(round, purpose, talk).await {
                Called::Reply(reply) => match self.settle(round, purpose, talk, reply).await {
                    (report, None | Some(Stop::Interrupted)) => report,
                    (_, Some(Stop::Finished(done))) => {
                        talk.close_open("Not recorded: the round is over.");
                        self.leave(talk, done).await;
                        return Some(());
                    }
                    (_, Some(Stop::Closed)) => return None,
                },
                Called::Interrupted(reply) => {
                    talk.keep_partial(reply);
                    Report::Boundary
                }
                Called::Finished(reply, done) => {
                    talk.keep_partial(reply);
                    self.leave(talk, done).await;
                    return Some(());
                }
                Called::Failed(_, failure) | Called::Cut(_, failure) => Report::Failed(failure),
                Called::Capped(reply) => {
                    let text = reply.so_far();
                    talk.keep_partial(reply);
                    match purpose {
                        Purpose::Present => Report::Presented { text },
                        _ => Report::Miss { text },
                    }
                }
                Called::Unaffordable(scope) => Report::Unaffordable(scope),
                Called::Closed => return None,
            };
            self.reports.send((self.agent, round, report)).await.ok()?;
            match self.wait(round).await {
                Next::Continue(mut add) => {
                    self.late_answers(&mut add).await;
                    talk.add(add);
                }
                Next::Finish(done) => {
                    talk.close_open("Recorded.");
                    self.leave(talk, done).await;
                    return Some(());
                }
                Next::Closed => return None,
            }
        }
    }

    /// Waits for what the driver says about a report. An interrupt that crossed it is void: the
    /// continuation already carries what it was for.
    async fn wait(&mut self, round: u32) -> Next {
        loop {
            match self.directives.recv().await {
                Some(Directive::Continue {
                    round: of,
                    add,
                    due,
                }) if of == round => {
                    self.place.due = due;
                    return Next::Continue(add);
                }
                Some(Directive::Finish { round: of, done }) if of == round => {
                    return Next::Finish(done);
                }
                Some(_) => {}
                None => return Next::Closed,
            }
        }
    }

    /// One model call; a reply that broke off in the middle is asked for again from its start.
    async fn call(&mut self, round: u32, purpose: Purpose, talk: &mut Talk) -> Called {
        let mut cuts = 0;
        let mut shrunk = false;
        let mut moves = 0;
        loop {
            if let Some(called) = self.offer_outside(round, purpose, talk).await {
                return called;
            }
            self.offer_results(talk).await;
            if let Err(denied) = Box::pin(self.keep_small(round, talk)).await {
                return Self::denied(denied, purpose);
            }
            let attempt = self.attempt(round, purpose, talk).await;
            let usage = match &attempt {
                Called::Reply(reply)
                | Called::Interrupted(reply)
                | Called::Finished(reply, _)
                | Called::Failed(reply, _)
                | Called::Capped(reply)
                | Called::Cut(reply, _) => reply.usage(self.provider.price()),
                Called::Unaffordable(_) | Called::Closed => None,
            };
            if let Some(usage) = usage {
                self.tell(AgentEvent::Usage(usage)).await;
            }
            self.bank.settle(self.agent, Ticket::Own, usage).await;
            let attempt = self.close_below(attempt).await;
            let (reply, failure) = match attempt {
                // It goes on elsewhere, where it has to be told in words first.
                Called::Failed(..) if moves < MAX_MOVES && !self.provider.reads(&talk.messages) => {
                    moves += 1;
                    continue;
                }
                Called::Failed(reply, failure) if failure.kind == FailureKind::Context => {
                    let tried = std::mem::replace(&mut shrunk, true);
                    match self.too_long(round, talk, (reply, failure), tried).await {
                        None => continue,
                        Some(called) => return called,
                    }
                }
                Called::Cut(reply, failure) if cuts < MAX_CUTS && failure.kind.retryable() => {
                    (reply, failure)
                }
                called => return called,
            };
            let wait = CUT_WAIT * 2u32.pow(cuts);
            cuts += 1;
            self.tell(AgentEvent::Call(CallEvent::Retrying {
                attempt: cuts + 1,
                wait_ms: wait.as_millis() as u64,
                failure,
            }))
            .await;
            if let Some(called) = self.pause(round, wait, reply).await {
                return called;
            }
        }
    }

    /// Waits before a repetition; `Some` when a directive ended the wait.
    async fn pause(&mut self, round: u32, wait: Duration, reply: Reply) -> Option<Called> {
        let until = Instant::now() + wait;
        loop {
            let directive = tokio::select! {
                directive = self.directives.recv() => directive,
                () = tokio::time::sleep_until(until) => return None,
            };
            match directive {
                Some(Directive::Interrupt { round: of }) if of == round => {
                    return Some(Called::Interrupted(reply));
                }
                Some(Directive::Finish { round: of, done }) if of == round => {
                    return Some(Called::Finished(reply, done));
                }
                Some(_) => {}
                None => return Some(Called::Closed),
            }
        }
    }

    /// One attempt, told to everyone as it streams.
    async fn attempt(&mut self, round: u32, purpose: Purpose, talk: &Talk) -> Called {
        let request = Request {
            messages: talk.messages.clone(),
            tools: talk.tools.clone(),
            choice: talk.choice,
        };
        self.asking.note(&talk.messages, &talk.tools);
        self.outbox.request(self.agent, round, purpose, &request);
        let mut reply = Reply::new(purpose, &request);
        reply.cleared_before(talk.gauge.cleared());
        let (longest, mut stream) = match self
            .open((round, Instant::now()), request, &mut reply)
            .await
        {
            Ok(opened) => opened,
            Err(denied) => return denied.called(reply),
        };
        loop {
            self.beat();
            tokio::select! {
                biased;
                directive = self.directives.recv() => match directive {
                    Some(Directive::Interrupt { round: of }) if of == round => {
                        return Called::Interrupted(reply);
                    }
                    Some(Directive::Finish { round: of, done }) if of == round => {
                        return Called::Finished(reply, done);
                    }
                    Some(_) => {}
                    None => return Called::Closed,
                },
                item = stream.next() => match item {
                    Some(Ok(StreamEvent::Stop(reason))) => {
                        reply.stop(reason);
                        return Called::Reply(reply);
                    }
                    Some(Ok(event)) => {
                        if let StreamEvent::Text(text) = &event {
                            self.asking.note_partial(text);
                        }
                        if let Some(event) = reply.take(event) {
                            self.pay_below(&event).await;
                            self.tell(event).await;
                        }
                        if longest.is_some_and(|longest| reply.tokens() > longest) {
                            return Called::Capped(reply);
                        }
                        if reply.pace() == Pace::TooLong {
                            return Called::Failed(reply, reply::too_long());
                        }
                    }
                    Some(Err(failure)) => return broken(reply, failure),
                    None => {
                        let what = "The stream ended without an end mark.";
                        return broken(reply, Failure::new(FailureKind::Transient, what));
                    }
                },
            }
        }
    }

    /// Something happened here.
    pub(super) fn beat(&self) {
        self.pulse.send_replace(Instant::now());
    }

    pub(super) async fn tell(&self, event: AgentEvent) {
        self.outbox.agent(self.agent, event).await;
    }

    /// Runs the tools of a complete reply and turns it into a report. When the driver cuts that off,
    /// the calls that are left are answered and not run.
    async fn settle(
        &mut self,
        round: u32,
        purpose: Purpose,
        talk: &mut Talk,
        reply: Reply,
    ) -> (Report, Option<Stop>) {
        let usage = reply.usage(self.provider.price());
        talk.gauge.note_cleared(reply.cleared());
        let (text, calls, carried) = reply.into_parts();
        let carries = carried.is_some();
        talk.said(&text, &calls, carried);
        if let Some(usage) = usage {
            talk.gauge.counted(usage, carries, talk.estimate());
        }
        if matches!(purpose, Purpose::Present | Purpose::Weigh) {
            let (mut reads, mut stop) = (false, None);
            for call in calls {
                let offered = talk.tools.iter().any(|tool| tool.name == call.name);
                if offered && stop.is_none() {
                    stop = self.run_tool(talk, &call, (round, purpose)).await;
                    reads = true;
                } else {
                    talk.result(&call, "Plain text is wanted here; no tool was run.");
                }
            }
            return if reads {
                (Report::Boundary, stop)
            } else {
                (Report::Presented { text }, None)
            };
        }
        let mut stop = None;
        let mut ran = false;
        let mut terminals = Vec::new();
        for call in calls {
            if let Some(read) = workflow::read(&call) {
                terminals.push((call, read));
            } else if stop.is_some() {
                talk.result(&call, "Not run: you were interrupted.");
            } else if purpose == Purpose::Verify
                && !talk.tools.iter().any(|tool| tool.name == call.name)
            {
                talk.result(&call, "Not run: only what is offered for checking is.");
                ran = true;
            } else {
                stop = self.run_tool(talk, &call, (round, purpose)).await;
                ran = true;
            }
        }
        let report = match self.terminal(talk, terminals).await {
            Some(report) => report,
            None if ran => Report::Boundary,
            None => Report::Miss { text },
        };
        (report, stop)
    }
}

/// A failure in the middle of a reply can be repeated; one before any content was already.
fn broken(mut reply: Reply, failure: Failure) -> Called {
    reply.fail();
    if reply.is_empty() {
        Called::Failed(reply, failure)
    } else {
        Called::Cut(reply, failure)
    }
}
