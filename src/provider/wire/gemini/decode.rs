//! The stream of Google's `streamGenerateContent` turned into events.
//!
//! Each frame is a whole response; there is no end mark, only a finish reason and the end of the
//! connection. Calls arrive whole. Parts are carried back when one of them is signed: a signed part
//! stays a part of its own, plain text around it is joined. Invariants as for every decoder
//! (`wire::reply`).

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::protocol::{Failure, FailureKind};
use crate::provider::usage::Tokens;
use crate::provider::wire::carried;
use crate::provider::wire::reply::{Book, Finish, Setup};
use crate::provider::{StreamEvent, classify, hosted};

/// The response that there are thousands of: one plain text in the middle of a reply. It is read
/// without a tree; whatever does not look exactly like it goes the long way.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Common<'a> {
    #[serde(borrow)]
    candidates: [CommonCandidate<'a>; 1],
    #[serde(default)]
    usage_metadata: Option<Counts>,
    #[serde(default, rename = "modelVersion")]
    _model_version: IgnoredAny,
    #[serde(default, rename = "responseId")]
    _response_id: IgnoredAny,
    #[serde(default, rename = "createTime")]
    _create_time: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommonCandidate<'a> {
    #[serde(borrow)]
    content: CommonContent<'a>,
    #[serde(default, rename = "index")]
    _index: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommonContent<'a> {
    #[serde(borrow)]
    parts: [CommonPart<'a>; 1],
    #[serde(default, rename = "role")]
    _role: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommonPart<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// What `usageMetadata` counts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    #[serde(rename = "promptTokenCount")]
    prompt: Option<u64>,
    #[serde(rename = "cachedContentTokenCount")]
    cached: u64,
    #[serde(rename = "candidatesTokenCount")]
    said: u64,
    #[serde(rename = "thoughtsTokenCount")]
    thought: u64,
    #[serde(rename = "toolUsePromptTokenCount")]
    tools: u64,
}

/// Decoder of one reply.
#[derive(Debug)]
pub struct Decoder {
    book: Book,
    /// Calls so far.
    calls: u64,
    /// Parts, to be carried back.
    parts: Vec<Value>,
    /// Bytes of text that came for the parts.
    kept: usize,
    signed: bool,
    /// What it looked up, as told last.
    grounding: Option<Value>,
    /// Code that the vendor runs.
    code: Option<Value>,
    /// Runs so far.
    runs: usize,
    finish: Option<Finish>,
    /// The reply came as one document, so nothing follows.
    done: bool,
}

impl Decoder {
    /// A decoder for one reply.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            book: Book::new(setup),
            calls: 0,
            parts: Vec::new(),
            kept: 0,
            signed: false,
            grounding: None,
            code: None,
            runs: 0,
            finish: None,
            done: false,
        }
    }

    /// True when the server said that nothing more comes.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// True when the reply is complete, though the usage may still come.
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
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        if let Ok(common) = serde_json::from_str::<Common<'_>>(data) {
            self.common(common, out);
            return Ok(());
        }
        let response = self.parse(data)?;
        self.response(&response, out)
    }

    /// Reads a reply that came as one JSON document: one response, or all of them in an array.
    ///
    /// # Errors
    ///
    /// An error object, or a document that is no response.
    pub fn document(&mut self, body: &str, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        let document = self.parse(body.trim())?;
        let responses = match &document {
            Value::Array(responses) => responses.as_slice(),
            one => std::slice::from_ref(one),
        };
        let known = ["candidates", "promptFeedback", "error"];
        if !responses
            .iter()
            .any(|response| known.iter().any(|name| response.get(name).is_some()))
        {
            return Err(classify::strange_document(body, self.book.endpoint()));
        }
        for response in responses {
            self.response(response, out)?;
        }
        self.done = self.finish.is_some();
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
        self.looked_up(out);
        let parts = std::mem::take(&mut self.parts);
        let whole = self.kept <= carried::MOST;
        let parts = if self.signed && whole {
            parts
        } else {
            Vec::new()
        };
        let carried = carried::keep(self.book.endpoint(), parts);
        self.book.close(finish, carried, out)
    }

    /// Tells what the vendor searched for the reply; it stands at the end of it.
    fn looked_up(&mut self, out: &mut Vec<StreamEvent>) {
        let grounding = self.grounding.take();
        let Some((queries, pages)) = grounding.as_ref().and_then(hosted::of_grounding) else {
            return;
        };
        for (at, query) in queries.iter().enumerate() {
            let id = self.book.made_up(self.runs + at);
            let arguments = json!({ "query": query }).to_string();
            let output = match at {
                0 => pages.clone(),
                _ => "told with the first query".to_owned(),
            };
            let call = (id.as_str(), "google_search", arguments.as_str());
            self.book.ran(call, (true, output), out);
        }
    }

    /// Code that the vendor ran, and what came of it.
    fn ran(&mut self, part: &Value, out: &mut Vec<StreamEvent>) {
        if let Some(code) = part.get("executableCode") {
            self.code = Some(code.clone());
        }
        let Some(result) = part.get("codeExecutionResult") else {
            return;
        };
        let code = self.code.take().unwrap_or_default().to_string();
        let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
        let outcome = (text("outcome") == "OUTCOME_OK", text("output").to_owned());
        let id = self.book.made_up(self.runs);
        self.runs += 1;
        self.book.ran((&id, "code_execution", &code), outcome, out);
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

    fn common(&mut self, response: Common<'_>, out: &mut Vec<StreamEvent>) {
        self.book
            .report(response.usage_metadata.as_ref().and_then(tokens));
        let [candidate] = response.candidates;
        let [part] = candidate.content.parts;
        if part.text.is_empty() {
            return;
        }
        self.book.count(&part.text);
        self.kept = self.kept.saturating_add(part.text.len());
        match self.parts.last_mut().filter(|last| is_plain(last)) {
            _ if self.kept > carried::MOST => {}
            Some(last) => {
                if let Some(Value::String(all)) = last.get_mut("text") {
                    all.push_str(&part.text);
                }
            }
            None => self.parts.push(json!({ "text": part.text })),
        }
        self.book.text(part.text.into_owned(), out);
        self.book.note_content();
    }

    fn response(&mut self, response: &Value, out: &mut Vec<StreamEvent>) -> Result<(), Failure> {
        if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
            return Err(classify::in_stream(error, self.book.endpoint()));
        }
        let before = out.len();
        let counts = response.get("usageMetadata");
        let counts = counts.and_then(|counts| Counts::deserialize(counts).ok());
        self.book.report(counts.as_ref().and_then(tokens));
        if response.pointer("/promptFeedback/blockReason").is_some() {
            self.finish = Some(Finish::Refused);
        }
        let candidates = response.get("candidates").and_then(Value::as_array);
        let first = candidates.and_then(|all| all.first());
        if let Some(grounding) = first.and_then(|one| one.get("groundingMetadata")) {
            self.grounding = Some(grounding.clone());
        }
        let parts = first.and_then(|one| one.pointer("/content/parts")?.as_array());
        for part in parts.into_iter().flatten() {
            self.part(part, out);
        }
        if out.len() > before {
            self.book.note_content();
        }
        match first.and_then(|one| one.get("finishReason")?.as_str()) {
            Some(reason) => self.stop(reason),
            None => Ok(()),
        }
    }

    fn part(&mut self, part: &Value, out: &mut Vec<StreamEvent>) {
        let thought = part.get("thought").and_then(Value::as_bool) == Some(true);
        let signed = part.get("thoughtSignature").is_some();
        if let Some(text) = part.get("text").and_then(Value::as_str)
            && !text.is_empty()
        {
            self.book.count(text);
            if thought {
                Book::thinking(text.to_owned(), out);
            } else {
                self.book.text(text.to_owned(), out);
            }
        }
        if let Some(call) = part.get("functionCall") {
            let arguments = call.get("args").map(Value::to_string).unwrap_or_default();
            self.book.count(&arguments);
            let fragment = json!({
                "index": self.calls,
                "id": call.get("id"),
                "function": {"name": call.get("name"), "arguments": arguments},
            });
            self.book.calls.chunk(&[fragment], out);
            self.calls += 1;
        }
        self.ran(part, out);
        self.signed |= signed;
        // Thoughts need not return; plain text that follows plain text is one part.
        if thought && !signed {
            return;
        }
        let text = part.get("text").and_then(Value::as_str);
        self.kept = self.kept.saturating_add(text.map_or(0, str::len));
        match self.parts.last_mut() {
            _ if self.kept > carried::MOST => {}
            Some(last) if is_plain(last) && is_plain(part) => {
                if let (Some(Value::String(all)), Some(more)) = (
                    last.get_mut("text"),
                    part.get("text").and_then(Value::as_str),
                ) {
                    all.push_str(more);
                }
            }
            _ => self.parts.push(part.clone()),
        }
    }

    fn stop(&mut self, reason: &str) -> Result<(), Failure> {
        self.finish = Some(match reason {
            "" | "FINISH_REASON_UNSPECIFIED" => return Ok(()),
            "MAX_TOKENS" => Finish::Length,
            "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => {
                Finish::Refused
            }
            // The model wrote a call that cannot be read; asked again it usually gets it right.
            "MALFORMED_FUNCTION_CALL"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MALFORMED_RESPONSE" => {
                return Err(classify::stopped(
                    FailureKind::Transient,
                    reason,
                    self.book.endpoint(),
                ));
            }
            _ => Finish::Normal,
        });
        Ok(())
    }
}

/// True for a part that is text and nothing else.
fn is_plain(part: &Value) -> bool {
    part.as_object()
        .is_some_and(|map| map.len() == 1 && map.contains_key("text"))
}

/// Output is what was said and what was thought.
fn tokens(counts: &Counts) -> Option<Tokens> {
    let input = counts.prompt? + counts.tools;
    Some(Tokens {
        input,
        cached: counts.cached.min(input),
        output: counts.said + counts.thought,
        reasoning: counts.thought,
        ..Tokens::default()
    })
}

#[cfg(test)]
mod tests;
