//! Published trees, read from git's objects: what agents see of each other's files.
//!
//! Paths begin at the folder that was named, as in an agent's own copy; with several folders, with the
//! folder's number (`0/`, `1/`). No name of an agent, of a model or of a folder of this machine is in them.

use std::{fmt::Write as _, path::Path};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Ground, Keeper};
use crate::{
    protocol::{
        Failure, Label,
        change::{
            ContextId, FileChange, FileDiff, FileMode, LineEnd, LineKind, RepoPath, Snapshot,
        },
    },
    tool::hands::{PeerFile, Peers},
    workspace::{Trouble, TroubleKind},
};

/// Largest file that is shown, in bytes.
const LARGEST: usize = 4 << 20;
/// Longest diff that is made, in bytes; the tool cuts further.
const LONGEST: usize = 256 << 10;

impl Peers for Ground {
    fn list(
        &self,
        label: Label,
        folder: &str,
    ) -> BoxFuture<'static, Result<Vec<PeerFile>, String>> {
        let folder = folder.trim_matches('/').to_owned();
        self.of_answer(label, move |keeper, label| list(keeper, label, &folder))
    }

    fn read(&self, label: Label, path: &str) -> BoxFuture<'static, Result<Vec<u8>, String>> {
        let path = path.trim_start_matches('/').to_owned();
        self.of_answer(label, move |keeper, label| read(keeper, label, &path))
    }

    fn diff(&self, label: Label, path: Option<&str>) -> BoxFuture<'static, Result<String, String>> {
        let path = path.map(|path| path.trim_matches('/').to_owned());
        self.of_answer(label, move |keeper, label| {
            diff(keeper, label, path.as_deref())
        })
    }
}

impl Ground {
    /// Reads of an answer of this team.
    fn of_answer<T: Send + 'static>(
        &self,
        label: Label,
        work: impl FnOnce(&Keeper, Label) -> Result<T, Trouble> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, String>> {
        let ground = self.clone();
        async move {
            let label = ground.labelled(label).await?;
            ground.perform(move |keeper| work(keeper, label)).await
        }
        .map(|done: Result<T, Failure>| done.map_err(|failure| failure.message))
        .boxed()
    }
}

fn missing(what: String, place: &str) -> Trouble {
    Trouble {
        kind: TroubleKind::Missing,
        what,
        place: place.to_owned(),
        next: "List the folder to see what is there.".to_owned(),
    }
}

/// The snapshots of an answer.
fn snapshots(keeper: &Keeper, label: Label) -> Result<Vec<Snapshot>, Trouble> {
    let found = keeper.published.get(&label).filter(|all| !all.is_empty());
    let none = || {
        missing(
            format!("{label} has no files of its own"),
            &label.to_string(),
        )
    };
    found.cloned().ok_or_else(none)
}

/// Which snapshot a path is in, and the path within it.
fn within<'a>(all: &'a [Snapshot], path: &'a str) -> Option<(&'a Snapshot, &'a str)> {
    if let [only] = all {
        return Some((only, path));
    }
    let (number, rest) = path.split_once('/').unwrap_or((path, ""));
    let number = ContextId(number.parse().ok()?);
    all.iter()
        .find(|one| one.context == number)
        .map(|one| (one, rest))
}

/// What lies between the root of the repository and the folder that was named: empty, or with a slash
/// at its end.
fn above(keeper: &Keeper, context: ContextId) -> Result<String, Trouble> {
    let place = keeper.grounds.manifest().place(context)?;
    Ok(match place.inside.to_string() {
        inside if inside.is_empty() || Path::new(&place.place.path).is_file() => String::new(),
        inside => inside + "/",
    })
}

/// A path as agents write it.
fn shown(all: &[Snapshot], of: ContextId, path: &str) -> String {
    match all {
        [_] => path.to_owned(),
        _ => format!("{}/{path}", of.0),
    }
}

fn list(keeper: &Keeper, label: Label, folder: &str) -> Result<Vec<PeerFile>, Trouble> {
    let all = snapshots(keeper, label)?;
    if all.len() > 1 && folder.is_empty() {
        let tops = all.iter().map(|one| PeerFile {
            path: one.context.0.to_string(),
            size: None,
        });
        return Ok(tops.collect());
    }
    let (snapshot, inside) =
        within(&all, folder).ok_or_else(|| missing("there is no such folder".into(), folder))?;
    let repo = keeper.grounds.repo(snapshot.context)?;
    let above = above(keeper, snapshot.context)?;
    let inside = match inside {
        "" => String::new(),
        inside => format!("{inside}/"),
    };
    let prefix = format!("{above}{inside}");
    let mut listed: Vec<PeerFile> = Vec::new();
    for (path, mode, _) in repo.files(&snapshot.tree)? {
        let text = path.to_string();
        let Some(rest) = text.strip_prefix(&prefix) else {
            continue;
        };
        let (name, is_file) = match rest.split_once('/') {
            Some((folder, _)) => (folder, false),
            None => (rest, mode != FileMode::Submodule),
        };
        let path = shown(&all, snapshot.context, &format!("{inside}{name}"));
        // Files of one folder stand together.
        if listed.last().is_some_and(|last| last.path == path) {
            continue;
        }
        let size = if is_file {
            repo.file(
                &snapshot.tree,
                &RepoPath::from(format!("{prefix}{name}").as_str()),
            )?
            .map(|side| side.size)
        } else {
            None
        };
        listed.push(PeerFile { path, size });
    }
    if listed.is_empty() {
        return Err(missing("there is no such folder".into(), folder));
    }
    Ok(listed)
}

fn read(keeper: &Keeper, label: Label, path: &str) -> Result<Vec<u8>, Trouble> {
    let all = snapshots(keeper, label)?;
    let none = || missing("there is no such file".into(), path);
    let (snapshot, inside) = within(&all, path).ok_or_else(none)?;
    let repo = keeper.grounds.repo(snapshot.context)?;
    let inside = above(keeper, snapshot.context)? + inside;
    let name = inside
        .parse()
        .unwrap_or_else(|_| RepoPath::from(inside.as_str()));
    let side = repo.file(&snapshot.tree, &name)?.ok_or_else(none)?;
    if side.size > LARGEST as u64 {
        return Err(Trouble {
            kind: TroubleKind::TooLarge,
            what: format!("the file has {} bytes", side.size),
            place: path.to_owned(),
            next: "Look at its diff instead.".to_owned(),
        });
    }
    repo.blob(&side.blob)
}

fn diff(keeper: &Keeper, label: Label, path: Option<&str>) -> Result<String, Trouble> {
    let all = snapshots(keeper, label)?;
    let mut text = String::new();
    for snapshot in &all {
        let repo = keeper.grounds.repo(snapshot.context)?;
        let places = keeper.grounds.workplaces().iter();
        let base = places
            .filter(|place| place.context == snapshot.context)
            .map(|place| &place.tree)
            .next();
        let Some(base) = base else { continue };
        let above = above(keeper, snapshot.context)?;
        for file in repo.changes(base, &snapshot.tree)?.files {
            let whole = file.path.to_string();
            let Some(name) = whole.strip_prefix(&above) else {
                continue;
            };
            let name = shown(&all, snapshot.context, name);
            let wanted = path.is_none_or(|path| {
                name == path
                    || name
                        .strip_prefix(path)
                        .is_some_and(|rest| rest.starts_with('/'))
            });
            if !wanted {
                continue;
            }
            if text.len() > LONGEST {
                text.push_str("[more files follow; ask for one by its path]\n");
                return Ok(text);
            }
            unified(&mut text, &name, &file, &repo.diff(&file)?);
        }
    }
    if text.is_empty() {
        text.push_str("Nothing differs from the baseline there.\n");
    }
    Ok(text)
}

/// One file of a unified diff, for a model to read.
fn unified(text: &mut String, name: &str, file: &FileChange, diff: &FileDiff) {
    let _ = write!(text, "{} {name}", file.kind.word());
    if let Some(was) = &file.was {
        let _ = write!(text, " (was {was})");
    }
    if let (Some(old), Some(new)) = (&file.old, &file.new)
        && old.mode != new.mode
    {
        let _ = write!(text, " (mode {:?} to {:?})", old.mode, new.mode);
    }
    text.push('\n');
    for hunk in &diff.hunks {
        let _ = writeln!(
            text,
            "@@ -{},{} +{},{} @@ {}",
            hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines, hunk.heading
        );
        for line in &hunk.lines {
            text.push(match line.kind {
                LineKind::Context => ' ',
                LineKind::Added => '+',
                LineKind::Removed => '-',
            });
            text.push_str(&line.text);
            text.push('\n');
            if line.end == LineEnd::None {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
}
