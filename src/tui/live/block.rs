//! One block of a column: an optional head row and an optional body of laid-out rows.
//!
//! Rows of a block, from the top: a blank row (when it keeps its distance), the head, the body. The
//! head is one row and cheap, so it is made while painting and may show a clock; the body is laid
//! out by the text engine and only looked up here. A block knows nothing about its neighbours.

use ratatui::text::Line;

use super::{
    card::Tool,
    ink::{Role, Words},
    phrase, search,
};
use crate::{
    protocol::Label,
    text::{Doc, HighlightJob, Highlighted, Hit, Mark, TextStyles},
    tui::{detail::Detail, shared::Shared, theme::Theme},
};

/// Rows of a thought that stay in sight while it is being written.
const TAIL: usize = 2;

/// What the head row says.
#[derive(Clone, Debug, Default)]
pub(super) enum Head {
    /// There is no head row.
    #[default]
    None,
    /// These words.
    Words(Words),
    /// Reasoning.
    Thinking,
    /// An answer on its way.
    Draft(Draft),
    /// A tool call.
    Tool(Box<Tool>),
}

/// How far an answer got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    /// Being written.
    Writing,
    /// Not accepted; the next row tells why.
    Refused,
    /// The round ended without it.
    Left,
    /// Published under this label.
    Published(Label),
    /// Published by the engine for an agent that only wrote text.
    Auto(Label),
}

/// Whether the body can be put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// Always shown.
    Never,
    /// Put away, unless everything is shown in full; the person has not said anything about it.
    Usual,
    /// Shown, can be closed.
    Open,
    /// Put away.
    Closed,
}

/// What a block tells of: levels of [`Detail`] leave some out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What a reader must not miss.
    Word,
    /// What an agent did or read.
    Deed,
    /// What it thought.
    Thought,
}

impl Part {
    /// The least level that shows it.
    const fn from(self) -> Detail {
        match self {
            Self::Word => Detail::Answers,
            Self::Deed => Detail::Tools,
            Self::Thought => Detail::Usual,
        }
    }
}

/// One row of a block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    /// Nothing.
    Gap,
    /// The head.
    Head,
    /// This row of the body.
    Body {
        /// The text.
        text: &'a Line<'static>,
        /// What stands before it.
        sign: &'static str,
    },
}

/// A block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its first row.
    pub(super) head: Head,
    /// Its text.
    body: Option<Doc>,
    /// Role of the body's running text and of its sign.
    pub(super) tint: Role,
    /// What stands before the first row of the body, inside its indent.
    sign: &'static str,
    /// Columns the body is set in.
    pub(super) indent: u16,
    /// True for a blank row before it.
    gap: bool,
    /// What it tells of.
    part: Part,
    /// How much was shown at the last layout.
    detail: Detail,
    /// Whether the body is shown.
    fold: Fold,
    /// True while text may still be added.
    pub(super) open: bool,
    /// Bytes of body text taken in.
    pub(super) bytes: usize,
    /// Line ends in the body text taken in.
    pub(super) lines: usize,
    /// Words in the body text taken in.
    words: Counter,
    /// Changes whenever a row may have changed.
    pub(super) version: u64,
    /// Rows as of the last layout, folded ones left out.
    rows: usize,
}

/// Counts words in pieces of text, cut anywhere.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    words: u64,
    inside: bool,
}

impl Counter {
    fn feed(&mut self, text: &str) {
        for letter in text.chars() {
            let blank = letter.is_whitespace();
            if !blank && !self.inside {
                self.words += 1;
            }
            self.inside = !blank;
        }
    }
}

impl Block {
    /// A block of one row.
    pub(super) fn row(words: Words) -> Self {
        Self::new(Head::Words(words), None)
    }

    /// A block with a markdown body.
    pub(super) fn markdown(head: Head) -> Self {
        Self::new(head, Some(Doc::markdown()))
    }

    /// A block whose body is taken as it is.
    pub(super) fn plain(head: Head, tint: Role) -> Self {
        let mut block = Self::new(head, Some(Doc::plain()));
        block.tint = tint;
        block
    }

    fn new(head: Head, body: Option<Doc>) -> Self {
        Self {
            head,
            body,
            tint: Role::Text,
            sign: "",
            indent: 0,
            gap: false,
            part: Part::Word,
            detail: Detail::default(),
            fold: Fold::Never,
            open: false,
            bytes: 0,
            lines: 0,
            words: Counter::default(),
            version: 0,
            rows: 0,
        }
    }

    /// Bytes of memory that its body takes, about.
    pub(super) fn weight(&self) -> usize {
        self.body.as_ref().map_or(0, Doc::weight)
    }

    /// A remark: a sign, and the text beside it.
    pub(super) fn note(sign: &'static str, role: Role, text: &str) -> Self {
        let mut block = Self::plain(Head::None, role).indented(2);
        block.sign = sign;
        block.saying(text)
    }

    /// The same, set in by some columns.
    pub(super) fn indented(mut self, columns: u16) -> Self {
        self.indent = columns;
        self
    }

    /// The same with its body folded.
    pub(super) fn folded(mut self, fold: Fold) -> Self {
        self.fold = fold;
        self
    }

    /// The same, telling of this.
    pub(super) fn about(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// The same with a blank row before it.
    pub(super) fn apart(mut self) -> Self {
        self.gap = true;
        self
    }

    /// The same, ready to be written to.
    pub(super) fn writing(mut self) -> Self {
        self.open = true;
        self
    }

    /// The same with this body, complete.
    pub(super) fn saying(mut self, text: &str) -> Self {
        self.push(text);
        self.finish();
        self
    }

    /// Adds text to the body.
    pub(super) fn push(&mut self, text: &str) {
        if let Some(body) = &mut self.body {
            body.push(text);
            self.bytes += text.len();
            self.lines += text.bytes().filter(|byte| *byte == b'\n').count();
            self.words.feed(text);
            self.version += 1;
        }
    }

    /// No text will follow.
    pub(super) fn finish(&mut self) {
        self.open = false;
        self.version += 1;
        if let Some(body) = &mut self.body {
            body.finish();
        }
    }

    /// Replaces the body with this markdown, complete.
    pub(super) fn replace(&mut self, text: &str) {
        self.body = Some(Doc::markdown());
        self.bytes = 0;
        self.lines = 0;
        self.words = Counter::default();
        self.push(text);
        self.finish();
    }

    /// The text of the body as it came, cleaned.
    pub(super) fn text(&self) -> &str {
        self.body.as_ref().map_or("", |body| body.text())
    }

    /// Number of words in the body.
    pub(super) const fn words(&self) -> u64 {
        self.words.words
    }

    /// Code blocks that became complete since the last call.
    pub(super) fn take_jobs(&mut self) -> Vec<HighlightJob> {
        self.body.as_mut().map_or_else(Vec::new, Doc::take_jobs)
    }

    /// Highlighted code for the body.
    pub(super) fn highlighted(&mut self, lines: Highlighted) {
        if let Some(body) = &mut self.body {
            body.highlighted(lines);
            self.version += 1;
        }
    }

    /// True when there is something to open or close.
    pub(super) fn foldable(&self) -> bool {
        self.fold != Fold::Never && self.body.is_some() && !self.is_left_out()
    }

    /// True when it takes no rows, because less than it tells of is shown.
    pub(super) fn is_left_out(&self) -> bool {
        self.detail < self.part.from()
    }

    /// True when its body is put away.
    pub(super) fn is_closed(&self) -> bool {
        match self.fold {
            Fold::Never | Fold::Open => false,
            Fold::Usual => self.detail < Detail::Full,
            Fold::Closed => true,
        }
    }

    /// Opens or closes a foldable body.
    pub(super) fn set_fold(&mut self, fold: Fold) {
        if self.foldable() && self.fold != fold {
            self.fold = fold;
            self.version += 1;
        }
    }

    /// Its first row that is not blank.
    pub(super) fn first_row(&self) -> usize {
        usize::from(self.gap)
    }

    /// Rows before the body.
    pub(super) fn lead(&self) -> usize {
        usize::from(self.gap) + usize::from(!matches!(self.head, Head::None))
    }

    /// Rows as of the last layout.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Lays the body out when it is in sight, and counts the rows.
    pub(super) fn layout(&mut self, columns: u16, detail: Detail, theme: &Theme) {
        self.detail = detail;
        if self.is_left_out() {
            self.rows = 0;
            return;
        }
        if !self.is_closed() || self.open {
            self.layout_body(columns, theme);
        }
        self.rows = self.lead() + self.shown().1;
    }

    fn layout_body(&mut self, columns: u16, theme: &Theme) {
        if let Some(body) = &mut self.body {
            let styles = TextStyles {
                body: self.tint.style(theme),
                ..theme.styles
            };
            let columns = columns.saturating_sub(self.indent).max(1);
            body.layout(columns, &styles, theme.revision);
        }
    }

    /// First body row in sight and how many follow it.
    fn shown(&self) -> (usize, usize) {
        let all = self.body.as_ref().map_or(0, Doc::row_count);
        match (self.is_closed(), self.open) {
            (false, _) => (0, all),
            (true, true) => (all.saturating_sub(TAIL), all.min(TAIL)),
            (true, false) => (all, 0),
        }
    }

    /// Row `index` of the block.
    pub(super) fn at(&self, index: usize) -> Row<'_> {
        let lead = self.lead();
        if index >= lead {
            let (first, _) = self.shown();
            return self
                .body
                .as_ref()
                .and_then(|body| body.row(first + index - lead))
                .map_or(Row::Gap, |row| Row::Body {
                    text: &row.line,
                    sign: if index == lead { self.sign } else { "" },
                });
        }
        if self.gap && index == 0 {
            Row::Gap
        } else {
            Row::Head
        }
    }

    /// Hits in head and body, as rows of the block as if it were open. A folded body is laid out for
    /// it.
    pub(super) fn find(&mut self, needle: &str, columns: u16, shared: &Shared) -> Vec<Hit> {
        if self.is_left_out() {
            return Vec::new();
        }
        self.layout_body(columns, &shared.theme);
        let lead = self.lead();
        let mut hits = Vec::new();
        if !matches!(self.head, Head::None) {
            hits.extend(search::find_in(
                &self.title(shared).plain(),
                needle,
                lead - 1,
            ));
        }
        if let Some(body) = &self.body {
            hits.extend(body.find(needle).into_iter().map(|hit| Hit {
                row: hit.row + lead,
                start_col: hit.start_col + self.indent,
                end_col: hit.end_col + self.indent,
            }));
        }
        hits
    }

    /// The row that `index` would be if the body were open: hits are counted so.
    pub(super) fn unfolded(&self, index: usize) -> usize {
        if index < self.lead() {
            index
        } else {
            index + self.shown().0
        }
    }

    /// Names the text of a row, so that it can be found again at another width.
    pub(super) fn text_at(&self, index: usize) -> Option<Mark> {
        let body = self.body.as_ref()?;
        let row = self.unfolded(index).checked_sub(self.lead())?;
        (row < body.row_count()).then(|| body.mark(row))
    }

    /// The row of the block where this text is now.
    pub(super) fn row_of(&self, text: Mark) -> usize {
        let (first, count) = self.shown();
        let row = self.body.as_ref().map_or(0, |body| body.row_of(text));
        self.lead() + row.saturating_sub(first).min(count.saturating_sub(1))
    }

    /// What the head says now.
    pub(super) fn title(&self, shared: &Shared) -> Words {
        match &self.head {
            Head::None => Words::new(),
            Head::Words(words) => words.clone(),
            Head::Thinking => Words::of(Role::Dim, self.mark())
                .and(Role::Dim, "thinking · ")
                .and(Role::Dim, phrase::count(self.words(), "word", "words")),
            Head::Draft(draft) => draft.title(),
            Head::Tool(tool) => {
                let mut words = Words::of(Role::Dim, self.mark());
                words.append(tool.title(shared));
                words
            }
        }
    }

    /// The sign before the head of a foldable block.
    fn mark(&self) -> &'static str {
        match (self.fold, self.is_closed()) {
            (Fold::Never, _) => "",
            (_, false) => "▾ ",
            (_, true) => "▸ ",
        }
    }

    /// Forgets everything that a layout can bring back.
    #[cfg(test)]
    pub(super) fn forget(&mut self, theme: &Theme) {
        self.layout_body(7, theme);
        self.rows = 0;
    }
}

impl Draft {
    fn title(self) -> Words {
        match self {
            Self::Writing => Words::of(Role::Accent, "✎ drafting answer"),
            Self::Refused => Words::of(Role::Warn, "✎ draft, not accepted"),
            Self::Left => Words::of(Role::Dim, "✎ draft, not published"),
            Self::Published(label) => Words::of(Role::Ok, format!("★ answer {label}")),
            Self::Auto(label) => Words::of(Role::Ok, format!("★ answer {label}"))
                .and(Role::Dim, " · taken from its text"),
        }
    }
}
