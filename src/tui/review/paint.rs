//! The rows of one item of a sheet.
//!
//! Invariants: an item has at least one row; no row is wider than the room; the same item with the
//! same brush gives the same rows. What costs (comparing words, highlighting) is looked up, not done.

use std::{collections::HashMap, fmt::Write as _, ops::Range, sync::Arc};

use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{
    ask::Content,
    pick::{self, Taken},
    sheet::{Item, Order, Pair, Sheet, reference},
    strokes::{self, Fit, Stroke},
};
use crate::{
    protocol::change::{Comment, DiffLine, LineEnd, LineKind, Part},
    text::{width, words},
    tui::{theme::Theme, widget::paragraph},
};

/// What blanks look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blanks {
    /// As nothing.
    #[default]
    Hidden,
    /// As dots; changes of blanks alone are dimmed.
    Seen,
}

/// How a sheet is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Unified or side by side.
    pub order: Order,
    /// Long lines take several rows.
    pub wrap: bool,
    /// Blanks.
    pub blanks: Blanks,
    /// First cell of a line that is seen, when lines are not wrapped.
    pub skip: usize,
}

/// Changed words of lines, by hunk and line; empty for lines that are compared as a whole.
pub type Words = HashMap<(usize, usize), Arc<[Range<usize>]>>;

/// Highlighted lines of both sides.
#[derive(Clone, Debug, Default)]
pub struct Inks {
    /// Before.
    pub old: Option<Arc<Vec<Line<'static>>>>,
    /// After.
    pub new: Option<Arc<Vec<Line<'static>>>>,
}

/// Everything a row needs.
pub struct Brush<'a> {
    /// The lines.
    pub content: &'a Content,
    /// Their order.
    pub sheet: &'a Sheet,
    /// Highlighted lines.
    pub inks: &'a Inks,
    /// Changed words.
    pub words: &'a Words,
    /// What is taken.
    pub part: Option<&'a Part>,
    /// Comments, and whether what they are about has changed since.
    pub comments: &'a HashMap<u32, (Comment, bool)>,
    /// How.
    pub look: Look,
    /// Colours.
    pub theme: &'a Theme,
    /// Text searched for, in lower case.
    pub needle: Option<&'a str>,
    /// Cells of a row, without the cursor's column.
    pub room: usize,
}

/// One side of a row.
struct Half<'a> {
    text: &'a str,
    end: LineEnd,
    sign: &'static str,
    style: Style,
    number: String,
    words: &'a [Range<usize>],
    ink: Option<&'a Line<'static>>,
    taken: Option<bool>,
}

impl Brush<'_> {
    /// The rows of an item.
    #[must_use]
    pub fn rows(&self, item: Item) -> Vec<Line<'static>> {
        let rows = match item {
            Item::Fold { lines, .. } => vec![self.fold(lines)],
            Item::Head(hunk) => vec![self.head(hunk)],
            Item::Note(id) => self.note(id),
            Item::Same { old, new } => self.same(old, new),
            Item::Row { hunk, row } => self.row(hunk, row),
        };
        if rows.is_empty() {
            vec![Line::default()]
        } else {
            rows
        }
    }

    fn fold(&self, lines: u32) -> Line<'static> {
        let words = match lines {
            1 => " ⋯ 1 line ".to_owned(),
            lines => format!(" ⋯ {lines} lines "),
        };
        let words = width::fit(&words, self.room).into_owned();
        let rest = self.room.saturating_sub(width::of(&words));
        Line::styled(format!("{words}{}", "┈".repeat(rest)), self.theme.dim)
    }

    fn head(&self, hunk: usize) -> Line<'static> {
        let Some(found) = self.content.diff.hunks.get(hunk) else {
            return Line::default();
        };
        let taken = pick::of_hunk(self.part, hunk, found);
        let place = format!(
            "@@ -{},{} +{},{} @@ ",
            found.old_start, found.old_lines, found.new_start, found.new_lines
        );
        let style = if taken == Taken::None {
            self.theme.dim
        } else {
            self.theme.ok
        };
        let room = self.room.saturating_sub(2);
        let place = width::fit(&place, room).into_owned();
        let heading = width::fit(&found.heading, room.saturating_sub(width::of(&place)));
        Line::from(vec![
            Span::styled(format!("{} ", taken.glyph()), style),
            Span::styled(place, self.theme.info),
            Span::styled(heading.into_owned(), self.theme.dim),
        ])
    }

    fn note(&self, id: u32) -> Vec<Line<'static>> {
        let Some((comment, stale)) = self.comments.get(&id) else {
            return Vec::new();
        };
        let mut title = format!("  ┃ {}", comment.kind.word());
        if let Some((first, last)) = comment.on.lines {
            let _ = if first == last {
                write!(title, " · line {first}")
            } else {
                write!(title, " · lines {first} to {last}")
            };
        }
        if *stale {
            title.push_str(" · the file has changed since");
        }
        if comment.sent {
            title.push_str(" · sent");
        }
        let room = self.room.saturating_sub(4);
        let mut rows = vec![Line::styled(
            width::fit(&title, self.room).into_owned(),
            self.theme.warn,
        )];
        let wide = u16::try_from(room).unwrap_or(u16::MAX);
        rows.extend(paragraph(&comment.text, wide).into_iter().map(|line| {
            Line::from(vec![
                Span::styled("  ┃ ", self.theme.warn),
                Span::styled(line, self.theme.text),
            ])
        }));
        rows
    }

    fn same(&self, old: u32, new: u32) -> Vec<Line<'static>> {
        let line = |lines: &Option<Arc<Vec<String>>>, number: u32| {
            let lines = lines.as_ref()?;
            lines.get(number.checked_sub(1)? as usize).cloned()
        };
        let text = line(&self.content.new, new).or_else(|| line(&self.content.old, old));
        let text = text.unwrap_or_default();
        let half = |number: u32, ink| Half {
            text: &text,
            end: LineEnd::Lf,
            sign: " ",
            style: self.theme.text,
            number: if number == 0 {
                String::new()
            } else {
                number.to_string()
            },
            words: &[],
            ink,
            taken: None,
        };
        let right = half(new, ink(self.inks.new.as_ref(), new));
        match self.look.order {
            Order::Split if old > 0 => {
                let left = half(old, ink(self.inks.old.as_ref(), old));
                self.beside(Some(&left), Some(&right))
            }
            Order::Split | Order::Unified => self.unified(old, &right),
        }
    }

    fn row(&self, hunk: usize, row: usize) -> Vec<Line<'static>> {
        let Pair { left, right } = self.sheet.pair(hunk, row);
        match self.look.order {
            Order::Unified => {
                let Some(line) = left.or(right) else {
                    return Vec::new();
                };
                let (old, _) = self.sheet.numbers(hunk, line);
                match self.half(hunk, line, Face::of(left, right)) {
                    Some(half) => self.unified(old, &half),
                    None => Vec::new(),
                }
            }
            Order::Split => {
                let left = left.and_then(|line| self.half(hunk, line, Face::Left));
                let right = right.and_then(|line| self.half(hunk, line, Face::Right));
                self.beside(left.as_ref(), right.as_ref())
            }
        }
    }

    fn half(&self, hunk: usize, line: usize, face: Face) -> Option<Half<'_>> {
        let found: &DiffLine = self.content.diff.hunks.get(hunk)?.lines.get(line)?;
        let (old, new) = self.sheet.numbers(hunk, line);
        let (number, ink) = match face {
            Face::Left => (old, ink(self.inks.old.as_ref(), old)),
            Face::Right => (new, ink(self.inks.new.as_ref(), new)),
        };
        let words = self.words.get(&(hunk, line)).map_or(&[][..], |words| words);
        let (sign, style) = match found.kind {
            LineKind::Context => (" ", self.theme.text),
            LineKind::Added => ("+", self.theme.ok),
            LineKind::Removed => ("-", self.theme.bad),
        };
        let style = if self.look.blanks == Blanks::Seen && self.blanks_alone(hunk, line) {
            self.theme.dim
        } else {
            style
        };
        let changed = found.kind != LineKind::Context;
        Some(Half {
            text: &found.text,
            end: found.end,
            sign,
            style,
            number: if number == 0 {
                String::new()
            } else {
                number.to_string()
            },
            words,
            ink,
            taken: changed.then(|| pick::has_line(self.part, reference(hunk, line))),
        })
    }

    fn blanks_alone(&self, hunk: usize, line: usize) -> bool {
        let lines = self.content.diff.hunks.get(hunk).map(|hunk| &hunk.lines);
        let partner = self.sheet.partner(hunk, line);
        let (Some(lines), Some(partner)) = (lines, partner) else {
            return false;
        };
        match (lines.get(line), lines.get(partner)) {
            (Some(one), Some(other)) => words::only_blanks(&one.text, &other.text),
            _ => false,
        }
    }

    /// One column: taken mark, both numbers, sign, text.
    fn unified(&self, old: u32, half: &Half<'_>) -> Vec<Line<'static>> {
        let digits = self.digits();
        let mut gutter = vec![self.mark(half)];
        if self.room >= 50 && old_counts(self.content) {
            let old = if old == 0 || half.sign == "+" {
                String::new()
            } else {
                old.to_string()
            };
            let own = if half.sign == "-" { "" } else { &half.number };
            gutter.push(Span::styled(
                format!("{old:>digits$} {own:>digits$} "),
                self.theme.dim,
            ));
        } else {
            gutter.push(Span::styled(
                format!("{:>digits$} ", half.number),
                self.theme.dim,
            ));
        }
        gutter.push(Span::styled(format!("{} ", half.sign), half.style));
        self.compose(&gutter, half, self.room)
    }

    /// Two columns.
    fn beside(&self, left: Option<&Half<'_>>, right: Option<&Half<'_>>) -> Vec<Line<'static>> {
        let room = self.room.saturating_sub(1) / 2;
        let column = |half: Option<&Half<'_>>| match half {
            None => Vec::new(),
            Some(half) => {
                let digits = self.digits();
                let gutter = [
                    self.mark(half),
                    Span::styled(format!("{:>digits$} ", half.number), self.theme.dim),
                    Span::styled(format!("{} ", half.sign), half.style),
                ];
                self.compose(&gutter, half, room)
            }
        };
        let (left, right) = (column(left), column(right));
        let rows = left.len().max(right.len());
        let mut right = right.into_iter();
        let mut left = left.into_iter();
        (0..rows)
            .map(|_| {
                let mut line = left.next().unwrap_or_default();
                let used: usize = line.spans.iter().map(|span| width::of(&span.content)).sum();
                line.spans
                    .push(Span::raw(" ".repeat(room.saturating_sub(used))));
                line.spans.push(Span::styled("│", self.theme.border));
                line.spans.extend(right.next().unwrap_or_default().spans);
                line
            })
            .collect()
    }

    fn mark(&self, half: &Half<'_>) -> Span<'static> {
        match half.taken {
            Some(true) => Span::styled("●", self.theme.ok),
            Some(false) => Span::styled("○", self.theme.dim),
            None => Span::raw(" "),
        }
    }

    fn compose(
        &self,
        gutter: &[Span<'static>],
        half: &Half<'_>,
        room: usize,
    ) -> Vec<Line<'static>> {
        let wide: usize = gutter.iter().map(|span| width::of(&span.content)).sum();
        let fit = if self.look.wrap {
            Fit::Wrap
        } else {
            Fit::Cut(self.look.skip)
        };
        let hits = self.hits(half.text);
        let word = half.style.add_modifier(Modifier::REVERSED);
        let mut stroke = Stroke {
            text: half.text,
            base: half.style,
            syntax: half.ink,
            words: (half.words, word),
            hits: (&hits, self.theme.styles.hit),
            blanks: (self.look.blanks == Blanks::Seen).then_some(self.theme.dim),
        };
        let faded = half.style == self.theme.dim;
        if faded {
            stroke.syntax = None;
            stroke.words = (&[], word);
        }
        let space = room.saturating_sub(wide);
        let mut rows = strokes::rows(&stroke, fit, space);
        if let (Some(last), Some(mark)) = (rows.last_mut(), self.end_mark(half.end)) {
            let used: usize = last.iter().map(|span| width::of(&span.content)).sum();
            if used + width::of(mark) <= space {
                last.push(Span::styled(mark, self.theme.dim));
            }
        }
        let mut first = true;
        rows.into_iter()
            .map(|row| {
                let mut spans = if std::mem::take(&mut first) {
                    gutter.to_vec()
                } else {
                    vec![Span::raw(" ".repeat(wide.min(room)))]
                };
                spans.extend(row);
                Line::from(spans)
            })
            .collect()
    }

    const fn end_mark(&self, end: LineEnd) -> Option<&'static str> {
        match (end, self.look.blanks) {
            (LineEnd::None, _) => Some(" ␄ no line end"),
            (LineEnd::CrLf, Blanks::Seen) => Some("␍"),
            (LineEnd::CrLf | LineEnd::Lf, _) => None,
        }
    }

    fn hits(&self, text: &str) -> Vec<Range<usize>> {
        self.needle
            .map_or_else(Vec::new, |needle| find(text, needle))
    }

    /// Cells of a line number.
    fn digits(&self) -> usize {
        let last = |lines: Option<&Arc<Vec<String>>>| lines.map_or(0, |lines| lines.len());
        let hunk = self.content.diff.hunks.last();
        let end = hunk.map_or(0, |hunk| {
            (hunk.new_start + hunk.new_lines).max(hunk.old_start + hunk.old_lines) as usize
        });
        let most = end
            .max(last(self.content.new.as_ref()))
            .max(last(self.content.old.as_ref()));
        most.checked_ilog10()
            .map_or(1, |digits| digits as usize + 1)
            .max(2)
    }
}

/// Which number and which highlighting a line has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Left,
    Right,
}

impl Face {
    const fn of(left: Option<usize>, right: Option<usize>) -> Self {
        match (left, right) {
            (Some(_), None) => Self::Left,
            _ => Self::Right,
        }
    }
}

fn old_counts(content: &Content) -> bool {
    !content.diff.hunks.is_empty()
}

fn ink<'a>(lines: Option<&'a Arc<Vec<Line<'static>>>>, number: u32) -> Option<&'a Line<'static>> {
    lines?.get(number.checked_sub(1)? as usize)
}

/// Whether a line contains a text, in lower case, without regard to case: as [`find`] has it, and
/// without copying the line where that is not needed.
#[must_use]
pub fn holds(text: &str, needle: &str) -> bool {
    let (Some(first), true) = (needle.bytes().next(), text.is_ascii()) else {
        return !find(text, needle).is_empty();
    };
    if !needle.is_ascii() {
        return false;
    }
    let (bytes, upper) = (text.as_bytes(), first.to_ascii_uppercase());
    let mut from = 0;
    while let Some(rest) = bytes.get(from..)
        && rest.len() >= needle.len()
        && let Some(at) = rest
            .iter()
            .position(|byte| *byte == first || *byte == upper)
    {
        let hit = rest.get(at..at + needle.len());
        if hit.is_some_and(|hit| hit.eq_ignore_ascii_case(needle.as_bytes())) {
            return true;
        }
        from += at + 1;
    }
    false
}

/// Where a text in lower case stands in a line, whatever the line's case. Lines whose lower case is of
/// another length are compared as they are.
#[must_use]
pub fn find(text: &str, needle: &str) -> Vec<Range<usize>> {
    if needle.is_empty() {
        return Vec::new();
    }
    let lower = text.to_lowercase();
    let searched = if lower.len() == text.len() {
        &*lower
    } else {
        text
    };
    searched
        .match_indices(needle)
        .map(|(at, hit)| at..at + hit.len())
        .collect()
}
