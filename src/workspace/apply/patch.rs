//! A result as a patch that `git apply` reads: whole object ids, binary contents, renames.

use git2::{DiffFindOptions, DiffFormat, DiffOptions};

use crate::{
    protocol::change::ObjectId,
    workspace::{Repo, Trouble, names},
};

/// The patch from `base` to `tree`, as `git diff --binary --full-index -M` writes it. Paths begin at the
/// root of the repository.
///
/// # Errors
///
/// When a tree cannot be read.
pub fn patch(repo: &Repo, base: &ObjectId, tree: &ObjectId) -> Result<Vec<u8>, Trouble> {
    let git = repo.git();
    let failed = |error: git2::Error| repo.trouble("cannot write a patch", &error);
    let before = git.find_tree(names::oid(base)?).map_err(failed)?;
    let after = git.find_tree(names::oid(tree)?).map_err(failed)?;
    let mut options = DiffOptions::new();
    options
        .context_lines(3)
        .interhunk_lines(0)
        .indent_heuristic(true)
        .show_binary(true)
        .id_abbrev(40)
        .old_prefix("a")
        .new_prefix("b");
    let compared = git.diff_tree_to_tree(Some(&before), Some(&after), Some(&mut options));
    let mut diff = compared.map_err(failed)?;
    // What became another kind of file is told as one file that goes and one that comes, and must not
    // be taken for a rename.
    let retyped = repo
        .changes(base, tree)?
        .files
        .iter()
        .any(|file| file.kind == crate::protocol::change::ChangeKind::Retyped);
    if !retyped {
        let mut renames = DiffFindOptions::new();
        diff.find_similar(Some(renames.renames(true)))
            .map_err(failed)?;
    }
    let mut text = Vec::new();
    diff.print(DiffFormat::Patch, |_, _, line| {
        if matches!(line.origin(), ' ' | '+' | '-') {
            text.push(line.origin() as u8);
        }
        text.extend_from_slice(line.content());
        true
    })
    .map_err(failed)?;
    Ok(text)
}
