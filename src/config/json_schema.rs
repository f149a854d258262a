//! The key tables as a JSON Schema (draft 2020-12), for editors: completion, descriptions, and a line
//! under what is wrong while it is written.
//!
//! Made from the same tables as the check, so it cannot disagree with it about keys, shapes and values;
//! what spans several keys only `config check` knows. It accepts every file that the check accepts.

use serde_json::{Map, Value, json};

use super::backends;
use super::schema::{self, Key, Scope, Shape, Use};
use super::words::words;

/// The schema of a configuration.
#[must_use]
pub fn json_schema() -> Value {
    let mut defs = Map::new();
    for (name, scope) in schema::scopes() {
        defs.insert(name.clone(), map_schema(name, scope));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "massgen-tui configuration",
        "description": "A team of agents and the rules of its run: MassGen's format with keys of our own.",
        "$ref": "#/$defs/top",
        "$defs": defs,
    })
}

/// One kind of map.
fn map_schema(name: &str, scope: &Scope) -> Value {
    let mut properties = Map::new();
    for (key, known) in scope {
        properties.insert(key.clone(), key_schema(name, key, known));
    }
    let mut schema = json!({"type": "object", "properties": properties});
    let Some(map) = schema.as_object_mut() else {
        return schema;
    };
    match name {
        "top" => {
            let needs = json!([{"required": ["agents"]}, {"required": ["agent"]}]);
            map.insert("oneOf".to_owned(), needs);
        }
        "agent" => {
            let needs = json!([{"required": ["backend"]}, {"required": ["team"]}]);
            map.insert("anyOf".to_owned(), needs);
        }
        _ => {}
    }
    schema
}

fn key_schema(scope: &str, key: &str, known: &Key) -> Value {
    let mut schema = match &known.usage {
        // Whatever is written there is wrong.
        Use::Removed(_) => json!({"not": {}}),
        _ if scope == "backend" && key == "type" => kinds(),
        _ => shapes(known),
    };
    if let Some(map) = schema.as_object_mut() {
        map.insert("description".to_owned(), describe(scope, key, known).into());
        if matches!(known.usage, Use::Dead(_) | Use::Removed(_)) {
            map.insert("deprecated".to_owned(), true.into());
        }
        if let Some(default) = words(scope, key).and_then(|said| said.default.clone()) {
            map.insert("default".to_owned(), default);
        }
    }
    schema
}

/// Types of backends; case and aliases are free, so others are only not proposed.
fn kinds() -> Value {
    let served = backends::all().iter().filter(|one| one.unserved.is_none());
    let names: Vec<&str> = served.map(|one| one.r#type.as_str()).collect();
    json!({"anyOf": [{"enum": names}, {"type": "string"}]})
}

/// What a key means and what becomes of it, for people.
fn describe(scope: &str, key: &str, known: &Key) -> String {
    let means = words(scope, key).map_or("", |said| said.means.as_str());
    match &known.usage {
        Use::Honoured => means.to_owned(),
        Use::Kept(why) => format!("{means} Kept, not used: it {why}."),
        Use::Dead(why) => format!("No effect: {why}."),
        Use::Removed(instead) => format!("Not supported: {instead}."),
    }
}

/// Shapes, values and range of a key.
fn shapes(known: &Key) -> Value {
    if known.shapes.contains(&Shape::Any) {
        return json!({});
    }
    let mut choices: Vec<Value> = known.shapes.iter().map(|one| shape(*one, known)).collect();
    if choices.len() == 1 {
        return choices.remove(0);
    }
    json!({"anyOf": choices})
}

fn shape(shape: Shape, known: &Key) -> Value {
    let inner = known
        .scope
        .as_ref()
        .map(|scope| json!({"$ref": format!("#/$defs/{scope}")}));
    match shape {
        Shape::Text => text(known),
        Shape::Int | Shape::Number => {
            let word = if shape == Shape::Int {
                "integer"
            } else {
                "number"
            };
            let mut schema = json!({"type": word});
            if let Some(map) = schema.as_object_mut() {
                for (name, bound) in [("minimum", known.min), ("maximum", known.max)] {
                    if let Some(bound) = bound {
                        map.insert(name.to_owned(), plain(bound));
                    }
                }
            }
            schema
        }
        Shape::Bool => json!({"type": "boolean"}),
        Shape::List => match inner {
            Some(inner) => json!({"type": "array", "items": inner}),
            None => json!({"type": "array"}),
        },
        Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Shape::Map => match inner {
            // A profile is a part of a configuration: it needs no agents.
            Some(_) if known.named && known.scope.as_deref() == Some("top") => {
                json!({"type": "object", "additionalProperties": {"type": "object"}})
            }
            Some(inner) if known.named => {
                json!({"type": "object", "additionalProperties": inner})
            }
            Some(inner) => inner,
            None => json!({"type": "object"}),
        },
        Shape::Null => json!({"type": "null"}),
        Shape::Any => json!({}),
    }
}

/// Text: one of the values; where others are only a warning they are proposed, not demanded.
fn text(known: &Key) -> Value {
    if known.values.is_empty() {
        return json!({"type": "string"});
    }
    let firm = known.hard || known.usage == Use::Honoured && !known.soft;
    if firm {
        json!({"enum": known.values})
    } else {
        json!({"anyOf": [{"enum": known.values}, {"type": "string"}]})
    }
}

/// A bound as people write it: whole numbers without a point.
fn plain(bound: f64) -> Value {
    if bound.fract() == 0.0 && bound.abs() < 1e15 {
        json!(bound as i64)
    } else {
        json!(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'a>(schema: &'a Value, scope: &str, key: &str) -> &'a Value {
        &schema["$defs"][scope]["properties"][key]
    }

    #[test]
    fn shapes_values_ranges_and_defaults_are_those_of_the_tables() {
        let schema = json_schema();
        let top_p = at(&schema, "backend", "top_p");
        assert_eq!(
            top_p["anyOf"][0],
            json!({"type": "number", "minimum": 0, "maximum": 1})
        );
        assert_eq!(top_p["anyOf"][1], json!({"type": "null"}));
        let policy = at(&schema, "orchestrator", "policy");
        assert_eq!(policy["anyOf"][0]["enum"][0], "plurality");
        assert_eq!(policy["default"], "plurality");
        assert_eq!(
            at(&schema, "top", "agents")["items"]["$ref"],
            "#/$defs/agent"
        );
        let old = at(&schema, "top", "num_agents");
        assert_eq!(
            (&old["not"], &old["deprecated"]),
            (&json!({}), &json!(true))
        );
        let kept = at(&schema, "backend", "custom_tools")["description"].as_str();
        assert!(kept.is_some_and(|text| text.contains("not used: it needs Python")));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(node: &Value, defs: &Value) {
            match node {
                Value::Object(map) => {
                    if let Some(to) = map.get("$ref").and_then(Value::as_str) {
                        let name = to.strip_prefix("#/$defs/").unwrap();
                        assert!(defs.get(name).is_some(), "{to}");
                    }
                    map.values().for_each(|inner| walk(inner, defs));
                }
                Value::Array(items) => items.iter().for_each(|inner| walk(inner, defs)),
                _ => {}
            }
        }
        let schema = json_schema();
        walk(&schema, &schema["$defs"]);
    }
}
