//! One compaction by the server, of a family that has it: a call without a stream, told as a stream of
//! events.
//!
//! Repeated like other calls, twice at most. A server that turns out not to know it is remembered
//! per base URL and model and not asked again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use reqwest::header::HeaderMap;
use tokio::time::sleep;

use super::super::retry::{Decision, Policy};
use super::super::sse::MAX_EVENT;
use super::super::wire::native;
use super::super::words::without_key;
use super::super::{Compaction, Endpoint, StopReason, StreamEvent, catalog, usage};
use super::client::{Client, read_some};
use super::pass;
use super::trouble::{self, refused};
use crate::protocol::{CallEvent, Failure};

/// Attempts at most.
const ATTEMPTS: u32 = 3;
/// The server reads and writes everything before it says anything.
const PATIENCE: Duration = Duration::from_mins(5);

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accept {
    Events,
    Document,
}

impl Accept {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Document => "application/json",
        }
    }
}

impl Client {
    /// A whole document, as it comes in time.
    pub(super) async fn document(
        &self,
        response: reqwest::Response,
        endpoint: &Endpoint,
    ) -> Result<String, Failure> {
        let wait = self.patience(endpoint).useful;
        tokio::time::timeout(wait, read_some(response, MAX_EVENT))
            .await
            .map_err(|_| trouble::stalled(endpoint, wait))
    }
}

/// The compaction as a stream; `None` where the server is known not to do it.
pub(super) fn stream(
    client: &Client,
    endpoint: &Arc<Endpoint>,
    policy: Policy,
    work: Compaction,
) -> Option<BoxStream<'static, Result<StreamEvent, Failure>>> {
    let adaptation = client.learnt(endpoint);
    if !native::able(endpoint, adaptation) {
        return None;
    }
    let call = Call {
        client: client.clone(),
        endpoint: Arc::clone(endpoint),
        policy,
        work,
        attempt: 1,
        wait: None,
        ready: VecDeque::new(),
        over: false,
    };
    let told = stream::unfold(call, |mut call| async move {
        call.next().await.map(|item| (item, call))
    });
    Some(told.boxed())
}

struct Call {
    client: Client,
    endpoint: Arc<Endpoint>,
    policy: Policy,
    work: Compaction,
    attempt: u32,
    wait: Option<Duration>,
    ready: VecDeque<Result<StreamEvent, Failure>>,
    over: bool,
}

impl Call {
    async fn next(&mut self) -> Option<Result<StreamEvent, Failure>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item.map_err(|failure| without_key(failure, &self.endpoint)));
            }
            if self.over {
                return None;
            }
            if let Some(wait) = self.wait.take() {
                sleep(wait).await;
            }
            let admission = match pass::admit(&self.client, &self.endpoint) {
                Ok(admission) => admission,
                Err(failure) => {
                    self.over = true;
                    self.ready.push_back(Err(failure));
                    continue;
                }
            };
            let done = self.once().await;
            let told = admission.ended(&self.endpoint, self.policy.circuit, done.as_ref().err());
            self.ready.extend(told.map(Ok));
            match done {
                Ok(events) => {
                    self.over = true;
                    self.ready.extend(events.into_iter().map(Ok));
                }
                Err(failure) => self.failed(failure),
            }
        }
    }

    async fn once(&self) -> Result<Vec<StreamEvent>, Failure> {
        trouble::check_address(&self.endpoint)?;
        let adaptation = self.client.learnt(&self.endpoint);
        let outgoing = native::encode(&self.endpoint, &self.work, adaptation);
        let wait = self
            .client
            .patience(&self.endpoint)
            .first_byte
            .max(PATIENCE);
        let response = self
            .client
            .post_as(&self.endpoint, outgoing, (Accept::Document, wait))
            .await?;
        let status = response.status();
        if !status.is_success() {
            let headers: HeaderMap = response.headers().clone();
            let body = self.client.error_body(response).await;
            if native::is_unknown(status.as_u16(), &body) {
                self.is_unknown();
            }
            return Err(refused(status.as_u16(), &headers, &body, &self.endpoint));
        }
        let body = self.client.document(response, &self.endpoint).await?;
        let (carried, tokens) = match native::read(&body, &self.endpoint, &self.work, adaptation)? {
            native::Answer::Done(carried, tokens) => (carried, tokens),
            native::Answer::Unknown(failure) => {
                self.is_unknown();
                return Err(failure);
            }
        };
        let price = catalog::price_of(&self.endpoint);
        let mut events = vec![StreamEvent::Carried(carried)];
        events.extend(tokens.map(|tokens| StreamEvent::Usage(usage::priced(tokens, price, false))));
        events.push(StreamEvent::Stop(StopReason::EndTurn));
        Ok(events)
    }

    /// The server knows no such call, and is not asked again.
    fn is_unknown(&self) {
        let mut learnt = self.client.learnt(&self.endpoint);
        learnt.no_compact = true;
        self.client.learn(&self.endpoint, learnt);
    }

    fn failed(&mut self, failure: Failure) {
        let known = self.client.learnt(&self.endpoint).no_compact;
        let decision = if known || self.attempt >= ATTEMPTS {
            Decision::GiveUp(failure)
        } else {
            self.policy.decide(self.attempt, failure, fastrand::f64())
        };
        match decision {
            Decision::Again {
                attempt,
                wait_ms,
                failure,
            } => {
                self.attempt = attempt;
                self.wait = Some(Duration::from_millis(wait_ms));
                let failure = without_key(failure, &self.endpoint);
                self.ready
                    .push_back(Ok(StreamEvent::Call(CallEvent::Retrying {
                        attempt,
                        wait_ms,
                        failure,
                    })));
            }
            Decision::GiveUp(failure) => {
                self.over = true;
                self.ready.push_back(Err(failure));
            }
        }
    }
}
