//! A screen as an SVG document: a string writer, no drawing library.
//!
//! Every cell is 9 by 18 pixels. Backgrounds come first, then shapes (see [`super::geometry`]), then
//! text. Text in common alphabets is set in runs with a fixed length, everything else cluster by
//! cluster in the middle of its cells, so columns line up in any viewer and with any font. Presentation
//! attributes only: no script, no style sheet, no link, nothing fetched.

use std::{collections::BTreeMap, fmt::Write as _};

use ratatui::{buffer::Buffer, style::Modifier};

use super::{
    Glyph,
    geometry::{self, BASELINE, HEIGHT, MARGIN, WIDTH},
    glyphs,
    palette::{Ink, Palette, Rgb, Tone},
};

/// Fonts in order of preference.
const FONTS: &str =
    "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/// The screen as an SVG document; `title` names it for readers and screen readers.
#[must_use]
pub fn svg(buffer: &Buffer, title: &str) -> String {
    svg_in(buffer, title, Tone::Dark)
}

/// The same in other colours.
#[must_use]
pub fn svg_in(buffer: &Buffer, title: &str, tone: Tone) -> String {
    let palette = Palette::of(tone);
    let width = u32::from(buffer.area.width) * WIDTH + 2 * MARGIN;
    let height = u32::from(buffer.area.height) * HEIGHT + 2 * MARGIN;
    let title = escape(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n",
        hex(palette.background)
    );
    let rows: Vec<Vec<Glyph<'_>>> = (0..buffer.area.height).map(|y| glyphs(buffer, y)).collect();
    let mut layers = Layers {
        palette,
        grounds: BTreeMap::new(),
        shapes: BTreeMap::new(),
        text: String::new(),
    };
    for (row, y) in rows.iter().zip(0..) {
        layers.row(row, MARGIN + y * HEIGHT);
    }
    layers.write(&mut out);
    out.push_str("</svg>\n");
    out
}

/// What is painted, from back to front. Shapes of one colour are one path.
struct Layers {
    palette: &'static Palette,
    grounds: BTreeMap<Rgb, String>,
    shapes: BTreeMap<(Rgb, u8), String>,
    text: String,
}

impl Layers {
    fn row(&mut self, row: &[Glyph<'_>], y: u32) {
        let mut index = 0;
        while let Some(glyph) = row.get(index) {
            let ink = Ink::of(glyph.cell, self.palette);
            let same = |other: &&Glyph<'_>| Ink::of(other.cell, self.palette) == ink;
            let count = row.iter().skip(index).take_while(same).count();
            let run = row.get(index..index + count).unwrap_or_default();
            self.run(run, ink, y);
            index += count;
        }
    }

    /// Clusters of one style beside each other.
    fn run(&mut self, run: &[Glyph<'_>], ink: Ink, y: u32) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return;
        };
        let from = left(first.x);
        let width = left(last.x + last.width) - from;
        if ink.bg != self.palette.background {
            rect(
                self.grounds.entry(ink.bg).or_default(),
                from,
                y,
                width,
                HEIGHT,
            );
        }
        let lines = [
            (Modifier::UNDERLINED, BASELINE + 2),
            (Modifier::CROSSED_OUT, HEIGHT / 2),
        ];
        for (modifier, offset) in lines {
            if ink.modifier.contains(modifier) {
                rect(
                    self.shapes.entry((ink.fg, 100)).or_default(),
                    from,
                    y + offset,
                    width,
                    1,
                );
            }
        }
        let mut word: Vec<&Glyph<'_>> = Vec::new();
        for (index, glyph) in run.iter().enumerate() {
            let next_is_space = run.get(index + 1).is_none_or(|next| next.symbol == " ");
            if in_runs(glyph.symbol) && !(glyph.symbol == " " && (word.is_empty() || next_is_space))
            {
                word.push(glyph);
                continue;
            }
            self.word(&mut word, ink, y);
            if glyph.symbol != " " {
                self.single(glyph, ink, y);
            }
        }
        self.word(&mut word, ink, y);
    }

    /// Text set as one run, one cell per cluster.
    fn word(&mut self, word: &mut Vec<&Glyph<'_>>, ink: Ink, y: u32) {
        let text: String = word.iter().map(|glyph| glyph.symbol).collect();
        if let Some(first) = word.first() {
            let length = word.len() as u32 * WIDTH;
            let place = format!(
                "x=\"{}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"",
                left(first.x)
            );
            self.put(&place, text.trim_end(), ink, y);
        }
        word.clear();
    }

    /// One cluster: a shape, or text in the middle of its cells.
    fn single(&mut self, glyph: &Glyph<'_>, ink: Ink, y: u32) {
        let mut chars = glyph.symbol.chars();
        let only = chars.next().filter(|_| chars.next().is_none());
        if let Some(shape) = only.and_then(geometry::shape) {
            self.shapes
                .entry((ink.fg, shape.opacity))
                .or_default()
                .push_str(&shape.path(left(glyph.x), y));
            return;
        }
        let doubled = 2 * left(glyph.x) + u32::from(glyph.width) * WIDTH;
        let half = if doubled.is_multiple_of(2) { "" } else { ".5" };
        self.put(
            &format!("x=\"{}{half}\" text-anchor=\"middle\"", doubled / 2),
            glyph.symbol,
            ink,
            y,
        );
    }

    fn put(&mut self, place: &str, text: &str, ink: Ink, y: u32) {
        let mut style = String::new();
        if ink.fg != self.palette.foreground {
            let _ = write!(style, " fill=\"{}\"", hex(ink.fg));
        }
        if ink.modifier.contains(Modifier::BOLD) {
            style.push_str(" font-weight=\"bold\"");
        }
        if ink.modifier.contains(Modifier::ITALIC) {
            style.push_str(" font-style=\"italic\"");
        }
        let _ = writeln!(
            self.text,
            "<text {place} y=\"{}\"{style}>{}</text>",
            y + BASELINE,
            escape(text)
        );
    }

    fn write(self, out: &mut String) {
        out.push_str("<g shape-rendering=\"crispEdges\">\n");
        for (colour, path) in self.grounds {
            let _ = writeln!(out, "<path fill=\"{}\" d=\"{path}\"/>", hex(colour));
        }
        out.push_str("</g>\n");
        for ((colour, opacity), path) in self.shapes {
            let opacity = if opacity == 100 {
                String::new()
            } else {
                format!(" fill-opacity=\".{opacity}\"")
            };
            let _ = writeln!(
                out,
                "<path fill=\"{}\"{opacity} d=\"{path}\"/>",
                hex(colour)
            );
        }
        let _ = writeln!(
            out,
            "<g font-family=\"{FONTS}\" font-size=\"15\" fill=\"{}\">",
            hex(self.palette.foreground)
        );
        out.push_str(&self.text);
        out.push_str("</g>\n");
    }
}

/// Left edge of a column in pixels.
fn left(x: u16) -> u32 {
    MARGIN + u32::from(x) * WIDTH
}

fn rect(path: &mut String, x: u32, y: u32, width: u32, height: u32) {
    let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
}

/// Whether monospaced fonts have the cluster at the width of a letter: Latin, Greek, Cyrillic.
fn in_runs(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let narrow = chars.next().is_some_and(
        |c| matches!(c, ' '..='~' | '\u{A1}'..='\u{52F}' | '–' | '—' | '‘'..='”' | '…' | '•'),
    );
    narrow && chars.next().is_none()
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text for XML 1.0: markup escaped, characters that XML forbids replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
