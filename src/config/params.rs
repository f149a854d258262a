//! Backend keys to request fields of a chat completion.
//!
//! What the key tables call honoured is sent, renamed where chat completions call it otherwise; keys
//! that need something this version does not have are never sent; unknown keys are parameters of the
//! server and go through unchanged.

use serde_json::{Map, Value};

use super::backends::Backend;
use super::diagnostic::{Finding, Severity};
use super::excerpt::clean;
use super::holding;
use super::model::Wire;
use super::node::{Entry, Node};
use super::schema::{self, Use};
use super::yaml::join;

/// Fields that the program sets itself.
const RESERVED: &[&str] = &[
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "n",
];

/// Keys that are no request fields.
const CONTROL: &[&str] = &[
    "type",
    "model",
    "cwd",
    "api_key",
    "base_url",
    "azure_endpoint",
    "tool_calling",
    "wire",
    "rate_limit",
    "endpoints",
    "fallbacks",
    "context_window",
    "compaction",
    "command",
    "extra_args",
    "env",
    "use_default_prompt",
    "model_reasoning_effort",
    "api_version",
    "betas",
    "organization",
    "extra_headers",
    "default_headers",
    "llm_circuit_breaker_enabled",
    "llm_circuit_breaker_max_failures",
    "llm_circuit_breaker_reset_time_seconds",
    "llm_circuit_breaker_max_backoff_seconds",
    "llm_circuit_breaker_backoff_multiplier",
    "llm_circuit_breaker_retry_after_threshold_seconds",
    "gemini_backoff_max_attempts",
    "gemini_backoff_initial_delay",
    "gemini_backoff_multiplier",
    "gemini_backoff_max_delay",
    "gemini_backoff_jitter",
    "enable_web_search",
    "enable_x_search",
    "enable_code_execution",
    "enable_code_interpreter",
    "vector_store_ids",
    "search_context_size",
    "engine",
    "max_results",
    "search_prompt",
    "mcp_servers",
    "mcpServers",
    "allowed_tools",
    "exclude_tools",
];

/// True for a field that the program sets itself.
pub fn is_reserved(field: &str) -> bool {
    RESERVED.contains(&field)
}

/// The request fields of a backend.
pub fn parameters(
    backend: &Backend,
    model: &str,
    wire: Wire,
    node: &Node,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Map<String, Value> {
    let mut fields = Fields {
        backend,
        model,
        wire,
        map: Map::new(),
        findings,
    };
    for entry in node.entries() {
        let key = entry.key.as_str();
        if !CONTROL.contains(&key) && !holding::KEYS.contains(&key) {
            fields.entry(entry, &join(path, &entry.key));
        }
    }
    if let Some(extra) = node.get("extra_body") {
        for entry in extra.entries() {
            fields.send(&entry.key, entry, &join(path, &entry.key));
        }
    }
    fields.map
}

struct Fields<'a> {
    backend: &'a Backend,
    model: &'a str,
    wire: Wire,
    map: Map<String, Value>,
    findings: &'a mut Vec<Finding>,
}

impl Fields<'_> {
    fn entry(&mut self, entry: &Entry, path: &str) {
        let key = entry.key.as_str();
        match schema::scope("backend").and_then(|keys| keys.get(key)) {
            Some(known) if known.usage != Use::Honoured => return,
            Some(known) if !known.fits(&entry.value) => return,
            None if schema::home(key, "backend").is_some() => return,
            _ => {}
        }
        match key {
            "extra_body" => {}
            "reasoning" => self.reasoning(entry, path),
            "text" => self.verbosity(entry, path),
            "max_tokens" | "max_output_tokens" | "max_completion_tokens" => {
                let field = if self.is("openai") || self.is("azure_openai") {
                    // OpenAI's reasoning models refuse the older name, the others take both.
                    "max_completion_tokens"
                } else {
                    "max_tokens"
                };
                self.send(field, entry, path);
            }
            key => self.send(key, entry, path),
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.backend.r#type == kind
    }

    fn send(&mut self, field: &str, entry: &Entry, path: &str) {
        if is_reserved(field) || field == "model" {
            self.push(
                Severity::Warning,
                "reserved-parameter",
                entry,
                path,
                format!(
                    "`{}` is set by the program; it is not sent from here",
                    clean(field, 60)
                ),
            );
            return;
        }
        if field == "temperature" && entry.value.number().is_some_and(|value| value > 2.0) {
            self.push(
                Severity::Warning,
                "unusual-value",
                entry,
                path,
                "most servers refuse a `temperature` above 2".to_owned(),
            );
        }
        match entry.value.json() {
            Some(Value::Null) => {}
            Some(value) => {
                self.map.insert(field.to_owned(), value);
            }
            None => self.push(
                Severity::Error,
                "out-of-range",
                entry,
                path,
                format!("`{}` must be a finite number", clean(field, 60)),
            ),
        }
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        entry: &Entry,
        path: &str,
        message: String,
    ) {
        self.findings
            .push(Finding::new(severity, code, entry.value.span, path).message(message));
    }

    /// `reasoning: {effort: low}` becomes `reasoning_effort`; OpenRouter takes the map as it is.
    fn reasoning(&mut self, entry: &Entry, path: &str) {
        if self.is("openrouter") {
            self.send("reasoning", entry, path);
            return;
        }
        for inner in entry.value.entries() {
            match inner.key.as_str() {
                "effort" => self.send("reasoning_effort", inner, path),
                "summary" if self.wire == Wire::Responses => self.summary(inner),
                "summary" => self.push(
                    Severity::Note,
                    "not-used",
                    inner,
                    &join(path, "summary"),
                    format!(
                        "`summary` is not sent to `{}`: only OpenAI's Responses know it",
                        self.backend.r#type
                    ),
                ),
                // Reported by the key tables.
                "type" => {}
                _ => self.push(
                    Severity::Note,
                    "not-used",
                    inner,
                    &join(path, &inner.key),
                    format!(
                        "`{}` is kept but not used: chat completions of `{}` know only `effort`",
                        clean(&inner.key, 60),
                        self.backend.r#type
                    ),
                ),
            }
        }
    }

    /// Goes beside the effort into the same map of the request.
    fn summary(&mut self, entry: &Entry) {
        if let Some(value) = entry.value.json().filter(|value| !value.is_null()) {
            let map = serde_json::json!({"summary": value});
            self.map.insert("reasoning".to_owned(), map);
        }
    }

    /// `text: {verbosity: low}` is a field of OpenAI's GPT-5 models.
    fn verbosity(&mut self, entry: &Entry, path: &str) {
        let Some(inner) = entry.value.entry("verbosity") else {
            return;
        };
        if self.is("openai") {
            self.send("verbosity", inner, path);
        } else {
            let model = clean(self.model, 60);
            self.push(
                Severity::Note,
                "not-used",
                inner,
                path,
                format!("`text.verbosity` is not sent for `{model}`: only OpenAI knows it"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{backends, yaml};

    fn sent(kind: &str, text: &str) -> (Value, Vec<&'static str>) {
        let parsed = yaml::parse(text.as_bytes());
        assert!(parsed.findings.is_empty(), "{text}: {:?}", parsed.findings);
        let mut findings = Vec::new();
        let map = parameters(
            backends::find(kind).unwrap(),
            "some-model",
            backends::find(kind).unwrap().wire,
            &parsed.root.unwrap(),
            "backend",
            &mut findings,
        );
        let codes = findings.iter().map(|finding| finding.code).collect();
        (Value::Object(map), codes)
    }

    #[test]
    fn fields_are_named_as_the_server_wants_them() {
        for (kind, text, expected, codes) in [
            (
                "openai",
                "{temperature: 0.2, top_p: 1}",
                r#"{"temperature":0.2,"top_p":1}"#,
                vec![],
            ),
            (
                "openai",
                "max_tokens: 9",
                r#"{"max_completion_tokens":9}"#,
                vec![],
            ),
            (
                "groq",
                "max_output_tokens: 9",
                r#"{"max_tokens":9}"#,
                vec![],
            ),
            (
                "openai",
                "reasoning: {effort: low, summary: auto}",
                r#"{"reasoning_effort":"low","reasoning":{"summary":"auto"}}"#,
                vec![],
            ),
            (
                "zai",
                "reasoning: {effort: low, summary: auto}",
                r#"{"reasoning_effort":"low"}"#,
                vec!["not-used"],
            ),
            (
                "openrouter",
                "reasoning: {max_tokens: 9}",
                r#"{"reasoning":{"max_tokens":9}}"#,
                vec![],
            ),
            (
                "grok",
                "reasoning: {budget_tokens: 9}",
                "{}",
                vec!["not-used"],
            ),
            (
                "openai",
                "text: {verbosity: low}",
                r#"{"verbosity":"low"}"#,
                vec![],
            ),
            ("gemini", "text: {verbosity: low}", "{}", vec!["not-used"]),
            (
                "openai",
                "{cwd: w, enable_web_search: true, mcp_servers: [], enable_mcp_command_line: true, \
                 command_line_allowed_commands: [ls], command_line_blocked_commands: [rm]}",
                "{}",
                vec![],
            ),
            (
                "vllm",
                "extra_body: {guided_json: {a: 1}}",
                r#"{"guided_json":{"a":1}}"#,
                vec![],
            ),
            (
                "vllm",
                "{my_knob: [1, x]}",
                r#"{"my_knob":[1,"x"]}"#,
                vec![],
            ),
            (
                "vllm",
                "{stream: false, extra_body: {n: 4}}",
                "{}",
                vec!["reserved-parameter"; 2],
            ),
            (
                "openai",
                "{write_mode: auto, system_message: x}",
                "{}",
                vec![],
            ),
            (
                "openai",
                "{seed: null, stop: [a]}",
                r#"{"stop":["a"]}"#,
                vec![],
            ),
            ("vllm", "my_knob: .inf", "{}", vec!["out-of-range"]),
            (
                "openai",
                "temperature: 9",
                r#"{"temperature":9}"#,
                vec!["unusual-value"],
            ),
        ] {
            let expected: Value = serde_json::from_str(expected).unwrap();
            assert_eq!(sent(kind, text), (expected, codes), "{kind}: {text}");
        }
    }
}
