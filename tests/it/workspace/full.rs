//! A full disk: a clear error, nothing lost, no half file in the place of a good one, the person's
//! repository as before.
//!
//! The child is this test binary again, in a mount namespace of its own where the state folder, the
//! repository or both are on a disk of a few megabytes (`unshare` and `mount` of the system; skipped,
//! and said, where they may not be used).

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use massgen_tui::{
    protocol::change::{ContextId, Destination},
    workspace::{Grounds, Scope, Trouble, TroubleKind, apply, left_behind, list, prune, unwatched},
};

use super::{
    bench_of_git::Bench,
    flow::bring,
    grounds::{AGENT, place, run},
    untouched::{Untouched, files},
};

/// Tells the child which disk is small, and where it is.
const CHILD: &str = "MASSGEN_TUI_TEST_FULL";
/// Bytes of the small disk.
const DISK: &str = "6m";

/// Runs `what` in a child whose folder `at` is a small disk; false when this machine cannot.
fn on_small_disk(at: &Path, what: &str) -> bool {
    let script = format!(
        "mount -t tmpfs -o size={DISK} small '{}' || exit 77; exec \"$0\" --exact \
         workspace::full::the_child --nocapture",
        at.display()
    );
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, format!("{what}\n{}", at.display()))
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no `unshare` here");
        return false;
    };
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || told.contains("unshare failed") {
        eprintln!("skipped: no disk can be mounted here: {told}");
        return false;
    }
    assert!(output.status.success(), "{what}: {told}");
    assert!(told.contains("the child was there"), "{told}");
    true
}

/// Does what it is told: not a test of its own.
#[test]
fn the_child() {
    let Some(told) = std::env::var_os(CHILD) else {
        return;
    };
    let told = told.into_string().unwrap();
    let (what, disk) = told.split_once('\n').unwrap();
    let disk = PathBuf::from(disk);
    match what {
        "worktree" => worktree(&disk),
        "snapshot" => snapshot(&disk),
        "apply" => applying(&disk),
        "copies" => copies(&disk),
        _ => panic!("{what}"),
    }
    // Through the capture of the test harness.
    writeln!(std::io::stderr(), "the child was there").unwrap();
}

/// Takes all room of a disk but some kilobytes.
fn fill(disk: &Path, leave: usize) {
    let mut file = fs::File::create(disk.join("ballast")).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(leave as u64 * 1024))
        .unwrap();
}

#[track_caller]
fn is_told(trouble: &Trouble) {
    assert_eq!(trouble.kind, TroubleKind::Full, "{trouble}");
    assert!(trouble.next.contains("Free some space"), "{trouble}");
}

fn with_large_files() -> Bench {
    let bench = Bench::new();
    for number in 0..10_u8 {
        bench.write(format!("large/{number}"), noise(number, 1 << 20));
    }
    bench.commit("large");
    bench
}

/// Bytes that do not become small.
fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(seed.into());
    std::iter::repeat_with(|| chance.u8(..))
        .take(length)
        .collect()
}

/// The state folder has no room for a worktree.
fn worktree(disk: &Path) {
    let bench = with_large_files();
    let (before, person) = (Untouched::of(bench.root()), files(bench.root()));
    let mut grounds = Grounds::lay(disk, &run(), &[place(bench.root())]).unwrap();
    is_told(&grounds.worktree(AGENT).unwrap_err());
    // Its half is gone, so there is room for the record again.
    assert!(!disk.join(format!("worktrees/{}/agent1/0", run())).exists());
    assert_eq!(grounds.manifest().trees.len(), 0);
    let listed = bench.git_text(["worktree", "list", "--porcelain"]);
    assert!(!listed.contains("massgen"), "{listed}");
    // Not even a record fits: the session does not begin, and leaves nothing.
    drop(grounds);
    fill(disk, 0);
    let other = massgen_tui::protocol::RunId("another".to_owned());
    is_told(&Grounds::lay(disk, &other, &[place(bench.root())]).unwrap_err());
    fs::remove_file(disk.join("ballast")).unwrap();
    // The record of before is whole.
    Grounds::reopen(disk, &run()).unwrap().close().unwrap();
    assert_eq!(list(disk).unwrap()[0].trees.len(), 0);
    before.assert_untouched(bench.root());
    assert_eq!(files(bench.root()), person);
    bench.git(["fsck", "--no-progress"]);
}

/// The repository has no room for a snapshot.
fn snapshot(disk: &Path) {
    let root = disk.join("project");
    let source = Bench::new();
    source.git(["clone", "-q", ".", root.to_str().unwrap()]);
    let before = Untouched::of(&root);
    let state = tempfile::TempDir::new().unwrap();
    let mut grounds = Grounds::lay(state.path(), &run(), &[place(&root)]).unwrap();
    let tree = grounds.worktree(AGENT).unwrap().remove(0).root;
    fs::write(tree.join("a.txt"), "kept\n").unwrap();
    let kept = grounds.snapshot(AGENT).unwrap();
    fs::write(tree.join("large"), noise(1, 4 << 20)).unwrap();
    fill(disk, 64);
    is_told(&grounds.snapshot(AGENT).unwrap_err());
    // What was kept is kept, and the work stands in the worktree.
    assert_eq!(grounds.manifest().trees[0].latest, Some(kept[0].clone()));
    assert_eq!(fs::read(tree.join("large")).unwrap().len(), 4 << 20);
    // The end of the session cannot keep it either, and says so: it is offered at the next start.
    is_told(&grounds.close().unwrap_err());
    assert_eq!(left_behind(state.path()).unwrap().len(), 1);
    let stay = prune(state.path(), &run(), Scope::Trees, &unwatched);
    is_told(&stay.unwrap_err());
    assert!(
        tree.join("large").exists(),
        "nothing is removed that is kept nowhere"
    );
    before.assert_untouched(&root);
    fs::remove_file(disk.join("ballast")).unwrap();
    let mut grounds = Grounds::reopen(state.path(), &run()).unwrap();
    let taken = grounds.snapshot(AGENT).unwrap().remove(0);
    assert_eq!(taken.files, 2);
    super::bench_of_git::git_in(&root, ["fsck", "--no-progress"]);
    before.assert_untouched(&root);
}

/// The person's folder has no room for the result.
fn applying(disk: &Path) {
    let root = disk.join("project");
    let source = Bench::new();
    source.git(["clone", "-q", ".", root.to_str().unwrap()]);
    let state = tempfile::TempDir::new().unwrap();
    let mut grounds = Grounds::lay(state.path(), &run(), &[place(&root)]).unwrap();
    let base = grounds.workplaces()[0].tree.clone();
    let tree = grounds.worktree(AGENT).unwrap().remove(0).root;
    fs::write(tree.join("a.txt"), "changed\n").unwrap();
    // Packs small, and is large in the folder.
    fs::write(tree.join("large"), vec![b'x'; 4 << 20]).unwrap();
    let taken = grounds.snapshot(AGENT).unwrap().remove(0);
    let (before, person) = (Untouched::of(&root), files(&root));
    fill(disk, 512);
    let repo = grounds.repo(ContextId(0)).unwrap();
    for to in [Destination::WorkingTree, Destination::Index] {
        let trouble = bring(state.path(), &repo, (&base, &taken.tree), &to).unwrap_err();
        is_told(&trouble);
        let mut now = files(&root);
        now.retain(|path, _| path != Path::new("ballast"));
        assert_eq!(now, person, "{to:?}: all of it is as before");
    }
    fs::remove_file(disk.join("ballast")).unwrap();
    assert!(apply::recover(state.path()).unwrap().is_empty());
    before.assert_untouched(&root);
    super::bench_of_git::git_in(&root, ["fsck", "--no-progress"]);
    let to = Destination::WorkingTree;
    bring(state.path(), &repo, (&base, &taken.tree), &to).unwrap();
    assert_eq!(fs::read(root.join("large")).unwrap().len(), 4 << 20);
}

/// The state folder has no room for the copies without which nothing could be undone.
fn copies(disk: &Path) {
    let bench = Bench::new();
    bench.write("large", noise(3, 2 << 20));
    bench.commit("large");
    let mut grounds = Grounds::lay(disk, &run(), &[place(bench.root())]).unwrap();
    let base = grounds.workplaces()[0].tree.clone();
    let tree = grounds.worktree(AGENT).unwrap().remove(0).root;
    fs::write(tree.join("large"), "small now\n").unwrap();
    let taken = grounds.snapshot(AGENT).unwrap().remove(0);
    fill(disk, 256);
    let (before, person) = (Untouched::of(bench.root()), files(bench.root()));
    let repo = grounds.repo(ContextId(0)).unwrap();
    let to = Destination::WorkingTree;
    is_told(&bring(disk, &repo, (&base, &taken.tree), &to).unwrap_err());
    assert_eq!(files(bench.root()), person);
    before.assert_untouched(bench.root());
    fs::remove_file(disk.join("ballast")).unwrap();
    assert!(apply::recover(disk).unwrap().is_empty());
    bring(disk, &repo, (&base, &taken.tree), &to).unwrap();
    assert_eq!(fs::read(bench.path("large")).unwrap(), b"small now\n");
}

fn parent(what: &str) {
    let at = tempfile::TempDir::new().unwrap();
    on_small_disk(at.path(), what);
}

#[test]
fn no_room_for_a_worktree() {
    parent("worktree");
}

#[test]
fn no_room_for_a_snapshot() {
    parent("snapshot");
}

#[test]
fn no_room_for_a_result_in_the_persons_folder() {
    parent("apply");
}

#[test]
fn no_room_for_the_copies_of_an_application() {
    parent("copies");
}
