//! The two terminal tools, under MassGen's names so that models and agents made for it work:
//! `new_answer {content}` and `vote {agent_id, reason}`. Further shapes of `vote` are in `ballot`.

use serde_json::{Value, json};

use super::{ballot, coordination::Choice, verdict};
use crate::protocol::{Form, ToolCall, ToolSpec};

/// Name of the publishing tool.
pub const NEW_ANSWER: &str = "new_answer";
/// Name of the tool that opens an answer again.
pub const OPEN_ANSWER: &str = "open_answer";
/// Name of the voting tool.
pub const VOTE: &str = "vote";

/// `new_answer` as offered.
#[must_use]
pub fn new_answer() -> ToolSpec {
    ToolSpec {
        name: NEW_ANSWER.into(),
        description: "Publish your complete answer to the task.".into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "content": {
                    "type": "string",
                    "description": "The complete answer, in Markdown."
                }
            },
            "required": ["content"]
        }),
    }
}

/// The terminal tools as a program sees them that lists its tools once, before there are answers to
/// choose from.
#[must_use]
pub fn standing(form: Form) -> Vec<ToolSpec> {
    let list = || json!({ "type": "array", "items": { "type": "string" } });
    let (field, shape) = match form {
        Form::One => ("agent_id", json!({ "type": "string" })),
        Form::Several => ("agent_ids", list()),
        Form::Ranking => ("ranking", list()),
        Form::Scores => ("scores", json!({ "type": "object" })),
    };
    let vote = ToolSpec {
        name: VOTE.into(),
        description: "Vote on the current answers, once there are some, by their labels.".into(),
        parameters: json!({
            "type": "object",
            "properties": {
                field: shape,
                "reason": { "type": "string", "description": "Why, in one or two sentences." }
            },
            "required": [field, "reason"]
        }),
    };
    vec![new_answer(), vote]
}

/// A terminal call with its arguments read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// `new_answer`.
    Publish {
        /// The content.
        text: String,
    },
    /// `verdict`.
    Verdict(verdict::Called),
    /// `vote`.
    Vote {
        /// What it chose, in its words.
        choice: Choice,
        /// `reason`.
        reason: String,
    },
}

/// Reads a terminal call; `None` for any other tool, an error sentence for broken arguments.
pub fn read(call: &ToolCall) -> Option<Result<Terminal, String>> {
    let name = call.name.as_str();
    if name != NEW_ANSWER && name != VOTE && name != verdict::VERDICT {
        return None;
    }
    let written = match call.arguments.trim() {
        "" => "{}",
        written => written,
    };
    let arguments: Value = match serde_json::from_str(written) {
        Ok(value) => value,
        Err(error) => {
            return Some(Err(format!(
                "The arguments of {name} are not valid JSON: {error}. Call it again."
            )));
        }
    };
    Some(if name == NEW_ANSWER {
        content(&arguments)
            .map(|text| Terminal::Publish { text })
            .ok_or_else(|| {
                "new_answer needs \"content\": the complete answer as text. Call it again.".into()
            })
    } else if name == verdict::VERDICT {
        verdict::read(&arguments).map(Terminal::Verdict)
    } else {
        ballot::read(&arguments).map(|(choice, reason)| Terminal::Vote { choice, reason })
    })
}

/// The answer text. Models sometimes send a list of parts or an object; both are joined the way
/// MassGen does (first known key of an object, lines of a list).
fn content(arguments: &Value) -> Option<String> {
    const KEYS: [&str; 9] = [
        "content",
        "description",
        "text",
        "message",
        "answer",
        "final_answer",
        "summary",
        "output",
        "title",
    ];
    match arguments {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let lines: Vec<String> = parts.iter().filter_map(content).collect();
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
        Value::Object(map) => KEYS
            .iter()
            .filter_map(|key| map.get(*key))
            .find_map(content)
            .or_else(|| map.contains_key("content").then(String::new)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &str) -> ToolCall {
        ToolCall {
            id: "c1".into(),
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    #[test]
    fn reads_what_models_send() {
        let publish = |text: &str| Some(Ok(Terminal::Publish { text: text.into() }));
        for (arguments, expected) in [
            (r#"{"content":"a"}"#, publish("a")),
            (r#"{"content":["a","b"]}"#, publish("a\nb")),
            (r#"{"content":{"text":"a"}}"#, publish("a")),
            (r#"{"answer":"a"}"#, publish("a")),
            (r#"{"content":""}"#, publish("")),
        ] {
            assert_eq!(read(&call(NEW_ANSWER, arguments)), expected, "{arguments}");
        }
        assert!(matches!(read(&call(NEW_ANSWER, "{\"cont")), Some(Err(_))));
        assert!(matches!(read(&call(VOTE, "{}")), Some(Err(_))));
        let Some(Err(told)) = read(&call(NEW_ANSWER, " ")) else {
            panic!("no arguments are the empty object");
        };
        assert!(told.contains("needs \"content\""), "{told}");
        assert_eq!(read(&call("search", "{}")), None);
        assert_eq!(
            read(&call(VOTE, r#"{"agent_id":" agent1.2 ","reason":"r"}"#)),
            Some(Ok(Terminal::Vote {
                choice: "agent1.2".into(),
                reason: "r".into()
            }))
        );
    }
}
