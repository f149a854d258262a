//! The stream of `OpenAI`'s chat completions API, as many servers speak it, turned into events.
//!
//! A state machine over frames: [`Decoder::frame`] for each, [`Decoder::end`] once when the stream is
//! over. Invariants: at most one `Usage`, then at most one `Stop`, both only from `end`; complete
//! calls only after the reply ended properly; a stream that ends without an end mark is an error
//! however much text arrived; unknown fields and values never fail.
//!
//! Not done here: reading bytes (`sse`), retries, judging a call's arguments.

use serde::Deserialize;
use serde_json::Value;

use crate::protocol::{Failure, FailureKind};

use super::think::{Piece, Splitter};
use crate::provider::wire::reply::{Book, Finish, Setup};
use crate::provider::{Endpoint, StreamEvent, classify, usage};

/// Decoder of one reply.
#[derive(Debug)]
pub struct Decoder {
    book: Book,
    think: Splitter,
    finish: Option<Finish>,
    done: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Value>,
    usage: Option<Value>,
    x_groq: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Choice {
    index: Option<Value>,
    delta: Option<Delta>,
    message: Option<Delta>,
    finish_reason: Option<Value>,
    usage: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
    reasoning_details: Option<Value>,
    refusal: Option<Value>,
    tool_calls: Option<Value>,
    function_call: Option<Value>,
}

impl Decoder {
    /// A decoder for one reply.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            book: Book::new(setup),
            think: Splitter::default(),
            finish: None,
            done: false,
        }
    }

    /// True when the server said that nothing more comes.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// True when the reply is complete, though the end mark or the usage may still come.
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
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk = self.parse(data)?;
        self.chunk(chunk, out)
    }

    /// Reads a whole reply that came as one JSON document, because the server does not stream.
    ///
    /// # Errors
    ///
    /// An error object, or a document that is no reply.
    pub fn document(&mut self, body: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let chunk = self.parse(body.trim())?;
        if chunk.choices.as_ref().is_none_or(Vec::is_empty) && chunk.error.is_none() {
            return Err(classify::strange_document(body, self.endpoint()));
        }
        self.chunk(chunk, out)?;
        self.done = true;
        Ok(())
    }

    /// The stream is over: what was held back, the calls, the usage and the stop reason.
    ///
    /// # Errors
    ///
    /// A cut stream, and a reply with nothing in it; both are worth another attempt.
    pub fn end(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        if !self.is_finished() {
            return Err(classify::cut_stream(self.endpoint()));
        }
        let mut pieces = Vec::new();
        self.think.finish(&mut pieces);
        self.pieces(pieces, out);
        let finish = self.finish.unwrap_or(Finish::Normal);
        self.book.close(finish, None, out)
    }

    /// What a reply that failed midway has cost so far; `None` when nothing was generated.
    #[must_use]
    pub fn spent(&self) -> Option<StreamEvent> {
        self.book.spent()
    }

    fn endpoint(&self) -> &Endpoint {
        self.book.endpoint()
    }

    fn parse(&self, data: &str) -> Result<Chunk, Failure> {
        let broken = |error: &serde_json::Error| {
            classify::broken_frame(data, &error.to_string(), self.endpoint())
        };
        let chunk = match serde_json::from_str::<Chunk>(data) {
            Ok(chunk) => chunk,
            // A second, slower look: a map forgives what the typed form does not.
            Err(error) => {
                let value: Value = serde_json::from_str(data).map_err(|_| broken(&error))?;
                let error_only = value.get("choices").is_none();
                match serde_json::from_value(value.clone()) {
                    Ok(chunk) => chunk,
                    Err(_) if error_only && value.is_object() => Chunk {
                        error: Some(value),
                        ..Chunk::default()
                    },
                    Err(error) => return Err(broken(&error)),
                }
            }
        };
        if chunk.choices.is_none() && chunk.error.is_none() && chunk.usage.is_none() {
            // Older servers send an error without wrapping it.
            let value: Value = serde_json::from_str(data).map_err(|error| broken(&error))?;
            if classify::looks_like_an_error(&value) {
                return Ok(Chunk {
                    error: Some(value),
                    ..Chunk::default()
                });
            }
        }
        Ok(chunk)
    }

    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        if let Some(error) = chunk.error {
            return Err(classify::in_stream(&error, self.endpoint()));
        }
        let first = chunk
            .choices
            .unwrap_or_default()
            .into_iter()
            .find(|choice| {
                choice
                    .index
                    .as_ref()
                    .is_none_or(|index| index.as_u64().is_none_or(|index| index == 0))
            });
        let nested = chunk.x_groq.as_ref().and_then(|extra| extra.get("usage"));
        let inner = first.as_ref().and_then(|choice| choice.usage.as_ref());
        // Counts are cumulative, so the last ones stand.
        for reported in [inner, nested, chunk.usage.as_ref()].into_iter().flatten() {
            self.book.report(usage::read(reported));
        }
        let Some(choice) = first else {
            return Ok(());
        };
        let before = out.len();
        match (choice.delta, choice.message) {
            (Some(delta), _) => self.delta(delta, out),
            // A whole message counts only when nothing was streamed before it.
            (None, Some(message)) if !self.book.has_content() => self.delta(message, out),
            (None, _) => {}
        }
        if out.len() > before || !self.book.calls.is_empty() {
            self.book.note_content();
        }
        if let Some(reason) = choice.finish_reason.as_ref().and_then(Value::as_str) {
            self.finish(reason)?;
        }
        Ok(())
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<StreamEvent>) {
        let thought = [&delta.reasoning_content, &delta.reasoning]
            .into_iter()
            .filter_map(|field| field.as_ref().and_then(Value::as_str))
            .find(|text| !text.is_empty())
            .map_or_else(|| details(delta.reasoning_details.as_ref()), str::to_owned);
        self.thinking(thought, out);
        match delta.content {
            Some(Value::String(text)) => self.content(&text, out),
            Some(Value::Array(parts)) => self.parts(&parts, out),
            _ => {}
        }
        if let Some(refusal) = delta.refusal.as_ref().and_then(Value::as_str)
            && !refusal.is_empty()
        {
            self.book.refuse();
            self.content(refusal, out);
        }
        let before = out.len();
        match (delta.tool_calls, delta.function_call) {
            (Some(Value::Array(fragments)), _) => self.book.calls.chunk(&fragments, out),
            (Some(fragment @ Value::Object(_)), _) => self.book.calls.chunk(&[fragment], out),
            // The form before `tool_calls`: one call, no id.
            (_, Some(Value::Object(function))) => {
                let fragment = serde_json::json!({"index": 0, "function": function});
                self.book.calls.chunk(&[fragment], out);
            }
            _ => {}
        }
        for event in out.iter().skip(before) {
            if let StreamEvent::ToolArguments { fragment, .. } = event {
                self.book.count(fragment);
            }
        }
    }

    /// Mistral sends content as typed parts, its reasoning among them.
    fn parts(&mut self, parts: &[Value], out: &mut Vec<StreamEvent>) {
        for part in parts {
            match part.get("thinking") {
                Some(Value::String(text)) => self.thinking(text.clone(), out),
                Some(Value::Array(inner)) => {
                    for text in inner.iter().filter_map(|part| part.get("text")?.as_str()) {
                        self.thinking(text.to_owned(), out);
                    }
                }
                _ => {
                    if let Some(text) = part.get("text").and_then(Value::as_str) {
                        self.content(text, out);
                    }
                }
            }
        }
    }

    fn thinking(&mut self, text: String, out: &mut Vec<StreamEvent>) {
        if !text.is_empty() {
            self.book.count(&text);
            Book::thinking(text, out);
        }
    }

    fn content(&mut self, text: &str, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        self.book.count(text);
        let mut pieces = Vec::new();
        self.think.push(text, &mut pieces);
        self.pieces(pieces, out);
    }

    fn pieces(&mut self, pieces: Vec<Piece>, out: &mut Vec<StreamEvent>) {
        for piece in pieces {
            match piece {
                Piece::Thinking(text) => Book::thinking(text, out),
                Piece::Text(text) => self.book.text(text, out),
            }
        }
    }

    fn finish(&mut self, reason: &str) -> Result<(), Failure> {
        let finish = match reason {
            // xAI sends an empty reason while the reply goes on.
            "" => return Ok(()),
            "length" | "max_tokens" | "model_length" => Finish::Length,
            "content_filter" | "sensitive" | "refusal" => Finish::Refused,
            "error" | "network_error" => {
                return Err(classify::stopped(
                    FailureKind::Transient,
                    reason,
                    self.endpoint(),
                ));
            }
            "insufficient_system_resource" => {
                return Err(classify::stopped(
                    FailureKind::Overloaded,
                    reason,
                    self.endpoint(),
                ));
            }
            "model_context_window_exceeded" => {
                return Err(classify::stopped(
                    FailureKind::Context,
                    reason,
                    self.endpoint(),
                ));
            }
            _ => Finish::Normal,
        };
        self.finish = Some(finish);
        Ok(())
    }
}

/// Text of `reasoning_details` (`MiniMax`, `OpenRouter`), used only when no plain field has any.
fn details(value: Option<&Value>) -> String {
    let Some(Value::Array(entries)) = value else {
        return String::new();
    };
    entries
        .iter()
        .filter_map(|entry| entry.get("text").or_else(|| entry.get("summary"))?.as_str())
        .collect()
}

#[cfg(test)]
mod tests;
