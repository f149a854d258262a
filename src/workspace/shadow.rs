//! A repository of ours beside a folder that has none, or whose own cannot be read or written.
//!
//! `<state>/shadows/<hash of the path>.git`, bare, shared by all runs on that folder. Files are kept
//! byte for byte: no attribute of the folder converts anything. The usual build and package folders
//! are left out; the folder's `.gitignore` files count as well.

use std::{
    fs,
    path::{Path, PathBuf},
};

use git2::{Oid, RepositoryInitOptions};

use super::{Repo, Trouble, TroubleKind, manifest::make_private, names};
use crate::protocol::change::{ContextId, KeptIn};

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
        (path.join("massgen-folder"), names::bytes(root)),
    ] {
        fs::write(&file, text)
            .map_err(|error| Trouble::io("cannot write a file of ours", &file, &error))?;
    }
    Ok(Repo::open_at(&path, Some(root), ContextId(0))?.kept_in(KeptIn::Shadow, None))
}

/// The `.git` at or above a folder, as a path; it is not opened.
pub(super) fn git_above(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|above| above.join(".git"))
        .find(|git| git.symlink_metadata().is_ok())
}
