//! What must be the same after any run: the person's refs, index, configuration, excludes, stash,
//! reflogs and files.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::bench_of_git::git_in;

/// A repository as it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Untouched {
    refs: String,
    head: Vec<u8>,
    files: BTreeMap<String, Option<Vec<u8>>>,
    logs: BTreeMap<PathBuf, (u32, Vec<u8>)>,
    status: Vec<u8>,
}

impl Untouched {
    /// Remembers how the repository at `root` is.
    pub fn of(root: &Path) -> Self {
        let git = root.join(".git");
        let read = |name: &str| (name.to_owned(), fs::read(git.join(name)).ok());
        let refs = git_in(root, ["for-each-ref"]);
        Self {
            refs: String::from_utf8(refs)
                .unwrap()
                .lines()
                .filter(|line| !line.contains("\trefs/massgen-tui/"))
                .collect::<Vec<_>>()
                .join("\n"),
            head: fs::read(git.join("HEAD")).unwrap(),
            files: [
                "index",
                "config",
                "config.worktree",
                "info/exclude",
                "info/attributes",
                "info/sparse-checkout",
                "packed-refs",
                "ORIG_HEAD",
                "MERGE_HEAD",
                "index.lock",
                "packed-refs.lock",
                "HEAD.lock",
                "config.lock",
            ]
            .into_iter()
            .map(read)
            .collect(),
            logs: files(&git.join("logs")),
            status: git_in(
                root,
                [
                    "--no-optional-locks",
                    "status",
                    "--porcelain=v2",
                    "-z",
                    "--ignored",
                ],
            ),
        }
    }

    /// Fails when anything is different now.
    pub fn assert_untouched(&self, root: &Path) {
        assert_eq!(
            &Self::of(root),
            self,
            "the person's repository is as before"
        );
    }
}

/// Every file below a folder but `.git`: mode and content, or the target of a link.
pub fn files(root: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".git") {
                continue;
            }
            let about = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(root).unwrap().to_path_buf();
            if about.is_dir() {
                folders.push(path);
            } else if about.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                found.insert(
                    name,
                    (0o120_000, target.into_os_string().into_encoded_bytes()),
                );
            } else {
                let mode = about.permissions().mode() & 0o111;
                found.insert(name, (mode, fs::read(&path).unwrap()));
            }
        }
    }
    found
}
