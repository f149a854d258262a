//! The screens about sessions beside the live one: each opened when somebody asks for it, each with
//! questions of its own to the world.
//!
//! A room sees its own state and [`super::shared::Shared`] and never another room; what leads from one to
//! another happens at the top. The review numbers its own questions; the others take their tickets from the
//! top of the program, and an answer reaches the room that its kind names.

use super::{
    compare::{self, Compare},
    desk, desking,
    effect::Ticket,
    giving, guide, guiding,
    model::Screen,
    notes::{self, Notes},
    replay,
    report::{self, Report},
    review::{self, Review},
    sessions::{self, Sessions},
    trusting,
};

/// The rooms that were opened.
#[derive(Debug, Default)]
pub struct Rooms {
    /// The review of the session on the screen.
    pub review: Option<Box<Review>>,
    /// The list of all sessions.
    pub sessions: Option<Box<Sessions>>,
    /// The notes of the session on the screen.
    pub notes: Option<Box<Notes>>,
    /// Sessions side by side.
    pub compare: Option<Box<Compare>>,
    /// The report of a session.
    pub report: Option<Box<Report>>,
    /// The configuration of a project that is asked about.
    pub(super) trust: Option<Box<trusting::Asked>>,
    /// The set-up screen.
    pub guide: Option<Box<guiding::Opened>>,
    /// Settings and log.
    pub desk: Option<Box<desking::Opened>>,
    /// The screens behind the one that is shown, the nearest last.
    pub(super) way: Vec<Screen>,
    /// When the list is to be asked for again.
    pub(super) wake: Option<Ticket>,
}

/// What a person does in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// On the review screen.
    Review(review::Action),
    /// With a session that was read from its log.
    Replay(replay::Action),
    /// In the list of sessions.
    Sessions(sessions::Action),
    /// With notes.
    Notes(notes::Action),
    /// With sessions side by side.
    Compare(compare::Action),
    /// On the report screen.
    Report(report::Action),
    /// On the set-up screen.
    Guide(guide::Action),
    /// On the screen of settings and log.
    Desk(desk::Action),
}

/// What a room asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// About the files that agents changed.
    Review(Box<review::Ask>),
    /// About all sessions.
    Sessions(Box<sessions::Ask>),
    /// About notes.
    Notes(Box<notes::Ask>),
    /// About sessions side by side.
    Compare(Box<compare::Ask>),
    /// About the figures of a session, and what models make of it.
    Report(Box<report::Ask>),
    /// About sessions that are given away.
    Give(Box<giving::Ask>),
    /// About a configuration of a project.
    Trust(Box<trusting::Ask>),
    /// About what a team can be put on.
    Guide(Box<guide::Ask>),
    /// About settings and the log.
    Desk(Box<desk::Ask>),
}

impl Ask {
    /// True for what is written down: such questions are answered in their order, also while the program
    /// leaves.
    #[must_use]
    pub fn writes(&self) -> bool {
        match self {
            Self::Review(ask) => ask.writes(),
            Self::Sessions(ask) => ask.writes(),
            Self::Notes(ask) => ask.writes(),
            Self::Compare(ask) => ask.writes(),
            Self::Report(ask) => ask.writes(),
            Self::Give(ask) => ask.writes(),
            Self::Trust(_) => true,
            Self::Guide(ask) => ask.writes(),
            Self::Desk(ask) => ask.writes(),
        }
    }
}

/// What a room is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// About the files that agents changed.
    Review(Box<review::Told>),
    /// About all sessions.
    Sessions(Box<sessions::Told>),
    /// About notes.
    Notes(Box<notes::Told>),
    /// About sessions side by side.
    Compare(Box<compare::Told>),
    /// About the figures of a session, and what models make of it.
    Report(Box<report::Told>),
    /// About sessions that are given away.
    Give(Box<giving::Told>),
    /// About a configuration of a project.
    Trust(Box<trusting::Told>),
    /// About what a team can be put on.
    Guide(Box<guide::Told>),
    /// About settings and the log.
    Desk(Box<desk::Told>),
}
