//! One column of lines: a sheet with a cursor, a range, and the rows in sight.
//!
//! The view is anchored to an item, not to a number of rows, so only what is in sight is laid out,
//! also with wrapped lines. `prepare` twice is `prepare` once.

use std::collections::HashMap;

use ratatui::text::Line;

use super::{
    ask::Content,
    paint::{Brush, Inks, Look, Words},
    sheet::{Item, Sheet},
};
use crate::{
    protocol::{
        AgentId,
        change::{Comment, Face, FileChange, LineKind, Part},
    },
    text::words,
    tui::{effect::Load, theme::Theme},
};

/// Lines compared word by word that are remembered.
const REMEMBERED: usize = 20_000;

/// What a column shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The agent's answer.
    Answer,
    /// A file.
    File(Box<FileChange>),
}

/// One column.
#[derive(Clone, Debug)]
pub struct Pane {
    /// Whose.
    pub agent: AgentId,
    /// What.
    pub shown: Shown,
    /// Its lines.
    pub content: Load<std::sync::Arc<Content>>,
    /// Their order.
    pub sheet: Sheet,
    /// The item under the cursor.
    pub cursor: usize,
    /// Where a range began.
    pub anchor: Option<usize>,
    /// First row in sight: an item, and rows of it above the edge.
    pub top: (usize, usize),
    /// Highlighted lines.
    pub inks: Inks,
    words: Words,
    /// Rows in sight and their items.
    pub rows: Vec<(usize, Line<'static>)>,
    /// Rows that there is room for.
    pub height: usize,
}

/// What a column is painted with.
pub struct Paper<'a> {
    /// What is taken of the file.
    pub part: Option<&'a Part>,
    /// Comments, and whether they are old.
    pub comments: &'a HashMap<u32, (Comment, bool)>,
    /// How.
    pub look: Look,
    /// Colours.
    pub theme: &'a Theme,
    /// Text searched for.
    pub needle: Option<&'a str>,
    /// Cells of a row.
    pub room: usize,
    /// Rows.
    pub height: usize,
}

impl Pane {
    /// A column whose lines are not there yet.
    #[must_use]
    pub fn new(agent: AgentId, shown: Shown) -> Self {
        Self {
            agent,
            shown,
            content: Load::Idle,
            sheet: Sheet::default(),
            cursor: 0,
            anchor: None,
            top: (0, 0),
            inks: Inks::default(),
            words: Words::new(),
            rows: Vec::new(),
            height: 1,
        }
    }

    /// The file, when it shows one.
    #[must_use]
    pub fn file(&self) -> Option<&FileChange> {
        match &self.shown {
            Shown::File(file) => Some(file),
            Shown::Answer => None,
        }
    }

    /// The lines, when they are there.
    #[must_use]
    pub fn lines(&self) -> Option<&Content> {
        match &self.content {
            Load::Ready(content) => Some(content),
            Load::Idle | Load::Loading(_) | Load::Failed(_) => None,
        }
    }

    /// Whether some line is another one.
    #[must_use]
    pub fn has_hunks(&self) -> bool {
        self.lines()
            .is_some_and(|content| !content.diff.hunks.is_empty())
    }

    /// Another order of the lines; the cursor stays on its line.
    pub fn relaid(&mut self, change: impl FnOnce(&mut Sheet)) {
        let item = self.sheet.item(self.cursor);
        let numbers = item
            .map(|item| self.sheet.lines_of(item))
            .unwrap_or_default();
        change(&mut self.sheet);
        let same = match item {
            Some(Item::Head(hunk)) => self.sheet.head(hunk),
            Some(Item::Note(id)) => self.sheet.note(id),
            _ => None,
        };
        self.anchor = None;
        self.cursor = same.unwrap_or_else(|| match numbers {
            (old, 0) if old > 0 => self.sheet.place_of(Face::Old, old),
            (_, new) => self.sheet.place_of(Face::New, new),
        });
        self.top = (self.cursor.saturating_sub(self.height / 3), 0);
    }

    /// Moves the cursor.
    pub fn go(&mut self, place: usize) {
        self.cursor = place.min(self.sheet.len().saturating_sub(1));
    }

    /// First and last item of the range, or the cursor's.
    #[must_use]
    pub fn range(&self) -> (usize, usize) {
        let anchor = self.anchor.unwrap_or(self.cursor);
        (anchor.min(self.cursor), anchor.max(self.cursor))
    }

    /// Lays out what is in sight, with the cursor in it.
    pub fn prepare(&mut self, paper: &Paper<'_>) {
        self.height = paper.height.max(1);
        let last = self.sheet.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        self.top.0 = self.top.0.min(last);
        if self.top > (self.cursor, 0) {
            self.top = (self.cursor, 0);
        }
        let rows = self.window(paper);
        let seen = rows.iter().any(|(place, _)| *place == self.cursor);
        let cut =
            rows.last().is_some_and(|(place, _)| *place == self.cursor) && self.cursor > self.top.0;
        self.rows = rows;
        if seen && !cut {
            return;
        }
        // The cursor is below: its last row comes to the last row in sight.
        let (mut place, mut room) = (self.cursor, self.height);
        self.top = loop {
            let rows = self.laid(place, paper).len();
            if rows >= room {
                let above = if place == self.cursor { 0 } else { rows - room };
                break (place, above);
            }
            room -= rows;
            match place.checked_sub(1) {
                Some(before) => place = before,
                None => break (0, 0),
            }
        };
        self.rows = self.window(paper);
    }

    /// The rows from the top on.
    fn window(&mut self, paper: &Paper<'_>) -> Vec<(usize, Line<'static>)> {
        let mut rows = Vec::new();
        let (first, above) = self.top;
        let mut skip = above;
        for place in first..self.sheet.len() {
            let laid = self.laid(place, paper);
            // What wraps otherwise than before begins at its first row.
            let from = if skip >= laid.len() { 0 } else { skip };
            skip = 0;
            rows.extend(laid.into_iter().skip(from).map(|line| (place, line)));
            if rows.len() >= paper.height {
                break;
            }
        }
        rows.truncate(paper.height);
        rows
    }

    /// The rows of one item.
    pub fn laid(&mut self, place: usize, paper: &Paper<'_>) -> Vec<Line<'static>> {
        let Some(item) = self.sheet.item(place) else {
            return Vec::new();
        };
        self.compare_words(item);
        let Load::Ready(content) = &self.content else {
            return Vec::new();
        };
        let brush = Brush {
            content,
            sheet: &self.sheet,
            inks: &self.inks,
            words: &self.words,
            part: paper.part,
            comments: paper.comments,
            look: paper.look,
            theme: paper.theme,
            needle: paper.needle,
            room: paper.room,
        };
        brush.rows(item)
    }

    fn compare_words(&mut self, item: Item) {
        let (Item::Row { hunk, row }, Load::Ready(content)) = (item, &self.content) else {
            return;
        };
        let pair = self.sheet.pair(hunk, row);
        let Some(line) = pair.left.or(pair.right) else {
            return;
        };
        if self.words.contains_key(&(hunk, line)) {
            return;
        }
        let lines = content
            .diff
            .hunks
            .get(hunk)
            .map_or(&[][..], |hunk| &hunk.lines);
        let Some(partner) = self.sheet.partner(hunk, line) else {
            return;
        };
        let (Some(one), Some(other)) = (lines.get(line), lines.get(partner)) else {
            return;
        };
        let (old, new, before, after) = if one.kind == LineKind::Removed {
            (one, other, line, partner)
        } else {
            (other, one, partner, line)
        };
        if self.words.len() > REMEMBERED {
            self.words.clear();
        }
        let changed = words::changed(&old.text, &new.text).unwrap_or_default();
        self.words.insert((hunk, before), changed.old.into());
        self.words.insert((hunk, after), changed.new.into());
    }

    /// The text of an item, for searching and quoting.
    #[must_use]
    pub fn text(&self, place: usize) -> Vec<&str> {
        let (Some(item), Some(content)) = (self.sheet.item(place), self.lines()) else {
            return Vec::new();
        };
        match item {
            Item::Same { new, .. } => {
                let lines = content.new.as_ref().or(content.old.as_ref());
                let place = new.saturating_sub(1) as usize;
                let line = lines.and_then(|lines| lines.get(place));
                line.map(String::as_str).into_iter().collect()
            }
            Item::Row { hunk, row } => {
                let pair = self.sheet.pair(hunk, row);
                let lines = content
                    .diff
                    .hunks
                    .get(hunk)
                    .map_or(&[][..], |hunk| &hunk.lines);
                let right = pair.right.filter(|right| pair.left != Some(*right));
                let both = [pair.left, right].into_iter().flatten();
                both.filter_map(|line| lines.get(line))
                    .map(|line| line.text.as_str())
                    .collect()
            }
            Item::Fold { .. } | Item::Head(_) | Item::Note(_) => Vec::new(),
        }
    }

    /// The lines of an item as they are quoted: with their signs where there are two sides.
    #[must_use]
    pub fn quoted(&self, place: usize) -> Vec<String> {
        let Some(Item::Row { hunk, row }) = self.sheet.item(place) else {
            return self.text(place).into_iter().map(str::to_owned).collect();
        };
        let pair = self.sheet.pair(hunk, row);
        let lines = self
            .lines()
            .and_then(|content| content.diff.hunks.get(hunk));
        let lines = lines.map_or(&[][..], |hunk| &hunk.lines);
        let right = pair.right.filter(|right| pair.left != Some(*right));
        let both = [pair.left, right].into_iter().flatten();
        both.filter_map(|line| lines.get(line))
            .map(|line| {
                let sign = match line.kind {
                    LineKind::Context => ' ',
                    LineKind::Added => '+',
                    LineKind::Removed => '-',
                };
                format!("{sign}{}", line.text)
            })
            .collect()
    }

    /// The lines of the range: first and last, the side they are counted on, and their words.
    #[must_use]
    pub fn lines_here(&self) -> (Option<(u32, u32)>, Face, Vec<String>) {
        let (from, to) = self.range();
        let mut quote = Vec::new();
        let mut numbers: Vec<(u32, Face)> = Vec::new();
        for place in from..=to {
            quote.extend(self.quoted(place));
            numbers.extend(self.spot(place));
        }
        // A range over both sides is told by the lines after, where there are some.
        let face = if numbers.iter().any(|(_, face)| *face == Face::New) {
            Face::New
        } else {
            Face::Old
        };
        let own = numbers
            .iter()
            .filter(|(_, side)| *side == face)
            .map(|(line, _)| *line);
        (own.clone().min().zip(own.max()), face, quote)
    }

    /// The line of an item and the side it is counted on.
    #[must_use]
    pub fn spot(&self, place: usize) -> Option<(u32, Face)> {
        let item = self.sheet.item(place)?;
        match item {
            Item::Same { .. } | Item::Row { .. } => match self.sheet.lines_of(item) {
                (0, 0) => None,
                (old, 0) => Some((old, Face::Old)),
                (_, new) => Some((new, Face::New)),
            },
            Item::Fold { .. } | Item::Head(_) | Item::Note(_) => None,
        }
    }
}
