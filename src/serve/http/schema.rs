//! The schemas of what goes in and out. That they say what the code does is shown by a tester that is
//! driven by them (`tests/interop/api.sh`).

use serde_json::{Map, Value, json};

use super::input::{LONGEST_MODEL, LONGEST_TEXT, MOST_FOLDERS, MOST_MODELS};

/// All schemas by name.
#[must_use]
pub fn all() -> Map<String, Value> {
    let mut all = Map::new();
    let groups = [about(), asked(), session(), told(), chat(), failed()];
    for (name, schema) in groups.into_iter().flatten() {
        all.insert(name.to_owned(), schema);
    }
    all
}

type Named = Vec<(&'static str, Value)>;

/// An object with these fields, all of them required and no others.
fn object(fields: &Value) -> Value {
    let names: Vec<&String> = fields
        .as_object()
        .map(|fields| fields.keys().collect())
        .unwrap_or_default();
    json!({"type": "object", "required": names, "additionalProperties": false, "properties": fields})
}

fn nullable(kind: &str) -> Value {
    json!({"type": [kind, "null"]})
}

fn words(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

fn text() -> Value {
    json!({"type": "string", "pattern": "\\S", "maxLength": LONGEST_TEXT})
}

fn list(of: &str) -> Value {
    json!({"type": "array", "items": {"$ref": format!("#/components/schemas/{of}")}})
}

fn about() -> Named {
    let string = json!({"type": "string"});
    vec![
        ("Health", object(&json!({"status": words(&["ok"])}))),
        (
            "Document",
            json!({"type": "object", "required": ["openapi", "paths"]}),
        ),
        (
            "Version",
            object(&json!({"program": string, "version": string, "events": {"type": "integer"}})),
        ),
        ("Teams", object(&json!({"teams": list("Team")}))),
        (
            "Team",
            object(
                &json!({"id": string, "title": string, "agents": {"type": "array", "items": string}}),
            ),
        ),
    ]
}

/// A task and who works on it, with these fields beside.
fn task(more: &Value) -> Value {
    let both = |one: &str, other: &str| json!({"required": [one, other]});
    let mut fields = json!({
        "prompt": text(),
        "team": {"type": "string", "description": "Name of a team, see /api/v1/teams.", "examples": ["demo:quick"]},
        "config": {"type": "string", "pattern": "^/", "description": "A configuration file, the whole path."},
        "models": {"type": "array", "minItems": 1, "maxItems": MOST_MODELS,
            "items": {"type": "string", "pattern": "\\S", "maxLength": LONGEST_MODEL}},
        "base_url": {"type": "string", "description": "Address of an OpenAI-compatible server that has the models."},
        "limits": {"$ref": "#/components/schemas/Limits"},
        "answers_questions": {"type": "boolean", "description": "Whether the client answers questions of agents; without it they go on without an answer."},
        "policy": words(&["plurality", "majority", "unanimity", "approval", "ranked", "borda", "score"]),
    });
    if let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    json!({
        "type": "object",
        "required": ["prompt"],
        "additionalProperties": false,
        "properties": fields,
        "not": {"anyOf": [both("team", "config"), both("team", "models"), both("config", "models")]},
        "dependentRequired": {"base_url": ["models"]},
    })
}

fn asked() -> Named {
    vec![
        (
            "StartRun",
            task(&json!({
                "folders": {"type": "array", "maxItems": MOST_FOLDERS, "items": {"$ref": "#/components/schemas/Folder"}},
            })),
        ),
        ("NextTurn", task(&json!({}))),
        (
            "Folder",
            object(
                &json!({"path": {"type": "string", "pattern": "^/"}, "access": words(&["read", "write"])}),
            ),
        ),
        (
            "Limits",
            json!({"type": "object", "additionalProperties": false, "properties": {
                "max_answers": {"type": "integer", "minimum": 1, "maximum": 100},
                "max_seconds": {"type": "integer", "minimum": 1, "maximum": 86_400},
                "max_usd": {"type": "number", "minimum": 0.0001, "maximum": 100_000},
                "max_tokens": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
            }}),
        ),
        (
            "Steer",
            json!({"type": "object", "required": ["text"], "additionalProperties": false, "properties": {
                "text": text(),
                "agents": {"type": "array", "maxItems": 100, "description": "Numbers of agents; all without it.",
                    "items": {"type": "integer", "minimum": 1, "maximum": 65_535}},
                "mode": words(&["queue", "now"]),
            }}),
        ),
        (
            "Answer",
            object(&json!({
                "question": {"type": "integer", "minimum": 0, "maximum": u32::MAX},
                "reply": {"oneOf": [
                    words(&["skipped", "approved", "always"]),
                    object(&json!({"option": {"type": "integer", "minimum": 0, "maximum": u32::MAX}})),
                    object(&json!({"text": {"type": "string"}})),
                    object(&json!({"edited": {"type": "string"}})),
                    object(&json!({"rejected": {"type": "string"}})),
                ]},
            })),
        ),
    ]
}

/// Fields of a session as the list has them.
fn session_fields() -> Value {
    json!({
        "id": {"type": "string"},
        "state": {"type": "string", "enum": ["running", "elsewhere", "over"],
            "description": "Runs in this server; in another process; is over."},
        "prompt": {"type": "string"},
        "started_ms": {"type": "integer"},
        "duration_ms": {"type": "integer"},
        "turns": {"type": "integer"},
        "agents": {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}},
        "answers": {"type": "integer"},
        "outcome": {"type": "string"},
        "winner": nullable("string"),
        "cost_usd": nullable("number"),
        "demo": {"type": "boolean"},
        "from": nullable("string"),
        "folder": {"type": "string"},
        "files_changed": nullable("integer"),
    })
}

fn session() -> Named {
    let mut whole = session_fields();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert(
            "last".into(),
            json!({"type": "integer", "description": "Number of the last event."}),
        );
        fields.insert("phase".into(), nullable("string"));
        fields.insert("published".into(), list("Published"));
        fields.insert("questions".into(), list("Question"));
        fields.insert(
            "usage".into(),
            json!({"$ref": "#/components/schemas/Usage"}),
        );
    }
    let count = json!({"type": "integer"});
    vec![
        ("Session", object(&session_fields())),
        ("Run", object(&whole)),
        (
            "Agent",
            object(&json!({"name": {"type": "string"}, "model": {"type": "string"}})),
        ),
        (
            "Published",
            object(
                &json!({"label": {"type": "string"}, "agent": {"type": "string"}, "text": {"type": "string"}, "auto": {"type": "boolean"}}),
            ),
        ),
        (
            "Question",
            object(
                &json!({"id": count, "text": {"type": "string"}, "options": {"type": "array", "items": {"type": "string"}}}),
            ),
        ),
        (
            "Usage",
            object(
                &json!({"input": count, "cached": count, "written": count, "output": count, "reasoning": count,
                "calls": count, "estimated": {"type": "boolean"}, "usd": {"type": "number"}, "usd_partial": {"type": "boolean"}}),
            ),
        ),
        (
            "RunList",
            object(&json!({"runs": list("Session"), "fitting": count})),
        ),
    ]
}

fn told() -> Named {
    vec![
        (
            "Started",
            object(
                &json!({"id": {"type": "string"}, "links": {"$ref": "#/components/schemas/Links"},
                "after": {"type": "integer", "description": "Number of the last event before this turn, for `events?after=`; 0 in a new session."},
                "notes": {"type": "array", "items": {"type": "string"}, "description": "What there is to say of the request: limits above those of the server, which hold."}}),
            ),
        ),
        (
            "Links",
            object(
                &json!({"self": {"type": "string"}, "events": {"type": "string"}, "result": {"type": "string"}, "stop": {"type": "string"}}),
            ),
        ),
        (
            "Taken",
            object(&json!({"id": {"type": "string"}, "taken": {"type": "boolean"}})),
        ),
        (
            "Result",
            object(&json!({
                "id": {"type": "string"},
                "state": words(&["running", "elsewhere", "over"]),
                "outcome": {"enum": ["answered", "no_answer", null]},
                "text": nullable("string"),
                "winner": nullable("string"),
                "end": {"enum": ["consensus", "limit", "answer_now", "stopped", "agents_lost", null]},
                "reason": {"enum": ["all_failed", "limit", "cancelled", null]},
                "message": nullable("string"),
                "files_changed": {"type": "integer"},
                "usage": {"$ref": "#/components/schemas/Usage"},
            })),
        ),
    ]
}

fn chat() -> Named {
    let string = json!({"type": "string"});
    let count = json!({"type": "integer"});
    let part = json!({"type": "object", "required": ["type", "text"], "properties": {"type": {"const": "text"}, "text": string}});
    vec![
        (
            "Models",
            object(&json!({"object": words(&["list"]), "data": list("Model")})),
        ),
        (
            "Model",
            object(
                &json!({"id": string, "object": words(&["model"]), "created": count, "owned_by": string}),
            ),
        ),
        (
            "ChatRequest",
            json!({"type": "object", "required": ["model", "messages"], "properties": {
                "model": {"type": "string", "description": "Name of a team, see /v1/models."},
                "messages": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["role", "content"], "properties": {
                    "role": words(&["system", "developer", "user", "assistant", "tool"]),
                    "content": {"anyOf": [string, {"type": "null"}, {"type": "array", "items": part}]},
                }}},
                "stream": {"type": ["boolean", "null"]},
                "stream_options": {"type": ["object", "null"], "properties": {"include_usage": {"type": ["boolean", "null"]}}},
            }}),
        ),
        (
            "ChatCompletion",
            json!({"type": "object", "required": ["id", "object", "created", "model", "choices", "usage"], "properties": {
                "id": string,
                "object": words(&["chat.completion"]),
                "created": count,
                "model": string,
                "choices": {"type": "array", "minItems": 1, "maxItems": 1},
                "usage": {"type": "object", "required": ["prompt_tokens", "completion_tokens", "total_tokens"]},
            }}),
        ),
    ]
}

fn failed() -> Named {
    let string = json!({"type": "string"});
    vec![
        (
            "Problem",
            object(
                &json!({"type": string, "title": string, "status": {"type": "integer"}, "detail": string, "code": string, "hint": string}),
            ),
        ),
        (
            "OpenAiError",
            object(
                &json!({"error": object(&json!({"message": string, "type": string, "param": {"type": "null"}, "code": string}))}),
            ),
        ),
    ]
}
