//! The `OpenAPI` document, made from the table of routes.

use serde_json::{Map, Value, json};

use super::{
    problem::PROBLEM_JSON,
    routes::{Access, Form, Kind, LONGEST_KEY, LONGEST_NAME, Param, Place, Route},
    schema,
    table::ROUTES,
};

/// The document for a server at this address.
#[must_use]
pub fn document(base: &str) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths
            .entry(route.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(methods) = path {
            let method = route.verb.name().to_ascii_lowercase();
            methods.insert(method, operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "massgen-tui",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs of teams of agents on this machine. docs/api.md tells more.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "Shown when the server starts, and in its private file.",
            }},
            "schemas": schema::all(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = Map::new();
    operation.insert("operationId".into(), json!(route.name));
    operation.insert("summary".into(), json!(route.about));
    if route.access == Access::Open {
        operation.insert("security".into(), json!([]));
    }
    if !route.params.is_empty() {
        let params: Vec<Value> = route.params.iter().map(parameter).collect();
        operation.insert("parameters".into(), Value::Array(params));
    }
    if let Some(body) = route.body {
        let schema = named(body);
        operation.insert(
            "requestBody".into(),
            json!({"required": true, "content": {"application/json": {"schema": schema}}}),
        );
    }
    operation.insert("responses".into(), Value::Object(responses(route)));
    Value::Object(operation)
}

fn named(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn parameter(param: &Param) -> Value {
    let place = match param.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    let schema = match param.kind {
        Kind::Id => {
            json!({"type": "string", "pattern": format!("^[A-Za-z0-9._-]{{1,{LONGEST_NAME}}}$")})
        }
        Kind::Model => {
            json!({"type": "string", "pattern": format!("^[A-Za-z0-9._:/-]{{1,{LONGEST_NAME}}}$")})
        }
        Kind::Key => json!({"type": "string", "pattern": format!("^[!-~]{{1,{LONGEST_KEY}}}$")}),
        Kind::Text(longest) => json!({"type": "string", "maxLength": longest}),
        Kind::Whole { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
    };
    json!({
        "name": param.name,
        "in": place,
        "required": param.place == Place::Path,
        "description": param.about,
        "schema": schema,
    })
}

fn responses(route: &Route) -> Map<String, Value> {
    let mut responses = Map::new();
    let good = &route.good;
    let mut content = Map::new();
    for media in good.media {
        let schema = match good.schema {
            Some(schema) if *media == "application/json" => json!({"schema": named(schema)}),
            _ => json!({}),
        };
        content.insert((*media).to_owned(), schema);
    }
    responses.insert(
        good.status.to_string(),
        json!({"description": good.about, "content": content}),
    );
    let (media, schema) = match route.form() {
        Form::Problem => (PROBLEM_JSON, "Problem"),
        Form::OpenAi => ("application/json", "OpenAiError"),
    };
    let mut bad = vec![
        (400, "The request makes no sense."),
        (
            403,
            "Not allowed: a foreign origin, or something nobody approved.",
        ),
        (421, "Asked under a foreign name."),
        (500, "It could not be done."),
    ];
    if route.access == Access::Token {
        bad.push((401, "No token, or a wrong one."));
    }
    if route.body.is_some() {
        bad.push((408, "The body did not come in time."));
        bad.push((413, "The body is too large."));
        bad.push((415, "The body is no JSON."));
    }
    for status in route.also {
        match status {
            404 => bad.push((404, "There is no such session, team or file.")),
            409 => bad.push((
                409,
                "It is over, or still at work: it does not fit how things are now.",
            )),
            422 => bad.push((
                422,
                "It fits the schema and cannot be done as it stands, or its key was used for another request.",
            )),
            429 => bad.push((429, "As many runs as allowed are going on.")),
            204 => {
                responses.insert(
                    "204".into(),
                    json!({"description": "Nothing further to come."}),
                );
            }
            _ => {}
        }
    }
    for (status, about) in bad {
        let mut content = Map::new();
        content.insert(media.to_owned(), json!({"schema": named(schema)}));
        responses.insert(
            status.to_string(),
            json!({"description": about, "content": content}),
        );
    }
    responses
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every `$ref` of a value.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let (true, Value::String(text)) = (name == "$ref", value) {
                        found.insert(text.clone());
                    }
                    references(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_names_what_it_has_and_has_what_it_names() {
        let document = document("http://127.0.0.1:4747");
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let have: BTreeSet<String> = schema::all()
            .keys()
            .map(|name| format!("#/components/schemas/{name}"))
            .collect();
        assert_eq!(found, have);
        let operations: usize = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .map(|methods| methods.as_object().unwrap().len())
            .sum();
        assert_eq!(operations, ROUTES.len());
        let names: BTreeSet<&str> = ROUTES.iter().map(|route| route.name).collect();
        assert_eq!(names.len(), ROUTES.len(), "names are unique");
    }
}
