//! Colours of pictures: a dark palette for the 16 ANSI colours, the fixed cube for the rest.

use ratatui::style::Color;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

/// Behind everything.
pub(super) const BACKGROUND: Rgb = (0x16, 0x18, 0x1d);
/// Text without a colour.
pub(super) const FOREGROUND: Rgb = (0xd6, 0xd9, 0xe0);

/// ANSI 0 to 15, chosen to be told apart on [`BACKGROUND`].
const ANSI: [Rgb; 16] = [
    (0x2a, 0x2e, 0x37),
    (0xe0, 0x6c, 0x6c),
    (0x8a, 0xc1, 0x6f),
    (0xe2, 0xb8, 0x5c),
    (0x6f, 0xa3, 0xee),
    (0xc3, 0x86, 0xe0),
    (0x57, 0xbd, 0xc4),
    (0xb9, 0xbf, 0xca),
    (0x78, 0x80, 0x8f),
    (0xf0, 0x8a, 0x85),
    (0xa6, 0xd8, 0x8a),
    (0xf3, 0xd0, 0x82),
    (0x93, 0xbd, 0xf7),
    (0xd7, 0xa6, 0xef),
    (0x7f, 0xd6, 0xdb),
    (0xf4, 0xf5, 0xf8),
];

/// Number of a named ANSI colour; `None` for the others.
pub(super) const fn ansi_number(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

/// The colour to paint; `fallback` for the terminal's default.
pub(super) fn rgb(colour: Color, fallback: Rgb) -> Rgb {
    match colour {
        Color::Reset => fallback,
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(index) => indexed(index),
        named => ansi_number(named).map_or(fallback, indexed),
    }
}

/// The 256 colours as xterm defines them: 16 named, a 6x6x6 cube, 24 greys.
fn indexed(index: u8) -> Rgb {
    if let Some(named) = ANSI.get(usize::from(index)) {
        return *named;
    }
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return (grey, grey, grey);
    }
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    let cube = index - 16;
    (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
}
