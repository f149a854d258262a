//! One conversation with a model: what was said, which answers it has seen, what is on offer.
//!
//! Keeps what servers insist on: every tool call has exactly one result, no empty message of the
//! model, no two messages of the user in a row.

use std::collections::BTreeSet;

use super::{context::gauge::Gauge, reply::Reply, seat::Addition};
use crate::{
    protocol::{Carried, Label, Message, ToolCall, ToolChoice, ToolSpec},
    provider::tokens,
};

/// State of a conversation.
#[derive(Debug, Default)]
pub struct Talk {
    /// Everything said so far.
    pub messages: Vec<Message>,
    /// The terminal call of the last reply, whose result is what the driver says next.
    pub open: Option<ToolCall>,
    /// Answers this agent has been shown.
    pub seen: BTreeSet<Label>,
    /// Tools on offer.
    pub tools: Vec<ToolSpec>,
    /// How strongly a call is asked for.
    pub choice: ToolChoice,
    /// What the person said in it, word for word.
    pub heard: Vec<String>,
    /// How long it is.
    pub gauge: Gauge,
}

impl Talk {
    /// A conversation that begins with its system message.
    #[must_use]
    pub fn new(system: Message) -> Self {
        Self {
            messages: vec![system],
            ..Self::default()
        }
    }

    /// Its estimated tokens, uncorrected.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        tokens::conversation(&self.messages, &self.tools)
    }

    /// Its tokens as the server would count them.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.gauge.tokens(self.estimate())
    }

    /// The same conversation in fewer words.
    pub fn replace(&mut self, messages: Vec<Message>) {
        self.messages = messages;
        self.gauge = self.gauge.afresh();
        self.gauge.shrunk(self.size(), self.estimate());
    }

    /// Takes in what the driver adds: as the result of the open terminal call, or as the user.
    pub fn add(&mut self, add: Addition) {
        self.seen.extend(add.shown);
        self.heard.extend(add.heard);
        self.tools = add.tools;
        self.choice = add.choice;
        match self.open.take() {
            Some(call) => self.result(&call, &add.text),
            None => self.hear(add.text),
        }
    }

    /// Words of the user. Chat templates want turns to alternate, so what follows other words of the
    /// user directly joins them.
    fn hear(&mut self, words: String) {
        if let Some(Message::User { text }) = self.messages.last_mut() {
            text.push_str("\n\n");
            text.push_str(&words);
        } else {
            self.messages.push(Message::User { text: words });
        }
    }

    /// What the model said; nothing is no message, many servers refuse an empty one.
    pub fn said(&mut self, text: &str, calls: &[ToolCall], carried: Option<Carried>) {
        if !calls.is_empty() || !text.trim().is_empty() {
            self.messages.push(Message::Assistant {
                text: text.to_owned(),
                calls: calls.to_vec(),
                carried: carried.map(Box::new),
            });
        }
    }

    /// The result of a call.
    pub fn result(&mut self, call: &ToolCall, text: &str) {
        self.messages.push(Message::Tool {
            call_id: call.id.clone(),
            name: call.name.clone(),
            text: text.to_owned(),
        });
    }

    /// The round is over: the open call gets its result.
    pub fn close_open(&mut self, text: &str) {
        if let Some(call) = self.open.take() {
            self.result(&call, text);
        }
    }

    /// A reply that was cut off stays in the conversation as far as it got, the draft of an answer
    /// included; its calls do not.
    pub fn keep_partial(&mut self, reply: Reply) {
        self.said(&reply.into_partial(), &[], None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Addition {
        Addition {
            text: text.into(),
            shown: Vec::new(),
            heard: Vec::new(),
            tools: Vec::new(),
            choice: ToolChoice::Auto,
        }
    }

    fn call(id: &str) -> ToolCall {
        ToolCall {
            id: id.into(),
            name: "vote".into(),
            arguments: "{}".into(),
        }
    }

    #[test]
    fn an_empty_reply_leaves_no_trace_and_the_user_speaks_once() {
        let mut talk = Talk::new(Message::System { text: "s".into() });
        talk.add(words("task"));
        talk.said("  \n", &[], None);
        talk.add(words("more"));
        assert_eq!(
            talk.messages,
            [
                Message::System { text: "s".into() },
                Message::User {
                    text: "task\n\nmore".into()
                }
            ]
        );
    }

    #[test]
    fn an_open_call_gets_the_next_words_and_only_those() {
        let mut talk = Talk::default();
        talk.said("", &[call("a")], None);
        talk.open = Some(call("a"));
        talk.add(words("refused"));
        talk.add(words("go on"));
        talk.close_open("late");
        let results = |message: &&Message| matches!(message, Message::Tool { .. });
        assert_eq!(talk.messages.iter().filter(results).count(), 1);
        assert_eq!(
            talk.messages.last(),
            Some(&Message::User {
                text: "go on".into()
            })
        );
    }
}
