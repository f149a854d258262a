//! Paints what was laid out.

use ratatui::{Frame, layout::Rect, text::Span, widgets::Widget as _};

use super::{Known, Notes};
use crate::tui::{
    shared::Shared,
    widget::{scrollbar, spinner},
};

impl Notes {
    /// Paints the room.
    pub fn view(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let page = &self.page;
        let theme = &shared.theme;
        let row = |area: Rect, place: usize| Rect {
            y: area.y + u16::try_from(place).unwrap_or(u16::MAX),
            height: 1,
            ..area
        };
        let height = usize::from(page.head_area.height);
        for (place, line) in page.head.iter().take(height).enumerate() {
            line.render(row(page.head_area, place), frame.buffer_mut());
        }
        for (place, line) in page.lines.iter().enumerate() {
            line.render(row(page.list, place), frame.buffer_mut());
        }
        scrollbar(self.items.len(), page.top, theme, frame, page.list);
        let text = page.text;
        if page.list.height > 0 && text.x > area.x {
            for y in text.y..text.bottom() {
                let cell = Rect::new(text.x.saturating_sub(1), y, 1, 1);
                Span::styled("│", theme.border).render(cell, frame.buffer_mut());
            }
        } else if page.list.height > 0 && text.y > page.list.bottom() {
            let rule = "─".repeat(usize::from(area.width));
            let place = Rect {
                y: page.list.bottom(),
                height: 1,
                ..area
            };
            Span::styled(rule, theme.border).render(place, frame.buffer_mut());
        }
        let seen = page.rows.iter().skip(page.from);
        for (place, line) in seen.take(usize::from(text.height)).enumerate() {
            line.line
                .clone()
                .render(row(text, place), frame.buffer_mut());
        }
        scrollbar(page.rows.len(), page.from, theme, frame, text);
        if self.known == Known::Waiting && area.width > 8 {
            let sign = Rect::new(area.x + 6, area.y, 1, 1);
            Span::styled(spinner(shared.tick), theme.accent).render(sign, frame.buffer_mut());
        }
    }
}
