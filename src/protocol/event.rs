//! Everything the engine ever tells anyone: one ordered, numbered stream per session.
//!
//! The session log is these events as JSON lines; the live screen, the log browser, headless output
//! and reports are folds over them. Variants are grouped so that no level has more than 12.

use serde::{Deserialize, Serialize};

use super::{
    AgentId, Answer, Ballot, BallotDrop, BudgetEvent, CallEvent, Decision, Failure, Label, Outcome,
    QuestionEvent, ReviewEvent, Seq, StageEvent, SteerId, TeamEvent, Timestamp, TurnStart, Usage,
    command::Target,
};

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the session; a gap means a damaged log.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// Who it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The turn as a whole.
    Run(RunEvent),
    /// One agent.
    Agent {
        /// Which.
        id: AgentId,
        /// What.
        event: AgentEvent,
    },
}

/// Events of the turn as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEvent {
    /// A turn begins; everything that belonged to the previous turn is over.
    Started(Box<TurnStart>),
    /// The turn moved on. Phases never go back within an attempt ([`ReviewEvent::Again`] begins one).
    Phase(Phase),
    /// Standing ballots stopped counting.
    BallotsDropped(Vec<BallotDrop>),
    /// A steering message and how far it got.
    Steer {
        /// Message.
        id: SteerId,
        /// Addressees.
        target: Target,
        /// Its words (empty on later states of the same message).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
        /// State.
        state: SteerState,
    },
    /// A question to the person, and what became of it.
    Question(QuestionEvent),
    /// The team changed.
    Team(TeamEvent),
    /// The vote is settled.
    Decided(Decision),
    /// Money and tokens.
    Budget(BudgetEvent),
    /// Verification of the final text.
    Review(ReviewEvent),
    /// The turn is over.
    Ended(Outcome),
    /// A step of a mode.
    Stage(StageEvent),
    /// Something the person should know.
    Notice {
        /// Weight.
        level: Level,
        /// One sentence.
        text: String,
    },
}

/// Phases of a turn, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Agents publish, improve and vote freely.
    Work,
    /// Time is nearly up: publish what is there.
    PublishNow,
    /// Only votes are accepted.
    VoteNow,
    /// The vote is being counted.
    Deciding,
    /// The winner presents.
    Presenting,
    /// Another agent looks at the final text.
    Verifying,
    /// Over.
    Done,
}

impl Phase {
    /// The word on the status line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Work => "working",
            Self::PublishNow => "publishing",
            Self::VoteNow => "voting",
            Self::Deciding => "counting",
            Self::Presenting => "presenting",
            Self::Verifying => "verifying",
            Self::Done => "done",
        }
    }
}

/// How far a steering message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SteerState {
    /// Waiting for a safe point.
    Queued,
    /// In the conversation of this agent.
    Delivered(AgentId),
    /// This agent answered a model call that contained it. Always after `Delivered`.
    Seen(AgentId),
    /// The turn ended before this agent could hear it.
    Missed(AgentId),
    /// The person took it back before this agent heard it.
    Withdrawn(AgentId),
}

/// Weight of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For information.
    Info,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// Events of one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentEvent {
    /// A round begins: the agent is asked, with these answers before it.
    RoundStarted {
        /// Round of this agent, starting at 1.
        round: u32,
        /// What it is asked to do.
        purpose: Purpose,
        /// Answers in its view.
        view: Vec<Label>,
    },
    /// A round is over.
    RoundEnded {
        /// Round.
        round: u32,
        /// How.
        end: RoundEnd,
    },
    /// Streamed text. Consecutive deltas of one channel may be merged.
    Delta {
        /// Which stream of text.
        channel: Channel,
        /// The new characters.
        text: String,
    },
    /// A tool call.
    Tool(ToolEvent),
    /// Something happened to a model call on its way.
    #[serde(alias = "retrying")]
    Call(CallEvent),
    /// Tokens and money of one finished model call.
    Usage(Usage),
    /// An answer was accepted.
    Published(Answer),
    /// An act of the agent was refused; it was told why and goes on.
    Refused {
        /// What it tried: `new_answer`, `vote`, `reply`.
        act: String,
        /// Why not.
        reason: String,
        /// How hard it is.
        #[serde(default)]
        setback: Setback,
    },
    /// A ballot.
    Ballot(BallotEvent),
    /// Answers of others were put into its conversation.
    Delivered {
        /// Which.
        labels: Vec<Label>,
    },
    /// Something happened in the team that this agent is. Numbers and times are of its own run.
    Nested(Box<Event>),
    /// Out for the rest of the turn; its published answers stay eligible.
    Benched(Failure),
}

/// What it means that an act was not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setback {
    /// The agent did something it may not do.
    #[default]
    Refused,
    /// Nothing is wrong: there are new answers to look at first.
    LooksAgain,
    /// Its own scores say that no answer is good enough yet: it improves.
    Improves,
}

impl Setback {
    /// The word for it after the name of an agent.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "was refused",
            Self::LooksAgain => "looks again",
            Self::Improves => "improves",
        }
    }
}

/// Streams of text of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// What it says.
    Text,
    /// Its reasoning.
    Thinking,
    /// The answer it is writing inside a `new_answer` call, before it is published.
    Draft,
    /// The final presentation.
    Final,
}

/// Life of a tool call. Terminal calls (`new_answer`, `vote`) are not tool events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolEvent {
    /// It runs.
    Started {
        /// Call id, unique within the agent's turn.
        call: String,
        /// Tool name.
        name: String,
        /// Arguments as the model wrote them.
        arguments: String,
    },
    /// What it did, as data for whoever shows it; comes before its end.
    Noted {
        /// Call id.
        call: String,
        /// What.
        note: ToolNote,
    },
    /// It is done.
    Finished {
        /// Call id.
        call: String,
        /// False for an error result.
        ok: bool,
        /// Result text.
        output: String,
        /// Milliseconds it took.
        elapsed_ms: u64,
    },
}

/// What a tool call did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolNote {
    /// A command has ended.
    Exit {
        /// Its exit code; `None` when it was ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        /// How it was ended, in words: `killed by signal 9`, `stopped after 120 s`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<String>,
        /// What held it: `bubblewrap`, `landlock`, `nothing`.
        tier: String,
    },
    /// A file was changed.
    Change {
        /// Its path, as the agent names it.
        path: String,
        /// What changed, as a unified diff; bounded.
        diff: String,
        /// Lines added.
        added: u32,
        /// Lines removed.
        removed: u32,
    },
    /// How far it is, while it runs.
    Progress {
        /// In words: `3 of 10 · reading`.
        words: String,
    },
}

/// A ballot was cast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BallotEvent {
    /// It stands.
    Cast(Ballot),
    /// Same, but the engine abstained for an agent that gave no usable reply.
    Auto(Ballot),
}

/// What a round asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Publish a first answer, improve, or vote.
    Work,
    /// Vote again in the same conversation: only what changed is shown.
    Revote,
    /// Only a vote is accepted.
    VoteOnly,
    /// Say in plain words whether another round of refinement is worth it.
    Weigh,
    /// Present the final answer.
    Present,
    /// Choose the winner for the team.
    Judge,
    /// Look at the final text of another agent and say whether it stands.
    Verify,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundEnd {
    /// Published an answer.
    Published,
    /// Voted.
    Voted,
    /// Abstained.
    Abstained,
    /// Gave its verdict.
    Weighed,
    /// Presented.
    Presented,
    /// Gave a verdict about the final text.
    Verified,
    /// The model call failed for good.
    Failed,
    /// Cut off by a limit, a new phase or the person.
    Interrupted,
}
