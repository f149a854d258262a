//! The stream of `OpenAI`'s Responses API turned into events.
//!
//! History is built from finished items, never from the terminal event, whose `output` some
//! deployments leave empty. Servers that copy this API leave out sequence numbers, output indices and
//! whole `…done` events, so an item is known by its id, then by its index, then as the last one.
//! Invariants as for every decoder (`wire::reply`); a stream without a terminal event was cut.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::protocol::Failure;
use crate::provider::wire::carried;
use crate::provider::wire::reply::{Book, Finish, Setup};
use crate::provider::{StreamEvent, classify, hosted, usage};

/// The events that there are thousands of: pieces of text and of reasoning. They are read without a
/// tree; whatever does not look exactly like them goes the long way.
#[derive(Deserialize)]
struct Common<'a> {
    #[serde(rename = "type")]
    kind: CommonKind,
    #[serde(borrow)]
    delta: Cow<'a, str>,
}

#[derive(Deserialize)]
enum CommonKind {
    #[serde(rename = "response.output_text.delta")]
    Text,
    #[serde(
        rename = "response.reasoning_summary_text.delta",
        alias = "response.reasoning_text.delta"
    )]
    Thinking,
}

/// A function call in progress.
#[derive(Debug)]
struct Open {
    item: Option<String>,
    index: Option<u64>,
    /// Whether characters of its arguments have come.
    fed: bool,
}

/// Decoder of one reply.
#[derive(Debug)]
pub struct Decoder {
    book: Book,
    calls: Vec<Open>,
    /// Finished items, to be carried back.
    items: Vec<Value>,
    finish: Option<Finish>,
}

impl Decoder {
    /// A decoder for one reply.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            book: Book::new(setup),
            calls: Vec::new(),
            items: Vec::new(),
            finish: None,
        }
    }

    /// True when the server said that nothing more comes.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.finish.is_some()
    }

    /// True when the reply is complete: here the terminal event says both.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Reads the data of one frame.
    ///
    /// # Errors
    ///
    /// An error sent inside the stream, a failed response, or a frame that is not JSON.
    pub fn frame(&mut self, data: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let data = data.trim();
        if self.is_done() || data.is_empty() || data == "[DONE]" {
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

    /// Reads a whole response that came as one JSON document, because the server does not stream.
    ///
    /// # Errors
    ///
    /// An error object, or a document that is no response.
    pub fn document(&mut self, body: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let response = self.parse(body.trim())?;
        let Some(items) = response.get("output").and_then(Value::as_array) else {
            return Err(match response.get("error") {
                Some(error) if !error.is_null() => classify::in_stream(error, self.book.endpoint()),
                _ => classify::strange_document(body, self.book.endpoint()),
            });
        };
        for item in items {
            self.whole_text(item, out);
            self.item_done(item, None, out);
        }
        self.terminal(&response)
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
        let items = std::mem::take(&mut self.items);
        let carried = carried::keep(self.book.endpoint(), items);
        self.book.close(finish, carried, out)
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
        match event.kind {
            CommonKind::Text => self.say(Some(&event.delta), out),
            CommonKind::Thinking => self.think(Some(&event.delta), out),
        }
    }

    fn event(&mut self, event: &Value, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let delta = event.get("delta").and_then(Value::as_str);
        let item = event.get("item");
        match event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
        {
            "response.refusal.delta" => {
                self.book.refuse();
                self.say(delta, out);
            }
            // Two summaries of one reply are two paragraphs.
            "response.reasoning_summary_part.done" => self.think(Some("\n\n"), out),
            "response.output_item.added" => {
                if let Some(item) = item.filter(|item| kind(item) == "function_call") {
                    self.call_begins(item, event, out);
                }
            }
            "response.function_call_arguments.delta" => {
                let position = self.position(event, None);
                self.arguments(position, delta, out);
            }
            "response.output_item.done" => {
                if let Some(item) = item {
                    self.item_done(item, Some(event), out);
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                return self.terminal(event.get("response").unwrap_or(event));
            }
            "error" => {
                let error = event.get("error").filter(|error| error.is_object());
                return Err(classify::in_stream(
                    error.unwrap_or(event),
                    self.book.endpoint(),
                ));
            }
            // A proxy's own error has no type.
            "" => {
                if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
                    return Err(classify::in_stream(error, self.book.endpoint()));
                }
            }
            // Progress of hosted tools, echoes of what the deltas said, and what is yet unknown.
            _ => {}
        }
        Ok(())
    }

    fn say(&mut self, text: Option<&str>, out: &mut Vec<StreamEvent>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.book.count(text);
            self.book.text(text.to_owned(), out);
        }
    }

    fn think(&mut self, text: Option<&str>, out: &mut Vec<StreamEvent>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.book.count(text);
            Book::thinking(text.to_owned(), out);
        }
    }

    /// Position of the call that an event or item is about.
    fn position(&self, event: &Value, item: Option<&Value>) -> Option<usize> {
        let id = event.get("item_id").or_else(|| item?.get("id"));
        let id = id.and_then(Value::as_str);
        let index = event.get("output_index").and_then(Value::as_u64);
        let by = |test: &dyn Fn(&Open) -> bool| self.calls.iter().rposition(test);
        id.and_then(|id| by(&|open| open.item.as_deref() == Some(id)))
            .or_else(|| index.and_then(|index| by(&|open| open.index == Some(index))))
            .or_else(|| {
                let nameless = id.is_none() && index.is_none();
                (nameless && item.is_none()).then(|| self.calls.len().checked_sub(1))?
            })
    }

    fn call_begins(&mut self, item: &Value, event: &Value, out: &mut Vec<StreamEvent>) -> usize {
        let position = self.calls.len();
        self.calls.push(Open {
            item: item.get("id").and_then(Value::as_str).map(str::to_owned),
            index: event.get("output_index").and_then(Value::as_u64),
            fed: false,
        });
        let fragment = json!({
            "index": position,
            "id": item.get("call_id").or_else(|| item.get("id")),
            "function": {"name": item.get("name")},
        });
        // Arguments in it are not read: LiteLLM sends them there whole and once more in pieces. They come
        // in pieces or with the finished item.
        self.book.calls.chunk(&[fragment], out);
        position
    }

    fn arguments(
        &mut self,
        position: Option<usize>,
        text: Option<&str>,
        out: &mut Vec<StreamEvent>,
    ) {
        let (Some(position), Some(text)) = (position, text.filter(|text| !text.is_empty())) else {
            return;
        };
        let Some(open) = self.calls.get_mut(position) else {
            return;
        };
        open.fed = true;
        self.book.count(text);
        let fragment = json!({"index": position, "function": {"arguments": text}});
        self.book.calls.chunk(&[fragment], out);
    }

    fn item_done(&mut self, item: &Value, event: Option<&Value>, out: &mut Vec<StreamEvent>) {
        if kind(item) == "function_call" {
            let event = event.unwrap_or(&Value::Null);
            let position = match self.position(event, Some(item)) {
                Some(position) => position,
                None => self.call_begins(item, event, out),
            };
            // Servers that send no deltas send the arguments here.
            if self.calls.get(position).is_some_and(|open| !open.fed) {
                let text = item.get("arguments").and_then(Value::as_str);
                self.arguments(Some(position), text, out);
            }
        }
        if let Some((name, arguments, ok, output)) = hosted::of_item(item) {
            let id = item.get("id").and_then(Value::as_str);
            let id = id.map_or_else(|| self.book.made_up(self.items.len()), str::to_owned);
            self.book.ran((&id, &name, &arguments), (ok, output), out);
        }
        self.items.push(item.clone());
    }

    /// Text and reasoning of an item that was not streamed.
    fn whole_text(&mut self, item: &Value, out: &mut Vec<StreamEvent>) {
        let list = |name: &str| item.get(name).and_then(Value::as_array).cloned();
        for part in list("summary").unwrap_or_default() {
            self.think(part.get("text").and_then(Value::as_str), out);
        }
        for part in list("content").unwrap_or_default() {
            match kind(&part) {
                "output_text" => self.say(part.get("text").and_then(Value::as_str), out),
                "refusal" => {
                    self.book.refuse();
                    self.say(part.get("refusal").and_then(Value::as_str), out);
                }
                _ => {}
            }
        }
        if !out.is_empty() {
            self.book.note_content();
        }
    }

    fn terminal(&mut self, response: &Value) -> Result<(), Failure> {
        if let Some(counts) = response.get("usage") {
            self.book.report(usage::read(counts));
        }
        let reason = response
            .pointer("/incomplete_details/reason")
            .and_then(Value::as_str);
        self.finish = Some(match response.get("status").and_then(Value::as_str) {
            Some("failed" | "cancelled") => {
                let error = response.get("error").unwrap_or(response);
                return Err(classify::in_stream(error, self.book.endpoint()));
            }
            Some("incomplete") if reason == Some("content_filter") => Finish::Refused,
            Some("incomplete") => Finish::Length,
            _ => Finish::Normal,
        });
        Ok(())
    }
}

fn kind(item: &Value) -> &str {
    item.get("type").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
