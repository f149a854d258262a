//! The `OpenAI` chat completions wire format, server side: requests in, chunks and errors out.
//!
//! Fields and their order follow what `api.openai.com` sends, plus `delta.reasoning_content`, which
//! most other servers use for reasoning text. Two things are fixed where a real server has them
//! vary, so that two runs of a script are equal: `created` and the fingerprint. Pure: no I/O.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `created` in every object.
const CREATED: u64 = 1_760_000_000;

/// A request body. Unknown fields are ignored, as servers do.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatRequest {
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
    /// Chunks or one object.
    #[serde(default)]
    pub stream: bool,
    /// Options of a streamed reply.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
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
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_str))
                .collect(),
            _ => String::new(),
        }
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

impl Tokens {
    fn json(self) -> Value {
        json!({
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": self.reasoning },
        })
    }
}

/// Writes the chunks of one reply.
#[derive(Clone, Debug)]
pub struct Chunks {
    before: String,
    usage: Usage,
}

/// Whether the client asked for the usage chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// It did.
    Included,
    /// It did not.
    LeftOut,
}

impl Chunks {
    /// Chunks with this completion id and model name.
    #[must_use]
    pub fn new(id: &str, model: &str, usage: Usage) -> Self {
        let (id, model) = (json!(id), json!(model));
        Self {
            before: format!(
                "data: {{\"id\":{id},\"object\":\"chat.completion.chunk\",\"created\":{CREATED},\
                 \"model\":{model},\"system_fingerprint\":\"script\",\"choices\":["
            ),
            usage,
        }
    }

    /// The first chunk.
    pub fn open(&self, out: &mut Vec<u8>) {
        self.choice(out, &json!({ "role": "assistant", "content": "" }), None);
    }

    /// One piece.
    pub fn delta(&self, out: &mut Vec<u8>, delta: &Delta) {
        let json = match delta {
            Delta::Thinking(text) => json!({ "reasoning_content": text }),
            Delta::Text(text) => json!({ "content": text }),
            Delta::Call { index, id, name } => json!({ "tool_calls": [{
                "index": index, "id": id, "type": "function",
                "function": { "name": name, "arguments": "" },
            }] }),
            Delta::Arguments { index, fragment } => json!({ "tool_calls": [{
                "index": index, "function": { "arguments": fragment },
            }] }),
        };
        self.choice(out, &json, None);
    }

    /// The finish chunk, the usage chunk if it was asked for, and the end mark.
    pub fn close(&self, out: &mut Vec<u8>, finish: &str, tokens: Tokens) {
        self.choice(out, &json!({}), Some(finish));
        if self.usage == Usage::Included {
            out.extend_from_slice(self.before.as_bytes());
            out.extend_from_slice(b"],\"usage\":");
            out.extend_from_slice(tokens.json().to_string().as_bytes());
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn choice(&self, out: &mut Vec<u8>, delta: &Value, finish: Option<&str>) {
        out.extend_from_slice(self.before.as_bytes());
        let finish = finish.map_or(Value::Null, Value::from);
        let choice = format!(
            "{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]"
        );
        out.extend_from_slice(choice.as_bytes());
        if self.usage == Usage::Included {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.extend_from_slice(b"}\n\n");
    }
}

/// A comment line, which keeps a silent connection alive and means nothing.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// A whole reply in one object, for requests without `stream`.
#[must_use]
pub fn completion(id: &str, model: &str, deltas: &[Delta], finish: &str, tokens: Tokens) -> Value {
    let (mut text, mut thinking) = (String::new(), String::new());
    let mut calls: Vec<Value> = Vec::new();
    let mut arguments: Vec<String> = Vec::new();
    for delta in deltas {
        match delta {
            Delta::Text(piece) => text.push_str(piece),
            Delta::Thinking(piece) => thinking.push_str(piece),
            Delta::Call { id, name, .. } => {
                calls.push(json!({ "id": id, "type": "function", "function": { "name": name } }));
                arguments.push(String::new());
            }
            Delta::Arguments { index, fragment } => {
                if let Some(whole) = arguments.get_mut(*index) {
                    whole.push_str(fragment);
                }
            }
        }
    }
    for (call, whole) in calls.iter_mut().zip(arguments) {
        call["function"]["arguments"] = whole.into();
    }
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    message.insert(
        "content".into(),
        if text.is_empty() {
            Value::Null
        } else {
            text.into()
        },
    );
    if !thinking.is_empty() {
        message.insert("reasoning_content".into(), thinking.into());
    }
    if !calls.is_empty() {
        message.insert("tool_calls".into(), calls.into());
    }
    message.insert("refusal".into(), Value::Null);
    json!({
        "id": id, "object": "chat.completion", "created": CREATED, "model": model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
        "usage": tokens.json(), "system_fingerprint": "script",
    })
}

/// An error body.
#[must_use]
pub fn error(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
}

/// The error body of a scripted status, with the type and code that go with it.
#[must_use]
pub fn status_error(status: u16, message: &str) -> Value {
    let (kind, code) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        402 => ("insufficient_quota", Some("insufficient_quota")),
        429 => ("requests", Some("rate_limit_exceeded")),
        503 | 529 => ("server_error", Some("server_is_overloaded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    };
    error(message, kind, None, code)
}

/// The list of models.
#[must_use]
pub fn models(ids: &[String]) -> Value {
    let data: Vec<_> = ids
        .iter()
        .map(|id| json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "script" }))
        .collect();
    json!({ "object": "list", "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn json_of(frame: &str) -> Value {
        serde_json::from_str(frame.trim_end().strip_prefix("data: ").unwrap()).unwrap()
    }

    #[test]
    fn chunks_are_valid_frames() {
        let chunks = Chunks::new("chatcmpl-1", "a\"b", Usage::Included);
        let open = json_of(&text(|out| chunks.open(out)));
        assert_eq!(open["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(open["choices"][0]["finish_reason"], Value::Null);
        assert_eq!(open["model"], "a\"b");
        assert_eq!(open["usage"], Value::Null);
        let piece = Delta::Text("line\n\"x\"".into());
        let frame = text(|out| chunks.delta(out, &piece));
        assert_eq!(frame.matches('\n').count(), 2, "{frame}");
        assert_eq!(
            json_of(&frame)["choices"][0]["delta"]["content"],
            "line\n\"x\""
        );
        let start = Delta::Call {
            index: 1,
            id: "call_1".into(),
            name: "vote".into(),
        };
        let start = json_of(&text(|out| chunks.delta(out, &start)));
        let call = &start["choices"][0]["delta"]["tool_calls"][0];
        assert_eq!(call["index"], 1);
        assert_eq!(call["function"]["name"], "vote");
    }

    #[test]
    fn the_end_has_usage_only_when_asked() {
        let tokens = Tokens {
            prompt: 10,
            completion: 4,
            reasoning: 1,
        };
        let with = Chunks::new("c", "m", Usage::Included);
        let end = text(|out| with.close(out, "stop", tokens));
        let frames: Vec<_> = end.split_inclusive("\n\n").collect();
        assert_eq!(frames.len(), 3);
        assert_eq!(json_of(frames[0])["choices"][0]["finish_reason"], "stop");
        let usage = json_of(frames[1]);
        assert_eq!(usage["choices"], json!([]));
        assert_eq!(usage["usage"]["total_tokens"], 14);
        assert_eq!(frames[2], "data: [DONE]\n\n");
        let without = Chunks::new("c", "m", Usage::LeftOut);
        assert!(!text(|out| without.close(out, "stop", tokens)).contains("usage"));
    }

    #[test]
    fn a_whole_reply_is_one_object() {
        let deltas = [
            Delta::Thinking("hm".into()),
            Delta::Call {
                index: 0,
                id: "call_1".into(),
                name: "vote".into(),
            },
            Delta::Arguments {
                index: 0,
                fragment: "{\"a\"".into(),
            },
            Delta::Arguments {
                index: 0,
                fragment: ":1}".into(),
            },
        ];
        let whole = completion("c", "m", &deltas, "tool_calls", Tokens::default());
        let message = &whole["choices"][0]["message"];
        assert_eq!(message["content"], Value::Null);
        assert_eq!(
            message["tool_calls"][0]["function"]["arguments"],
            "{\"a\":1}"
        );
    }
}
