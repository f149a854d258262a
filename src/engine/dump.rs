//! `--dump-prompts`: every request to a model as a file that a person can read.
//!
//! The seats hand a request over without waiting; a thread of its own renders, masks and writes it.
//! When the disk is too slow for the models, requests are left out and counted rather than waited
//! for. Trouble is told once, as a notice; the run goes on.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::json;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    protocol::{AgentId, EventKind, Level, Message, Purpose, RunEvent, ToolSpec},
    provider::Request,
    store::{PromptFolder, redact::Redactor},
};

/// Requests that may wait for the disk.
const DEPTH: usize = 256;

/// The sending end.
#[derive(Clone, Debug)]
pub struct Dump {
    sender: mpsc::Sender<Item>,
    left_out: Arc<AtomicU64>,
}

/// What the writer is told.
#[derive(Debug)]
enum Item {
    /// Requests from here on belong to this turn.
    Turn(u32),
    /// A request, just before it is sent.
    Call(Box<Call>),
}

/// One request and where it belongs.
#[derive(Debug)]
struct Call {
    agent: AgentId,
    round: u32,
    purpose: Purpose,
    request: Request,
}

impl Dump {
    /// A new turn begins.
    pub fn turn(&self, number: u32) {
        let _ = self.sender.try_send(Item::Turn(number));
    }

    /// A request is about to be sent.
    pub fn call(&self, agent: AgentId, round: u32, purpose: Purpose, request: &Request) {
        let call = Call {
            agent,
            round,
            purpose,
            request: request.clone(),
        };
        if self.sender.try_send(Item::Call(Box::new(call))).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Starts the writer; it ends when every [`Dump`] is dropped.
#[must_use]
pub fn start(
    folder: PathBuf,
    redactor: Redactor,
    notices: mpsc::WeakSender<EventKind>,
) -> (Dump, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(DEPTH);
    let left_out = Arc::new(AtomicU64::new(0));
    let dump = Dump {
        sender,
        left_out: Arc::clone(&left_out),
    };
    let task = tokio::task::spawn_blocking(move || {
        let mut writer = Writer {
            folder: PromptFolder::new(folder),
            redactor,
            turn: 1,
            calls: BTreeMap::new(),
            told: false,
        };
        writer.run(receiver, &left_out, &notices);
    });
    (dump, task)
}

struct Writer {
    folder: PromptFolder,
    redactor: Redactor,
    turn: u32,
    /// Requests so far, by agent and round of the turn.
    calls: BTreeMap<(AgentId, u32), u32>,
    /// Trouble was told.
    told: bool,
}

impl Writer {
    fn run(
        &mut self,
        mut items: mpsc::Receiver<Item>,
        left_out: &AtomicU64,
        notices: &mpsc::WeakSender<EventKind>,
    ) {
        while let Some(item) = items.blocking_recv() {
            match item {
                Item::Turn(number) => {
                    self.turn = number;
                    self.calls.clear();
                }
                Item::Call(call) => {
                    if let Err(failure) = self.write(&call) {
                        self.tell(notices, &format!("A prompt was not written: {failure}"));
                    }
                }
            }
            let lost = left_out.load(Ordering::Relaxed);
            if lost > 0 {
                self.tell(
                    notices,
                    &format!(
                        "{lost} prompts were not written: the disk is slower than the models."
                    ),
                );
            }
        }
    }

    fn tell(&mut self, notices: &mpsc::WeakSender<EventKind>, text: &str) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        if let Some(sender) = notices.upgrade() {
            let _ = sender.blocking_send(EventKind::Run(RunEvent::Notice {
                level: Level::Warning,
                text: text.to_owned(),
            }));
        }
    }

    fn write(&mut self, call: &Call) -> Result<(), crate::protocol::Failure> {
        let number = self.calls.entry((call.agent, call.round)).or_default();
        *number += 1;
        let (agent, round, turn) = (call.agent, call.round, self.turn);
        let name = format!("turn{turn}-{agent}-round{round}-call{number}.md");
        let tokens = tokens(&call.request);
        let tools: Vec<&str> = call
            .request
            .tools
            .iter()
            .map(|tool| tool.name.as_str())
            .collect();
        let line = json!({
            "file": name, "turn": turn, "agent": agent.to_string(), "round": round, "call": *number,
            "purpose": call.purpose, "tokens": tokens, "messages": call.request.messages.len(),
            "tools": tools,
        });
        let title = format!("turn {turn}, {agent}, round {round}, call {number}");
        let text = render(&title, tokens, call);
        self.folder.write(&name, &self.redactor.text(&text))?;
        self.folder.append(&line.to_string())
    }
}

/// Tokens of a request, estimated at 4 bytes each.
#[must_use]
pub fn tokens(request: &Request) -> usize {
    let messages: usize = request
        .messages
        .iter()
        .map(|message| match message {
            Message::System { text } | Message::User { text } | Message::Tool { text, .. } => {
                text.len()
            }
            Message::Assistant { text, calls, .. } => {
                text.len() + calls.iter().map(|call| call.arguments.len()).sum::<usize>()
            }
        })
        .sum();
    let tool = |tool: &ToolSpec| {
        tool.name.len() + tool.description.len() + tool.parameters.to_string().len()
    };
    (messages + request.tools.iter().map(tool).sum::<usize>()) / 4
}

fn render(title: &str, tokens: usize, call: &Call) -> String {
    let mut out = format!(
        "# {title}\n\npurpose: {:?} · about {tokens} tokens · tool choice: {:?}\n",
        call.purpose, call.request.choice
    );
    for message in &call.request.messages {
        let _ = match message {
            Message::System { text } => write!(out, "\n## system\n\n{text}\n"),
            Message::User { text } => write!(out, "\n## user\n\n{text}\n"),
            Message::Tool { name, text, .. } => write!(out, "\n## result of {name}\n\n{text}\n"),
            Message::Assistant { text, calls, .. } => {
                let _ = write!(out, "\n## assistant\n\n{text}\n");
                for call in calls {
                    let _ = write!(out, "\ncalls {} with {}\n", call.name, call.arguments);
                }
                Ok(())
            }
        };
    }
    for tool in &call.request.tools {
        let _ = write!(
            out,
            "\n## tool {}\n\n{}\n\n{}\n",
            tool.name, tool.description, tool.parameters
        );
    }
    out
}
