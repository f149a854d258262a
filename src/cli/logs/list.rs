//! `massgen-tui logs list`: one line per session.
//!
//! Whatever is left out, by a filter or by the limit, is counted and said.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Value, json};

use super::{Page, written};
use crate::{
    app::shelf::Shelf,
    catalog::{self, Entry, Filter, Shown, Sort, Standing},
    headless::words,
    protocol::{Failure, FailureKind, Timestamp},
    text::{clean, width},
};

/// Arguments of `logs list`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// One JSON object per session instead of a table.
    #[arg(long)]
    pub json: bool,
    /// How many sessions at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Only sessions that fit, for example "outcome:failed cost:>1 since:2d" (docs/browse.md).
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        hide_default_value = true
    )]
    pub filter: String,
    /// The order: date, cost, duration, agents, turns, outcome, name; with a minus in front the other
    /// way round.
    #[arg(long, value_name = "BY", default_value = "date", allow_hyphen_values = true, value_parser = sort)]
    pub sort: Sort,
}

fn sort(text: &str) -> Result<Sort, String> {
    text.parse()
}

/// What is left of all sessions.
struct Part<'a> {
    shown: Vec<&'a Entry>,
    /// How many fit the filter; without one, how many there are in sight.
    fitting: usize,
    /// How many there are, when there is a filter.
    of: Option<usize>,
}

/// Lists.
pub(super) fn run(shelf: &Shelf, args: &Args, page: &mut Page<'_>) -> Result<(), Failure> {
    let filter = Filter::parse(&args.filter, &shelf.ground())
        .map_err(|wrong| Failure::new(FailureKind::Local, wrong.what).hint(wrong.hint))?;
    let entries = shelf.entries()?;
    let places = catalog::select(&entries, &filter, args.sort, Shown::Usual);
    let fitting = places.len();
    let shown = places.into_iter().take(args.limit);
    let part = Part {
        shown: shown.filter_map(|place| entries.get(place)).collect(),
        fitting,
        of: (!filter.is_empty()).then_some(entries.len()),
    };
    written(if args.json {
        as_json(&part, page.out)
    } else if entries.is_empty() {
        writeln!(
            page.out,
            "No session yet in {}.\n`massgen-tui --demo` makes one without any key.",
            clean::line(&shelf.store().folder().to_string_lossy())
        )
    } else {
        as_table(&part, page)
    })
}

fn as_json(part: &Part<'_>, out: &mut dyn Write) -> io::Result<()> {
    for entry in &part.shown {
        let mut object = serde_json::to_value(&entry.summary)?;
        if let Value::Object(fields) = &mut object {
            fields.insert("labels".to_owned(), serde_json::to_value(&entry.labels)?);
            fields.insert("live".to_owned(), json!(entry.standing == Standing::Live));
            fields.insert("analysed".to_owned(), json!(entry.analysed));
            fields.insert("notes".to_owned(), json!(entry.notes));
            fields.insert("log".to_owned(), json!(entry.log));
            if let Some(shared) = &entry.shared {
                fields.insert("shared".to_owned(), json!(shared));
            }
        }
        writeln!(out, "{object}")?;
    }
    Ok(())
}

fn as_table(part: &Part<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if !part.shown.is_empty() {
        let rows = std::iter::once(heading());
        let rows: Vec<[String; 8]> = rows
            .chain(part.shown.iter().map(|entry| row(entry)))
            .collect();
        table(&rows, page)?;
    }
    let (shown, fitting) = (part.shown.len(), part.fitting);
    match part.of {
        Some(of) if fitting == 0 => writeln!(page.out, "No session fits, of {of}."),
        Some(of) if shown < fitting => writeln!(
            page.out,
            "{shown} of {fitting} sessions that fit, of {of}; --limit shows more."
        ),
        Some(of) if fitting == 1 => writeln!(page.out, "1 session fits, of {of}."),
        Some(of) => writeln!(page.out, "{fitting} sessions fit, of {of}."),
        None if shown < fitting => writeln!(
            page.out,
            "{shown} of {fitting} sessions; --limit shows more."
        ),
        None => Ok(()),
    }
}

fn table(rows: &[[String; 8]], page: &mut Page<'_>) -> io::Result<()> {
    let mut widths = [0; 8];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width::of(cell).max(*widest);
        }
    }
    for row in rows {
        let mut line = String::new();
        for (cell, widest) in row.iter().zip(widths) {
            line.push_str(&width::pad(cell, widest));
            line.push_str("  ");
        }
        let line = line.trim_end();
        match page.columns {
            Some(columns) => writeln!(page.out, "{}", width::fit(line, columns))?,
            None => writeln!(page.out, "{line}")?,
        }
    }
    Ok(())
}

fn heading() -> [String; 8] {
    [
        "SESSION", "STARTED", "TOOK", "OUTCOME", "WINNER", "AGENTS", "COST", "TASK",
    ]
    .map(str::to_owned)
}

fn row(entry: &Entry) -> [String; 8] {
    let session = &entry.summary;
    let outcome = match entry.standing {
        Standing::Live => "running",
        Standing::Over => &session.outcome,
    };
    [
        session.run.0.clone(),
        if session.started_ms == 0 {
            "-".to_owned()
        } else {
            words::moment(Timestamp(session.started_ms))
        },
        words::duration(session.duration_ms),
        clean::line(outcome).into_owned(),
        clean::line(session.winner.as_deref().unwrap_or("-")).into_owned(),
        session.agents.to_string(),
        session.cost_usd.map_or_else(|| "-".to_owned(), words::usd),
        task(entry),
    ]
}

/// The name or the task, with what else there is to say of the session.
fn task(entry: &Entry) -> String {
    let session = &entry.summary;
    let mut task = match &session.from {
        Some(program) => format!("[{}] ", clean::line(program)),
        None if session.demo => "[demo] ".to_owned(),
        None => String::new(),
    };
    if entry.labels.pinned {
        task.insert_str(0, "[pinned] ");
    }
    match &entry.labels.name {
        Some(name) => task.push_str(&clean::line(name)),
        None => task.push_str(&first_line(&session.prompt)),
    }
    for tag in &entry.labels.tags {
        task.push_str(" #");
        task.push_str(&clean::line(tag));
    }
    if session.turns > 1 {
        // Writing to a string cannot fail.
        let _ = write!(task, " [{} turns]", session.turns);
    }
    task
}

/// The first line of a prompt, with a sign when there is more.
fn first_line(prompt: &str) -> String {
    let mut lines = prompt.trim().lines();
    let first = clean::line(lines.next().unwrap_or_default()).into_owned();
    if lines.next().is_some() {
        format!("{first} …")
    } else {
        first
    }
}
