//! Paints what was laid out.

use ratatui::{Frame, layout::Rect, text::Span, widgets::Widget as _};

use super::Compare;
use crate::tui::{
    shared::Shared,
    widget::{scrollbar, spinner},
};

impl Compare {
    /// Paints the room.
    pub fn view(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let page = &self.page;
        let row = |y: u16| Rect {
            y,
            height: 1,
            ..area
        };
        if area.height > 0 {
            (&page.title).render(row(area.y), frame.buffer_mut());
        }
        if area.height > 1 {
            (&page.heads).render(row(area.y + 1), frame.buffer_mut());
        }
        for (line, y) in page.lines.iter().zip(page.body.y..page.body.bottom()) {
            line.render(row(y), frame.buffer_mut());
        }
        scrollbar(self.items.len(), page.top, &shared.theme, frame, page.body);
        if self.waits() && area.width > 8 && area.height > 0 {
            let sign = Rect::new(area.x + 8, area.y, 1, 1);
            let sign_span = Span::styled(spinner(shared.tick), shared.theme.accent);
            sign_span.render(sign, frame.buffer_mut());
        }
    }
}
