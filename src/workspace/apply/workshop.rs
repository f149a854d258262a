//! For tests: a real repository in a temporary folder, made and looked at by the `git` binary.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    protocol::{
        AgentId,
        change::{ContextId, ObjectId, Part, Pick, RepoPath, Selection, Source},
    },
    workspace::Repo,
};

/// A repository and the trees made in it.
pub(in crate::workspace) struct Workshop {
    dir: tempfile::TempDir,
}

/// One file of a tree that a test wants.
pub(in crate::workspace) enum Thing<'a> {
    File(&'a [u8]),
    Program(&'a [u8]),
    Link(&'a str),
}

impl Workshop {
    /// An empty repository without a commit.
    pub(in crate::workspace) fn new() -> Self {
        let shop = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(shop.root()).unwrap();
        shop.git(&["init", "-q", "-b", "main"]);
        shop.git(&["config", "user.name", "A Person"]);
        shop.git(&["config", "user.email", "person@example.org"]);
        shop
    }

    /// The folder of the person.
    pub(in crate::workspace) fn root(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    /// A folder beside it.
    pub(in crate::workspace) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The repository as the program sees it.
    pub(in crate::workspace) fn repo(&self) -> Repo {
        Repo::discover(&self.root()).unwrap()
    }

    /// What `git` says, without the line end.
    pub(in crate::workspace) fn git(&self, args: &[&str]) -> String {
        let out = self.git_with(args, None);
        String::from_utf8_lossy(&out).trim_end().to_owned()
    }

    /// What `git` gives, with another index.
    pub(in crate::workspace) fn git_with(&self, args: &[&str], index: Option<&Path>) -> Vec<u8> {
        let mut command = Command::new("git");
        command
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .args(args);
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        let out = command.output().unwrap();
        assert!(
            out.status.success(),
            "git {args:?}: {}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        out.stdout
    }

    /// Puts something at a path of the person's folder, whatever was there.
    pub(in crate::workspace) fn put(&self, path: &[u8], thing: &Thing<'_>) {
        put(&self.root(), path, thing);
    }

    /// The person's folder as `git add -A` sees it.
    pub(in crate::workspace) fn tree_now(&self) -> ObjectId {
        let index = self.dir.path().join("index.now");
        let _ = fs::remove_file(&index);
        self.git_with(&["add", "-A"], Some(&index));
        let out = self.git_with(&["write-tree"], Some(&index));
        ObjectId(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// A tree with these files, made in a folder of its own.
    pub(in crate::workspace) fn tree(&self, things: &[(&[u8], Thing<'_>)]) -> ObjectId {
        let folder = tempfile::tempdir_in(self.dir.path()).unwrap();
        for (path, thing) in things {
            put(folder.path(), path, thing);
        }
        let index = folder.path().with_extension("index");
        let work = format!("--work-tree={}", folder.path().display());
        self.git_with(&[&work, "add", "-A", "-f"], Some(&index));
        let out = self.git_with(&["write-tree"], Some(&index));
        ObjectId(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// `git ls-tree -r` of a tree, one line per file.
    pub(in crate::workspace) fn list(&self, tree: &ObjectId) -> String {
        self.git(&["ls-tree", "-r", &tree.0])
    }

    /// The content of a file of a tree.
    pub(in crate::workspace) fn show(&self, tree: &ObjectId, path: &str) -> String {
        let name = format!("{}:{path}", tree.0);
        String::from_utf8_lossy(&self.git_with(&["cat-file", "blob", &name], None)).into_owned()
    }
}

fn put(root: &Path, path: &[u8], thing: &Thing<'_>) {
    let at = root.join(OsStr::from_bytes(path));
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    if at.is_dir() && !at.is_symlink() {
        fs::remove_dir_all(&at).unwrap();
    } else if at.symlink_metadata().is_ok() {
        fs::remove_file(&at).unwrap();
    }
    match thing {
        Thing::File(bytes) => fs::write(&at, bytes).unwrap(),
        Thing::Program(bytes) => {
            fs::write(&at, bytes).unwrap();
            fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Thing::Link(target) => std::os::unix::fs::symlink(target, &at).unwrap(),
    }
}

/// A pick of this part from an agent.
pub(in crate::workspace) fn pick(agent: u16, tree: &ObjectId, path: &str, part: Part) -> Pick {
    Pick {
        from: Source {
            agent: AgentId(agent),
            tree: tree.clone(),
        },
        path: RepoPath::from(path),
        part,
    }
}

/// Picks over a base.
pub(in crate::workspace) fn selection(base: &ObjectId, picks: Vec<Pick>) -> Selection {
    Selection {
        context: ContextId(0),
        base: base.clone(),
        picks,
    }
}
