//! A rough count of tokens, for replies whose server reports none.
//!
//! A rule of thumb, not a tokenizer: four ASCII characters or one character of any other script make
//! a token. Good to about a quarter either way; whoever shows the number marks it as estimated.

use crate::protocol::{Message, ToolSpec};

use super::Request;
use super::wire::carried::is_mark;

/// Running estimate over text that arrives in pieces. Pieces can be cut anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    ascii: u64,
    wide: u64,
}

impl Estimate {
    /// Counts `text`.
    pub fn add(&mut self, text: &str) {
        let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
        self.ascii += ascii;
        if ascii != text.len() as u64 {
            self.wide += text.chars().filter(|c| !c.is_ascii()).count() as u64;
        }
    }

    /// Tokens so far.
    #[must_use]
    pub const fn tokens(self) -> u64 {
        self.ascii.div_ceil(4) + self.wide
    }
}

/// Estimated prompt tokens of a request, tools and a few tokens of framing per message included.
#[must_use]
pub fn prompt(request: &Request) -> u64 {
    conversation(&request.messages, &request.tools)
}

/// The same of messages and tools by themselves.
#[must_use]
pub fn conversation(messages: &[Message], tools: &[ToolSpec]) -> u64 {
    let mut estimate = Estimate::default();
    for message in messages {
        if is_mark(message) {
            estimate = Estimate::default();
        }
        count(&mut estimate, message);
    }
    for tool in tools {
        estimate.add(&tool.name);
        estimate.add(&tool.description);
        estimate.add(&tool.parameters.to_string());
    }
    estimate.tokens() + 4 * messages.len() as u64 + 10 * tools.len() as u64
}

/// The same of one message.
#[must_use]
pub fn message(message: &Message) -> u64 {
    let mut estimate = Estimate::default();
    count(&mut estimate, message);
    estimate.tokens() + 4
}

fn count(estimate: &mut Estimate, message: &Message) {
    match message {
        Message::System { text } | Message::User { text } | Message::Tool { text, .. } => {
            estimate.add(text);
        }
        Message::Assistant {
            carried: Some(carried),
            ..
        } if is_mark(message) => {
            for item in &carried.items {
                estimate.add(&item.to_string());
            }
        }
        Message::Assistant { text, calls, .. } => {
            estimate.add(text);
            for call in calls {
                estimate.add(&call.name);
                estimate.add(&call.arguments);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_weigh_differently() {
        let count = |text: &str| {
            let mut estimate = Estimate::default();
            estimate.add(text);
            estimate.tokens()
        };
        assert_eq!(count(""), 0);
        assert_eq!(count("abcdefgh"), 2);
        assert_eq!(count("漢字"), 2);
        assert_eq!(count("ab漢字"), 3);
    }
}
