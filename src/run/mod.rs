//! The fold: [`RunState::apply`] turns the event stream into what there is to know about a session.
//!
//! Used alike by the live screen, the log browser, headless output and reports. No clock, no I/O.
//! Streamed text is not kept here (panes keep their own rows); published answers are.
//!
//! Invariants: an event whose number was already taken in changes nothing; missing numbers are
//! counted; refused acts and dropped ballots are never standing votes; folding merged deltas gives
//! the same state as folding the single ones.

mod agent;
mod anew;
mod apply;
mod compaction;
mod members;
mod metrics;
mod money;
mod nested;
mod query;
mod question;
mod resumed;
mod review;
mod rules;
mod steps;
mod tally;
#[cfg(test)]
mod tests;
mod timeline;

pub use agent::{Activity, AgentState, RunningTool};
pub use anew::{Anew, Causes};
pub use compaction::{Compactions, compacted};
pub use members::Away;
pub use metrics::{Errors, Metrics, Quantiles, Served, Spread};
pub use money::{Spending, short, usd};
pub use question::{Asked, AskedState};
pub use review::Reviews;
pub use rules::Rule;
pub use steps::{PartOf, Progress, Steps};
pub use timeline::{Beginning, Happening, Said, TimelineEntry};

use crate::protocol::{
    Answer, BallotDrop, Decision, Level, Outcome, Phase, SteerId, SteerState, Target, Timestamp,
    TurnStart,
};

/// Everything known about a session after some events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunState {
    /// The running or last turn; `None` before the first event.
    pub turn: Option<Turn>,
    /// Finished earlier turns of the session, oldest first.
    pub history: Vec<Turn>,
    /// Number of the last event.
    pub last_seq: u64,
    /// Number of events that were missing in between: not 0 means a damaged log.
    pub gaps: u64,
}

/// One turn: a task, a team, a vote, an outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What was fixed at its start.
    pub start: TurnStart,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Where it is.
    pub phase: Phase,
    /// The team in configuration order.
    pub agents: Vec<AgentState>,
    /// Every published answer in order of publication.
    pub answers: Vec<Published>,
    /// Ballots that stopped counting, oldest first.
    pub dropped: Vec<BallotDrop>,
    /// The settled vote.
    pub decision: Option<Decision>,
    /// The end.
    pub outcome: Option<Outcome>,
    /// What happened, one line each, for the timeline.
    pub timeline: Vec<TimelineEntry>,
    /// Notices, money, verifications.
    pub record: Record,
    /// What its mode has come to.
    pub steps: Steps,
    /// Steering messages.
    pub steering: Vec<Steering>,
    /// When the turn went on in another process, and the milliseconds nothing ran before that.
    pub pauses: Vec<(Timestamp, u64)>,
    /// Questions to the person, oldest first.
    pub questions: Vec<Asked>,
}

/// What was told beside the play.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Notices, oldest first.
    pub notices: Vec<(Timestamp, Level, String)>,
    /// Tokens and money.
    pub spending: Spending,
    /// Attempts and verifications.
    pub reviews: Reviews,
    /// Why rounds began.
    pub causes: Causes,
    /// How quickly models answered.
    pub metrics: Metrics,
}

/// A published answer and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The answer.
    pub answer: Answer,
    /// When.
    pub at: Timestamp,
}

/// A steering message and how far it got with each agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Steering {
    /// Number.
    pub id: SteerId,
    /// Addressees.
    pub target: Target,
    /// Words.
    pub text: String,
    /// Receipts, oldest first.
    pub receipts: Vec<SteerState>,
}
