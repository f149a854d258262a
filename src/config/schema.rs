//! The keys that MassGen knows, as data: `assets/config_keys.json`.
//!
//! A scope is one kind of map in a configuration (the top level, an agent, a backend …). Each key has
//! a shape, perhaps allowed values and a range, and says what this version does with it. The table is
//! embedded and read once; a test checks that it can be read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::node::{Kind, Node};

/// What this version does with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is used.
    Honoured,
    /// It is known, left alone and reported; the text says why in words that follow "it", and after
    /// a semicolon what to do instead.
    Kept(String),
    /// MassGen itself makes no use of it; the text says why.
    Dead(String),
    /// It is an error; the text says what to write instead.
    Removed(String),
}

/// One known key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Accepted shapes.
    pub shapes: Vec<Shape>,
    /// Accepted texts; empty for any.
    pub values: Vec<String>,
    /// A text outside `values` is a warning even if the key is honoured (vendors add values).
    pub soft: bool,
    /// A text outside `values` is an error even if the key is not honoured.
    pub hard: bool,
    /// Least number.
    pub min: Option<f64>,
    /// Largest number.
    pub max: Option<f64>,
    /// What happens with it.
    pub usage: Use,
    /// Scope of the map, of the items of the list, or (with `named`) of the values of the map.
    pub scope: Option<String>,
    /// The map form is name → entry.
    pub named: bool,
}

/// Shapes of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// Whole number.
    Int,
    /// Number.
    Number,
    /// Boolean.
    Bool,
    /// List.
    List,
    /// List of texts.
    Texts,
    /// Map.
    Map,
    /// Null.
    Null,
    /// Anything.
    Any,
}

impl Shape {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "str" => Self::Text,
            "int" => Self::Int,
            "num" => Self::Number,
            "bool" => Self::Bool,
            "list" => Self::List,
            "texts" => Self::Texts,
            "map" => Self::Map,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// How a message names it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::List => "a list",
            Self::Texts => "a list of texts",
            Self::Map => "a map",
            Self::Null => "null",
            Self::Any => "anything",
        }
    }

    /// True when the value has this shape.
    #[must_use]
    pub fn fits(self, node: &Node) -> bool {
        match (self, &node.kind) {
            (Self::Any, _)
            | (Self::Text, Kind::Text(_))
            | (Self::Int, Kind::Int(_))
            | (Self::Number, Kind::Int(_) | Kind::Float(_))
            | (Self::Bool, Kind::Bool(_))
            | (Self::List, Kind::List(_))
            | (Self::Map, Kind::Map(_))
            | (Self::Null, Kind::Null) => true,
            (Self::Texts, Kind::List(items)) => items.iter().all(|item| item.text().is_some()),
            _ => false,
        }
    }
}

impl Key {
    /// True when the value has one of the shapes.
    #[must_use]
    pub fn fits(&self, node: &Node) -> bool {
        self.shapes.iter().any(|shape| shape.fits(node))
    }

    /// The shapes in words: `text or a list`.
    #[must_use]
    pub fn nouns(&self) -> String {
        self.shapes
            .iter()
            .filter(|shape| **shape != Shape::Null)
            .map(|shape| shape.noun())
            .collect::<Vec<_>>()
            .join(" or ")
    }
}

/// A key as the asset writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    r#type: String,
    r#use: String,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    soft: bool,
    #[serde(default)]
    hard: bool,
    min: Option<f64>,
    max: Option<f64>,
    scope: Option<String>,
    #[serde(default)]
    named: bool,
}

impl From<Row> for Key {
    fn from(row: Row) -> Self {
        let mut shapes: Vec<Shape> = row
            .r#type
            .trim_end_matches('?')
            .split('|')
            .filter_map(Shape::parse)
            .collect();
        if row.r#type.ends_with('?') {
            shapes.push(Shape::Null);
        }
        let usage = match row.r#use.split_once(": ") {
            Some(("dead", why)) => Use::Dead(why.to_owned()),
            Some(("removed", instead)) => Use::Removed(instead.to_owned()),
            _ if row.r#use == "honoured" => Use::Honoured,
            _ => Use::Kept(row.r#use),
        };
        Self {
            shapes,
            values: row.values,
            soft: row.soft,
            hard: row.hard,
            min: row.min,
            max: row.max,
            usage,
            scope: row.scope,
            named: row.named,
        }
    }
}

/// One kind of map: its keys by name.
pub type Scope = BTreeMap<String, Key>;

static SCOPES: LazyLock<BTreeMap<String, Scope>> = LazyLock::new(|| {
    let rows: BTreeMap<String, BTreeMap<String, Row>> =
        serde_json::from_str(include_str!("../../assets/config_keys.json")).unwrap_or_default();
    rows.into_iter()
        .map(|(scope, rows)| {
            let keys = rows
                .into_iter()
                .map(|(key, row)| (key, row.into()))
                .collect();
            (scope, keys)
        })
        .collect()
});

/// The keys of a scope; `None` for a scope that the table does not have.
#[must_use]
pub fn scope(name: &str) -> Option<&'static Scope> {
    SCOPES.get(name)
}

/// Every scope with its keys, for documentation.
#[must_use]
pub fn scopes() -> &'static BTreeMap<String, Scope> {
    &SCOPES
}

/// Scopes a misplaced key may belong to, with the words for the place.
const HOMES: &[(&str, &str)] = &[
    ("top", "at the top level"),
    ("agent", "in the agent, beside `backend:`"),
    ("backend", "under `backend:` of the agent"),
    ("orchestrator", "under `orchestrator:`"),
    ("coordination", "under `orchestrator.coordination:`"),
    ("timeout_settings", "under `timeout_settings:`"),
    ("ui", "under `ui:`"),
];

/// Where a key that is unknown in `scope` belongs, when another level has exactly this key.
#[must_use]
pub fn home(key: &str, scope_name: &str) -> Option<&'static str> {
    HOMES
        .iter()
        .filter(|(name, _)| *name != scope_name)
        .find(|(name, _)| {
            scope(name)
                .and_then(|keys| keys.get(key))
                .is_some_and(|known| !matches!(known.usage, Use::Dead(_) | Use::Removed(_)))
        })
        .map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_its_scopes_exist() {
        let text = include_str!("../../assets/config_keys.json");
        let rows: BTreeMap<String, BTreeMap<String, Row>> = serde_json::from_str(text).unwrap();
        assert!(rows.values().map(BTreeMap::len).sum::<usize>() > 400);
        for (scope_name, rows) in &rows {
            for (key, row) in rows {
                for word in row.r#type.trim_end_matches('?').split('|') {
                    assert!(Shape::parse(word).is_some(), "{scope_name}.{key}: {word}");
                }
                if let Some(inner) = &row.scope {
                    assert!(scopes().contains_key(inner), "{scope_name}.{key}: {inner}");
                }
            }
        }
    }

    #[test]
    fn misplaced_keys_have_a_home() {
        assert_eq!(
            home("enable_planning_mode", "orchestrator"),
            Some("under `orchestrator.coordination:`")
        );
        assert_eq!(
            home("system_message", "backend"),
            Some("in the agent, beside `backend:`")
        );
        assert_eq!(home("no_such_key", "top"), None);
    }
}
