//! Follows one run to its end: folds its events, tells those who listen, answers what nobody is there to
//! answer, and closes the run after the outcome that was asked for.
//!
//! It never waits for a listener; whoever is too slow reads on from the log.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::seen::Seen;
use crate::{
    engine::Session,
    headless::{self, Presence},
    protocol::{Command, Event, EventKind, RunEvent, RunId, Seq, StageEvent},
    run::RunState,
};

/// Events that may wait between the engine and the keeper.
pub(super) const EVENTS: usize = 1024;
/// Events that a listener may be behind before it has to read the log.
const TAIL: usize = 1024;
/// Looks that may wait.
const LOOKS: usize = 16;

/// What is asked of a keeper.
pub(super) enum Look {
    /// Where the run is, in words and figures.
    Seen(oneshot::Sender<Seen>),
    /// All that is known of it.
    State(oneshot::Sender<Box<RunState>>),
}

/// What listeners begin with.
pub(super) struct Tail {
    /// Events from now on; ends with the run.
    pub events: broadcast::Receiver<Arc<Event>>,
    /// Number of the last event that was told before.
    pub told: Seq,
}

/// The asking end of a keeper.
pub(super) struct Kept {
    /// Commands to the engine.
    pub commands: mpsc::Sender<Command>,
    /// Asks for what is known now.
    pub looks: mpsc::Sender<Look>,
    /// Listeners join here; does not keep the channel open.
    events: broadcast::WeakSender<Arc<Event>>,
    /// Number of the last event that was told.
    told: watch::Receiver<Seq>,
}

impl Kept {
    /// Joins the listeners; `None` when the run is just over.
    pub fn tail(&self) -> Option<Tail> {
        let events = self.events.upgrade()?.subscribe();
        // Read after joining: what is told in between comes twice rather than never.
        let told = *self.told.borrow();
        Some(Tail { events, told })
    }
}

/// A run that is followed.
pub(super) struct Keeper {
    run: RunId,
    session: Session,
    events: mpsc::Receiver<Event>,
    looks: mpsc::Receiver<Look>,
    tell: broadcast::Sender<Arc<Event>>,
    told: watch::Sender<Seq>,
    state: RunState,
    /// The turn whose outcome ends the run.
    turn: u32,
    presence: Presence,
    outgoing: VecDeque<Command>,
    over: bool,
}

/// A run that has just started.
pub(super) struct Begun {
    /// Its name.
    pub run: RunId,
    /// The engine.
    pub session: Session,
    /// Its events.
    pub events: mpsc::Receiver<Event>,
    /// What its log said before.
    pub state: RunState,
    /// The turn that was asked for.
    pub turn: u32,
    /// Who answers its questions.
    pub presence: Presence,
}

impl Keeper {
    /// Takes a run over.
    pub fn new(begun: Begun) -> (Self, Kept) {
        let (tell, _) = broadcast::channel(TAIL);
        let (ask, looks) = mpsc::channel(LOOKS);
        let (told, heard) = watch::channel(Seq(begun.state.last_seq));
        let kept = Kept {
            commands: begun.session.commands.clone(),
            looks: ask,
            events: tell.downgrade(),
            told: heard,
        };
        let keeper = Self {
            run: begun.run,
            session: begun.session,
            events: begun.events,
            looks,
            tell,
            told,
            state: begun.state,
            turn: begun.turn,
            presence: begun.presence,
            outgoing: VecDeque::new(),
            over: false,
        };
        (keeper, kept)
    }

    /// Follows the run until its log is closed.
    pub async fn run(mut self) -> (RunId, Seen) {
        let commands = self.session.commands.clone();
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.take(event),
                    None => break,
                },
                // Who asked may have left.
                Some(look) = self.looks.recv() => match look {
                    Look::Seen(reply) => drop(reply.send(Seen::of(&self.run, &self.state, true))),
                    Look::State(reply) => drop(reply.send(Box::new(self.state.clone()))),
                },
                permit = commands.reserve(), if !self.outgoing.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(command) = self.outgoing.pop_front() {
                            permit.send(command);
                        }
                    }
                    // The session is over: nobody needs commands any more.
                    Err(_) => self.outgoing.clear(),
                },
            }
        }
        // The events end after the log is closed; what is left is the task itself.
        let _ = (&mut self.session.done).await;
        let seen = Seen::of(&self.run, &self.state, false);
        (self.run, seen)
    }

    fn take(&mut self, event: Event) {
        self.state.apply(&event);
        if let Some(verdict) = headless::judge(&event, &self.state, self.presence) {
            self.outgoing.push_back(match verdict {
                headless::Verdict::Answer(command) => command,
                headless::Verdict::Fail(_) => Command::Stop,
            });
        }
        let told = matches!(
            event.kind,
            EventKind::Run(RunEvent::Ended(_) | RunEvent::Stage(StageEvent::Over { .. }))
        );
        let turn = self.state.turn.as_ref();
        let last = turn.is_some_and(|turn| turn.start.turn >= self.turn && turn.is_last());
        if told && last && !self.over {
            self.over = true;
            self.outgoing.push_back(Command::Close);
        }
        let seq = event.seq;
        // Nobody need listen.
        let _ = self.tell.send(Arc::new(event));
        self.told.send_replace(seq);
    }
}
