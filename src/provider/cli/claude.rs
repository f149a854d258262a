//! Claude Code: its command line, and its lines read. Pure.
//!
//! Text arrives in pieces (`stream_event`) and once more as whole messages (`assistant`); a message
//! that came in pieces is not taken twice.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::control::Asking;
use super::heard::{Heard, SERVER, Writing, failure, shown};
use super::place::{Hands, Place};
use crate::config::{Program, program::Instructions};
use crate::protocol::{Failure, FailureKind, ToolEvent};
use crate::provider::{Permitted, usage::Tokens};

/// Its own tools that only read.
const READING: &str = "Read,Grep,Glob";
/// Its own tools that change files.
const WRITING: &str = "Edit,Write,NotebookEdit,Bash";
/// Milliseconds that a call of one of our tools may take: until the next round begins.
pub const PATIENCE_MS: u64 = 86_400_000;

/// The arguments after the command.
#[must_use]
pub fn arguments(
    program: &Program,
    place: &Place,
    (system, tools): (&Path, Option<&Path>),
    resume: Option<&str>,
) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "-p",
        "--output-format",
        "stream-json",
        "--verbose",
        "--include-partial-messages",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    let system = system.to_string_lossy();
    match program.instructions {
        Instructions::Ours => add(&["--system-prompt-file", &system]),
        Instructions::Both => add(&["--append-system-prompt-file", &system]),
    }
    match place.hands() {
        // No questions to anyone.
        Hands::Reading => add(&["--permission-mode", "dontAsk", "--tools", READING]),
        // It edits in its folders; whatever else it wants to do it asks, on the same streams.
        Hands::Writing => {
            add(&["--permission-mode", "acceptEdits"]);
            add(&["--input-format", "stream-json"]);
            add(&["--permission-prompt-tool", "stdio"]);
            add(&["--tools", &format!("{READING},{WRITING}")]);
            for folder in place.more() {
                add(&["--add-dir", &folder]);
            }
        }
    }
    // Nothing from settings that would change that.
    add(&["--setting-sources", "", "--strict-mcp-config"]);
    match tools {
        Some(path) => {
            add(&["--allowedTools", &format!("{READING},mcp__{SERVER}")]);
            add(&["--mcp-config", &path.to_string_lossy()]);
        }
        None => add(&["--allowedTools", READING]),
    }
    if let Some(model) = &program.model {
        add(&["--model", model]);
    }
    if let Some(effort) = &program.effort {
        add(&["--effort", effort]);
    }
    if let Some(session) = resume {
        add(&["--resume", session]);
    }
    arguments.extend(program.extra_args.iter().cloned());
    arguments
}

/// Variables of ours.
#[must_use]
pub fn variables() -> Vec<(String, String)> {
    [
        ("MCP_TOOL_TIMEOUT", PATIENCE_MS.to_string()),
        ("MCP_TIMEOUT", "30000".to_owned()),
        ("DISABLE_AUTOUPDATER", "1".to_owned()),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The file that names our tool server.
#[must_use]
pub fn servers(command: &str, arguments: &[String]) -> String {
    json!({"mcpServers": {SERVER: {
        "type": "stdio", "command": command, "args": arguments, "timeout": PATIENCE_MS
    }}})
    .to_string()
}

/// The first line of a process that asks for leave: the prompt.
#[must_use]
pub fn prompt(text: &str) -> String {
    let line = json!({"type": "user", "message": {"role": "user", "content": text}});
    format!("{line}\n")
}

/// Reads its lines.
#[derive(Debug, Default)]
pub struct Claude {
    asking: Option<Asking>,
    /// Messages whose pieces were taken.
    pieces: BTreeSet<String>,
    /// Block of the running message that is a call of one of our tools.
    writing: Option<u64>,
    /// Cards of its own tools that are open.
    open: BTreeSet<String>,
    /// Something was said since the last line break between two messages.
    spoke: bool,
    input: Tokens,
    /// The class of the last error, as it names it.
    error: Option<FailureKind>,
}

impl Claude {
    /// Ears for a process that works at `home`.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        let asking = match place.hands() {
            Hands::Reading => None,
            Hands::Writing => Some(Asking::new(place)),
        };
        Self {
            asking,
            ..Self::default()
        }
    }

    /// Whether it asks for leave on its standard streams.
    #[must_use]
    pub const fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// What was said to a permission.
    pub fn permit(&mut self, ask: u64, said: &Permitted) -> Vec<Heard> {
        let answer = self
            .asking
            .as_mut()
            .and_then(|asking| asking.answer(ask, said));
        answer.map(Heard::Say).into_iter().collect()
    }

    /// What a line says.
    pub fn hear(&mut self, line: &Value) -> Vec<Heard> {
        match word(line, "type") {
            "control_request" => {
                let asked = self.asking.as_mut().map(|asking| asking.ask(line));
                asked.into_iter().collect()
            }
            "system" => Self::system(line),
            // Its own helpers report to it, not to us.
            "stream_event" if line["parent_tool_use_id"].is_null() => self.piece(&line["event"]),
            "assistant" => self.whole(line),
            "user" => self.results(line),
            "result" => self.over(line),
            _ => Vec::new(),
        }
    }

    fn system(line: &Value) -> Vec<Heard> {
        match word(line, "subtype") {
            "init" => {
                let mut heard: Vec<Heard> = session(line).into_iter().collect();
                let servers = line["mcp_servers"]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice);
                let ours = servers.iter().find(|server| word(server, "name") == SERVER);
                if ours.is_some_and(|server| word(server, "status") == "failed") {
                    let message = "Claude Code could not start the server of our tools.";
                    heard.push(Heard::Failed(Failure::new(FailureKind::Local, message)));
                }
                heard
            }
            "api_retry" => {
                let status = line["error_status"]
                    .as_u64()
                    .map(|status| status.to_string());
                let words = [word(line, "error"), &status.unwrap_or_default()].join(" ");
                let attempt = line["attempt"].as_u64().unwrap_or(1);
                vec![Heard::Retrying {
                    attempt: u32::try_from(attempt).unwrap_or(u32::MAX).saturating_add(1),
                    wait_ms: line["retry_delay_ms"].as_f64().unwrap_or(0.0) as u64,
                    failure: failure("Claude Code", &words),
                }]
            }
            _ => Vec::new(),
        }
    }

    fn piece(&mut self, event: &Value) -> Vec<Heard> {
        let index = event["index"].as_u64();
        match word(event, "type") {
            "message_start" => {
                let message = &event["message"];
                self.pieces.insert(word(message, "id").to_owned());
                self.writing = None;
                self.input = tokens(&message["usage"]);
                Vec::new()
            }
            "content_block_start" => {
                let block = &event["content_block"];
                match (word(block, "type"), ours(word(block, "name"))) {
                    ("tool_use", Some(name)) => {
                        self.writing = index;
                        vec![Heard::Writes(Writing::Begins(name.to_owned()))]
                    }
                    ("text", _) if self.spoke => {
                        self.spoke = false;
                        vec![Heard::Text("\n\n".to_owned())]
                    }
                    _ => Vec::new(),
                }
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                let text = |key: &str| word(delta, key).to_owned();
                match word(delta, "type") {
                    "text_delta" => {
                        self.spoke = true;
                        vec![Heard::Text(text("text"))]
                    }
                    "thinking_delta" => vec![Heard::Thinking(text("thinking"))],
                    "input_json_delta" if self.writing.is_some() && self.writing == index => {
                        vec![Heard::Writes(Writing::More(text("partial_json")))]
                    }
                    _ => Vec::new(),
                }
            }
            "message_delta" => {
                let mut all = self.input;
                let told = tokens(&event["usage"]);
                all.output = told.output;
                if told.input > all.input {
                    (all.input, all.cached, all.written) = (told.input, told.cached, told.written);
                }
                vec![Heard::Tokens(all)]
            }
            _ => Vec::new(),
        }
    }

    fn whole(&mut self, line: &Value) -> Vec<Heard> {
        let message = &line["message"];
        let mut heard = Vec::new();
        if let Some(error) = line["error"].as_str() {
            self.error = Some(named(error));
        }
        let pieces = self.pieces.contains(word(message, "id"));
        let own = line["parent_tool_use_id"].is_null();
        let synthetic = word(message, "model") == "<synthetic>";
        for block in message["content"].as_array().map_or(&[][..], Vec::as_slice) {
            match word(block, "type") {
                "tool_use" if ours(word(block, "name")).is_none() => {
                    self.open.insert(word(block, "id").to_owned());
                    heard.push(Heard::Tool(ToolEvent::Started {
                        call: word(block, "id").to_owned(),
                        name: word(block, "name").to_owned(),
                        arguments: shown(&block["input"].to_string()),
                    }));
                }
                "text" if own && !pieces && !synthetic => {
                    let gap = if self.spoke { "\n\n" } else { "" };
                    self.spoke = true;
                    heard.push(Heard::Text(format!("{gap}{}", word(block, "text"))));
                }
                "thinking" if own && !pieces => {
                    heard.push(Heard::Thinking(word(block, "thinking").to_owned()));
                }
                _ => {}
            }
        }
        heard
    }

    fn results(&mut self, line: &Value) -> Vec<Heard> {
        let blocks = line["message"]["content"].as_array();
        let mut heard = Vec::new();
        for block in blocks.map_or(&[][..], Vec::as_slice) {
            let call = word(block, "tool_use_id");
            if word(block, "type") == "tool_result" && self.open.remove(call) {
                heard.push(Heard::Tool(ToolEvent::Finished {
                    call: call.to_owned(),
                    ok: block["is_error"] != Value::Bool(true),
                    output: shown(&plain(&block["content"])),
                    elapsed_ms: 0,
                }));
            }
        }
        heard
    }

    fn over(&mut self, line: &Value) -> Vec<Heard> {
        let mut heard: Vec<Heard> = session(line).into_iter().collect();
        let mut all = tokens(&line["usage"]);
        all.usd = line["total_cost_usd"]
            .as_f64()
            .filter(|usd| usd.is_finite() && *usd >= 0.0);
        heard.push(Heard::Total(all));
        let subtype = word(line, "subtype");
        if subtype == "success" && line["is_error"] != Value::Bool(true) {
            heard.push(Heard::Done);
            return heard;
        }
        let errors: Vec<&str> = line["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let words = match (word(line, "result"), errors.join("; ")) {
            ("", errors) if errors.is_empty() => subtype.replace('_', " "),
            ("", errors) => errors,
            (result, _) => result.to_owned(),
        };
        let mut failure = failure("Claude Code", &words);
        if let Some(kind) = self.error {
            failure.kind = kind;
        }
        failure.status = line["api_error_status"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok());
        heard.push(Heard::Failed(failure));
        heard
    }
}

/// The class of an error that it names.
fn named(error: &str) -> FailureKind {
    match error {
        "authentication_failed" | "oauth_org_not_allowed" => FailureKind::Auth,
        "billing_error" => FailureKind::Quota,
        "rate_limit" => FailureKind::RateLimit,
        "overloaded" => FailureKind::Overloaded,
        "model_not_found" => FailureKind::Model,
        "invalid_request" | "max_output_tokens" => FailureKind::Request,
        _ => FailureKind::Transient,
    }
}

fn session(line: &Value) -> Option<Heard> {
    let id = word(line, "session_id");
    (!id.is_empty()).then(|| Heard::Session(id.to_owned()))
}

/// The name of one of our tools.
fn ours(name: &str) -> Option<&str> {
    name.strip_prefix("mcp__")?
        .strip_prefix(SERVER)?
        .strip_prefix("__")
}

/// Anthropic counts what it caches beside the rest of the prompt.
fn tokens(usage: &Value) -> Tokens {
    let number = |key: &str| usage[key].as_u64().unwrap_or(0);
    let cached = number("cache_read_input_tokens");
    Tokens {
        input: number("input_tokens") + cached + number("cache_creation_input_tokens"),
        cached,
        written: number("cache_creation_input_tokens"),
        output: number("output_tokens"),
        ..Tokens::default()
    }
}

/// Text of a result: a text, or a list of blocks.
fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts = blocks.iter().filter_map(|block| block["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// A text field; empty when it is missing.
pub fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
