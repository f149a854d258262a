//! One conversation with a program: started, continued, cut off, resumed.
//!
//! A program that calls one of our tools is kept waiting in that call; the next request that
//! continues the conversation holds the result. Between two requests a program either waits or is
//! over. Whoever stops listening cuts it off, and the next request resumes its session.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::folder::Folder;
use super::heard::{Heard, Writing, failure};
use super::launch::{Ear, Offer, Running, SOCKET, Start, launch};
use super::lines::Line;
use super::reply::Reply;
use super::talk::{self, Further, Step};
use super::tally::Tally;
use super::tools::{Called, Tools};
use super::{Item, Permit, Post, gemini};
use crate::config::Dialect;
use crate::protocol::{CallEvent, Failure, FailureKind, Message, ToolCall, ToolSpec};
use crate::provider::{Permitted, Request, StopReason, StreamEvent};

/// Longest silence of a program that works, before it counts as hung.
const SILENCE: Duration = Duration::from_mins(15);

/// Calls of tools that are not on offer that a reply may hold; a program with more goes round in circles.
const MOST_REFUSED: u32 = 16;

/// A conversation.
#[derive(Debug)]
pub struct Session {
    post: Post,
    offer: Offer,
    /// Made at the first request.
    place: Option<(Folder, Option<Tools>)>,
    /// What the program knows of the conversation.
    known: Option<Vec<Message>>,
    /// Name that resumes its session.
    id: Option<String>,
    running: Option<Running>,
    /// The call in which it waits: our id and who takes the result.
    open: Option<(String, oneshot::Sender<String>)>,
    /// The last reply was cut off.
    cut: bool,
    /// What the person says to its permissions.
    permits: mpsc::Receiver<Permit>,
    calls: u32,
    /// Calls of this reply that were not on offer.
    refused: u32,
    launches: u32,
    tally: Tally,
}

/// What happened next.
enum Next {
    Line(Option<Line>),
    Call(Called),
    Permit(Permit),
}

impl Session {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(post: Post, offer: Offer, permits: mpsc::Receiver<Permit>) -> Self {
        Self {
            tally: Tally::new(post.setup.price),
            post,
            offer,
            place: None,
            known: None,
            id: None,
            running: None,
            open: None,
            cut: false,
            permits,
            calls: 0,
            refused: 0,
            launches: 0,
        }
    }

    /// Replies to a request, until `out` is dropped.
    pub async fn serve(&mut self, request: &Request, out: &mpsc::Sender<Item>) {
        let ended = tokio::select! {
            biased;
            () = out.closed() => None,
            ended = self.reply(request, out) => Some(ended),
        };
        self.cut = !matches!(ended, Some(Ok(())));
        if self.cut {
            self.stop().await;
        }
        if let Some(Err(failure)) = ended {
            // Nobody may listen any more.
            let _ = out.send(Err(self.advised(failure))).await;
        }
    }

    /// Ends the program.
    pub async fn stop(&mut self) {
        self.open = None;
        if let Some(running) = self.running.take() {
            running.process.stop().await;
        }
    }

    async fn reply(&mut self, request: &Request, out: &mpsc::Sender<Item>) -> Result<(), Failure> {
        self.refused = 0;
        self.prepare(&request.tools).await?;
        let step = talk::step(self.known.as_deref(), &request.messages);
        self.known = Some(request.messages.clone());
        let bytes = match &step {
            Step::Fresh => talk::whole(&request.messages).1.len(),
            Step::Further(further) => further.prompt(self.cut).len(),
        };
        let mut reply = Reply::new(out, bytes);
        match step {
            Step::Fresh => self.afresh(request, &mut reply).await?,
            Step::Further(further) => self.further(&further, request, &mut reply).await?,
        }
        let stop = match self.listen(request, &mut reply).await {
            // A session that cannot be resumed is told anew.
            Err(failure)
                if self.is_resumed() && !reply.content && failure.kind != FailureKind::Auth =>
            {
                self.afresh(request, &mut reply).await?;
                self.listen(request, &mut reply).await
            }
            other => other,
        };
        reply.close().await?;
        if stop.is_ok() || self.tally.is_due() {
            let usage = self.tally.tell(reply.moved);
            reply.send(StreamEvent::Usage(usage)).await?;
        }
        reply.send(StreamEvent::Stop(stop?)).await
    }

    /// The private folder and the tool server.
    async fn prepare(&mut self, tools: &[ToolSpec]) -> Result<(), Failure> {
        if self.place.is_none() {
            let trouble = |error: std::io::Error| {
                let message = format!(
                    "No private folder for {}: {error}.",
                    self.post.setup.program.name
                );
                Failure::new(FailureKind::Local, message)
                    .hint("Set TMPDIR to a folder that can be written.")
            };
            let folder = Folder::create().map_err(trouble)?;
            let server = match self.offer {
                Offer::Ours => {
                    let socket = folder.file(SOCKET);
                    Some(
                        Tools::listen(&socket, self.post.setup.standing.clone())
                            .map_err(trouble)?,
                    )
                }
                Offer::Nothing => None,
            };
            self.place = Some((folder, server));
        }
        if let Some((_, Some(server))) = &mut self.place
            && server.offer(tools)
            && self.open.is_some()
            // Codex lists its tools once.
            && self.post.setup.program.dialect != Dialect::Codex
        {
            server.noticed().await;
        }
        Ok(())
    }

    /// A new session with the whole conversation.
    async fn afresh(&mut self, request: &Request, reply: &mut Reply<'_>) -> Result<(), Failure> {
        self.stop().await;
        self.id = None;
        self.tally = Tally::new(self.post.setup.price);
        let (_, prompt) = talk::whole(&request.messages);
        self.launch(request, &prompt, reply).await
    }

    /// Goes on: with the result of the call it waits in, or with further words.
    async fn further(
        &mut self,
        further: &Further,
        request: &Request,
        reply: &mut Reply<'_>,
    ) -> Result<(), Failure> {
        reply.of_launch(self.launches);
        if let Some((id, taker)) = self.open.take() {
            let mut rest = further.clone();
            rest.said.clear();
            if further.results.iter().any(|(call, _)| *call == id)
                && taker.send(rest.prompt(false)).is_ok()
                && self.running.is_some()
            {
                return Ok(());
            }
        }
        let prompt = further.prompt(self.cut);
        if let Some(Running {
            process,
            ear: Ear::Acp(ear),
            ..
        }) = &mut self.running
            && let Some(line) = ear.prompt(&prompt)
        {
            process.say(format!("{line}\n")).await;
            return Ok(());
        }
        self.stop().await;
        match (&self.id, self.post.setup.program.dialect) {
            (Some(_), dialect) => {
                if matches!(dialect, Dialect::ClaudeCode | Dialect::GeminiCli) {
                    // These count from the start of the process.
                    self.tally = Tally::new(self.post.setup.price);
                }
                self.launch(request, &prompt, reply).await
            }
            (None, _) => self.afresh(request, reply).await,
        }
    }

    async fn launch(
        &mut self,
        request: &Request,
        prompt: &str,
        reply: &mut Reply<'_>,
    ) -> Result<(), Failure> {
        let (system, _) = talk::whole(&request.messages);
        let Some((folder, server)) = &mut self.place else {
            return Ok(());
        };
        if let Some(server) = server {
            // Calls of a process that is over.
            while server.calls.try_recv().is_ok() {}
        }
        // Answers to questions of a process that is over.
        while self.permits.try_recv().is_ok() {}
        self.launches += 1;
        reply.of_launch(self.launches);
        let start = Start {
            system: &system,
            prompt,
            resume: self.id.as_deref(),
            tools: self.offer,
        };
        self.running = Some(launch(&self.post, folder, start).await?);
        Ok(())
    }

    fn is_resumed(&self) -> bool {
        self.id.is_some() && self.running.as_ref().is_none_or(|running| running.resumed)
    }

    /// Passes on what the program says until it calls a tool, or its turn is over.
    async fn listen(
        &mut self,
        request: &Request,
        reply: &mut Reply<'_>,
    ) -> Result<StopReason, Failure> {
        loop {
            match self.next().await? {
                Next::Call(called) => {
                    if let Some(stop) = self.called(called, request, reply).await? {
                        return Ok(stop);
                    }
                }
                Next::Line(Some(Line::Text(line))) => {
                    // What is no JSON is a word to a person at a terminal.
                    let Ok(line) = serde_json::from_str::<Value>(&line) else {
                        continue;
                    };
                    let heard = self.running.as_mut().map(|running| running.ear.hear(&line));
                    for heard in heard.unwrap_or_default() {
                        if let Some(stop) = self.take(heard, reply).await? {
                            return Ok(stop);
                        }
                    }
                }
                Next::Permit((ask, said)) => {
                    let heard = self
                        .running
                        .as_mut()
                        .map(|running| running.ear.permit(ask, &said));
                    for heard in heard.unwrap_or_default() {
                        self.take(heard, reply).await?;
                    }
                }
                Next::Line(Some(Line::TooLong)) => {}
                Next::Line(None) => return Err(self.broken_off().await),
            }
        }
    }

    async fn next(&mut self) -> Result<Next, Failure> {
        let name = &self.post.setup.program.name;
        let Some(running) = &mut self.running else {
            return Ok(Next::Line(None));
        };
        let server = self.place.as_mut().and_then(|(_, server)| server.as_mut());
        let call = async {
            match server {
                Some(server) => server.calls.recv().await,
                None => None,
            }
        };
        let next = async {
            tokio::select! {
                biased;
                line = running.process.line() => Next::Line(line),
                Some(called) = call => Next::Call(called),
                Some(permit) = self.permits.recv() => Next::Permit(permit),
            }
        };
        timeout(SILENCE, next).await.map_err(|_| {
            let minutes = SILENCE.as_secs() / 60;
            Failure::new(
                FailureKind::Transient,
                format!("{name} said nothing for {minutes} minutes."),
            )
        })
    }

    /// A call of one of our tools: the reply ends with it, unless the tool is not on offer.
    async fn called(
        &mut self,
        called: Called,
        request: &Request,
        reply: &mut Reply<'_>,
    ) -> Result<Option<StopReason>, Failure> {
        let offered = request.tools.iter().any(|tool| tool.name == called.name);
        if !offered {
            let names: Vec<&str> = request
                .tools
                .iter()
                .map(|tool| tool.name.as_str())
                .collect();
            let now = if names.is_empty() {
                "Answer in plain words.".to_owned()
            } else {
                format!("Use one of: {}.", names.join(", "))
            };
            let _ = called
                .reply
                .send(format!("{} is not on offer now. {now}", called.name));
            self.refused += 1;
            if self.refused > MOST_REFUSED {
                let name = &self.post.setup.program.name;
                let words = format!("{name} went on calling tools that are not on offer.");
                return Err(Failure::new(FailureKind::Transient, words));
            }
            return Ok(None);
        }
        self.calls += 1;
        let id = format!("call_{}", self.calls);
        let call = ToolCall {
            id: id.clone(),
            name: called.name,
            arguments: called.arguments,
        };
        reply.call(call).await?;
        self.open = Some((id, called.reply));
        Ok(Some(StopReason::ToolUse))
    }

    /// One thing that the program said.
    async fn take(
        &mut self,
        heard: Heard,
        reply: &mut Reply<'_>,
    ) -> Result<Option<StopReason>, Failure> {
        match heard {
            Heard::Session(id) => self.id = Some(id).filter(|id| !id.is_empty()).or(self.id.take()),
            Heard::Text(text) => reply.text(text).await?,
            Heard::Thinking(text) => reply.thinking(text).await?,
            Heard::Writes(Writing::Begins(name)) => reply.begins(name).await?,
            Heard::Writes(Writing::More(fragment)) => reply.fragment(fragment).await?,
            Heard::Tool(event) => reply.tool(event).await?,
            Heard::Retrying {
                attempt,
                wait_ms,
                failure,
            } => {
                let event = CallEvent::Retrying {
                    attempt,
                    wait_ms,
                    failure,
                };
                reply.send(StreamEvent::Call(event)).await?;
            }
            Heard::Asks(permission) => match self.offer {
                Offer::Ours => reply.send(StreamEvent::Permission(permission)).await?,
                Offer::Nothing => {
                    let unasked = Permitted::No("Only an answer in words is wanted.".to_owned());
                    let heard = self
                        .running
                        .as_mut()
                        .map(|running| running.ear.permit(permission.id, &unasked));
                    for heard in heard.unwrap_or_default() {
                        Box::pin(self.take(heard, reply)).await?;
                    }
                }
            },
            Heard::Tokens(tokens) => self.tally.one(tokens),
            Heard::Total(tokens) => self.tally.total(tokens),
            Heard::Say(line) => {
                if let Some(running) = &self.running {
                    running.process.say(format!("{line}\n")).await;
                }
            }
            Heard::Done => {
                self.over().await;
                return Ok(Some(StopReason::EndTurn));
            }
            Heard::Failed(failure) => return Err(failure),
        }
        Ok(None)
    }

    /// A turn ended well: a program of one turn is waited for.
    async fn over(&mut self) {
        if let Some(running) = self.running.take() {
            if matches!(running.ear, Ear::Acp(_)) {
                self.running = Some(running);
            } else {
                running.process.end().await;
            }
        }
    }

    /// It ended without a word about how its turn ended.
    async fn broken_off(&mut self) -> Failure {
        let name = self.post.setup.program.name.clone();
        let Some(running) = self.running.take() else {
            return failure(&name, "it is not running");
        };
        let resumed = running.resumed;
        let (status, tail) = running.process.end().await;
        // The private home of Gemini CLI is nobody's business.
        let tail = match &self.place {
            Some((folder, _)) => tail.replace(&*folder.file("home").to_string_lossy(), "~"),
            None => tail,
        };
        let code = status.and_then(|status| status.code());
        let how = match (code, status) {
            (Some(code), _) => format!("ended with exit code {code}"),
            (None, Some(status)) => format!("was ended ({status})"),
            (None, None) => "closed its output and did not end".to_owned(),
        };
        let last = tail.lines().rev().take(6).collect::<Vec<_>>();
        let last: Vec<&str> = last.into_iter().rev().collect();
        let mut failure = failure(&name, &tail);
        failure.message = if last.is_empty() {
            format!("{name} {how} in the middle of its turn and said nothing about it.")
        } else {
            format!(
                "{name} {how} in the middle of its turn: {}",
                last.join(" / ")
            )
        };
        if let (Dialect::GeminiCli, Some(kind)) =
            (self.post.setup.program.dialect, code.and_then(gemini::exit))
        {
            failure.kind = kind;
        }
        if resumed {
            // For the attempt that follows: this session cannot be resumed.
            failure.retry_after_ms = None;
        }
        failure
    }

    /// A failure with what the person can do about it.
    fn advised(&self, failure: Failure) -> Failure {
        let program = &self.post.setup.program;
        match failure.kind {
            FailureKind::Auth if failure.hint.is_empty() && !program.login.is_empty() => {
                let hint = if failure.message.contains("Missing environment variable") {
                    "Set the variable, and name it under `env:` of the backend.".to_owned()
                } else {
                    format!(
                        "Log in with `{}` in a terminal, or set the key that it wants.",
                        program.login
                    )
                };
                failure.hint(hint)
            }
            _ => failure,
        }
    }
}
