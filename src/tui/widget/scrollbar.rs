//! A scrollbar on one column.

use ratatui::{
    Frame,
    layout::Rect,
    text::Span,
    widgets::{Clear, Widget as _},
};

use crate::tui::theme::Theme;

/// Paints a bar for `total` rows of which those from `top` on are seen, on the last column of `area`.
/// Paints nothing when everything is seen.
pub fn scrollbar(total: usize, top: usize, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    if height == 0 || area.width == 0 || total <= height {
        return;
    }
    let thumb = (height * height / total).max(1);
    let room = height - thumb;
    let start = (top * room).div_ceil(total - height).min(room);
    for row in 0..area.height {
        let seen = (start..start + thumb).contains(&usize::from(row));
        let (symbol, style) = if seen {
            ("┃", theme.border_focus)
        } else {
            ("│", theme.border)
        };
        let cell = Rect::new(area.right() - 1, area.y + row, 1, 1);
        // A row that is highlighted ends before it.
        Clear.render(cell, frame.buffer_mut());
        Span::styled(symbol, style).render(cell, frame.buffer_mut());
    }
}
