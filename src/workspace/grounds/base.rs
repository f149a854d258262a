//! The baseline of a folder: which repository keeps it, and the commit of the files as they are.

use std::path::{Path, PathBuf};

use git2::{Oid, Repository, Signature, Tree};

use super::Place;
use crate::{
    protocol::{
        RunId,
        change::{Access, ContextId, KeptIn, ObjectId, RepoPath, Workplace},
    },
    workspace::{
        Beside, KeptPlace, Repo, Taken, Trouble, TroubleKind, Watch, include, manifest, names,
        shadow,
    },
};

/// What a run of ours calls itself in commits.
const NAME: &str = "massgen-tui";
/// Its address there: nobody is reached by it.
const MAIL: &str = "massgen-tui@localhost";

/// Looks at one folder, and writes its baseline as a commit that no ref names yet.
pub(super) fn lay(
    state: &Path,
    run: &RunId,
    context: ContextId,
    (place, renewed): (&Place, u32),
    watch: Watch<'_>,
) -> Result<KeptPlace, Trouble> {
    let path = place
        .path
        .canonicalize()
        .map_err(|error| Trouble::io("cannot open the folder", &place.path, &error))?;
    let found = keeper(state, &path, place)?;
    let Some((repo, kept)) = found else {
        return Ok(looked_at(place, &path, context, None));
    };
    let repo = repo.numbered(context);
    if place.access == Access::Read {
        return Ok(looked_at(place, &path, context, Some(&repo)));
    }
    let index = manifest::base_index(state, run, context, renewed);
    let inside = names::inside(&path, repo.root())
        .unwrap_or_default()
        .to_vec();
    let only = (kept == KeptIn::Shadow && path.is_file()).then(|| RepoPath::new(&*inside));
    let repo = repo.kept_in(kept, only);
    let taken = repo.baseline(&place.untracked, &index, watch)?;
    let copied = match (kept, repo.work()) {
        (KeptIn::Repository, Some(root)) => include::find(repo.git(), root, &place.include, watch)?,
        _ => Vec::new(),
    };
    let commit = commit(repo.git(), &taken, run)?;
    let root = repo.root().to_path_buf();
    Ok(KeptPlace {
        place: Workplace {
            context,
            path: place.path.display().to_string(),
            root: root.display().to_string(),
            access: place.access,
            head: repo.head_name(),
            base: names::object(commit),
            tree: taken.tree,
            kept,
        },
        git_dir: RepoPath::new(names::bytes(repo.git_dir())),
        common_dir: RepoPath::new(names::bytes(repo.git().commondir())),
        root: RepoPath::new(names::bytes(&root)),
        inside: RepoPath::new(inside),
        untracked: place.untracked,
        copied,
        left_out: taken.left_out,
        more: taken.more,
        renewed,
        beside: place.beside,
    })
}

/// The repository that keeps the objects: the person's, or a shadow. `None` for a folder that is only
/// looked at and is under no version control.
fn keeper(state: &Path, path: &Path, place: &Place) -> Result<Option<(Repo, KeptIn)>, Trouble> {
    let access = place.access;
    let folder = || -> PathBuf {
        if path.is_file() {
            path.parent().unwrap_or(path).to_path_buf()
        } else {
            path.to_path_buf()
        }
    };
    if place.beside == Beside::Always && access == Access::Write {
        let folder = folder();
        let real = Some(folder.join(".git")).filter(|git| git.is_dir());
        let shadow = shadow::open(state, &folder, real.as_deref())?;
        return Ok(Some((shadow, KeptIn::Shadow)));
    }
    match Repo::discover(path) {
        Ok(repo) => {
            let objects = repo.git().commondir().join("objects");
            let writable = rustix::fs::access(&objects, rustix::fs::Access::WRITE_OK).is_ok();
            if writable || access == Access::Read || repo.work().is_none() {
                return Ok(Some((repo, KeptIn::Repository)));
            }
            let shadow = shadow::open(state, repo.root(), Some(repo.git().commondir()))?;
            Ok(Some((shadow, KeptIn::Shadow)))
        }
        Err(trouble)
            if matches!(
                trouble.kind,
                TroubleKind::NotARepository | TroubleKind::Beyond
            ) =>
        {
            if access == Access::Read {
                return Ok(None);
            }
            let real = (trouble.kind == TroubleKind::Beyond)
                .then(|| shadow::git_above(&folder()))
                .flatten();
            let root = real
                .as_deref()
                .and_then(Path::parent)
                .map_or_else(folder, Path::to_path_buf);
            let shadow = shadow::open(state, &root, real.as_deref())?;
            Ok(Some((shadow, KeptIn::Shadow)))
        }
        Err(trouble) => Err(trouble),
    }
}

/// A folder that agents only read: nothing is kept of it, and they see it as it is.
fn looked_at(place: &Place, path: &Path, context: ContextId, repo: Option<&Repo>) -> KeptPlace {
    let nothing = ObjectId(Oid::ZERO_SHA1.to_string());
    let root = repo.map_or(path, Repo::root);
    let dir = |path: Option<&Path>| RepoPath::new(path.map(names::bytes).unwrap_or_default());
    KeptPlace {
        place: Workplace {
            context,
            path: place.path.display().to_string(),
            root: root.display().to_string(),
            access: Access::Read,
            head: repo.and_then(Repo::head_name),
            base: nothing.clone(),
            tree: nothing,
            kept: KeptIn::Repository,
        },
        git_dir: dir(repo.map(Repo::git_dir)),
        common_dir: dir(repo.map(|repo| repo.git().commondir())),
        root: RepoPath::new(names::bytes(root)),
        inside: RepoPath::new(names::inside(path, root).unwrap_or_default()),
        untracked: place.untracked,
        copied: Vec::new(),
        left_out: Vec::new(),
        more: 0,
        renewed: 0,
        beside: place.beside,
    }
}

/// A commit of the person's tree on top of HEAD.
fn commit(git: &Repository, taken: &Taken, run: &RunId) -> Result<Oid, Trouble> {
    let head = git.head().and_then(|head| head.peel_to_commit()).ok();
    let parents: Vec<Oid> = head.iter().map(git2::Commit::id).collect();
    write_commit(
        git,
        names::oid(&taken.tree)?,
        &parents,
        &format!("The files as they were for session {run}\n"),
    )
}

/// Writes a commit of ours, which no ref names yet. Never signed, no hook runs.
pub(in crate::workspace) fn write_commit(
    git: &Repository,
    tree: Oid,
    parents: &[Oid],
    message: &str,
) -> Result<Oid, Trouble> {
    let failed = |error: git2::Error| {
        Trouble::git(
            "cannot write a commit",
            git.path().display().to_string(),
            &error,
        )
    };
    let by = Signature::now(NAME, MAIL).map_err(failed)?;
    let tree: Tree<'_> = git.find_tree(tree).map_err(failed)?;
    let parents = parents
        .iter()
        .map(|id| git.find_commit(*id))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let parents: Vec<_> = parents.iter().collect();
    let place = || git.path().display().to_string();
    git.commit(None, &by, &by, message, &tree, &parents)
        .map_err(|error| Trouble::writing("cannot write a commit", place(), &error, (git, 0)))
}
