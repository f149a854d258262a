//! `massgen-tui worktrees` as a person types it.

use std::{fs, path::Path, process::Command};

use massgen_tui::workspace::Grounds;

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
    let (_, err, code) = call(state.path(), bench.root(), &["prune"]);
    assert_eq!(code, 2, "{err}");
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
