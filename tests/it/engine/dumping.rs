//! `--dump-prompts`: every request is on disk when the session is over, private and masked.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use massgen_tui::{
    engine::{self, outbox::Sinks},
    protocol::{Command, Event, EventKind, Level, Limits, RunEvent},
    store::redact::Redactor,
};
use tokio::sync::mpsc;

use super::{plain, setup};

/// Plays a turn of two with requests written to `folder`; secrets are masked. The clock is real: a
/// thread that writes and a paused clock would wait for each other.
async fn play(folder: &Path) -> Vec<Event> {
    let (sender, mut events) = mpsc::channel(1024);
    let sinks = Sinks {
        log: None,
        subscribers: vec![sender],
        redactor: Redactor::new(&["hunter2-hunter2".to_owned()]),
        trouble: None,
        prompts: Some(folder.to_owned()),
    };
    let models = vec![plain(1, "one", "agent1"), plain(2, "two", "agent1")];
    let prompt = "the task of hunter2-hunter2".to_owned();
    let session = engine::spawn(setup(models, Limits::default()), sinks, prompt);
    let mut heard = Vec::new();
    while let Some(event) = events.recv().await {
        let over = matches!(event.kind, EventKind::Run(RunEvent::Ended(_)));
        heard.push(event);
        if over {
            break;
        }
    }
    session
        .commands
        .send(Command::Close)
        .await
        .expect("it waits");
    while let Some(event) = events.recv().await {
        heard.push(event);
    }
    session.done.await.expect("the session ends orderly");
    heard
}

#[tokio::test]
async fn every_request_is_a_private_file_and_a_line_of_the_index() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("prompts");
    play(&folder).await;
    let index = std::fs::read_to_string(folder.join("index.jsonl")).expect("an index");
    let lines: Vec<serde_json::Value> = index
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(
        lines.len() >= 5,
        "two answers, two votes, one presentation: {index}"
    );
    let mut names = std::collections::BTreeSet::new();
    for line in &lines {
        let name = line["file"].as_str().expect("a name");
        assert!(names.insert(name), "{name} twice");
        let file = folder.join(name);
        let mode = std::fs::metadata(&file).expect("a file").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(file).expect("text");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("the task of ") && text.contains("## system"));
        assert!(line["tokens"].as_u64() > Some(50) && line["purpose"].is_string());
    }
    let first = "turn1-agent1-round1-call1.md";
    assert!(names.contains(first));
    let text = std::fs::read_to_string(folder.join(first)).expect("text");
    assert!(text.contains("## tool new_answer"), "{text}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_notice_and_the_run_goes_on() {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let events = play(&file.join("prompts")).await;
    let notices: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Run(RunEvent::Notice {
                level: Level::Warning,
                text,
            }) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].starts_with("A prompt was not written:"),
        "{notices:?}"
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Run(RunEvent::Decided(_))))
    );
}
