//! The demo script of every mode, played by the built program without a terminal to its outcome.

use std::process::{Command, Stdio};

use massgen_tui::{protocol::Outcome, run::RunState, store::Store};

/// What a run printed and what its log folds to.
struct Ran {
    out: String,
    err: String,
    state: RunState,
    code: i32,
}

fn run(scenario: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let output = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(["run", "--demo", scenario, "--demo-speed", "max"])
        .env_clear()
        .env("HOME", home.path())
        .env("MASSGEN_TUI_STATE_DIR", &state)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let store = Store::reading(&state);
    let listing = store.list(1).unwrap();
    let log = store.read(&listing.sessions[0].run).unwrap();
    let mut state = RunState::default();
    for event in &log.events {
        state.apply(event);
    }
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        state,
        code: output.status.code().unwrap_or(-1),
    }
}

#[test]
fn layers_end_with_the_aggregators_text() {
    let ran = run("layers");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("layer 2 of 2"), "{}", ran.err);
    assert!(
        ran.out.starts_with("## A first incident runbook"),
        "{}",
        ran.out
    );
    assert_eq!(ran.state.turn.unwrap().answers.len(), 6);
}

#[test]
fn rounds_end_early_with_the_result_of_most() {
    let ran = run("rounds");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("refinement ended after round 2"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("72 km/h"), "{}", ran.out);
    let judged = ran.err.contains("refinement 2 of 4");
    assert!(judged, "the judge let it go on once: {}", ran.err);
}

#[test]
fn samples_end_with_the_majority() {
    let ran = run("samples");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.trim_end().ends_with("Answer: 0.05"), "{}", ran.out);
    let turn = ran.state.turn.unwrap();
    assert_eq!(turn.decision.unwrap().majority.unwrap().labels.len(), 4);
}

#[test]
fn a_council_ends_with_the_chairmans_text() {
    let ran = run("council");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("Borda count: agent2.1 by elm won"),
        "{}",
        ran.err
    );
    assert!(ran.out.starts_with("## Both"), "{}", ran.out);
}

#[test]
fn parts_are_assembled_and_the_lost_one_is_named() {
    let ran = run("parts");
    assert_eq!(ran.code, 4, "not everything was delivered: {}", ran.err);
    assert!(
        ran.out.contains("**Not delivered:**\n\n- part 3 (agent3)"),
        "{}",
        ran.out
    );
    let turn = ran.state.turn.unwrap();
    assert_eq!(turn.steps.missing.len(), 1);
    assert!(matches!(turn.outcome, Some(Outcome::Answered { .. })));
}
