//! What the person has noted: marks, picks, comments, the trees looked at.
//!
//! Everything is keyed by content: a mark or a pick of a file that the agent has changed since does
//! not hold any more, and a comment says that it is old. Written to and read from
//! [`ReviewNotes`]; a round trip changes nothing.

use std::collections::{BTreeMap, HashMap};

use crate::protocol::{
    AgentId,
    change::{
        Applied, Comment, ContextId, FileChange, Looked, ObjectId, Part, Pick, Picked, RepoPath,
        ReviewNotes, Reviewed, Selection, Source,
    },
};

/// A file of an agent.
pub type Key = (AgentId, ContextId, RepoPath);

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

/// The notes.
#[derive(Clone, Debug, Default)]
pub struct Book {
    reviewed: HashMap<Key, Option<ObjectId>>,
    picks: BTreeMap<Key, Held>,
    /// Comments by number.
    pub comments: BTreeMap<u32, Comment>,
    looked: HashMap<(AgentId, ContextId), ObjectId>,
    /// What was applied and not undone.
    pub applied: Vec<Applied>,
    /// Counts changes; what was kept names the count it was kept at.
    pub revision: u64,
}

impl Book {
    /// The notes as they were left.
    #[must_use]
    pub fn read(notes: ReviewNotes) -> Self {
        let picks = notes.picks.into_iter().map(|picked| {
            let Picked {
                context,
                blob,
                pick,
            } = picked;
            let key = (pick.from.agent, context, pick.path);
            let held = Held {
                tree: pick.from.tree,
                blob,
                part: pick.part,
            };
            (key, held)
        });
        let reviewed = notes.reviewed.into_iter().map(|mark| {
            let key = (mark.agent, mark.context, mark.path);
            (key, mark.blob)
        });
        let looked = notes.looked.into_iter();
        Self {
            reviewed: reviewed.collect(),
            picks: picks.collect(),
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
        let mut reviewed: Vec<_> = self.reviewed.iter().collect();
        reviewed.sort();
        let mut looked: Vec<_> = self.looked.iter().collect();
        looked.sort();
        ReviewNotes {
            reviewed: reviewed
                .into_iter()
                .map(|((agent, context, path), blob)| Reviewed {
                    agent: *agent,
                    context: *context,
                    path: path.clone(),
                    blob: blob.clone(),
                })
                .collect(),
            picks: self
                .picks
                .iter()
                .map(|((agent, context, path), held)| Picked {
                    context: *context,
                    blob: held.blob.clone(),
                    pick: pick(*agent, path, held),
                })
                .collect(),
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
        let key = (agent, context, file.path.clone());
        self.reviewed
            .get(&key)
            .is_some_and(|blob| *blob == content(file))
    }

    /// How many of these files were reviewed as they are.
    #[must_use]
    pub fn reviewed_among(
        &self,
        agent: AgentId,
        context: ContextId,
        files: &[FileChange],
    ) -> usize {
        if self.reviewed.is_empty() {
            return 0;
        }
        let done = |file: &&FileChange| self.is_reviewed(agent, context, file);
        files.iter().filter(done).count()
    }

    /// Marks a file, or takes the mark away; true when it is marked now.
    pub fn toggle_reviewed(
        &mut self,
        agent: AgentId,
        context: ContextId,
        file: &FileChange,
    ) -> bool {
        self.revision += 1;
        let key = (agent, context, file.path.clone());
        if self.is_reviewed(agent, context, file) {
            self.reviewed.remove(&key);
            return false;
        }
        self.reviewed.insert(key, content(file));
        true
    }

    /// What is taken of a file, if it is still of this content.
    #[must_use]
    pub fn part(&self, agent: AgentId, context: ContextId, file: &FileChange) -> Option<&Part> {
        let held = self.picks.get(&(agent, context, file.path.clone()))?;
        (held.blob == content(file)).then_some(&held.part)
    }

    /// Whether something of this file is taken from another agent.
    #[must_use]
    pub fn others_take(&self, agent: AgentId, context: ContextId, path: &RepoPath) -> bool {
        let agents: std::collections::BTreeSet<AgentId> =
            self.picks.keys().map(|(agent, _, _)| *agent).collect();
        agents
            .into_iter()
            .filter(|other| *other != agent)
            .any(|other| self.picks.contains_key(&(other, context, path.clone())))
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
    pub fn pick(
        &mut self,
        (agent, context): (AgentId, ContextId),
        tree: &ObjectId,
        file: &FileChange,
        part: Option<Part>,
    ) {
        self.revision += 1;
        let key = (agent, context, file.path.clone());
        match part {
            Some(part) => {
                let held = Held {
                    tree: tree.clone(),
                    blob: content(file),
                    part,
                };
                self.picks.insert(key, held);
            }
            None => {
                self.picks.remove(&key);
            }
        }
    }

    /// Brings the picks of an agent up to date with its files: those of a file that is no longer
    /// what it was go away. Returns how many went.
    pub fn settle(
        &mut self,
        (agent, context): (AgentId, ContextId),
        tree: &ObjectId,
        files: &[FileChange],
    ) -> usize {
        let now: HashMap<&RepoPath, Option<ObjectId>> = files
            .iter()
            .map(|file| (&file.path, content(file)))
            .collect();
        let before = self.picks.len();
        self.picks.retain(|(owner, place, path), held| {
            *owner != agent || *place != context || now.get(path) == Some(&held.blob)
        });
        let mut moved = false;
        for ((owner, place, _), held) in &mut self.picks {
            if *owner == agent && *place == context && held.tree != *tree {
                held.tree.clone_from(tree);
                moved = true;
            }
        }
        let gone = before - self.picks.len();
        if gone > 0 || moved {
            self.revision += 1;
        }
        gone
    }

    /// Files of which something is taken in a folder, and from how many agents.
    #[must_use]
    pub fn taken(&self, context: ContextId) -> (usize, usize) {
        let own = self.picks.keys().filter(|(_, place, _)| *place == context);
        let mut agents: Vec<AgentId> = own.clone().map(|(agent, _, _)| *agent).collect();
        agents.sort_unstable();
        agents.dedup();
        (own.count(), agents.len())
    }

    /// Everything that is taken in a folder.
    #[must_use]
    pub fn selection(&self, context: ContextId, base: &ObjectId) -> Selection {
        let own = self
            .picks
            .iter()
            .filter(|((_, place, _), _)| *place == context);
        Selection {
            context,
            base: base.clone(),
            picks: own
                .map(|((agent, _, path), held)| pick(*agent, path, held))
                .collect(),
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
    file.new.as_ref().map(|side| side.blob.clone())
}
