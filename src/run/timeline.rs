//! The timeline: one line for everything that moved the turn.

use crate::protocol::{AgentId, Label, Outcome, Phase, QuestionId, Timestamp};

use super::Turn;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// Position in the log.
    pub seq: u64,
    /// About whom; `None` for the turn as a whole.
    pub agent: Option<AgentId>,
    /// What.
    pub what: Happening,
}

/// What a timeline line tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The turn began, or went on in another process.
    Started(Beginning),
    /// A new phase.
    Phase(Phase),
    /// An answer.
    Published(Label),
    /// A vote (or an abstention).
    Voted(Option<Label>),
    /// This many ballots stopped counting because of this answer.
    BallotsDropped(u32, Label),
    /// A call is repeated.
    Retrying(u32),
    /// An agent was lost.
    Benched,
    /// The person spoke, or was asked.
    Said(Said),
    /// The vote is settled.
    Decided(Label),
    /// A step of a mode, or anything else that has words of its own.
    Told(String),
    /// The end.
    Ended,
}

/// How a turn begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// For the first time.
    Afresh,
    /// In another process, after it broke off.
    Again,
}

/// Talk between the person and the agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The person spoke.
    Steered,
    /// The person was asked something; what became of it is part of the line.
    Asked(QuestionId),
}

impl Turn {
    /// A timeline line in words, with configured names: `mia voted for agent2.1`.
    #[must_use]
    pub fn sentence(&self, entry: &TimelineEntry) -> String {
        let who = entry.agent.map_or("the team", |id| self.name(id));
        match &entry.what {
            Happening::Started(Beginning::Afresh) => "started".to_owned(),
            Happening::Started(Beginning::Again) => "went on after an interruption".to_owned(),
            Happening::Phase(phase) => format!("phase: {}", phase.word()),
            Happening::Published(label) => format!("{who} published {label}"),
            Happening::Voted(Some(label)) => format!("{who} voted for {label}"),
            Happening::Voted(None) => format!("{who} abstained"),
            Happening::BallotsDropped(1, label) => {
                format!("1 vote stopped counting because of {label}")
            }
            Happening::BallotsDropped(count, label) => {
                format!("{count} votes stopped counting because of {label}")
            }
            Happening::Retrying(attempt) => format!("{who} tries again (attempt {attempt})"),
            Happening::Benched => format!("{who} is out"),
            Happening::Said(Said::Steered) => "you spoke".to_owned(),
            Happening::Said(Said::Asked(id)) => {
                let who = entry.agent.map_or("the program", |id| self.name(id));
                let asked = self.questions.iter().find(|asked| asked.question.id == *id);
                let word = asked.map_or("over", |asked| asked.state.word());
                format!("{who} asked you {id}: {word}")
            }
            Happening::Decided(label) => format!("{label} by {} won", self.name(label.agent)),
            Happening::Told(words) => words.clone(),
            Happening::Ended => match &self.outcome {
                Some(Outcome::NoAnswer { .. }) => "ended without an answer".to_owned(),
                Some(Outcome::Answered { .. }) | None => "ended".to_owned(),
            },
        }
    }
}
