//! A repository of ours beside a folder that has none, or whose own cannot be read or written.
//!
//! `<state>/shadows/<hash of the path>.git`, bare, shared by all runs on that folder. Files are kept
//! byte for byte: no attribute of the folder converts anything. The usual build and package folders
//! are left out; the folder's `.gitignore` files count as well. It stays when a run ends: whoever looks at
//! the run, restores its files or goes on with it needs it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use git2::{Oid, RepositoryInitOptions};

use super::{Repo, Trouble, TroubleKind, manifest::make_private, names, refs};
use crate::protocol::{
    RunId,
    change::{ContextId, KeptIn},
};

/// Folders that hold what tools can make again.
pub(super) const JUNK: [&str; 12] = [
    ".cache",
    ".gradle",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".venv",
    "__pycache__",
    "bower_components",
    "node_modules",
    "target",
    "venv",
];
/// No file is converted in a shadow.
const RAW: &str = "* -text -ident -filter -working-tree-encoding -eol\n";
/// File in a shadow that names its folder.
const FOLDER_FILE: &str = "massgen-folder";

/// `<state>/shadows`.
pub(super) fn all(state: &Path) -> PathBuf {
    state.join("shadows")
}

/// The shadow of `root`, made when there is none; `real` is the folder's own git dir, whose excludes
/// count.
pub(super) fn open(state: &Path, root: &Path, real: Option<&Path>) -> Result<Repo, Trouble> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    if root.parent().is_none() || home.as_deref() == Some(root) {
        return Err(Trouble::new(
            TroubleKind::TooLarge,
            "a whole home or disk is too much to work on",
            root.display().to_string(),
            "Name the folder of one project, or make it a git repository.",
        ));
    }
    let place = |error: git2::Error| {
        Trouble::git(
            "cannot make a repository beside the folder",
            root.display().to_string(),
            &error,
        )
    };
    let id = Oid::hash_object(git2::ObjectType::Blob, names::bytes(root)).map_err(place)?;
    let path = all(state).join(format!("{id}.git"));
    if !path.join("HEAD").exists() {
        make_private(&all(state))?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        git2::Repository::init_opts(&path, &options).map_err(place)?;
    }
    let mut exclude: String = JUNK.iter().flat_map(|name| [name, "/\n"]).collect();
    if let Some(own) = real.and_then(|git| fs::read_to_string(git.join("info/exclude")).ok()) {
        exclude.push_str(&own);
    }
    let folder = path.join("info");
    make_private(&folder)?;
    for (file, text) in [
        (folder.join("exclude"), exclude.as_bytes()),
        (folder.join("attributes"), RAW.as_bytes()),
        (path.join(FOLDER_FILE), names::bytes(root)),
    ] {
        fs::write(&file, text)
            .map_err(|error| Trouble::io("cannot write a file of ours", &file, &error))?;
    }
    Ok(Repo::open_at(&path, Some(root), ContextId(0))?.kept_in(KeptIn::Shadow, None))
}

/// The shadows of folders that lie in sessions' own, as long as they keep nothing but the snapshots of that
/// session.
pub(super) fn of_sessions(state: &Path) -> Vec<(RunId, PathBuf)> {
    let Ok(sessions) = state.canonicalize().map(|state| state.join("sessions")) else {
        return Vec::new();
    };
    let entries = fs::read_dir(all(state)).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let of_session = |shadow: PathBuf| {
        let folder = fs::read(shadow.join(FOLDER_FILE)).ok()?;
        let inside = names::path(&folder).strip_prefix(&sessions).ok()?;
        let run = RunId(inside.iter().next()?.to_str()?.to_owned());
        (refs::check(&run).is_ok() && is_of_alone(&shadow, &run)).then_some((run, shadow))
    };
    let mut found: Vec<_> = folders
        .filter_map(|entry| of_session(entry.path()))
        .collect();
    found.sort();
    found
}

/// Whether all that a shadow keeps are snapshots of one run. Salvage is the person's.
fn is_of_alone(shadow: &Path, run: &RunId) -> bool {
    let Ok(git) = git2::Repository::open_bare(shadow) else {
        return false;
    };
    let (own, salvage) = (refs::folder(run), refs::all_salvage(run));
    refs::list(&git, None).is_ok_and(|refs| {
        let mut names = refs.iter().map(|(name, _)| name);
        names.all(|name| name.starts_with(&own) && !name.starts_with(&salvage))
    })
}

/// The `.git` at or above a folder, as a path; it is not opened.
pub(super) fn git_above(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|above| above.join(".git"))
        .find(|git| git.symlink_metadata().is_ok())
}
