//! The text protocol by example and by property.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Text shown, streamed arguments of the last call, the call.
fn read(deltas: &[&str]) -> (String, String, Option<ToolCall>) {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    for delta in deltas {
        reader.push(delta, &mut out);
    }
    let call = reader.finish("call_1".to_owned(), &mut out);
    let (mut text, mut arguments) = (String::new(), String::new());
    for event in out {
        match event {
            StreamEvent::Text(piece) => text.push_str(&piece),
            StreamEvent::ToolStart { .. } => arguments.clear(),
            StreamEvent::ToolArguments { fragment, .. } => arguments.push_str(&fragment),
            other => panic!("unexpected {other:?}"),
        }
    }
    (text, arguments, call)
}

const CALL: &str =
    "```tool\n{\"tool_name\": \"vote\", \"arguments\": {\"agent_id\": \"agent1\"}}\n```";

#[test]
fn a_block_at_the_end_is_a_call() {
    for (name, reply, text) in [
        ("alone", CALL.to_owned(), ""),
        ("after text", format!("I vote.\n\n{CALL}"), "I vote.\n\n"),
        ("blank lines after it", format!("{CALL}\n\n  \n"), ""),
        ("crlf", CALL.replace('\n', "\r\n"), ""),
        ("never closed", CALL.trim_end_matches('`').to_owned(), ""),
    ] {
        let (shown, streamed, call) = read(&[&reply]);
        assert_eq!(shown, text, "{name}");
        let call = call.expect(name);
        assert_eq!(call.name, "vote", "{name}");
        assert_eq!(call.arguments, r#"{"agent_id": "agent1"}"#, "{name}");
        assert_eq!(streamed, call.arguments, "{name}");
    }
}

#[test]
fn another_key_order_is_read_at_the_end() {
    let (text, streamed, call) =
        read(&["```tool\n{\"arguments\": {\"a\": [1, \"}\"]}, \"tool_name\": \"f\"}\n```\n"]);
    assert_eq!(text, "");
    assert_eq!(call.expect("a call").arguments, r#"{"a":[1,"}"]}"#);
    assert_eq!(streamed, r#"{"a":[1,"}"]}"#);
}

#[test]
fn everything_else_is_text() {
    for reply in [
        "plain".to_owned(),
        format!("{CALL}\nand so I voted"),
        "```tool\nnot json\n```".to_owned(),
        "```tool\n[]\n```".to_owned(),
        "```tool\n{\"tool_name\": \"f\"}\n```".to_owned(),
        "```tool\n{\"tool_name\": \"f\", \"arguments\": []}\n```".to_owned(),
        "```tool\n{\"tool_name\": \"f\", \"arguments\": {}, \"more\": 1}\n```".to_owned(),
        "```tool\n{\"tool_name\": \"a b\", \"arguments\": {}}\n```".to_owned(),
        "```tool\n{\"tool_name\": \"f\", \"arguments\": {}} {}\n```".to_owned(),
        "```tool\n{\"tool_name\": \"f\", \"arguments\": {\"a\": \"cut".to_owned(),
        " ```tool\n{\"tool_name\": \"f\", \"arguments\": {}}\n```".to_owned(),
        "```json\n{\"tool_name\": \"f\", \"arguments\": {}}\n```".to_owned(),
        "```toolbox\n{\"tool_name\": \"f\", \"arguments\": {}}\n```".to_owned(),
        "say ```tool\n{\"tool_name\": \"f\", \"arguments\": {}}\n```".to_owned(),
        "```".to_owned(),
        "```tool".to_owned(),
        "```tool\n".to_owned(),
        String::new(),
    ] {
        let (text, _, call) = read(&[&reply]);
        assert_eq!(call, None, "{reply:?}");
        assert_eq!(text, reply);
    }
}

#[test]
fn of_two_blocks_the_last_counts() {
    let reply = format!("{CALL}\n{}", CALL.replace("agent1", "agent2"));
    let (text, streamed, call) = read(&[&reply]);
    assert_eq!(text, format!("{CALL}\n"));
    assert_eq!(call.expect("a call").arguments, r#"{"agent_id": "agent2"}"#);
    assert_eq!(streamed, r#"{"agent_id": "agent2"}"#);
}

#[test]
fn arguments_stream_while_they_are_written() {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    reader.push(
        "```tool\n{\"tool_name\":\"new_answer\",\"arguments\":{\"content\":\"Hel",
        &mut out,
    );
    assert_eq!(
        out,
        vec![
            StreamEvent::ToolStart {
                index: 0,
                name: "new_answer".to_owned()
            },
            StreamEvent::ToolArguments {
                index: 0,
                fragment: "{\"content\":\"Hel".to_owned()
            },
        ]
    );
}

#[test]
fn the_conversation_without_tool_roles() {
    let tool = ToolSpec {
        name: "vote".to_owned(),
        description: "Vote for an answer.".to_owned(),
        parameters: json!({"type": "object"}),
    };
    let call = ToolCall {
        id: "1".to_owned(),
        name: "vote".to_owned(),
        arguments: r#"{"agent_id":"agent1"}"#.to_owned(),
    };
    let request = Request {
        messages: vec![
            Message::System {
                text: "Be brief.".to_owned(),
            },
            Message::User {
                text: "Task".to_owned(),
            },
            Message::Assistant {
                text: "Hm.".to_owned(),
                calls: vec![call],
                carried: None,
            },
            Message::Tool {
                call_id: "1".to_owned(),
                name: "vote".to_owned(),
                text: "noted".to_owned(),
            },
            Message::User {
                text: "Go on.".to_owned(),
            },
        ],
        tools: vec![tool],
        choice: ToolChoice::Required,
    };
    let flat = flatten(&request);
    assert_eq!(flat.len(), 4);
    let Some(Message::System { text }) = flat.first() else {
        panic!("system first");
    };
    assert!(text.starts_with("Be brief.\n\n# Tools"), "{text}");
    assert!(text.contains("## vote\n\nVote for an answer."), "{text}");
    assert!(text.contains("must end with such a block"), "{text}");
    assert_eq!(
        flat.get(2),
        Some(&Message::Assistant {
            text: "Hm.\n\n```tool\n{\"tool_name\":\"vote\",\"arguments\":{\"agent_id\":\"agent1\"}}\n```"
                .to_owned(),
            calls: vec![],
            carried: None,
        })
    );
    assert_eq!(
        flat.get(3),
        Some(&Message::User {
            text: "Result of the tool `vote`:\n\nnoted\n\nGo on.".to_owned()
        })
    );
}

#[test]
fn no_tools_no_instructions() {
    let messages = vec![Message::User {
        text: "hi".to_owned(),
    }];
    let request = Request {
        messages: messages.clone(),
        tools: vec![],
        choice: ToolChoice::Auto,
    };
    assert_eq!(flatten(&request), messages);
}

proptest! {
    #[test]
    fn any_split_reads_like_the_whole(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("```tool"), Just("```"), Just("`"), Just("\n"), Just("\r\n"), Just(" "),
                Just("{\"tool_name\": \"vote\", \"arguments\": {\"a\": \"b}\\\"c\"}}"),
                Just("{\"tool_name\":\"f\",\"arguments\":{"), Just("}}"), Just("{"), Just("\""),
                Just("é漢"), Just("word"), Just(CALL),
            ], 0..14),
        width in 1usize..7,
    ) {
        let whole = pieces.concat();
        let letters: Vec<char> = whole.chars().collect();
        let chunks: Vec<String> = letters.chunks(width).map(|chunk| chunk.iter().collect()).collect();
        let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
        let (text, streamed, call) = read(&[&whole]);
        let (text_again, streamed_again, call_again) = read(&chunks);
        prop_assert_eq!(&text, &text_again);
        prop_assert_eq!(&call, &call_again);
        if let Some(call) = call {
            prop_assert_eq!(&streamed, &call.arguments);
            prop_assert_eq!(streamed, streamed_again);
        } else {
            prop_assert_eq!(text, whole);
        }
    }
}
