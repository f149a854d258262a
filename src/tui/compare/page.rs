//! The table and the answers, laid out for a frame.
//!
//! A column per session where all fit; else as many as fit around the chosen one. Only what is seen is laid
//! out.

use std::ops::Range;

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{Compare, Item, Known, Shown, head};
use crate::{
    protocol::comparison::{Comparison, Row},
    text::width,
    tui::{
        shared::Shared,
        theme::Theme,
        widget::{marked, paragraph},
    },
};

/// Widest column of names.
const NAMES: usize = 32;
/// Cells before and behind the names of rows.
const LEFT: usize = 6;
/// Narrowest and widest column of a session.
const COLUMN: Range<usize> = 14..40;

/// What was laid out.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// Heading of the room.
    pub(super) title: Line<'static>,
    /// The names of the sessions.
    pub(super) heads: Line<'static>,
    /// Rows that are seen.
    pub(super) lines: Vec<Line<'static>>,
    /// Where they stand.
    pub(super) body: Rect,
    /// The first of them.
    pub(super) top: usize,
    /// Sessions whose columns are seen.
    columns: Range<usize>,
    /// Cells of the column of names and of each session.
    cells: (usize, usize),
}

impl Page {
    /// The comparison has changed.
    pub(super) fn stale(&mut self) {
        self.lines.clear();
    }

    /// Rows that are seen at once.
    pub(super) fn height(&self) -> usize {
        usize::from(self.body.height)
    }

    /// The row and the session at a place.
    pub(super) fn hit(&self, (column, row): (u16, u16)) -> Option<(usize, Option<usize>)> {
        let place = ratatui::layout::Position { x: column, y: row };
        if !self.body.contains(place) {
            return None;
        }
        let line = self.top + usize::from(row - self.body.y);
        let from = usize::from(column - self.body.x).checked_sub(self.cells.0 + LEFT);
        let session = from.map(|from| self.columns.start + from / (self.cells.1 + 2));
        Some((
            line,
            session.filter(|session| self.columns.contains(session)),
        ))
    }
}

impl Compare {
    /// Lays the next frame out. Twice is the same as once.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        let theme = &shared.theme;
        let width = usize::from(area.width).saturating_sub(1);
        if self.width != width {
            self.width = width;
            self.list();
        }
        let mut page = std::mem::take(&mut self.page);
        page.title = self.title(theme, area.width);
        let rows = area.height.min(2);
        page.body = Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        };
        // The last column is the scrollbar's.
        let room = usize::from(area.width).saturating_sub(1);
        let Known::Here(comparison) = &self.known else {
            page.heads = Line::default();
            page.lines = self.words(theme, area.width);
            page.top = 0;
            self.page = page;
            return;
        };
        let names = (comparison.sections.iter().flat_map(|section| &section.rows))
            .map(|row| width::of(&row.name))
            .max();
        let names = names.unwrap_or_default().min(NAMES).min(room / 3);
        let rest = room.saturating_sub(names + LEFT);
        let sessions = comparison.sessions.len().max(1);
        let cell = (rest / sessions)
            .saturating_sub(2)
            .clamp(COLUMN.start, COLUMN.end);
        let cell = cell.min(rest.saturating_sub(2).max(1));
        let fitting = (rest / (cell + 2)).clamp(1, sessions);
        let first = page.columns.start.min(self.column);
        let first = first
            .max((self.column + 1).saturating_sub(fitting))
            .min(sessions - fitting);
        page.columns = first..first + fitting;
        page.cells = (names, cell);
        let runs = comparison
            .sessions
            .iter()
            .enumerate()
            .skip(first)
            .take(fitting);
        let mut heads = vec![Span::raw(" ".repeat(names + LEFT))];
        for (place, session) in runs {
            let style = if place == self.column {
                theme.selection
            } else {
                theme.strong
            };
            let name = run_words(&session.run.0, cell);
            heads.push(Span::styled(width::pad(&name, cell), style));
            heads.push(Span::raw("  "));
        }
        page.heads = Line::from(heads);
        let height = usize::from(page.body.height);
        page.top = page.top.min(self.at);
        if self.at >= page.top + height {
            page.top = (self.at + 1).saturating_sub(height);
        }
        page.top = page.top.min(self.items.len().saturating_sub(height));
        let seen = self.items.iter().enumerate().skip(page.top).take(height);
        page.lines = seen
            .map(|(place, item)| {
                let line = self.line(comparison, *item, &page, theme, room);
                if place == self.at {
                    marked(line, theme.selection)
                } else {
                    line
                }
            })
            .collect();
        self.page = page;
    }

    fn title(&self, theme: &Theme, room: u16) -> Line<'static> {
        let words = match &self.known {
            Known::Waiting => format!("{} sessions, being read…", self.runs.len()),
            Known::Failed(_) => "could not be read".to_owned(),
            Known::Here(comparison) => {
                let rows = comparison.sections.iter().flat_map(|section| &section.rows);
                let (differ, all) = rows.fold((0, 0), |(differ, all), row| {
                    (differ + usize::from(row.differs), all + 1)
                });
                let shown = match self.shown {
                    Shown::All => "everything is shown",
                    Shown::Differences => "only these are shown",
                };
                format!(
                    "{} sessions · {differ} of {all} rows differ, {shown}",
                    self.runs.len()
                )
            }
        };
        let words = width::fit(&words, usize::from(room).saturating_sub(9)).into_owned();
        Line::from(vec![
            Span::styled("Compare  ", theme.strong),
            Span::styled(words, theme.dim),
        ])
    }

    /// What stands where there is no table.
    fn words(&self, theme: &Theme, room: u16) -> Vec<Line<'static>> {
        match &self.known {
            Known::Failed(failure) => {
                let words = crate::text::clean::line(&failure.words()).into_owned();
                let lines = paragraph(&words, room);
                lines
                    .into_iter()
                    .map(|line| Line::styled(line, theme.bad))
                    .collect()
            }
            Known::Waiting | Known::Here(_) => {
                vec![Line::styled("Reading the sessions…", theme.dim)]
            }
        }
    }

    fn line(
        &self,
        comparison: &Comparison,
        item: Item,
        page: &Page,
        theme: &Theme,
        room: usize,
    ) -> Line<'static> {
        match item {
            Item::Section(_) | Item::Answer(_) => {
                let name = head(comparison, item);
                let sign = if self.folded.contains(&name) {
                    "▸ "
                } else {
                    "▾ "
                };
                let words = match item {
                    Item::Answer(place) => answer_words(comparison, place, &name),
                    _ => name,
                };
                let words = width::fit(&words, room.saturating_sub(2)).into_owned();
                Line::from(vec![
                    Span::styled(sign, theme.accent),
                    Span::styled(words, theme.styles.heading),
                ])
            }
            Item::Remark(place) => {
                let remark = comparison
                    .sections
                    .get(place)
                    .map_or("", |one| one.remark.as_str());
                let words = width::fit(remark, room.saturating_sub(4)).into_owned();
                Line::styled(format!("    {words}"), theme.dim)
            }
            Item::Row(section, row) => {
                let row = comparison
                    .sections
                    .get(section)
                    .and_then(|one| one.rows.get(row));
                row.map_or_else(Line::default, |row| table_line(row, page, theme))
            }
            Item::Piece(answer, piece) => {
                let piece = self.pieces.get(answer).and_then(|pieces| pieces.get(piece));
                piece.map_or_else(Line::default, |piece| piece.line(theme, room))
            }
        }
    }
}

/// The end of a session's name tells it from others; a name that is too long loses its beginning.
fn run_words(run: &str, room: usize) -> String {
    let all = width::of(run);
    if all <= room {
        return run.to_owned();
    }
    let mut kept = String::new();
    for c in run.chars().rev() {
        if width::of(&kept) + width::character(c) + 1 > room {
            break;
        }
        kept.insert(0, c);
    }
    format!("…{kept}")
}

fn answer_words(comparison: &Comparison, place: usize, name: &str) -> String {
    let diff = comparison.answers.get(place);
    let first = comparison
        .sessions
        .first()
        .map_or("", |one| one.run.0.as_str());
    match diff.map(|diff| (diff.removed, diff.added)) {
        Some((0, 0)) => format!("{name}: the same words as of {first}"),
        Some((removed, added)) => format!("{name} against {first}: −{removed} +{added} lines"),
        None => name.to_owned(),
    }
}

fn table_line(row: &Row, page: &Page, theme: &Theme) -> Line<'static> {
    let (names, cell) = page.cells;
    let sign = if row.differs { "  ≠ " } else { "    " };
    let name = width::pad(&width::fit(&row.name, names), names);
    let mut spans = vec![
        Span::styled(sign, theme.warn),
        Span::styled(name, theme.dim),
        Span::raw("  "),
    ];
    let style = if row.differs { theme.text } else { theme.dim };
    let cells = row.cells.iter().skip(page.columns.start);
    for one in cells.take(page.columns.len()) {
        let words = if one.words.is_empty() {
            "–"
        } else {
            &one.words
        };
        let words = width::pad(&width::fit(words, cell), cell);
        spans.push(Span::styled(format!("{words}  "), style));
    }
    Line::from(spans)
}
