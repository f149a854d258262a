//! Gemini CLI: its command line, and its lines read. Pure.
//!
//! It takes tool servers from settings files only: `home` makes one for it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

use super::claude::word;
use super::heard::{Heard, SERVER, failure, remark, shown};
use super::place::{Hands, Place};
use crate::config::Program;
use crate::protocol::{FailureKind, ToolEvent};
use crate::provider::usage::Tokens;

/// The arguments after the command. The prompt comes on standard input; the words of `-p` follow it.
#[must_use]
pub fn arguments(program: &Program, place: &Place, resume: Option<&str>) -> Vec<String> {
    let mode = match place.hands() {
        Hands::Reading => "default",
        Hands::Writing => "auto_edit",
    };
    let mut arguments: Vec<String> = [
        "-p",
        "Go on as the instructions above say.",
        "-o",
        "stream-json",
        "--approval-mode",
        mode,
    ]
    .map(str::to_owned)
    .to_vec();
    for folder in place.more() {
        arguments.extend(["--include-directories".to_owned(), folder]);
    }
    if let Some(model) = &program.model {
        arguments.extend(["-m".to_owned(), model.clone()]);
    }
    if let Some(session) = resume {
        arguments.extend(["-r".to_owned(), session.to_owned()]);
    }
    arguments.extend(program.extra_args.iter().cloned());
    arguments
}

/// Variables of ours.
#[must_use]
pub fn variables(home: &Path) -> Vec<(String, String)> {
    let home = home.to_string_lossy().into_owned();
    vec![
        ("GEMINI_CLI_NO_RELAUNCH".to_owned(), "true".to_owned()),
        ("GEMINI_CLI_TRUST_WORKSPACE".to_owned(), "true".to_owned()),
        ("GEMINI_CLI_HOME".to_owned(), home),
    ]
}

/// What its exit code says about a failure; `None` for one without a meaning.
#[must_use]
pub const fn exit(code: i32) -> Option<FailureKind> {
    Some(match code {
        41 => FailureKind::Auth,
        42 | 52 | 55 => FailureKind::Request,
        44 | 54 => FailureKind::Local,
        130 => FailureKind::Cancelled,
        _ => return None,
    })
}

/// Reads its lines.
#[derive(Debug, Default)]
pub struct Gemini {
    open: BTreeSet<String>,
    remarks: u32,
    spoke: bool,
    /// A tool was used since it spoke.
    worked: bool,
}

impl Gemini {
    /// What a line says.
    pub fn hear(&mut self, line: &Value) -> Vec<Heard> {
        match word(line, "type") {
            "init" => vec![Heard::Session(word(line, "session_id").to_owned())],
            "message" if word(line, "role") == "assistant" => {
                let gap = if self.spoke && self.worked {
                    "\n\n"
                } else {
                    ""
                };
                (self.spoke, self.worked) = (true, false);
                vec![Heard::Text(format!("{gap}{}", word(line, "content")))]
            }
            "tool_use" => {
                self.worked = true;
                if ours(word(line, "tool_name")) {
                    return Vec::new();
                }
                let call = word(line, "tool_id").to_owned();
                self.open.insert(call.clone());
                vec![Heard::Tool(ToolEvent::Started {
                    call,
                    name: word(line, "tool_name").to_owned(),
                    arguments: shown(&line["parameters"].to_string()),
                })]
            }
            "tool_result" => {
                let call = word(line, "tool_id").to_owned();
                if !self.open.remove(&call) {
                    return Vec::new();
                }
                let output = match word(line, "output") {
                    "" => word(&line["error"], "message"),
                    output => output,
                };
                vec![Heard::Tool(ToolEvent::Finished {
                    call,
                    ok: word(line, "status") == "success",
                    output: shown(output),
                    elapsed_ms: 0,
                })]
            }
            "error" => {
                self.remarks += 1;
                let name = match word(line, "severity") {
                    "warning" => "warning",
                    _ => "error",
                };
                remark(
                    &format!("remark_{}", self.remarks),
                    name,
                    word(line, "message"),
                )
                .to_vec()
            }
            "result" => {
                let end = match word(line, "status") {
                    "success" => Heard::Done,
                    _ => Heard::Failed(failure("Gemini CLI", word(&line["error"], "message"))),
                };
                vec![Heard::Total(tokens(&line["stats"])), end]
            }
            _ => Vec::new(),
        }
    }
}

fn ours(name: &str) -> bool {
    let rest = name
        .strip_prefix("mcp_")
        .map(|rest| rest.trim_start_matches('_'));
    rest.is_some_and(|rest| rest.starts_with(SERVER))
}

fn tokens(stats: &Value) -> Tokens {
    let number = |key: &str| stats[key].as_u64().unwrap_or(0);
    Tokens {
        input: number("input_tokens"),
        cached: number("cached").min(number("input_tokens")),
        output: number("output_tokens"),
        ..Tokens::default()
    }
}
