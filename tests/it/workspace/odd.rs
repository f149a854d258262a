//! Repositories that are not like others, on the whole way from the worktree back to the person's
//! folder, against what git itself says then: Git LFS, SHA-256, reftable, sparse index, CRLF.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
};

use massgen_tui::{
    protocol::change::{Destination, KeptIn},
    workspace::{
        TroubleKind,
        apply::{self, Changed},
        unwatched,
    },
};

use super::{
    bench_of_git::{Bench, git_in, tree_by_git},
    flow::Flow,
    untouched::{Untouched, files},
};

/// Undoes the last application.
fn undo(flow: &Flow) {
    let now = massgen_tui::protocol::Timestamp(1_795_256_131_000);
    apply::undo(flow.state.path(), None, Changed::Refuse, now, &unwatched).unwrap();
}

/// True when the machine has Git LFS; said when not.
fn has_lfs() -> bool {
    let found = Command::new("git-lfs").arg("version").output().is_ok();
    if !found {
        eprintln!("skipped: git-lfs is not installed here");
    }
    found
}

#[test]
fn git_lfs_itself_stores_and_writes_what_agents_change() {
    if !has_lfs() {
        return;
    }
    let bench = Bench::new();
    for (name, value) in [
        ("filter.lfs.clean", "git-lfs clean -- %f"),
        ("filter.lfs.smudge", "git-lfs smudge -- %f"),
        ("filter.lfs.process", "git-lfs filter-process"),
        ("filter.lfs.required", "true"),
    ] {
        bench.git(["config", name, value]);
    }
    bench.write(
        ".gitattributes",
        "*.big filter=lfs diff=lfs merge=lfs -text\n",
    );
    bench.write("data.big", vec![7_u8; 100_000]);
    bench.write("dir/other.big", b"\0other\n");
    bench.commit("large files");
    let pointer = bench.git_text(["show", "HEAD:data.big"]);
    assert!(pointer.starts_with("version https://git-lfs"), "{pointer}");
    let entries = bench.git(["ls-files", "--stage"]);
    let refs = bench.git(["for-each-ref", "refs/heads"]);
    let config = fs::read(bench.path(".git/config")).unwrap();
    let person = files(bench.root());
    let mut flow = Flow::on(bench.root());
    assert_eq!(
        fs::read(flow.tree.join("data.big")).unwrap(),
        vec![7; 100_000]
    );
    assert_eq!(git_in(&flow.tree, ["status", "--porcelain"]), b"");
    fs::write(flow.tree.join("data.big"), vec![9_u8; 120_000]).unwrap();
    fs::write(flow.tree.join("new.big"), "new and large\n").unwrap();
    fs::remove_file(flow.tree.join("dir/other.big")).unwrap();
    let by_git = tree_by_git(&flow.tree, &flow.tree);
    flow.bring(&Destination::Index).unwrap();
    let staged = bench.git_text(["write-tree"]);
    assert_eq!(staged, by_git.0, "the index has what git would stage");
    assert_eq!(fs::read(bench.path("data.big")).unwrap(), vec![9; 120_000]);
    assert_eq!(fs::read(bench.path("new.big")).unwrap(), b"new and large\n");
    assert!(!bench.path("dir/other.big").exists());
    let status = bench.git_text(["status", "--porcelain"]);
    assert_eq!(status, "M  data.big\nD  dir/other.big\nA  new.big");
    let listed = bench.git_text(["lfs", "ls-files", "--name-only"]);
    assert!(listed.contains("data.big"), "{listed}");
    undo(&flow);
    flow.grounds.close().unwrap();
    assert_eq!(files(bench.root()), person);
    assert_eq!(bench.git(["ls-files", "--stage"]), entries);
    assert_eq!(bench.git(["for-each-ref", "refs/heads"]), refs);
    assert_eq!(bench.git(["status", "--porcelain"]), b"");
    // Git LFS itself notes its own version there when it runs; nothing else may change.
    let now = bench.git_text(["config", "--local", "--list"]);
    let now: Vec<_> = now
        .lines()
        .filter(|line| !line.starts_with("lfs."))
        .collect();
    let was = String::from_utf8(config).unwrap();
    assert!(
        was.contains("[filter \"lfs\"]") && now.iter().any(|line| line.starts_with("filter.lfs"))
    );
    bench.git(["fsck", "--no-progress"]);
}

#[test]
fn formats_that_libgit2_cannot_read_get_files_and_a_patch() {
    for format in ["--object-format=sha256", "--ref-format=reftable"] {
        let bench = Bench::folder();
        bench.git(["init", "-q", "-b", "main", format]);
        bench.git(["config", "user.name", "Person"]);
        bench.git(["config", "user.email", "person@example.org"]);
        bench.write("a.txt", "one\ntwo\n");
        bench.write("run.sh", "#!/bin/sh\n");
        bench.write("gone", "x\n");
        bench.commit("first");
        let refs = bench.git(["for-each-ref"]);
        let index = fs::read(bench.path(".git/index")).unwrap();
        let person = files(bench.root());
        let mut flow = Flow::on(bench.root());
        assert_eq!(flow.grounds.workplaces()[0].kept, KeptIn::Shadow);
        let told = flow.grounds.beside();
        assert_eq!(told.len(), 1, "{format}");
        assert!(told[0].contains("files or a patch"), "{told:?}");
        fs::write(flow.tree.join("a.txt"), "one\r\n2\n").unwrap();
        fs::write(flow.tree.join("new\tname"), b"\xff").unwrap();
        fs::remove_file(flow.tree.join("gone")).unwrap();
        symlink("a.txt", flow.tree.join("link")).unwrap();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(flow.tree.join("a.txt"), mode).unwrap();
        // What needs git's own side is refused before anything is written.
        for to in [
            Destination::Index,
            Destination::Commit {
                message: "m".into(),
            },
            Destination::Branch {
                name: "b".into(),
                message: "m".into(),
            },
        ] {
            let trouble = flow.bring(&to).unwrap_err();
            assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
            assert_eq!(files(bench.root()), person);
        }
        flow.bring(&Destination::WorkingTree).unwrap();
        let status = bench.git(["status", "--porcelain", "-z"]);
        assert_eq!(
            String::from_utf8_lossy(&status),
            " M a.txt\0 D gone\0?? link\0?? new\tname\0",
            "{format}"
        );
        assert_eq!(fs::read(bench.path("a.txt")).unwrap(), b"one\r\n2\n");
        assert_eq!(
            fs::read_link(bench.path("link")).unwrap().as_os_str(),
            "a.txt"
        );
        let raw = bench.git_text(["diff", "--raw", "--", "a.txt"]);
        assert!(raw.starts_with(":100644 100755"), "{raw}");
        undo(&flow);
        assert_eq!(files(bench.root()), person);
        let patch = bench.beside("result.patch");
        flow.bring(&Destination::Patch {
            path: patch.display().to_string(),
        })
        .unwrap();
        bench.git(["update-index", "-q", "--refresh"]);
        bench.git(["apply", "--index", patch.to_str().unwrap()]);
        let staged = bench.git_text(["diff", "--cached", "--name-only"]);
        assert_eq!(staged.lines().count(), 4, "{staged}");
        bench.git(["reset", "-q", "--hard"]);
        flow.grounds.close().unwrap();
        assert_eq!(bench.git(["for-each-ref"]), refs);
        assert_eq!(
            fs::read(bench.path(".git/index")).unwrap().len(),
            index.len()
        );
        bench.git(["fsck", "--no-progress"]);
    }
}

#[test]
fn a_sparse_index_is_worked_with_and_stays_one() {
    let bench = Bench::new();
    bench.write("left/out", "out\n");
    bench.commit("more");
    bench.git(["sparse-checkout", "set", "--cone", "--sparse-index", "dir"]);
    assert!(!bench.path("left").exists());
    let before = Untouched::of(bench.root());
    let person = files(bench.root());
    let mut flow = Flow::on(bench.root());
    assert!(!flow.tree.join("left").exists());
    fs::write(flow.tree.join("dir/b.txt"), "agent\n").unwrap();
    fs::write(flow.tree.join("dir/new"), "new\n").unwrap();
    flow.bring(&Destination::WorkingTree).unwrap();
    let status = bench.git_text(["status", "--porcelain"]);
    assert_eq!(status, "M dir/b.txt\n?? dir/new");
    undo(&flow);
    assert_eq!(files(bench.root()), person);
    // The index itself cannot be written: that is said before anything is, with what to do.
    for to in [
        Destination::Index,
        Destination::Commit {
            message: "agents".into(),
        },
    ] {
        let trouble = flow.bring(&to).unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
        assert!(trouble.next.contains("--no-sparse-index"), "{trouble}");
        assert_eq!(files(bench.root()), person, "{to:?}");
    }
    before.assert_untouched(bench.root());
    bench.git(["sparse-checkout", "reapply", "--no-sparse-index"]);
    flow.bring(&Destination::Index).unwrap();
    let tree = bench.git_text(["write-tree"]);
    let all = bench.git_text(["ls-tree", "-r", "--name-only", &tree]);
    assert!(all.contains("left/out") && all.contains("dir/new"), "{all}");
    assert!(!bench.path("left").exists());
    undo(&flow);
    bench.git(["sparse-checkout", "reapply", "--sparse-index"]);
    flow.grounds.close().unwrap();
    assert_eq!(bench.git(["status", "--porcelain"]), b"");
    bench.git(["fsck", "--no-progress"]);
}

#[test]
fn line_ends_of_the_folder_come_back_as_they_are_there() {
    let bench = Bench::empty();
    bench.git(["config", "core.autocrlf", "true"]);
    bench.write(".gitattributes", "*.sh text eol=lf\n*.bat text eol=crlf\n");
    bench.write("a.txt", "one\r\ntwo\r\n");
    bench.write("b.sh", "one\n");
    bench.write("c.bat", "one\r\n");
    bench.commit("lines");
    let mut flow = Flow::on(bench.root());
    assert_eq!(
        fs::read(flow.tree.join("a.txt")).unwrap(),
        b"one\r\ntwo\r\n"
    );
    for (name, text) in [
        ("a.txt", "one\r\n2\r\n"),
        ("b.sh", "one\ntwo\n"),
        ("c.bat", "one\r\ntwo\r\n"),
    ] {
        fs::write(flow.tree.join(name), text).unwrap();
    }
    flow.bring(&Destination::WorkingTree).unwrap();
    for (name, text) in [
        ("a.txt", "one\r\n2\r\n"),
        ("b.sh", "one\ntwo\n"),
        ("c.bat", "one\r\ntwo\r\n"),
    ] {
        assert_eq!(
            fs::read(bench.path(name)).unwrap(),
            text.as_bytes(),
            "{name}"
        );
    }
    let changed = bench.git_text(["diff", "--numstat"]);
    assert_eq!(changed, "1\t1\ta.txt\n1\t0\tb.sh\n1\t0\tc.bat");
}
