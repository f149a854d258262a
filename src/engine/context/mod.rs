//! A seat keeps its conversation small enough for its model.
//!
//! Before each call, and once after a call that was refused as too long, the conversation is measured
//! ([`gauge`]), taken apart ([`plan`]) and put together again with notes in the place of its middle
//! ([`notes`]), written by a model. Where that cannot be, the middle is left out and the event says
//! why. Calls are reserved and paid for like all others. A directive ends it at any moment, and the
//! conversation is then as it was.

pub mod gauge;
mod notes;
pub mod plan;

use futures_util::{StreamExt as _, stream::BoxStream};

use self::plan::Plan;
use super::{
    ledger::Ticket,
    paying::Denied,
    reply::{Pace, Reply},
    seat::{Called, Directive, Seat},
    talk::Talk,
};
use crate::{
    protocol::{
        AgentEvent, CallEvent, CompactedBy, Context, Failure, FailureKind, Message, Purpose,
        ToolChoice, ToolSpec, Usage,
    },
    provider::{
        self, Compaction, Price, Request, StopReason, StreamEvent, tokens, wire::carried::is_mark,
    },
    tool::fence,
};

/// Tokens of notes, at most; fewer where the window is small.
const NOTES: u64 = 4_096;

/// One compaction on its way.
struct Work<'a> {
    round: u32,
    plan: Plan,
    rules: &'a Context,
    window: u64,
    /// What the person said, and the current answers.
    words: Vec<String>,
    task: String,
    tools: Vec<ToolSpec>,
}

/// One call that makes a conversation smaller; it is sent when it is first read.
struct Note {
    round: u32,
    price: Option<Price>,
    stream: BoxStream<'static, Result<StreamEvent, Failure>>,
    /// Tokens of the reply, at most.
    most: u64,
}

/// Why there are no notes.
enum Without {
    /// It did not work.
    Failed(Failure),
    /// A directive came.
    Stopped(Denied),
}

impl Seat {
    /// Makes the conversation smaller when it is nearly as long as its model can read.
    pub(super) async fn keep_small(&mut self, round: u32, talk: &mut Talk) -> Result<(), Denied> {
        self.carry_over(round, talk).await?;
        let rules = self.provider.context();
        let (Some(full), Some(window)) = (rules.full, rules.window.or(talk.gauge.named())) else {
            return Ok(());
        };
        let size = talk.size();
        let limit = window / 100 * u64::from(full) + window % 100 * u64::from(full) / 100;
        if size < limit || !talk.gauge.grown(size, window) {
            return Ok(());
        }
        self.make_small(round, talk, (&rules, window), None).await?;
        Ok(())
    }

    /// The conversation goes on at a server that cannot read what another one had made of it: the mark
    /// goes, and notes (or what this server makes of it) stand in its place.
    async fn carry_over(&mut self, round: u32, talk: &mut Talk) -> Result<(), Denied> {
        if self.provider.reads(&talk.messages) {
            return Ok(());
        }
        let mut messages = talk.messages.clone();
        messages.retain(|message| !is_mark(message));
        talk.replace(messages);
        let rules = self.provider.context();
        if rules.full.is_some() {
            let window = rules.window.or(talk.gauge.named());
            let window = window.unwrap_or(talk.size()).max(1);
            self.make_small(round, talk, (&rules, window), Some(unreadable()))
                .await?;
        }
        Ok(())
    }

    /// A prompt was refused as too long: makes the conversation smaller, for one more call. `Some`
    /// where that cannot be, or was tried before: what the call came to.
    pub(super) async fn too_long(
        &mut self,
        round: u32,
        talk: &mut Talk,
        (reply, failure): (Reply, Failure),
        tried: bool,
    ) -> Option<Called> {
        if tried {
            return Some(Called::Failed(reply, still_too_long(failure)));
        }
        match self.refused_as_long(round, talk, &failure).await {
            Ok(true) => None,
            Ok(false) => Some(Called::Failed(reply, failure)),
            Err(denied) => Some(denied.called(reply)),
        }
    }

    async fn refused_as_long(
        &mut self,
        round: u32,
        talk: &mut Talk,
        failure: &Failure,
    ) -> Result<bool, Denied> {
        let rules = self.provider.context();
        if rules.full.is_none() {
            return Ok(false);
        }
        talk.gauge.refused(&failure.message);
        // What did not fit is the best guess where nobody knows the window.
        let window = talk.gauge.named().or(rules.window).unwrap_or(talk.size());
        let window = window.min(talk.size().max(1));
        if self.make_small(round, talk, (&rules, window), None).await? {
            return Ok(true);
        }
        // Nothing lies between the task and the last step: only what that step brought can go.
        let before = talk.size();
        let tools = tokens::conversation(&[], &talk.tools);
        let messages = plan::shorten(talk.messages.clone(), (window / 2).saturating_sub(tools));
        if !is_shorter(&messages, talk) {
            return Ok(false);
        }
        talk.replace(messages);
        let event = CallEvent::Compacted {
            before,
            after: talk.size(),
            way: CompactedBy::Trim,
            spent: Usage::default(),
            instead: None,
            worth: self.worth(),
        };
        self.tell(AgentEvent::Call(event)).await;
        Ok(true)
    }

    async fn make_small(
        &mut self,
        round: u32,
        talk: &mut Talk,
        (rules, window): (&Context, u64),
        why: Option<Failure>,
    ) -> Result<bool, Denied> {
        // What comes from elsewhere is told in fewer words however large the window is here.
        let room = match why {
            Some(_) => window.min(talk.size()),
            None => window,
        };
        let Some(plan) = plan::split(&talk.messages, room * 15 / 100) else {
            return Ok(false);
        };
        let before = talk.size();
        let work = Work {
            round,
            plan,
            rules,
            window,
            words: self.standing(talk),
            task: self.place.task.to_string(),
            tools: talk.tools.clone(),
        };
        let mut spent = Usage::default();
        let (messages, way, instead) = match self.by_server(&work, &mut spent).await {
            Ok(Some(messages)) if is_shorter(&messages, talk) => {
                (messages, CompactedBy::Native, None)
            }
            Ok(Some(_)) => {
                self.by_notes(&work, talk, &mut spent, Some(no_shorter()))
                    .await?
            }
            Ok(None) => self.by_notes(&work, talk, &mut spent, None).await?,
            Err(Without::Failed(failure)) => {
                self.by_notes(&work, talk, &mut spent, Some(failure))
                    .await?
            }
            Err(Without::Stopped(denied)) => return Err(denied),
        };
        if !is_shorter(&messages, talk) {
            return Ok(false);
        }
        let instead = why.or(instead);
        talk.replace(messages);
        let event = CallEvent::Compacted {
            before,
            after: talk.size(),
            way,
            spent,
            instead,
            worth: self.worth(),
        };
        self.tell(AgentEvent::Call(event)).await;
        Ok(true)
    }

    /// What a million tokens are worth that are not sent again.
    fn worth(&self) -> Option<f64> {
        self.provider.price().map(|price| price.cached)
    }

    /// The server's own way, where it has one.
    async fn by_server(
        &mut self,
        work: &Work<'_>,
        spent: &mut Usage,
    ) -> Result<Option<Vec<Message>>, Without> {
        if !work.rules.native {
            return Ok(None);
        }
        let compaction = Compaction {
            before: work.plan.before(),
            kept: work.plan.kept(&work.words),
            tools: work.tools.clone(),
        };
        let asked = Request {
            messages: compaction.before.clone(),
            tools: Vec::new(),
            choice: ToolChoice::None,
        };
        let server = provider::Shared::clone(&self.provider);
        let Some(stream) = server.compact(compaction) else {
            return Ok(None);
        };
        let call = Note {
            round: work.round,
            price: server.price(),
            stream,
            most: u64::MAX,
        };
        let (_, _, carried) = self.one_note(call, &asked, spent).await?.into_parts();
        Ok(carried.map(|carried| work.plan.with_mark(carried)))
    }

    /// Notes in the place of the middle, or the middle left out.
    async fn by_notes(
        &mut self,
        work: &Work<'_>,
        talk: &Talk,
        spent: &mut Usage,
        mut instead: Option<Failure>,
    ) -> Result<(Vec<Message>, CompactedBy, Option<Failure>), Denied> {
        let mut way = CompactedBy::Summary;
        let messages = match self.write_notes(work, spent).await {
            Ok(notes) => Some(work.plan.with_notes(&notes::mine(&notes), &work.words)),
            Err(Without::Failed(failure)) => {
                instead = Some(failure);
                None
            }
            Err(Without::Stopped(denied)) => return Err(denied),
        };
        let mut messages = messages.unwrap_or_default();
        if messages.is_empty() || !is_shorter(&messages, talk) {
            way = CompactedBy::Trim;
            instead = instead.or_else(|| Some(no_shorter()));
            let words = work.plan.without_notes();
            messages = work.plan.with_notes(&words, &work.words);
        }
        let tools = tokens::conversation(&[], &talk.tools);
        let size = tokens::conversation(&messages, &talk.tools);
        if way == CompactedBy::Trim || size > work.window * 7 / 10 {
            messages = plan::shorten(messages, (work.window / 2).saturating_sub(tools));
        }
        Ok((messages, way, instead))
    }

    /// What has to stand word for word: the person's words, and the answers that are current.
    fn standing(&self, talk: &Talk) -> Vec<String> {
        let board = self.answers.borrow();
        let current = |label: &&crate::protocol::Label| {
            !talk
                .seen
                .iter()
                .any(|other| other.agent == label.agent && other.revision > label.revision)
        };
        let answers = talk.seen.iter().filter(current).filter_map(|label| {
            let text = board.get(label)?;
            let block = fence::block(*label, text);
            Some(format!("Current answer {label}:\n{}", block.trim_end()))
        });
        let said = talk.heard.iter();
        said.map(|words| format!("The person who asked adds:\n{words}"))
            .chain(answers)
            .collect()
    }

    /// Has the notes written, piece by piece where the middle is longer than the writer can read.
    async fn write_notes(&mut self, work: &Work<'_>, spent: &mut Usage) -> Result<String, Without> {
        let own = provider::Shared::clone(&self.provider);
        let writer = work
            .rules
            .model
            .as_deref()
            .and_then(|model| own.with_model(model))
            .unwrap_or(own);
        let most = NOTES.min(work.window / 8).max(64);
        let mut written = String::new();
        for piece in notes::pieces(work.plan.middle(), work.window / 2) {
            let request = notes::request(&work.task, &written, &piece);
            let call = Note {
                round: work.round,
                price: writer.price(),
                stream: writer.stream(request.clone()),
                most,
            };
            let text = self.one_note(call, &request, spent).await?.into_parts().0;
            if text.trim().is_empty() {
                let words = "The model wrote no notes on the conversation.";
                let failure = Failure::new(FailureKind::Transient, words);
                return Err(Without::Failed(failure));
            }
            written = text;
        }
        Ok(written)
    }

    /// One call, paid for by this agent. Nothing is sent before the budget allows it.
    async fn one_note(
        &mut self,
        mut call: Note,
        request: &Request,
        spent: &mut Usage,
    ) -> Result<Reply, Without> {
        let mut reply = Reply::new(Purpose::Weigh, request);
        let payer = (self.agent, Ticket::Own);
        let prompt = tokens::prompt(request);
        if let Some(granted) = self.bank.reserve(payer, prompt, call.price).await {
            match self.granted(call.round, granted).await {
                Ok(longest) => {
                    call.most = call.most.min(longest.flatten().unwrap_or(u64::MAX));
                }
                Err(Denied::Unaffordable(_)) => return Err(Without::Failed(unaffordable())),
                Err(denied) => return Err(Without::Stopped(denied)),
            }
        }
        let price = call.price;
        let ended = self.hear_note(call, &mut reply).await;
        if ended.is_err() {
            reply.fail();
        }
        let usage = reply.usage(price);
        if let Some(usage) = usage {
            *spent += usage;
            self.tell(AgentEvent::Usage(usage)).await;
        }
        self.bank.settle(self.agent, Ticket::Own, usage).await;
        ended.map(|()| reply)
    }

    /// Reads one reply to its end, or as far as it may go.
    async fn hear_note(&mut self, mut call: Note, reply: &mut Reply) -> Result<(), Without> {
        let round = call.round;
        loop {
            self.beat();
            let item = tokio::select! {
                biased;
                directive = self.directives.recv() => {
                    match directive {
                        Some(Directive::Interrupt { round: of }) if of == round => {
                            return Err(Without::Stopped(Denied::Interrupted));
                        }
                        Some(Directive::Finish { round: of, done }) if of == round => {
                            return Err(Without::Stopped(Denied::Finished(done)));
                        }
                        Some(_) => continue,
                        None => return Err(Without::Stopped(Denied::Closed)),
                    }
                }
                item = call.stream.next() => item,
            };
            match item {
                Some(Ok(StreamEvent::Stop(StopReason::Refused))) => {
                    let what = "The model refused to sum up the conversation.";
                    let failure = Failure::new(FailureKind::Refused, what);
                    return Err(Without::Failed(failure));
                }
                Some(Ok(StreamEvent::Stop(_))) => return Ok(()),
                Some(Ok(event)) => {
                    // Notes are no words of the agent: only what happens to the call is told.
                    if let Some(event @ AgentEvent::Call(_)) = reply.take(event) {
                        self.tell(event).await;
                    }
                    if reply.tokens() > call.most || reply.pace() == Pace::TooLong {
                        return Ok(());
                    }
                }
                Some(Err(failure)) => return Err(Without::Failed(failure)),
                None => {
                    let what = "The stream ended without an end mark.";
                    let failure = Failure::new(FailureKind::Transient, what);
                    return Err(Without::Failed(failure));
                }
            }
        }
    }

    /// Without a way to go on: the call as it ended, for whoever waits for it.
    pub(super) fn denied(denied: Denied, purpose: Purpose) -> Called {
        let nothing = Request {
            messages: Vec::new(),
            tools: Vec::new(),
            choice: ToolChoice::Auto,
        };
        denied.called(Reply::new(purpose, &nothing))
    }
}

fn is_shorter(messages: &[Message], talk: &Talk) -> bool {
    tokens::conversation(messages, &talk.tools) < talk.estimate()
}

fn unaffordable() -> Failure {
    Failure::new(
        FailureKind::Quota,
        "The budget does not allow the call that would sum up the conversation.",
    )
}

fn no_shorter() -> Failure {
    Failure::new(
        FailureKind::Local,
        "The notes on the conversation were no shorter than the conversation.",
    )
}

fn unreadable() -> Failure {
    Failure::new(
        FailureKind::Local,
        "What another server had made of the conversation cannot be read where it goes on now.",
    )
}

/// A conversation that does not fit even after it was made smaller.
fn still_too_long(failure: Failure) -> Failure {
    let hint = format!(
        "The conversation was made smaller once and still does not fit: shorten the task, or use a \
         model with a larger window. {}",
        failure.hint
    );
    failure.hint(hint.trim_end())
}
