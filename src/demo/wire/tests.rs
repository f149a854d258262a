//! Each family's stream as the real server would send it, and requests read alike from all.

use serde_json::json;

use super::*;

const ALL: [Family; 4] = [
    Family::Chat,
    Family::Responses,
    Family::Messages,
    Family::Gemini,
];

/// The same request in the words of a family.
fn body(family: Family) -> Value {
    let schema = json!({"type": "object"});
    match family {
        Family::Chat => json!({"model": "m", "stream": true, "tool_choice": "required",
            "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"},
                {"role": "assistant", "content": ""}, {"role": "tool", "content": "R"}],
            "tools": [{"function": {"name": "vote", "parameters": schema}}]}),
        Family::Responses => json!({"model": "m", "stream": true, "tool_choice": "required",
            "instructions": "S", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Q"}]},
                {"type": "reasoning", "encrypted_content": "x"},
                {"type": "function_call", "call_id": "c", "name": "vote", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "R"}],
            "tools": [{"type": "namespace", "name": "mcp__team",
                "tools": [{"type": "function", "name": "vote", "parameters": schema}]}]}),
        Family::Messages => json!({"model": "m", "stream": true, "max_tokens": 9,
            "tool_choice": {"type": "any"}, "system": [{"type": "text", "text": "S"}],
            "messages": [{"role": "user", "content": "Q"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "vote", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "R"}]}],
            "tools": [{"name": "mcp__team__vote", "input_schema": schema}]}),
        Family::Gemini => json!({"systemInstruction": {"parts": [{"text": "S"}]},
            "contents": [{"role": "user", "parts": [{"text": "Q"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "vote", "args": {}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "vote", "response": {"output": "R"}}}]}],
            "tools": [{"functionDeclarations": [{"name": "vote", "parametersJsonSchema": schema}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}),
    }
}

fn ask(family: Family) -> Ask {
    Ask::read(family, Some("m"), body(family).to_string().as_bytes()).unwrap()
}

#[test]
fn requests_read_alike() {
    for family in ALL {
        let ask = ask(family);
        let said: Vec<_> = ask
            .messages
            .iter()
            .map(|message| (message.role.as_str(), message.text()))
            .collect();
        let expected = [
            ("system", "S"),
            ("user", "Q"),
            ("assistant", ""),
            ("tool", "R"),
        ];
        assert_eq!(
            said,
            expected.map(|(role, text)| (role, text.to_owned())),
            "{family:?}"
        );
        assert_eq!(ask.tools[0].function.name, "vote", "{family:?}");
        assert_eq!(
            (ask.tool_choice, ask.stream),
            (json!("required"), true),
            "{family:?}"
        );
        for broken in ["", "[]", "{}", "{\"model\": 7, \"messages\": 3}"] {
            assert!(
                Ask::read(family, None, broken.as_bytes()).is_err(),
                "{family:?} {broken}"
            );
        }
    }
}

fn reply() -> Vec<Delta> {
    let arguments = |fragment: &str| Delta::Arguments {
        index: 0,
        fragment: fragment.into(),
    };
    vec![
        Delta::Thinking("h".into()),
        Delta::Thinking("m".into()),
        Delta::Text("Hi".into()),
        Delta::Call {
            index: 0,
            id: "call_1".into(),
            name: "vote".into(),
        },
        arguments("{\"a\":"),
        arguments("1}"),
    ]
}

fn stream(family: Family) -> String {
    let tokens = Tokens {
        prompt: 10,
        completion: 6,
        reasoning: 2,
    };
    let mut frames = Frames::new(family, &ask(family), 1);
    let mut out = Vec::new();
    frames.open(&mut out, 10);
    for delta in reply() {
        frames.delta(&mut out, &delta);
    }
    frames.close(&mut out, "tool_calls", tokens);
    String::from_utf8(out).unwrap()
}

#[test]
fn streams_of_the_families() {
    for family in [Family::Responses, Family::Messages, Family::Gemini] {
        insta::assert_snapshot!(format!("{family:?}").to_lowercase(), stream(family));
    }
}

#[test]
fn whole_replies_say_the_same() {
    for (family, name, arguments) in [
        (
            Family::Responses,
            "/output/2/namespace",
            "/output/2/arguments",
        ),
        (Family::Messages, "/content/2/name", "/content/2/input"),
        (
            Family::Gemini,
            "/candidates/0/content/parts/3/functionCall/name",
            "/candidates/0/content/parts/3/functionCall/args",
        ),
    ] {
        let whole =
            Frames::new(family, &ask(family), 1).whole(&reply(), "tool_calls", Tokens::default());
        let found = whole
            .pointer(name)
            .and_then(Value::as_str)
            .unwrap_or_default();
        assert!(
            ["mcp__team", "mcp__team__vote", "vote"].contains(&found),
            "{whole}"
        );
        let found = whole.pointer(arguments).unwrap();
        assert!(
            [json!("{\"a\":1}"), json!({"a": 1})].contains(found),
            "{whole}"
        );
    }
}
