//! What the world tells the reducer.

use super::Choice;
use crate::protocol::{
    AgentCard, AgentId, BudgetScope, Failure, Hiding, SteerId, SteerMode, Target, TeamCommand,
    change::Snapshot,
};

/// One input. Inputs of a round that is no longer running are ignored by the reducer.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Begin. Exactly once, first.
    Start,
    /// An agent's running round reports.
    Agent {
        /// Who.
        agent: AgentId,
        /// The round it belongs to.
        round: u32,
        /// What.
        report: Report,
    },
    /// A timer armed by [`super::Action::Arm`] fired.
    Elapsed(Timer),
    /// The person speaks to agents.
    Steer {
        /// Message number, chosen by the driver, increasing; a number not above the last is ignored.
        id: SteerId,
        /// Addressees.
        target: Target,
        /// The words.
        text: String,
        /// Queue or interrupt.
        mode: SteerMode,
    },
    /// The person takes a message back from every agent that has not heard it.
    Withdraw(SteerId),
    /// The team changes.
    Team(Change),
    /// The person wants the answer now.
    AnswerNow,
    /// The person stops the turn.
    Stop,
}

/// A change of the team, prepared by the driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new agent; its number is above all that were ever used.
    Add {
        /// The agent.
        card: AgentCard,
        /// Whom it is like.
        like: AgentId,
        /// Why, when nobody asked for it.
        why: String,
    },
    /// Out, by the person.
    Retire(AgentId),
    /// Asked nothing until it is resumed.
    Pause(AgentId),
    /// The end of a pause.
    Resume(AgentId),
    /// Another chance for one that is out.
    Retry(AgentId),
    /// Another model in the same seat.
    Replace(AgentCard),
    /// What agents are told about each other.
    Hide(Hiding),
    /// The driver cannot prepare a change.
    Unavailable {
        /// The change.
        change: TeamCommand,
        /// Why not, for the person.
        reason: String,
    },
}

/// What one model call of a round came to. Every report is answered, in the same step, by exactly one
/// [`super::Action::Continue`] or [`super::Action::Finish`] for that round.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// It called `new_answer`.
    Publish {
        /// The content.
        text: String,
        /// What its worktrees held then.
        changes: Vec<Snapshot>,
    },
    /// It called `vote`.
    Vote {
        /// What it chose, in the model's words.
        choice: Choice,
        /// The reason argument.
        reason: String,
    },
    /// It ended its reply without a terminal call; `text` is what it said.
    Miss {
        /// The reply's text.
        text: String,
    },
    /// A safe point inside the round: tool results are in, or the call was interrupted for
    /// steering. The agent asks what to add before the next model call.
    Boundary,
    /// The presentation is complete (only in rounds with [`crate::protocol::Purpose::Present`]).
    Presented {
        /// The final text.
        text: String,
    },
    /// It gave a verdict (only in rounds with [`crate::protocol::Purpose::Verify`]).
    Verdict {
        /// Whether the text stands.
        accept: bool,
        /// What to change.
        instructions: String,
        /// Who should change it, as written; empty for everybody.
        agents: Vec<String>,
    },
    /// The next model call was not made: it could have gone over a limit of money, tokens or calls.
    Unaffordable(BudgetScope),
    /// The model call failed for good.
    Failed(Failure),
}

/// Timers. Arming a running timer restarts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The whole turn: wrap up.
    Turn,
    /// One agent's round.
    Round {
        /// Who.
        agent: AgentId,
        /// Round it was armed for.
        round: u32,
    },
    /// An agent at work has not reported for a while: it holds nobody back any more.
    Silence {
        /// Who.
        agent: AgentId,
        /// Round it was armed for.
        round: u32,
    },
    /// Working without any output: fires when a round's agent has said nothing for the whole time.
    Stall {
        /// Who.
        agent: AgentId,
        /// Round it was armed for.
        round: u32,
    },
    /// The patience of the others with a paused agent.
    Pause(AgentId),
    /// A forced phase (`PublishNow`, `VoteNow`, `Presenting`) must end.
    Phase,
}
