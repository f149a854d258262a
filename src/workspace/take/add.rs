//! Bringing what differs into an index, each path by itself.

use std::{
    fs::{self, File, Metadata},
    io::Read as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use git2::{Index, IndexEntry, IndexTime, ObjectType, Oid, Repository};

use super::{LISTED, LeftOut, Nested, Task, Untracked, Why, find::Found};
use crate::{
    protocol::change::RepoPath,
    workspace::{
        Trouble, TroubleKind, Watch,
        binary::Binary,
        convert::{Conversion, Rules, Way},
        names,
        watch::{Stage, tell},
    },
};

/// Larger files are streamed into the repository.
const WHOLE: u64 = 16 << 20;

/// One piece of such work.
pub(super) struct Adding<'a> {
    git: &'a Repository,
    task: &'a Task<'a>,
    gone: Vec<Vec<u8>>,
    /// Files whose bytes are stored as they are.
    plain: Vec<Vec<u8>>,
    /// Files whose line ends libgit2 has to convert.
    lines: Vec<Vec<u8>>,
    /// Files that the `git` binary has to convert.
    filtered: Vec<Vec<u8>>,
    /// Repositories of which the commit is kept.
    links: Vec<(Vec<u8>, Oid)>,
    left_out: Vec<LeftOut>,
    more: u64,
    files: u64,
    bytes: u64,
}

impl<'a> Adding<'a> {
    /// Sorts what was found by what has to be done with it.
    pub(super) fn new(git: &'a Repository, task: &'a Task<'a>, found: Found) -> Self {
        let mut adding = Self {
            git,
            task,
            gone: found.gone,
            plain: Vec::new(),
            lines: Vec::new(),
            filtered: Vec::new(),
            links: Vec::new(),
            left_out: Vec::new(),
            more: 0,
            files: 0,
            bytes: 0,
        };
        let rules = Rules::of(git);
        for path in found.changed {
            adding.changed(&rules, path);
        }
        for path in found.untracked {
            adding.untracked(&rules, path);
        }
        for path in found.nested {
            adding.nested(&rules, path);
        }
        for path in found.junk {
            adding.leave(&path, Why::Junk);
        }
        for path in found.unseen {
            adding.leave(&path, Why::InSubmodule);
        }
        adding
    }

    /// The paths, each ended by NUL, that the `git` binary must add; `None` when there are none.
    pub(super) fn for_binary(&mut self) -> Option<Vec<u8>> {
        if self.filtered.is_empty() && self.lines.is_empty() {
            return None;
        }
        if self.filtered.is_empty() && Binary::find(self.task.root).is_none() {
            return None;
        }
        let mut paths = Vec::new();
        for path in self.filtered.drain(..).chain(self.lines.drain(..)) {
            paths.extend_from_slice(&path);
            paths.push(0);
        }
        Some(paths)
    }

    /// Brings the rest into `index`.
    pub(super) fn add(&mut self, index: &mut Index, watch: Watch<'_>) -> Result<(), Trouble> {
        for path in std::mem::take(&mut self.gone) {
            index
                .remove_path(names::path(&path))
                .map_err(|error| self.failed(&path, &error))?;
        }
        let plain = std::mem::take(&mut self.plain);
        let filemode = self.setting("core.filemode");
        let symlinks = self.setting("core.symlinks");
        for (done, path) in plain.iter().enumerate() {
            if done % 64 == 0 {
                tell(watch, Stage::Looking, done, plain.len())?;
            }
            self.add_plain(index, path, filemode, symlinks)?;
        }
        for path in std::mem::take(&mut self.lines) {
            index
                .add_path(names::path(&path))
                .map_err(|error| self.failed(&path, &error))?;
        }
        for (path, commit) in std::mem::take(&mut self.links) {
            let entry = IndexEntry {
                mode: 0o160_000,
                id: commit,
                path: path.clone(),
                ..blank()
            };
            index
                .add(&entry)
                .map_err(|error| self.failed(&path, &error))?;
        }
        Ok(())
    }

    /// What was left out, and how many more.
    pub(super) fn left_out(self) -> (Vec<LeftOut>, u64) {
        (self.left_out, self.more)
    }

    fn setting(&self, name: &str) -> bool {
        self.git
            .config()
            .and_then(|config| config.get_bool(name))
            .unwrap_or(true)
    }

    fn leave(&mut self, path: &[u8], why: Why) {
        if self.left_out.len() < LISTED {
            self.left_out.push(LeftOut {
                path: RepoPath::new(path),
                why,
            });
        } else {
            self.more += 1;
        }
    }

    fn changed(&mut self, rules: &Rules, path: Vec<u8>) {
        let full = self.task.root.join(names::path(&path));
        match fs::symlink_metadata(&full) {
            Ok(about) if about.is_dir() => match head_of(&full) {
                Head::Commit(commit) => self.links.push((path, commit)),
                Head::Unborn | Head::None => {}
            },
            Ok(about) => self.file(rules, path, &full, &about),
            Err(_) => self.gone.push(path),
        }
    }

    fn untracked(&mut self, rules: &Rules, path: Vec<u8>) {
        let Untracked::Take(room) = self.task.untracked else {
            return;
        };
        let full = self.task.root.join(names::path(&path));
        let Ok(about) = fs::symlink_metadata(&full) else {
            return;
        };
        if about.is_dir() {
            self.leave(&path, Why::Unreadable);
        } else if about.len() > room.file_bytes {
            self.leave(&path, Why::TooLarge);
        } else if self.files >= room.files || self.bytes + about.len() > room.total_bytes {
            self.leave(&path, Why::NoRoom);
        } else {
            self.files += 1;
            self.bytes += about.len();
            self.file(rules, path, &full, &about);
        }
    }

    fn file(&mut self, rules: &Rules, path: Vec<u8>, full: &Path, about: &Metadata) {
        if about.is_symlink() {
            self.plain.push(path);
        } else if !about.is_file() {
            self.leave(&path, Why::Special);
        } else if File::open(full).is_err() {
            self.leave(&path, Why::Unreadable);
        } else {
            match rules.of_path(self.git, &path, Way::In) {
                Conversion::None => self.plain.push(path),
                Conversion::Lines => self.lines.push(path),
                Conversion::Filter => self.filtered.push(path),
            }
        }
    }

    /// A folder that libgit2 does not enter: a repository, or one that only looks like it.
    fn nested(&mut self, rules: &Rules, path: Vec<u8>) {
        if self.task.untracked == Untracked::Leave {
            return;
        }
        let full = self.task.root.join(names::path(&path));
        match (head_of(&full), self.task.nested) {
            (Head::Commit(commit), Nested::Link) => {
                self.leave(&path, Why::Nested);
                self.links.push((path, commit));
            }
            (Head::None, _) => self.walk(rules, &path, &full),
            (Head::Commit(_) | Head::Unborn, _) => {
                self.leave(&path, Why::Flattened);
                self.walk(rules, &path, &full);
            }
        }
    }

    /// Takes the files below a folder that libgit2 does not enter.
    fn walk(&mut self, rules: &Rules, path: &[u8], full: &Path) {
        let Ok(entries) = fs::read_dir(full) else {
            self.leave(path, Why::Unreadable);
            return;
        };
        let mut inside: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        inside.sort_unstable();
        for name in inside {
            if name.eq_ignore_ascii_case(".git") {
                continue;
            }
            let mut below = path.to_vec();
            below.push(b'/');
            below.extend_from_slice(name.as_encoded_bytes());
            let ignored = self.git.is_path_ignored(names::path(&below));
            if ignored.unwrap_or(false) || self.task.skips(&below) {
                continue;
            }
            let full = full.join(&name);
            match fs::symlink_metadata(&full) {
                Ok(about) if about.is_dir() => match head_of(&full) {
                    Head::None => self.walk(rules, &below, &full),
                    _ => self.nested(rules, below),
                },
                Ok(_) => self.untracked(rules, below),
                Err(_) => {}
            }
        }
    }

    /// Stores the bytes of a file or the target of a link.
    fn add_plain(
        &mut self,
        index: &mut Index,
        path: &[u8],
        filemode: bool,
        symlinks: bool,
    ) -> Result<(), Trouble> {
        let full = self.task.root.join(names::path(path));
        let Ok(about) = fs::symlink_metadata(&full) else {
            return index
                .remove_path(names::path(path))
                .map_err(|error| self.failed(path, &error));
        };
        let known = index.get_path(names::path(path), 0).map(|entry| entry.mode);
        let mode = match (about.is_symlink(), known) {
            (true, _) => 0o120_000,
            (false, Some(0o120_000)) if !symlinks => 0o120_000,
            (false, Some(known)) if !filemode && known & 0o170_000 == 0o100_000 => known,
            (false, _) if filemode && about.permissions().mode() & 0o100 != 0 => 0o100_755,
            (false, _) => 0o100_644,
        };
        let id = match self.store(&full, &about) {
            Ok(id) => id,
            Err(Storing::File) => {
                self.leave(path, Why::Unreadable);
                return Ok(());
            }
            Err(Storing::Git(error)) => {
                let place = format!("{} in {}", RepoPath::new(path), self.task.root.display());
                let into = (self.git, about.len());
                return Err(Trouble::writing("cannot keep a file", place, &error, into));
            }
        };
        // A path that stood in conflict has one content again; there may be none to remove.
        if index.has_conflicts() {
            let _ = index.conflict_remove(names::path(path));
        }
        let entry = IndexEntry {
            ctime: IndexTime::new(about.ctime() as i32, about.ctime_nsec() as u32),
            mtime: IndexTime::new(about.mtime() as i32, about.mtime_nsec() as u32),
            dev: about.dev() as u32,
            ino: about.ino() as u32,
            mode,
            uid: about.uid(),
            gid: about.gid(),
            file_size: about.len() as u32,
            id,
            path: path.to_vec(),
            ..blank()
        };
        index.add(&entry).map_err(|error| self.failed(path, &error))
    }

    fn store(&self, full: &Path, about: &Metadata) -> Result<Oid, Storing> {
        if about.is_symlink() {
            let target = fs::read_link(full).map_err(|_| Storing::File)?;
            return self.git.blob(names::bytes(&target)).map_err(Storing::Git);
        }
        let mut file = open_still(full).map_err(|_| Storing::File)?;
        if about.len() <= WHOLE {
            let mut content = Vec::with_capacity(about.len() as usize + 1);
            file.read_to_end(&mut content).map_err(|_| Storing::File)?;
            return self.git.blob(&content).map_err(Storing::Git);
        }
        let odb = self.git.odb().map_err(Storing::Git)?;
        let mut writer = odb
            .writer(about.len() as usize, ObjectType::Blob)
            .map_err(Storing::Git)?;
        std::io::copy(&mut file.take(about.len()), &mut writer).map_err(|_| Storing::File)?;
        writer.finalize().map_err(Storing::Git)
    }

    fn failed(&self, path: &[u8], error: &git2::Error) -> Trouble {
        let place = format!("{} in {}", RepoPath::new(path), self.task.root.display());
        let mut trouble = Trouble::git("cannot take a file in", place, error);
        if trouble.kind == TroubleKind::Missing {
            trouble.kind = TroubleKind::Other;
        }
        trouble
    }
}

/// Why a content is not stored.
enum Storing {
    /// The file cannot be read.
    File,
    /// The repository cannot be written.
    Git(git2::Error),
}

/// Opens a file for reading, unless its last part became a link meanwhile.
fn open_still(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// An index entry with nothing in it.
fn blank() -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: 0,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: Oid::ZERO_SHA1,
        flags: 0,
        flags_extended: 0,
        path: Vec::new(),
    }
}

/// What a folder is as a repository.
enum Head {
    /// It has this commit.
    Commit(Oid),
    /// It has none yet.
    Unborn,
    /// It is no repository.
    None,
}

/// Looks at the folder's own repository; only its HEAD is read.
fn head_of(folder: &Path) -> Head {
    let Ok(git) = Repository::open(folder) else {
        return Head::None;
    };
    match git.head().and_then(|head| head.peel_to_commit()) {
        Ok(commit) => Head::Commit(commit.id()),
        Err(_) => Head::Unborn,
    }
}
