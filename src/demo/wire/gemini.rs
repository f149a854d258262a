//! Google's `generateContent`, server side. Calls arrive whole, as from the real server; names of fields are
//! read in both spellings, as there.

use serde_json::{Value, json};

use super::{Delta, Tokens, message, text_of, tool};

/// A field in either of its spellings.
fn either<'a>(value: &'a Value, camel: &str) -> Option<&'a Value> {
    value.get(camel).or_else(|| {
        let mut snake = String::new();
        for letter in camel.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        value.get(snake)
    })
}

/// The neutral form of a request.
pub fn neutral(body: &Value, model: &str) -> Result<Value, String> {
    let mut messages = Vec::new();
    let system = either(body, "systemInstruction").and_then(|system| system.get("parts"));
    if let Some(parts) = system {
        messages.push(message("system", &text_of(parts)));
    }
    let contents = body.get("contents").and_then(Value::as_array);
    for content in contents.ok_or("contents is not specified")? {
        let parts = content.get("parts").unwrap_or(&Value::Null);
        for part in parts.as_array().into_iter().flatten() {
            let result = either(part, "functionResponse");
            if let Some(response) = result.and_then(|result| result.get("response")) {
                let output = response.get("output").or_else(|| response.get("content"));
                let output = output.and_then(Value::as_str);
                let text = output.map_or_else(|| response.to_string(), str::to_owned);
                messages.push(message("tool", &text));
            }
        }
        let model = content.get("role").and_then(Value::as_str) == Some("model");
        let text = text_of(parts);
        if model || !text.is_empty() {
            messages.push(message(if model { "assistant" } else { "user" }, &text));
        }
    }
    let mut tools = Vec::new();
    for group in body
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let declared = either(group, "functionDeclarations").and_then(Value::as_array);
        for one in declared.into_iter().flatten() {
            let schema = either(one, "parametersJsonSchema").or_else(|| one.get("parameters"));
            if let Some(name) = one.get("name") {
                tools.push(tool(name, schema));
            }
        }
    }
    let config = either(body, "toolConfig");
    let mode = config
        .and_then(|config| either(config, "functionCallingConfig")?.get("mode"))
        .and_then(Value::as_str);
    Ok(json!({
        "model": model,
        "messages": messages,
        "tools": tools,
        "tool_choice": match mode { Some("ANY") => "required", Some("NONE") => "none", _ => "auto" },
        "stream": true,
    }))
}

/// Writes the responses of one stream.
#[derive(Clone, Debug)]
pub struct Events {
    id: String,
    model: String,
    parts: Vec<Value>,
    call: Option<(Value, String)>,
}

impl Events {
    /// Responses of `model`.
    pub fn new(model: &str, number: u64) -> Self {
        Self {
            id: format!("response-{number}"),
            model: model.to_owned(),
            parts: Vec::new(),
            call: None,
        }
    }

    fn response(&self, parts: &[Value], finish: Option<&str>, tokens: Option<Tokens>) -> Value {
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        let mut response = json!({ "candidates": [candidate], "modelVersion": self.model,
            "responseId": self.id });
        if let Some(tokens) = tokens {
            let said = tokens.completion.saturating_sub(tokens.reasoning);
            response["usageMetadata"] = json!({
                "promptTokenCount": tokens.prompt,
                "candidatesTokenCount": said,
                "thoughtsTokenCount": tokens.reasoning,
                "totalTokenCount": tokens.prompt + tokens.completion,
            });
        }
        response
    }

    fn send(&mut self, out: &mut Vec<u8>, part: Value) {
        let response = self.response(std::slice::from_ref(&part), None, None);
        out.extend_from_slice(format!("data: {response}\n\n").as_bytes());
        self.parts.push(part);
    }

    /// One piece.
    pub fn delta(&mut self, out: &mut Vec<u8>, delta: &Delta) {
        match delta {
            Delta::Arguments { fragment, .. } => {
                if let Some((_, arguments)) = &mut self.call {
                    arguments.push_str(fragment);
                }
                return;
            }
            _ => self.finish(out),
        }
        match delta {
            Delta::Thinking(text) => self.send(out, json!({ "text": text, "thought": true })),
            Delta::Text(text) => self.send(out, json!({ "text": text })),
            Delta::Call { id, name, .. } => {
                self.call = Some((json!({ "id": id, "name": name }), String::new()));
            }
            Delta::Arguments { .. } => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let Some((mut call, arguments)) = self.call.take() else {
            return;
        };
        call["args"] = serde_json::from_str(&arguments).unwrap_or_else(|_| json!({}));
        let mut part = json!({ "functionCall": call });
        // Only the first call of a step is signed.
        if !self
            .parts
            .iter()
            .any(|part| part.get("functionCall").is_some())
        {
            part["thoughtSignature"] = format!("script-{}", self.id).into();
        }
        self.send(out, part);
    }

    /// The last call and the finish reason.
    pub fn close(&mut self, out: &mut Vec<u8>, tokens: Tokens) {
        self.finish(out);
        let last = [json!({ "text": "" })];
        let response = self.response(&last, Some("STOP"), Some(tokens));
        out.extend_from_slice(format!("data: {response}\n\n").as_bytes());
    }

    /// The whole reply.
    pub fn whole(&self, tokens: Tokens) -> Value {
        self.response(&self.parts, Some("STOP"), Some(tokens))
    }
}

/// An error body.
pub fn error(status: u16, message: &str) -> Value {
    let word = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    json!({ "error": { "code": status, "message": message, "status": word } })
}

/// The list of models.
pub fn models(ids: &[String]) -> Value {
    let models: Vec<_> = ids
        .iter()
        .map(|id| {
            json!({ "name": format!("models/{id}"), "displayName": id,
                "supportedGenerationMethods": ["generateContent"] })
        })
        .collect();
    json!({ "models": models })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let snake = json!({
            "system_instruction": {"parts": [{"text": "be good"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"content": "out"}}}]}],
            "tools": [{"function_declarations": [{"name": "vote", "parameters": {"type": "object"}}]}],
            "tool_config": {"function_calling_config": {"mode": "ANY"}},
        });
        let camel = json!({
            "systemInstruction": {"parts": [{"text": "be good"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "out"}}}]}],
            "tools": [{"functionDeclarations": [{"name": "vote", "parametersJsonSchema": {"type": "object"}}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        });
        let read = neutral(&snake, "m").expect("a request");
        assert_eq!(read, neutral(&camel, "m").expect("a request"));
        assert_eq!(read["tools"][0]["function"]["name"], "vote");
        assert_eq!(read["tool_choice"], "required");
        assert_eq!(read["messages"][2]["content"], "out");
    }
}
