//! Which sessions are listed, in which order, where the cursor is and what is marked.
//!
//! The cursor always stands on a listed session when there is one, and stays with its session when the
//! list changes. Marks stay with sessions that are out of sight, and go when a session is gone.

use std::collections::BTreeSet;

use crate::{
    catalog::{self, Entry, Filter, Labels, Shown, Sort, Standing},
    protocol::RunId,
};

/// Where sessions are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// This machine.
    #[default]
    Machine,
    /// The folder of this project.
    Here,
}

/// Which sessions are meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The words of the filter.
    pub filter: Filter,
    /// Their order.
    pub sort: Sort,
    /// Archived and deleted ones.
    pub shown: Shown,
    /// From where.
    pub scope: Scope,
    /// The folder of this project.
    pub here: Option<String>,
}

impl Wanted {
    /// Whether a session is from where is meant.
    pub fn is_in_scope(&self, entry: &Entry) -> bool {
        match (self.scope, &self.here) {
            (Scope::Here, Some(folder)) => entry.is_in(folder),
            (Scope::Here, None) | (Scope::Machine, _) => true,
        }
    }
}

/// The list.
#[derive(Clone, Debug, Default)]
pub struct List {
    entries: Vec<Entry>,
    order: Vec<usize>,
    cursor: usize,
    top: usize,
    marked: BTreeSet<RunId>,
}

impl List {
    /// Takes in all sessions there are.
    pub fn fill(&mut self, entries: Vec<Entry>, wanted: &Wanted) {
        let here = self.current().map(|entry| entry.summary.run.clone());
        self.entries = entries;
        let there: BTreeSet<&RunId> = self.entries.iter().map(|one| &one.summary.run).collect();
        self.marked.retain(|run| there.contains(run));
        self.arrange_around(wanted, here.as_ref());
    }

    /// Lists what is wanted now.
    pub fn arrange(&mut self, wanted: &Wanted) {
        let here = self.current().map(|entry| entry.summary.run.clone());
        self.arrange_around(wanted, here.as_ref());
    }

    fn arrange_around(&mut self, wanted: &Wanted, here: Option<&RunId>) {
        let mut order = catalog::select(&self.entries, &wanted.filter, wanted.sort, wanted.shown);
        order.retain(|place| {
            let entry = self.entries.get(*place);
            entry.is_some_and(|entry| wanted.is_in_scope(entry))
        });
        self.order = order;
        let same = here.and_then(|run| self.place_of(run));
        self.cursor = same.unwrap_or(self.cursor).min(self.last());
    }

    /// Puts the cursor on the first line.
    pub fn rewind(&mut self) {
        (self.cursor, self.top) = (0, 0);
    }

    fn last(&self) -> usize {
        self.order.len().saturating_sub(1)
    }

    fn place_of(&self, run: &RunId) -> Option<usize> {
        self.order
            .iter()
            .position(|place| self.entries.get(*place).map(|one| &one.summary.run) == Some(run))
    }

    /// Moves the cursor by so many lines; stops at the ends.
    pub fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.last());
    }

    /// Puts the cursor on a line.
    pub fn jump(&mut self, line: usize) {
        self.cursor = line.min(self.last());
    }

    /// Puts the cursor on a session, when it is listed.
    pub fn seek(&mut self, run: &RunId) {
        if let Some(place) = self.place_of(run) {
            self.cursor = place;
        }
    }

    /// The lines in sight, of so many rows; keeps the cursor among them.
    pub fn window(&mut self, rows: usize) -> Vec<(usize, &Entry)> {
        let rows = rows.max(1);
        let most = self.order.len().saturating_sub(rows);
        let least = (self.cursor + 1).saturating_sub(rows);
        self.top = self
            .top
            .clamp(least, self.cursor.max(least))
            .min(most.max(least));
        let lines = self.order.iter().enumerate().skip(self.top).take(rows);
        lines
            .filter_map(|(line, place)| Some((line, self.entries.get(*place)?)))
            .collect()
    }

    /// First line in sight, as of the last [`List::window`].
    #[must_use]
    pub const fn top(&self) -> usize {
        self.top
    }

    /// The line of the cursor.
    #[must_use]
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// The session under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        let place = *self.order.get(self.cursor)?;
        self.entries.get(place)
    }

    /// The session called so.
    #[must_use]
    pub fn get(&self, run: &RunId) -> Option<&Entry> {
        self.entries.iter().find(|one| one.summary.run == *run)
    }

    /// Sessions listed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// All sessions there are, in no order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// True while somebody writes one of them.
    #[must_use]
    pub fn has_live(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.standing == Standing::Live)
    }

    /// Marks or unmarks the session under the cursor.
    pub fn toggle(&mut self) {
        let Some(run) = self.current().map(|entry| entry.summary.run.clone()) else {
            return;
        };
        if !self.marked.remove(&run) {
            self.marked.insert(run);
        }
    }

    /// Marks all that are listed.
    pub fn mark_all(&mut self) {
        let listed = self.order.iter().filter_map(|at| self.entries.get(*at));
        self.marked
            .extend(listed.map(|entry| entry.summary.run.clone()));
    }

    /// Takes all marks away.
    pub fn unmark(&mut self) {
        self.marked.clear();
    }

    /// What is marked.
    #[must_use]
    pub const fn marked(&self) -> &BTreeSet<RunId> {
        &self.marked
    }

    /// What an action is done to: the marked sessions, else the one under the cursor.
    #[must_use]
    pub fn targets(&self) -> Vec<&Entry> {
        if self.marked.is_empty() {
            return self.current().into_iter().collect();
        }
        let marked = |entry: &&Entry| self.marked.contains(&entry.summary.run);
        self.entries.iter().filter(marked).collect()
    }

    /// Takes in new labels of a session.
    pub fn relabel(&mut self, run: &RunId, labels: Labels) {
        let mut entries = self.entries.iter_mut();
        if let Some(entry) = entries.find(|one| one.summary.run == *run) {
            if !entry.is_ours() {
                entry.deleted = labels.hidden;
            }
            entry.labels = labels;
        }
    }

    /// Takes in that sessions were deleted, or came back.
    pub fn set_deleted(&mut self, runs: &[RunId], deleted: bool) {
        let runs: BTreeSet<&RunId> = runs.iter().collect();
        for entry in &mut self.entries {
            if runs.contains(&entry.summary.run) {
                entry.deleted = deleted;
            }
        }
        if deleted {
            self.marked.retain(|run| !runs.contains(run));
        }
    }
}
