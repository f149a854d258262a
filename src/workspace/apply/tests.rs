//! Applying, seen from outside: real repositories, and what `git` and the file system say afterwards.

mod crash;
mod drift;
mod ends;
mod matrix;
mod random;
mod shadow;
mod undo;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _},
    },
    path::Path,
};

use super::{
    workshop::{Thing, Workshop, selection},
    *,
};
use crate::{
    protocol::change::{Part, Pick, Source},
    workspace::unwatched,
};

const CREDITS: &[Credit] = &[
    Credit {
        agent: AgentId(1),
        label: Label::new(AgentId(1), 2),
    },
    Credit {
        agent: AgentId(2),
        label: Label::new(AgentId(2), 1),
    },
];

/// Everything about a file that an undo brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    mode: u32,
    changed: (i64, i64),
    bytes: Vec<u8>,
}

/// All files, links and folders below a folder, `.git` apart.
fn seen(root: &Path) -> BTreeMap<String, Seen> {
    let mut all = BTreeMap::new();
    walk(root, root, &mut all);
    all
}

fn walk(root: &Path, at: &Path, all: &mut BTreeMap<String, Seen>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name == ".git") && at == root {
            continue;
        }
        let about = path.symlink_metadata().unwrap();
        let name = format!("{:?}", path.strip_prefix(root).unwrap());
        let mut one = Seen {
            mode: about.mode(),
            changed: (about.mtime(), about.mtime_nsec()),
            bytes: Vec::new(),
        };
        if about.is_dir() {
            // A folder's time changes with its entries.
            one.changed = (0, 0);
            all.insert(name, one);
            walk(root, &path, all);
            continue;
        }
        one.bytes = if about.is_symlink() {
            fs::read_link(&path)
                .unwrap()
                .as_os_str()
                .as_bytes()
                .to_vec()
        } else {
            fs::read(&path).unwrap_or_default()
        };
        all.insert(name, one);
    }
}

/// Refs, HEAD, index entries and configuration, as text.
fn git_state(shop: &Workshop) -> String {
    let index = shop.git(&["ls-files", "-s", "-v"]);
    let refs = shop.git(&["for-each-ref"]);
    let config = fs::read_to_string(shop.root().join(".git/config")).unwrap();
    let head = fs::read_to_string(shop.root().join(".git/HEAD")).unwrap();
    let exclude = fs::read_to_string(shop.root().join(".git/info/exclude")).unwrap_or_default();
    format!("{index}\n{refs}\n{config}\n{head}\n{exclude}")
}

/// A person with a repository, a state folder beside it, and a result over `base`.
struct Desk {
    shop: Workshop,
    base: ObjectId,
    inside: RepoPath,
    decisions: Vec<Decision>,
}

impl Desk {
    /// A repository with these files committed; the base is that commit's tree.
    fn with(things: &[(&[u8], Thing<'_>)]) -> Self {
        let shop = Workshop::new();
        for (path, thing) in things {
            shop.put(path, thing);
        }
        shop.git(&["add", "-A"]);
        shop.git(&["commit", "-q", "--allow-empty", "-m", "first"]);
        let base = shop.tree_now();
        Self {
            shop,
            base,
            inside: RepoPath::from(""),
            decisions: Vec::new(),
        }
    }

    fn state(&self) -> std::path::PathBuf {
        self.shop.beside("state")
    }

    /// The whole of a tree, as agent 1's work.
    fn whole(&self, tree: &ObjectId) -> Built {
        let repo = self.shop.repo();
        let picks = repo
            .changes(&self.base, tree)
            .unwrap()
            .files
            .into_iter()
            .map(|file| Pick {
                from: Source {
                    agent: AgentId(1),
                    tree: tree.clone(),
                },
                path: file.path,
                part: Part::Whole,
            })
            .collect();
        let built = build(&repo, &selection(&self.base, picks), &[]).unwrap();
        assert_eq!(built.clashes, []);
        assert_eq!(built.tree, *tree);
        built
    }

    fn decide(&mut self, path: &str, take: Take) {
        self.decisions
            .retain(|one| one.path != RepoPath::from(path));
        self.decisions.push(Decision {
            path: RepoPath::from(path),
            take,
        });
    }

    fn on<R>(
        &self,
        built: &Built,
        to: &Destination,
        work: impl FnOnce(&Ground<'_>, &Order<'_>) -> R,
    ) -> R {
        let (repo, state_dir) = (self.shop.repo(), self.state());
        let ground = Ground {
            repo: &repo,
            access: Access::Write,
            inside: &self.inside,
            untracked: &Untracked::default(),
            state_dir: &state_dir,
        };
        let order = Order {
            base: &self.base,
            built,
            decisions: &self.decisions,
            credits: CREDITS,
            to,
        };
        work(&ground, &order)
    }

    fn preview(&self, built: &Built, to: &Destination) -> Preview {
        self.on(built, to, |ground, order| preview(ground, order).unwrap())
    }

    fn watched(
        &self,
        built: &Built,
        to: &Destination,
        watch: Watch<'_>,
    ) -> Result<Applied, Trouble> {
        self.on(built, to, |ground, order| {
            let seen = preview(ground, order)?;
            let occasion = Occasion {
                run: None,
                at: Timestamp(1),
            };
            apply(ground, order, &seen, occasion, watch)
        })
    }

    fn apply_to(&self, tree: &ObjectId, to: &Destination) -> Result<Applied, Trouble> {
        self.watched(&self.whole(tree), to, &unwatched)
    }

    fn apply(&self, tree: &ObjectId) -> Result<Applied, Trouble> {
        self.apply_to(tree, &Destination::WorkingTree)
    }

    fn undo(&self, changed: Changed) -> Result<Undone, Trouble> {
        undo::undo_last(&self.state(), changed)
    }

    fn read(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.shop.root().join(path)).unwrap()).into_owned()
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
