//! A whole run killed at moments that nobody chose: laying the ground, worktrees, snapshots, labels,
//! applying, undoing, clearing away. The person's repository is as before, and no work is lost.
//!
//! The child is this test binary again, running [`the_child`] alone. The moment is chance; what has to
//! hold does not depend on it. `KILL_ROUNDS=200` digs deeper, `KILL_SEED` repeats.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use massgen_tui::{
    protocol::{
        Label, Timestamp,
        change::{ContextId, Destination},
    },
    workspace::{
        Grounds, Keeping, Mode, Scope, TroubleKind,
        apply::{self, Changed},
        housekeep, list, prune, unwatched,
    },
};

use super::{
    bench_of_git::{Bench, tree_by_git},
    flow::bring,
    grounds::{AGENT, OTHER, place, run},
    untouched::{Untouched, files},
};

/// Tells the child where to work, and on what.
const CHILD: &str = "MASSGEN_TUI_TEST_CHANCE";
/// Files of the repository.
const FILES: usize = 40;
/// When something was applied and undone, by nobody's clock.
const THEN: Timestamp = Timestamp(1_795_256_130_000);

/// A whole run, when it is told where: not a test of its own.
#[test]
fn the_child() {
    let Some(told) = std::env::var_os(CHILD) else {
        return;
    };
    let told = told.into_string().unwrap();
    let (state, root) = told.split_once('\n').unwrap();
    let (state, root) = (PathBuf::from(state), PathBuf::from(root));
    // Through the capture of the test harness.
    writeln!(std::io::stderr(), "the child begins").unwrap();
    whole_run(&state, &root);
}

fn whole_run(state: &Path, root: &Path) {
    let mut grounds = Grounds::lay(state, &run(), &[place(root)]).unwrap();
    let base = grounds.workplaces()[0].tree.clone();
    for (agent, revision) in [(AGENT, 1), (OTHER, 1), (AGENT, 2)] {
        let tree = grounds.worktree(agent).unwrap().remove(0).root;
        for number in 0..FILES / 2 {
            let text = format!("{agent} {revision} {number}\n");
            fs::write(tree.join(format!("many/{number}")), text).unwrap();
        }
        fs::write(tree.join(format!("new-{agent}")), "new\n").unwrap();
        let snapshots = grounds.snapshot(agent).unwrap();
        grounds
            .label(Label::new(agent, revision), &snapshots)
            .unwrap();
    }
    let taken = grounds.snapshot(AGENT).unwrap().remove(0);
    let repo = grounds.repo(ContextId(0)).unwrap();
    grounds.reset(OTHER, std::slice::from_ref(&taken)).unwrap();
    let to = Destination::WorkingTree;
    bring(state, &repo, (&base, &taken.tree), &to).unwrap();
    apply::undo(state, None, Changed::Refuse, THEN, &unwatched).unwrap();
    grounds.close().unwrap();
    let nothing = Keeping {
        days: Some(0),
        bytes: None,
    };
    housekeep(state, nothing, SystemTime::now(), Mode::Clear, &unwatched).unwrap();
    prune(state, &run(), Scope::Everything, &unwatched).unwrap();
}

fn bench() -> Bench {
    let bench = Bench::new();
    for number in 0..FILES {
        bench.write(format!("many/{number}"), format!("{number}\n"));
    }
    bench.commit("many");
    bench.write("a.txt", "staged\n");
    bench.git(["add", "a.txt"]);
    bench.write("a.txt", "staged and more\n");
    bench.write("untracked", "mine\n");
    bench.git(["stash", "-q"]);
    bench.git(["stash", "apply", "-q", "--index"]);
    bench
}

/// Starts a whole run; `None` when it may end by itself, else it is killed after this long.
fn start(state: &Path, root: &Path, after: Option<Duration>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "workspace::chance::the_child", "--nocapture"])
        .env(CHILD, format!("{}\n{}", state.display(), root.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while lines
        .next()
        .is_some_and(|line| !line.unwrap().contains("the child begins"))
    {}
    let Some(after) = after else {
        assert!(child.wait().unwrap().success());
        return;
    };
    let begun = Instant::now();
    while begun.elapsed() < after && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    // It may have ended in this moment; then there is nothing to kill.
    let _ = child.kill();
    child.wait().unwrap();
}

/// What must hold after a kill, at once and after the next start.
fn holds(bench: &Bench, state: &Path, before: &Untouched, person: &Files) {
    // The next start ends what was half applied; what stands then is undone.
    apply::recover(state).unwrap();
    let fsck = bench.git_text(["fsck", "--no-dangling", "--no-progress"]);
    assert_eq!(fsck, "");
    let now = files(bench.root());
    if now != *person {
        assert!(now.contains_key(Path::new("new-agent1")), "half applied");
        apply::undo(state, None, Changed::Refuse, THEN, &unwatched).unwrap();
    }
    assert_eq!(files(bench.root()), *person);
    before.assert_untouched(bench.root());
    match Grounds::reopen(state, &run()) {
        Ok(mut grounds) => {
            // Every answer that the record of git names is whole, and the agents can go on.
            let root = grounds.worktree(AGENT).unwrap().remove(0).root;
            let taken = grounds.snapshot(AGENT).unwrap().remove(0);
            assert_eq!(taken.tree, tree_by_git(&root, &root));
            grounds.close().unwrap();
        }
        Err(trouble) => assert_eq!(trouble.kind, TroubleKind::Missing, "{trouble}"),
    }
    for name in bench
        .git_text(["for-each-ref", "--format=%(refname)", "refs/massgen-tui"])
        .lines()
    {
        bench.git(["ls-tree", "-r", name]);
    }
    for held in list(state).unwrap() {
        prune(state, &held.run, Scope::Trees, &unwatched).unwrap();
    }
    before.assert_untouched(bench.root());
    let listed = bench.git_text(["worktree", "list", "--porcelain"]);
    assert!(!listed.contains("massgen"), "{listed}");
    assert_eq!(files(bench.root()), *person);
}

type Files = std::collections::BTreeMap<PathBuf, (u32, Vec<u8>)>;

#[test]
fn a_whole_run_killed_at_any_moment_leaves_the_person_as_before() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("KILL_SEED").unwrap_or_else(|| fastrand::u64(..));
    let rounds = number("KILL_ROUNDS").unwrap_or(8);
    eprintln!("KILL_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let whole = {
        let (bench, state) = (bench(), tempfile::TempDir::new().unwrap());
        let (before, person) = (Untouched::of(bench.root()), files(bench.root()));
        let begun = Instant::now();
        start(state.path(), bench.root(), None);
        let whole = begun.elapsed();
        holds(&bench, state.path(), &before, &person);
        whole
    };
    for _ in 0..rounds {
        let (bench, state) = (bench(), tempfile::TempDir::new().unwrap());
        let (before, person) = (Untouched::of(bench.root()), files(bench.root()));
        let after = whole.mul_f64(chance.f64());
        start(state.path(), bench.root(), Some(after));
        holds(&bench, state.path(), &before, &person);
    }
}
