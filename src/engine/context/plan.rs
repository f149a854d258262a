//! How a conversation is made smaller: what stays as it is, what is told in fewer words, what goes.
//!
//! Pure. A conversation is taken apart at places where no call is parted from its result:
//!
//! - head: the system message and the first words of the user, which hold the task
//! - middle: what is replaced by notes; the agent's own decisions in it stay
//! - tail: the last of the work, with what the model is asked to do next
//!
//! What the person said and the current answers stand in a message of their own after the notes,
//! unless they stand elsewhere in what stays.

use crate::{
    engine::workflow,
    protocol::{Carried, Message},
    provider::{
        tokens::{self, Estimate},
        wire::carried::{is_mark, mark},
    },
};

/// Tokens of a text that stay at each end when it is shortened as the last resort.
const END: u64 = 400;
/// A text that is shorter than this stays whole (tokens).
const SHORT: u64 = 1_000;

/// A conversation taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    head: Vec<Message>,
    middle: Vec<Message>,
    tail: Vec<Message>,
}

/// Takes a conversation apart; the tail has about `tail` tokens, but at least the last reply.
/// `None` when there is nothing between head and tail.
#[must_use]
pub fn split(messages: &[Message], tail: u64) -> Option<Plan> {
    let task = messages
        .iter()
        .position(|message| !matches!(message, Message::System { .. }))?;
    let head = match messages.get(task)? {
        Message::User { .. } => task + 1,
        _ => task,
    };
    let mut cut = None;
    let mut size = 0;
    for (at, message) in messages.iter().enumerate().skip(head).rev() {
        size += tokens::message(message);
        // What was made smaller before stays before whatever is made smaller next.
        if is_mark(message) {
            break;
        }
        if !matches!(message, Message::Assistant { .. }) {
            continue;
        }
        if cut.is_some() && size > tail {
            break;
        }
        cut = Some(at);
    }
    let cut = cut.filter(|cut| *cut > head)?;
    if messages.get(cut - 1).is_some_and(is_mark) {
        return None;
    }
    Some(Plan {
        head: messages.get(..head)?.to_vec(),
        middle: messages.get(head..cut)?.to_vec(),
        tail: messages.get(cut..)?.to_vec(),
    })
}

impl Plan {
    /// What is told in fewer words.
    #[must_use]
    pub fn middle(&self) -> &[Message] {
        &self.middle
    }

    /// Everything before the tail.
    #[must_use]
    pub fn before(&self) -> Vec<Message> {
        self.head.iter().chain(&self.middle).cloned().collect()
    }

    /// The message of what stands: those of `words` that stand nowhere else in what stays, and the
    /// agent's own decisions, each with its results.
    #[must_use]
    pub fn kept(&self, words: &[String]) -> Vec<Message> {
        let decisions = decisions(&self.middle);
        let whole: Vec<&Message> = self
            .head
            .iter()
            .chain(&self.tail)
            .chain(&decisions)
            .collect();
        let missing: Vec<&str> = words
            .iter()
            .map(|words| words.trim())
            .filter(|words| !whole.iter().any(|message| says(message, words)))
            .collect();
        let text = if missing.is_empty() {
            "Go on from there.".to_owned()
        } else {
            missing.join("\n\n")
        };
        std::iter::once(Message::User { text })
            .chain(decisions)
            .collect()
    }

    /// The smaller conversation, with `notes` in the place of its middle.
    #[must_use]
    pub fn with_notes(&self, notes: &str, words: &[String]) -> Vec<Message> {
        let mut messages = self.head.clone();
        messages.push(Message::Assistant {
            text: notes.to_owned(),
            calls: Vec::new(),
            carried: None,
        });
        messages.extend(self.kept(words));
        messages.extend(self.tail.iter().cloned());
        messages
    }

    /// The conversation with what the server made of everything before the tail. Nothing goes: another
    /// server reads it as it was.
    #[must_use]
    pub fn with_mark(&self, carried: Carried) -> Vec<Message> {
        let mut messages = self.before();
        messages.push(mark(carried));
        messages.extend(self.tail.iter().cloned());
        messages
    }

    /// The words in the place of a middle that nobody could sum up.
    #[must_use]
    pub fn without_notes(&self) -> String {
        format!(
            "[{} earlier messages of mine, with what my tools had returned, are left out here: the \
             conversation was longer than I can read.]",
            self.middle.len()
        )
    }
}

/// The decisions among these messages: what was published, voted or judged, with all results. What a
/// server wanted back with them is left out; it belongs to what is gone.
fn decisions(middle: &[Message]) -> Vec<Message> {
    let mut kept = Vec::new();
    let mut keeps = false;
    for message in middle {
        match message {
            Message::Assistant { calls, .. } => {
                keeps = calls.iter().any(|call| workflow::read(call).is_some());
                if keeps {
                    kept.push(Message::Assistant {
                        // What it said around them is for the notes.
                        text: String::new(),
                        calls: calls.clone(),
                        carried: None,
                    });
                }
            }
            Message::Tool { .. } if keeps => kept.push(message.clone()),
            Message::Tool { .. } => {}
            Message::User { .. } | Message::System { .. } => keeps = false,
        }
    }
    kept
}

fn says(message: &Message, words: &str) -> bool {
    match message {
        Message::System { text }
        | Message::User { text }
        | Message::Tool { text, .. }
        | Message::Assistant { text, .. } => text.contains(words),
    }
}

/// The last resort: shortens long texts from the oldest on, until about `most` tokens are left. What
/// the user said stays, and so does every call; what the tools returned last goes last.
#[must_use]
pub fn shorten(mut messages: Vec<Message>, most: u64) -> Vec<Message> {
    let mut size = tokens::conversation(&messages, &[]);
    for message in &mut messages {
        if size <= most {
            break;
        }
        let text = match message {
            // A server that gets its own form back does not read that of another message.
            Message::Tool { text, .. }
            | Message::Assistant {
                text,
                carried: None,
                ..
            } => text,
            Message::System { .. } | Message::User { .. } | Message::Assistant { .. } => continue,
        };
        let long = weight(text);
        if long <= SHORT {
            continue;
        }
        *text = ends(text, END);
        size = size.saturating_sub(long.saturating_sub(weight(text)));
    }
    messages
}

/// Beginning and end of a text, about `end` tokens each, with a word about what is missing.
#[must_use]
pub fn ends(text: &str, end: u64) -> String {
    if weight(text) <= 2 * end {
        return text.to_owned();
    }
    let head = take(text.chars(), end);
    let tail: String = take(text.chars().rev(), end).chars().rev().collect();
    let gone = text.len().saturating_sub(head.len() + tail.len());
    format!("{head}\n[{gone} bytes were cut here]\n{tail}")
}

/// As many characters as make `most` tokens.
fn take(characters: impl Iterator<Item = char>, most: u64) -> String {
    let mut quarters = most.saturating_mul(4);
    characters
        .take_while(|letter| {
            let weight = if letter.is_ascii() { 1 } else { 4 };
            let fits = quarters >= weight;
            quarters = quarters.saturating_sub(weight);
            fits
        })
        .collect()
}

/// Estimated tokens of a text.
#[must_use]
pub fn weight(text: &str) -> u64 {
    let mut estimate = Estimate::default();
    estimate.add(text);
    estimate.tokens()
}

#[cfg(test)]
mod tests;
