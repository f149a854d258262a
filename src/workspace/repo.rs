//! One repository: finding it, what it is, reading its objects.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{
    KeptPlace, Manifest, Taken, Trouble, TroubleKind, Untracked, Watch, names, take, unwatched,
};
use crate::protocol::change::{ContextId, FileMode, KeptIn, ObjectId, RepoPath, Side};

/// A repository of the person, or one of ours beside a folder that has none.
pub struct Repo {
    git: git2::Repository,
    work: Option<PathBuf>,
    context: ContextId,
    kept: KeptIn,
    /// The one file that is looked at, when the context is a file under no version control.
    only: Option<RepoPath>,
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo")
            .field("git_dir", &self.git.path())
            .field("work", &self.work)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl Repo {
    /// The repository that `path` (a folder or a file, existing) lies in, as git finds it: upwards,
    /// within one file system. Variables such as `GIT_DIR` are not looked at.
    ///
    /// # Errors
    ///
    /// [`TroubleKind::NotARepository`] when there is none, [`TroubleKind::Beyond`] when libgit2 cannot
    /// read it, [`TroubleKind::Denied`] when it belongs to somebody else.
    pub fn discover(path: &Path) -> Result<Self, Trouble> {
        let real = path
            .canonicalize()
            .map_err(|error| Trouble::io("cannot open the folder", path, &error))?;
        let start = if real.is_dir() {
            real.as_path()
        } else {
            real.parent().unwrap_or(&real)
        };
        let git = git2::Repository::open_ext(
            start,
            git2::RepositoryOpenFlags::empty(),
            std::iter::empty::<&OsStr>(),
        )
        .map_err(|error| opening(start, &error))?;
        let work = git.workdir().map(Path::to_path_buf);
        if !git.is_bare() && real.starts_with(git.path()) {
            return Err(Trouble::new(
                TroubleKind::Refused,
                "this folder belongs to git itself",
                real.display().to_string(),
                "Name the folder with the files instead.",
            ));
        }
        Self::checked(git, work, ContextId(0))
    }

    /// The repository with this git dir, its files taken from `work`.
    pub(super) fn open_at(
        git_dir: &Path,
        work: Option<&Path>,
        context: ContextId,
    ) -> Result<Self, Trouble> {
        let git = git2::Repository::open_ext(
            git_dir,
            git2::RepositoryOpenFlags::NO_SEARCH | git2::RepositoryOpenFlags::NO_DOTGIT,
            std::iter::empty::<&OsStr>(),
        )
        .map_err(|error| opening(git_dir, &error))?;
        if let Some(work) = work {
            git.set_workdir(work, false).map_err(|error| {
                Trouble::git("cannot use the folder", work.display().to_string(), &error)
            })?;
        }
        Self::checked(git, work.map(Path::to_path_buf), context)
    }

    /// Refuses what libgit2 opens and cannot read.
    fn checked(
        git: git2::Repository,
        work: Option<PathBuf>,
        context: ContextId,
    ) -> Result<Self, Trouble> {
        let storage = git
            .config()
            .and_then(|config| config.get_string("extensions.refstorage"))
            .unwrap_or_default();
        if !storage.is_empty() && !storage.eq_ignore_ascii_case("files") {
            return Err(Trouble::new(
                TroubleKind::Beyond,
                format!("its refs are kept as `{storage}`, which cannot be read here"),
                git.path().display().to_string(),
                "Install git, so that the folder can be read through it.",
            ));
        }
        Ok(Self {
            git,
            work,
            context,
            kept: KeptIn::Repository,
            only: None,
        })
    }

    /// The repository that keeps folder number `context` of a run, with the person's files as its
    /// folder.
    pub fn open_kept(manifest: &Manifest, context: ContextId) -> Result<Self, Trouble> {
        Self::open_place(manifest.place(context)?)
    }

    /// The repository that keeps this folder of a run.
    pub(super) fn open_place(kept: &KeptPlace) -> Result<Self, Trouble> {
        if kept.git_dir.as_bytes().is_empty() {
            return Err(Trouble::new(
                TroubleKind::NotARepository,
                "this folder is only looked at, nothing of it is kept",
                kept.place.path.clone(),
                "Name it as one that may be written.",
            ));
        }
        let git = git2::Repository::open(kept.git_dir())
            .map_err(|error| opening(kept.git_dir(), &error))?;
        let work = (kept.root() != git.path()).then(|| kept.root());
        drop(git);
        let only = (kept.place.kept == KeptIn::Shadow && !kept.inside.as_bytes().is_empty())
            .then(|| kept.inside.clone());
        Ok(Self::open_at(kept.git_dir(), work, kept.place.context)?.kept_in(kept.place.kept, only))
    }

    /// The same repository, ours or the person's, looked at as a whole or for one file.
    pub(super) fn kept_in(mut self, kept: KeptIn, only: Option<RepoPath>) -> Self {
        self.kept = kept;
        self.only = only;
        self
    }

    /// Whether it is the person's or ours.
    #[must_use]
    pub const fn kept(&self) -> KeptIn {
        self.kept
    }

    /// The one file that is looked at, if not all are.
    pub(super) const fn only(&self) -> Option<&RepoPath> {
        self.only.as_ref()
    }

    /// The same repository as folder number `context` of a session.
    #[must_use]
    pub fn numbered(mut self, context: ContextId) -> Self {
        self.context = context;
        self
    }

    /// Which folder of a session it is.
    #[must_use]
    pub const fn context(&self) -> ContextId {
        self.context
    }

    /// The root of its files; the git dir of a bare repository.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.work.as_deref().unwrap_or_else(|| self.git.path())
    }

    /// The root of its files; `None` when it is bare.
    #[must_use]
    pub fn work(&self) -> Option<&Path> {
        self.work.as_deref()
    }

    /// Its git dir; of a linked worktree that worktree's own.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.git.path()
    }

    /// Libgit2's handle.
    pub(super) const fn git(&self) -> &git2::Repository {
        &self.git
    }

    /// The commit HEAD is on; `None` before the first one.
    pub fn head(&self) -> Option<ObjectId> {
        let commit = self.git.head().ok()?.peel_to_commit().ok()?;
        Some(names::object(commit.id()))
    }

    /// Where HEAD is, as people say it: a branch, or the beginning of a commit's id; `None` before the
    /// first commit.
    pub fn head_name(&self) -> Option<String> {
        let head = self.git.head().ok()?;
        if head.is_branch() {
            return Some(String::from_utf8_lossy(head.shorthand_bytes()).into_owned());
        }
        let id = head.peel_to_commit().ok()?.id().to_string();
        Some(id.chars().take(10).collect())
    }

    /// The tree of the person's files right now, written as objects: HEAD, what is staged, what is
    /// not, and untracked files by policy. Nothing else is touched. Of a bare repository: HEAD's tree.
    ///
    /// It is what `git add -A` and `git write-tree` make with an index of their own; [`Self::look`]
    /// also tells what was left out.
    pub fn tree_of_person(&self, untracked: &Untracked) -> Result<ObjectId, Trouble> {
        Ok(self.look(untracked, &unwatched)?.tree)
    }

    /// [`Self::tree_of_person`], watched, with what was left out and why.
    pub fn look(&self, untracked: &Untracked, watch: Watch<'_>) -> Result<Taken, Trouble> {
        take::person(self, untracked, watch)
    }

    /// [`Self::look`] for a baseline: the index that goes with the tree is written to `index`.
    pub(super) fn baseline(
        &self,
        untracked: &Untracked,
        index: &Path,
        watch: Watch<'_>,
    ) -> Result<Taken, Trouble> {
        take::baseline(self, untracked, index, watch)
    }

    /// All files of a tree, in the order of git's index, without sizes of their contents.
    pub fn files(&self, tree: &ObjectId) -> Result<Vec<(RepoPath, FileMode, ObjectId)>, Trouble> {
        let failed = |error: git2::Error| Trouble::git("cannot read a tree", &tree.0, &error);
        let root = self.git.find_tree(names::oid(tree)?).map_err(failed)?;
        let mut files = Vec::new();
        root.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            if let Some(mode) = names::mode(entry.filemode().cast_unsigned()) {
                let mut path = folder.as_bytes().to_vec();
                path.extend_from_slice(entry.name_bytes());
                files.push((RepoPath::new(path), mode, names::object(entry.id())));
            }
            git2::TreeWalkResult::Ok
        })
        .map_err(failed)?;
        Ok(files)
    }

    /// One file of a tree; `None` when there is none with this path.
    pub fn file(&self, tree: &ObjectId, path: &RepoPath) -> Result<Option<Side>, Trouble> {
        let failed = |error: git2::Error| Trouble::git("cannot read a tree", &tree.0, &error);
        let root = self.git.find_tree(names::oid(tree)?).map_err(failed)?;
        let Ok(entry) = root.get_path(names::path(path.as_bytes())) else {
            return Ok(None);
        };
        let Some(mode) = names::mode(entry.filemode().cast_unsigned()) else {
            return Ok(None);
        };
        let size = if mode == FileMode::Submodule {
            0
        } else {
            let odb = self.git.odb().map_err(failed)?;
            odb.read_header(entry.id()).map_err(failed)?.0 as u64
        };
        Ok(Some(Side {
            mode,
            blob: names::object(entry.id()),
            size,
        }))
    }

    /// The bytes of a blob.
    pub fn blob(&self, id: &ObjectId) -> Result<Vec<u8>, Trouble> {
        let blob = self
            .git
            .find_blob(names::oid(id)?)
            .map_err(|error| Trouble::git("cannot read a file's content", &id.0, &error))?;
        Ok(blob.content().to_vec())
    }

    /// Turns an error of libgit2 into trouble at this repository.
    pub(super) fn trouble(&self, what: &str, error: &git2::Error) -> Trouble {
        Trouble::git(what, self.root().display().to_string(), error)
    }
}

/// What it means that a repository does not open.
fn opening(place: &Path, error: &git2::Error) -> Trouble {
    if error.code() == git2::ErrorCode::NotFound {
        return Trouble::new(
            TroubleKind::NotARepository,
            "there is no git repository here",
            place.display().to_string(),
            "The folder can be used as it is, or `git init` makes it one.",
        );
    }
    Trouble::git(
        "cannot open the repository",
        place.display().to_string(),
        error,
    )
}
