//! What applying would do: the result met with the person's folder, before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Ground, Order,
    hand::{Found, Hand},
    merge::{Merging, Met},
    ours::{Folder, OfTree},
    tree::{At, Entry, slashes},
};
use crate::{
    protocol::change::{
        Access, ChangeSet, Destination, Drift, FileMode, ObjectId, Preview, RepoPath, Stop,
    },
    workspace::{Repo, Trouble, TroubleKind, names},
};

/// A preview with what it was made of.
pub(super) struct Plan {
    pub(super) preview: Preview,
    pub(super) changes: ChangeSet,
    pub(super) met: Vec<Met>,
    /// What has to be written, for a destination that writes files.
    pub(super) puts: BTreeMap<Vec<u8>, Option<Entry>>,
}

/// Meets the result of `order` with `ground`.
pub(super) fn plan(ground: &Ground<'_>, order: &Order<'_>) -> Result<Plan, Trouble> {
    let repo = ground.repo;
    let changes = repo.changes(order.base, &order.built.tree)?;
    let ours = repo.tree_of_person(ground.untracked)?;
    let mut preview = Preview {
        context: repo.context(),
        files: Vec::new(),
        drift: Vec::new(),
        stops: Vec::new(),
        ours: ours.clone(),
    };
    let label = |path: &RepoPath| order.label(path);
    let merging = Merging {
        repo,
        changes: &changes,
        decisions: order.decisions,
        label: &label,
    };
    let (met, puts) = match order.to {
        Destination::Patch { .. } => (Vec::new(), BTreeMap::new()),
        Destination::Branch { .. } => {
            let head = head_tree(repo)?;
            let met = merging.all(&OfTree::new(repo, order.base, &head)?)?;
            (met, BTreeMap::new())
        }
        Destination::WorkingTree | Destination::Index | Destination::Commit { .. } => {
            let hand = ground.hand()?;
            let folder = Folder {
                known: OfTree::new(repo, order.base, &ours)?,
                hand: &hand,
            };
            let mut met = merging.all(&folder)?;
            let scope = Scope {
                ground,
                hand: &hand,
                folder: &folder,
            };
            preview.stops = scope.stops(&mut met, order)?;
            let puts = together(&met);
            (met, puts)
        }
    };
    preview.files = match order.to {
        Destination::Patch { .. } => changes.files.iter().map(|file| file.path.clone()).collect(),
        Destination::Branch { .. } => together(&met).into_keys().map(RepoPath::new).collect(),
        _ => puts.keys().cloned().map(RepoPath::new).collect(),
    };
    preview.drift = met
        .iter()
        .filter_map(|one| {
            Some(Drift {
                path: RepoPath::new(one.path.clone()),
                state: one.drift?,
            })
        })
        .collect();
    Ok(Plan {
        preview,
        changes,
        met,
        puts,
    })
}

/// All that is written; a file that comes to a path wins over one that leaves it.
pub(super) fn together(met: &[Met]) -> BTreeMap<Vec<u8>, Option<Entry>> {
    let mut puts: BTreeMap<Vec<u8>, Option<Entry>> = BTreeMap::new();
    for (path, entry) in met.iter().flat_map(|one| &one.puts) {
        let slot = puts.entry(path.clone()).or_default();
        *slot = entry.or(*slot);
    }
    puts
}

/// The tree of HEAD; the empty one before the first commit.
pub(super) fn head_tree(repo: &Repo) -> Result<ObjectId, Trouble> {
    let git = repo.git();
    let tree = match git.head().and_then(|head| head.peel_to_tree()) {
        Ok(tree) => tree.id(),
        Err(_) => git
            .treebuilder(None)
            .and_then(|empty| empty.write())
            .map_err(|error| repo.trouble("cannot write a tree", &error))?,
    };
    Ok(names::object(tree))
}

/// Where files may be written.
struct Scope<'a> {
    ground: &'a Ground<'a>,
    hand: &'a Hand,
    folder: &'a Folder<'a>,
}

impl Scope<'_> {
    /// Files that cannot be written whatever is chosen, but by leaving them; what is to be written of
    /// them is taken out of `met`.
    fn stops(&self, met: &mut [Met], order: &Order<'_>) -> Result<Vec<Stop>, Trouble> {
        let all = together(met);
        let mut stops = Vec::new();
        for one in met {
            let mut why = None;
            for (path, entry) in &one.puts {
                why = match self.stop(path, entry.as_ref(), &all)? {
                    Some(why) => Some(why),
                    None => why,
                };
            }
            if let Some(why) = why {
                one.puts.clear();
                if !order.leaves(&one.path) {
                    stops.push(Stop {
                        path: RepoPath::new(one.path.clone()),
                        why,
                    });
                }
            }
        }
        Ok(stops)
    }

    fn stop(
        &self,
        path: &[u8],
        entry: Option<&Entry>,
        all: &BTreeMap<Vec<u8>, Option<Entry>>,
    ) -> Result<Option<String>, Trouble> {
        let told = |why: &str| Ok(Some(why.to_owned()));
        if self.ground.access == Access::Read {
            return told("the folder is there to be read, not to be changed");
        }
        if !names::is_plain(path) {
            return told("a part of its path is `.`, `..` or `.git`");
        }
        let inside = self.ground.inside.as_bytes();
        let below = path.strip_prefix(inside).is_some_and(|rest| {
            inside.is_empty() || rest.is_empty() || rest.first() == Some(&b'/')
        });
        if !below {
            return told("it lies outside of the folder that the session works on");
        }
        let goes = |path: &[u8]| matches!(all.get(path), Some(None));
        let submodule = entry.is_some_and(|entry| entry.mode == FileMode::Submodule)
            || self
                .folder
                .known
                .tree
                .file(path)?
                .is_some_and(|entry| entry.mode == FileMode::Submodule);
        if submodule {
            return told("it is another repository; take its new commit with `git` inside of it");
        }
        for end in slashes(path) {
            let above = &path[..end];
            if matches!(self.folder.known.tree.at(above)?, At::File(_)) && !goes(above) {
                return told("a file of yours stands where it needs a folder");
            }
        }
        let failed =
            |error: std::io::Error| self.hand.trouble("cannot look at a file", path, &error);
        match self.hand.look(path).map_err(failed)? {
            Found::Behind | Found::Barred => {
                // A link that the result itself removes is no obstacle.
                let cleared = slashes(path).any(|end| goes(&path[..end]));
                if !cleared {
                    return told(
                        "it lies behind a link or in another repository, or is no regular file",
                    );
                }
            }
            Found::File(stat) if stat.st_mode & 0o200 == 0 => {
                return told("your file is read-only; `chmod u+w` makes it writable");
            }
            Found::Folder(_) if entry.is_some() => {
                if !self.clears(path, all)? {
                    return told("a folder of yours stands there, and there are files in it");
                }
            }
            Found::Nothing if self.folder.known.tree.file(path)?.is_some() => {
                return told("your sparse checkout leaves it out");
            }
            Found::Folder(_) | Found::File(_) | Found::Link(_) | Found::Nothing => {}
        }
        Ok(None)
    }

    /// True when everything in this folder of the person's goes.
    fn clears(&self, path: &[u8], all: &BTreeMap<Vec<u8>, Option<Entry>>) -> Result<bool, Trouble> {
        let failed =
            |error: std::io::Error| self.hand.trouble("cannot list a folder", path, &error);
        for name in self.hand.list(path).map_err(failed)? {
            let mut inner = path.to_vec();
            inner.push(b'/');
            inner.extend_from_slice(&name);
            let gone = match self.hand.look(&inner).map_err(failed)? {
                Found::Folder(_) => self.clears(&inner, all)?,
                _ => matches!(all.get(&inner), Some(None)),
            };
            if !gone {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Refuses what is not decided yet.
pub(super) fn decided(plan: &Plan) -> Result<(), Trouble> {
    if let Some(stop) = plan.preview.stops.first() {
        return Err(Trouble::new(
            TroubleKind::Refused,
            format!("this file cannot be written: {}", stop.why),
            stop.path.to_string(),
            "Leave it out, or mend that and try again. Nothing was applied.",
        ));
    }
    let open: BTreeSet<&[u8]> = plan
        .met
        .iter()
        .filter(|one| one.undecided)
        .map(|one| one.path.as_slice())
        .collect();
    if let Some(path) = open.first() {
        return Err(Trouble::new(
            TroubleKind::Refused,
            format!(
                "{} changed on both sides and cannot be merged line by line",
                if open.len() == 1 { "a file" } else { "files" }
            ),
            RepoPath::new(path.to_vec()).to_string(),
            "Choose yours or theirs for it. Nothing was applied.",
        ));
    }
    Ok(())
}
