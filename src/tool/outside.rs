//! Tools that come from outside the program: a port, one object per agent.
//!
//! Whoever implements it holds the connections; the engine asks what is on offer before each call of a
//! model and hands calls over. Everything it says was written by somebody else: names and words come
//! here cleaned and bounded, results as data. Leave is asked by the implementation, at the office it is
//! given, before anything is done.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{ToolResult, leave::Office};
use crate::protocol::ToolSpec;

/// What an agent is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It works with the others.
    Working,
    /// It gives the final answer.
    Presenting,
}

/// What is on offer.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// The tools.
    pub specs: Vec<ToolSpec>,
    /// What the person should know, a sentence each; every one is said once.
    pub news: Vec<String>,
    /// Why the agent cannot work: something that it needs is not there.
    pub stop: Option<String>,
}

/// One call.
pub struct OutsideCall {
    /// The tool, as it was offered.
    pub name: String,
    /// Arguments as the model wrote them.
    pub arguments: String,
    /// Who gives leave; `None`: nobody can be asked, which means no.
    pub office: Option<Office>,
    /// What the agent is at.
    pub stage: Stage,
    /// Takes words about how far it is. A full channel drops them.
    pub progress: mpsc::Sender<String>,
}

/// The outside tools of one agent.
pub trait Outside: Send + Sync {
    /// What is on offer. Waits, within bounds of its own, for what has to be started first.
    fn offer(&self) -> BoxFuture<'static, Offer>;

    /// Whether a name is one of its.
    fn knows(&self, name: &str) -> bool;

    /// Runs a tool. Dropping the future cancels it, there too.
    fn run(&self, call: OutsideCall) -> BoxFuture<'static, ToolResult>;

    /// The same for an agent that joins later: connections of its own.
    fn another(&self, name: &str) -> Arc<dyn Outside>;

    /// Ends what was started, within a bound.
    fn close(&self) -> BoxFuture<'static, ()>;
}
