//! `OpenAI`'s Responses API, server side.
//!
//! Items open when their first piece comes and are finished before the next one opens; the terminal
//! event repeats them all, as the real server does.

use serde_json::{Map, Value, json};

use super::{CREATED, Delta, Spelling, Tokens, message, named_frame, text_of, tool};

/// The neutral form of a request.
pub fn neutral(body: &Value) -> Result<Value, String> {
    let mut messages = Vec::new();
    if let Some(text) = body.get("instructions").and_then(Value::as_str) {
        messages.push(message("system", text));
    }
    match body.get("input") {
        Some(Value::String(text)) => messages.push(message("user", text)),
        Some(Value::Array(items)) => messages.extend(items.iter().filter_map(item)),
        _ => return Err("missing required parameter: 'input'".to_owned()),
    }
    let mut tools = Vec::new();
    for offered in body
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let kind = offered.get("type").and_then(Value::as_str);
        match (kind, offered.get("name")) {
            (Some("function"), Some(name)) => tools.push(tool(name, offered.get("parameters"))),
            (Some("namespace"), Some(Value::String(space))) => {
                let inner = offered.get("tools").and_then(Value::as_array);
                for one in inner.into_iter().flatten() {
                    if let Some(name) = one.get("name").and_then(Value::as_str) {
                        let name = Spelling::within(space, name);
                        tools.push(tool(&name, one.get("parameters")));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(json!({
        "model": body.get("model").cloned().unwrap_or_else(|| json!("")),
        "messages": messages,
        "tools": tools,
        "tool_choice": body.get("tool_choice"),
        "stream": body.get("stream").and_then(Value::as_bool).unwrap_or(false),
    }))
}

fn item(item: &Value) -> Option<Value> {
    let kind = item
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("message");
    Some(match kind {
        "message" => {
            let role = item.get("role").and_then(Value::as_str)?;
            let role = if role == "developer" { "system" } else { role };
            message(role, &text_of(item.get("content")?))
        }
        // What was said is in it, and the script knows it by heart.
        "function_call" | "compaction" => message("assistant", ""),
        "function_call_output" => message("tool", &text_of(item.get("output")?)),
        _ => return None,
    })
}

/// A conversation made smaller: the first words of the user as they were, and one opaque item.
pub fn compacted(request: &Value, number: u64) -> Result<Value, String> {
    let items = request.get("input").and_then(Value::as_array);
    let items = items.ok_or("missing required parameter: 'input'")?;
    let kind = |item: &Value, name: &str| item.get("type").and_then(Value::as_str) == Some(name);
    let calls = |name: &str| items.iter().filter(|item| kind(item, name)).count();
    if calls("function_call") != calls("function_call_output") {
        return Err("a function call in 'input' has no output".to_owned());
    }
    let characters: usize = items.iter().map(|item| item.to_string().len()).sum();
    let task = items
        .iter()
        .find(|item| item.get("role").and_then(Value::as_str) == Some("user"));
    let mut output: Vec<Value> = task.into_iter().cloned().collect();
    output.push(json!({ "type": "compaction", "id": format!("cmp_{number}"),
        "encrypted_content": format!("script-{characters}-characters") }));
    let input = characters as u64 / 4;
    Ok(
        json!({ "id": format!("resp_c{number}"), "object": "response.compaction", "created_at": CREATED,
        "output": output,
        "usage": { "input_tokens": input, "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": 40, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": input + 40 } }),
    )
}

/// Writes the events of one response.
#[derive(Clone, Debug)]
pub struct Events {
    id: String,
    model: String,
    sequence: u64,
    /// Finished items.
    output: Vec<Value>,
    open: Option<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    id: String,
    kind: &'static str,
    /// Text or arguments so far.
    text: String,
    /// What else the item has.
    extra: Map<String, Value>,
}

impl Open {
    fn item(&self, status: &str) -> Value {
        let mut item = self.extra.clone();
        item.insert("id".into(), self.id.as_str().into());
        item.insert("type".into(), self.kind.into());
        let done = status == "completed";
        match self.kind {
            "reasoning" => {
                let summary = json!([{ "type": "summary_text", "text": self.text }]);
                item.insert("summary".into(), if done { summary } else { json!([]) });
                if done {
                    // Scripted, and opaque to whoever carries it back.
                    item.insert(
                        "encrypted_content".into(),
                        format!("script-{}", self.id).into(),
                    );
                }
            }
            "message" => {
                let part = json!({ "type": "output_text", "text": self.text, "annotations": [] });
                item.insert("role".into(), "assistant".into());
                item.insert("status".into(), status.into());
                item.insert(
                    "content".into(),
                    if done { json!([part]) } else { json!([]) },
                );
            }
            _ => {
                item.insert("status".into(), status.into());
                item.insert(
                    "arguments".into(),
                    if done {
                        self.text.as_str().into()
                    } else {
                        "".into()
                    },
                );
            }
        }
        Value::Object(item)
    }
}

impl Events {
    /// Events of a response of `model`.
    pub fn new(model: &str, number: u64) -> Self {
        Self {
            id: format!("resp_{number}"),
            model: model.to_owned(),
            sequence: 0,
            output: Vec::new(),
            open: None,
        }
    }

    /// The response so far.
    pub fn response(&self, status: &str, tokens: Option<Tokens>) -> Value {
        json!({
            "id": self.id, "object": "response", "created_at": CREATED, "status": status,
            "model": self.model, "output": self.output, "error": null, "incomplete_details": null,
            "usage": tokens.map(|tokens| json!({
                "input_tokens": tokens.prompt,
                "input_tokens_details": { "cached_tokens": 0 },
                "output_tokens": tokens.completion,
                "output_tokens_details": { "reasoning_tokens": tokens.reasoning },
                "total_tokens": tokens.prompt + tokens.completion,
            })),
        })
    }

    fn event(&mut self, out: &mut Vec<u8>, kind: &str, mut data: Value) {
        data["type"] = kind.into();
        data["sequence_number"] = self.sequence.into();
        self.sequence += 1;
        named_frame(out, &data);
    }

    /// The first events.
    pub fn open(&mut self, out: &mut Vec<u8>) {
        for kind in ["response.created", "response.in_progress"] {
            let response = self.response("in_progress", None);
            self.event(out, kind, json!({ "response": response }));
        }
    }

    /// One piece.
    pub fn delta(&mut self, out: &mut Vec<u8>, delta: &Delta, namespace: Option<&str>) {
        let (kind, begin) = match delta {
            Delta::Thinking(_) => ("reasoning", Map::new()),
            Delta::Text(_) => ("message", Map::new()),
            Delta::Call { id, name, .. } => {
                let mut extra = Map::new();
                extra.insert("call_id".into(), id.as_str().into());
                extra.insert("name".into(), name.as_str().into());
                if let Some(namespace) = namespace {
                    extra.insert("namespace".into(), namespace.into());
                }
                ("function_call", extra)
            }
            Delta::Arguments { .. } => ("function_call", Map::new()),
        };
        let fresh = matches!(delta, Delta::Call { .. })
            || self.open.as_ref().is_none_or(|open| open.kind != kind);
        if fresh {
            self.finish(out);
            self.begin(out, kind, begin);
        }
        match delta {
            Delta::Thinking(text) => {
                self.grow(out, "response.reasoning_summary_text.delta", text);
            }
            Delta::Text(text) => self.grow(out, "response.output_text.delta", text),
            Delta::Arguments { fragment, .. } => {
                self.grow(out, "response.function_call_arguments.delta", fragment);
            }
            Delta::Call { .. } => {}
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>, kind: &'static str, extra: Map<String, Value>) {
        let index = self.output.len();
        let prefix = match kind {
            "reasoning" => "rs",
            "message" => "msg",
            _ => "fc",
        };
        let open = Open {
            id: format!("{prefix}_{}_{index}", self.id),
            kind,
            text: String::new(),
            extra,
        };
        let (id, item) = (open.id.clone(), open.item("in_progress"));
        self.open = Some(open);
        self.event(
            out,
            "response.output_item.added",
            json!({ "output_index": index, "item": item }),
        );
        let part = match kind {
            "reasoning" => (
                "response.reasoning_summary_part.added",
                "summary_index",
                "summary_text",
            ),
            "message" => (
                "response.content_part.added",
                "content_index",
                "output_text",
            ),
            _ => return,
        };
        let mut data = json!({ "item_id": id, "output_index": index,
            "part": { "type": part.2, "text": "", "annotations": [] } });
        data[part.1] = 0.into();
        self.event(out, part.0, data);
    }

    fn grow(&mut self, out: &mut Vec<u8>, kind: &str, text: &str) {
        let index = self.output.len();
        let Some(open) = &mut self.open else { return };
        open.text.push_str(text);
        let data = json!({ "item_id": open.id, "output_index": index, "content_index": 0,
            "summary_index": 0, "delta": text });
        self.event(out, kind, data);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        let index = self.output.len();
        let ends: &[(&str, &str)] = match open.kind {
            "reasoning" => &[
                ("response.reasoning_summary_text.done", "text"),
                ("response.reasoning_summary_part.done", "part"),
            ],
            "message" => &[
                ("response.output_text.done", "text"),
                ("response.content_part.done", "part"),
            ],
            _ => &[("response.function_call_arguments.done", "arguments")],
        };
        for (kind, field) in ends {
            let mut data = json!({ "item_id": open.id, "output_index": index,
                "content_index": 0, "summary_index": 0 });
            data[*field] = if *field == "part" {
                let kind = if open.kind == "reasoning" {
                    "summary_text"
                } else {
                    "output_text"
                };
                json!({ "type": kind, "text": open.text, "annotations": [] })
            } else {
                open.text.as_str().into()
            };
            self.event(out, kind, data);
        }
        let item = open.item("completed");
        self.event(
            out,
            "response.output_item.done",
            json!({ "output_index": index, "item": item }),
        );
        self.output.push(item);
    }

    /// The last item's end and the terminal event.
    pub fn close(&mut self, out: &mut Vec<u8>, tokens: Tokens) {
        self.finish(out);
        let response = self.response("completed", Some(tokens));
        self.event(out, "response.completed", json!({ "response": response }));
    }
}
