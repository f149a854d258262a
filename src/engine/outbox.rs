//! The one ordered way out: numbers events, merges text deltas, masks secrets, writes the log first,
//! then tells every subscriber.
//!
//! Deltas of one agent are merged for up to 20 ms or 4 KB, or until anything else happens; nothing
//! else is ever merged or dropped. All channels are bounded, so a slow reader slows the model's
//! stream, not the memory.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::dump::{self, Dump};
use crate::{
    protocol::{
        AgentEvent, AgentId, Channel, Event, EventKind, Failure, Level, Purpose, RunEvent, Seq,
        Timestamp,
    },
    provider::Request,
    store::{
        ResultFolder, WriterHandle,
        redact::{self, Redactor, StreamRedactor},
    },
};

/// Longest wait of a delta.
const MERGE: Duration = Duration::from_millis(20);
/// Most bytes of a merged delta.
const MERGE_BYTES: usize = 4 * 1024;
/// Most bytes of one told delta: a model that sends megabytes at once must not freeze a screen.
const DELTA_BYTES: usize = 64 * 1024;
/// Items between the agents and the outbox.
const DEPTH: usize = 256;

/// The sending end; clones share one outbox.
#[derive(Clone, Debug)]
pub struct Outbox {
    sender: mpsc::Sender<EventKind>,
    /// Where requests are written, when somebody wants to read them.
    prompts: Option<Dump>,
    /// Where long results of tools are kept.
    results: Option<Arc<ResultFolder>>,
}

impl Outbox {
    /// Tells everyone; waits when readers are slow. Says nothing when the session is gone.
    pub async fn emit(&self, kind: EventKind) {
        if let (Some(prompts), EventKind::Run(RunEvent::Started(start))) = (&self.prompts, &kind) {
            prompts.turn(start.turn);
        }
        let _ = self.sender.send(kind).await;
    }

    /// An event of one agent.
    pub async fn agent(&self, id: AgentId, event: AgentEvent) {
        self.emit(EventKind::Agent { id, event }).await;
    }
}

/// Where those beside a session say something to whoever follows it. Does not keep the session open.
#[derive(Clone, Debug)]
pub struct Aside(mpsc::WeakSender<EventKind>);

impl Aside {
    /// A warning; nothing when the session is gone.
    pub async fn warn(&self, text: String) {
        let Some(sender) = self.0.upgrade() else {
            return;
        };
        let level = Level::Warning;
        let notice = RunEvent::Notice { level, text };
        let _ = sender.send(EventKind::Run(notice)).await;
    }
}

impl Outbox {
    /// Where those beside the session may say something.
    #[must_use]
    pub fn aside(&self) -> Aside {
        Aside(self.sender.downgrade())
    }

    /// Where long results of tools are kept; `None` without a session's folder.
    #[must_use]
    pub fn results(&self) -> Option<Arc<ResultFolder>> {
        self.results.clone()
    }

    /// Notes a request that is about to be sent; never waits.
    pub fn request(&self, agent: AgentId, round: u32, purpose: Purpose, request: &Request) {
        if let Some(prompts) = &self.prompts {
            prompts.call(agent, round, purpose, request);
        }
    }
}

/// Where events go.
pub struct Sinks {
    /// The session log; `None` when it could not be opened (a notice was given).
    pub log: Option<WriterHandle>,
    /// Bounded channels of the readers. A closed one is dropped.
    pub subscribers: Vec<mpsc::Sender<Event>>,
    /// Masks secrets before anything else sees an event.
    pub redactor: Redactor,
    /// Why there is no log; told once, after the first event.
    pub trouble: Option<Failure>,
    /// Folder for the requests of this session, `--dump-prompts`.
    pub prompts: Option<PathBuf>,
}

/// Starts the outbox task; it ends when every [`Outbox`] is dropped, after the log is closed. Events
/// are numbered after `last`, which is 0 for a new session.
#[must_use]
pub fn start(sinks: Sinks, last: Seq) -> (Outbox, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(DEPTH);
    let (prompts, writer) = sinks
        .prompts
        .clone()
        .map(|folder| dump::start(folder, sinks.redactor.clone(), sender.downgrade()))
        .unzip();
    let results = sinks
        .log
        .as_ref()
        .map(|log| Arc::new(ResultFolder::new(log.folder(), sinks.redactor.clone())));
    let task = tokio::spawn(
        Worker {
            sinks,
            writer,
            seq: last.0,
            pending: BTreeMap::new(),
            due: None,
        }
        .run(receiver),
    );
    let outbox = Outbox {
        sender,
        prompts,
        results,
    };
    (outbox, task)
}

struct Worker {
    sinks: Sinks,
    /// Writes the prompts.
    writer: Option<JoinHandle<()>>,
    seq: u64,
    pending: BTreeMap<AgentId, Pending>,
    due: Option<Instant>,
}

/// Text of one agent that was not told yet.
struct Pending {
    channel: Channel,
    text: String,
    masker: StreamRedactor,
}

impl Worker {
    async fn run(mut self, mut receiver: mpsc::Receiver<EventKind>) {
        loop {
            let due = self.due;
            let wait = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                item = receiver.recv() => match item {
                    Some(kind) => self.take(kind).await,
                    None => break,
                },
                () = wait => self.flush_text().await,
            }
        }
        self.close_all().await;
        if let Some(writer) = self.writer.take() {
            let _ = writer.await;
        }
        if let Some(log) = self.sinks.log.take()
            && let Some(failure) = log.close().await
        {
            let notice = self.number(log_trouble(&failure));
            self.publish(notice).await;
        }
    }

    async fn take(&mut self, kind: EventKind) {
        match kind {
            EventKind::Agent {
                id,
                event: AgentEvent::Delta { channel, text },
            } => self.delta(id, channel, &text).await,
            EventKind::Agent { id, event } => {
                self.close(id).await;
                self.tell_masked(EventKind::Agent { id, event }).await;
            }
            EventKind::Run(event) => {
                match event {
                    RunEvent::Started(_) | RunEvent::Ended(_) => self.close_all().await,
                    // Streams go on across these: what may be the start of a secret stays back.
                    RunEvent::Phase(_)
                    | RunEvent::BallotsDropped(_)
                    | RunEvent::Steer { .. }
                    | RunEvent::Question(_)
                    | RunEvent::Team(_)
                    | RunEvent::Decided(_)
                    | RunEvent::Stage(_)
                    | RunEvent::Budget(_)
                    | RunEvent::Review(_)
                    | RunEvent::Notice { .. } => self.flush_text().await,
                }
                self.tell_masked(EventKind::Run(event)).await;
            }
        }
    }

    async fn delta(&mut self, id: AgentId, channel: Channel, text: &str) {
        if self
            .pending
            .get(&id)
            .is_some_and(|pending| pending.channel != channel)
        {
            self.close(id).await;
        }
        let redactor = &self.sinks.redactor;
        let pending = self.pending.entry(id).or_insert_with(|| Pending {
            channel,
            text: String::new(),
            masker: redactor.stream(),
        });
        pending.text.push_str(text);
        if pending.text.len() >= MERGE_BYTES {
            self.release(id).await;
        } else if self.due.is_none() {
            self.due = Some(Instant::now() + MERGE);
        }
    }

    /// Tells what can be told of every agent's text; a possible start of a secret is held back.
    async fn flush_text(&mut self) {
        self.due = None;
        let agents: Vec<AgentId> = self.pending.keys().copied().collect();
        for id in agents {
            self.release(id).await;
        }
    }

    async fn release(&mut self, id: AgentId) {
        let Some(pending) = self.pending.get_mut(&id) else {
            return;
        };
        let text = pending.masker.push(&std::mem::take(&mut pending.text));
        let channel = pending.channel;
        self.tell_delta(id, channel, text).await;
    }

    /// Ends an agent's stream of text: everything that was held back is told.
    async fn close(&mut self, id: AgentId) {
        let Some(mut pending) = self.pending.remove(&id) else {
            return;
        };
        let mut text = pending.masker.push(&pending.text);
        text.push_str(&pending.masker.flush());
        self.tell_delta(id, pending.channel, text).await;
    }

    async fn close_all(&mut self) {
        while let Some(id) = self.pending.keys().next().copied() {
            self.close(id).await;
        }
        self.due = None;
    }

    async fn tell_delta(&mut self, id: AgentId, channel: Channel, mut text: String) {
        while !text.is_empty() {
            let rest = text.split_off(text.floor_char_boundary(DELTA_BYTES));
            let event = AgentEvent::Delta { channel, text };
            self.tell(EventKind::Agent { id, event }).await;
            text = rest;
        }
    }

    async fn tell_masked(&mut self, kind: EventKind) {
        let kind = redact::kind(&self.sinks.redactor, kind);
        self.tell(kind).await;
    }

    async fn tell(&mut self, kind: EventKind) {
        let event = self.number(kind);
        let failure = match &mut self.sinks.log {
            Some(log) => {
                log.append(event.clone()).await;
                log.take_failure()
            }
            None => self.sinks.trouble.take(),
        };
        self.publish(event).await;
        if let Some(failure) = failure {
            let notice = self.number(log_trouble(&failure));
            self.publish(notice).await;
        }
    }

    fn number(&mut self, kind: EventKind) -> Event {
        self.seq += 1;
        Event {
            seq: Seq(self.seq),
            at: now(),
            kind,
        }
    }

    async fn publish(&mut self, event: Event) {
        let mut closed = false;
        for subscriber in &self.sinks.subscribers {
            closed |= subscriber.send(event.clone()).await.is_err();
        }
        if closed {
            self.sinks
                .subscribers
                .retain(|subscriber| !subscriber.is_closed());
        }
    }
}

/// The notice about a log that cannot be written.
fn log_trouble(failure: &Failure) -> EventKind {
    EventKind::Run(RunEvent::Notice {
        level: Level::Error,
        text: format!("The session log is not being saved: {failure}"),
    })
}

/// The clock of all events.
#[must_use]
pub fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(elapsed.map_or(0, |elapsed| elapsed.as_millis() as u64))
}
