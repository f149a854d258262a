//! What a program says, as the events of one reply.
//!
//! A call of one of our tools is announced while it is written, where the program shows that, and
//! becomes a call when it reaches the tool server.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Item;
use super::tally::Moved;
use crate::protocol::{Failure, FailureKind, ToolCall, ToolEvent};
use crate::provider::StreamEvent;

/// One reply on its way out.
#[derive(Debug)]
pub struct Reply<'a> {
    out: &'a mpsc::Sender<Item>,
    /// Prefix of the ids of its tool cards: programs begin anew with each process.
    prefix: String,
    index: usize,
    /// Name of the call that is being written.
    writing: Option<String>,
    said: bool,
    started: BTreeMap<String, Instant>,
    /// Bytes so far.
    pub moved: Moved,
    /// Something was said or done.
    pub content: bool,
}

impl<'a> Reply<'a> {
    /// A reply to a prompt of so many bytes.
    pub fn new(out: &'a mpsc::Sender<Item>, prompt: usize) -> Self {
        Self {
            out,
            prefix: String::new(),
            index: 0,
            writing: None,
            said: false,
            started: BTreeMap::new(),
            moved: Moved { prompt, reply: 0 },
            content: false,
        }
    }

    /// Cards from now on are of process number `launch`.
    pub fn of_launch(&mut self, launch: u32) {
        self.prefix = if launch > 1 {
            format!("{launch}.")
        } else {
            String::new()
        };
    }

    /// Sends an event.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub async fn send(&mut self, event: StreamEvent) -> Result<(), Failure> {
        self.content |= event.is_content();
        self.out.send(Ok(event)).await.map_err(|_| gone())
    }

    /// Text; a gap between two messages is none at the beginning.
    pub async fn text(&mut self, text: String) -> Result<(), Failure> {
        let text = if self.said {
            text
        } else {
            text.trim_start_matches('\n').to_owned()
        };
        if text.is_empty() {
            return Ok(());
        }
        self.said = true;
        self.moved.reply += text.len();
        self.send(StreamEvent::Text(text)).await
    }

    /// Reasoning.
    pub async fn thinking(&mut self, text: String) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.moved.reply += text.len();
        self.send(StreamEvent::Thinking(text)).await
    }

    /// A call begins to be written.
    pub async fn begins(&mut self, name: String) -> Result<(), Failure> {
        self.index += 1;
        self.writing = Some(name.clone());
        self.send(StreamEvent::ToolStart {
            index: self.index,
            name,
        })
        .await
    }

    /// More of its arguments.
    pub async fn fragment(&mut self, fragment: String) -> Result<(), Failure> {
        if self.writing.is_none() || fragment.is_empty() {
            return Ok(());
        }
        self.moved.reply += fragment.len();
        self.send(StreamEvent::ToolArguments {
            index: self.index,
            fragment,
        })
        .await
    }

    /// A call that has reached the tool server.
    pub async fn call(&mut self, call: ToolCall) -> Result<(), Failure> {
        if self.writing.as_deref() != Some(call.name.as_str()) {
            self.begins(call.name.clone()).await?;
            self.fragment(call.arguments.clone()).await?;
        }
        self.writing = None;
        self.send(StreamEvent::ToolCall(call)).await
    }

    /// A tool of the program's own, with the time it took.
    pub async fn tool(&mut self, event: ToolEvent) -> Result<(), Failure> {
        let event = match event {
            ToolEvent::Started {
                call,
                name,
                arguments,
            } => {
                let call = format!("{}{call}", self.prefix);
                self.started.insert(call.clone(), Instant::now());
                ToolEvent::Started {
                    call,
                    name,
                    arguments,
                }
            }
            ToolEvent::Noted { call, note } => ToolEvent::Noted {
                call: format!("{}{call}", self.prefix),
                note,
            },
            ToolEvent::Finished {
                call, ok, output, ..
            } => {
                let call = format!("{}{call}", self.prefix);
                let started = self.started.remove(&call);
                let elapsed_ms = started.map_or(0, |started| started.elapsed().as_millis() as u64);
                ToolEvent::Finished {
                    call,
                    ok,
                    output,
                    elapsed_ms,
                }
            }
        };
        self.send(StreamEvent::Tool(event)).await
    }

    /// Finishes the cards that the program left open.
    pub async fn close(&mut self) -> Result<(), Failure> {
        for (call, started) in std::mem::take(&mut self.started) {
            let event = ToolEvent::Finished {
                call,
                ok: false,
                output: "[no result: the program went on or ended]".to_owned(),
                elapsed_ms: started.elapsed().as_millis() as u64,
            };
            self.send(StreamEvent::Tool(event)).await?;
        }
        Ok(())
    }
}

/// Nobody listens any more; nobody will hear this either.
fn gone() -> Failure {
    Failure::new(FailureKind::Cancelled, "The reply is not wanted any more.")
}
