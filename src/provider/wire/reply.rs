//! What a reply of any wire family comes to: the book that every decoder keeps, and how it is closed.
//!
//! Invariants: `ToolCall`, `Carried`, `Usage` and `Stop` come from [`Book::close`] only, in this
//! order, `Usage` and `Stop` once each; a reply with nothing in it is an error, since asking again
//! may help; the calls of a refused reply are dropped, and so is one that the output limit cut.

use std::sync::Arc;

use crate::protocol::{Carried, Failure, Usage};

use super::calls::{self, Assembler, Completeness};
use crate::provider::hosted::Used;
use crate::provider::tokens::Estimate;
use crate::provider::usage::{self, Tokens};
use crate::provider::{Endpoint, Price, StopReason, StreamEvent, classify, text_tools};

/// How tools come back in this reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolStyle {
    /// In the family's own form.
    Native,
    /// As a block of the text protocol.
    Text,
}

/// What the decoder must know about the request.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whom was asked, for the words of failures.
    pub endpoint: Arc<Endpoint>,
    /// How tools come back.
    pub tools: ToolStyle,
    /// Price of the tokens, when known.
    pub price: Option<Price>,
    /// Estimated prompt tokens, used when the server reports none.
    pub prompt_tokens: u64,
    /// Tells made-up call ids of different replies apart.
    pub id_seed: u64,
}

/// How a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model was done, or wants its calls answered.
    Normal,
    /// It reached its output limit.
    Length,
    /// A filter or the model itself refused.
    Refused,
}

/// The book of one reply.
#[derive(Debug)]
pub struct Book {
    setup: Setup,
    text: Option<text_tools::Reader>,
    /// Calls in progress.
    pub calls: Assembler,
    tokens: Option<Tokens>,
    spoken: Estimate,
    refused: bool,
    any_content: bool,
    /// Tools that the vendor ran.
    used: Used,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let text = (setup.tools == ToolStyle::Text).then(text_tools::Reader::default);
        Self {
            setup,
            text,
            calls: Assembler::default(),
            tokens: None,
            spoken: Estimate::default(),
            refused: false,
            any_content: false,
            used: Used::default(),
        }
    }

    /// Whom was asked.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.setup.endpoint
    }

    /// Price of its tokens, when known.
    #[must_use]
    pub const fn price(&self) -> Option<Price> {
        self.setup.price
    }

    /// Whether anything was said or called yet.
    #[must_use]
    pub const fn has_content(&self) -> bool {
        self.any_content
    }

    /// Notes that something was said or called.
    pub const fn note_content(&mut self) {
        self.any_content = true;
    }

    /// Notes that the model refused.
    pub const fn refuse(&mut self) {
        self.refused = true;
    }

    /// Counts characters that the model wrote, whatever becomes of them.
    pub fn count(&mut self, text: &str) {
        self.spoken.add(text);
    }

    /// Counts as the server reports them are cumulative: the last ones stand. A server that reports
    /// nothing but zeros does not count.
    pub fn report(&mut self, tokens: Option<Tokens>) {
        let counted = tokens.filter(|tokens| tokens.input > 0 || tokens.output > 0);
        self.tokens = counted.or(self.tokens);
    }

    /// What the server has reported so far.
    #[must_use]
    pub const fn reported(&self) -> Option<Tokens> {
        self.tokens
    }

    /// The vendor ran a tool of its own.
    pub fn ran(
        &mut self,
        call: (&str, &str, &str),
        outcome: (bool, String),
        out: &mut Vec<StreamEvent>,
    ) {
        self.used.add(&self.setup.endpoint, call, outcome, out);
        self.any_content = true;
    }

    /// An id for a call of this reply that has none.
    #[must_use]
    pub fn made_up(&self, number: usize) -> String {
        format!("hosted-{}-{number}", self.setup.id_seed)
    }

    /// Hands out text that was counted.
    pub fn text(&mut self, text: String, out: &mut Vec<StreamEvent>) {
        match &mut self.text {
            Some(reader) => reader.push(&text, out),
            None => out.push(StreamEvent::Text(text)),
        }
    }

    /// Hands out reasoning that was counted.
    pub fn thinking(text: String, out: &mut Vec<StreamEvent>) {
        if !text.is_empty() {
            out.push(StreamEvent::Thinking(text));
        }
    }

    /// The reply is over: its calls, what is to be carried back, the usage and the stop reason.
    ///
    /// # Errors
    ///
    /// A reply with nothing in it.
    pub fn close(
        &mut self,
        finish: Finish,
        carried: Option<Carried>,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), Failure> {
        let completeness = match finish {
            Finish::Length => Completeness::Truncated,
            Finish::Normal | Finish::Refused => Completeness::Whole,
        };
        let mut calls = self.calls.finish(self.setup.id_seed, completeness);
        if let Some(reader) = &mut self.text {
            calls.extend(reader.finish(calls::made_up(self.setup.id_seed, calls.len()), out));
        }
        let stop = if self.refused || finish == Finish::Refused {
            calls.clear();
            StopReason::Refused
        } else if finish == Finish::Length {
            StopReason::Length
        } else if calls.is_empty() {
            StopReason::EndTurn
        } else {
            StopReason::ToolUse
        };
        // White space alone is no answer.
        self.any_content |= !calls.is_empty();
        self.any_content |= out
            .iter()
            .any(|event| !matches!(event, StreamEvent::Text(text) if text.trim().is_empty()));
        if stop == StopReason::EndTurn && !self.any_content {
            return Err(classify::empty_reply(&self.setup.endpoint));
        }
        out.extend(calls.into_iter().map(StreamEvent::ToolCall));
        // What goes back must match what was said: a refused or cut reply is told in words only.
        if matches!(stop, StopReason::EndTurn | StopReason::ToolUse) {
            out.extend(carried.map(StreamEvent::Carried));
        }
        out.push(StreamEvent::Usage(self.usage()));
        out.push(StreamEvent::Stop(stop));
        Ok(())
    }

    /// What a reply that failed midway has cost so far; `None` when nothing was generated.
    #[must_use]
    pub fn spent(&self) -> Option<StreamEvent> {
        (self.any_content || self.tokens.is_some()).then(|| StreamEvent::Usage(self.usage()))
    }

    fn usage(&self) -> Usage {
        let reported = self.tokens.is_some();
        let tokens = self.tokens.unwrap_or_else(|| Tokens {
            input: self.setup.prompt_tokens,
            output: self.spoken.tokens(),
            ..Tokens::default()
        });
        let mut usage = usage::priced(tokens, self.setup.price, !reported);
        usage.cost.usd += self.used.usd();
        usage.cost.partial |= self.used.is_partial();
        usage
    }
}
