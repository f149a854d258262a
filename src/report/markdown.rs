//! A report as a page that people read and that other programs render.
//!
//! Nothing in a cell is Markdown here: its signs are escaped.

use std::fmt::Write as _;

use super::{Report, sheet};
use crate::protocol::{Sheet, SheetPart, SheetRow};

/// The page of a session.
#[must_use]
pub fn markdown(report: &Report) -> String {
    page(&sheet(report))
}

/// Any report as a page.
#[must_use]
pub fn page(sheet: &Sheet) -> String {
    let mut page = format!("# {}\n", escaped(&sheet.title));
    for part in &sheet.parts {
        write_part(&mut page, part);
    }
    if !sheet.foot.is_empty() {
        line(&mut page, &format!("\n_{}_", escaped(&sheet.foot)));
    }
    page
}

fn write_part(page: &mut String, part: &SheetPart) {
    let depth = if part.top { "##" } else { "###" };
    if !part.title.is_empty() {
        line(page, &format!("\n{depth} {}", escaped(&part.title)));
    }
    if part.rows.is_empty() {
        return;
    }
    line(page, "");
    if part.heads.is_empty() {
        for row in &part.rows {
            write_words(page, row, part.top);
        }
        return;
    }
    let mut heads: Vec<String> = part.heads.iter().map(|head| escaped(head)).collect();
    let anchored = part.rows.iter().any(|row| row.event.is_some());
    if anchored {
        heads.push("event".to_owned());
    }
    line(page, &format!("| {} |", heads.join(" | ")));
    line(page, &format!("|{}", "---|".repeat(heads.len())));
    for row in &part.rows {
        let mut cells: Vec<String> = row.cells.iter().map(|cell| escaped(cell)).collect();
        if anchored {
            let event = row.event.map(|event| event.0.to_string());
            cells.push(event.unwrap_or_default());
        }
        line(page, &format!("| {} |", cells.join(" | ")));
    }
}

fn write_words(page: &mut String, row: &SheetRow, paragraph: bool) {
    let words = row.cells.iter().map(|cell| escaped(cell));
    let words = words.collect::<Vec<_>>().join(" ");
    let event = row.event.map(|event| format!(" [event {}]", event.0));
    let sign = if paragraph { "" } else { "- " };
    if paragraph && !page.ends_with("\n\n") {
        line(page, "");
    }
    let depth = "  ".repeat(usize::from(row.depth));
    line(
        page,
        &format!("{depth}{sign}{words}{}", event.unwrap_or_default()),
    );
}

fn line(page: &mut String, words: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{words}");
}

/// Clean text with its signs escaped.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_{}[]<>#|~".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
