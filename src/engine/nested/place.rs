//! A seat with a team in it: opens its errand, pays as it goes, closes what was cut off.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    engine::{
        bank::Allotted,
        outbox,
        paying::Denied,
        permits,
        reply::Reply,
        seat::{Called, Seat},
        workflow,
    },
    protocol::{AgentEvent, EventKind, Failure, Message, ToolEvent},
    provider::{Allowance, Errand, Request, StreamEvent, tokens},
};

/// What a team in a seat is told of the turn around it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The task.
    pub task: Arc<str>,
    /// Levels of teams below the larger team.
    pub depth: u32,
    /// When the larger team waits no longer.
    pub due: Option<Instant>,
}

/// The longest reply in tokens, and the reply.
type Opened = (
    Option<u64>,
    BoxStream<'static, Result<StreamEvent, Failure>>,
);

impl Seat {
    /// Asks for what a call may use, and makes it: of the team in this seat when the whole team is
    /// wanted, else of the model.
    pub(in crate::engine) async fn open(
        &mut self,
        (round, now): (u32, Instant),
        request: Request,
        reply: &mut Reply,
    ) -> Result<Opened, Denied> {
        let provider = Arc::clone(&self.provider);
        let Some(group) = provider.group().filter(|_| wants_team(&request)) else {
            let longest = self.afford(round, &request).await?;
            let stream = self.begin(&provider, request);
            let stream = permits::decided(stream, provider, self.asking.office());
            return Ok((longest, stream));
        };
        reply.of_team();
        let allowance = self.allot(round, &request, now).await?;
        let errand = Errand {
            task: self.place.task.to_string(),
            request,
            allowance,
            handed: self.hand_down().await,
        };
        Ok((None, group.work(errand)))
    }

    /// Asks what the team may use: what is left, reserved until it is done.
    async fn allot(
        &mut self,
        round: u32,
        request: &Request,
        now: Instant,
    ) -> Result<Allowance, Denied> {
        let due = self.place.due;
        let base = Allowance {
            depth: self.place.depth,
            seconds: due.map(|due| due.saturating_duration_since(now).as_secs()),
            ..Allowance::default()
        };
        let prompt = tokens::prompt(request);
        let price = self.provider.price();
        let granted: Option<oneshot::Receiver<Allotted>> =
            self.bank.allot(self.agent, prompt, price).await;
        let Some(granted) = granted else {
            return Ok(base);
        };
        let granted = self.granted(round, granted).await?;
        Ok(granted.map_or(base, |granted| Allowance {
            depth: base.depth,
            seconds: base.seconds,
            ..granted
        }))
    }

    /// What the team in this seat has used is told and paid at once, so that a process that ends in
    /// the middle loses nothing of it.
    pub(in crate::engine) async fn pay_below(&self, event: &AgentEvent) {
        let AgentEvent::Nested(inner) = event else {
            return;
        };
        match tools_and_usage(&inner.kind) {
            Some(Spent::Call(usage)) => {
                self.tell(AgentEvent::Usage(usage)).await;
                self.bank.draw(self.agent, usage).await;
            }
            Some(Spent::Tool) => self.bank.tool_below(self.agent).await,
            None => {}
        }
    }

    /// A nested turn that was cut off gets its end, so that nobody takes it for running.
    pub(in crate::engine) async fn close_below(&self, mut called: Called) -> Called {
        let reply = match &mut called {
            Called::Reply(reply)
            | Called::Interrupted(reply)
            | Called::Finished(reply, _)
            | Called::Failed(reply, _)
            | Called::Capped(reply)
            | Called::Cut(reply, _) => reply,
            Called::Unaffordable(_) | Called::Closed => return called,
        };
        let end = reply.below().and_then(|below| below.cut_off(outbox::now()));
        if let Some(end) = end {
            self.tell(AgentEvent::Nested(Box::new(end))).await;
        }
        called
    }
}

/// Whether a request is for the whole team: an answer is wanted, and nothing was said yet.
fn wants_team(request: &Request) -> bool {
    let answers = request
        .tools
        .iter()
        .any(|tool| tool.name == workflow::NEW_ANSWER);
    let silent = |message: &Message| !matches!(message, Message::Assistant { .. });
    answers && request.messages.iter().all(silent)
}

/// What an event of a nested team costs its seat.
enum Spent {
    Call(crate::protocol::Usage),
    Tool,
}

/// Usage of deeper teams is told by the seat above them, so only this level is looked at. Tools of
/// deeper ones are not, so all levels are.
fn tools_and_usage(kind: &EventKind) -> Option<Spent> {
    let EventKind::Agent { event, .. } = kind else {
        return None;
    };
    match event {
        AgentEvent::Usage(usage) => Some(Spent::Call(*usage)),
        AgentEvent::Tool(ToolEvent::Started { .. }) => Some(Spent::Tool),
        AgentEvent::Nested(inner) => match tools_and_usage(&inner.kind) {
            Some(Spent::Tool) => Some(Spent::Tool),
            Some(Spent::Call(_)) | None => None,
        },
        _ => None,
    }
}
