//! Questions to the person, as the fold knows them.

use crate::protocol::{
    AgentId, Question, QuestionEvent, QuestionKind, Reply, SteerState, Timestamp,
};

use super::{Happening, Said, Steering, Turn};

/// A question and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// As it was asked.
    pub question: Question,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub state: AskedState,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedState {
    /// It waits for the person.
    Waiting,
    /// The person has answered.
    Answered(Reply),
    /// Its asker is gone.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
}

impl AskedState {
    /// The word of the state.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Answered(Reply::Skipped) => "skipped",
            Self::Answered(_) => "answered",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "not answered in time",
        }
    }
}

impl Steering {
    /// How far the message got with an agent, in a word.
    #[must_use]
    pub fn word(&self, agent: AgentId) -> &'static str {
        let said = |receipt: &SteerState| match receipt {
            SteerState::Delivered(id) if *id == agent => Some("delivered"),
            SteerState::Seen(id) if *id == agent => Some("seen"),
            SteerState::Missed(id) if *id == agent => Some("missed"),
            SteerState::Withdrawn(id) if *id == agent => Some("withdrawn"),
            SteerState::Queued
            | SteerState::Delivered(_)
            | SteerState::Seen(_)
            | SteerState::Missed(_)
            | SteerState::Withdrawn(_) => None,
        };
        let last = self.receipts.iter().rev().find_map(said);
        last.unwrap_or("queued")
    }
}

impl Turn {
    /// Questions that wait for the person, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Asked> {
        self.questions
            .iter()
            .filter(|asked| asked.state == AskedState::Waiting)
    }

    /// Since when an agent waits for leave; `None` when it does not.
    fn waits_for_leave(&self, agent: AgentId) -> Option<Timestamp> {
        let mut waiting = self.waiting();
        let mine = waiting.find(|asked| {
            asked.question.asker == Some(agent)
                && matches!(asked.question.kind, QuestionKind::Approval(_))
        });
        mine.map(|asked| asked.at)
    }

    /// Takes in one event about a question; the first end of a question counts.
    pub(super) fn question(
        &mut self,
        event: &QuestionEvent,
        at: Timestamp,
    ) -> Option<(Option<AgentId>, Happening)> {
        let state = match event {
            QuestionEvent::Asked(question) => {
                if self
                    .questions
                    .iter()
                    .any(|known| known.question.id == question.id)
                {
                    return None;
                }
                self.questions.push(Asked {
                    question: question.clone(),
                    at,
                    state: AskedState::Waiting,
                });
                self.note_leave(question.asker);
                return Some((question.asker, Happening::Said(Said::Asked(question.id))));
            }
            QuestionEvent::Answered { reply, .. } => AskedState::Answered(reply.clone()),
            QuestionEvent::Withdrawn { .. } => AskedState::Withdrawn,
            QuestionEvent::Expired { .. } => AskedState::Expired,
        };
        let id = event.id();
        let asked = self
            .questions
            .iter_mut()
            .find(|known| known.question.id == id && known.state == AskedState::Waiting)?;
        asked.state = state;
        let asker = asked.question.asker;
        self.note_leave(asker);
        None
    }

    /// Whether an agent waits for leave now.
    fn note_leave(&mut self, agent: Option<AgentId>) {
        let Some(id) = agent else { return };
        let leave = self.waits_for_leave(id);
        if let Some(agent) = self.agents.iter_mut().find(|agent| agent.card.id == id) {
            agent.leave = leave;
        }
    }

    /// The turn is over: nobody waits any more.
    pub(super) fn withdraw_questions(&mut self) {
        for asked in &mut self.questions {
            if asked.state == AskedState::Waiting {
                asked.state = AskedState::Withdrawn;
            }
        }
        for agent in &mut self.agents {
            agent.leave = None;
        }
    }
}
