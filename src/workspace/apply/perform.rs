//! Applying: a record of everything that will change, then the record's steps.

mod ends;
mod files;

use std::{collections::BTreeMap, path::Path};

use super::{
    Ground, Occasion, Order,
    hand::Hand,
    journal::{Journal, Journals, Leftover, Run},
    plan::{self, Plan},
    record::{Held, InGit, Modes, Phase, Record, Site, VERSION, Way},
    recover,
};
use crate::{
    protocol::change::{Applied, ApplyId, Destination, KeptIn, ObjectId, Preview, RepoPath},
    workspace::{Trouble, TroubleKind, Watch, names, shadow, unwatched},
};

/// See [`super::apply`].
pub(super) fn apply(
    ground: &Ground<'_>,
    order: &Order<'_>,
    seen: &Preview,
    occasion: Occasion<'_>,
    watch: Watch<'_>,
) -> Result<Applied, Trouble> {
    can_take(ground, order.to)?;
    let journals = Journals::open(ground.state_dir)?;
    recover::settle(&journals)?;
    let plan = plan::plan(ground, order)?;
    if plan.preview.ours != seen.ours || plan.preview.drift != seen.drift {
        return Err(refused(
            ground,
            "your files changed since you looked",
            "Look at what would be applied again. Nothing was applied.",
        ));
    }
    if plan.changes.files.is_empty() {
        return Err(refused(
            ground,
            "there is nothing in the result",
            "Take at least one change.",
        ));
    }
    plan::decided(&plan)?;
    let (id, dir) = journals.make()?;
    let begun = begin(ground, order, &plan, occasion, id.clone(), &dir);
    let (journal, hand, commit) = match begun {
        Ok(begun) => begun,
        Err(trouble) => {
            // Nothing was touched yet; a folder that stays is swept up with the next application.
            let _ = journals.discard(&id);
            return Err(trouble);
        }
    };
    run(&journal, &hand, watch)?;
    let record = journal.record;
    Ok(Applied {
        id,
        context: record.context,
        to: record.to,
        files: told(order.to, record.files.into_iter().map(|op| op.path), &plan),
        conflicts: record.conflicts,
        commit,
    })
}

/// Refuses a destination that could not take anything: to stage or commit in a repository that is ours,
/// the one beside a folder without any, or with an index that libgit2 cannot write.
pub(super) fn can_take(ground: &Ground<'_>, to: &Destination) -> Result<(), Trouble> {
    let in_git = matches!(
        to,
        Destination::Index | Destination::Commit { .. } | Destination::Branch { .. }
    );
    if in_git && ground.repo.kept() == KeptIn::Shadow {
        let what = match shadow::git_above(ground.repo.root()) {
            Some(_) => "the repository of this folder has a form that cannot be written here",
            None => "this folder is in no git repository",
        };
        let next = "Apply to the working tree or write a patch.";
        return Err(refused(ground, what, next));
    }
    let staged = matches!(to, Destination::Index | Destination::Commit { .. });
    let index = ground.repo.git_dir().join("index");
    if staged
        && let Err(error) = git2::Index::open(&index)
        && error.message().contains("unsupported")
    {
        return Err(refused(
            ground,
            "the index is a sparse or a split one, which cannot be written here",
            "Apply to the working tree and run `git add` there, or have git write the index in full: \
             `git sparse-checkout reapply --no-sparse-index`, `git update-index --no-split-index`.",
        ));
    }
    Ok(())
}

/// The files as the person knows them.
fn told(to: &Destination, files: impl Iterator<Item = RepoPath>, plan: &Plan) -> Vec<RepoPath> {
    match to {
        Destination::Patch { .. } | Destination::Branch { .. } => plan.preview.files.clone(),
        _ => files.collect(),
    }
}

/// Takes all steps of a record, or takes all of them back.
pub(super) fn run(journal: &Journal, hand: &Hand, watch: Watch<'_>) -> Result<(), Trouble> {
    journal.write()?;
    let done = Run::new(journal, hand, Way::Forward, Leftover::Stop, watch).all();
    let done = done.and_then(|_| journal.turn(Phase::Applied));
    let Err(mut trouble) = done else {
        return Ok(());
    };
    let back = Run::new(journal, hand, Way::Back, Leftover::Leave, &unwatched).all();
    match back {
        Ok(left) if left.is_empty() => journal.turn(Phase::RolledBack)?,
        Ok(left) => {
            journal.turn(Phase::RolledBack)?;
            let list: Vec<String> = left.iter().map(ToString::to_string).collect();
            trouble.next = format!(
                "{} Everything else is as before; these were changed by somebody else in between and \
                 were left: {}.",
                trouble.next,
                list.join(", ")
            );
        }
        Err(worse) => {
            trouble.next = format!(
                "{} Taking it back failed too ({worse}); the next start of massgen-tui tries again, \
                 and the originals are in {}.",
                trouble.next,
                journal.dir.display()
            );
        }
    }
    Err(trouble)
}

/// Everything that will change, written beside the record to be.
fn begin(
    ground: &Ground<'_>,
    order: &Order<'_>,
    plan: &Plan,
    occasion: Occasion<'_>,
    id: ApplyId,
    dir: &Path,
) -> Result<(Journal, Hand, Option<ObjectId>), Trouble> {
    let repo = ground.repo;
    let (hand, mut record) = empty(ground, order, occasion, id)?;
    let mut commit = None;
    match order.to {
        Destination::Patch { path } => {
            let text = super::patch(repo, order.base, &order.built.tree)?;
            record
                .files
                .push(files::patch_file(&hand, Path::new(path), dir, &text)?);
        }
        Destination::Branch { name, message } => {
            let made = ends::branch(ground, order, plan, name, message)?;
            commit.clone_from(&made.after);
            record.git.reference = Some(made);
        }
        Destination::WorkingTree => {}
        Destination::Index => {
            record.git.index = ends::index(ground, order, plan, ends::Unfit::Tell)?;
        }
        Destination::Commit { message } => {
            let made = ends::commit(ground, order, plan, message)?;
            record.git.index = ends::index(ground, order, plan, ends::Unfit::Refuse)?;
            commit.clone_from(&made.after);
            record.git.reference = Some(made);
        }
    }
    if !plan.puts.is_empty() {
        let filled = files::fill(ground, &hand, &plan.puts, dir)?;
        record.files = filled.files;
        record.made = filled.made;
        record.emptied = filled.emptied;
    }
    record.conflicts = plan
        .met
        .iter()
        .filter(|one| one.marked)
        .flat_map(|one| one.puts.iter())
        .filter(|(_, entry)| entry.is_some())
        .map(|(path, _)| RepoPath::new(path.clone()))
        .collect();
    record
        .files
        .retain(|op| op.before != op.after || !matches!(op.before, Held::Nothing));
    let journal = Journal {
        dir: dir.to_path_buf(),
        record,
    };
    Ok((journal, hand, commit))
}

/// A record of nothing, and the folder it is about.
fn empty(
    ground: &Ground<'_>,
    order: &Order<'_>,
    occasion: Occasion<'_>,
    id: ApplyId,
) -> Result<(Hand, Record), Trouble> {
    let repo = ground.repo;
    let (hand, git_dir, modes) = match order.to {
        Destination::Patch { path } => (files::hand_of(Path::new(path))?, None, Modes::Ignored),
        // The folder stays as it is; a bare repository has none.
        Destination::Branch { .. } => (
            Hand::open(repo.root(), &[])?,
            Some(RepoPath::new(names::bytes(repo.git_dir()).to_vec())),
            Modes::Ignored,
        ),
        _ => (
            ground.hand()?,
            Some(RepoPath::new(names::bytes(repo.git_dir()).to_vec())),
            modes(repo),
        ),
    };
    let record = Record {
        version: VERSION,
        token: format!("{}-{:06x}", id.0, fastrand::u32(..0x0100_0000)),
        id,
        at: occasion.at,
        run: occasion.run.cloned(),
        context: repo.context(),
        to: order.to.clone(),
        agents: order.labels(),
        undoes: None,
        site: Site {
            root: RepoPath::new(names::bytes(&hand.full(b"")).to_vec()),
            git_dir,
            modes,
        },
        files: Vec::new(),
        made: Vec::new(),
        emptied: Vec::new(),
        git: InGit::default(),
        conflicts: Vec::new(),
    };
    Ok((hand, record))
}

/// Whether git keeps modes here.
fn modes(repo: &crate::workspace::Repo) -> Modes {
    let kept = repo
        .git()
        .config()
        .and_then(|config| config.get_bool("core.filemode"));
    if kept.unwrap_or(true) {
        Modes::Kept
    } else {
        Modes::Ignored
    }
}

pub(super) fn refused(ground: &Ground<'_>, what: &str, next: &str) -> Trouble {
    let place = ground.repo.root().display().to_string();
    Trouble::new(TroubleKind::Refused, what, place, next)
}

impl Ground<'_> {
    /// The folder, open, without the places we never enter.
    pub(super) fn hand(&self) -> Result<Hand, Trouble> {
        let root = self.repo.work().ok_or_else(|| {
            refused(
                self,
                "this repository is bare: it has no files",
                "Apply to a branch or write a patch.",
            )
        })?;
        let git = self.repo.git();
        Hand::open(root, &[git.path(), git.commondir(), self.state_dir])
    }
}

/// What has to be written.
type Puts = BTreeMap<Vec<u8>, Option<super::tree::Entry>>;
