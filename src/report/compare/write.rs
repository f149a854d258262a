//! A comparison as a page of Markdown and as CSV.
//!
//! CSV is that of RFC 4180: CRLF, fields quoted where they must be. A field that a spreadsheet would
//! take for a formula begins with an apostrophe.

use std::fmt::Write as _;

use crate::{
    protocol::comparison::{Comparison, Line, Row},
    report::markdown::escaped,
};

/// Lines around a change.
const CONTEXT: usize = 2;

/// Longest cell of a page, in characters.
const CELL: usize = 200;

/// As CSV: section, row, whether it differs, and a column per session; the final answers last.
#[must_use]
pub fn csv(comparison: &Comparison) -> String {
    let mut page = String::new();
    let heads = ["section", "row", "differs"].map(str::to_owned);
    let runs = comparison.sessions.iter().map(|one| one.run.0.clone());
    record(&mut page, heads.into_iter().chain(runs));
    for section in &comparison.sections {
        for row in &section.rows {
            let differs = if row.differs { "yes" } else { "no" };
            let heads = [section.title.as_str(), &row.name, differs].map(str::to_owned);
            let cells = row.cells.iter().map(|cell| match cell.figure {
                Some(figure) => figure.to_string(),
                None => cell.words.clone(),
            });
            record(&mut page, heads.into_iter().chain(cells));
        }
    }
    let answers = comparison.sessions.iter().map(|one| one.answer.clone());
    let answers: Vec<String> = answers.collect();
    let differs = answers.windows(2).any(|pair| pair.first() != pair.last());
    let differs = if differs { "yes" } else { "no" };
    let heads = ["Outcome", "final answer", differs].map(str::to_owned);
    record(&mut page, heads.into_iter().chain(answers));
    page
}

fn record(page: &mut String, fields: impl Iterator<Item = String>) {
    for (place, text) in fields.enumerate() {
        if place > 0 {
            page.push(',');
        }
        field(page, &text);
    }
    page.push_str("\r\n");
}

fn field(page: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        let _ = write!(page, "\"{guard}{}\"", text.replace('"', "\"\""));
    } else {
        let _ = write!(page, "{guard}{text}");
    }
}

/// As a page: a table per section, the diffs of the final answers.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let mut page = String::from("# Sessions compared\n");
    let runs: Vec<String> = (comparison.sessions.iter())
        .map(|one| quoted(&one.run.0))
        .collect();
    for section in &comparison.sections {
        let _ = writeln!(page, "\n## {}\n", section.title);
        if !section.rows.is_empty() {
            let _ = writeln!(page, "| | {} | |", runs.join(" | "));
            let _ = writeln!(page, "|---|{}---|", "---|".repeat(runs.len()));
            for row in &section.rows {
                let _ = writeln!(page, "{}", line(row));
            }
        }
        if !section.remark.is_empty() {
            let _ = writeln!(page, "{}", section.remark);
        }
    }
    let first = runs.first().map_or("", String::as_str);
    for diff in &comparison.answers {
        let other = runs.get(diff.session).map_or("", String::as_str);
        let _ = writeln!(page, "\n## Final answer of {other} against {first}\n");
        if diff.added == 0 && diff.removed == 0 {
            page.push_str("The same words.\n");
            continue;
        }
        let lines = unified(&diff.lines);
        let fence = fence(&lines);
        let _ = writeln!(page, "{fence}diff");
        for line in lines {
            let _ = writeln!(page, "{line}");
        }
        let _ = writeln!(page, "{fence}");
    }
    page.push_str(
        "\n_Counted from the events of the logs, without any model. It tells what differs, not which \
         answer is better._\n",
    );
    page
}

fn line(row: &Row) -> String {
    let cells: Vec<String> = (row.cells.iter())
        .map(|cell| match cell.words.as_str() {
            "" => "–".to_owned(),
            words => quoted(words),
        })
        .collect();
    let mark = if row.differs { "≠" } else { "" };
    format!("| {} | {} | {mark} |", quoted(&row.name), cells.join(" | "))
}

/// A fence that nothing in the lines closes.
fn fence(lines: &[String]) -> String {
    let mut longest = 2;
    for line in lines {
        let mut run = 0;
        for c in line.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    "`".repeat(longest + 1)
}

/// What differs, as a unified diff with some lines around it.
#[must_use]
pub fn unified(lines: &[Line]) -> Vec<String> {
    let near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        let around = lines.iter().skip(from).take(at - from + CONTEXT + 1);
        around
            .into_iter()
            .any(|line| !matches!(line, Line::Same(_)))
    };
    let mut out = Vec::new();
    let mut hidden = 0;
    for (at, line) in lines.iter().enumerate() {
        if let Line::Same(text) = line {
            if near(at) {
                skipped(&mut out, &mut hidden);
                out.push(format!(" {text}"));
            } else {
                hidden += 1;
            }
            continue;
        }
        skipped(&mut out, &mut hidden);
        match line {
            Line::Same(text) => out.push(format!(" {text}")),
            Line::Removed(text) => out.push(format!("-{text}")),
            Line::Added(text) => out.push(format!("+{text}")),
            Line::Changed { old, new } => {
                out.push(format!("-{}", old.text));
                out.push(format!("+{}", new.text));
            }
        }
    }
    skipped(&mut out, &mut hidden);
    out
}

fn skipped(out: &mut Vec<String>, hidden: &mut usize) {
    if *hidden > 0 {
        let lines = if *hidden == 1 { "line" } else { "lines" };
        out.push(format!("@@ {hidden} {lines} alike @@"));
        *hidden = 0;
    }
}

/// Words within a line or a cell: bounded, no Markdown.
fn quoted(text: &str) -> String {
    let mut cut: String = text.chars().take(CELL).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    escaped(&cut)
}
