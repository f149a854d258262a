//! A sheet as rows of a width: tables where they fit, else a few lines for each row; parts that fold.

use std::{collections::BTreeSet, fmt::Write as _};

use ratatui::text::{Line, Span};

use crate::{
    protocol::{Seq, Sheet, SheetPart, SheetRow},
    text::width,
    tui::{theme::Theme, widget::paragraph},
};

/// Cells between two columns.
const GAP: usize = 2;
/// Widest column of a table, in cells, where room is short.
const WIDEST: usize = 28;
/// Narrowest column of words, in cells.
const NARROWEST: usize = 10;

/// A row of the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// What is painted.
    pub line: Line<'static>,
    /// The part it belongs to.
    pub part: usize,
    /// Whether it is the head of that part.
    pub head: bool,
    /// The event it leads to.
    pub event: Option<Seq>,
}

/// The rows of a sheet.
pub(super) fn rows(
    sheet: &Sheet,
    folded: &BTreeSet<usize>,
    theme: &Theme,
    room: usize,
) -> Vec<Row> {
    let mut page = Page {
        rows: Vec::new(),
        theme,
        room: room.max(8),
    };
    let mut hidden = false;
    for (place, part) in sheet.parts.iter().enumerate() {
        if part.top {
            hidden = false;
        } else if hidden {
            continue;
        }
        let closed = folded.contains(&place);
        page.head(place, part, closed);
        if part.top {
            hidden = closed;
        }
        if closed {
            continue;
        }
        if part.heads.is_empty() {
            page.sentences(place, part);
        } else {
            page.table(place, part);
        }
    }
    if !sheet.foot.is_empty() {
        let last = sheet.parts.len().saturating_sub(1);
        page.blank(last);
        for words in paragraph(&sheet.foot, page.cells()) {
            let line = Line::styled(words, theme.dim);
            page.push(last, line, None);
        }
    }
    page.rows
}

struct Page<'a> {
    rows: Vec<Row>,
    theme: &'a Theme,
    room: usize,
}

impl Page<'_> {
    fn cells(&self) -> u16 {
        u16::try_from(self.room).unwrap_or(u16::MAX)
    }

    fn push(&mut self, part: usize, line: Line<'static>, event: Option<Seq>) {
        self.rows.push(Row {
            line,
            part,
            head: false,
            event,
        });
    }

    fn blank(&mut self, part: usize) {
        self.push(part, Line::default(), None);
    }

    fn head(&mut self, place: usize, part: &SheetPart, closed: bool) {
        if part.title.is_empty() {
            return;
        }
        if !self.rows.is_empty() {
            self.blank(place.saturating_sub(1));
        }
        let sign = if closed { "▸" } else { "▾" };
        let more = if closed && !part.top {
            // What a row rests on is no row of its own.
            let rows = part.rows.iter().filter(|row| row.depth == 0);
            format!(" ({})", rows.count())
        } else {
            String::new()
        };
        let words = format!("{sign} {}{more}", part.title);
        let style = if part.top {
            self.theme.strong
        } else {
            self.theme.accent
        };
        let words = width::fit(&words, self.room).into_owned();
        self.rows.push(Row {
            line: Line::styled(words, style),
            part: place,
            head: true,
            event: None,
        });
    }

    fn sentences(&mut self, place: usize, part: &SheetPart) {
        let mut rows = part.rows.iter().peekable();
        while let Some(row) = rows.next() {
            // A claim's own events stand below it.
            let below = rows.peek().is_some_and(|next| next.depth > row.depth);
            let indent = 2 + 2 * usize::from(row.depth);
            let sign = match (part.top, row.depth) {
                (true, _) => "",
                (false, 0) => "· ",
                (false, _) => "↳ ",
            };
            let mut words = row.cells.join(" ");
            if let Some(event) = row.event.filter(|_| !below && row.depth == 0) {
                let _ = write!(words, " e{}", event.0);
            }
            let style = if row.depth > 0 || part.top {
                self.theme.dim
            } else {
                self.theme.text
            };
            let style = if row.depth > 0 && row.event.is_none() {
                self.theme.warn
            } else {
                style
            };
            let lead = indent + width::of(sign);
            let room = self.room.saturating_sub(lead).max(4);
            let lines = paragraph(&words, u16::try_from(room).unwrap_or(u16::MAX));
            for (number, words) in lines.into_iter().enumerate() {
                let lead = if number == 0 {
                    format!("{}{sign}", " ".repeat(indent))
                } else {
                    " ".repeat(lead)
                };
                let line = Line::from(vec![
                    Span::styled(lead, self.theme.dim),
                    Span::styled(words, style),
                ]);
                self.push(place, line, row.event);
            }
        }
    }

    fn table(&mut self, place: usize, part: &SheetPart) {
        let anchored = part.rows.iter().any(|row| row.event.is_some());
        let mut heads = part.heads.clone();
        if anchored {
            heads.push("event".to_owned());
        }
        let rows: Vec<(Vec<String>, Option<Seq>)> = part
            .rows
            .iter()
            .map(|row| (cells(row, anchored), row.event))
            .collect();
        let room = self.room.saturating_sub(2);
        let Some(widths) = widths(&heads, &rows, room) else {
            return self.stacked(place, &heads, &rows);
        };
        let right: Vec<bool> = (0..heads.len())
            .map(|column| {
                let mut cells = rows.iter().filter_map(|(cells, _)| cells.get(column));
                cells.all(|cell| is_figure(cell))
            })
            .collect();
        let line = |cells: &[String]| {
            let mut line = String::from("  ");
            for ((cell, wide), right) in cells.iter().zip(&widths).zip(&right) {
                let cell = width::fit(cell, *wide);
                let air = " ".repeat(wide.saturating_sub(width::of(&cell)));
                if *right {
                    line.push_str(&air);
                    line.push_str(&cell);
                } else {
                    line.push_str(&cell);
                    line.push_str(&air);
                }
                line.push_str(&" ".repeat(GAP));
            }
            line.trim_end().to_owned()
        };
        let style = self.theme.dim;
        self.push(place, Line::styled(line(&heads), style), None);
        for (cells, event) in &rows {
            let line = Line::styled(line(cells), self.theme.text);
            self.push(place, line, *event);
        }
    }

    /// A table that is too wide: the first cell, and the others below it by name.
    fn stacked(&mut self, place: usize, heads: &[String], rows: &[(Vec<String>, Option<Seq>)]) {
        for (cells, event) in rows {
            let Some((first, rest)) = cells.split_first() else {
                continue;
            };
            let first = width::fit(first, self.room.saturating_sub(2)).into_owned();
            let line = Line::from(vec![
                Span::raw("  "),
                Span::styled(first, self.theme.strong),
            ]);
            self.push(place, line, *event);
            let named = heads.iter().skip(1).zip(rest);
            let named = named.filter(|(_, cell)| !cell.is_empty() && *cell != "-");
            let words: Vec<String> = named.map(|(head, cell)| format!("{head} {cell}")).collect();
            let room = self.room.saturating_sub(4).max(4);
            for words in paragraph(&words.join(" · "), u16::try_from(room).unwrap_or(u16::MAX)) {
                let line = Line::styled(format!("    {words}"), self.theme.dim);
                self.push(place, line, *event);
            }
        }
    }
}

fn cells(row: &SheetRow, anchored: bool) -> Vec<String> {
    let mut cells = row.cells.clone();
    if anchored {
        let event = row.event.map(|event| format!("e{}", event.0));
        cells.push(event.unwrap_or_default());
    }
    cells
}

/// Numbers, durations, money.
fn is_figure(cell: &str) -> bool {
    cell.is_empty() || cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit() || c == '$')
}

/// Widths that fit; columns of words give way first. `None` when they do not fit at all.
fn widths(
    heads: &[String],
    rows: &[(Vec<String>, Option<Seq>)],
    room: usize,
) -> Option<Vec<usize>> {
    let mut widths: Vec<usize> = heads.iter().map(|head| width::of(head)).collect();
    let least = widths.clone();
    for (cells, _) in rows {
        for (wide, cell) in widths.iter_mut().zip(cells) {
            *wide = width::of(cell).max(*wide);
        }
    }
    let gaps = GAP * heads.len().saturating_sub(1);
    let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
    for floor in [WIDEST, NARROWEST] {
        while over > 0 {
            let widest = widths.iter_mut().zip(&least).max_by_key(|(wide, _)| **wide);
            let Some((wide, least)) = widest.filter(|(wide, _)| **wide > floor) else {
                break;
            };
            let cut = over.min(*wide - floor.max(*least).min(*wide));
            if cut == 0 {
                break;
            }
            *wide -= cut;
            over -= cut;
        }
    }
    (over == 0).then_some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Sheet {
        let row = |name: &str, words: &str| SheetRow {
            cells: vec![name.to_owned(), "12".to_owned(), words.to_owned()],
            event: Some(Seq(7)),
            depth: 0,
        };
        Sheet {
            title: "x".to_owned(),
            parts: vec![SheetPart {
                title: "Votes".to_owned(),
                top: false,
                heads: ["voter", "times", "why"].map(str::to_owned).into(),
                rows: vec![
                    row("ann", "because it is longer than what there is room for"),
                    row("日本語", "short"),
                ],
            }],
            foot: "That is all.".to_owned(),
        }
    }

    #[test]
    fn every_row_fits_any_width() {
        for room in 8..90 {
            let rows = rows(&table(), &BTreeSet::new(), &Theme::ansi(), room);
            for row in &rows {
                let wide = row.line.width();
                assert!(wide <= room.max(8), "{wide} in {room}");
            }
            assert!(rows.iter().any(|row| row.event == Some(Seq(7))));
        }
    }

    #[test]
    fn a_folded_part_is_its_head() {
        let folded = BTreeSet::from([0]);
        let rows = rows(&table(), &folded, &Theme::ansi(), 40);
        let words: Vec<String> = rows.iter().map(|row| row.line.to_string()).collect();
        assert_eq!(words, ["▸ Votes (2)", "", "That is all."]);
    }
}
