//! One team, asked in each wire family: the built program and the demo server over real HTTP.
//!
//! The script is the same, so the run must be too: the same answers and the same winner, tokens as the
//! server reports them, nothing repeated. The conversations are long enough that calls, results and
//! what replies carried go back.

use std::process::{Command, Stdio};

use massgen_tui::{
    demo::{DemoServer, Speed},
    protocol::{AgentEvent, EventKind},
    run::RunState,
    store::Store,
};

use crate::harness::beside;

/// What a run came to.
#[derive(Debug, PartialEq)]
struct Ran {
    out: String,
    answers: Vec<(String, String)>,
    settled: bool,
}

fn run(server: &DemoServer, kind: &str, wire: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let base = server.session();
    let base = match wire {
        "gemini" => format!("{}beta", base.trim_end_matches('/')),
        _ => base,
    };
    let agents = ["anvil", "lathe", "vise"].map(|name| {
        format!(
            "  - id: {name}\n    backend:\n      type: {kind}\n      wire: {wire}\n      \
             model: script-{name}\n      base_url: {base}\n      api_key: {}\n",
            server.token()
        )
    });
    let config = home.path().join("team.yaml");
    std::fs::write(&config, format!("agents:\n{}", agents.concat())).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(["run", "--config"])
        .arg(&config)
        .arg(prompt())
        .env_clear()
        .env("HOME", home.path())
        .env("MASSGEN_TUI_STATE_DIR", &state)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{wire}: {err}");
    let store = Store::reading(&state);
    let listing = store.list(1).unwrap();
    let log = store.read(&listing.sessions[0].run).unwrap();
    let mut folded = RunState::default();
    let mut answers = Vec::new();
    for event in &log.events {
        folded.apply(event);
        match &event.kind {
            EventKind::Agent { event, .. } => match event {
                AgentEvent::Call(call) => panic!("{wire}: trouble: {call:?}"),
                AgentEvent::Usage(usage) => {
                    assert!(!usage.estimated, "{wire}: the server tells its tokens");
                }
                AgentEvent::Published(answer) => {
                    answers.push((answer.label.to_string(), answer.text.clone()));
                }
                _ => {}
            },
            EventKind::Run(_) => {}
        }
    }
    answers.sort();
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        answers,
        settled: folded
            .turn
            .as_ref()
            .is_some_and(|turn| turn.outcome.is_some()),
    }
}

fn prompt() -> &'static str {
    "Why is 0.1 + 0.2 not 0.3 in floating point, and how should a program store money?"
}

#[test]
fn a_team_does_the_same_in_every_family() {
    let runtime = beside::runtime();
    let server = runtime.block_on(DemoServer::start(Speed::Max)).unwrap();
    let chat = run(&server, "chatcompletion", "chat");
    assert!(chat.settled && chat.answers.len() >= 2, "{chat:?}");
    for (kind, wire) in [
        ("openai", "responses"),
        ("claude", "messages"),
        ("gemini", "gemini"),
    ] {
        assert_eq!(run(&server, kind, wire), chat, "{wire}");
    }
}
