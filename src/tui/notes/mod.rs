//! The room of notes: what people noted on the session on the screen, and its answers that the person
//! has not looked at.
//!
//! One list in the order of the session: every answer, and every thread on what it is about; what a line
//! stands for is shown beside or below it. A line is looked at once the person moves on from it. Notes
//! are written in the one editor that all screens share. Nothing is decided here about files: the room
//! asks, and is told the notes as they are then.

mod action;
mod ask;
mod list;
mod page;
mod say;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

pub use action::{Action, Go, Here, Say, View};
pub use ask::{Ask, Book, News, Told, What};

use self::{list::told, page::Page};
use crate::{
    protocol::{
        Failure, Label, Level, RunId, Seq,
        change::RepoPath,
        note::{NoteId, NoteOn, Seen, Thread},
    },
    run::RunState,
    text::clean,
    tui::moves::Move,
};

/// The part of the room that takes keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The list.
    Main,
    /// The editor.
    Writing,
}

/// Which lines are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Threads that nobody settled.
    Open,
    /// What was not looked at.
    Unread,
    /// Threads that were settled.
    Settled,
}

impl Show {
    const fn next(self) -> Self {
        match self {
            Self::All => Self::Open,
            Self::Open => Self::Unread,
            Self::Unread => Self::Settled,
            Self::Settled => Self::All,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open ones",
            Self::Unread => "unread ones",
            Self::Settled => "settled ones",
        }
    }
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// An answer.
    Answer {
        /// The event that published it.
        seq: Seq,
        /// Which.
        label: Label,
        /// The place of its turn.
        turn: usize,
    },
    /// A thread, by its first note.
    Thread(NoteId),
}

/// What the editor is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum To {
    /// A new note, on the one of these that is chosen.
    New {
        /// What it may be on, the nearest first; never empty.
        places: Vec<NoteOn>,
        /// The chosen one.
        at: usize,
    },
    /// An answer to a thread.
    Reply(NoteId, NoteOn),
    /// Other words for a note.
    Edit(NoteId),
}

/// A note that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Writing {
    to: To,
    /// What stood in the editor before.
    aside: String,
}

/// What is known.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    /// Nothing yet.
    Waiting,
    /// The notes.
    Book(Arc<Book>),
    /// Why not.
    Failed(Failure),
}

/// What the room wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Ask the world.
    Ask(What),
    /// Say a quiet word.
    Hint(String),
    /// Say something that stays.
    Tell(Level, String),
    /// Put this into the editor.
    Write(String),
    /// Give the editor back with what stood in it.
    Written(String),
    /// Show this event.
    Jump(Option<Seq>),
    /// Put text on the clipboard.
    Copy(String),
    /// Leave the room.
    Leave,
}

/// What is wanted, in order.
pub type Wishes = Vec<Wish>;

/// Where the room was entered from, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    /// To look.
    Looking,
    /// To write one note, and back.
    Writing,
}

/// The room.
#[derive(Debug)]
pub struct Notes {
    run: RunId,
    known: Known,
    /// What was looked at here and elsewhere.
    seen: Seen,
    show: Show,
    items: Vec<Item>,
    at: usize,
    writing: Option<Writing>,
    visit: Visit,
    /// What was looked at when the room was entered, the nearest first.
    places: Vec<NoteOn>,
    /// A note that the next press takes back.
    armed: Option<NoteId>,
    page: Page,
}

impl Notes {
    /// The room of a session, and what to ask first. `places`: what the person looks at, the nearest
    /// first.
    #[must_use]
    pub fn open(run: &RunState, places: Vec<NoteOn>) -> Option<(Self, Wishes)> {
        let id = run.turn.as_ref()?.start.run.clone();
        let notes = Self {
            run: id,
            known: Known::Waiting,
            seen: Seen::default(),
            show: Show::All,
            items: Vec::new(),
            at: 0,
            writing: None,
            visit: Visit::Looking,
            places,
            armed: None,
            page: Page::default(),
        };
        Some((notes, vec![Wish::Ask(What::Read)]))
    }

    /// The session.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// Entered again, from somewhere else.
    pub fn enter(&mut self, places: Vec<NoteOn>) -> Wishes {
        self.places = places;
        self.visit = Visit::Looking;
        vec![Wish::Ask(What::Read)]
    }

    /// Entered to write a note on what the person looks at. `draft` is what stands in the editor.
    pub fn write_here(&mut self, draft: String) -> Wishes {
        self.visit = Visit::Writing;
        let places = self.places.clone();
        self.begin(To::New { places, at: 0 }, draft, String::new())
    }

    /// True while a note is being written.
    #[must_use]
    pub const fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// True while the notes are on their way.
    #[must_use]
    pub const fn waits(&self) -> bool {
        matches!(self.known, Known::Waiting)
    }

    /// The rule above the editor: what the words are on.
    #[must_use]
    pub fn rule(&self, run: &RunState) -> String {
        match self.writing.as_ref().map(|writing| &writing.to) {
            Some(To::New { places, at }) => {
                let on = places
                    .get(*at)
                    .map_or("the session".to_owned(), |on| told(on, run));
                format!("note on {on}")
            }
            Some(To::Reply(_, on)) => format!("reply on {}", told(on, run)),
            Some(To::Edit(_)) => "your note, changed".to_owned(),
            None => "note".to_owned(),
        }
    }

    /// What the session came to meanwhile.
    pub fn follow(&mut self, run: &RunState) {
        self.list(run);
    }

    /// The notes as they are known: how many threads stand at each event, 0 for the session.
    #[must_use]
    pub fn marks(&self) -> Vec<(u64, bool)> {
        let Known::Book(book) = &self.known else {
            return Vec::new();
        };
        let threads = book.threads.0.iter();
        threads
            .map(|thread| {
                let seq = thread.first.on.seq().map_or(0, |seq| seq.0);
                (seq, thread.is_open())
            })
            .collect()
    }

    /// The files that threads are on, each as often as there are threads.
    pub fn files(&self) -> impl Iterator<Item = (Label, &RepoPath)> {
        let threads = match &self.known {
            Known::Book(book) => book.threads.0.as_slice(),
            Known::Waiting | Known::Failed(_) => &[],
        };
        threads.iter().filter_map(|thread| match &thread.first.on {
            NoteOn::Code { spot, .. } => Some((spot.label, &spot.file.as_ref()?.path)),
            _ => None,
        })
    }

    /// Notes and answers that were not looked at.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.items
            .iter()
            .filter(|item| self.is_unread(item))
            .count()
    }

    /// An answer of the world.
    pub fn told(&mut self, news: Result<News, Failure>, run: &RunState) -> Wishes {
        match news {
            Ok(News::Book(book)) => {
                let first = matches!(self.known, Known::Waiting);
                self.seen.join(&book.seen);
                self.known = Known::Book(book);
                self.list(run);
                if first {
                    let unread = self.items.iter().position(|item| self.is_unread(item));
                    self.at = unread.unwrap_or_default();
                }
                Wishes::new()
            }
            Ok(News::Remembered) => Wishes::new(),
            Err(failure) => {
                let words = failure.words();
                if !matches!(self.known, Known::Book(_)) {
                    self.known = Known::Failed(failure);
                }
                vec![Wish::Tell(Level::Error, words)]
            }
        }
    }

    /// Performs an action. `draft` is what stands in the editor.
    pub fn update(&mut self, action: Action, run: &RunState, draft: &str) -> Wishes {
        let armed = self.armed.take();
        match action {
            // The top of the program opens the room.
            Action::Here(_) => Wishes::new(),
            Action::Move(step) => self.step(step),
            Action::Go(go) => self.go(go),
            Action::Say(say) => self.say(say, armed, draft),
            Action::View(view) => self.look(view, run),
        }
    }

    /// To another line; pages turn the text of the note under the cursor.
    fn step(&mut self, step: Move) -> Wishes {
        match step {
            Move::PageUp => self.page.scroll(-1),
            Move::PageDown => self.page.scroll(1),
            Move::Up | Move::Down | Move::First | Move::Last => {
                return self.turn_to(step.over(self.at, self.items.len(), 1));
            }
        }
        Wishes::new()
    }

    /// What is left counts as looked at.
    fn turn_to(&mut self, line: usize) -> Wishes {
        let wishes = self.see(self.at..self.at + 1);
        self.at = line;
        wishes
    }

    fn go(&mut self, go: Go) -> Wishes {
        let last = self.items.len().saturating_sub(1);
        let unread = |at: &usize| self.items.get(*at).is_some_and(|item| self.is_unread(item));
        let to = match go {
            Go::NextUnread => match (self.at + 1..=last).chain(0..self.at).find(unread) {
                Some(to) => to,
                None => return self.all_seen(),
            },
            Go::PreviousUnread => {
                let before = (0..self.at).rev().chain((self.at + 1..=last).rev());
                match { before }.find(unread) {
                    Some(to) => to,
                    None => return self.all_seen(),
                }
            }
        };
        self.turn_to(to)
    }

    fn all_seen(&mut self) -> Wishes {
        let mut wishes = self.see(self.at..self.at + 1);
        wishes.extend(hint("You have looked at everything else."));
        wishes
    }

    /// Counts these lines as looked at, and has it remembered.
    fn see(&mut self, lines: std::ops::Range<usize>) -> Wishes {
        let Known::Book(book) = &self.known else {
            return Wishes::new();
        };
        let book = Arc::clone(book);
        let before = self.seen.clone();
        for item in self.items.get(lines).unwrap_or_default() {
            match item {
                Item::Answer { seq, .. } => {
                    self.seen.answers.insert(*seq);
                }
                Item::Thread(id) => {
                    let notes = book
                        .threads
                        .thread_of(*id)
                        .into_iter()
                        .flat_map(Thread::notes);
                    for note in notes.filter(|note| note.by != book.who) {
                        self.seen.note(note);
                    }
                }
            }
        }
        if before == self.seen {
            return Wishes::new();
        }
        vec![Wish::Ask(What::See(Box::new(self.seen.clone())))]
    }

    fn look(&mut self, view: View, run: &RunState) -> Wishes {
        match view {
            View::Jump => {
                let seq = match self.items.get(self.at) {
                    Some(Item::Answer { seq, .. }) => Some(*seq),
                    Some(Item::Thread(_)) => self.thread().and_then(|thread| thread.first.on.seq()),
                    None => return hint("There is nothing to go to."),
                };
                let mut wishes = self.see(self.at..self.at + 1);
                wishes.push(Wish::Jump(seq));
                wishes
            }
            View::Filter => {
                self.show = self.show.next();
                self.list(run);
                self.at = 0;
                hint(&format!("Shown: {}.", self.show.words()))
            }
            View::Copy => {
                let text = match self.items.get(self.at) {
                    Some(Item::Thread(_)) => self.thread().map(page::plain),
                    Some(Item::Answer { label, turn, .. }) => {
                        let turn = run.turns().nth(*turn);
                        let answer = turn.and_then(|turn| turn.answer(*label));
                        answer.map(|answer| clean::text(&answer.text).into_owned())
                    }
                    None => None,
                };
                match text {
                    Some(text) => {
                        let mut wishes = vec![Wish::Copy(text)];
                        wishes.extend(hint("Copied."));
                        wishes
                    }
                    None => hint("There is nothing to copy."),
                }
            }
            View::SeeAll => self.see(0..self.items.len()),
            View::Refresh => vec![Wish::Ask(What::Read)],
            View::Back => {
                let mut wishes = self.see(self.at..self.at + 1);
                wishes.push(Wish::Leave);
                wishes
            }
        }
    }

    /// A click on the list, or the wheel.
    pub fn mouse(&mut self, place: (u16, u16), wheel: i32) -> Wishes {
        match (self.page.hit(place), wheel) {
            (page::Hit::Line(line), 0) if line < self.items.len() => self.turn_to(line),
            (page::Hit::List | page::Hit::Line(_), wheel) if wheel != 0 => {
                self.step(if wheel < 0 { Move::Up } else { Move::Down })
            }
            (page::Hit::Text, wheel) if wheel != 0 => {
                self.page.rows_by(wheel * 3);
                Wishes::new()
            }
            _ => Wishes::new(),
        }
    }
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
