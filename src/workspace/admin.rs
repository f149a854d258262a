//! The administration files of a linked worktree, as gitrepository-layout(5) describes them.
//!
//! Libgit2 can only make worktrees with a branch; ours have a detached HEAD, so the few files are
//! written here. They are for the agent's own `git`; we never read them back.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use git2::Oid;

use super::{Trouble, Watch, beneath, names};

/// What the folders of our worktrees begin with in `<git dir>/worktrees`.
pub(super) const PREFIX: &str = "massgen-tui-";

/// The administration folder with this name.
pub(super) fn folder(common: &Path, name: &str) -> PathBuf {
    common.join("worktrees").join(name)
}

/// Makes the worktree at `root` known to the repository `common`, on `commit`.
///
/// The `locked` file is first, so that `git worktree prune` never takes a half-made one.
pub(super) fn make(
    common: &Path,
    name: &str,
    root: &Path,
    commit: Oid,
    index: &Path,
) -> Result<(), Trouble> {
    let folder = folder(common, name);
    let failed =
        |error: io::Error| Trouble::io("cannot make the worktree known to git", &folder, &error);
    // Whoever forgets the last worktree removes the folder of all of them: perhaps just now.
    fs::create_dir_all(&folder)
        .or_else(|_| fs::create_dir_all(&folder))
        .map_err(failed)?;
    let write = |file: &str, content: &[u8]| put(&folder, file, content).map_err(failed);
    write("locked", b"in use by massgen-tui")?;
    write("commondir", b"../..\n")?;
    write("HEAD", format!("{commit}\n").as_bytes())?;
    let mut link = names::bytes(&root.join(".git")).to_vec();
    link.push(b'\n');
    write("gitdir", &link)?;
    write("index", &fs::read(index).map_err(failed)?)?;
    let mut back = b"gitdir: ".to_vec();
    back.extend_from_slice(names::bytes(&folder));
    back.push(b'\n');
    let file = root.join(".git");
    fs::write(&file, back).map_err(|error| Trouble::io("cannot write the link", &file, &error))
}

/// Writes a file whole: whoever looks, `git fsck` of the person for one, never sees half an index, even when
/// the program is killed here.
fn put(folder: &Path, file: &str, content: &[u8]) -> io::Result<()> {
    let fresh = folder.join(format!("{file}.new"));
    fs::write(&fresh, content)?;
    fs::rename(&fresh, folder.join(file))
}

/// Lets the agent's `git` see another commit and index.
pub(super) fn update(common: &Path, name: &str, commit: Oid, index: &Path) -> Result<(), Trouble> {
    let folder = folder(common, name);
    let failed =
        |error: io::Error| Trouble::io("cannot make the worktree known to git", &folder, &error);
    for (file, content) in [
        ("HEAD", format!("{commit}\n").into_bytes()),
        ("index", fs::read(index).map_err(failed)?),
    ] {
        put(&folder, file, &content).map_err(failed)?;
    }
    Ok(())
}

/// Makes the repository forget the worktree. Nothing of it is followed.
pub(super) fn forget(common: &Path, name: &str, watch: Watch<'_>) -> Result<(), Trouble> {
    if !name.starts_with(PREFIX) {
        return Err(Trouble::damaged("this is no worktree of ours", name));
    }
    beneath::remove_tree(&folder(common, name), watch)?;
    // Git removes the folder with the last worktree; others in it keep it.
    let _ = fs::remove_dir(common.join("worktrees"));
    Ok(())
}
