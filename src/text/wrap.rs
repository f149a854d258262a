//! Word wrap of styled text to a width, in one pass.
//!
//! Greedy: a row takes what fits. Breaks fall at spaces (dropped there) and between CJK characters
//! (not before closing or after opening punctuation). A word longer than a row is cut, where it can
//! be after a `/`, `?`, `&` or the like, so that URLs and paths stay readable; else between grapheme
//! clusters. A word that fits a row is never cut, so a URL stays clickable whenever it can.
//!
//! Invariants: no row is wider than asked; text is neither lost nor reordered, except the spaces
//! at a break and a cluster that is wider than the whole row (becomes `…`); where a row begins
//! depends on nothing but the text from the beginning of the row before it, so that wrapping can be
//! resumed there (see `stream::plain`). Linear in the text, whatever its shape.
//!
//! Input is one logical line: line breaks are the caller's business.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{Row, width};

/// A stretch of text of one style.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run<'a> {
    /// The text, without line breaks.
    pub text: Cow<'a, str>,
    /// Its style.
    pub style: Style,
    /// Where it begins in the document, in bytes.
    pub at: u64,
}

impl<'a> Run<'a> {
    /// A run.
    pub fn new(text: impl Into<Cow<'a, str>>, style: Style, at: u64) -> Self {
        Self {
            text: text.into(),
            style,
            at,
        }
    }
}

/// What stands before the rows of a line: list marks, quote bars, gutters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indent {
    /// Before the first row.
    pub first: Vec<Span<'static>>,
    /// Before the others (the hanging indent). As wide as `first`, or text will not line up.
    pub rest: Vec<Span<'static>>,
}

/// How long words and spaces are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breaks {
    /// At words.
    #[default]
    Words,
    /// At the width, spaces kept: for code.
    Anywhere,
}

/// Wraps one logical line into rows and hands them to `sink`. An empty line gives one row.
///
/// `columns` includes the indent; an indent that leaves no room for text is left out.
pub fn wrap(
    runs: &[Run<'_>],
    columns: u16,
    indent: &Indent,
    breaks: Breaks,
    sink: &mut dyn FnMut(Row),
) {
    if columns == 0 {
        sink(Row::default());
        return;
    }
    let mut wrapper = Wrapper::new(runs, usize::from(columns), indent, sink);
    for (run, part) in runs.iter().enumerate() {
        for cell in width::cells(&part.text) {
            let at = Pos {
                run,
                byte: cell.start,
            };
            wrapper.cell(at, &cell, breaks);
        }
    }
    wrapper.finish();
}

/// The rows of one logical line.
#[must_use]
pub fn rows(runs: &[Run<'_>], columns: u16, indent: &Indent) -> Vec<Row> {
    let mut rows = Vec::new();
    wrap(runs, columns, indent, Breaks::Words, &mut |row| {
        rows.push(row);
    });
    rows
}

/// A place between two clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Pos {
    run: usize,
    byte: usize,
}

/// A place where the row may end.
#[derive(Clone, Copy, Debug)]
struct Break {
    /// End of the row.
    end: Pos,
    /// Beginning of the next row.
    next: Pos,
    /// Cells from the beginning of the row to `next`.
    cells: usize,
}

struct Wrapper<'a, 'b> {
    runs: &'a [Run<'b>],
    /// Cells for text.
    room: usize,
    indent: Option<&'a Indent>,
    sink: &'a mut dyn FnMut(Row),
    start: Pos,
    /// Cells used since `start`.
    used: usize,
    /// End of the last cluster that is not a space.
    end: Pos,
    /// Last place to break between words.
    word: Option<Break>,
    /// Last place to break within a word that is too long.
    inner: Option<Break>,
    previous: Kind,
    first: bool,
    /// Cells for the indent.
    taken: usize,
    /// Some cluster was wider than the whole row.
    oversize: bool,
}

/// What a cluster means for breaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    /// May be broken before and after.
    Ideograph,
    /// Ideographic punctuation that must not begin a row.
    Closing,
    /// Punctuation of all scripts that must not begin a row, nor part a word.
    Sticky,
    /// Ideographic punctuation that must not end a row.
    Opening,
}

impl<'a, 'b> Wrapper<'a, 'b> {
    fn new(
        runs: &'a [Run<'b>],
        columns: usize,
        indent: &'a Indent,
        sink: &'a mut dyn FnMut(Row),
    ) -> Self {
        let taken = spans_width(&indent.first).max(spans_width(&indent.rest));
        let fits = taken < columns;
        let mut wrapper = Self {
            runs,
            room: if fits { columns - taken } else { columns },
            indent: fits.then_some(indent),
            sink,
            start: Pos::default(),
            used: 0,
            end: Pos::default(),
            word: None,
            inner: None,
            previous: Kind::Space,
            first: true,
            taken,
            oversize: false,
        };
        wrapper.start = wrapper.after(Pos::default(), 0);
        wrapper.end = wrapper.start;
        wrapper
    }

    fn cell(&mut self, at: Pos, cell: &width::Cell<'_>, breaks: Breaks) {
        let kind = match breaks {
            Breaks::Words => kind(cell),
            Breaks::Anywhere => Kind::Word,
        };
        let after = self.after(at, cell.text.len());
        if kind == Kind::Space {
            self.used += cell.width;
            if self.end > self.start {
                self.word = Some(Break {
                    end: self.end,
                    next: after,
                    cells: self.used,
                });
            } else if self.used * 2 > self.room {
                // An indent takes at most half of the row.
                self.start = self.after(self.start, 1);
                self.end = self.end.max(self.start);
                self.used -= cell.width;
            }
            self.previous = kind;
            return;
        }
        if at > self.start && self.end > self.start && may_break(self.previous, kind) {
            self.word = Some(Break {
                end: at,
                next: at,
                cells: self.used,
            });
        }
        while self.used + cell.width > self.room && at > self.start {
            self.break_before(at);
        }
        self.used += cell.width;
        self.end = after;
        self.previous = kind;
        self.oversize |= cell.width > self.room;
        if breaks == Breaks::Words && joint(cell.text) {
            self.inner = Some(Break {
                end: after,
                next: after,
                cells: self.used,
            });
        }
    }

    /// Ends the row at the best place before `at`, which does not fit any more.
    fn break_before(&mut self, at: Pos) {
        let here = Break {
            end: at,
            next: at,
            cells: self.used,
        };
        let inner = self.inner.filter(|inner| inner.cells * 2 > self.room);
        let place = self.word.take().or(inner).unwrap_or(here);
        self.emit(place.end);
        self.inner = self
            .inner
            .filter(|inner| inner.next > place.next)
            .map(|inner| Break {
                cells: inner.cells - place.cells,
                ..inner
            });
        self.start = place.next;
        self.used -= place.cells;
        self.end = self.end.max(self.start);
    }

    fn finish(mut self) {
        self.emit(self.end);
    }

    /// The place after `length` bytes, at the beginning of a run rather than at the end of another.
    fn after(&self, at: Pos, length: usize) -> Pos {
        let mut pos = Pos {
            run: at.run,
            byte: at.byte + length,
        };
        while pos.run + 1 < self.runs.len()
            && self
                .runs
                .get(pos.run)
                .is_some_and(|run| run.text.len() <= pos.byte)
        {
            pos = Pos {
                run: pos.run + 1,
                byte: 0,
            };
        }
        pos
    }

    fn emit(&mut self, end: Pos) {
        let first = std::mem::replace(&mut self.first, false);
        let mut spans = match self.indent {
            Some(indent) if first => indent.first.clone(),
            Some(indent) => indent.rest.clone(),
            None => Vec::new(),
        };
        let at = self
            .runs
            .get(self.start.run)
            .map_or(0, |run| run.at + self.start.byte as u64);
        for index in self.start.run..=end.run {
            let Some(run) = self.runs.get(index) else {
                break;
            };
            let from = if index == self.start.run {
                self.start.byte
            } else {
                0
            };
            let to = if index == end.run {
                end.byte
            } else {
                run.text.len()
            };
            if let Some(text) = run.text.get(from..to).filter(|text| !text.is_empty()) {
                spans.push(Span::styled(text.to_owned(), run.style));
            }
        }
        let used = || {
            spans
                .iter()
                .map(|span| width::of(&span.content))
                .sum::<usize>()
        };
        if self.oversize && used() > self.room + self.indent.map_or(0, |_| self.taken) {
            // The row is a single cluster.
            let style = spans.pop().map_or_else(Style::default, |span| span.style);
            spans.push(Span::styled(width::ELLIPSIS, style));
        }
        (self.sink)(Row::new(Line::from(spans), at));
    }
}

/// Width of styled text.
#[must_use]
pub fn spans_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| width::of(&span.content)).sum()
}

fn kind(cell: &width::Cell<'_>) -> Kind {
    let Some(c) = cell.text.chars().next() else {
        return Kind::Word;
    };
    match c {
        ' ' => Kind::Space,
        _ if c.is_ascii() => Kind::Word,
        '、' | '。' | '，' | '．' | '：' | '；' | '？' | '！' | '）' | '」' | '』' | '】'
        | '》' | '〉' | '〕' | '］' | '｝' | 'ー' | '々' | '゛' | '゜' | 'っ' | 'ゃ' | 'ゅ'
        | 'ょ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | '・' => Kind::Closing,
        '”' | '’' | '…' | '»' => Kind::Sticky,
        '（' | '「' | '『' | '【' | '《' | '〈' | '〔' | '［' | '｛' => Kind::Opening,
        // Ideographs, kana, fullwidth forms and emoji; Hangul is written with spaces.
        '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' => Kind::Word,
        _ if cell.width == 2 => Kind::Ideograph,
        _ => Kind::Word,
    }
}

/// Whether a row may end between two clusters that no space parts.
const fn may_break(before: Kind, after: Kind) -> bool {
    match (before, after) {
        (_, Kind::Closing | Kind::Sticky | Kind::Space)
        | (Kind::Opening | Kind::Space, _)
        | (Kind::Word | Kind::Sticky, Kind::Word) => false,
        (Kind::Ideograph | Kind::Closing, _)
        | (Kind::Word | Kind::Sticky, Kind::Ideograph | Kind::Opening) => true,
    }
}

/// A cluster after which a long URL, path or identifier may be cut.
fn joint(cluster: &str) -> bool {
    matches!(
        cluster,
        "/" | "\\" | "?" | "&" | "=" | "#" | "." | "," | ";" | ":" | "-" | "_" | "|"
    )
}
