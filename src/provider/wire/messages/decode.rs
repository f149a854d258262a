//! The stream of Anthropic's Messages API turned into events.
//!
//! Blocks are known by their index; servers that copy this API close them all at the very end, so
//! nothing relies on nesting. Only a reply with thinking carries its blocks back, since only those
//! must return unchanged. Invariants as for every decoder (`wire::reply`); a stream without
//! `message_stop` was cut.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::protocol::{CallEvent, CompactedBy, Failure, FailureKind, Usage};
use crate::provider::wire::carried;
use crate::provider::wire::reply::{Book, Finish, Setup};
use crate::provider::{StreamEvent, classify, hosted};

use super::compact;

/// A block in progress.
#[derive(Debug)]
struct Block {
    /// As it began, and as it will be carried back.
    value: Map<String, Value>,
    /// Arguments of a call so far.
    arguments: String,
}

/// The one event that there are thousands of: a piece of text or of thinking. It is read without a
/// tree; whatever does not look exactly like it goes the long way.
#[derive(Deserialize)]
struct Common<'a> {
    #[serde(rename = "type")]
    _type: ContentBlockDelta,
    index: u64,
    #[serde(borrow)]
    delta: CommonDelta<'a>,
}

#[derive(Deserialize)]
enum ContentBlockDelta {
    #[serde(rename = "content_block_delta")]
    Itself,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum CommonDelta<'a> {
    #[serde(rename = "text_delta")]
    Text {
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
    #[serde(rename = "thinking_delta")]
    Thinking {
        #[serde(borrow)]
        thinking: Cow<'a, str>,
    },
    #[serde(rename = "input_json_delta")]
    Arguments {
        #[serde(borrow)]
        partial_json: Cow<'a, str>,
    },
}

/// Decoder of one reply.
#[derive(Debug)]
pub struct Decoder {
    book: Book,
    blocks: BTreeMap<u64, Block>,
    /// Bytes of text that came for the blocks.
    kept: usize,
    counts: Map<String, Value>,
    /// Prompt tokens that the server left out.
    cleared: u64,
    finish: Option<Finish>,
    done: bool,
}

impl Decoder {
    /// A decoder for one reply.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            book: Book::new(setup),
            blocks: BTreeMap::new(),
            kept: 0,
            counts: Map::new(),
            cleared: 0,
            finish: None,
            done: false,
        }
    }

    /// True when the server said that nothing more comes.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// True when the reply is complete, though the end mark may still come.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.done || self.finish.is_some()
    }

    /// Reads the data of one frame.
    ///
    /// # Errors
    ///
    /// An error sent inside the stream, or a frame that is not JSON.
    pub fn frame(&mut self, data: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let data = data.trim();
        if self.done || data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let before = out.len();
        if let Ok(common) = serde_json::from_str::<Common<'_>>(data) {
            self.common(&common, out);
        } else {
            let event = self.parse(data)?;
            self.event(&event, out)?;
        }
        if out.len() > before {
            self.book.note_content();
        }
        Ok(())
    }

    /// Reads a whole message that came as one JSON document, because the server does not stream.
    ///
    /// # Errors
    ///
    /// An error object, or a document that is no message.
    pub fn document(&mut self, body: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let message = self.parse(body.trim())?;
        let Some(blocks) = message.get("content").and_then(Value::as_array) else {
            return Err(match message.get("error") {
                Some(error) if !error.is_null() => classify::in_stream(error, self.book.endpoint()),
                _ => classify::strange_document(body, self.book.endpoint()),
            });
        };
        for (index, block) in blocks.iter().enumerate() {
            self.begin(index as u64, block, out);
        }
        if !out.is_empty() {
            self.book.note_content();
        }
        self.count(message.get("usage"));
        self.cleared = compact::cleared(&message);
        self.stop(message.get("stop_reason").and_then(Value::as_str))?;
        self.done = true;
        Ok(())
    }

    /// The stream is over: the calls, the usage and the stop reason.
    ///
    /// # Errors
    ///
    /// A cut stream, and a reply with nothing in it; both are worth another attempt.
    pub fn end(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let Some(finish) = self.finish else {
            return Err(classify::cut_stream(self.book.endpoint()));
        };
        let blocks = self.take_blocks();
        let carried = carried::keep(self.book.endpoint(), blocks);
        self.book.close(finish, carried, out)?;
        if let Some(edited) = self.edited() {
            // Before the end mark: nobody listens after it.
            out.insert(out.len().saturating_sub(1), edited);
        }
        Ok(())
    }

    /// What the server left out of the prompt.
    fn edited(&self) -> Option<StreamEvent> {
        let after = self.book.reported()?.input;
        (self.cleared > 0).then(|| {
            StreamEvent::Call(CallEvent::Compacted {
                before: after.saturating_add(self.cleared),
                after,
                way: CompactedBy::Edited,
                spent: Usage::default(),
                instead: None,
                worth: self.book.price().map(|price| price.cached),
            })
        })
    }

    /// What a reply that failed midway has cost so far; `None` when nothing was generated.
    #[must_use]
    pub fn spent(&self) -> Option<StreamEvent> {
        self.book.spent()
    }

    fn parse(&self, data: &str) -> Result<Value, Failure> {
        serde_json::from_str(data)
            .map_err(|error| classify::broken_frame(data, &error.to_string(), self.book.endpoint()))
    }

    fn common(&mut self, event: &Common<'_>, out: &mut Vec<StreamEvent>) {
        match &event.delta {
            CommonDelta::Text { text } => self.grow(event.index, "text", text, out),
            CommonDelta::Thinking { thinking } => {
                self.grow(event.index, "thinking", thinking, out);
            }
            CommonDelta::Arguments { partial_json } => {
                self.arguments(event.index, partial_json, out);
            }
        }
    }

    fn event(&mut self, event: &Value, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        match event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
        {
            "message_start" => self.count(event.pointer("/message/usage")),
            "content_block_start" => {
                if let Some(block) = event.get("content_block") {
                    self.begin(index, block, out);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = event.get("delta") {
                    self.delta(index, delta, out);
                }
            }
            "message_delta" => {
                self.count(event.get("usage"));
                self.cleared = self.cleared.max(compact::cleared(event));
                let reason = event.pointer("/delta/stop_reason").and_then(Value::as_str);
                self.stop(reason)?;
            }
            "message_stop" => {
                // Some servers leave the reason out.
                self.finish.get_or_insert(Finish::Normal);
                self.done = true;
            }
            "error" => {
                let error = event.get("error").unwrap_or(event);
                return Err(classify::in_stream(error, self.book.endpoint()));
            }
            "" => {
                if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
                    return Err(classify::in_stream(error, self.book.endpoint()));
                }
            }
            // `ping`, `content_block_stop`, and what is yet unknown.
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, index: u64, block: &Value, out: &mut Vec<StreamEvent>) {
        let mut value = block.as_object().cloned().unwrap_or_default();
        let text = |value: &mut Map<String, Value>, name: &str| match value.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (said, thought) = (text(&mut value, "text"), text(&mut value, "thinking"));
        let input = value
            .remove("input")
            .filter(|input| input.as_object().is_some_and(|map| !map.is_empty()));
        if value.get("type").and_then(Value::as_str) == Some("tool_use") {
            let fragment = json!({
                "index": index,
                "id": value.get("id"),
                "function": {"name": value.get("name")},
            });
            self.book.calls.chunk(&[fragment], out);
        }
        self.ran(block, out);
        let block = Block {
            value,
            arguments: String::new(),
        };
        self.blocks.insert(index, block);
        self.grow(index, "text", &said, out);
        self.grow(index, "thinking", &thought, out);
        if let Some(input) = input {
            self.arguments(index, &input.to_string(), out);
        }
    }

    /// A result of a tool that the vendor ran; its call is among the blocks before.
    fn ran(&mut self, result: &Value, out: &mut Vec<StreamEvent>) {
        let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(kind) = text("type").strip_suffix("_tool_result") else {
            return;
        };
        let id = text("tool_use_id");
        let call = self.blocks.values().find(|block| {
            block.value.get("id").and_then(Value::as_str) == Some(id) && !id.is_empty()
        });
        let arguments = call
            .map_or("{}", |block| block.arguments.as_str())
            .to_owned();
        let outcome = hosted::of_block(result);
        self.book.ran((id, kind, &arguments), outcome, out);
    }

    fn delta(&mut self, index: u64, delta: &Value, out: &mut Vec<StreamEvent>) {
        let text = |name: &str| delta.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "text_delta" => self.grow(index, "text", text("text"), out),
            "thinking_delta" => self.grow(index, "thinking", text("thinking"), out),
            "signature_delta" => self.grow(index, "signature", text("signature"), out),
            "input_json_delta" => self.arguments(index, text("partial_json"), out),
            "compaction_delta" => {
                if let Some(block) = self.blocks.get_mut(&index) {
                    for name in ["content", "encrypted_content"] {
                        if let Some(value) = delta.get(name) {
                            block.value.insert(name.to_owned(), value.clone());
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds to a text of a block, and hands it out when it is for reading.
    fn grow(&mut self, index: u64, name: &str, text: &str, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        self.kept = self.kept.saturating_add(text.len());
        if self.kept <= carried::MOST
            && let Some(block) = self.blocks.get_mut(&index)
        {
            match block.value.get_mut(name) {
                Some(Value::String(kept)) => kept.push_str(text),
                Some(_) => {}
                None => {
                    block.value.insert(name.to_owned(), text.into());
                }
            }
        }
        match name {
            "text" => {
                self.book.count(text);
                self.book.text(text.to_owned(), out);
            }
            "thinking" => {
                self.book.count(text);
                Book::thinking(text.to_owned(), out);
            }
            _ => {}
        }
    }

    fn arguments(&mut self, index: u64, text: &str, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        self.book.count(text);
        if let Some(block) = self.blocks.get_mut(&index) {
            block.arguments.push_str(text);
        }
        let fragment = json!({"index": index, "function": {"arguments": text}});
        self.book.calls.chunk(&[fragment], out);
    }

    /// The blocks as they must return, when there is thinking among them and all calls can be read.
    fn take_blocks(&mut self) -> Vec<Value> {
        let blocks = std::mem::take(&mut self.blocks);
        let kind = |block: &Block| {
            let kind = block.value.get("type").and_then(Value::as_str);
            kind.unwrap_or_default().to_owned()
        };
        if self.kept > carried::MOST || !blocks.values().any(|block| returns(&kind(block))) {
            return Vec::new();
        }
        let mut kept = Vec::new();
        for mut block in blocks.into_values() {
            match kind(&block).as_str() {
                "tool_use" | "server_tool_use" => {
                    let text = match block.arguments.trim() {
                        "" => "{}",
                        text => text,
                    };
                    let Ok(input) = serde_json::from_str::<Map<String, Value>>(text) else {
                        return Vec::new();
                    };
                    block.value.insert("input".to_owned(), Value::Object(input));
                }
                "text" if !block.value.contains_key("text") => continue,
                "thinking" => {
                    block.value.entry("thinking").or_insert_with(|| json!(""));
                }
                _ => {}
            }
            kept.push(Value::Object(block.value));
        }
        kept
    }

    /// Counts are cumulative, and come in parts.
    fn count(&mut self, usage: Option<&Value>) {
        for (name, value) in usage.and_then(Value::as_object).into_iter().flatten() {
            self.counts.insert(name.clone(), value.clone());
        }
        let tokens = compact::tokens(&self.counts);
        self.book
            .report((!self.counts.is_empty()).then_some(tokens));
    }

    fn stop(&mut self, reason: Option<&str>) -> Result<(), Failure> {
        self.finish = match reason {
            None => return Ok(()),
            Some("max_tokens") => Some(Finish::Length),
            Some("refusal") => Some(Finish::Refused),
            Some(reason @ "model_context_window_exceeded") => {
                return Err(classify::stopped(
                    FailureKind::Context,
                    reason,
                    self.book.endpoint(),
                ));
            }
            // `end_turn`, `stop_sequence`, `tool_use`, `pause_turn`.
            Some(_) => Some(Finish::Normal),
        };
        Ok(())
    }
}

/// True for blocks that must go back unchanged, and so the whole reply with them.
fn returns(kind: &str) -> bool {
    kind.contains("thinking") || matches!(kind, "compaction" | "server_tool_use")
}

#[cfg(test)]
mod tests;
