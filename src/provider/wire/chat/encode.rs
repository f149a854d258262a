//! A request in the words of `OpenAI`'s chat completions API.
//!
//! Pure: no address, no key, no I/O. Only fields that every compatible server takes are sent; what a
//! server has refused before is left out again ([`Adaptation`]). The configuration's own parameters
//! pass through unchanged, except that they cannot replace the fields that make up the conversation.

use serde_json::{Map, Value, json};

use crate::protocol::{Message, ToolCall, ToolChoice, ToolSpec};

use crate::provider::host::host;
use crate::provider::wire::{Adaptation, as_text};
use crate::provider::{Endpoint, Request, text_tools};

/// Fields that belong to the conversation; parameters of the same name are ignored.
const OWN_FIELDS: [&str; 6] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
];

/// The JSON body of `POST {base}/chat/completions`.
#[must_use]
pub fn encode(endpoint: &Endpoint, request: &Request, adaptation: Adaptation) -> Value {
    let text = as_text(endpoint, adaptation);
    let mut body = Map::new();
    body.insert("model".to_owned(), Value::from(endpoint.model.as_str()));
    body.insert("stream".to_owned(), Value::Bool(true));
    if !adaptation.no_stream_options {
        let options = json!({"include_usage": true});
        body.insert("stream_options".to_owned(), options);
    }
    let short_ids = host(&endpoint.base_url).ends_with("mistral.ai");
    let messages = if text {
        encode_messages(&text_tools::flatten(request), short_ids)
    } else {
        encode_messages(&request.messages, short_ids)
    };
    body.insert("messages".to_owned(), Value::Array(messages));
    if !text && !request.tools.is_empty() {
        let tools = request.tools.iter().map(encode_tool).collect();
        body.insert("tools".to_owned(), Value::Array(tools));
        // `auto` is what every server does by itself, and some old ones refuse the word.
        let choice = match request.choice {
            ToolChoice::Auto => None,
            ToolChoice::Required => Some("required"),
            ToolChoice::None => Some("none"),
        };
        if let Some(choice) = choice.filter(|_| !adaptation.no_forced_choice) {
            body.insert("tool_choice".to_owned(), Value::from(choice));
        }
    }
    for (name, value) in &endpoint.parameters {
        let name = parameter_name(name, endpoint);
        if !OWN_FIELDS.contains(&name) && !body.contains_key(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    if host(&endpoint.base_url) == "api.openai.com" {
        let key = || Value::from(cache_key(request));
        body.entry("prompt_cache_key").or_insert_with(key);
    }
    Value::Object(body)
}

/// A name for what stays the same at the head of a conversation: calls that share it are sent to where
/// the prompt is in the cache. Says nothing about its words.
pub fn cache_key(request: &Request) -> String {
    let head = request
        .messages
        .iter()
        .take(2)
        .map(|message| match message {
            Message::System { text }
            | Message::User { text }
            | Message::Tool { text, .. }
            | Message::Assistant { text, .. } => text,
        });
    let tools = request.tools.iter().map(|tool| &tool.name);
    let hash = head.chain(tools).fold(OFFSET, |hash, text| fnv(hash, text));
    format!("massgen-tui-{hash:016x}")
}

/// Where a hash begins.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over a text and its end.
fn fnv(hash: u64, text: &str) -> u64 {
    let bytes = text.bytes().chain([0xff]);
    bytes.fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// `OpenAI`'s reasoning models take only the new name; everyone else knows the old one.
fn parameter_name<'a>(name: &'a str, endpoint: &Endpoint) -> &'a str {
    if name == "max_tokens" && host(&endpoint.base_url) == "api.openai.com" {
        "max_completion_tokens"
    } else {
        name
    }
}

fn encode_messages(messages: &[Message], short_ids: bool) -> Vec<Value> {
    let mut out = Vec::with_capacity(messages.len());
    let mut system = String::new();
    let mut head = true;
    for message in messages {
        if head && let Message::System { text } = message {
            if !system.is_empty() {
                system.push_str("\n\n");
            }
            system.push_str(text);
            continue;
        }
        if std::mem::replace(&mut head, false) && !system.is_empty() {
            out.push(json!({"role": "system", "content": system}));
        }
        out.push(encode_message(message, short_ids));
    }
    if head && !system.is_empty() {
        out.push(json!({"role": "system", "content": system}));
    }
    out
}

fn encode_message(message: &Message, short_ids: bool) -> Value {
    match message {
        // Many chat templates reject a system message that is not the first.
        Message::System { text } | Message::User { text } => {
            json!({"role": "user", "content": text})
        }
        Message::Assistant { text, calls, .. } if calls.is_empty() => {
            json!({"role": "assistant", "content": text})
        }
        Message::Assistant { text, calls, .. } => {
            let content = if text.is_empty() {
                Value::Null
            } else {
                Value::from(text.as_str())
            };
            let calls: Vec<Value> = calls
                .iter()
                .map(|call| encode_call(call, short_ids))
                .collect();
            json!({"role": "assistant", "content": content, "tool_calls": calls})
        }
        Message::Tool { call_id, text, .. } => {
            json!({"role": "tool", "tool_call_id": call_reference(call_id, short_ids), "content": text})
        }
    }
}

fn encode_call(call: &ToolCall, short_ids: bool) -> Value {
    json!({
        "id": call_reference(&call.id, short_ids),
        "type": "function",
        "function": {"name": call.name, "arguments": replayable(&call.arguments)},
    })
}

/// Servers that run a chat template parse the arguments of old calls and refuse the whole
/// conversation when one is broken, so a broken one goes back wrapped.
pub fn replayable(arguments: &str) -> String {
    if arguments.trim().is_empty() {
        return "{}".to_owned();
    }
    match serde_json::from_str::<Map<String, Value>>(arguments) {
        Ok(_) => arguments.to_owned(),
        Err(_) => json!({"invalid_arguments": arguments}).to_string(),
    }
}

/// Mistral takes only ids of nine letters and digits: foreign ones are hashed (FNV-1a).
fn call_reference(id: &str, short: bool) -> String {
    let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !short || fits {
        return id.to_owned();
    }
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (0..9)
        .map(|_| {
            let digit = (hash % 36) as u32;
            hash /= 36;
            char::from_digit(digit, 36).unwrap_or('0')
        })
        .collect()
}

fn encode_tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ToolCalling;
    use crate::provider::test_support::endpoint;

    fn request(choice: ToolChoice) -> Request {
        Request {
            messages: vec![
                Message::System {
                    text: "S".to_owned(),
                },
                Message::System {
                    text: "T".to_owned(),
                },
                Message::User {
                    text: "Q".to_owned(),
                },
                Message::Assistant {
                    text: String::new(),
                    calls: vec![
                        ToolCall {
                            id: "call_1".to_owned(),
                            name: "f".to_owned(),
                            arguments: String::new(),
                        },
                        ToolCall {
                            id: "call_2".to_owned(),
                            name: "f".to_owned(),
                            arguments: "{broken".to_owned(),
                        },
                    ],
                    carried: None,
                },
                Message::Tool {
                    call_id: "call_1".to_owned(),
                    name: "f".to_owned(),
                    text: "R".to_owned(),
                },
                Message::System {
                    text: "late".to_owned(),
                },
            ],
            tools: vec![ToolSpec {
                name: "f".to_owned(),
                description: "d".to_owned(),
                parameters: json!({"type": "object"}),
            }],
            choice,
        }
    }

    #[test]
    fn openai_gets_a_name_for_what_stays_the_same() {
        let at = |base: &str, request: &Request| {
            encode(&endpoint(base), request, Adaptation::default())
                .get("prompt_cache_key")
                .cloned()
        };
        let openai = "https://api.openai.com/v1";
        let first = request(ToolChoice::Auto);
        let mut later = first.clone();
        later.messages.push(Message::User {
            text: "more".to_owned(),
        });
        let mut other = first.clone();
        other.messages[0] = Message::System {
            text: "another agent".to_owned(),
        };
        let key = at(openai, &first);
        assert!(key.is_some());
        assert_eq!(at(openai, &later), key);
        assert_ne!(at(openai, &other), key);
        assert_eq!(at("https://api.groq.com/openai/v1", &first), None);
        let mut own = endpoint(openai);
        own.parameters = [("prompt_cache_key".to_owned(), Value::from("mine"))]
            .into_iter()
            .collect();
        let body = encode(&own, &first, Adaptation::default());
        assert_eq!(body["prompt_cache_key"], "mine");
    }

    #[test]
    fn the_whole_body() {
        let endpoint = endpoint("http://127.0.0.1:1/v1");
        let body = encode(
            &endpoint,
            &request(ToolChoice::Required),
            Adaptation::default(),
        );
        assert_eq!(
            body,
            json!({
                "model": "test-model",
                "stream": true,
                "stream_options": {"include_usage": true},
                "messages": [
                    {"role": "system", "content": "S\n\nT"},
                    {"role": "user", "content": "Q"},
                    {"role": "assistant", "content": null, "tool_calls": [
                        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                        {"id": "call_2", "type": "function",
                         "function": {"name": "f", "arguments": "{\"invalid_arguments\":\"{broken\"}"}},
                    ]},
                    {"role": "tool", "tool_call_id": "call_1", "content": "R"},
                    {"role": "user", "content": "late"},
                ],
                "tools": [{"type": "function", "function":
                    {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
                "tool_choice": "required",
            })
        );
    }

    #[test]
    fn what_a_server_refused_is_left_out() {
        let endpoint = endpoint("http://127.0.0.1:1/v1");
        let adaptation = Adaptation {
            no_stream_options: true,
            no_forced_choice: true,
            ..Adaptation::default()
        };
        let body = encode(&endpoint, &request(ToolChoice::Required), adaptation);
        assert_eq!(body.get("stream_options"), None);
        assert_eq!(body.get("tool_choice"), None);
        assert!(body.get("tools").is_some());
    }

    #[test]
    fn tools_as_text() {
        let mut endpoint = endpoint("http://127.0.0.1:1/v1");
        let learnt = Adaptation {
            no_tools: true,
            ..Adaptation::default()
        };
        for (mode, adaptation, text) in [
            (ToolCalling::Auto, Adaptation::default(), false),
            (ToolCalling::Auto, learnt, true),
            (ToolCalling::Native, learnt, false),
            (ToolCalling::Text, Adaptation::default(), true),
        ] {
            endpoint.tool_calling = mode;
            let body = encode(&endpoint, &request(ToolChoice::Auto), adaptation);
            assert_eq!(body.get("tools").is_none(), text, "{mode:?}");
            let words = body.to_string();
            assert_eq!(words.contains("```tool"), text, "{mode:?}");
            assert_eq!(words.contains("\"role\":\"tool\""), !text, "{mode:?}");
        }
    }

    #[test]
    fn parameters_pass_but_cannot_replace_the_conversation() {
        let mut endpoint = endpoint("https://api.openai.com/v1");
        for (name, value) in [
            ("temperature", json!(0.5)),
            ("max_tokens", json!(99)),
            ("messages", json!([])),
            ("stream", json!(false)),
        ] {
            endpoint.parameters.insert(name.to_owned(), value);
        }
        let body = encode(&endpoint, &request(ToolChoice::Auto), Adaptation::default());
        assert_eq!(body.get("temperature"), Some(&json!(0.5)));
        assert_eq!(body.get("max_completion_tokens"), Some(&json!(99)));
        assert_eq!(body.get("max_tokens"), None);
        assert_eq!(body.get("stream"), Some(&json!(true)));
        endpoint.base_url = "https://openai.example/v1".to_owned();
        let body = encode(&endpoint, &request(ToolChoice::Auto), Adaptation::default());
        assert_eq!(body.get("max_tokens"), Some(&json!(99)));
    }

    #[test]
    fn mistral_ids() {
        let id = call_reference("call_1", true);
        assert_eq!(id.len(), 9);
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(id, call_reference("call_1", true));
        assert_ne!(id, call_reference("call_2", true));
        assert_eq!(call_reference("abcdefghi", true), "abcdefghi");
        assert_eq!(call_reference("call_1", false), "call_1");
    }
}
