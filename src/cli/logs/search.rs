//! `massgen-tui logs search`: words in all sessions, and where each opens.
//!
//! The index is brought up to date first; how far that is stands on stderr when that is a terminal, and
//! is gone when it is over. Nothing found is exit code 1, as of other programs that search.

use std::io::{self, IsTerminal as _, Write as _};

use super::{Page, written};
use crate::{
    app::shelf::Shelf,
    headless::words,
    protocol::{Failure, Hit, Hits},
    store::search::{Go, Progress},
    text::{clean, width},
};

/// Exit code of a search that found nothing.
const NOTHING: u8 = 1;
/// Bytes of a megabyte, as people count them.
const MEGABYTE: u64 = 1_000_000;

/// Arguments of `logs search`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Words, '"phrases"', beginnings*, in:answer, agent:NAME, tool:NAME, and the words of
    /// `logs list --filter` (docs/search.md).
    #[arg(required = true)]
    pub words: Vec<String>,
    /// Not with this word, as "-WORD" within quotes.
    #[arg(long, value_name = "WORD")]
    pub not: Vec<String>,
    /// How many places at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// One JSON object per place instead of text.
    #[arg(long)]
    pub json: bool,
    /// Only what this agent said or did: its name, the beginning of it, or agent2.
    #[arg(long, value_name = "NAME")]
    pub agent: Vec<String>,
    /// Only here: prompt, text, thinking, answer, tool, vote, notice, note.
    #[arg(long = "in", value_name = "PLACE")]
    pub place: Vec<String>,
}

/// Searches; returns the exit code.
pub(super) fn run(shelf: &Shelf, args: &Args, page: &mut Page<'_>) -> Result<u8, Failure> {
    let mut query = args.words.join(" ");
    for word in &args.not {
        query = format!("{query} -\"{}\"", word.replace('"', " "));
    }
    for (key, values) in [("agent", &args.agent), ("in", &args.place)] {
        if !values.is_empty() {
            let values: Vec<String> = values
                .iter()
                .map(|value| format!("\"{}\"", value.replace('"', " ")))
                .collect();
            query = format!("{query} {key}:{}", values.join(","));
        }
    }
    let mut line = Line::default();
    let hits = shelf.search_now(&query, args.limit, &mut |progress| {
        line.show(progress);
        Go::On
    });
    line.clear();
    let hits = hits?;
    written(if args.json {
        as_json(&hits, page)
    } else {
        as_text(&hits, page)
    })?;
    Ok(if hits.hits.is_empty() { NOTHING } else { 0 })
}

/// The line about how far it is.
#[derive(Default)]
struct Line {
    shown: String,
}

impl Line {
    fn show(&mut self, progress: Progress) {
        let Progress { read, of, .. } = progress;
        if !io::stderr().is_terminal() || of == 0 {
            return;
        }
        let line = format!(
            "Reading new logs: {} of {} MB",
            read / MEGABYTE,
            of.div_ceil(MEGABYTE)
        );
        if line != self.shown {
            // Nobody is hurt when it cannot be shown.
            let _ = write!(io::stderr(), "\r{line}");
            self.shown = line;
        }
    }

    fn clear(&mut self) {
        if !self.shown.is_empty() {
            let _ = write!(io::stderr(), "\r{}\r", " ".repeat(self.shown.len()));
        }
    }
}

fn as_json(hits: &Hits, page: &mut Page<'_>) -> io::Result<()> {
    for hit in &hits.hits {
        serde_json::to_writer(&mut *page.out, hit)?;
        writeln!(page.out)?;
    }
    Ok(())
}

fn as_text(hits: &Hits, page: &mut Page<'_>) -> io::Result<()> {
    let Some(first) = hits.hits.first() else {
        return writeln!(page.out, "Nothing found.");
    };
    for hit in &hits.hits {
        for line in [heading(hit), format!("  {}", excerpt(hit))] {
            match page.columns {
                Some(columns) => writeln!(page.out, "{}", width::fit(&line, columns))?,
                None => writeln!(page.out, "{line}")?,
            }
        }
    }
    writeln!(page.out)?;
    if hits.more {
        let count = hits.hits.len();
        writeln!(
            page.out,
            "There are more than these {count}; --limit shows more."
        )?;
    }
    let place = first.seq.map(|seq| format!(" --at {}", seq.0));
    writeln!(
        page.out,
        "`massgen-tui open {}{}` opens the first.",
        clean::line(&first.run.0),
        place.unwrap_or_default()
    )
}

fn heading(hit: &Hit) -> String {
    let who = match hit.who.as_str() {
        "" => String::new(),
        who => format!("{}, ", clean::line(who)),
    };
    let place = hit.seq.map(|seq| format!("#{}  ", seq.0));
    format!(
        "{}  {}{}  {who}{}",
        clean::line(&hit.run.0),
        place.unwrap_or_default(),
        words::moment(hit.at),
        hit.passage.word()
    )
}

fn excerpt(hit: &Hit) -> String {
    if hit.excerpt.is_empty() {
        return "(the log was changed since it was read)".to_owned();
    }
    let bits = hit.excerpt.iter().map(|bit| clean::line(&bit.text));
    bits.collect::<String>().trim().to_owned()
}
