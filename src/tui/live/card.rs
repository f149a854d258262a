//! A tool call as one row, and its arguments and output as text to open.
//!
//! The row says what runs, for how long and how it ended; arguments are shortened to one line.
//! Long output is cut here, the log has all of it.

use super::{
    ink::{Role, Words},
    phrase,
};
use crate::{
    protocol::{Timestamp, ToolNote},
    tui::shared::Shared,
};

/// Output kept for a card, in bytes; the session log keeps the rest.
const KEEP: usize = 64 * 1024;
/// Arguments shown on the row, in bytes.
const ARGUMENTS: usize = 300;

/// A tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    /// Its name.
    name: String,
    /// Arguments on one line.
    arguments: String,
    /// When it began.
    started: Timestamp,
    /// How it ended.
    end: Option<End>,
    /// What it did, in a few words: `exit 1`, `+3 -1`.
    did: Option<String>,
}

/// The end of a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It gave a result after this many milliseconds.
    Fine(u64),
    /// It gave an error after this many milliseconds.
    Failed(u64),
    /// It was cut off.
    Cut,
}

impl Tool {
    /// A call that begins.
    pub(super) fn new(name: &str, arguments: &str, started: Timestamp) -> Self {
        Self {
            name: phrase::clean(name),
            arguments: one_line(arguments),
            started,
            end: None,
            did: None,
        }
    }

    /// It told what it did; the text to show below it.
    pub(super) fn note(&mut self, note: &ToolNote) -> String {
        match note {
            ToolNote::Exit { code, cut, tier } => {
                let how = match (cut, code) {
                    (Some(cut), _) => phrase::clean(cut),
                    (None, Some(code)) => format!("exit {code}"),
                    (None, None) => "ended".to_owned(),
                };
                let bare = if tier == "nothing" {
                    ", no sandbox"
                } else {
                    ""
                };
                self.did = Some(format!("{how}{bare}"));
                String::new()
            }
            ToolNote::Progress { words } => {
                self.did = Some(phrase::clean(words));
                String::new()
            }
            ToolNote::Change {
                path: _,
                diff,
                added,
                removed,
            } => {
                self.did = Some(format!("+{added} -{removed}"));
                format!("\n{}", keep(diff))
            }
        }
    }

    /// The call has ended.
    pub(super) fn finish(&mut self, ok: bool, elapsed_ms: u64) {
        self.end = Some(if ok {
            End::Fine(elapsed_ms)
        } else {
            End::Failed(elapsed_ms)
        });
    }

    /// The round is over: a call without an end has none.
    pub(super) fn cut(&mut self) {
        self.end.get_or_insert(End::Cut);
    }

    /// The row.
    pub(super) fn title(&self, shared: &Shared) -> Words {
        let mut words = match self.end {
            None => Words::of(Role::Accent, phrase::spinner(shared)).and(Role::Text, " "),
            Some(End::Fine(_)) => Words::of(Role::Ok, "✓ "),
            Some(End::Failed(_)) => Words::of(Role::Bad, "✗ "),
            Some(End::Cut) => Words::of(Role::Dim, "⊘ "),
        };
        words.push(Role::Strong, self.name.as_str());
        let (role, state) = match self.end {
            None => (
                Role::Accent,
                format!(" {}", phrase::span(shared.now.since(self.started))),
            ),
            Some(End::Fine(ms)) => (Role::Dim, format!(" {}", phrase::span(ms))),
            Some(End::Failed(ms)) => (Role::Bad, format!(" failed after {}", phrase::span(ms))),
            Some(End::Cut) => (Role::Dim, " cut off".to_owned()),
        };
        if let Some(did) = &self.did {
            words.push(role, format!(" {did}"));
        }
        words.push(role, state);
        if !self.arguments.is_empty() {
            words.push(Role::Dim, format!(" · {}", self.arguments));
        }
        words
    }
}

/// The text of an opened card: the arguments as the model wrote them.
pub(super) fn arguments_text(arguments: &str) -> String {
    let pretty = serde_json::from_str::<serde_json::Value>(arguments)
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    keep(pretty.as_deref().unwrap_or(arguments))
}

/// The text of an opened card: the output, cut when it is long.
pub(super) fn output_text(output: &str) -> String {
    if output.trim().is_empty() {
        "\n(no output)".to_owned()
    } else {
        format!("\n{}", keep(output))
    }
}

fn keep(text: &str) -> String {
    let text = text.trim_end();
    if text.len() <= KEEP {
        return text.to_owned();
    }
    let cut = text.floor_char_boundary(KEEP);
    format!(
        "{}\n… {} more bytes in the session log",
        &text[..cut],
        text.len() - cut
    )
}

/// Arguments as `name: value, name: value` on one line; as they are when they are no JSON object.
fn one_line(arguments: &str) -> String {
    if arguments.len() > 16 * ARGUMENTS {
        return phrase::clean(&arguments[..arguments.floor_char_boundary(ARGUMENTS)]) + "…";
    }
    let line = match serde_json::from_str::<serde_json::Value>(arguments) {
        Ok(serde_json::Value::Object(fields)) => fields
            .iter()
            .map(|(name, value)| match value {
                serde_json::Value::String(text) => format!("{name}: {text}"),
                other => format!("{name}: {other}"),
            })
            .collect::<Vec<_>>()
            .join(", "),
        _ => arguments.to_owned(),
    };
    let line = phrase::clean(&line);
    match line.char_indices().nth(ARGUMENTS) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_one_line() {
        for (arguments, line) in [
            ("{}", ""),
            ("", ""),
            (
                r#"{"pattern":"fn main","path":"src"}"#,
                "pattern: fn main, path: src",
            ),
            (r#"{"n":3,"deep":{"a":[1]}}"#, r#"n: 3, deep: {"a":[1]}"#),
            ("{\"code\":\"a\\nb\"}", "code: a b"),
            ("{\"broken\":", "{\"broken\":"),
        ] {
            assert_eq!(one_line(arguments), line, "{arguments}");
        }
        assert!(one_line(&"x".repeat(1_000_000)).len() < 400);
    }

    #[test]
    fn long_output_is_cut_at_a_character() {
        let text = output_text(&"é".repeat(KEEP));
        assert!(text.len() < KEEP + 100);
        assert!(text.ends_with("more bytes in the session log"), "{text}");
        assert_eq!(output_text(" \n"), "\n(no output)");
    }
}
