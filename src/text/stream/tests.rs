//! The laws of the incremental document, and examples of jobs, marks, bounds and search.

use proptest::prelude::*;
use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

use super::{
    super::markdown::{self, Context, Highlights},
    *,
};

fn styles() -> TextStyles {
    TextStyles {
        strong: Style::new().add_modifier(Modifier::BOLD),
        code: Style::new().fg(Color::Green),
        mark: Style::new().fg(Color::DarkGray),
        ..TextStyles::default()
    }
}

fn all(doc: &Doc) -> Vec<Row> {
    doc.rows_from(0).cloned().collect()
}

fn texts(doc: &Doc) -> Vec<String> {
    doc.rows_from(0).map(Row::text).collect()
}

fn windowed(mut doc: Doc, window: usize) -> Doc {
    if let Engine::Markdown(blocks) = &mut doc.engine {
        blocks.window = window;
    }
    doc
}

fn whole(mut doc: Doc, text: &str, columns: u16, finish: bool) -> Doc {
    doc.push(text);
    if finish {
        doc.finish();
    }
    doc.layout(columns, &styles(), 1);
    doc
}

fn chunks<'a>(text: &'a str, sizes: &[usize]) -> Vec<&'a str> {
    let mut out = Vec::new();
    let mut rest = text;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let end = rest
            .char_indices()
            .nth(*size)
            .map_or(rest.len(), |(at, _)| at);
        let (chunk, after) = rest.split_at(end);
        out.push(chunk);
        rest = after;
    }
    out
}

/// The straightforward way: one parse of everything.
fn naive(text: &str, columns: u16) -> Vec<Row> {
    let styles = styles();
    let context = Context {
        columns,
        styles: &styles,
        base: 0,
        definitions: &std::collections::HashMap::new(),
        highlights: &Highlights::new(),
    };
    let mut rows: Vec<Row> = Vec::new();
    for block in markdown::render(cut::visible(text), &context).blocks {
        if let Some(first) = block.rows.first().filter(|_| !rows.is_empty()) {
            let at = first.at;
            rows.push(Row::new(Line::default(), at));
        }
        rows.extend(block.rows);
    }
    let mut last = 0;
    for row in &mut rows {
        last = last.max(row.at);
        row.at = last;
    }
    rows
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1usize..30, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn incremental_rows_are_full_rows(text in samples::markdown(), sizes in sizes(), columns in 1u16..70) {
        let mut doc = Doc::markdown();
        let mut so_far = String::new();
        for chunk in chunks(&text, &sizes) {
            doc.push(chunk);
            so_far.push_str(chunk);
            doc.layout(columns, &styles(), 1);
            let full = naive(&so_far, columns);
            for (index, pair) in all(&doc).iter().zip(&full).enumerate() {
                prop_assert_eq!(pair.0, pair.1, "row {} after {:?}", index, so_far);
            }
            prop_assert_eq!(texts(&doc).len(), full.len(), "after {:?}", so_far);
        }
        doc.finish();
        doc.layout(columns, &styles(), 1);
        prop_assert_eq!(all(&doc), naive(&text, columns));
    }

    #[test]
    fn long_blocks_are_cut_in_the_same_places(text in samples::markdown(), sizes in sizes(), window in 16usize..80) {
        let mut doc = windowed(Doc::markdown(), window);
        let mut so_far = String::new();
        for chunk in chunks(&text, &sizes) {
            doc.push(chunk);
            so_far.push_str(chunk);
            doc.layout(20, &styles(), 1);
            let full = whole(windowed(Doc::markdown(), window), &so_far, 20, false);
            prop_assert_eq!(all(&doc), all(&full), "after {:?}", so_far);
        }
        doc.finish();
        doc.layout(20, &styles(), 1);
        let full = whole(windowed(Doc::markdown(), window), &text, 20, true);
        prop_assert_eq!(all(&doc), all(&full));
    }

    #[test]
    fn plain_rows_are_full_rows(text in samples::markdown(), sizes in sizes(), columns in 1u16..40) {
        let mut doc = Doc::plain();
        let mut so_far = String::new();
        for chunk in chunks(&text, &sizes) {
            doc.push(chunk);
            so_far.push_str(chunk);
            doc.layout(columns, &styles(), 1);
            prop_assert_eq!(all(&doc), all(&whole(Doc::plain(), &so_far, columns, false)), "after {:?}", so_far);
        }
    }

    #[test]
    fn layout_twice_is_layout_once(text in samples::markdown(), columns in 1u16..40) {
        let mut doc = whole(Doc::markdown(), &text, columns, false);
        let (rows, parsed) = (all(&doc), doc.parsed_bytes());
        doc.layout(columns, &styles(), 1);
        prop_assert_eq!(parsed, doc.parsed_bytes());
        prop_assert_eq!(rows, all(&doc));
        doc.layout(columns + 1, &styles(), 1);
        doc.layout(columns, &styles(), 1);
        prop_assert_eq!(all(&whole(Doc::markdown(), &text, columns, false)), all(&doc));
    }

    #[test]
    fn definitions_come_true_at_the_end(text in samples::markdown(), sizes in sizes()) {
        let text = format!("see [a][one]\n\nand [two]\n\n{text}\n\n[one]: https://one.example\n[Two]: <https://two.example>\n\n[one] ");
        let mut doc = Doc::markdown();
        for chunk in chunks(&text, &sizes) {
            doc.push(chunk);
            doc.layout(30, &styles(), 1);
        }
        doc.finish();
        doc.layout(30, &styles(), 1);
        prop_assert_eq!(texts(&doc), texts(&whole(Doc::markdown(), &text, 30, true)));
    }

    #[test]
    fn marks_lead_back(text in samples::markdown(), columns in 4u16..40) {
        let doc = whole(Doc::markdown(), &text, columns, true);
        for row in 0..doc.row_count() {
            prop_assert_eq!(doc.row_of(doc.mark(row)), row);
        }
    }

    #[test]
    fn bounded_documents_hold_their_bounds(text in samples::markdown(), sizes in sizes()) {
        let mut doc = Doc::markdown();
        doc.limits = Limits { rows: 10, bytes: 100, slack: 30 };
        for chunk in chunks(&text, &sizes) {
            doc.push(chunk);
            doc.layout(20, &styles(), 1);
            prop_assert!(doc.row_count() <= 10);
            prop_assert!(doc.text().len() <= 130 + chunk.len());
            prop_assert_eq!(doc.rows_from(0).count(), doc.row_count());
            prop_assert!((0..doc.row_count()).all(|row| doc.row(row).is_some()));
            prop_assert!(all(&doc).windows(2).all(|pair| pair[0].at <= pair[1].at));
        }
    }
}

#[test]
fn reference_links_resolve_at_the_end() {
    let mut doc = Doc::markdown();
    doc.push("see [a][one]\n\nnext\n\n[one]: https://one.example\n");
    doc.layout(60, &styles(), 1);
    doc.finish();
    doc.layout(60, &styles(), 1);
    assert_eq!(texts(&doc), ["see a (https://one.example)", "", "next"]);
}

/// A message as models write them.
fn message() -> String {
    let part = |n: usize| {
        format!(
            "## Part {n}\n\nSome words about **part {n}** and `code`, long enough to be wrapped once or twice.\n\n\
                 - first point\n- second point\n  - nested\n\n```rust\nfn part_{n}() -> usize {{\n    {n}\n}}\n```\n\n\
                 | a | b |\n|---|---|\n| {n} | x |\n\n"
        )
    };
    (0..60).map(part).collect::<Vec<_>>().concat()
}

#[test]
fn the_parser_reads_a_linear_number_of_bytes() {
    let message = message();
    let parsed = |text: &str| {
        let mut doc = Doc::markdown();
        for chunk in chunks(text, &[12]) {
            doc.push(chunk);
            doc.layout(60, &styles(), 1);
        }
        doc.parsed_bytes()
    };
    let (half, full) = (parsed(&message[..message.len() / 2]), parsed(&message));
    assert!(full < half * 9 / 4, "{half} for the half, {full} for all");
    assert!(
        full < message.len() as u64 * 12,
        "{full} for {} bytes",
        message.len()
    );
}

#[test]
fn an_endless_code_block_costs_no_parsing() {
    let mut doc = Doc::markdown();
    doc.push("```text\n");
    for n in 0..5000 {
        doc.push(&format!("line {n}\n"));
        doc.layout(40, &styles(), 1);
    }
    assert_eq!(doc.row_count(), 5001);
    assert!(doc.parsed_bytes() < 1000, "{}", doc.parsed_bytes());
}

#[test]
fn one_endless_line_stays_bounded() {
    let limits = Limits {
        rows: 500,
        bytes: 100_000,
        slack: 20_000,
    };
    for mut doc in [Doc::plain(), Doc::markdown()] {
        doc.limits = limits;
        let chunk = "word and word ".repeat(1000);
        for _ in 0..40 {
            doc.push(&chunk);
            doc.layout(100, &styles(), 1);
            assert!(doc.row_count() <= limits.rows);
            assert!(doc.text().len() <= limits.bytes + limits.slack);
        }
        assert_eq!(doc.row(0).map(Row::text).as_deref(), Some(EARLIER));
        let last = doc.row(doc.row_count() - 1).unwrap().text();
        assert!(last.ends_with("word"), "{last}");
    }
}

#[test]
fn a_block_is_highlighted_once_and_keeps_its_colours() {
    let text =
        "Look:\n\n```rust\nlet x = 1;\n```\n\n1. nested\n   ```python\n   x\n   ```\n\nend\n";
    let mut doc = whole(Doc::markdown(), text, 40, false);
    let jobs = doc.take_jobs();
    let found: Vec<_> = jobs
        .iter()
        .map(|job| (&*job.language, &*job.source))
        .collect();
    assert_eq!(found, [("rust", "let x = 1;\n"), ("python", "x\n")]);
    let red = Style::new().fg(Color::Red);
    let painted = |text: &str| Line::from(Span::styled(text.to_owned(), red));
    doc.highlighted(Highlighted {
        block: jobs[0].block,
        lines: vec![painted("let x = 1;")],
    });
    doc.highlighted(Highlighted {
        block: jobs[1].block,
        lines: vec![painted("other text")],
    });
    doc.highlighted(Highlighted {
        block: 999,
        lines: vec![painted("gone")],
    });
    let styles_of = |doc: &Doc, wanted: &str| {
        let row = doc
            .rows_from(0)
            .find(|row| row.text().contains(wanted))
            .cloned()
            .unwrap();
        row.line.spans.last().unwrap().style
    };
    assert_eq!(styles_of(&doc, "let x"), red);
    assert_eq!(styles_of(&doc, "│ x"), styles().code);
    doc.layout(30, &styles(), 1);
    assert_eq!(styles_of(&doc, "let x"), red);
    assert!(
        doc.take_jobs().is_empty(),
        "a new width asks for nothing again"
    );
    doc.layout(30, &styles(), 2);
    assert_eq!(styles_of(&doc, "let x"), styles().code);
    assert_eq!(doc.take_jobs().len(), 2, "new styles ask again");
}

#[test]
fn code_beyond_the_guards_is_not_highlighted() {
    let long = format!("```rust\n{}\n```\n\nx\n", "y".repeat(MAX_CODE_LINE + 1));
    let many = format!("```rust\n{}```\n\nx\n", "y\n".repeat(MAX_CODE_LINES + 1));
    for text in [
        long.as_str(),
        &many,
        "```\nno language\n```\n\nx\n",
        "```rust\n```\n\nx\n",
    ] {
        let mut doc = whole(Doc::markdown(), text, 40, true);
        assert!(doc.take_jobs().is_empty());
    }
}

#[test]
fn an_open_fence_is_no_job_until_it_ends() {
    let mut doc = whole(Doc::markdown(), "```rust\nlet x;\n", 40, false);
    assert!(doc.take_jobs().is_empty());
    doc.finish();
    doc.layout(40, &styles(), 1);
    assert_eq!(doc.take_jobs().len(), 1);
}

#[test]
fn a_mark_survives_a_resize() {
    let doc = whole(Doc::markdown(), &message(), 60, true);
    let row = doc
        .rows_from(0)
        .position(|row| row.text().contains("Part 40"))
        .unwrap();
    let mark = doc.mark(row);
    let narrow = whole(Doc::markdown(), &message(), 25, true);
    assert_eq!(narrow.row(narrow.row_of(mark)).unwrap().text(), "Part 40");
}

#[test]
fn search_is_smart_about_case() {
    let doc = whole(
        Doc::plain(),
        "Straße und STRASSE\n日本 Ana banana\n",
        40,
        true,
    );
    let hits = |needle: &str| -> Vec<(usize, u16, u16)> {
        doc.find(needle)
            .iter()
            .map(|hit| (hit.row, hit.start_col, hit.end_col))
            .collect()
    };
    assert_eq!(hits("straße"), [(0, 0, 6)]);
    assert_eq!(hits("STRA"), [(0, 11, 15)]);
    assert_eq!(hits("ana"), [(1, 5, 8), (1, 10, 13)]);
    assert_eq!(hits("本"), [(1, 2, 4)]);
    assert_eq!(hits(""), []);
}

#[test]
fn empty_and_tiny_documents() {
    let mut doc = Doc::markdown();
    assert!(doc.is_empty());
    doc.layout(0, &styles(), 1);
    doc.layout(10, &styles(), 1);
    assert_eq!(
        (doc.row_count(), doc.row(0), doc.row_of(doc.mark(5))),
        (0, None, 0)
    );
    doc.push("\n\n  \n");
    doc.finish();
    doc.layout(10, &styles(), 1);
    assert_eq!(doc.row_count(), 0);
    doc.push("more");
    doc.layout(10, &styles(), 1);
    assert_eq!(texts(&doc), ["more"]);
}
