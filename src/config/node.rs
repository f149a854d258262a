//! The configuration as a tree whose every key and value knows where it stands in the file.
//!
//! Plain data made by [`super::yaml`]; nothing here reads a file or knows MassGen's keys. Maps keep
//! the order of the file and hold each key once.

use serde_json::{Map, Number, Value};

/// A place in the source text. Lines and columns count from 1, columns and lengths in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Line; 0 when the place is the file as a whole.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// Characters before it in the text.
    pub offset: usize,
    /// Length in characters; may run over line ends.
    pub len: usize,
}

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Where it is used (for an alias: the place of the alias).
    pub span: Span,
    /// The text as written when `${NAME}` in it was replaced: what messages may show.
    pub written: Option<String>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean; YAML 1.1 spellings (`yes`, `off`) included.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Vec<Entry>),
}

/// One key of a map and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Value.
    pub value: Node,
}

impl Node {
    /// A value at a place.
    #[must_use]
    pub const fn new(kind: Kind, span: Span) -> Self {
        Self {
            kind,
            span,
            written: None,
        }
    }

    /// The entry of a map by key; `None` for anything that is not a map.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of a map by key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a map by key, when it is not null.
    #[must_use]
    pub fn some(&self, key: &str) -> Option<&Self> {
        self.get(key).filter(|node| node.kind != Kind::Null)
    }

    /// Entries of a map; empty for anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Items of a list; empty for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a text node.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean node.
    #[must_use]
    pub const fn bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a number node, whole or not.
    #[must_use]
    pub const fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Int(value) => Some(value as f64),
            Kind::Float(value) => Some(value),
            _ => None,
        }
    }

    /// True unless the value is absent in Python's sense: null, false, 0, empty.
    #[must_use]
    pub fn truthy(&self) -> bool {
        match &self.kind {
            Kind::Null => false,
            Kind::Bool(value) => *value,
            Kind::Int(value) => *value != 0,
            Kind::Float(value) => *value != 0.0,
            Kind::Text(text) => !text.is_empty(),
            Kind::List(items) => !items.is_empty(),
            Kind::Map(entries) => !entries.is_empty(),
        }
    }

    /// What the value is, as a message names it.
    #[must_use]
    pub const fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) => "a whole number",
            Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// A scalar as a message may show it: short, without control characters, and never the value of
    /// an environment variable.
    #[must_use]
    pub fn shown(&self) -> String {
        let text = match (&self.written, &self.kind) {
            (Some(written), _) => written.clone(),
            (None, Kind::Text(text)) => text.clone(),
            (None, Kind::Null) => "null".to_owned(),
            (None, Kind::Bool(value)) => value.to_string(),
            (None, Kind::Int(value)) => value.to_string(),
            (None, Kind::Float(value)) => value.to_string(),
            (None, Kind::List(_) | Kind::Map(_)) => return self.noun().to_owned(),
        };
        if super::excerpt::looks_secret(text.trim()) {
            return "`***`".to_owned();
        }
        format!("`{}`", super::excerpt::clean(&text, 48))
    }

    /// The value as JSON; `None` when it holds a number JSON does not know (infinite, not a number).
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        Some(match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Number((*value).into()),
            Kind::Float(value) => Value::Number(Number::from_f64(*value)?),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(Self::json).collect::<Option<_>>()?,
            Kind::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| Some((entry.key.clone(), entry.value.json()?)))
                    .collect::<Option<Map<_, _>>>()?,
            ),
        })
    }
}
