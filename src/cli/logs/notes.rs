//! `massgen-tui logs note`, `notes`, `merge`: what people noted on a session.

use std::{
    io::{self, Read as _, Write},
    path::PathBuf,
};

use serde_json::{Value, json};

use super::{Page, written};
use crate::{
    app::{
        notes::{self, AUTHOR_VARIABLE, Wanted},
        shelf::Shelf,
    },
    headless::words,
    protocol::{
        AgentId, Failure, FailureKind, Label, RunId,
        change::Face,
        note::{Act, LONGEST_TEXT, Note, NoteId, NoteOn, Seen, Thread, Threads},
    },
    text::clean,
};

/// Arguments of `logs notes`.
#[derive(Clone, Debug, clap::Args)]
pub struct NotesArgs {
    /// Session id, its start or its last four letters, or a folder of MassGen; `latest` is the newest.
    #[arg(default_value = "latest")]
    pub id: String,
    /// One JSON object instead of text.
    #[arg(long)]
    pub json: bool,
    /// Which of them.
    #[command(flatten)]
    pub only: OnlyArgs,
    /// Count what is shown as seen.
    #[arg(long)]
    pub seen: bool,
    /// Your name in notes (default: git's user.name, or the account's).
    #[arg(long, value_name = "NAME", env = AUTHOR_VARIABLE)]
    pub author: Option<String>,
}

/// Which threads are shown.
#[derive(Clone, Debug, clap::Args)]
pub struct OnlyArgs {
    /// Only threads with something you have not seen.
    #[arg(long)]
    pub unread: bool,
    /// Only threads that nobody resolved.
    #[arg(long)]
    pub open: bool,
}

/// Arguments of `logs note`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NoteArgs {
    /// Session id, its start or its last four letters, or a folder of MassGen; `latest` is the newest.
    pub id: String,
    /// The words; "-" reads them from standard input.
    pub text: Option<String>,
    /// What the note is on; without any of these, the session as a whole.
    #[command(flatten)]
    pub on: OnArgs,
    /// What is done to a note that is there.
    #[command(flatten)]
    pub to: ToArgs,
    /// Your name in notes (default: git's user.name, or the account's).
    #[arg(long, value_name = "NAME", env = AUTHOR_VARIABLE)]
    pub author: Option<String>,
}

/// What a note is on.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OnArgs {
    /// The event with this number (`logs show ID --events` lists them).
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["answer", "agent", "turn", "file"])]
    pub at: Option<u64>,
    /// This answer, such as agent2.1.
    #[arg(long, value_name = "LABEL", conflicts_with = "agent")]
    pub answer: Option<Label>,
    /// The work of this agent, such as agent2.
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<AgentId>,
    /// This turn; of an answer or an agent, in which turn (the last one otherwise).
    #[arg(long, value_name = "N")]
    pub turn: Option<u32>,
    /// A file that came with the answer, or with the agent's last one.
    #[arg(long, value_name = "PATH")]
    pub file: Option<String>,
    /// Lines of the file: 12 or 12-18.
    #[arg(long, value_name = "LINES", requires = "file", value_parser = lines)]
    pub lines: Option<(u32, u32)>,
    /// The lines are those of the file before the change.
    #[arg(long, requires = "lines")]
    pub before: bool,
}

/// What is done to a note that is there.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub struct ToArgs {
    /// Answer this note.
    #[arg(long, value_name = "NOTE", conflicts_with = "OnArgs")]
    pub reply: Option<String>,
    /// Give a note of yours other words.
    #[arg(long, value_name = "NOTE", conflicts_with = "OnArgs")]
    pub edit: Option<String>,
    /// Settle the thread of this note.
    #[arg(long, value_name = "NOTE", conflicts_with_all = ["OnArgs", "text"])]
    pub resolve: Option<String>,
    /// Open the thread of this note again.
    #[arg(long, value_name = "NOTE", conflicts_with_all = ["OnArgs", "text"])]
    pub reopen: Option<String>,
    /// Take a note of yours back.
    #[arg(long, value_name = "NOTE", conflicts_with_all = ["OnArgs", "text"])]
    pub remove: Option<String>,
}

/// Arguments of `logs merge`.
#[derive(Clone, Debug, clap::Args)]
pub struct MergeArgs {
    /// Files of notes, or folders of copies of a session.
    #[arg(required = true, value_name = "FILE_OR_FOLDER")]
    pub copies: Vec<PathBuf>,
    /// The session they belong to (default: the one that each names).
    #[arg(long, value_name = "ID")]
    pub into: Option<String>,
}

fn lines(text: &str) -> Result<(u32, u32), String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) if 0 < from && from <= to => Ok((from, to)),
        _ => Err("write a line such as 12, or lines such as 12-18".to_owned()),
    }
}

/// Writes a note, or does something to one.
///
/// # Errors
/// No such session, note or thing to note something on; a file that cannot be written.
pub(super) fn note(shelf: &Shelf, args: &NoteArgs, page: &mut Page<'_>) -> Result<(), Failure> {
    let volume = shelf.find(&args.id)?;
    let folder = notes::folder(shelf, &volume);
    let by = notes::author(args.author.as_deref());
    let threads = Threads::of(&folder.read()?.records);
    let first = |name: &str| -> Result<NoteId, Failure> {
        let note = notes::find(&threads, name)?;
        Ok(threads
            .thread_of(note.id)
            .map_or(note.id, |thread| thread.first.id))
    };
    let own = |name: &str| -> Result<NoteId, Failure> {
        let note = notes::find(&threads, name)?;
        if note.by == by {
            return Ok(note.id);
        }
        let words = format!(
            "Note {} is of {}; you are {by}.",
            note.id,
            clean::line(&note.by)
        );
        let hint = "Answer it with --reply, or say who you are with --author.";
        Err(Failure::new(FailureKind::Request, words).hint(hint))
    };
    let to = &args.to;
    let (id, act, done) = if let Some(name) = &to.resolve {
        (first(name)?, Act::Resolved, "resolved".to_owned())
    } else if let Some(name) = &to.reopen {
        (first(name)?, Act::Reopened, "open again".to_owned())
    } else if let Some(name) = &to.remove {
        (own(name)?, Act::Removed, "taken back".to_owned())
    } else if let Some(name) = &to.edit {
        let text = text(args)?;
        (own(name)?, Act::Edited { text }, "changed".to_owned())
    } else {
        let (on, reply) = if let Some(name) = &to.reply {
            let first = first(name)?;
            let on = threads.note(first).map(|note| note.on.clone());
            (on.unwrap_or(NoteOn::Session), Some(first))
        } else {
            let events = shelf.read(&volume)?.events;
            (notes::target(&events, &wanted(&args.on))?, None)
        };
        let done = format!("noted on {}", clean::line(&on.words()));
        let text = text(args)?;
        let act = Act::Written { on, text, reply };
        (notes::new_id(), act, done)
    };
    notes::write(&folder, &by, id, act)?;
    written(writeln!(page.out, "{id}  {done}, by {by}"))
}

fn wanted(on: &OnArgs) -> Wanted {
    Wanted {
        event: on.at,
        turn: on.turn,
        answer: on.answer,
        agent: on.agent,
        file: on.file.clone(),
        lines: on.lines,
        face: if on.before { Face::Old } else { Face::New },
    }
}

/// The words of the note, cleaned.
fn text(args: &NoteArgs) -> Result<String, Failure> {
    let said = match args.text.as_deref() {
        Some("-") => {
            let mut text = String::new();
            // One byte more than fits, so that what is too long is refused and not cut.
            let most = LONGEST_TEXT as u64 + 1;
            let read = io::stdin().lock().take(most).read_to_string(&mut text);
            read.map_err(|error| {
                let words = format!("Standard input cannot be read: {error}.");
                Failure::new(FailureKind::Local, words)
            })?;
            text
        }
        Some(text) => text.to_owned(),
        None => String::new(),
    };
    let text = clean::text(&said).trim().to_owned();
    if text.is_empty() {
        let hint = "Write them behind the session, or - to read them from standard input.";
        return Err(Failure::new(FailureKind::Request, "The note has no words.").hint(hint));
    }
    Ok(text)
}

/// Shows the notes of a session.
///
/// # Errors
/// No such session; a file that cannot be read.
pub(super) fn list(shelf: &Shelf, args: &NotesArgs, page: &mut Page<'_>) -> Result<(), Failure> {
    let volume = shelf.find(&args.id)?;
    let run = notes::run_of(&volume);
    let folder = notes::folder(shelf, &volume);
    let who = notes::author(args.author.as_deref());
    let kept = folder.read()?;
    let all = Threads::of(&kept.records);
    let mut seen = folder.seen(&who);
    let unread = |thread: &Thread| thread.notes().any(|note| seen.lacks(note, &who));
    let shown: Vec<&Thread> = (all.0.iter())
        .filter(|thread| {
            let only = &args.only;
            (!only.unread || unread(thread)) && (!only.open || thread.is_open())
        })
        .collect();
    let list = List {
        run: &run,
        who: &who,
        seen: &seen,
        all: &all,
        shown: &shown,
        damage: kept.damage.as_deref(),
    };
    written(if args.json {
        list.json(page.out)
    } else {
        list.text(page.out)
    })?;
    if args.seen {
        for note in shown.iter().flat_map(|thread| thread.notes()) {
            seen.note(note);
        }
        folder.see(&who, &seen)?;
    }
    Ok(())
}

/// What is shown of a session's notes.
struct List<'a> {
    run: &'a RunId,
    who: &'a str,
    seen: &'a Seen,
    all: &'a Threads,
    shown: &'a [&'a Thread],
    damage: Option<&'a str>,
}

impl List<'_> {
    fn is_unread(&self, note: &Note) -> bool {
        self.seen.lacks(note, self.who)
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self.all.0.len() as u64;
        let open = self.all.0.iter().filter(|thread| thread.is_open()).count();
        let unread = self.all.notes().filter(|note| self.is_unread(note)).count();
        writeln!(out, "Notes on session {}", clean::line(&self.run.0))?;
        writeln!(
            out,
            "  {}, {open} open, {unread} unread by {}",
            words::counted(all, "thread"),
            clean::line(self.who),
        )?;
        if let Some(damage) = self.damage {
            writeln!(out, "  {}", clean::line(damage))?;
        }
        if all == 0 {
            return writeln!(out, "  `massgen-tui logs note ID \"words\"` writes one.");
        }
        if self.shown.is_empty() {
            return writeln!(out, "  None of them is what was asked for.");
        }
        for thread in self.shown {
            self.thread(thread, out)?;
        }
        Ok(())
    }

    fn thread(&self, thread: &Thread, out: &mut dyn Write) -> io::Result<()> {
        let on = thread.first.on.words();
        let event = match (&thread.first.on, thread.first.on.seq()) {
            (NoteOn::Event { .. }, _) | (_, None) => String::new(),
            (_, Some(seq)) => format!(" (event {})", seq.0),
        };
        let state = match &thread.resolved {
            None => "open".to_owned(),
            Some((by, at)) => {
                format!("resolved by {} {}", clean::line(by), words::moment(*at))
            }
        };
        writeln!(out, "\n{}{event} · {state}", clean::line(&on))?;
        for note in thread.notes() {
            let deep = note.id != thread.first.id;
            let (indent, sign) = if deep { ("    ", "↳ ") } else { ("  ", "") };
            let unread = if self.is_unread(note) {
                " · unread"
            } else {
                ""
            };
            let edited = note.edited.map_or("", |_| ", edited");
            writeln!(
                out,
                "{indent}{sign}{}  {} {}{edited}{unread}",
                note.id,
                clean::line(&note.by),
                words::moment(note.written),
            )?;
            if note.removed {
                writeln!(out, "{indent}  (taken back)")?;
            }
            for line in clean::text(&note.text).trim().lines() {
                writeln!(out, "{}", format!("{indent}  {line}").trim_end())?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let threads: Vec<Value> = (self.shown.iter())
            .map(|thread| {
                let unread: Vec<NoteId> = thread
                    .notes()
                    .filter(|note| self.is_unread(note))
                    .map(|note| note.id)
                    .collect();
                json!({
                    "on": thread.first.on.words(),
                    "event": thread.first.on.seq(),
                    "resolved": thread.resolved.as_ref().map(|(by, at)| json!({"by": by, "at": at})),
                    "notes": thread.notes().collect::<Vec<_>>(),
                    "unread": unread,
                })
            })
            .collect();
        let value = json!({
            "run": self.run,
            "you": self.who,
            "all": self.all.0.len(),
            "damage": self.damage,
            "threads": threads,
        });
        serde_json::to_writer_pretty(&mut *out, &value)?;
        out.write_all(b"\n")
    }
}

/// Joins the notes of other copies with ours.
///
/// # Errors
/// The first copy that cannot be joined; those before it are.
pub(super) fn merge(shelf: &Shelf, args: &MergeArgs, page: &mut Page<'_>) -> Result<(), Failure> {
    let into = args.into.as_deref().map(|id| shelf.find(id)).transpose()?;
    for path in &args.copies {
        let merged = notes::merge(shelf, path, into.as_ref())?;
        let new = merged.new.iter();
        let notes = new
            .filter(|record| matches!(record.act, Act::Written { .. }))
            .count();
        let other = merged.new.len() - notes;
        written(writeln!(
            page.out,
            "{}: {} and {} new to session {}, of {}.",
            clean::line(&path.display().to_string()),
            words::counted(notes as u64, "note"),
            words::counted(other as u64, "other record"),
            merged.run,
            words::counted(merged.all as u64, "record"),
        ))?;
        if let Some(damage) = &merged.damage {
            written(writeln!(page.out, "  {}", clean::line(damage)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
