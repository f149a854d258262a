//! A model that says what the test wrote down, call by call.
//!
//! Deterministic: waits are tokio time, so paused clocks work; a gate holds a call until the test
//! opens it. A call beyond the script fails, so that a test notices.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use massgen_tui::protocol::{Failure, FailureKind};
use massgen_tui::provider::{Provider, Request, StreamEvent};
use tokio::sync::Notify;

/// One step of a scripted call.
pub enum Step {
    /// Yield this.
    Say(Result<StreamEvent, Failure>),
    /// Wait.
    Pause(Duration),
    /// Wait until the test calls `notify_one`.
    Gate(Arc<Notify>),
}

impl From<Result<StreamEvent, Failure>> for Step {
    fn from(item: Result<StreamEvent, Failure>) -> Self {
        Self::Say(item)
    }
}

/// The scripted model.
#[derive(Default)]
pub struct Scripted {
    calls: Mutex<VecDeque<Vec<Step>>>,
    asked: Mutex<Vec<Request>>,
}

impl Scripted {
    /// A model whose n-th call plays the n-th script.
    pub fn new(calls: Vec<Vec<Step>>) -> Arc<Self> {
        Arc::new(Self {
            calls: Mutex::new(calls.into()),
            asked: Mutex::default(),
        })
    }

    /// A script without waits.
    pub fn plain(calls: Vec<Vec<Result<StreamEvent, Failure>>>) -> Arc<Self> {
        let steps = |call: Vec<_>| call.into_iter().map(Step::Say).collect();
        Self::new(calls.into_iter().map(steps).collect())
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("no panic while asked").clone()
    }
}

impl Provider for Scripted {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        self.asked
            .lock()
            .expect("no panic while asked")
            .push(request);
        let script = self.calls.lock().expect("no panic while asked").pop_front();
        let steps = script.unwrap_or_else(|| {
            let failure = Failure::new(FailureKind::Request, "the script has no more calls");
            vec![Step::Say(Err(failure))]
        });
        stream::iter(steps)
            .filter_map(|step| async move {
                match step {
                    Step::Say(item) => Some(item),
                    Step::Pause(wait) => {
                        tokio::time::sleep(wait).await;
                        None
                    }
                    Step::Gate(gate) => {
                        gate.notified().await;
                        None
                    }
                }
            })
            .boxed()
    }
}
