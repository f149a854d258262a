//! Pictures of a screen: a ratatui [`Buffer`] as plain text, as text with ANSI colours, as SVG, as PNG;
//! and many of them as a cast that terminals play.
//!
//! Pure: strings in memory, the caller writes them. What a cell holds is not trusted: control
//! characters become `�` here too, so that a picture is as harmless as the screen.

mod ansi;
pub mod cast;
mod geometry;
mod palette;
mod png;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use ratatui::{
    buffer::{Buffer, Cell, CellWidth},
    layout::Rect,
};

pub use self::png::{Print, pixels, png};
pub use ansi::ansi;
pub use palette::Tone;
pub use svg::{svg, svg_in};
pub use text::text;

/// A part of a screen, as far as it lies on it.
#[must_use]
pub fn part(buffer: &Buffer, part: Rect) -> Buffer {
    let area = part.intersection(buffer.area);
    let mut out = Buffer::empty(area);
    for place in area.positions() {
        if let (Some(cell), Some(from)) = (out.cell_mut(place), buffer.cell(place)) {
            *cell = from.clone();
        }
    }
    out
}

/// A title without control characters.
fn harmless(title: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
    title.chars().map(clean).collect()
}

/// One grapheme cluster on the screen.
struct Glyph<'a> {
    /// Column, from the left of the buffer.
    x: u16,
    /// What stands there.
    symbol: &'a str,
    /// Cells it covers, at least 1.
    width: u16,
    /// The cell, for its style.
    cell: &'a Cell,
}

/// The clusters of a row; cells that a wide one covers are left out.
fn glyphs(buffer: &Buffer, y: u16) -> Vec<Glyph<'_>> {
    let area = buffer.area;
    let mut out = Vec::with_capacity(usize::from(area.width));
    let mut x = 0;
    while x < area.width {
        let Some(cell) = buffer.cell((area.x + x, area.y + y)) else {
            break;
        };
        let harmless = !cell.symbol().contains(char::is_control) && !cell.symbol().is_empty();
        let symbol = if harmless { cell.symbol() } else { "\u{FFFD}" };
        let width = symbol.cell_width().clamp(1, area.width - x);
        out.push(Glyph {
            x,
            symbol,
            width,
            cell,
        });
        x += width;
    }
    out
}
