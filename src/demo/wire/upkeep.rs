//! Anthropic's ways to make a conversation smaller, server side: a request that sums up, and old results
//! of tools that are left out. The script knows the conversation by heart, so nothing is lost for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text_of;

/// The beta that a request lacks for what it asks; servers refuse such a field as unknown.
pub fn lacks_beta(body: &Value, betas: &str) -> Option<&'static str> {
    [
        ("compaction", "compact-2026-09-04"),
        ("context_management", "context-management-2025-06-27"),
    ]
    .into_iter()
    .find(|(field, beta)| body.get(*field).is_some() && !betas.contains(beta))
    .map(|(field, _)| field)
}

/// A conversation summed up in one block.
pub fn compacted(request: &Value, number: u64) -> Result<Value, String> {
    for field in [
        "context_management",
        "stop_sequences",
        "tool_choice",
        "stream",
    ] {
        if request
            .get(field)
            .is_some_and(|value| *value != Value::Bool(false))
        {
            return Err(format!("compaction cannot be combined with {field}"));
        }
    }
    let turns = request.get("messages").and_then(Value::as_array);
    let turns = turns.ok_or("messages: Field required")?;
    let uses = blocks(turns, "tool_use").count();
    if uses != blocks(turns, "tool_result").count() {
        return Err("compaction_incomplete_turn: a tool_use has no tool_result".to_owned());
    }
    let characters: usize = turns.iter().map(|turn| turn.to_string().len()).sum();
    let content = format!("A script of {} messages so far.", turns.len());
    Ok(
        json!({ "id": format!("msg_c{number}"), "type": "message", "role": "assistant",
        "model": request.get("model"), "stop_reason": "compaction", "stop_sequence": null,
        "content": [{ "type": "compaction", "content": content, "encrypted_content": null,
            "signature": format!("script-{characters}-characters"), "tool_changes": [] }],
        "usage": { "input_tokens": characters / 4, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0, "output_tokens": 40 } }),
    )
}

/// What is left out of a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Results.
    pub uses: u64,
    /// Their tokens.
    pub tokens: u64,
}

impl Cleared {
    /// As the reply tells it.
    pub fn applied(self) -> Value {
        let edit = json!({ "type": "clear_tool_uses_20250919", "cleared_tool_uses": self.uses,
            "cleared_input_tokens": self.tokens });
        let edits = if self.uses > 0 {
            json!([edit])
        } else {
            json!([])
        };
        json!({ "applied_edits": edits })
    }
}

/// What a request has left out of its prompt; `None` when it does not say.
pub fn cleared(body: &Value) -> Option<Cleared> {
    let edits = body.pointer("/context_management/edits")?.as_array()?;
    let edit = edits
        .iter()
        .find(|edit| edit["type"] == "clear_tool_uses_20250919");
    let (Some(edit), Some(turns)) = (edit, body.get("messages").and_then(Value::as_array)) else {
        return Some(Cleared::default());
    };
    let number =
        |path: &str, usual: u64| edit.pointer(path).and_then(Value::as_u64).unwrap_or(usual);
    let size = |value: &Value| (text_of(value).chars().count() / 4) as u64;
    let results: Vec<&Value> = blocks(turns, "tool_result").collect();
    let all: u64 = turns.iter().map(|turn| size(&turn["content"])).sum::<u64>()
        + results
            .iter()
            .map(|block| size(&block["content"]))
            .sum::<u64>();
    if all < number("/trigger/value", 100_000) {
        return Some(Cleared::default());
    }
    let names: BTreeMap<&str, &str> = blocks(turns, "tool_use")
        .filter_map(|block| Some((block["id"].as_str()?, block["name"].as_str()?)))
        .collect();
    let kept = |block: &&Value| {
        let name = block["tool_use_id"].as_str().and_then(|id| names.get(id));
        let excluded = edit["exclude_tools"].as_array();
        excluded
            .into_iter()
            .flatten()
            .any(|one| one.as_str() == name.copied())
    };
    let old = results
        .len()
        .saturating_sub(number("/keep/value", 3) as usize);
    let mut cleared = Cleared::default();
    for block in results.into_iter().take(old).filter(|block| !kept(block)) {
        cleared.uses += 1;
        cleared.tokens += size(&block["content"]);
    }
    let least = number("/clear_at_least/value", 0);
    Some(if cleared.tokens < least {
        Cleared::default()
    } else {
        cleared
    })
}

fn blocks<'a>(turns: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    turns
        .iter()
        .filter_map(|turn| turn.get("content")?.as_array())
        .flatten()
        .filter(move |block| block.get("type").and_then(Value::as_str) == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Value {
        let use_of = |id: &str, name: &str| {
            json!({"role": "assistant", "content": [
            {"type": "tool_use", "id": id, "name": name, "input": {}}]})
        };
        let result = |id: &str| {
            json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": id, "content": "x".repeat(400)}]})
        };
        json!({"model": "m", "messages": [
            {"role": "user", "content": [{"type": "text", "text": "task"}]},
            use_of("a", "look"), result("a"), use_of("b", "vote"), result("b"),
            use_of("c", "look"), result("c"), use_of("d", "look"), result("d")],
            "context_management": {"edits": [{"type": "clear_tool_uses_20250919",
                "trigger": {"type": "input_tokens", "value": 300},
                "keep": {"type": "tool_uses", "value": 1}, "exclude_tools": ["vote"]}]}})
    }

    #[test]
    fn old_results_are_left_out_as_the_request_says() {
        let both = Cleared {
            uses: 2,
            tokens: 200,
        };
        assert_eq!(cleared(&request()), Some(both));
        assert_eq!(
            both.applied()["applied_edits"][0]["cleared_input_tokens"],
            200
        );
        for (path, value) in [
            ("/context_management/edits/0/trigger/value", 900),
            ("/context_management/edits/0/keep/value", 4),
        ] {
            let mut other = request();
            *other.pointer_mut(path).expect("a number") = value.into();
            assert_eq!(cleared(&other), Some(Cleared::default()), "{path}");
        }
        let mut other = request();
        other["context_management"]["edits"][0]["clear_at_least"] =
            json!({"type": "input_tokens", "value": 201});
        assert_eq!(cleared(&other), Some(Cleared::default()));
        assert_eq!(cleared(&json!({"messages": []})), None);
    }

    #[test]
    fn a_summary_wants_whole_turns_and_its_beta() {
        let mut whole = request();
        assert!(compacted(&whole, 1).is_err(), "together with edits");
        whole
            .as_object_mut()
            .expect("a map")
            .remove("context_management");
        let done = compacted(&whole, 1).expect("a summary");
        assert_eq!(done["stop_reason"], "compaction");
        assert_eq!(done["content"][0]["type"], "compaction");
        whole["messages"].as_array_mut().expect("turns").pop();
        assert!(compacted(&whole, 1).is_err_and(|why| why.contains("incomplete_turn")));
        assert_eq!(lacks_beta(&request(), ""), Some("context_management"));
        assert_eq!(
            lacks_beta(&request(), "a,context-management-2025-06-27"),
            None
        );
        assert_eq!(
            lacks_beta(&json!({"compaction": {}}), ""),
            Some("compaction")
        );
    }
}
