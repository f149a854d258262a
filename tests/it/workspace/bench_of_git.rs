//! A repository on disk and the `git` binary that says how it is.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _, fs::symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use massgen_tui::{
    protocol::change::{FileMode, ObjectId, RepoPath, Side},
    workspace::{Repo, Untracked},
};
use tempfile::TempDir;

/// A folder, usually a repository, in a folder of its own.
pub struct Bench {
    dir: TempDir,
    root: PathBuf,
}

impl Bench {
    /// An empty folder.
    pub fn folder() -> Self {
        let dir = TempDir::new().unwrap();
        let root = dir.path().canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        Self { dir, root }
    }

    /// A repository without commits.
    pub fn empty() -> Self {
        let bench = Self::folder();
        bench.git(["init", "-q", "-b", "main"]);
        bench.git(["config", "user.name", "Person"]);
        bench.git(["config", "user.email", "person@example.org"]);
        bench
    }

    /// A repository with one commit of a few files.
    pub fn new() -> Self {
        let bench = Self::empty();
        bench.write("a.txt", "one\ntwo\nthree\n");
        bench.write("dir/b.txt", "b\n");
        bench.write("dir/deep/c.txt", "c\n");
        bench.write("run.sh", "#!/bin/sh\n");
        bench.chmod("run.sh", 0o755);
        bench.link("a.txt", "link");
        bench.write("bin.dat", b"\0\x01\x02binary");
        bench.write(".gitignore", "target/\n*.log\n");
        bench.commit("first");
        bench
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.root.join(name.as_ref())
    }

    pub fn write(&self, name: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn remove(&self, name: &str) {
        let path = self.path(name);
        if path.symlink_metadata().unwrap().is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    pub fn commit(&self, message: &str) {
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// The standard output of `git args…` in the repository; fails the test when git fails.
    pub fn git<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Vec<u8> {
        git_in(&self.root, args)
    }

    pub fn git_text<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> String {
        String::from_utf8(self.git(args)).unwrap().trim().to_owned()
    }

    pub fn repo(&self) -> Repo {
        Repo::discover(&self.root).unwrap()
    }

    /// What `git add -A` and `git write-tree` make with an index of their own.
    pub fn tree_by_git(&self) -> ObjectId {
        tree_by_git(&self.root, &self.root)
    }

    /// Our tree, which must be git's.
    pub fn same_tree(&self) -> ObjectId {
        let ours = self.repo().tree_of_person(&Untracked::default()).unwrap();
        let theirs = self.tree_by_git();
        if ours != theirs {
            let diff = self.git(["diff", "--raw", "-r", &theirs.0, &ours.0]);
            panic!(
                "git's tree against ours:\n{}",
                String::from_utf8_lossy(&diff)
            );
        }
        ours
    }
}

/// What `git add -A` makes of the folder `work`, with the index of the repository at `root`.
pub fn tree_by_git(root: &Path, work: &Path) -> ObjectId {
    let index = TempDir::new().unwrap();
    let copy = index.path().join("index");
    let real = text(&git_in(root, ["rev-parse", "--absolute-git-dir"]));
    let real = Path::new(&real);
    if real.join("index").exists() {
        let from = fs::File::open(real.join("index")).unwrap();
        let time = from.metadata().unwrap().modified().unwrap();
        fs::copy(real.join("index"), &copy).unwrap();
        fs::File::options()
            .write(true)
            .open(&copy)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
    let run = |args: &[&str]| {
        let output = command(root)
            .env("GIT_INDEX_FILE", &copy)
            .env("GIT_DIR", real)
            .env("GIT_WORK_TREE", work)
            .current_dir(work)
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
        text(&output.stdout)
    };
    run(&["-c", "advice.addEmbeddedRepo=false", "add", "-A"]);
    ObjectId(run(&["write-tree"]))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// `git` without the configuration of whoever runs the tests.
pub fn command(root: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("LC_ALL", "C");
    command
}

/// Runs git in `root`.
pub fn git_in<I: AsRef<OsStr>>(root: &Path, args: impl IntoIterator<Item = I>) -> Vec<u8> {
    let args: Vec<OsString> = args
        .into_iter()
        .map(|arg| arg.as_ref().to_owned())
        .collect();
    let Output {
        status,
        stdout,
        stderr,
    } = command(root).args(&args).output().unwrap();
    assert!(
        status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&stderr)
    );
    stdout
}

/// One line of `git diff --raw`: letter, old path of a rename, modes and ids.
pub type Raw = (char, Option<RepoPath>, String, String, String, String);

/// `git diff --raw -z` between two trees, by path.
pub fn raw_diff(root: &Path, old: &ObjectId, new: &ObjectId) -> BTreeMap<RepoPath, Raw> {
    let out = git_in(
        root,
        ["diff", "--raw", "-z", "--no-abbrev", "-M", &old.0, &new.0],
    );
    let mut parts = out.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let mut found = BTreeMap::new();
    while let Some(head) = parts.next() {
        let head = String::from_utf8(head.to_vec()).unwrap();
        let fields: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let letter = fields[4].chars().next().unwrap();
        let first = RepoPath::new(parts.next().unwrap());
        let (path, was) = if letter == 'R' {
            (RepoPath::new(parts.next().unwrap()), Some(first))
        } else {
            (first, None)
        };
        found.insert(
            path,
            (
                letter,
                was,
                fields[0].to_owned(),
                fields[1].to_owned(),
                fields[2].to_owned(),
                fields[3].to_owned(),
            ),
        );
    }
    found
}

/// The same from our change set.
pub fn raw_ours(repo: &Repo, old: &ObjectId, new: &ObjectId) -> BTreeMap<RepoPath, Raw> {
    let mode = |side: &Option<Side>| {
        side.as_ref()
            .map_or("000000", |side| match side.mode {
                FileMode::File => "100644",
                FileMode::Executable => "100755",
                FileMode::Symlink => "120000",
                FileMode::Submodule => "160000",
            })
            .to_owned()
    };
    let blob = |side: &Option<Side>| {
        side.as_ref()
            .map_or_else(|| "0".repeat(40), |side| side.blob.0.clone())
    };
    let changes = repo.changes(old, new).unwrap();
    changes
        .files
        .into_iter()
        .map(|file| {
            let raw = (
                file.kind.letter(),
                file.was,
                mode(&file.old),
                mode(&file.new),
                blob(&file.old),
                blob(&file.new),
            );
            (file.path, raw)
        })
        .collect()
}
