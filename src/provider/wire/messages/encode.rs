//! A request in the words of Anthropic's Messages API.
//!
//! Pure. What the server insists on is made here: `max_tokens` is always there, turns alternate,
//! results of calls come first in the message after them, no block of text is empty, thinking goes
//! back with its signature and unchanged. Three marks tell the cache where the stable prefix ends:
//! after the tools, after the system message, and at the last block (so that the next call of the
//! same conversation reads everything before it from the cache).

use serde_json::{Map, Value, json};

use crate::protocol::{Message, ToolCall, ToolChoice, ToolSpec};
use crate::provider::wire::{Adaptation, as_text, carried};
use crate::provider::{Endpoint, Request, catalog, hosted, text_tools};

use super::compact;

/// Version of the API that every server of this family takes.
pub const VERSION: &str = "2023-06-01";
/// Longest reply that is asked for when neither the configuration nor the catalogue says less.
const MAX_TOKENS: u64 = 32_000;
/// The same where nothing is known of the model.
const MAX_TOKENS_UNKNOWN: u64 = 8_192;

/// Fields that belong to the conversation; parameters of the same name are ignored.
const OWN_FIELDS: [&str; 6] = [
    "model",
    "messages",
    "system",
    "stream",
    "tools",
    "tool_choice",
];

/// The JSON body of `POST {base}/messages`.
#[must_use]
pub fn encode(endpoint: &Endpoint, request: &Request, adaptation: Adaptation) -> Value {
    let text = as_text(endpoint, adaptation);
    let flattened = text.then(|| text_tools::flatten(request));
    let messages = flattened.as_deref().unwrap_or(&request.messages);
    let mark = !adaptation.no_cache_marks;
    let (system, mut turns) = conversation(messages, endpoint, adaptation);
    let mut body = Map::new();
    body.insert("model".to_owned(), Value::from(endpoint.model.as_str()));
    body.insert("stream".to_owned(), Value::Bool(true));
    body.insert("max_tokens".to_owned(), Value::from(longest(endpoint)));
    if !system.is_empty() {
        let mut block = json!({"type": "text", "text": system});
        mark_if(mark, Some(&mut block));
        body.insert("system".to_owned(), Value::Array(vec![block]));
    }
    if mark && let Some(last) = turns.last_mut() {
        mark_if(true, last.blocks.last_mut());
    }
    let turns = turns.into_iter().map(Turn::into_json).collect();
    body.insert("messages".to_owned(), Value::Array(turns));
    if !text && !request.tools.is_empty() {
        // Ours come last: the cache's mark stands at the last one.
        let mut tools = match request.choice {
            ToolChoice::None => Vec::new(),
            ToolChoice::Auto | ToolChoice::Required => hosted::specs(endpoint, adaptation),
        };
        tools.extend(request.tools.iter().map(encode_tool));
        mark_if(mark, tools.last_mut());
        body.insert("tools".to_owned(), Value::Array(tools));
        let choice = match request.choice {
            ToolChoice::Auto => None,
            ToolChoice::Required if adaptation.no_forced_choice || !forced(endpoint) => None,
            ToolChoice::Required => Some("any"),
            ToolChoice::None => Some("none"),
        };
        if let Some(choice) = choice {
            body.insert("tool_choice".to_owned(), json!({ "type": choice }));
        }
    }
    for (name, value) in &endpoint.parameters {
        parameter(&mut body, name, value);
    }
    if let Some(edits) = compact::edits(endpoint, request, adaptation) {
        body.insert("context_management".to_owned(), edits);
    }
    Value::Object(body)
}

/// Newer models refuse to be forced; what the catalogue knows need not be learnt by a refusal.
fn forced(endpoint: &Endpoint) -> bool {
    let entry = catalog::find("claude", &endpoint.model);
    entry.and_then(|entry| entry.forced_tools) != Some(false)
}

fn longest(endpoint: &Endpoint) -> u64 {
    catalog::find("claude", &endpoint.model)
        .and_then(|entry| entry.max_output)
        .map_or(MAX_TOKENS_UNKNOWN, |most| most.min(MAX_TOKENS))
}

/// Puts a parameter where this API wants it.
fn parameter(body: &mut Map<String, Value>, name: &str, value: &Value) {
    let name = match name {
        "max_tokens" | "max_completion_tokens" | "max_output_tokens" => {
            body.insert("max_tokens".to_owned(), value.clone());
            return;
        }
        "reasoning_effort" => {
            let config = body.entry("output_config").or_insert_with(|| json!({}));
            if let Some(config) = config.as_object_mut() {
                config.insert("effort".to_owned(), value.clone());
            }
            return;
        }
        "stop" => {
            let list = match value {
                Value::Array(_) => value.clone(),
                one => json!([one]),
            };
            body.insert("stop_sequences".to_owned(), list);
            return;
        }
        other => other,
    };
    if !OWN_FIELDS.contains(&name) && !body.contains_key(name) {
        body.insert(name.to_owned(), value.clone());
    }
}

fn mark_if(wanted: bool, block: Option<&mut Value>) {
    if let Some(map) = block
        .filter(|_| wanted)
        .and_then(Value::as_object_mut)
        // Thinking takes no mark.
        .filter(|map| {
            let kind = map.get("type").and_then(Value::as_str);
            !kind.is_some_and(|kind| kind.contains("thinking"))
        })
    {
        map.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}

/// One message of the API.
struct Turn {
    role: &'static str,
    blocks: Vec<Value>,
}

impl Turn {
    fn into_json(self) -> Value {
        json!({"role": self.role, "content": self.blocks})
    }
}

/// The system text (system messages at the head) and the turns.
fn conversation(
    messages: &[Message],
    endpoint: &Endpoint,
    adaptation: Adaptation,
) -> (String, Vec<Turn>) {
    let mut system = String::new();
    let mut turns: Vec<Turn> = Vec::new();
    for message in messages {
        match message {
            Message::System { text } if turns.is_empty() => {
                if !system.is_empty() {
                    system.push_str("\n\n");
                }
                system.push_str(text);
            }
            Message::System { text } | Message::User { text } => {
                add(&mut turns, "user", text_block(text));
            }
            Message::Assistant {
                text,
                calls,
                carried,
            } => match carried::back(carried.as_deref(), endpoint) {
                // It stands for everything before it.
                Some(kept) if carried::is_mark(message) => {
                    turns = marked(kept);
                }
                Some(kept) if !adaptation.no_carried => {
                    for block in kept {
                        add(&mut turns, "assistant", Some(block.clone()));
                    }
                }
                _ => {
                    add(&mut turns, "assistant", text_block(text));
                    for call in calls {
                        add(&mut turns, "assistant", Some(encode_call(call)));
                    }
                }
            },
            Message::Tool { call_id, text, .. } => {
                let result = json!({
                    "type": "tool_result",
                    "tool_use_id": call_id,
                    "content": text,
                });
                add(&mut turns, "user", Some(result));
            }
        }
    }
    // The model speaks next: an unfinished reply of its own is no place to begin.
    if turns.last().is_none_or(|turn| turn.role == "assistant") {
        add(&mut turns, "user", text_block("Continue."));
    }
    (system, turns)
}

/// The turns of these messages alone.
pub(super) fn turns(
    messages: &[Message],
    endpoint: &Endpoint,
    adaptation: Adaptation,
) -> Vec<Value> {
    let (_, turns) = conversation(messages, endpoint, adaptation);
    turns.into_iter().map(Turn::into_json).collect()
}

/// What a mark stands for: its block, and the turns that follow it word for word.
fn marked(kept: &[Value]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let mut kept = kept.iter();
    add(&mut turns, "assistant", kept.next().cloned());
    for turn in kept {
        let role = match turn.get("role").and_then(Value::as_str) {
            Some("assistant") => "assistant",
            _ => "user",
        };
        let blocks = turn.get("content").and_then(Value::as_array);
        for block in blocks.into_iter().flatten() {
            add(&mut turns, role, Some(block.clone()));
        }
    }
    turns
}

fn add(turns: &mut Vec<Turn>, role: &'static str, block: Option<Value>) {
    let Some(block) = block else { return };
    match turns.last_mut() {
        Some(last) if last.role == role => last.blocks.push(block),
        _ => turns.push(Turn {
            role,
            blocks: vec![block],
        }),
    }
}

fn text_block(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}))
}

fn encode_call(call: &ToolCall) -> Value {
    json!({
        "type": "tool_use",
        "id": call.id,
        "name": call.name,
        "input": arguments(&call.arguments),
    })
}

/// Arguments as an object; broken ones go back wrapped, so that the model sees what it wrote.
pub fn arguments(text: &str) -> Value {
    if text.trim().is_empty() {
        return json!({});
    }
    serde_json::from_str::<Map<String, Value>>(text)
        .map_or_else(|_| json!({"invalid_arguments": text}), Value::Object)
}

fn encode_tool(tool: &ToolSpec) -> Value {
    json!({
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters,
    })
}

#[cfg(test)]
mod tests;
