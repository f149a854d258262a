//! A request in the words of `OpenAI`'s Responses API.
//!
//! Pure. Stateless (`store: false`): every call carries the whole conversation, and the items of
//! earlier replies of the same server go back as they came, encrypted reasoning among them. Parameters
//! keep the names of chat completions in configurations; this is where they get the names of this API.

use serde_json::{Map, Value, json};

use crate::protocol::{Message, ToolChoice, ToolSpec};
use crate::provider::host::host;
use crate::provider::wire::{
    Adaptation, as_text, carried,
    chat::encode::{cache_key, replayable},
};
use crate::provider::{Endpoint, Request, catalog, hosted, text_tools};

/// Fields that belong to the conversation; parameters of the same name are ignored.
const OWN_FIELDS: [&str; 8] = [
    "model",
    "input",
    "instructions",
    "messages",
    "stream",
    "store",
    "tools",
    "tool_choice",
];

/// The JSON body of `POST {base}/responses`.
#[must_use]
pub fn encode(endpoint: &Endpoint, request: &Request, adaptation: Adaptation) -> Value {
    let text = as_text(endpoint, adaptation);
    let flattened = text.then(|| text_tools::flatten(request));
    let messages = flattened.as_deref().unwrap_or(&request.messages);
    let (instructions, input) = conversation(messages, endpoint, adaptation);
    let mut body = Map::new();
    body.insert("model".to_owned(), Value::from(endpoint.model.as_str()));
    body.insert("stream".to_owned(), Value::Bool(true));
    body.insert("store".to_owned(), Value::Bool(false));
    if !adaptation.no_carried {
        let include = json!(["reasoning.encrypted_content"]);
        body.insert("include".to_owned(), include);
    }
    if !instructions.is_empty() {
        body.insert("instructions".to_owned(), Value::from(instructions));
    }
    body.insert("input".to_owned(), Value::Array(input));
    if !text && !request.tools.is_empty() {
        let mut tools: Vec<Value> = request.tools.iter().map(encode_tool).collect();
        if request.choice != ToolChoice::None {
            tools.extend(hosted::specs(endpoint, adaptation));
        }
        body.insert("tools".to_owned(), Value::Array(tools));
        let choice = match request.choice {
            ToolChoice::Auto => None,
            ToolChoice::Required => Some("required"),
            ToolChoice::None => Some("none"),
        };
        if let Some(choice) = choice.filter(|_| !adaptation.no_forced_choice) {
            body.insert("tool_choice".to_owned(), Value::from(choice));
        }
    }
    if !adaptation.no_stream_options && host(&endpoint.base_url) == "api.openai.com" {
        // Padding against guesses from packet sizes: it doubles small events.
        let options = json!({"include_obfuscation": false});
        body.insert("stream_options".to_owned(), options);
    }
    for (name, value) in &endpoint.parameters {
        parameter(&mut body, name, value);
    }
    if host(&endpoint.base_url) == "api.openai.com" {
        let key = || Value::from(cache_key(request));
        body.entry("prompt_cache_key").or_insert_with(key);
    }
    summary(&mut body, endpoint, adaptation);
    Value::Object(body)
}

/// Reasoning is told as a summary or not at all: models that reason are asked for it, unless the
/// configuration says otherwise or the server has refused.
fn summary(body: &mut Map<String, Value>, endpoint: &Endpoint, adaptation: Adaptation) {
    let effort = body
        .get("reasoning")
        .and_then(|reasoning| reasoning.get("effort")?.as_str());
    let reasons = catalog::find("openai", &endpoint.model).is_some_and(|entry| entry.reasoning);
    let asks = host(&endpoint.base_url) == "api.openai.com" && reasons && effort != Some("none");
    if asks && !adaptation.no_summary {
        let reasoning = body.entry("reasoning").or_insert_with(|| json!({}));
        if let Some(reasoning) = reasoning.as_object_mut() {
            reasoning.entry("summary").or_insert(Value::from("auto"));
        }
    }
    if adaptation.no_summary
        && let Some(Value::Object(reasoning)) = body.get_mut("reasoning")
    {
        reasoning.remove("summary");
    }
}

/// Puts a parameter where this API wants it.
fn parameter(body: &mut Map<String, Value>, name: &str, value: &Value) {
    match name {
        "max_tokens" | "max_completion_tokens" => {
            body.insert("max_output_tokens".to_owned(), value.clone());
        }
        "reasoning_effort" => within(body, "reasoning", "effort", value),
        "verbosity" => within(body, "text", "verbosity", value),
        "reasoning" | "text" => {
            for (inner, value) in value.as_object().into_iter().flatten() {
                within(body, name, inner, value);
            }
        }
        _ if OWN_FIELDS.contains(&name) || body.contains_key(name) => {}
        _ => {
            body.insert(name.to_owned(), value.clone());
        }
    }
}

fn within(body: &mut Map<String, Value>, outer: &str, inner: &str, value: &Value) {
    let entry = body.entry(outer).or_insert_with(|| json!({}));
    if let Some(map) = entry.as_object_mut() {
        map.insert(inner.to_owned(), value.clone());
    }
}

/// The instructions (system messages at the head) and the items.
pub(super) fn conversation(
    messages: &[Message],
    endpoint: &Endpoint,
    adaptation: Adaptation,
) -> (String, Vec<Value>) {
    let mut instructions = String::new();
    let mut items = Vec::with_capacity(messages.len());
    for message in messages {
        match message {
            Message::System { text } if items.is_empty() => {
                if !instructions.is_empty() {
                    instructions.push_str("\n\n");
                }
                instructions.push_str(text);
            }
            Message::System { text } | Message::User { text } => {
                items.push(json!({"role": "user", "content": text}));
            }
            Message::Assistant {
                text,
                calls,
                carried,
            } => match carried::back(carried.as_deref(), endpoint) {
                Some(kept) if !adaptation.no_carried => {
                    // It stands for everything before it.
                    if carried::is_mark(message) {
                        items.clear();
                    }
                    items.extend_from_slice(kept);
                }
                _ => {
                    if !text.is_empty() {
                        items.push(json!({"role": "assistant", "content": text}));
                    }
                    items.extend(calls.iter().map(|call| {
                        json!({
                            "type": "function_call",
                            "call_id": call.id,
                            "name": call.name,
                            "arguments": replayable(&call.arguments),
                        })
                    }));
                }
            },
            Message::Tool { call_id, text, .. } => items.push(json!({
                "type": "function_call_output",
                "call_id": call_id,
                "output": text,
            })),
        }
    }
    (instructions, items)
}

/// Flat, and not strict: the schemas of our tools have optional fields.
fn encode_tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": false,
    })
}

#[cfg(test)]
mod tests;
