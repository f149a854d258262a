//! The one impure part: requests go out, streams come in.
//!
//! A call is a small machine of four stages: send, wait before another attempt, read, over. It is
//! driven by whoever polls the stream, so a slow reader slows the connection and dropping the stream
//! closes it. Before the first content a failed attempt is repeated (told as `Retrying`); after it
//! every failure ends the stream. The key never appears in a failure: all of them leave through one
//! place that masks it.

pub mod bare;
mod circuit;
mod client;
mod compact;
mod headers;
mod known;
mod loading;
mod pace;
pub mod page;
mod pass;
mod reading;
mod trouble;
pub mod upload;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use reqwest::header::CONTENT_TYPE;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use crate::logging::{Area, Level, tell};
use crate::protocol::{CallEvent, Context, Failure, FailureKind, LoadProgress, Message};

use self::loading::Loading;
use self::pass::Resting;
use super::retry::{Decision, Policy};
use super::sse::{Item, MAX_EVENT, Parser};
use super::wire::{self, Adaptation, Decoder, Setup, ToolStyle};
use super::words::without_key;
use super::{
    Compaction, Endpoint, Price, Provider, Request, Shared, StreamEvent, adapt, catalog, hosted,
    listing, tokens,
};

pub use circuit::{Rules, grown};
pub use client::{Answer, Client, Patience, Probe, Timeouts};

/// A model on a server that speaks one of the wire families.
#[derive(Clone)]
pub struct HttpProvider {
    client: Client,
    endpoint: Arc<Endpoint>,
    policy: Policy,
}

impl HttpProvider {
    /// A provider that asks `endpoint` through `client`. Costs nothing until the first call.
    #[must_use]
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        let mut policy = client.policy();
        let said = endpoint.manners.circuit;
        let rules = &mut policy.circuit;
        rules.failures = said.failures.unwrap_or(rules.failures);
        rules.rest_ms = said.rest_ms.unwrap_or(rules.rest_ms);
        rules.growth = said.growth.unwrap_or(rules.growth);
        rules.longest_ms = said
            .longest_ms
            .unwrap_or(rules.longest_ms)
            .max(rules.rest_ms);
        policy.asked_cap_ms = said.asked_ms.unwrap_or(policy.asked_cap_ms);
        let policy = policy.with(endpoint.manners.backoff);
        Self {
            policy,
            client,
            endpoint: Arc::new(endpoint),
        }
    }

    /// The same for somebody who has another way: it gives up sooner.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.policy = self.policy.impatient();
        self
    }
}

impl Provider for HttpProvider {
    fn price(&self) -> Option<Price> {
        catalog::price_of(&self.endpoint)
    }

    fn context(&self) -> Context {
        let mut context = self.endpoint.context.clone();
        // What the server has in force is truer than what the model could do.
        context.window = context
            .window
            .or_else(|| self.client.known(&self.endpoint).window)
            .or_else(|| catalog::window_of(&self.endpoint));
        context
    }

    fn compact(
        &self,
        work: Compaction,
    ) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
        compact::stream(&self.client, &self.endpoint, self.policy, work)
    }

    fn reads(&self, messages: &[Message]) -> bool {
        let adaptation = self.client.learnt(&self.endpoint);
        wire::native::reads(messages, &self.endpoint, adaptation)
    }

    fn with_model(&self, model: &str) -> Option<Shared> {
        let mut endpoint = (*self.endpoint).clone();
        model.clone_into(&mut endpoint.model);
        // The price was that of the other model.
        endpoint.price = None;
        endpoint.context.window = None;
        Some(Arc::new(Self::new(self.client.clone(), endpoint)))
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let call = Call {
            client: self.client.clone(),
            endpoint: Arc::clone(&self.endpoint),
            request,
            attempt: 1,
            stage: Stage::Survey,
            ready: VecDeque::new(),
            content: false,
            booked: false,
            policy: self.policy,
            resting: Resting::default(),
            loading: Loading::default(),
        };
        stream::unfold(call, |mut call| async move {
            call.next().await.map(|item| (item, call))
        })
        .boxed()
    }
}

/// One model call.
struct Call {
    client: Client,
    endpoint: Arc<Endpoint>,
    request: Request,
    attempt: u32,
    stage: Stage,
    ready: VecDeque<Result<StreamEvent, Failure>>,
    /// Content was handed out: no attempt can follow.
    content: bool,
    /// This attempt has its place in the plan of the key.
    booked: bool,
    policy: Policy,
    /// Its way past the circuit breaker.
    resting: Resting,
    /// The model that is not in memory yet.
    loading: Loading,
}

enum Stage {
    /// Look whether a server on this machine has the model in memory.
    Survey,
    Send,
    Wait(Duration),
    Read(Box<Reading>),
    /// The model is unknown: ask for the list, then fail with a suggestion.
    Advise(Failure),
    Over,
}

/// An open answer.
struct Reading {
    response: reqwest::Response,
    decoder: Decoder,
    body: Body,
    /// When the next frame with content must have come.
    useful_until: Instant,
    /// Whether a piece has come since the last pause.
    gather: bool,
}

/// How long at most to let bytes gather when all that had come is taken. A server sends each token
/// by itself; waking up for every one costs more than all else that is done with them.
const GATHER: Duration = Duration::from_millis(100);
/// Tokens of a reply, for the plan of a key; the real number is known too late.
const EXPECTED_REPLY: u64 = 1_000;
/// Turns given to the connection before it counts as dry: one to read, one to hand over.
const TURNS: usize = 2;

/// What the bytes of the answer are.
enum Body {
    /// Not known before the first character.
    Unknown(Vec<u8>),
    Events(Parser),
    /// One JSON document, or a web page.
    Document(Vec<u8>),
}

/// Whether more is to be read.
#[derive(PartialEq, Eq)]
enum Progress {
    More,
    End,
}

impl Call {
    async fn next(&mut self) -> Option<Result<StreamEvent, Failure>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item.map_err(|failure| without_key(failure, &self.endpoint)));
            }
            match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Survey => self.survey().await,
                Stage::Send => self.send().await,
                Stage::Wait(wait) => {
                    sleep(wait).await;
                    self.stage = Stage::Send;
                }
                Stage::Read(reading) => self.read(reading).await,
                Stage::Advise(failure) => {
                    let failure = self.advise(failure).await;
                    self.ready.push_back(Err(failure));
                }
                Stage::Over => return None,
            }
        }
    }

    async fn send(&mut self) {
        if let Some(stage) = self.enter() {
            self.stage = stage;
            return;
        }
        if !std::mem::replace(&mut self.booked, true) {
            let tokens = tokens::prompt(&self.request) + EXPECTED_REPLY;
            let wait = self.client.book(&self.endpoint, tokens);
            if !wait.is_zero() {
                let wait_ms = wait.as_millis() as u64;
                self.ready
                    .push_back(Ok(StreamEvent::Call(CallEvent::Held { held_ms: wait_ms })));
                self.stage = Stage::Wait(wait);
                return;
            }
        }
        let adaptation = self.client.learnt(&self.endpoint);
        match self.open(adaptation).await {
            Ok(Opened::Stream(reading)) => {
                self.answered();
                self.stage = Stage::Read(reading);
            }
            Ok(Opened::Loading(said, failure)) => self.load(said, failure),
            // Sent again at once: a repair is no attempt, and each one happens only once.
            Ok(Opened::Repaired(better)) => {
                if better.no_hosted && !adaptation.no_hosted {
                    let told = hosted::refused(&self.endpoint, fastrand::u64(..));
                    self.ready.extend(told.map(Ok));
                }
                self.client.learn(&self.endpoint, better);
                self.stage = Stage::Send;
            }
            Err(failure) => self.failed(failure),
        }
    }

    async fn open(&self, adaptation: Adaptation) -> Result<Opened, Failure> {
        trouble::check_address(&self.endpoint)?;
        let endpoint = wire::effective(&self.endpoint, adaptation);
        let outgoing = wire::encode(&endpoint, &self.request, adaptation);
        let response = self.client.post(&endpoint, outgoing).await?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            let headers = response.headers().clone();
            let body = self.client.error_body(response).await;
            let better = adapt::repair(status, &body, &endpoint, &self.request, adaptation);
            if let Some(better) = better {
                return Ok(Opened::Repaired(better));
            }
            let failure = trouble::refused(status, &headers, &body, &self.endpoint);
            if let Some(said) = loading::said(status, &body, &self.endpoint) {
                return Ok(Opened::Loading(said, failure));
            }
            return Err(failure);
        }
        let events = trouble::header(response.headers(), CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        let text = wire::as_text(&endpoint, adaptation);
        Ok(Opened::Stream(Box::new(Reading {
            response,
            decoder: Decoder::new(Setup {
                endpoint,
                tools: if text && !self.request.tools.is_empty() {
                    ToolStyle::Text
                } else {
                    ToolStyle::Native
                },
                price: catalog::price_of(&self.endpoint),
                prompt_tokens: tokens::prompt(&self.request),
                id_seed: fastrand::u64(..),
            }),
            body: if events {
                Body::Events(Parser::new())
            } else {
                Body::Unknown(Vec::new())
            },
            useful_until: Instant::now() + self.client.patience(&self.endpoint).useful,
            gather: false,
        })))
    }

    /// Reads until something can be handed out or the answer is over.
    async fn read(&mut self, mut reading: Box<Reading>) {
        let mut out = Vec::new();
        let mut result = Ok(Progress::More);
        while out.is_empty() && matches!(result, Ok(Progress::More)) {
            result = self.piece(&mut reading, &mut out).await;
        }
        if let Ok(Progress::End) = result {
            result = reading.finish(&mut out, &self.endpoint);
        }
        self.content |= out.iter().any(StreamEvent::is_content);
        self.ready.extend(out.into_iter().map(Ok));
        match result {
            Ok(Progress::More) => self.stage = Stage::Read(reading),
            // Only a whole reply says that the endpoint is well: some cut every stream.
            Ok(Progress::End) => {
                self.well();
                self.loaded().await;
            }
            Err(failure) => {
                if self.content {
                    self.ready.extend(reading.decoder.spent().map(Ok));
                }
                self.failed(failure);
            }
        }
    }

    async fn piece(
        &self,
        reading: &mut Reading,
        out: &mut Vec<StreamEvent>,
    ) -> Result<Progress, Failure> {
        let patience = self.client.patience(&self.endpoint);
        let finished = reading.decoder.is_finished();
        let left = reading
            .useful_until
            .saturating_duration_since(Instant::now());
        let wait = if finished {
            self.client.timeouts().tail
        } else {
            patience.idle.min(left)
        };
        // Checked first: a timeout of zero still lets bytes through that are there already.
        if left.is_zero() && !finished {
            return Err(trouble::stalled(&self.endpoint, patience.useful));
        }
        let mut come = reading.response.chunk().now_or_never();
        for _ in 0..TURNS {
            if come.is_none() {
                yield_now().await;
                come = reading.response.chunk().now_or_never();
            }
        }
        let next = if let Some(next) = come {
            Ok(next)
        } else {
            if std::mem::take(&mut reading.gather) && !finished {
                self.client.pause(GATHER).await;
            }
            timeout(wait, reading.response.chunk()).await
        };
        match next {
            // The reply is whole; the server only forgot to say so.
            Err(_) | Ok(Err(_)) if finished => Ok(Progress::End),
            Err(_) if left < patience.idle => {
                Err(trouble::stalled(&self.endpoint, patience.useful))
            }
            Err(_) => Err(trouble::stalled(&self.endpoint, patience.idle)),
            Ok(Err(error)) => Err(trouble::reading(&error, &self.endpoint)),
            Ok(Ok(None)) => Ok(Progress::End),
            Ok(Ok(Some(bytes))) => {
                reading.gather = true;
                let progress = reading.feed(&bytes, out, &self.endpoint)?;
                if !out.is_empty() {
                    reading.useful_until = Instant::now() + patience.useful;
                }
                Ok(progress)
            }
        }
    }

    fn failed(&mut self, failure: Failure) {
        self.note_failure(&failure);
        tell(Level::Debug, Area::Http, || {
            let failure = without_key(failure.clone(), &self.endpoint);
            format!("{}: {}", self.endpoint.model, failure.message)
        });
        if self.content {
            self.ready.push_back(Err(failure));
            return;
        }
        if failure.kind == FailureKind::RateLimit {
            self.client
                .slow_down(&self.endpoint, failure.retry_after_ms);
        }
        let random = fastrand::f64();
        match self.policy.decide(self.attempt, failure, random) {
            Decision::Again {
                attempt,
                wait_ms,
                failure,
            } => {
                self.attempt = attempt;
                self.booked = false;
                self.stage = Stage::Wait(Duration::from_millis(wait_ms));
                let failure = without_key(failure, &self.endpoint);
                tell(Level::Warn, Area::Http, || {
                    let model = &self.endpoint.model;
                    let why = &failure.message;
                    format!("{model}: attempt {attempt} in {wait_ms} ms, for: {why}")
                });
                self.ready
                    .push_back(Ok(StreamEvent::Call(CallEvent::Retrying {
                        attempt,
                        wait_ms,
                        failure,
                    })));
            }
            Decision::GiveUp(failure) if failure.kind == FailureKind::Model => {
                self.stage = Stage::Advise(failure);
            }
            Decision::GiveUp(failure) => self.ready.push_back(Err(failure)),
        }
    }

    async fn advise(&self, failure: Failure) -> Failure {
        let models = listing::list(&self.client, &self.endpoint).await;
        let suggestion = models
            .ok()
            .and_then(|models| listing::suggestion(&self.endpoint.model, &models));
        match suggestion {
            Some(words) => {
                let hint = format!("{words} {}", failure.hint);
                failure.hint(hint)
            }
            None => failure,
        }
    }
}

enum Opened {
    /// The server loads the model: how far it is, and what to say when that takes too long.
    Loading(LoadProgress, Failure),
    Stream(Box<Reading>),
    Repaired(Adaptation),
}
