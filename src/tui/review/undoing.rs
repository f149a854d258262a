//! Taking an application back, and what becomes of files that the person changed since.
//!
//! Nothing of the person's later work is overwritten unasked: the first try only finds out, and where
//! files were changed the person chooses.

use super::{
    Later, Page, Review, What, Wish, Wishes,
    ask::ChangedSince,
    asks::Wait,
    finish::{Finish, Stage},
};
use crate::{
    protocol::change::{ApplyId, ObjectId, Selection},
    tui::moves::Move,
};

/// The ways to deal with files that were changed since, in their order.
pub(super) const WAYS: [(Later, &str, &str); 2] = [
    (
        Later::Leave,
        "leave these files as they are",
        "the others are as before",
    ),
    (
        Later::Merge,
        "keep what you changed in them",
        "the rest of each goes back; conflict markers where that does not fit",
    ),
];

/// A choice about files that were changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deciding {
    pub(super) changed: ChangedSince,
    /// The way under the cursor.
    pub(super) cursor: usize,
}

impl Deciding {
    pub(super) const fn new(changed: ChangedSince) -> Self {
        Self { changed, cursor: 0 }
    }

    /// Moves the cursor; false when the page is to be scrolled instead.
    pub(super) const fn step(&mut self, step: Move) -> bool {
        match step {
            Move::Up if self.cursor > 0 => self.cursor -= 1,
            Move::Down if self.cursor + 1 < WAYS.len() => self.cursor += 1,
            _ => return false,
        }
        true
    }
}

impl Review {
    /// Takes back what was applied last.
    pub(super) fn undo(&mut self) -> Wishes {
        if let Page::Finish(finish) = &self.page
            && finish.waits()
        {
            return vec![Wish::Hint("This is still at work.".to_owned())];
        }
        let Some(last) = self.book.applied.last().cloned() else {
            return vec![Wish::Hint(
                "Nothing was applied from this review.".to_owned(),
            )];
        };
        if !matches!(self.page, Page::Finish(_)) {
            let base = self.place().map(|place| place.tree.clone());
            let selection = Selection {
                context: last.context,
                base: base.unwrap_or_else(|| ObjectId(String::new())),
                picks: Vec::new(),
            };
            self.page = Page::Finish(Box::new(Finish::new(Stage::Choosing, selection)));
        }
        self.take_back(last.id, Later::Ask)
    }

    /// The way under the cursor is taken.
    pub(super) fn decide_undo(&mut self) -> Wishes {
        let Page::Finish(finish) = &self.page else {
            return Wishes::new();
        };
        let Stage::Deciding(deciding) = &finish.stage else {
            return Wishes::new();
        };
        let Some((later, _, _)) = WAYS.get(deciding.cursor) else {
            return Wishes::new();
        };
        let id = deciding.changed.id.clone();
        self.take_back(id, *later)
    }

    fn take_back(&mut self, id: ApplyId, later: Later) -> Wishes {
        let (ticket, effects) = self.query(Wait::Step, What::Undo { id, later });
        self.set_stage(Stage::Undoing(ticket));
        vec![Wish::Do(effects)]
    }
}
