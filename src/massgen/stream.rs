//! `events.jsonl`: one happening per line, in local time.
//!
//! Errors of providers stand in it as text with a sign in front, votes without the answer they are for,
//! answers cut at 500 characters. Repetitions of the screen (`agent_restart`, `system_status`) are left
//! out. A line that is no event is counted and passed over.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
};

use serde_json::Value;

use super::{
    clock::Clock,
    file::{self, Notes, at, list, number, word},
    moment::{Moment, What},
};
use crate::protocol::{Channel, Failure, FailureKind, Level, Setback, ToolEvent, ToolNote};

/// Longest line that is read, in bytes.
const LONGEST: u64 = 32 << 20;

/// The moments of a stream; empty when there is none.
pub fn moments(path: &Path, clock: Clock, notes: &mut Notes) -> Vec<Moment> {
    let file = match file::open(path) {
        Ok(file) => file,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                notes.add(format!("events.jsonl cannot be read ({error})."));
            }
            return Vec::new();
        }
    };
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut moments = Vec::new();
    let (mut number, mut damaged, mut first) = (0_u64, 0_u64, 0_u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                notes.add(format!(
                    "events.jsonl breaks off after line {number}: {error}."
                ));
                break;
            }
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if text.is_empty() {
            continue;
        }
        let event: Option<Value> = serde_json::from_str(text).ok().filter(Value::is_object);
        if let Some(event) = event {
            read(&event, clock, &mut moments);
        } else {
            damaged += 1;
            if first == 0 {
                first = number;
            }
        }
    }
    if damaged > 0 {
        let lines = if damaged == 1 { "line is" } else { "lines are" };
        notes.add(format!(
            "events.jsonl: {damaged} {lines} damaged (the first: line {first}); what they told is missing where no other file tells it."
        ));
    }
    moments
}

/// One line.
fn read(event: &Value, clock: Clock, moments: &mut Vec<Moment>) {
    let before = moments.last().map_or(0, |last| last.at);
    let when = clock.moment(word(event, &["timestamp"])).unwrap_or(before);
    let agent = word(event, &["agent_id"]);
    let empty = Value::Null;
    let data = at(event, &["data"]).unwrap_or(&empty);
    let mut tell = |what| moments.push(Moment::new(when, agent, what));
    match word(event, &["event_type"]) {
        "round_start" => tell(What::Round),
        "text" => text(word(data, &["content"]), &mut tell),
        "thinking" => tell(What::Said(Channel::Thinking, said(data))),
        "final_presentation_chunk" => tell(What::Said(Channel::Final, said(data))),
        "context_received" => tell(What::Seen(words(list(data, &["context_labels"])))),
        "injection_received" => tell(What::Seen(words(list(data, &["source_agents"])))),
        "tool_start" | "tool_complete" => tool(event, data, &mut tell),
        "answer_submitted" => tell(What::Answer {
            label: word(data, &["answer_label"]).parse().ok(),
            text: said(data),
        }),
        "vote" => tell(What::Vote {
            target: word(data, &["target_id"]).to_owned(),
            label: word(data, &["voted_for_label"]).parse().ok(),
            reason: word(data, &["reason"]).to_owned(),
        }),
        "final_presentation_start" | "presentation_start" => tell(What::Presents {
            counts: counts(data),
        }),
        "final_answer" => tell(What::Final(said(data))),
        other => rest(other, data, &mut tell),
    }
}

/// What is rare.
fn rest(kind: &str, data: &Value, tell: &mut dyn FnMut(What)) {
    let message = word(data, &["message"]);
    match kind {
        "status" => match word(data, &["level"]) {
            "error" => tell(What::Told(Level::Error, message.to_owned())),
            "warning" => tell(What::Told(Level::Warning, message.to_owned())),
            // Information repeats what other events say.
            _ => {}
        },
        "error" => tell(What::Told(Level::Error, word(data, &["error"]).to_owned())),
        "orchestrator_timeout" => tell(What::Told(
            Level::Warning,
            format!(
                "MassGen ran out of time: {}",
                word(data, &["timeout_reason"])
            ),
        )),
        "restart_banner" => tell(What::Told(
            Level::Warning,
            format!(
                "MassGen begins attempt {} of {}: {}",
                number(data, &["attempt"]).unwrap_or_default(),
                number(data, &["max_attempts"]).unwrap_or_default(),
                word(data, &["reason"])
            ),
        )),
        "hook_execution" => {
            let decision = word(data, &["hook_info", "decision"]);
            if !matches!(decision, "" | "allow") {
                tell(What::Refused {
                    act: "tool",
                    reason: format!(
                        "{}: {decision}. {}",
                        word(data, &["hook_info", "hook_name"]),
                        word(data, &["hook_info", "reason"])
                    ),
                    setback: Setback::Refused,
                });
            }
        }
        "post_evaluation" if word(data, &["phase"]) == "content" => {
            tell(What::Told(Level::Info, said(data)));
        }
        _ => {}
    }
}

/// A block of text, which may be the words of a failure.
fn text(content: &str, tell: &mut dyn FnMut(What)) {
    let trimmed = content.trim();
    if let Some(rest) = trimmed.strip_prefix("\u{1f504} Vote for ") {
        tell(What::Refused {
            act: "vote",
            reason: format!("vote for {rest}"),
            setback: Setback::LooksAgain,
        });
        return;
    }
    let Some(rest) = trimmed.strip_prefix('\u{274c}').map(str::trim_start) else {
        tell(What::Said(Channel::Text, content.to_owned()));
        return;
    };
    if let Some(error) = rest.strip_prefix("Error:") {
        tell(What::Trouble {
            failure: failure(error.trim()),
            last: false,
        });
    } else if rest.starts_with("Retry (") {
        tell(What::Refused {
            act: "reply",
            reason: rest.to_owned(),
            setback: Setback::Refused,
        });
    } else if rest.contains("after") && rest.contains("attempts") {
        tell(What::Trouble {
            failure: Failure::new(FailureKind::Request, rest),
            last: true,
        });
    } else {
        tell(What::Said(Channel::Text, content.to_owned()));
    }
}

/// A failure by the words of Python's clients: `Error code: 500 - {…}`.
pub fn failure(words: &str) -> Failure {
    let status: Option<u16> = words
        .split_once("Error code: ")
        .or_else(|| words.split_once("status code: "))
        .and_then(|(_, rest)| rest.get(..3)?.parse().ok());
    let kind = match status {
        Some(401 | 403) => FailureKind::Auth,
        Some(402) => FailureKind::Quota,
        Some(404) => FailureKind::Model,
        Some(429) => FailureKind::RateLimit,
        Some(503 | 529) => FailureKind::Overloaded,
        Some(400..=499) => FailureKind::Request,
        _ => FailureKind::Transient,
    };
    let mut failure = Failure::new(kind, words);
    failure.status = status;
    failure
}

/// A tool call; a command's exit code decides whether it went well, not MassGen's word, which only says
/// that the call returned.
fn tool(event: &Value, data: &Value, tell: &mut dyn FnMut(What)) {
    let call = word(data, &["tool_id"]).to_owned();
    if word(event, &["event_type"]) == "tool_start" {
        let none = Value::Null;
        tell(What::Tool(ToolEvent::Started {
            call,
            name: word(data, &["tool_name"]).to_owned(),
            arguments: at(data, &["args"]).unwrap_or(&none).to_string(),
        }));
        return;
    }
    let result = word(data, &["result"]);
    let failed = at(data, &["is_error"]).and_then(Value::as_bool) == Some(true)
        || word(data, &["status"]) == "error";
    let command: Option<Value> = serde_json::from_str(result).ok();
    let code = command
        .as_ref()
        .and_then(|command| at(command, &["exit_code"])?.as_i64());
    let mut output = result.to_owned();
    if let (Some(command), Some(code)) = (&command, code) {
        let (out, error) = (word(command, &["stdout"]), word(command, &["stderr"]));
        output = match (out.is_empty(), error.is_empty()) {
            (_, true) => out.to_owned(),
            (true, false) => error.to_owned(),
            (false, false) => format!("{}\n{error}", out.trim_end_matches('\n')),
        };
        tell(What::Tool(ToolEvent::Noted {
            call: call.clone(),
            note: ToolNote::Exit {
                code: i32::try_from(code).ok(),
                cut: None,
                tier: "unknown".to_owned(),
            },
        }));
    }
    tell(What::Tool(ToolEvent::Finished {
        call,
        ok: !failed && code.unwrap_or_default() == 0,
        output,
        elapsed_ms: number(data, &["elapsed_seconds"]).map_or(0, super::clock::ms),
    }));
}

fn said(data: &Value) -> String {
    word(data, &["content"]).to_owned()
}

fn words(list: &[Value]) -> Vec<String> {
    list.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn counts(data: &Value) -> Vec<(String, u64)> {
    at(data, &["vote_counts"])
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)))
        .collect()
}
