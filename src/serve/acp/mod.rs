//! An ACP agent (Agent Client Protocol, version 1) over stdin and stdout: editors start teams.
//!
//! A session of the editor is a session of ours under the same name, its prompts are the turns. One loop
//! reads, answers and writes; every prompt has a task of its own that follows its run. A client that does
//! not read slows its own news, never a run. Files and terminals of the editor are not used.

mod asking;
mod prompt;
mod show;
#[cfg(test)]
mod tests;
mod turn;
mod wire;

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{
    prompt::Block,
    turn::{End, Job},
    wire::{INTERNAL, Line, Lines, METHOD, NOT_FOUND, PARAMS, PARSE},
};
use crate::{
    app::host::{Host, TeamChoice},
    protocol::{Failure, RunId},
    text::clean,
};

/// Messages that may wait for the client to read.
const WAITING: usize = 64;
/// Messages that wait when the client is not read from any more, until it reads.
const UNREAD: usize = 1024;
/// Time for a client that says nothing more to read what was answered.
const LAST: Duration = Duration::from_secs(2);
/// Sessions of one client.
const SESSIONS: usize = 256;
/// Tool servers of the editor that are named.
const SERVERS: usize = 20;
/// Teams that are offered as modes.
const MODES: usize = 40;

/// What a prompt's task has for the client.
pub enum Out {
    /// News.
    Update(Value),
    /// A question; the answer comes back, or nothing when the client has gone.
    Ask(&'static str, Value, oneshot::Sender<Value>),
}

/// A session of the editor.
struct Session {
    cwd: PathBuf,
    /// The team that was chosen.
    mode: String,
    /// Whether the session has a log.
    begun: bool,
    /// What the person is told once about tool servers of the editor; empty for nothing.
    unused: String,
    /// Ends the prompt that is at work.
    cancel: Option<CancellationToken>,
}

impl Session {
    /// One without a log.
    fn new(cwd: PathBuf, offered: &[Offered]) -> Self {
        Self {
            cwd,
            mode: USUAL.to_owned(),
            begun: false,
            unused: unused(offered),
            cancel: None,
        }
    }
}

/// What is said about tool servers of the editor. They are not used: the editor chose them for an agent that
/// works in the person's own folder, and ours work in copies, side by side.
fn unused(offered: &[Offered]) -> String {
    let names: Vec<String> = offered
        .iter()
        .take(SERVERS)
        .map(|one| clean::line(&one.name).into_owned())
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "The tool servers of the editor are not used by the team ({}). Name those it should have under \
         mcp_servers of its configuration.",
        names.join(", ")
    )
}

/// The agent.
struct Agent {
    host: Host,
    usual: TeamChoice,
    sessions: BTreeMap<String, Session>,
    /// Messages that wait to be written.
    queue: VecDeque<Value>,
    /// Questions that wait for an answer.
    asked: BTreeMap<u64, oneshot::Sender<Value>>,
    next: u64,
    out: mpsc::Sender<Out>,
    prompts: JoinSet<(String, Value, End)>,
}

type Refused = (i64, String);

/// Serves one client until it goes away. The host is left open.
///
/// # Errors
/// The client cannot be read or written to.
pub async fn serve(
    host: Host,
    usual: TeamChoice,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> Result<(), String> {
    let (writer, messages) = mpsc::channel(WAITING);
    let mut writing = tokio::spawn(wire::write(messages, output));
    let (out, mut outs) = mpsc::channel(WAITING);
    let mut agent = Agent {
        host,
        usual,
        sessions: BTreeMap::new(),
        queue: VecDeque::new(),
        asked: BTreeMap::new(),
        next: 1,
        out,
        prompts: JoinSet::new(),
    };
    let mut lines = Lines::new(input);
    loop {
        tokio::select! {
            line = lines.next(), if agent.queue.len() < UNREAD => match line {
                Ok(Some(Line::Whole(line))) => agent.line(&line).await,
                Ok(Some(Line::TooLong)) => {
                    let message = wire::refusal(&Value::Null, PARSE, "The line is too long.");
                    agent.queue.push_back(message);
                }
                Ok(None) => break,
                Err(error) => return Err(format!("The editor cannot be read: {error}.")),
            },
            Some(out) = outs.recv(), if agent.queue.len() < WAITING => agent.tell(out),
            permit = writer.reserve(), if !agent.queue.is_empty() => match permit {
                Ok(permit) => if let Some(message) = agent.queue.pop_front() {
                    permit.send(message);
                },
                // Nobody reads any more.
                Err(_) => break,
            },
            Some(ended) = agent.prompts.join_next() => {
                // What a prompt said last stands before its end.
                while let Ok(out) = outs.try_recv() {
                    agent.tell(out);
                }
                if let Ok((session, id, end)) = ended {
                    agent.ended(&session, &id, end);
                }
            },
        }
    }
    // Whoever says nothing more may still read what was answered.
    let rest = async {
        for message in agent.queue {
            if writer.send(message).await.is_err() {
                return;
            }
        }
        drop(writer);
        // It ends with the last message, or because nobody reads.
        let _ = (&mut writing).await;
    };
    let _ = timeout(LAST, rest).await;
    writing.abort();
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    cwd: PathBuf,
    #[serde(default)]
    mcp_servers: Vec<Offered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Load {
    session_id: String,
    cwd: PathBuf,
    #[serde(default)]
    mcp_servers: Vec<Offered>,
}

/// A tool server that the editor offers.
#[derive(Deserialize)]
struct Offered {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetMode {
    session_id: String,
    mode_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prompt {
    session_id: String,
    prompt: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancel {
    session_id: String,
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refused> {
    serde_json::from_value(params)
        .map_err(|error| (PARAMS, format!("The arguments are wrong: {error}.")))
}

fn failed(failure: &Failure) -> Refused {
    (INTERNAL, clean::text(&failure.words()).into_owned())
}

impl Agent {
    /// Takes in one line of the client.
    async fn line(&mut self, line: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            let message = wire::refusal(&Value::Null, PARSE, "The line is no JSON.");
            self.queue.push_back(message);
            return;
        };
        let id = message.get("id").cloned();
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            self.answered(id.as_ref(), &message);
            return;
        };
        let params = message.get("params").cloned().unwrap_or(Value::Null);
        let Some(id) = id else {
            // Of the notifications only this one concerns us.
            if method == "session/cancel"
                && let Ok(Cancel { session_id }) = read(params)
                && let Some(session) = self.sessions.get(&session_id)
                && let Some(cancel) = &session.cancel
            {
                cancel.cancel();
            }
            return;
        };
        let result = match method {
            "session/prompt" => match self.prompt(&id, params) {
                // It is answered when the run is over.
                Ok(()) => return,
                Err(refused) => Err(refused),
            },
            "initialize" => Ok(hello()),
            "authenticate" => Ok(json!({})),
            "session/new" => self.new_session(params).await,
            "session/load" => self.load(params).await,
            "session/set_mode" => self.set_mode(params).await,
            other => Err((
                METHOD,
                format!("There is no method {:?} here.", clean::line(other)),
            )),
        };
        self.queue.push_back(match result {
            Ok(result) => wire::answer(&id, &result),
            Err((code, words)) => wire::refusal(&id, code, &words),
        });
    }

    /// Passes the answer to a question of ours on.
    fn answered(&mut self, id: Option<&Value>, message: &Value) {
        let waiting = id
            .and_then(Value::as_u64)
            .and_then(|id| self.asked.remove(&id));
        if let (Some(waiting), Some(result)) = (waiting, message.get("result")) {
            // The question may be settled by now.
            let _ = waiting.send(result.clone());
        }
    }

    fn tell(&mut self, out: Out) {
        match out {
            Out::Update(message) => self.queue.push_back(message),
            Out::Ask(method, params, reply) => {
                let id = self.next;
                self.next += 1;
                self.asked.retain(|_, waiting| !waiting.is_closed());
                self.asked.insert(id, reply);
                self.queue.push_back(wire::request(id, method, &params));
            }
        }
    }

    fn ended(&mut self, session: &str, id: &Value, end: End) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.cancel = None;
            session.begun |= end.begun;
        }
        self.queue.push_back(match end.reason {
            Ok(reason) => wire::answer(id, &json!({"stopReason": reason})),
            Err(failure) => {
                let (code, words) = failed(&failure);
                wire::refusal(id, code, &words)
            }
        });
    }

    async fn new_session(&mut self, params: Value) -> Result<Value, Refused> {
        let New { cwd, mcp_servers } = read(params)?;
        let modes = self.modes(&cwd).await?;
        let id = self.host.new_name();
        let session = Session::new(cwd, &mcp_servers);
        self.keep(&id.0, session)?;
        Ok(json!({"sessionId": id, "modes": modes}))
    }

    /// Opens a stored session: its tasks and answers are told again.
    async fn load(&mut self, params: Value) -> Result<Value, Refused> {
        let Load {
            session_id,
            cwd,
            mcp_servers,
        } = read(params)?;
        self.idle(&session_id)?;
        let modes = self.modes(&cwd).await?;
        let (run, events) = self
            .host
            .events(&session_id)
            .await
            .map_err(|failure| (NOT_FOUND, failed(&failure).1))?;
        let mut session = Session::new(cwd, &mcp_servers);
        session.begun = true;
        self.keep(&run.0, session)?;
        for update in turn::told_again(&events) {
            self.queue.push_back(wire::update(&run.0, &update));
        }
        Ok(json!({"modes": modes}))
    }

    /// Refuses what must not happen while a prompt of the session is at work.
    fn idle(&self, id: &str) -> Result<(), Refused> {
        let known = self.sessions.get(id);
        if known.is_some_and(|session| session.cancel.is_some()) {
            let words = "The team is at work on the prompt before; cancel that first.";
            return Err((PARAMS, words.to_owned()));
        }
        Ok(())
    }

    /// Remembers a session; one that is at work stays as it is, the oldest idle one goes when there are
    /// too many.
    fn keep(&mut self, id: &str, session: Session) -> Result<(), Refused> {
        self.idle(id)?;
        if !self.sessions.contains_key(id) && self.sessions.len() >= SESSIONS {
            // Names begin with the time, so the first is the oldest.
            let mut idle = self.sessions.iter().filter(|(_, one)| one.cancel.is_none());
            let Some((oldest, _)) = idle.next() else {
                return Err((INTERNAL, "Too many sessions are at work.".to_owned()));
            };
            let oldest = oldest.clone();
            self.sessions.remove(&oldest);
        }
        self.sessions.insert(id.to_owned(), session);
        Ok(())
    }

    /// The teams to choose from in a folder.
    async fn modes(&self, cwd: &Path) -> Result<Value, Refused> {
        if !cwd.is_absolute() {
            return Err((PARAMS, "cwd is no absolute path.".to_owned()));
        }
        let teams = self.host.teams(Some(cwd.to_owned())).await;
        let teams = teams.map_err(|failure| (PARAMS, failed(&failure).1))?;
        let usual = match (&self.usual, &teams.usual) {
            (TeamChoice::Demo(name), _) => format!("demo {name}: a script, no model"),
            (TeamChoice::Config(path), _) | (_, Some(path)) => path.clone(),
            _ => "no configuration yet: `massgen-tui setup` writes one".to_owned(),
        };
        let mut modes =
            vec![json!({"id": USUAL, "name": "Usual team", "description": clean::line(&usual)})];
        for path in teams.saved.iter().take(MODES) {
            let name = path.rsplit('/').next().unwrap_or(path);
            modes.push(json!({"id": format!("{CONFIG}{path}"), "name": name, "description": path}));
        }
        let demo = "a script, no model: to see how it looks";
        modes.push(json!({"id": DEMO, "name": "Demo", "description": demo}));
        Ok(json!({"currentModeId": USUAL, "availableModes": modes}))
    }

    async fn set_mode(&mut self, params: Value) -> Result<Value, Refused> {
        let SetMode {
            session_id,
            mode_id,
        } = read(params)?;
        let cwd = self.session(&session_id)?.cwd.clone();
        let modes = self.modes(&cwd).await?;
        let known = modes["availableModes"].as_array().into_iter().flatten();
        let mut ids = known.filter_map(|mode| mode["id"].as_str());
        if !ids.any(|id| id == mode_id) {
            return Err((PARAMS, "There is no such mode.".to_owned()));
        }
        self.session(&session_id)?.mode = mode_id;
        Ok(json!({}))
    }

    fn session(&mut self, id: &str) -> Result<&mut Session, Refused> {
        let none = || {
            (
                NOT_FOUND,
                format!("There is no session {:?} here.", clean::line(id)),
            )
        };
        self.sessions.get_mut(id).ok_or_else(none)
    }

    fn prompt(&mut self, id: &Value, params: Value) -> Result<(), Refused> {
        let Prompt { session_id, prompt } = read(params)?;
        let task = prompt::task(prompt).map_err(|words| (PARAMS, words))?;
        let (host, out, usual) = (self.host.clone(), self.out.clone(), self.usual.clone());
        self.idle(&session_id)?;
        let session = self.session(&session_id)?;
        let cancel = CancellationToken::new();
        session.cancel = Some(cancel.clone());
        let unused = std::mem::take(&mut session.unused);
        let team = match session.mode.as_str() {
            DEMO => TeamChoice::Demo(String::new()),
            mode => match mode.strip_prefix(CONFIG) {
                Some(path) => TeamChoice::Config(path.to_owned()),
                None if session.begun => TeamChoice::Usual,
                None => usual,
            },
        };
        let job = Job {
            host,
            out,
            run: RunId(session_id.clone()),
            begun: session.begun,
            cwd: session.cwd.clone(),
            team,
            task,
            cancel,
        };
        if !unused.is_empty() {
            let update = wire::update(&session_id, &show::thought(&unused));
            self.queue.push_back(update);
        }
        let id = id.clone();
        self.prompts
            .spawn(async move { (session_id, id, job.run().await) });
        Ok(())
    }
}

/// Mode of the team when none is chosen.
const USUAL: &str = "usual";
/// Mode of the demo team.
const DEMO: &str = "demo";
/// Begins the mode of a saved configuration.
const CONFIG: &str = "config:";

/// What the agent can do.
fn hello() -> Value {
    json!({
        "protocolVersion": 1,
        "agentCapabilities": {
            "loadSession": true,
            "promptCapabilities": {"image": false, "audio": false, "embeddedContext": true},
            "mcpCapabilities": {"http": false, "sse": false},
        },
        "agentInfo": {"name": "massgen-tui", "title": "massgen-tui", "version": env!("CARGO_PKG_VERSION")},
        "authMethods": [],
    })
}
