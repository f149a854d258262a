//! What the sessions were set up with: only what differs, with every session's value.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Known,
    rows::{cell, row},
};
use crate::{
    protocol::{
        AgentCard, Origin,
        comparison::{Cell, Section},
    },
    run::Turn,
    text::clean,
};

/// The sections about the setup.
pub(super) fn of(known: &[Known<'_>]) -> Vec<Section> {
    vec![
        team(known),
        settings(known, "Rules"),
        settings(known, "Limits"),
    ]
}

/// Agents by name, with their models.
fn team(known: &[Known<'_>]) -> Section {
    let mut names: Vec<&str> = Vec::new();
    for agent in known
        .iter()
        .filter_map(Known::last)
        .flat_map(|turn| &turn.agents)
    {
        if !names.contains(&agent.card.name.as_str()) {
            names.push(&agent.card.name);
        }
    }
    let card = |one: &Known<'_>, name: &str| -> Cell {
        let turn = one.last();
        let found = turn.and_then(|turn| turn.agents.iter().find(|agent| agent.card.name == name));
        found.map_or_else(Cell::default, |agent| cell(&words(&agent.card)))
    };
    let mut rows: Vec<_> = (names.into_iter())
        .map(|name| {
            let cells = known.iter().map(|one| card(one, name)).collect();
            row(clean::line(name), cells)
        })
        .collect();
    rows.push(row(
        "from",
        (known.iter())
            .map(|one| one.last().map_or_else(Cell::default, from))
            .collect(),
    ));
    rows.push(row(
        "folder",
        (known.iter())
            .map(|one| {
                one.last()
                    .map_or_else(Cell::default, |turn| cell(&turn.start.cwd))
            })
            .collect(),
    ));
    rows.retain(|row| row.differs);
    let remark = if rows.is_empty() {
        "The same agents, models and folder."
    } else {
        ""
    };
    Section {
        title: "Team".to_owned(),
        rows,
        remark: remark.to_owned(),
    }
}

fn words(card: &AgentCard) -> String {
    format!("{} ({})", card.model, card.backend)
}

fn from(turn: &Turn) -> Cell {
    cell(&match &turn.start.origin {
        Origin::Config { path } => path.clone(),
        Origin::Direct => "flags".to_owned(),
        Origin::Demo { scenario } => format!("demo {scenario}"),
        Origin::Imported { program } => format!("a log of {program}"),
    })
}

/// Rules or limits, field by field.
fn settings(known: &[Known<'_>], title: &str) -> Section {
    let told: Vec<Option<BTreeMap<String, String>>> = (known.iter())
        .map(|one| {
            let turn = one.last().filter(|turn| turn.imported().is_none())?;
            let value = match title {
                "Rules" => serde_json::to_value(&turn.start.rules),
                _ => serde_json::to_value(&turn.start.limits),
            };
            let mut fields = BTreeMap::new();
            flatten(&value.unwrap_or_default(), "", &mut fields);
            Some(fields)
        })
        .collect();
    let silent = told.iter().filter(|fields| fields.is_none()).count();
    let mut remark = match silent {
        0 => String::new(),
        1 => "One of the sessions does not tell them.".to_owned(),
        more => format!("{more} of the sessions do not tell them."),
    };
    let mut names: Vec<&String> = told.iter().flatten().flat_map(BTreeMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    let mut rows = Vec::new();
    for name in names {
        let mut values = told.iter().flatten().map(|fields| fields.get(name));
        let first = values.next();
        if values.all(|value| Some(value) == first) {
            continue;
        }
        let cells = told.iter().map(|fields| match fields {
            Some(fields) => cell(fields.get(name).map_or("not set", String::as_str)),
            None => Cell::default(),
        });
        rows.push(row(clean::line(name), cells.collect()));
    }
    if rows.is_empty() && silent == 0 {
        "The same.".clone_into(&mut remark);
    }
    Section {
        title: title.to_owned(),
        rows,
        remark,
    }
}

/// Fields by their path: `deciding policy`.
fn flatten(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    let words = match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('_', " ");
                let path = match path {
                    "" => name,
                    path => format!("{path} {name}"),
                };
                flatten(value, &path, into);
            }
            return;
        }
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(_) => value.to_string(),
    };
    into.insert(path.to_owned(), words);
}
