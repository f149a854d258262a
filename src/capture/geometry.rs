//! Box drawing, blocks and braille as shapes, so that they meet without seams whatever the font.
//!
//! A shape stands on a cell of [`WIDTH`] by [`HEIGHT`] pixels, on whole pixels wherever it allows that. The
//! SVG writes it as a path, the PNG asks which points it covers: both draw the same.

use std::fmt::Write as _;

/// Pixels across a cell.
pub(super) const WIDTH: u32 = 9;
/// Pixels down a cell.
pub(super) const HEIGHT: u32 = 18;
/// Pixels around the screen.
pub(super) const MARGIN: u32 = 9;
/// From the top of a cell to the line that letters stand on.
pub(super) const BASELINE: u32 = 14;

/// Middle of a light line: pixel 4 across, pixel 8 down.
const MIDDLE: (u32, u32) = (4, 8);
/// Pixels from the middle of a rounded corner to its outer edge.
const RADIUS: u32 = 5;

/// Lines of U+2500 to U+257F: weight of the arms up, right, down, left; 0 none, 1 light, 2 heavy,
/// 3 double. Read off the character names of the Unicode Standard.
const LINES: [&str; 8] = [
    "0101 0202 1010 2020 .... .... .... .... .... .... .... .... 0110 0210 0120 0220",
    "0011 0012 0021 0022 1100 1200 2100 2200 1001 1002 2001 2002 1110 1210 2110 1120",
    "2120 2210 1220 2220 1011 1012 2011 1021 2021 2012 1022 2022 0111 0112 0211 0212",
    "0121 0122 0221 0222 1101 1102 1201 1202 2101 2102 2201 2202 1111 1112 1211 1212",
    "2111 1121 2121 2112 2211 1122 1221 2212 1222 2122 2221 2222 .... .... .... ....",
    "0303 3030 0310 0130 0330 0013 0031 0033 1300 3100 3300 1003 3001 3003 1310 3130",
    "3330 1013 3031 3033 0313 0131 0333 1303 3101 3303 1313 3131 3333 .... .... ....",
    ".... .... .... .... 0001 1000 0100 0010 0002 2000 0200 0020 0201 1020 0102 2010",
];

/// A part of a shape, in pixels of its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// From a pixel on, so many across and down.
    Rect(u32, u32, u32, u32),
    /// A rounded corner that leaves the cell to the right or left, and down or up.
    Arc { right: bool, down: bool },
    /// From corner to corner, rising or falling.
    Diagonal { rising: bool },
}

/// A shape: the union of its parts, and how much of it covers the ground.
pub(super) struct Shape {
    pieces: Vec<Piece>,
    /// Opacity in percent.
    pub(super) opacity: u8,
}

/// The shape of a character; `None` when a font must draw it.
pub(super) fn shape(c: char) -> Option<Shape> {
    let code = u32::from(c);
    let mut pen = Pen(Vec::new());
    let mut opacity = 100;
    match code {
        0x2500..=0x257F => pen.line(c, code - 0x2500)?,
        0x2591..=0x2593 => {
            pen.rect(0, 0, WIDTH, HEIGHT);
            opacity = [25, 50, 75][(code - 0x2591) as usize % 3];
        }
        0x2580..=0x259F => pen.block(code - 0x2580),
        0x2800..=0x28FF => pen.braille(code - 0x2800),
        _ => return None,
    }
    Some(Shape {
        pieces: pen.0,
        opacity,
    })
}

impl Shape {
    /// SVG path data for a cell that begins at a pixel.
    pub(super) fn path(&self, x: u32, y: u32) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            piece.write(&mut out, x, y);
        }
        out
    }

    /// True when a point of the cell, in pixels from its corner, lies on the shape.
    pub(super) fn covers(&self, x: f32, y: f32) -> bool {
        self.pieces.iter().any(|piece| piece.covers(x, y))
    }
}

impl Piece {
    fn write(self, out: &mut String, x: u32, y: u32) {
        let _ = match self {
            Self::Rect(left, top, width, height) => {
                let (left, top) = (x + left, y + top);
                write!(out, "M{left} {top}h{width}v{height}h-{width}z")
            }
            Self::Arc { right, down } => {
                let (cx, cy) = MIDDLE;
                // Where the arm ends across, where it ends down, the middle of the circle, the turn.
                let (side, before, after) = if right {
                    (x + WIDTH, x + cx, x + cx + 1)
                } else {
                    (x, x + cx + 1, x + cx)
                };
                let (end, round) = if down {
                    (y + HEIGHT, y + cy + RADIUS)
                } else {
                    (y, y + cy + 1 - RADIUS)
                };
                let (outer, inner) = if down {
                    (y + cy, y + cy + 1)
                } else {
                    (y + cy + 1, y + cy)
                };
                let sweep = u8::from(right == down);
                let back = 1 - sweep;
                let less = RADIUS - 1;
                write!(
                    out,
                    "M{before} {end}V{round}A{RADIUS} {RADIUS} 0 0 {sweep} {side} {outer}V{inner}\
                     A{less} {less} 0 0 {back} {after} {round}V{end}z"
                )
            }
            Self::Diagonal { rising } => {
                let (right, bottom) = (x + WIDTH, y + HEIGHT);
                if rising {
                    let (inside, in_left) = (right - 1, x + 1);
                    write!(out, "M{x} {bottom}v-1L{inside} {y}h1v1L{in_left} {bottom}z")
                } else {
                    let (low, high) = (bottom - 1, y + 1);
                    write!(out, "M{x} {y}h1L{right} {low}v1h-1L{x} {high}z")
                }
            }
        };
    }

    fn covers(self, x: f32, y: f32) -> bool {
        let (width, height) = (WIDTH as f32, HEIGHT as f32);
        match self {
            Self::Rect(left, top, across, down) => {
                let (left, top) = (left as f32, top as f32);
                x >= left && x < left + across as f32 && y >= top && y < top + down as f32
            }
            Self::Arc { right, down } => {
                let (cx, cy) = (MIDDLE.0 as f32, MIDDLE.1 as f32);
                let radius = RADIUS as f32;
                // Every corner is the one to the right and down, mirrored.
                let x = if right { x } else { 2.0 * cx + 1.0 - x };
                let y = if down { y } else { 2.0 * cy + 1.0 - y };
                let (from_x, from_y) = (cx + radius - x, cy + radius - y);
                if from_y <= 0.0 {
                    return x >= cx && x < cx + 1.0;
                }
                if from_x <= 0.0 {
                    return y >= cy && y < cy + 1.0;
                }
                let away = from_x.hypot(from_y);
                away <= radius && away >= radius - 1.0
            }
            Self::Diagonal { rising } => {
                let y = if rising { height - y } else { y };
                // Between the lines through the corners of a pixel at each end.
                let (dx, dy) = (width - 1.0, height - 1.0);
                dy * (x - 1.0) <= dx * y && dy * x >= dx * (y - 1.0)
            }
        }
    }
}

/// Collects the parts of a shape.
struct Pen(Vec<Piece>);

impl Pen {
    fn rect(&mut self, x: u32, y: u32, width: u32, height: u32) {
        self.0.push(Piece::Rect(x, y, width, height));
    }

    fn line(&mut self, c: char, index: u32) -> Option<()> {
        match c {
            '╌' | '╍' => self.dashes(2, index % 2 == 1, true),
            '╎' | '╏' => self.dashes(2, index % 2 == 1, false),
            '┄' | '┅' => self.dashes(3, index % 2 == 1, true),
            '┆' | '┇' => self.dashes(3, index % 2 == 1, false),
            '┈' | '┉' => self.dashes(4, index % 2 == 1, true),
            '┊' | '┋' => self.dashes(4, index % 2 == 1, false),
            '╭' => self.arc(true, true),
            '╮' => self.arc(false, true),
            '╯' => self.arc(false, false),
            '╰' => self.arc(true, false),
            '╱' => self.0.push(Piece::Diagonal { rising: true }),
            '╲' => self.0.push(Piece::Diagonal { rising: false }),
            '╳' => {
                self.0.push(Piece::Diagonal { rising: true });
                self.0.push(Piece::Diagonal { rising: false });
            }
            _ => self.arms(index)?,
        }
        Some(())
    }

    fn arms(&mut self, index: u32) -> Option<()> {
        let row = LINES.get(index as usize / 16)?;
        let arms: Vec<u32> = row
            .split(' ')
            .nth(index as usize % 16)?
            .chars()
            .filter_map(|digit| digit.to_digit(10))
            .collect();
        let &[up, right, down, left] = arms.as_slice() else {
            return None;
        };
        let (cx, cy) = MIDDLE;
        // How far an arm reaches over the middle, so that it meets lines of another weight.
        let across = reach(left.max(right));
        let along = reach(up.max(down));
        for track in tracks(up) {
            self.rect(cx + track.0 - 1, 0, track.1, cy + across);
        }
        for track in tracks(down) {
            self.rect(
                cx + track.0 - 1,
                cy + 1 - across,
                track.1,
                HEIGHT - (cy + 1 - across),
            );
        }
        for track in tracks(left) {
            self.rect(0, cy + track.0 - 1, cx + along, track.1);
        }
        for track in tracks(right) {
            self.rect(
                cx + 1 - along,
                cy + track.0 - 1,
                WIDTH - (cx + 1 - along),
                track.1,
            );
        }
        Some(())
    }

    fn dashes(&mut self, count: u32, heavy: bool, horizontal: bool) {
        let (offset, thick) = if heavy { (1, 3) } else { (0, 1) };
        let length = if horizontal { WIDTH } else { HEIGHT };
        for dash in 0..count {
            let from = dash * length / count;
            let size = ((dash + 1) * length / count - from)
                .saturating_sub(1)
                .max(1);
            if horizontal {
                self.rect(from, MIDDLE.1 - offset, size, thick);
            } else {
                self.rect(MIDDLE.0 - offset, from, thick, size);
            }
        }
    }

    fn arc(&mut self, right: bool, down: bool) {
        self.0.push(Piece::Arc { right, down });
    }

    /// U+2580 to U+259F without the shades: halves, eighths, quadrants.
    fn block(&mut self, index: u32) {
        let (half_x, half_y) = (WIDTH / 2, HEIGHT / 2);
        let eighth = |n: u32, of: u32| (n * of + 4) / 8;
        match index {
            0 => self.rect(0, 0, WIDTH, half_y),
            1..=8 => {
                let height = eighth(index, HEIGHT);
                self.rect(0, HEIGHT - height, WIDTH, height);
            }
            9..=15 => self.rect(0, 0, eighth(16 - index, WIDTH), HEIGHT),
            16 => self.rect(half_x, 0, WIDTH - half_x, HEIGHT),
            20 => self.rect(0, 0, WIDTH, eighth(1, HEIGHT)),
            21 => self.rect(WIDTH - 1, 0, 1, HEIGHT),
            _ => {
                // Quadrants from U+2596 on: upper left 1, upper right 2, lower left 4, lower right 8.
                let quadrants = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];
                let set = quadrants
                    .get(index.saturating_sub(22) as usize)
                    .copied()
                    .unwrap_or(0);
                for (bit, x, y) in [
                    (1, 0, 0),
                    (2, half_x, 0),
                    (4, 0, half_y),
                    (8, half_x, half_y),
                ] {
                    if set & bit != 0 {
                        let width = if x == 0 { half_x } else { WIDTH - half_x };
                        self.rect(x, y, width, half_y);
                    }
                }
            }
        }
    }

    fn braille(&mut self, dots: u32) {
        for dot in 0..8 {
            if dots & (1 << dot) != 0 {
                // Dots 1 to 6 go down two columns of three, 7 and 8 are below them.
                let (column, row) = if dot < 6 {
                    (dot / 3, dot % 3)
                } else {
                    (dot - 6, 3)
                };
                self.rect(1 + column * 4, 2 + row * 4, 2, 2);
            }
        }
    }
}

/// Lines of an arm: offset from the pixel before the middle, thickness.
fn tracks(weight: u32) -> impl Iterator<Item = (u32, u32)> {
    let lines: &[(u32, u32)] = match weight {
        0 => &[],
        1 => &[(1, 1)],
        2 => &[(0, 3)],
        _ => &[(0, 1), (2, 1)],
    };
    lines.iter().copied()
}

/// Pixels from the middle line to the far edge of a crossing line, itself included.
const fn reach(weight: u32) -> u32 {
    if weight > 1 { 2 } else { 1 }
}
