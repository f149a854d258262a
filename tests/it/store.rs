//! Stored sessions through the public door: the format of the first release, a thousand sessions.

use std::{
    fs,
    path::{Path, PathBuf},
};

use massgen_tui::{
    run::RunState,
    store::{self, Header, Store},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/sessions")
        .join(name)
}

#[test]
fn a_log_of_schema_1_stays_readable_for_ever() {
    let session = store::read(&fixture("schema-1.jsonl")).unwrap();
    assert_eq!(session.header.schema, 1);
    assert_eq!(session.damage, None);
    let mut state = RunState::default();
    for event in &session.events {
        state.apply(event);
    }
    let turn = state.turn.expect("the session has a turn");
    assert_eq!(turn.answers.len(), 2);
    assert_eq!(turn.dropped.len(), 1);
    assert_eq!(
        turn.decision
            .map(|decision| decision.winner.to_string())
            .as_deref(),
        Some("agent2.1")
    );
    assert_eq!(state.gaps, 0);
}

#[test]
fn a_log_that_was_killed_and_scribbled_on_opens() {
    let session = store::read(&fixture("damaged.jsonl")).unwrap();
    let damage = session.damage.expect("it is damaged");
    assert!(damage.unfinished && damage.lost_events());
    assert_eq!(damage.first_skipped, Some(5));
    assert!(session.events.len() > 5);
}

#[test]
fn a_log_of_a_newer_program_is_refused_with_advice() {
    let failure = store::read(&fixture("schema-999.jsonl")).unwrap_err();
    assert!(failure.hint.contains("Update"), "{failure}");
}

#[test]
fn a_thousand_sessions_are_listed_without_reading_their_logs() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).unwrap();
    let body = fs::read_to_string(fixture("schema-1.jsonl")).unwrap();
    let (_, events) = body.split_once('\n').unwrap();
    for number in 0..1000 {
        let run = massgen_tui::protocol::RunId(format!("20260101-{number:06}-abcd"));
        let header = serde_json::to_string(&Header::new(run.clone())).unwrap();
        let log = store.log(&run);
        fs::create_dir(log.parent().unwrap()).unwrap();
        fs::write(log, format!("{header}\n{events}")).unwrap();
    }
    let first = store.list(usize::MAX).unwrap();
    assert_eq!((first.total, first.sessions.len()), (1000, 1000));
    assert!(
        first.sessions.is_sorted_by(|a, b| a.run.0 > b.run.0),
        "newest first"
    );
    assert!(
        first
            .sessions
            .iter()
            .all(|session| session.outcome == "answered")
    );

    // Logs of the same length with nothing in them: whoever read one would say `damaged`.
    for session in &first.sessions {
        let log = store.log(&session.run);
        let length = fs::metadata(&log).unwrap().len();
        fs::write(log, "x".repeat(usize::try_from(length).unwrap())).unwrap();
    }
    assert_eq!(store.list(usize::MAX).unwrap(), first);
}
