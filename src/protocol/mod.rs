//! Plain data that every other module speaks: ids, answers, ballots, events, commands.
//!
//! The leaf of the module tree: `std` and `serde` only. Nothing here waits, draws, sends or reads a
//! clock. Everything that is written to the session log is one of these types, so a change here is a
//! change of the log format (see `store::schema`).

pub mod address;
pub mod answer;
pub mod approval;
pub mod budget;
mod call;
pub mod change;
pub mod command;
pub mod comparison;
pub mod decision;
pub mod event;
pub mod failure;
pub mod health;
mod id;
mod left;
pub mod limits;
pub mod marks;
pub mod membership;
pub mod message;
pub mod model;
pub mod note;
pub mod question;
mod reading;
pub mod result;
pub mod review;
pub mod rules;
pub mod search;
mod sheet;
pub mod stage;
pub mod team;
pub mod usage;

pub use answer::{
    Answer, Ballot, BallotDrop, BallotDropReason, NoAnswerReason, Outcome, OutcomeEnd,
};
pub use approval::{Approval, Decided, DecidedBy, Deed, Permission};
pub use budget::{BudgetEvent, BudgetLimit, BudgetScope, Forecast, Refused, Share, Span};
pub use call::{CallEvent, CircuitState, CompactedBy, LoadProgress};
pub use command::{Command, SteerMode, Target};
pub use decision::{Bar, Decision, Elimination, NoVote, PlainMajority, Points, TallyRow, TieBreak};
pub use event::{
    AgentEvent, BallotEvent, Channel, Event, EventKind, Level, Phase, Purpose, RoundEnd, RunEvent,
    Setback, SteerState, ToolEvent, ToolNote,
};
pub use failure::{Failure, FailureKind};
pub use health::{Health, HealthOf, HealthState, KeyState};
pub use id::{AgentId, Label, LabelParseError, RunId, Seq, SteerId, Timestamp};
pub use left::Left;
pub use limits::{AgentLimits, Budget, Limits, TokenPrice, UnknownPrice};
pub use marks::{Marks, Scores};
pub use membership::{TeamCommand, TeamEvent};
pub use message::{Carried, Message, ToolCall, ToolChoice, ToolSpec};
pub use model::{Discovered, Member, ModelInfo, ServerKind, SessionSummary};
pub use question::{Question, QuestionEvent, QuestionId, QuestionKind, Reply};
pub use reading::{Damage, Mark};
pub use review::{ReviewEvent, Verdict};
pub use rules::{
    ApprovePolicy, Asking, Context, Criterion, Deciding, Degree, Finish, Finishing, Folder, Form,
    Gate, Hiding, Improving, Isolation, Mode, Network, Novelty, Offered, Own, Permitting, Policy,
    QuestionPolicy, Rules, Scaling, Seeing, Talking, Untracked, Verify, Visibility, Working,
};
pub use search::{Bit, Hit, Hits, Passage};
pub use sheet::{Sheet, SheetPart, SheetRow};
pub use stage::{Stage, StageEvent, StageKind};
pub use team::{AgentCard, Origin, Resumed, TurnStart};
pub use usage::{Cost, Usage};
