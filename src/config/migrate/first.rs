//! MassGen's first format: a list of models and a few numbers, to agents and limits.

use std::fmt::Write as _;

use super::Work;
use crate::config::backends;
use crate::config::node::{Entry, Node};

/// Keys of that format.
const OLD: [&str; 7] = [
    "models",
    "model_configs",
    "num_agents",
    "max_rounds",
    "consensus_threshold",
    "voting_enabled",
    "enable_voting",
];

/// True for a key of the first format.
pub fn is_old(key: &str) -> bool {
    OLD.contains(&key)
}

/// Turns what there is of the first format.
pub fn bring(root: &Node, work: &mut Work) {
    let old: Vec<&Entry> = root
        .entries()
        .iter()
        .filter(|one| is_old(&one.key))
        .collect();
    let mut orchestrator: Vec<String> = Vec::new();
    for entry in old {
        match entry.key.as_str() {
            "models" => models(root, entry, work),
            "max_rounds" => {
                let number = entry.value.number().filter(|number| *number >= 1.0);
                match number {
                    Some(number) if work.edits.remove(entry) => {
                        orchestrator.push(format!("max_new_answers_per_agent: {}", number.ceil()));
                        work.changed(
                            entry,
                            "`max_rounds` is `orchestrator.max_new_answers_per_agent` now",
                        );
                    }
                    _ => work.by_hand(
                        entry,
                        "max_rounds",
                        "is `orchestrator.max_new_answers_per_agent` now",
                    ),
                }
            }
            "voting_enabled" | "enable_voting" => match entry.value.bool() {
                Some(votes) if work.edits.remove(entry) => {
                    if !votes {
                        orchestrator.push("skip_voting: true".to_owned());
                    }
                    work.changed(
                        entry,
                        &format!("`{}` is `orchestrator.skip_voting` now", entry.key),
                    );
                }
                _ => work.by_hand(entry, &entry.key, "is `orchestrator.skip_voting` now"),
            },
            "consensus_threshold" => {
                work.take_away(entry, "consensus_threshold", "the vote decides");
            }
            // Told with the models.
            "num_agents" if root.get("models").is_some() => {}
            "num_agents" => work.take_away(entry, "num_agents", "the agents are counted"),
            key => work.by_hand(entry, key, "goes into the `backend:` of each agent now"),
        }
    }
    settle(root, &orchestrator, work);
}

fn models(root: &Node, entry: &Entry, work: &mut Work) {
    let names: Option<Vec<&str>> = match entry.value.text() {
        Some(one) => Some(vec![one]),
        None => entry.value.items().iter().map(Node::text).collect(),
    };
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return work.by_hand(entry, "models", "is `agents:` now, each with a `backend:`");
    };
    let range = work.edits.range(entry);
    let taken = root.get("agents").is_some() || root.get("agent").is_some();
    let (Some((line, _, _)), false) = (range, taken) else {
        return work.by_hand(entry, "models", "is `agents:` now, each with a `backend:`");
    };
    if !work.edits.remove(entry) {
        return work.by_hand(entry, "models", "is `agents:` now; comments stand in it");
    }
    let count = root.entry("num_agents");
    let copies = count
        .and_then(|entry| entry.value.number())
        .filter(|number| *number >= 2.0 && names.len() == 1);
    if let Some(count) = count {
        work.take_away(count, "num_agents", "the agents are counted");
    }
    let mut text = String::from("agents:\n");
    for (index, name) in names.iter().enumerate() {
        let kind = backends::by_model(name);
        let quoted = serde_json::Value::from(*name);
        let _ = writeln!(text, "  - id: agent{}", index + 1);
        if let Some(copies) = copies {
            let _ = writeln!(text, "    count: {copies}");
        }
        text.push_str("    backend:\n");
        let word = kind.map_or("chatcompletion", |one| one.r#type.as_str());
        let _ = writeln!(text, "      type: {word}\n      model: {quoted}");
        if kind.is_none() {
            work.by_hand(
                entry,
                "models",
                &format!("has {quoted}: say where its server is with `base_url:`"),
            );
        }
    }
    work.edits.insert(line, text);
    work.changed(entry, "`models` is `agents` now");
}

/// Puts lines under `orchestrator:`, which is made when there is none.
fn settle(root: &Node, lines: &[String], work: &mut Work) {
    if lines.is_empty() {
        return;
    }
    let block =
        |indent: &str| -> String { lines.iter().flat_map(|line| [indent, line, "\n"]).collect() };
    let Some(entry) = root.entry("orchestrator") else {
        let end = work.edits.lines() + 1;
        work.edits
            .insert(end, format!("orchestrator:\n{}", block("  ")));
        return;
    };
    let first = entry.value.entries().first().map(|one| one.key_span);
    match first {
        Some(first) if first.line > entry.key_span.line => {
            let indent = " ".repeat((first.column as usize).saturating_sub(1));
            work.edits.insert(first.line as usize, block(&indent));
        }
        _ => work.by_hand(
            entry,
            "orchestrator",
            &format!("should have: {}", lines.join(", ")),
        ),
    }
}
