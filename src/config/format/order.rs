//! The usual order of the few keys that people look for first; all others stay where they are.
//!
//! A map is left alone where moving a key could take a comment to the wrong place: when a comment stands
//! by itself between its keys.

use super::lines::{Block, Dash, Item, key_end};
use crate::config::schema;

/// Keys that come first, by the kind of map.
const FIRST: &[(&str, &[&str])] = &[
    (
        "top",
        &["agents", "agent", "orchestrator", "timeout_settings", "ui"],
    ),
    ("agent", &["id", "backend"]),
    ("backend", &["type", "model"]),
];

/// Puts the keys of a map of this kind, and of all below it, in order.
pub fn put(block: &mut Block, scope: &str) {
    for item in &mut block.items {
        let name = key(item);
        let Some(known) = schema::scope(scope).and_then(|keys| keys.get(&name)) else {
            continue;
        };
        let Some(inner) = &known.scope else { continue };
        let lists = item.below.items.iter().any(|one| one.dash != Dash::None);
        if lists || known.named {
            for one in &mut item.below.items {
                put(&mut one.below, inner);
            }
        } else {
            put(&mut item.below, inner);
        }
    }
    let Some((_, first)) = FIRST.iter().find(|(name, _)| *name == scope) else {
        return;
    };
    let place = |item: &Item| {
        let name = key(item);
        first
            .iter()
            .position(|one| *one == name)
            .unwrap_or(first.len())
    };
    let sorted = block.items.is_sorted_by_key(place);
    if sorted || block.items.iter().any(stands_alone) {
        return;
    }
    // The head of the file, or words on the list as a whole, stay at the top.
    let comment = |item: &Item| item.lead.iter().any(|line| !line.is_empty());
    if block.items.first().is_some_and(comment) {
        return;
    }
    let next = block.items.iter().min_by_key(|item| place(item));
    if next.is_some_and(comment) {
        return;
    }
    let blank = block.items.first().map(|item| item.lead.clone());
    block.items.sort_by_key(place);
    // Blank lines stay between keys, not before the first.
    if let (Some(item), Some(blank)) = (block.items.first_mut(), blank)
        && item.lead.iter().all(String::is_empty)
    {
        item.lead = blank;
    }
}

/// A comment with a blank line between it and the key.
fn stands_alone(item: &Item) -> bool {
    let mut lead = item.lead.iter().skip_while(|line| line.is_empty());
    lead.any(String::is_empty)
}

/// The key of an item, without quotes.
fn key(item: &Item) -> String {
    let end = key_end(&item.line).unwrap_or(0);
    let name = item.line.get(..end).unwrap_or_default();
    name.trim_end_matches(':')
        .trim_matches(['"', '\'', ' '])
        .to_owned()
}
