//! A whole team in the place of a model: what it is asked, and what it may use up.
//!
//! Plain data and a trait; the engine implements it, and asks. Dropping the stream of an errand ends
//! everything the team does.

use std::{any::Any, fmt, sync::Arc};

use futures_util::stream::BoxStream;

use super::{Price, Request, StreamEvent};
use crate::protocol::{Failure, UnknownPrice};

/// A team that can be given a task.
pub trait Group: Send + Sync {
    /// Works on an errand. The stream yields [`StreamEvent::Nested`] for everything that happens,
    /// then one call of `new_answer` with the outcome, or the reason why there is none.
    fn work(&self, errand: Errand) -> BoxStream<'static, Result<StreamEvent, Failure>>;

    /// What each of its models costs, teams inside it included.
    fn prices(&self) -> Vec<Option<Price>>;
}

/// A task for a team.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The task of the larger team's turn.
    pub task: String,
    /// The conversation as a model in this place would get it.
    pub request: Request,
    /// What it may use up.
    pub allowance: Allowance,
    /// What the engine gives its own teams along.
    pub handed: Handed,
}

/// Something that only the engine knows what to do with: the folders and the desk of a session.
#[derive(Clone, Default)]
pub struct Handed(pub Option<Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for Handed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Handed"
        } else {
            "Nothing"
        })
    }
}

/// What a team inside a team may use up; `None`: as much as its own limits say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// US dollars.
    pub usd: Option<f64>,
    /// Tokens, of prompts and replies together.
    pub tokens: Option<u64>,
    /// Model calls.
    pub calls: Option<u32>,
    /// Tool calls.
    pub tool_calls: Option<u32>,
    /// Seconds until the larger team waits no longer.
    pub seconds: Option<u64>,
    /// What a money limit means for a model without a known price.
    pub unknown_price: UnknownPrice,
    /// Levels of teams there may be from here on, this one included.
    pub depth: u32,
}
