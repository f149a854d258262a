//! A screen as plain text: one line per row, without trailing spaces.

use ratatui::buffer::Buffer;

/// The screen as text.
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line: String = super::glyphs(buffer, y)
            .iter()
            .map(|glyph| glyph.symbol)
            .collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
