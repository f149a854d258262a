//! Failed calls and what was behind them: the vendor's own words, not what followed from them.

use serde::Serialize;

use crate::{
    protocol::{AgentEvent, AgentId, CallEvent, Event, EventKind, Failure, FailureKind},
    run::Turn,
};

/// Failures of one kind at one agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trouble {
    /// Whose calls.
    pub agent: AgentId,
    /// Which kind.
    pub kind: FailureKind,
    /// How often.
    pub count: usize,
    /// Milliseconds that were waited for it.
    pub waited_ms: u64,
    /// Whether the agent was lost by it.
    pub lost: bool,
    /// The first message.
    pub message: String,
    /// Numbers of their events.
    pub events: Vec<u64>,
}

/// The failures of a turn, worst first.
pub fn of(turn: &Turn, events: &[Event]) -> Vec<Trouble> {
    let mut all: Vec<Trouble> = Vec::new();
    for event in events {
        let EventKind::Agent { id, event: what } = &event.kind else {
            continue;
        };
        let (failure, wait, lost): (&Failure, u64, bool) = match what {
            AgentEvent::Call(CallEvent::Retrying {
                failure, wait_ms, ..
            }) => (failure, *wait_ms, false),
            AgentEvent::Call(CallEvent::Switched { failure, .. }) => (failure, 0, false),
            AgentEvent::Benched(failure) => (failure, 0, true),
            _ => continue,
        };
        if turn.agent(*id).is_none() {
            continue;
        }
        let same = |one: &&mut Trouble| one.agent == *id && one.kind == failure.kind;
        match all.iter_mut().find(same) {
            Some(trouble) => {
                trouble.count += 1;
                trouble.waited_ms += wait;
                trouble.lost |= lost;
                trouble.events.push(event.seq.0);
            }
            None => all.push(Trouble {
                agent: *id,
                kind: failure.kind,
                count: 1,
                waited_ms: wait,
                lost,
                message: failure.message.clone(),
                events: vec![event.seq.0],
            }),
        }
    }
    all.sort_by_key(|one| (!one.lost, usize::MAX - one.count));
    all
}
