//! Every kind of file and change: applied, it is what git has; undone, it is what it was.

use super::*;
use Thing::{File, Link, Program};

/// Applies the change from `before` to `after` to a clean checkout and takes it back.
fn there_and_back(
    name: &str,
    before: &[(&[u8], Thing<'_>)],
    after: &[(&[u8], Thing<'_>)],
    config: &[&[&str]],
) {
    let shop = Workshop::new();
    for line in config {
        shop.git(line);
    }
    for (path, thing) in before {
        shop.put(path, thing);
    }
    shop.git(&["add", "-A"]);
    shop.git(&["commit", "-q", "--allow-empty", "-m", "first"]);
    let desk = Desk {
        base: shop.tree_now(),
        shop,
        inside: RepoPath::from(""),
        decisions: Vec::new(),
    };
    let tree = desk.shop.tree(after);
    let (files, git) = (seen(&desk.shop.root()), git_state(&desk.shop));
    let applied = desk
        .apply(&tree)
        .unwrap_or_else(|trouble| panic!("{name}: {trouble}"));
    assert_eq!(
        desk.shop.list(&desk.shop.tree_now()),
        desk.shop.list(&tree),
        "{name}"
    );
    assert_eq!(git_state(&desk.shop), git, "{name}");
    assert_eq!(applied.conflicts, [], "{name}");
    // What git itself would have written.
    let other = tempfile::tempdir().unwrap();
    let index = other.path().join("index");
    desk.shop.git_with(&["read-tree", &tree.0], Some(&index));
    let prefix = format!("--prefix={}/out/", other.path().display());
    fs::create_dir(other.path().join("out")).unwrap();
    desk.shop
        .git_with(&["checkout-index", "-a", &prefix], Some(&index));
    let contents = |root: &Path| -> Vec<(String, u32, Vec<u8>)> {
        seen(root)
            .into_iter()
            .map(|(path, one)| (path, one.mode, one.bytes))
            .collect()
    };
    assert_eq!(
        contents(&desk.shop.root()),
        contents(&other.path().join("out")),
        "{name}"
    );
    let undone = desk
        .undo(Changed::Refuse)
        .unwrap_or_else(|trouble| panic!("{name}: {trouble}"));
    assert_eq!(undone.files, applied.files, "{name}");
    assert_eq!(seen(&desk.shop.root()), files, "{name}");
    assert_eq!(git_state(&desk.shop), git, "{name}");
    assert_eq!(desk.shop.git(&["status", "--porcelain"]), "", "{name}");
    desk.shop.git(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn every_kind_of_change() {
    let big = vec![b'x'; 300_000];
    let none: &[(&[u8], Thing<'_>)] = &[];
    there_and_back(
        "text",
        &[(b"a", File(b"1\n"))],
        &[(b"a", File(b"2\n"))],
        &[],
    );
    there_and_back(
        "no end",
        &[(b"a", File(b"1\n"))],
        &[(b"a", File(b"1"))],
        &[],
    );
    there_and_back(
        "crlf",
        &[(b"a", File(b"1\r\n2\r\n"))],
        &[(b"a", File(b"1\r\n3\r\n"))],
        &[],
    );
    there_and_back(
        "added",
        &[(b"a", File(b"1\n"))],
        &[(b"a", File(b"1\n")), (b"d/e/f", File(b"new\n"))],
        &[],
    );
    there_and_back(
        "empty",
        &[(b"a", File(b"1\n"))],
        &[(b"a", File(b"1\n")), (b"e", File(b""))],
        &[],
    );
    there_and_back(
        "deleted",
        &[(b"a", File(b"1\n")), (b"d/e/f", File(b"2\n"))],
        &[(b"a", File(b"1\n"))],
        &[],
    );
    there_and_back("all deleted", &[(b"a", File(b"1\n"))], none, &[]);
    there_and_back(
        "binary",
        &[(b"a", File(b"\0\x01\xff"))],
        &[(b"a", File(&big)), (b"b", File(b"\0"))],
        &[],
    );
    there_and_back(
        "renamed",
        &[(b"a", File(b"1\n2\n3\n"))],
        &[(b"d/b", File(b"1\n2\n3\n"))],
        &[],
    );
    there_and_back(
        "mode",
        &[(b"a", File(b"1\n")), (b"b", Program(b"1\n"))],
        &[(b"a", Program(b"1\n")), (b"b", File(b"1\n"))],
        &[],
    );
}

#[test]
fn links_folders_and_odd_names() {
    let odd: &[u8] = "ä\tö \"q\" \\ ".as_bytes();
    there_and_back(
        "link",
        &[(b"a", File(b"1\n"))],
        &[(b"a", File(b"1\n")), (b"l", Link("a"))],
        &[],
    );
    there_and_back(
        "retargeted",
        &[(b"a", File(b"1\n")), (b"l", Link("a"))],
        &[(b"a", File(b"1\n")), (b"l", Link("../nowhere"))],
        &[],
    );
    there_and_back(
        "file to link",
        &[(b"a", File(b"1\n")), (b"l", File(b"2\n"))],
        &[(b"a", File(b"1\n")), (b"l", Link("a"))],
        &[],
    );
    there_and_back(
        "link to file",
        &[(b"a", File(b"1\n")), (b"l", Link("a"))],
        &[(b"a", File(b"1\n")), (b"l", File(b"2\n"))],
        &[],
    );
    there_and_back(
        "folder to file",
        &[(b"d/e/f", File(b"1\n")), (b"d/g", File(b"1\n"))],
        &[(b"d", File(b"2\n"))],
        &[],
    );
    there_and_back(
        "file to folder",
        &[(b"d", File(b"1\n"))],
        &[(b"d/e/f", File(b"2\n"))],
        &[],
    );
    there_and_back(
        "link to folder",
        &[(b"d", Link("/tmp")), (b"x", File(b""))],
        &[(b"d/e", File(b"2\n")), (b"x", File(b""))],
        &[],
    );
    there_and_back(
        "folder to link",
        &[(b"d/e", File(b"1\n"))],
        &[(b"d", Link("/tmp"))],
        &[],
    );
    there_and_back(
        "odd names",
        &[(odd, File(b"1\n")), (b"n\xff", File(b"1\n"))],
        &[
            (odd, File(b"2\n")),
            (b"n\xff/x", File(b"2\n")),
            (b"-f", File(b"")),
        ],
        &[],
    );
}

#[test]
fn line_ends_and_filters_are_those_of_git() {
    let crlf: &[u8] = b"*.txt text eol=crlf\n*.raw -text\n*.id ident\n";
    there_and_back(
        "eol",
        &[
            (b".gitattributes", File(crlf)),
            (b"a.txt", File(b"1\r\n2\r\n")),
            (b"b.raw", File(b"1\r\n")),
        ],
        &[
            (b".gitattributes", File(crlf)),
            (b"a.txt", File(b"1\n2\n3\n")),
            (b"b.raw", File(b"1\r\n2\n")),
            (b"c.txt", File(b"x\n")),
            (b"d.id", File(b"$Id$\n")),
        ],
        &[],
    );
    there_and_back(
        "autocrlf",
        &[(b"a", File(b"1\r\n2\r\n"))],
        &[(b"a", File(b"1\n2\n3\n"))],
        &[&["config", "core.autocrlf", "true"]],
    );
    let upper: &[u8] = b"*.up filter=case\n";
    there_and_back(
        "filter",
        &[
            (b".gitattributes", File(upper)),
            (b"a.up", File(b"SHOWN\n")),
        ],
        &[
            (b".gitattributes", File(upper)),
            (b"a.up", File(b"SHOWN AGAIN\n")),
            (b"b.up", File(b"NEW\n")),
        ],
        &[
            &["config", "filter.case.clean", "tr A-Z a-z"],
            &["config", "filter.case.smudge", "tr a-z A-Z"],
            &["config", "filter.case.required", "true"],
        ],
    );
}

#[test]
fn a_filter_that_fails_applies_nothing() {
    let attributes: &[u8] = b"*.up filter=case\n";
    let desk = Desk::with(&[
        (b".gitattributes", File(attributes)),
        (b"a.up", File(b"x\n")),
        (b"b", File(b"1\n")),
    ]);
    let tree = desk.shop.tree(&[
        (b".gitattributes", File(attributes)),
        (b"a.up", File(b"y\n")),
        (b"b", File(b"2\n")),
    ]);
    desk.shop.git(&["config", "filter.case.clean", "cat"]);
    desk.shop.git(&["config", "filter.case.smudge", "false"]);
    desk.shop.git(&["config", "filter.case.required", "true"]);
    let files = seen(&desk.shop.root());
    let trouble = desk.apply(&tree).unwrap_err();
    assert!(trouble.to_string().contains("git"), "{trouble}");
    assert_eq!(seen(&desk.shop.root()), files);
}

#[test]
fn the_modes_a_person_gave_stay() {
    let desk = Desk::with(&[(b"secret", File(b"1\n")), (b"tool", Program(b"1\n"))]);
    chmod(&desk.shop.root().join("secret"), 0o600);
    chmod(&desk.shop.root().join("tool"), 0o750);
    let tree = desk
        .shop
        .tree(&[(b"secret", File(b"2\n")), (b"tool", File(b"1\n"))]);
    let files = seen(&desk.shop.root());
    desk.apply(&tree).unwrap();
    let mode = |path: &str| desk.shop.root().join(path).metadata().unwrap().mode() & 0o7777;
    assert_eq!((mode("secret"), mode("tool")), (0o600, 0o640));
    desk.undo(Changed::Refuse).unwrap();
    assert_eq!(seen(&desk.shop.root()), files);
}

#[test]
fn nothing_outside_of_the_folder_of_the_session_is_written() {
    let mut desk = Desk::with(&[
        (b"in/a", File(b"1\n")),
        (b"inner/a", File(b"1\n")),
        (b"b", File(b"1\n")),
    ]);
    desk.inside = RepoPath::from("in");
    let tree = desk.shop.tree(&[
        (b"in/a", File(b"2\n")),
        (b"inner/a", File(b"2\n")),
        (b"b", File(b"2\n")),
    ]);
    let built = desk.whole(&tree);
    let preview = desk.preview(&built, &Destination::WorkingTree);
    let stops: Vec<String> = preview
        .stops
        .iter()
        .map(|stop| stop.path.to_string())
        .collect();
    assert_eq!(stops, ["b", "inner/a"]);
    assert_eq!(preview.files, [RepoPath::from("in/a")]);
    let files = seen(&desk.shop.root());
    assert!(desk.apply(&tree).is_err());
    assert_eq!(seen(&desk.shop.root()), files);
    desk.decide("b", Take::Mine);
    desk.decide("inner/a", Take::Mine);
    desk.apply(&tree).unwrap();
    assert_eq!(
        (desk.read("in/a"), desk.read("inner/a"), desk.read("b")),
        ("2\n".into(), "1\n".into(), "1\n".into())
    );
    // The folder of the session stays, even when it becomes empty.
    desk.base = desk.shop.tree_now();
    let tree = desk
        .shop
        .tree(&[(b"inner/a", File(b"1\n")), (b"b", File(b"1\n"))]);
    desk.apply(&tree).unwrap();
    assert!(desk.shop.root().join("in").is_dir());
}

#[test]
fn folders_that_are_only_read_and_places_of_others_are_not_written() {
    let desk = Desk::with(&[
        (b"a", File(b"1\n")),
        (b"sub/x", File(b"1\n")),
        (b"way/x", File(b"1\n")),
    ]);
    let tree = desk.shop.tree(&[
        (b"a", File(b"2\n")),
        (b"sub/x", File(b"2\n")),
        (b"way/x", File(b"2\n")),
    ]);
    let built = desk.whole(&tree);
    let repo = desk.shop.repo();
    let ground = Ground {
        repo: &repo,
        access: Access::Read,
        inside: &desk.inside,
        untracked: &Untracked::default(),
        state_dir: &desk.state(),
    };
    let order = Order {
        base: &desk.base,
        built: &built,
        decisions: &[],
        credits: CREDITS,
        to: &Destination::WorkingTree,
    };
    assert_eq!(preview(&ground, &order).unwrap().stops.len(), 3);
    // The person put a link where a folder was, and made a repository of another.
    let root = desk.shop.root();
    let outside = desk.shop.beside("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x"), "1\n").unwrap();
    fs::remove_dir_all(root.join("way")).unwrap();
    std::os::unix::fs::symlink(&outside, root.join("way")).unwrap();
    fs::create_dir(root.join("sub/.git")).unwrap();
    fs::write(root.join("sub/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let trouble = desk.apply(&tree).unwrap_err();
    assert_eq!(desk.read("a"), "1\n", "{trouble}");
    assert_eq!(fs::read_to_string(outside.join("x")).unwrap(), "1\n");
    assert_eq!(desk.read("sub/x"), "1\n");
}
