//! The places a result can meet: the person's folder, their index, their HEAD.

use std::cell::OnceCell;

use git2::{Index, Oid};

use super::{
    hand::{Found, Hand},
    merge::Ours,
    tree::{Entry, Tree},
};
use crate::{
    protocol::change::{ChangeKind, ChangeSet, FileMode, ObjectId},
    workspace::{Repo, Trouble, names},
};

/// A tree, and what was moved in it since the base.
pub(super) struct OfTree<'a> {
    repo: &'a Repo,
    base: &'a ObjectId,
    id: ObjectId,
    pub(super) tree: Tree<'a>,
    since: OnceCell<ChangeSet>,
}

impl<'a> OfTree<'a> {
    /// This tree.
    pub(super) fn new(repo: &'a Repo, base: &'a ObjectId, id: &ObjectId) -> Result<Self, Trouble> {
        Ok(Self {
            repo,
            base,
            id: id.clone(),
            tree: Tree::new(repo, names::oid(id)?),
            since: OnceCell::new(),
        })
    }
}

impl Ours for OfTree<'_> {
    fn file(&self, path: &[u8]) -> Result<Option<Entry>, Trouble> {
        self.tree.file(path)
    }

    fn moved(&self, path: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        let set = if let Some(set) = self.since.get() {
            set
        } else {
            let set = self.repo.changes(self.base, &self.id)?;
            self.since.get_or_init(|| set)
        };
        let moved = set.files.iter().find(|file| {
            file.kind == ChangeKind::Renamed
                && file.was.as_ref().is_some_and(|was| was.as_bytes() == path)
        });
        Ok(moved.map(|file| file.path.as_bytes().to_vec()))
    }
}

/// The person's folder: their tree, and files that are in no tree because git ignores them or the
/// policy leaves them out.
pub(super) struct Folder<'a> {
    pub(super) known: OfTree<'a>,
    pub(super) hand: &'a Hand,
}

impl Ours for Folder<'_> {
    fn file(&self, path: &[u8]) -> Result<Option<Entry>, Trouble> {
        if let Some(entry) = self.known.file(path)? {
            return Ok(Some(entry));
        }
        let failed = |error: std::io::Error| self.hand.trouble("cannot read a file", path, &error);
        let git = self.known.repo.git();
        let kept = |error: git2::Error| {
            self.known
                .repo
                .trouble("cannot keep a file's content", &error)
        };
        let stat = match self.hand.look(path).map_err(failed)? {
            Found::File(stat) => stat,
            Found::Link(_) => {
                let target = self.hand.target(path).map_err(failed)?;
                return Ok(Some(Entry {
                    mode: FileMode::Symlink,
                    blob: git.blob(&target).map_err(kept)?,
                }));
            }
            Found::Nothing | Found::Folder(_) | Found::Behind | Found::Barred => {
                return Ok(None);
            }
        };
        let blob: Oid = if let Ok(blob) = git.blob_path(names::path(path)) {
            blob
        } else {
            // Outside of what libgit2 takes for its folder: the bytes as they are.
            let mut bytes = Vec::new();
            let mut file = self.hand.read(path).map_err(failed)?;
            std::io::Read::read_to_end(&mut file, &mut bytes).map_err(failed)?;
            git.blob(&bytes).map_err(kept)?
        };
        let mode = if stat.st_mode & 0o100 == 0 {
            FileMode::File
        } else {
            FileMode::Executable
        };
        Ok(Some(Entry { mode, blob }))
    }

    fn moved(&self, path: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        self.known.moved(path)
    }
}

/// The person's index.
pub(super) struct Staging(pub(super) Index);

impl Ours for Staging {
    fn file(&self, path: &[u8]) -> Result<Option<Entry>, Trouble> {
        Ok(self.0.get_path(names::path(path), 0).and_then(|entry| {
            Some(Entry {
                mode: names::mode(entry.mode)?,
                blob: entry.id,
            })
        }))
    }

    fn moved(&self, _: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        Ok(None)
    }
}
