//! Letters of `DejaVu` Sans Mono as shares of pixels. The only door to the crates that read and fill outlines.

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The upright face and the bold one, as they come from the project (`assets/fonts/README.md`).
static REGULAR: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSansMono.ttf");
static BOLD: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSansMono-Bold.ttf");

/// How far a slanted letter leans, per pixel of height.
const LEAN: f32 = 0.2;

/// Both faces.
pub(super) struct Faces {
    regular: Option<Face<'static>>,
    bold: Option<Face<'static>>,
}

impl Default for Faces {
    fn default() -> Self {
        Self {
            regular: Face::parse(REGULAR, 0).ok(),
            bold: Face::parse(BOLD, 0).ok(),
        }
    }
}

/// A place to draw a letter at.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Size of the picture in pixels.
    pub(super) size: (u32, u32),
    /// Pixels of a letter's advance.
    pub(super) advance: f32,
    /// Where the letter begins.
    pub(super) left: f32,
    /// The line it stands on.
    pub(super) baseline: f32,
    /// Slanted to the right.
    pub(super) lean: bool,
}

impl Faces {
    /// Calls `pixel` with the place in the picture and the share of each pixel that the letter covers;
    /// false when no face has it.
    pub(super) fn draw(
        &self,
        c: char,
        bold: bool,
        place: Place,
        pixel: impl FnMut(usize, f32),
    ) -> bool {
        let preferred = if bold { &self.bold } else { &self.regular };
        let found = [preferred, &self.regular].into_iter().flatten();
        let Some((face, glyph)) = found
            .filter_map(|face| Some((face, face.glyph_index(c)?)))
            .find(|(_, glyph)| glyph.0 != 0)
        else {
            return false;
        };
        draw(face, glyph, place, pixel);
        true
    }
}

fn draw(face: &Face<'_>, glyph: GlyphId, place: Place, pixel: impl FnMut(usize, f32)) {
    let advance = face.glyph_hor_advance(glyph).unwrap_or_default();
    // A mark without an advance is drawn at the size of the letters.
    let advance = if advance == 0 {
        let letter = face.glyph_index('x');
        letter.and_then(|letter| face.glyph_hor_advance(letter))
    } else {
        Some(advance)
    };
    let unit = place.advance / f32::from(advance.unwrap_or(1).max(1));
    let mut pen = Pen {
        rasterizer: Rasterizer::new(place.size.0 as usize, place.size.1 as usize),
        place,
        unit,
        start: Point::default(),
        at: Point::default(),
    };
    let _ = face.outline_glyph(glyph, &mut pen);
    pen.rasterizer.for_each_pixel(pixel);
}

/// Turns an outline in units of the font into lines and curves in pixels.
struct Pen {
    rasterizer: Rasterizer,
    place: Place,
    unit: f32,
    start: Point,
    at: Point,
}

impl Pen {
    fn point(&self, x: f32, y: f32) -> Point {
        let up = y * self.unit;
        // Around the middle of small letters, so that they stay in their cell.
        let middle = self.place.advance * 0.4;
        let lean = if self.place.lean {
            (up - middle) * LEAN
        } else {
            0.0
        };
        let (width, height) = self.place.size;
        // The rasterizer wants every point within its picture.
        point(
            (self.place.left + x * self.unit + lean).clamp(0.0, width as f32),
            (self.place.baseline - up).clamp(0.0, height as f32),
        )
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = self.point(x, y);
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.rasterizer.draw_line(self.at, to);
        self.at = to;
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (by, to) = (self.point(x1, y1), self.point(x, y));
        self.rasterizer.draw_quad(self.at, by, to);
        self.at = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (one, two) = (self.point(x1, y1), self.point(x2, y2));
        let to = self.point(x, y);
        self.rasterizer.draw_cubic(self.at, one, two, to);
        self.at = to;
    }

    fn close(&mut self) {
        self.rasterizer.draw_line(self.at, self.start);
        self.at = self.start;
    }
}
