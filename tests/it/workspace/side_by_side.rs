//! Many agents' worktrees written and looked at on threads of their own.

use std::{collections::BTreeSet, fs, ops::ControlFlow, thread};

use massgen_tui::{
    protocol::AgentId,
    workspace::{Grounds, TroubleKind, unwatched},
};

use super::{
    bench_of_git::{Bench, tree_by_git},
    grounds::{AGENT, Field, OTHER, run},
    untouched::Untouched,
};

#[test]
fn worktrees_are_made_and_looked_at_side_by_side() {
    let bench = Bench::new();
    for number in 0..300 {
        bench.write(format!("many/{number}"), format!("{number}\n"));
    }
    let before = Untouched::of(bench.root());
    let mut field = Field::on(bench.root());
    let agents: Vec<_> = (1..=4).map(AgentId).collect();
    let making: Vec<_> = agents
        .iter()
        .map(|agent| field.grounds.begin(*agent).unwrap())
        .collect();
    let done: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = making
            .into_iter()
            .map(|making| scope.spawn(move || making.perform(&unwatched)))
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut roots = Vec::new();
    for made in done {
        roots.push(field.grounds.made(made).unwrap().remove(0).root);
    }
    let listed = bench.git_text(["worktree", "list", "--porcelain"]);
    assert_eq!(listed.matches("detached").count(), 4, "{listed}");
    for (number, root) in roots.iter().enumerate() {
        fs::write(root.join("a.txt"), format!("{number}\n")).unwrap();
    }
    let looking: Vec<_> = agents
        .iter()
        .map(|agent| field.grounds.look_at(*agent).unwrap())
        .collect();
    let seen: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = looking
            .into_iter()
            .map(|looking| scope.spawn(move || looking.perform(&unwatched)))
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut trees = BTreeSet::new();
    for (seen, root) in seen.into_iter().zip(&roots) {
        let snapshot = field.grounds.seen(seen.unwrap()).unwrap().remove(0);
        assert_eq!(snapshot.tree, tree_by_git(root, root));
        trees.insert(snapshot.tree);
    }
    assert_eq!(trees.len(), 4);
    let manifest = field.grounds.manifest();
    assert!(manifest.trees.iter().all(|tree| tree.latest.is_some()));
    before.assert_untouched(bench.root());
    bench.git(["fsck", "--no-progress"]);
}

#[test]
fn one_agents_worktree_is_made_once_at_a_time_and_again_when_the_work_was_dropped() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let first = field.grounds.begin(AGENT).unwrap();
    let trouble = field.grounds.begin(AGENT).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Busy);
    // Another agent's is another matter.
    field.root(OTHER);
    drop(first);
    let root = field.root(AGENT);
    assert_eq!(fs::read(root.join("dir/b.txt")).unwrap(), b"b\n");
    // Once it is there, beginning again writes nothing.
    fs::write(root.join("a.txt"), "mine\n").unwrap();
    field.root(AGENT);
    assert_eq!(fs::read(root.join("a.txt")).unwrap(), b"mine\n");
}

#[test]
fn work_that_fails_clears_away_its_own_half_only() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let failing = field.grounds.begin(AGENT).unwrap();
    let other = field.grounds.begin(OTHER).unwrap();
    let made = failing.perform(&|_| ControlFlow::Break(()));
    assert_eq!(
        field.grounds.made(made).unwrap_err().kind,
        TroubleKind::Cancelled
    );
    let made = other.perform(&unwatched);
    let root = field.grounds.made(made).unwrap().remove(0).root;
    assert!(root.join("a.txt").exists());
    let listed = bench.git_text(["worktree", "list", "--porcelain"]);
    assert_eq!(listed.matches("detached").count(), 1, "{listed}");
    field.root(AGENT);
}

#[test]
fn a_run_stays_locked_while_work_on_it_is_away() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    field.root(AGENT);
    let looking = field.grounds.look_at(AGENT).unwrap();
    let making = field.grounds.begin(OTHER).unwrap();
    let Field { state, grounds } = field;
    grounds.close().unwrap();
    let trouble = Grounds::reopen(state.path(), &run()).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Busy);
    drop(looking);
    drop(making);
    // What was only begun is not there, and can be had.
    let mut grounds = Grounds::reopen(state.path(), &run()).unwrap();
    assert_eq!(grounds.manifest().trees.len(), 1);
    grounds.worktree(OTHER).unwrap();
}
