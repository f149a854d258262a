//! A screen as a PNG: the shapes of the SVG and letters of fonts that the program carries, so that it looks
//! the same wherever it is made.
//!
//! A cell is 9 by 18 points, a point `scale` pixels. Letters, marks and symbols come from `DejaVu` Sans Mono
//! (bold has its own face, italics are its letters slanted), everything else from the pixels of GNU
//! Unifont, among it Chinese, Japanese, Korean and emoji; box drawing, blocks and braille are shapes
//! ([`super::geometry`]). What no font has is a box. The same buffer gives the same bytes. A picture with
//! at most 256 colours, as nearly all are, is written with a palette.

mod bitmap;
mod encode;
mod face;
mod mask;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, io, rc::Rc};

use ratatui::{buffer::Buffer, style::Modifier};

use self::{
    encode::Canvas,
    mask::{Maker, Mask, Style},
};
use super::{
    Glyph,
    geometry::{BASELINE, HEIGHT, MARGIN, WIDTH},
    glyphs,
    palette::{Ink, Palette, Rgb, Tone},
};

/// Most pixels of a picture; a screen of 400 by 200 cells at scale 2 has half of them.
const MOST_PIXELS: u64 = 64 * 1024 * 1024;

/// How a picture is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// Its colours.
    pub tone: Tone,
    /// Pixels of a point, from 1 to [`Print::LARGEST`].
    pub scale: u8,
}

impl Print {
    /// The largest scale.
    pub const LARGEST: u8 = 4;
}

impl Default for Print {
    fn default() -> Self {
        Self {
            tone: Tone::Dark,
            scale: 2,
        }
    }
}

/// Width and height of the picture of a screen with so many cells, in pixels.
#[must_use]
pub fn pixels(columns: u16, rows: u16, scale: u8) -> (u32, u32) {
    let scale = u32::from(scale.clamp(1, Print::LARGEST));
    (
        (u32::from(columns) * WIDTH + 2 * MARGIN) * scale,
        (u32::from(rows) * HEIGHT + 2 * MARGIN) * scale,
    )
}

/// The screen as a PNG; `title` names it for programs that show such a name.
///
/// # Errors
/// The screen is so large that its picture would have more than 64 million pixels.
pub fn png(buffer: &Buffer, title: &str, print: Print) -> io::Result<Vec<u8>> {
    let (width, height) = pixels(buffer.area.width, buffer.area.height, print.scale);
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        let words = format!("A picture of {width} by {height} pixels is too large");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let palette = Palette::of(print.tone);
    let mut painter = Painter {
        canvas: Canvas::new(width, height, palette.background),
        scale: u32::from(print.scale.clamp(1, Print::LARGEST)),
        maker: Maker::default(),
        masks: HashMap::new(),
    };
    for y in 0..buffer.area.height {
        for glyph in glyphs(buffer, y) {
            painter.cell(&glyph, y, Ink::of(glyph.cell, palette), palette);
        }
    }
    painter.canvas.encode(&super::harmless(title))
}

/// What a mask is made of.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    symbol: String,
    style: Style,
    cells: u16,
}

/// Paints cells; every cluster is drawn once.
struct Painter {
    canvas: Canvas,
    scale: u32,
    maker: Maker,
    masks: HashMap<Key, Rc<Mask>>,
}

impl Painter {
    fn cell(&mut self, glyph: &Glyph<'_>, row: u16, ink: Ink, palette: &Palette) {
        let scale = self.scale;
        let left = (MARGIN + u32::from(glyph.x) * WIDTH) * scale;
        let top = (MARGIN + u32::from(row) * HEIGHT) * scale;
        let width = u32::from(glyph.width) * WIDTH * scale;
        let height = HEIGHT * scale;
        if ink.bg != palette.background {
            self.canvas.fill(left, top, (width, height), ink.bg);
        }
        if glyph.symbol != " " {
            let mask = self.mask(glyph, Style::of(ink.modifier));
            self.stamp(&mask, left, top, (ink.fg, ink.bg));
        }
        for (modifier, point) in [
            (Modifier::UNDERLINED, BASELINE + 2),
            (Modifier::CROSSED_OUT, HEIGHT / 2),
        ] {
            if ink.modifier.contains(modifier) {
                let line = top + point * scale;
                self.canvas.fill(left, line, (width, scale), ink.fg);
            }
        }
    }

    fn mask(&mut self, glyph: &Glyph<'_>, style: Style) -> Rc<Mask> {
        let key = Key {
            symbol: glyph.symbol.to_owned(),
            style,
            cells: glyph.width,
        };
        if let Some(mask) = self.masks.get(&key) {
            return Rc::clone(mask);
        }
        let size = (u32::from(glyph.width), self.scale);
        let mask = Rc::new(self.maker.make(glyph.symbol, style, size));
        self.masks.insert(key, Rc::clone(&mask));
        mask
    }

    /// Lays colour over the ground where the mask says how much.
    fn stamp(&mut self, mask: &Mask, left: u32, top: u32, (fg, bg): (Rgb, Rgb)) {
        for (line, y) in mask.rows().zip(top..) {
            for (&share, x) in line.iter().zip(left..) {
                if share > 0 {
                    self.canvas.put(x, y, blend(fg, bg, share));
                }
            }
        }
    }
}

/// A colour over another, `share` of 255 of it.
fn blend(fg: Rgb, bg: Rgb, share: u8) -> Rgb {
    let mix = |over: u8, under: u8| {
        let (over, under, share) = (u32::from(over), u32::from(under), u32::from(share));
        u8::try_from((over * share + under * (255 - share) + 127) / 255).unwrap_or(u8::MAX)
    };
    (mix(fg.0, bg.0), mix(fg.1, bg.1), mix(fg.2, bg.2))
}
