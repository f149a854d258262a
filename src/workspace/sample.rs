//! A small repository to try things on, made from nothing: the demo team works on one.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature, Time};

use super::{Trouble, TroubleKind};

/// Whose commit it is; nobody is reached there.
const NAME: &str = "massgen-tui demo";
const MAIL: &str = "demo@localhost";

/// Makes a repository in `folder`, which must be new or empty, with one commit on the branch `main`
/// that holds these files. A file that begins with `#!` may be run.
///
/// # Errors
///
/// [`TroubleKind::Refused`] when something is in the folder, else what the system or git says.
pub fn plant<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    message: &str,
) -> Result<(), Trouble> {
    fs::create_dir_all(folder)
        .map_err(|error| Trouble::io("cannot make the sample", folder, &error))?;
    let empty = fs::read_dir(folder)
        .map_err(|error| Trouble::io("cannot make the sample", folder, &error))?
        .next()
        .is_none();
    if !empty {
        return Err(Trouble::new(
            TroubleKind::Refused,
            "the folder of the sample is not empty",
            folder.display().to_string(),
            "Remove it and try again.",
        ));
    }
    for (path, content) in files {
        write(&folder.join(path), content)?;
    }
    commit(folder, message).map_err(|error| {
        Trouble::git(
            "cannot make the sample",
            folder.display().to_string(),
            &error,
        )
    })
}

fn write(path: &Path, content: &str) -> Result<(), Trouble> {
    let told = |error| Trouble::io("cannot write the sample", path, &error);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(told)?;
    }
    fs::write(path, content).map_err(told)?;
    let mode = if content.starts_with("#!") {
        0o755
    } else {
        0o644
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(told)
}

fn commit(folder: &Path, message: &str) -> Result<(), git2::Error> {
    let mut options = RepositoryInitOptions::new();
    // Nobody's templates: a hook of theirs has no business here.
    options.external_template(false).initial_head("main");
    let repo = Repository::init_opts(folder, &options)?;
    let mut index = repo.index()?;
    index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
    index.write()?;
    let tree = repo.find_tree(index.write_tree()?)?;
    // The same files are the same commit, whenever it is made.
    let author = Signature::new(NAME, MAIL, &Time::new(1_767_225_600, 0))?;
    repo.commit(Some("HEAD"), &author, &author, message, &tree, &[])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Repo;

    #[test]
    fn a_sample_is_a_repository_with_one_commit_and_nothing_to_add() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("sample");
        let files = [
            ("a/check.sh", "#!/bin/sh\nexit 0\n"),
            ("README.md", "# Hi\n"),
        ];
        plant(&folder, files, "Begin").unwrap();
        let repo = Repo::discover(&folder).unwrap();
        assert_eq!(repo.head_name().as_deref(), Some("main"));
        let git = git2::Repository::open(&folder).unwrap();
        assert!(git.statuses(None).unwrap().is_empty());
        let mode = fs::metadata(folder.join("a/check.sh"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
        let again = plant(&folder, files, "Begin").unwrap_err();
        assert_eq!(again.kind, TroubleKind::Refused);
    }
}
