//! Conversations that become too long, with the built program: the script `long` played alone, and
//! against the demo server as a server that makes them smaller itself.

use std::process::{Command, Stdio};

use massgen_tui::demo::{DemoServer, Speed};
use massgen_tui::protocol::{AgentEvent, CallEvent, CompactedBy, EventKind, Failure, Usage};
use massgen_tui::store::Store;

use crate::harness::beside;

/// One conversation made smaller.
#[derive(Debug)]
struct Made {
    agent: u32,
    before: u64,
    after: u64,
    way: CompactedBy,
    spent: Usage,
    instead: Option<Failure>,
}

/// What a run told on standard error, and its compactions.
fn run(arguments: &[&str], home: &std::path::Path) -> (String, Vec<Made>) {
    let state = home.join("state");
    let output = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("MASSGEN_TUI_STATE_DIR", &state)
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let store = Store::reading(&state);
    let listing = store.list(1).unwrap();
    let log = store.read(&listing.sessions[0].run).unwrap();
    let compactions = log.events.iter().filter_map(|event| match &event.kind {
        EventKind::Agent {
            id,
            event:
                AgentEvent::Call(CallEvent::Compacted {
                    before,
                    after,
                    way,
                    spent,
                    instead,
                    ..
                }),
            ..
        } => Some(Made {
            agent: u32::from(id.0),
            before: *before,
            after: *after,
            way: *way,
            spent: *spent,
            instead: instead.clone(),
        }),
        _ => None,
    });
    (told, compactions.collect())
}

#[test]
fn the_script_long_is_made_smaller_in_time_and_after_a_refusal() {
    let home = tempfile::tempdir().unwrap();
    let (told, made) = run(
        &["run", "--demo", "long", "--demo-speed", "max"],
        home.path(),
    );
    for agent in [1, 2] {
        let own: Vec<_> = made.iter().filter(|made| made.agent == agent).collect();
        assert!(!own.is_empty(), "agent{agent}: {told}");
        for made in own {
            assert!(made.after < made.before, "{made:?}");
            assert_eq!(made.way, CompactedBy::Summary, "{made:?}");
            assert!(made.spent.input > 0, "the notes cost tokens: {made:?}");
        }
    }
    assert!(told.contains("made its conversation smaller: "), "{told}");
    let end = told.lines().find(|line| line.contains("answered ("));
    let sum = end.is_some_and(|end| end.contains("; conversations made smaller "));
    assert!(sum, "the sum and what it saved: {told}");
}

#[test]
fn the_demo_server_makes_a_conversation_smaller_itself() {
    for kind in ["openai, wire: responses", "claude"] {
        let (told, made) = at_the_demo_server(kind);
        let native: Vec<_> = made
            .iter()
            .filter(|made| made.way == CompactedBy::Native)
            .collect();
        assert!(!native.is_empty(), "{kind}: {told}\n{made:?}");
        for made in native {
            assert!(
                made.instead.is_none() && made.after < made.before && made.spent.calls > 0,
                "{kind}: {made:?}"
            );
        }
    }
}

/// The script `long` with agents of one kind, at a server.
fn at_the_demo_server(kind: &str) -> (String, Vec<Made>) {
    let runtime = beside::runtime();
    let server = runtime.block_on(DemoServer::start(Speed::Max)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let agents = ["cairn", "willow"].map(|name| {
        format!(
            "  - id: {name}\n    backend: {{type: {kind}, model: script-{name}, \
             base_url: '{}', api_key: {}, context_window: 3000, compaction: {{threshold: 0.6}}}}\n",
            server.session(),
            server.token()
        )
    });
    let config = home.path().join("team.yaml");
    std::fs::write(&config, format!("agents:\n{}", agents.concat())).unwrap();
    let prompt = "How does a small office keep its files safe? Write the rules that people there can follow.";
    run(
        &["run", "--config", config.to_str().unwrap(), prompt],
        home.path(),
    )
}
