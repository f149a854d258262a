//! What each agent's picks want of each file.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use git2::Oid;

use crate::{
    protocol::{
        AgentId,
        change::{
            Body, ChangeKind, ChangeSet, FileChange, FileMode, LineRef, ObjectId, Part, Selection,
            Source,
        },
    },
    workspace::{
        Repo, Trouble, TroubleKind, names,
        select::{self, Chosen, Edit, Unfit},
    },
};

/// What the picks of one agent want of one file.
#[derive(Debug)]
pub(super) struct Wish {
    /// Whose.
    pub(super) agent: AgentId,
    /// The file goes.
    pub(super) gone: bool,
    /// It gets another name.
    pub(super) name: Option<Vec<u8>>,
    /// It becomes this kind of file.
    pub(super) mode: Option<FileMode>,
    /// What becomes of its content.
    pub(super) content: Content,
}

/// What becomes of a content.
#[derive(Debug)]
pub(super) enum Content {
    /// It stays.
    Kept,
    /// Lines of it change.
    Edited(Vec<Edit>),
    /// Another one takes its place.
    Replaced(Oid),
}

/// All wishes, by the path of the file in the base, or by the new path where there was none.
pub(super) fn gather(
    repo: &Repo,
    selection: &Selection,
    known: &[ChangeSet],
) -> Result<BTreeMap<Vec<u8>, Vec<Wish>>, Trouble> {
    let mut made: BTreeMap<ObjectId, ChangeSet> = BTreeMap::new();
    for pick in &selection.picks {
        let tree = &pick.from.tree;
        let have = known
            .iter()
            .any(|set| set.base == selection.base && set.tree == *tree);
        if let (false, btree_map::Entry::Vacant(vacant)) = (have, made.entry(tree.clone())) {
            vacant.insert(repo.changes(&selection.base, tree)?);
        }
    }
    let set = |tree: &ObjectId| {
        let given = known
            .iter()
            .find(|set| set.base == selection.base && set.tree == *tree);
        given.or_else(|| made.get(tree))
    };
    let mut wanted: BTreeMap<(&Source, &[u8]), Wanted<'_>> = BTreeMap::new();
    for pick in &selection.picks {
        let wanted = wanted
            .entry((&pick.from, pick.path.as_bytes()))
            .or_default();
        match &pick.part {
            Part::Whole => wanted.whole = true,
            Part::Hunks(hunks) => wanted.hunks.extend(hunks),
            Part::Lines(lines) => wanted.lines.extend(lines),
            Part::Edited(text) => {
                wanted.texts.insert(text);
            }
        }
    }
    let mut wishes: BTreeMap<Vec<u8>, Vec<Wish>> = BTreeMap::new();
    for ((from, path), wanted) in wanted {
        let files = set(&from.tree)
            .map(|set| set.files.as_slice())
            .unwrap_or_default();
        let change = files
            .binary_search_by(|file| file.path.as_bytes().cmp(path))
            .ok()
            .and_then(|at| files.get(at))
            .ok_or_else(|| absent(&String::from_utf8_lossy(path)))?;
        let origin = change.was.as_ref().unwrap_or(&change.path);
        let made = wanted.wishes(repo, from.agent, change)?;
        wishes
            .entry(origin.as_bytes().to_vec())
            .or_default()
            .extend(made);
    }
    Ok(wishes)
}

/// Everything that was picked of one change.
#[derive(Default)]
struct Wanted<'a> {
    whole: bool,
    hunks: BTreeSet<u32>,
    lines: BTreeSet<LineRef>,
    texts: BTreeSet<&'a str>,
}

impl Wanted<'_> {
    /// A text that the person wrote stands for the whole change; the whole stands for its parts.
    fn wishes(
        self,
        repo: &Repo,
        agent: AgentId,
        change: &FileChange,
    ) -> Result<Vec<Wish>, Trouble> {
        let mut list = Vec::new();
        if !self.texts.is_empty() {
            for text in self.texts {
                list.push(edited(repo, agent, change, text)?);
            }
        } else if self.whole {
            list.push(whole(repo, agent, change)?);
        } else if !self.hunks.is_empty() || !self.lines.is_empty() {
            let chosen = Chosen::Some {
                hunks: self.hunks,
                lines: self.lines,
            };
            list.push(some(repo, agent, change, &chosen)?);
        }
        Ok(list)
    }
}

/// All of a change.
fn whole(repo: &Repo, agent: AgentId, change: &FileChange) -> Result<Wish, Trouble> {
    let mut wish = frame(agent, change);
    let Some(new) = &change.new else {
        wish.gone = true;
        return Ok(wish);
    };
    let same = change.old.as_ref().is_some_and(|old| old.blob == new.blob);
    if lined(change) {
        let (old, new) = texts(repo, change)?;
        let choice = chosen(repo, change, &old, &new, &Chosen::All)?;
        if !choice.edits.is_empty() || change.old.is_none() {
            wish.content = Content::Edited(choice.edits);
        }
    } else if !same {
        wish.content = Content::Replaced(names::oid(&new.blob)?);
    }
    Ok(wish)
}

/// Some lines of a change.
fn some(
    repo: &Repo,
    agent: AgentId,
    change: &FileChange,
    picked: &Chosen,
) -> Result<Wish, Trouble> {
    if change.body != Body::Text || change.kind == ChangeKind::Retyped {
        return Err(only_whole(change));
    }
    let (old, new) = texts(repo, change)?;
    let choice = chosen(repo, change, &old, &new, picked)?;
    if !lined(change) {
        // A link is one line: half of it leads nowhere.
        return if choice.whole {
            whole(repo, agent, change)
        } else {
            Err(only_whole(change))
        };
    }
    let mut wish = Wish {
        agent,
        gone: change.new.is_none() && choice.whole,
        name: None,
        mode: change
            .new
            .as_ref()
            .filter(|_| change.old.is_none())
            .map(|new| new.mode),
        content: Content::Kept,
    };
    if !wish.gone {
        wish.content = Content::Edited(choice.edits);
    }
    Ok(wish)
}

/// A change whose text the person wrote.
fn edited(repo: &Repo, agent: AgentId, change: &FileChange, text: &str) -> Result<Wish, Trouble> {
    if change.body != Body::Text || change.kind == ChangeKind::Retyped || !lined(change) {
        return Err(only_whole(change));
    }
    let mut wish = frame(agent, change);
    let (old, _) = texts(repo, change)?;
    let choice = chosen(repo, change, &old, text.as_bytes(), &Chosen::All)?;
    wish.content = Content::Edited(choice.edits);
    Ok(wish)
}

/// Name and kind of a change.
fn frame(agent: AgentId, change: &FileChange) -> Wish {
    let mode = change.new.as_ref().map(|new| new.mode);
    let was = change.old.as_ref().map(|old| old.mode);
    Wish {
        agent,
        gone: false,
        name: change.was.as_ref().map(|_| change.path.as_bytes().to_vec()),
        mode: mode.filter(|mode| was != Some(*mode)),
        content: Content::Kept,
    }
}

/// True when the change is one of lines: text on both sides, and no link.
fn lined(change: &FileChange) -> bool {
    let plain = |mode| matches!(mode, FileMode::File | FileMode::Executable);
    let mut sides = change.old.iter().chain(&change.new);
    change.body == Body::Text && sides.all(|side| plain(side.mode))
}

fn texts(repo: &Repo, change: &FileChange) -> Result<(Vec<u8>, Vec<u8>), Trouble> {
    let read = |side: &Option<crate::protocol::change::Side>| match side {
        Some(side) => repo.blob(&side.blob),
        None => Ok(Vec::new()),
    };
    Ok((read(&change.old)?, read(&change.new)?))
}

fn chosen(
    repo: &Repo,
    change: &FileChange,
    old: &[u8],
    new: &[u8],
    chosen: &Chosen,
) -> Result<select::Choice, Trouble> {
    select::edits(old, new, chosen).map_err(|unfit| match unfit {
        Unfit::Absent => absent(&change.path.to_string()),
        Unfit::Git(error) => repo.trouble("cannot compare a file", &error),
    })
}

fn absent(path: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Missing,
        "what was chosen of this file is not in the agent's change",
        path,
        "The choice was made on another version of it; look at the file again and choose anew.",
    )
}

fn only_whole(change: &FileChange) -> Trouble {
    Trouble::new(
        TroubleKind::Refused,
        "this file can only be taken whole",
        change.path.to_string(),
        "Take all of it or nothing.",
    )
}
