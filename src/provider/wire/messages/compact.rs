//! Anthropic's own ways to make a conversation smaller.
//!
//! Pure. Two of them, both betas that a server may refuse:
//!
//! - a request with `compaction` sums the whole conversation up; its answer is one block, which later
//!   requests send back unchanged and first, in the place of what it covers. In the conversation it
//!   is a mark (`carried::is_mark`); what has to stay word for word follows it as turns of its own.
//! - `context_management` with `clear_tool_uses_20250919` rides on ordinary requests: the server leaves
//!   old results of tools out when a prompt is long, and says what it left out.

use serde_json::{Map, Value, json};

use crate::protocol::{Carried, Failure, FailureKind, Message, ToolChoice};
use crate::provider::usage::Tokens;
use crate::provider::wire::{Adaptation, as_text, carried};
use crate::provider::words::who;
use crate::provider::{Compaction, Endpoint, Request, catalog, hosted};

use super::encode;

/// Beta of requests that sum up, and of those that send the block back.
pub const BETA: &str = "compact-2026-09-04";
/// Beta of requests whose old results may be left out.
pub const EDITS_BETA: &str = "context-management-2025-06-27";

/// Results of tools that always stay.
const KEPT_USES: u64 = 4;
/// The agent's own decisions are never left out.
const DECISIONS: [&str; 3] = ["new_answer", "vote", "verdict"];
/// What a request that sums up may not hold.
const FOREIGN: [&str; 5] = [
    "stream",
    "tool_choice",
    "stop_sequences",
    "context_management",
    "container",
];

/// True for the vendor itself; others that speak this API know none of it, and some ignore what they do
/// not know and would answer at length.
#[must_use]
pub fn speaks(endpoint: &Endpoint) -> bool {
    endpoint.backend == "claude"
}

/// The JSON body of a request that sums up. Tools and system message are those of the conversation, so
/// that the cache has its beginning.
#[must_use]
pub fn encode(endpoint: &Endpoint, work: &Compaction, adaptation: Adaptation) -> Value {
    let request = Request {
        messages: work.before.clone(),
        tools: work.tools.clone(),
        choice: ToolChoice::Auto,
    };
    let mut body = encode::encode(endpoint, &request, adaptation);
    if let Some(map) = body.as_object_mut() {
        for name in FOREIGN {
            map.remove(name);
        }
        if let Some(Value::Object(config)) = map.get_mut("output_config") {
            config.remove("format");
        }
        map.insert("compaction".to_owned(), json!({"type": "summarize"}));
    }
    body
}

/// Reads the answer: what stands for the conversation from now on, and its tokens. `Ok(None)` is the
/// ordinary reply of a server that does not know the field.
///
/// # Errors
///
/// An answer that is no message, or a summary that failed.
pub fn read(
    body: &str,
    endpoint: &Endpoint,
    work: &Compaction,
    adaptation: Adaptation,
) -> Result<Option<(Carried, Option<Tokens>)>, Failure> {
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let trouble = |what: &str| {
        let words = format!("{} {what}", who(endpoint));
        Failure::new(FailureKind::Transient, words)
    };
    let Some(blocks) = answer.get("content").and_then(Value::as_array) else {
        return Err(trouble("did not answer with a compaction"));
    };
    let is_compaction =
        |block: &&Value| block.get("type").and_then(Value::as_str) == Some("compaction");
    let Some(block) = blocks.iter().find(is_compaction) else {
        return Ok(None);
    };
    let holds = |name: &str| {
        let text = block.get(name).and_then(Value::as_str);
        text.is_some_and(|text| !text.is_empty())
    };
    if !holds("content") && !holds("encrypted_content") {
        return Err(trouble("could not sum up the conversation"));
    }
    let mut items = vec![block.clone()];
    // The block is the server's own wording: the task is said again as it was.
    let task = work.before.iter().find_map(|message| match message {
        Message::User { text } => Some(message.clone()).filter(|_| !text.trim().is_empty()),
        _ => None,
    });
    let after: Vec<Message> = task.into_iter().chain(work.kept.iter().cloned()).collect();
    items.extend(encode::turns(&after, endpoint, adaptation));
    let counts = answer.get("usage").and_then(Value::as_object);
    let tokens = counts
        .map(tokens)
        .filter(|tokens| tokens.input + tokens.output > 0);
    Ok(carried::keep(endpoint, items).map(|carried| (carried, tokens)))
}

/// What the request says about old results of tools; `None` where nothing is to be left out, or the
/// person says it differently.
#[must_use]
pub fn edits(endpoint: &Endpoint, request: &Request, adaptation: Adaptation) -> Option<Value> {
    let rules = &endpoint.context;
    if !speaks(endpoint)
        || !rules.native
        || adaptation.no_edits
        || as_text(endpoint, adaptation)
        || endpoint.parameters.contains_key("context_management")
        || !request
            .messages
            .iter()
            .any(|one| matches!(one, Message::Tool { .. }))
    {
        return None;
    }
    let window = rules.window.or_else(|| catalog::window_of(endpoint))?;
    // Before the conversation is summed up, which costs more and loses more.
    let trigger = window / 100 * u64::from(rules.full?) / 5 * 4;
    let tokens = |value: u64| json!({"type": "input_tokens", "value": value});
    Some(json!({"edits": [{
        "type": "clear_tool_uses_20250919",
        "trigger": tokens(trigger.max(1)),
        "keep": {"type": "tool_uses", "value": KEPT_USES},
        "clear_at_least": tokens((window / 20).max(1)),
        "exclude_tools": DECISIONS,
    }]}))
}

/// The betas that a body needs.
#[must_use]
pub fn betas(body: &Value) -> Vec<&'static str> {
    let mut betas = Vec::new();
    let compacts = body.get("compaction").is_some()
        || body
            .pointer("/messages/0/content/0/type")
            .and_then(Value::as_str)
            == Some("compaction");
    if compacts {
        betas.push(BETA);
    }
    let tools = body.get("tools").and_then(Value::as_array);
    let code = |tool: &Value| tool.get("name").and_then(Value::as_str) == Some("code_execution");
    if tools.is_some_and(|tools| tools.iter().any(code)) {
        betas.push(hosted::CODE_BETA);
    }
    if body.get("context_management").is_some() {
        betas.push(EDITS_BETA);
    }
    betas
}

/// Prompt tokens that the server left out of this call, as its last event says.
#[must_use]
pub fn cleared(event: &Value) -> u64 {
    let edits = event
        .pointer("/context_management/applied_edits")
        .and_then(Value::as_array);
    edits
        .into_iter()
        .flatten()
        .filter_map(|edit| edit.get("cleared_input_tokens")?.as_u64())
        .fold(0, u64::saturating_add)
}

/// The counts of a call. What it took to make a conversation smaller stands beside the sums.
#[must_use]
pub fn tokens(counts: &Map<String, Value>) -> Tokens {
    let mut sum = of_one(counts);
    for pass in compactions(counts) {
        let pass = of_one(pass);
        sum.input += pass.input;
        sum.cached += pass.cached;
        sum.written += pass.written;
        sum.output += pass.output;
    }
    sum
}

fn compactions(counts: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let passes = counts.get("iterations").and_then(Value::as_array);
    passes
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .filter(|pass| pass.get("type").and_then(Value::as_str) == Some("compaction"))
}

fn of_one(counts: &Map<String, Value>) -> Tokens {
    let number = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    let cached = number("cache_read_input_tokens");
    let written = number("cache_creation_input_tokens");
    Tokens {
        input: number("input_tokens") + cached + written,
        cached,
        written,
        output: number("output_tokens"),
        reasoning: counts
            .get("output_tokens_details")
            .and_then(|details| details.get("thinking_tokens")?.as_u64())
            .unwrap_or(0),
        ..Tokens::default()
    }
}

#[cfg(test)]
mod tests;
