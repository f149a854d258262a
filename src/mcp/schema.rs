//! Schemas of arguments as every vendor takes them.
//!
//! Servers write what they like; vendors refuse a whole request for one tool they cannot read. What all
//! of them take: an object at the top, without alternatives there, without marks of the dialect, no
//! bare `true` as a schema. What is left out allows more, never less: the server checks arguments
//! itself. Words inside are cleaned and cut; what is too large or too deep becomes "any object".

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::text::clean;

/// Depth that is kept.
const DEEPEST: usize = 24;
/// Values that are kept.
const MOST: usize = 4_000;
/// Bytes of one text inside.
const LONGEST: usize = 1_000;
/// Keywords that choose between schemas; refused at the top by most vendors.
const CHOICES: [&str; 3] = ["anyOf", "oneOf", "allOf"];
/// Keywords that say nothing about arguments, or that vendors refuse at the top.
const DROPPED: [&str; 10] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
];

/// A schema that every vendor takes.
#[must_use]
pub fn mended(schema: &Value) -> Value {
    let mut left = MOST;
    let kept = copied(schema, DEEPEST, &mut left);
    let Some(Value::Object(mut top)) = kept else {
        return any();
    };
    for key in DROPPED {
        top.remove(key);
    }
    for key in CHOICES {
        if let Some(Value::Array(branches)) = top.remove(key) {
            merge(&mut top, &branches, key == "allOf");
        }
    }
    top.insert("type".to_owned(), json!("object"));
    if !top.get("properties").is_some_and(Value::is_object) {
        top.insert("properties".to_owned(), json!({}));
    }
    require_known(&mut top);
    Value::Object(top)
}

/// Any object.
fn any() -> Value {
    json!({"type": "object", "properties": {}})
}

/// What the branches of a choice may hold; needed is only what all together need.
fn merge(top: &mut Map<String, Value>, branches: &[Value], all: bool) {
    for branch in branches.iter().filter_map(Value::as_object) {
        if let Some(Value::Object(more)) = branch.get("properties") {
            let known = top.entry("properties").or_insert_with(|| json!({}));
            if let Value::Object(known) = known {
                for (name, schema) in more {
                    known.entry(name).or_insert_with(|| schema.clone());
                }
            }
        }
        if all
            && let Some(Value::Array(more)) = branch.get("required")
            && let Value::Array(known) = top.entry("required").or_insert_with(|| json!([]))
        {
            known.extend(more.iter().cloned());
        }
    }
    top.remove("additionalProperties");
}

/// Needed is only what is there, once.
fn require_known(top: &mut Map<String, Value>) {
    let Some(Value::Array(required)) = top.remove("required") else {
        return;
    };
    let known = top.get("properties").and_then(Value::as_object);
    let mut kept: Vec<Value> = Vec::new();
    for name in required {
        let there = name
            .as_str()
            .is_some_and(|name| known.is_some_and(|known| known.contains_key(name)));
        if there && !kept.contains(&name) {
            kept.push(name);
        }
    }
    if !kept.is_empty() {
        top.insert("required".to_owned(), Value::Array(kept));
    }
}

/// A bounded copy with clean texts; `None` where it is too deep or too large.
fn copied(value: &Value, depth: usize, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    Some(match value {
        Value::String(text) => Value::String(short(text)),
        Value::Array(items) => {
            let items = items.iter().map(|item| copied(item, depth, left));
            Value::Array(items.collect::<Option<_>>()?)
        }
        Value::Object(map) => {
            let mut kept = Map::new();
            for (key, value) in map {
                let value = match (key.as_str(), value) {
                    ("properties", Value::Object(inner)) => properties(inner, depth, left)?,
                    // `items: true` and its like.
                    ("items" | "additionalItems", Value::Bool(_)) => json!({}),
                    _ => copied(value, depth, left)?,
                };
                kept.insert(clean::line(key).into_owned(), value);
            }
            Value::Object(kept)
        }
        plain => plain.clone(),
    })
}

/// Schemas by name; one that is `true` becomes an empty one, one that is `false` is left out.
fn properties(map: &Map<String, Value>, depth: usize, left: &mut usize) -> Option<Value> {
    let mut kept = Map::new();
    for (name, schema) in map {
        let schema = match schema {
            Value::Bool(false) => continue,
            Value::Object(_) => copied(schema, depth, left)?,
            _ => json!({}),
        };
        kept.insert(clean::line(name).into_owned(), schema);
    }
    Some(Value::Object(kept))
}

/// A text as it may stand in a schema.
fn short(text: &str) -> String {
    let text: Cow<'_, str> = clean::text(text);
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_becomes_an_object_that_all_vendors_take() {
        for (given, wanted) in [
            (json!(null), any()),
            (json!({}), any()),
            (json!("x"), any()),
            (json!({"type": "object", "$schema": "x"}), any()),
            (
                json!({"properties": {"a": true, "b": false, "c": {"items": true}}, "required": ["a", "a", "z"]}),
                json!({"properties": {"a": {}, "c": {"items": {}}}, "type": "object", "required": ["a"]}),
            ),
            (
                json!({"oneOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]}),
                json!({"properties": {"a": {}, "b": {}}, "type": "object"}),
            ),
            (
                json!({"properties": {"a": {}}, "allOf": [{"properties": {"b": {}}, "required": ["b"]}]}),
                json!({"properties": {"a": {}, "b": {}}, "type": "object", "required": ["b"]}),
            ),
        ] {
            assert_eq!(mended(&given), wanted, "{given}");
        }
    }

    #[test]
    fn what_is_too_deep_or_too_large_is_any_object() {
        let mut deep = json!({});
        for _ in 0..100 {
            deep = json!({"properties": {"a": deep}});
        }
        assert_eq!(mended(&deep), any());
        let wide: Map<String, Value> = (0..5_000).map(|n| (format!("p{n}"), json!({}))).collect();
        assert_eq!(mended(&json!({"properties": wide})), any());
        let loud = json!({"properties": {"a": {"description": format!("\u{1b}[31m{}", "x".repeat(5_000))}}});
        let text = mended(&loud)["properties"]["a"]["description"].to_string();
        assert!(text.len() < 1_100 && !text.contains('\u{1b}'), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn mending_twice_changes_nothing(text in "[a-z{}\\[\\]\":,$ ]{0,60}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let once = mended(&value);
                proptest::prop_assert_eq!(mended(&once), once);
            }
        }
    }
}
