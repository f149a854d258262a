//! Questions on their way and what their answers are kept in.
//!
//! A file's lines are asked for one at a time: whoever runs through a list of files asks for the one
//! that is under the cursor when the answer before it arrives. What was read is remembered by blob,
//! within bounds. Marks and picks are kept a moment after the first of them, so that marking thousands
//! of files writes the notes now and then and not thousands of times; words are kept at once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use ratatui::text::Line;

use super::{
    Ask, Content, Review, Since, What,
    paint::Inks,
    pane::{Pane, Shown},
    sheet::Sheet,
};
use crate::{
    protocol::{
        AgentId,
        change::{Body, ChangeSet, ContextId, FileChange, FileDiff, ObjectId, Side},
    },
    text::{HighlightJob, clean},
    tui::{
        effect::{Effect, Effects, Load, Query, Ticket},
        rooms,
    },
};

/// Change sets remembered.
pub(super) const SETS: usize = 24;
/// Files whose lines are remembered.
pub(super) const FILES: usize = 32;
/// How long a mark waits for others before the notes are kept.
const MOMENT: Duration = Duration::from_secs(1);
/// Bytes of a side that is highlighted.
const INK_BYTES: usize = 512 * 1024;
/// Lines of a side that is highlighted.
const INK_LINES: usize = 20_000;

/// A change set by its folder and trees.
pub(super) type SetKey = (ContextId, ObjectId, ObjectId);
/// A file by its blobs.
pub(super) type BlobKey = (Option<ObjectId>, Option<ObjectId>);

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Notes,
    Keep(u64),
    /// The moment in which marks are gathered.
    Later,
    Set(SetKey),
    File(BlobKey),
    Ink(ObjectId),
    /// The bytes of a file of which a hunk is to be edited.
    Raw {
        file: Box<FileChange>,
        agent: AgentId,
        hunk: usize,
    },
    /// A hunk that `$EDITOR` has.
    Edit(Box<super::taking::Editing>),
    /// Building, previewing, applying, undoing.
    Step,
}

/// What is waited for.
#[derive(Clone, Debug)]
pub(super) struct Asks {
    next: u64,
    pub(super) waits: HashMap<Ticket, Wait>,
    /// The notes as of this revision are kept.
    pub(super) kept: u64,
    /// The notes as they were left have been read, or there are none.
    pub(super) read: bool,
}

impl Default for Asks {
    fn default() -> Self {
        Self {
            next: Ticket::REVIEW,
            waits: HashMap::new(),
            kept: 0,
            read: false,
        }
    }
}

impl Asks {
    /// A ticket for an answer.
    pub(super) fn issue(&mut self, wait: Wait) -> Ticket {
        self.next += 1;
        let ticket = Ticket(self.next);
        self.waits.insert(ticket, wait);
        ticket
    }
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Library {
    pub(super) sets: HashMap<SetKey, Arc<ChangeSet>>,
    pub(super) files: HashMap<BlobKey, Arc<Content>>,
    pub(super) inks: HashMap<ObjectId, Arc<Vec<Line<'static>>>>,
    /// Whether code is highlighted with colours.
    pub(super) colour: bool,
}

impl Library {
    /// Nothing read yet.
    pub(super) fn new(colour: bool) -> Self {
        Self {
            colour,
            ..Self::default()
        }
    }
}

impl Review {
    pub(super) fn query(&mut self, wait: Wait, what: What) -> (Ticket, Effects) {
        let ticket = self.asks.issue(wait);
        let run = self.subject.run.clone();
        let query = Query::Room(rooms::Ask::Review(Box::new(Ask { run, what })));
        (ticket, Effects::one(Effect::Query { ticket, query }))
    }

    pub(super) fn ask_notes(&mut self) -> Effects {
        self.query(Wait::Notes, What::Notes).1
    }

    /// Keeps the notes in a moment, when they have changed.
    pub(super) fn keep(&mut self) -> Effects {
        let mut waits = self.asks.waits.values();
        let busy = waits.any(|wait| matches!(wait, Wait::Keep(_) | Wait::Later));
        if busy || !self.is_dirty() {
            return Effects::none();
        }
        let ticket = self.asks.issue(Wait::Later);
        Effects::one(Effect::Wake {
            ticket,
            after: MOMENT,
        })
    }

    /// Keeps the notes when they have changed and nobody is writing them; else when that is done.
    pub(super) fn keep_now(&mut self) -> Effects {
        let mut waits = self.asks.waits.values();
        if waits.any(|wait| matches!(wait, Wait::Keep(_))) {
            return Effects::none();
        }
        self.keep_last()
    }

    /// Keeps the notes when they have changed, whatever is on its way: the review is being closed.
    /// Whoever writes them does so in the order in which it is asked.
    pub fn keep_last(&mut self) -> Effects {
        if !self.is_dirty() {
            return Effects::none();
        }
        let notes = Box::new(self.book.write());
        self.query(Wait::Keep(self.book.revision), What::Keep(notes))
            .1
    }

    fn is_dirty(&self) -> bool {
        self.asks.read && self.book.revision != self.asks.kept
    }

    /// The change set that the screen wants, by its key.
    pub(super) fn wanted(&self) -> Option<SetKey> {
        let tree = self.tree(self.at.agent)?.clone();
        let base = match self.at.since {
            Since::Start => self.place()?.tree.clone(),
            Since::LastLook => self
                .course
                .before
                .get(&(self.at.agent, self.at.context))?
                .clone(),
        };
        Some((self.at.context, base, tree))
    }

    /// Shows the tree of the agent on the screen, or asks for it.
    pub(super) fn show_tree(&mut self) -> Effects {
        let Some(key) = self.wanted() else {
            self.files.show(None);
            self.load = Load::Ready(());
            return self.show_file();
        };
        if let Some(set) = self.library.sets.get(&key).cloned() {
            self.load = Load::Ready(());
            self.files.show(Some(set));
            return self.show_file();
        }
        self.files.show(None);
        self.desk.panes.clear();
        let waiting = self.asks.waits.iter();
        let known = waiting
            .into_iter()
            .find(|(_, wait)| **wait == Wait::Set(key.clone()));
        if let Some((ticket, _)) = known {
            self.load = Load::Loading(*ticket);
            return Effects::none();
        }
        let (context, base, tree) = key.clone();
        let what = What::Changes {
            context,
            base,
            tree,
        };
        let (ticket, effects) = self.query(Wait::Set(key), what);
        self.load = Load::Loading(ticket);
        effects
    }

    /// Shows what is under the cursor of the list, or asks for it.
    pub(super) fn show_file(&mut self) -> Effects {
        let shown = match self.files.line() {
            Some(super::files::Line::Answer) => Some(Shown::Answer),
            Some(super::files::Line::File { .. }) => self
                .files
                .file()
                .map(|file| Shown::File(Box::new(file.clone()))),
            Some(super::files::Line::Folder { .. }) | None => None,
        };
        let Some(shown) = shown else {
            self.desk.panes.clear();
            return Effects::none();
        };
        let same = |pane: &Pane| pane.agent == self.at.agent && pane.shown == shown;
        if !self.at.compare && self.desk.panes.len() == 1 && self.desk.panes.iter().all(same) {
            return self.fill();
        }
        let mut panes = vec![Pane::new(self.at.agent, shown.clone())];
        if self.at.compare {
            panes = self.columns(&shown);
        }
        let own = panes.iter().position(|pane| pane.agent == self.at.agent);
        self.desk.focus = own.unwrap_or(0);
        self.desk.panes = panes;
        self.fill()
    }

    /// One column for each agent that has the file, or an answer.
    fn columns(&self, shown: &Shown) -> Vec<Pane> {
        let agents = self.subject.agents.iter();
        agents
            .filter_map(|agent| {
                let shown = match shown {
                    Shown::Answer => agent.label.map(|_| Shown::Answer)?,
                    Shown::File(file) => {
                        let snapshot = agent.snapshot(self.at.context)?;
                        let base = self.place()?.tree.clone();
                        let key = (self.at.context, base, snapshot.tree.clone());
                        let set = self.library.sets.get(&key)?;
                        let found = set.files.iter().find(|other| other.path == file.path)?;
                        Shown::File(Box::new(found.clone()))
                    }
                };
                Some(Pane::new(agent.id, shown))
            })
            .collect()
    }

    /// Asks for the change sets of all agents: comparing needs them.
    pub(super) fn ask_all(&mut self) -> Effects {
        let Some(base) = self.place().map(|place| place.tree.clone()) else {
            return Effects::none();
        };
        let context = self.at.context;
        let agents = self.subject.agents.iter();
        let trees: Vec<ObjectId> = agents
            .filter_map(|agent| Some(agent.snapshot(context)?.tree.clone()))
            .collect();
        let mut effects = Effects::none();
        for tree in trees {
            let key = (context, base.clone(), tree.clone());
            let asked = self
                .asks
                .waits
                .values()
                .any(|wait| *wait == Wait::Set(key.clone()));
            if asked || self.library.sets.contains_key(&key) {
                continue;
            }
            let base = base.clone();
            let what = What::Changes {
                context,
                base,
                tree,
            };
            effects = effects.and(self.query(Wait::Set(key), what).1);
        }
        effects
    }

    /// Gives the columns the lines that are there, and asks for the next that are not.
    pub(super) fn fill(&mut self) -> Effects {
        let mut effects = Effects::none();
        for index in 0..self.desk.panes.len() {
            let Some(pane) = self.desk.panes.get(index) else {
                continue;
            };
            if matches!(pane.content, Load::Ready(_) | Load::Failed(_)) {
                continue;
            }
            let found = match &pane.shown {
                Shown::Answer => Some(self.answer(pane.agent)),
                Shown::File(file) if file.body != Body::Text => Some(Arc::default()),
                Shown::File(file) => self.library.files.get(&blobs(file)).cloned(),
            };
            match found {
                Some(content) => effects = effects.and(self.lay(index, content)),
                None => effects = effects.and(self.ask_file(index)),
            }
        }
        effects
    }

    fn answer(&self, agent: AgentId) -> Arc<Content> {
        let text = self.subject.agent(agent).map_or("", |agent| &agent.text);
        let lines: Vec<String> = clean::text(text).lines().map(str::to_owned).collect();
        Arc::new(Content {
            diff: FileDiff::default(),
            old: None,
            new: Some(Arc::new(lines)),
        })
    }

    fn lay(&mut self, index: usize, content: Arc<Content>) -> Effects {
        let order = self.look.order;
        let Some(pane) = self.desk.panes.get(index) else {
            return Effects::none();
        };
        let anchors = self.anchors(pane);
        let Some(pane) = self.desk.panes.get_mut(index) else {
            return Effects::none();
        };
        pane.sheet = match pane.shown {
            Shown::Answer => {
                Sheet::text(content.new.as_ref().map_or(0, |lines| lines.len()), anchors)
            }
            Shown::File(_) => Sheet::new(&content, order, anchors),
        };
        pane.content = Load::Ready(content);
        pane.cursor = 0;
        pane.top = (0, 0);
        self.ink(index)
    }

    /// Asks for the lines of a column, unless a file is on its way already.
    fn ask_file(&mut self, index: usize) -> Effects {
        let file = self
            .desk
            .panes
            .get(index)
            .and_then(|pane| pane.file().cloned());
        let Some(file) = file else {
            return Effects::none();
        };
        let mut waits = self.asks.waits.iter();
        let under_way = waits.find(|(_, wait)| matches!(wait, Wait::File(_)));
        let (ticket, effects) = if let Some((ticket, _)) = under_way {
            (*ticket, Effects::none())
        } else {
            let context = self.at.context;
            let wait = Wait::File(blobs(&file));
            let change = Box::new(file);
            self.query(wait, What::File { context, change })
        };
        if let Some(pane) = self.desk.panes.get_mut(index) {
            pane.content = Load::Loading(ticket);
        }
        effects
    }

    /// Gives a column the highlighting that is there, and asks for the rest.
    pub(super) fn ink(&mut self, index: usize) -> Effects {
        let Some(pane) = self.desk.panes.get(index) else {
            return Effects::none();
        };
        let (Load::Ready(content), Some(file)) = (&pane.content, pane.file()) else {
            return Effects::none();
        };
        let content = Arc::clone(content);
        let language = language(file);
        let id = |side: &Option<Side>| side.as_ref().map(|side| side.blob.clone());
        let mut inks = Inks::default();
        let mut jobs = Vec::new();
        for (blob, lines, ink) in [
            (id(&file.old), &content.old, &mut inks.old),
            (id(&file.new), &content.new, &mut inks.new),
        ] {
            let (Some(blob), Some(lines)) = (blob, lines) else {
                continue;
            };
            if let Some(ready) = self.library.inks.get(&blob) {
                *ink = Some(Arc::clone(ready));
            } else if lines.len() <= INK_LINES
                && lines.iter().map(String::len).sum::<usize>() <= INK_BYTES
            {
                jobs.push((blob, lines.join("\n")));
            }
        }
        if let Some(pane) = self.desk.panes.get_mut(index) {
            pane.inks = inks;
        }
        let mut effects = Effects::none();
        for (blob, source) in jobs {
            let wait = Wait::Ink(blob);
            if self.asks.waits.values().any(|known| *known == wait) {
                continue;
            }
            let ticket = self.asks.issue(wait);
            let job = HighlightJob {
                block: 0,
                language: language.clone(),
                source: source.into(),
                colour: self.library.colour,
            };
            effects = effects.and(Effects::one(Effect::Highlight { ticket, job }));
        }
        effects
    }

    /// The change set on its way is not waited for any more; true when there was one. One file that is
    /// being read keeps nobody from leaving.
    pub(super) fn cancel(&mut self) -> bool {
        let Load::Loading(ticket) = self.load else {
            return false;
        };
        self.asks.waits.remove(&ticket);
        self.load = Load::Idle;
        true
    }
}

/// A file by its blobs.
pub(super) fn blobs(file: &FileChange) -> BlobKey {
    let id = |side: &Option<Side>| side.as_ref().map(|side| side.blob.clone());
    (id(&file.old), id(&file.new))
}

/// The word by which grammars know a file: the end of its name, or its name.
fn language(file: &FileChange) -> String {
    let path = file.path.to_string();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((_, end)) if !end.is_empty() => end.to_owned(),
        _ => name.to_owned(),
    }
}
