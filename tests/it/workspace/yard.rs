//! Clearing worktrees away and getting files back: nothing is lost, nothing outside is touched.

use std::{
    fs,
    ops::ControlFlow,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use massgen_tui::{
    protocol::{Label, RunId, change::Access},
    workspace::{
        Grounds, Pruned, Scope, Standing, TroubleKind, Wanted, left_behind, list, prune, restore,
        strays, unwatched,
    },
};

use super::{
    bench_of_git::{Bench, git_in},
    grounds::{AGENT, Field, OTHER, place, run},
    untouched::{Untouched, files},
};

fn pruned(field: Field, scope: Scope) -> (tempfile::TempDir, Pruned) {
    let Field { state, grounds } = field;
    drop(grounds);
    let pruned = prune(state.path(), &run(), scope, &unwatched).unwrap();
    (state, pruned)
}

#[test]
fn runs_are_listed_with_how_they_stand() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::write(root.join("new"), "x\n").unwrap();
    field.snapshot(AGENT);
    let state = field.state.path().to_path_buf();
    let held = list(&state).unwrap().remove(0);
    assert_eq!(held.standing, Standing::InUse);
    assert_eq!(held.trees[0].changed, Some(1));
    assert!(held.bytes > Some(0) && held.trees[0].bytes > Some(0) && held.touched > 0);
    assert_eq!(
        prune(&state, &run(), Scope::Trees, &unwatched)
            .unwrap_err()
            .kind,
        TroubleKind::Busy
    );
    let Field { state, grounds } = field;
    drop(grounds);
    assert_eq!(left_behind(state.path()).unwrap().len(), 1);
    Grounds::reopen(state.path(), &run())
        .unwrap()
        .close()
        .unwrap();
    assert_eq!(list(state.path()).unwrap()[0].standing, Standing::Ended);
    fs::write(
        state
            .path()
            .join(format!("worktrees/{}/manifest.json", run())),
        "{",
    )
    .unwrap();
    assert_eq!(list(state.path()).unwrap()[0].standing, Standing::Damaged);
    let trouble = prune(state.path(), &run(), Scope::Trees, &unwatched).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Damaged);
    assert!(root.join("new").exists());
}

#[test]
fn work_without_a_snapshot_is_put_by_before_its_worktree_goes() {
    let bench = Bench::new();
    let before = Untouched::of(bench.root());
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::write(root.join("a.txt"), "snapshot\n").unwrap();
    field.snapshot(AGENT);
    fs::write(root.join("a.txt"), "dirty\n").unwrap();
    fs::write(root.join("late\t.bin"), b"\0bin").unwrap();
    field.root(OTHER);
    let (state, pruned) = pruned(field, Scope::Trees);
    assert_eq!(pruned.trees, 2);
    assert_eq!(pruned.salvaged.len(), 1, "{pruned:?}");
    assert!(!root.exists());
    let name = format!("refs/massgen-tui/{}/salvage/1", run());
    assert_eq!(bench.git(["show", &format!("{name}:a.txt")]), b"dirty\n");
    let patch = state
        .path()
        .join(format!("salvage/{}/1-agent1-0.patch", run()));
    let other = Bench::new();
    other.git(["apply", patch.to_str().unwrap()]);
    assert_eq!(fs::read(other.path("a.txt")).unwrap(), b"dirty\n");
    assert_eq!(fs::read(other.path("late\t.bin")).unwrap(), b"\0bin");
    // What git lists is gone as well, and all of it can be got back.
    assert!(
        !bench
            .git_text(["worktree", "list", "--porcelain"])
            .contains("massgen")
    );
    let to = state.path().join("back");
    for (wanted, text) in [
        (Wanted::Agent(AGENT), "snapshot\n"),
        (Wanted::Salvage(1), "dirty\n"),
    ] {
        restore(state.path(), &run(), wanted, &to, &unwatched).unwrap();
        assert_eq!(fs::read_to_string(to.join("a.txt")).unwrap(), text);
        let again = restore(state.path(), &run(), wanted, &to, &unwatched).unwrap_err();
        assert_eq!(again.kind, TroubleKind::Refused);
        fs::remove_dir_all(&to).unwrap();
    }
    let none = Wanted::Answer(Label::new(AGENT, 7));
    let trouble = restore(state.path(), &run(), none, &to, &unwatched).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Missing);
    // Twice does nothing more.
    assert_eq!(
        prune(state.path(), &run(), Scope::Trees, &unwatched)
            .unwrap()
            .trees,
        0
    );
    before.assert_untouched(bench.root());
    bench.git(["fsck", "--no-progress"]);
}

#[test]
fn forgetting_a_run_keeps_what_differs() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    field.root(OTHER);
    for (revision, text) in [(1, "first\n"), (2, "second\n")] {
        fs::write(root.join("a.txt"), text).unwrap();
        let snapshot = field.snapshot(AGENT);
        field
            .grounds
            .label(Label::new(AGENT, revision), &[snapshot])
            .unwrap();
    }
    bench.git(["pack-refs", "--all"]);
    let (state, pruned) = pruned(field, Scope::Everything);
    assert_eq!(pruned.salvaged.len(), 2, "{pruned:?}");
    let refs = bench.git_text(["for-each-ref", "--format=%(refname)", "refs/massgen-tui"]);
    let ours = format!("refs/massgen-tui/{}/salvage", run());
    assert_eq!(refs, format!("{ours}/1\n{ours}/2"));
    assert_eq!(bench.git(["show", &format!("{ours}/1:a.txt")]), b"first\n");
    assert!(list(state.path()).unwrap().is_empty());
}

#[test]
fn members_of_teams_inside_teams_are_listed_by_their_names() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let number = field.grounds.inner(OTHER, AGENT).unwrap();
    field.root(number);
    field.root(AGENT);
    let held = list(field.state.path()).unwrap().remove(0);
    let names: Vec<&str> = held.trees.iter().map(|tree| &*tree.name).collect();
    assert_eq!(names, ["agent2/agent1", "agent1"]);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_massgen-tui"))
        .args(["worktrees", "list"])
        .env("MASSGEN_TUI_STATE_DIR", field.state.path())
        .current_dir(bench.beside("."))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    // The number is what `restore` takes.
    let member = format!("  agent2/agent1 ({number})  ");
    assert!(told.contains(&member), "{told}");
    assert!(told.contains("  agent1  "), "{told}");
}

#[test]
fn commits_and_files_that_no_tree_has_are_put_by() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::write(root.join("mine"), "x\n").unwrap();
    git_in(&root, ["add", "mine"]);
    git_in(
        &root,
        [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "commit",
            "-qm",
            "own",
        ],
    );
    let own = String::from_utf8(git_in(&root, ["rev-parse", "HEAD"])).unwrap();
    fs::create_dir(root.join("nested")).unwrap();
    fs::write(root.join("nested/file"), "n\n").unwrap();
    git_in(&root.join("nested"), ["init", "-q"]);
    git_in(&root.join("nested"), ["add", "-A"]);
    git_in(
        &root.join("nested"),
        [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "commit",
            "-qm",
            "n",
        ],
    );
    fs::File::create(root.join("huge"))
        .unwrap()
        .set_len(65 << 20)
        .unwrap();
    let (state, pruned) = pruned(field, Scope::Trees);
    assert_eq!(pruned.salvaged.len(), 4, "{pruned:?}");
    let name = format!("refs/massgen-tui/{}/salvage/2", run());
    assert_eq!(bench.git_text(["rev-parse", &name]), own.trim());
    let put_by = state
        .path()
        .join(format!("salvage/{}/agent1-0.files", run()));
    assert_eq!(fs::metadata(put_by.join("huge")).unwrap().len(), 65 << 20);
    git_in(&put_by.join("nested"), ["log", "-1"]);
}

#[test]
fn removal_follows_no_link_and_breaks_no_hard_link() {
    let bench = Bench::new();
    let outside = bench.beside("outside");
    fs::create_dir_all(outside.join("deep")).unwrap();
    fs::write(outside.join("deep/precious"), "p\n").unwrap();
    let seen = files(&outside);
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    symlink(&outside, root.join("to-outside")).unwrap();
    fs::remove_dir_all(root.join("dir")).unwrap();
    symlink(&outside, root.join("dir")).unwrap();
    fs::hard_link(outside.join("deep/precious"), root.join("hard")).unwrap();
    fs::create_dir_all(root.join("target/closed/inside")).unwrap();
    fs::write(root.join("target/closed/inside/f"), "").unwrap();
    for name in ["target/closed/inside", "target/closed"] {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let (state, _) = pruned(field, Scope::Everything);
    assert!(!root.exists());
    assert_eq!(files(&outside), seen);
    // The worktree itself as a link: the link goes, not what it leads to.
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::remove_dir_all(&root).unwrap();
    symlink(&outside, &root).unwrap();
    let Field {
        state: second,
        grounds,
    } = field;
    drop(grounds);
    let _ = prune(second.path(), &run(), Scope::Trees, &unwatched);
    assert_eq!(files(&outside), seen);
    drop(state);
}

#[test]
fn a_removal_can_be_stopped_and_finished_later() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    for number in 0..2000 {
        let folder = root.join(format!("target/{}", number % 7));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(number.to_string()), "").unwrap();
    }
    fs::write(root.join("new"), "kept\n").unwrap();
    let Field { state, grounds } = field;
    drop(grounds);
    let stop = |progress: massgen_tui::workspace::Progress| {
        if progress.done > 500 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let trouble = prune(state.path(), &run(), Scope::Trees, &stop).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Cancelled);
    assert!(root.exists());
    let name = format!("refs/massgen-tui/{}/salvage/1:new", run());
    assert_eq!(bench.git(["show", &name]), b"kept\n");
    prune(state.path(), &run(), Scope::Trees, &unwatched).unwrap();
    assert!(!root.exists());
}

#[test]
fn a_repository_that_is_gone_does_not_take_the_work_along() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::write(root.join("new"), "x\n").unwrap();
    fs::remove_dir_all(bench.root()).unwrap();
    let (state, pruned) = pruned(field, Scope::Trees);
    assert_eq!(pruned.salvaged.len(), 1);
    let put_by = state
        .path()
        .join(format!("salvage/{}/agent1-0.files/new", run()));
    assert_eq!(fs::read(put_by).unwrap(), b"x\n");
}

#[test]
fn a_state_folder_that_is_gone_leaves_strays_that_are_found() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    field.root(AGENT);
    drop(field);
    let state = tempfile::TempDir::new().unwrap();
    let found = strays(state.path(), bench.root()).unwrap();
    assert_eq!(found.worktrees.len(), 1);
    assert_eq!(found.sessions, [run().0]);
    massgen_tui::workspace::forget_strays(state.path(), bench.root(), &unwatched).unwrap();
    assert!(
        !bench
            .git_text(["worktree", "list", "--porcelain"])
            .contains("massgen")
    );
    assert!(
        strays(state.path(), bench.root())
            .unwrap()
            .worktrees
            .is_empty()
    );
}

#[test]
fn bad_places_are_refused_and_leave_nothing() {
    let state = tempfile::TempDir::new().unwrap();
    let bench = Bench::new();
    let nowhere = place(bench.path("nowhere"));
    let trouble = Grounds::lay(state.path(), &run(), &[place(bench.root()), nowhere]).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Missing);
    assert!(list(state.path()).unwrap().is_empty());
    assert_eq!(bench.git(["for-each-ref", "refs/massgen-tui"]), b"");
    let trouble = Grounds::lay(state.path(), &run(), &[place("/")]).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TooLarge);
    let mut read = place(Path::new("/"));
    read.access = Access::Read;
    Grounds::lay(state.path(), &run(), &[read]).unwrap();
    let odd = RunId("a/b".to_owned());
    assert_eq!(
        Grounds::lay(state.path(), &odd, &[]).unwrap_err().kind,
        TroubleKind::Refused
    );
}
