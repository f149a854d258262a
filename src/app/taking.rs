//! What becomes of the winner's files when a run without a screen ends.
//!
//! It works from the session's log and the record of its worktrees, so it does not matter whether the
//! run ended in this process. The person's folder is changed only when they said so (`auto`, or `yes` to
//! the question of `ask`); otherwise, and whenever that is not possible, a patch is written beside the
//! session's log.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{Services, owned};
use crate::{
    engine::outbox,
    protocol::{
        Failure, FailureKind, Label, Outcome, RunId,
        change::{
            Built, ChangeSet, Destination, DriftState, Preview, Provenance, RepoPath, Snapshot,
            Workplace,
        },
    },
    run::RunState,
    workspace::{
        Manifest, Repo, Trouble,
        apply::{self, Credit, Ground, Occasion, Order},
        unwatched,
    },
};

/// What to do with the winner's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing.
    Never,
    /// Write a patch.
    #[default]
    Patch,
    /// Ask the person; without one at the terminal, write a patch.
    Ask,
    /// Write them to the person's folder when everything fits, else write a patch.
    Auto,
}

/// The winner's files of one folder, and what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The folder as the person named it.
    pub folder: String,
    /// The root of its repository; a patch begins there.
    pub root: String,
    /// The winning answer.
    pub winner: Label,
    /// Files it changed.
    pub files: Vec<RepoPath>,
    /// True when the folder was made for the run and is nobody else's.
    pub own: bool,
    /// What became of them.
    #[serde(flatten)]
    pub end: End,
}

/// What became of the winner's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "taken")]
pub enum End {
    /// Nothing was to be done.
    Left,
    /// They are in the patch.
    Patch {
        /// Where it is.
        patch: String,
    },
    /// They are in the person's folder.
    Applied {
        /// What `undo` takes.
        id: String,
    },
    /// They could not be applied, and are in the patch.
    Refused {
        /// Why.
        why: String,
        /// Where it is.
        patch: String,
    },
}

/// Asks the person whether to apply; `None` when nobody is there.
pub type Asking<'a> = &'a dyn Fn(&str) -> Option<bool>;

/// Deals with the winner's files of a run that ended. Nothing comes back when there is no winner or it
/// changed no file. Blocking.
///
/// # Errors
///
/// The log or the record of worktrees cannot be read, or a patch cannot be written.
pub fn after_run(
    services: &Services,
    run: &RunId,
    policy: Policy,
    ask: Asking<'_>,
) -> Result<Vec<Taken>, Failure> {
    // A run without a log or without worktrees said so itself, and has no files to take.
    let Ok(store) = services.store.clone() else {
        return Ok(Vec::new());
    };
    if !Manifest::exists(&services.state_dir, run) {
        return Ok(Vec::new());
    }
    let mut state = RunState::default();
    for event in &store.read(run)?.events {
        state.apply(event);
    }
    let Some(turn) = &state.turn else {
        return Ok(Vec::new());
    };
    let Some(Outcome::Answered { winner, .. }) = &turn.outcome else {
        return Ok(Vec::new());
    };
    let snapshots = turn.final_files();
    let folder = store
        .log(run)
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf);
    let mut taken = Vec::new();
    for snapshot in snapshots {
        let place = turn
            .start
            .places
            .iter()
            .find(|place| place.context == snapshot.context);
        let Some(place) = place.filter(|place| place.tree != snapshot.tree) else {
            continue;
        };
        let case = Case {
            state_dir: &services.state_dir,
            run,
            place,
            snapshot,
            winner: *winner,
            folder: &folder,
        };
        taken.push(case.take(policy, ask).map_err(failure)?);
    }
    Ok(taken)
}

fn failure(trouble: Trouble) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("{} ({})", trouble.what, trouble.place),
    )
    .hint(trouble.next)
}

/// One folder of the winner's.
struct Case<'a> {
    state_dir: &'a Path,
    run: &'a RunId,
    place: &'a Workplace,
    snapshot: &'a Snapshot,
    winner: Label,
    /// Of the session's log.
    folder: &'a Path,
}

impl Case<'_> {
    fn take(&self, policy: Policy, ask: Asking<'_>) -> Result<Taken, Trouble> {
        let manifest = Manifest::read(self.state_dir, self.run)?;
        let kept = manifest.place(self.place.context)?;
        let repo = Repo::open_kept(&manifest, self.place.context)?;
        let changes = repo.changes(&self.place.tree, &self.snapshot.tree)?;
        let built = self.built(&changes);
        let ground = Ground {
            repo: &repo,
            access: self.place.access,
            inside: &kept.inside,
            untracked: &kept.untracked,
            state_dir: self.state_dir,
        };
        let order = Order {
            base: &self.place.tree,
            built: &built,
            decisions: &[],
            credits: &[Credit {
                agent: self.winner.agent,
                label: self.winner,
            }],
            to: &Destination::WorkingTree,
        };
        let own = Path::new(&self.place.path) == owned::folder(self.state_dir, self.run);
        let policy = match policy {
            // Nobody else has anything in that folder: there is nothing to ask about.
            Policy::Patch | Policy::Ask if own => Policy::Auto,
            policy => policy,
        };
        let end = match policy {
            Policy::Never => End::Left,
            Policy::Patch => self.patch(&repo)?,
            Policy::Ask => {
                let preview = apply::preview(&ground, &order)?;
                match fits(&preview) {
                    Some(why) => self.refused(&repo, why)?,
                    None => match ask(&self.question(&changes)) {
                        Some(true) => self.apply(&repo, &ground, &order, &preview)?,
                        Some(false) | None => self.patch(&repo)?,
                    },
                }
            }
            Policy::Auto => {
                let preview = apply::preview(&ground, &order)?;
                match fits(&preview) {
                    Some(why) => self.refused(&repo, why)?,
                    None => self.apply(&repo, &ground, &order, &preview)?,
                }
            }
        };
        Ok(Taken {
            folder: self.place.path.clone(),
            root: self.place.root.clone(),
            winner: self.winner,
            files: changes.files.into_iter().map(|file| file.path).collect(),
            own,
            end,
        })
    }

    /// All of the winner's tree, as its own work.
    fn built(&self, changes: &ChangeSet) -> Built {
        let of = |path: &RepoPath| Provenance {
            path: path.clone(),
            agents: vec![self.winner.agent],
        };
        Built {
            tree: self.snapshot.tree.clone(),
            provenance: changes.files.iter().map(|file| of(&file.path)).collect(),
            clashes: Vec::new(),
        }
    }

    fn question(&self, changes: &ChangeSet) -> String {
        let count = |of: fn(&crate::protocol::change::FileChange) -> u32| -> u64 {
            changes.files.iter().map(|file| u64::from(of(file))).sum()
        };
        let files = changes.files.len();
        format!(
            "Apply {}'s changes to {}? {files} file{}, +{} -{} [y/N] ",
            self.winner,
            self.place.path,
            if files == 1 { "" } else { "s" },
            count(|file| file.added),
            count(|file| file.removed),
        )
    }

    fn apply(
        &self,
        repo: &Repo,
        ground: &Ground<'_>,
        order: &Order<'_>,
        preview: &Preview,
    ) -> Result<End, Trouble> {
        let occasion = Occasion {
            run: Some(self.run),
            at: outbox::now(),
        };
        match apply::apply(ground, order, preview, occasion, &unwatched) {
            Ok(applied) => Ok(End::Applied { id: applied.id.0 }),
            Err(trouble) => self.refused(repo, trouble.to_string()),
        }
    }

    fn refused(&self, repo: &Repo, why: String) -> Result<End, Trouble> {
        Ok(match self.patch(repo)? {
            End::Patch { patch } => End::Refused { why, patch },
            other => other,
        })
    }

    /// Writes the patch beside the session's log, over one of the same answer.
    fn patch(&self, repo: &Repo) -> Result<End, Trouble> {
        let text = apply::patch(repo, &self.place.tree, &self.snapshot.tree)?;
        let name = format!("{}-{}.patch", self.winner, self.place.context.0);
        let path = self.folder.join(name);
        let temporary = path.with_extension("patch.tmp");
        let written = write(&temporary, &text).and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|error| Trouble::of_file("cannot write the patch", &path, &error))?;
        Ok(End::Patch {
            patch: path.display().to_string(),
        })
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Why a result cannot be applied without a decision; `None` when it can.
fn fits(preview: &Preview) -> Option<String> {
    if let Some(stop) = preview.stops.first() {
        return Some(format!("`{}` cannot be written: {}", stop.path, stop.why));
    }
    let open = preview
        .drift
        .iter()
        .find(|one| matches!(one.state, DriftState::Conflict | DriftState::Choice))?;
    Some(format!(
        "`{}` changed in your folder as well, and the two do not fit",
        open.path
    ))
}

impl Taken {
    /// In words, for a person; one line each.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let files = self.files.len();
        let what = format!(
            "{} changed {files} file{} in {}",
            self.winner,
            if files == 1 { "" } else { "s" },
            self.folder
        );
        let git = |patch: &str| format!("git -C '{}' apply '{patch}'", self.root);
        if let (true, End::Applied { .. }) = (self.own, &self.end) {
            let folder = &self.folder;
            let (noun, are) = if files == 1 {
                ("file", "It is")
            } else {
                ("files", "They are")
            };
            return vec![
                format!(
                    "{} made {files} {noun}. {are} in the folder of this session: {folder}",
                    self.winner
                ),
                format!("To have them elsewhere: cp -R '{folder}/.' DIR"),
            ];
        }
        match &self.end {
            End::Left => vec![format!("{what}; nothing was applied.")],
            End::Patch { patch } => vec![
                format!("{what}; nothing was applied. The patch: {patch}"),
                format!("To apply it: {}", git(patch)),
            ],
            End::Applied { id } => vec![format!(
                "{what}; they are applied. To take them back: massgen-tui undo {id}"
            )],
            End::Refused { why, patch } => vec![
                format!("{what}; they could not be applied: {why}."),
                format!(
                    "The patch: {patch}. To merge it by hand: {} --3way",
                    git(patch)
                ),
            ],
        }
    }

    /// True when they were to be applied and are not.
    #[must_use]
    pub const fn failed(&self) -> bool {
        matches!(self.end, End::Refused { .. })
    }
}

#[cfg(test)]
mod tests;
