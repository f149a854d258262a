//! Destinations in git itself: index entries, a commit, a branch.

use git2::{Index, Oid, RepositoryState};

use super::refused;
use crate::{
    protocol::change::RepoPath,
    workspace::{
        Trouble,
        apply::{
            Ground, Order, ingit,
            merge::{Merging, Met},
            ours::{OfTree, Staging},
            plan::{Plan, head_tree, together},
            record::{Moved, Slot, Staged},
            tree::{self, Entry},
        },
        names,
    },
};

/// What becomes of a file that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The index tells of the conflict, as after `git merge`.
    Tell,
    /// Nothing is applied.
    Refuse,
}

/// The entries of the index that change: those of the files that were taken, each merged with what is
/// staged.
pub(super) fn index(
    ground: &Ground<'_>,
    order: &Order<'_>,
    plan: &Plan,
    unfit: Unfit,
) -> Result<Vec<Staged>, Trouble> {
    let path = ground.repo.git_dir().join("index");
    let index = Index::open(&path).map_err(|error| {
        Trouble::git("cannot read the index", path.display().to_string(), &error)
    })?;
    let staging = Staging(index);
    let label = |path: &RepoPath| order.label(path);
    let met = merging(ground, order, plan, &label).all(&staging)?;
    let mut staged: Vec<Staged> = Vec::new();
    for (one, files) in met.iter().zip(&plan.met) {
        let open = one.undecided || one.marked || files.marked;
        if open && unfit == Unfit::Refuse {
            return Err(staged_otherwise(ground, one));
        }
        if open {
            let slots = [1, 2, 3].into_iter().zip(one.sides);
            let slots = slots
                .filter_map(|(stage, side)| Some(slot(stage, side?)))
                .collect();
            push(&mut staged, &staging.0, &one.path, slots);
            continue;
        }
        for (path, entry) in &one.puts {
            let slots: Vec<Slot> = entry.iter().map(|entry| slot(0, *entry)).collect();
            // A file that comes to a path wins over one that leaves it.
            let known = staged
                .iter_mut()
                .find(|known| known.path.as_bytes() == path);
            match known {
                Some(known) if known.after.is_empty() => known.after = slots,
                Some(_) => {}
                None => push(&mut staged, &staging.0, path, slots),
            }
        }
    }
    staged.retain(|one| one.before != one.after);
    if let Some(one) = staged
        .iter()
        .find(|one| one.before.iter().any(|slot| slot.stage > 0))
    {
        return Err(refused(
            ground,
            &format!(
                "`{}` has a conflict in the index that is not resolved",
                one.path
            ),
            "Resolve it with `git add`, or apply to the working tree. Nothing was applied.",
        ));
    }
    Ok(staged)
}

fn push(staged: &mut Vec<Staged>, index: &Index, path: &[u8], after: Vec<Slot>) {
    staged.push(Staged {
        path: RepoPath::new(path.to_vec()),
        before: ingit::slots(index, path),
        after,
    });
}

fn slot(stage: u16, entry: Entry) -> Slot {
    Slot {
        stage,
        mode: names::raw_mode(entry.mode),
        blob: names::object(entry.blob),
    }
}

fn staged_otherwise(ground: &Ground<'_>, one: &Met) -> Trouble {
    refused(
        ground,
        &format!(
            "`{}` has other changes of yours on the same lines",
            RepoPath::new(one.path.clone())
        ),
        "Commit or stash them first, or apply to the working tree. Nothing was applied.",
    )
}

fn merging<'a>(
    ground: &'a Ground<'_>,
    order: &'a Order<'_>,
    plan: &'a Plan,
    label: &'a dyn Fn(&RepoPath) -> String,
) -> Merging<'a> {
    Merging {
        repo: ground.repo,
        changes: &plan.changes,
        decisions: order.decisions,
        label,
    }
}

/// A commit on what is checked out.
pub(super) fn commit(
    ground: &Ground<'_>,
    order: &Order<'_>,
    plan: &Plan,
    message: &str,
) -> Result<Moved, Trouble> {
    let git = ground.repo.git();
    if git.state() != RepositoryState::Clean {
        return Err(refused(
            ground,
            "a merge, rebase or something like it is going on",
            "End it first (`git status` says how), or apply to the working tree.",
        ));
    }
    let head = git
        .find_reference("HEAD")
        .map_err(|error| ground.repo.trouble("cannot read HEAD", &error))?;
    let name = match head.symbolic_target_bytes() {
        Some(target) => String::from_utf8(target.to_vec()).map_err(|_| {
            refused(
                ground,
                "the branch has a name that is no text",
                "Rename it.",
            )
        })?,
        None => "HEAD".to_owned(),
    };
    let after = write(ground, order, plan, message)?;
    Ok(Moved {
        before: ingit::reference(git, &name),
        after: Some(names::object(after)),
        name,
    })
}

/// A new branch with one commit on HEAD.
pub(super) fn branch(
    ground: &Ground<'_>,
    order: &Order<'_>,
    plan: &Plan,
    name: &str,
    message: &str,
) -> Result<Moved, Trouble> {
    let full = format!("refs/heads/{name}");
    if !git2::Branch::name_is_valid(name).unwrap_or(false) {
        return Err(refused(
            ground,
            &format!("`{name}` is no name for a branch"),
            "Choose another one; `git check-ref-format` has the rules.",
        ));
    }
    if ground.repo.git().find_reference(&full).is_ok() {
        return Err(refused(
            ground,
            &format!("there is a branch `{name}` already"),
            "Choose another name; branches that exist are never moved.",
        ));
    }
    let after = write(ground, order, plan, message)?;
    Ok(Moved {
        name: full,
        before: None,
        after: Some(names::object(after)),
    })
}

/// Writes a commit whose parent is HEAD: its tree with what was taken, nothing else of the folder.
fn write(
    ground: &Ground<'_>,
    order: &Order<'_>,
    plan: &Plan,
    message: &str,
) -> Result<Oid, Trouble> {
    let repo = ground.repo;
    let git = repo.git();
    let label = |path: &RepoPath| order.label(path);
    let head = head_tree(repo)?;
    let met = merging(ground, order, plan, &label).all(&OfTree::new(repo, order.base, &head)?)?;
    if let Some(one) = met.iter().find(|one| one.undecided || one.marked) {
        return Err(staged_otherwise(ground, one));
    }
    if let Some(stop) = plan.preview.stops.first() {
        return Err(refused(ground, &stop.why, "Leave it out."));
    }
    let tree = tree::edit(repo, Some(names::oid(&head)?), &together(&met))?;
    if names::object(tree) == head {
        return Err(refused(
            ground,
            "HEAD has all of this already",
            "There is nothing to commit.",
        ));
    }
    let failed = |error: git2::Error| repo.trouble("cannot write the commit", &error);
    let person = git.signature().map_err(|_| {
        refused(
            ground,
            "git does not know who you are",
            "Set `git config user.name` and `user.email`, then try again.",
        )
    })?;
    let tree = git.find_tree(tree).map_err(failed)?;
    let parent = git.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
    let message = with_trailer(message, &order.labels());
    git.commit(None, &person, &person, &message, &tree, &parents)
        .map_err(failed)
}

/// The trailer that names whose work a commit is.
const TRAILER: &str = "Massgen-Agents";

/// The message with the trailer, below other trailers where it has some.
pub(super) fn with_trailer(message: &str, labels: &[String]) -> String {
    let message: String = message.replace('\0', "");
    let text = message.trim();
    let text = if text.is_empty() {
        "Apply the team's changes"
    } else {
        text
    };
    if labels.is_empty() {
        return format!("{text}\n");
    }
    let trailers = git2::message_trailers_strs(text).is_ok_and(|found| found.len() > 0);
    let gap = if trailers { "\n" } else { "\n\n" };
    format!("{text}{gap}{TRAILER}: {}\n", labels.join(", "))
}
