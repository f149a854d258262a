//! Colours of pictures: a dark and a light palette for the 16 ANSI colours, the fixed cube for the rest.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Light text on a dark ground.
    #[default]
    Dark,
    /// Dark text on a light ground, for paper and light pages.
    Light,
}

/// The colours of a terminal.
pub(super) struct Palette {
    /// Behind everything.
    pub(super) background: Rgb,
    /// Text without a colour.
    pub(super) foreground: Rgb,
    /// ANSI 0 to 15, chosen to be told apart on the background.
    pub(super) ansi: [Rgb; 16],
}

static DARK: Palette = Palette {
    background: (0x16, 0x18, 0x1d),
    foreground: (0xd6, 0xd9, 0xe0),
    ansi: [
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
    ],
};

static LIGHT: Palette = Palette {
    background: (0xfb, 0xfb, 0xf8),
    foreground: (0x2b, 0x2f, 0x36),
    ansi: [
        (0x24, 0x27, 0x2e),
        (0xb3, 0x2d, 0x2d),
        (0x3a, 0x7a, 0x25),
        (0xc8, 0x93, 0x1e),
        (0x24, 0x5f, 0xb8),
        (0x86, 0x3c, 0xa8),
        (0x0f, 0x76, 0x7e),
        (0x6b, 0x71, 0x7c),
        (0x8b, 0x91, 0x9c),
        (0xc9, 0x48, 0x43),
        (0x4f, 0x93, 0x38),
        (0xd8, 0xa8, 0x3c),
        (0x3f, 0x7a, 0xd0),
        (0xa0, 0x5a, 0xc0),
        (0x2a, 0x92, 0x99),
        (0x14, 0x16, 0x1a),
    ],
};

impl Palette {
    /// The colours of a tone.
    pub(super) const fn of(tone: Tone) -> &'static Self {
        match tone {
            Tone::Dark => &DARK,
            Tone::Light => &LIGHT,
        }
    }

    /// The colour to paint; `fallback` for the terminal's default.
    fn rgb(&self, colour: Color, fallback: Rgb) -> Rgb {
        match colour {
            Color::Reset => fallback,
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(index) => self.indexed(index),
            named => ansi_number(named).map_or(fallback, |number| self.indexed(number)),
        }
    }

    /// The 256 colours as xterm defines them: 16 named, a 6x6x6 cube, 24 greys.
    fn indexed(&self, index: u8) -> Rgb {
        if let Some(named) = self.ansi.get(usize::from(index)) {
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
}

/// Colours and attributes of a cell as they are painted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    /// Of what stands in the cell.
    pub(super) fg: Rgb,
    /// Behind it.
    pub(super) bg: Rgb,
    /// Bold, italic, lines.
    pub(super) modifier: Modifier,
}

impl Ink {
    /// The ink of a cell.
    pub(super) fn of(cell: &Cell, palette: &Palette) -> Self {
        let fg = palette.rgb(cell.fg, palette.foreground);
        let bg = palette.rgb(cell.bg, palette.background);
        let modifier = cell.modifier;
        let (fg, bg) = if modifier.contains(Modifier::REVERSED) {
            (bg, fg)
        } else {
            (fg, bg)
        };
        let fg = if modifier.contains(Modifier::DIM) {
            mix(fg, bg)
        } else {
            fg
        };
        let fg = if modifier.contains(Modifier::HIDDEN) {
            bg
        } else {
            fg
        };
        Self { fg, bg, modifier }
    }
}

/// Half way from one colour to another.
const fn mix(one: Rgb, other: Rgb) -> Rgb {
    (
        one.0 / 2 + other.0 / 2,
        one.1 / 2 + other.1 / 2,
        one.2 / 2 + other.2 / 2,
    )
}

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
