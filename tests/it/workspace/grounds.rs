//! Worktrees of agents: what is in them, what git says of them, and that the person's repository is
//! as before.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use massgen_tui::{
    protocol::{
        AgentId, Label, RunId,
        change::{Access, ContextId, KeptIn, RepoPath, Snapshot},
    },
    workspace::{Grounds, Place, Repo, TroubleKind, Untracked, Why},
};
use tempfile::TempDir;

use super::{
    bench_of_git::{Bench, git_in, raw_diff, raw_ours, tree_by_git},
    untouched::{Untouched, files},
};

pub const AGENT: AgentId = AgentId(1);
pub const OTHER: AgentId = AgentId(2);

pub fn run() -> RunId {
    RunId("20261121-101530-k3f9".to_owned())
}

pub fn place(path: impl Into<PathBuf>) -> Place {
    Place {
        path: path.into(),
        access: Access::Write,
        untracked: Untracked::default(),
        include: Vec::new(),
        beside: massgen_tui::workspace::Beside::WhereNeeded,
    }
}

/// A ground on one folder.
pub struct Field {
    pub state: TempDir,
    pub grounds: Grounds,
}

impl Field {
    pub fn on(path: &Path) -> Self {
        Self::with(&[place(path)])
    }

    pub fn with(places: &[Place]) -> Self {
        let state = TempDir::new().unwrap();
        let grounds = Grounds::lay(state.path(), &run(), places).unwrap();
        Self { state, grounds }
    }

    /// The root of the agent's first worktree.
    pub fn root(&mut self, agent: AgentId) -> PathBuf {
        self.grounds.worktree(agent).unwrap()[0].root.clone()
    }

    pub fn snapshot(&mut self, agent: AgentId) -> Snapshot {
        self.grounds.snapshot(agent).unwrap().remove(0)
    }
}

/// Lays a ground, lets `work` change a worktree, and compares everything with git.
fn check(bench: &Bench, work: impl FnOnce(&Path)) -> Snapshot {
    let before = Untouched::of(bench.root());
    let person = files(bench.root());
    let mut field = Field::on(bench.root());
    let base = field.grounds.workplaces()[0].clone();
    assert_eq!(
        base.tree,
        bench.tree_by_git(),
        "the baseline is the person's tree"
    );
    let root = field.root(AGENT);
    let status = git_in(&root, ["status", "--porcelain=v2", "--untracked-files=all"]);
    assert_eq!(
        String::from_utf8_lossy(&status),
        "",
        "a new worktree is clean"
    );
    let other = field.root(OTHER);
    assert_eq!(
        files(&root),
        files(&other),
        "all agents begin with the same"
    );
    work(&root);
    let by_git = tree_by_git(&root, &root);
    let snapshot = field.snapshot(AGENT);
    if snapshot.tree != by_git {
        let diff = bench.git(["diff", "--raw", "-r", &by_git.0, &snapshot.tree.0]);
        panic!(
            "git's tree against ours:\n{}",
            String::from_utf8_lossy(&diff)
        );
    }
    let repo = field.grounds.repo(ContextId(0)).unwrap();
    assert_eq!(
        raw_ours(&repo, &base.tree, &snapshot.tree),
        raw_diff(bench.root(), &base.tree, &snapshot.tree)
    );
    field
        .grounds
        .label(Label::new(AGENT, 1), std::slice::from_ref(&snapshot))
        .unwrap();
    // Another agent takes it up: its files are the same, bytes and modes.
    field
        .grounds
        .reset(OTHER, std::slice::from_ref(&snapshot))
        .unwrap();
    assert_eq!(field.snapshot(OTHER).tree, snapshot.tree);
    let mut seen = files(&root);
    seen.retain(|path, _| path.extension().is_none_or(|end| end != "log"));
    assert_eq!(seen, files(&other), "ignored files are nobody else's");
    let fsck = bench.git_text(["fsck", "--no-dangling", "--no-progress"]);
    assert_eq!(fsck, "");
    field.grounds.close().unwrap();
    before.assert_untouched(bench.root());
    assert_eq!(files(bench.root()), person);
    snapshot
}

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn every_kind_of_change_is_in_a_snapshot() {
    let bench = Bench::new();
    let snapshot = check(&bench, |root| {
        write(root, "a.txt", "one\n2\nthree\n");
        write(root, "new/file", "x\n");
        fs::remove_file(root.join("dir/b.txt")).unwrap();
        fs::rename(root.join("dir/deep/c.txt"), root.join("moved.txt")).unwrap();
        fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::remove_file(root.join("link")).unwrap();
        symlink("dir", root.join("link")).unwrap();
        fs::write(root.join("bin.dat"), b"\0\xff").unwrap();
        write(root, "x.log", "ignored\n");
        fs::create_dir(root.join("empty")).unwrap();
    });
    assert_eq!(snapshot.files, 7);
}

#[test]
fn folders_files_and_links_change_places() {
    let bench = Bench::new();
    check(&bench, |root| {
        fs::remove_dir_all(root.join("dir")).unwrap();
        write(root, "dir", "a file\n");
        fs::remove_file(root.join("a.txt")).unwrap();
        symlink("bin.dat", root.join("a.txt")).unwrap();
        fs::remove_file(root.join("link")).unwrap();
        write(root, "link/inside", "a folder\n");
    });
}

#[test]
fn dirty_work_is_in_the_baseline() {
    let bench = Bench::new();
    bench.write("a.txt", "staged\n");
    bench.git(["add", "a.txt"]);
    bench.write("a.txt", "unstaged\n");
    bench.write("untracked/é\n.txt", "u\n");
    bench.remove("bin.dat");
    bench.git(["stash", "push", "-q", "dir/b.txt", "--include-untracked"]);
    bench.write("dir/b.txt", "dirty\n");
    let snapshot = check(&bench, |root| {
        assert_eq!(fs::read(root.join("a.txt")).unwrap(), b"unstaged\n");
        assert!(!root.join("bin.dat").exists());
    });
    assert_eq!((snapshot.files, snapshot.added), (0, 0));
}

#[test]
fn odd_starts() {
    let bench = Bench::empty();
    check(&bench, |root| write(root, "first", "x\n"));

    let bench = Bench::new();
    bench.git(["checkout", "-q", "--detach"]);
    check(&bench, |root| write(root, "a.txt", "x\n"));

    let bench = Bench::new();
    bench.git(["branch", "massgen"]);
    bench.git(["branch", "massgen-tui"]);
    check(&bench, |root| write(root, "a.txt", "x\n"));

    let bench = Bench::new();
    bench.git(["branch", "massgen/foo"]);
    check(&bench, |root| write(root, "a.txt", "x\n"));
    bench.git(["rev-parse", "massgen/foo"]);
}

#[test]
fn sparse_checkouts_stay_sparse() {
    let bench = Bench::new();
    bench.git(["sparse-checkout", "set", "--no-cone", "/a.txt"]);
    let snapshot = check(&bench, |root| {
        assert!(!root.join("dir").exists());
        write(root, "a.txt", "x\n");
    });
    assert_eq!(snapshot.files, 1);
}

#[test]
fn line_ends_and_filters_are_those_of_git() {
    let bench = Bench::empty();
    bench.git(["config", "filter.rot.clean", "tr a-z n-za-m"]);
    bench.git(["config", "filter.rot.smudge", "tr a-z n-za-m"]);
    bench.git(["config", "filter.rot.required", "true"]);
    bench.write(
        ".gitattributes",
        "*.rot filter=rot\n*.crlf text eol=crlf\n*.lf text eol=lf\n*.utf16 working-tree-encoding=UTF-16LE\n*.id ident\n",
    );
    bench.write("sub/new\nline.rot", "hello\n");
    bench.write("x.crlf", "a\r\nb\r\n");
    bench.write("x.lf", "a\nb\n");
    bench.write("x.utf16", b"h\0i\0\n\0");
    bench.write("x.id", "$Id$\n");
    bench.commit("filtered");
    check(&bench, |root| {
        assert_eq!(
            fs::read(root.join("sub/new\nline.rot")).unwrap(),
            b"hello\n"
        );
        assert_eq!(fs::read(root.join("x.crlf")).unwrap(), b"a\r\nb\r\n");
        assert_eq!(fs::read(root.join("x.utf16")).unwrap(), b"h\0i\0\n\0");
        write(root, "sub/new\nline.rot", "hello world\n");
        write(root, "more.rot", "more\n");
        write(root, "x.crlf", "a\r\nb\r\nc\r\n");
    });
    bench.git(["config", "core.autocrlf", "true"]);
    check(&bench, |root| write(root, "y.txt", "a\r\n"));
}

#[test]
fn submodules_keep_their_commit() {
    let bench = Bench::new();
    let lib = Bench::new();
    bench.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        lib.root().to_str().unwrap(),
        "lib",
    ]);
    bench.commit("submodule");
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    assert!(root.join("lib").is_dir());
    assert_eq!(field.snapshot(AGENT).files, 0);
    write(&root, "lib/file", "git does not see this\n");
    assert_eq!(field.snapshot(AGENT).files, 0);
    let left = field.grounds.look(AGENT, ContextId(0)).unwrap().left_out;
    assert_eq!(left[0].why, Why::InSubmodule);
}

#[test]
fn a_repository_made_by_an_agent_gives_its_files() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    write(&root, "own/src/main.rs", "fn main() {}\n");
    git_in(&root.join("own"), ["init", "-q"]);
    git_in(&root.join("own"), ["add", "-A"]);
    git_in(
        &root.join("own"),
        [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "commit",
            "-qm",
            "x",
        ],
    );
    let snapshot = field.snapshot(AGENT);
    let repo = field.grounds.repo(ContextId(0)).unwrap();
    let path = RepoPath::from("own/src/main.rs");
    assert!(repo.file(&snapshot.tree, &path).unwrap().is_some());
    let taken = field.grounds.look(AGENT, ContextId(0)).unwrap();
    assert_eq!(taken.left_out[0].why, Why::Flattened);
}

#[test]
fn ignored_files_are_copied_on_request_and_never_collected() {
    let bench = Bench::new();
    bench.write(".gitignore", ".env\nnode_modules/\ntarget/\n*.pem\n");
    bench.write(".worktreeinclude", ".env\n/node_modules/\n*.txt\n");
    bench.commit("ignore");
    bench.write(".env", "KEY=1\n");
    bench.write("sub/.env", "KEY=2\n");
    bench.write("node_modules/pkg/index.js", "x\n");
    bench.link("pkg", "node_modules/alias");
    symlink(bench.path("a.txt"), bench.path("node_modules/back")).unwrap();
    bench.write("target/big.o", "not asked for\n");
    bench.write("key.pem", "by config\n");
    let mut wanted = place(bench.root());
    wanted.include.push("*.pem".to_owned());
    let mut field = Field::with(&[wanted]);
    let root = field.root(AGENT);
    for name in [".env", "sub/.env", "node_modules/pkg/index.js", "key.pem"] {
        assert_eq!(
            fs::read(root.join(name)).unwrap(),
            fs::read(bench.path(name)).unwrap()
        );
    }
    assert_eq!(
        fs::read_link(root.join("node_modules/alias")).unwrap(),
        Path::new("pkg")
    );
    assert!(root.join("node_modules/back").symlink_metadata().is_err());
    assert!(!root.join("target").exists());
    assert_eq!(field.snapshot(AGENT).files, 0);
    fs::remove_file(root.join(".gitignore")).unwrap();
    assert_eq!(field.snapshot(AGENT).files, 1, "only .gitignore is gone");
}

#[test]
fn parts_of_a_repository_and_single_files() {
    let bench = Bench::new();
    let other = Bench::new();
    let linked = other.beside("linked");
    other.git(["worktree", "add", "-q", linked.to_str().unwrap()]);
    fs::write(linked.join("a.txt"), "linked\n").unwrap();
    let mut read = place(other.path("dir"));
    read.access = Access::Read;
    let mut field = Field::with(&[
        place(bench.path("dir/deep")),
        place(bench.path("a.txt")),
        place(&linked),
        read,
    ]);
    let desks = field.grounds.worktree(AGENT).unwrap();
    assert!(desks[0].path.ends_with("0/dir/deep"));
    assert!(desks[0].path.join("c.txt").exists());
    assert!(desks[1].path.ends_with("1/a.txt"));
    assert_eq!(fs::read(desks[2].path.join("a.txt")).unwrap(), b"linked\n");
    assert_eq!(desks[3].access, Access::Read);
    assert_eq!(desks[3].path, other.path("dir"));
    fs::write(&desks[1].path, "changed\n").unwrap();
    let snapshots = field.grounds.snapshot(AGENT).unwrap();
    let files: Vec<_> = snapshots.iter().map(|snapshot| snapshot.files).collect();
    assert_eq!(files, [0, 1, 0]);
}

#[test]
fn bare_repositories_give_their_head() {
    let bench = Bench::new();
    let bare = bench.beside("bare.git");
    bench.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let mut field = Field::on(&bare);
    let root = field.root(AGENT);
    assert_eq!(fs::read(root.join("a.txt")).unwrap(), b"one\ntwo\nthree\n");
    write(&root, "a.txt", "x\n");
    assert_eq!(field.snapshot(AGENT).files, 1);
}

#[test]
fn folders_without_git_get_a_repository_beside_them() {
    let bench = Bench::folder();
    bench.write("notes.txt", "one\r\n");
    bench.write("src/x.py", "x\n");
    bench.write("node_modules/pkg/index.js", "x\n");
    bench.write(".venv/bin/python", "x\n");
    bench.write(".gitattributes", "* text eol=lf\n");
    let before = files(bench.root());
    let mut field = Field::on(bench.root());
    let place = &field.grounds.manifest().places[0];
    assert_eq!(place.place.kept, KeptIn::Shadow);
    let told: Vec<_> = place
        .left_out
        .iter()
        .map(|out| (out.path.to_string(), out.why))
        .collect();
    assert_eq!(
        told,
        [
            (".venv/".to_owned(), Why::Junk),
            ("node_modules/".to_owned(), Why::Junk)
        ]
    );
    let root = field.root(AGENT);
    assert_eq!(fs::read(root.join("notes.txt")).unwrap(), b"one\r\n");
    assert!(!root.join("node_modules").exists());
    write(&root, "src/y.py", "y\n");
    fs::write(root.join("notes.txt"), "one\r\ntwo\r\n").unwrap();
    let snapshot = field.snapshot(AGENT);
    assert_eq!((snapshot.files, snapshot.added), (2, 2));
    assert_eq!(files(bench.root()), before);
    let repo = field.grounds.repo(ContextId(0)).unwrap();
    let now = repo.tree_of_person(&Untracked::default()).unwrap();
    assert_eq!(now, field.grounds.workplaces()[0].tree);
}

#[test]
fn one_file_without_git() {
    let bench = Bench::folder();
    bench.write("notes.txt", "one\n");
    bench.write("secret.txt", "not for agents\n");
    let mut field = Field::on(&bench.path("notes.txt"));
    let desk = field.grounds.worktree(AGENT).unwrap().remove(0);
    assert_eq!(fs::read(&desk.path).unwrap(), b"one\n");
    assert!(!desk.root.join("secret.txt").exists());
    fs::write(&desk.path, "two\n").unwrap();
    assert_eq!(field.snapshot(AGENT).files, 1);
    let repo = field.grounds.repo(ContextId(0)).unwrap();
    let now = repo.tree_of_person(&Untracked::default()).unwrap();
    assert_eq!(now, field.grounds.workplaces()[0].tree);
}

#[test]
fn repositories_that_libgit2_cannot_read_get_one_beside_them() {
    for format in ["--object-format=sha256", "--ref-format=reftable"] {
        let bench = Bench::folder();
        bench.git(["init", "-q", format]);
        bench.write("a.txt", "a\n");
        bench.write(".git/info/exclude", "private\n");
        bench.write("private", "p\n");
        let mut field = Field::on(&bench.root().join("a.txt"));
        let root = field.root(AGENT);
        assert_eq!(
            field.grounds.workplaces()[0].kept,
            KeptIn::Shadow,
            "{format}"
        );
        assert_eq!(fs::read(root.join("a.txt")).unwrap(), b"a\n");
        write(&root, "b.txt", "b\n");
        assert_eq!(field.snapshot(AGENT).files, 1);
    }
}

#[test]
fn a_link_that_an_agent_puts_in_the_way_is_not_followed() {
    let bench = Bench::new();
    let outside = bench.beside("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("b.txt"), "precious\n").unwrap();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    let base = field.snapshot(AGENT);
    fs::remove_dir_all(root.join("dir")).unwrap();
    symlink(&outside, root.join("dir")).unwrap();
    fs::write(
        root.join(".git"),
        format!("gitdir: {}/.git\n", bench.root().display()),
    )
    .unwrap();
    let linked = field.snapshot(AGENT);
    assert_eq!(linked.files, 3);
    field
        .grounds
        .reset(AGENT, std::slice::from_ref(&base))
        .unwrap();
    assert_eq!(fs::read(outside.join("b.txt")).unwrap(), b"precious\n");
    assert_eq!(fs::read(root.join("dir/b.txt")).unwrap(), b"b\n");
    assert!(root.join("dir").symlink_metadata().unwrap().is_dir());
    // What was there before the reset is kept, as a ref and as a patch.
    let kept = bench.git_text([
        "rev-parse",
        &format!("refs/massgen-tui/{}/salvage/1", run()),
    ]);
    assert_eq!(kept, linked.commit.0);
    let patch = field
        .state
        .path()
        .join(format!("salvage/{}/1-agent1-0.patch", run()));
    let other = Bench::new();
    other.git(["apply", "--check", patch.to_str().unwrap()]);
}

#[test]
fn a_run_is_opened_once_and_again() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    write(&root, "new", "x\n");
    let trouble = Grounds::reopen(field.state.path(), &run()).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Busy);
    let Field { state, grounds } = field;
    drop(grounds);
    let trouble = Grounds::lay(state.path(), &run(), &[place(bench.root())]).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Refused);
    let mut again = Grounds::reopen(state.path(), &run()).unwrap();
    assert_eq!(again.worktree(AGENT).unwrap()[0].root, root);
    assert_eq!(again.snapshot(AGENT).unwrap()[0].files, 1);
    let nobody = RunId("../../etc".to_owned());
    assert_eq!(
        Grounds::reopen(state.path(), &nobody).unwrap_err().kind,
        TroubleKind::Refused
    );
    let none = RunId("none".to_owned());
    assert_eq!(
        Grounds::reopen(state.path(), &none).unwrap_err().kind,
        TroubleKind::Missing
    );
}

#[test]
fn a_worktree_that_the_person_removed_does_not_keep_a_run_open() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    fs::remove_dir_all(&root).unwrap();
    let trouble = field.grounds.snapshot(AGENT).unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Missing);
    field.grounds.close().unwrap();
}

#[test]
fn git_knows_the_worktrees() {
    let bench = Bench::new();
    let mut field = Field::on(bench.root());
    let root = field.root(AGENT);
    let list = bench.git_text(["worktree", "list", "--porcelain"]);
    let base = &field.grounds.workplaces()[0].base.0;
    let wanted = format!(
        "worktree {}\nHEAD {base}\ndetached\nlocked in use by massgen-tui",
        root.display()
    );
    assert!(list.contains(&wanted), "{list}");
    bench.git(["worktree", "prune"]);
    assert_eq!(
        git_in(&root, ["log", "-1", "--format=%an"]),
        b"massgen-tui\n"
    );
    let refs = bench.git_text(["for-each-ref", "--format=%(refname)", "refs/massgen-tui"]);
    assert_eq!(refs, format!("refs/massgen-tui/{}/base/0", run()));
    // The person collects garbage: nothing of ours goes.
    write(&root, "new", "x\n");
    let snapshot = field.snapshot(AGENT);
    bench.git(["gc", "-q", "--prune=now"]);
    bench.git(["cat-file", "-e", &snapshot.commit.0]);
    assert!(Repo::discover(&root).is_ok());
}
