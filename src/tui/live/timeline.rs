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
use crate::run::{Happening, Said, Turn};

/// The page.
pub(super) fn page(turn: &Turn, scroll: Scroll) -> Flow {
    let mut flow = Flow::new(scroll);
    rows(&mut flow, turn);
    flow
}

/// One row per happening, oldest first.
pub(super) fn rows(flow: &mut Flow, turn: &Turn) {
    for entry in &turn.timeline {
        let when = clock(turn.time(entry.at));
        let (sign, role) = sign(&entry.what);
        let words = Words::of(Role::Dim, format!("{when:>7} "))
            .and(role, sign)
            .and(Role::Text, " ")
            .and(Role::Text, clean(&turn.sentence(entry)));
        flow.push(Block::row(words));
    }
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
