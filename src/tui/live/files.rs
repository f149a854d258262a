//! The files that a final answer comes with, on its page: how many, and where they go when the person
//! takes them.

use super::{block::Block, flow::Flow, ink::Role, phrase, phrase::clean, votes};
use crate::{
    protocol::{Own, change::Snapshot},
    run::Turn,
};

/// The rows; none when the turn ended without an answer that changed files.
pub(super) fn rows(flow: &mut Flow, turn: &Turn) {
    if !turn.is_over() {
        return;
    }
    let lines: Vec<String> = turn
        .final_files()
        .iter()
        .filter_map(|files| line(turn, files))
        .collect();
    if lines.is_empty() {
        return;
    }
    votes::heading(flow, Role::Accent, "Files");
    for line in lines {
        flow.push(Block::note("✎", Role::Text, &line));
    }
}

fn line(turn: &Turn, files: &Snapshot) -> Option<String> {
    let start = &turn.start;
    let mut places = start.places.iter();
    let place = places.find(|place| place.context == files.context)?;
    if place.tree == files.tree {
        return None;
    }
    let count = phrase::count(u64::from(files.files), "file", "files");
    let lines = format!("+{} -{}", files.added, files.removed);
    let path = clean(&place.path);
    // The folder of the session stands before those that may be looked at.
    let own = start.rules.working.own == Own::Empty && place.context.0 == 0;
    let whose = if own {
        "the folder of this session, "
    } else {
        ""
    };
    Some(format!(
        "{count} changed in copies, {lines}: w looks at them and takes them to {whose}{path}"
    ))
}
