//! `massgen-tui logs`: what was run, and what came of it.
//!
//! `list` and `search` ask what is remembered of all sessions, `show` folds one log as the screen does.
//! Nothing from a log reaches the terminal uncleaned. A reader that goes away (`| head`) is no error.

pub mod analyze;
mod compare;
pub mod import;
mod labelling;
mod list;
mod notes;
mod scan;
mod search;
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
    protocol::{Failure, FailureKind},
};

/// Arguments of `logs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to look at; without it the list of sessions opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Subcommands of `logs`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the stored sessions, newest first.
    List(list::Args),
    /// Find words in all sessions: prompts, answers, thinking, tools, votes.
    Search(search::Args),
    /// Show one session: task, team, votes, answer, costs.
    Show(ShowArgs),
    /// Say where time and money went, who voted for whom, what failed, what is odd; with --model, what a
    /// model makes of it.
    Analyze(analyze::Args),
    /// Names, tags and the trash.
    #[command(flatten)]
    Label(labelling::Command),
    /// Put two or more sessions side by side: outcomes, times, costs, votes, setup, answers.
    Compare(compare::CompareArgs),
    /// Note something on a session, or answer, settle, change or take back a note.
    Note(Box<notes::NoteArgs>),
    /// Show what people noted on a session.
    Notes(notes::NotesArgs),
    /// Join the notes of other copies of a session with those here.
    Merge(notes::MergeArgs),
    /// Find secrets in what was written before, ours and MassGen's, and mask them.
    Scan(scan::ScanArgs),
    /// Take in sessions that somebody else gave away as bundles.
    Import(import::ImportArgs),
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
    if let Some(Command::Analyze(args)) = &args.command
        && args.asks()
    {
        return Box::pin(analyze::run(globals, args)).await;
    }
    if let Some(Command::Compare(args)) = &args.command
        && args.all.screen
    {
        return Box::pin(super::interactive::compare(globals, &args.ids)).await;
    }
    match &args.command {
        Some(Command::Scan(args)) => return scan::run(globals, args),
        Some(Command::Import(args)) => return import::run(globals, args),
        _ => {}
    }
    match to_stdout(globals, args) {
        Ok(code) => code,
        Err(trouble) => trouble.tell(),
    }
}

fn to_stdout(globals: &Globals, args: &Args) -> Result<u8, Trouble> {
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
    let code = run_on(&shelf(&state_dir), args, &mut page)?;
    written(out.flush())?;
    Ok(code)
}

/// The sessions of this machine, seen from where the program was started.
#[must_use]
pub fn shelf(state_dir: &Path) -> Shelf {
    let paths = Paths::discover(std::env::current_dir().unwrap_or_default());
    let secrets = super::config_cmd::surroundings().1.secrets();
    Shelf::new(state_dir, &paths, std::env::var_os(MASSGEN_VARIABLE)).masking(secrets)
}

/// Runs `logs` on any page; returns the exit code.
///
/// # Errors
/// A session that is not there or cannot be read, an output that cannot be written.
pub fn run_on(shelf: &Shelf, args: &Args, page: &mut Page<'_>) -> Result<u8, Failure> {
    let Some(command) = &args.command else {
        return Err(
            Failure::new(FailureKind::Request, "The list of sessions is a screen.")
                .hint("`massgen-tui logs list` prints the sessions."),
        );
    };
    let done = match command {
        Command::Search(args) => return search::run(shelf, args, page),
        Command::List(args) => list::run(shelf, args, page),
        Command::Analyze(args) => analyze::counted(shelf, args, page.out),
        Command::Label(command) => labelling::run(shelf, command, page),
        Command::Compare(args) => compare::run(shelf, args, page),
        Command::Note(args) => notes::note(shelf, args, page),
        Command::Notes(args) => notes::list(shelf, args, page),
        Command::Merge(args) => notes::merge(shelf, args, page),
        // They need more than a shelf and a page; `run` has them.
        Command::Scan(_) | Command::Import(_) => Ok(()),
        Command::Show(args) => {
            let volume = shelf.find(&args.id)?;
            if let (true, Volume::Ours(run)) = (args.events, &volume) {
                return show::events(&shelf.store().log(run), page.out).map(|()| 0);
            }
            let session = shelf.read(&volume)?;
            if args.events {
                return show::told(&session, page.out).map(|()| 0);
            }
            let shared = match &volume {
                Volume::Ours(run) => shelf.store().shared(run),
                Volume::MassGen(_) => None,
            };
            written(if args.json {
                show::json(&session, shared.as_ref(), page.out)
            } else {
                show::text(&session, shared.as_ref(), page.out)
            })
        }
    };
    done.map(|()| 0)
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
