//! What a seat hears of the team in it: its latest answer, what it has not paid for yet, its end.

use std::collections::BTreeMap;

use crate::{
    protocol::{
        AgentEvent, AgentId, Event, EventKind, NoAnswerReason, Outcome, RunEvent, Seq, Timestamp,
        Usage,
    },
    provider::{
        Price,
        usage::{Tokens, priced},
    },
};

/// One nested turn, seen from the seat.
#[derive(Debug, Default)]
pub struct Below {
    /// Number of its last event.
    last: u64,
    /// Whether it has begun and not ended.
    running: bool,
    /// Bytes that were streamed since the last usage of each member.
    streamed: BTreeMap<AgentId, u64>,
}

impl Below {
    /// Takes in one event; the text of an answer that was published in it.
    pub fn hear<'a>(&mut self, event: &'a Event) -> Option<&'a str> {
        self.last = self.last.max(event.seq.0);
        match &event.kind {
            EventKind::Run(RunEvent::Started(_)) => self.running = true,
            EventKind::Run(RunEvent::Ended(_)) => self.running = false,
            EventKind::Run(_) => {}
            EventKind::Agent { id, event } => match event {
                AgentEvent::Delta { text, .. } => {
                    *self.streamed.entry(*id).or_default() += text.len() as u64;
                }
                AgentEvent::Usage(_) => {
                    self.streamed.remove(id);
                }
                AgentEvent::Published(answer) => return Some(&answer.text),
                _ => {}
            },
        }
        None
    }

    /// What its calls that were cut off have cost: estimated at 4 bytes a token, with the task as
    /// their prompt. `None` when none was.
    #[must_use]
    pub fn unpaid(&self, prompt_bytes: usize, price: Option<Price>) -> Option<Usage> {
        let usages = self.streamed.values().map(|bytes| {
            let tokens = Tokens {
                input: (prompt_bytes / 4) as u64,
                output: bytes / 4,
                ..Tokens::default()
            };
            priced(tokens, price, true)
        });
        usages.reduce(|sum, usage| sum + usage)
    }

    /// The end of a nested turn that was cut off; `None` when it ended by itself, or never began.
    pub fn cut_off(&mut self, at: Timestamp) -> Option<Event> {
        if !std::mem::take(&mut self.running) {
            return None;
        }
        self.last += 1;
        Some(Event {
            seq: Seq(self.last),
            at,
            kind: EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
                reason: NoAnswerReason::Cancelled,
                message: "The larger team did not wait for it any longer.".to_owned(),
            })),
        })
    }
}
