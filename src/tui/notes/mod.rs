//! The room of notes: what people noted on the session on the screen, and its answers that the person
//! has not looked at.
//!
//! One list in the order of the session: every answer, and every thread on what it is about; what a line
//! stands for is shown beside or below it. A line is looked at once the person moves on from it. Notes
//! are written in the one editor that all screens share. Nothing is decided here about files: the room
//! asks, and is told the notes as they are then.

mod action;
mod ask;
mod page;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

pub use action::{Action, Go, Here, Say, View};
pub use ask::{Ask, Book, News, Told, What};

use self::page::Page;
use crate::{
    protocol::{
        Failure, Label, Level, RunId, Seq,
        note::{Act, LONGEST_TEXT, Note, NoteId, NoteOn, Seen, Thread},
    },
    run::RunState,
    text::clean,
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
            Action::Go(go) => self.go(go),
            Action::Say(say) => self.say(say, armed, draft),
            Action::View(view) => self.look(view, run),
        }
    }

    fn go(&mut self, go: Go) -> Wishes {
        let last = self.items.len().saturating_sub(1);
        let unread = |at: &usize| self.items.get(*at).is_some_and(|item| self.is_unread(item));
        let to = match go {
            Go::Up => self.at.saturating_sub(1),
            Go::Down => (self.at + 1).min(last),
            Go::First => 0,
            Go::Last => last,
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
            Go::PageDown => {
                self.page.scroll(1);
                return Wishes::new();
            }
            Go::PageUp => {
                self.page.scroll(-1);
                return Wishes::new();
            }
        };
        let wishes = self.see(self.at..self.at + 1);
        self.at = to;
        wishes
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

    fn say(&mut self, say: Say, armed: Option<NoteId>, draft: &str) -> Wishes {
        match say {
            Say::Save => return self.written(Some(draft)),
            Say::Cancel => return self.written(None),
            Say::Other => return self.other(),
            Say::New | Say::Session | Say::Reply | Say::Edit | Say::Resolve | Say::Remove => {}
        }
        if !matches!(self.known, Known::Book(_)) {
            return hint("The notes are not there yet.");
        }
        let draft = draft.to_owned();
        if say == Say::Session {
            let places = vec![NoteOn::Session];
            return self.begin(To::New { places, at: 0 }, draft, String::new());
        }
        if say == Say::New {
            let mut places: Vec<NoteOn> = self.on_line().into_iter().collect();
            places.extend(
                self.places
                    .iter()
                    .filter(|on| !places.contains(on))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            if !places.contains(&NoteOn::Session) {
                places.push(NoteOn::Session);
            }
            return self.begin(To::New { places, at: 0 }, draft, String::new());
        }
        let Some(thread) = self.thread() else {
            return hint("There is no note on this line.");
        };
        let first = thread.first.id;
        let own = self.own(thread).cloned();
        match (say, own) {
            (Say::Reply, _) => {
                let to = To::Reply(first, thread.first.on.clone());
                self.begin(to, draft, String::new())
            }
            (Say::Resolve, _) => {
                let act = if thread.is_open() {
                    Act::Resolved
                } else {
                    Act::Reopened
                };
                vec![write(Some(first), act)]
            }
            (Say::Edit, Some(own)) => self.begin(To::Edit(own.id), draft, own.text),
            (Say::Remove, Some(own)) if armed == Some(own.id) => {
                vec![write(Some(own.id), Act::Removed)]
            }
            (Say::Remove, Some(own)) => {
                self.armed = Some(own.id);
                hint("Once more takes your last words here back, for good.")
            }
            _ => hint("None of these words are yours; you can answer them."),
        }
    }

    fn begin(&mut self, to: To, aside: String, text: String) -> Wishes {
        self.writing = Some(Writing { to, aside });
        vec![Wish::Write(text)]
    }

    /// The editor is done: with a text, or without one.
    fn written(&mut self, text: Option<&str>) -> Wishes {
        let Some(writing) = self.writing.clone() else {
            return Wishes::new();
        };
        let text = text.map(str::trim);
        let mut wishes = match text {
            Some("") => return hint("Write a word or two, or leave it."),
            Some(text) if text.len() > LONGEST_TEXT => {
                return hint(&format!(
                    "A note has at most {LONGEST_TEXT} bytes; this one has {}.",
                    text.len()
                ));
            }
            Some(text) => {
                let text = text.to_owned();
                match writing.to {
                    To::New { mut places, at } => {
                        let at = at.min(places.len().saturating_sub(1));
                        let on = if places.is_empty() {
                            NoteOn::Session
                        } else {
                            places.swap_remove(at)
                        };
                        vec![write(
                            None,
                            Act::Written {
                                on,
                                text,
                                reply: None,
                            },
                        )]
                    }
                    To::Reply(first, on) => {
                        let reply = Some(first);
                        vec![write(None, Act::Written { on, text, reply })]
                    }
                    To::Edit(id) => vec![write(Some(id), Act::Edited { text })],
                }
            }
            None => hint("Nothing was noted."),
        };
        self.writing = None;
        wishes.insert(0, Wish::Written(writing.aside));
        if self.visit == Visit::Writing {
            wishes.push(Wish::Leave);
        }
        wishes
    }

    fn other(&mut self) -> Wishes {
        match self.writing.as_mut().map(|writing| &mut writing.to) {
            Some(To::New { places, at }) if places.len() > 1 => {
                *at = (*at + 1) % places.len();
                Wishes::new()
            }
            _ => hint("There is nothing else it could be on."),
        }
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
            (page::Hit::Line(line), 0) if line < self.items.len() => {
                let wishes = self.see(self.at..self.at + 1);
                self.at = line;
                wishes
            }
            (page::Hit::List | page::Hit::Line(_), wheel) if wheel != 0 => {
                let go = if wheel < 0 { Go::Up } else { Go::Down };
                self.go(go)
            }
            (page::Hit::Text, wheel) if wheel != 0 => {
                self.page.rows_by(wheel * 3);
                Wishes::new()
            }
            _ => Wishes::new(),
        }
    }

    /// The thread of the line.
    fn thread(&self) -> Option<&Thread> {
        match (self.items.get(self.at)?, &self.known) {
            (Item::Thread(id), Known::Book(book)) => book.threads.thread_of(*id),
            _ => None,
        }
    }

    /// What the line is about.
    fn on_line(&self) -> Option<NoteOn> {
        match self.items.get(self.at)? {
            Item::Answer { seq, label, .. } => Some(NoteOn::Answer {
                label: *label,
                seq: *seq,
            }),
            Item::Thread(_) => self.thread().map(|thread| thread.first.on.clone()),
        }
    }

    /// The person's last words in a thread.
    fn own<'a>(&self, thread: &'a Thread) -> Option<&'a Note> {
        let Known::Book(book) = &self.known else {
            return None;
        };
        thread
            .notes()
            .filter(|note| note.by == book.who && !note.removed)
            .last()
    }

    fn is_unread(&self, item: &Item) -> bool {
        let Known::Book(book) = &self.known else {
            return false;
        };
        match item {
            Item::Answer { seq, .. } => !self.seen.answers.contains(seq),
            Item::Thread(id) => book
                .threads
                .thread_of(*id)
                .is_some_and(|thread| thread.notes().any(|note| self.seen.lacks(note, &book.who))),
        }
    }

    /// Makes the list again; the line stays where it was, as far as it is still there.
    fn list(&mut self, run: &RunState) {
        let Known::Book(book) = &self.known else {
            return;
        };
        let mut items: Vec<(u64, u8, Item)> = Vec::new();
        for (place, turn) in run.turns().enumerate() {
            for published in &turn.answers {
                let label = published.answer.label;
                if let Some(seq) = turn.published_by(label) {
                    items.push((
                        seq.0,
                        0,
                        Item::Answer {
                            seq,
                            label,
                            turn: place,
                        },
                    ));
                }
            }
        }
        for thread in &book.threads.0 {
            let seq = thread.first.on.seq().map_or(0, |seq| seq.0);
            items.push((seq, 1, Item::Thread(thread.first.id)));
        }
        // Threads come in their order; sorting keeps it.
        items.sort_by_key(|(seq, kind, _)| (*seq, *kind));
        let here = self.items.get(self.at).cloned();
        let items = items.into_iter().map(|(_, _, item)| item);
        let shown = items.filter(|item| {
            let open = match item {
                Item::Answer { .. } => None,
                Item::Thread(id) => book.threads.thread_of(*id).map(Thread::is_open),
            };
            match self.show {
                Show::All => true,
                Show::Open => open == Some(true),
                Show::Settled => open == Some(false),
                Show::Unread => self.is_unread(item) || Some(item) == here.as_ref(),
            }
        });
        let shown: Vec<Item> = shown.collect();
        let at = here.and_then(|here| shown.iter().position(|item| *item == here));
        self.at = at.unwrap_or_else(|| self.at.min(shown.len().saturating_sub(1)));
        self.items = shown;
        self.page.stale();
    }
}

fn write(note: Option<NoteId>, act: Act) -> Wish {
    Wish::Ask(What::Write {
        note,
        act: Box::new(act),
    })
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}

/// What a note is on, with the names of agents, clean.
fn told(on: &NoteOn, run: &RunState) -> String {
    let named = |agent, seq: &Seq| {
        let mut turns = run.turns();
        let turn = turns.find(|turn| {
            turn.began() <= *seq && {
                let last = turn.timeline.last();
                last.is_some_and(|line| line.seq >= seq.0)
            }
        });
        turn.map(|turn| turn.name(agent).to_owned())
    };
    let words = match on {
        NoteOn::Answer { label, seq } => match named(label.agent, seq) {
            Some(name) => format!("answer {label} by {name}"),
            None => on.words(),
        },
        NoteOn::Agent { agent, seq } => match named(*agent, seq) {
            Some(name) => format!("the work of {name}"),
            None => on.words(),
        },
        NoteOn::Event { seq } => {
            let line = run.turns().find_map(|turn| {
                let line = turn.timeline.iter().find(|line| line.seq == seq.0)?;
                Some(turn.sentence(line))
            });
            match line {
                Some(line) => format!("event {}, {line}", seq.0),
                None => on.words(),
            }
        }
        NoteOn::Session | NoteOn::Turn { .. } | NoteOn::Code { .. } => on.words(),
    };
    clean::line(&words).into_owned()
}
