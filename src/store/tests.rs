//! Names, folders and the list.

use std::{fs, os::unix::fs::MetadataExt};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::protocol::{AgentId, EventKind, Label};
use crate::protocol::{
    Event, NoAnswerReason, Outcome, OutcomeEnd, RunEvent, Seq, Stage, StageEvent, StageKind,
};

fn store() -> (Store, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    (Store::open(&root.path().join("state")).unwrap(), root)
}

fn put(store: &Store, run: &str, events: &[Event]) {
    let dir = store.sessions.join(run);
    fs::create_dir_all(&dir).unwrap();
    let mut text = serde_json::to_string(&Header::new(RunId(run.into()))).unwrap() + "\n";
    for event in events {
        text.push_str(&serde_json::to_string(event).unwrap());
        text.push('\n');
    }
    fs::write(dir.join(LOG_FILE), text).unwrap();
}

#[test]
fn a_run_id_is_its_start_in_utc_and_four_letters() {
    let id = new_run_id(samples::STARTED).0;
    assert_eq!(&id[..16], "20261121-101530-");
    assert_eq!(id.len(), 20);
    assert!(is_run_name(&id));
    assert!(
        is_run_name(&new_run_id(u64::MAX).0),
        "an absurd clock is no reason to fail"
    );
}

#[test]
fn names_that_could_leave_the_folder_are_no_sessions() {
    for name in [
        "", ".", "..", "../x", "a/b", ".hidden", "-x", "A", "a b", "a.tmp", "é",
    ] {
        assert!(!is_run_name(name), "{name}");
    }
    assert!(!is_run_name(&"a".repeat(65)));
}

#[test]
fn the_folder_is_private() {
    let (store, root) = store();
    assert_eq!(fs::metadata(store.folder()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(
        fs::metadata(root.path().join("state")).unwrap().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_state_folder_that_is_a_file_is_refused_in_words() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("state");
    fs::write(&file, "").unwrap();
    let failure = Store::open(&file).unwrap_err();
    assert!(failure.message.contains("state"), "{failure}");
    assert!(failure.hint.contains("--state-dir"), "{failure}");
}

#[test]
fn looking_needs_no_folder() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::reading(&root.path().join("nothing"));
    assert_eq!(store.list(10).unwrap(), Listing::default());
    let failure = store.find("latest").unwrap_err();
    assert!(failure.hint.contains("--demo"), "{failure}");
    assert!(!root.path().join("nothing").exists());
}

#[test]
fn sessions_are_found_by_beginning_by_ending_and_by_age() {
    let (store, _root) = store();
    for run in [
        "20261120-101530-aaaa",
        "20261121-101530-bbbb",
        "20261121-101530-cccc",
    ] {
        put(&store, run, &samples::session(run));
    }
    let found = |name: &str| {
        store
            .find(name)
            .map(|run| run.0)
            .map_err(|failure| failure.message)
    };
    assert_eq!(found("latest").as_deref(), Ok("20261121-101530-cccc"));
    assert_eq!(found("20261120").as_deref(), Ok("20261120-101530-aaaa"));
    assert_eq!(found(" bbbb ").as_deref(), Ok("20261121-101530-bbbb"));
    assert_eq!(
        found("20261121-101530-bbbb").as_deref(),
        Ok("20261121-101530-bbbb")
    );
    let ambiguous = found("20261121").unwrap_err();
    assert!(
        ambiguous.contains("20261121-101530-bbbb, ")
            || ambiguous.contains("20261121-101530-cccc, ")
    );
    assert!(ambiguous.contains("fits 2 sessions"), "{ambiguous}");
    assert!(found("zzzz").unwrap_err().contains("\"zzzz\""));
    assert!(found("../state").is_err());
}

#[test]
fn within_a_second_the_session_written_last_is_the_newest() {
    let (store, _root) = store();
    let written = |seconds| std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    for (run, at) in [
        ("20261121-101530-zzzz", 1),
        ("20261121-101530-aaaa", 2),
        ("20261121-101529-mmmm", 3),
    ] {
        put(&store, run, &samples::session(run));
        let log = fs::OpenOptions::new()
            .append(true)
            .open(store.log(&RunId(run.into())))
            .unwrap();
        log.set_modified(written(at)).unwrap();
    }
    assert_eq!(store.find("latest").unwrap().0, "20261121-101530-aaaa");
}

#[test]
fn the_list_tells_what_became_of_each_session() {
    let (store, _root) = store();
    let label = Label::new(AgentId(2), 1);
    let whole = samples::session("20261121-101530-aaaa");
    put(&store, "20261121-101530-aaaa", &whole);
    put(&store, "20261121-101531-bbbb", &whole[..10]);
    let mut gap = whole.clone();
    gap.remove(3);
    put(&store, "20261121-101532-cccc", &gap);
    put(
        &store,
        "20261121-101533-dddd",
        &samples::numbered(vec![
            samples::started("20261121-101533-dddd", 1, "first"),
            samples::usage(1, 0.5, false),
            samples::ended(label, "text", OutcomeEnd::Limit),
            samples::started("20261121-101533-dddd", 2, "second"),
            samples::usage(1, 0.25, true),
            EventKind::Run(RunEvent::Ended(Outcome::NoAnswer {
                reason: NoAnswerReason::Cancelled,
                message: "Stopped.".into(),
            })),
        ]),
    );
    fs::create_dir_all(store.sessions.join("20261121-101534-eeee")).unwrap();
    fs::write(
        store.sessions.join("20261121-101534-eeee").join(LOG_FILE),
        "not ours\n",
    )
    .unwrap();
    fs::create_dir_all(store.sessions.join("20261121-101535-ffff")).unwrap();

    let listing = store.list(100).unwrap();
    let words: Vec<(&str, &str)> = listing
        .sessions
        .iter()
        .map(|session| (&session.run.0[16..], session.outcome.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            ("eeee", "damaged"),
            ("dddd", "cancelled"),
            ("cccc", "damaged"),
            ("bbbb", "unfinished"),
            ("aaaa", "answered"),
        ]
    );
    let first = listing.sessions.last().unwrap();
    assert_eq!(first.prompt, "Why is the sky blue?\nShort, please.");
    assert_eq!((first.turns, first.agents, first.demo), (1, 3, true));
    assert_eq!(first.winner.as_deref(), Some("brook"));
    assert_eq!(first.started_ms, samples::STARTED);
    assert_eq!(first.duration_ms, 25 * 500);
    assert!((first.cost_usd.unwrap() - 0.0021).abs() < 1e-9);
    let turns = &listing.sessions[1];
    assert_eq!(
        (turns.turns, turns.prompt.as_str(), turns.winner.as_deref()),
        (2, "first", None)
    );
    assert!((turns.cost_usd.unwrap() - 0.75).abs() < 1e-9);
    assert_eq!(
        (
            store.list(2).unwrap().sessions.len(),
            store.list(2).unwrap().total
        ),
        (2, 5)
    );
}

#[test]
fn a_stored_summary_is_used_until_the_log_grows() {
    let (store, _root) = store();
    let run = "20261121-101530-aaaa";
    let whole = samples::session(run);
    put(&store, run, &whole[..10]);
    assert_eq!(store.list(1).unwrap().sessions[0].outcome, "unfinished");
    let file = store.sessions.join(run).join(SUMMARY_FILE);
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("unfinished", "from the file");
    fs::write(&file, text).unwrap();
    assert_eq!(store.list(1).unwrap().sessions[0].outcome, "from the file");
    put(&store, run, &whole);
    assert_eq!(store.list(1).unwrap().sessions[0].outcome, "answered");
    fs::write(&file, "{broken").unwrap();
    assert_eq!(store.list(1).unwrap().sessions[0].outcome, "answered");
}

#[test]
fn a_task_in_several_turns_is_unfinished_until_it_says_that_it_is_over() {
    let (store, _root) = store();
    let run = "20261121-101530-aaaa";
    let mut events = samples::session(run);
    for event in &mut events {
        if let EventKind::Run(RunEvent::Started(start)) = &mut event.kind {
            start.stage = Some(Stage {
                kind: StageKind::Plan,
                title: String::new(),
                step: String::new(),
                number: 1,
                of: 1,
                whole: None,
                settled: Vec::new(),
            });
        }
    }
    let outcome = || store.list(1).unwrap().sessions[0].outcome.clone();
    put(&store, run, &events);
    assert_eq!(outcome(), "unfinished");
    let last = events.last().unwrap().clone();
    events.push(Event {
        seq: Seq(last.seq.0 + 1),
        at: last.at,
        kind: EventKind::Run(RunEvent::Stage(StageEvent::Over { outcome: None })),
    });
    put(&store, run, &events);
    assert_eq!(outcome(), "answered");
}

#[tokio::test]
async fn a_live_summary_equals_one_made_from_the_log() {
    let (store, _root) = store();
    let run = RunId("20261121-101530-aaaa".into());
    let handle = store.write(run.clone()).unwrap();
    for event in samples::session(&run.0) {
        handle.append(event).await;
    }
    handle.close().await;
    let live = store.list(1).unwrap();
    fs::remove_file(store.sessions.join(&run.0).join(SUMMARY_FILE)).unwrap();
    assert_eq!(store.list(1).unwrap(), live);
    assert_eq!(store.read(&run).unwrap().events, samples::session(&run.0));
}

/// A change of the event types shows here: either old logs stay readable, or the schema rises. A new
/// field is no change of the schema as long as it has a default.
#[test]
fn the_format_is_that_of_the_stored_example() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/sessions/schema-1.jsonl"
    );
    let stored = fs::read_to_string(path).unwrap();
    let written = samples::session("20261121-101530-k3f9");
    let (_, lines) = stored.split_once('\n').unwrap();
    assert_eq!(lines.lines().count(), written.len());
    for (line, event) in lines.lines().zip(written) {
        let old: Event = serde_json::from_str(line).unwrap();
        assert_eq!(old, event, "old lines read as what they meant");
        // The one name that has changed since: it is read under both.
        let line = line.replace("\"event\":{\"retrying\":", "\"event\":{\"call\":");
        let old: Value = serde_json::from_str(&line).unwrap();
        let new = serde_json::to_value(&event).unwrap();
        assert!(holds(&new, &old), "{old}\n{new}");
    }
}

/// Whether every value of `old` stands in `new` at the same place.
fn holds(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => old
            .iter()
            .all(|(key, old)| new.get(key).is_some_and(|new| holds(new, old))),
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| holds(new, old))
        }
        (new, old) => new == old,
    }
}

proptest! {
    #[test]
    fn finding_never_panics_nor_leaves_the_folder(name in "\\PC{0,30}") {
        let (store, _root) = store();
        put(&store, "20261121-101530-aaaa", &samples::session("20261121-101530-aaaa"));
        if let Ok(run) = store.find(&name) {
            prop_assert!(is_run_name(&run.0));
        }
    }
}
