//! The page about a session: where it ran, with what, and what it changed in files.
//!
//! Only what its log has; what a log does not tell is said to be unknown.

use super::{
    block::Block,
    flow::Flow,
    ink::Role,
    phrase::{self, clean},
    scroll::Scroll,
    transcript::name,
    votes::heading,
};
use crate::{
    protocol::{Origin, change::Access},
    run::Turn,
};

/// The page.
pub(super) fn page(turn: &Turn, scroll: Scroll) -> Flow {
    let mut flow = Flow::new(scroll);
    heading(&mut flow, Role::Accent, "Session");
    let start = &turn.start;
    let origin = match &start.origin {
        Origin::Config { path } => format!("configuration {}", clean(path)),
        Origin::Demo { scenario } => {
            format!("the scripted demo team \"{}\", no model", clean(scenario))
        }
        Origin::Direct => "models named on the command line".to_owned(),
        Origin::Imported { program } => format!("a log of {}", clean(program)),
    };
    for (what, words) in [
        ("name", clean(&start.run.0)),
        ("turn", start.turn.to_string()),
        ("team from", origin),
        ("folder", clean(&start.cwd)),
        ("program version", clean(&start.version)),
    ] {
        let words = if words.trim().is_empty() {
            "unknown: the log does not say".to_owned()
        } else {
            words
        };
        flow.push(Block::note("·", Role::Text, &format!("{what}: {words}")));
    }
    heading(&mut flow, Role::Accent, "Task");
    flow.push(Block::note("·", Role::Text, &start.prompt));
    heading(&mut flow, Role::Accent, "Models");
    for agent in &turn.agents {
        let card = &agent.card;
        let words = format!(
            "{} ({}): {} · {}",
            clean(&card.name),
            card.id.0,
            clean(&card.model),
            clean(&card.backend)
        );
        flow.push(Block::note("·", Role::Text, &words));
    }
    folders(&mut flow, turn);
    changed(&mut flow, turn);
    flow
}

fn folders(flow: &mut Flow, turn: &Turn) {
    heading(flow, Role::Accent, "Folders");
    if turn.start.places.is_empty() {
        let words = "no folder was given to the agents";
        flow.push(Block::note("·", Role::Dim, words));
    }
    for place in &turn.start.places {
        let may = match place.access {
            Access::Read => "may be read",
            Access::Write => "may be changed, in a copy",
        };
        let head = place
            .head
            .as_deref()
            .map_or_else(String::new, |head| format!(" · stood on {}", clean(head)));
        let words = format!("{}: {may}{head}", clean(&place.path));
        flow.push(Block::note("·", Role::Text, &words));
    }
}

/// What each answer changed.
fn changed(flow: &mut Flow, turn: &Turn) {
    heading(flow, Role::Accent, "Files changed");
    let with = turn
        .answers
        .iter()
        .filter(|one| !one.answer.changes.is_empty());
    let mut any = false;
    for published in with {
        any = true;
        let label = published.answer.label;
        for change in &published.answer.changes {
            let place = turn
                .start
                .places
                .iter()
                .find(|place| place.context == change.context);
            let place = place.map_or_else(|| "its folder".to_owned(), |place| clean(&place.path));
            let files = phrase::count(u64::from(change.files), "file", "files");
            let words = format!(
                "{label} by {}: {files} in {place}, +{} -{} (w reviews them)",
                name(turn, label.agent),
                change.added,
                change.removed
            );
            flow.push(Block::note("✎", Role::Text, &words));
        }
    }
    if !any {
        flow.push(Block::note("·", Role::Dim, "none, as far as the log tells"));
    }
}
