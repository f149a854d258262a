//! Lines of real programs, read; and lines that no program would write.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::acp::{Acp, Opening};
use super::claude::Claude;
use super::codex::Codex;
use super::gemini::Gemini;
use super::heard::{Heard, Writing};
use super::launch::Ear;
use crate::protocol::{FailureKind, ToolEvent};
use crate::provider::Permitted;

/// All that a program's lines say, in short words.
fn hear(ear: &mut Ear, lines: &[Value]) -> Vec<String> {
    lines
        .iter()
        .flat_map(|line| ear.hear(line))
        .map(|heard| short(&heard))
        .collect()
}

fn short(heard: &Heard) -> String {
    match heard {
        Heard::Session(id) => format!("session {id}"),
        Heard::Text(text) => format!("text {text}"),
        Heard::Thinking(text) => format!("think {text}"),
        Heard::Writes(Writing::Begins(name)) => format!("begins {name}"),
        Heard::Writes(Writing::More(text)) => format!("fragment {text}"),
        Heard::Tool(ToolEvent::Started {
            call,
            name,
            arguments,
        }) => format!("{call}: {name} {arguments}"),
        Heard::Tool(ToolEvent::Noted { call, note }) => format!("{call}: {note:?}"),
        Heard::Tool(ToolEvent::Finished {
            call, ok, output, ..
        }) => format!("{call}: {ok} {output}"),
        Heard::Retrying {
            attempt,
            wait_ms,
            failure,
        } => format!("attempt {attempt} in {wait_ms}: {}", failure.kind.word()),
        Heard::Tokens(tokens) => format!(
            "tokens {}+{}/{}",
            tokens.input, tokens.cached, tokens.output
        ),
        Heard::Total(tokens) => {
            format!("total {}/{} {:?}", tokens.input, tokens.output, tokens.usd)
        }
        Heard::Asks(_) => "asks".to_owned(),
        Heard::Say(line) => format!("say {line}"),
        Heard::Done => "done".to_owned(),
        Heard::Failed(failure) => format!("failed {}", failure.words()),
    }
}

#[test]
fn claude_code() {
    let piece =
        |event: Value| json!({"type": "stream_event", "event": event, "parent_tool_use_id": null});
    let lines = [
        json!({"type":"system","subtype":"init","session_id":"s","mcp_servers":[{"name":"massgen","status":"connected"}]}),
        json!({"type":"system","subtype":"api_retry","attempt":1,"retry_delay_ms":500,"error_status":529,"error":"overloaded"}),
        piece(
            json!({"type":"message_start","message":{"id":"m1","usage":{"input_tokens":10,"cache_read_input_tokens":90}}}),
        ),
        piece(
            json!({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}),
        ),
        piece(json!({"type":"content_block_start","index":1,"content_block":{"type":"text"}})),
        piece(
            json!({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}),
        ),
        piece(
            json!({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","name":"mcp__massgen__new_answer"}}),
        ),
        piece(
            json!({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"c"}}),
        ),
        piece(json!({"type":"message_delta","usage":{"output_tokens":7}})),
        json!({"type":"assistant","parent_tool_use_id":null,"message":{"id":"m1","content":[{"type":"text","text":"Hi"},
            {"type":"tool_use","id":"t","name":"Read","input":{"a":1}},{"type":"tool_use","id":"u","name":"mcp__massgen__vote","input":{}}]}}),
        json!({"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"}]},
            {"type":"tool_result","tool_use_id":"u","content":"ok"}]}}),
        json!({"type":"result","subtype":"success","is_error":false,"session_id":"s","usage":{"input_tokens":10,"output_tokens":7},"total_cost_usd":0.5}),
    ];
    let heard = hear(&mut Ear::Claude(Claude::default()), &lines);
    assert_eq!(
        heard,
        [
            "session s",
            "attempt 2 in 500: server busy",
            "think hm",
            "text Hi",
            "begins new_answer",
            "fragment {\"c",
            "tokens 100+90/7",
            "t: Read {\"a\":1}",
            "t: true x",
            "session s",
            "total 10/7 Some(0.5)",
            "done",
        ]
    );
}

#[test]
fn claude_code_without_a_login() {
    let lines = [
        json!({"type":"assistant","error":"authentication_failed","message":{"id":"m","model":"<synthetic>","content":[{"type":"text","text":"Please run /login"}]}}),
        json!({"type":"result","subtype":"success","is_error":true,"result":"Please run /login","session_id":"s"}),
    ];
    let mut ear = Ear::Claude(Claude::default());
    let last = lines.iter().flat_map(|line| ear.hear(line)).last();
    let Some(Heard::Failed(failure)) = last else {
        panic!("{last:?}");
    };
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.message.contains("/login"));
}

#[test]
fn codex() {
    let lines = [
        json!({"type":"thread.started","thread_id":"01a1"}),
        json!({"type":"turn.started"}),
        json!({"type":"error","message":"Reconnecting... 2/5"}),
        json!({"type":"item.started","item":{"id":"i0","type":"mcp_tool_call","server":"massgen","tool":"vote","status":"in_progress"}}),
        json!({"type":"item.completed","item":{"id":"i1","type":"reasoning","text":"hm"}}),
        json!({"type":"item.started","item":{"id":"i2","type":"command_execution","command":"ls","status":"in_progress"}}),
        json!({"type":"item.completed","item":{"id":"i2","type":"command_execution","command":"ls","aggregated_output":"a","exit_code":1,"status":"failed"}}),
        json!({"type":"item.completed","item":{"id":"i3","type":"agent_message","text":"One."}}),
        json!({"type":"item.completed","item":{"id":"i4","type":"agent_message","text":"Two."}}),
        json!({"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":60,"output_tokens":5}}),
    ];
    let heard = hear(&mut Ear::Codex(Codex::default()), &lines);
    assert_eq!(
        heard,
        [
            "session 01a1",
            "attempt 3 in 0: connection trouble",
            "think hm\n\n",
            "i2: shell ls",
            "i2: false a",
            "text One.",
            "text \n\nTwo.",
            "total 100/5 None",
            "done",
        ]
    );
    let failed = hear(
        &mut Ear::Codex(Codex::default()),
        &[json!({"type":"turn.failed","error":{"message":"Quota exceeded. Check your plan."}})],
    );
    assert_eq!(failed, ["failed Codex: Quota exceeded. Check your plan."]);
}

#[test]
fn gemini() {
    let lines = [
        json!({"type":"init","session_id":"g","model":"m"}),
        json!({"type":"message","role":"user","content":"the prompt"}),
        json!({"type":"message","role":"assistant","content":"Hi","delta":true}),
        json!({"type":"tool_use","tool_name":"mcp_massgen_vote","tool_id":"a","parameters":{}}),
        json!({"type":"tool_use","tool_name":"glob","tool_id":"b","parameters":{"p":1}}),
        json!({"type":"tool_result","tool_id":"a","status":"success","output":"ok"}),
        json!({"type":"tool_result","tool_id":"b","status":"error","error":{"message":"no"}}),
        json!({"type":"message","role":"assistant","content":"More","delta":true}),
        json!({"type":"error","severity":"warning","message":"loop"}),
        json!({"type":"result","status":"success","stats":{"input_tokens":9,"output_tokens":2,"cached":1}}),
    ];
    let heard = hear(&mut Ear::Gemini(Gemini::default()), &lines);
    assert_eq!(
        heard,
        [
            "session g",
            "text Hi",
            "b: glob {\"p\":1}",
            "b: false no",
            "text \n\nMore",
            "remark_1: warning ",
            "remark_1: false loop",
            "total 9/2 None",
            "done",
        ]
    );
}

#[test]
fn acp_opens_asks_and_refuses() {
    let opening = Opening {
        tools: Some(("bin".into(), vec!["a".into()])),
        prompt: "task".into(),
        ..Opening::default()
    };
    let mut client = Acp::new("agent", opening);
    assert!(client.begin().contains("\"initialize\""));
    let mut ear = Ear::Acp(Box::new(client));
    let new = hear(&mut ear, &[json!({"id":1,"result":{"protocolVersion":1}})]).join("");
    assert!(
        new.contains("session/new") && new.contains("\"bin\"") && new.contains("\"env\":[]"),
        "{new}"
    );
    let prompt = hear(&mut ear, &[json!({"id":2,"result":{"sessionId":"z"}})]).join(" ");
    assert!(
        prompt.contains("session/prompt") && prompt.contains("task"),
        "{prompt}"
    );
    let options =
        json!([{"optionId":"y","kind":"allow_once"},{"optionId":"n","kind":"reject_once"}]);
    let mut asks = 0;
    let no = Permitted::No("no".into());
    for (title, kind, chosen) in [
        ("vote (massgen MCP Server)", "other", "\"y\""),
        ("rm -rf / # massgen", "execute", "\"n\""),
        ("edit a", "edit", "\"n\""),
    ] {
        let line = json!({"id":0,"method":"session/request_permission","params":{"toolCall":{"title":title,"kind":kind},"options":options}});
        let answer = hear(&mut ear, &[line]);
        asks += u64::from(chosen == "\"n\"");
        let answer = match answer[0].as_str() {
            "asks" => ear.permit(asks, &no).iter().map(short).collect(),
            _ => answer,
        };
        assert!(answer[0].contains(chosen), "{title}: {answer:?}");
        assert_eq!(
            answer.len() > 1,
            chosen == "\"n\"",
            "a refusal is shown: {title}"
        );
        assert!(
            ear.permit(asks, &Permitted::Yes).is_empty(),
            "answered once"
        );
    }
    let update = |update: Value| json!({"method":"session/update","params":{"update":update}});
    // Codex names only the call, and told before what it is.
    for (id, input, chosen) in [
        ("a", json!({"server":"massgen","tool":"vote"}), "\"y\""),
        ("b", json!({"command":"massgen"}), "asks"),
    ] {
        let told = update(
            json!({"sessionUpdate":"tool_call","toolCallId":id,"title":"mcp.massgen.vote",
            "kind":"execute","status":"in_progress","rawInput":input}),
        );
        let asked = json!({"id":1,"method":"session/request_permission",
            "params":{"toolCall":{"toolCallId":id,"kind":"execute"},"options":options}});
        let heard = hear(&mut ear, &[told, asked]);
        let last = heard.last().unwrap();
        assert!(last.contains(chosen), "{id}: {heard:?}");
    }
    let heard = hear(
        &mut ear,
        &[
            json!({"id":5,"method":"fs/read_text_file","params":{}}),
            update(
                json!({"sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"hm"}}),
            ),
            update(
                json!({"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"Hi"}}),
            ),
            update(
                json!({"sessionUpdate":"tool_call_update","toolCallId":"t","title":"a.rs","kind":"read","status":"completed"}),
            ),
            json!({"id":3,"result":{"stopReason":"end_turn"}}),
        ],
    );
    assert!(heard[0].contains("-32601"), "{heard:?}");
    assert_eq!(
        heard[1..],
        ["think hm", "text Hi", "t: read a.rs", "t: true ", "done"]
    );
    let Ear::Acp(client) = &mut ear else {
        panic!("it was one");
    };
    assert!(
        client
            .prompt("more")
            .is_some_and(|line| line.contains("more"))
    );
    assert!(client.prompt("too soon").is_none());
    let auth =
        ear.hear(&json!({"id":4,"error":{"code":-32000,"message":"Authentication required"}}));
    assert!(matches!(&auth[..], [Heard::Failed(failure)] if failure.kind == FailureKind::Auth));
}

/// JSON of words that programs use, in places where they do not.
fn odd() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "type",
        "system",
        "subtype",
        "init",
        "result",
        "stream_event",
        "event",
        "assistant",
        "message",
        "content",
        "tool_use",
        "id",
        "item",
        "item.completed",
        "turn.failed",
        "error",
        "method",
        "session/update",
        "params",
        "update",
        "sessionUpdate",
        "tool_call",
        "usage",
        "stats",
        "session_id",
        "tool_result",
        "delta",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|pairs| pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_line_breaks_a_reader(lines in prop::collection::vec(odd(), 0..6)) {
        let ears = [
            Ear::Claude(Claude::default()),
            Ear::Codex(Codex::default()),
            Ear::Gemini(Gemini::default()),
            Ear::Acp(Box::new(Acp::new("a", Opening::default()))),
        ];
        for mut ear in ears {
            for line in &lines {
                let _ = ear.hear(line);
            }
        }
    }
}
