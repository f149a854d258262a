//! Codex: its command line, and its lines read. Pure.
//!
//! It sends whole items, no pieces. It tells its tokens at the end of a turn only, and for all that
//! its thread has used.

use std::collections::BTreeSet;

use serde_json::Value;

use super::claude::{PATIENCE_MS, word};
use super::heard::{Heard, SERVER, failure, remark, shown};
use super::place::{Hands, Place};
use crate::config::Program;
use crate::protocol::{FailureKind, Network, ToolEvent};
use crate::provider::usage::Tokens;

/// Most bytes of instructions that travel in an argument; systems allow 128 KiB.
const LONGEST_ARGUMENT: usize = 100 * 1024;

/// Whether the instructions go with the arguments; else they belong into the prompt.
#[must_use]
pub fn takes(system: &str) -> bool {
    !system.is_empty() && system.len() <= LONGEST_ARGUMENT
}

/// The arguments after the command; the prompt comes on standard input.
#[must_use]
pub fn arguments(
    program: &Program,
    place: &Place,
    (system, tools): (&str, Option<(&str, &[String])>),
    resume: Option<&str>,
) -> Vec<String> {
    let mut arguments = vec!["exec".to_owned()];
    if let Some(thread) = resume {
        arguments.extend(["resume".to_owned(), thread.to_owned()]);
    }
    arguments.extend(["--json", "--skip-git-repo-check"].map(str::to_owned));
    // `resume` takes no `-s`.
    match place.hands() {
        Hands::Reading => set(&mut arguments, "sandbox_mode", &quoted("read-only")),
        Hands::Writing => {
            set(&mut arguments, "sandbox_mode", &quoted("workspace-write"));
            let more: Vec<String> = place.more().iter().map(|path| quoted(path)).collect();
            let roots = format!("[{}]", more.join(","));
            let network = (place.network() == Network::On).to_string();
            for (key, value) in [
                ("writable_roots", roots.as_str()),
                ("network_access", &network),
                // The agent has temporary files of its own.
                ("exclude_slash_tmp", "true"),
            ] {
                let key = format!("sandbox_workspace_write.{key}");
                set(&mut arguments, &key, value);
            }
        }
    }
    set(&mut arguments, "approval_policy", &quoted("never"));
    if takes(system) {
        set(&mut arguments, "developer_instructions", &quoted(system));
    }
    if let Some((command, words)) = tools {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let key = |name: &str| format!("mcp_servers.{SERVER}.{name}");
        set(&mut arguments, &key("command"), &quoted(command));
        set(
            &mut arguments,
            &key("args"),
            &format!("[{}]", words.join(",")),
        );
        // Otherwise its first request may lack the tools, and every call would ask for approval.
        set(&mut arguments, &key("required"), "true");
        set(
            &mut arguments,
            &key("default_tools_approval_mode"),
            &quoted("approve"),
        );
        set(
            &mut arguments,
            &key("tool_timeout_sec"),
            &(PATIENCE_MS / 1000).to_string(),
        );
    }
    if let Some(effort) = &program.effort {
        set(&mut arguments, "model_reasoning_effort", &quoted(effort));
    }
    if let Some(model) = &program.model {
        arguments.extend(["-m".to_owned(), model.clone()]);
    }
    arguments.extend(program.extra_args.iter().cloned());
    arguments.push("-".to_owned());
    arguments
}

fn set(arguments: &mut Vec<String>, key: &str, value: &str) {
    arguments.extend(["-c".to_owned(), format!("{key}={value}")]);
}

/// A TOML string. JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Reads its lines.
#[derive(Debug, Default)]
pub struct Codex {
    open: BTreeSet<String>,
    spoke: bool,
    /// Its last complaint: the reason, when it ends without another.
    remarks: u32,
}

impl Codex {
    /// What a line says.
    pub fn hear(&mut self, line: &Value) -> Vec<Heard> {
        match word(line, "type") {
            "thread.started" => vec![Heard::Session(word(line, "thread_id").to_owned())],
            "item.started" | "item.updated" => self.begun(&line["item"]),
            "item.completed" => self.done(&line["item"]),
            "turn.completed" => vec![Heard::Total(tokens(&line["usage"])), Heard::Done],
            "turn.failed" => {
                let words = word(&line["error"], "message");
                vec![Heard::Failed(failure("Codex", words))]
            }
            "error" => self.error(word(line, "message")),
            _ => Vec::new(),
        }
    }

    /// "Reconnecting... 2/5" is no failure yet; anything else is told again by `turn.failed`.
    fn error(&mut self, words: &str) -> Vec<Heard> {
        let Some(rest) = words.strip_prefix("Reconnecting...") else {
            return self.remark("error", words);
        };
        let failure = failure("Codex", words);
        if failure.kind == FailureKind::Auth {
            // It would try four times more; nothing heals that.
            return vec![Heard::Failed(failure)];
        }
        let attempt = rest
            .trim()
            .split('/')
            .next()
            .and_then(|number| number.parse().ok());
        vec![Heard::Retrying {
            attempt: attempt.unwrap_or(1_u32).saturating_add(1),
            wait_ms: 0,
            failure,
        }]
    }

    fn remark(&mut self, name: &str, words: &str) -> Vec<Heard> {
        self.remarks += 1;
        remark(&format!("remark_{}", self.remarks), name, words).to_vec()
    }

    fn begun(&mut self, item: &Value) -> Vec<Heard> {
        let Some((name, arguments)) = card(item) else {
            return Vec::new();
        };
        let call = word(item, "id").to_owned();
        if !self.open.insert(call.clone()) {
            return Vec::new();
        }
        vec![Heard::Tool(ToolEvent::Started {
            call,
            name,
            arguments: shown(&arguments),
        })]
    }

    fn done(&mut self, item: &Value) -> Vec<Heard> {
        match word(item, "type") {
            "agent_message" => {
                let gap = if self.spoke { "\n\n" } else { "" };
                self.spoke = true;
                vec![Heard::Text(format!("{gap}{}", word(item, "text")))]
            }
            "reasoning" => vec![Heard::Thinking(format!("{}\n\n", word(item, "text")))],
            "error" => self.remark("warning", word(item, "message")),
            _ => {
                let mut heard = self.begun(item);
                let call = word(item, "id").to_owned();
                if self.open.remove(&call) {
                    heard.push(Heard::Tool(ToolEvent::Finished {
                        call,
                        ok: word(item, "status") != "failed" && item["error"].is_null(),
                        output: shown(&output(item)),
                        elapsed_ms: 0,
                    }));
                }
                heard
            }
        }
    }
}

/// Name and arguments on the card of a tool of its own.
fn card(item: &Value) -> Option<(String, String)> {
    Some(match word(item, "type") {
        "command_execution" => ("shell".to_owned(), word(item, "command").to_owned()),
        "file_change" => ("file_change".to_owned(), item["changes"].to_string()),
        "web_search" => ("web_search".to_owned(), word(item, "query").to_owned()),
        "mcp_tool_call" if word(item, "server") != SERVER => {
            let name = format!("{}.{}", word(item, "server"), word(item, "tool"));
            (name, item["arguments"].to_string())
        }
        _ => return None,
    })
}

fn output(item: &Value) -> String {
    if let Some(text) = item["aggregated_output"].as_str() {
        return text.to_owned();
    }
    if let Some(text) = item["error"]["message"].as_str() {
        return text.to_owned();
    }
    let parts = item["result"]["content"].as_array().into_iter().flatten();
    parts
        .filter_map(|part| part["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

fn tokens(usage: &Value) -> Tokens {
    let number = |key: &str| usage[key].as_u64().unwrap_or(0);
    Tokens {
        input: number("input_tokens"),
        cached: number("cached_input_tokens").min(number("input_tokens")),
        written: number("cache_write_input_tokens"),
        output: number("output_tokens"),
        reasoning: number("reasoning_output_tokens").min(number("output_tokens")),
        usd: None,
    }
}
