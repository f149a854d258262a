//! `massgen-tui logs compare`: sessions side by side.

use std::io::{self, Write};

use super::{Page, written};
use crate::{
    app::{self, shelf::Shelf},
    protocol::{
        Failure,
        comparison::{Comparison, Row},
    },
    report,
    text::{clean, width},
};

/// Columns of a table where the terminal does not tell its width.
const COLUMNS: usize = 120;
/// Widest column with names of rows.
const NAMES: usize = 30;
/// Narrowest column of a session.
const NARROWEST: usize = 12;

/// Arguments of `logs compare`.
#[derive(Clone, Debug, clap::Args)]
pub struct CompareArgs {
    /// Sessions, two or more: ids, their starts or last four letters, or folders of MassGen.
    #[arg(required = true, num_args = 2.., value_name = "ID")]
    pub ids: Vec<String>,
    /// One JSON object.
    #[arg(long, conflicts_with_all = ["csv", "markdown"])]
    pub json: bool,
    /// Comma-separated values, one row each.
    #[arg(long, conflicts_with = "markdown")]
    pub csv: bool,
    /// A page of Markdown.
    #[arg(long)]
    pub markdown: bool,
    /// Also what is the same.
    #[command(flatten)]
    pub all: AllArgs,
}

/// How much of the table is shown.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AllArgs {
    /// In the table, also what is the same.
    #[arg(long, conflicts_with_all = ["json", "csv", "markdown"])]
    pub all: bool,
    /// Show them on a screen.
    #[arg(long, conflicts_with_all = ["json", "csv", "markdown", "all"])]
    pub screen: bool,
}

/// Puts sessions side by side.
///
/// # Errors
/// A session that is not there or cannot be read.
pub(super) fn run(shelf: &Shelf, args: &CompareArgs, page: &mut Page<'_>) -> Result<(), Failure> {
    let comparison = app::compare::compare(shelf, &args.ids)?;
    written(if args.json {
        serde_json::to_writer_pretty(&mut *page.out, &comparison)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(page.out))
    } else if args.csv {
        page.out.write_all(report::csv(&comparison).as_bytes())
    } else if args.markdown {
        let text = report::compare_markdown(&comparison);
        page.out.write_all(text.as_bytes())
    } else {
        table(&comparison, args.all.all, page)
    })
}

fn table(comparison: &Comparison, all: bool, page: &mut Page<'_>) -> io::Result<()> {
    let columns = page.columns.unwrap_or(COLUMNS);
    let sessions = comparison.sessions.len();
    let longest = (comparison.sections.iter())
        .flat_map(|section| &section.rows)
        .map(|row| width::of(&row.name))
        .max();
    let names = longest.unwrap_or_default().min(NAMES);
    let room = columns.saturating_sub(names + 4) / sessions.max(1);
    let room = room.saturating_sub(2).max(NARROWEST);
    let laid = |mark: &str, name: &str, cells: Vec<&str>| {
        let mut line = format!("{mark} {}", width::pad(&width::fit(name, names), names));
        for cell in cells {
            line.push_str("  ");
            line.push_str(&width::pad(&width::fit(cell, room), room));
        }
        line.trim_end().to_owned()
    };
    let runs = comparison.sessions.iter().map(|one| one.run.0.as_str());
    writeln!(page.out, "{}", laid(" ", "", runs.collect()))?;
    let mut same = 0;
    for section in &comparison.sections {
        let shown: Vec<&Row> = (section.rows.iter())
            .filter(|row| all || row.differs)
            .collect();
        same += section.rows.len() - shown.len();
        if shown.is_empty() && section.remark.is_empty() {
            continue;
        }
        writeln!(page.out, "\n  {}", section.title)?;
        for row in shown {
            let mark = if row.differs { "≠" } else { " " };
            let cells = row.cells.iter().map(|cell| match cell.words.as_str() {
                "" => "–",
                words => words,
            });
            writeln!(page.out, "{}", laid(mark, &row.name, cells.collect()))?;
        }
        if !section.remark.is_empty() {
            writeln!(page.out, "  {}", section.remark)?;
        }
    }
    answers(comparison, page.out)?;
    if same > 0 {
        let rows = if same == 1 { "row is" } else { "rows are" };
        writeln!(page.out, "\n{same} {rows} the same; --all shows them.")?;
    }
    Ok(())
}

/// How the final answers differ.
fn answers(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = comparison.sessions.first() else {
        return Ok(());
    };
    for diff in &comparison.answers {
        let Some(other) = comparison.sessions.get(diff.session) else {
            continue;
        };
        writeln!(
            out,
            "\n  Final answer of {} against {}",
            other.run, first.run
        )?;
        if diff.added == 0 && diff.removed == 0 {
            writeln!(out, "  the same words")?;
            continue;
        }
        for line in report::unified(&diff.lines) {
            writeln!(out, "  {}", clean::line(&line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
