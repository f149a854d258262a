//! What the text engine costs, each number beside its baseline in the same run.
//!
//! `cargo bench --bench text`. Ratios matter more than absolutes: the baseline of each group is the
//! straightforward way of doing the same.

// A bench that cannot run fails by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_imports
)]

use std::fmt::Write as _;

use divan::{Bencher, black_box, counter::BytesCount};
use massgen_tui::text::{
    Doc, HighlightJob, TextStyles, clean, highlight,
    wrap::{self, Indent, Run},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Line};

fn main() {
    divan::main();
}

/// Lines of prose, as many as asked.
fn prose(lines: usize) -> String {
    let mut out = String::new();
    for n in 0..lines {
        let _ = writeln!(
            out,
            "{n}: agents publish answers, read each other's work, improve it or vote for the best one \
             they have seen; see src/engine/coordination.rs and https://example.com/a/b?c=d for more."
        );
    }
    out
}

/// A message as models write them, at least this long.
fn message(bytes: usize) -> String {
    let mut out = String::new();
    let mut n = 0;
    while out.len() < bytes {
        n += 1;
        let _ = write!(
            out,
            "## Part {n}\n\nSome words about **part {n}** and `code`, long enough to be wrapped once or \
             twice in a pane of ordinary width.\n\n- first point\n- second point\n  - nested point\n\n\
             ```rust\nfn part_{n}() -> usize {{\n    // a comment\n    {n} + 1\n}}\n```\n\n\
             | a | b |\n|---|---|\n| {n} | x |\n\n> quoted words\n\n"
        );
    }
    out
}

/// The message in deltas of 12 bytes, as they come from a server.
fn deltas(message: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let mut end = rest.len().min(12);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (delta, after) = rest.split_at(end);
        out.push(delta);
        rest = after;
    }
    out
}

const COLUMNS: u16 = 50;

/// A frame of one pane: its text is 2 000 lines, 48 rows are visible.
mod frame {
    use super::*;

    /// Baseline: wrap everything, paint the end.
    #[divan::bench]
    fn wrap_everything(bencher: Bencher) {
        let text = prose(2000);
        let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, 48));
        bencher.bench_local(|| {
            let mut rows = Vec::new();
            for line in text.lines() {
                let run = Run::new(line, Style::new(), 0);
                rows.extend(wrap::rows(&[run], COLUMNS, &Indent::default()));
            }
            for (row, y) in rows.iter().rev().take(48).zip(0..) {
                buffer.set_line(0, y, &row.line, COLUMNS);
            }
        });
    }

    /// Paint rows that are there.
    #[divan::bench]
    fn paint_cached_rows(bencher: Bencher) {
        let mut doc = Doc::plain();
        doc.push(&prose(2000));
        doc.layout(COLUMNS, &TextStyles::default(), 1);
        let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, 48));
        bencher.bench_local(|| {
            doc.layout(COLUMNS, &TextStyles::default(), 1);
            for (row, y) in doc.rows_from(doc.row_count() - 48).zip(0..) {
                buffer.set_line(0, y, &row.line, COLUMNS);
            }
        });
    }
}

/// 61 KB of markdown in deltas of 12 bytes, laid out after each.
mod stream {
    use super::*;

    /// Baseline: the document so far is rendered from its beginning after every 64th delta only; the
    /// time for every delta would be 64 times as long.
    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn naive_every_64th_delta(bencher: Bencher) {
        let message = message(61_000);
        bencher.bench_local(|| {
            let mut so_far = String::new();
            for (delta, n) in deltas(&message).into_iter().zip(0..) {
                so_far.push_str(delta);
                if n % 64 == 0 {
                    let mut doc = Doc::markdown();
                    doc.push(&so_far);
                    doc.layout(COLUMNS, &TextStyles::default(), 1);
                    black_box(doc.row_count());
                }
            }
        });
    }

    /// Every delta.
    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn incremental(bencher: Bencher) {
        let message = message(61_000);
        bencher.bench_local(|| run(&message));
    }

    /// Twice the text should take twice the time.
    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn incremental_of_122_kb(bencher: Bencher) {
        let message = message(122_000);
        bencher.bench_local(|| run(&message));
    }

    fn run(message: &str) -> usize {
        let mut doc = Doc::markdown();
        for delta in deltas(message) {
            doc.push(delta);
            doc.layout(COLUMNS, &TextStyles::default(), 1);
        }
        doc.row_count()
    }

    /// A new width: everything once more.
    #[divan::bench]
    fn resize(bencher: Bencher) {
        let mut doc = Doc::markdown();
        doc.push(&message(61_000));
        let mut width = COLUMNS;
        bencher.bench_local(|| {
            width = if width == COLUMNS {
                COLUMNS + 1
            } else {
                COLUMNS
            };
            doc.layout(width, &TextStyles::default(), 1);
        });
    }
}

/// The gate.
mod gate {
    use super::*;

    /// Baseline: a copy.
    #[divan::bench]
    fn copy(bencher: Bencher) {
        let text = prose(6000);
        bencher
            .counter(BytesCount::of_str(&text))
            .bench_local(|| black_box(&text).clone());
    }

    #[divan::bench]
    fn ascii(bencher: Bencher) {
        let text = prose(6000);
        bencher
            .counter(BytesCount::of_str(&text))
            .bench_local(|| clean::text(black_box(&text)).len());
    }

    #[divan::bench]
    fn ascii_stream(bencher: Bencher) {
        let text = prose(6000);
        bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
            let mut cleaner = clean::Cleaner::default();
            deltas(&text)
                .into_iter()
                .map(|delta| cleaner.push(delta).len())
                .sum::<usize>()
        });
    }

    #[divan::bench]
    fn cjk_and_emoji(bencher: Bencher) {
        let text = "日本語のテキストと絵文字 👩‍👩‍👧‍👦 が混ざる。\n".repeat(5000);
        bencher
            .counter(BytesCount::of_str(&text))
            .bench_local(|| clean::text(black_box(&text)).len());
    }

    #[divan::bench]
    fn coloured_log(bencher: Bencher) {
        let text = "\x1b[1;32mok\x1b[0m compiled \x1b]8;;file:///x\x07src/main.rs\x1b]8;;\x07\n"
            .repeat(5000);
        bencher
            .counter(BytesCount::of_str(&text))
            .bench_local(|| clean::text(black_box(&text)).len());
    }
}

/// One thousand lines of code.
mod code {
    use super::*;

    fn source() -> String {
        "    let total: u64 = rows.iter().map(|row| row.width() as u64).sum(); // cells\n"
            .repeat(1000)
    }

    /// Baseline: the lines as they are.
    #[divan::bench]
    fn plain_1000_lines() -> Vec<Line<'static>> {
        source()
            .lines()
            .map(|line| Line::raw(line.to_owned()))
            .collect()
    }

    #[divan::bench(sample_count = 10, sample_size = 1)]
    fn highlight_1000_lines(bencher: Bencher) {
        let job = HighlightJob {
            block: 0,
            language: "rust".to_owned(),
            source: source().into(),
            colour: true,
        };
        bencher.bench_local(|| highlight::highlight(&job));
    }
}

/// Ten megabytes in one line.
mod long_line {
    use super::*;

    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn plain(bencher: Bencher) {
        let chunk = "words in a line that never ends ".repeat(2000);
        bencher
            .counter(BytesCount::new(10_000_000usize))
            .bench_local(|| run(Doc::plain(), &chunk));
    }

    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn markdown(bencher: Bencher) {
        let chunk = "words in a line that never ends ".repeat(2000);
        bencher
            .counter(BytesCount::new(10_000_000usize))
            .bench_local(|| run(Doc::markdown(), &chunk));
    }

    fn run(mut doc: Doc, chunk: &str) -> usize {
        let mut pushed = 0;
        while pushed < 10_000_000 {
            doc.push(chunk);
            pushed += chunk.len();
            doc.layout(COLUMNS, &TextStyles::default(), 1);
        }
        doc.row_count()
    }
}
