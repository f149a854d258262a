//! `POST {base}/responses/compact`: the server makes a conversation smaller in its own form.
//!
//! Pure. What comes back is opaque and is used whole, as the beginning of every later input; so it
//! stands in the conversation as a mark (`carried::is_mark`) after what it covers. What has to stay word for
//! word and is not in it follows it within the mark, in plain items.

use serde_json::{Map, Value, json};

use crate::protocol::{Carried, Failure, FailureKind, Message};
use crate::provider::usage::{self, Tokens};
use crate::provider::wire::{Adaptation, carried};
use crate::provider::words::who;
use crate::provider::{Compaction, Endpoint};

use super::encode::conversation;

/// Path behind the base URL.
pub const PATH: &str = "/responses/compact";

/// Parameters of ordinary calls that this one knows, too.
const PARAMETERS: [&str; 3] = ["prompt_cache_key", "prompt_cache_options", "service_tier"];

/// The JSON body.
#[must_use]
pub fn encode(endpoint: &Endpoint, work: &Compaction, adaptation: Adaptation) -> Value {
    let (instructions, input) = conversation(&work.before, endpoint, adaptation);
    let mut body = Map::new();
    body.insert("model".to_owned(), Value::from(endpoint.model.as_str()));
    body.insert("input".to_owned(), Value::Array(input));
    if !instructions.is_empty() {
        body.insert("instructions".to_owned(), Value::from(instructions));
    }
    for name in PARAMETERS {
        if let Some(value) = endpoint.parameters.get(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(body)
}

/// Reads the answer: what stands for the conversation from now on, and its tokens.
///
/// # Errors
///
/// An answer that is no compaction.
pub fn read(
    body: &str,
    endpoint: &Endpoint,
    work: &Compaction,
    adaptation: Adaptation,
) -> Result<(Carried, Option<Tokens>), Failure> {
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let items = answer.get("output").and_then(Value::as_array);
    let is_compaction = |item: &Value| {
        item.get("type").and_then(Value::as_str) == Some("compaction")
            && item.get("encrypted_content").is_some_and(Value::is_string)
    };
    let Some(items) = items.filter(|items| items.iter().any(is_compaction)) else {
        let words = format!("{} did not answer with a compaction", who(endpoint));
        return Err(Failure::new(FailureKind::Transient, words));
    };
    let mut items = items.clone();
    let said = |words: &str| {
        let words = json!(words).to_string();
        let bare = words.trim_matches('"').to_owned();
        move |item: &Value| item.to_string().contains(&bare)
    };
    // The task comes first in what a server retains; should it not, it is said again.
    let task = work.before.iter().find_map(|message| match message {
        Message::User { text } => Some(text),
        _ => None,
    });
    if let Some(task) = task.filter(|task| !items.iter().any(said(task))) {
        items.push(json!({"role": "user", "content": task}));
    }
    items.extend(conversation(&work.kept, endpoint, adaptation).1);
    let tokens = answer.get("usage").and_then(usage::read);
    carried::keep(endpoint, items)
        .map(|carried| (carried, tokens))
        .ok_or_else(|| Failure::new(FailureKind::Transient, "an empty compaction"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Wire;
    use crate::protocol::ToolCall;
    use crate::provider::test_support::endpoint;
    use crate::provider::wire::encode as encode_any;
    use crate::provider::{Request, tokens};

    fn user(text: &str) -> Message {
        Message::User { text: text.into() }
    }

    fn work() -> Compaction {
        Compaction {
            before: vec![
                Message::System {
                    text: "be good".into(),
                },
                user("the \"task\"\nin lines"),
                Message::Assistant {
                    text: "long ago".into(),
                    calls: vec![],
                    carried: None,
                },
            ],
            tools: vec![],
            kept: vec![
                user("The person who asked adds:\nno tabs"),
                Message::Assistant {
                    text: String::new(),
                    calls: vec![ToolCall {
                        id: "c1".into(),
                        name: "vote".into(),
                        arguments: "{}".into(),
                    }],
                    carried: None,
                },
                Message::Tool {
                    call_id: "c1".into(),
                    name: "vote".into(),
                    text: "Recorded.".into(),
                },
            ],
        }
    }

    fn here() -> Endpoint {
        let mut endpoint = endpoint("http://h/v1");
        endpoint.wire = Wire::Responses;
        endpoint.parameters.insert("temperature".into(), json!(1));
        endpoint
            .parameters
            .insert("prompt_cache_key".into(), json!("k"));
        endpoint
    }

    #[test]
    fn a_compaction_stands_for_all_before_it_and_only_where_it_was_made() {
        let (endpoint, work, none) = (here(), work(), Adaptation::default());
        let sent = encode(&endpoint, &work, none);
        assert_eq!(sent["instructions"], "be good");
        assert_eq!(sent["input"].as_array().map(Vec::len), Some(2));
        assert_eq!(sent["prompt_cache_key"], "k");
        for absent in ["tools", "stream", "store", "temperature"] {
            assert_eq!(sent.get(absent), None, "{absent}");
        }
        let answer = json!({"object": "response.compaction", "output": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "the \"task\"\nin lines"}]},
            {"type": "compaction", "id": "cmp_1", "encrypted_content": "OPAQUE"}],
            "usage": {"input_tokens": 900, "output_tokens": 20}});
        let (carried, tokens) =
            read(&answer.to_string(), &endpoint, &work, none).expect("a compaction");
        assert_eq!(tokens.map(|tokens| tokens.input), Some(900));
        let mut messages = work.before.clone();
        messages.push(carried::mark(carried));
        messages.push(user("go on"));
        let request = Request {
            messages,
            tools: vec![],
            choice: crate::protocol::ToolChoice::Auto,
        };
        let body = |endpoint: &Endpoint| -> Value {
            serde_json::from_slice(&encode_any(endpoint, &request, none).body).expect("JSON")
        };
        let input = body(&endpoint)["input"].clone();
        let kinds: Vec<&str> = input
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| {
                item["type"]
                    .as_str()
                    .or(item["role"].as_str())
                    .unwrap_or("")
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "message",
                "compaction",
                "user",
                "function_call",
                "function_call_output",
                "user"
            ]
        );
        assert_eq!(input[0], answer["output"][0], "unchanged");
        // Elsewhere the whole conversation stands, and nothing of the compaction.
        for wire in [Wire::Chat, Wire::Messages, Wire::Gemini, Wire::Responses] {
            let mut other = here();
            other.wire = wire;
            other.model = "other".into();
            let text = body(&other).to_string();
            assert!(
                text.contains("long ago") && !text.contains("OPAQUE"),
                "{text}"
            );
        }
        assert!(tokens::prompt(&request) > 0);
    }

    #[test]
    fn a_server_that_forgets_the_task_is_told_again_and_nonsense_is_refused() {
        let (endpoint, work, none) = (here(), work(), Adaptation::default());
        let answer = json!({"output": [{"type": "compaction", "encrypted_content": "X"}]});
        let (carried, tokens) =
            read(&answer.to_string(), &endpoint, &work, none).expect("a compaction");
        assert_eq!(carried.items[1]["content"], "the \"task\"\nin lines");
        assert_eq!(tokens, None);
        for bad in ["", "<html>", "{}", r#"{"output":[{"type":"message"}]}"#] {
            assert!(read(bad, &endpoint, &work, none).is_err(), "{bad}");
        }
    }
}
