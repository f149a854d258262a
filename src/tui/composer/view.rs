//! Paints the editor and places the terminal's own cursor in it, where input methods look for it.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::Style,
    text::Line,
    widgets::Widget as _,
};

use super::Composer;

/// How the editor looks at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What stands there while nothing is written.
    pub placeholder: String,
    /// Style of the placeholder.
    pub dim: Style,
    /// Whether keys go here.
    pub focused: bool,
}

impl Composer {
    /// Paints the text into `area`, which has neither frame nor margin.
    pub fn view(&self, look: &Look, frame: &mut Frame<'_>, area: Rect) {
        if area.is_empty() {
            return;
        }
        (&self.area).render(area, frame.buffer_mut());
        if self.is_empty() {
            let placeholder = Line::styled(look.placeholder.as_str(), look.dim);
            placeholder.render(Rect { height: 1, ..area }, frame.buffer_mut());
        }
        if look.focused {
            let cursor = self.area.screen_cursor();
            let (top, left) = self.area.scroll_offset();
            let row = cursor.row.saturating_sub(usize::from(top));
            let column = cursor.col.saturating_sub(usize::from(left));
            frame.set_cursor_position(Position {
                x: area.x + clamp(column, area.width),
                y: area.y + clamp(row, area.height),
            });
        }
    }
}

/// The last cell at most.
fn clamp(offset: usize, length: u16) -> u16 {
    u16::try_from(offset)
        .unwrap_or(u16::MAX)
        .min(length.saturating_sub(1))
}
