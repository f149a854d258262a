//! The tools as an agent uses them, with leave, record and notes.

use std::{fs, os::unix::fs::PermissionsExt as _};

use massgen_tui::{
    protocol::{DecidedBy, Deed, Permission, Permitting, ToolNote},
    tool::hands::Ruling,
};
use serde_json::json;

use super::rig::{Rig, System};

#[tokio::test]
async fn a_file_is_read_found_changed_and_the_change_is_told() {
    let rig = Rig::usual();
    let read = rig
        .call("read_file", json!({ "path": "file.txt", "from": 2 }))
        .await;
    assert_eq!(read.result, Ok("     2\ttwo\n     3\tthree\n".into()));
    let edit = rig
        .call(
            "edit_file",
            json!({ "path": "file.txt", "old": "two", "new": "2\n2b" }),
        )
        .await;
    assert_eq!(
        edit.result,
        Ok("Changed file.txt: 2 lines added, 1 removed.".into())
    );
    let Some(ToolNote::Change {
        diff,
        added,
        removed,
        ..
    }) = edit.note
    else {
        panic!("{edit:?}");
    };
    assert_eq!((added, removed), (2, 1));
    assert!(diff.contains("-two\n+2\n+2b\n"), "{diff}");
    let patch = "@@ -1,2 +1,2 @@\n-one\n+1\n 2\n";
    let edit = rig
        .call("edit_file", json!({ "path": "file.txt", "patch": patch }))
        .await;
    assert!(edit.result.is_ok(), "{edit:?}");
    assert_eq!(
        fs::read_to_string(rig.root.join("file.txt")).unwrap(),
        "1\n2\n2b\nthree\n"
    );
    for (arguments, told) in [
        (
            json!({ "path": "file.txt", "old": "2", "new": "x" }),
            "2 times",
        ),
        (
            json!({ "path": "file.txt", "old": "nine", "new": "x" }),
            "does not occur",
        ),
        (
            json!({ "path": "none", "old": "a", "new": "x" }),
            "write_file",
        ),
        (json!({ "path": "file.txt" }), "\"old\" is missing"),
    ] {
        let why = rig.call("edit_file", arguments).await.result.unwrap_err();
        assert!(why.contains(told), "{why}");
    }
    let made = rig
        .call(
            "write_file",
            json!({ "path": "src/new.rs", "content": "fn f() {}\n" }),
        )
        .await;
    assert_eq!(
        made.result,
        Ok("Created src/new.rs: 1 lines added, 0 removed.".into())
    );
    fs::write(rig.root.join(".gitignore"), "target/\n*.log\n!keep.log\n").unwrap();
    fs::create_dir(rig.root.join("target")).unwrap();
    for name in ["target/x.rs", "a.log", "keep.log", "bin.rs"] {
        fs::write(rig.root.join(name), "fn g\0").unwrap();
    }
    let glob = |pattern: &str| rig.call("glob", json!({ "pattern": pattern }));
    assert_eq!(
        glob("**/*.rs").await.result,
        Ok("bin.rs\nsrc/new.rs\n".into())
    );
    assert_eq!(glob("*.log").await.result, Ok("keep.log\n".into()));
    let search = rig
        .call("search", json!({ "pattern": "FN .", "ignore_case": true }))
        .await;
    assert_eq!(
        search.result,
        Ok("src/new.rs:1: fn f() {}\n".into()),
        "no binary files"
    );
    let list = rig.call("list_dir", json!({ "path": "src" })).await;
    assert_eq!(list.result, Ok("new.rs  10\n".into()));
}

#[tokio::test]
async fn line_ends_and_modes_stay() {
    let rig = Rig::usual();
    let file = rig.root.join("dos.bat");
    fs::write(&file, "a\r\nb\r\nc\r\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = rig
        .call(
            "edit_file",
            json!({ "path": "dos.bat", "old": "a\nb", "new": "x\ny" }),
        )
        .await;
    assert!(ran.result.is_ok(), "{ran:?}");
    assert_eq!(fs::read(&file).unwrap(), b"x\r\ny\r\nc\r\n");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o755
    );
}

#[tokio::test]
async fn rules_decide_the_person_is_asked_and_all_of_it_is_recorded() {
    let list = |rules: &[&str]| rules.iter().map(ToString::to_string).collect();
    let rig = Rig::new(
        Permitting {
            deny: list(&["write_file(secret/**)"]),
            ask: list(&["write_file(docs/**)"]),
            ..Permitting::default()
        },
        System::Real,
    );
    let write = |path: &str| rig.call("write_file", json!({ "path": path, "content": "x\n" }));
    rig.person.answers.lock().unwrap().extend([
        Ruling::No("not that one".into()),
        Ruling::Once,
        Ruling::Always,
    ]);
    let why = write("secret/a").await.result.unwrap_err();
    assert!(why.contains("`write_file(secret/**)` denies"), "{why}");
    let why = write("docs/a").await.result.unwrap_err();
    assert!(why.contains("The person said no: not that one"), "{why}");
    assert!(write("docs/a").await.result.is_ok());
    assert!(write("docs/b").await.result.is_ok());
    fs::write(rig.root.join("docs/b"), "old\n").unwrap();
    assert!(write("docs/b").await.result.is_ok(), "always");
    let why = write("docs/c").await.result.unwrap_err();
    assert!(why.contains("in time"), "silence is no: {why}");
    let asked = rig.person.asked.lock().unwrap().clone();
    let Deed::Write { diff, .. } = &asked[0].deed else {
        panic!("{asked:?}");
    };
    assert!(diff.contains("+x"), "the person sees the change: {diff}");
    let record = rig.record.0.lock().unwrap().clone();
    let told: Vec<_> = record
        .iter()
        .map(|line| (line.permission, &line.by))
        .collect();
    let rule = |text: &str| DecidedBy::Rule(text.to_owned());
    let always = DecidedBy::Always("write_file(docs/b)".to_owned());
    assert_eq!(
        told,
        [
            (Permission::Denied, &rule("write_file(secret/**)")),
            (Permission::Denied, &DecidedBy::Person),
            (Permission::Allowed, &DecidedBy::Person),
            (Permission::Allowed, &always),
            (Permission::Allowed, &always),
            (Permission::Denied, &DecidedBy::Silence),
        ]
    );
}

#[tokio::test]
async fn a_command_that_the_person_changed_runs_changed_and_stays_within_the_floor() {
    let list = |rules: &[&str]| rules.iter().map(ToString::to_string).collect();
    let rig = Rig::new(
        Permitting {
            ask: list(&["command"]),
            ..Permitting::default()
        },
        System::Real,
    );
    if !rig.is_held().await {
        return;
    }
    rig.person.answers.lock().unwrap().extend([
        Ruling::Edited("echo changed".into()),
        Ruling::Edited("rm -rf /".into()),
        Ruling::Once,
    ]);
    let (ok, text, _) = rig.sh("echo as it was").await;
    assert!(ok && text.contains("changed"), "{text}");
    let (ok, text, _) = rig.sh("echo again").await;
    assert!(!ok && text.contains("never run"), "{text}");
    let ran = rig
        .call(
            "run_command",
            json!({ "argv": ["sh", "-c", "echo \"$0\"; false", "a b"] }),
        )
        .await;
    assert_eq!(ran.result, Err("exit 1\n--- output\na b\n".into()));
}

#[tokio::test]
async fn trees_of_peers_are_data_and_only_those_that_were_shown() {
    let rig = Rig::usual();
    let peer =
        |path: &str, diff: bool| rig.call("read_peer", json!({ "path": path, "diff": diff }));
    let text = peer("agent2.1", false).await.result.unwrap();
    assert!(text.contains("a.txt  3"), "{text}");
    let text = peer("agent2.1/a.txt", false).await.result.unwrap();
    assert_eq!(text.matches("\n<end of agent2>\n").count(), 1, "{text}");
    assert!(
        peer("agent2.1", true)
            .await
            .result
            .unwrap()
            .contains("+one")
    );
    for path in [
        "agent3.1/a.txt",
        "agent2.1/../a",
        "agent2.1/none",
        "",
        "/etc/passwd",
    ] {
        assert!(peer(path, false).await.result.is_err(), "{path}");
    }
}
