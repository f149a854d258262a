//! `logs analyze --model` with the built program over real HTTP, in all four families: an analysis that is
//! kept, and everything that must leave none.
//!
//! The servers are our own on loopback. Nothing here sleeps.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use massgen_tui::demo::{DemoServer, Speed};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{
    beside,
    sse_server::{Connection, Server},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_massgen-tui");
/// The key the program is given; nobody may ever see it.
const KEY: &str = "sk-analysis-0123456789abcdefghij";
/// Backend types and wires.
const FAMILIES: [(&str, &str); 4] = [
    ("openai", "chat"),
    ("openai", "responses"),
    ("claude", "messages"),
    ("gemini", "gemini"),
];

/// A home with one stored session.
struct Home {
    folder: tempfile::TempDir,
    runtime: Runtime,
}

impl Home {
    fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            runtime: beside::runtime(),
        };
        let run = [
            "run",
            "-q",
            "--demo",
            "quick",
            "--demo-speed",
            "max",
            "Why?",
        ];
        assert!(home.command(&run).output().unwrap().status.success());
        home
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("MASSGEN_TUI_STATE_DIR", self.folder.path().join("state"))
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A configuration with one agent at this address.
    fn config(
        &self,
        (kind, wire): (&str, &str),
        base_url: &str,
        key: &str,
        model: &str,
    ) -> PathBuf {
        let path = self.folder.path().join("team.yaml");
        let yaml = format!(
            "agents:\n  - id: reader\n    backend: {{type: {kind}, wire: {wire}, model: \"{model}\", \
             base_url: \"{base_url}\", api_key: \"{key}\"}}\n"
        );
        std::fs::write(&path, yaml).unwrap();
        path
    }

    fn analyze(&self, config: &Path, more: &[&str]) -> Command {
        let config = config.to_str().unwrap();
        let asked = ["logs", "analyze", "--model", "reader", "--config", config];
        let arguments: Vec<&str> = asked.iter().chain(more).copied().collect();
        self.command(&arguments)
    }

    /// The files that are kept.
    fn kept(&self) -> Vec<PathBuf> {
        let sessions = self.folder.path().join("state/sessions");
        let mut kept = Vec::new();
        for session in std::fs::read_dir(sessions).unwrap() {
            let folder = session.unwrap().path().join("analysis");
            let files = std::fs::read_dir(folder).into_iter().flatten();
            kept.extend(files.map(|file| file.unwrap().path()));
        }
        kept
    }
}

fn said(output: &Output) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!text.contains(KEY), "nobody sees the key: {text}");
    text
}

#[test]
fn every_family_reads_a_log() {
    let home = Home::new();
    let server = home
        .runtime
        .block_on(DemoServer::start(Speed::Max))
        .unwrap();
    let root = server.base_url();
    let root = root.trim_end_matches("/v1");
    for (number, family) in FAMILIES.into_iter().enumerate() {
        let base_url = match family.1 {
            "gemini" => format!("{root}/v1beta"),
            _ => format!("{root}/v1"),
        };
        let model = match family.1 {
            // The name stands in the path there.
            "gemini" => "analyst",
            _ => "demo/analyst",
        };
        let config = home.config(family, &base_url, server.token(), model);
        let output = home
            .analyze(&config, &["--json", "--force"])
            .output()
            .unwrap();
        let told = said(&output);
        assert!(output.status.success(), "{family:?}: {told}");
        let data: Value = serde_json::from_slice(&output.stdout).unwrap();
        let analysis = &data["analyses"][0];
        assert_eq!(analysis["of"]["turn"], 1, "{family:?}");
        assert_eq!(analysis["shape"], "as_asked", "{family:?}");
        assert_eq!(analysis["stale"], Value::Null, "{family:?}");
        assert!(
            analysis["by"]["usage"]["input"].as_u64() > Some(0),
            "{family:?}"
        );
        let claims = analysis["claims"].as_array().unwrap();
        assert!(claims.len() > 2, "{family:?}: {analysis}");
        let found: Vec<&str> = claims
            .iter()
            .map(|claim| claim["cites"][0]["found"].as_str().unwrap())
            .collect();
        let (last, others) = found.split_last().unwrap();
        assert_eq!(*last, "no", "{family:?}");
        assert!(
            others.iter().all(|found| *found == "yes"),
            "{family:?}: {found:?}"
        );
        assert_eq!(home.kept().len(), number + 1, "{family:?}");
        // Asked again, it is there already and costs nothing.
        let again = home.analyze(&config, &[]).output().unwrap();
        assert!(said(&again).contains("--force asks again"), "{family:?}");
        assert_eq!(home.kept().len(), number + 1, "{family:?}");
    }
    let listed = home.command(&["logs", "list"]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert_eq!(
        listed.lines().count(),
        2,
        "an analysis is no session: {listed}"
    );
    let counted = home.command(&["logs", "analyze"]).output().unwrap();
    assert!(said(&counted).contains("### Analyses"));
}

/// The frames of a reply that says this, in the words of a family; the last one ends it.
fn frames(wire: &str, text: &str) -> Vec<String> {
    let event = |value: Value| {
        let name = value["type"].as_str().unwrap_or_default().to_owned();
        format!("event: {name}\ndata: {value}\n\n")
    };
    match wire {
        "chat" => {
            let frame = |delta: Value, finish: Value| {
                let chunk =
                    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
                format!("data: {chunk}\n\n")
            };
            vec![
                frame(json!({"content": text}), Value::Null),
                frame(json!({}), "stop".into()),
                "data: [DONE]\n\n".to_owned(),
            ]
        }
        "responses" => {
            let item = json!({"id": "m", "type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}]});
            vec![
                event(
                    json!({"type": "response.output_item.added", "output_index": 0, "item":
                    {"id": "m", "type": "message", "role": "assistant", "status": "in_progress", "content": []}}),
                ),
                event(
                    json!({"type": "response.output_text.delta", "item_id": "m", "output_index": 0,
                    "content_index": 0, "delta": text}),
                ),
                event(
                    json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
                ),
                event(
                    json!({"type": "response.completed", "response": {"id": "r", "status": "completed",
                    "output": [item], "usage": {"input_tokens": 1, "output_tokens": 1}}}),
                ),
            ]
        }
        "messages" => vec![
            event(
                json!({"type": "message_start", "message": {"id": "m", "type": "message",
                "role": "assistant", "model": "m", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}}),
            ),
            event(
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            ),
            event(
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
            ),
            event(json!({"type": "content_block_stop", "index": 0})),
            event(
                json!({"type": "message_delta", "usage": {"output_tokens": 1}, "delta": {"stop_reason": "end_turn"}}),
            ),
            event(json!({"type": "message_stop"})),
        ],
        _ => vec![
            format!(
                "data: {}\n\n",
                json!({"candidates": [{"index": 0, "content":
                {"role": "model", "parts": [{"text": text}]}}]})
            ),
            format!(
                "data: {}\n\n",
                json!({"candidates": [{"index": 0, "content":
                {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}})
            ),
        ],
    }
}

async fn stream(mut connection: Connection, frames: &[String]) {
    connection.open().await;
    for frame in frames {
        connection.send(frame).await;
    }
    connection.finish().await;
}

/// One answer to one call, by another thread, while the program runs.
fn answered<F>(
    home: &Home,
    family: (&str, &str),
    more: &[&str],
    answer: impl FnOnce(Server) -> F,
) -> Output
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = home.runtime.block_on(Server::start());
    let config = home.config(family, &server.base_url(), KEY, "m");
    let task = home.runtime.spawn(answer(server));
    let output = home.analyze(&config, more).output().unwrap();
    task.abort();
    output
}

const GOOD: &str = r#"{"summary": "It went well.", "claims": [{"topic": "votes", "text": "One voted.", "events": [1]}]}"#;

#[test]
fn what_fails_leaves_nothing() {
    let home = Home::new();
    for family in FAMILIES {
        let wire = family.1.to_owned();
        let refused = answered(&home, family, &[], |server| async move {
            let body = r#"{"error":{"message":"Incorrect API key provided","type":"authentication_error","code":401,"status":"UNAUTHENTICATED"}}"#;
            server.accept().await.reply(401, &[], body).await;
        });
        assert_eq!(refused.status.code(), Some(1), "{family:?}");
        assert!(
            said(&refused).contains("no access"),
            "{family:?}: {}",
            said(&refused)
        );

        let all = frames(&wire, &GOOD[..40]);
        let cut = answered(&home, family, &[], |server| async move {
            let mut connection = server.accept().await;
            connection.open().await;
            // Words have come, the end never does.
            let most = if all.len() > 3 { all.len() - 3 } else { 1 };
            for frame in all.iter().take(most.max(1)) {
                connection.send(frame).await;
            }
            connection.cut();
            // Another attempt gets the same.
            while let Some(connection) = server.accept_if_asked().await {
                connection.cut();
            }
        });
        assert_eq!(cut.status.code(), Some(1), "{family:?}: {}", said(&cut));

        for empty in ["", "{}", "   \n"] {
            let all = frames(&wire, empty);
            let output = answered(&home, family, &[], |server| async move {
                while let Some(connection) = server.accept_if_asked().await {
                    stream(connection, &all).await;
                }
            });
            assert_eq!(
                output.status.code(),
                Some(1),
                "{family:?} {empty:?}: {}",
                said(&output)
            );
        }
        assert!(home.kept().is_empty(), "{family:?}");
    }
}

#[test]
fn a_reply_out_of_form_is_kept_as_what_it_is() {
    let home = Home::new();
    for (number, family) in FAMILIES.into_iter().enumerate() {
        let all = frames(
            family.1,
            "Both voted [e1].\n\nThe answer is correct, I say [e99999].",
        );
        let output = answered(&home, family, &["--force"], |server| async move {
            stream(server.accept().await, &all).await;
        });
        let told = said(&output);
        assert!(output.status.success(), "{family:?}: {told}");
        for words in [
            "it stands as plain text",
            "e99999: not found in the log",
            "judges an answer",
        ] {
            assert!(told.contains(words), "{family:?}: {told}");
        }
        assert_eq!(home.kept().len(), number + 1);
    }
}

#[test]
fn a_form_that_is_refused_leads_to_a_simpler_one() {
    let home = Home::new();
    for family in [
        ("openai", "chat"),
        ("openai", "responses"),
        ("gemini", "gemini"),
    ] {
        let wire = family.1.to_owned();
        let all = frames(&wire, GOOD);
        let output = answered(&home, family, &["--force"], |server| async move {
            let first = server.accept().await;
            let field = match wire.as_str() {
                "chat" => first.request.json()["response_format"].clone(),
                "responses" => first.request.json()["text"]["format"].clone(),
                _ => first.request.json()["generationConfig"]["responseSchema"].clone(),
            };
            assert!(field.is_object(), "{field}");
            let body = r#"{"error":{"message":"structured outputs are not available here","type":"invalid_request_error"}}"#;
            first.reply(400, &[], body).await;
            let second = server.accept().await;
            assert!(second.request.body.contains("report_analysis"));
            stream(second, &all).await;
        });
        let told = said(&output);
        assert!(output.status.success(), "{family:?}: {told}");
        assert!(
            told.contains("asking for a tool call instead"),
            "{family:?}: {told}"
        );
    }
}

#[test]
fn signals_end_the_call_and_keep_nothing() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        ended_by(signal, code);
    }
}

fn ended_by(signal: Signal, code: i32) {
    let home = Home::new();
    let server = home.runtime.block_on(Server::start());
    let config = home.config(("openai", "chat"), &server.base_url(), KEY, "m");
    let child = home.analyze(&config, &[]).spawn().unwrap();
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    home.runtime.block_on(async {
        let mut connection = server.accept().await;
        connection.open().await;
        let first = frames("chat", "Half");
        connection.send(&first[0]).await;
        kill_process(pid, signal).unwrap();
        // The server sees that nobody listens any more.
        connection.closed().await;
    });
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    assert!(said(&output).contains("nothing was kept"));
    assert!(home.kept().is_empty());
}

#[test]
fn wrong_words_are_exit_code_2_and_send_nothing() {
    let home = Home::new();
    for (arguments, words) in [
        (vec!["--model", "opnai/gpt-5.4"], "Did you mean openai?"),
        (
            vec!["--model", "openai/gpt-5.4"],
            "OPENAI_API_KEY is not set",
        ),
        (vec!["--model", "nonsense"], "It is not known who serves"),
        (vec!["--model", "claude_code/x"], "is a program"),
        (vec!["--model", "demo/other"], "demo/analyst"),
        (vec!["--model", "demo/analyst", "--turn", "7"], "it has 1"),
        (vec!["--turn", "1"], "--model"),
        (
            vec!["--model", "demo/analyst", "--config", "no.yaml"],
            "no.yaml",
        ),
    ] {
        let all: Vec<&str> = ["logs", "analyze"]
            .into_iter()
            .chain(arguments.clone())
            .collect();
        let output = home.command(&all).output().unwrap();
        let told = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
    assert!(home.kept().is_empty());
}

#[test]
fn a_dry_run_tells_the_price_and_sends_nothing() {
    let home = Home::new();
    let analyze = |more: &[&str]| {
        let all: Vec<&str> = ["logs", "analyze", "--model", "openai/gpt-5.4-mini"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        home.command(&all)
            .env("OPENAI_API_KEY", KEY)
            .output()
            .unwrap()
    };
    let output = analyze(&["--dry-run"]);
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    for words in [
        "about $",
        "at most $",
        "Nothing was sent",
        "BEGIN OF EVIDENCE",
        "[e1] ",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let data = analyze(&["--dry-run", "--json"]);
    let data: Value = serde_json::from_slice(&data.stdout).unwrap();
    assert!(
        data["usd_at_most"].as_f64() >= data["usd"].as_f64(),
        "{data}"
    );
    let dear = analyze(&["--max-usd", "0.000001"]);
    assert_eq!(dear.status.code(), Some(2));
    assert!(said(&dear).contains("Nothing was sent"));
    let auto = home
        .command(&["logs", "analyze", "--model", "auto", "--dry-run"])
        .env("MASSGEN_TUI_ANALYSIS_MODEL", "demo/analyst")
        .output()
        .unwrap();
    assert!(said(&auto).contains("demo/analyst (a script, no model)"));
}
