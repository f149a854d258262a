//! Tables: columns shrink until the table fits, cells wrap; too narrow, each row becomes a list.

use pulldown_cmark::Alignment;
use ratatui::text::{Line, Span};

use super::super::{
    Row, TextStyles, width,
    wrap::{self, Indent, Run},
};

/// Columns are not shrunk below this; a table that would need it becomes a list.
const MIN_COLUMN: usize = 6;
/// Border and spaces: `│ a │ b │`.
const PER_COLUMN: usize = 3;

/// A cell: lines of styled text.
pub(super) type Cell<'a> = Vec<Vec<Run<'a>>>;

/// A table as it is read.
#[derive(Default)]
pub(super) struct Table<'a> {
    /// Alignment by column.
    pub(super) alignments: Vec<Alignment>,
    /// The header.
    pub(super) head: Vec<Cell<'a>>,
    /// The rows.
    pub(super) body: Vec<Vec<Cell<'a>>>,
    /// Where it begins in the document.
    pub(super) at: u64,
}

impl Table<'_> {
    /// Rows of at most `room` cells.
    pub(super) fn rows(&self, room: usize, styles: &TextStyles) -> Vec<Row> {
        match self.fit(room) {
            Some(widths) => self.grid(&widths, styles),
            None => self.list(room, styles),
        }
    }

    /// Widths of the columns; `None` when there is no room for a grid.
    fn fit(&self, room: usize) -> Option<Vec<usize>> {
        let mut natural = vec![1; self.alignments.len()];
        for row in std::iter::once(&self.head).chain(&self.body) {
            for (column, cell) in natural.iter_mut().zip(row) {
                let widest = cell.iter().map(|line| line_width(line)).max().unwrap_or(0);
                *column = widest.max(*column);
            }
        }
        let room = room.checked_sub(PER_COLUMN * natural.len() + 1)?;
        if natural.iter().sum::<usize>() <= room {
            return Some(natural);
        }
        let capped = |cap: usize| natural.iter().map(|width| (*width).min(cap)).sum::<usize>();
        if capped(MIN_COLUMN) > room {
            return None;
        }
        // The largest cap under which everything fits; what is left over goes to the first columns.
        let mut cap = MIN_COLUMN;
        while capped(cap + 1) <= room {
            cap += 1;
        }
        let mut left = room - capped(cap);
        let widths = natural.iter().map(|width| {
            let more = usize::from(*width > cap && left > 0);
            left -= more;
            (*width).min(cap) + more
        });
        Some(widths.collect())
    }

    fn grid(&self, widths: &[usize], styles: &TextStyles) -> Vec<Row> {
        let border = |left: &str, line: &str, cross: &str, right: &str, at: u64| {
            let bars: Vec<String> = widths.iter().map(|width| line.repeat(width + 2)).collect();
            let text = format!("{left}{}{right}", bars.join(cross));
            Row::new(Line::from(Span::styled(text, styles.mark)), at)
        };
        let body: Vec<Vec<Row>> = self
            .body
            .iter()
            .map(|row| self.grid_row(row, widths, styles))
            .collect();
        // Rows of several lines need a line between them to be told apart.
        let tall = body.iter().any(|rows| rows.len() > 1);
        let mut out = vec![border("┌", "─", "┬", "┐", self.at)];
        out.extend(self.grid_row(&self.head, widths, styles));
        let mut at = out.last().map_or(self.at, |row| row.at);
        out.push(border("├", "─", "┼", "┤", at));
        for (index, rows) in body.into_iter().enumerate() {
            if tall && index > 0 {
                out.push(border("├", "┄", "┼", "┤", at));
            }
            at = rows.last().map_or(at, |row| row.at);
            out.extend(rows);
        }
        out.push(border("└", "─", "┴", "┘", at));
        out
    }

    fn grid_row(&self, row: &[Cell<'_>], widths: &[usize], styles: &TextStyles) -> Vec<Row> {
        let at = row
            .iter()
            .flatten()
            .flatten()
            .map(|run| run.at)
            .min()
            .unwrap_or(self.at);
        let cells: Vec<Vec<Row>> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| {
                row.get(column)
                    .map_or_else(Vec::new, |cell| cell_rows(cell, *width))
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        (0..height)
            .map(|line| {
                let mut spans = Vec::new();
                for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
                    spans.push(Span::styled(
                        if column == 0 { "│ " } else { " │ " },
                        styles.mark,
                    ));
                    let text = cell.get(line).map_or(&[][..], |row| &row.line.spans);
                    let free = width.saturating_sub(wrap::spans_width(text));
                    let before = match self.alignments.get(column) {
                        Some(Alignment::Right) => free,
                        Some(Alignment::Center) => free / 2,
                        _ => 0,
                    };
                    push_spaces(&mut spans, before);
                    spans.extend_from_slice(text);
                    push_spaces(&mut spans, free - before);
                }
                spans.push(Span::styled(" │", styles.mark));
                Row::new(Line::from(spans), at)
            })
            .collect()
    }

    /// One paragraph per cell, `header: value`, the first of each row marked.
    fn list(&self, room: usize, styles: &TextStyles) -> Vec<Row> {
        let columns = u16::try_from(room).unwrap_or(u16::MAX);
        let mut out = Vec::new();
        let empty = Vec::new();
        let head_only = [self.head.clone()];
        let (body, titled) = if self.body.is_empty() {
            (&head_only[..], false)
        } else {
            (&self.body[..], true)
        };
        for row in body {
            for (column, cell) in row.iter().enumerate() {
                let title = self.head.get(column).filter(|_| titled).unwrap_or(&empty);
                let mut runs: Vec<Run<'_>> = title.iter().flatten().cloned().collect();
                let at = cell
                    .iter()
                    .flatten()
                    .map(|run| run.at)
                    .next()
                    .unwrap_or(self.at);
                for run in &mut runs {
                    run.at = at;
                }
                if !runs.is_empty() {
                    runs.push(Run::new(": ", styles.mark, at));
                }
                for (index, line) in cell.iter().enumerate() {
                    if index > 0 {
                        runs.push(Run::new(" ", styles.body, at));
                    }
                    runs.extend(line.iter().cloned());
                }
                let mark = if column == 0 { "▪ " } else { "  " };
                let indent = Indent {
                    first: vec![Span::styled(mark, styles.mark)],
                    rest: vec![Span::raw("  ")],
                };
                out.extend(wrap::rows(&runs, columns, &indent));
            }
        }
        out
    }
}

fn cell_rows(cell: &Cell<'_>, columns: usize) -> Vec<Row> {
    let columns = u16::try_from(columns).unwrap_or(u16::MAX);
    cell.iter()
        .flat_map(|line| wrap::rows(line, columns, &Indent::default()))
        .collect()
}

fn line_width(line: &[Run<'_>]) -> usize {
    line.iter().map(|run| width::of(&run.text)).sum()
}

fn push_spaces(spans: &mut Vec<Span<'static>>, count: usize) {
    if count > 0 {
        spans.push(Span::raw(" ".repeat(count)));
    }
}
