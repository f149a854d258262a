//! Answers of the world, each taken in where it was asked for.

use std::sync::Arc;

use super::{
    News, Review, Told, Wish, Wishes,
    asks::{FILES, SETS, SetKey, Wait, blobs},
    book::Book,
};
use crate::{
    protocol::{
        Level,
        change::{ChangeSet, ObjectId},
    },
    text::Highlighted,
    tui::{
        effect::{Done, Effects, Load, Ticket},
        rooms,
    },
};

/// Files left out that are named; the others are counted.
const LEFT_OUT: usize = 3;

impl Review {
    /// Takes in an answer of the world. An answer nobody waits for changes nothing.
    pub fn done(&mut self, ticket: Ticket, done: Done) -> Wishes {
        let Some(wait) = self.asks.waits.remove(&ticket) else {
            return Wishes::new();
        };
        match (wait, done) {
            (Wait::Ink(blob), Done::Highlighted(lines)) => {
                self.inked(blob, lines);
                Wishes::new()
            }
            (Wait::Edit(editing), Done::Edited(result)) => self.edited(*editing, result),
            (Wait::Later, Done::Woke) => vec![Wish::Do(self.keep_now())],
            (wait, Done::Room(rooms::Told::Review(told))) => self.told(ticket, wait, *told),
            // The file task ended without an answer.
            (wait, Done::LaunchFailed(failure)) => self.told(ticket, wait, Err(failure)),
            _ => Wishes::new(),
        }
    }

    fn inked(&mut self, blob: ObjectId, lines: Highlighted) {
        if self.library.inks.len() >= FILES {
            self.library.inks.clear();
        }
        self.library.inks.insert(blob, Arc::new(lines.lines));
        for index in 0..self.desk.panes.len() {
            // What is there by now is given; nothing new is asked for.
            let _ = self.ink(index);
        }
    }

    fn told(&mut self, ticket: Ticket, wait: Wait, told: Told) -> Wishes {
        match (wait, told) {
            (Wait::Notes, Ok(News::Notes(notes))) => self.noted(Book::read(*notes)),
            (Wait::Notes, Err(failure)) => {
                // What could not be read must not be written over.
                vec![Wish::Tell(
                    Level::Warning,
                    format!(
                        "This review is not kept: the review as it was left cannot be read. {failure}"
                    ),
                )]
            }
            (Wait::Keep(revision), Ok(News::Kept)) => {
                self.asks.kept = revision;
                vec![Wish::Do(self.keep())]
            }
            (Wait::Keep(revision), Err(failure)) => {
                self.asks.kept = revision;
                vec![Wish::Tell(
                    Level::Warning,
                    format!("The review cannot be kept: {failure}"),
                )]
            }
            (Wait::Set(key), Ok(News::Changes(set, left_out))) => {
                let mut wishes = self.left_out(&set, &left_out);
                wishes.extend(self.counted(key, set));
                wishes
            }
            (Wait::Set(key), Err(failure)) => {
                if self.wanted() == Some(key) {
                    self.load = Load::Failed(failure);
                    self.desk.panes.clear();
                }
                Wishes::new()
            }
            (Wait::File(key), Ok(News::File(content))) => {
                if self.library.files.len() >= FILES {
                    self.library.files.clear();
                }
                self.library.files.insert(key, content);
                vec![Wish::Do(self.fill_again(ticket))]
            }
            (Wait::File(key), Err(failure)) => {
                for pane in &mut self.desk.panes {
                    if pane.file().is_some_and(|file| blobs(file) == key) {
                        pane.content = Load::Failed(failure.clone());
                    }
                }
                vec![Wish::Do(self.fill_again(ticket))]
            }
            (Wait::Raw { file, agent, hunk }, told) => self.raw(*file, agent, hunk, told),
            (Wait::Step, told) => self.stepped(told),
            _ => Wishes::new(),
        }
    }

    fn fill_again(&mut self, ticket: Ticket) -> Effects {
        for pane in &mut self.desk.panes {
            if pane.content == Load::Loading(ticket) {
                pane.content = Load::Idle;
            }
        }
        self.fill()
    }

    fn noted(&mut self, book: Book) -> Wishes {
        // Marks made while the old ones were on their way are few; comments would be lost.
        let early = std::mem::replace(&mut self.book, book);
        for comment in early.comments.into_values() {
            self.book.comment(comment);
        }
        self.asks.read = true;
        self.asks.kept = 0;
        for agent in &self.subject.agents {
            for place in &self.subject.places {
                if let Some(tree) = self.book.looked(agent.id, place.context) {
                    self.course
                        .before
                        .insert((agent.id, place.context), tree.clone());
                }
            }
        }
        let mut wishes = Wishes::new();
        let sets: Vec<Arc<ChangeSet>> = self.library.sets.values().cloned().collect();
        for set in sets {
            wishes.extend(self.settle(&set));
        }
        self.annotate();
        wishes.push(Wish::Do(self.keep_now()));
        wishes
    }

    /// Lets go of picks whose files are other ones by now.
    fn settle(&mut self, set: &ChangeSet) -> Vec<Wish> {
        let place = self.subject.place(set.context);
        if place.is_none_or(|place| place.tree != set.base) {
            return Vec::new();
        }
        let mut wishes = Vec::new();
        for agent in &self.subject.agents {
            let own = agent.snapshot(set.context);
            if own.is_none_or(|snapshot| snapshot.tree != set.tree) {
                continue;
            }
            let gone = self
                .book
                .settle((agent.id, set.context), &set.tree, &set.files);
            let files = match gone {
                0 => continue,
                1 => "1 file".to_owned(),
                gone => format!("{gone} files"),
            };
            wishes.push(Wish::Tell(
                Level::Info,
                format!(
                    "{} has changed {files} since they were taken; they are not taken any more.",
                    agent.name
                ),
            ));
        }
        wishes
    }

    /// Says what an agent has written that is in no tree: it cannot be shown or taken here.
    fn left_out(&self, set: &ChangeSet, left_out: &[String]) -> Wishes {
        if left_out.is_empty() {
            return Wishes::new();
        }
        let mut agents = self.subject.agents.iter();
        let own = agents.find(|agent| {
            let snapshot = agent.snapshot(set.context);
            snapshot.is_some_and(|snapshot| snapshot.tree == set.tree)
        });
        let name = own.map_or("The agent", |agent| &agent.name);
        let shown = left_out.iter().take(LEFT_OUT).map(String::as_str);
        let shown: Vec<&str> = shown.collect();
        let more = match left_out.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        vec![Wish::Tell(
            Level::Warning,
            format!(
                "{name} has written what is in no snapshot and cannot be taken here: {}{more}.",
                shown.join(", ")
            ),
        )]
    }

    fn counted(&mut self, key: SetKey, set: Arc<ChangeSet>) -> Wishes {
        if self.library.sets.len() >= SETS {
            self.library.sets.clear();
        }
        let mut wishes = Wishes::new();
        if self.asks.read {
            wishes.extend(self.settle(&set));
        }
        self.library.sets.insert(key.clone(), set);
        if self.wanted() == Some(key) {
            wishes.push(Wish::Do(self.show_tree()));
        } else if self.at.compare {
            wishes.push(Wish::Do(self.show_file()));
        }
        wishes
    }
}
