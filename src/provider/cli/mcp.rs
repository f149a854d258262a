//! The Model Context Protocol as far as tools need it: a line in, an answer out. Pure.
//!
//! Newline-delimited JSON-RPC. Knows `initialize`, `ping`, `tools/list` and `tools/call`; everything
//! else gets an error, notifications get nothing.

use serde_json::{Value, json};

use crate::protocol::ToolSpec;

/// Versions that are spoken, the newest first; a client that wants another gets the newest.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// This is the answer.
    Answer(Value),
    /// A tool is called; [`result`] makes the answer.
    Call {
        /// Id of the request.
        id: Value,
        /// Tool.
        name: String,
        /// Arguments, as JSON.
        arguments: String,
    },
    /// Nothing is to be said.
    Nothing,
}

/// Reads a line of a client that may use `tools`.
#[must_use]
pub fn hear(line: &str, tools: &[ToolSpec]) -> Asked {
    let Ok(message) = serde_json::from_str::<Value>(line) else {
        let blank = line.trim().is_empty();
        return if blank {
            Asked::Nothing
        } else {
            Asked::Answer(error(&Value::Null, -32700, "not JSON"))
        };
    };
    let (Some(method), Some(id)) = (
        message.get("method").and_then(Value::as_str),
        message.get("id").filter(|id| !id.is_null()),
    ) else {
        return Asked::Nothing;
    };
    let parameters = message.get("params").unwrap_or(&Value::Null);
    match method {
        "initialize" => {
            let wanted = parameters.get("protocolVersion").and_then(Value::as_str);
            let version = VERSIONS.iter().find(|version| Some(**version) == wanted);
            answer(
                id,
                &json!({
                    "protocolVersion": version.unwrap_or(&VERSIONS[0]),
                    "capabilities": {"tools": {"listChanged": true}},
                    "serverInfo": {"name": "massgen", "version": env!("CARGO_PKG_VERSION")}
                }),
            )
        }
        "ping" => answer(id, &json!({})),
        "tools/list" => {
            let list: Vec<Value> = tools
                .iter()
                .map(|tool| {
                    json!({
                        "name": tool.name,
                        "description": tool.description,
                        "inputSchema": tool.parameters
                    })
                })
                .collect();
            answer(id, &json!({ "tools": list }))
        }
        "tools/call" => {
            let name = parameters
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if tools.iter().all(|tool| tool.name != name) {
                return Asked::Answer(error(id, -32602, "there is no such tool"));
            }
            let arguments = parameters.get("arguments").filter(|value| !value.is_null());
            Asked::Call {
                id: id.clone(),
                name: name.to_owned(),
                arguments: arguments.map_or_else(|| "{}".to_owned(), Value::to_string),
            }
        }
        _ => Asked::Answer(error(id, -32601, "not known here")),
    }
}

/// The answer to a call.
#[must_use]
pub fn result(id: &Value, text: &str) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "result": {"content": [{"type": "text", "text": text}], "isError": false}
    })
}

/// Tells a client that the tools are others now.
#[must_use]
pub fn changed() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
}

fn answer(id: &Value, result: &Value) -> Asked {
    Asked::Answer(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// An answer that is an error.
#[must_use]
pub fn error(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tools() -> Vec<ToolSpec> {
        vec![ToolSpec {
            name: "vote".into(),
            description: "d".into(),
            parameters: json!({"type": "object"}),
        }]
    }

    fn pointer(line: &str, at: &str) -> Option<Value> {
        match hear(line, &tools()) {
            Asked::Answer(value) => value.pointer(at).cloned(),
            _ => None,
        }
    }

    #[test]
    fn what_clients_say() {
        for (line, at, expected) in [
            (
                r#"{"id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}"#,
                "/result/protocolVersion",
                json!("2025-03-26"),
            ),
            (
                r#"{"id":1,"method":"initialize","params":{"protocolVersion":"1999"}}"#,
                "/result/protocolVersion",
                json!("2025-11-25"),
            ),
            (r#"{"id":"p","method":"ping"}"#, "/id", json!("p")),
            (
                r#"{"id":2,"method":"tools/list"}"#,
                "/result/tools/0/name",
                json!("vote"),
            ),
            (
                r#"{"id":2,"method":"tools/call","params":{"name":"rm"}}"#,
                "/error/code",
                json!(-32602),
            ),
            (
                r#"{"id":2,"method":"resources/list"}"#,
                "/error/code",
                json!(-32601),
            ),
            ("{", "/error/code", json!(-32700)),
        ] {
            assert_eq!(pointer(line, at), Some(expected), "{line}");
        }
        for line in ["", "{\"method\":\"notifications/initialized\"}", "[]", "7"] {
            assert_eq!(hear(line, &tools()), Asked::Nothing, "{line}");
        }
        let call = hear(
            r#"{"id":9,"method":"tools/call","params":{"name":"vote","arguments":{"b":1,"a":2}}}"#,
            &tools(),
        );
        let expected = Asked::Call {
            id: json!(9),
            name: "vote".into(),
            arguments: r#"{"b":1,"a":2}"#.into(),
        };
        assert_eq!(call, expected);
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(line in ".{0,200}") {
            let _ = hear(&line, &tools());
        }
    }
}
