//! How much of each pixel a cluster covers, whatever draws it: a shape, a letter, the pixels of a bitmap.
//!
//! Shares are steps of a sixteenth, so that a picture has few colours. Nothing leaves the cells of its
//! cluster.

use ratatui::style::Modifier;

use super::{
    super::geometry::{self, BASELINE, HEIGHT, Shape, WIDTH},
    bitmap::{self, Bitmaps},
    face::{Faces, Place},
};

/// Points within a pixel that are asked for, across and down.
const SAMPLES: u32 = 4;
/// Weight and slant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Style {
    bold: bool,
    italic: bool,
}

impl Style {
    /// The part of the modifiers that changes letters.
    pub(super) const fn of(modifier: Modifier) -> Self {
        Self {
            bold: modifier.contains(Modifier::BOLD),
            italic: modifier.contains(Modifier::ITALIC),
        }
    }
}

/// Shares of the pixels of a cluster's cells, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    width: usize,
    height: usize,
    shares: Vec<u8>,
}

impl Mask {
    fn empty(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            shares: vec![0; width * height],
        }
    }

    /// The rows from top to bottom.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.shares.chunks_exact(self.width.max(1))
    }

    /// Covers more of a pixel; what lies over each other adds nothing.
    fn cover(&mut self, index: usize, share: f32) {
        let step = (share.clamp(0.0, 1.0) * 15.0).round() as u8 * 17;
        if let Some(pixel) = self.shares.get_mut(index) {
            *pixel = step.max(*pixel);
        }
    }

    /// Covers each pixel as much as `share` says of its place.
    fn each(&mut self, share: impl Fn(u32, u32) -> f32) {
        for y in 0..self.height {
            for x in 0..self.width {
                let share = share(x as u32, y as u32);
                self.cover(y * self.width + x, share);
            }
        }
    }
}

/// Makes masks out of what the program carries.
#[derive(Default)]
pub(super) struct Maker {
    faces: Faces,
    bitmaps: Bitmaps,
}

/// Where one character of a cluster is drawn.
#[derive(Clone, Copy)]
struct Spot {
    /// First pixel.
    left: u32,
    /// Cells across.
    cells: u32,
    scale: u32,
}

impl Spot {
    const fn width(self) -> u32 {
        self.cells * WIDTH * self.scale
    }
}

impl Maker {
    /// The mask of a cluster over so many cells, at a scale.
    pub(super) fn make(&mut self, cluster: &str, style: Style, (cells, scale): (u32, u32)) -> Mask {
        let mut mask = Mask::empty(cells * WIDTH * scale, HEIGHT * scale);
        let whole = Spot {
            left: 0,
            cells,
            scale,
        };
        let drawn = drawn(cluster);
        let mut only = drawn.iter();
        if let (Some(shape), None) = (only.next().and_then(|c| geometry::shape(*c)), only.next()) {
            paint(&mut mask, &shape, scale);
            return mask;
        }
        if let [one, other] = drawn.as_slice()
            && let (Some(one), Some(other)) = (flag_letter(*one), flag_letter(*other))
        {
            for (letter, at) in [(one, 0), (other, cells / 2)] {
                let spot = Spot {
                    left: at * WIDTH * scale,
                    cells: 1,
                    scale,
                };
                self.character(&mut mask, letter, style, spot);
            }
            return mask;
        }
        for c in drawn {
            self.character(&mut mask, c, style, whole);
        }
        mask
    }

    /// Draws one character: wide ones from the bitmaps, whose shapes fill two cells, narrow ones from the
    /// letters.
    fn character(&mut self, mask: &mut Mask, c: char, style: Style, spot: Spot) {
        let bitmap = self.bitmaps.glyph(c);
        let wide = spot.cells > 1 && bitmap.is_some_and(|bitmap| bitmap.width == 16);
        if !wide && self.letter(mask, c, style, spot) {
            return;
        }
        match bitmap {
            Some(bitmap) => dots(mask, &bitmap, style, spot),
            None => hollow(mask, spot),
        }
    }

    fn letter(&self, mask: &mut Mask, c: char, style: Style, spot: Spot) -> bool {
        let advance = (WIDTH * spot.scale) as f32;
        let place = Place {
            size: (mask.width as u32, mask.height as u32),
            advance,
            left: spot.left as f32 + (spot.width() as f32 - advance) / 2.0,
            baseline: (BASELINE * spot.scale) as f32,
            lean: style.italic,
        };
        let cover = |index, share| mask.cover(index, share);
        self.faces.draw(c, style.bold, place, cover)
    }
}

/// The characters of a cluster that are drawn: without joiners, selectors and tones of skin, and of joined
/// pictures the first.
fn drawn(cluster: &str) -> Vec<char> {
    let mut out = Vec::new();
    for c in cluster.chars() {
        match c {
            '\u{200D}' if out.iter().any(|c| u32::from(*c) > 0x2000) => break,
            '\u{FE00}'..='\u{FE0F}'
            | '\u{E0000}'..='\u{E01EF}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' => {}
            '\u{1F3FB}'..='\u{1F3FF}' if !out.is_empty() => {}
            c => out.push(c),
        }
    }
    out
}

/// The letter of half a flag: nobody draws all flags, everybody reads two letters.
fn flag_letter(c: char) -> Option<char> {
    let place = u32::from(c)
        .checked_sub(0x1F1E6)
        .filter(|place| *place < 26)?;
    char::from_u32(u32::from('A') + place)
}

fn paint(mask: &mut Mask, shape: &Shape, scale: u32) {
    let opacity = f32::from(shape.opacity) / 100.0;
    let fine = (SAMPLES * scale) as f32;
    mask.each(|x, y| {
        let mut inside = 0_u32;
        for (across, down) in (0..SAMPLES).flat_map(|a| (0..SAMPLES).map(move |d| (a, d))) {
            let at = |pixel: u32, step: u32| ((pixel * SAMPLES + step) as f32 + 0.5) / fine;
            inside += u32::from(shape.covers(at(x, across), at(y, down)));
        }
        opacity * inside as f32 / (SAMPLES * SAMPLES) as f32
    });
}

/// Draws a bitmap, its corners softened so that it does not look like a grid.
fn dots(mask: &mut Mask, glyph: &bitmap::Glyph, style: Style, spot: Spot) {
    let scale = spot.scale as f32;
    // The cell is a little larger than the glyph: 9 by 18 points for 8 by 16.
    let across = (spot.width() as f32 - glyph.width as f32 * scale) / 2.0;
    // Narrower cells than pixels: the glyph is squeezed.
    let squeeze = if across < 0.0 {
        glyph.width as f32 * scale / spot.width() as f32
    } else {
        1.0
    };
    let down = ((HEIGHT - bitmap::ROWS) * spot.scale) as f32 / 2.0;
    let (first, last) = (spot.left, spot.left + spot.width());
    let field = |u: f32, v: f32| {
        let (x, y) = ((u - 0.5).floor(), (v - 0.5).floor());
        let (fx, fy) = (u - 0.5 - x, v - 0.5 - y);
        let at = |dx: i32, dy: i32| f32::from(u8::from(glyph.at(x as i32 + dx, y as i32 + dy)));
        let top = at(0, 0) * (1.0 - fx) + at(1, 0) * fx;
        let bottom = at(0, 1) * (1.0 - fx) + at(1, 1) * fx;
        top * (1.0 - fy) + bottom * fy
    };
    mask.each(|x, y| {
        if x < first || x >= last {
            return 0.0;
        }
        let v = (y as f32 + 0.5 - down) / scale;
        let lean = if style.italic { (v - 12.0) * 0.2 } else { 0.0 };
        let u = ((x - first) as f32 + 0.5 - across.max(0.0)) / scale * squeeze + lean;
        let mut share = field(u, v);
        if style.bold {
            share = share.max(field(u - 0.5, v));
        }
        (share - 0.3) / 0.4
    });
}

/// A hollow box for what nothing here can draw.
fn hollow(mask: &mut Mask, spot: Spot) {
    let scale = spot.scale;
    let (left, right) = (spot.left + scale, spot.left + spot.width() - scale);
    let (top, bottom) = (3 * scale, BASELINE * scale);
    mask.each(|x, y| {
        let within = (left..right).contains(&x) && (top..bottom).contains(&y);
        let inner = (left + scale..right - scale).contains(&x)
            && (top + scale..bottom - scale).contains(&y);
        if within && !inner { 1.0 } else { 0.0 }
    });
}
