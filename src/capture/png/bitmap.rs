//! The pixels of GNU Unifont, from pages that are unpacked when one of their glyphs is wanted.
//!
//! `assets/fonts/make.py` writes the file and says what stands where in it.

use std::{collections::HashMap, io::Read as _};

use flate2::read::ZlibDecoder;

static PACKED: &[u8] = include_bytes!("../../../assets/fonts/unifont.bin");

/// Bytes before the table of pages, and of a row of it.
const HEAD: usize = 6;
const ENTRY: usize = 8;
/// Bytes of the two sets of bits before the glyphs of a page.
const SETS: usize = 64;
/// Rows of a glyph.
pub(super) const ROWS: u32 = 16;
/// Bytes of a page at most: all its glyphs wide.
const LARGEST: u64 = 64 + 256 * 32;

/// A glyph of 8 or 16 by 16 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    /// Pixels across.
    pub(super) width: u32,
    rows: [u16; ROWS as usize],
}

impl Glyph {
    /// Whether a pixel is set; outside none is.
    pub(super) fn at(&self, x: i32, y: i32) -> bool {
        let (Ok(x), Ok(y)) = (u32::try_from(x), usize::try_from(y)) else {
            return false;
        };
        let row = self.rows.get(y).copied().unwrap_or_default();
        x < self.width && row >> (self.width - 1 - x) & 1 == 1
    }
}

/// The font, with the pages that were wanted so far.
#[derive(Default)]
pub(super) struct Bitmaps {
    pages: HashMap<u16, Vec<u8>>,
}

impl Bitmaps {
    /// The glyph of a character.
    pub(super) fn glyph(&mut self, c: char) -> Option<Glyph> {
        let code = u32::from(c);
        let page = u16::try_from(code >> 8).ok()?;
        let low = (code & 0xFF) as usize;
        let page = self.pages.entry(page).or_insert_with(|| unpack(page));
        let bit = |set: usize, of: usize| {
            let byte = page.get(set + of / 8).copied().unwrap_or_default();
            byte >> (of % 8) & 1 == 1
        };
        if !bit(0, low) {
            return None;
        }
        let bytes = |of: usize| if bit(32, of) { 32 } else { 16 };
        let before: usize = (0..low).filter(|of| bit(0, *of)).map(bytes).sum();
        let data = page.get(SETS + before..SETS + before + bytes(low))?;
        let wide = data.len() == 32;
        let mut rows = [0; ROWS as usize];
        for (row, bytes) in rows.iter_mut().zip(data.chunks(if wide { 2 } else { 1 })) {
            *row = bytes
                .iter()
                .fold(0, |row, byte| row << 8 | u16::from(*byte));
        }
        let width = if wide { 16 } else { 8 };
        Some(Glyph { width, rows })
    }
}

/// A page without its wrapping; empty where there is none.
fn unpack(page: u16) -> Vec<u8> {
    find(page).unwrap_or_default()
}

fn find(page: u16) -> Option<Vec<u8>> {
    let count = usize::from(number(PACKED.get(4..HEAD)?));
    let table = PACKED.get(HEAD..HEAD + count * ENTRY)?;
    let data = PACKED.get(HEAD + count * ENTRY..)?;
    let entry = table
        .chunks_exact(ENTRY)
        .find(|entry| number(entry) == page)?;
    let high = usize::from(number(entry.get(4..)?));
    let from = high << 16 | usize::from(number(entry.get(2..)?));
    let length = usize::from(number(entry.get(6..)?));
    let mut out = Vec::new();
    let packed = ZlibDecoder::new(data.get(from..from + length)?);
    packed.take(LARGEST).read_to_end(&mut out).ok()?;
    Some(out)
}

/// Two bytes, the lower first; 0 where there are none.
fn number(bytes: &[u8]) -> u16 {
    match bytes {
        [low, high, ..] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    }
}
