//! A process killed in the middle: the person's repository is as before, and nothing is lost.
//!
//! The child is this test binary again, running [`the_child`] alone. It is killed when the number of
//! files it made (or removed) passes a mark, so the points are spread over the work and no clock decides.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use massgen_tui::workspace::{
    Grounds, Keeping, Mode, Scope, TroubleKind, Wanted, housekeep, list, prune, restore, unwatched,
};

use super::{
    bench_of_git::{Bench, tree_by_git},
    grounds::{AGENT, OTHER, place, run},
    untouched::{Untouched, files},
};

/// Tells the child where to work, and on what.
const CHILD: &str = "MASSGEN_TUI_TEST_CHILD";
/// Files of the repository.
const FILES: usize = 60;

#[derive(Clone, Copy, Debug)]
enum Act {
    Lay,
    Make,
    Snapshot,
    Reset,
    Prune,
    Forget,
    Housekeep,
}

impl Act {
    const ALL: [Self; 7] = [
        Self::Lay,
        Self::Make,
        Self::Snapshot,
        Self::Reset,
        Self::Prune,
        Self::Forget,
        Self::Housekeep,
    ];
}

/// Does one act, when it is told where: not a test of its own.
#[test]
fn the_child() {
    let Some(told) = std::env::var_os(CHILD) else {
        return;
    };
    let told = told.into_string().unwrap();
    let mut parts = told.split('\n');
    let state = PathBuf::from(parts.next().unwrap());
    let root = PathBuf::from(parts.next().unwrap());
    let number: usize = parts.next().unwrap().parse().unwrap();
    let act = Act::ALL[number];
    let lay = || Grounds::lay(&state, &run(), &[place(&root)]).unwrap();
    let open = || Grounds::reopen(&state, &run()).unwrap();
    match act {
        Act::Lay => drop(lay()),
        Act::Make => {
            open().worktree(AGENT).unwrap();
        }
        Act::Snapshot => {
            open().snapshot(AGENT).unwrap();
        }
        Act::Reset => {
            let mut grounds = open();
            let base = grounds.snapshot(OTHER).unwrap();
            grounds.reset(AGENT, &base).unwrap();
        }
        Act::Prune => {
            prune(&state, &run(), Scope::Trees, &unwatched).unwrap();
        }
        Act::Forget => {
            prune(&state, &run(), Scope::Everything, &unwatched).unwrap();
        }
        Act::Housekeep => {
            let nothing = Keeping {
                days: Some(0),
                bytes: None,
            };
            let now = std::time::SystemTime::now();
            housekeep(&state, nothing, now, Mode::Clear, &unwatched).unwrap();
        }
    }
}

/// Starts the child on `act` and kills it when `share` of the work can be seen to be done.
fn kill(state: &Path, root: &Path, act: Act, share: (usize, usize)) {
    let number = act as usize;
    let told = format!("{}\n{}\n{number}", state.display(), root.display());
    let before = count(state, root);
    let full = match act {
        Act::Lay | Act::Make => FILES,
        Act::Snapshot => FILES + 40,
        Act::Reset => 2 * FILES,
        Act::Prune | Act::Forget | Act::Housekeep => before,
    };
    let mark = full * share.0 / share.1;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "workspace::kill::the_child"])
        .env(CHILD, told)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        if count(state, root).abs_diff(before) >= mark {
            // It may have ended in this moment; then there is nothing to kill.
            let _ = child.kill();
            break;
        }
        std::thread::yield_now();
    }
    child.wait().unwrap();
}

/// Files in the state folder and the repository's own folder.
fn count(state: &Path, root: &Path) -> usize {
    let mut number = 0;
    let mut folders = vec![state.to_path_buf(), root.join(".git")];
    while let Some(folder) = folders.pop() {
        // Folders come and go under our eyes.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            number += 1;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
    number
}

/// A repository with many files, some of them dirty.
fn bench() -> Bench {
    let bench = Bench::new();
    for number in 0..FILES {
        bench.write(
            format!("many/{}/{number}", number % 13),
            format!("file {number}\n"),
        );
    }
    bench.commit("many");
    for number in 0..FILES {
        bench.write(format!("untracked/{number}"), format!("fresh {number}\n"));
    }
    bench
}

fn rewrite(root: &Path) {
    for number in 0..FILES {
        let path = root.join(format!("many/{}/{number}", number % 13));
        fs::write(path, format!("agent {number}\n")).unwrap();
    }
}

fn sound(bench: &Bench, before: &Untouched) {
    before.assert_untouched(bench.root());
    let fsck = bench.git_text(["fsck", "--no-dangling", "--no-progress"]);
    assert_eq!(fsck, "");
}

fn killed_at(act: Act, share: (usize, usize)) {
    let bench = bench();
    let before = Untouched::of(bench.root());
    let person = files(bench.root());
    let state = tempfile::TempDir::new().unwrap();
    let mut work = None;
    if !matches!(act, Act::Lay) {
        let mut grounds = Grounds::lay(state.path(), &run(), &[place(bench.root())]).unwrap();
        grounds.worktree(OTHER).unwrap();
        if !matches!(act, Act::Make) {
            let root = grounds.worktree(AGENT).unwrap().remove(0).root;
            rewrite(&root);
            work = Some(tree_by_git(&root, &root));
        }
        if matches!(act, Act::Housekeep) {
            grounds.close().unwrap();
        }
    }
    kill(state.path(), bench.root(), act, share);
    sound(&bench, &before);
    // Whoever opens it next goes on.
    let opened = Grounds::reopen(state.path(), &run());
    if let Ok(mut grounds) = opened {
        let root = grounds.worktree(AGENT).unwrap().remove(0).root;
        let now = grounds.snapshot(AGENT).unwrap().remove(0);
        assert_eq!(now.tree, tree_by_git(&root, &root), "{act:?} {share:?}");
        drop(grounds);
    } else {
        let trouble = opened.unwrap_err();
        assert_eq!(
            trouble.kind,
            TroubleKind::Missing,
            "{act:?} {share:?}: {trouble}"
        );
    }
    if let Some(work) = work {
        kept(&bench, state.path(), &work.0);
    }
    for held in list(state.path()).unwrap() {
        prune(state.path(), &held.run, Scope::Trees, &unwatched).unwrap();
    }
    sound(&bench, &before);
    assert!(
        !bench
            .git_text(["worktree", "list", "--porcelain"])
            .contains("massgen")
    );
    assert_eq!(files(bench.root()), person);
}

/// Some ref of ours keeps the tree, or a worktree still holds it; a ref can be got back.
fn kept(bench: &Bench, state: &Path, tree: &str) {
    let trees = bench.git_text([
        "for-each-ref",
        "--format=%(tree) %(refname)",
        "refs/massgen-tui",
    ]);
    let found = trees.lines().find(|line| line.starts_with(tree));
    let name = found.unwrap_or_else(|| panic!("{tree} is lost: {trees}"));
    let wanted = match name.split_once("/salvage/") {
        Some((_, number)) => Wanted::Salvage(number.parse().unwrap()),
        None => Wanted::Agent(AGENT),
    };
    let to = state.join("back");
    if restore(state, &run(), wanted, &to, &unwatched).is_ok() {
        assert_eq!(fs::read(to.join("many/0/0")).unwrap(), b"agent 0\n");
        fs::remove_dir_all(&to).unwrap();
    }
}

/// How many points of an act a run tries; `KILL_POINTS=20` digs deeper.
fn points() -> usize {
    std::env::var("KILL_POINTS").map_or(2, |points| points.parse().unwrap())
}

fn killed_anywhere(act: Act) {
    for part in 0..points() {
        killed_at(act, (part + 1, points() + 1));
    }
}

#[test]
fn killed_while_laying_the_ground() {
    killed_anywhere(Act::Lay);
}

#[test]
fn killed_while_making_a_worktree() {
    killed_anywhere(Act::Make);
}

#[test]
fn killed_while_taking_a_snapshot() {
    killed_anywhere(Act::Snapshot);
}

#[test]
fn killed_while_resetting() {
    killed_anywhere(Act::Reset);
}

#[test]
fn killed_while_clearing_away() {
    killed_anywhere(Act::Prune);
}

#[test]
fn killed_while_forgetting() {
    killed_anywhere(Act::Forget);
}

#[test]
fn killed_while_keeping_house() {
    killed_anywhere(Act::Housekeep);
}
