//! Changes of the team: who joined, who is away and why, which model sits where.
//!
//! Nobody ever leaves the list of agents: what somebody published stays, and so does its pane.

use crate::protocol::{AgentCard, AgentId, Failure, TeamEvent, Timestamp};

use super::{Activity, AgentState, Happening, Turn};

/// Why an agent is asked nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Away {
    /// It failed, and is out for this turn.
    Failed(Failure),
    /// The person paused it; the others wait for it for a while.
    Paused,
    /// It was paused for so long that the others no longer wait for it.
    Overdue,
    /// The person took it out.
    Retired,
}

impl Away {
    /// The word of the state, lower case, at most ten characters.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Failed(_) => "out",
            Self::Paused | Self::Overdue => "paused",
            Self::Retired => "retired",
        }
    }

    /// The sign of the state, see [`Activity::glyph`].
    #[must_use]
    pub const fn glyph(&self) -> &'static str {
        match self {
            Self::Failed(_) => "✗",
            Self::Paused | Self::Overdue => "‖",
            Self::Retired => "⊘",
        }
    }

    /// The whole state for a status line.
    #[must_use]
    pub fn status(&self) -> String {
        match self {
            Self::Failed(failure) => format!("out: {}", failure.kind.word()),
            Self::Paused => "paused".to_owned(),
            Self::Overdue => "paused, nobody waits".to_owned(),
            Self::Retired => "retired".to_owned(),
        }
    }
}

impl Turn {
    /// Takes in a change. One about an unknown agent, or a second agent with a number that is taken,
    /// changes nothing.
    pub(super) fn team(&mut self, event: &TeamEvent, at: Timestamp) -> Option<Happening> {
        match event {
            TeamEvent::Added { card, .. } => {
                if self.agent(card.id).is_some() {
                    return None;
                }
                self.agents.push(AgentState::new(card.clone(), at));
            }
            TeamEvent::Retired(id) => self.away(*id, Away::Retired, at)?,
            TeamEvent::Paused(id) => self.away(*id, Away::Paused, at)?,
            TeamEvent::Overdue(id) => self.away(*id, Away::Overdue, at)?,
            TeamEvent::Resumed(id) | TeamEvent::Retried(id) => self.member(*id)?.back(at),
            TeamEvent::Replaced(card) => self.member(card.id)?.replace(card, at),
            TeamEvent::Hidden(hiding) => self.start.rules.seeing.hide(*hiding),
            TeamEvent::Declined { .. } => {}
        }
        Some(Happening::Told(self.change(event)))
    }

    fn member(&mut self, id: AgentId) -> Option<&mut AgentState> {
        self.agents.iter_mut().find(|agent| agent.card.id == id)
    }

    fn away(&mut self, id: AgentId, away: Away, at: Timestamp) -> Option<()> {
        self.member(id)?.turn_to(Activity::Away(away), at);
        Some(())
    }

    /// A change in words, with configured names: `you paused mia`.
    #[must_use]
    pub fn change(&self, event: &TeamEvent) -> String {
        match event {
            TeamEvent::Added { card, why, .. } if why.is_empty() => {
                format!("you added {} ({}, {})", card.name, card.id, card.model)
            }
            TeamEvent::Added { card, why, .. } => {
                format!(
                    "{} ({}, {}) was added: {why}",
                    card.name, card.id, card.model
                )
            }
            TeamEvent::Retired(id) => format!("you retired {}", self.name(*id)),
            TeamEvent::Paused(id) => format!("you paused {}", self.name(*id)),
            TeamEvent::Overdue(id) => {
                format!("{} is paused for long; nobody waits for it", self.name(*id))
            }
            TeamEvent::Resumed(id) => format!("{} goes on", self.name(*id)),
            TeamEvent::Retried(id) => format!("{} has another chance", self.name(*id)),
            TeamEvent::Replaced(card) => format!(
                "{} is replaced by {}",
                self.agent(card.id)
                    .and_then(|agent| agent.was.last())
                    .map_or("the model", String::as_str),
                card.model
            ),
            TeamEvent::Hidden(hiding) => {
                format!("you changed what agents are told: {}", hiding.words())
            }
            TeamEvent::Declined { change, reason } => {
                format!("cannot {}: {reason}", change.words())
            }
        }
    }
}

impl AgentState {
    /// Whether the others wait for its vote: it is not out, or paused for a while only.
    #[must_use]
    pub const fn is_waited_for(&self) -> bool {
        !matches!(
            self.activity,
            Activity::Away(Away::Failed(_) | Away::Overdue | Away::Retired)
        )
    }

    /// It takes part again.
    fn back(&mut self, at: Timestamp) {
        self.activity = Activity::Waiting;
        self.since = at;
        self.rest(at);
    }

    fn replace(&mut self, card: &AgentCard, at: Timestamp) {
        self.was.push(std::mem::take(&mut self.card.model));
        self.card = card.clone();
        self.back(at);
    }
}
