//! Further turns on the same ground, and members of teams inside teams.

use std::fs;

use massgen_tui::{
    protocol::{AgentId, Label},
    workspace::{Grounds, Renewed, unwatched},
};

use super::{
    bench_of_git::{Bench, tree_by_git},
    grounds::{AGENT, Field, OTHER, run},
};

/// Begins a further turn as a session does.
fn further(field: &mut Field) -> Renewed {
    let news = field.grounds.renew(&unwatched).unwrap();
    field.grounds.start_over(None, Vec::new()).unwrap();
    news
}

#[test]
fn a_further_turn_begins_with_the_persons_files_as_they_are_then() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let first = field.grounds.workplaces()[0].clone();
    let (root, other) = (field.root(AGENT), field.root(OTHER));
    fs::write(root.join("a.txt"), "of turn one\n").unwrap();
    fs::write(other.join("unfinished"), "half\n").unwrap();
    let one = field.snapshot(AGENT);
    let label = Label::new(AGENT, 1);
    field
        .grounds
        .label(label, std::slice::from_ref(&one))
        .unwrap();

    // The person takes it over, and goes on by hand.
    bench.write("a.txt", "of turn one\n");
    bench.write("dir/b.txt", "by hand\n");
    assert_eq!(further(&mut field), Renewed::New);
    let second = field.grounds.workplaces()[0].clone();
    assert_ne!(first.base, second.base);
    assert_eq!(second.tree, bench.tree_by_git());

    // Nobody has worked yet, so nobody has anything.
    assert!(field.grounds.snapshot(AGENT).unwrap().is_empty());
    let (root, other) = (field.root(AGENT), field.root(OTHER));
    for root in [&root, &other] {
        assert_eq!(tree_by_git(root, root), second.tree);
        assert!(!root.join("unfinished").exists());
    }
    fs::write(root.join("new.txt"), "of turn two\n").unwrap();
    let two = field.snapshot(AGENT);
    let names = bench.git_text(["diff", "--name-only", &second.base.0, &two.commit.0]);
    assert_eq!(names, "new.txt");
    assert_eq!((two.files, two.added, two.removed), (1, 1, 0));

    // What was not published is salvage, against the baseline it was made on.
    let patch = fs::read_dir(field.state.path().join("salvage").join(&run().0))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect::<Vec<_>>();
    assert_eq!(patch.len(), 1);
    assert!(patch[0].contains("+half") && !patch[0].contains("by hand"));

    // The number of an answer comes again; what it named in turn one is still to be had, gc or not.
    field
        .grounds
        .label(label, std::slice::from_ref(&two))
        .unwrap();
    field
        .grounds
        .finish(label, std::slice::from_ref(&one))
        .unwrap();
    field
        .grounds
        .finish(label, std::slice::from_ref(&two))
        .unwrap();
    bench.git(["gc", "--quiet", "--prune=now"]);
    for id in [&one.commit, &two.commit, &first.base, &second.base] {
        assert_eq!(bench.git_text(["cat-file", "-t", &id.0]), "commit");
    }
    let repo = field.grounds.repo(one.context).unwrap();
    let old = repo.changes(&first.tree, &one.tree).unwrap();
    assert_eq!(old.files.len(), 1);
}

#[test]
fn where_the_person_changed_nothing_the_baseline_stands_and_the_last_files_go_on() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let before = field.grounds.workplaces()[0].clone();
    let root = field.root(AGENT);
    fs::write(root.join("a.txt"), "won\n").unwrap();
    let won = field.snapshot(AGENT);
    assert_eq!(field.grounds.renew(&unwatched).unwrap(), Renewed::Same);
    assert_eq!(field.grounds.workplaces()[0], before);
    field.grounds.start_over(None, vec![won.clone()]).unwrap();
    // Whoever only talks has what everybody begins with.
    assert_eq!(
        field.grounds.snapshot(OTHER).unwrap(),
        std::slice::from_ref(&won)
    );
    let other = field.root(OTHER);
    assert_eq!(fs::read_to_string(other.join("a.txt")).unwrap(), "won\n");
    assert_eq!(field.snapshot(OTHER), won);
}

#[test]
fn a_beginning_outlives_the_process() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::write(root.join("half"), "half\n").unwrap();
    bench.write("a.txt", "by hand\n");
    further(&mut field);
    let Field { state, grounds } = field;
    // As a kill leaves it: nothing is closed.
    drop(grounds);
    let mut grounds = Grounds::reopen(state.path(), &run()).unwrap();
    let root = grounds.worktree(AGENT).unwrap()[0].root.clone();
    assert_eq!(fs::read_to_string(root.join("a.txt")).unwrap(), "by hand\n");
    assert!(!root.join("half").exists());
    fs::write(root.join("whole"), "whole\n").unwrap();
    drop(grounds);
    // A resumed turn is no new beginning.
    let mut grounds = Grounds::reopen(state.path(), &run()).unwrap();
    grounds.worktree(AGENT).unwrap();
    assert!(root.join("whole").exists());
    assert_eq!(grounds.snapshot(AGENT).unwrap()[0].files, 1);
}

#[test]
fn members_of_teams_inside_have_worktrees_of_their_own() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let inner = field.grounds.inner(OTHER, AGENT).unwrap();
    let deeper = field.grounds.inner(inner, AGENT).unwrap();
    assert_eq!(field.grounds.inner(OTHER, AGENT).unwrap(), inner);
    assert!(inner != AGENT && deeper != inner);
    let manifest = field.grounds.manifest();
    assert_eq!(manifest.name(inner), "agent2/agent1");
    assert_eq!(manifest.name(deeper), "agent2/agent1/agent1");
    assert_eq!(manifest.name(AgentId(7)), "agent7");

    // The team begins with what its seat has.
    let seat = field.root(OTHER);
    fs::write(seat.join("a.txt"), "so far\n").unwrap();
    let so_far = field.snapshot(OTHER);
    field
        .grounds
        .start_over(Some(OTHER), vec![so_far.clone()])
        .unwrap();
    let root = field.root(inner);
    assert_eq!(fs::read_to_string(root.join("a.txt")).unwrap(), "so far\n");
    assert_eq!(
        field.root(AGENT),
        root.parent().unwrap().parent().unwrap().join("agent1/0")
    );
    fs::write(root.join("b.new"), "inner\n").unwrap();
    let made = field.grounds.snapshot(inner).unwrap();
    field.grounds.label(Label::new(inner, 1), &made).unwrap();
    // Its outcome becomes what the seat has.
    field.grounds.reset(OTHER, &made).unwrap();
    assert_eq!(field.snapshot(OTHER).tree, made[0].tree);
    assert!(seat.join("b.new").exists());
}
