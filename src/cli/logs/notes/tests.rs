//! What `logs note`, `notes` and `merge` write, print and refuse.

use std::{fs, path::Path};

use clap::Parser as _;

use super::*;
use crate::{
    cli::{Cli, logs::run_on},
    config::Paths,
    protocol::Event,
    store::{Store, samples},
};

const RUN: &str = "20261121-101530-k3f9";

async fn stored(root: &Path, run: &str, events: &[Event]) {
    let store = Store::open(root).unwrap();
    let log = store.write(RunId(run.into())).unwrap();
    for event in events {
        log.append(event.clone()).await;
    }
    log.close().await;
}

async fn one_session() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    stored(root.path(), RUN, &samples::session(RUN)).await;
    root
}

/// Runs a command line such as `note latest words --author Mia`.
fn logs(root: &Path, line: &[&str]) -> Result<String, String> {
    let words = ["massgen-tui", "logs"].iter().chain(line);
    let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
    let Some(crate::cli::args::Sub::Logs(args)) = cli.command else {
        return Err("no logs".into());
    };
    let paths = Paths {
        cwd: root.to_owned(),
        ..Paths::default()
    };
    let shelf = Shelf::new(root, &paths, None);
    let mut out = Vec::new();
    let mut page = Page {
        out: &mut out,
        columns: None,
    };
    run_on(&shelf, &args, &mut page).map_err(|failure| failure.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

/// Writes a note as somebody and returns its name.
fn noted(root: &Path, by: &str, line: &[&str]) -> String {
    let line: Vec<&str> = ["note", RUN].iter().chain(line).copied().collect();
    let line: Vec<&str> = line.into_iter().chain(["--author", by]).collect();
    let told = logs(root, &line).unwrap();
    told.split_once(' ').unwrap().0.to_owned()
}

fn list(root: &Path, by: &str, flags: &[&str]) -> String {
    let line = ["notes", RUN, "--author", by];
    let line: Vec<&str> = line.iter().chain(flags).copied().collect();
    logs(root, &line).unwrap()
}

#[tokio::test]
async fn people_talk_about_a_session() {
    let root = one_session().await;
    let root = root.path();
    assert!(list(root, "Mia", &[]).contains("0 threads"));
    let on_answer = noted(
        root,
        "Mia",
        &["is this right?", "--answer", "agent1.1", "--turn", "1"],
    );
    noted(root, "Bo", &["yes, see line 3", "--reply", &on_answer[..6]]);
    let on_all = noted(root, "Bo", &["good run"]);
    let text = list(root, "Mia", &[]);
    assert!(
        text.contains("2 threads, 2 open, 2 unread by Mia"),
        "{text}"
    );
    let order = [
        "the session · open",
        "good run",
        "answer agent1.1 (event",
        "is this right?",
        "↳",
        "yes, see line 3",
    ];
    let mut at = 0;
    for part in order {
        let place = text[at..].find(part);
        at += place.unwrap_or_else(|| panic!("{part} behind {at} in {text}"));
    }
    noted(root, "Bo", &["--resolve", &on_answer]);
    let open = list(root, "Mia", &["--open", "--seen"]);
    assert!(
        open.contains("good run") && !open.contains("is this right?"),
        "{open}"
    );
    let unread = list(root, "Mia", &["--unread"]);
    assert!(
        unread.contains("yes, see") && !unread.contains("good run"),
        "{unread}"
    );
    noted(root, "Bo", &["--reopen", &on_answer]);
    noted(root, "Bo", &["--edit", &on_all, "a good run"]);
    let json: Value = serde_json::from_str(&list(root, "Mia", &["--json"])).unwrap();
    assert_eq!(json["threads"][0]["notes"][0]["text"], "a good run");
    assert_eq!(json["threads"][0]["unread"][0], on_all, "{json}");
    assert_eq!(json["threads"][1]["resolved"], Value::Null);
    noted(root, "Bo", &["--remove", &on_all]);
    assert!(list(root, "Mia", &[]).contains("1 thread, 1 open"));
}

#[tokio::test]
async fn what_cannot_be_noted_is_said() {
    let root = one_session().await;
    let root = root.path();
    let id = noted(root, "Mia", &["mine"]);
    let check = |line: &[&str], told: &str| {
        let line: Vec<&str> = ["note", RUN].iter().chain(line).copied().collect();
        let line: Vec<&str> = line.into_iter().chain(["--author", "Bo"]).collect();
        let failure = logs(root, &line).unwrap_err();
        assert!(failure.contains(told), "{line:?}: {failure}");
    };
    check(&[], "no words");
    check(&[" \n"], "no words");
    check(&["words", "--at", "99999"], "no event 99999");
    check(&["words", "--answer", "agent7.7"], "no answer agent7.7");
    check(&["words", "--lines", "3"], "--file");
    check(&["words", "--file", "a", "--lines", "9-3"], "12-18");
    check(
        &["words", "--at", "2", "--turn", "1"],
        "cannot be used with",
    );
    check(
        &["words", "--at", "2", "--reply", &id],
        "cannot be used with",
    );
    check(&["words", "--resolve", &id], "cannot be used with");
    check(&["other", "--edit", &id], "is of Mia; you are Bo");
    check(&["--remove", &id], "is of Mia; you are Bo");
    check(&["--resolve", "zz"], "No note of this session");
    check(&[&"x".repeat(20_000)], "16384 bytes");
    assert!(list(root, "Bo", &[]).contains("1 thread"));
}

#[tokio::test]
async fn two_copies_that_were_both_annotated_become_the_same() {
    let (ours, theirs) = (one_session().await, tempfile::tempdir().unwrap());
    let (ours, theirs) = (ours.path(), theirs.path());
    let first = noted(ours, "Mia", &["before the copy", "--at", "2"]);
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(ours.join("sessions"))
        .arg(theirs)
        .status();
    assert!(copied.unwrap().success());
    noted(ours, "Mia", &["mine", "--at", "3"]);
    noted(
        ours,
        "Mia",
        &["--edit", &first, "before the copy, and changed"],
    );
    noted(theirs, "Bo", &["theirs", "--reply", &first]);
    noted(theirs, "Bo", &["--resolve", &first]);
    let (here, there) = (
        ours.join("sessions").join(RUN),
        theirs.join("sessions").join(RUN),
    );
    let merge = |root: &Path, from: &Path| logs(root, &["merge", from.to_str().unwrap()]).unwrap();
    let told = merge(ours, &there);
    assert!(
        told.contains("1 note and 1 other record new to session"),
        "{told}"
    );
    let told = merge(theirs, &here.join("notes.jsonl"));
    assert!(
        told.contains("1 note and 1 other record new to session"),
        "{told}"
    );
    assert!(merge(ours, &there).contains("0 notes and 0 other records new"));
    let (one, other) = (list(ours, "Eve", &[]), list(theirs, "Eve", &[]));
    assert_eq!(one, other);
    assert!(one.contains("2 threads, 1 open, 3 unread by Eve"), "{one}");
    assert!(
        one.contains("before the copy, and changed") && one.contains("resolved by Bo"),
        "{one}"
    );
}

#[tokio::test]
async fn notes_of_another_story_are_refused() {
    let ours = one_session().await;
    let theirs = tempfile::tempdir().unwrap();
    let mut events = samples::session(RUN);
    events.truncate(5);
    events[2].at.0 += 1;
    stored(theirs.path(), RUN, &events).await;
    let other = "20261122-101530-aaaa";
    stored(theirs.path(), other, &samples::session(other)).await;
    noted(theirs.path(), "Bo", &["theirs"]);
    let line = ["note", other, "elsewhere", "--author", "Bo"];
    logs(theirs.path(), &line).unwrap();
    let copy = |run: &str| theirs.path().join("sessions").join(run);
    let check = |line: &[&str], told: &str| {
        let line: Vec<&str> = ["merge"].iter().chain(line).copied().collect();
        let failure = logs(ours.path(), &line).unwrap_err();
        assert!(failure.contains(told), "{line:?}: {failure}");
    };
    check(&[copy(RUN).to_str().unwrap()], "event 3 is not the same");
    check(&[copy(other).to_str().unwrap()], "which is not here");
    let into = [copy(other).to_str().unwrap(), "--into", RUN].map(str::to_owned);
    check(&into.each_ref().map(String::as_str), "not to 20261121");
    check(&["/nowhere/at/all"], "holds no notes and no session");
    assert!(list(ours.path(), "Mia", &[]).contains("0 threads"));
    // A copy that is shorter than ours tells no other story.
    let mut whole = samples::session(RUN);
    whole.truncate(4);
    let short = tempfile::tempdir().unwrap();
    stored(short.path(), RUN, &whole).await;
    noted(short.path(), "Bo", &["early"]);
    let copy = short.path().join("sessions").join(RUN);
    logs(ours.path(), &["merge", copy.to_str().unwrap()]).unwrap();
    assert!(list(ours.path(), "Mia", &[]).contains("early"));
}

#[tokio::test]
async fn what_others_write_does_no_harm() {
    let root = one_session().await;
    let dir = root.path().join("sessions").join(RUN);
    let hostile = "\\u001b[2J\\u001b]52;c;ZXZpbA==\\u0007 \\u202egnp.exe\\nsecond line\\u0000";
    let header = format!("{{\"massgen_tui\":\"notes\",\"schema\":1,\"run\":\"{RUN}\"}}\n");
    let record = |id: u64, by: &str, text: &str| {
        format!(
            "{{\"at\":1,\"note\":\"{id:016x}\",\"by\":\"{by}\",\"act\":{{\"written\":{{\"on\":\
             {{\"about\":\"event\",\"seq\":99999999}},\"text\":\"{text}\"}}}}}}\n"
        )
    };
    let huge = "x".repeat(LONGEST_TEXT + 1);
    let file = header + &record(1, "E\\u001b[31mve\\nMia", hostile) + &record(2, "Eve", &huge);
    fs::write(dir.join("notes.jsonl"), file).unwrap();
    let text = list(root.path(), "Mia", &[]);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text:?}"
    );
    assert!(
        text.contains("1 thread") && text.contains("second line"),
        "{text}"
    );
    assert!(text.contains("1 line of"), "the huge one is told: {text}");
}

#[test]
fn a_log_of_massgen_gets_notes_without_being_written() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let log = root.join(".massgen/massgen_logs/log_20260101_000000_000001");
    fs::create_dir_all(log.join("turn_1/attempt_1")).unwrap();
    let metadata = "query: 'why'\ntimestamp: '2026-01-31T12:00:00'\n";
    fs::write(
        log.join("turn_1/attempt_1/execution_metadata.yaml"),
        metadata,
    )
    .unwrap();
    let line = [
        "note",
        "massgen-2026",
        "never ended",
        "--turn",
        "1",
        "--author",
        "Mia",
    ];
    logs(root, &line).unwrap();
    let text = logs(root, &["notes", log.to_str().unwrap(), "--author", "Mia"]).unwrap();
    assert!(
        text.contains("never ended") && text.contains("turn 1 (event 1)"),
        "{text}"
    );
    let beside = root.join("imported/massgen-20260101-000000-000001/notes.jsonl");
    assert!(beside.is_file());
    assert_eq!(fs::read_dir(&log).unwrap().count(), 1);
    // Another machine with the same log: the folder beside it is enough.
    let folder = beside.parent().unwrap().to_str().unwrap();
    let told = logs(root, &["merge", folder]).unwrap();
    assert!(told.contains("0 notes and 0 other records new"), "{told}");
}
