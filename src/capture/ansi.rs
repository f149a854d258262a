//! A screen as text with SGR sequences (ECMA-48, section 8.3.117), for `cat` and for bug reports.

use std::fmt::Write as _;

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

/// The screen as text with ANSI colours. Every line ends in the default style.
#[must_use]
pub fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let glyphs = super::glyphs(buffer, y);
        let drawn = glyphs
            .iter()
            .rposition(|glyph| glyph.symbol != " " || styled(glyph.cell));
        let mut last = String::new();
        for glyph in glyphs.iter().take(drawn.map_or(0, |last| last + 1)) {
            let style = sgr(glyph.cell);
            if style != last {
                let _ = write!(out, "\x1b[0{style}m");
                last = style;
            }
            out.push_str(glyph.symbol);
        }
        if !last.is_empty() {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
    }
    out
}

/// True when even a space in this cell can be seen.
fn styled(cell: &Cell) -> bool {
    let seen = Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT;
    cell.bg != Color::Reset || cell.modifier.intersects(seen)
}

/// SGR parameters of a cell, each after a `;`. Empty for the default style.
pub(super) fn sgr(cell: &Cell) -> String {
    let mut out = String::new();
    for (modifier, parameter) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
        (Modifier::HIDDEN, 8),
        (Modifier::CROSSED_OUT, 9),
    ] {
        if cell.modifier.contains(modifier) {
            let _ = write!(out, ";{parameter}");
        }
    }
    colour(&mut out, cell.fg, 30);
    colour(&mut out, cell.bg, 40);
    out
}

fn colour(out: &mut String, colour: Color, base: u8) {
    let _ = match colour {
        Color::Reset => Ok(()),
        Color::Rgb(r, g, b) => write!(out, ";{};2;{r};{g};{b}", base + 8),
        Color::Indexed(index) => write!(out, ";{};5;{index}", base + 8),
        named => match super::palette::ansi_number(named) {
            Some(number @ 0..=7) => write!(out, ";{}", base + number),
            Some(number) => write!(out, ";{}", base + 52 + number),
            None => Ok(()),
        },
    };
}
