//! Anthropic's Messages API, server side.

use serde_json::{Value, json};

use super::upkeep::Cleared;
use super::{Delta, Tokens, message, named_frame, text_of, tool};

/// The neutral form of a request.
pub fn neutral(body: &Value) -> Result<Value, String> {
    if body.get("max_tokens").and_then(Value::as_u64).is_none() {
        return Err("max_tokens: Field required".to_owned());
    }
    let mut messages = Vec::new();
    if let Some(system) = body.get("system") {
        messages.push(message("system", &text_of(system)));
    }
    let turns = body.get("messages").and_then(Value::as_array);
    for turn in turns.ok_or("messages: Field required")? {
        let role = turn.get("role").and_then(Value::as_str).unwrap_or("user");
        let content = turn.get("content").unwrap_or(&Value::Null);
        for block in content.as_array().into_iter().flatten() {
            if block.get("type").and_then(Value::as_str) == Some("tool_result") {
                let result = block.get("content").unwrap_or(&Value::Null);
                messages.push(message("tool", &text_of(result)));
            }
        }
        let text = text_of(content);
        if role == "assistant" || !text.is_empty() {
            messages.push(message(role, &text));
        }
    }
    let offered = body.get("tools").and_then(Value::as_array);
    let tools: Vec<Value> = offered
        .into_iter()
        .flatten()
        .filter_map(|one| Some(tool(one.get("name")?, one.get("input_schema"))))
        .collect();
    let choice = body.pointer("/tool_choice/type").and_then(Value::as_str);
    Ok(json!({
        "model": body.get("model").cloned().unwrap_or_else(|| json!("")),
        "messages": messages,
        "tools": tools,
        "tool_choice": match choice { Some("any" | "tool") => "required", Some("none") => "none", _ => "auto" },
        "stream": body.get("stream").and_then(Value::as_bool).unwrap_or(false),
    }))
}

/// Writes the events of one message.
#[derive(Clone, Debug)]
pub struct Events {
    id: String,
    model: String,
    /// Blocks, the last one open.
    blocks: Vec<Value>,
    /// Arguments of the open block.
    arguments: String,
    open: bool,
    /// What was left out of the prompt, where the client wants to know.
    cleared: Option<Cleared>,
}

impl Events {
    /// Events of a message of `model`.
    pub fn new(model: &str, number: u64, cleared: Option<Cleared>) -> Self {
        Self {
            id: format!("msg_{number}"),
            model: model.to_owned(),
            blocks: Vec::new(),
            arguments: String::new(),
            open: false,
            cleared,
        }
    }

    fn head(&self, tokens: Tokens) -> Value {
        json!({ "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": tokens.prompt, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": tokens.completion } })
    }

    /// The first event.
    pub fn open(&mut self, out: &mut Vec<u8>, prompt: u64) {
        let message = self.head(Tokens {
            prompt,
            completion: 1,
            reasoning: 0,
        });
        named_frame(out, &json!({ "type": "message_start", "message": message }));
        named_frame(out, &json!({ "type": "ping" }));
    }

    /// One piece.
    pub fn delta(&mut self, out: &mut Vec<u8>, delta: &Delta) {
        let kind = match delta {
            Delta::Thinking(_) => "thinking",
            Delta::Text(_) => "text",
            Delta::Call { .. } | Delta::Arguments { .. } => "tool_use",
        };
        let same = self.open
            && self
                .blocks
                .last()
                .is_some_and(|block| block["type"] == kind);
        if !same || matches!(delta, Delta::Call { .. }) {
            self.finish(out);
            let block = match delta {
                Delta::Call { id, name, .. } => {
                    json!({ "type": kind, "id": id, "name": name, "input": {} })
                }
                Delta::Thinking(_) => json!({ "type": kind, "thinking": "", "signature": "" }),
                Delta::Text(_) | Delta::Arguments { .. } => json!({ "type": kind, "text": "" }),
            };
            let index = self.blocks.len();
            named_frame(
                out,
                &json!({ "type": "content_block_start", "index": index, "content_block": block }),
            );
            self.blocks.push(block);
            self.open = true;
        }
        let inner = match delta {
            Delta::Thinking(text) => {
                self.grow("thinking", text);
                json!({ "type": "thinking_delta", "thinking": text })
            }
            Delta::Text(text) => {
                self.grow("text", text);
                json!({ "type": "text_delta", "text": text })
            }
            Delta::Arguments { fragment, .. } => {
                self.arguments.push_str(fragment);
                json!({ "type": "input_json_delta", "partial_json": fragment })
            }
            Delta::Call { .. } => return,
        };
        self.in_block(out, &inner);
    }

    fn in_block(&self, out: &mut Vec<u8>, delta: &Value) {
        let index = self.blocks.len().saturating_sub(1);
        named_frame(
            out,
            &json!({ "type": "content_block_delta", "index": index, "delta": delta }),
        );
    }

    fn grow(&mut self, name: &str, text: &str) {
        if let Some(Value::String(whole)) =
            self.blocks.last_mut().and_then(|block| block.get_mut(name))
        {
            whole.push_str(text);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let index = self.blocks.len().saturating_sub(1);
        let kind = self.blocks.last().map(|block| block["type"].clone());
        if kind == Some(json!("thinking")) {
            // Scripted, and opaque to whoever carries it back.
            let signature = format!("script-{}-{index}", self.id);
            self.grow("signature", &signature);
            self.in_block(
                out,
                &json!({ "type": "signature_delta", "signature": signature }),
            );
        }
        let arguments = std::mem::take(&mut self.arguments);
        if let (Ok(input), Some(block)) = (
            serde_json::from_str::<Value>(&arguments),
            self.blocks.last_mut(),
        ) {
            block["input"] = input;
        }
        named_frame(
            out,
            &json!({ "type": "content_block_stop", "index": index }),
        );
    }

    /// The last block's end and the end of the message.
    pub fn close(&mut self, out: &mut Vec<u8>, finish: &str, tokens: Tokens) {
        self.finish(out);
        let usage = json!({ "output_tokens": tokens.completion,
            "output_tokens_details": { "thinking_tokens": tokens.reasoning } });
        let mut end = json!({ "type": "message_delta", "usage": usage,
            "delta": { "stop_reason": reason(finish), "stop_sequence": null } });
        if let Some(cleared) = self.cleared {
            end["context_management"] = cleared.applied();
        }
        named_frame(out, &end);
        named_frame(out, &json!({ "type": "message_stop" }));
    }

    /// The whole message.
    pub fn message(&self, finish: &str, tokens: Tokens) -> Value {
        let mut message = self.head(tokens);
        message["content"] = self.blocks.clone().into();
        message["stop_reason"] = reason(finish).into();
        message
    }
}

fn reason(finish: &str) -> &'static str {
    if finish == "tool_calls" {
        "tool_use"
    } else {
        "end_turn"
    }
}

/// An error body.
pub fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}
