//! One model reply while it arrives: stream events in, agent events out, and at the end its text,
//! its calls and its tokens.

use super::{draft::Draft, nested::Below, workflow};
use crate::{
    protocol::{
        AgentEvent, CallEvent, Carried, Channel, CompactedBy, Failure, FailureKind, Message,
        Purpose, ToolCall, Usage,
    },
    provider::{
        Price, Request, StopReason, StreamEvent,
        usage::{Tokens, priced},
    },
};

/// Most bytes of one reply (text and arguments) kept in memory.
const MAX_REPLY: usize = 32 * 1024 * 1024;

/// Whether a reply may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It may.
    Fine,
    /// It is longer than [`MAX_REPLY`].
    TooLong,
}

/// A reply in progress.
#[derive(Debug)]
pub struct Reply {
    channel: Channel,
    text: String,
    calls: Vec<ToolCall>,
    /// The `new_answer` call whose arguments are shown as they arrive.
    draft: Option<(usize, Draft)>,
    /// The answer in it as far as it came.
    drafted: String,
    bytes: usize,
    prompt_bytes: usize,
    usage: Option<Usage>,
    /// The reply in the server's own form.
    carried: Option<Carried>,
    /// Tokens that the server leaves out of the prompt, as far as they were told.
    cleared: u64,
    /// The last thing heard is that the call failed and will be repeated.
    refused: bool,
    /// What is heard of the team that replies; `None` for a model.
    below: Option<Below>,
}

impl Reply {
    /// An empty reply to `request`.
    #[must_use]
    pub fn new(purpose: Purpose, request: &Request) -> Self {
        Self {
            channel: match purpose {
                Purpose::Present => Channel::Final,
                Purpose::Work
                | Purpose::Revote
                | Purpose::VoteOnly
                | Purpose::Judge
                | Purpose::Weigh
                | Purpose::Verify => Channel::Text,
            },
            text: String::new(),
            calls: Vec::new(),
            draft: None,
            drafted: String::new(),
            bytes: 0,
            prompt_bytes: request.messages.iter().map(length).sum(),
            usage: None,
            carried: None,
            cleared: 0,
            refused: false,
            below: None,
        }
    }

    /// It is a team that replies.
    pub fn of_team(&mut self) {
        self.below = Some(Below::default());
    }

    /// What is heard of the team that replies.
    pub const fn below(&mut self) -> Option<&mut Below> {
        self.below.as_mut()
    }

    /// Takes one stream event and returns what there is to tell.
    pub fn take(&mut self, event: StreamEvent) -> Option<AgentEvent> {
        self.refused = matches!(event, StreamEvent::Call(CallEvent::Retrying { .. }));
        match event {
            StreamEvent::Text(text) => {
                self.bytes += text.len();
                self.text.push_str(&text);
                delta(self.channel, text)
            }
            StreamEvent::Thinking(text) => {
                self.bytes += text.len();
                delta(Channel::Thinking, text)
            }
            StreamEvent::ToolStart { index, name } => {
                self.bytes += name.len();
                if name == workflow::NEW_ANSWER && self.draft.is_none() {
                    self.draft = Some((index, Draft::default()));
                }
                None
            }
            StreamEvent::ToolArguments { index, fragment } => {
                self.bytes += fragment.len();
                match &mut self.draft {
                    Some((of, draft)) if *of == index => {
                        let text = draft.push(&fragment);
                        self.drafted.push_str(&text);
                        delta(Channel::Draft, text)
                    }
                    _ => None,
                }
            }
            StreamEvent::ToolCall(call) => {
                self.calls.push(call);
                None
            }
            StreamEvent::Call(event) => self.edited(event).map(AgentEvent::Call),
            StreamEvent::Tool(event) => Some(AgentEvent::Tool(event)),
            StreamEvent::Carried(carried) => {
                self.carried = Some(carried);
                None
            }
            // It went to the person.
            StreamEvent::Permission(_) => None,
            StreamEvent::Usage(usage) => {
                self.usage = Some(usage);
                None
            }
            StreamEvent::Nested(event) => {
                let below = self.below.get_or_insert_default();
                if let Some(text) = below.hear(&event) {
                    text.clone_into(&mut self.drafted);
                }
                Some(AgentEvent::Nested(event))
            }
            StreamEvent::Stop(reason) => {
                self.stop(reason);
                None
            }
        }
    }

    /// Tokens that were left out of earlier prompts of the conversation.
    pub const fn cleared_before(&mut self, cleared: u64) {
        self.cleared = cleared;
    }

    /// Tokens that are left out of its prompts from now on.
    #[must_use]
    pub const fn cleared(&self) -> u64 {
        self.cleared
    }

    /// A server that leaves old results out does so in every call: only what is new of it is told.
    fn edited(&mut self, event: CallEvent) -> Option<CallEvent> {
        let CallEvent::Compacted {
            before,
            after,
            way: CompactedBy::Edited,
            spent,
            instead,
            worth,
        } = event
        else {
            return Some(event);
        };
        let all = before.saturating_sub(after);
        let new = all.saturating_sub(self.cleared);
        self.cleared = all;
        (new > 0).then_some(CallEvent::Compacted {
            before: after.saturating_add(new),
            after,
            way: CompactedBy::Edited,
            spent,
            instead,
            worth,
        })
    }

    /// Notes the end; a refusal without words gets some, so that nobody faces an empty pane.
    pub fn stop(&mut self, reason: StopReason) {
        if reason == StopReason::Refused && self.text.is_empty() {
            self.text.push_str("[the model refused to answer]");
        }
    }

    /// True before any content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0 && self.calls.is_empty()
    }

    /// Whether it may go on.
    #[must_use]
    pub fn pace(&self) -> Pace {
        if self.bytes > MAX_REPLY {
            Pace::TooLong
        } else {
            Pace::Fine
        }
    }

    /// Tokens of the reply so far, estimated at 4 bytes a token.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        (self.bytes / 4) as u64
    }

    /// What it says so far: its text, or without one the answer it was writing.
    #[must_use]
    pub fn so_far(&self) -> String {
        if self.text.trim().is_empty() {
            self.drafted.clone()
        } else {
            self.text.clone()
        }
    }

    /// Notes that the call failed for good.
    pub fn fail(&mut self) {
        self.refused = true;
    }

    /// Tokens that were not told yet: as reported, or estimated at 4 bytes a token when the reply was cut off or the server
    /// does not tell, at `price`. `None` for a call that the server refused: it costs nothing.
    #[must_use]
    pub fn usage(&self, price: Option<Price>) -> Option<Usage> {
        if let Some(below) = &self.below {
            return below.unpaid(self.prompt_bytes, price);
        }
        if self.usage.is_none() && self.refused && self.is_empty() {
            return None;
        }
        Some(self.usage.unwrap_or_else(|| {
            let tokens = Tokens {
                input: (self.prompt_bytes / 4) as u64,
                output: (self.bytes / 4) as u64,
                ..Tokens::default()
            };
            priced(tokens, price, true)
        }))
    }

    /// What a reply that was cut off had come to: its text, and the answer it was writing.
    #[must_use]
    pub fn into_partial(mut self) -> String {
        if !self.drafted.trim().is_empty() {
            if !self.text.trim().is_empty() {
                self.text.push_str("\n\n");
            }
            self.text
                .push_str("[I was writing this answer; it was cut off and not published:]\n");
            self.text.push_str(&self.drafted);
        }
        self.text
    }

    /// Its text, its calls and what the server wants back.
    #[must_use]
    pub fn into_parts(self) -> (String, Vec<ToolCall>, Option<Carried>) {
        (self.text, self.calls, self.carried)
    }
}

/// Why a reply with the pace [`Pace::TooLong`] ends.
pub fn too_long() -> Failure {
    Failure::new(
        FailureKind::Request,
        "The reply is longer than this program keeps in memory; it was cut off.",
    )
}

fn delta(channel: Channel, text: String) -> Option<AgentEvent> {
    (!text.is_empty()).then_some(AgentEvent::Delta { channel, text })
}

fn length(message: &Message) -> usize {
    match message {
        Message::System { text } | Message::User { text } | Message::Tool { text, .. } => {
            text.len()
        }
        Message::Assistant { text, calls, .. } => {
            text.len() + calls.iter().map(|call| call.arguments.len()).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ToolChoice;

    #[test]
    fn what_a_server_leaves_out_is_told_once_and_then_what_is_new_of_it() {
        let request = Request {
            messages: Vec::new(),
            tools: Vec::new(),
            choice: ToolChoice::Auto,
        };
        let mut before = 0;
        let mut told = Vec::new();
        for (full, after) in [(9_000, 5_000), (9_500, 5_500), (12_000, 5_600)] {
            let mut reply = Reply::new(Purpose::Work, &request);
            reply.cleared_before(before);
            let event = StreamEvent::Call(CallEvent::Compacted {
                before: full,
                after,
                way: CompactedBy::Edited,
                spent: Usage::default(),
                instead: None,
                worth: None,
            });
            if let Some(AgentEvent::Call(CallEvent::Compacted { before, after, .. })) =
                reply.take(event)
            {
                told.push((before, after));
            }
            before = reply.cleared();
        }
        assert_eq!(told, [(9_000, 5_000), (8_000, 5_600)]);
    }
}
