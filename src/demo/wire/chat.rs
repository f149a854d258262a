//! `OpenAI`'s chat completions, server side.
//!
//! Fields and their order follow what `api.openai.com` sends, plus `delta.reasoning_content`, which
//! most other servers use for reasoning text. Two things are fixed where a real server has them
//! vary, so that two runs of a script are equal: `created` and the fingerprint. Pure: no I/O.

use serde_json::{Map, Value, json};

use super::{CREATED, Delta, Tokens};

fn counts(tokens: Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.prompt + tokens.completion,
        "prompt_tokens_details": { "cached_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": tokens.reasoning },
    })
}

/// Writes the chunks of one reply.
#[derive(Clone, Debug)]
pub struct Chunks {
    id: String,
    model: String,
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
        let (names, (id, model)) = ((id, model), (json!(id), json!(model)));
        Self {
            id: names.0.to_owned(),
            model: names.1.to_owned(),
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
            out.extend_from_slice(counts(tokens).to_string().as_bytes());
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// A whole reply in one object, for requests without `stream`.
    #[must_use]
    pub fn completion(&self, deltas: &[Delta], finish: &str, tokens: Tokens) -> Value {
        let (mut text, mut thinking) = (String::new(), String::new());
        let mut calls: Vec<Value> = Vec::new();
        let mut arguments: Vec<String> = Vec::new();
        for delta in deltas {
            match delta {
                Delta::Text(piece) => text.push_str(piece),
                Delta::Thinking(piece) => thinking.push_str(piece),
                Delta::Call { id, name, .. } => {
                    calls.push(
                        json!({ "id": id, "type": "function", "function": { "name": name } }),
                    );
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
            "id": self.id, "object": "chat.completion", "created": CREATED, "model": self.model,
            "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
            "usage": counts(tokens), "system_fingerprint": "script",
        })
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
        let chunks = Chunks::new("c", "m", Usage::LeftOut);
        let whole = chunks.completion(&deltas, "tool_calls", Tokens::default());
        let message = &whole["choices"][0]["message"];
        assert_eq!(message["content"], Value::Null);
        assert_eq!(
            message["tool_calls"][0]["function"]["arguments"],
            "{\"a\":1}"
        );
    }
}
