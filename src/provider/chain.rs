//! Several ways to a model behind one provider: fallbacks, and endpoints that share the load.
//!
//! A chain is a list of links in the order of preference; the first `sharing` of them take turns. A
//! call that fails for good before any content goes on with the next link that is not resting, and
//! the conversation with it: what only the old server could read stays out by itself. A link that
//! failed rests: for the rest of the program when nothing will heal it (no access, no money, no such
//! model), else for a while. When every link rests, the one whose rest ends first is asked all the
//! same, so a chain never fails without having asked somebody.
//!
//! What a server has made of a long conversation only that server reads: of links that share the load
//! the one that made it is asked; and a link that cannot read it gets no call that had begun elsewhere,
//! but hands it back, so that the conversation is made small for it first ([`Provider::reads`]).
//!
//! Not done here: repetitions within one link (`http`), the words of failures.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::time::Instant;

use crate::protocol::{CallEvent, Context, Failure, FailureKind, Message};

use super::wire::carried::is_mark;
use super::{Alone, Compaction, Folders, Permitted, Price, Provider, Request, Shared, StreamEvent};

/// Rest of a link that may heal, unless its server named a time.
const REST: Duration = Duration::from_mins(1);
/// Longest rest of a link that may heal.
const LONGEST_REST: Duration = Duration::from_mins(15);

/// One way to a model.
#[derive(Clone)]
pub struct Link {
    /// For people: `gpt-5.4 at openai`.
    pub name: String,
    /// The provider.
    pub provider: Shared,
}

/// When a link may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Awake,
    Until(Instant),
    ForGood,
}

/// Links in the order of preference.
#[derive(Clone)]
pub struct Chain {
    links: Arc<[Link]>,
    /// How many links at the head share the load.
    sharing: usize,
    state: Arc<State>,
}

struct State {
    rests: Mutex<Vec<Rest>>,
    turn: AtomicUsize,
    /// The link that was asked last.
    last: AtomicUsize,
}

impl Chain {
    /// A chain over `links`, of which the first `sharing` take turns (at least one).
    #[must_use]
    pub fn new(links: Vec<Link>, sharing: usize) -> Self {
        let state = State {
            rests: Mutex::new(vec![Rest::Awake; links.len()]),
            turn: AtomicUsize::new(0),
            last: AtomicUsize::new(0),
        };
        Self {
            sharing: sharing.clamp(1, links.len().max(1)),
            links: links.into(),
            state: Arc::new(state),
        }
    }

    /// The links in the order in which this call asks them: the sharing ones from whose turn it is.
    fn order(&self) -> Vec<usize> {
        self.order_from(self.state.turn.fetch_add(1, Ordering::Relaxed))
    }

    fn order_from(&self, turn: usize) -> Vec<usize> {
        let first = turn % self.sharing;
        let sharing = (0..self.sharing).map(|at| (first + at) % self.sharing);
        sharing.chain(self.sharing..self.links.len()).collect()
    }

    /// The first link of `order` that does not rest; all resting: the one that wakes first.
    fn choose(&self, order: &[usize], now: Instant) -> Option<usize> {
        let rests = self.rests();
        let rest = |link: &usize| rests.get(*link).copied().unwrap_or(Rest::Awake);
        order
            .iter()
            .find(|link| match rest(link) {
                Rest::Awake => true,
                Rest::Until(until) => until <= now,
                Rest::ForGood => false,
            })
            .or_else(|| {
                order.iter().min_by_key(|link| match rest(link) {
                    Rest::Awake => (0, None),
                    Rest::Until(until) => (0, Some(until)),
                    Rest::ForGood => (1, None),
                })
            })
            .copied()
    }

    /// The link that is asked next about this conversation.
    fn upcoming(&self, messages: &[Message]) -> Option<&Link> {
        let now = Instant::now();
        let order = self.order_from(self.state.turn.load(Ordering::Relaxed));
        let link = self
            .reader(messages, now)
            .or_else(|| self.choose(&order, now))?;
        self.links.get(link)
    }

    /// Of the links that share the load the one that can read what was made of this conversation,
    /// where that matters and it does not rest.
    fn reader(&self, messages: &[Message], now: Instant) -> Option<usize> {
        if self.sharing < 2 || !messages.iter().any(is_mark) {
            return None;
        }
        let rests = self.rests().clone();
        let awake = |link: &usize| match rests.get(*link) {
            Some(Rest::Until(until)) => *until <= now,
            Some(Rest::ForGood) => false,
            Some(Rest::Awake) | None => true,
        };
        let reads = |link: &usize| {
            let link = self.links.get(*link);
            link.is_some_and(|link| link.provider.reads(messages))
        };
        (0..self.sharing).find(|link| awake(link) && reads(link))
    }

    /// True when `to` cannot read what `from` could.
    fn loses(&self, messages: &[Message], from: usize, to: usize) -> bool {
        let reads = |at: usize| {
            let link = self.links.get(at);
            link.is_none_or(|link| link.provider.reads(messages))
        };
        reads(from) && !reads(to)
    }

    fn rests(&self) -> std::sync::MutexGuard<'_, Vec<Rest>> {
        self.state
            .rests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, link: usize, rest: Rest) {
        if let Some(place) = self.rests().get_mut(link) {
            *place = rest;
        }
    }
}

/// How long a link rests after a failure; `None` when the failure is not about the link.
fn rest_after(failure: &Failure, now: Instant) -> Option<Rest> {
    match failure.kind {
        FailureKind::Auth | FailureKind::Quota | FailureKind::Model | FailureKind::Request => {
            Some(Rest::ForGood)
        }
        FailureKind::RateLimit
        | FailureKind::Overloaded
        | FailureKind::Transient
        | FailureKind::Local => {
            let asked = failure.retry_after_ms.map(Duration::from_millis);
            let rest = asked.unwrap_or(REST).clamp(REST, LONGEST_REST);
            Some(Rest::Until(now + rest))
        }
        FailureKind::Context
        | FailureKind::Refused
        | FailureKind::Cancelled
        | FailureKind::Team => None,
    }
}

/// One call through a chain.
struct Call {
    chain: Chain,
    request: Request,
    /// Links that are left, the running one first.
    left: Vec<usize>,
    stream: Option<BoxStream<'static, Result<StreamEvent, Failure>>>,
    content: bool,
    asked: Asked,
    /// The next link cannot read the conversation as it is: why the one before failed.
    handed_back: Option<Failure>,
}

impl Call {
    async fn next(&mut self) -> Option<Result<StreamEvent, Failure>> {
        if let Some(failure) = self.handed_back.take() {
            return Some(Err(failure));
        }
        let link = *self.left.first()?;
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let provider = &self.chain.links.get(link)?.provider;
                let request = self.request.clone();
                none.insert(match self.asked {
                    Asked::Within => provider.stream(request),
                    Asked::Aside => provider.aside(request),
                })
            }
        };
        match stream.next().await? {
            Ok(event) => {
                self.content |= event.is_content();
                if matches!(event, StreamEvent::Stop(_)) {
                    self.chain.note(link, Rest::Awake);
                }
                Some(Ok(event))
            }
            Err(failure) => Some(self.failed(link, failure)),
        }
    }

    fn failed(&mut self, link: usize, failure: Failure) -> Result<StreamEvent, Failure> {
        let now = Instant::now();
        let Some(rest) = rest_after(&failure, now) else {
            return Err(failure);
        };
        self.chain.note(link, rest);
        self.left.retain(|left| *left != link);
        let next = self.chain.choose(&self.left, now);
        let (Some(next), false) = (next, self.content) else {
            // After content the seat asks again, and the rest makes that another link.
            return Err(failure);
        };
        let Some(name) = self.chain.links.get(next).map(|link| link.name.clone()) else {
            return Err(failure);
        };
        self.left.retain(|left| *left != next);
        self.left.insert(0, next);
        self.stream = None;
        self.chain.state.last.store(next, Ordering::Relaxed);
        if self.chain.loses(&self.request.messages, link, next) {
            self.left.clear();
            self.handed_back = Some(failure.clone());
        }
        Ok(StreamEvent::Call(CallEvent::Switched { to: name, failure }))
    }
}

/// Which way a link is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// As part of its conversation.
    Within,
    /// Beside it.
    Aside,
}

impl Chain {
    fn ask(
        &self,
        request: Request,
        asked: Asked,
    ) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let mut left = self.order();
        let now = Instant::now();
        let first = self.reader(&request.messages, now);
        if let Some(first) = first.or_else(|| self.choose(&left, now)) {
            left.retain(|link| *link != first);
            left.insert(0, first);
            self.state.last.store(first, Ordering::Relaxed);
        }
        let call = Call {
            chain: self.clone(),
            request,
            left,
            stream: None,
            content: false,
            asked,
            handed_back: None,
        };
        stream::unfold(call, |mut call| async move {
            call.next().await.map(|item| (item, call))
        })
        .boxed()
    }
}

impl Provider for Chain {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        self.ask(request, Asked::Within)
    }

    fn aside(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        self.ask(request, Asked::Aside)
    }

    fn with_model(&self, model: &str) -> Option<Shared> {
        self.links.first()?.provider.with_model(model)
    }

    fn seated(&self) -> Option<Shared> {
        let mut links = self.links.to_vec();
        let mut own = false;
        for link in &mut links {
            if let Some(provider) = link.provider.seated() {
                (link.provider, own) = (provider, true);
            }
        }
        // What one seat learned about its links goes for all.
        own.then(|| {
            let chain = Self {
                links: links.into(),
                ..self.clone()
            };
            Arc::new(chain) as Shared
        })
    }

    fn program(&self) -> Option<Alone> {
        self.links.iter().find_map(|link| link.provider.program())
    }

    fn place(&self, folders: Folders) {
        for link in self.links.iter() {
            link.provider.place(folders.clone());
        }
    }

    fn permit(&self, ask: u64, said: Permitted) {
        // Only the one at work waits for it.
        for link in self.links.iter() {
            link.provider.permit(ask, said.clone());
        }
    }

    fn context(&self) -> Context {
        let link = self.upcoming(&[]);
        link.map_or_else(Context::default, |link| link.provider.context())
    }

    fn compact(
        &self,
        work: Compaction,
    ) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
        // Only the one that is asked next can read what it makes.
        self.upcoming(&work.before)?.provider.compact(work)
    }

    fn reads(&self, messages: &[Message]) -> bool {
        let link = self.upcoming(messages);
        link.is_none_or(|link| link.provider.reads(messages))
    }

    fn price(&self) -> Option<Price> {
        let last = self.state.last.load(Ordering::Relaxed);
        self.links.get(last)?.provider.price()
    }
}

#[cfg(test)]
mod tests;
