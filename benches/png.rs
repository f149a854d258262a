//! A screen as PNG, beside the same screen as SVG: how long, and how large. `cargo bench --bench png`
//!
//! The screen is a full one, text in every cell, with box drawing, Chinese and Japanese: the worst there is.
//! What is asked for: 140x40 under 150 ms.

use divan::{Bencher, black_box};
use massgen_tui::capture::{self, Print};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

fn main() {
    for (columns, rows) in SIZES {
        let screen = screen(columns, rows);
        let png = capture::png(&screen, "bench", Print::default()).map_or(0, |png| png.len());
        let svg = capture::svg(&screen, "bench").len();
        println!("{columns}x{rows}: PNG {png} bytes, SVG {svg} bytes");
    }
    divan::main();
}

/// Columns and rows.
const SIZES: [(u16, u16); 3] = [(80, 24), (140, 40), (240, 70)];

/// A screen full of text.
fn screen(columns: u16, rows: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let colours = [Color::Reset, Color::Cyan, Color::Green, Color::Yellow];
    for y in 0..rows {
        let line = "│ The quick brown fox jumps over the lazy dog 0123456789 │ 日本語の表示 中文简体 █▒░ ───── \
                    Ελληνικά Кириллица ✓ ▸ … ";
        let mut style = Style::new().fg(colours[usize::from(y) % colours.len()]);
        if y % 5 == 0 {
            style = style.add_modifier(Modifier::BOLD);
        }
        buffer.set_string(0, y, line.repeat(3), style);
    }
    buffer
}

#[divan::bench(args = SIZES)]
fn png(bencher: Bencher, (columns, rows): (u16, u16)) {
    let screen = screen(columns, rows);
    bencher.bench(|| capture::png(black_box(&screen), "bench", Print::default()));
}

#[divan::bench(args = SIZES)]
fn svg(bencher: Bencher, (columns, rows): (u16, u16)) {
    let screen = screen(columns, rows);
    bencher.bench(|| capture::svg(black_box(&screen), "bench"));
}
