//! What a model makes of a session: evidence out, words back, every claim checked against the log.
//!
//! Pure; whoever has a connection sends the [`ask`](ask()) and brings the reply. Agents' words are data
//! here: in the evidence each of their lines is marked, so that nothing they wrote can pass for an event
//! or for an instruction. A claim cites events by their numbers; a number that is not in the log is
//! told as such. Nobody says whether an answer is right: a claim that does is marked.

mod ask;
mod check;
mod evidence;
mod lines;
mod page;
mod parse;
mod repair;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

pub use self::{
    ask::{Ask, Form, TOOL, ask},
    check::check,
    evidence::{Evidence, LEAST_WINDOW, TooSmall, evidence},
    lines::words_of,
    page::{columns, sheet},
    parse::{Draft, Nothing, read},
    text::tokens,
};

use super::Of;
use crate::protocol::{RunId, Usage};

/// Version of the form of a stored analysis.
pub const VERSION: u32 = 1;

/// What a model made of one turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// [`VERSION`].
    pub version: u32,
    /// Which turn of which session it is about.
    pub of: About,
    /// Who made it, when, for how much.
    pub by: Made,
    /// What it could see.
    pub seen: Seen,
    /// In which shape the reply came.
    pub shape: Shape,
    /// What happened, in a few sentences.
    pub summary: String,
    /// What it says, each with what it rests on.
    pub claims: Vec<Claim>,
}

/// Which turn of which session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The session.
    pub run: RunId,
    /// The turn.
    pub turn: u32,
    /// Which of the turns with this number, starting at 1.
    pub attempt: u32,
    /// Number of the turn's last event when it was made.
    pub last_event: u64,
    /// Version of the figures it was given ([`super::VERSION`]).
    pub report: u32,
}

/// Who made it, when, for how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Backend: `openai`, `ollama`, `demo` …
    pub provider: String,
    /// Model.
    pub model: String,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Tokens and money.
    pub usage: Usage,
    /// True when a script replied, not a model.
    #[serde(default)]
    pub scripted: bool,
}

impl Made {
    /// `openai/gpt-5.4`, with a word when no model was asked.
    #[must_use]
    pub fn name(&self) -> String {
        let script = if self.scripted {
            " (a script, no model)"
        } else {
            ""
        };
        format!("{}/{}{script}", self.provider, self.model)
    }
}

/// What it could see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Tokens of the evidence, estimated.
    pub tokens: u64,
    /// Tokens of the whole log of the turn, estimated.
    pub whole: u64,
    /// Events that were left out.
    pub left_out: u64,
}

impl Seen {
    /// Percent of the log that it could see.
    #[must_use]
    pub const fn percent(self) -> u64 {
        if self.whole <= self.tokens {
            return 100;
        }
        self.tokens.saturating_mul(100) / self.whole
    }
}

/// In which shape a reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// As it was asked for.
    AsAsked,
    /// Nearly: it was mended.
    Mended,
    /// As plain text.
    Plain,
}

impl Shape {
    /// What to tell about it; nothing when all is well.
    #[must_use]
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Self::AsAsked => None,
            Self::Mended => Some(
                "The reply was not quite in the form that was asked for; it was mended, and its end may be missing.",
            ),
            Self::Plain => {
                Some("The reply was not in the form that was asked for; it stands as plain text.")
            }
        }
    }
}

/// One thing it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What it is about.
    pub topic: Topic,
    /// The words.
    pub text: String,
    /// The events it cites.
    pub cites: Vec<Cited>,
    /// It judges whether an answer is right, which no log knows.
    #[serde(default)]
    pub judges: bool,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// How the answer came about.
    Process,
    /// Where the time went.
    Time,
    /// Where the money went.
    Cost,
    /// The vote.
    Votes,
    /// Tools.
    Tools,
    /// What failed.
    Failures,
    /// How answers changed.
    Answers,
    /// What to do otherwise next time.
    Advice,
    /// Anything else.
    #[default]
    Other,
}

impl Topic {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Process,
        Self::Answers,
        Self::Votes,
        Self::Time,
        Self::Cost,
        Self::Tools,
        Self::Failures,
        Self::Advice,
        Self::Other,
    ];

    /// The word of the reply.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Time => "time",
            Self::Cost => "cost",
            Self::Votes => "votes",
            Self::Tools => "tools",
            Self::Failures => "failures",
            Self::Answers => "answers",
            Self::Advice => "advice",
            Self::Other => "other",
        }
    }

    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Process => "How it went",
            Self::Time => "Time",
            Self::Cost => "Cost",
            Self::Votes => "Votes",
            Self::Tools => "Tools",
            Self::Failures => "Failures",
            Self::Answers => "Answers",
            Self::Advice => "Next time",
            Self::Other => "Also said",
        }
    }
}

/// An event that a claim cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// Its number.
    pub event: u64,
    /// Whether it is there.
    pub found: Found,
}

/// Whether a cited event is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It is in the log, and the model was shown it.
    Yes,
    /// It is in the log, but was left out of what the model was shown.
    NotShown,
    /// It is not in the log of this turn.
    No,
}

/// Whether an analysis still covers its turn, in words; `None` while it does.
#[must_use]
pub fn stale(analysis: &Analysis, turns: &[Of]) -> Option<String> {
    let of = &analysis.of;
    let mut same = turns.iter();
    let Some(turn) = same.find(|turn| turn.turn == of.turn && turn.part.attempt.0 == of.attempt)
    else {
        return Some("stale: the session has no such turn any more".to_owned());
    };
    let more = turn.part.events.1.saturating_sub(of.last_event);
    if more > 0 {
        let plural = if more == 1 { "event" } else { "events" };
        return Some(format!("stale: the session grew by {more} {plural}"));
    }
    if turn.part.events.1 < of.last_event {
        return Some("stale: the log is shorter than it was".to_owned());
    }
    (of.report < super::VERSION).then(|| "made from an older report".to_owned())
}
