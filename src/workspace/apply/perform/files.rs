//! The files of a record: what is there, what comes, and the folders on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
    path::Path,
};

use git2::{Index, IndexEntry, IndexTime, build::CheckoutBuilder};

use super::Puts;
use crate::{
    protocol::change::{FileMode, RepoPath},
    workspace::{
        Repo, Trouble, TroubleKind,
        apply::{
            Ground,
            hand::{Found, Hand},
            journal::{copy_in, keep},
            record::{Held, HeldFile, Op},
            tree::{Entry, slashes},
        },
        binary::{Binary, Site},
        convert::{Conversion, Rules, Way},
        names,
        scratch::Scratch,
    },
};

/// Files and folders of a record.
pub(super) struct Filled {
    pub(super) files: Vec<Op>,
    pub(super) made: Vec<(RepoPath, Option<u32>)>,
    pub(super) emptied: Vec<(RepoPath, u32)>,
}

/// Keeps what stands at each path and what comes there.
pub(super) fn fill(
    ground: &Ground<'_>,
    hand: &Hand,
    puts: &Puts,
    dir: &Path,
) -> Result<Filled, Trouble> {
    let written = converted(ground.repo, hand, puts)?;
    let mut files = Vec::with_capacity(puts.len());
    for (number, (path, entry)) in puts.iter().enumerate() {
        // A folder that stands where a file comes is emptied by the other changes.
        let before = keep(hand, path, dir, &format!("b{number}"))?.unwrap_or(Held::Nothing);
        let after = match entry {
            None => Held::Nothing,
            Some(entry) => {
                let name = format!("a{number}");
                come(
                    ground.repo,
                    path,
                    *entry,
                    &before,
                    dir,
                    &name,
                    written.as_ref(),
                )?
            }
        };
        if before == Held::Nothing && after == Held::Nothing {
            continue;
        }
        files.push(Op {
            path: RepoPath::new(path.clone()),
            before,
            after,
        });
    }
    Ok(Filled {
        made: made(hand, puts)?,
        emptied: emptied(ground, hand, puts)?,
        files,
    })
}

/// What comes to a path.
fn come(
    repo: &Repo,
    path: &[u8],
    entry: Entry,
    before: &Held,
    dir: &Path,
    name: &str,
    written: Option<&Scratch>,
) -> Result<Held, Trouble> {
    let content = repo.blob(&names::object(entry.blob))?;
    if entry.mode == FileMode::Symlink && links(repo) {
        return Ok(Held::Link {
            target: RepoPath::new(content),
            changed: None,
        });
    }
    let out = written.map(|scratch| scratch.path().join(names::path(path)));
    let size = match out.filter(|out| out.is_file()) {
        Some(out) => {
            let mut from = File::open(&out)
                .map_err(|error| Trouble::io("cannot read a file", &out, &error))?;
            copy_in(&mut from, dir, name)?
        }
        None => copy_in(&mut content.as_slice(), dir, name)?,
    };
    let executable = entry.mode == FileMode::Executable;
    let mode = match before {
        Held::File(HeldFile {
            mode: Some(mode),
            executable: was,
            ..
        }) => Some(match (was, executable) {
            (false, true) => mode | ((mode & 0o444) >> 2),
            (true, false) => mode & !0o111,
            _ => *mode,
        }),
        _ => None,
    };
    Ok(Held::File(HeldFile {
        bytes: name.to_owned(),
        size,
        executable,
        mode,
        changed: None,
    }))
}

fn links(repo: &Repo) -> bool {
    let links = repo
        .git()
        .config()
        .and_then(|config| config.get_bool("core.symlinks"));
    links.unwrap_or(true)
}

/// The contents that git does not write as it stores them, written by git into a folder of ours.
fn converted(repo: &Repo, hand: &Hand, puts: &Puts) -> Result<Option<Scratch>, Trouble> {
    let git = repo.git();
    let rules = Rules::of(git);
    let mut hardest = Conversion::None;
    let mut entries: Vec<(&[u8], Entry)> = Vec::new();
    for (path, entry) in puts {
        let Some(entry) = entry else { continue };
        if !matches!(entry.mode, FileMode::File | FileMode::Executable) {
            continue;
        }
        let conversion = rules.of_path(git, path, Way::Out);
        hardest = hardest.max(conversion);
        if conversion != Conversion::None {
            entries.push((path, *entry));
        }
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let scratch = Scratch::new()?;
    let private = Scratch::new()?;
    let file = private.file("index");
    let failed = |error: git2::Error| repo.trouble("cannot convert files", &error);
    let mut index = Index::open(&file).map_err(failed)?;
    let mut paths = Vec::new();
    for (path, entry) in &entries {
        index.add(&bare(path, *entry)).map_err(failed)?;
        paths.extend_from_slice(path);
        paths.push(0);
    }
    index.write().map_err(failed)?;
    let root = hand.full(b"");
    match Binary::need(&root, "files here go through a filter") {
        Ok(binary) => {
            let site = Site {
                git_dir: repo.git_dir(),
                work: &root,
                index: &file,
            };
            let prefix = format!("--prefix={}/", scratch.path().display());
            let args = ["checkout-index", "--force", &prefix, "-z", "--stdin"];
            binary.run(site, &args, &paths)?;
        }
        Err(trouble) if hardest == Conversion::Filter => return Err(trouble),
        Err(_) => {
            let mut options = CheckoutBuilder::new();
            options
                .force()
                .update_index(false)
                .target_dir(scratch.path());
            git.checkout_index(Some(&mut index), Some(&mut options))
                .map_err(failed)?;
        }
    }
    Ok(Some(scratch))
}

/// An entry of an index that knows nothing of a file but its content.
fn bare(path: &[u8], entry: Entry) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: names::raw_mode(entry.mode),
        uid: 0,
        gid: 0,
        file_size: 0,
        id: entry.blob,
        flags: 0,
        flags_extended: 0,
        path: path.to_vec(),
    }
}

/// Folders that have to be made, the outer ones first.
fn made(hand: &Hand, puts: &Puts) -> Result<Vec<(RepoPath, Option<u32>)>, Trouble> {
    let mut made: BTreeSet<&[u8]> = BTreeSet::new();
    for (path, _) in puts.iter().filter(|(_, entry)| entry.is_some()) {
        for end in slashes(path) {
            let folder = &path[..end];
            if made.contains(folder) {
                continue;
            }
            let found = hand
                .look(folder)
                .map_err(|error| hand.trouble("cannot look at a folder", folder, &error))?;
            if !matches!(found, Found::Folder(_)) {
                made.insert(folder);
            }
        }
    }
    let folder = |path: &[u8]| (RepoPath::new(path.to_vec()), None);
    Ok(made.into_iter().map(folder).collect())
}

/// Folders that nothing is left in, the inner ones first. The folder of the session stays.
fn emptied(ground: &Ground<'_>, hand: &Hand, puts: &Puts) -> Result<Vec<(RepoPath, u32)>, Trouble> {
    let mut above: BTreeSet<&[u8]> = BTreeSet::new();
    for (path, _) in puts.iter().filter(|(_, entry)| entry.is_none()) {
        above.extend(slashes(path).map(|end| &path[..end]));
    }
    let inside = ground.inside.as_bytes();
    let mut gone: BTreeMap<&[u8], u32> = BTreeMap::new();
    // Longer paths first: what is inside is known before what is around it.
    let mut order: Vec<&[u8]> = above.into_iter().collect();
    order.sort_by_key(|path| std::cmp::Reverse(path.len()));
    let mut list = Vec::new();
    for folder in order {
        let failed = |error: std::io::Error| hand.trouble("cannot list a folder", folder, &error);
        let Found::Folder(stat) = hand.look(folder).map_err(failed)? else {
            continue;
        };
        let stays = inside == folder
            || (inside.starts_with(folder) && inside.get(folder.len()) == Some(&b'/'));
        let comes = puts.iter().any(|(path, entry)| {
            entry.is_some() && path.starts_with(folder) && path.get(folder.len()) == Some(&b'/')
        });
        if stays || comes {
            continue;
        }
        let left = hand.list(folder).map_err(failed)?.into_iter().any(|name| {
            let mut inner = folder.to_vec();
            inner.push(b'/');
            inner.extend_from_slice(&name);
            !gone.contains_key(inner.as_slice()) && puts.get(&inner) != Some(&None)
        });
        if !left {
            gone.insert(folder, stat.st_mode & 0o7777);
            list.push((RepoPath::new(folder.to_vec()), stat.st_mode & 0o7777));
        }
    }
    Ok(list)
}

/// The folder that a patch is written to.
pub(super) fn hand_of(path: &Path) -> Result<Hand, Trouble> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let real = parent
        .canonicalize()
        .map_err(|error| Trouble::io("cannot open the folder", parent, &error))?;
    if real
        .components()
        .any(|part| part.as_os_str().eq_ignore_ascii_case(".git"))
    {
        return Err(Trouble::new(
            TroubleKind::Refused,
            "this folder belongs to git itself",
            real.display().to_string(),
            "Write the patch somewhere else.",
        ));
    }
    Hand::open(&real, &[])
}

/// A patch as the file of a record. Its name must be free.
pub(super) fn patch_file(hand: &Hand, path: &Path, dir: &Path, text: &[u8]) -> Result<Op, Trouble> {
    let name = path
        .file_name()
        .map(|name| names::bytes(Path::new(name)))
        .unwrap_or_default();
    let found = hand
        .look(name)
        .map_err(|error| hand.trouble("cannot look at the file", name, &error))?;
    if !matches!(found, Found::Nothing) {
        return Err(Trouble::new(
            TroubleKind::Refused,
            "something has this name already",
            hand.full(name).display().to_string(),
            "Choose another name for the patch.",
        ));
    }
    let size = copy_in(&mut { text }.take(u64::MAX), dir, "a0")?;
    Ok(Op {
        path: RepoPath::new(name.to_vec()),
        before: Held::Nothing,
        after: Held::File(HeldFile {
            bytes: "a0".to_owned(),
            size,
            executable: false,
            mode: None,
            changed: None,
        }),
    })
}
