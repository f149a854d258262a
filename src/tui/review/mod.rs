//! The review screen: what agents changed in files, what the person takes of it, and where it goes.
//!
//! Left the changed files, right the lines; chips say whose tree is shown. Everything that reads a
//! repository is asked for with an [`Ask`] and answered later; the screen holds change sets, the lines
//! of a few files and the person's notes. Picks name hunks of the default diff whatever the view does.
//!
//! Invariants: `update` and `done` change state, `prepare` derives the rows in sight (twice is once),
//! `view` paints; a late answer to an old question changes nothing; work per key and frame does not
//! grow with the length of a diff. No clock is read.

mod action;
mod answers;
mod ask;
mod asks;
mod book;
mod comments;
mod files;
mod finish;
mod frame;
mod header;
mod keys;
mod list;
mod message;
mod moves;
mod outcome;
mod page;
mod paint;
mod pane;
mod pick;
mod runs;
mod sheet;
mod steps;
mod strokes;
mod subject;
mod taking;
#[cfg(test)]
mod tests;
mod typing;
mod undoing;
mod update;

use std::collections::HashMap;

use ratatui::layout::Rect;

pub use action::{Action, Find, Go, Say, Step, Take, Turn, View};
pub use ask::{Ask, ChangedSince, Content, Later, News, Raw, TakenBack, Told, What};
pub use keys::Keys;
pub use message::as_task;
pub use subject::Subject;
pub use typing::Typed;

use self::{
    asks::{Asks, Library},
    book::Book,
    comments::Writing,
    files::FileList,
    finish::Finish,
    paint::Look,
    pane::Pane,
};
use super::{
    effect::{Effects, Load},
    shared::Shared,
    theme::Theme,
};
use crate::{
    protocol::{
        AgentId, Level, Target,
        change::{Comment, ContextId, ObjectId, Workplace},
    },
    run::RunState,
};

/// Where keys are looked up on this screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Files and lines.
    Main,
    /// While a comment or a field is written.
    Writing,
    /// While a result is built, and in the list of hearers.
    Steps,
}

/// What keys are good for while a page covers the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The agents who hear comments are chosen.
    Sending,
    /// The destination is chosen, one without further words.
    Choosing,
    /// The destination is chosen, one whose words can be edited.
    Naming,
    /// It is asked whether to write.
    Asking,
    /// The same, with files to decide about.
    Deciding,
    /// It was written and can be taken back.
    Written,
    /// Anything else: on and back.
    Other,
}

/// What the screen wants from the rest of the program.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// These effects.
    Do(Effects),
    /// A quiet word.
    Hint(String),
    /// Something that stays listed.
    Tell(Level, String),
    /// To be left.
    Leave,
    /// The editor, with this text.
    Write(String),
    /// No editor any more.
    Written,
    /// The agents to hear this.
    Say {
        /// Who.
        to: Target,
        /// What.
        text: String,
    },
}

/// What it wants, in order.
pub type Wishes = Vec<Wish>;

/// Which tree changes are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// The person's tree when the session began.
    #[default]
    Start,
    /// The tree that was looked at last.
    LastLook,
}

/// Which part takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The files.
    #[default]
    Files,
    /// The lines.
    Lines,
}

/// Whose work is shown, and what of it.
#[derive(Clone, Copy, Debug)]
struct At {
    context: ContextId,
    agent: AgentId,
    since: Since,
    focus: Focus,
    /// All agents side by side.
    compare: bool,
}

/// What covers the files and lines.
#[derive(Clone, Debug, Default)]
enum Page {
    /// Nothing.
    #[default]
    Diff,
    /// A result that is built and applied.
    Finish(Box<Finish>),
    /// Who hears the comments: the line under the cursor.
    Send(usize),
}

/// The columns of lines and the one with the cursor.
#[derive(Clone, Debug, Default)]
struct Desk {
    panes: Vec<Pane>,
    focus: usize,
}

/// What lies before and after what is shown.
#[derive(Clone, Debug, Default)]
struct Course {
    /// The trees that were looked at before this review was opened.
    before: HashMap<(AgentId, ContextId), ObjectId>,
    /// Newer work that is not shown yet.
    newer: Option<Subject>,
}

/// Where things were in the last frame.
#[derive(Clone, Debug, Default)]
struct Sight {
    files: Rect,
    lines: Vec<Rect>,
    /// Rows of the file list.
    list: Vec<ratatui::text::Line<'static>>,
    head: Vec<ratatui::text::Line<'static>>,
    /// Titles of the columns.
    titles: Vec<ratatui::text::Line<'static>>,
    /// What is said in place of the lines, or of everything.
    page: Vec<ratatui::text::Line<'static>>,
    area: Rect,
}

/// The state of the review screen.
#[derive(Debug)]
pub struct Review {
    subject: Subject,
    at: At,
    /// The change set on the screen.
    load: Load<()>,
    files: FileList,
    desk: Desk,
    book: Book,
    look: Look,
    typing: typing::Line,
    asks: Asks,
    library: Library,
    page: Page,
    writing: Option<Writing>,
    sight: Sight,
    course: Course,
    keys: Keys,
}

impl Review {
    /// A review of what the session has come to; `None` when it works on no folder.
    #[must_use]
    pub fn open(run: &RunState, theme: &Theme, keys: Keys) -> Option<(Self, Effects)> {
        let subject = Subject::of(run)?;
        let context = subject.places.first()?.context;
        let changed = |agent: &&subject::Worker| agent.snapshot(context).is_some();
        let winner = subject
            .winner
            .and_then(|id| subject.agent(id))
            .filter(changed);
        let agent = winner
            .or_else(|| subject.agents.iter().find(changed))
            .or_else(|| subject.agents.first())?
            .id;
        let mut review = Self {
            subject,
            at: At {
                context,
                agent,
                since: Since::Start,
                focus: Focus::Files,
                compare: false,
            },
            load: Load::Idle,
            files: FileList::default(),
            desk: Desk::default(),
            book: Book::default(),
            look: Look::default(),
            typing: typing::Line::default(),
            asks: Asks::default(),
            library: Library::new(theme.colour),
            page: Page::Diff,
            writing: None,
            sight: Sight::default(),
            course: Course::default(),
            keys,
        };
        let notes = review.ask_notes();
        let files = review.show_tree();
        Some((review, notes.and(files)))
    }

    /// True when there is something to review in this session.
    #[must_use]
    pub fn offers(run: &RunState) -> bool {
        Subject::of(run).is_some_and(|subject| subject.has_changes())
    }

    /// Takes in that the run has gone on: new answers, votes.
    pub fn follow(&mut self, run: &RunState) {
        let Some(now) = Subject::of(run) else {
            return;
        };
        let trees = |subject: &Subject| -> Vec<_> {
            let agents = subject.agents.iter();
            agents
                .map(|agent| (agent.id, agent.changes.clone()))
                .collect()
        };
        if now.run != self.subject.run || now.places != self.subject.places {
            self.course.newer = Some(now);
        } else if trees(&now) == trees(&self.subject) {
            self.subject = now;
        } else {
            self.course.newer = Some(now);
        }
    }

    /// Words with the keys that hold now in the place of actions.
    #[must_use]
    pub fn keyed(&self, words: &str) -> String {
        self.keys.say(self.context(), words)
    }

    /// Where keys are looked up.
    #[must_use]
    pub fn context(&self) -> Place {
        match self.page {
            _ if self.writing.is_some() => Place::Writing,
            Page::Diff => Place::Main,
            Page::Finish(_) | Page::Send(_) => Place::Steps,
        }
    }

    /// What keys are good for while a page covers the lines.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match &self.page {
            Page::Diff => Standing::Other,
            Page::Send(_) => Standing::Sending,
            Page::Finish(finish) => finish.standing(),
        }
    }

    /// True while typed characters belong to a line to search for or to filter with.
    #[must_use]
    pub const fn capturing_text(&self) -> bool {
        self.typing.is_open()
    }

    /// True while something is waited for that a spinner stands for.
    #[must_use]
    pub fn waits(&self) -> bool {
        let lines = self
            .desk
            .panes
            .iter()
            .any(|pane| matches!(pane.content, Load::Loading(_)));
        let finish = matches!(&self.page, Page::Finish(finish) if finish.waits());
        lines || finish || matches!(self.load, Load::Loading(_))
    }

    /// A few words for the terminal's title.
    #[must_use]
    pub fn title(&self) -> String {
        let place = self.place().map_or("", |place| place.root.as_str());
        format!("review of {place}")
    }

    fn place(&self) -> Option<&Workplace> {
        self.subject.place(self.at.context)
    }

    fn pane(&self) -> Option<&Pane> {
        self.desk.panes.get(self.desk.focus)
    }

    fn pane_mut(&mut self) -> Option<&mut Pane> {
        self.desk.panes.get_mut(self.desk.focus)
    }

    /// The tree of an agent on the screen.
    fn tree(&self, agent: AgentId) -> Option<&ObjectId> {
        let agent = self.subject.agent(agent)?;
        Some(&agent.snapshot(self.at.context)?.tree)
    }

    /// Comments, and whether what they are about has changed since.
    fn comment_states(&self, pane: &Pane) -> HashMap<u32, (Comment, bool)> {
        let comments = self.book.comments.values();
        comments
            .filter(|comment| self.is_on(comment, pane))
            .map(|comment| {
                let old = self.is_stale(comment, pane);
                (comment.id, (comment.clone(), old))
            })
            .collect()
    }

    /// Makes what the next frame paints.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        frame::prepare(self, shared, area);
    }

    /// Paints it.
    pub fn view(&self, shared: &Shared, buffer: &mut ratatui::buffer::Buffer, area: Rect) {
        frame::view(self, shared, buffer, area);
    }
}
