//! Writes passages into the index, and takes them out.
//!
//! One transaction per piece of a log: passages and how far the log was read change together, and only
//! when nobody else got further in the meantime.

use super::{
    gather::Piece,
    query::{mark, passage_mark},
    words::{beginnings, chains, each_word},
};
use crate::store::db::{
    Connection, OptionalExtension as _, SqlError, Transaction, TransactionBehavior, params,
};

/// Numbers between two milliseconds.
const PER_MS: i64 = 1 << 8;
/// Times beyond this are as good as this; in milliseconds since the epoch.
const LATEST: u64 = 1 << 46;

/// A log as the index knows it.
#[derive(Clone, Debug)]
pub(super) struct Source<'a> {
    /// What it is known by: the name of a session, or a folder.
    pub(super) key: &'a str,
    pub(super) run: &'a str,
    pub(super) theirs: bool,
}

/// What is to be written.
pub(super) struct Change<'a> {
    /// Everything that was known of the log is forgotten first.
    pub(super) anew: bool,
    pub(super) complete: &'a [Piece],
    pub(super) unfinished: &'a [Piece],
    /// What the log looks like as long as there is nothing more to read.
    pub(super) look: &'a str,
    /// How far the log was read.
    pub(super) state: &'a str,
    /// Which change this is of the log; 0 is the first.
    pub(super) step: i64,
    /// The texts stand nowhere else.
    pub(super) keep_texts: bool,
}

/// Whether a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Done,
    /// Another process was faster: what it did must be read first.
    Overtaken,
}

/// Makes a change.
pub(super) fn put(
    sql: &mut Connection,
    source: &Source<'_>,
    change: &Change<'_>,
) -> Result<Put, SqlError> {
    let work = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: Option<(i64, i64)> = work
        .query_row(
            "SELECT id, step FROM sources WHERE key = ?1",
            [source.key],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let id = match known {
        Some((id, step)) if step + 1 == change.step => id,
        None if change.step == 0 => {
            work.execute(
                "INSERT INTO sources(key, run, theirs, step, look, state) VALUES (?1, ?2, ?3, 0, '', '')",
                params![source.key, source.run, source.theirs],
            )?;
            work.last_insert_rowid()
        }
        Some(_) | None => return Ok(Put::Overtaken),
    };
    if change.anew {
        take_out(&work, id, "0, 1")?;
    } else {
        take_out(&work, id, "1")?;
    }
    let mut pieces: Vec<(&Piece, bool)> = change
        .complete
        .iter()
        .map(|piece| (piece, false))
        .chain(change.unfinished.iter().map(|piece| (piece, true)))
        .collect();
    pieces.sort_by_key(|(piece, _)| (piece.at, piece.seq));
    insert(&work, id, &pieces, change.keep_texts)?;
    work.execute(
        "UPDATE sources SET step = ?2, look = ?3, state = ?4 WHERE id = ?1",
        params![id, change.step, change.look, change.state],
    )?;
    work.commit()?;
    Ok(Put::Done)
}

/// Forgets a log.
pub(super) fn forget(sql: &mut Connection, key: &str) -> Result<(), SqlError> {
    let work = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id: Option<i64> = work
        .query_row("SELECT id FROM sources WHERE key = ?1", [key], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(id) = id {
        take_out(&work, id, "0, 1")?;
        work.execute("DELETE FROM sources WHERE id = ?1", [id])?;
    }
    work.commit()
}

/// Takes passages of a log out: unfinished ones (1), finished ones (0).
fn take_out(work: &Transaction<'_>, source: i64, which: &str) -> Result<(), SqlError> {
    let meant = format!("SELECT id FROM passages WHERE source = ?1 AND unfinished IN ({which})");
    for table in ["words WHERE rowid", "texts WHERE id"] {
        work.execute(&format!("DELETE FROM {table} IN ({meant})"), [source])?;
    }
    let passages = format!("DELETE FROM passages WHERE source = ?1 AND unfinished IN ({which})");
    work.execute(&passages, [source])?;
    Ok(())
}

fn insert(
    work: &Transaction<'_>,
    source: i64,
    pieces: &[(&Piece, bool)],
    keep_texts: bool,
) -> Result<(), SqlError> {
    let mut taken = work.prepare("SELECT max(id) FROM passages WHERE id BETWEEN ?1 AND ?2")?;
    let mut passage = work.prepare(
        "INSERT INTO passages(id, source, seq, at, kind, path, who, part, start, stop, unfinished)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let mut words = work.prepare("INSERT INTO words(rowid, text) VALUES (?1, ?2)")?;
    let mut text = work.prepare("INSERT INTO texts(id, text) VALUES (?1, ?2)")?;
    let mut last = -1_i64;
    for (piece, unfinished) in pieces {
        let moment = number(piece.at.0.min(LATEST)) * PER_MS;
        let mut id = moment.max(last + 1);
        while let Some(other) = taken.query_row([id, id + PER_MS], |row| row.get(0))? {
            let other: i64 = other;
            id = other + 1;
        }
        last = id;
        passage.execute(params![
            id,
            source,
            number(piece.seq.0),
            number(piece.at.0),
            piece.passage.word(),
            joined(&piece.path),
            piece.who,
            piece.part,
            number(piece.span.start),
            number(piece.span.end),
            unfinished,
        ])?;
        words.execute(params![id, indexed(piece, source)])?;
        if keep_texts {
            text.execute(params![id, piece.text])?;
        }
    }
    Ok(())
}

/// `1/2` for the second member of the team that the first agent is.
pub(super) fn joined(path: &[u16]) -> String {
    let path: Vec<String> = path.iter().map(u16::to_string).collect();
    path.join("/")
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The word that says in which log a text stands.
pub(super) fn source_mark(source: i64) -> String {
    mark('s', &source.to_string())
}

/// The words of a passage and those that say where it stands.
fn indexed(piece: &Piece, source: i64) -> String {
    let mut text = String::with_capacity(piece.text.len() + 64);
    each_word(&piece.text, |word, _| {
        text.push_str(word);
        text.push(' ');
    });
    let mut short: Vec<String> = beginnings(text.split_terminator(' '))
        .into_iter()
        .map(|beginning| mark('b', beginning))
        .collect();
    // The same text is always the same index.
    short.sort_unstable();
    let mut add = |mark: &str| {
        text.push(' ');
        text.push_str(mark);
    };
    for chain in chains(&piece.text) {
        add(&chain);
        // So that the next chain does not go on with this one.
        add(&mark('j', ""));
    }
    for beginning in &short {
        add(beginning);
    }
    add(&passage_mark(piece.passage));
    add(&source_mark(source));
    each_word(&piece.who, |word, _| add(&mark('a', word)));
    for id in &piece.path {
        add(&mark('a', &format!("agent{id}")));
    }
    each_word(&piece.tool, |word, _| add(&mark('t', word)));
    text
}
