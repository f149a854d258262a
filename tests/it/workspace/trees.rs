//! The person's tree, change sets and diffs, against `git add -A`, `git diff --raw` and `git diff`.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, net::UnixListener},
    process::Stdio,
};

use massgen_tui::{
    protocol::change::{Body, ChangeKind, FileChange, LineEnd, LineKind, RepoPath},
    workspace::{Repo, Room, TroubleKind, Untracked, Why, unwatched},
};
use proptest::prelude::*;

use super::bench_of_git::{Bench, command, git_in, raw_diff, raw_ours};

/// Makes the change, and compares tree, change set and diffs with git's.
fn check(change: impl FnOnce(&Bench)) -> Vec<FileChange> {
    let bench = Bench::new();
    check_in(&bench, change)
}

fn check_in(bench: &Bench, change: impl FnOnce(&Bench)) -> Vec<FileChange> {
    let before = bench.same_tree();
    change(bench);
    let staged = fs::read(bench.path(".git/index")).ok();
    let after = bench.same_tree();
    assert_eq!(fs::read(bench.path(".git/index")).ok(), staged);
    let repo = bench.repo();
    assert_eq!(
        raw_ours(&repo, &before, &after),
        raw_diff(bench.root(), &before, &after)
    );
    let changes = repo.changes(&before, &after).unwrap();
    for file in &changes.files {
        same_patch(bench, &repo, file);
    }
    changes.files
}

/// Our hunks in the form of `git diff`, without headings.
fn ours(repo: &Repo, file: &FileChange) -> Vec<u8> {
    let mut out = Vec::new();
    for hunk in repo.diff(file).unwrap().hunks {
        let range = |start: u32, lines: u32| match lines {
            1 => format!("{start}"),
            _ => format!("{start},{lines}"),
        };
        out.extend_from_slice(
            format!(
                "@@ -{} +{} @@\n",
                range(hunk.old_start, hunk.old_lines),
                range(hunk.new_start, hunk.new_lines)
            )
            .as_bytes(),
        );
        for line in hunk.lines {
            out.push(match line.kind {
                LineKind::Context => b' ',
                LineKind::Added => b'+',
                LineKind::Removed => b'-',
            });
            out.extend_from_slice(line.text.as_bytes());
            out.extend_from_slice(match line.end {
                LineEnd::Lf => b"\n",
                LineEnd::CrLf => b"\r\n",
                LineEnd::None => b"\n\\ No newline at end of file\n",
            });
        }
    }
    out
}

/// `git diff` of the two blobs from its first hunk on, without headings.
fn by_git(bench: &Bench, file: &FileChange) -> Vec<u8> {
    let id = |side: &Option<massgen_tui::protocol::change::Side>| {
        side.as_ref().map_or_else(
            || bench.git_text(["hash-object", "-w", "/dev/null"]),
            |side| side.blob.0.clone(),
        )
    };
    let out = bench.git([
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--text",
        "-U3",
        &id(&file.old),
        &id(&file.new),
    ]);
    let mut kept = Vec::new();
    let mut inside = false;
    for line in out.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"@@ ") {
            inside = true;
            let text = String::from_utf8_lossy(line);
            let end = text[3..].find("@@").unwrap() + 5;
            kept.extend_from_slice(&line[..end]);
            kept.push(b'\n');
        } else if inside {
            kept.extend_from_slice(String::from_utf8_lossy(line).as_bytes());
        }
    }
    kept
}

fn same_patch(bench: &Bench, repo: &Repo, file: &FileChange) {
    if file.body != Body::Text
        || file.old.as_ref().map(|side| &side.blob) == file.new.as_ref().map(|side| &side.blob)
    {
        assert_eq!(ours(repo, file), b"");
        return;
    }
    assert_eq!(
        String::from_utf8_lossy(&ours(repo, file)),
        String::from_utf8_lossy(&by_git(bench, file)),
        "{file:?}"
    );
}

fn kinds(files: &[FileChange]) -> Vec<(ChangeKind, String)> {
    files
        .iter()
        .map(|file| (file.kind, file.path.to_string()))
        .collect()
}

#[test]
fn nothing_changed() {
    assert_eq!(check(|_| ()), []);
}

#[test]
fn modified_added_deleted() {
    let files = check(|bench| {
        bench.write("a.txt", "one\n2\nthree\nfour");
        bench.write("new/file.txt", "new\n");
        bench.remove("dir/b.txt");
    });
    assert_eq!(
        kinds(&files),
        [
            (ChangeKind::Modified, "a.txt".to_owned()),
            (ChangeKind::Deleted, "dir/b.txt".to_owned()),
            (ChangeKind::Added, "new/file.txt".to_owned()),
        ]
    );
    assert_eq!((files[0].added, files[0].removed), (2, 1));
}

#[test]
fn binary_files() {
    let files = check(|bench| bench.write("bin.dat", b"\0other"));
    assert_eq!(files[0].body, Body::Binary);
}

#[test]
fn renames_with_and_without_changes() {
    let lines: Vec<String> = (0..40).map(|line| format!("line {line}\n")).collect();
    let text = lines.concat();
    let bench = Bench::new();
    bench.write("long.txt", &text);
    bench.write("same.txt", text.replace("line", "row"));
    bench.commit("long");
    let files = check_in(&bench, |bench| {
        bench.git(["mv", "same.txt", "dir/same.txt"]);
        bench.remove("long.txt");
        bench.write("dir/longer.txt", text.replace("line 7\n", "line seven\n"));
    });
    assert_eq!(
        kinds(&files),
        [
            (ChangeKind::Renamed, "dir/longer.txt".to_owned()),
            (ChangeKind::Renamed, "dir/same.txt".to_owned()),
        ]
    );
    assert_eq!((files[0].added, files[0].removed), (1, 1));
    assert_eq!(files[0].was, Some(RepoPath::from("long.txt")));
}

#[test]
fn modes_and_links() {
    let files = check(|bench| {
        bench.chmod("a.txt", 0o755);
        bench.link("dir", "to-dir");
        bench.link("/nowhere", "dangling");
        bench.remove("link");
        bench.link("bin.dat", "link");
        bench.remove("dir/b.txt");
        bench.link("deep/c.txt", "dir/b.txt");
    });
    let wanted = [
        (ChangeKind::Modified, "a.txt"),
        (ChangeKind::Added, "dangling"),
        (ChangeKind::Retyped, "dir/b.txt"),
        (ChangeKind::Modified, "link"),
        (ChangeKind::Added, "to-dir"),
    ];
    assert_eq!(
        kinds(&files),
        wanted.map(|(kind, path)| (kind, path.to_owned()))
    );
}

#[test]
fn a_folder_becomes_a_file_and_a_file_a_folder() {
    check(|bench| {
        bench.remove("dir");
        bench.write("dir", "a file now\n");
        bench.remove("a.txt");
        bench.write("a.txt/inside", "a folder now\n");
        bench.remove("link");
        bench.write("link/x", "was a link\n");
    });
}

#[test]
fn a_link_to_a_folder_hides_what_was_in_it() {
    check(|bench| {
        fs::rename(bench.path("dir"), bench.path("moved")).unwrap();
        bench.link("moved", "dir");
    });
}

#[test]
fn ignored_and_empty_folders_stay_out() {
    let files = check(|bench| {
        bench.write("target/out.o", "object\n");
        bench.write("x.log", "log\n");
        fs::create_dir_all(bench.path("empty/inside")).unwrap();
        bench.write("sub/.gitignore", "*.tmp\n!keep.tmp\n");
        bench.write("sub/a.tmp", "");
        bench.write("sub/keep.tmp", "");
        bench.write(".git/info/exclude", "excluded\n");
        bench.write("excluded", "");
    });
    assert_eq!(files.len(), 2, "{files:?}");
}

#[test]
fn odd_names() {
    check(|bench| {
        for name in [
            b"tab\there".as_slice(),
            b"new\nline",
            b"quote\"back\\slash",
            b"\xffnot-utf8\xfe",
            "größe/naïve ☃.txt".as_bytes(),
            b" space at both ends ",
            b"-dash",
            b"--",
            b":colon",
            b":(glob)**",
            b"*star?[x]",
            b"#hash",
            b"!bang",
            b"a.txt ",
            b"..dots",
        ] {
            bench.write(OsStr::from_bytes(name), name);
        }
    });
}

#[test]
fn staged_and_unstaged_work_is_in_and_the_index_stays() {
    let bench = Bench::new();
    check_in(&bench, |bench| {
        bench.write("a.txt", "staged\n");
        bench.git(["add", "a.txt"]);
        bench.write("a.txt", "staged\nand more\n");
        bench.write("staged-new", "x\n");
        bench.git(["add", "staged-new"]);
        bench.git(["rm", "-q", "--cached", "bin.dat"]);
        bench.write("intent", "to add\n");
        bench.git(["add", "-N", "intent"]);
        bench.git(["rm", "-q", "run.sh"]);
    });
}

#[test]
fn a_file_changed_in_the_moment_it_was_staged_is_seen() {
    for round in 0..20 {
        let bench = Bench::empty();
        bench.write("f", format!("{round:05}\n"));
        bench.git(["add", "f"]);
        bench.write("f", format!("{:05}\n", round + 1));
        bench.same_tree();
    }
}

#[test]
fn no_commit_yet() {
    let bench = Bench::empty();
    assert_eq!(bench.repo().head_name(), None);
    check_in(&bench, |bench| bench.write("first", "x\n"));
}

#[test]
fn a_merge_in_conflict() {
    let bench = Bench::new();
    bench.git(["checkout", "-q", "-b", "other"]);
    bench.write("a.txt", "other\n");
    bench.remove("dir/b.txt");
    bench.commit("other");
    bench.git(["checkout", "-q", "main"]);
    bench.write("a.txt", "main\n");
    bench.write("dir/b.txt", "changed\n");
    bench.commit("main");
    let merged = command(bench.root())
        .args(["merge", "-q", "other"])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(!merged.success());
    check_in(&bench, |bench| bench.write("new", ""));
}

#[test]
fn line_ends_by_attribute_and_configuration() {
    let bench = Bench::empty();
    bench.write(
        ".gitattributes",
        "*.txt text\n*.crlf text eol=crlf\n*.auto text=auto\n*.raw -text\n*.id ident\n",
    );
    for name in ["a.txt", "a.crlf", "a.auto", "a.raw", "a.none"] {
        bench.write(name, "one\r\ntwo\r\n");
    }
    bench.write("b.id", "$Id: abc $\n");
    check_in(&bench, |_| ());
    bench.commit("lines");
    check_in(&bench, |bench| {
        for name in ["a.txt", "a.crlf", "a.auto", "a.raw", "a.none"] {
            bench.write(name, "one\r\ntwo\r\nthree\n");
        }
    });
    bench.git(["config", "core.autocrlf", "true"]);
    check_in(&bench, |bench| {
        bench.write("a.none", "one\r\ntwo\r\nfour\r\n");
        bench.write("fresh.none", "one\r\n");
        bench.write("mixed.none", "one\r\ntwo\n\0");
    });
}

#[test]
fn filters_and_encodings_run_through_git() {
    let bench = Bench::empty();
    bench.git(["config", "filter.rot.clean", "tr a-z n-za-m"]);
    bench.git(["config", "filter.rot.smudge", "tr a-z n-za-m"]);
    bench.write(
        ".gitattributes",
        "*.rot filter=rot\n*.utf16 text working-tree-encoding=UTF-16LE\n*.gone filter=nobody\n",
    );
    bench.write("new\nline.rot", "hello\n");
    bench.write("x.utf16", b"h\0i\0\n\0");
    bench.write("x.gone", "plain\n");
    let tree = bench.same_tree();
    let stored = bench.git(["show", &format!("{}:new\nline.rot", tree.0)]);
    assert_eq!(stored, b"uryyb\n");
    bench.commit("filtered");
    check_in(&bench, |bench| {
        bench.write("new\nline.rot", "hello world\n");
    });
}

#[test]
fn nested_repositories_and_submodules() {
    let bench = Bench::new();
    let inner = bench.path("inner");
    fs::create_dir(&inner).unwrap();
    let commit = |message: &str| {
        git_in(&inner, ["add", "-A"]);
        git_in(
            &inner,
            [
                "-c",
                "user.name=x",
                "-c",
                "user.email=x@example.org",
                "commit",
                "-q",
                "-m",
                message,
            ],
        );
    };
    git_in(&inner, ["init", "-q"]);
    bench.write("inner/file", "inner\n");
    commit("inner");
    let taken = bench
        .repo()
        .look(&Untracked::default(), &unwatched)
        .unwrap();
    assert_eq!(taken.tree, bench.tree_by_git());
    assert_eq!(taken.left_out.len(), 1);
    assert_eq!(taken.left_out[0].why, Why::Nested);
    bench.commit("as a submodule");
    check_in(&bench, |bench| bench.write("inner/file", "not committed\n"));
    check_in(&bench, |_| commit("more"));
    check_in(&bench, |bench| bench.remove("inner"));
}

#[test]
fn a_nested_repository_without_commits_gives_its_files() {
    let bench = Bench::new();
    let inner = bench.path("zinner");
    fs::create_dir(&inner).unwrap();
    git_in(&inner, ["init", "-q"]);
    bench.write("zinner/file", "inner\n");
    bench.write("zz", "after it\n");
    let repo = bench.repo();
    let taken = repo.look(&Untracked::default(), &unwatched).unwrap();
    let names = bench.git_text(["ls-tree", "-r", "--name-only", &taken.tree.0]);
    assert!(names.contains("zinner/file"), "{names}");
    assert!(names.contains("zz"), "{names}");
    assert!(!names.contains(".git/"), "{names}");
    assert_eq!(taken.left_out[0].why, Why::Flattened);
}

#[test]
fn folders_that_only_look_like_repositories() {
    check(|bench| {
        bench.write("fake/.git/nothing", "");
        bench.write("fake/file", "x\n");
        bench.write("broken/.git", "gitdir: /nowhere\n");
        bench.write("broken/file", "x\n");
    });
}

#[test]
fn sparse_checkouts_keep_what_is_left_out() {
    let bench = Bench::new();
    bench.git(["sparse-checkout", "set", "--no-cone", "/a.txt", "/run.sh"]);
    assert!(!bench.path("dir").exists());
    let files = check_in(&bench, |bench| bench.write("a.txt", "sparse\n"));
    assert_eq!(files.len(), 1);
    bench.git([
        "sparse-checkout",
        "set",
        "--cone",
        "--sparse-index",
        "nowhere",
    ]);
    let files = check_in(&bench, |bench| bench.write("a.txt", "sparse index\n"));
    assert_eq!(files.len(), 1);
}

#[test]
fn a_split_index_is_read() {
    let bench = Bench::new();
    bench.git(["update-index", "--split-index"]);
    bench.write("z", "z\n");
    bench.git(["add", "z"]);
    check_in(&bench, |bench| bench.write("a.txt", "split\n"));
}

#[test]
fn files_assumed_unchanged_count_as_they_are() {
    let bench = Bench::new();
    bench.git(["update-index", "--assume-unchanged", "a.txt"]);
    bench.write("a.txt", "really changed\n");
    let repo = bench.repo();
    let tree = repo.tree_of_person(&Untracked::default()).unwrap();
    let stored = bench.git(["show", &format!("{}:a.txt", tree.0)]);
    assert_eq!(stored, b"really changed\n");
}

#[test]
fn where_one_starts_does_not_matter() {
    let bench = Bench::new();
    bench.git(["checkout", "-q", "--detach"]);
    let head = bench.git_text(["rev-parse", "HEAD"]);
    assert!(head.starts_with(&bench.repo().head_name().unwrap()));
    let tree = bench.same_tree();
    for start in ["dir/deep", "dir/deep/c.txt"] {
        let repo = Repo::discover(&bench.path(start)).unwrap();
        assert_eq!(repo.tree_of_person(&Untracked::default()).unwrap(), tree);
        assert_eq!(repo.root(), bench.root());
    }
    let linked = bench.beside("linked");
    bench.git(["worktree", "add", "-q", linked.to_str().unwrap()]);
    fs::write(linked.join("a.txt"), "in the linked one\n").unwrap();
    let repo = Repo::discover(&linked).unwrap();
    let ours = repo.tree_of_person(&Untracked::default()).unwrap();
    assert_eq!(ours, super::bench_of_git::tree_by_git(&linked, &linked));
    let bare = bench.beside("bare.git");
    bench.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let repo = Repo::discover(&bare).unwrap();
    let head = bench.git_text(["rev-parse", "HEAD^{tree}"]);
    assert_eq!(repo.tree_of_person(&Untracked::default()).unwrap().0, head);
}

#[test]
fn what_libgit2_cannot_read_is_told() {
    let bench = Bench::folder();
    assert_eq!(
        Repo::discover(bench.root()).unwrap_err().kind,
        TroubleKind::NotARepository
    );
    for format in [["--object-format=sha256"], ["--ref-format=reftable"]] {
        let bench = Bench::folder();
        bench.git(["init", "-q", format[0]]);
        let trouble = Repo::discover(bench.root()).unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Beyond, "{trouble}");
    }
    let bench = Bench::new();
    let trouble = Repo::discover(&bench.path(".git/refs")).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
    let trouble = Repo::discover(&bench.path("nowhere")).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Missing, "{trouble}");
}

#[test]
fn untracked_files_by_policy() {
    let bench = Bench::new();
    bench.write("big", vec![b'x'; 2000]);
    bench.write("m1", "1");
    bench.write("m2", "2");
    let _socket = UnixListener::bind(bench.path("socket")).unwrap();
    let repo = bench.repo();
    let tracked = repo.tree_of_person(&Untracked::Leave).unwrap();
    assert_eq!(tracked.0, bench.git_text(["rev-parse", "HEAD^{tree}"]));
    let room = Room {
        file_bytes: 1000,
        total_bytes: 1 << 20,
        files: 1,
    };
    let taken = repo.look(&Untracked::Take(room), &unwatched).unwrap();
    let why: Vec<_> = taken
        .left_out
        .iter()
        .map(|out| (out.path.to_string(), out.why))
        .collect();
    assert!(why.contains(&("big".to_owned(), Why::TooLarge)), "{why:?}");
    assert!(why.contains(&("m2".to_owned(), Why::NoRoom)), "{why:?}");
    bench.same_tree();
}

fn contents() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => "[ab]{0,2}",
        1 => Just("    indented {".to_owned()),
        1 => Just(String::new()),
    ];
    let end = prop_oneof![8 => Just("\n"), 1 => Just("\r\n")];
    (proptest::collection::vec((line, end), 0..60), any::<bool>()).prop_map(|(lines, cut)| {
        let mut text: String = lines
            .into_iter()
            .flat_map(|(line, end)| [line, end.to_owned()])
            .collect();
        if cut && text.ends_with('\n') {
            text.pop();
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn hunks_are_those_of_git(old in contents(), new in contents()) {
        let bench = Bench::empty();
        bench.write("f", old);
        bench.write("g", "always there\n");
        check_in(&bench, |bench| bench.write("f", new));
    }
}
