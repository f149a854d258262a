//! The page that tells what happened when.
//!
//! Times count from the start of the turn; the sentences are the fold's.

use super::{
    block::Block,
    flow::Flow,
    ink::{Role, Words},
    phrase::{clean, clock},
    scroll::Scroll,
};
use crate::{
    run::{Anew, Happening, Said, TimelineEntry, Turn},
    tui::shared::Shared,
};

/// The page: every happening, and why agents began anew.
pub(super) fn page(turn: &Turn, scroll: Scroll, shared: &Shared) -> Flow {
    let mut flow = Flow::new(scroll);
    let mut anew = turn.record.causes.rounds.iter().peekable();
    for entry in &turn.timeline {
        while let Some(cause) = anew.next_if(|cause| cause.seq < entry.seq) {
            because(&mut flow, turn, cause);
        }
        row(&mut flow, turn, entry, shared);
    }
    for cause in anew {
        because(&mut flow, turn, cause);
    }
    flow
}

/// Rows of the page up to and including the event with this number.
pub(super) fn rows_until(turn: &Turn, seq: u64) -> usize {
    let told = turn.timeline.partition_point(|entry| entry.seq <= seq);
    told + turn
        .record
        .causes
        .rounds
        .partition_point(|cause| cause.seq <= seq)
}

/// One row per happening, oldest first, with a word where something was noted.
pub(super) fn rows(flow: &mut Flow, turn: &Turn, shared: &Shared) {
    for entry in &turn.timeline {
        row(flow, turn, entry, shared);
    }
}

fn row(flow: &mut Flow, turn: &Turn, entry: &TimelineEntry, shared: &Shared) {
    let when = clock(turn.time(entry.at));
    let (sign, role) = sign(&entry.what);
    let words = Words::of(Role::Dim, format!("{when:>7} "))
        .and(role, sign)
        .and(Role::Text, " ")
        .and(Role::Text, clean(&turn.sentence(entry)));
    let words = match noted(shared, Some(entry.seq)) {
        Some(note) => words.and(Role::Warn, format!("  {note}")),
        None => words,
    };
    flow.push(Block::row(words));
}

/// `✍ 2 notes`, when people noted something on this event.
pub(super) fn noted(shared: &Shared, seq: Option<u64>) -> Option<String> {
    match shared.noted.get(&seq?)? {
        1 => Some("✍ 1 note".to_owned()),
        many => Some(format!("✍ {many} notes")),
    }
}

fn because(flow: &mut Flow, turn: &Turn, cause: &Anew) {
    let when = clock(turn.time(cause.at));
    let words = Words::of(Role::Dim, format!("{when:>7} "))
        .and(Role::Info, "↺ ")
        .and(Role::Text, clean(&turn.why_anew(cause)));
    flow.push(Block::row(words));
}

const fn sign(what: &Happening) -> (&'static str, Role) {
    match what {
        Happening::Started(_) => ("▶", Role::Dim),
        Happening::Phase(_) => ("→", Role::Info),
        Happening::Published(_) => ("✎", Role::Accent),
        Happening::Voted(Some(_)) => ("✓", Role::Ok),
        Happening::Voted(None) => ("○", Role::Dim),
        Happening::BallotsDropped(..) => ("⊘", Role::Warn),
        Happening::Retrying(_) => ("↻", Role::Warn),
        Happening::Benched => ("✗", Role::Bad),
        Happening::Said(Said::Steered) => ("»", Role::Info),
        Happening::Said(Said::Asked(_)) => ("?", Role::Accent),
        Happening::Decided(_) => ("★", Role::Ok),
        Happening::Told(_) => ("◇", Role::Info),
        Happening::Ended => ("■", Role::Dim),
    }
}
