//! What the pages hold: the items that the cursor can stand on, in their order.

use super::{Guide, Page, Stage};
use crate::{
    setup::{Limit, MOST_AGENTS, Template},
    tui::{effect::Load, theme::Named},
};

/// Something the cursor can stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Something that was found, by its place among all of them.
    Found(usize),
    /// A purpose.
    Purpose(Template),
    /// An agent.
    Agent(usize),
    /// One agent more.
    Add,
    /// Try them.
    Test,
    /// What agents may do with files.
    Files,
    /// Money.
    Money,
    /// Time.
    Time,
    /// Colours.
    Theme,
    /// Where it is saved.
    Spot(usize),
    /// The way on.
    Next,
}

impl Guide {
    /// What the cursor can stand on, from top to bottom. Never empty: the way on is there, or purposes.
    pub(super) fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        match self.page {
            Page::Found => {
                // What is ready needs nothing; what is not there yet comes below the way on.
                items.extend((0..self.ready()).map(Item::Found));
                items.push(Item::Next);
                items.extend((self.ready()..self.seen().len()).map(Item::Found));
            }
            Page::Purpose => items.extend(Template::ALL.map(Item::Purpose)),
            Page::Team => {
                let count = self.draft.as_ref().map_or(0, |draft| draft.agents.len());
                items.extend((0..count).map(Item::Agent));
                if count < MOST_AGENTS {
                    items.push(Item::Add);
                }
                if count > 0 {
                    items.push(Item::Test);
                }
                items.push(Item::Next);
            }
            Page::Limits => items.extend([
                Item::Files,
                Item::Money,
                Item::Time,
                Item::Theme,
                Item::Next,
            ]),
            Page::Save if self.saved.is_some() => items.push(Item::Next),
            Page::Save => items.extend((0..self.spots().len()).map(Item::Spot)),
        }
        items
    }

    /// Everything that was found: what is ready, then the rest.
    pub(super) fn seen(&self) -> Vec<&super::Seen> {
        let mut all: Vec<&super::Seen> = Vec::new();
        if let Load::Ready(keys) = &self.keys {
            all.extend(&keys.part.rows);
        }
        for part in [&self.servers, &self.programs] {
            if let Load::Ready(part) = part {
                all.extend(&part.rows);
            }
        }
        all.sort_by_key(|seen| seen.mark == super::Mark::Absent);
        all
    }

    /// How many of them are there.
    pub(super) fn ready(&self) -> usize {
        let all = self.seen();
        all.iter()
            .filter(|seen| seen.mark != super::Mark::Absent)
            .count()
    }

    /// Which item the cursor is on. At first that is the way on, wherever it stands.
    pub(super) fn cursor(&self) -> usize {
        let items = self.items();
        let at = self.cursors.get(self.page as usize).copied();
        match at.unwrap_or(0) {
            usize::MAX => {
                let next = items.iter().position(|item| *item == Item::Next);
                next.unwrap_or(0)
            }
            at => at.min(items.len().saturating_sub(1)),
        }
    }

    /// The item under the cursor.
    pub(super) fn item(&self) -> Option<Item> {
        self.items().get(self.cursor()).copied()
    }

    pub(super) fn put(&mut self, cursor: usize) {
        if let Some(at) = self.cursors.get_mut(self.page as usize) {
            *at = cursor;
        }
        self.armed = None;
    }

    /// True while nothing lies over the pages.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.stage, Stage::Pages)
    }
}

/// The neighbour of `now` in a list, or the nearest end of it.
pub(super) fn neighbour<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let at = all.iter().position(|one| *one == now);
    let next = match (at, forward) {
        (Some(at), true) => at + 1,
        (Some(at), false) => at.saturating_sub(1),
        (None, _) => 0,
    };
    all.get(next.min(all.len().saturating_sub(1)))
        .copied()
        .unwrap_or(now)
}

/// The limit of money, next to what it is; a sum of one's own falls into the list at its place.
pub(super) fn money(now: Limit, forward: bool) -> Limit {
    neighbour(&Limit::CENTS, now, forward)
}

/// The theme next to this one; before the first stands the one that the screen has.
pub(super) fn theme(now: Option<&str>, forward: bool) -> Option<Named> {
    let all: Vec<Option<Named>> = std::iter::once(None).chain(Named::ALL.map(Some)).collect();
    neighbour(&all, now.and_then(Named::find), forward)
}
