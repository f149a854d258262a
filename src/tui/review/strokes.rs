//! One line of text as cells with styles: syntax, changed words, hits, visible blanks, cut or wrapped.
//!
//! Costs what is seen: a line is walked until its last visible cell, and never further than
//! [`LONGEST`] bytes.

use std::ops::Range;

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use crate::text::width;

/// Bytes of a line that are shown.
pub const LONGEST: usize = 8 * 1024;

/// How a line is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// One row, from this cell on.
    Cut(usize),
    /// As many rows as it takes.
    Wrap,
}

/// A line and how it looks.
#[derive(Clone, Copy, Debug)]
pub struct Stroke<'a> {
    /// The text, cleaned.
    pub text: &'a str,
    /// Where nothing else counts.
    pub base: Style,
    /// Syntax, over the same text.
    pub syntax: Option<&'a Line<'static>>,
    /// Words that changed, and how they look.
    pub words: (&'a [Range<usize>], Style),
    /// Hits of the search, and how they look.
    pub hits: (&'a [Range<usize>], Style),
    /// How blanks look when they are to be seen.
    pub blanks: Option<Style>,
}

/// The rows of a line, at least one.
#[must_use]
pub fn rows(stroke: &Stroke<'_>, fit: Fit, room: usize) -> Vec<Vec<Span<'static>>> {
    let room = room.max(1);
    let (text, left_out) = shortened(stroke.text);
    let mut pen = Pen {
        rows: vec![Vec::new()],
        used: 0,
    };
    let mut syntax = Walk::new(stroke.syntax.map_or(&[][..], |line| &line.spans));
    let skip = match fit {
        Fit::Cut(skip) => skip,
        Fit::Wrap => 0,
    };
    let mut column = 0;
    let mut cut = false;
    for cell in width::cells(text) {
        let ink = syntax.at(cell.start);
        let end = column + cell.width;
        if end <= skip && end > 0 {
            column = end;
            continue;
        }
        let style = style_at(stroke, cell.start, ink);
        if pen.used + cell.width > room {
            if fit != Fit::Wrap {
                cut = true;
                break;
            }
            pen.rows.push(Vec::new());
            pen.used = 0;
        }
        let blank = cell.text == " " && stroke.blanks.is_some();
        let (symbol, style) = match stroke.blanks {
            Some(look) if blank => ("·", style.patch(look)),
            _ if column < skip => (" ", style),
            _ => (cell.text, style),
        };
        pen.put(symbol, style, cell.width);
        column = end;
    }
    if cut {
        pen.mark(stroke.base, room);
    }
    if let Some(bytes) = left_out.filter(|_| !cut) {
        let words = format!("… {bytes} more bytes");
        if fit == Fit::Wrap || pen.used + width::of(&words) <= room {
            pen.put(&words, stroke.base, width::of(&words));
        }
    }
    pen.rows
}

fn shortened(text: &str) -> (&str, Option<usize>) {
    if text.len() <= LONGEST {
        return (text, None);
    }
    let end = text.floor_char_boundary(LONGEST);
    (text.get(..end).unwrap_or_default(), Some(text.len() - end))
}

fn style_at(stroke: &Stroke<'_>, at: usize, syntax: Option<Style>) -> Style {
    let mut style = stroke.base.patch(syntax.unwrap_or_default());
    for (ranges, look) in [stroke.words, stroke.hits] {
        let after = ranges.partition_point(|range| range.end <= at);
        if ranges.get(after).is_some_and(|range| range.start <= at) {
            style = style.patch(look);
        }
    }
    style
}

/// Rows under the pen.
struct Pen {
    rows: Vec<Vec<Span<'static>>>,
    used: usize,
}

impl Pen {
    fn put(&mut self, symbol: &str, style: Style, cells: usize) {
        self.used += cells;
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        match row.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(symbol),
            _ => row.push(Span::styled(symbol.to_owned(), style)),
        }
    }

    /// Makes the last cell of a full row say that there is more.
    fn mark(&mut self, style: Style, room: usize) {
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        while self.used + 1 > room {
            let Some(last) = row.last_mut() else {
                break;
            };
            let Some(cell) = width::cells(&last.content).last() else {
                row.pop();
                continue;
            };
            let (start, wide) = (cell.start, cell.width);
            last.content.to_mut().truncate(start);
            self.used -= wide.min(self.used);
            if last.content.is_empty() {
                row.pop();
            }
        }
        self.put(width::ELLIPSIS, style, 1);
    }
}

/// Styles along a line.
struct Walk<'a> {
    spans: &'a [Span<'static>],
    end: usize,
    next: usize,
}

impl<'a> Walk<'a> {
    const fn new(spans: &'a [Span<'static>]) -> Self {
        Self {
            spans,
            end: 0,
            next: 0,
        }
    }

    /// The style at a byte; bytes are asked for in ascending order.
    fn at(&mut self, byte: usize) -> Option<Style> {
        while byte >= self.end {
            let span = self.spans.get(self.next)?;
            self.end += span.content.len();
            self.next += 1;
        }
        let span = self.spans.get(self.next.checked_sub(1)?)?;
        Some(span.style)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Color;

    use super::*;

    fn plain(text: &str) -> Stroke<'_> {
        Stroke {
            text,
            base: Style::new(),
            syntax: None,
            words: (&[], Style::new()),
            hits: (&[], Style::new()),
            blanks: None,
        }
    }

    fn texts(rows: &[Vec<Span<'static>>]) -> Vec<String> {
        rows.iter()
            .map(|row| row.iter().map(|span| &*span.content).collect())
            .collect()
    }

    #[test]
    fn lines_are_cut_scrolled_and_wrapped() {
        let check = |text: &str, fit: Fit, room: usize, expected: &[&str]| {
            assert_eq!(
                texts(&rows(&plain(text), fit, room)),
                expected,
                "{text} {fit:?}"
            );
        };
        check("", Fit::Cut(0), 5, &[""]);
        check("abcdef", Fit::Cut(0), 4, &["abc…"]);
        check("abcdef", Fit::Cut(2), 4, &["cdef"]);
        check("abcdef", Fit::Wrap, 4, &["abcd", "ef"]);
        check("日本語", Fit::Wrap, 4, &["日本", "語"]);
        check("日本語", Fit::Cut(1), 4, &[" …"]);
        check("日本語", Fit::Cut(0), 5, &["日本…"]);
    }

    #[test]
    fn blanks_can_be_seen_and_words_are_marked() {
        let red = Style::new().fg(Color::Red);
        let word = 2..3;
        let stroke = Stroke {
            words: (std::slice::from_ref(&word), red),
            blanks: Some(Style::new()),
            ..plain("a b")
        };
        let rows = rows(&stroke, Fit::Cut(0), 9);
        assert_eq!(texts(&rows), ["a·b"]);
        assert_eq!(rows[0].last().map(|span| span.style), Some(red));
    }

    #[test]
    fn a_line_of_megabytes_is_cut() {
        let long = "x".repeat(3_000_000);
        let rows = rows(&plain(&long), Fit::Wrap, 100);
        assert!(rows.len() < 100);
        assert!(texts(&rows).concat().ends_with("more bytes"));
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_its_room(text in "[a日é 👩]{0,40}", room in 2usize..12, skip in 0usize..9, wrap: bool) {
            let fit = if wrap { Fit::Wrap } else { Fit::Cut(skip) };
            let rows = rows(&plain(&text), fit, room);
            for row in texts(&rows) {
                prop_assert!(width::of(&row) <= room, "{row:?}");
            }
            if wrap {
                prop_assert_eq!(texts(&rows).concat(), text);
            } else {
                prop_assert_eq!(rows.len(), 1);
            }
        }
    }
}
