//! `enable_web_search`, `enable_x_search`, `enable_code_execution`, `enable_code_interpreter` and
//! `vector_store_ids`: tools that a vendor runs itself.
//!
//! What a vendor has is known per type and API; whatever else is asked for is a note with the reason.

use serde_json::{Map, Value, json};

use super::agents::AgentBuilder;
use super::backends::Backend;
use super::diagnostic::Severity;
use super::model::{HostedTool, Wire};
use super::node::{Entry, Node};
use super::yaml::join;

/// Keys that ask for such a tool.
const KEYS: [&str; 5] = [
    "enable_web_search",
    "enable_x_search",
    "enable_code_execution",
    "enable_code_interpreter",
    "vector_store_ids",
];

/// True when any is asked for.
pub(super) fn asks(node: &Node) -> bool {
    KEYS.iter().any(|key| wanted(node, key).is_some())
}

fn wanted<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    node.entry(key)
        .filter(|entry| entry.value.truthy() || !entry.value.items().is_empty())
}

impl AgentBuilder<'_> {
    /// The vendor's own tools of a backend.
    pub(super) fn hosted(
        &mut self,
        node: &Node,
        entry: &Backend,
        wire: Wire,
        path: &str,
    ) -> Vec<HostedTool> {
        let mut tools = Vec::new();
        for key in KEYS {
            let Some(asked) = wanted(node, key) else {
                continue;
            };
            let tool = tool(key, node);
            if !serves(entry, wire, &tool) {
                let why = why_not(entry, wire, &tool);
                self.push(
                    Severity::Note,
                    "not-used",
                    asked.key_span,
                    &join(path, key),
                    format!("`{key}` is not used: {why}"),
                    "the vendors that have it stand in docs/providers.md",
                );
            } else if !tools.contains(&tool) {
                tools.push(tool);
            }
        }
        tools
    }
}

fn tool(key: &str, node: &Node) -> HostedTool {
    match key {
        "enable_web_search" => {
            let size = node.some("search_context_size").and_then(Node::text);
            HostedTool::WebSearch {
                context: size.map(str::to_owned),
            }
        }
        "enable_x_search" => HostedTool::XSearch,
        "vector_store_ids" => {
            let list = node.some("vector_store_ids").map(Node::items);
            let names = list.unwrap_or_default().iter().filter_map(Node::text);
            HostedTool::Files(names.map(str::to_owned).collect())
        }
        _ => HostedTool::Code,
    }
}

fn serves(entry: &Backend, wire: Wire, tool: &HostedTool) -> bool {
    match (entry.r#type.as_str(), wire, tool) {
        ("openai", Wire::Responses, tool) => *tool != HostedTool::XSearch,
        ("grok", Wire::Responses, tool) => !matches!(tool, HostedTool::Files(_)),
        ("claude", Wire::Messages, tool) | ("gemini", Wire::Gemini, tool) => {
            matches!(tool, HostedTool::WebSearch { .. } | HostedTool::Code)
        }
        ("openrouter", Wire::Chat, HostedTool::WebSearch { .. }) => true,
        _ => false,
    }
}

fn why_not(entry: &Backend, wire: Wire, tool: &HostedTool) -> String {
    let what = tool.word();
    if entry.program.is_some() {
        return format!(
            "{} decides itself which tools of its own it has",
            entry.name
        );
    }
    let elsewhere = match entry.r#type.as_str() {
        "openai" | "grok" if wire != Wire::Responses => Some("responses"),
        "claude" if wire != Wire::Messages => Some("messages"),
        "gemini" if wire != Wire::Gemini => Some("gemini"),
        _ => None,
    };
    match elsewhere {
        Some(api) => format!("{} has {what} only with `wire: {api}`", entry.name),
        None => format!("{} has no {what} of its own", entry.name),
    }
}

/// What `OpenRouter` is asked for instead of a tool: a plugin that searches before the model replies.
pub(super) fn plugin(node: &Node, entry: &Backend, parameters: &mut Map<String, Value>) {
    if entry.r#type != "openrouter" || wanted(node, "enable_web_search").is_none() {
        return;
    }
    let mut plugin = json!({"id": "web"});
    for key in ["engine", "max_results", "search_prompt"] {
        if let Some(value) = node.some(key).and_then(Node::json) {
            plugin[key] = value;
        }
    }
    parameters.entry("plugins").or_insert(json!([plugin]));
}

#[cfg(test)]
mod tests {
    use crate::config::backends;

    use super::*;
    use crate::config::yaml::parse;

    #[test]
    fn what_a_vendor_has_is_known_by_its_type_and_api() {
        let search = || HostedTool::WebSearch { context: None };
        let files = || HostedTool::Files(vec!["vs_1".into()]);
        for (kind, wire, tool, served) in [
            ("openai", Wire::Responses, search(), true),
            ("openai", Wire::Responses, files(), true),
            ("openai", Wire::Responses, HostedTool::XSearch, false),
            ("openai", Wire::Chat, search(), false),
            ("grok", Wire::Responses, HostedTool::XSearch, true),
            ("claude", Wire::Messages, HostedTool::Code, true),
            ("claude", Wire::Messages, files(), false),
            ("gemini", Wire::Gemini, search(), true),
            ("openrouter", Wire::Chat, search(), true),
            ("openrouter", Wire::Chat, HostedTool::Code, false),
            ("vllm", Wire::Chat, search(), false),
            ("claude_code", Wire::Chat, search(), false),
        ] {
            let entry = backends::find(kind).expect("a type");
            assert_eq!(serves(entry, wire, &tool), served, "{kind} {tool:?}");
            assert!(!why_not(entry, wire, &tool).is_empty());
        }
        let entry = backends::find("openai").expect("a type");
        assert!(why_not(entry, Wire::Chat, &search()).contains("wire: responses"));
    }

    #[test]
    fn openrouter_searches_by_a_plugin_and_false_asks_for_nothing() {
        let node = |text: &str| parse(text.as_bytes()).root.expect("yaml");
        let entry = backends::find("openrouter").expect("a type");
        let mut parameters = Map::new();
        plugin(
            &node("{enable_web_search: true, max_results: 3}"),
            entry,
            &mut parameters,
        );
        assert_eq!(
            parameters["plugins"],
            json!([{"id": "web", "max_results": 3}])
        );
        let mut none = Map::new();
        plugin(&node("enable_web_search: false"), entry, &mut none);
        assert!(none.is_empty());
        assert!(!asks(&node(
            "{enable_web_search: false, vector_store_ids: []}"
        )));
        assert!(asks(&node("vector_store_ids: [vs_1]")));
    }
}
