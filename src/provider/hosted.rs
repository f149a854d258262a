//! Tools that a vendor runs itself while its model replies: web search, a sandbox for code, search in
//! files that were uploaded there.
//!
//! Pure. They are offered together with ours, in the words of each family; the vendor runs them and the
//! reply goes on. What was done is told as a tool card once it is over, and counted in money where the
//! price is known (litellm 1.109.1, as the table of models); else the cost is "at least".

use serde_json::{Value, json};

pub use crate::config::HostedTool;
use crate::protocol::ToolEvent;

use super::wire::Adaptation;
use super::{Endpoint, StreamEvent, Wire};

/// Most bytes of what is told of one use.
const MOST: usize = 8 * 1024;
/// Beta of Anthropic's sandbox.
pub const CODE_BETA: &str = "code-execution-2025-08-25";

/// Words by which servers name these tools when they refuse them.
const REFUSED: &[&str] = &[
    "web_search",
    "x_search",
    "file_search",
    "vector_store",
    "code_interpreter",
    "code_execution",
    "code-execution",
    "google_search",
    "googlesearch",
    "codeexecution",
    "built-in tool",
    "tool use with function calling",
    "server-side tool",
];

/// The tools of the vendor in the words of the endpoint's family, for a request that offers tools at
/// all.
#[must_use]
pub fn specs(endpoint: &Endpoint, adaptation: Adaptation) -> Vec<Value> {
    if adaptation.no_hosted {
        return Vec::new();
    }
    let tools = endpoint.manners.hosted.iter();
    tools.filter_map(|tool| spec(tool, endpoint.wire)).collect()
}

fn spec(tool: &HostedTool, wire: Wire) -> Option<Value> {
    Some(match (wire, tool) {
        (Wire::Responses, HostedTool::WebSearch { context }) => match context {
            Some(size) => json!({"type": "web_search", "search_context_size": size}),
            None => json!({"type": "web_search"}),
        },
        (Wire::Responses, HostedTool::XSearch) => json!({"type": "x_search"}),
        (Wire::Responses, HostedTool::Code) => {
            json!({"type": "code_interpreter", "container": {"type": "auto"}})
        }
        (Wire::Responses, HostedTool::Files(stores)) => {
            json!({"type": "file_search", "vector_store_ids": stores})
        }
        (Wire::Messages, HostedTool::WebSearch { .. }) => {
            json!({"type": "web_search_20250305", "name": "web_search"})
        }
        (Wire::Messages, HostedTool::Code) => {
            json!({"type": "code_execution_20250825", "name": "code_execution"})
        }
        (Wire::Gemini, HostedTool::WebSearch { .. }) => json!({"googleSearch": {}}),
        (Wire::Gemini, HostedTool::Code) => json!({"codeExecution": {}}),
        (Wire::Messages | Wire::Gemini, HostedTool::XSearch | HostedTool::Files(_))
        | (Wire::Chat, _) => return None,
    })
}

/// True when a refusal is about one of these tools.
#[must_use]
pub fn is_refusal(endpoint: &Endpoint, lower: &str, adaptation: Adaptation) -> bool {
    !specs(endpoint, adaptation).is_empty() && REFUSED.iter().any(|words| lower.contains(words))
}

/// What is told when a model does not take them.
#[must_use]
pub fn refused(endpoint: &Endpoint, seed: u64) -> [StreamEvent; 2] {
    let names: Vec<&str> = endpoint
        .manners
        .hosted
        .iter()
        .map(HostedTool::word)
        .collect();
    let output = format!(
        "{} refused its own tools ({}), alone or together with ours: it goes on without them.",
        endpoint.model,
        names.join(", ")
    );
    told(
        &format!("hosted-{seed}"),
        "vendor_tools",
        "{}",
        (false, output),
    )
}

/// What the vendor's tools did in one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    usd: f64,
    unpriced: bool,
}

impl Used {
    /// One use is over: counted and told.
    pub fn add(
        &mut self,
        endpoint: &Endpoint,
        (id, name, arguments): (&str, &str, &str),
        (ok, output): (bool, String),
        out: &mut Vec<StreamEvent>,
    ) {
        match price(endpoint, name) {
            // What fails is not charged.
            Some(usd) if ok => self.usd += usd,
            Some(_) => {}
            None => self.unpriced = true,
        }
        out.extend(told(id, name, arguments, (ok, output)));
    }

    /// USD, as far as it is known.
    #[must_use]
    pub const fn usd(self) -> f64 {
        self.usd
    }

    /// True when something was used whose price nobody knows.
    #[must_use]
    pub const fn is_partial(self) -> bool {
        self.unpriced
    }
}

fn told(
    id: &str,
    name: &str,
    arguments: &str,
    (ok, mut output): (bool, String),
) -> [StreamEvent; 2] {
    let mut arguments = arguments.to_owned();
    for text in [&mut arguments, &mut output] {
        let cut = text.floor_char_boundary(MOST);
        text.truncate(cut);
    }
    let call = id.to_owned();
    [
        StreamEvent::Tool(ToolEvent::Started {
            call: call.clone(),
            name: name.to_owned(),
            arguments,
        }),
        StreamEvent::Tool(ToolEvent::Finished {
            call,
            ok,
            output,
            elapsed_ms: 0,
        }),
    ]
}

/// USD of one use besides its tokens; what is free up to a number of uses counts as if it were not.
fn price(endpoint: &Endpoint, name: &str) -> Option<f64> {
    match (endpoint.backend.as_str(), name) {
        ("openai" | "claude", "web_search") => Some(0.01),
        ("openai", "code_interpreter") => Some(0.03),
        ("gemini", "google_search") if endpoint.model.contains("gemini-2") => Some(0.035),
        ("gemini", "google_search") => Some(0.014),
        // Its tokens are all there is to pay.
        ("gemini", "code_execution") => Some(0.0),
        _ => None,
    }
}

/// Name, arguments and outcome of an item of the Responses API that is a use of such a tool.
#[must_use]
pub fn of_item(item: &Value) -> Option<(String, String, bool, String)> {
    let kind = item.get("type").and_then(Value::as_str)?;
    let name = kind.strip_suffix("_call")?;
    if matches!(kind, "function_call" | "custom_tool_call") {
        return None;
    }
    let known = ["action", "code", "queries", "query", "input"];
    let said = known
        .iter()
        .filter_map(|field| Some((*field, item.get(*field)?)));
    let arguments = Value::Object(
        said.map(|(field, value)| (field.to_owned(), value.clone()))
            .collect(),
    );
    let ok = item.get("status").and_then(Value::as_str) != Some("failed");
    let outputs = item.get("outputs").or_else(|| item.get("results"));
    let output = match outputs.and_then(Value::as_array) {
        Some(list) => list.iter().map(line).collect::<Vec<_>>().join("\n"),
        None if ok => "done".to_owned(),
        None => "failed".to_owned(),
    };
    Some((name.to_owned(), arguments.to_string(), ok, output))
}

/// Outcome of a result block of the Messages API.
#[must_use]
pub fn of_block(block: &Value) -> (bool, String) {
    match block.get("content") {
        Some(Value::Array(list)) => (true, list.iter().map(line).collect::<Vec<_>>().join("\n")),
        Some(content) => {
            let code = content.get("error_code").and_then(Value::as_str);
            let output = code.map_or_else(|| line(content), str::to_owned);
            (code.is_none(), output)
        }
        None => (true, "done".to_owned()),
    }
}

/// What a model of Google has looked up: the queries, and the pages it used.
#[must_use]
pub fn of_grounding(metadata: &Value) -> Option<(Vec<String>, String)> {
    let queries = metadata.get("webSearchQueries").and_then(Value::as_array)?;
    let queries: Vec<String> = queries
        .iter()
        .filter_map(|query| Some(query.as_str()?.to_owned()))
        .collect();
    let pages = metadata.get("groundingChunks").and_then(Value::as_array);
    let pages: Vec<String> = pages
        .into_iter()
        .flatten()
        .filter_map(|chunk| Some(line(chunk.get("web")?)))
        .collect();
    (!queries.is_empty()).then(|| (queries, pages.join("\n")))
}

/// One result in a line.
fn line(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let known = [
        text("title"),
        text("filename"),
        text("url"),
        text("uri"),
        text("logs"),
        text("stdout"),
        text("stderr"),
        text("output"),
        text("text"),
    ];
    let words: Vec<&str> = known.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        value.to_string()
    } else {
        words.join(" · ")
    }
}

#[cfg(test)]
mod tests;
