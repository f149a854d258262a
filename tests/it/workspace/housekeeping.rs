//! What goes by itself, what stays, and that the looking says what the clearing does.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use massgen_tui::{
    protocol::{AgentId, Label, RunId},
    workspace::{
        Beside, Grounds, Keeping, LeftoverKind, Mode, Place, Ripe, Scope, Swept, TroubleKind,
        Wanted, housekeep, left_behind, list, prune, restore, unwatched,
    },
};

use super::{
    bench_of_git::{Bench, git_in},
    grounds::{AGENT, Field, OTHER, place, run},
    untouched::{Untouched, files},
};

fn in_days(days: u64) -> SystemTime {
    SystemTime::now() + Duration::from_hours(24 * days)
}

/// First the look, then the clearing: they must say the same. What tests beside this one left in the
/// folder of temporary files comes and goes, and is not compared.
fn swept(state: &Path, keeping: Keeping, days: u64) -> Swept {
    let sweep = |mode| {
        let mut swept = housekeep(state, keeping, in_days(days), mode, &unwatched).unwrap();
        swept.leftovers.retain(|one| one.path.starts_with(state));
        swept
    };
    let looked = sweep(Mode::Look);
    let cleared = sweep(Mode::Clear);
    assert_eq!(looked, cleared);
    cleared
}

/// An ended session with a changed file in one of two worktrees.
fn ended(bench: &Bench) -> tempfile::TempDir {
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    field.root(OTHER);
    fs::write(root.join("a.txt"), "agent\n").unwrap();
    fs::create_dir(root.join("target")).unwrap();
    fs::write(root.join("target/ignored"), "build\n").unwrap();
    let Field { state, grounds } = field;
    grounds.close().unwrap();
    state
}

fn root(state: &Path) -> std::path::PathBuf {
    state.join(format!("worktrees/{}/agent1/0", run()))
}

#[test]
fn worktrees_of_an_ended_session_go_after_their_days_and_can_be_had_again() {
    let bench = Bench::new();
    let before = Untouched::of(bench.root());
    let person = files(bench.root());
    let state = ended(&bench);
    let keeping = Keeping::default();
    assert_eq!(swept(state.path(), keeping, 13).going, []);
    assert!(root(state.path()).exists());
    let refs = bench.git(["for-each-ref", "refs/massgen-tui"]);
    let swept = swept(state.path(), keeping, 14);
    assert_eq!(swept.going.len(), 1, "{swept:?}");
    assert_eq!(
        (swept.going[0].trees, swept.going[0].why),
        (2, Ripe::Days(14))
    );
    assert!(swept.freed() > 0);
    assert_eq!(swept.staying, []);
    assert!(!root(state.path()).exists());
    assert_eq!(bench.git(["for-each-ref", "refs/massgen-tui"]), refs);
    assert!(!bench.git_text(["worktree", "list"]).contains("massgen"));
    assert!(!state.path().join("salvage").exists());
    bench.git(["fsck", "--no-progress"]);
    before.assert_untouched(bench.root());
    assert_eq!(files(bench.root()), person);
    // Whoever goes on with the session finds the agent's files as the agent left them.
    let mut grounds = Grounds::reopen(state.path(), &run()).unwrap();
    let again = grounds.worktree(AGENT).unwrap().remove(0).root;
    assert_eq!(fs::read(again.join("a.txt")).unwrap(), b"agent\n");
    let status = git_in(&again, ["status", "--porcelain"]);
    assert_eq!(String::from_utf8_lossy(&status), "");
    let latest = grounds.manifest().trees[0].latest.clone().unwrap();
    assert_eq!(grounds.snapshot(AGENT).unwrap(), [latest]);
}

#[test]
fn over_the_bound_the_oldest_go_first_and_no_more_than_needed() {
    let bench = Bench::new();
    bench.write("big", vec![b'x'; 300_000]);
    let state = tempfile::TempDir::new().unwrap();
    let name = |number: u32| RunId(format!("run-{number}"));
    for number in 0..3 {
        let mut grounds =
            Grounds::lay(state.path(), &name(number), &[place(bench.root())]).unwrap();
        grounds.worktree(AGENT).unwrap();
        grounds.close().unwrap();
        let manifest = state
            .path()
            .join(format!("worktrees/{}/manifest.json", name(number)));
        let when = SystemTime::now() - Duration::from_hours(u64::from(3 - number));
        let file = fs::File::options().write(true).open(manifest).unwrap();
        file.set_modified(when).unwrap();
    }
    let bytes = |most| Keeping {
        days: None,
        bytes: most,
    };
    assert_eq!(swept(state.path(), bytes(None), 500).going, []);
    let all = swept(state.path(), bytes(Some(u64::MAX)), 0).bytes;
    assert!(all > 900_000);
    let swept = swept(state.path(), bytes(Some(all - 1)), 0);
    assert_eq!(swept.going.len(), 1);
    assert_eq!(
        (&swept.going[0].run, swept.going[0].why),
        (&name(0), Ripe::Room)
    );
    assert_eq!(swept.bytes, all - swept.freed());
}

#[test]
fn what_is_kept_nowhere_else_stays_and_is_told() {
    type Work = fn(&Path);
    let cases: [(&str, Work); 4] = [
        ("its files are in no snapshot", |root| {
            fs::write(root.join("a.txt"), "late\n").unwrap();
        }),
        ("commits of its own", |root| {
            git_in(root, ["config", "--worktree", "user.name", "x"]);
            git_in(
                root,
                [
                    "-c",
                    "user.name=x",
                    "-c",
                    "user.email=x@example.org",
                    "commit",
                    "-q",
                    "--allow-empty",
                    "-m",
                    "own",
                ],
            );
        }),
        ("huge is in no snapshot", |root| {
            let huge = fs::File::create(root.join("huge")).unwrap();
            huge.set_len(65 << 20).unwrap();
        }),
        ("secret is in no snapshot", |root| {
            fs::write(root.join("secret"), "x\n").unwrap();
            fs::set_permissions(root.join("secret"), fs::Permissions::from_mode(0o0)).unwrap();
        }),
    ];
    for (why, work) in cases {
        let bench = Bench::new();
        let state = ended(&bench);
        if why.starts_with("commits") {
            bench.git(["config", "extensions.worktreeConfig", "true"]);
        }
        work(&root(state.path()));
        if why.starts_with("secret") && fs::read(root(state.path()).join("secret")).is_ok() {
            // Who may read everything cannot be kept from it.
            continue;
        }
        // Twice: the second time what was found before is believed.
        for _ in 0..2 {
            let swept = swept(state.path(), Keeping::default(), 20);
            assert_eq!(swept.going, [], "{why}");
            assert_eq!(swept.staying.len(), 1, "{why}");
            let told = &swept.staying[0].why;
            assert!(told.contains(why), "{told}");
            assert!(root(state.path()).exists());
        }
    }
}

#[test]
fn sessions_in_use_and_those_that_a_crash_cut_off_are_left_alone() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    field.root(AGENT);
    let nothing = Keeping {
        days: Some(0),
        bytes: Some(0),
    };
    assert_eq!(swept(field.state.path(), nothing, 100).going, []);
    let Field { state, grounds } = field;
    drop(grounds);
    let swept = swept(state.path(), nothing, 100);
    assert_eq!((swept.going.len(), swept.staying.len()), (0, 0));
    assert_eq!(left_behind(state.path()).unwrap().len(), 1);
    assert!(root(state.path()).exists());
}

#[test]
fn a_repository_that_is_gone_makes_the_worktrees_stay() {
    let bench = Bench::new();
    let state = ended(&bench);
    fs::remove_dir_all(bench.root()).unwrap();
    let swept = swept(state.path(), Keeping::default(), 20);
    assert_eq!(swept.going, []);
    assert!(swept.staying[0].why.contains("repository is gone"));
    assert!(root(state.path()).join("a.txt").exists());
}

#[test]
fn temporary_files_and_samples_go_and_links_are_not_followed() {
    let bench = Bench::new();
    let state = ended(&bench);
    let outside = bench.beside("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    let temporary = state.path().join(format!("tmp/{}/agent1", run()));
    let sample = state.path().join("samples/demo-run");
    for folder in [&temporary, &sample] {
        fs::create_dir_all(folder).unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("link")).unwrap();
    }
    std::os::unix::fs::symlink(&outside, state.path().join("samples/linked")).unwrap();
    assert_eq!(swept(state.path(), Keeping::default(), 0).leftovers, []);
    let found = swept(state.path(), Keeping::default(), 15).leftovers;
    let kinds: Vec<_> = found.iter().map(|left| left.kind).collect();
    assert!(kinds.contains(&LeftoverKind::Temporary), "{found:?}");
    assert!(kinds.contains(&LeftoverKind::Sample), "{found:?}");
    assert!(!temporary.exists() && !sample.exists());
    assert!(outside.join("precious").exists());
    assert!(
        state
            .path()
            .join("samples/linked")
            .symlink_metadata()
            .is_ok()
    );
}

/// A session on the folder of its own, as `backend.cwd` makes it, and its state.
fn own(label: Label) -> (tempfile::TempDir, Grounds) {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join(format!("sessions/{}/files", run()));
    fs::create_dir_all(&folder).unwrap();
    let own = Place {
        beside: Beside::Always,
        ..place(folder)
    };
    let mut grounds = Grounds::lay(state.path(), &run(), &[own]).unwrap();
    let root = grounds.worktree(AGENT).unwrap()[0].root.clone();
    fs::write(root.join("made.txt"), "made\n").unwrap();
    let snapshots = grounds.snapshot(AGENT).unwrap();
    grounds.label(label, &snapshots).unwrap();
    (state, grounds)
}

fn shadows(state: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.join("shadows")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_repository_beside_a_sessions_own_folder_goes_with_the_session() {
    let label = Label::new(AGENT, 1);
    let (state, grounds) = own(label);
    let state = state.path();
    let (sessions, trash) = (state.join("sessions"), state.join("trash"));
    // One beside a folder of the person's, which stays whatever becomes of the folder.
    let theirs = Bench::folder();
    theirs.write("a.txt", "a\n");
    let other = RunId("20261121-101530-aaaa".to_owned());
    let of_other = Grounds::lay(state, &other, &[place(theirs.root())]).unwrap();
    of_other.close().unwrap();
    let of_theirs = shadows(state).into_iter().find(|one| {
        fs::read(one.join("massgen-folder")).unwrap()
            == theirs.root().as_os_str().as_encoded_bytes()
    });
    let of_theirs = of_theirs.unwrap();
    fs::remove_dir_all(theirs.root()).unwrap();
    let gone = state.join("gone");
    fs::rename(&sessions, &gone).unwrap();
    assert_eq!(swept(state, Keeping::default(), 0).leftovers, [], "in use");
    fs::rename(&gone, &sessions).unwrap();
    grounds.close().unwrap();
    fs::rename(&sessions, &gone).unwrap();
    let with_trees = swept(state, Keeping::default(), 0);
    assert_eq!(with_trees.leftovers, [], "with worktrees");
    fs::rename(&gone, &sessions).unwrap();
    assert_eq!(swept(state, Keeping::default(), 20).going.len(), 1);
    let there = swept(state, Keeping::default(), 20);
    assert_eq!(there.leftovers, [], "it can be gone on with");
    let restored = state.join("restored");
    restore(state, &run(), Wanted::Answer(label), &restored, &unwatched).unwrap();
    assert!(restored.join("made.txt").exists());
    fs::rename(&sessions, &trash).unwrap();
    let deleted = swept(state, Keeping::default(), 20);
    assert_eq!(deleted.leftovers, [], "it can be had back");
    fs::remove_dir_all(&trash).unwrap();
    let gone = swept(state, Keeping::default(), 0).leftovers;
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].kind, LeftoverKind::Shadow);
    assert_eq!(shadows(state), [of_theirs]);
    let nothing = restore(
        state,
        &run(),
        Wanted::Answer(label),
        &state.join("no"),
        &unwatched,
    );
    assert_eq!(nothing.unwrap_err().kind, TroubleKind::Missing);
    prune(state, &run(), Scope::Everything, &unwatched).unwrap();
    assert_eq!(list(state).unwrap().len(), 1);
}

#[test]
fn salvage_and_what_other_sessions_have_in_it_make_it_stay() {
    for salvaged in [false, true] {
        let (state, grounds) = own(Label::new(AGENT, 1));
        let state = state.path();
        let other = RunId("20261121-101530-aaaa".to_owned());
        let shadow = shadows(state).remove(0);
        if !salvaged {
            // Another session was given the folder.
            let theirs = place(state.join(format!("sessions/{}/files", run())));
            let of_other = Grounds::lay(state, &other, &[theirs]).unwrap();
            of_other.close().unwrap();
        }
        grounds.close().unwrap();
        if salvaged {
            fs::write(root(state).join("late.txt"), "late\n").unwrap();
        }
        let pruned = prune(state, &run(), Scope::Trees, &unwatched).unwrap();
        assert_eq!(pruned.salvaged.len(), usize::from(salvaged), "{pruned:?}");
        fs::remove_dir_all(state.join("sessions")).unwrap();
        assert_eq!(swept(state, Keeping::default(), 20).leftovers, []);
        assert!(shadow.exists());
    }
}

#[test]
fn one_agent_more_and_the_bytes_are_counted_anew() {
    let bench = Bench::new();
    let state = ended(&bench);
    let bytes = |days| swept(state.path(), Keeping::default(), days).bytes;
    let first = bytes(0);
    assert_eq!(bytes(0), first);
    let mut grounds = Grounds::reopen(state.path(), &run()).unwrap();
    grounds.worktree(AgentId(3)).unwrap();
    grounds.close().unwrap();
    assert!(bytes(0) > first);
    assert!(list(state.path()).unwrap()[0].bytes.is_some());
}
