//! A request in the words of Google's `streamGenerateContent`.
//!
//! Pure. The model stands in the path, not in the body. Results of one step go back in one message.
//! Parts that came with a thought signature go back as they came; a call that comes from elsewhere
//! gets the documented mark instead, without which newer models refuse the conversation.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::protocol::{Message, ToolChoice, ToolSpec};
use crate::provider::wire::messages::encode::arguments;
use crate::provider::wire::{Adaptation, as_text, carried};
use crate::provider::{Endpoint, Request, catalog, hosted, text_tools};

/// Stands for a signature that the model did not make.
const FOREIGN: &str = "skip_thought_signature_validator";

/// Fields that belong to the conversation; parameters of the same name are ignored.
const OWN_FIELDS: [&str; 5] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "tool_choice",
];

/// The path behind the base URL.
#[must_use]
pub fn path(model: &str) -> String {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let safe: String = model
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '@'))
        .collect();
    format!("/models/{safe}:streamGenerateContent?alt=sse")
}

/// The JSON body.
#[must_use]
pub fn encode(endpoint: &Endpoint, request: &Request, adaptation: Adaptation) -> Value {
    let text = as_text(endpoint, adaptation);
    let flattened = text.then(|| text_tools::flatten(request));
    let messages = flattened.as_deref().unwrap_or(&request.messages);
    let (system, contents) = conversation(messages, endpoint, adaptation);
    let mut body = Map::new();
    if !system.is_empty() {
        let instruction = json!({"parts": [{"text": system}]});
        body.insert("systemInstruction".to_owned(), instruction);
    }
    body.insert("contents".to_owned(), Value::Array(contents));
    if !text && !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(encode_tool).collect();
        let mut all = vec![json!({ "functionDeclarations": tools })];
        if request.choice != ToolChoice::None {
            all.extend(hosted::specs(endpoint, adaptation));
        }
        body.insert("tools".to_owned(), Value::Array(all));
        let mode = match request.choice {
            ToolChoice::Auto => None,
            ToolChoice::Required if adaptation.no_forced_choice => None,
            ToolChoice::Required => Some("ANY"),
            ToolChoice::None => Some("NONE"),
        };
        if let Some(mode) = mode {
            let config = json!({"functionCallingConfig": {"mode": mode}});
            body.insert("toolConfig".to_owned(), config);
        }
    }
    let thinks = catalog::find("gemini", &endpoint.model).is_some_and(|entry| entry.reasoning);
    if thinks && !adaptation.no_summary {
        generation(&mut body, |config| {
            let thinking = config.entry("thinkingConfig").or_insert_with(|| json!({}));
            if let Some(thinking) = thinking.as_object_mut() {
                thinking.insert("includeThoughts".to_owned(), Value::Bool(true));
            }
        });
    }
    for (name, value) in &endpoint.parameters {
        parameter(&mut body, name, value);
    }
    Value::Object(body)
}

fn generation(body: &mut Map<String, Value>, change: impl FnOnce(&mut Map<String, Value>)) {
    let config = body.entry("generationConfig").or_insert_with(|| json!({}));
    if let Some(config) = config.as_object_mut() {
        change(config);
    }
}

/// Settings of its thinking; names in either spelling.
fn thinking(body: &mut Map<String, Value>, said: &Value) {
    let said = camel(said);
    generation(body, |config| {
        let thinking = config.entry("thinkingConfig").or_insert_with(|| json!({}));
        if let (Some(thinking), Some(said)) = (thinking.as_object_mut(), said.as_object()) {
            for (name, value) in said {
                thinking.insert(name.clone(), value.clone());
            }
        }
    });
}

/// The same with names as this API writes them: `thinking_budget` is `thinkingBudget`.
fn camel(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(camel).collect(),
        Value::Object(map) => {
            let renamed = map.iter().map(|(name, value)| {
                let mut words = name.split('_');
                let mut name = words.next().unwrap_or_default().to_owned();
                for word in words {
                    let mut letters = word.chars();
                    name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                    name.push_str(letters.as_str());
                }
                (name, camel(value))
            });
            Value::Object(renamed.collect())
        }
        other => other.clone(),
    }
}

/// Puts a parameter where this API wants it.
fn parameter(body: &mut Map<String, Value>, name: &str, value: &Value) {
    let own = match name {
        "max_tokens" | "max_completion_tokens" | "max_output_tokens" => "maxOutputTokens",
        "temperature" => "temperature",
        "top_p" => "topP",
        "top_k" => "topK",
        "seed" => "seed",
        "stop" => {
            let list = match value {
                Value::Array(_) => value.clone(),
                one => json!([one]),
            };
            generation(body, |config| {
                config.insert("stopSequences".to_owned(), list);
            });
            return;
        }
        "reasoning_effort" => {
            let level = value.as_str().unwrap_or_default().to_uppercase();
            generation(body, |config| {
                let thinking = config.entry("thinkingConfig").or_insert_with(|| json!({}));
                if let Some(thinking) = thinking.as_object_mut() {
                    thinking.insert("thinkingLevel".to_owned(), Value::from(level));
                }
            });
            return;
        }
        "thinking_config" => return thinking(body, value),
        "include_thoughts" => {
            return thinking(body, &json!({"includeThoughts": value}));
        }
        "safety_settings" => {
            body.insert("safetySettings".to_owned(), camel(value));
            return;
        }
        "function_calling_mode" => {
            // What the conversation asks for counts more.
            let mode = value.as_str().unwrap_or_default().to_uppercase();
            let known = ["AUTO", "ANY", "NONE", "VALIDATED"].contains(&mode.as_str());
            if known && body.contains_key("tools") && !body.contains_key("toolConfig") {
                let config = json!({"functionCallingConfig": {"mode": mode}});
                body.insert("toolConfig".to_owned(), config);
            }
            return;
        }
        "generationConfig" | "generation_config" => {
            for (name, value) in value.as_object().into_iter().flatten() {
                generation(body, |config| {
                    config.insert(name.clone(), value.clone());
                });
            }
            return;
        }
        _ if OWN_FIELDS.contains(&name) || body.contains_key(name) => return,
        _ => {
            body.insert(name.to_owned(), value.clone());
            return;
        }
    };
    generation(body, |config| {
        config.insert(own.to_owned(), value.clone());
    });
}

/// The system text (system messages at the head) and the turns.
fn conversation(
    messages: &[Message],
    endpoint: &Endpoint,
    adaptation: Adaptation,
) -> (String, Vec<Value>) {
    let mut system = String::new();
    let mut turns: Vec<(&'static str, Vec<Value>)> = Vec::new();
    // Calls whose ids are the server's own: only those ids go back.
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for message in messages {
        match message {
            Message::System { text } if turns.is_empty() => {
                if !system.is_empty() {
                    system.push_str("\n\n");
                }
                system.push_str(text);
            }
            Message::System { text } | Message::User { text } => {
                add(&mut turns, "user", vec![json!({ "text": text })]);
            }
            Message::Assistant {
                text,
                calls,
                carried,
            } => {
                let kept = carried::back(carried.as_deref(), endpoint);
                let parts = if let Some(kept) = kept.filter(|_| !adaptation.no_carried) {
                    let ids = kept
                        .iter()
                        .filter_map(|part| part.pointer("/functionCall/id"));
                    known.extend(ids.filter_map(Value::as_str));
                    kept.to_vec()
                } else {
                    let mut parts = Vec::new();
                    if !text.is_empty() {
                        parts.push(json!({ "text": text }));
                    }
                    for (position, call) in calls.iter().enumerate() {
                        let call = json!({"name": call.name, "args": arguments(&call.arguments)});
                        let mut part = json!({ "functionCall": call });
                        if position == 0 && signs(&endpoint.model) {
                            part["thoughtSignature"] = Value::from(FOREIGN);
                        }
                        parts.push(part);
                    }
                    parts
                };
                add(&mut turns, "model", parts);
            }
            Message::Tool {
                call_id,
                name,
                text,
            } => {
                let mut response = json!({"name": name, "response": {"output": text}});
                if known.contains(call_id.as_str()) {
                    response["id"] = Value::from(call_id.as_str());
                }
                let part = json!({ "functionResponse": response });
                add(&mut turns, "user", vec![part]);
            }
        }
    }
    let turns = turns
        .into_iter()
        .map(|(role, parts)| json!({"role": role, "parts": parts}))
        .collect();
    (system, turns)
}

fn add(turns: &mut Vec<(&'static str, Vec<Value>)>, role: &'static str, parts: Vec<Value>) {
    if parts.is_empty() {
        return;
    }
    match turns.last_mut() {
        Some((last, all)) if *last == role => all.extend(parts),
        _ => turns.push((role, parts)),
    }
}

/// Models from the third generation on want signatures on calls.
fn signs(model: &str) -> bool {
    let model = model.strip_prefix("models/").unwrap_or(model);
    model.starts_with("gemini-")
        && !["gemini-1", "gemini-2"]
            .iter()
            .any(|old| model.starts_with(old))
}

fn encode_tool(tool: &ToolSpec) -> Value {
    json!({
        "name": tool.name,
        "description": tool.description,
        "parametersJsonSchema": tool.parameters,
    })
}

#[cfg(test)]
mod tests;
