//! The search of the list of sessions: reading on in logs for a while, and asking what is known.
//!
//! A look at the logs ends after a while and is asked for again, so that nobody waits for more than that
//! and leaving the search ends it. Blocking.

use std::time::{Duration, Instant};

use super::shelf::Shelf;
use crate::{
    protocol::{Failure, Hit, Hits},
    store::search::Go,
    tui::sessions::ask::{self, Found, FoundSession, Reading},
};

/// How long logs are read at a time.
const WHILE: Duration = Duration::from_millis(1_500);

/// Places listed at most.
const MOST: usize = 300;

/// Reads on in logs for a while; how far it is, `None` when all are read.
pub(super) fn index(shelf: &Shelf) -> Result<Option<Reading>, Failure> {
    let began = Instant::now();
    let mut reading = None;
    let ended = shelf.index(&mut |progress| {
        reading = Some(Reading {
            done: progress.logs,
            of: progress.of_logs,
        });
        if began.elapsed() < WHILE {
            Go::On
        } else {
            Go::Stop
        }
    })?;
    Ok(match ended {
        Go::On => None,
        Go::Stop => reading,
    })
}

/// What is found for these words, by session.
pub(super) fn found(shelf: &Shelf, words: &str) -> Result<Found, Failure> {
    Ok(by_session(shelf.search(words, MOST)?))
}

/// Sessions in the order of their first place.
fn by_session(hits: Hits) -> Found {
    let mut sessions: Vec<FoundSession> = Vec::new();
    for hit in hits.hits {
        let place = place(&hit);
        match sessions.iter_mut().find(|one| one.run == hit.run) {
            Some(one) => one.hits.push(place),
            None => sessions.push(FoundSession {
                run: hit.run,
                hits: vec![place],
            }),
        }
    }
    Found {
        sessions,
        more: hits.more,
    }
}

fn place(hit: &Hit) -> ask::Hit {
    let what = hit.passage.word();
    let who = if hit.who.is_empty() {
        what.to_owned()
    } else {
        format!("{} · {what}", hit.who)
    };
    let bits = hit.excerpt.iter();
    ask::Hit {
        seq: hit.seq,
        who,
        snippet: bits.map(|bit| (bit.hit, bit.text.clone())).collect(),
    }
}
