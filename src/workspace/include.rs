//! Ignored files that agents need all the same (`.env`, `node_modules`): found once, copied into every
//! worktree.
//!
//! Only what git ignores and does not track is copied, so nothing of the baseline is overwritten.
//! Links are copied as links, except those that lead back into the person's folder.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::symlink,
    path::Path,
};

use git2::{Index, Repository};

use super::{
    Trouble, TroubleKind, Watch, names,
    pattern::{LONGEST, Patterns},
    watch::{Stage, tell},
};
use crate::protocol::change::RepoPath;

/// Most files and folders that are looked at or copied.
const MOST: usize = 500_000;
/// Most bytes that are copied into one worktree.
const BYTES: u64 = 8 << 30;

/// The ignored files and folders that the patterns name, the outermost ones.
pub(super) fn find(
    git: &Repository,
    root: &Path,
    lines: &[String],
    watch: Watch<'_>,
) -> Result<Vec<RepoPath>, Trouble> {
    let mut patterns = Patterns::default();
    let path = root.join(".worktreeinclude");
    if path.symlink_metadata().is_ok_and(|about| about.is_file()) {
        let mut text = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(LONGEST as u64).read_to_end(&mut text))
            .map_err(|error| Trouble::io("cannot read", &path, &error))?;
        patterns.add(&text);
    }
    for line in lines {
        patterns.add(line.as_bytes());
    }
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let index = git.index().map_err(|error| {
        Trouble::git(
            "cannot read the index",
            git.path().display().to_string(),
            &error,
        )
    })?;
    let mut finding = Finding {
        git,
        index,
        patterns,
        found: Vec::new(),
        seen: 0,
        watch,
    };
    finding.folder(root, b"", false)?;
    finding.found.sort();
    Ok(finding.found)
}

struct Finding<'a> {
    git: &'a Repository,
    index: Index,
    patterns: Patterns,
    found: Vec<RepoPath>,
    seen: usize,
    watch: Watch<'a>,
}

impl Finding<'_> {
    fn folder(&mut self, full: &Path, path: &[u8], named: bool) -> Result<(), Trouble> {
        // A folder that cannot be read has nothing that could be copied.
        for entry in fs::read_dir(full).into_iter().flatten().flatten() {
            self.seen += 1;
            if self.seen.is_multiple_of(1024) {
                tell(self.watch, Stage::Looking, self.seen, 0)?;
            }
            if self.seen > MOST {
                return Err(too_much(full));
            }
            let name = entry.file_name();
            if name.eq_ignore_ascii_case(".git") {
                continue;
            }
            let mut below = path.to_vec();
            if !below.is_empty() {
                below.push(b'/');
            }
            below.extend_from_slice(name.as_encoded_bytes());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let named = self.patterns.names(&below, is_folder).unwrap_or(named);
            let full = full.join(&name);
            if named && self.is_ignored(&below, is_folder) {
                self.found.push(RepoPath::new(below));
            } else if is_folder && full.join(".git").symlink_metadata().is_err() {
                self.folder(&full, &below, named)?;
            }
        }
        Ok(())
    }

    /// True when git ignores the path and tracks nothing in it.
    fn is_ignored(&self, path: &[u8], is_folder: bool) -> bool {
        let mut asked = path.to_vec();
        if is_folder {
            asked.push(b'/');
        }
        let ignored = self.git.is_path_ignored(names::path(&asked));
        let tracked = if is_folder {
            self.index.find_prefix(asked.as_slice()).is_ok()
        } else {
            self.index.get_path(names::path(path), 0).is_some()
        };
        ignored.unwrap_or(false) && !tracked
    }
}

/// Copies what was found from the person's folder into a new worktree. Nothing is overwritten.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    found: &[RepoPath],
    watch: Watch<'_>,
) -> Result<(), Trouble> {
    let mut copying = Copying {
        from,
        seen: 0,
        bytes: 0,
        watch,
    };
    for path in found.iter().filter(|path| names::is_plain(path.as_bytes())) {
        let below = names::path(path.as_bytes());
        let target = to.join(below);
        if let Some(above) = target.parent() {
            fs::create_dir_all(above)
                .map_err(|error| Trouble::io("cannot make the folder", above, &error))?;
        }
        copying.one(&from.join(below), &target)?;
    }
    Ok(())
}

struct Copying<'a> {
    from: &'a Path,
    seen: usize,
    bytes: u64,
    watch: Watch<'a>,
}

impl Copying<'_> {
    fn one(&mut self, from: &Path, to: &Path) -> Result<(), Trouble> {
        self.seen += 1;
        if self.seen.is_multiple_of(256) {
            tell(self.watch, Stage::Copying, self.seen, 0)?;
        }
        // What went away since it was found is not copied.
        let Ok(about) = fs::symlink_metadata(from) else {
            return Ok(());
        };
        self.bytes += about.len();
        if self.seen > MOST || self.bytes > BYTES {
            return Err(too_much(from));
        }
        let done = if about.is_symlink() {
            self.link(from, to)
        } else if about.is_dir() {
            match fs::create_dir(to) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => {
                    let entries = fs::read_dir(from)
                        .map_err(|error| Trouble::io("cannot copy", from, &error))?;
                    for entry in entries.flatten() {
                        let name = entry.file_name();
                        self.one(&from.join(&name), &to.join(&name))?;
                    }
                    Ok(())
                }
            }
        } else if about.is_file() {
            file(from, to)
        } else {
            Ok(())
        };
        match done {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => {
                other.map_err(|error| Trouble::io("cannot copy an ignored file", from, &error))
            }
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let target = fs::read_link(from)?;
        if target.is_absolute() && target.starts_with(self.from) {
            // Through it an agent would write into the person's folder.
            return Ok(());
        }
        symlink(target, to)
    }
}

fn file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut copy = File::create_new(to)?;
    io::copy(&mut source, &mut copy)?;
    copy.set_permissions(source.metadata()?.permissions())
}

fn too_much(place: &Path) -> Trouble {
    Trouble::new(
        TroubleKind::TooLarge,
        "the ignored files to copy are too many or too large",
        place.display().to_string(),
        "Name fewer of them in `.worktreeinclude`.",
    )
}
