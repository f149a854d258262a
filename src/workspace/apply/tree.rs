//! Trees, entry by entry: what stands at a path, and a tree with some entries changed.
//!
//! Only the folders on the way to a change are written again, whatever the size of the rest.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Repository};

use crate::{
    protocol::change::{FileMode, Side},
    workspace::{Repo, Trouble, TroubleKind, names},
};

/// What a tree has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workspace) struct Entry {
    /// Its kind.
    pub(in crate::workspace) mode: FileMode,
    /// Its content.
    pub(in crate::workspace) blob: Oid,
}

impl Entry {
    /// One side of a change.
    pub(in crate::workspace) fn of(side: &Side) -> Result<Self, Trouble> {
        Ok(Self {
            mode: side.mode,
            blob: names::oid(&side.blob)?,
        })
    }
}

/// What stands at a path of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workspace) enum At {
    /// Nothing.
    Nothing,
    /// A file, link or submodule.
    File(Entry),
    /// A folder.
    Folder(Oid),
}

/// A tree that is asked by path.
pub(in crate::workspace) struct Tree<'a> {
    git: &'a Repository,
    root: Oid,
}

impl<'a> Tree<'a> {
    /// The tree with this id.
    pub(in crate::workspace) fn new(repo: &'a Repo, root: Oid) -> Self {
        Self {
            git: repo.git(),
            root,
        }
    }

    /// What stands at `path`.
    pub(in crate::workspace) fn at(&self, path: &[u8]) -> Result<At, Trouble> {
        let mut here = self.root;
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let tree = self.git.find_tree(here).map_err(|error| reading(&error))?;
            let Some(entry) = tree.get_name_bytes(part) else {
                return Ok(At::Nothing);
            };
            let folder = entry.kind() == Some(ObjectType::Tree);
            match (parts.peek().is_some(), folder) {
                (true, true) => here = entry.id(),
                (true, false) => return Ok(At::Nothing),
                (false, true) => return Ok(At::Folder(entry.id())),
                (false, false) => {
                    return Ok(match names::mode(entry.filemode_raw() as u32) {
                        Some(mode) => At::File(Entry {
                            mode,
                            blob: entry.id(),
                        }),
                        None => At::Nothing,
                    });
                }
            }
        }
        Ok(At::Nothing)
    }

    /// The file at `path`, if one is there.
    pub(in crate::workspace) fn file(&self, path: &[u8]) -> Result<Option<Entry>, Trouble> {
        Ok(match self.at(path)? {
            At::File(entry) => Some(entry),
            At::Nothing | At::Folder(_) => None,
        })
    }

    /// All files below the folder `path`, by their whole paths.
    pub(in crate::workspace) fn below(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Trouble> {
        let mut found = Vec::new();
        if let At::Folder(folder) = self.at(path)? {
            self.collect(folder, path, &mut found)?;
        }
        Ok(found)
    }

    fn collect(&self, folder: Oid, path: &[u8], found: &mut Vec<Vec<u8>>) -> Result<(), Trouble> {
        let tree = self
            .git
            .find_tree(folder)
            .map_err(|error| reading(&error))?;
        for entry in &tree {
            let mut name = path.to_vec();
            name.push(b'/');
            name.extend_from_slice(entry.name_bytes());
            if entry.kind() == Some(ObjectType::Tree) {
                self.collect(entry.id(), &name, found)?;
            } else {
                found.push(name);
            }
        }
        Ok(())
    }
}

/// Where the folders above `path` end.
pub(in crate::workspace) fn slashes(path: &[u8]) -> impl Iterator<Item = usize> + '_ {
    path.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
        .map(|(at, _)| at)
}

/// What becomes of paths: a file, or nothing.
pub(in crate::workspace) type Changes = BTreeMap<Vec<u8>, Option<Entry>>;

/// Changes by their names within one folder.
type Level<'a> = Vec<(&'a [u8], Option<Entry>)>;

/// The tree `base` with these changes; `None` for `base` means an empty one.
///
/// A path that is a folder in `base` can be given as a file only when everything below it goes, and
/// the other way round.
pub(in crate::workspace) fn edit(
    repo: &Repo,
    base: Option<Oid>,
    changes: &Changes,
) -> Result<Oid, Trouble> {
    let list: Level<'_> = changes
        .iter()
        .map(|(path, entry)| (path.as_slice(), *entry))
        .collect();
    let git = repo.git();
    match level(git, base, &list)? {
        Some(tree) => Ok(tree),
        None => git
            .treebuilder(None)
            .and_then(|empty| empty.write())
            .map_err(|error| repo.trouble("cannot write a tree", &error)),
    }
}

/// One folder; `None` when nothing is left in it.
fn level(
    git: &Repository,
    base: Option<Oid>,
    changes: &[(&[u8], Option<Entry>)],
) -> Result<Option<Oid>, Trouble> {
    let before = base
        .map(|id| git.find_tree(id))
        .transpose()
        .map_err(|error| reading(&error))?;
    let mut builder = git
        .treebuilder(before.as_ref())
        .map_err(|error| writing(&error))?;
    let mut below: BTreeMap<&[u8], Level<'_>> = BTreeMap::new();
    let mut here = Vec::new();
    for (path, entry) in changes {
        match path.iter().position(|byte| *byte == b'/') {
            Some(at) => below
                .entry(&path[..at])
                .or_default()
                .push((&path[at + 1..], *entry)),
            None => here.push((*path, *entry)),
        }
    }
    let stood = |name: &[u8]| {
        let entry = before.as_ref()?.get_name_bytes(name)?;
        Some((entry.kind() == Some(ObjectType::Tree), entry.id()))
    };
    for (name, entry) in &here {
        let folder = stood(name).is_some_and(|(folder, _)| folder);
        if entry.is_none() && stood(name).is_some() && !folder {
            builder.remove(*name).map_err(|error| writing(&error))?;
        }
    }
    for (name, list) in below {
        let folder = stood(name).filter(|(folder, _)| *folder).map(|(_, id)| id);
        match level(git, folder, &list)? {
            Some(tree) => {
                builder
                    .insert(name, tree, 0o040_000)
                    .map_err(|error| writing(&error))?;
            }
            None if folder.is_some() => builder.remove(name).map_err(|error| writing(&error))?,
            None => {}
        }
    }
    for (name, entry) in here {
        if let Some(entry) = entry {
            if builder
                .get(names::path(name))
                .map_err(|error| writing(&error))?
                .is_some_and(|now| now.kind() == Some(ObjectType::Tree))
            {
                return Err(Trouble::new(
                    TroubleKind::Refused,
                    "a file would stand where a folder with files is",
                    String::from_utf8_lossy(name),
                    "Take the removal of the folder as well, or leave the file.",
                ));
            }
            builder
                .insert(name, entry.blob, raw(entry.mode))
                .map_err(|error| writing(&error))?;
        }
    }
    if builder.is_empty() {
        return Ok(None);
    }
    builder.write().map(Some).map_err(|error| writing(&error))
}

/// Git's mode in the type that libgit2 wants.
fn raw(mode: FileMode) -> i32 {
    i32::try_from(names::raw_mode(mode)).unwrap_or(0o100_644)
}

fn reading(error: &git2::Error) -> Trouble {
    Trouble::git("cannot read a tree", "the repository's objects", error)
}

fn writing(error: &git2::Error) -> Trouble {
    Trouble::git("cannot write a tree", "the repository's objects", error)
}
