//! Destinations: index, commit, branch, patch.

use super::*;
use Thing::{File, Link, Program};

const TEXT: &[u8] = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";
const THEIRS: &[u8] = b"1\nTWO\n3\n4\n5\n6\n7\n8\n9\n";

#[test]
fn the_index_gets_what_was_taken_and_keeps_what_was_staged() {
    let desk = Desk::with(&[
        (b"a", File(TEXT)),
        (b"b", File(b"1\n")),
        (b"c", File(b"1\n")),
    ]);
    let tree = desk.shop.tree(&[
        (b"a", File(THEIRS)),
        (b"b", File(b"1\n")),
        (b"new", Program(b"n\n")),
    ]);
    // Staged: one change of `a`; in the folder: another one. Staged elsewhere: `b`.
    desk.shop
        .put(b"a", &File(b"1\n2\n3\n4\n5\n6\n7\n8\nnine\n"));
    desk.shop.put(b"b", &File(b"staged\n"));
    desk.shop.git(&["add", "a", "b"]);
    desk.shop
        .put(b"a", &File(b"1\n2\n3\n4\n5\nsix\n7\n8\nnine\n"));
    let (files, git) = (seen(&desk.shop.root()), git_state(&desk.shop));
    desk.apply_to(&tree, &Destination::Index).unwrap();
    assert_eq!(desk.read("a"), "1\nTWO\n3\n4\n5\nsix\n7\n8\nnine\n");
    assert_eq!(
        desk.shop.git(&["show", ":a"]),
        "1\nTWO\n3\n4\n5\n6\n7\n8\nnine"
    );
    assert_eq!(
        desk.shop.git(&["status", "--porcelain"]),
        "MM a\nM  b\nD  c\nA  new"
    );
    assert!(!desk.shop.root().join(".git/index.lock").exists());
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(
        (seen(&desk.shop.root()), git_state(&desk.shop)),
        (files, git)
    );
    desk.shop.git(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn a_conflict_stands_in_the_index_as_after_a_merge() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    let tree = desk.shop.tree(&[(b"a", File(THEIRS))]);
    desk.shop
        .put(b"a", &File(b"1\nmine\n3\n4\n5\n6\n7\n8\n9\n"));
    desk.shop.git(&["add", "a"]);
    let git = git_state(&desk.shop);
    desk.apply_to(&tree, &Destination::Index).unwrap();
    assert_eq!(desk.shop.git(&["status", "--porcelain"]), "UU a");
    assert_eq!(
        desk.shop.git(&["show", ":3:a"]).as_bytes(),
        &THEIRS[..THEIRS.len() - 1]
    );
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(git_state(&desk.shop), git);
}

#[test]
fn git_at_work_on_the_index_is_waited_for_by_the_person() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    let tree = desk.shop.tree(&[(b"a", File(THEIRS))]);
    let lock = desk.shop.root().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let files = seen(&desk.shop.root());
    let trouble = desk.apply_to(&tree, &Destination::Index).unwrap_err();
    assert!(trouble.to_string().contains("index.lock"), "{trouble}");
    assert_eq!(seen(&desk.shop.root()), files);
    assert!(lock.exists());
}

#[test]
fn a_commit_has_what_was_taken_and_nothing_else() {
    for detached in [false, true] {
        let desk = Desk::with(&[(b"a", File(TEXT)), (b"b", File(b"1\n"))]);
        if detached {
            desk.shop.git(&["checkout", "-q", "--detach"]);
        }
        let hook = desk.shop.root().join(".git/hooks/pre-commit");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, "#!/bin/sh\ntouch hook-ran\nexit 1\n").unwrap();
        chmod(&hook, 0o755);
        let tree = desk.shop.tree(&[
            (b"a", File(THEIRS)),
            (b"b", File(b"1\n")),
            (b"new", File(b"n\n")),
        ]);
        desk.shop
            .put(b"a", &File(b"1\n2\n3\n4\n5\n6\n7\n8\nnine\n"));
        desk.shop.put(b"b", &File(b"mine\n"));
        desk.shop.git(&["add", "b"]);
        let (files, git) = (seen(&desk.shop.root()), git_state(&desk.shop));
        let to = Destination::Commit {
            message: "Fix two\n\nWhy: so.\n".into(),
        };
        let applied = desk.apply_to(&tree, &to).unwrap();
        assert_eq!(
            applied.commit.unwrap().0,
            desk.shop.git(&["rev-parse", "HEAD"])
        );
        let branch = if detached { "" } else { "main" };
        assert_eq!(desk.shop.git(&["branch", "--show-current"]), branch);
        assert_eq!(
            desk.shop.git(&["show", "HEAD:a"]).as_bytes(),
            &THEIRS[..THEIRS.len() - 1]
        );
        assert_eq!(desk.shop.git(&["show", "HEAD:b"]), "1");
        assert_eq!(
            desk.shop.git(&[
                "log",
                "-1",
                "--format=%an <%ae>%n%(trailers:key=Massgen-Agents)"
            ]),
            "A Person <person@example.org>\nMassgen-Agents: agent1.2"
        );
        assert_eq!(desk.shop.git(&["log", "-1", "--format=%s"]), "Fix two");
        assert_eq!(desk.read("a"), "1\nTWO\n3\n4\n5\n6\n7\n8\nnine\n");
        assert_eq!(desk.shop.git(&["status", "--porcelain"]), " M a\nM  b");
        assert!(!desk.shop.root().join("hook-ran").exists());
        desk.shop.git(&["fsck", "--strict", "--no-dangling"]);
        desk.undo(Changed::Refuse).unwrap();
        assert_eq!(
            (seen(&desk.shop.root()), git_state(&desk.shop)),
            (files, git)
        );
    }
}

#[test]
fn commits_that_would_need_more_than_was_taken_are_refused() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    let to = Destination::Commit {
        message: String::new(),
    };
    // The agents began with the person's uncommitted work and changed the same line.
    desk.shop
        .put(b"a", &File(b"1\nmine\n3\n4\n5\n6\n7\n8\n9\n"));
    let desk = Desk {
        base: desk.shop.tree_now(),
        ..desk
    };
    let tree = desk.shop.tree(&[(b"a", File(THEIRS))]);
    let (files, git) = (seen(&desk.shop.root()), git_state(&desk.shop));
    let trouble = desk.apply_to(&tree, &to).unwrap_err();
    assert!(trouble.to_string().contains("Commit or stash"), "{trouble}");
    fs::write(
        desk.shop.root().join(".git/MERGE_HEAD"),
        desk.shop.git(&["rev-parse", "HEAD"]) + "\n",
    )
    .unwrap();
    let trouble = desk.apply_to(&tree, &to).unwrap_err();
    assert!(trouble.to_string().contains("going on"), "{trouble}");
    fs::remove_file(desk.shop.root().join(".git/MERGE_HEAD")).unwrap();
    assert_eq!(
        (seen(&desk.shop.root()), git_state(&desk.shop)),
        (files, git)
    );
}

#[test]
fn a_first_commit_and_a_person_without_a_name() {
    let shop = Workshop::new();
    let empty = shop.tree(&[]);
    let desk = Desk {
        shop,
        base: empty,
        inside: RepoPath::from(""),
        decisions: Vec::new(),
    };
    let tree = desk.shop.tree(&[(b"a", File(b"1\n"))]);
    let to = Destination::Commit {
        message: String::new(),
    };
    desk.apply_to(&tree, &to).unwrap();
    assert_eq!(desk.shop.git(&["rev-list", "--count", "HEAD"]), "1");
    assert_eq!(desk.shop.git(&["status", "--porcelain"]), "");
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(
        desk.shop.git(&["status", "--porcelain", "-b"]),
        "## No commits yet on main"
    );
}

#[test]
fn a_branch_is_new_and_leaves_the_folder() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    let tree = desk.shop.tree(&[(b"a", File(THEIRS)), (b"l", Link("a"))]);
    desk.shop.put(b"other", &File(b"mine\n"));
    let (files, git) = (seen(&desk.shop.root()), git_state(&desk.shop));
    let to = |name: &str| Destination::Branch {
        name: name.into(),
        message: "m".into(),
    };
    let applied = desk.apply_to(&tree, &to("team/work")).unwrap();
    assert_eq!(seen(&desk.shop.root()), files);
    assert_eq!(
        desk.shop.git(&["rev-parse", "team/work^"]),
        desk.shop.git(&["rev-parse", "main"])
    );
    assert_eq!(desk.shop.git(&["rev-parse", "team/work^{tree}"]), tree.0);
    assert_eq!(applied.files.len(), 2);
    for name in ["team/work", "main", "no good", "-x", "", "a..b"] {
        assert!(desk.apply_to(&tree, &to(name)).is_err(), "{name}");
    }
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(git_state(&desk.shop), git);
    // A branch that somebody built on is not taken away.
    desk.apply_to(&tree, &to("next")).unwrap();
    desk.shop.git(&["update-ref", "refs/heads/next", "main"]);
    assert!(
        desk.undo(Changed::Keep)
            .unwrap_err()
            .to_string()
            .contains("moved on")
    );
}

#[test]
fn a_patch_is_one_that_git_applies() {
    let odd: &[u8] = "ä\tö \"q\" \\".as_bytes();
    let desk = Desk::with(&[
        (b"a", File(TEXT)),
        (b"bin", File(b"\0\x01\xff")),
        (b"gone", File(b"1\n")),
        (b"ren", File(b"x\ny\nz\nw\n")),
        (b"mode", File(b"m\n")),
        (b"kind", File(b"k\n")),
        (odd, File(b"1\n")),
        (b"crlf", File(b"1\r\n2\r\n")),
    ]);
    let plain = desk.shop.tree(&[
        (b"a", File(b"1\nTWO\n3\n4\n5\n6\n7\n8\n9")),
        (b"bin", File(b"\0\x02\xfe\xff")),
        (b"bin2", File(&[0, 1, 2].repeat(5000))),
        (b"d/ren", File(b"x\ny\nz\nnew\n")),
        (b"mode", Program(b"m\n")),
        (b"kind", File(b"k\n")),
        (b"empty", File(b"")),
        (b"l", Link("a")),
        (odd, File(b"2\n")),
        (b"crlf", File(b"1\r\n3\r\n")),
    ]);
    let retyped = desk.shop.tree(&[
        (b"kind", Link("a")),
        (b"a", File(TEXT)),
        (b"ren2", File(b"x\ny\nz\nw\n")),
    ]);
    for (number, tree) in [plain, retyped].iter().enumerate() {
        let path = desk.shop.beside(&format!("{number}.patch"));
        let to = Destination::Patch {
            path: path.display().to_string(),
        };
        let files = seen(&desk.shop.root());
        desk.apply_to(tree, &to).unwrap();
        assert_eq!(seen(&desk.shop.root()), files);
        let name = path.display().to_string();
        desk.shop.git(&["apply", "--check", &name]);
        desk.shop.git(&["apply", "--whitespace=nowarn", &name]);
        assert_eq!(
            desk.shop.list(&desk.shop.tree_now()),
            desk.shop.list(tree),
            "{number}"
        );
        assert!(
            desk.apply_to(tree, &to)
                .unwrap_err()
                .to_string()
                .contains("name already")
        );
        desk.shop.git(&["reset", "-q", "--hard"]);
        desk.shop.git(&["clean", "-fdq"]);
        desk.undo(Changed::Refuse).unwrap();
        assert!(!path.exists());
    }
    let into = Destination::Patch {
        path: desk.shop.root().join(".git/x.patch").display().to_string(),
    };
    let tree = desk.shop.tree(&[]);
    assert!(desk.apply_to(&tree, &into).is_err());
}

#[test]
fn an_empty_result_is_refused() {
    let desk = Desk::with(&[(b"a", File(TEXT))]);
    for to in [
        Destination::WorkingTree,
        Destination::Index,
        Destination::Commit {
            message: String::new(),
        },
    ] {
        let trouble = desk.apply_to(&desk.base, &to).unwrap_err();
        assert!(
            trouble.to_string().contains("nothing in the result"),
            "{trouble}"
        );
    }
}
