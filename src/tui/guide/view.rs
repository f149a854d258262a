//! Brings the rows of the screen up to date, and paints them: a head, the way through the pages, the page.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::{
    Guide, Page, Stage,
    rows::{Maker, Row},
};
use crate::{
    text::width,
    tui::{shared::Shared, theme::Theme, widget::scrollbar},
};

/// Rows of the head.
const HEAD: u16 = 2;
/// Cells from which all pages are named.
const NAMED: u16 = 60;

impl Guide {
    /// Makes what the next frame paints.
    pub fn prepare(&mut self, shared: &Shared, area: Rect) {
        let body = body(area);
        self.sight.height = usize::from(body.height);
        // The scrollbar takes the last column.
        let room = usize::from(body.width.saturating_sub(1));
        let theme = &shared.theme;
        let height = self.sight.height;
        if let Stage::Picking(picker) = &mut self.stage {
            let lines = picker.rows(theme, shared.tick, (room, height));
            self.sight.rows = lines
                .into_iter()
                .map(|line| Row { line, item: None })
                .collect();
            self.sight.top = 0;
            return;
        }
        let maker = Maker::new(self, theme, shared.tick, room);
        let rows = match &self.stage {
            Stage::Key(form) => maker.key(form),
            Stage::Pages | Stage::Picking(_) => maker.page(),
        };
        let cursor = self.cursor();
        let first = rows.iter().position(|row| row.item == Some(cursor));
        let last = rows.iter().rposition(|row| row.item == Some(cursor));
        let last_top = rows.len().saturating_sub(height);
        self.sight.scroll = self.sight.scroll.min(last_top);
        let mut top = self.sight.top.min(last_top);
        if let (Some(first), Some(last), Stage::Pages) = (first, last, &self.stage) {
            // Above the first item nothing is left out of sight.
            let above = rows.iter().take(first).all(|row| row.item.is_none());
            let first = if above { 0 } else { first };
            top = top.max((last + 1).saturating_sub(height)).min(first);
            if above && last < height {
                top = 0;
            }
        } else {
            top = 0;
        }
        if self.page == Page::Save && self.sight.scroll > 0 {
            top = self.sight.scroll;
        }
        self.sight.top = top;
        self.sight.rows = rows;
    }

    /// Paints it.
    pub fn view(&self, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let row = |y: u16| Rect {
            y: area.y + y,
            height: 1,
            ..area
        };
        if area.height >= HEAD {
            self.title(theme).render(row(0), frame.buffer_mut());
            self.way(theme, area.width)
                .render(row(1), frame.buffer_mut());
        }
        let body = body(area);
        let seen = self
            .sight
            .rows
            .iter()
            .skip(self.sight.top)
            .take(usize::from(body.height));
        for (made, y) in seen.zip(body.y..) {
            let place = Rect {
                y,
                height: 1,
                width: body.width.saturating_sub(1),
                ..body
            };
            (&made.line).render(place, frame.buffer_mut());
        }
        scrollbar(self.sight.rows.len(), self.sight.top, theme, frame, body);
    }

    fn title(&self, theme: &Theme) -> Line<'static> {
        let words = match &self.stage {
            Stage::Pages => "Set up a team",
            Stage::Key(_) => "Set up a team · enter a key",
            Stage::Picking(_) => "Set up a team · pick a model",
        };
        Line::styled(words, theme.accent.patch(theme.strong))
    }

    /// Where one is: all pages where there is room, else the number and the name.
    fn way(&self, theme: &Theme, room: u16) -> Line<'static> {
        if room < NAMED {
            let words = format!("{} of 5 · {}", self.page as usize + 1, self.page.title());
            let words = width::fit(&words, usize::from(room)).into_owned();
            return Line::styled(words, theme.dim);
        }
        let mut spans = Vec::new();
        for page in Page::ALL {
            if !spans.is_empty() {
                spans.push(Span::styled(" › ", theme.dim));
            }
            let style = if page == self.page {
                theme.strong
            } else {
                theme.dim
            };
            spans.push(Span::styled(page.title(), style));
        }
        Line::from(spans)
    }
}

/// Rows above the page: the head, and a free row where there is room for one.
pub(super) fn head(height: u16) -> u16 {
    let gap = u16::from(height >= 16);
    (HEAD + gap).min(height)
}

fn body(area: Rect) -> Rect {
    let head = head(area.height);
    Rect {
        y: area.y + head,
        height: area.height - head,
        ..area
    }
}
