//! A call's way past the circuit breaker of its endpoint.
//!
//! Before every attempt a call asks to be let in. While the endpoint rests it waits, as long as the
//! rules allow, or fails at once with the time of the next try; whoever can go elsewhere fails at
//! once. A place is given back when the call is dropped.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::circuit::{Change, Circuit, Entry, Role, Rules};
use super::{Call, Client, Stage};
use crate::protocol::{CallEvent, CircuitState, Failure, FailureKind};
use crate::provider::words::who;
use crate::provider::{Endpoint, StreamEvent};

/// How soon to look again while somebody else finds out.
const LOOK_AGAIN_MS: u64 = 250;
/// Two ends of a rest that lie this near to each other are one.
const SAME_REST: Duration = Duration::from_millis(500);

/// What a call knows of the breaker.
#[derive(Default)]
pub(super) struct Resting {
    pass: Option<Pass>,
    /// The end of its patience, from the first wait on.
    until: Option<Instant>,
    /// The end of the rest that the person was told of.
    told: Option<Instant>,
}

/// A place behind the breaker.
struct Pass {
    client: Client,
    base_url: String,
    role: Role,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let role = self.role;
        self.client
            .circuit(&self.base_url, |circuit, now| circuit.abandoned(role, now));
    }
}

impl Client {
    fn circuit<T>(&self, base_url: &str, act: impl FnOnce(&mut Circuit, u64) -> T) -> T {
        let now = self.now();
        let circuits = self.0.circuits.lock();
        let mut circuits = circuits.unwrap_or_else(PoisonError::into_inner);
        let place = base_url.trim().trim_end_matches('/');
        act(circuits.entry(place.to_owned()).or_default(), now)
    }

    /// Milliseconds until an endpoint that kept failing is asked again.
    #[must_use]
    pub fn rests(&self, endpoint: &Endpoint) -> Option<u64> {
        self.circuit(&endpoint.base_url, |circuit, now| circuit.rests(now))
    }
}

impl Call {
    /// Lets the call go on, or says what it does instead.
    pub(super) fn enter(&mut self) -> Option<Stage> {
        if self.resting.pass.is_some() {
            return None;
        }
        let (entry, failures) = self
            .client
            .circuit(&self.endpoint.base_url, |circuit, now| {
                (circuit.enter(now), circuit.failures())
            });
        let wait = match entry {
            Entry::Go(role) => {
                self.resting.pass = Some(Pass {
                    client: self.client.clone(),
                    base_url: self.endpoint.base_url.clone(),
                    role,
                });
                return (role == Role::Trial).then(|| {
                    self.tell(CircuitState::Trial);
                    Stage::Send
                });
            }
            Entry::Rests(wait) => wait,
            Entry::OnTrial => LOOK_AGAIN_MS,
        };
        let now = Instant::now();
        let patience = Duration::from_millis(self.policy.circuit.wait_ms);
        let until = *self.resting.until.get_or_insert(now + patience);
        let pause = Duration::from_millis(wait);
        if now + pause > until {
            let failure = resting(&self.endpoint, failures, wait);
            self.ready.push_back(Err(failure));
            return Some(Stage::Over);
        }
        // A rest that follows a trial that failed is told anew; a look at a trial is not.
        let news = match (self.resting.told, entry) {
            (None, _) => true,
            (Some(told), Entry::Rests(_)) => now + pause > told + SAME_REST,
            (Some(_), _) => false,
        };
        if news {
            self.resting.told = Some(now + pause);
            self.tell(CircuitState::Open { next_ms: wait });
        }
        Some(Stage::Wait(pause))
    }

    /// The endpoint has begun to answer.
    pub(super) fn answered(&mut self) {
        let rules = self.policy.circuit;
        let Some(pass) = &mut self.resting.pass else {
            return;
        };
        pass.role = Role::Usual;
        let change = pass
            .client
            .circuit(&pass.base_url, |circuit, _| circuit.answered(rules));
        self.changed(change);
    }

    /// The endpoint is well.
    pub(super) fn well(&mut self) {
        let Some(mut pass) = self.resting.pass.take() else {
            return;
        };
        pass.role = Role::Usual;
        let change = pass
            .client
            .circuit(&pass.base_url, |circuit, _| circuit.succeeded());
        self.changed(change);
    }

    /// Notes what a failure says about the endpoint.
    pub(super) fn note_failure(&mut self, failure: &Failure) {
        match failure.kind {
            FailureKind::Transient | FailureKind::Overloaded => {
                let rules = self.policy.circuit;
                let Some(mut pass) = self.resting.pass.take() else {
                    return;
                };
                let role = std::mem::replace(&mut pass.role, Role::Usual);
                let change = pass.client.circuit(&pass.base_url, |circuit, now| {
                    circuit.failed(role, rules, now)
                });
                self.changed(change);
            }
            // Nothing was found out.
            FailureKind::Local | FailureKind::Cancelled | FailureKind::Team => {
                self.resting.pass = None;
            }
            // It answers, whatever it says.
            FailureKind::Auth
            | FailureKind::Quota
            | FailureKind::RateLimit
            | FailureKind::Context
            | FailureKind::Request
            | FailureKind::Model
            | FailureKind::Refused => self.well(),
        }
    }

    fn changed(&mut self, change: Option<Change>) {
        match change {
            Some(Change::Opened(rest)) => self.tell(CircuitState::Open { next_ms: rest }),
            Some(Change::Closed) => self.tell(CircuitState::Closed),
            None => {}
        }
    }

    fn tell(&mut self, state: CircuitState) {
        let server = who(&self.endpoint);
        let event = CallEvent::Circuit { server, state };
        self.ready.push_back(Ok(StreamEvent::Call(event)));
    }
}

/// A call beside the conversation: let in while the endpoint is asked at all. It waits for nothing, since
/// whoever makes it can do without.
///
/// # Errors
///
/// The endpoint is left alone just now.
pub(super) fn admit(client: &Client, endpoint: &Endpoint) -> Result<Admission, Failure> {
    let place = &endpoint.base_url;
    let (entry, failures) = client.circuit(place, |circuit, now| {
        (circuit.enter(now), circuit.failures())
    });
    match entry {
        Entry::Go(role) => Ok(Admission(Pass {
            client: client.clone(),
            base_url: place.clone(),
            role,
        })),
        Entry::Rests(wait) => Err(resting(endpoint, failures, wait)),
        Entry::OnTrial => Err(resting(endpoint, failures, LOOK_AGAIN_MS)),
    }
}

/// One attempt of such a call.
pub(super) struct Admission(Pass);

impl Admission {
    /// Notes what the attempt came to; what there is to tell of it.
    pub(super) fn ended(
        mut self,
        endpoint: &Endpoint,
        rules: Rules,
        failure: Option<&Failure>,
    ) -> Option<StreamEvent> {
        let pass = &mut self.0;
        let role = std::mem::replace(&mut pass.role, Role::Usual);
        let change = pass.client.circuit(&pass.base_url, |circuit, now| {
            match failure.map(|failure| failure.kind) {
                Some(FailureKind::Transient | FailureKind::Overloaded) => {
                    circuit.failed(role, rules, now)
                }
                Some(FailureKind::Local | FailureKind::Cancelled | FailureKind::Team) => {
                    circuit.abandoned(role, now);
                    None
                }
                _ => circuit.succeeded(),
            }
        });
        let state = match change? {
            Change::Opened(rest) => CircuitState::Open { next_ms: rest },
            Change::Closed => CircuitState::Closed,
        };
        let server = who(endpoint);
        Some(StreamEvent::Call(CallEvent::Circuit { server, state }))
    }
}

/// Nobody asks it now.
fn resting(endpoint: &Endpoint, failures: u32, wait_ms: u64) -> Failure {
    let seconds = wait_ms.div_ceil(1000);
    let message = format!(
        "{} failed {failures} times in a row and is left alone",
        who(endpoint)
    );
    let mut failure = Failure::new(FailureKind::Transient, message).hint(format!(
        "The next try is in {seconds} s. `massgen-tui health` says how it is; `fallbacks:` names \
         another way."
    ));
    failure.retry_after_ms = Some(wait_ms);
    failure
}
