//! Commands that take too much, or do not want to end.

use std::{fs, io::Read as _, process::Command, thread};

use massgen_tui::protocol::ToolNote;
use serde_json::json;

use super::rig::Rig;

/// A pipe in the worktree: whoever reads it sees its end when nobody holds it open any more.
fn pipe(rig: &Rig) -> thread::JoinHandle<String> {
    let path = rig.root.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    thread::spawn(move || {
        let mut text = String::new();
        fs::File::open(path)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    })
}

#[tokio::test]
async fn nothing_of_a_command_goes_on_after_it() {
    let rig = Rig::usual();
    if !rig.is_held().await {
        return;
    }
    let reader = pipe(&rig);
    let line = "exec 3> pipe; sleep 600 & setsid sleep 600 & (setsid sh -c 'setsid sleep 600 &' &) ; \
                nohup sleep 600 > /dev/null & echo begun >&3; exit 3";
    let (ok, text, note) = rig.sh(line).await;
    assert!(!ok && text.starts_with("exit 3"), "{text}");
    assert!(matches!(note, Some(ToolNote::Exit { code: Some(3), .. })));
    assert_eq!(
        reader.join().unwrap(),
        "begun\n",
        "all that held the pipe is gone"
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_its_processes_along() {
    let rig = std::sync::Arc::new(Rig::usual());
    if !rig.is_held().await {
        return;
    }
    let reader = pipe(&rig);
    let works = rig.root.join("works");
    assert!(
        Command::new("mkfifo")
            .arg(&works)
            .status()
            .unwrap()
            .success()
    );
    let task = tokio::spawn({
        let rig = std::sync::Arc::clone(&rig);
        async move {
            rig.sh("exec 3> pipe; setsid sleep 600 & echo begun > works; sleep 600")
                .await
        }
    });
    let begun = tokio::task::spawn_blocking(move || fs::read_to_string(works).unwrap());
    assert_eq!(begun.await.unwrap(), "begun\n");
    task.abort();
    assert!(task.await.is_err());
    let ended = tokio::task::spawn_blocking(move || reader.join().unwrap());
    assert_eq!(ended.await.unwrap(), "");
}

#[tokio::test]
async fn time_and_crowds_are_bounded() {
    let rig = Rig::usual();
    if !rig.is_held().await {
        return;
    }
    let ran = rig
        .call(
            "run_command",
            json!({ "command": "sleep 600", "seconds": 1 }),
        )
        .await;
    let text = ran.result.unwrap_err();
    assert!(text.starts_with("stopped after 1 s"), "{text}");
    let reader = pipe(&rig);
    // More than the bound and no more: a test must not take its machine down, whatever fails.
    let (ok, text, note) = rig
        .sh("exec 3> pipe; for i in $(seq 700); do sleep 600 & done; sleep 600")
        .await;
    assert!(!ok, "{text}");
    assert!(note.is_some(), "{text}");
    assert_eq!(reader.join().unwrap(), "");
    let (ok, text, _) = rig.sh("echo fine").await;
    assert!(ok && text.contains("fine"), "{text}");
}

#[tokio::test]
async fn a_flood_is_cut_and_the_rest_is_a_file() {
    let rig = Rig::usual();
    if !rig.is_held().await {
        return;
    }
    let (ok, text, _) = rig.sh("seq 1 200000").await;
    assert!(ok && text.len() < 40_000, "{}", text.len());
    assert!(text.contains("--- output\n1\n2\n") && text.trim_end().ends_with("200000"));
    let (_, rest) = text.split_once("all of it is in ").expect("a note");
    let path = rest.split(']').next().unwrap();
    let ran = rig
        .call("search", json!({ "path": path, "pattern": "^123456$" }))
        .await;
    assert!(
        ran.result
            .clone()
            .is_ok_and(|text| text.contains(":123456: 123456")),
        "{ran:?}"
    );
    let (_, text, _) = rig
        .sh("yes | head -c 30000000; echo e >&2; kill -9 $$")
        .await;
    // Bubblewrap tells a signal as a shell does.
    let killed = text.starts_with("killed by signal 9") || text.starts_with("exit 137");
    assert!(killed, "{}", &text[..100]);
    assert!(
        text.contains("were thrown away") && text.contains("--- errors\ne"),
        "{}",
        &text[text.len() - 300..]
    );
}
