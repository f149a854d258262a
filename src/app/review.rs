//! The world behind the review screen: trees and files from the repository that keeps them, notes
//! from the session's folder.
//!
//! Blocking work, called on blocking threads. The session's manifest says which repository keeps the
//! trees; nothing that agents wrote is asked where it is.

use std::{path::Path, sync::Arc};

use super::Services;
use crate::{
    protocol::{
        Failure, FailureKind, Label, RunId,
        change::{
            Access, ApplyId, Built, ContextId, Decision, Destination, FileChange, ObjectId,
            RepoPath, Selection, Side,
        },
    },
    store::Store,
    tui::review::{Ask, ChangedSince, Content, Later, News, Raw, TakenBack, Told, What},
    workspace::{
        Manifest, Repo, Trouble, TroubleKind, Untracked,
        apply::{self, Changed, Credit, Ground, Occasion, Order},
        unwatched,
    },
};

/// Bytes of a side whose lines are all shown.
const WHOLE: u64 = 4 * 1024 * 1024;

/// Answers one question.
pub(super) fn answer(services: &Services, ask: Ask) -> Told {
    let Ask { run, what } = ask;
    let store = Store::reading(&services.state_dir);
    match what {
        What::Notes => {
            let notes = store.review(&run)?.unwrap_or_default();
            Ok(News::Notes(Box::new(notes)))
        }
        What::Keep(notes) => {
            store.keep_review(&run, &notes)?;
            Ok(News::Kept)
        }
        What::Changes {
            context,
            base,
            tree,
        } => {
            let repo = repository(services, &run, context)?;
            let set = repo.changes(&base, &tree).map_err(failure)?;
            let left_out = left_out(services, &run, context, &tree)?;
            Ok(News::Changes(Arc::new(set), left_out))
        }
        What::File { context, change } => {
            let repo = repository(services, &run, context)?;
            let content = Content {
                diff: repo.diff(&change).map_err(failure)?,
                old: lines(&repo, change.old.as_ref())?.map(Arc::new),
                new: lines(&repo, change.new.as_ref())?.map(Arc::new),
            };
            Ok(News::File(Arc::new(content)))
        }
        What::Raw { context, change } => {
            let repo = repository(services, &run, context)?;
            raw(&repo, &change)
        }
        What::Build(selection) => {
            let repo = repository(services, &run, selection.context)?;
            let built = apply::build(&repo, &selection, &[]).map_err(failure)?;
            Ok(News::Built(Box::new(built)))
        }
        What::Preview {
            selection,
            to,
            labels,
        } => {
            let bench = Bench::of(services, &run, &selection)?;
            let credits = credits(&labels);
            let order = Order {
                credits: &credits,
                ..bench.order(&selection.base, &to, &[])
            };
            let preview = apply::preview(&bench.ground(), &order).map_err(failure)?;
            Ok(News::Preview(Box::new(preview)))
        }
        What::Apply {
            selection,
            to,
            decisions,
            labels,
            preview,
        } => {
            let bench = Bench::of(services, &run, &selection)?;
            let credits = credits(&labels);
            let order = Order {
                credits: &credits,
                ..bench.order(&selection.base, &to, &decisions)
            };
            let occasion = Occasion {
                run: Some(&run),
                at: crate::engine::outbox::now(),
            };
            let applied = apply::apply(&bench.ground(), &order, &preview, occasion, &unwatched);
            Ok(News::Applied(Box::new(applied.map_err(failure)?)))
        }
        What::Undo { id, later } => undo(services, id, later),
    }
}

/// Takes an application back. Files that were changed since are not touched before the person has said
/// what becomes of them.
fn undo(services: &Services, id: ApplyId, later: Later) -> Told {
    let at = crate::engine::outbox::now();
    let state = &services.state_dir;
    let all = apply::list(state).map_err(failure)?;
    if !all.iter().any(|one| one.id == id && one.stands) {
        return Ok(News::Undone(Box::new(TakenBack {
            id,
            files: Vec::new(),
            kept: Vec::new(),
            conflicts: Vec::new(),
            already: true,
        })));
    }
    let changed = match later {
        Later::Ask => Changed::Refuse,
        Later::Leave => Changed::Keep,
        Later::Merge => Changed::Merge,
    };
    match apply::undo(state, Some(&id), changed, at, &unwatched) {
        Ok(undone) => Ok(News::Undone(Box::new(TakenBack {
            id: undone.id,
            files: undone.files,
            kept: undone.kept,
            conflicts: undone.conflicts,
            already: false,
        }))),
        Err(trouble) if later == Later::Ask && trouble.kind == TroubleKind::Refused => {
            // Where files are what is in the way, there is a choice.
            match apply::changed_since(state, &id) {
                Ok(files) if !files.is_empty() => {
                    Ok(News::Changed(Box::new(ChangedSince { id, files })))
                }
                Ok(_) | Err(_) => Err(failure(trouble)),
            }
        }
        Err(trouble) => Err(failure(trouble)),
    }
}

/// What lies in the worktree of the agent whose latest tree this is, and is not in the tree.
fn left_out(
    services: &Services,
    run: &RunId,
    context: ContextId,
    tree: &ObjectId,
) -> Result<Vec<String>, Failure> {
    let manifest = Manifest::read(&services.state_dir, run).map_err(failure)?;
    let mut trees = manifest.trees.iter();
    let found = trees.find(|kept| {
        let latest = kept.latest.as_ref().map(|latest| &latest.tree);
        kept.context == context && latest == Some(tree)
    });
    let out = found.map_or(&[][..], |kept| &kept.left_out);
    Ok(out
        .iter()
        .map(|out| format!("{} ({})", out.path, out.why.words()))
        .collect())
}

/// The repository that keeps a session's trees of a folder, as the session's own manifest names it.
fn repository(services: &Services, run: &RunId, context: ContextId) -> Result<Repo, Failure> {
    let manifest = Manifest::read(&services.state_dir, run).map_err(failure)?;
    Repo::open_kept(&manifest, context).map_err(failure)
}

/// A result and the folder it goes to.
struct Bench<'a> {
    repo: Repo,
    built: Built,
    access: Access,
    inside: RepoPath,
    untracked: Untracked,
    state: &'a Path,
}

impl<'a> Bench<'a> {
    /// Builds the result anew: a tree that was built before may have been collected.
    fn of(services: &'a Services, run: &RunId, selection: &Selection) -> Result<Self, Failure> {
        let manifest = Manifest::read(&services.state_dir, run).map_err(failure)?;
        let kept = manifest.place(selection.context).map_err(failure)?;
        let (access, inside, untracked) = (kept.place.access, kept.inside.clone(), kept.untracked);
        let repo = Repo::open_kept(&manifest, selection.context).map_err(failure)?;
        let built = apply::build(&repo, selection, &[]).map_err(failure)?;
        Ok(Self {
            repo,
            built,
            access,
            inside,
            untracked,
            state: &services.state_dir,
        })
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            repo: &self.repo,
            access: self.access,
            inside: &self.inside,
            untracked: &self.untracked,
            state_dir: self.state,
        }
    }

    fn order<'o>(
        &'o self,
        base: &'o ObjectId,
        to: &'o Destination,
        decisions: &'o [Decision],
    ) -> Order<'o> {
        Order {
            base,
            built: &self.built,
            decisions,
            credits: &[],
            to,
        }
    }
}

fn credits(labels: &[Label]) -> Vec<Credit> {
    let labels = labels.iter();
    labels
        .map(|label| Credit {
            agent: label.agent,
            label: *label,
        })
        .collect()
}

/// The lines of a side, when they are text and not too many.
fn lines(repo: &Repo, side: Option<&Side>) -> Result<Option<Vec<String>>, Failure> {
    let Some(side) = side.filter(|side| side.size <= WHOLE) else {
        return Ok(None);
    };
    let bytes = repo.blob(&side.blob).map_err(failure)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.split_terminator('\n');
    Ok(Some(
        lines
            .map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned())
            .collect(),
    ))
}

/// Both sides of a file, byte for byte; refused when they are no text that an editor can give back.
fn raw(repo: &Repo, change: &FileChange) -> Told {
    let side = |side: Option<&Side>| match side {
        None => Ok(String::new()),
        Some(side) => {
            let bytes = repo.blob(&side.blob).map_err(failure)?;
            String::from_utf8(bytes).map_err(|_| {
                local(&format!(
                    "{} is not UTF-8, so an editor would change more than you do.",
                    change.path
                ))
            })
        }
    };
    Ok(News::Raw(Box::new(Raw {
        old: side(change.old.as_ref())?,
        new: side(change.new.as_ref())?,
        diff: repo.diff(change).map_err(failure)?,
    })))
}

fn failure(trouble: Trouble) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("{} ({}).", trouble.what, trouble.place),
    )
    .hint(trouble.next)
}

fn local(message: &str) -> Failure {
    Failure::new(FailureKind::Local, message)
}
