//! Everything `update` may ask of the world, as data that tests can compare.
//!
//! Effects are returned, never performed here; the runtime performs them and answers with a
//! [`Done`] that carries the same [`Ticket`].

use std::time::Duration;

use ratatui::layout::Rect;

use super::{
    left::{LeftAsk, LeftTold},
    replay::{Piece, Reading},
    rooms::{Ask, Told},
};
use crate::protocol::{AgentId, Command, Discovered, Failure, Health, RunId, SessionSummary};

/// Names one asynchronous request; a late answer with another ticket is dropped.
///
/// Number spaces keep the askers apart: the top of the program counts from [`Ticket::TOP`] on, the
/// review screen from [`Ticket::REVIEW`] on, the live screen below both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

impl Ticket {
    /// First ticket of the top of the program; tickets below belong to the live screen.
    pub const TOP: u64 = 1 << 63;

    /// First ticket of the review screen; those below belong to the live screen.
    pub const REVIEW: u64 = 1 << 62;

    /// True for a ticket that the review screen gave out.
    pub const fn is_review(self) -> bool {
        self.0 >= Self::REVIEW && !self.is_top()
    }

    /// True for a ticket that the top of the program gave out.
    pub const fn is_top(self) -> bool {
        self.0 >= Self::TOP
    }
}

/// Gives out the tickets of the top of the program, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tickets(u64);

impl Default for Tickets {
    fn default() -> Self {
        Self(Ticket::TOP)
    }
}

impl Tickets {
    /// A ticket that was never given out before.
    pub fn issue(&mut self) -> Ticket {
        self.0 += 1;
        Ticket(self.0)
    }
}

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a session with this team and task, or go on with a stored one. Answered only when that
    /// failed.
    Launch {
        /// Ticket of [`Done::LaunchFailed`].
        ticket: Ticket,
        /// The team and the task.
        launch: Launch,
    },
    /// Ask something of the running session.
    Engine(Command),
    /// Ask the world and answer with [`Done`].
    Query {
        /// Ticket of the answer.
        ticket: Ticket,
        /// What.
        query: Query,
    },
    /// Highlight a finished code block off the UI path.
    Highlight {
        /// Ticket of the answer.
        ticket: Ticket,
        /// The work.
        job: crate::text::HighlightJob,
    },
    /// Answer with `Done::Woke` after a while. Timers are effects.
    Wake {
        /// Ticket of the answer.
        ticket: Ticket,
        /// How long.
        after: Duration,
    },
    /// Put text on the clipboard (OSC 52).
    Copy(String),
    /// Write a picture of the screen as it is (PNG, SVG and text) into the state folder.
    Capture {
        /// Ticket of the answer.
        ticket: Ticket,
        /// The part of it; `None` is all of it.
        part: Option<Rect>,
    },
    /// Lend the terminal to `$EDITOR` with this text.
    Edit {
        /// Ticket of the answer.
        ticket: Ticket,
        /// Text to edit.
        text: String,
        /// What kind of text.
        draft: Draft,
    },
    /// Switch mouse reports on or off; off leaves selecting text to the terminal.
    Mouse(MouseReports),
    /// Paint every cell anew, for a screen that something else wrote over.
    Repaint,
    /// Suspend the program (Ctrl-Z).
    Suspend,
    /// Leave.
    Exit,
}

/// What kind of text an editor gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// Words of the person: they come back through the text gate, without blank lines at the end.
    Prose,
    /// Lines of a file: they come back byte for byte.
    Code,
}

/// Whether the terminal tells the program about the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseReports {
    /// Wheel and clicks arrive.
    #[default]
    On,
    /// The terminal keeps the mouse for itself.
    Off,
}

impl MouseReports {
    /// The other setting.
    #[must_use]
    pub const fn toggled(self) -> Self {
        match self {
            Self::On => Self::Off,
            Self::Off => Self::On,
        }
    }
}

/// Questions to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Which local model servers are there?
    Discover,
    /// How is everything that a model could be asked through?
    Health,
    /// Which sessions are stored?
    Sessions,
    /// A part of a stored session.
    Open(Reading),
    /// What one of the rooms wants to know or have done.
    Room(Ask),
    /// Something about worktrees of sessions that are over.
    Left(LeftAsk),
}

/// Answers of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Servers found.
    Discovered(Vec<Discovered>),
    /// How everything is.
    Health(Vec<Health>),
    /// Stored sessions.
    Sessions(Result<Stored, Failure>),
    /// A part of a stored session.
    Opened(Result<Box<Piece>, Failure>),
    /// Highlighted lines of a code block.
    Highlighted(crate::text::Highlighted),
    /// A timer fired.
    Woke,
    /// Where the picture was written.
    Captured(Result<String, Failure>),
    /// Text from the editor; `None` when it was left unchanged.
    Edited(Result<Option<String>, Failure>),
    /// A launch could not be started.
    LaunchFailed(Failure),
    /// What one of the rooms is told.
    Room(Told),
    /// Something about worktrees of sessions that are over.
    Left(LeftTold),
}

/// The newest stored sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// They, newest first.
    pub sessions: Vec<SessionSummary>,
    /// How many there are in all.
    pub total: usize,
}

/// A team and a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Which team.
    pub team: TeamChoice,
    /// The task.
    pub prompt: String,
    /// What agents may do with the folder the program was started in.
    pub folder: Here,
}

/// What agents may do with the folder the program was started in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Here {
    /// What the configuration or the flags say.
    #[default]
    AsSaid,
    /// Nothing: they only talk.
    Nothing,
    /// Look at it.
    Read,
    /// Change a copy of it.
    Write,
}

/// Teams that can be picked on the start screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamChoice {
    /// The scripted demo team.
    Demo {
        /// Scenario name.
        scenario: String,
    },
    /// The team of the configuration or of the flags the program was started with.
    Configured,
    /// Agents on a discovered server.
    Local {
        /// Base URL.
        base_url: String,
        /// Models, one agent each; a model may stand several times.
        models: Vec<String>,
    },
    /// The team of a stored session, which goes on.
    Stored {
        /// The session.
        run: RunId,
        /// With what.
        onward: Onward,
    },
}

/// How a stored session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// With the turn that broke off; the launch's task is empty.
    BrokenOff,
    /// With the launch's task.
    Next,
    /// With the launch's task, asked of one agent alone.
    Ask(AgentId),
}

/// Effects of one update.
#[must_use = "effects do nothing until the runtime performs them"]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects(pub Vec<Effect>);

impl Effects {
    /// Nothing to do.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One effect.
    pub fn one(effect: Effect) -> Self {
        Self(vec![effect])
    }

    /// Both, in order.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// Something from outside, on its way or here.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load<T> {
    /// Not asked for.
    #[default]
    Idle,
    /// On its way.
    Loading(Ticket),
    /// Here.
    Ready(T),
    /// Could not be had.
    Failed(Failure),
}

impl<T> Load<T> {
    /// True when this is the answer that is waited for.
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        matches!(self, Self::Loading(waiting) if *waiting == ticket)
    }
}
