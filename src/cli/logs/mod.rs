//! `massgen-tui logs`: what was run, and what came of it.
//!
//! `list` reads the small summaries beside the logs, `show` folds one log the way the screen does.
//! Nothing from a log reaches the terminal uncleaned. A reader that goes away (`| head`) is no error.

pub mod analyze;
mod show;
#[cfg(test)]
mod tests;

use std::{
    io::{self, IsTerminal as _, Write},
    path::Path,
};

use clap::Subcommand;

use super::{Globals, launch::Trouble};
use crate::{
    app::shelf::{MASSGEN_VARIABLE, Shelf, Volume},
    config::Paths,
    headless::words,
    protocol::{Failure, FailureKind, SessionSummary, Timestamp},
    store::{Listing, Store},
    text::{clean, width},
};

/// Arguments of `logs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to look at.
    #[command(subcommand)]
    pub command: Command,
}

/// Subcommands of `logs`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the stored sessions, newest first.
    List(ListArgs),
    /// Show one session: task, team, votes, answer, costs.
    Show(ShowArgs),
    /// Say where time and money went, who voted for whom, what failed, what is odd; with --model, what a
    /// model makes of it.
    Analyze(analyze::Args),
}

/// Arguments of `logs list`.
#[derive(Clone, Debug, clap::Args)]
pub struct ListArgs {
    /// One JSON object per session instead of a table.
    #[arg(long)]
    pub json: bool,
    /// How many sessions at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// Arguments of `logs show`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// Session id, its start or its last four letters; `latest` is the newest.
    #[arg(default_value = "latest")]
    pub id: String,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
    /// Every event as a JSON line, as `run --output json` prints them.
    #[arg(long, conflicts_with = "json")]
    pub events: bool,
}

/// Where text goes and how wide it may be.
pub struct Page<'a> {
    /// The sink.
    pub out: &'a mut dyn Write,
    /// Columns of the terminal; `None` when it is none and nothing needs to be cut.
    pub columns: Option<usize>,
}

/// Runs `logs` on the process's own stdout; returns the exit code.
#[must_use]
pub async fn run(globals: &Globals, args: &Args) -> u8 {
    if let Command::Analyze(args) = &args.command
        && args.asks()
    {
        return Box::pin(analyze::run(globals, args)).await;
    }
    match to_stdout(globals, args) {
        Ok(()) => 0,
        Err(trouble) => trouble.tell(),
    }
}

fn to_stdout(globals: &Globals, args: &Args) -> Result<(), Trouble> {
    let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
    let state_dir = paths
        .state_dir(globals.state_dir.as_deref(), None)
        .map_err(|error| Trouble::Usage(format!("{error}.")))?;
    let stdout = io::stdout();
    // Where the terminal does not tell its width, nothing is cut.
    let columns = stdout
        .is_terminal()
        .then(crossterm::terminal::size)
        .and_then(Result::ok)
        .map(|(columns, _)| usize::from(columns))
        .filter(|columns| *columns > 0);
    let mut out = io::BufWriter::new(stdout.lock());
    let mut page = Page {
        out: &mut out,
        columns,
    };
    run_on(&shelf(&state_dir), args, &mut page)?;
    written(out.flush())?;
    Ok(())
}

/// The sessions of this machine, seen from where the program was started.
#[must_use]
pub fn shelf(state_dir: &Path) -> Shelf {
    let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
    Shelf::new(state_dir, &paths, std::env::var_os(MASSGEN_VARIABLE))
}

/// Runs `logs` on any page.
///
/// # Errors
/// A session that is not there or cannot be read, an output that cannot be written.
pub fn run_on(shelf: &Shelf, args: &Args, page: &mut Page<'_>) -> Result<(), Failure> {
    match &args.command {
        Command::List(args) => {
            let listing = shelf.list(args.limit)?;
            written(if args.json {
                list_json(&listing, page.out)
            } else {
                list(shelf.store(), &listing, page)
            })
        }
        Command::Analyze(args) => analyze::counted(shelf, args, page.out),
        Command::Show(args) => {
            let volume = shelf.find(&args.id)?;
            if let (true, Volume::Ours(run)) = (args.events, &volume) {
                return show::events(&shelf.store().log(run), page.out);
            }
            let session = shelf.read(&volume)?;
            if args.events {
                return show::told(&session, page.out);
            }
            written(if args.json {
                show::json(&session, page.out)
            } else {
                show::text(&session, page.out)
            })
        }
    }
}

/// An output that cannot be written is a failure, one that nobody reads any more is not.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            FailureKind::Local,
            format!("The output cannot be written: {error}."),
        )),
        _ => Ok(()),
    }
}

fn list_json(listing: &Listing, out: &mut dyn Write) -> io::Result<()> {
    for session in &listing.sessions {
        serde_json::to_writer(&mut *out, session)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn list(store: &Store, listing: &Listing, page: &mut Page<'_>) -> io::Result<()> {
    if listing.total == 0 {
        return writeln!(
            page.out,
            "No session yet in {}.\n`massgen-tui --demo` makes one without any key.",
            clean::line(&store.folder().to_string_lossy())
        );
    }
    let rows: Vec<[String; 8]> = std::iter::once(heading())
        .chain(listing.sessions.iter().map(row))
        .collect();
    let mut widths = [0; 8];
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width::of(cell).max(*widest);
        }
    }
    for row in &rows {
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
    if listing.sessions.len() < listing.total {
        writeln!(
            page.out,
            "{} of {} sessions; --limit shows more.",
            listing.sessions.len(),
            listing.total
        )?;
    }
    Ok(())
}

fn heading() -> [String; 8] {
    [
        "SESSION", "STARTED", "TOOK", "OUTCOME", "WINNER", "AGENTS", "COST", "TASK",
    ]
    .map(str::to_owned)
}

fn row(session: &SessionSummary) -> [String; 8] {
    let turns = match session.turns {
        0 | 1 => String::new(),
        turns => format!(" [{turns} turns]"),
    };
    let demo = match &session.from {
        Some(program) => format!("[{}] ", clean::line(program)),
        None if session.demo => "[demo] ".to_owned(),
        None => String::new(),
    };
    [
        session.run.0.clone(),
        if session.started_ms == 0 {
            "-".to_owned()
        } else {
            words::moment(Timestamp(session.started_ms))
        },
        words::duration(session.duration_ms),
        clean::line(&session.outcome).into_owned(),
        clean::line(session.winner.as_deref().unwrap_or("-")).into_owned(),
        session.agents.to_string(),
        session.cost_usd.map_or_else(|| "-".to_owned(), words::usd),
        format!("{demo}{}{turns}", first_line(&session.prompt)),
    ]
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
