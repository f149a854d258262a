//! An editor over a pipe against the demo team.

use serde_json::{Value, json};

use super::*;
use crate::{
    demo::Speed,
    serve::testing::{Client, host, line},
};

async fn begun(host: &Host) -> (Client, tokio::task::JoinHandle<Result<(), String>>) {
    let (mut client, theirs) = line();
    let (input, output) = tokio::io::split(theirs);
    let usual = TeamChoice::Demo("quick".into());
    let served = tokio::spawn(serve(host.clone(), usual, input, output));
    let hello = json!({"protocolVersion": 1, "clientCapabilities": {}});
    let answer = client.call(0, "initialize", hello).await;
    assert_eq!(answer["result"]["protocolVersion"], 1);
    (client, served)
}

fn text(news: &[Value], kind: &str) -> String {
    let updates = news.iter().map(|one| &one["params"]["update"]);
    updates
        .filter(|update| update["sessionUpdate"] == kind)
        .filter_map(|update| update["content"]["text"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_are_turns_of_one_session_that_can_be_loaded_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Max);
    let (mut client, served) = begun(&host).await;
    let server = json!({"name": "files\u{1b}[2J", "command": "x", "args": [], "env": []});
    let cwd = json!({"cwd": folder.path(), "mcpServers": [server]});
    let new = client.call(1, "session/new", cwd.clone()).await;
    let session = new["result"]["sessionId"]
        .as_str()
        .expect("a name")
        .to_owned();
    assert_eq!(new["result"]["modes"]["currentModeId"], "usual");
    for id in [2, 3] {
        client.news.clear();
        let prompt = json!({"sessionId": session, "prompt": [{"type": "text", "text": "How?"}]});
        let end = client.call(id, "session/prompt", prompt).await;
        assert_eq!(end["result"]["stopReason"], "end_turn", "{end}");
        let said = text(&client.news, "agent_message_chunk");
        assert!(
            said.contains(&format!("massgen-tui open {session}")),
            "{said}"
        );
        // Once, and clean.
        let thoughts = text(&client.news, "agent_thought_chunk");
        let told = thoughts.contains("The tool servers of the editor are not used");
        assert_eq!(told, id == 2, "{thoughts}");
        assert!(!thoughts.contains('\u{1b}'));
        let kinds: Vec<&Value> = client
            .news
            .iter()
            .map(|one| &one["params"]["update"]["sessionUpdate"])
            .collect();
        for kind in ["plan", "tool_call", "tool_call_update"] {
            assert!(kinds.contains(&&json!(kind)), "{kind}");
        }
    }
    let seen = host.seen(&session).await.expect("a log");
    assert_eq!(seen.status.turn, 2);
    // Another client loads it.
    drop(client);
    served.await.expect("no panic").expect("it ends");
    let (mut client, _served) = begun(&host).await;
    let load = json!({"sessionId": session, "cwd": folder.path(), "mcpServers": []});
    let loaded = client.call(4, "session/load", load).await;
    assert!(loaded.get("error").is_none(), "{loaded}");
    assert_eq!(text(&client.news, "user_message_chunk"), "How?How?");
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_cancelled_and_wrong_words_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Times(0.01));
    let (mut client, _served) = begun(&host).await;
    let cwd = json!({"cwd": folder.path(), "mcpServers": []});
    let new = client.call(1, "session/new", cwd).await;
    let session = new["result"]["sessionId"].clone();
    let prompt = json!({"sessionId": session, "prompt": [{"type": "text", "text": "How?"}]});
    client.request(2, "session/prompt", prompt.clone()).await;
    let twice = client.call(3, "session/prompt", prompt).await;
    assert_eq!(twice["error"]["code"], PARAMS, "{twice}");
    let load = json!({"sessionId": session, "cwd": folder.path(), "mcpServers": []});
    let load = client.call(4, "session/load", load).await;
    assert_eq!(load["error"]["code"], PARAMS, "{load}");
    client
        .notify("session/cancel", json!({"sessionId": session}))
        .await;
    let end = client.answer(2).await;
    assert_eq!(end["result"]["stopReason"], "cancelled", "{end}");
    for (method, params, code) in [
        (
            "session/new",
            json!({"cwd": "relative", "mcpServers": []}),
            PARAMS,
        ),
        ("session/new", json!({"cwd": "/", "mcpServers": []}), PARAMS),
        (
            "session/load",
            json!({"sessionId": "nope", "cwd": folder.path()}),
            NOT_FOUND,
        ),
        (
            "session/prompt",
            json!({"sessionId": "nope", "prompt": []}),
            NOT_FOUND,
        ),
        (
            "session/set_mode",
            json!({"sessionId": session, "modeId": "x"}),
            PARAMS,
        ),
        ("nope", json!({}), METHOD),
    ] {
        let answer = client.call(9, method, params).await;
        assert_eq!(answer["error"]["code"], code, "{method}: {answer}");
    }
    let mode = json!({"sessionId": session, "modeId": "demo"});
    let set = client.call(10, "session/set_mode", mode).await;
    assert!(set.get("error").is_none(), "{set}");
    host.close().await;
}
