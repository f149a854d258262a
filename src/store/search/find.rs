//! Asks the index.
//!
//! Passages come newest first, straight from the end of the list of each word, so that a common word
//! costs no more than as many passages as are wanted. Their texts are read where they stand.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
};

use super::{Index, excerpt::excerpt, log, noted, put::source_mark, query::Query};
use crate::{
    protocol::{AgentId, Failure, Hit, Hits, Passage, RunId, Seq, Timestamp},
    store::{
        Store,
        db::{Connection, SqlError},
    },
};

/// Most passages that are given.
const MOST: usize = 10_000;
/// Sessions up to which they are part of the question; among more, passages are sorted out afterwards.
const FEW: usize = 64;

/// A session in the index.
struct Known {
    id: i64,
    key: String,
    run: String,
}

/// A passage in the index.
struct Row {
    source: i64,
    id: i64,
    seq: u64,
    at: u64,
    passage: Passage,
    path: String,
    who: String,
    part: u32,
    start: u64,
    stop: u64,
}

impl Index {
    /// The newest `limit` passages that meet a query, in the sessions whose keys `within` holds: the
    /// name of one of ours, the folder of another program's log.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn find(
        &mut self,
        store: &Store,
        query: &Query,
        within: &HashSet<String>,
        limit: usize,
    ) -> Result<Hits, Failure> {
        let limit = limit.clamp(1, MOST);
        let (known, rows, texts) = self.db.with(|sql| {
            let (known, all) = sources(sql, within)?;
            let rows = rows(sql, query, &known, all, limit + 1)?;
            let texts = texts(sql, rows.iter().take(limit))?;
            Ok((known, rows, texts))
        })?;
        let more = rows.len() > limit;
        let mut open: Option<(i64, Option<File>)> = None;
        let mut hits = Vec::new();
        for row in rows.into_iter().take(limit) {
            let Some(source) = known.get(&row.source) else {
                continue;
            };
            let run = RunId(source.run.clone());
            let text = if let Some(text) = texts.get(&row.id) {
                Some(text.clone())
            } else {
                if open.as_ref().is_none_or(|(of, _)| *of != source.id) {
                    open = Some((source.id, log::open(&store.log(&run))));
                }
                let file = open.as_mut().and_then(|(_, file)| file.as_mut());
                file.and_then(|file| read(file, &row))
            };
            hits.push(hit(run, row, text.as_deref(), query));
        }
        Ok(Hits { hits, more })
    }
}

/// The sessions that are meant, and whether these are all.
fn sources(
    sql: &Connection,
    within: &HashSet<String>,
) -> Result<(HashMap<i64, Known>, bool), SqlError> {
    let mut select = sql.prepare("SELECT id, key, run FROM sources")?;
    let rows = select.query_map([], |row| {
        Ok(Known {
            id: row.get(0)?,
            key: row.get(1)?,
            run: row.get(2)?,
        })
    })?;
    let mut known = HashMap::new();
    let mut all = true;
    for row in rows {
        let row = row?;
        if within.contains(noted::session(&row.key)) {
            known.insert(row.id, row);
        } else {
            all = false;
        }
    }
    Ok((known, all))
}

fn rows(
    sql: &Connection,
    query: &Query,
    known: &HashMap<i64, Known>,
    all: bool,
    limit: usize,
) -> Result<Vec<Row>, SqlError> {
    let mut rows = Vec::new();
    if known.is_empty() {
        return Ok(rows);
    }
    let mut within = Vec::new();
    if !all && known.len() <= FEW {
        within.extend(known.keys().map(|id| source_mark(*id)));
    }
    let expression = query.expression(&within);
    let mut ids =
        sql.prepare("SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rowid DESC")?;
    let mut ids = ids.query([expression])?;
    let mut passage = sql.prepare(
        "SELECT source, seq, at, kind, path, who, part, start, stop FROM passages WHERE id = ?1",
    )?;
    while rows.len() < limit {
        let Some(row) = ids.next()? else { break };
        let id: i64 = row.get(0)?;
        let row = passage.query_row([id], |row| {
            let kind: String = row.get(3)?;
            let mut kinds = Passage::ALL.into_iter();
            Ok(Row {
                source: row.get(0)?,
                id,
                seq: positive(row.get(1)?),
                at: positive(row.get(2)?),
                passage: kinds
                    .find(|passage| passage.word() == kind)
                    .unwrap_or(Passage::Text),
                path: row.get(4)?,
                who: row.get(5)?,
                part: row.get(6)?,
                start: positive(row.get(7)?),
                stop: positive(row.get(8)?),
            })
        })?;
        if known.contains_key(&row.source) {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The texts that the index itself keeps.
fn texts<'a>(
    sql: &Connection,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<HashMap<i64, String>, SqlError> {
    let mut select = sql.prepare("SELECT text FROM texts WHERE id = ?1")?;
    let mut texts = HashMap::new();
    for row in rows {
        let mut found = select.query([row.id])?;
        if let Some(text) = found.next()? {
            texts.insert(row.id, text.get(0)?);
        }
    }
    Ok(texts)
}

/// The text of a passage of ours, from its log.
fn read(file: &mut File, row: &Row) -> Option<String> {
    log::text(file, row.start..row.stop, |piece| {
        piece.seq.0 == row.seq
            && piece.passage == row.passage
            && piece.part == row.part
            && super::put::joined(&piece.path) == row.path
    })
}

fn hit(run: RunId, row: Row, text: Option<&str>, query: &Query) -> Hit {
    let at_the_end = |seq| row.passage == Passage::Note && seq == noted::AT_THE_END;
    let agent = row.path.split('/').next().and_then(|id| id.parse().ok());
    Hit {
        run,
        seq: Some(Seq(row.seq)).filter(|seq| !at_the_end(*seq)),
        at: Timestamp(row.at),
        agent: agent.map(AgentId),
        who: row.who,
        passage: row.passage,
        excerpt: text.map_or_else(Vec::new, |text| excerpt(text, &query.terms)),
    }
}
