//! Sessions side by side: a table with a column per session, and how their final answers differ.
//!
//! Rows and columns scroll; sections fold; what is the same can be left out. The first session is the one
//! that answers are compared with. The room knows the comparison as plain data and shows it; who counts,
//! writes files and opens sessions is asked.

mod action;
mod ask;
mod page;
mod pieces;
#[cfg(test)]
mod tests;
mod view;

use std::{collections::BTreeSet, sync::Arc};

pub use action::{Action, Go, Take, View};
pub use ask::{Ask, News, Told};

use self::{page::Page, pieces::Piece};
use crate::protocol::{Failure, Level, RunId, comparison::Comparison};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// The heading of a section.
    Section(usize),
    /// A row of a section.
    Row(usize, usize),
    /// What is said about a section.
    Remark(usize),
    /// The heading of a diff of answers.
    Answer(usize),
    /// A piece of it.
    Piece(usize, usize),
}

/// What is known.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    /// Nothing yet.
    Waiting,
    /// The comparison.
    Here(Arc<Comparison>),
    /// Why not.
    Failed(Failure),
}

/// How much of the table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Everything.
    All,
    /// What differs.
    Differences,
}

/// What the room wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Ask the world.
    Ask(Ask),
    /// Say a quiet word.
    Hint(String),
    /// Say something that stays.
    Tell(Level, String),
    /// Open this session.
    Open(RunId),
    /// Put text on the clipboard.
    Copy(String),
    /// Leave the room.
    Leave,
}

/// What is wanted, in order.
pub type Wishes = Vec<Wish>;

/// The room.
#[derive(Debug)]
pub struct Compare {
    runs: Vec<RunId>,
    known: Known,
    shown: Shown,
    /// Headings under which nothing is shown.
    folded: BTreeSet<String>,
    items: Vec<Item>,
    /// What is shown of each diff of answers, laid out for a width.
    pieces: Vec<Vec<Piece>>,
    width: usize,
    at: usize,
    column: usize,
    page: Page,
}

impl Compare {
    /// The room for these sessions, and what to ask first.
    #[must_use]
    pub fn open(runs: Vec<RunId>) -> (Self, Wishes) {
        let ask = Ask::Read(runs.clone());
        let room = Self {
            runs,
            known: Known::Waiting,
            shown: Shown::Differences,
            folded: BTreeSet::new(),
            items: Vec::new(),
            pieces: Vec::new(),
            width: 0,
            at: 0,
            column: 0,
            page: Page::default(),
        };
        (room, vec![Wish::Ask(ask)])
    }

    /// The sessions, the one that answers are compared with first.
    #[must_use]
    pub fn runs(&self) -> &[RunId] {
        &self.runs
    }

    /// True while the sessions are being read.
    #[must_use]
    pub const fn waits(&self) -> bool {
        matches!(self.known, Known::Waiting)
    }

    /// An answer of the world.
    pub fn told(&mut self, told: Told) -> Wishes {
        match told {
            Ok(News::Here(runs, comparison)) => {
                if runs == self.runs {
                    self.known = Known::Here(comparison);
                    self.list();
                }
                Wishes::new()
            }
            Ok(News::Written(files)) => {
                let words = format!("Written: {}", files.join(", "));
                vec![Wish::Tell(Level::Info, words)]
            }
            Ok(News::Page(text)) => vec![
                Wish::Copy(text),
                Wish::Hint("Copied as Markdown.".to_owned()),
            ],
            Err(failure) => {
                let words = failure.words();
                if self.waits() {
                    self.known = Known::Failed(failure);
                }
                vec![Wish::Tell(Level::Error, words)]
            }
        }
    }

    /// Performs an action.
    pub fn update(&mut self, action: Action) -> Wishes {
        match action {
            Action::Move(step) => {
                self.at = step.over(self.at, self.items.len(), self.page.height());
                Wishes::new()
            }
            Action::Go(go) => {
                self.go(go);
                Wishes::new()
            }
            Action::View(view) => self.look(view),
            Action::Take(take) => self.take(take),
        }
    }

    fn go(&mut self, go: Go) {
        let last = self.items.len().saturating_sub(1);
        let heads = |at: &usize| {
            matches!(
                self.items.get(*at),
                Some(Item::Section(_) | Item::Answer(_))
            )
        };
        let columns = self.runs.len().saturating_sub(1);
        match go {
            Go::Left => self.column = self.column.saturating_sub(1),
            Go::Right => self.column = (self.column + 1).min(columns),
            Go::NextSection => self.at = (self.at + 1..=last).find(heads).unwrap_or(self.at),
            Go::PreviousSection => self.at = (0..self.at).rev().find(heads).unwrap_or(0),
        }
    }

    fn look(&mut self, view: View) -> Wishes {
        let Known::Here(comparison) = &self.known else {
            if view == View::Refresh {
                self.known = Known::Waiting;
                return vec![Wish::Ask(Ask::Read(self.runs.clone()))];
            }
            return hint("The sessions are not there yet.");
        };
        match view {
            View::Fold => {
                let Some(name) = self.items.get(self.at).map(|item| head(comparison, *item)) else {
                    return Wishes::new();
                };
                if !self.folded.remove(&name) {
                    self.folded.insert(name.clone());
                }
                self.list();
                // The cursor stays on the heading.
                let here = |item: &Item| {
                    matches!(item, Item::Section(_) | Item::Answer(_)) && self.head(*item) == name
                };
                self.at = self.items.iter().position(here).unwrap_or(self.at);
            }
            View::FoldAll => {
                let heads = self
                    .items
                    .iter()
                    .filter(|item| matches!(item, Item::Section(_) | Item::Answer(_)));
                let names: BTreeSet<String> = heads.map(|item| head(comparison, *item)).collect();
                self.folded = if self.folded.is_empty() {
                    names
                } else {
                    BTreeSet::new()
                };
                self.list();
            }
            View::Differences => {
                self.shown = match self.shown {
                    Shown::All => Shown::Differences,
                    Shown::Differences => Shown::All,
                };
                self.list();
                return hint(match self.shown {
                    Shown::All => "Everything is shown.",
                    Shown::Differences => "Only what differs is shown.",
                });
            }
            View::Base if self.column == 0 => {
                return hint(
                    "The answers are compared with this one already; choose another column.",
                );
            }
            View::Base => {
                if self.column < self.runs.len() {
                    let run = self.runs.remove(self.column);
                    self.runs.insert(0, run);
                }
                self.column = 0;
                self.known = Known::Waiting;
                self.items.clear();
                return vec![Wish::Ask(Ask::Read(self.runs.clone()))];
            }
            View::Refresh => return vec![Wish::Ask(Ask::Read(self.runs.clone()))],
        }
        Wishes::new()
    }

    fn take(&mut self, take: Take) -> Wishes {
        match take {
            Take::Open => match self.runs.get(self.column) {
                Some(run) => vec![Wish::Open(run.clone())],
                None => Wishes::new(),
            },
            Take::Back => vec![Wish::Leave],
            // The top of the program begins, and comes back.
            Take::Show | Take::Marked => Wishes::new(),
            Take::Copy | Take::Write if !matches!(self.known, Known::Here(_)) => {
                hint("The sessions are not there yet.")
            }
            Take::Copy => vec![Wish::Ask(Ask::Page(self.runs.clone()))],
            Take::Write => vec![Wish::Ask(Ask::Write(self.runs.clone()))],
        }
    }

    /// A click, or the wheel.
    pub fn mouse(&mut self, place: (u16, u16), wheel: i32) {
        if wheel != 0 {
            let last = self.items.len().saturating_sub(1);
            let by = usize::try_from(wheel.unsigned_abs()).unwrap_or(0) * 3;
            self.at = if wheel < 0 {
                self.at.saturating_sub(by)
            } else {
                (self.at + by).min(last)
            };
        } else if let Some((row, column)) = self.page.hit(place) {
            if row < self.items.len() {
                self.at = row;
            }
            if let Some(column) = column {
                self.column = column.min(self.runs.len().saturating_sub(1));
            }
        }
    }

    fn head(&self, item: Item) -> String {
        match &self.known {
            Known::Here(comparison) => head(comparison, item),
            Known::Waiting | Known::Failed(_) => String::new(),
        }
    }

    /// Makes the list of rows again.
    fn list(&mut self) {
        let Known::Here(comparison) = &self.known else {
            self.items.clear();
            return;
        };
        let all = self.shown == Shown::All;
        let mut items = Vec::new();
        self.pieces.clear();
        for (place, section) in comparison.sections.iter().enumerate() {
            let rows = section.rows.iter().enumerate();
            let rows = rows.filter(|(_, row)| row.differs || all);
            let rows: Vec<Item> = rows.map(|(row, _)| Item::Row(place, row)).collect();
            if rows.is_empty() && section.remark.is_empty() {
                continue;
            }
            items.push(Item::Section(place));
            if !self
                .folded
                .contains(&head(comparison, Item::Section(place)))
            {
                items.extend(rows);
                if !section.remark.is_empty() {
                    items.push(Item::Remark(place));
                }
            }
        }
        for (place, diff) in comparison.answers.iter().enumerate() {
            items.push(Item::Answer(place));
            let pieces = if self.folded.contains(&head(comparison, Item::Answer(place))) {
                Vec::new()
            } else {
                pieces::of(&diff.lines, all, self.width)
            };
            items.extend((0..pieces.len()).map(|piece| Item::Piece(place, piece)));
            self.pieces.push(pieces);
        }
        self.items = items;
        self.at = self.at.min(self.items.len().saturating_sub(1));
        self.page.stale();
    }
}

/// The heading that an item stands under; headings are the names of sections.
fn head(comparison: &Comparison, item: Item) -> String {
    match item {
        Item::Section(place) | Item::Row(place, _) | Item::Remark(place) => {
            let section = comparison.sections.get(place);
            section.map_or_else(String::new, |section| section.title.clone())
        }
        Item::Answer(place) | Item::Piece(place, _) => {
            let diff = comparison.answers.get(place);
            let session = diff.and_then(|diff| comparison.sessions.get(diff.session));
            let run = session.map_or("", |session| session.run.0.as_str());
            format!("Final answer of {run}")
        }
    }
}

fn hint(words: &str) -> Wishes {
    vec![Wish::Hint(words.to_owned())]
}
