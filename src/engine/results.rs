//! Results of tools that are too long for a conversation: kept whole in a file, with their two ends and
//! the way to the rest for the model.
//!
//! `read_result` is offered to an agent from its first such result on, and its description names those
//! there are: whatever becomes of the conversation (made smaller, begun anew, resumed by another
//! process), the way to them stands in every call. Without a session's folder the middle is left out.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{context::plan, seat::Seat, talk::Talk};
use crate::{
    protocol::{Context, ToolCall, ToolSpec},
    store::KeptResult,
    tool::ToolResult,
};

/// The tool that reads them.
pub const READ_RESULT: &str = "read_result";
/// Tokens of a result at each end, at most.
const END: u64 = 1_000;
/// Least tokens that a result may have, however small the window is.
const LEAST: u64 = 200;
/// Bytes of one page, at most.
const PAGE: u64 = 32 * 1024;
/// Results that the description names.
const NAMED: usize = 12;
/// Bytes before a text that was looked for.
const BEFORE: usize = 200;

/// Tokens of a tool's result that may stand in a conversation.
fn most(rules: &Context) -> u64 {
    let share = rules.window.map_or(u64::MAX, |window| window / 8);
    rules.result.min(share).max(LEAST)
}

/// Bytes of one page, so that a page is no long result itself.
fn page(rules: &Context) -> usize {
    (most(rules) * 2).min(PAGE) as usize
}

impl Seat {
    /// A result as it goes into the conversation.
    pub(super) async fn bounded(&self, call: &ToolCall, text: String) -> String {
        let most = most(&self.provider.context());
        let tokens = plan::weight(&text);
        if call.name == READ_RESULT || tokens <= most {
            return text;
        }
        let end = END.min(most / 3);
        let shown = plan::ends(&text, end);
        let lines = text.lines().count();
        let size = format!("{} bytes, {lines} lines, about {tokens} tokens", text.len());
        let Some(folder) = self.outbox.results() else {
            return format!("[This result is too long to be shown whole ({size}).]\n{shown}");
        };
        let (agent, name) = (self.agent, call.name.clone());
        let kept = spawn_blocking(move || folder.keep(agent, &name, &text)).await;
        match kept {
            Ok(Ok(KeptResult { id, .. })) => format!(
                "[This result is too long to be shown whole ({size}). All of it is kept as {id}; below \
                 are its two ends. Read the rest with {READ_RESULT}: {{\"id\": \"{id}\", \"from\": BYTE}} \
                 or {{\"id\": \"{id}\", \"find\": \"TEXT\"}}.]\n{shown}"
            ),
            Ok(Err(failure)) => format!(
                "[This result is too long to be shown whole ({size}), and it could not be kept: \
                 {}]\n{shown}",
                failure.message
            ),
            Err(_) => format!("[This result is too long to be shown whole ({size}).]\n{shown}"),
        }
    }

    /// Offers the way to what is kept, where anything is.
    pub(super) async fn offer_results(&self, talk: &mut Talk) {
        let Some(folder) = self.outbox.results() else {
            return;
        };
        // Where nothing else is offered, plain words are wanted.
        if talk.tools.is_empty() || !folder.has_any() {
            return;
        }
        let agent = self.agent;
        let kept = spawn_blocking(move || folder.of(agent)).await;
        let kept = kept.unwrap_or_default();
        if kept.is_empty() {
            return;
        }
        talk.tools.retain(|tool| tool.name != READ_RESULT);
        talk.tools.push(spec(&kept));
    }

    /// Reads of a result that was kept.
    pub(super) async fn read_result(&self, arguments: &str) -> ToolResult {
        let arguments: Value = serde_json::from_str(arguments)
            .map_err(|error| format!("The arguments are not valid JSON: {error}."))?;
        let Some(folder) = self.outbox.results() else {
            return Err("No results are kept in this session.".to_owned());
        };
        let size = page(&self.provider.context());
        let agent = self.agent;
        spawn_blocking(move || {
            let name = arguments.get("id").and_then(Value::as_str);
            let name = name.ok_or("The argument \"id\" is missing.")?;
            match folder.read(agent, name) {
                Ok(Some(text)) => piece(name.trim(), &text, &arguments, size),
                Ok(None) => Err(unknown(name, &folder.of(agent))),
                Err(failure) => Err(failure.message),
            }
        })
        .await
        .unwrap_or_else(|_| Err("The result could not be read.".to_owned()))
    }
}

fn spec(kept: &[KeptResult]) -> ToolSpec {
    let mut text =
        "Read of a long result that was kept whole, a page at a time. Kept for you:".to_owned();
    let skipped = kept.len().saturating_sub(NAMED);
    if skipped > 0 {
        let _ = write!(text, " {skipped} older ones,");
    }
    for KeptResult { id, tool, bytes } in kept.iter().skip(skipped) {
        let _ = write!(text, " {id} ({tool}, {bytes} bytes),");
    }
    text.pop();
    text.push('.');
    ToolSpec {
        name: READ_RESULT.to_owned(),
        description: text,
        parameters: json!({
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "Which result, for example agent1-3"},
                "from": {"type": "integer", "description": "First byte, from 0"},
                "find": {"type": "string", "description": "Begin at the next place of this text"}
            },
            "required": ["id"]
        }),
    }
}

fn unknown(name: &str, kept: &[KeptResult]) -> String {
    let name: String = name.chars().take(64).collect();
    let ids: Vec<&str> = kept.iter().map(|one| one.id.as_str()).collect();
    if ids.is_empty() {
        return format!("No result of yours is called {name:?}; none is kept.");
    }
    format!(
        "No result of yours is called {name:?}. Kept are: {}.",
        ids.join(", ")
    )
}

/// One page of a result, from a byte on or from the next place of a text.
fn piece(id: &str, text: &str, arguments: &Value, size: usize) -> ToolResult {
    let from = arguments.get("from").and_then(Value::as_u64).unwrap_or(0);
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    if from > 0 && from >= text.len() {
        return Err(format!(
            "{id} has {} bytes; there is no byte {from}.",
            text.len()
        ));
    }
    let mut start = text.floor_char_boundary(from);
    if let Some(wanted) = arguments.get("find").and_then(Value::as_str)
        && !wanted.is_empty()
    {
        let rest = text.get(start..).unwrap_or_default();
        let Some(at) = rest.find(wanted) else {
            return Err(format!(
                "That text does not stand in {id} from byte {start} on."
            ));
        };
        let near = (start + at).saturating_sub(BEFORE).max(start);
        start = text.floor_char_boundary(near);
    }
    let end = text.floor_char_boundary((start + size).min(text.len()));
    // A letter may be wider than a page that is very small.
    let end = end.max(text.ceil_char_boundary((start + 1).min(text.len())));
    let part = text.get(start..end).unwrap_or_default();
    let all = text.len();
    let rest = if end < all {
        format!("; go on with from={end}")
    } else {
        ", the end".to_owned()
    };
    Ok(format!(
        "{id}, bytes {start} to {end} of {all}{rest}:\n{part}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_small_window_takes_small_results() {
        let rules = |window| Context {
            window,
            ..Context::default()
        };
        for (window, expected) in [
            (None, 16_000),
            (Some(200_000), 16_000),
            (Some(8_000), 1_000),
            (Some(9), LEAST),
        ] {
            assert_eq!(most(&rules(window)), expected);
            assert!(page(&rules(window)) as u64 <= 4 * most(&rules(window)));
        }
    }

    #[test]
    fn pages_are_found_by_byte_and_by_text() {
        let text = format!("{}needle{}", "a".repeat(1_000), "b".repeat(1_000));
        let get = |arguments: Value| piece("agent1-1", &text, &arguments, 500);
        let first = get(json!({})).expect("a page");
        assert!(first.starts_with("agent1-1, bytes 0 to 500 of 2006; go on with from=500:\naaa"));
        let found = get(json!({"find": "needle"})).expect("a page");
        assert!(
            found.starts_with("agent1-1, bytes 800 to 1300 of 2006;") && found.contains("needle")
        );
        let last = get(json!({"from": 1_900})).expect("a page");
        assert!(last.starts_with("agent1-1, bytes 1900 to 2006 of 2006, the end:"));
        assert!(get(json!({"from": 2_006})).is_err());
        assert!(get(json!({"from": 1_100, "find": "needle"})).is_err());
    }

    proptest! {
        #[test]
        fn page_after_page_is_the_whole(text in "\\PC{0,300}", size in 1_usize..50) {
            let mut read = String::new();
            let mut from = 0;
            loop {
                let told = piece("x", &text, &json!({"from": from}), size).expect("a page");
                let (head, part) = told.split_once(":\n").expect("a head");
                read.push_str(part);
                match head.rsplit_once("from=") {
                    Some((_, next)) => from = next.parse().expect("a number"),
                    None => break,
                }
            }
            prop_assert_eq!(read, text);
        }
    }
}
