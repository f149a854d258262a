//! Killed or refused in the middle: all or nothing.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    ops::ControlFlow,
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use super::*;
use crate::workspace::Progress;
use Thing::{File, Link, Program};

/// A change of many kinds: what is there, and what comes.
fn many() -> (Desk, ObjectId) {
    let desk = Desk::with(&[
        (b"a", File(b"1\n2\n3\n")),
        (b"bin", File(b"\0\x01")),
        (b"d/e/gone", File(b"1\n")),
        (b"folder/x", File(b"1\n")),
        (b"kind", File(b"k\n")),
        (b"l", Link("a")),
        (b"mode", File(b"m\n")),
        (b"ren", File(b"x\ny\nz\n")),
    ]);
    let tree = desk.shop.tree(&[
        (b"a", File(b"1\nTWO\n3\n")),
        (b"bin", File(&vec![0; 100_000])),
        (b"folder", File(b"now a file\n")),
        (b"kind/now/a", File(b"folder\n")),
        (b"l", Link("bin")),
        (b"mode", Program(b"m\n")),
        (b"other/ren", File(b"x\ny\nz\n")),
        (b"new/er", File(b"n\n")),
    ]);
    desk.shop.put(b"mine", &File(b"untracked\n"));
    (desk, tree)
}

fn destinations() -> [Destination; 3] {
    [
        Destination::WorkingTree,
        Destination::Index,
        Destination::Commit {
            message: "all of it".into(),
        },
    ]
}

/// The person's world: files, refs, index.
fn world(desk: &Desk) -> (BTreeMap<String, Seen>, String) {
    (seen(&desk.shop.root()), git_state(&desk.shop))
}

/// Paths with modes and bytes; and git's side of it.
type Content = (Vec<(String, u32, Vec<u8>)>, String);

/// Without times: a finished application writes new ones.
fn content(desk: &Desk) -> Content {
    let files = seen(&desk.shop.root());
    let files = files
        .into_iter()
        .map(|(path, one)| (path, one.mode, one.bytes))
        .collect();
    // The commit's own id has the time in it.
    let head = desk.shop.git(&["rev-parse", "HEAD^{tree}"]);
    (files, desk.shop.git(&["ls-files", "-s"]) + &head)
}

#[test]
fn stopped_at_any_step_everything_is_as_before() {
    for to in destinations() {
        let (desk, tree) = many();
        let before = world(&desk);
        let built = desk.whole(&tree);
        let steps = AtomicU64::new(0);
        for stop in 1.. {
            let watch = |progress: Progress| {
                steps.store(progress.done, Ordering::Relaxed);
                if progress.done == stop {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            };
            let done = desk.watched(&built, &to, &watch);
            if steps.load(Ordering::Relaxed) < stop {
                done.unwrap();
                break;
            }
            let trouble = done.unwrap_err();
            assert_eq!(world(&desk), before, "{to:?} at {stop}: {trouble}");
        }
        assert!(steps.load(Ordering::Relaxed) > 15);
        desk.undo(Changed::Refuse).unwrap();
        assert_eq!(world(&desk), before, "{to:?}");
    }
}

/// What the child does is in these variables; only the test below reads them.
const CHILD: &str = "MASSGEN_TUI_TEST_APPLY_CHILD";

/// Not a test of its own: what a child process of the tests below does.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn child() {
    let Ok(said) = std::env::var(CHILD) else {
        return;
    };
    let words: Vec<&str> = said.split('\n').collect();
    let [root, state, base, tree, to, kill, undoing] = words.as_slice() else {
        panic!("{words:?}");
    };
    let kill: u64 = kill.parse().unwrap();
    let watch = |progress: Progress| {
        if progress.done == kill {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        }
        ControlFlow::Continue(())
    };
    let mut out = std::io::stderr();
    writeln!(out, "child begins").unwrap();
    if *undoing == "undo" {
        undo(
            Path::new(state),
            None,
            Changed::Refuse,
            Timestamp(2),
            &watch,
        )
        .unwrap();
        return;
    }
    let repo = Repo::discover(Path::new(root)).unwrap();
    let (base, tree) = (ObjectId((*base).into()), ObjectId((*tree).into()));
    let to: Destination = serde_json::from_str(to).unwrap();
    let built = Built {
        tree,
        provenance: Vec::new(),
        clashes: Vec::new(),
    };
    let ground = Ground {
        repo: &repo,
        access: Access::Write,
        inside: &RepoPath::from(""),
        untracked: &Untracked::default(),
        state_dir: Path::new(state),
    };
    let order = Order {
        base: &base,
        built: &built,
        decisions: &[],
        credits: &[],
        to: &to,
    };
    let seen = preview(&ground, &order).unwrap();
    let occasion = Occasion {
        run: None,
        at: Timestamp(1),
    };
    apply(&ground, &order, &seen, occasion, &watch).unwrap();
}

/// Starts a child that kills itself at step `kill` (0: never).
fn start(
    desk: &Desk,
    tree: &ObjectId,
    to: &Destination,
    kill: u64,
    undoing: bool,
) -> std::process::Child {
    let said = [
        desk.shop.root().display().to_string(),
        desk.state().display().to_string(),
        desk.base.0.clone(),
        tree.0.clone(),
        serde_json::to_string(to).unwrap(),
        kill.to_string(),
        if undoing { "undo" } else { "apply" }.to_owned(),
    ];
    let name = format!("{}::child", module_path!().split_once("::").unwrap().1);
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--ignored", "--nocapture"])
        .env(CHILD, said.join("\n"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// After a kill: everything is as before or everything is done, and git finds nothing wrong.
fn settled(
    desk: &Desk,
    before: &(BTreeMap<String, Seen>, String),
    after: &Content,
    when: &str,
) -> bool {
    let found = recover(&desk.state()).unwrap();
    for one in &found {
        assert!(
            matches!(one.what, Recovery::Finished | Recovery::RolledBack),
            "{when}: {one:?}"
        );
    }
    assert_eq!(recover(&desk.state()).unwrap(), [], "{when}");
    let is_before = world(desk) == *before;
    let is_after = content(desk) == *after;
    assert!(is_before || is_after, "{when}: {:#?}", world(desk));
    assert!(!desk.shop.root().join(".git/index.lock").exists(), "{when}");
    let left = fs::read_dir(desk.shop.root().join(".git")).unwrap();
    let ours = left.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("massgen")
    });
    assert_eq!(ours.count(), 0, "{when}");
    is_after
}

/// The world after the change, seen once.
fn wanted(desk: &Desk, tree: &ObjectId, to: &Destination) -> Content {
    desk.apply_to(tree, to).unwrap();
    let after = content(desk);
    desk.undo(Changed::Refuse).unwrap();
    after
}

#[test]
fn killed_at_any_step_it_is_all_or_nothing_after_the_next_start() {
    // Files, index and a ref, in one.
    for to in [Destination::Commit {
        message: "m".into(),
    }] {
        let (desk, tree) = many();
        let before = world(&desk);
        let after = wanted(&desk, &tree, &to);
        assert_eq!(world(&desk), before);
        for undoing in [false, true] {
            for kill in 1.. {
                if undoing {
                    desk.apply_to(&tree, &to).unwrap();
                }
                let done = start(&desk, &tree, &to, kill, undoing)
                    .wait_with_output()
                    .unwrap();
                let when = format!("{to:?} {undoing} {kill}");
                let is_after = settled(&desk, &before, &after, &when);
                if done.status.success() {
                    assert_eq!(is_after, !undoing, "{when}");
                    assert!(kill > 15);
                    break;
                }
                if is_after {
                    desk.undo(Changed::Refuse).unwrap();
                }
                assert_eq!(world(&desk), before, "{when}");
            }
            if !undoing {
                desk.undo(Changed::Refuse).unwrap();
            }
        }
        desk.shop.git(&["fsck", "--strict", "--no-dangling"]);
    }
}

#[test]
fn killed_at_any_moment_it_is_all_or_nothing_after_the_next_start() {
    let to = Destination::Commit {
        message: "m".into(),
    };
    let (desk, tree) = many();
    let before = world(&desk);
    let after = wanted(&desk, &tree, &to);
    let mut seed = 7_u64;
    for round in 0..16 {
        let mut child = start(&desk, &tree, &to, 0, false);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        while !lines
            .next()
            .is_none_or(|line| line.unwrap().contains("child begins"))
        {}
        // A moment that depends on nothing: so much work of our own.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        for _ in 0..(seed >> 44) {
            std::hint::black_box(seed);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if settled(&desk, &before, &after, &format!("round {round}")) {
            desk.undo(Changed::Refuse).unwrap();
        }
        assert_eq!(world(&desk), before, "round {round}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_rolls_everything_back() {
    if rustix::process::geteuid().is_root() {
        // Rights do not bind root; the full disk below is the same path.
        return;
    }
    let (desk, tree) = many();
    chmod(&desk.shop.root().join("folder"), 0o555);
    let before = world(&desk);
    let trouble = desk.apply(&tree).unwrap_err();
    assert_eq!(
        trouble.kind,
        crate::workspace::TroubleKind::Denied,
        "{trouble}"
    );
    assert_eq!(world(&desk), before);
    chmod(&desk.shop.root().join("folder"), 0o755);
}

#[test]
fn what_somebody_changes_in_between_is_left_and_told() {
    let (desk, tree) = many();
    let root = desk.shop.root();
    let before = world(&desk);
    let built = desk.whole(&tree);
    // Step by step, somebody saves `a` from an editor: before it is written, and after.
    for step in [2, 25] {
        let watch = |progress: Progress| {
            if progress.done == step {
                fs::write(root.join("a"), "from the editor\n").unwrap();
            }
            if progress.done > step {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let trouble = desk
            .watched(&built, &Destination::WorkingTree, &watch)
            .unwrap_err();
        assert_eq!(desk.read("a"), "from the editor\n", "{step}: {trouble}");
        let mut now = world(&desk);
        now.0.insert("\"a\"".into(), before.0["\"a\""].clone());
        assert_eq!(now, before, "{step}");
        assert!(trouble.to_string().contains('a'), "{trouble}");
        desk.shop.put(b"a", &File(b"1\n2\n3\n"));
        let old = before.0["\"a\""].changed;
        let at = std::time::UNIX_EPOCH + std::time::Duration::new(old.0 as u64, old.1 as u32);
        fs::File::options()
            .write(true)
            .open(root.join("a"))
            .unwrap()
            .set_modified(at)
            .unwrap();
    }
}

#[test]
fn a_damaged_or_foreign_record_is_told_and_touches_nothing() {
    let (desk, tree) = many();
    desk.apply(&tree).unwrap();
    let world_before = world(&desk);
    let dir = desk.state().join("applied");
    fs::create_dir(dir.join("2")).unwrap();
    fs::write(dir.join("2/a0"), "never got as far").unwrap();
    fs::create_dir(dir.join("not ours")).unwrap();
    assert_eq!(recover(&desk.state()).unwrap(), []);
    assert!(!dir.join("2").exists() && dir.join("not ours").exists());
    fs::write(dir.join("1/record.json"), "{").unwrap();
    let found = recover(&desk.state()).unwrap();
    assert!(
        matches!(&found[..], [Recovered { what: Recovery::Unreadable(why), .. }] if why.contains("cannot be read")),
        "{found:?}"
    );
    assert!(desk.undo(Changed::Refuse).is_err());
    assert_eq!(world(&desk), world_before);
}

#[test]
fn a_damaged_or_foreign_record_does_not_keep_the_others_from_being_ended() {
    let (desk, tree) = many();
    let before = content(&desk);
    desk.apply(&tree).unwrap();
    let dir = desk.state().join("applied");
    // As if it was cut off before one of its files.
    desk.shop.put(b"a", &File(b"1\n2\n3\n"));
    fs::write(dir.join("1/phase"), "\"prepared\"").unwrap();
    let record = fs::read_to_string(dir.join("1/record.json")).unwrap();
    let foreign = record.replacen("\"version\":", "\"version\":9", 1);
    assert_ne!(foreign, record);
    for (id, text) in [("0", "{"), ("2", foreign.as_str())] {
        fs::create_dir(dir.join(id)).unwrap();
        fs::write(dir.join(id).join("record.json"), text).unwrap();
        fs::write(dir.join(id).join("phase"), "\"prepared\"").unwrap();
    }
    let found = recover(&desk.state()).unwrap();
    let what: Vec<_> = found.iter().map(|one| (&*one.id.0, &one.what)).collect();
    assert!(
        matches!(
            &what[..],
            [
                ("0", Recovery::Unreadable(_)),
                ("1", Recovery::RolledBack),
                ("2", Recovery::Unreadable(version)),
            ] if version.contains("another version")
        ),
        "{what:?}"
    );
    assert_eq!(content(&desk), before);
    assert!(dir.join("0/record.json").exists() && dir.join("2/record.json").exists());
    assert_eq!(list(&desk.state()).unwrap().len(), 1);
    // Neither keeps anything else from being applied.
    desk.apply(&tree).unwrap();
    assert_eq!(list(&desk.state()).unwrap().last().unwrap().id.0, "3");
}
