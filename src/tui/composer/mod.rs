//! The text editor at the bottom of the live screen and in the middle of the start screen.
//!
//! Wraps the text area crate (its only door). Invariants: the cursor never stands inside a grapheme;
//! no control character gets in (pastes come through the text gate); sent texts can be fetched back with the arrow keys.
//! What is done with a sent text is decided at the top, not here.

mod action;
mod history;
#[cfg(test)]
mod tests;
mod update;
mod view;

use tui_textarea::{TextArea, WrapMode};

pub use action::{Action, Edit, Motion, Span, When};
pub use update::Moved;
pub use view::Look;

use history::History;

/// Most rows the editor takes before it scrolls.
pub const MAX_ROWS: u16 = 8;

/// Most bytes the editor takes: a key stroke in a longer text would be felt.
const MOST_BYTES: usize = 256 * 1024;

/// The editor.
#[derive(Clone, Debug)]
pub struct Composer {
    area: TextArea<'static>,
    history: History,
    /// Counts changes of the text.
    revision: u64,
    /// Height last measured: revision, width, rows.
    measured: (u64, u16, u16),
}

impl Default for Composer {
    fn default() -> Self {
        Self {
            area: blank(Vec::new()),
            history: History::default(),
            revision: 1,
            measured: (0, 0, 1),
        }
    }
}

impl Composer {
    /// The text, lines joined.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// True when nothing is written.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Replaces the text and puts the cursor at its end.
    pub fn set(&mut self, text: &str) {
        let lines = text.split('\n').map(str::to_owned).collect();
        self.area = blank(lines);
        self.area.move_cursor(tui_textarea::CursorMove::Bottom);
        self.area.move_cursor(tui_textarea::CursorMove::End);
        self.revision += 1;
    }

    /// Empties the editor.
    pub fn clear(&mut self) {
        self.set("");
        self.history.leave();
    }

    /// Takes the text out to be sent, and remembers it; `None` when it is blank.
    pub fn take(&mut self) -> Option<String> {
        let text = self.text().trim().to_owned();
        if text.is_empty() {
            return None;
        }
        self.history.remember(&text);
        self.clear();
        Some(text)
    }

    /// Rows the text wants at this width, 1 to [`MAX_ROWS`]; measured anew only after a change.
    pub fn rows(&mut self, width: u16) -> u16 {
        let (revision, measured, rows) = self.measured;
        if revision == self.revision && measured == width {
            return rows;
        }
        let rows = measure(self.area.lines(), width);
        self.measured = (self.revision, width, rows);
        rows
    }
}

fn blank(lines: Vec<String>) -> TextArea<'static> {
    let mut area = TextArea::new(lines);
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::new());
    area.set_cursor_style(ratatui::style::Style::new());
    area
}

/// Rows of `lines` at this width. Texts that surely fill the editor are not laid out.
fn measure(lines: &[String], width: u16) -> u16 {
    let room = usize::from(MAX_ROWS) * usize::from(width.max(1)) * 4;
    let long =
        lines.len() >= usize::from(MAX_ROWS) || lines.iter().map(String::len).sum::<usize>() > room;
    if long || width == 0 {
        return MAX_ROWS;
    }
    let mut area = blank(lines.to_vec());
    let space = ratatui::layout::Rect::new(0, 0, width, 1);
    let mut paper = ratatui::buffer::Buffer::empty(space);
    ratatui::widgets::Widget::render(&area, space, &mut paper);
    area.move_cursor(tui_textarea::CursorMove::Bottom);
    area.move_cursor(tui_textarea::CursorMove::End);
    u16::try_from(area.screen_cursor().row + 1).map_or(MAX_ROWS, |rows| rows.clamp(1, MAX_ROWS))
}
