//! `massgen-tui undo` and `run --apply` with the real binary.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::harness::git::git;
use massgen_tui::{
    protocol::{
        Timestamp,
        change::{Access, Built, Destination, ObjectId, RepoPath},
    },
    workspace::{
        Repo, Untracked,
        apply::{self, Ground, Occasion, Order},
        unwatched,
    },
};

/// Applies the tree `after` to the files of `repo`, as a review of `base` would.
fn bring(root: &Path, repo: &Path, after: ObjectId, base: &ObjectId) {
    let repo = Repo::discover(repo).unwrap();
    let ground = Ground {
        repo: &repo,
        access: Access::Write,
        inside: &RepoPath::from(""),
        untracked: &Untracked::default(),
        state_dir: &root.join("state"),
    };
    let built = Built {
        tree: after,
        provenance: Vec::new(),
        clashes: Vec::new(),
    };
    let order = Order {
        base,
        built: &built,
        decisions: &[],
        credits: &[],
        to: &Destination::WorkingTree,
    };
    let seen = apply::preview(&ground, &order).unwrap();
    let occasion = Occasion {
        run: None,
        at: Timestamp(1_795_256_130_000),
    };
    apply::apply(&ground, &order, &seen, occasion, &unwatched).unwrap();
}

/// A repository with a result applied to it: `a` is changed.
fn applied(root: &Path) {
    let repo = root.join("repo");
    fs::create_dir(&repo).unwrap();
    git(&repo, &["init", "-q"]);
    fs::write(repo.join("a"), "2\n").unwrap();
    git(&repo, &["add", "-A"]);
    let after = ObjectId(git(&repo, &["write-tree"]));
    fs::write(repo.join("a"), "1\n").unwrap();
    git(&repo, &["add", "-A"]);
    let base = ObjectId(git(&repo, &["write-tree"]));
    bring(root, &repo, after, &base);
}

fn run(root: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(args)
        .arg("--state-dir")
        .arg(root.join("state"))
        .env("HOME", root)
        .current_dir(root)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn undo_lists_refuses_and_takes_back() {
    let root = tempfile::tempdir().unwrap();
    let empty = run(root.path(), &["undo"]);
    assert_eq!(empty.status.code(), Some(1));
    assert!(
        text(&empty.stderr).contains("nothing to undo"),
        "{}",
        text(&empty.stderr)
    );
    applied(root.path());
    let file = root.path().join("repo/a");
    let list = run(root.path(), &["undo", "--list"]);
    assert!(
        text(&list.stdout).contains("   1  2026-11-21"),
        "{}",
        text(&list.stdout)
    );
    let json = run(root.path(), &["undo", "--list", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["applied"][0]["files"], serde_json::json!(["a"]));
    assert_eq!(json["applied"][0]["stands"], true);
    fs::write(&file, "edited\n").unwrap();
    let refused = run(root.path(), &["undo", "1"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("you changed files since they were applied: a"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "edited\n");
    fs::write(&file, "2\n").unwrap();
    let undone = run(root.path(), &["undo", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&undone.stdout).unwrap();
    assert_eq!(
        (json["undone"].as_str(), json["files"][0].as_str()),
        (Some("1"), Some("a"))
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "1\n");
    for args in [&["undo", "7"][..], &["undo", "../1"], &["undo", "1"]] {
        assert_eq!(run(root.path(), args).status.code(), Some(1), "{args:?}");
    }
    assert_eq!(
        run(root.path(), &["undo", "--keep", "--merge"])
            .status
            .code(),
        Some(2)
    );
}

/// Files of the application that is killed.
const MANY: usize = 400;

/// A repository with an application of many files that stands.
fn applied_much(root: &Path) {
    let repo = root.join("repo");
    fs::create_dir(&repo).unwrap();
    git(&repo, &["init", "-q"]);
    let all = |text: &str| {
        for number in 0..MANY {
            fs::write(repo.join(format!("f{number:04}")), format!("{text}\n")).unwrap();
        }
        git(&repo, &["add", "-A"]);
        ObjectId(git(&repo, &["write-tree"]))
    };
    let after = all("new");
    let base = all("old");
    bring(root, &repo, after, &base);
}

#[test]
fn an_application_that_is_killed_is_ended_and_told_at_the_next_start() {
    for share in [1, 2, 3] {
        let root = tempfile::tempdir().unwrap();
        applied_much(root.path());
        let read = |number: usize| {
            let file = root.path().join(format!("repo/f{number:04}"));
            fs::read_to_string(file).unwrap_or_default()
        };
        assert_eq!(read(0), "new\n");
        let mut child = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(["undo", "--state-dir"])
            .arg(root.path().join("state"))
            .current_dir(root.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Killed when that file is there: in the middle, by no clock.
        let mark = MANY * share / 4;
        while child.try_wait().unwrap().is_none() && read(mark) != "old\n" {
            std::thread::yield_now();
        }
        // It may have ended in this moment; then nothing is left to be told.
        let _ = child.kill();
        let killed = !child.wait().unwrap().success();
        let next = run(
            root.path(),
            &["run", "--demo", "quick", "--demo-speed", "max"],
        );
        let told = text(&next.stderr);
        assert_eq!(told.contains("was cut off"), killed, "{told}");
        let first = read(0);
        for number in 0..MANY {
            assert_eq!(read(number), first, "all or nothing: {number}");
        }
        assert!(matches!(first.as_str(), "old\n" | "new\n"));
        assert_eq!(
            git(&root.path().join("repo"), &["fsck", "--no-dangling"]),
            ""
        );
        let again = run(root.path(), &["undo", "--list"]);
        assert!(!text(&again.stdout).contains("was cut off"));
    }
}

#[test]
fn a_run_without_folders_takes_nothing_whatever_the_flag_says() {
    for how in ["never", "patch", "ask", "auto"] {
        let root = tempfile::tempdir().unwrap();
        let args = [
            "run",
            "--demo",
            "--demo-speed",
            "max",
            "--quiet",
            "--apply",
            how,
            "Why is the sky blue?",
        ];
        let out = run(root.path(), &args);
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        assert_eq!(text(&out.stderr), "", "{how}");
    }
    let root = tempfile::tempdir().unwrap();
    assert_eq!(
        run(root.path(), &["run", "--demo", "--apply", "always", "x"])
            .status
            .code(),
        Some(2)
    );
}
