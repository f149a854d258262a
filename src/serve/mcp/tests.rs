//! A client over a pipe against the demo team.

use serde_json::{Value, json};

use super::*;
use crate::{
    app::host::State,
    demo::Speed,
    protocol::Failure,
    serve::testing::{Client, host, line},
};

async fn begun(host: &Host) -> (Client, tokio::task::JoinHandle<Result<(), String>>) {
    let (mut client, theirs) = line();
    let (input, output) = tokio::io::split(theirs);
    let usual = TeamChoice::Demo("quick".into());
    let served = tokio::spawn(serve(host.clone(), usual, input, output));
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"}});
    let answer = client.call(1, "initialize", hello).await;
    assert_eq!(answer["result"]["serverInfo"]["name"], "massgen-tui");
    client.notify("notifications/initialized", json!({})).await;
    (client, served)
}

fn tool(name: &str, arguments: &Value, token: Option<&str>) -> Value {
    let mut params = json!({"name": name, "arguments": arguments});
    if let Some(token) = token {
        params["_meta"] = json!({"progressToken": token});
    }
    params
}

fn words(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_default()
}

#[test]
fn the_list_of_tools_can_be_read_and_says_what_they_do() {
    let tools = tools().expect("tools");
    assert_eq!(tools.len(), 11);
    for tool in tools {
        assert!(tool.output_schema.is_some(), "{}", tool.name);
        let hints = tool.annotations.expect("annotations");
        assert!(hints.read_only_hint.is_some(), "{}", tool.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_answers_with_words_and_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Max);
    let (mut client, served) = begun(&host).await;
    let level = client
        .call(2, "logging/setLevel", json!({"level": "debug"}))
        .await;
    assert!(level.get("error").is_none(), "{level}");
    let ask = tool("run_ask", &json!({"prompt": "How?"}), Some("t"));
    let answer = client.call(3, "tools/call", ask).await;
    let data = answer["result"]["structuredContent"].clone();
    assert_eq!(data["state"], "answered", "{answer}");
    let run = data["run"].as_str().expect("a name").to_owned();
    assert!(words(&answer).contains(&format!("massgen-tui open {run}")));
    let progress: Vec<&Value> = client
        .news
        .iter()
        .filter(|one| one["method"] == "notifications/progress")
        .collect();
    assert!(!progress.is_empty());
    let told: Vec<f64> = progress
        .iter()
        .filter_map(|one| one["params"]["progress"].as_f64())
        .collect();
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}");
    let logged = |one: &&Value| one["method"] == "notifications/message";
    assert!(client.news.iter().any(|one| logged(&one)));
    let mut id = 10;
    for (name, arguments, key) in [
        ("run_status", json!({"id": run}), "agents"),
        (
            "run_result",
            json!({"id": "latest", "wait_seconds": 1}),
            "text",
        ),
        ("run_list", json!({"filter": "how"}), "sessions"),
        ("run_stop", json!({"id": run}), "said"),
        ("run_analyze", json!({"id": run}), "report"),
        ("run_changes", json!({"id": run}), "folders"),
        ("config_list", json!({}), "demos"),
        (
            "run_start",
            json!({"prompt": "Again.", "continue": run}),
            "open",
        ),
    ] {
        id += 1;
        let answer = client
            .call(id, "tools/call", tool(name, &arguments, None))
            .await;
        let result = &answer["result"];
        assert_ne!(result["isError"], json!(true), "{name}: {answer}");
        assert!(
            !result["structuredContent"][key].is_null(),
            "{name}: {answer}"
        );
        assert!(!words(&answer).is_empty(), "{name}");
    }
    for (name, arguments, told) in [
        ("run_ask", json!({"task": "x"}), "unknown field `task`"),
        (
            "run_ask",
            json!({"prompt": "x", "files": ["/etc/passwd"]}),
            "outside of what may be named",
        ),
        ("run_status", json!({"id": "nope"}), "nope"),
        (
            "run_steer",
            json!({"id": run, "text": ""}),
            "The message is empty",
        ),
    ] {
        id += 1;
        let answer = client
            .call(id, "tools/call", tool(name, &arguments, None))
            .await;
        assert_eq!(answer["result"]["isError"], json!(true), "{name}: {answer}");
        assert!(words(&answer).contains(told), "{name}: {answer}");
    }
    let none = client
        .call(99, "tools/call", tool("nope", &json!({}), None))
        .await;
    assert!(
        none["error"]["message"]
            .as_str()
            .is_some_and(|words| words.contains("no tool"))
    );
    drop(client);
    served.await.expect("no panic").expect("it ends");
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_stops_its_run_and_a_client_that_goes_stops_all() -> Result<(), Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    let host = host(folder.path(), Speed::Times(0.01));
    let (mut client, served) = begun(&host).await;
    let ask = tool("run_ask", &json!({"prompt": "How?"}), Some("t"));
    client.request(3, "tools/call", ask).await;
    while host.running().await?.is_empty() {
        tokio::task::yield_now().await;
    }
    let run = host.running().await?[0].clone();
    client
        .notify(
            "notifications/cancelled",
            json!({"requestId": 3, "reason": "enough"}),
        )
        .await;
    let seen = host.ended(&run.0).await?;
    assert_eq!(seen.status.state, State::Stopped);
    let start = tool("run_start", &json!({"prompt": "More."}), None);
    let answer = client.call(4, "tools/call", start).await;
    let started = answer["result"]["structuredContent"]["run"].clone();
    drop(client);
    served.await.expect("no panic").expect("it ends");
    let left = host.close().await;
    assert_eq!(json!(left), json!([started]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_above_the_servers_is_lowered_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = crate::config::Environment::gather([], folder.path(), None, None);
    let state = folder.path().join("state");
    let mut services = crate::app::Services::new(environment, state, Speed::Max);
    let set = services.overlay.set("orchestrator.limits.usd=0.5");
    set.expect("a setting");
    let (host, _runs) = Host::spawn(Arc::new(services), crate::app::host::Bounds::default());
    let (mut client, _served) = begun(&host).await;
    for (id, name) in [(3, "run_start"), (4, "run_ask")] {
        let asked = json!({"prompt": "How?", "max_usd": 3});
        let answer = client
            .call(id, "tools/call", tool(name, &asked, None))
            .await;
        let note = &answer["result"]["structuredContent"]["notes"][0];
        let told = note.as_str().unwrap_or_default();
        assert!(told.contains("limits.usd is 0.5"), "{answer}");
        assert!(words(&answer).contains(told), "{answer}");
    }
    let asked = json!({"prompt": "How?", "max_usd": 0.1});
    let answer = client
        .call(5, "tools/call", tool("run_start", &asked, None))
        .await;
    let notes = &answer["result"]["structuredContent"]["notes"];
    assert_eq!(notes, &json!([]), "{answer}");
    host.close().await;
}
