//! What the person has noted: marks, picks, comments, the trees looked at.
//!
//! Everything is keyed by content: a mark or a pick of a file that the agent has changed since does
//! not hold any more, and a comment says that it is old. Written to and read from
//! [`ReviewNotes`]; a round trip changes nothing. What a frame asks for costs the same however many
//! files are marked.

use std::collections::{BTreeMap, HashMap};

use crate::protocol::{
    AgentId,
    change::{
        Applied, ChangeSet, Comment, ContextId, FileChange, Looked, ObjectId, Part, Pick, Picked,
        RepoPath, ReviewNotes, Reviewed, Selection, Source,
    },
};

/// The work of an agent in a folder.
pub type Owner = (AgentId, ContextId);

/// A pick of an agent's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The tree it was picked from.
    pub tree: ObjectId,
    /// The agent's content; `None` when it deleted the file.
    pub blob: Option<ObjectId>,
    /// How much of it.
    pub part: Part,
}

/// How many files of a set are reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tally {
    owner: Owner,
    /// The trees of the set.
    trees: (ObjectId, ObjectId),
    done: usize,
}

/// The notes.
#[derive(Clone, Debug, Default)]
pub struct Book {
    reviewed: BTreeMap<Owner, BTreeMap<RepoPath, Option<ObjectId>>>,
    picks: BTreeMap<Owner, BTreeMap<RepoPath, Held>>,
    tally: Option<Tally>,
    /// Comments by number.
    pub comments: BTreeMap<u32, Comment>,
    looked: HashMap<Owner, ObjectId>,
    /// What was applied and not undone.
    pub applied: Vec<Applied>,
    /// Counts changes; what was kept names the count it was kept at.
    pub revision: u64,
}

impl Book {
    /// The notes as they were left.
    #[must_use]
    pub fn read(notes: ReviewNotes) -> Self {
        let mut picks: BTreeMap<Owner, BTreeMap<RepoPath, Held>> = BTreeMap::new();
        for picked in notes.picks {
            let Picked {
                context,
                blob,
                pick,
            } = picked;
            let mut part = pick.part;
            if let Part::Lines(lines) = &mut part {
                // Lines are looked up by halves.
                lines.sort_unstable();
            }
            let held = Held {
                tree: pick.from.tree,
                blob,
                part,
            };
            let own = picks.entry((pick.from.agent, context)).or_default();
            own.insert(pick.path, held);
        }
        let mut reviewed: BTreeMap<Owner, BTreeMap<RepoPath, Option<ObjectId>>> = BTreeMap::new();
        for mark in notes.reviewed {
            let own = reviewed.entry((mark.agent, mark.context)).or_default();
            own.insert(mark.path, mark.blob);
        }
        let looked = notes.looked.into_iter();
        Self {
            reviewed,
            picks,
            tally: None,
            comments: notes
                .comments
                .into_iter()
                .map(|note| (note.id, note))
                .collect(),
            looked: looked
                .map(|seen| ((seen.agent, seen.context), seen.tree))
                .collect(),
            applied: notes.applied,
            revision: 0,
        }
    }

    /// The notes to keep, in an order that does not depend on chance.
    #[must_use]
    pub fn write(&self) -> ReviewNotes {
        let mut looked: Vec<_> = self.looked.iter().collect();
        looked.sort();
        let reviewed = self.reviewed.iter().flat_map(|(owner, files)| {
            files.iter().map(|(path, blob)| Reviewed {
                agent: owner.0,
                context: owner.1,
                path: path.clone(),
                blob: blob.clone(),
            })
        });
        let picks = self.picks.iter().flat_map(|(owner, files)| {
            files.iter().map(|(path, held)| Picked {
                context: owner.1,
                blob: held.blob.clone(),
                pick: pick(owner.0, path, held),
            })
        });
        ReviewNotes {
            reviewed: reviewed.collect(),
            picks: picks.collect(),
            comments: self.comments.values().cloned().collect(),
            looked: looked
                .into_iter()
                .map(|((agent, context), tree)| Looked {
                    agent: *agent,
                    context: *context,
                    tree: tree.clone(),
                })
                .collect(),
            applied: self.applied.clone(),
        }
    }

    /// Whether this content was reviewed.
    #[must_use]
    pub fn is_reviewed(&self, agent: AgentId, context: ContextId, file: &FileChange) -> bool {
        let own = self.reviewed.get(&(agent, context));
        own.and_then(|own| own.get(&file.path))
            .is_some_and(|blob| blob.as_ref() == blob_of(file))
    }

    /// Counts how many files of the set on the screen are reviewed, unless that is known.
    pub fn count(&mut self, owner: Owner, set: &ChangeSet) {
        let known = self.tally.as_ref().is_some_and(|tally| {
            tally.owner == owner && tally.trees.0 == set.base && tally.trees.1 == set.tree
        });
        if known {
            return;
        }
        let own = self.reviewed.get(&owner);
        let done = |file: &&FileChange| {
            let mark = own.and_then(|own| own.get(&file.path));
            mark.is_some_and(|blob| blob.as_ref() == blob_of(file))
        };
        self.tally = Some(Tally {
            owner,
            trees: (set.base.clone(), set.tree.clone()),
            done: set.files.iter().filter(done).count(),
        });
    }

    /// How many that were when they were counted last, with every mark since.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.tally.as_ref().map_or(0, |tally| tally.done)
    }

    /// Marks a file of the set on the screen, or takes the mark away; true when it is marked now.
    pub fn toggle_reviewed(
        &mut self,
        agent: AgentId,
        context: ContextId,
        file: &FileChange,
    ) -> bool {
        self.revision += 1;
        let owner = (agent, context);
        let marked = !self.is_reviewed(agent, context, file);
        if let Some(tally) = self.tally.as_mut().filter(|tally| tally.owner == owner) {
            tally.done = if marked {
                tally.done + 1
            } else {
                tally.done.saturating_sub(1)
            };
        }
        let own = self.reviewed.entry(owner).or_default();
        if marked {
            own.insert(file.path.clone(), content(file));
        } else {
            own.remove(&file.path);
        }
        marked
    }

    /// What is taken of a file, if it is still of this content.
    #[must_use]
    pub fn part(&self, agent: AgentId, context: ContextId, file: &FileChange) -> Option<&Part> {
        let held = self.picks.get(&(agent, context))?.get(&file.path)?;
        (held.blob.as_ref() == blob_of(file)).then_some(&held.part)
    }

    /// Whether something of this file is taken from another agent.
    #[must_use]
    pub fn others_take(&self, agent: AgentId, context: ContextId, path: &RepoPath) -> bool {
        let mut others = self.picks.iter();
        others.any(|(owner, files)| {
            owner.0 != agent && owner.1 == context && files.contains_key(path)
        })
    }

    /// How many comments there are on a file of an agent.
    #[must_use]
    pub fn comments_on(&self, agent: AgentId, context: ContextId, path: &RepoPath) -> usize {
        let on = |comment: &&Comment| {
            let file = comment.on.file.as_ref();
            comment.on.label.agent == agent
                && file.is_some_and(|file| file.context == context && file.path == *path)
        };
        self.comments.values().filter(on).count()
    }

    /// Takes this much of a file.
    pub fn pick(&mut self, owner: Owner, tree: &ObjectId, file: &FileChange, part: Option<Part>) {
        self.revision += 1;
        let own = self.picks.entry(owner).or_default();
        match part {
            Some(part) => {
                let held = Held {
                    tree: tree.clone(),
                    blob: content(file),
                    part,
                };
                own.insert(file.path.clone(), held);
            }
            None => {
                own.remove(&file.path);
            }
        }
    }

    /// Brings the picks of an agent up to date with its files: those of a file that is no longer
    /// what it was go away. Returns how many went.
    pub fn settle(&mut self, owner: Owner, tree: &ObjectId, files: &[FileChange]) -> usize {
        let Some(own) = self.picks.get_mut(&owner) else {
            return 0;
        };
        let now: HashMap<&RepoPath, Option<&ObjectId>> = files
            .iter()
            .map(|file| (&file.path, blob_of(file)))
            .collect();
        let before = own.len();
        own.retain(|path, held| now.get(path) == Some(&held.blob.as_ref()));
        let mut moved = false;
        for held in own.values_mut() {
            if held.tree != *tree {
                held.tree.clone_from(tree);
                moved = true;
            }
        }
        let gone = before - own.len();
        if gone > 0 || moved {
            self.revision += 1;
        }
        gone
    }

    /// Files of which something is taken in a folder, and from how many agents.
    #[must_use]
    pub fn taken(&self, context: ContextId) -> (usize, usize) {
        let own = self.picks.iter().filter(|(owner, _)| owner.1 == context);
        let counts = own.map(|(_, files)| files.len()).filter(|count| *count > 0);
        (counts.clone().sum(), counts.count())
    }

    /// Everything that is taken in a folder, in the order of agents and paths.
    #[must_use]
    pub fn selection(&self, context: ContextId, base: &ObjectId) -> Selection {
        let own = self.picks.iter().filter(|(owner, _)| owner.1 == context);
        let picks = own
            .flat_map(|(owner, files)| files.iter().map(|(path, held)| pick(owner.0, path, held)));
        Selection {
            context,
            base: base.clone(),
            picks: picks.collect(),
        }
    }

    /// The tree that was looked at last.
    #[must_use]
    pub fn looked(&self, agent: AgentId, context: ContextId) -> Option<&ObjectId> {
        self.looked.get(&(agent, context))
    }

    /// This tree was looked at.
    pub fn look(&mut self, agent: AgentId, context: ContextId, tree: &ObjectId) {
        if self.looked(agent, context) != Some(tree) {
            self.looked.insert((agent, context), tree.clone());
            self.revision += 1;
        }
    }

    /// Puts a comment down and returns its number.
    pub fn comment(&mut self, mut comment: Comment) -> u32 {
        let id = self.comments.keys().last().map_or(1, |last| last + 1);
        comment.id = id;
        self.comments.insert(id, comment);
        self.revision += 1;
        id
    }
}

fn pick(agent: AgentId, path: &RepoPath, held: &Held) -> Pick {
    Pick {
        from: Source {
            agent,
            tree: held.tree.clone(),
        },
        path: path.clone(),
        part: held.part.clone(),
    }
}

/// The content a mark is about.
#[must_use]
pub fn content(file: &FileChange) -> Option<ObjectId> {
    blob_of(file).cloned()
}

fn blob_of(file: &FileChange) -> Option<&ObjectId> {
    file.new.as_ref().map(|side| &side.blob)
}
