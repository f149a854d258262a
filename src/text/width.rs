//! Width of text in terminal cells: the only door to `unicode-width`.
//!
//! Counts per grapheme cluster and asks ratatui itself, so that a row measured here fills the cells it
//! claims when it is painted. Knows nothing about wrapping (see [`super::wrap`]).

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// The mark of cut-off text, one cell wide.
pub const ELLIPSIS: &str = "…";

/// Width of one grapheme cluster in cells, 0 to 2 for all but exotic clusters.
#[must_use]
pub fn grapheme(cluster: &str) -> usize {
    if cluster.len() == 1 {
        return usize::from(!cluster.as_bytes()[0].is_ascii_control());
    }
    if cluster.contains(char::is_control) {
        return 0;
    }
    usize::from(cluster.cell_width())
}

/// Width of one character standing alone.
#[must_use]
pub fn character(c: char) -> usize {
    UnicodeWidthChar::width(c).unwrap_or(0)
}

/// Width of a text in cells.
#[must_use]
pub fn of(text: &str) -> usize {
    cells(text).map(|cell| cell.width).sum()
}

/// One grapheme cluster of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Byte offset in the text.
    pub start: usize,
    /// The cluster.
    pub text: &'a str,
    /// Width in cells.
    pub width: usize,
}

/// The grapheme clusters of a text with their widths.
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    text: &'a str,
    at: usize,
}

/// Splits a text into grapheme clusters.
#[must_use]
pub const fn cells(text: &str) -> Cells<'_> {
    Cells { text, at: 0 }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let bytes = self.text.as_bytes();
        let first = *bytes.get(self.at)?;
        let start = self.at;
        let ascii_next = bytes.get(start + 1).is_none_or(u8::is_ascii);
        // Between two ASCII bytes there is always a cluster boundary (CR LF does not pass the gate).
        if first.is_ascii() && ascii_next {
            self.at += 1;
            return Some(Cell {
                start,
                text: &self.text[start..=start],
                width: usize::from(!first.is_ascii_control()),
            });
        }
        let text = self.text[start..].graphemes(true).next()?;
        self.at += text.len();
        Some(Cell {
            start,
            text,
            width: grapheme(text),
        })
    }
}

/// The text cut to `width` cells, with `…` as its last cell when something was cut.
#[must_use]
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    let mut used = 0;
    // End of the longest prefix that leaves a cell for the mark.
    let mut keep = 0;
    for cell in cells(text) {
        if used + cell.width > width {
            let mark = if width == 0 { "" } else { ELLIPSIS };
            return Cow::Owned(format!("{}{mark}", &text[..keep]));
        }
        used += cell.width;
        if used < width {
            keep = cell.start + cell.text.len();
        }
    }
    Cow::Borrowed(text)
}

/// The text cut or filled with spaces on the right to exactly `width` cells.
#[must_use]
pub fn pad(text: &str, width: usize) -> String {
    let mut out = fit(text, width).into_owned();
    let used = of(&out);
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_as_terminals_count() {
        for (text, cells) in [
            ("", 0),
            ("abc", 3),
            ("日本", 4),
            ("e\u{301}", 1),
            ("👩‍👩‍👧‍👦", 2),
            ("🇩🇪", 2),
            ("❤\u{fe0f}", 2),
            ("…│☐", 3),
            ("\t", 0),
        ] {
            assert_eq!(of(text), cells, "{text:?}");
        }
    }

    #[test]
    fn fit_cuts_with_a_mark_and_pad_fills() {
        for (text, columns, fitted) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本", 1, "…"),
            ("abc", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(fit(text, columns), fitted);
            assert_eq!(of(&pad(text, columns)), columns);
        }
        assert_eq!(pad("日", 4), "日  ");
    }
}
