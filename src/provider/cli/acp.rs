//! The Agent Client Protocol, version 1, from the client's side. Pure: lines in, lines out.
//!
//! One process holds the session; every request is a prompt in it. Files and terminals are not
//! offered. Whatever asks for permission is refused once, but for our own tools.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::claude::word;
use super::heard::{Heard, SERVER, failure, remark, shown};
use crate::protocol::{Failure, FailureKind, ToolEvent};
use crate::provider::usage::Tokens;

/// What a session begins with.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Absolute folder.
    pub cwd: String,
    /// Command and arguments of our tool server, if there is one.
    pub tools: Option<(String, Vec<String>)>,
    /// The first prompt.
    pub prompt: String,
}

/// What the last request of ours was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Initialize,
    Session,
    Prompt,
    Nothing,
}

/// A client.
#[derive(Debug)]
pub struct Acp {
    name: String,
    opening: Opening,
    waiting: Waiting,
    session: String,
    /// Id of the last request of ours.
    id: u64,
    open: BTreeSet<String>,
    refused: u32,
}

/// Kinds of tools that change something or reach out; none of ours is.
const RISKY: [&str; 6] = ["edit", "delete", "move", "execute", "fetch", "switch_mode"];

impl Acp {
    /// A client of the agent `name`.
    #[must_use]
    pub fn new(name: &str, opening: Opening) -> Self {
        Self {
            name: name.to_owned(),
            opening,
            waiting: Waiting::Nothing,
            session: String::new(),
            id: 0,
            open: BTreeSet::new(),
            refused: 0,
        }
    }

    /// The first line.
    pub fn begin(&mut self) -> String {
        let parameters = json!({
            "protocolVersion": 1,
            "clientCapabilities": {"fs": {"readTextFile": false, "writeTextFile": false}, "terminal": false},
            "clientInfo": {"name": "massgen-tui", "version": env!("CARGO_PKG_VERSION")}
        });
        self.ask(Waiting::Initialize, "initialize", &parameters)
    }

    /// A further prompt; `None` while the session is not open or the last one is not done.
    pub fn prompt(&mut self, text: &str) -> Option<String> {
        let free = self.waiting == Waiting::Nothing && !self.session.is_empty();
        free.then(|| {
            let parameters = json!({
                "sessionId": self.session,
                "prompt": [{"type": "text", "text": text}]
            });
            self.ask(Waiting::Prompt, "session/prompt", &parameters)
        })
    }

    fn ask(&mut self, waiting: Waiting, method: &str, parameters: &Value) -> String {
        self.waiting = waiting;
        self.id += 1;
        json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": parameters}).to_string()
    }

    /// What a line says.
    pub fn hear(&mut self, line: &Value) -> Vec<Heard> {
        match (
            word(line, "method"),
            line.get("id").filter(|id| !id.is_null()),
        ) {
            ("", Some(id)) if id.as_u64() == Some(self.id) => self.answered(line),
            ("session/update", None) => self.update(&line["params"]["update"]),
            ("session/request_permission", Some(id)) => self.permission(id, &line["params"]),
            ("", _) | (_, None) => Vec::new(),
            (_, Some(id)) => vec![Heard::Say(
                super::mcp::error(id, -32601, "not offered").to_string(),
            )],
        }
    }

    fn answered(&mut self, line: &Value) -> Vec<Heard> {
        let waited = std::mem::replace(&mut self.waiting, Waiting::Nothing);
        if let Some(error) = line.get("error").filter(|error| !error.is_null()) {
            let mut failure = failure(&self.name, word(error, "message"));
            if error["code"].as_i64() == Some(-32000) {
                failure.kind = FailureKind::Auth;
            }
            return vec![Heard::Failed(failure)];
        }
        let result = &line["result"];
        match waited {
            Waiting::Initialize => {
                let tools = self.opening.tools.iter();
                let servers: Vec<Value> = tools
                    .map(|(command, arguments)| json!({"name": SERVER, "command": command, "args": arguments, "env": []}))
                    .collect();
                let parameters = json!({"cwd": self.opening.cwd, "mcpServers": servers});
                vec![Heard::Say(self.ask(
                    Waiting::Session,
                    "session/new",
                    &parameters,
                ))]
            }
            Waiting::Session => {
                word(result, "sessionId").clone_into(&mut self.session);
                let prompt = std::mem::take(&mut self.opening.prompt);
                self.prompt(&prompt).map(Heard::Say).into_iter().collect()
            }
            Waiting::Prompt => {
                let mut heard: Vec<Heard> = tokens(&result["usage"])
                    .map(Heard::Tokens)
                    .into_iter()
                    .collect();
                heard.push(match word(result, "stopReason") {
                    "refusal" => Heard::Failed(Failure::new(
                        FailureKind::Refused,
                        format!("{} refused to answer.", self.name),
                    )),
                    "cancelled" => Heard::Failed(Failure::new(
                        FailureKind::Cancelled,
                        format!("{} was stopped.", self.name),
                    )),
                    _ => Heard::Done,
                });
                heard
            }
            Waiting::Nothing => Vec::new(),
        }
    }

    fn update(&mut self, update: &Value) -> Vec<Heard> {
        let text = || word(&update["content"], "text").to_owned();
        match word(update, "sessionUpdate") {
            "agent_message_chunk" => vec![Heard::Text(text())],
            "agent_thought_chunk" => vec![Heard::Thinking(text())],
            "tool_call" | "tool_call_update" => self.card(update),
            "usage_update" => {
                let cost = &update["cost"];
                let usd = cost["amount"]
                    .as_f64()
                    .filter(|usd| usd.is_finite() && *usd >= 0.0);
                let usd = usd.filter(|_| word(cost, "currency") == "USD");
                usd.map(|usd| {
                    Heard::Total(Tokens {
                        usd: Some(usd),
                        ..Tokens::default()
                    })
                })
                .into_iter()
                .collect()
            }
            _ => Vec::new(),
        }
    }

    /// A tool of its own. Updates may come without the call before them.
    fn card(&mut self, update: &Value) -> Vec<Heard> {
        let call = word(update, "toolCallId").to_owned();
        let mut heard = Vec::new();
        let title = word(update, "title");
        if !self.open.contains(&call) && !title.is_empty() && !is_ours(update) {
            self.open.insert(call.clone());
            heard.push(Heard::Tool(ToolEvent::Started {
                call: call.clone(),
                name: match word(update, "kind") {
                    "" => "tool".to_owned(),
                    kind => kind.to_owned(),
                },
                arguments: shown(title),
            }));
        }
        let status = word(update, "status");
        if matches!(status, "completed" | "failed") && self.open.remove(&call) {
            let parts = update["content"].as_array().into_iter().flatten();
            let texts: Vec<&str> = parts
                .filter_map(|part| part["content"]["text"].as_str())
                .collect();
            heard.push(Heard::Tool(ToolEvent::Finished {
                call,
                ok: status == "completed",
                output: shown(&texts.join("\n")),
                elapsed_ms: 0,
            }));
        }
        heard
    }

    fn permission(&mut self, id: &Value, parameters: &Value) -> Vec<Heard> {
        let tool = &parameters["toolCall"];
        let allowed = is_ours(tool);
        let wanted = if allowed { "allow_once" } else { "reject_once" };
        let options = parameters["options"].as_array().into_iter().flatten();
        let mut options = options.filter(|option| word(option, "kind") == wanted);
        let outcome = match options.next() {
            Some(option) => json!({"outcome": "selected", "optionId": word(option, "optionId")}),
            None => json!({"outcome": "cancelled"}),
        };
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": {"outcome": outcome}});
        let mut heard = vec![Heard::Say(answer.to_string())];
        if !allowed {
            self.refused += 1;
            let words = format!(
                "Not allowed, agents only read for now: {}",
                word(tool, "title")
            );
            heard.extend(remark(
                &format!("permission_{}", self.refused),
                "permission",
                &words,
            ));
        }
        heard
    }
}

/// True for a call of one of our tools: its title names our server, and its kind is harmless.
fn is_ours(tool: &Value) -> bool {
    let risky = RISKY.contains(&word(tool, "kind"));
    !risky && word(tool, "title").contains(SERVER)
}

fn tokens(usage: &Value) -> Option<Tokens> {
    let number = |key: &str| usage[key].as_u64();
    let (input, output) = (number("inputTokens")?, number("outputTokens")?);
    let cached = number("cachedReadTokens").unwrap_or(0);
    Some(Tokens {
        input: input + cached + number("cachedWriteTokens").unwrap_or(0),
        cached,
        written: number("cachedWriteTokens").unwrap_or(0),
        output,
        reasoning: number("thoughtTokens").unwrap_or(0).min(output),
        usd: None,
    })
}
