//! One tree from parts of several agents' changes, over the base they all began with.
//!
//! What is taken of a file is summed up per agent ([`wish`]), the wishes of all agents for it are
//! put together, and then the files are looked at beside one another. Whatever contradicts is a clash
//! and is left out, on both sides; what is the same on both sides does not contradict. The order of
//! picks makes no difference: every pair is looked at, and what clashes is decided before anything is
//! left out.

mod wish;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;

use super::tree::{self, At, Changes, Entry, Tree, slashes};
use crate::{
    protocol::{
        AgentId,
        change::{Built, ChangeSet, Clash, FileMode, ObjectId, Provenance, RepoPath, Selection},
    },
    workspace::{
        Repo, Trouble, names,
        select::{self, Edit},
    },
};
use wish::{Content, Wish};

/// What a selection comes to. `known` are change sets that the caller has already, from the
/// selection's base; those that are missing are made.
///
/// # Errors
///
/// When a pick names a file, hunk or line that the change does not have (the review is of another
/// version of it), or a part of what can only be taken whole.
pub fn build(repo: &Repo, selection: &Selection, known: &[ChangeSet]) -> Result<Built, Trouble> {
    let base = names::oid(&selection.base)?;
    let before = Tree::new(repo, base);
    let mut clashes = Vec::new();
    let mut files = Vec::new();
    for (origin, wishes) in wish::gather(repo, selection, known)? {
        files.extend(one(repo, &before, origin, wishes, &mut clashes)?);
    }
    settle(&before, &mut files, &mut clashes)?;
    let mut changes = Changes::new();
    let origins = files.iter().filter_map(|file| file.origin.clone());
    changes.extend(origins.map(|origin| (origin, None)));
    for file in &files {
        if let Some((path, entry)) = &file.now {
            changes.insert(path.clone(), Some(*entry));
        }
    }
    let tree = tree::edit(repo, Some(base), &changes)?;
    let mut provenance: Vec<Provenance> = files
        .into_iter()
        .map(|file| Provenance {
            path: RepoPath::new(file.name().to_vec()),
            agents: file.agents.into_iter().collect(),
        })
        .collect();
    provenance.sort_by(|a, b| a.path.cmp(&b.path));
    clashes.sort_by(|a, b| {
        (&a.path, a.lines, &a.agents, &a.why).cmp(&(&b.path, b.lines, &b.agents, &b.why))
    });
    clashes.dedup();
    Ok(Built {
        tree: ObjectId(tree.to_string()),
        provenance,
        clashes,
    })
}

/// What becomes of one file of the base, or of a new path.
#[derive(Debug)]
struct Outcome {
    /// Its path in the base.
    origin: Option<Vec<u8>>,
    /// Where it is then, and what it holds; `None` when it is gone.
    now: Option<(Vec<u8>, Entry)>,
    agents: BTreeSet<AgentId>,
}

impl Outcome {
    /// The path it is told by.
    fn name(&self) -> &[u8] {
        match (&self.now, &self.origin) {
            (Some((path, _)), _) | (None, Some(path)) => path,
            (None, None) => b"",
        }
    }
}

/// All wishes for one file, put together.
fn one(
    repo: &Repo,
    before: &Tree<'_>,
    origin: Vec<u8>,
    mut wishes: Vec<Wish>,
    clashes: &mut Vec<Clash>,
) -> Result<Option<Outcome>, Trouble> {
    let stood = before.file(&origin)?;
    for why in contradictions(&wishes, stood.map(|entry| entry.mode)) {
        clashes.push(Clash {
            path: RepoPath::new(origin.clone()),
            agents: why.agents.iter().copied().collect(),
            lines: (0, 0),
            why: why.words.to_owned(),
        });
        wishes.retain(|wish| !why.takes(wish));
    }
    let (edits, replaced, mut agents) = contents(&origin, &wishes, clashes);
    let facets = wishes
        .iter()
        .filter(|wish| wish.gone || wish.name.is_some() || wish.mode.is_some());
    agents.extend(facets.map(|wish| wish.agent));
    if agents.is_empty() {
        return Ok(None);
    }
    let lined = |wish: &Wish| matches!(&wish.content, Content::Edited(edits) if !edits.is_empty());
    if stood.is_none() && edits.is_empty() && wishes.iter().any(lined) {
        // A new file of which nothing is left after its clashes.
        return Ok(None);
    }
    if wishes.iter().any(|wish| wish.gone) {
        return Ok(stood.map(|_| Outcome {
            origin: Some(origin),
            now: None,
            agents,
        }));
    }
    let mode = wishes.iter().find_map(|wish| wish.mode);
    let mode = mode
        .or(stood.map(|entry| entry.mode))
        .unwrap_or(FileMode::File);
    let blob = match (replaced, stood) {
        (Some(blob), _) => blob,
        // What has no lines (a submodule, a binary file) can be renamed or change its mode.
        (None, Some(entry)) if edits.is_empty() => entry.blob,
        (None, stood) => {
            let old = match stood {
                Some(entry) => repo.blob(&names::object(entry.blob))?,
                None => Vec::new(),
            };
            let new = select::apply(&old, &edits);
            repo.git()
                .blob(&new)
                .map_err(|error| repo.trouble("cannot keep a file's content", &error))?
        }
    };
    let now = Entry { mode, blob };
    Ok(outcome(origin, stood, now, &wishes, agents))
}

/// A file that stands in the result; `None` when that changes nothing.
fn outcome(
    origin: Vec<u8>,
    stood: Option<Entry>,
    now: Entry,
    wishes: &[Wish],
    agents: BTreeSet<AgentId>,
) -> Option<Outcome> {
    let name = wishes.iter().find_map(|wish| wish.name.clone());
    if stood == Some(now) && name.is_none() {
        return None;
    }
    Some(Outcome {
        now: Some((name.unwrap_or_else(|| origin.clone()), now)),
        origin: stood.map(|_| origin),
        agents,
    })
}

/// Wishes for a whole file that cannot both be.
struct Contradiction {
    agents: BTreeSet<AgentId>,
    words: &'static str,
    about: About,
}

#[derive(Clone, Copy)]
enum About {
    Everything,
    Name,
    Mode,
    Content,
}

impl Contradiction {
    fn takes(&self, wish: &Wish) -> bool {
        match self.about {
            About::Everything => true,
            About::Name => wish.name.is_some(),
            About::Mode => wish.mode.is_some(),
            About::Content => !matches!(wish.content, Content::Kept),
        }
    }
}

/// What contradicts, apart from lines.
fn contradictions(wishes: &[Wish], stood: Option<FileMode>) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut add = |about, words| {
        let mut one = Contradiction {
            agents: BTreeSet::new(),
            words,
            about,
        };
        one.agents = wishes
            .iter()
            .filter(|wish| one.takes(wish))
            .map(|wish| wish.agent)
            .collect();
        found.push(one);
    };
    let gone = wishes.iter().filter(|wish| wish.gone).count();
    if gone > 0 {
        if gone < wishes.len() {
            add(
                About::Everything,
                "one removes the file, another changes it",
            );
        }
        return found;
    }
    let plain = |mode| matches!(mode, FileMode::File | FileMode::Executable);
    let retyped = wishes
        .iter()
        .filter(|wish| match (stood, wish.mode) {
            (Some(old), Some(new)) => !plain(old) || !plain(new),
            _ => false,
        })
        .count();
    if retyped > 0 && retyped < wishes.len() {
        add(
            About::Everything,
            "one makes it another kind of file, another changes it",
        );
        return found;
    }
    let names: BTreeSet<_> = wishes
        .iter()
        .filter_map(|wish| wish.name.as_ref())
        .collect();
    if names.len() > 1 {
        add(About::Name, "each gives the file another name");
    }
    let modes: BTreeSet<_> = wishes
        .iter()
        .filter_map(|wish| wish.mode.map(names::raw_mode))
        .collect();
    if modes.len() > 1 {
        add(About::Mode, "each makes it another kind of file");
    }
    let whole: BTreeSet<_> = wishes
        .iter()
        .filter_map(|wish| match wish.content {
            Content::Replaced(blob) => Some(blob),
            Content::Kept | Content::Edited(_) => None,
        })
        .collect();
    let lines = wishes
        .iter()
        .any(|wish| matches!(wish.content, Content::Edited(_)));
    if whole.len() > 1 || (lines && !whole.is_empty()) {
        add(
            About::Content,
            "the file can only be taken whole, and they differ",
        );
    }
    found
}

/// The edits that stand, or the content that takes the place of the old one, and whose they are.
fn contents(
    path: &[u8],
    wishes: &[Wish],
    clashes: &mut Vec<Clash>,
) -> (Vec<Edit>, Option<Oid>, BTreeSet<AgentId>) {
    let mut agents = BTreeSet::new();
    let mut replaced = None;
    let mut edits: BTreeMap<&Edit, BTreeSet<AgentId>> = BTreeMap::new();
    for wish in wishes {
        match &wish.content {
            Content::Kept => {}
            Content::Replaced(blob) => {
                replaced = Some(*blob);
                agents.insert(wish.agent);
            }
            Content::Edited(list) => {
                for edit in list {
                    edits.entry(edit).or_default().insert(wish.agent);
                }
            }
        }
    }
    // Edits are sorted by their first line. Those that meet stand in one run: a run ends where the
    // next edit meets none of it.
    let list: Vec<_> = edits.into_iter().collect();
    let mut kept = Vec::new();
    let mut from = 0;
    while let Some((first, _)) = list.get(from) {
        let mut until = from + 1;
        while let Some((next, _)) = list.get(until)
            && list[from..until].iter().any(|(edit, _)| edit.meets(next))
        {
            until += 1;
        }
        let run = &list[from..until];
        if let [(edit, by)] = run {
            kept.push((*edit).clone());
            agents.extend(by);
        } else {
            let by: BTreeSet<AgentId> = run.iter().flat_map(|(_, by)| by).copied().collect();
            let end = run.iter().map(|(edit, _)| edit.at + edit.gone).max();
            let end = end.unwrap_or_default();
            clashes.push(Clash {
                path: RepoPath::new(path.to_vec()),
                agents: by.into_iter().collect(),
                lines: (first.at as u32 + 1, end.max(first.at + 1) as u32),
                why: "they change the same lines, or lines that touch".to_owned(),
            });
        }
        from = until;
    }
    (kept, replaced, agents)
}

/// Leaves out what cannot stand beside the other files, until nothing more has to go.
fn settle(
    before: &Tree<'_>,
    files: &mut Vec<Outcome>,
    clashes: &mut Vec<Clash>,
) -> Result<(), Trouble> {
    loop {
        let crowded = crowded(before, files)?;
        if crowded.is_empty() {
            return Ok(());
        }
        let mut out: BTreeSet<usize> = BTreeSet::new();
        for (at, path, why) in crowded {
            let those = at.iter().filter_map(|at| files.get(*at));
            let agents: BTreeSet<AgentId> = those.flat_map(|file| &file.agents).copied().collect();
            clashes.push(Clash {
                path: RepoPath::new(path),
                agents: agents.into_iter().collect(),
                lines: (0, 0),
                why: why.to_owned(),
            });
            out.extend(at);
        }
        let mut at = 0;
        files.retain(|_| {
            at += 1;
            !out.contains(&(at - 1))
        });
    }
}

/// Files, by their places in the list, that have no room at a path; and why.
type Crowded = Vec<(Vec<usize>, Vec<u8>, &'static str)>;

/// What cannot stand beside the other files.
fn crowded(before: &Tree<'_>, files: &[Outcome]) -> Result<Crowded, Trouble> {
    let mut found = Crowded::new();
    let mut places: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    let mut left: BTreeSet<&[u8]> = BTreeSet::new();
    for (at, file) in files.iter().enumerate() {
        if let Some((path, _)) = &file.now {
            places.entry(path).or_default().push(at);
        }
        if let Some(origin) = &file.origin
            && file.now.as_ref().is_none_or(|(path, _)| path != origin)
        {
            left.insert(origin);
        }
    }
    let stays = |path: &[u8]| -> Result<bool, Trouble> {
        Ok(matches!(before.at(path)?, At::File(_)) && !left.contains(path))
    };
    for (path, at) in &places {
        let mut add = |at: &[usize], why| found.push((at.to_vec(), path.to_vec(), why));
        let [one] = at.as_slice() else {
            add(at, "two files would have this name");
            continue;
        };
        let origin = files.get(*one).and_then(|file| file.origin.as_deref());
        if origin != Some(*path) && stays(path)? {
            add(at, "a file of this name is there and stays");
        }
        for end in slashes(path) {
            if let Some(other) = places.get(&path[..end]) {
                let both: Vec<usize> = at.iter().chain(other).copied().collect();
                add(&both, "a file would stand where another needs a folder");
            } else if stays(&path[..end])? {
                add(
                    at,
                    "a file stands where it needs a folder; take its removal as well",
                );
            }
        }
        if matches!(before.at(path)?, At::Folder(_)) {
            let below = before.below(path)?;
            if below.iter().any(|file| !left.contains(file.as_slice())) {
                add(
                    at,
                    "a folder with files stands there; take its removal as well",
                );
            }
        }
    }
    Ok(found)
}
