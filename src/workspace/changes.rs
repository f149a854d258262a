//! Which files differ between two trees, and by how much.

use git2::{Delta, DiffFindOptions, DiffOptions, FileMode as GitMode};

use super::{
    Repo, Trouble,
    apply::tree::{Changes, Entry, edit},
    lines, names,
};
use crate::protocol::change::{
    Body, ChangeKind, ChangeSet, FileChange, FileDiff, ObjectId, RepoPath, Side,
};

/// Files larger than this are not shown line by line.
const HUGE: u64 = 8 << 20;
/// Pairs of added and deleted files that are compared in search of renames, per side.
const RENAMES: usize = 1000;

impl Repo {
    /// All files that differ between two trees, with renames found as `git diff` does by default, in
    /// the order of their paths.
    pub fn changes(&self, base: &ObjectId, tree: &ObjectId) -> Result<ChangeSet, Trouble> {
        let git = self.git();
        let read = |id: &ObjectId| {
            git.find_tree(names::oid(id)?)
                .map_err(|error| Trouble::git("cannot read a tree", &id.0, &error))
        };
        let (before, after) = (read(base)?, read(tree)?);
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let failed = |error: git2::Error| self.trouble("cannot compare two trees", &error);
        let compare = |after: &git2::Tree<'_>, options: &mut DiffOptions| {
            git.diff_tree_to_tree(Some(&before), Some(after), Some(options))
                .map_err(failed)
        };
        let mut diff = compare(&after, &mut options)?;
        let odb = git.odb().map_err(failed)?;
        let mut files = Vec::with_capacity(diff.deltas().len());
        // Git looks for renames among files that came and files that went; libgit2 also takes apart
        // what became another kind of file, and loses sides of it. So those are kept from it.
        let mut kept = Changes::new();
        for delta in diff.deltas() {
            if delta.status() == Delta::Typechange
                && let Some(file) = self.change(&odb, &delta)?
            {
                let stood = file.old.as_ref().map(Entry::of).transpose()?;
                kept.insert(file.path.as_bytes().to_vec(), stood);
                files.push(file);
            }
        }
        if !kept.is_empty() {
            let rest = edit(self, Some(after.id()), &kept)?;
            diff = compare(&git.find_tree(rest).map_err(failed)?, &mut options)?;
        }
        diff.find_similar(Some(
            DiffFindOptions::new()
                .renames(true)
                .rename_limit(RENAMES)
                .rename_threshold(50),
        ))
        .map_err(failed)?;
        for delta in diff.deltas() {
            if let Some(file) = self.change(&odb, &delta)? {
                files.push(file);
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(ChangeSet {
            context: self.context(),
            base: base.clone(),
            tree: tree.clone(),
            files,
        })
    }

    /// The hunks of one changed file; none for what is not text.
    pub fn diff(&self, file: &FileChange) -> Result<FileDiff, Trouble> {
        if file.body != Body::Text {
            return Ok(FileDiff::default());
        }
        let (old, new) = self.texts(file.old.as_ref(), file.new.as_ref())?;
        lines::diff(&old, &new).map_err(|error| self.trouble("cannot compare a file", &error))
    }

    /// What one delta of libgit2's says.
    fn change(
        &self,
        odb: &git2::Odb<'_>,
        delta: &git2::DiffDelta<'_>,
    ) -> Result<Option<FileChange>, Trouble> {
        let kind = match delta.status() {
            Delta::Added => ChangeKind::Added,
            Delta::Deleted => ChangeKind::Deleted,
            Delta::Modified => ChangeKind::Modified,
            Delta::Renamed => ChangeKind::Renamed,
            Delta::Typechange => ChangeKind::Retyped,
            _ => return Ok(None),
        };
        let old = side(odb, &delta.old_file())?;
        let new = side(odb, &delta.new_file())?;
        let path = |file: git2::DiffFile<'_>| RepoPath::new(file.path_bytes().unwrap_or_default());
        let (body, added, removed) = self.weigh(old.as_ref(), new.as_ref())?;
        Ok(Some(FileChange {
            path: match kind {
                ChangeKind::Deleted => path(delta.old_file()),
                _ => path(delta.new_file()),
            },
            was: (kind == ChangeKind::Renamed).then(|| path(delta.old_file())),
            kind,
            old: old.filter(|_| kind != ChangeKind::Added),
            new: new.filter(|_| kind != ChangeKind::Deleted),
            body,
            added,
            removed,
        }))
    }

    /// What a change is made of, and its lines added and removed.
    fn weigh(&self, old: Option<&Side>, new: Option<&Side>) -> Result<(Body, u32, u32), Trouble> {
        use crate::protocol::change::FileMode::Submodule;
        let sides = || old.into_iter().chain(new);
        if sides().any(|side| side.mode == Submodule) {
            return Ok((Body::Submodule, 0, 0));
        }
        if sides().any(|side| side.size > HUGE) {
            return Ok((Body::Huge, 0, 0));
        }
        if let (Some(old), Some(new)) = (old, new)
            && old.blob == new.blob
        {
            // Whether it is text does not matter to a change without lines, and is told anyway.
            let text = self.blob(&old.blob)?;
            let body = if lines::is_binary(&text) {
                Body::Binary
            } else {
                Body::Text
            };
            return Ok((body, 0, 0));
        }
        let (before, after) = self.texts(old, new)?;
        if lines::is_binary(&before) || lines::is_binary(&after) {
            return Ok((Body::Binary, 0, 0));
        }
        let (added, removed) = lines::count(&before, &after)
            .map_err(|error| self.trouble("cannot compare a file", &error))?;
        Ok((Body::Text, added, removed))
    }

    /// The bytes of both sides; nothing for a side that is not there.
    fn texts(&self, old: Option<&Side>, new: Option<&Side>) -> Result<(Vec<u8>, Vec<u8>), Trouble> {
        let read = |side: Option<&Side>| side.map_or(Ok(Vec::new()), |side| self.blob(&side.blob));
        Ok((read(old)?, read(new)?))
    }
}

/// One side of a delta; `None` when there is no file on it.
fn side(odb: &git2::Odb<'_>, file: &git2::DiffFile<'_>) -> Result<Option<Side>, Trouble> {
    if file.mode() == GitMode::Unreadable || file.id().is_zero() {
        return Ok(None);
    }
    let Some(mode) = names::mode(file.mode().into()) else {
        return Ok(None);
    };
    let size = if file.mode() == GitMode::Commit {
        0
    } else {
        odb.read_header(file.id())
            .map_err(|error| {
                Trouble::git(
                    "cannot read a file's content",
                    file.id().to_string(),
                    &error,
                )
            })?
            .0 as u64
    };
    Ok(Some(Side {
        mode,
        blob: names::object(file.id()),
        size,
    }))
}
