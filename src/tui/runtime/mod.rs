//! The loop: the only part of the front that awaits, draws, performs effects and reads clocks.
//!
//! One task owns the model. It waits for whatever comes first (a frame that is due, a key, events of
//! the engine, answers, timers, signals), takes everything else that is ready along, updates once for
//! each, and draws at most once. An idle program waits for nothing with a time limit and writes no
//! byte. While the terminal is lent to `$EDITOR`, events are still taken in, so that the agents never
//! wait for an editor; only drawing and reading keys stop.

mod clock;
mod editor;
mod fault;
mod input;
mod keyboard;
mod perform;
mod signals;
mod terminal;

use std::{
    future::poll_fn,
    io,
    sync::Arc,
    task::Poll,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt as _, stream::BoxStream};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};
use tokio::{sync::mpsc, time::Instant};

pub(super) use perform::clean_done;

use self::{
    clock::{FrameClock, Timers, Urgency},
    input::Happening,
    perform::{Answers, Performer},
    signals::{Asked, Signals},
};
use super::{
    effect::{Done, Draft, Effect, Effects, MouseReports, Ticket},
    layout,
    model::Model,
    msg::{Input, Msg},
    options::{ExitReason, ExitSummary, StartOptions},
    ports::{Picture, Ports},
    prepare::prepare,
    reviewing, route,
    update::update,
};
use crate::{
    capture,
    protocol::{Command, Event, Level, Timestamp},
    text::clean::{self, Gate},
};

/// Most events of the engine taken in between two looks at the keyboard.
const BATCH: usize = 256;

/// Events of a terminal.
pub type Keys = BoxStream<'static, io::Result<crossterm::event::Event>>;

/// What the loop needs of a terminal. The program's own is `terminal::Screen`; tests bring theirs.
///
/// Everything that fails, fails because the terminal cannot be written to or read from any more.
#[allow(clippy::missing_errors_doc)]
pub trait Stage {
    /// Its size.
    fn size(&self) -> Size;
    /// Its events, from now on. The stream before is dropped first.
    fn input(&mut self) -> io::Result<Keys>;
    /// Waits, for a moment at most, until a dropped stream reads no more.
    fn quiet(&mut self);
    /// Paints a prepared model.
    fn draw(&mut self, model: &Model) -> io::Result<()>;
    /// Paints a prepared model and returns what was painted.
    fn picture(&mut self, model: &Model) -> io::Result<Buffer>;
    /// Takes on a new size and forgets what was painted.
    fn resize(&mut self, size: Size) -> io::Result<()>;
    /// Sets the title; the text is clean.
    fn title(&mut self, title: &str) -> io::Result<()>;
    /// Puts text on the clipboard.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Switches mouse reports.
    fn mouse(&mut self, mouse: MouseReports) -> io::Result<()>;
    /// Takes the terminal over.
    fn enter(&mut self) -> io::Result<()>;
    /// Gives the terminal back.
    fn leave(&mut self) -> io::Result<()>;
    /// Gives the terminal back, stops the program, and takes it over again when it goes on.
    fn suspend(&mut self) -> io::Result<()>;
}

/// Runs the front in the terminal of the program until the person leaves.
///
/// # Errors
/// When the terminal cannot be taken over, or signals cannot be listened to. Losing the terminal
/// later is no error but [`ExitReason::TerminalLost`].
pub async fn run(
    ports: Arc<dyn Ports>,
    events: mpsc::Receiver<Event>,
    options: StartOptions,
) -> io::Result<ExitSummary> {
    let stage = terminal::Screen::open(options.mouse)?;
    drive(stage, ports, events, options).await
}

/// Runs the front on any stage.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn drive<S: Stage>(
    stage: S,
    ports: Arc<dyn Ports>,
    events: mpsc::Receiver<Event>,
    options: StartOptions,
) -> io::Result<ExitSummary> {
    let signals = Signals::listen()?;
    let (performer, answers) = Performer::new(ports);
    let (model, first) = Model::new(&options);
    let mut front = Front {
        stage,
        model,
        performer,
        gate: Gate::default(),
        frames: FrameClock::default(),
        timers: Timers::default(),
        started: Instant::now(),
        title: String::new(),
        lent: None,
        draft: None,
        exit: None,
    };
    let reason = front.run(events, answers, signals, first).await;
    front.performer.ports().command(Command::Close);
    // What is being written is not cut off, and what was noted last is kept.
    front.performer.settle().await;
    let last = reviewing::farewell(&mut front.model);
    front.perform(last);
    front.performer.settle().await;
    // The terminal may be gone; what was reached is still told.
    let _ = front.stage.leave();
    Ok(front.model.summary(reason))
}

/// The loop's own state.
struct Front<S> {
    stage: S,
    model: Model,
    performer: Performer,
    gate: Gate,
    frames: FrameClock,
    timers: Timers,
    started: Instant,
    title: String,
    /// The terminal is with an editor.
    lent: Option<Ticket>,
    /// Text for the editor, until nobody reads keys any more.
    draft: Option<(String, Draft)>,
    exit: Option<ExitReason>,
}

/// What woke the loop.
enum Woken {
    FrameDue,
    Terminal(Option<io::Result<crossterm::event::Event>>),
    Engine(usize),
    Answer(Ticket, Done),
    Timer,
    Signal(Asked),
    Fault,
}

impl<S: Stage> Front<S> {
    async fn run(
        &mut self,
        mut events: mpsc::Receiver<Event>,
        mut answers: Answers,
        mut signals: Signals,
        first: Effects,
    ) -> ExitReason {
        let mut keys = None;
        let mut engine = Vec::with_capacity(BATCH);
        let mut engine_open = true;
        self.tell_time();
        let _ = update(&mut self.model, Msg::Resized(self.stage.size()));
        self.perform(first);
        self.frames.request(self.now(), Urgency::Input);
        loop {
            if let Some(reason) = self.exit {
                return reason;
            }
            self.listen(&mut keys);
            let due = self.frames.due().filter(|_| self.lent.is_none());
            let woken = tokio::select! {
                biased;
                () = at(self.started, due) => Woken::FrameDue,
                event = next_key(&mut keys) => Woken::Terminal(event),
                count = events.recv_many(&mut engine, BATCH), if engine_open => Woken::Engine(count),
                Some((ticket, done)) = answers.recv() => Woken::Answer(ticket, done),
                () = at(self.started, self.timers.next()) => Woken::Timer,
                asked = signals.next() => Woken::Signal(asked),
                () = fault::arrived() => Woken::Fault,
            };
            let mut batch = Vec::new();
            match woken {
                Woken::FrameDue => {
                    self.draw();
                    continue;
                }
                Woken::Terminal(event) => self.take_key(event, &mut batch),
                Woken::Engine(0) => engine_open = false,
                Woken::Engine(_) | Woken::Timer => {}
                Woken::Answer(ticket, done) => batch.push(Happening::Done(ticket, done)),
                Woken::Signal(asked) => self.signalled(asked),
                Woken::Fault => self.tell_faults(),
            }
            self.drain(&mut keys, &mut batch).await;
            while engine.len() < BATCH
                && let Ok(event) = events.try_recv()
            {
                engine.push(event);
            }
            batch.extend(
                engine
                    .drain(..)
                    .map(|event| Happening::Engine(Box::new(event))),
            );
            while let Ok((ticket, done)) = answers.try_recv() {
                batch.push(Happening::Done(ticket, done));
            }
            let fired = self.timers.fired(self.now());
            batch.extend(
                fired
                    .into_iter()
                    .map(|ticket| Happening::Done(ticket, Done::Woke)),
            );
            self.tell_time();
            for happening in input::coalesce(batch) {
                self.take(happening);
            }
        }
    }

    /// A part of the program is gone; the rest goes on.
    fn tell_faults(&mut self) {
        for fault in fault::take() {
            let fault = clean::line(&fault).into_owned();
            let words = format!("A part of the program failed; the rest goes on: {fault}");
            let effects = self.model.tell(Level::Error, words);
            self.perform(effects);
        }
        self.frames.request(self.now(), Urgency::Input);
    }

    /// Reads keys, or lets go of them while the terminal is lent.
    fn listen(&mut self, keys: &mut Option<Keys>) {
        if let Some(ticket) = self.lent {
            // Dropped, not only unread: it would go on reading what is meant for the editor.
            *keys = None;
            if let Some((text, draft)) = self.draft.take() {
                self.stage.quiet();
                self.performer.edit(ticket, text, draft);
            }
        } else if keys.is_none() {
            match self.stage.input() {
                Ok(opened) => *keys = Some(opened),
                Err(_) => self.exit = Some(ExitReason::TerminalLost),
            }
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn tell_time(&mut self) {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.model.clock(Timestamp(milliseconds));
    }

    fn take_key(
        &mut self,
        event: Option<io::Result<crossterm::event::Event>>,
        batch: &mut Vec<Happening>,
    ) {
        match event {
            Some(Ok(event)) => batch.extend(input::happening(event)),
            // No keys will come any more: the terminal is gone.
            Some(Err(_)) | None => self.exit = Some(ExitReason::TerminalLost),
        }
    }

    /// Takes along every key that is already there. The stream is polled with this task's own waker:
    /// crossterm keeps the waker of the first poll that found nothing, so one that wakes nobody
    /// (`now_or_never`) would leave the keyboard dead.
    async fn drain(&mut self, keys: &mut Option<Keys>, batch: &mut Vec<Happening>) {
        if let Some(stream) = keys {
            while batch.len() < BATCH
                && self.exit.is_none()
                && let Poll::Ready(event) =
                    poll_fn(|context| Poll::Ready(stream.poll_next_unpin(context))).await
            {
                self.take_key(event, batch);
            }
        }
    }

    fn signalled(&mut self, asked: Asked) {
        match asked {
            // An interrupt from the keyboard of an editor is for the editor.
            Asked::Leave(number)
                if self.lent.is_some() && number == rustix::process::Signal::INT.as_raw() => {}
            Asked::Leave(number) => self.exit = Some(ExitReason::Signal(number)),
            Asked::Continue | Asked::Resize if self.lent.is_some() => {}
            Asked::Resize => {
                let size = self.stage.size();
                if size != self.model.size {
                    self.take(Happening::Resized(size));
                }
            }
            Asked::Continue => {
                let entered = self.stage.enter();
                self.check(entered);
                self.frames.request(self.now(), Urgency::Input);
            }
        }
    }

    /// Turns one happening into a message and performs what comes of it.
    fn take(&mut self, happening: Happening) {
        let (msg, urgency) = match happening {
            Happening::Key(key) => (route::translate(&self.model, key), Urgency::Input),
            Happening::Paste(text) => (Msg::Input(Input::Paste(text)), Urgency::Input),
            Happening::Mouse(mouse) => (Msg::Input(Input::Mouse(mouse)), Urgency::Input),
            Happening::Resized(size) => {
                let size = layout::effective(size);
                let resized = self.stage.resize(size);
                self.check(resized);
                (Msg::Resized(size), Urgency::Input)
            }
            Happening::Engine(event) => {
                let event = self.gate.pass(*event);
                (Msg::Engine(Box::new(event)), Urgency::Stream)
            }
            Happening::Done(ticket, done) => {
                if self.lent == Some(ticket) {
                    self.reclaim();
                }
                let urgency = match done {
                    Done::Woke => Urgency::Animation,
                    Done::Highlighted(_) => Urgency::Stream,
                    _ => Urgency::Input,
                };
                (Msg::Done(ticket, done), urgency)
            }
        };
        let effects = update(&mut self.model, msg);
        self.frames.request(self.now(), urgency);
        self.perform(effects);
    }

    fn reclaim(&mut self) {
        self.lent = None;
        let entered = self.stage.enter();
        self.check(entered);
        self.title.clear();
        let _ = update(&mut self.model, Msg::Resized(self.stage.size()));
    }

    fn draw(&mut self) {
        prepare(&mut self.model);
        let found = self.model.live.found();
        self.perform(found);
        let drawn = self.stage.draw(&self.model);
        self.frames.drawn(self.now());
        self.check(drawn);
        let title = self.model.title();
        if title != self.title {
            let set = self.stage.title(&title);
            self.check(set);
            self.title = title;
        }
    }

    /// A terminal that cannot be written to any more ends the program in order.
    fn check(&mut self, result: io::Result<()>) {
        result.unwrap_or_else(|_| {
            self.exit.get_or_insert(ExitReason::TerminalLost);
        });
    }

    fn perform(&mut self, effects: Effects) {
        for effect in effects.0 {
            match effect {
                Effect::Launch { ticket, launch } => self.performer.launch(ticket, launch),
                Effect::Engine(command) => self.performer.ports().command(command),
                Effect::Query { ticket, query } => self.performer.query(ticket, query),
                Effect::Highlight { ticket, job } => self.performer.highlight(ticket, job),
                Effect::Wake { ticket, after } => self.timers.add(self.now() + after, ticket),
                Effect::Copy(text) => {
                    let copied = self.stage.copy(&text);
                    self.check(copied);
                }
                Effect::Capture { ticket, part } => self.capture(ticket, part),
                Effect::Edit {
                    ticket,
                    text,
                    draft,
                } => self.lend(ticket, text, draft),
                Effect::Mouse(mouse) => {
                    let switched = self.stage.mouse(mouse);
                    self.check(switched);
                }
                Effect::Repaint => {
                    let forgotten = self.stage.resize(self.model.size);
                    self.check(forgotten);
                }
                Effect::Suspend => {
                    let suspended = self.stage.suspend();
                    self.check(suspended);
                    self.title.clear();
                    let _ = update(&mut self.model, Msg::Resized(self.stage.size()));
                }
                Effect::Exit => {
                    self.exit.get_or_insert(ExitReason::Person);
                }
            }
        }
    }

    fn capture(&mut self, ticket: Ticket, part: Option<Rect>) {
        prepare(&mut self.model);
        match self.stage.picture(&self.model) {
            Ok(buffer) => {
                let buffer =
                    part.map_or_else(|| buffer.clone(), |part| capture::part(&buffer, part));
                let title = self.model.title();
                self.performer.capture(ticket, Picture { buffer, title });
            }
            Err(_) => self.exit = Some(ExitReason::TerminalLost),
        }
    }

    fn lend(&mut self, ticket: Ticket, text: String, draft: Draft) {
        match self.stage.leave() {
            Ok(()) => {
                self.lent = Some(ticket);
                self.draft = Some((text, draft));
            }
            Err(error) => self.performer.refuse_edit(ticket, &error),
        }
    }
}

/// The next event of the terminal; never, while it is lent.
async fn next_key(keys: &mut Option<Keys>) -> Option<io::Result<crossterm::event::Event>> {
    match keys {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}

/// Waits until this long after the start; for ever without a time.
async fn at(started: Instant, due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep_until(started + due).await,
        None => std::future::pending().await,
    }
}
