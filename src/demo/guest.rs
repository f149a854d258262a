//! `demo/guest`: a script in the place of the model of a program that has our MCP server, so that the way
//! from there to a team and back can be seen without any key. Pure.
//!
//! It understands nothing. Of our tools it calls the one that the person's last words name first, waits for
//! a run that it started, and repeats what the tools said. It remembers nothing: where it is, it reads from
//! the conversation, and after a few calls it ends whatever came.

use serde_json::{Value, json};

use super::{
    score::Score,
    wire::{Ask, WireMessage},
};

/// The model's id at the demo server.
pub const MODEL: &str = "demo/guest";

/// Whether a request names it. Gemini's API has the name in the path, where no slash can stand.
pub fn is_meant(model: &str) -> bool {
    model == MODEL || Some(model) == MODEL.strip_prefix("demo/")
}

/// Tokens per second.
const SPEED: f64 = 200.0;
/// Calls of one conversation at most.
const CALLS: usize = 4;
/// Longest part of the person's words that becomes a task, in characters.
const TASK: usize = 400;
/// Longest part of what a tool said that is repeated, in characters.
const SAID: usize = 8_000;
/// What programs put between the person's words.
const REMINDER: [&str; 2] = ["<system-reminder>", "</system-reminder>"];

/// Our tools that it knows.
const TOOLS: [&str; 7] = [
    "run_ask",
    "run_start",
    "run_status",
    "run_result",
    "run_list",
    "run_changes",
    "config_list",
];

/// The reply to a request, whatever stands in it.
#[must_use]
pub fn reply(ask: &Ask, prefix: String) -> Score {
    let mut score = Score::new(SPEED, prefix);
    let words: Vec<(usize, String)> = ask
        .messages
        .iter()
        .enumerate()
        .filter(|(_, message)| message.role == "user")
        .map(|(at, message)| (at, without_reminders(&message.text())))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let Some((at, words)) = words.last() else {
        score.text("The script was told nothing.");
        return score;
    };
    let results = ask.messages.iter().filter(|one| one.role == "tool");
    let all = results.count();
    let since: Vec<String> = ask
        .messages
        .iter()
        .skip(*at)
        .filter(|one| one.role == "tool")
        .map(WireMessage::text)
        .collect();
    let first = TOOLS
        .iter()
        .filter_map(|tool| Some((words.find(tool)?, *tool)))
        .min()
        .map(|(_, tool)| tool);
    let next = match (first, since.len()) {
        (Some(tool), 0) => Some(tool),
        (Some("run_start"), 1) => Some("run_result"),
        _ => None,
    };
    let offered = next.filter(|_| all < CALLS).and_then(|tool| {
        let mut names = ask.tools.iter().map(|one| one.function.name.as_str());
        let name = names.find(|name| name.ends_with(tool))?;
        Some((name.to_owned(), arguments(tool, words)))
    });
    match (offered, since.last()) {
        (Some((name, arguments)), _) => score.call(&name, &arguments.to_string()),
        (None, Some(said)) => {
            let said: String = said.chars().take(SAID).collect();
            score.text(&format!(
                "This was written by a script, not by a model. The tool said:\n\n{said}"
            ));
        }
        (None, None) => score.text(
            "This was written by a script, not by a model. It was told of no tool that is on offer.",
        ),
    }
    score
}

/// The arguments of a tool; teams are those of the demo.
fn arguments(tool: &str, words: &str) -> Value {
    match tool {
        "run_ask" | "run_start" => {
            let task: String = words.chars().take(TASK).collect();
            json!({"prompt": task, "demo": ""})
        }
        "run_result" => json!({"id": "latest", "wait_seconds": 45}),
        "run_status" | "run_changes" => json!({"id": "latest"}),
        "run_list" => json!({"limit": 10}),
        _ => json!({}),
    }
}

/// What the person said, without what their program put in between.
fn without_reminders(text: &str) -> String {
    let [open, close] = REMINDER;
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        rest = after.split_once(close).map_or("", |(_, behind)| behind);
    }
    kept.push_str(rest);
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::wire::{Delta, Family};

    fn said(messages: &Value) -> (String, String) {
        let tools = TOOLS.map(|name| {
            json!({"name": format!("mcp__plugin_x_team__{name}"),
            "input_schema": {"type": "object"}})
        });
        let body = json!({"model": MODEL, "max_tokens": 100, "tools": tools, "messages": messages});
        let body = serde_json::to_vec(&body).unwrap();
        let ask = Ask::read(Family::Messages, None, &body).unwrap();
        let (mut call, mut text) = (String::new(), String::new());
        for delta in reply(&ask, "call".into()).deltas() {
            match delta {
                Delta::Call { name, .. } => call.push_str(&name),
                Delta::Arguments { fragment, .. } => call.push_str(&fragment),
                Delta::Text(piece) => text.push_str(&piece),
                Delta::Thinking(_) => {}
            }
        }
        (call, text)
    }

    fn result(text: &str) -> Value {
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
            "content": [{"type": "text", "text": text}]},
            {"type": "text", "text": "<system-reminder>run_list</system-reminder>"}]})
    }

    #[test]
    fn it_calls_what_is_named_first_and_repeats_what_came() {
        let asked = json!({"role": "user", "content": [
            {"type": "text", "text": "<system-reminder>run_stop, run_list</system-reminder>"},
            {"type": "text", "text": "Use run_ask (not run_start): why?"}]});
        let (call, _) = said(&json!([asked]));
        assert!(
            call.starts_with("mcp__plugin_x_team__run_ask{\"prompt\":\"Use run_ask"),
            "{call}"
        );
        let (call, text) = said(&json!([asked, {"role": "assistant", "content": []},
            result("Forty-two.")]));
        assert!(call.is_empty() && text.ends_with("Forty-two."), "{text}");
    }

    #[test]
    fn a_run_that_it_started_is_waited_for_and_it_ends_in_any_case() {
        let asked = json!({"role": "user", "content": "run_start, then run_result"});
        let (call, _) = said(&json!([asked, result("started")]));
        assert!(call.starts_with("mcp__plugin_x_team__run_result"), "{call}");
        let (call, text) = said(&json!([asked, result("started"), result("done")]));
        assert!(call.is_empty() && text.ends_with("done"), "{text}");
        let again = json!({"role": "user", "content": "run_list"});
        let (call, _) = said(&json!([
            result("1"),
            result("2"),
            result("3"),
            result("4"),
            again
        ]));
        assert!(call.is_empty(), "{call}");
        let (call, text) = said(&json!([{"role": "user", "content": "Hello"}]));
        assert!(call.is_empty() && text.contains("no tool"), "{text}");
    }
}
