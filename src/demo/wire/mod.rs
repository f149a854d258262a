//! The wire formats, server side: requests of four families in, frames and errors out.
//!
//! A request becomes an [`Ask`] whatever family it came in, so the script knows nothing of families;
//! a reply is written by [`Frames`] in the words of the family that was asked in. What a real server
//! varies is fixed where two runs of a script would differ. Pure: no I/O.

pub mod chat;
mod gemini;
mod messages;
mod responses;
mod spelling;
mod upkeep;

use serde::Deserialize;
use serde_json::{Value, json};

use spelling::Spelling;
use upkeep::Cleared;

/// `created` in every object.
const CREATED: u64 = 1_760_000_000;

/// A comment line, which keeps a silent connection alive and means nothing.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// The API that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `OpenAI`'s chat completions.
    Chat,
    /// `OpenAI`'s Responses.
    Responses,
    /// Anthropic's Messages.
    Messages,
    /// Google's `generateContent`.
    Gemini,
}

/// A request in neutral form; it has the fields of a chat completion. Unknown fields are ignored, as
/// servers do.
#[derive(Clone, Debug, Deserialize)]
pub struct Ask {
    /// Model asked for.
    pub model: String,
    /// Conversation.
    pub messages: Vec<WireMessage>,
    /// Tools on offer.
    #[serde(default)]
    pub tools: Vec<WireTool>,
    /// `"none"`, `"auto"`, `"required"` or an object.
    #[serde(default)]
    pub tool_choice: Value,
    /// Frames or one object.
    #[serde(default)]
    pub stream: bool,
    /// Options of a streamed reply.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// How the client spells the tools that the script knows by shorter names.
    #[serde(skip)]
    spelling: Spelling,
    /// What is left out of the prompt, where the client wants that.
    #[serde(skip)]
    cleared: Option<Cleared>,
}

/// `stream_options`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StreamOptions {
    /// Whether a last chunk with the usage is wanted.
    pub include_usage: bool,
}

/// One message; the content stays as it came (text, parts or null).
#[derive(Clone, Debug, Deserialize)]
pub struct WireMessage {
    /// `system`, `user`, `assistant`, `tool`.
    pub role: String,
    /// Content.
    #[serde(default)]
    pub content: Value,
}

impl WireMessage {
    /// The text of the message; parts that are no text are left out.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(&self.content)
    }
}

/// The text of a content: a string, or the texts of its parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect(),
        _ => String::new(),
    }
}

/// One offered tool.
#[derive(Clone, Debug, Deserialize)]
pub struct WireTool {
    /// The function.
    pub function: WireFunction,
}

/// Name and schema of an offered function.
#[derive(Clone, Debug, Deserialize)]
pub struct WireFunction {
    /// Name.
    pub name: String,
    /// JSON Schema of the arguments.
    #[serde(default)]
    pub parameters: Value,
}

/// The answer to a request for a compaction, or why there is none.
pub fn compacted(family: Family, request: &Value, number: u64) -> Result<Value, String> {
    match family {
        Family::Messages => upkeep::compacted(request, number),
        Family::Responses | Family::Chat | Family::Gemini => responses::compacted(request, number),
    }
}

/// What a request of the Messages API is about, besides a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Reply,
    /// The conversation summed up.
    Compaction,
    /// A field that needs a beta, which the request does not name.
    Unknown(&'static str),
}

/// Reads what a request wants; `betas` are those it names.
#[must_use]
pub fn wish(family: Family, body: &[u8], betas: &str) -> Wish {
    if family != Family::Messages {
        return Wish::Reply;
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match upkeep::lacks_beta(&body, betas) {
        Some(field) => Wish::Unknown(field),
        None if body.get("compaction").is_some() => Wish::Compaction,
        None => Wish::Reply,
    }
}

/// A piece of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// Reasoning text.
    Thinking(String),
    /// Reply text.
    Text(String),
    /// A tool call begins.
    Call {
        /// Its place in the reply.
        index: usize,
        /// Its id.
        id: String,
        /// Tool.
        name: String,
    },
    /// More of its arguments.
    Arguments {
        /// Place of the call in the reply.
        index: usize,
        /// The next characters of the JSON text.
        fragment: String,
    },
}

/// Token counts of one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the request, estimated as characters / 4.
    pub prompt: u64,
    /// Of the reply.
    pub completion: u64,
    /// Of the reply's reasoning, a part of `completion`.
    pub reasoning: u64,
}

impl Ask {
    /// Reads a request body; `model` is the one in the path, for the family that has it there.
    ///
    /// # Errors
    ///
    /// What is wrong with the body, in words.
    pub fn read(family: Family, model: Option<&str>, body: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let cleared = (family == Family::Messages)
            .then(|| upkeep::cleared(&value))
            .flatten();
        let neutral = match family {
            Family::Chat => value,
            Family::Responses => responses::neutral(&value)?,
            Family::Messages => messages::neutral(&value)?,
            Family::Gemini => gemini::neutral(&value, model.unwrap_or_default())?,
        };
        let mut ask: Self = serde_json::from_value(neutral).map_err(|error| error.to_string())?;
        ask.spelling = Spelling::learn(&mut ask.tools);
        ask.cleared = cleared;
        Ok(ask)
    }

    /// Tokens that are left out of its prompt.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.cleared.map_or(0, |cleared| cleared.tokens)
    }
}

/// A message in neutral form.
fn message(role: &str, text: &str) -> Value {
    json!({ "role": role, "content": text })
}

/// A tool in neutral form.
fn tool(name: &Value, parameters: Option<&Value>) -> Value {
    json!({ "function": { "name": name, "parameters": parameters } })
}

/// Writes the frames of one reply.
#[derive(Clone, Debug)]
pub struct Frames {
    spelling: Spelling,
    writer: Writer,
}

#[derive(Clone, Debug)]
enum Writer {
    Chat(chat::Chunks),
    Responses(responses::Events),
    Messages(messages::Events),
    Gemini(gemini::Events),
}

impl Frames {
    /// Frames of a reply to `ask`; `number` makes ids unique.
    #[must_use]
    pub fn new(family: Family, ask: &Ask, number: u64) -> Self {
        let writer = match family {
            Family::Chat => {
                let usage = match ask.stream_options {
                    Some(options) if options.include_usage => chat::Usage::Included,
                    _ => chat::Usage::LeftOut,
                };
                let id = format!("chatcmpl-{number}");
                Writer::Chat(chat::Chunks::new(&id, &ask.model, usage))
            }
            Family::Responses => Writer::Responses(responses::Events::new(&ask.model, number)),
            Family::Messages => {
                Writer::Messages(messages::Events::new(&ask.model, number, ask.cleared))
            }
            Family::Gemini => Writer::Gemini(gemini::Events::new(&ask.model, number)),
        };
        Self {
            spelling: ask.spelling.clone(),
            writer,
        }
    }

    /// What comes before the first piece.
    pub fn open(&mut self, out: &mut Vec<u8>, prompt_tokens: u64) {
        match &mut self.writer {
            Writer::Chat(chunks) => chunks.open(out),
            Writer::Responses(events) => events.open(out),
            Writer::Messages(events) => events.open(out, prompt_tokens),
            Writer::Gemini(_) => {}
        }
    }

    /// One piece.
    pub fn delta(&mut self, out: &mut Vec<u8>, delta: &Delta) {
        let spelt = match delta {
            Delta::Call { index, id, name } => Delta::Call {
                index: *index,
                id: id.clone(),
                name: self.spelling.of(name).to_owned(),
            },
            other => other.clone(),
        };
        match &mut self.writer {
            Writer::Chat(chunks) => chunks.delta(out, &spelt),
            Writer::Responses(events) => {
                events.delta(out, &spelt, self.spelling.namespace_of(delta));
            }
            Writer::Messages(events) => events.delta(out, &spelt),
            Writer::Gemini(events) => events.delta(out, &spelt),
        }
    }

    /// What ends the reply.
    pub fn close(&mut self, out: &mut Vec<u8>, finish: &str, tokens: Tokens) {
        match &mut self.writer {
            Writer::Chat(chunks) => chunks.close(out, finish, tokens),
            Writer::Responses(events) => events.close(out, tokens),
            Writer::Messages(events) => events.close(out, finish, tokens),
            Writer::Gemini(events) => events.close(out, tokens),
        }
    }

    /// The whole reply as one object, for clients that do not want a stream.
    #[must_use]
    pub fn whole(mut self, deltas: &[Delta], finish: &str, tokens: Tokens) -> Value {
        if let Writer::Chat(chunks) = &self.writer {
            return chunks.completion(deltas, finish, tokens);
        }
        let mut out = Vec::new();
        self.open(&mut out, tokens.prompt);
        for delta in deltas {
            self.delta(&mut out, delta);
        }
        self.close(&mut out, finish, tokens);
        match &self.writer {
            Writer::Responses(events) => events.response("completed", Some(tokens)),
            Writer::Messages(events) => events.message(finish, tokens),
            Writer::Gemini(events) => events.whole(tokens),
            Writer::Chat(_) => Value::Null,
        }
    }
}

/// A frame with an event name, as two families send it.
fn named_frame(out: &mut Vec<u8>, data: &Value) {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    out.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
}

/// An error body in the words of a family.
#[must_use]
pub fn error(family: Family, status: u16, message: &str, kind: &str, code: Option<&str>) -> Value {
    match family {
        Family::Chat | Family::Responses => {
            json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
        }
        Family::Messages => messages::error(status, message),
        Family::Gemini => gemini::error(status, message),
    }
}

/// The error body of a scripted status, with the type and code that go with it.
#[must_use]
pub fn status_error(family: Family, status: u16, message: &str) -> Value {
    let (kind, code) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        402 => ("insufficient_quota", Some("insufficient_quota")),
        429 => ("requests", Some("rate_limit_exceeded")),
        503 | 529 => ("server_error", Some("server_is_overloaded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    };
    error(family, status, message, kind, code)
}

/// The list of models.
#[must_use]
pub fn models(family: Family, ids: &[String]) -> Value {
    if family == Family::Gemini {
        return gemini::models(ids);
    }
    let data: Vec<_> = ids
        .iter()
        .map(|id| json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "script" }))
        .collect();
    json!({ "object": "list", "data": data })
}

#[cfg(test)]
mod tests;
