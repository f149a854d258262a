//! A cleared, framed box for overlays.

use ratatui::{
    Frame,
    layout::Rect,
    text::Line,
    widgets::{Block, BorderType, Clear, Widget as _},
};

use crate::tui::theme::Theme;

/// Paints the box and returns the room within.
pub fn window(title: &str, theme: &Theme, frame: &mut Frame<'_>, area: Rect) -> Rect {
    Clear.render(area, frame.buffer_mut());
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border_focus)
        .title(Line::styled(format!(" {title} "), theme.strong));
    let inner = block.inner(area);
    block.render(area, frame.buffer_mut());
    inner
}
