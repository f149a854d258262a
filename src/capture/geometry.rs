//! Box drawing, blocks and braille as shapes, so that they meet without seams whatever the font.
//!
//! A shape is SVG path data on a cell of [`WIDTH`] by [`HEIGHT`] pixels, whole pixels wherever the
//! shape allows it.

use std::fmt::Write as _;

/// Pixels across a cell.
pub(super) const WIDTH: u32 = 9;
/// Pixels down a cell.
pub(super) const HEIGHT: u32 = 18;

/// Middle of a light line: pixel 4 across, pixel 8 down.
const MIDDLE: (u32, u32) = (4, 8);

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

/// A shape: path data and how much of it covers the ground.
pub(super) struct Shape {
    /// SVG path data.
    pub(super) path: String,
    /// Opacity in percent.
    pub(super) opacity: u8,
}

/// The shape of a character whose cell begins at a pixel; `None` when a font must draw it.
pub(super) fn shape(c: char, x: u32, y: u32) -> Option<Shape> {
    let code = u32::from(c);
    let mut pen = Pen {
        path: String::new(),
        x,
        y,
    };
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
        path: pen.path,
        opacity,
    })
}

/// Writes path data relative to a cell.
struct Pen {
    path: String,
    x: u32,
    y: u32,
}

impl Pen {
    fn rect(&mut self, x: u32, y: u32, width: u32, height: u32) {
        let (x, y) = (self.x + x, self.y + y);
        let _ = write!(self.path, "M{x} {y}h{width}v{height}h-{width}z");
    }

    fn line(&mut self, c: char, index: u32) -> Option<()> {
        match c {
            '╌' | '╍' => self.dashes(2, index % 2 == 1, true),
            '╎' | '╏' => self.dashes(2, index % 2 == 1, false),
            '┄' | '┅' => self.dashes(3, index % 2 == 1, true),
            '┆' | '┇' => self.dashes(3, index % 2 == 1, false),
            '┈' | '┉' => self.dashes(4, index % 2 == 1, true),
            '┊' | '┋' => self.dashes(4, index % 2 == 1, false),
            '╭' => self.arc("M{4} {18}V{13}A5 5 0 0 1 {9} {8}V{9}A4 4 0 0 0 {5} {13}V{18}z"),
            '╮' => self.arc("M{0} {8}A5 5 0 0 1 {5} {13}V{18}H{4}V{13}A4 4 0 0 0 {0} {9}z"),
            '╯' => self.arc("M{0} {9}A5 5 0 0 0 {5} {4}V{0}H{4}V{4}A4 4 0 0 1 {0} {8}z"),
            '╰' => self.arc("M{4} {0}V{4}A5 5 0 0 0 {9} {9}V{8}A4 4 0 0 1 {5} {4}V{0}z"),
            '╱' => self.diagonals(true, false),
            '╲' => self.diagonals(false, true),
            '╳' => self.diagonals(true, true),
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

    /// Path data with cell coordinates in braces: the first of a pair and `H` are across, the second
    /// and `V` are down.
    fn arc(&mut self, data: &str) {
        let mut across = true;
        for (index, part) in data.split(['{', '}']).enumerate() {
            if index % 2 == 0 {
                across = match part.trim().chars().next_back() {
                    Some('V') => false,
                    None => !across,
                    Some(_) => true,
                };
                self.path.push_str(part);
            } else {
                let value: u32 = part.parse().unwrap_or_default();
                let _ = write!(
                    self.path,
                    "{}",
                    if across {
                        self.x + value
                    } else {
                        self.y + value
                    }
                );
            }
        }
    }

    fn diagonals(&mut self, rising: bool, falling: bool) {
        let (left, right) = (self.x, self.x + WIDTH);
        let (top, bottom) = (self.y, self.y + HEIGHT);
        if rising {
            let _ = write!(
                self.path,
                "M{left} {bottom}v-1L{} {top}h1v1L{} {bottom}z",
                right - 1,
                left + 1
            );
        }
        if falling {
            let _ = write!(
                self.path,
                "M{left} {top}h1L{right} {}v1h-1L{left} {}z",
                bottom - 1,
                top + 1
            );
        }
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
