//! The transport to a program that speaks lines: it stands in for a server of the protocol, so that
//! everything behind it (leave, records, long results, planning) is the same.
//!
//! The greeting and the list are answered here, from the manifest; each call is a process of its own:
//! one line in, signs of progress and one answer out. Contract: `docs/plugins.md`. A process that says
//! too much, nothing, or something else ends its call with an error. A withdrawn call ends its process
//! with all that it started.

use std::{collections::HashMap, io, sync::Arc};

use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use super::{pipe::Pipe, seal};
use crate::{
    config::servers::{Patience, Speaks, Started},
    provider::cli::lines::Line,
};

/// Messages that wait to be read.
const HEARD: usize = 64;
/// Bytes that a process may say during one call.
const MOST: usize = 16 * 1024 * 1024;

/// The transport.
pub struct Plain {
    started: Started,
    tools: Arc<Vec<Value>>,
    say: mpsc::Sender<ServerJsonRpcMessage>,
    heard: mpsc::Receiver<ServerJsonRpcMessage>,
    calls: JoinSet<()>,
    /// What ends a call, by the number of its request.
    running: HashMap<String, AbortHandle>,
}

impl Plain {
    /// A transport to a program; it is started with the first call.
    #[must_use]
    pub fn new(started: &Started, tools: Arc<Vec<Value>>) -> Self {
        let (say, heard) = mpsc::channel(HEARD);
        Self {
            started: started.clone(),
            tools,
            say,
            heard,
            calls: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    /// What is answered at once; calls are begun.
    fn take(&mut self, message: &Value) -> Option<Value> {
        let params = message.get("params").unwrap_or(&Value::Null);
        let id = message.get("id");
        match message.get("method").and_then(Value::as_str)? {
            "initialize" => Some(json!({"jsonrpc": "2.0", "id": id?, "result": {
                "protocolVersion": params.get("protocolVersion"),
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "plugin", "version": "1"},
            }})),
            "tools/list" => {
                Some(json!({"jsonrpc": "2.0", "id": id?, "result": {"tools": *self.tools}}))
            }
            "tools/call" => {
                self.begin(Call {
                    id: id?.clone(),
                    token: params.pointer("/_meta/progressToken").cloned(),
                    tool: params.get("name").cloned().unwrap_or_default(),
                    arguments: params.get("arguments").cloned().unwrap_or(json!({})),
                    started: self.started.clone(),
                    say: self.say.clone(),
                });
                None
            }
            "notifications/cancelled" => {
                let call = self.running.remove(&params.get("requestId")?.to_string())?;
                call.abort();
                None
            }
            "ping" => Some(json!({"jsonrpc": "2.0", "id": id?, "result": {}})),
            _ => Some(json!({"jsonrpc": "2.0", "id": id?, "error":
                {"code": -32601, "message": "a plugin of lines does not have this"}})),
        }
    }

    fn begin(&mut self, call: Call) {
        while self.calls.try_join_next().is_some() {}
        self.running.retain(|_, call| !call.is_finished());
        let id = call.id.to_string();
        let begun = self.calls.spawn(call.run());
        self.running.insert(id, begun);
    }
}

impl Transport<RoleClient> for Plain {
    type Error = io::Error;

    fn send(
        &mut self,
        item: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let taken = serde_json::to_value(&item).map(|message| self.take(&message));
        let say = self.say.clone();
        async move {
            if let Some(answer) = taken? {
                tell(&say, answer).await;
            }
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.heard.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.running.clear();
        self.calls.shutdown().await;
        Ok(())
    }
}

async fn tell(say: &mpsc::Sender<ServerJsonRpcMessage>, message: Value) {
    if let Ok(message) = serde_json::from_value(message) {
        // Nobody listens any more when the session is over.
        let _ = say.send(message).await;
    }
}

/// One call and the process for it.
struct Call {
    id: Value,
    token: Option<Value>,
    tool: Value,
    arguments: Value,
    started: Started,
    say: mpsc::Sender<ServerJsonRpcMessage>,
}

/// What a line of a process means.
enum Said {
    Progress {
        done: Option<f64>,
        total: Option<f64>,
        words: String,
    },
    Result(String),
    Failure(String),
}

impl Call {
    async fn run(self) {
        let began = match seal::holds(self.started.seal.clone()).await {
            Ok(()) => Pipe::start(&self.started)
                .map_err(|error| format!("the program cannot be started: {error}")),
            Err(why) => Err(why),
        };
        let mut pipe = match began {
            Ok(pipe) => pipe,
            Err(why) => return self.answer(&why, true).await,
        };
        let line = json!({"id": self.id, "tool": self.tool, "arguments": self.arguments});
        pipe.say_last(format!("{line}\n")).await;
        match self.listen(&mut pipe).await {
            Ok(text) => self.answer(&text, false).await,
            Err(text) => self.answer(&text, true).await,
        }
        let _ = pipe.close().await;
    }

    /// Reads until there is an answer.
    async fn listen(&self, pipe: &mut Pipe) -> Result<String, String> {
        let complaints = pipe.complaints();
        let (mut bytes, mut steps) = (0_usize, 0_u32);
        let too_much = || format!("it said more than {} MB; it was ended", MOST >> 20);
        while let Some(line) = pipe.line().await {
            let Line::Text(line) = line else {
                return Err(too_much());
            };
            bytes += line.len() + 1;
            if bytes > MOST {
                return Err(too_much());
            }
            match self.read(&line) {
                Some(Said::Result(text)) => return Ok(text),
                Some(Said::Failure(text)) => return Err(text),
                Some(Said::Progress { done, total, words }) => {
                    steps += 1;
                    let done = done.unwrap_or(f64::from(steps));
                    self.progress(done, total, &words).await;
                }
                // Words that are no message.
                None => {}
            }
        }
        let last = complaints.last();
        Err(if last.is_empty() {
            "it ended without an answer".to_owned()
        } else {
            format!("it ended without an answer. Its last words: {last}")
        })
    }

    /// What a line says; `None` for noise and for what belongs to another call.
    fn read(&self, line: &str) -> Option<Said> {
        let message: Value = serde_json::from_str(line).ok()?;
        let plain = |value: &Value| value.to_string().trim_matches('"').to_owned();
        if let Some(id) = message.get("id")
            && plain(id) != plain(&self.id)
        {
            return None;
        }
        if let Some(result) = message.get("result") {
            return Some(Said::Result(text(result)));
        }
        if let Some(error) = message.get("error").filter(|error| !error.is_null()) {
            let words = error.get("message").unwrap_or(error);
            return Some(Said::Failure(text(words)));
        }
        let progress = message.get("progress")?;
        let number = |key: &str| progress.get(key).and_then(Value::as_f64);
        Some(Said::Progress {
            done: progress.as_f64().or(number("done")),
            total: number("total"),
            words: progress
                .as_str()
                .or_else(|| progress.get("message")?.as_str())
                .unwrap_or_default()
                .to_owned(),
        })
    }

    async fn progress(&self, done: f64, total: Option<f64>, words: &str) {
        let Some(token) = &self.token else { return };
        let mut params = json!({"progressToken": token, "progress": done, "message": words});
        if let (Some(total), Some(params)) = (total, params.as_object_mut()) {
            params.insert("total".to_owned(), json!(total));
        }
        let notice =
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
        tell(&self.say, notice).await;
    }

    async fn answer(&self, text: &str, failed: bool) {
        let result = json!({"content": [{"type": "text", "text": text}], "isError": failed});
        tell(
            &self.say,
            json!({"jsonrpc": "2.0", "id": self.id, "result": result}),
        )
        .await;
    }
}

/// Text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    }
}

/// Starts a program that speaks lines and gives it nothing to do: it has to end by itself, well.
///
/// # Errors
/// What it did instead, in words for a person.
pub async fn rehearse(started: &Started, patience: &Patience) -> Result<(), String> {
    if matches!(started.speaks, Speaks::Mcp) {
        return Ok(());
    }
    seal::holds(started.seal.clone()).await?;
    let mut pipe =
        Pipe::start(started).map_err(|error| format!("the program cannot be started: {error}"))?;
    let complaints = pipe.complaints();
    let ended = pipe.ended(patience.start).await;
    let _ = pipe.close().await;
    let last = complaints.last();
    let told = |why: String| match last.as_str() {
        "" => Err(why),
        last => Err(format!("{why}. Its last words: {last}")),
    };
    match ended {
        Some(status) if status.success() => Ok(()),
        Some(status) => told(format!(
            "it was given nothing to do and ended with {status}"
        )),
        None => told(format!(
            "it does not end when its input ends; it was ended after {} s",
            patience.start.as_secs()
        )),
    }
}
