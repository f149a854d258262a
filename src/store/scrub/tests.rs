//! Sessions with secrets in every corner, before and after.

use std::{fmt::Write as _, fs, path::Path, time::SystemTime};

use super::*;
use crate::{
    protocol::{AgentId, Channel, RunEvent, Seq, Timestamp},
    store::{Reader, samples},
};

const KEY: &str = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
const RUN: &str = "20261121-101530-k3f9";

/// A store with a session that was written before its keys had a known shape.
fn store(folder: &Path) -> Store {
    let store = Store::reading(folder);
    let home = store.beside(&RunId(RUN.into()));
    fs::create_dir_all(home.join("prompts")).unwrap();
    let mut events = samples::session(RUN);
    if let EventKind::Run(RunEvent::Started(start)) = &mut events[0].kind {
        start.prompt = format!("use {KEY}");
    }
    // A key that two deltas cut in two, with the words of another agent between.
    let last = events.len() as u64;
    for (place, (agent, text)) in [
        (1, "key: sk-proj-01234567"),
        (2, "hm"),
        (1, "89abcdefghijklmnopqrstuvwxyz ok"),
    ]
    .into_iter()
    .enumerate()
    {
        events.push(Event {
            seq: Seq(last + 1 + place as u64),
            at: Timestamp(samples::STARTED),
            kind: EventKind::Agent {
                id: AgentId(agent),
                event: AgentEvent::Delta {
                    channel: Channel::Text,
                    text: text.into(),
                },
            },
        });
    }
    let mut log = serde_json::to_string(&Header::new(RunId(RUN.into()))).unwrap() + "\n";
    for event in &events {
        log += &(serde_json::to_string(event).unwrap() + "\n");
    }
    let _ = writeln!(log, "{{\"broken\": \"{KEY}");
    fs::write(home.join(LOG_FILE), log).unwrap();
    fs::write(
        home.join("notes.jsonl"),
        format!("{{\"text\":\"{KEY}\"}}\n{{}}\n"),
    )
    .unwrap();
    fs::write(home.join("prompts/1.txt"), format!("one\ntwo {KEY}\n")).unwrap();
    fs::write(
        home.join("prompts/2.json"),
        "{\"a\": \"-----BEGIN PRIVATE KEY-----MIIE\", \"b\": 1}",
    )
    .unwrap();
    fs::write(home.join("picture.bin"), b"\0\x01sk-proj").unwrap();
    store
}

#[test]
fn every_corner_is_looked_at_and_masked() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let run = RunId(RUN.into());
    let redactor = Redactor::default();
    let scan = store.scan(&run, &redactor).unwrap();
    let told: Vec<(String, u64, Option<u64>)> = scan
        .findings
        .iter()
        .map(|one| {
            (
                one.file.file_name().unwrap().to_string_lossy().into_owned(),
                one.line,
                one.event,
            )
        })
        .collect();
    let last = samples::session(RUN).len() as u64;
    let log = |line, event| (LOG_FILE.to_owned(), line, event);
    assert_eq!(
        told,
        [
            log(2, Some(1)),
            log(last + 2, Some(last + 1)),
            log(last + 5, None),
            ("notes.jsonl".into(), 1, None),
            ("1.txt".into(), 2, None),
            ("2.json".into(), 1, None),
        ]
    );
    assert_eq!(scan.passed_over.len(), 1);
    assert!(
        scan.findings
            .iter()
            .all(|one| !one.hit.excerpt.contains("0123456789"))
    );

    let log = store.log(&run);
    let before = fs::metadata(&log).unwrap().modified().unwrap();
    let count = |path: &Path| {
        let mut reader = Reader::open(path).unwrap();
        let mut count = 0;
        while reader.next().unwrap().is_some() {
            count += 1;
        }
        count
    };
    let events = count(&log);
    let scrubbed = store.scrub(&run, &redactor).unwrap();
    assert_eq!(scrubbed.changed.len(), 4);
    assert_eq!(fs::metadata(&log).unwrap().modified().unwrap(), before);
    assert!(before <= SystemTime::now());
    assert_eq!(count(&log), events, "every event is still there");
    let text = fs::read_to_string(&log).unwrap();
    assert!(
        !text.contains("89abcdefghij") && text.contains("sk-proj-…[masked]"),
        "{text}"
    );
    let json = fs::read_to_string(store.beside(&run).join("prompts/2.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["b"], 1);
    assert_eq!(store.scan(&run, &redactor).unwrap().findings, []);
    assert!(
        store.scrub(&run, &redactor).unwrap().changed.is_empty(),
        "once is enough"
    );
}

#[test]
fn a_session_that_is_written_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let run = RunId(RUN.into());
    let held = Lock::take(&store.beside(&run), &run).unwrap();
    let before = fs::read(store.log(&run)).unwrap();
    assert!(store.scrub(&run, &Redactor::default()).is_err());
    assert_eq!(fs::read(store.log(&run)).unwrap(), before);
    drop(held);
}

#[test]
fn lines_of_any_length_and_bytes_of_any_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.txt");
    let mut text = "é".repeat(100_000).into_bytes();
    text.extend_from_slice(b"\n\xff\xfe x\n");
    text.extend_from_slice(format!("{} {KEY}", "w ".repeat(50_000)).as_bytes());
    fs::write(&path, &text).unwrap();
    let mut scan = Scan::default();
    files::scan(&path, &Redactor::default(), &mut scan);
    let found: Vec<u64> = scan.findings.iter().map(|one| one.line).collect();
    assert_eq!(found, [3]);
    assert!(
        files::rewrite(&path, &Redactor::default()).is_err(),
        "it is not UTF-8"
    );
    assert_eq!(fs::read(&path).unwrap(), text, "and stays as it was");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
