//! The Agent Client Protocol, version 1, from the client's side. Pure: lines in, lines out.
//!
//! One process holds the session; every request is a prompt in it. A further process loads the session
//! of the one before where the agent can do that. Files and terminals are not offered. Our own tools are
//! allowed; whatever else asks for permission is the person's to decide, and refused when nobody does.

mod open;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::claude::word;
use super::deed;
use super::heard::{Heard, SERVER, failure, remark, shown};
use super::place::Place;
use crate::protocol::{Failure, FailureKind, ToolEvent};
use crate::provider::{Change, Permission, Permitted, usage::Tokens};

/// What a session begins with.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Where it works.
    pub place: Place,
    /// Command and arguments of our tool server, if there is one.
    pub tools: Option<(String, Vec<String>)>,
    /// The first prompt.
    pub prompt: String,
    /// The session to go on with.
    pub resume: Option<String>,
    /// The model to ask it for.
    pub model: Option<String>,
    /// Names of the variables that it sees, so that it can be told to log in with a key.
    pub variables: Vec<String>,
}

/// What the last request of ours was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Initialize,
    Login,
    Session,
    /// A choice; an agent that refuses it goes on with its own.
    Choice,
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
    /// Cards that are open, with what they are about.
    open: BTreeMap<String, String>,
    /// What was told of calls of its own that are not over.
    told: BTreeMap<String, Value>,
    /// Calls of our own tools that run.
    ours: BTreeSet<String>,
    refused: u32,
    /// What it can do and how one logs in, as it said first.
    said: Value,
    /// It was told to log in.
    logged_in: bool,
    /// Choices that are still to be made, before the first prompt.
    choices: VecDeque<(&'static str, Value)>,
    /// Permissions that the person is asked for: by our number, its id and what it offers.
    asked: BTreeMap<u64, Asked>,
    asks: u64,
}

/// A permission that waits for the person.
#[derive(Debug)]
struct Asked {
    id: Value,
    /// The options that speak for this once only: ids of the one that refuses, and that allows.
    reject: Option<String>,
    allow: Option<String>,
    title: String,
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
            open: BTreeMap::new(),
            told: BTreeMap::new(),
            ours: BTreeSet::new(),
            refused: 0,
            said: Value::Null,
            logged_in: false,
            choices: VecDeque::new(),
            asked: BTreeMap::new(),
            asks: 0,
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
            ("session/update", None) if self.is_old() => Vec::new(),
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
            return self.objected(waited, error);
        }
        let result = &line["result"];
        match waited {
            Waiting::Initialize => {
                self.said = result.clone();
                self.enter()
            }
            Waiting::Login => self.enter(),
            Waiting::Session => self.entered(result),
            Waiting::Choice => self.choose(),
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

    /// A request of ours was answered with an error.
    fn objected(&mut self, waited: Waiting, error: &Value) -> Vec<Heard> {
        let mut failure = failure(&self.name, word(error, "message"));
        if error["code"].as_i64() == Some(-32000) {
            failure.kind = FailureKind::Auth;
        }
        match waited {
            // Its own choice is as good.
            Waiting::Choice => {
                let words = format!("It did not take a choice: {}", failure.message);
                let mut heard = remark("choice", "notice", &words).to_vec();
                heard.extend(self.choose());
                heard
            }
            Waiting::Session if failure.kind == FailureKind::Auth && !self.logged_in => {
                match open::login(&self.said, &self.opening.variables) {
                    Some(method) => {
                        self.logged_in = true;
                        let parameters = json!({"methodId": method});
                        let line = self.ask(Waiting::Login, "authenticate", &parameters);
                        vec![Heard::Say(line)]
                    }
                    None => vec![Heard::Failed(open::logins(failure, &self.said))],
                }
            }
            _ if failure.kind == FailureKind::Auth => {
                vec![Heard::Failed(open::logins(failure, &self.said))]
            }
            _ => vec![Heard::Failed(failure)],
        }
    }

    /// Opens a session, or the one to go on with.
    fn enter(&mut self) -> Vec<Heard> {
        let tools = self.opening.tools.iter();
        let servers: Vec<Value> = tools
            .map(|(command, arguments)| json!({"name": SERVER, "command": command, "args": arguments, "env": []}))
            .collect();
        let mut parameters = json!({"cwd": self.opening.place.home(), "mcpServers": servers});
        let more = self.opening.place.more();
        if !more.is_empty() && open::takes_more(&self.said) {
            parameters["additionalDirectories"] = more.into();
        }
        let method = match &self.opening.resume {
            None => "session/new",
            Some(session) => {
                parameters["sessionId"] = session.as_str().into();
                let Some(method) = open::resumes(&self.said) else {
                    let words = format!("{} cannot go on with an earlier session.", self.name);
                    let failure = Failure::new(FailureKind::Transient, words);
                    return vec![Heard::Failed(failure)];
                };
                method
            }
        };
        vec![Heard::Say(self.ask(Waiting::Session, method, &parameters))]
    }

    /// The session is open.
    fn entered(&mut self, result: &Value) -> Vec<Heard> {
        match &self.opening.resume {
            Some(session) => session.clone_into(&mut self.session),
            None => word(result, "sessionId").clone_into(&mut self.session),
        }
        self.choices = open::choices(result, &self.session, &self.opening);
        let mut heard = vec![Heard::Session(self.session.clone())];
        heard.extend(self.choose());
        heard
    }

    /// Makes the next choice, or says the first prompt.
    fn choose(&mut self) -> Vec<Heard> {
        if let Some((method, parameters)) = self.choices.pop_front() {
            return vec![Heard::Say(self.ask(Waiting::Choice, method, &parameters))];
        }
        let prompt = std::mem::take(&mut self.opening.prompt);
        self.prompt(&prompt).map(Heard::Say).into_iter().collect()
    }

    /// True while it tells what was before: a session that is loaded is told once more.
    fn is_old(&self) -> bool {
        self.waiting == Waiting::Session
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
        if is_ours(update) {
            self.ours.insert(call.clone());
        }
        if !self.open.contains_key(&call) && !title.is_empty() && !is_ours(update) {
            self.open.insert(call.clone(), title.to_owned());
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
        let over = matches!(status, "completed" | "failed");
        learn(self.told.entry(call.clone()).or_default(), update);
        if over {
            self.told.remove(&call);
            self.ours.remove(&call);
        }
        if over && self.open.remove(&call).is_some() {
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
        let offered = parameters["options"].as_array().into_iter().flatten();
        let offered = offered.map(|option| (option, word(option, "kind")));
        // Some name only the call, which they have told before.
        let call = word(tool, "toolCallId");
        let mut known = self.told.get(call).cloned().unwrap_or_else(|| json!({}));
        learn(&mut known, tool);
        let tool = &known;
        if is_ours(tool) || self.ours.contains(call) {
            let once = offered
                .filter(|(_, kind)| *kind == "allow_once")
                .map(|(option, _)| word(option, "optionId"));
            return vec![Heard::Say(outcome(id, once.into_iter().next()))];
        }
        // "Always" would speak for calls that nobody has seen.
        let of_kind = |wanted: &str| {
            let mut options = parameters["options"].as_array().into_iter().flatten();
            let option = options.find(|option| word(option, "kind") == wanted)?;
            Some(word(option, "optionId").to_owned())
        };
        let told = self
            .open
            .get(call)
            .map_or("something it does not name", String::as_str);
        let title = Some(word(tool, "title")).filter(|title| !title.is_empty());
        let title = shown(title.unwrap_or(told));
        let deed = deed::of_acp(tool, &title, &self.opening.place.home());
        self.asks += 1;
        let permission = Permission {
            id: self.asks,
            tool: match word(tool, "kind") {
                "" => "tool".to_owned(),
                kind => kind.to_owned(),
            },
            custom: self.opening.place.custom(&deed),
            deed,
            why: format!("{} asks before it does this: {title}", self.name),
            held: self.opening.place.held(),
            change: Change::NotTaken,
        };
        let asked = Asked {
            id: id.clone(),
            reject: of_kind("reject_once"),
            allow: of_kind("allow_once"),
            title,
        };
        self.asked.insert(self.asks, asked);
        vec![Heard::Asks(permission)]
    }

    /// What was said to a permission. Where nothing allows for once, it is not allowed.
    pub fn permit(&mut self, ask: u64, said: &Permitted) -> Vec<Heard> {
        let Some(asked) = self.asked.remove(&ask) else {
            return Vec::new();
        };
        let why = match said {
            Permitted::Yes if asked.allow.is_some() => {
                return vec![Heard::Say(outcome(&asked.id, asked.allow.as_deref()))];
            }
            Permitted::Yes => "it can only be allowed for good",
            Permitted::Instead(_) => "it takes no other command",
            Permitted::No(why) => why.as_str(),
        };
        self.refused += 1;
        let mut heard = vec![Heard::Say(outcome(&asked.id, asked.reject.as_deref()))];
        heard.extend(remark(
            &format!("permission_{}", self.refused),
            "permission",
            &format!("Not allowed: {} ({why})", asked.title),
        ));
        heard
    }
}

/// Keeps what was told of a call; a later word replaces an earlier one.
fn learn(known: &mut Value, told: &Value) {
    for key in [
        "toolCallId",
        "title",
        "kind",
        "rawInput",
        "content",
        "locations",
    ] {
        if !told[key].is_null() {
            known[key] = told[key].clone();
        }
    }
}

/// The answer to a request for permission; without an option it is cancelled.
fn outcome(id: &Value, option: Option<&str>) -> String {
    let outcome = match option {
        Some(option) => json!({"outcome": "selected", "optionId": option}),
        None => json!({"outcome": "cancelled"}),
    };
    json!({"jsonrpc": "2.0", "id": id, "result": {"outcome": outcome}}).to_string()
}

/// True for a call of one of our tools: its input names our server (Codex), or its title does and its
/// kind is harmless.
fn is_ours(tool: &Value) -> bool {
    if word(&tool["rawInput"], "server") == SERVER && tool["rawInput"]["tool"].is_string() {
        return true;
    }
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
