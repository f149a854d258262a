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

/// A session of a folder.
async fn new_session(client: &mut Client, folder: &Path) -> Value {
    let cwd = json!({"cwd": folder, "mcpServers": []});
    client.call(1, "session/new", cwd).await["result"]["sessionId"].take()
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
    let session = new_session(&mut client, folder.path()).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_came_to_nothing_is_followed_by_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Times(0.01));
    let (mut client, _served) = begun(&host).await;
    let session = new_session(&mut client, folder.path()).await;
    let name = session.as_str().expect("a name");
    let prompt = json!({"sessionId": session, "prompt": [{"type": "text", "text": "How?"}]});
    let cancel = json!({"sessionId": session});
    // Cancelled before it has even started.
    client.request(2, "session/prompt", prompt.clone()).await;
    client.notify("session/cancel", cancel.clone()).await;
    let end = client.answer(2).await;
    assert_eq!(end["result"]["stopReason"], "cancelled", "{end}");
    // Stopped from elsewhere before there was an answer.
    client.news.clear();
    client.request(3, "session/prompt", prompt.clone()).await;
    while client.next().await["params"]["update"]["sessionUpdate"] != "plan" {}
    let stop = crate::protocol::Command::Stop;
    host.command(name, stop).await.expect("it is told");
    let end = client.answer(3).await;
    let told = end["error"]["message"].as_str().unwrap_or_default();
    assert!(told.contains("no answer"), "{end}");
    // The session goes on.
    client.news.clear();
    client.request(4, "session/prompt", prompt).await;
    while client.next().await["params"]["update"]["sessionUpdate"] != "plan" {}
    client.notify("session/cancel", cancel).await;
    let end = client.answer(4).await;
    assert_eq!(end["result"]["stopReason"], "cancelled", "{end}");
    let seen = host.seen(name).await.expect("a log");
    assert_eq!(seen.status.turn, 3);
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_not_read_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Max);
    let (mut client, _served) = begun(&host).await;
    let mut sent = 0;
    let all = async {
        while sent < 20_000 {
            client.request(7, "nope", json!({})).await;
            sent += 1;
        }
    };
    let wait = std::time::Duration::from_secs(3);
    assert!(tokio::time::timeout(wait, all).await.is_err(), "{sent}");
    for _ in 0..sent {
        assert_eq!(client.next().await["error"]["code"], METHOD);
    }
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_nothing_more_to_say_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Max);
    for _ in 0..20 {
        let (mut client, served) = begun(&host).await;
        client.request(1, "nope", json!({})).await;
        client.close().await;
        assert_eq!(client.answer(1).await["error"]["code"], METHOD);
        served.await.expect("no panic").expect("it ends");
    }
    host.close().await;
}
