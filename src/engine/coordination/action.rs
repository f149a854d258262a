//! What the reducer asks of the world.
//!
//! Actions are performed in order. Events that explain an action come before it (`RoundStarted`
//! before its [`Action::Ask`], `Delivered` before its [`Action::Continue`]); a round is finished
//! before its `RoundEnded` is told, so no text of a round follows its end in the log.

use crate::protocol::{AgentId, EventKind, Form, Label, Purpose, Setback, SteerId};

use super::{BadBallot, Timer};

/// One action, performed in order by the driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Start a round. The agent has no running round when this is issued.
    Ask(Ask),
    /// Go on with the running round after a report: add `brief` to the conversation, call again.
    Continue {
        /// Who.
        agent: AgentId,
        /// Round.
        round: u32,
        /// Why it goes on.
        cause: Cause,
        /// What to add and what to offer.
        brief: Brief,
    },
    /// Abort the model call that is running, keep its partial text; the agent then reports
    /// [`super::Report::Boundary`]. When the call has ended meanwhile and its report is on the way,
    /// that report takes the place of the boundary and the interrupt is dropped.
    Interrupt {
        /// Who.
        agent: AgentId,
        /// Round.
        round: u32,
    },
    /// The round is over: no further call, whatever is running is dropped. The conversation is kept
    /// for a later [`Ask`] with `fresh == false`. Every round gets exactly one, also after
    /// `Presented` and `Failed`.
    Finish {
        /// Who.
        agent: AgentId,
        /// Round.
        round: u32,
    },
    /// The rules want one more agent. Answered at once with [`super::Change::Add`] or
    /// [`super::Change::Unavailable`].
    Recruit {
        /// Author of the leading answer; the rules may name another agent to be like.
        like: AgentId,
        /// Why.
        why: String,
    },
    /// Start or restart a timer.
    Arm {
        /// Which.
        timer: Timer,
        /// Milliseconds from now.
        after_ms: u64,
    },
    /// Stop a timer.
    Disarm(Timer),
    /// Tell everyone.
    Emit(EventKind),
    /// Nothing follows: the turn is over (its `Ended` event was emitted before).
    Close,
}

/// The start of a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Who.
    pub agent: AgentId,
    /// Round of this agent, starting at 1, never reused.
    pub round: u32,
    /// What for.
    pub purpose: Purpose,
    /// True: a new conversation with the task and all of `brief.news`. False: continue the agent's
    /// last conversation, showing only `brief.news`.
    pub fresh: bool,
    /// For `Purpose::Present`: the winning answer.
    pub winner: Option<Label>,
    /// For `Purpose::Verify`: what is verified.
    pub review: Option<Box<Review>>,
    /// What to show and to offer.
    pub brief: Brief,
}

/// The final text that a verifier looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The text.
    pub text: String,
    /// The answer that it is, or was made from.
    pub winner: Label,
    /// Who presented it; `None` when it is the answer as it was published.
    pub presenter: Option<AgentId>,
    /// Agents that could be asked to change it.
    pub agents: Vec<AgentId>,
}

/// What is added to a conversation and what the agent may do next.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an offer or a fact of its own that the prompt tells in one sentence"
)]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// Answers to show in full now, in display order (the reader's own last).
    pub news: Vec<Label>,
    /// Steering messages to hear now. Each agent gets each message once; only the presentation,
    /// whose conversation starts over, repeats what the presenter heard before.
    pub steering: Vec<(SteerId, String)>,
    /// Whether `new_answer` is offered.
    pub may_publish: bool,
    /// Whether voting is offered, and for exactly which labels (empty: `vote` is not offered).
    pub choices: Vec<Label>,
    /// How the vote is asked for, when it is.
    pub vote: VoteAsk,
    /// Answers that the reader was shown in an earlier conversation: long ones are shown as digests,
    /// in display order. Only the beginning of a conversation has any.
    pub again: Vec<Label>,
    /// The votes so far; empty unless the rules let agents know them.
    pub votes: Vec<Votes>,
    /// Publications this agent has left under its own cap and the team's.
    pub answers_left: u32,
    /// Its last ballot was dropped because of a new answer: this was its choice.
    pub lost_vote: Option<Label>,
    /// A verification asks the agent to work again: its instructions.
    pub revise: Option<String>,
    /// The first answers of others that this agent is shown are among the news.
    pub first_look: bool,
    /// What the step is about.
    pub aim: Aim,
    /// The agent verifies: only a verdict is taken.
    pub verifies: bool,
    /// Wrap up, say so: time is up or this is the last call of the round.
    pub hurry: bool,
}

/// How a vote is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoteAsk {
    /// What the ballot consists of.
    pub form: Form,
    /// The occasion.
    pub why: VoteWhy,
    /// How good an answer should be before this agent stops improving, in tenths of 10, when the
    /// configuration says so; 0 when it can only vote.
    pub bar: Option<u32>,
}

/// The occasion of a vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoteWhy {
    /// The team votes.
    #[default]
    Usual,
    /// No answer met the bar: the choice is between the two that lead.
    Runoff,
    /// This agent alone decides.
    Judge,
}

/// The standing votes for one answer, as far as an agent may know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Votes {
    /// The answer.
    pub label: Label,
    /// How many.
    pub count: u32,
    /// Whose; empty when ballots are secret.
    pub voters: Vec<AgentId>,
}

/// What a step is about, beyond what is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aim {
    /// The offer says it all.
    #[default]
    Free,
    /// A further layer: an answer that takes those of the last one into account.
    Refine,
    /// A part of the task.
    Part,
    /// Whether another round is worth it.
    Weigh,
}

/// Why a running round goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A safe point: nothing is wrong.
    Boundary,
    /// No terminal call; the number is how many such replies are left.
    Missed {
        /// Misses left before the engine resolves the round itself.
        left: u32,
    },
    /// `new_answer` or `vote` was refused.
    Refused {
        /// Why, for the model.
        refusal: Refusal,
    },
}

/// How an answer is like another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Equal to this answer, which is current.
    Equal(Label),
    /// Says the same as an answer that its author knows, in other words.
    Echo {
        /// That answer.
        of: Label,
        /// Percent of common words.
        common: u32,
    },
}

/// Why an act was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The answer limit is reached; only voting is left.
    AnswerLimit,
    /// Too far ahead of the others; vote or wait.
    Lead,
    /// Not now: others come first.
    Wait,
    /// Nothing new against an answer.
    Duplicate(Likeness),
    /// Nothing in it.
    EmptyAnswer,
    /// Only votes are accepted now.
    VotesOnly,
    /// There is nothing to vote for yet.
    NothingToVoteFor,
    /// Not a label or agent on the ballot.
    UnknownChoice(String),
    /// The label was replaced by a newer one of the same agent.
    Superseded(Label),
    /// New answers arrived that the voter has not seen; they are in `brief.news`.
    Unseen,
    /// The ballot says nothing that can be counted.
    BadBallot(BadBallot),
    /// By the voter's own scores no answer is good enough yet, and it can still improve.
    BelowBar {
        /// The best answer.
        best: Label,
        /// Its mean in hundredths.
        mean: u64,
        /// The bar in tenths.
        bar: u32,
    },
}

impl Refusal {
    /// How hard it is: what the agent could not know is no fault of it.
    #[must_use]
    pub const fn setback(&self) -> Setback {
        match self {
            Self::Unseen | Self::Superseded(_) => Setback::LooksAgain,
            Self::BelowBar { .. } => Setback::Improves,
            Self::AnswerLimit
            | Self::Lead
            | Self::Wait
            | Self::Duplicate(_)
            | Self::EmptyAnswer
            | Self::VotesOnly
            | Self::NothingToVoteFor
            | Self::UnknownChoice(_)
            | Self::BadBallot(_) => Setback::Refused,
        }
    }

    /// The sentence for events and for the model.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::AnswerLimit => {
                "Your answer limit is reached; vote for the best current answer.".into()
            }
            Self::Lead => "You are ahead of the others; vote for the best current answer.".into(),
            Self::Wait => "Others come first; wait for them.".into(),
            Self::Duplicate(Likeness::Equal(label)) => format!(
                "This text equals the current answer {label}; vote for it or publish something different."
            ),
            Self::Duplicate(Likeness::Echo { of, common }) => format!(
                "This adds too little to {of} (novelty: {common} % of the words are the same and no \
                 fact is changed). Vote for it, or change what is wrong or missing in it."
            ),
            Self::EmptyAnswer => "The answer has no text.".into(),
            Self::VotesOnly => "Only votes are accepted now.".into(),
            Self::NothingToVoteFor => "There is no answer to vote for yet.".into(),
            Self::UnknownChoice(choice) => format!("\"{choice}\" is not on the ballot."),
            Self::Superseded(label) => {
                format!("That answer was replaced by {label}; look at it and vote again.")
            }
            Self::Unseen => {
                "New answers arrived that you have not seen; look and vote again.".into()
            }
            Self::BadBallot(bad) => bad.sentence(),
            Self::BelowBar { best, mean, bar } => format!(
                "By your scores no answer is good enough yet: {best} has {}.{:02} of 10, {}.{} are \
                 needed. Publish a better answer; if you cannot, vote again as you did.",
                mean / 100,
                mean % 100,
                bar / 10,
                bar % 10
            ),
        }
    }
}

/// An event as an action.
impl From<EventKind> for Action {
    fn from(kind: EventKind) -> Self {
        Self::Emit(kind)
    }
}
