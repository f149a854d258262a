//! `massgen-tui worktrees` as a person types it.

use std::{fs, path::Path, process::Command};

use massgen_tui::workspace::{Grounds, Standing, list};

use super::{
    bench_of_git::Bench,
    grounds::{AGENT, place, run},
};

/// Standard output, standard error and exit code.
fn call(state: &Path, here: &Path, args: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .arg("worktrees")
        .args(args)
        .env("MASSGEN_TUI_STATE_DIR", state)
        .current_dir(here)
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

#[test]
fn worktrees_are_listed_restored_and_cleared_away() {
    let bench = Bench::new();
    let state = tempfile::TempDir::new().unwrap();
    let (out, _, code) = call(state.path(), bench.root(), &["list"]);
    assert_eq!((out.as_str(), code), ("No session has worktrees.\n", 0));
    let mut grounds = Grounds::lay(state.path(), &run(), &[place(bench.root())]).unwrap();
    let root = grounds.worktree(AGENT).unwrap().remove(0).root;
    fs::write(root.join("new"), "x\n").unwrap();
    grounds.snapshot(AGENT).unwrap();
    let name = run().0;
    let (out, _, _) = call(state.path(), bench.root(), &["list"]);
    assert!(out.contains("in use"), "{out}");
    let (_, err, code) = call(state.path(), bench.root(), &["prune", &name]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("another massgen-tui"), "{err}");
    drop(grounds);
    let (out, _, _) = call(state.path(), bench.root(), &["list"]);
    assert!(out.contains("left behind by a crash"), "{out}");
    assert!(
        out.contains("agent1") && out.contains("1 file changed"),
        "{out}"
    );
    let to = state.path().join("back");
    let to = to.to_str().unwrap();
    let (_, err, code) = call(
        state.path(),
        bench.root(),
        &["restore", &name, "agent1", "--to", to],
    );
    assert_eq!(code, 0, "{err}");
    assert_eq!(fs::read(Path::new(to).join("new")).unwrap(), b"x\n");
    let (_, err, code) = call(
        state.path(),
        bench.root(),
        &["restore", &name, "agent9", "--to", "nowhere"],
    );
    assert_eq!(code, 1);
    assert!(err.contains("nothing is kept under that name"), "{err}");
    // What a crash left goes only when it is asked for.
    let (out, _, code) = call(state.path(), bench.root(), &["prune", "--keep-days", "0"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("Nothing to remove."), "{out}");
    assert!(root.join("new").exists());
    fs::write(root.join("new"), "dirty\n").unwrap();
    let (out, _, code) = call(
        state.path(),
        bench.root(),
        &["prune", "--left-behind", "--json"],
    );
    assert_eq!(code, 0);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["sessions"][0]["pruned"]["trees"], 1);
    assert!(
        told["sessions"][0]["pruned"]["salvaged"][0]
            .as_str()
            .unwrap()
            .contains("salvage/1")
    );
    assert!(!root.exists());
    let (out, _, _) = call(state.path(), bench.root(), &["list", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["sessions"][0]["standing"], "ended");
    let (_, err, code) = call(state.path(), bench.root(), &["prune", "../../etc"]);
    assert_eq!(code, 1, "{err}");
}

#[test]
fn what_would_go_by_itself_is_said_and_done() {
    let bench = Bench::new();
    let state = tempfile::TempDir::new().unwrap();
    let mut grounds = Grounds::lay(state.path(), &run(), &[place(bench.root())]).unwrap();
    let root = grounds.worktree(AGENT).unwrap().remove(0).root;
    fs::write(root.join("new"), "x\n").unwrap();
    grounds.close().unwrap();
    let prune = |args: &[&str]| call(state.path(), bench.root(), &[&["prune"], args].concat());
    let (out, _, _) = prune(&[]);
    assert!(out.starts_with("Nothing to remove."), "{out}");
    assert!(out.contains("kept for 14 days and in 20.0 GiB"), "{out}");
    let (look, _, _) = prune(&["--dry-run", "--keep-days", "0"]);
    assert!(look.contains("1 worktrees would go"), "{look}");
    assert!(root.join("new").exists());
    let (json, _, _) = prune(&["--dry-run", "--json", "--keep-size", "1K"]);
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["swept"]["going"][0]["why"], "room", "{json}");
    let (named, _, _) = prune(&["--dry-run", "--all"]);
    assert!(named.contains("1 worktrees would go"), "{named}");
    assert!(root.join("new").exists());
    let (_, err, code) = prune(&["--keep-days", "soon"]);
    assert_eq!(code, 2, "{err}");
    let (out, _, _) = prune(&["--keep-days", "0"]);
    assert!(out.contains("1 worktrees removed"), "{out}");
    assert!(!root.exists());
    let refs = bench.git_text(["for-each-ref", "refs/massgen-tui"]);
    assert!(refs.contains("agents/agent1/0"), "{refs}");
}

#[test]
fn a_run_without_a_screen_tells_of_what_a_crash_left() {
    let bench = Bench::new();
    let state = tempfile::TempDir::new().unwrap();
    let mut grounds = Grounds::lay(state.path(), &run(), &[place(bench.root())]).unwrap();
    grounds.worktree(AGENT).unwrap();
    drop(grounds);
    let headless = |quiet: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
            .args(["run", "--demo", "quick", "--demo-speed", "max"])
            .args(quiet)
            .env("MASSGEN_TUI_STATE_DIR", state.path())
            .current_dir(bench.beside("."))
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = headless(&[]);
    let line =
        "massgen-tui: 1 session was cut off and left worktrees: `massgen-tui worktrees list`";
    assert!(told.contains(line), "{told}");
    assert_eq!(headless(&["--quiet"]), "");
    assert_eq!(
        list(state.path()).unwrap()[0].standing,
        Standing::LeftBehind
    );
}
