//! A session without a screen: its events to stdout and stderr, its outcome to an exit code.
//!
//! Text: the final answer alone goes to stdout, progress to stderr. JSON: a header line, then every
//! event as the log has it, nothing else on stdout. The contract is `docs/headless.md`. A reader
//! that is slow slows the session; one that is gone ends it; neither ever keeps a signal waiting.

pub mod progress;
mod questions;
pub mod words;

use std::{collections::VecDeque, io};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

pub use questions::{Presence, Verdict, judge};

use crate::{
    protocol::{Command, Event, EventKind, Outcome, OutcomeEnd, RunEvent, RunId, StageEvent},
    run::RunState,
    store::Header,
    text::clean,
};

/// The line of progress for an event that `state` has already taken in; `None` when it moves nothing.
#[must_use]
pub fn told(event: &Event, state: &RunState) -> Option<String> {
    progress::line(event, state, Progress::Shown)
}

/// What goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The final answer.
    #[default]
    Text,
    /// A header line, then every event as one JSON line.
    Json,
}

/// Whether progress lines go to stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// One line for everything that moves the turn.
    #[default]
    Shown,
    /// Only what went wrong.
    Hidden,
}

/// Where output goes.
pub struct Output {
    /// The product.
    pub stdout: Box<dyn AsyncWrite + Send + Unpin>,
    /// Everything said about it.
    pub stderr: Box<dyn AsyncWrite + Send + Unpin>,
    /// What goes to stdout.
    pub format: Format,
    /// What goes to stderr.
    pub progress: Progress,
}

impl Output {
    /// The process's own streams.
    #[must_use]
    pub fn process(format: Format, progress: Progress) -> Self {
        Self {
            stdout: Box::new(tokio::io::stdout()),
            stderr: Box::new(tokio::io::stderr()),
            format,
            progress,
        }
    }
}

/// A wish of the system or of the person at the terminal that the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    Hangup,
}

/// How a headless session ended; [`Exit::code`] is the process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// There is an answer.
    Answered,
    /// The session broke off, or the output could not be written.
    Error,
    /// There is no answer.
    NoAnswer,
    /// An agent asked something that only a person can answer, and the rules say to stop then.
    PersonNeeded,
    /// There is an answer, but a limit ended the turn before everyone had agreed.
    Limit,
    /// The person or the system stopped it; the best published answer was printed if there was one.
    Stopped(Signal),
    /// The reader of stdout went away.
    PipeClosed,
}

impl Exit {
    /// The exit code: 0, 1, 3, 4, 5, or 128 and the number of the signal.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Answered => 0,
            Self::Error => 1,
            Self::NoAnswer => 3,
            Self::Limit => 4,
            Self::PersonNeeded => 5,
            Self::Stopped(Signal::Hangup) => 128 + 1,
            Self::Stopped(Signal::Interrupt) => 128 + 2,
            Self::PipeClosed => 128 + 13,
            Self::Stopped(Signal::Terminate) => 128 + 15,
        }
    }
}

/// Listens for SIGINT, SIGTERM and SIGHUP from now on. A SIGHUP that whoever started the program
/// told it to ignore (`nohup`) stays ignored.
///
/// # Errors
/// The system refuses a handler.
pub fn signals() -> io::Result<mpsc::Receiver<Signal>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = if ignores_hangup() {
        None
    } else {
        Some(signal(SignalKind::hangup())?)
    };
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let signal = tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
                Some(()) = heard(hangup.as_mut()) => Signal::Hangup,
            };
            if sender.send(signal).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The next hangup; never, when hangups are ignored.
async fn heard(hangup: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match hangup {
        Some(hangup) => hangup.recv().await,
        None => std::future::pending().await,
    }
}

/// True when this process was started with SIGHUP ignored, where the system tells.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

/// Follows one session to its end: writes its events, turns signals into commands (the first stops
/// the turn and keeps what was published, the second leaves at once), closes the session after its
/// first outcome and waits until the events end, so that the log is complete.
pub async fn drive(
    events: mpsc::Receiver<Event>,
    commands: mpsc::Sender<Command>,
    signals: mpsc::Receiver<Signal>,
    output: Output,
) -> Exit {
    drive_on(Before::default(), events, commands, signals, output).await
}

/// What was before the events that are followed, for a session that goes on.
#[derive(Debug, Default)]
pub struct Before {
    /// What the log says.
    pub state: RunState,
    /// The turn whose outcome counts; those of earlier ones are only told.
    pub turn: u32,
}

/// The same for a session that goes on. JSON output holds the header and the new events.
pub async fn drive_on(
    before: Before,
    events: mpsc::Receiver<Event>,
    commands: mpsc::Sender<Command>,
    signals: mpsc::Receiver<Signal>,
    output: Output,
) -> Exit {
    let mut session = Session {
        output,
        desk: Desk {
            commands,
            outgoing: VecDeque::new(),
            signals,
            listening: true,
            stopped: None,
        },
        state: before.state,
        turn: before.turn,
        outcome: None,
        header: false,
        broken: None,
        needed: None,
    };
    match session.follow(events).await {
        Ok(()) => session.exit().await,
        Err(Leave(signal)) => Exit::Stopped(signal),
    }
}

/// The second signal: leave at once.
struct Leave(Signal);

/// Signals in, commands out.
struct Desk {
    commands: mpsc::Sender<Command>,
    outgoing: VecDeque<Command>,
    signals: mpsc::Receiver<Signal>,
    listening: bool,
    stopped: Option<Signal>,
}

impl Desk {
    /// Waits for a signal or for room to send a command, and deals with it.
    async fn attend(&mut self) -> Result<(), Leave> {
        if self.outgoing.is_empty() && !self.listening {
            return std::future::pending().await;
        }
        tokio::select! {
            signal = self.signals.recv(), if self.listening => match (signal, self.stopped) {
                (None, _) => self.listening = false,
                (Some(signal), Some(_)) => return Err(Leave(signal)),
                (Some(signal), None) => {
                    self.stopped = Some(signal);
                    self.outgoing.push_back(Command::Stop);
                }
            },
            permit = self.commands.reserve(), if !self.outgoing.is_empty() => match permit {
                Ok(permit) => {
                    if let Some(command) = self.outgoing.pop_front() {
                        permit.send(command);
                    }
                }
                // The session is over: nobody needs commands any more.
                Err(_) => self.outgoing.clear(),
            },
        }
        Ok(())
    }
}

struct Session {
    output: Output,
    desk: Desk,
    state: RunState,
    /// The first turn whose outcome counts.
    turn: u32,
    outcome: Option<Outcome>,
    header: bool,
    /// Why stdout takes nothing any more.
    broken: Option<io::Error>,
    /// Why a person is needed.
    needed: Option<String>,
}

impl Session {
    async fn follow(&mut self, mut events: mpsc::Receiver<Event>) -> Result<(), Leave> {
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take(&event).await?,
                    None => return Ok(()),
                },
                attended = self.desk.attend() => attended?,
            }
        }
    }

    async fn take(&mut self, event: &Event) -> Result<(), Leave> {
        self.state.apply(event);
        match self.output.format {
            Format::Json => self.json(event).await?,
            Format::Text => {}
        }
        if let Some(line) = progress::line(event, &self.state, self.output.progress) {
            self.say(&line).await?;
        }
        match judge(event, &self.state, Presence::Nobody) {
            Some(Verdict::Answer(command)) => self.desk.outgoing.push_back(command),
            Some(Verdict::Fail(why)) if self.needed.is_none() => {
                self.needed = Some(why);
                self.desk.outgoing.push_back(Command::Stop);
            }
            Some(Verdict::Fail(_)) | None => {}
        }
        let told = matches!(
            event.kind,
            EventKind::Run(RunEvent::Ended(_) | RunEvent::Stage(StageEvent::Over { .. }))
        );
        // A task may take several turns: its outcome is that after which nothing follows.
        let outcome = self
            .state
            .turn
            .as_ref()
            .filter(|turn| told && self.outcome.is_none() && turn.start.turn >= self.turn)
            .and_then(|turn| turn.last_word().cloned());
        if let Some(outcome) = outcome {
            self.outcome = Some(outcome.clone());
            self.desk.outgoing.push_back(Command::Close);
            if let (Format::Text, Outcome::Answered { text, .. }) = (self.output.format, &outcome) {
                let text = clean::text(text);
                self.print(format!("{}\n", text.trim_end()).as_bytes())
                    .await?;
            }
        }
        Ok(())
    }

    async fn json(&mut self, event: &Event) -> Result<(), Leave> {
        let mut lines = String::new();
        if !self.header {
            self.header = true;
            let run = self
                .state
                .turn
                .as_ref()
                .map_or_else(|| RunId(String::new()), |turn| turn.start.run.clone());
            push_json(&mut lines, &Header::new(run));
        }
        push_json(&mut lines, event);
        self.print(lines.as_bytes()).await
    }

    /// Writes to stdout; the first error ends the session.
    async fn print(&mut self, bytes: &[u8]) -> Result<(), Leave> {
        if self.broken.is_some() {
            return Ok(());
        }
        let stdout = &mut self.output.stdout;
        if let Err(error) = attended(&mut self.desk, stdout, bytes).await? {
            self.broken = Some(error);
            self.desk.outgoing.push_back(Command::Close);
        }
        Ok(())
    }

    /// Writes a line to stderr; that nobody reads it is no reason to stop.
    async fn say(&mut self, line: &str) -> Result<(), Leave> {
        let line = format!("{line}\n");
        let stderr = &mut self.output.stderr;
        let _ = attended(&mut self.desk, stderr, line.as_bytes()).await?;
        Ok(())
    }

    async fn exit(mut self) -> Exit {
        if let Some(error) = &self.broken {
            if error.kind() == io::ErrorKind::BrokenPipe {
                return Exit::PipeClosed;
            }
            let line = format!("massgen-tui: The output cannot be written: {error}.");
            return self.last_words(&line, Exit::Error).await;
        }
        if let (Some(why), None) = (self.needed.take(), self.desk.stopped) {
            let line = format!("massgen-tui: {why}");
            return self.last_words(&line, Exit::PersonNeeded).await;
        }
        match (self.outcome.take(), self.desk.stopped) {
            (None, None) => {
                let line = "massgen-tui: The session broke off without an outcome. \
                            `massgen-tui logs show latest` has what was written.";
                self.last_words(line, Exit::Error).await
            }
            (_, Some(signal)) => Exit::Stopped(signal),
            (Some(Outcome::NoAnswer { .. }), None) => Exit::NoAnswer,
            (Some(Outcome::Answered { end, .. }), None) => match end {
                OutcomeEnd::Consensus | OutcomeEnd::AnswerNow | OutcomeEnd::AgentsLost => {
                    Exit::Answered
                }
                OutcomeEnd::Limit => Exit::Limit,
                OutcomeEnd::Stopped => Exit::Stopped(Signal::Interrupt),
            },
        }
    }

    async fn last_words(&mut self, line: &str, exit: Exit) -> Exit {
        match self.say(line).await {
            Ok(()) => exit,
            Err(Leave(signal)) => Exit::Stopped(signal),
        }
    }
}

/// Writes all of `bytes` while signals are still heard.
async fn attended(
    desk: &mut Desk,
    sink: &mut (dyn AsyncWrite + Send + Unpin),
    bytes: &[u8],
) -> Result<io::Result<()>, Leave> {
    let write = async {
        sink.write_all(bytes).await?;
        sink.flush().await
    };
    tokio::pin!(write);
    loop {
        tokio::select! {
            written = &mut write => return Ok(written),
            attended = desk.attend() => attended?,
        }
    }
}

/// One value as one JSON line. Headers and events are plain data that always serialise.
fn push_json<T: serde::Serialize>(lines: &mut String, value: &T) {
    if let Ok(line) = serde_json::to_string(value) {
        lines.push_str(&line);
        lines.push('\n');
    }
}

#[cfg(test)]
mod tests;
