//! Tools for models whose server has no tool calling: a text protocol, `docs/text-tools.md`.
//!
//! The tools stand in the system message; the model ends its reply with one fenced block of the
//! language `tool` that holds one JSON object with exactly the keys `tool_name` and `arguments`
//! (`MassGen`'s keys); results go back as user messages.
//!
//! Parsed strictly: a block counts only when it is the last thing of the reply and its object is
//! exactly that shape; everything else is plain text. Only the model's own reply is ever parsed, so
//! peers' answers and tool results cannot trigger a call. Any way of cutting the reply into deltas
//! yields the same text and the same call.
//!
//! While a block is being written its name and arguments are already streamed. When it turns out not
//! to be a call, its text is handed out as text and no `ToolCall` follows the `ToolStart`.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::protocol::{Message, ToolCall, ToolChoice, ToolSpec};

use super::{Request, StreamEvent};

const OPENING: &str = "```tool";
const CLOSING: &str = "```";
/// White space allowed behind a fence, so that a line is decided after a few characters.
const MAX_PADDING: usize = 16;
/// The keys before the arguments must fit here for the call to be shown while it is written.
const MAX_HEADER: usize = 512;

/// The conversation as plain messages: no tool role, no calls, tools explained to the model.
#[must_use]
pub fn flatten(request: &Request) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::new();
    let instructions = instructions(&request.tools, request.choice);
    if !matches!(request.messages.first(), Some(Message::System { .. })) && !instructions.is_empty()
    {
        out.push(Message::System {
            text: instructions.clone(),
        });
    }
    for (position, message) in request.messages.iter().enumerate() {
        match message {
            Message::System { text } if position == 0 && !instructions.is_empty() => {
                out.push(Message::System {
                    text: format!("{text}\n\n{instructions}"),
                });
            }
            Message::System { .. } => out.push(message.clone()),
            Message::User { text } => push_user(&mut out, text.clone()),
            Message::Assistant { text, calls, .. } => out.push(Message::Assistant {
                text: with_blocks(text, calls),
                calls: Vec::new(),
                carried: None,
            }),
            Message::Tool { name, text, .. } => {
                push_user(&mut out, format!("Result of the tool `{name}`:\n\n{text}"));
            }
        }
    }
    out
}

/// Many chat templates insist on alternating roles, so neighbours are joined.
fn push_user(out: &mut Vec<Message>, text: String) {
    if let Some(Message::User { text: last }) = out.last_mut() {
        last.push_str("\n\n");
        last.push_str(&text);
    } else {
        out.push(Message::User { text });
    }
}

fn with_blocks(text: &str, calls: &[ToolCall]) -> String {
    let mut out = text.to_owned();
    for call in calls {
        let arguments: Map<String, Value> =
            serde_json::from_str(&call.arguments).unwrap_or_default();
        let object = serde_json::json!({"tool_name": call.name, "arguments": arguments});
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        let _ = write!(out, "{OPENING}\n{object}\n{CLOSING}");
    }
    out
}

/// What the model is told about the tools; empty when there are none or none may be called.
#[must_use]
pub fn instructions(tools: &[ToolSpec], choice: ToolChoice) -> String {
    if tools.is_empty() || choice == ToolChoice::None {
        return String::new();
    }
    let mut out = String::from(
        "# Tools\n\nYou can call one tool per reply. To call it, end your reply with exactly one \
         fenced block in this form and write nothing after it:\n\n\
         ```tool\n{\"tool_name\": \"NAME\", \"arguments\": {\"KEY\": \"VALUE\"}}\n```\n\n\
         The block holds one JSON object with exactly these two keys. Inside JSON strings write a \
         line break as \\n and a quotation mark as \\\". The result arrives in the next message.",
    );
    if choice == ToolChoice::Required {
        out.push_str(" Your reply must end with such a block.");
    }
    out.push_str("\n\nThe tools, with the JSON Schema of their arguments:\n");
    for tool in tools {
        let _ = write!(
            out,
            "\n## {}\n\n{}\n\n{}\n",
            tool.name, tool.description, tool.parameters
        );
    }
    out
}

/// Reads one reply as it streams.
#[derive(Debug)]
pub struct Reader {
    state: State,
    next_index: usize,
}

#[derive(Debug)]
enum State {
    /// Text; `held` is the beginning of a line that may still become an opening fence, `None` in the
    /// middle of a line.
    Text { held: Option<String> },
    /// Inside a block.
    Block(Block),
    /// A block was closed; white space may follow.
    Closed(Block),
}

/// A block being read.
#[derive(Debug, Default)]
struct Block {
    /// Everything since the opening fence, for the case that it is no call.
    raw: String,
    /// Where the JSON begins in `raw`.
    body: usize,
    /// Where the JSON ends in `raw`, once the block is closed.
    end: Option<usize>,
    /// Where the current line begins in `raw`.
    line: usize,
    scan: Scan,
    /// Index of the announced call and its arguments so far.
    call: Option<(usize, String)>,
    /// Arguments not handed out yet.
    fragment: String,
}

/// How much of the object is understood while it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scan {
    /// Before the arguments.
    #[default]
    Header,
    /// Inside the arguments object.
    Arguments {
        depth: u32,
        string: bool,
        escape: bool,
    },
    /// Behind the arguments, or in an order that is only understood at the end.
    Rest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    tool_name: String,
    arguments: Map<String, Value>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            state: State::Text {
                held: Some(String::new()),
            },
            next_index: 0,
        }
    }
}

impl Reader {
    /// Reads one delta of the reply.
    pub fn push(&mut self, delta: &str, out: &mut Vec<StreamEvent>) {
        let mut rest = delta;
        while let Some(letter) = rest.chars().next() {
            if let State::Text { held: None } = &self.state {
                // The middle of a line: everything up to its end is text.
                let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
                let (text, tail) = rest.split_at(end);
                emit_text(text.to_owned(), out);
                if text.ends_with('\n') {
                    self.state = State::Text {
                        held: Some(String::new()),
                    };
                }
                rest = tail;
                continue;
            }
            self.letter(letter, out);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
        if let State::Block(block) = &mut self.state {
            block.flush(out);
        }
    }

    /// The reply ended properly: hands out what was held, and the call if there is one. `id` becomes
    /// the id of the call.
    pub fn finish(&mut self, id: String, out: &mut Vec<StreamEvent>) -> Option<ToolCall> {
        let state = std::mem::replace(&mut self.state, State::Text { held: None });
        match state {
            State::Text { held } => {
                emit_text(held.unwrap_or_default(), out);
                None
            }
            State::Block(mut block) => {
                // A fence that is never closed runs to the end (CommonMark 4.5).
                let last_line = block.raw.get(block.line..).unwrap_or_default();
                block.end = Some(if is_closing(last_line) {
                    block.line
                } else {
                    block.raw.len()
                });
                self.conclude(block, id, out)
            }
            State::Closed(block) => self.conclude(block, id, out),
        }
    }

    fn letter(&mut self, letter: char, out: &mut Vec<StreamEvent>) {
        let state = std::mem::replace(&mut self.state, State::Text { held: None });
        self.state = match state {
            State::Text { held } => {
                let mut held = held.unwrap_or_default();
                held.push(letter);
                if letter == '\n' && is_opening(&held) {
                    State::Block(Block::new(held))
                } else if letter != '\n' && may_open(&held) {
                    State::Text { held: Some(held) }
                } else {
                    let held_again = (letter == '\n').then(String::new);
                    emit_text(held, out);
                    State::Text { held: held_again }
                }
            }
            State::Block(mut block) => {
                block.read(letter, &mut self.next_index, out);
                if letter == '\n' && is_closing(block.raw.get(block.line..).unwrap_or_default()) {
                    block.end = Some(block.line);
                    State::Closed(block)
                } else {
                    if letter == '\n' {
                        block.line = block.raw.len();
                    }
                    State::Block(block)
                }
            }
            State::Closed(mut block) => {
                if letter.is_whitespace() {
                    block.raw.push(letter);
                    State::Closed(block)
                } else {
                    // Not the last thing of the reply: it was text all along.
                    let fresh_line = block.raw.ends_with('\n');
                    emit_text(block.raw, out);
                    self.state = State::Text {
                        held: fresh_line.then(String::new),
                    };
                    if fresh_line {
                        self.letter(letter, out);
                    } else {
                        emit_text(letter.to_string(), out);
                    }
                    return;
                }
            }
        };
    }

    fn conclude(
        &mut self,
        mut block: Block,
        id: String,
        out: &mut Vec<StreamEvent>,
    ) -> Option<ToolCall> {
        block.flush(out);
        let body = block
            .raw
            .get(block.body..block.end.unwrap_or(block.raw.len()))
            .unwrap_or_default();
        let call = serde_json::from_str::<Call>(body)
            .ok()
            .filter(|call| is_name(&call.tool_name));
        let Some(call) = call else {
            emit_text(block.raw, out);
            return None;
        };
        let arguments = if let Some((_, arguments)) = block.call {
            arguments
        } else {
            let arguments = Value::Object(call.arguments).to_string();
            let index = self.next_index;
            self.next_index += 1;
            out.push(StreamEvent::ToolStart {
                index,
                name: call.tool_name.clone(),
            });
            out.push(StreamEvent::ToolArguments {
                index,
                fragment: arguments.clone(),
            });
            arguments
        };
        Some(ToolCall {
            id,
            name: call.tool_name,
            arguments,
        })
    }
}

impl Block {
    fn new(opening: String) -> Self {
        let body = opening.len();
        Self {
            raw: opening,
            body,
            line: body,
            ..Self::default()
        }
    }

    fn read(&mut self, letter: char, next_index: &mut usize, out: &mut Vec<StreamEvent>) {
        self.raw.push(letter);
        match self.scan {
            Scan::Header => {
                let header = self.raw.get(self.body..).unwrap_or_default();
                if header.len() > MAX_HEADER {
                    self.scan = Scan::Rest;
                } else if letter == '{'
                    && let Some(name) = header_name(header)
                {
                    let index = *next_index;
                    *next_index += 1;
                    out.push(StreamEvent::ToolStart { index, name });
                    self.call = Some((index, String::new()));
                    self.argument(letter);
                    self.scan = Scan::Arguments {
                        depth: 1,
                        string: false,
                        escape: false,
                    };
                }
            }
            Scan::Arguments {
                depth,
                string,
                escape,
            } => {
                self.argument(letter);
                self.scan = next_scan(letter, depth, string, escape);
            }
            Scan::Rest => {}
        }
    }

    fn argument(&mut self, letter: char) {
        if let Some((_, arguments)) = &mut self.call {
            arguments.push(letter);
            self.fragment.push(letter);
        }
    }

    fn flush(&mut self, out: &mut Vec<StreamEvent>) {
        if let Some((index, _)) = &self.call
            && !self.fragment.is_empty()
        {
            out.push(StreamEvent::ToolArguments {
                index: *index,
                fragment: std::mem::take(&mut self.fragment),
            });
        }
    }
}

const fn next_scan(letter: char, depth: u32, string: bool, escape: bool) -> Scan {
    let (depth, string, escape) = match (string, letter) {
        (true, _) if escape => (depth, true, false),
        (true, '\\') => (depth, true, true),
        (true, '"') => (depth, false, false),
        (true, _) | (false, '"') => (depth, true, false),
        (false, '{' | '[') => (depth.saturating_add(1), false, false),
        (false, '}' | ']') => (depth.saturating_sub(1), false, false),
        (false, _) => (depth, false, false),
    };
    if depth == 0 {
        Scan::Rest
    } else {
        Scan::Arguments {
            depth,
            string,
            escape,
        }
    }
}

/// The name in `{"tool_name": "NAME", "arguments": {`, when `header` is exactly that.
fn header_name(header: &str) -> Option<String> {
    let rest = header.trim_start().strip_prefix('{')?.trim_start();
    let rest = rest.strip_prefix("\"tool_name\"")?.trim_start();
    let rest = rest.strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (name, rest) = rest.split_once('"')?;
    let rest = rest.trim_start().strip_prefix(',')?.trim_start();
    let rest = rest.strip_prefix("\"arguments\"")?.trim_start();
    let rest = rest.strip_prefix(':')?.trim_start();
    (rest == "{" && is_name(name)).then(|| name.to_owned())
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn is_padding(text: &str) -> bool {
    text.len() <= MAX_PADDING
        && text
            .bytes()
            .all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// Whether a line that begins like this may become an opening fence.
fn may_open(line: &str) -> bool {
    OPENING.starts_with(line) || line.strip_prefix(OPENING).is_some_and(is_padding)
}

fn is_opening(line: &str) -> bool {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_prefix(OPENING).is_some_and(is_padding)
}

fn is_closing(line: &str) -> bool {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_prefix(CLOSING).is_some_and(is_padding)
}

fn emit_text(text: String, out: &mut Vec<StreamEvent>) {
    if text.is_empty() {
        return;
    }
    if let Some(StreamEvent::Text(last)) = out.last_mut() {
        last.push_str(&text);
    } else {
        out.push(StreamEvent::Text(text));
    }
}

#[cfg(test)]
mod tests;
