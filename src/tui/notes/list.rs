//! The lines of the room: answers and threads in the order of the session, and what is new among them.

use super::{Item, Known, Notes, Show};
use crate::{
    protocol::{
        Seq,
        note::{NoteOn, Thread},
    },
    run::RunState,
    text::clean,
};

impl Notes {
    /// The thread of the line.
    pub(super) fn thread(&self) -> Option<&Thread> {
        match (self.items.get(self.at)?, &self.known) {
            (Item::Thread(id), Known::Book(book)) => book.threads.thread_of(*id),
            _ => None,
        }
    }

    /// What the line is about.
    pub(super) fn on_line(&self) -> Option<NoteOn> {
        match self.items.get(self.at)? {
            Item::Answer { seq, label, .. } => Some(NoteOn::Answer {
                label: *label,
                seq: *seq,
            }),
            Item::Thread(_) => self.thread().map(|thread| thread.first.on.clone()),
        }
    }

    pub(super) fn is_unread(&self, item: &Item) -> bool {
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
    pub(super) fn list(&mut self, run: &RunState) {
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

/// What a note is on, with the names of agents, clean.
pub(super) fn told(on: &NoteOn, run: &RunState) -> String {
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
