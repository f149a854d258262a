//! Writing files: all of an index into an empty folder, or what differs between two trees into a
//! worktree.
//!
//! Bytes that git stores as they are, are written by several threads; files that attributes or the
//! configuration convert are written by the `git` binary (line ends alone: by libgit2 when there is
//! none), so that they are what git would write. Neither hooks nor `post-checkout` run.

use std::{collections::BTreeSet, path::Path, thread::Builder};

use git2::{Index, IndexEntry, IndexTime, Repository, build::CheckoutBuilder};
use rustix::fs::Stat;

use super::{
    Trouble, Watch,
    beneath::{Beneath, Executable},
    binary::{Binary, Site},
    convert::{Conversion, Rules, Way},
    names,
    watch::{Stage, tell},
};
use crate::protocol::change::RepoPath;

/// The mark of an entry that a sparse checkout leaves out.
const SKIP_WORKTREE: u16 = 0x4000;
/// Most threads that write.
const THREADS: usize = 4;
/// Files that one thread writes between two looks at the watch.
const STEP: usize = 128;

/// Where to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// The git dir that has the objects.
    pub(super) git_dir: &'a Path,
    /// The folder.
    pub(super) root: &'a Path,
    /// The index of the folder: what is in it is written, and how the files are then is written to it.
    pub(super) index: &'a Path,
}

/// Writes those files of the index that `wanted` names (all of them for `None`).
pub(super) fn write(
    target: Target<'_>,
    wanted: Option<&BTreeSet<Vec<u8>>>,
    watch: Watch<'_>,
) -> Result<(), Trouble> {
    let failed = |error: git2::Error| {
        Trouble::git(
            "cannot write the worktree",
            target.root.display().to_string(),
            &error,
        )
    };
    let git = Repository::open(target.git_dir).map_err(failed)?;
    git.set_workdir(target.root, false).map_err(failed)?;
    let mut index = Index::open(target.index).map_err(failed)?;
    git.set_index(&mut index).map_err(failed)?;
    let entries: Vec<IndexEntry> = index
        .iter()
        .filter(|entry| entry.flags_extended & SKIP_WORKTREE == 0)
        .filter(|entry| wanted.is_none_or(|wanted| wanted.contains(&entry.path)))
        .collect();
    let work = Work::sort(&git, &index, entries);
    let written = files(target, &work.plain, watch)?;
    let others = others(target, &work.others)?;
    for (entry, stat) in written.iter().chain(&others) {
        index.add(&with(entry, stat)).map_err(failed)?;
    }
    index.write().map_err(failed)?;
    converted(target, &git, &mut index, &work)
}

/// Entries by who writes them.
struct Work {
    plain: Vec<IndexEntry>,
    /// Links and the folders of submodules.
    others: Vec<IndexEntry>,
    converted: Vec<Vec<u8>>,
    /// The hardest of the conversions.
    hardest: Conversion,
}

impl Work {
    fn sort(git: &Repository, index: &Index, entries: Vec<IndexEntry>) -> Self {
        let rules = Rules::of(git);
        let plain = rules.is_plain_out() && !Rules::has_attributes(git, index);
        let mut work = Self {
            plain: Vec::with_capacity(entries.len()),
            others: Vec::new(),
            converted: Vec::new(),
            hardest: Conversion::None,
        };
        for entry in entries {
            if entry.mode & 0o170_000 != 0o100_000 {
                work.others.push(entry);
                continue;
            }
            let conversion = if plain {
                Conversion::None
            } else {
                rules.of_path(git, &entry.path, Way::Out)
            };
            work.hardest = work.hardest.max(conversion);
            if conversion == Conversion::None {
                work.plain.push(entry);
            } else {
                work.converted.push(entry.path);
            }
        }
        work
    }
}

/// An entry and what the system says of its file.
type Written<'a> = (&'a IndexEntry, Stat);

/// Writes plain files, several at a time.
fn files<'a>(
    target: Target<'_>,
    entries: &'a [IndexEntry],
    watch: Watch<'_>,
) -> Result<Vec<Written<'a>>, Trouble> {
    let threads = std::thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .clamp(1, THREADS);
    let share = entries.len().div_ceil(threads).max(STEP);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let of = entries.len();
    let parts = shared_out(entries.chunks(share), Builder::new, |chunk| {
        some(target, chunk, &done, of, watch)
    });
    let mut written = Vec::with_capacity(of);
    for part in parts {
        let part = part.ok_or_else(|| {
            Trouble::damaged("writing ended early", target.root.display().to_string())
        })?;
        written.extend(part?);
    }
    Ok(written)
}

/// Does the work for each of the chunks, on a thread of its own as far as the system gives threads, and
/// here otherwise; `None` for work that broke off.
fn shared_out<'a, T: Sync + 'a, R: Send>(
    chunks: impl Iterator<Item = &'a [T]>,
    thread: impl Fn() -> Builder,
    work: impl Fn(&'a [T]) -> R + Sync,
) -> Vec<Option<R>> {
    let work = &work;
    std::thread::scope(|scope| {
        let (mut running, mut done) = (Vec::new(), Vec::new());
        for chunk in chunks {
            match thread().spawn_scoped(scope, move || work(chunk)) {
                Ok(thread) => running.push(thread),
                Err(_) => done.push(Some(work(chunk))),
            }
        }
        done.extend(running.into_iter().map(|thread| thread.join().ok()));
        done
    })
}

fn some<'a>(
    target: Target<'_>,
    entries: &'a [IndexEntry],
    done: &std::sync::atomic::AtomicUsize,
    of: usize,
    watch: Watch<'_>,
) -> Result<Vec<Written<'a>>, Trouble> {
    let place = |path: &[u8]| format!("{} in {}", RepoPath::new(path), target.root.display());
    let closed =
        |error: git2::Error| Trouble::git("cannot read the repository", place(b"."), &error);
    let git = Repository::open(target.git_dir).map_err(closed)?;
    let odb = git.odb().map_err(closed)?;
    let mut folder = Beneath::open(target.root)?;
    let mut written = Vec::with_capacity(entries.len());
    for chunk in entries.chunks(STEP) {
        for entry in chunk {
            let blob = odb.read(entry.id).map_err(|error| {
                Trouble::git("cannot read a file's content", place(&entry.path), &error)
            })?;
            let executable = if entry.mode & 0o111 == 0 {
                Executable::No
            } else {
                Executable::Yes
            };
            let stat = folder
                .write(&entry.path, blob.data(), executable)
                .map_err(|error| {
                    let path = target.root.join(names::path(&entry.path));
                    Trouble::io("cannot write a file", &path, &error)
                })?;
            written.push((entry, stat));
        }
        let before = done.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed);
        tell(watch, Stage::Writing, before + chunk.len(), of)?;
    }
    Ok(written)
}

/// Makes links and the folders of submodules.
fn others<'a>(target: Target<'_>, entries: &'a [IndexEntry]) -> Result<Vec<Written<'a>>, Trouble> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |path: &[u8], error: &std::io::Error| {
        let path = target.root.join(names::path(path));
        Trouble::io("cannot write a link", &path, error)
    };
    let unread = |error: git2::Error| {
        Trouble::git(
            "cannot read a link",
            target.root.display().to_string(),
            &error,
        )
    };
    let git = Repository::open(target.git_dir).map_err(unread)?;
    let mut folder = Beneath::open(target.root)?;
    let mut written = Vec::new();
    for entry in entries {
        if entry.mode & 0o170_000 == 0o160_000 {
            folder
                .folder(&entry.path)
                .map_err(|error| failed(&entry.path, &error))?;
            continue;
        }
        let target = git.find_blob(entry.id).map_err(unread)?;
        let stat = folder
            .link(&entry.path, target.content())
            .map_err(|error| failed(&entry.path, &error))?;
        written.push((entry, stat));
    }
    Ok(written)
}

/// Lets git write the files that are converted.
fn converted(
    target: Target<'_>,
    git: &Repository,
    index: &mut Index,
    work: &Work,
) -> Result<(), Trouble> {
    if work.converted.is_empty() {
        return Ok(());
    }
    let mut folder = Beneath::open(target.root)?;
    for path in &work.converted {
        // Git would write through a link that stands in the way of a file.
        folder
            .write(path, b"", Executable::No)
            .map(drop)
            .map_err(|error| {
                let path = target.root.join(names::path(path));
                Trouble::io("cannot write a file", &path, &error)
            })?;
    }
    let why = "files here go through a filter";
    let binary = match Binary::need(target.root, why) {
        Ok(binary) => binary,
        Err(trouble) if work.hardest == Conversion::Filter => return Err(trouble),
        Err(_) => return by_libgit2(target, git, index, work),
    };
    let mut paths = Vec::new();
    for path in &work.converted {
        paths.extend_from_slice(path);
        paths.push(0);
    }
    let site = Site {
        git_dir: target.git_dir,
        work: target.root,
        index: target.index,
    };
    let args = ["checkout-index", "--force", "--index", "-z", "--stdin"];
    binary.run(site, &args, &paths).map(drop)
}

fn by_libgit2(
    target: Target<'_>,
    git: &Repository,
    index: &mut Index,
    work: &Work,
) -> Result<(), Trouble> {
    let mut options = CheckoutBuilder::new();
    options
        .force()
        .disable_pathspec_match(true)
        .update_index(false);
    for path in &work.converted {
        options.path(path.as_slice());
    }
    git.checkout_index(Some(index), Some(&mut options))
        .map_err(|error| {
            Trouble::git(
                "cannot write the worktree",
                target.root.display().to_string(),
                &error,
            )
        })
}

/// The entry with what the system says of its file.
pub(super) fn with(entry: &IndexEntry, stat: &Stat) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(stat.st_ctime as i32, stat.st_ctime_nsec as u32),
        mtime: IndexTime::new(stat.st_mtime as i32, stat.st_mtime_nsec as u32),
        dev: stat.st_dev as u32,
        ino: stat.st_ino as u32,
        mode: entry.mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        file_size: stat.st_size as u32,
        id: entry.id,
        flags: entry.flags,
        flags_extended: entry.flags_extended,
        path: entry.path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_with_and_without_threads() {
        let numbers: Vec<u32> = (0..10).collect();
        // No system has room for such a stack.
        for stack in [1 << 20, 1 << 60] {
            let thread = || Builder::new().stack_size(stack);
            let sums = shared_out(numbers.chunks(3), thread, |chunk| chunk.iter().sum::<u32>());
            let mut sums: Vec<u32> = sums.into_iter().flatten().collect();
            sums.sort_unstable();
            assert_eq!(sums, [3, 9, 12, 21], "{stack}");
        }
        let refused = Builder::new().stack_size(1 << 60);
        assert!(refused.spawn(|| ()).is_err());
    }
}
