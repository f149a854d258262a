//! Which events a hook wants.

use crate::{
    protocol::{
        AgentEvent, AgentId, BallotEvent, Event, EventKind, Level, Outcome, OutcomeEnd,
        QuestionEvent, RunEvent, StageEvent, ToolEvent,
    },
    run::RunState,
};

/// Kinds of moments that can be heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A turn begins.
    Started,
    /// Another phase.
    Phase,
    /// An answer was published.
    Published,
    /// A vote was cast.
    Voted,
    /// An agent asks the person something.
    Question,
    /// A tool call ended.
    Tool,
    /// Something to know: a warning or an error.
    Trouble,
    /// An agent is out.
    Benched,
    /// The vote is settled.
    Decided,
    /// The task is over.
    Ended,
}

impl Kind {
    /// All, in the order of a run.
    pub const ALL: [Self; 10] = [
        Self::Started,
        Self::Phase,
        Self::Published,
        Self::Voted,
        Self::Question,
        Self::Tool,
        Self::Trouble,
        Self::Benched,
        Self::Decided,
        Self::Ended,
    ];

    /// The word in configurations and payloads.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Phase => "phase",
            Self::Published => "published",
            Self::Voted => "voted",
            Self::Question => "question",
            Self::Tool => "tool",
            Self::Trouble => "trouble",
            Self::Benched => "benched",
            Self::Decided => "decided",
            Self::Ended => "ended",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Words for how a task can end.
pub const OUTCOMES: [&str; 4] = ["answered", "no_answer", "limit", "stopped"];

/// What a hook wants to hear. An empty list of outcomes or agents means all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Kinds.
    pub kinds: Vec<Kind>,
    /// How the task ended; for [`Kind::Ended`] alone.
    pub outcomes: Vec<String>,
    /// Names of agents; for what an agent did or asks.
    pub agents: Vec<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            kinds: vec![Kind::Ended],
            outcomes: Vec::new(),
            agents: Vec::new(),
        }
    }
}

impl Filter {
    /// Whether a moment is wanted; `state` has taken the event in.
    #[must_use]
    pub fn wants(&self, kind: Kind, event: &Event, state: &RunState) -> bool {
        if !self.kinds.contains(&kind) {
            return false;
        }
        let turn = state.turn.as_ref();
        if kind == Kind::Ended && !self.outcomes.is_empty() {
            let outcome = turn.and_then(|turn| turn.last_word());
            if !outcome
                .is_some_and(|outcome| self.outcomes.iter().any(|word| word == ending(outcome)))
            {
                return false;
            }
        }
        match (doer(&event.kind), turn) {
            (Some(id), Some(turn)) if !self.agents.is_empty() => {
                self.agents.iter().any(|name| name == turn.name(id))
            }
            _ => true,
        }
    }
}

/// The agent that did it, or asks.
fn doer(event: &EventKind) -> Option<AgentId> {
    match event {
        EventKind::Agent { id, .. } => Some(*id),
        EventKind::Run(RunEvent::Question(QuestionEvent::Asked(question))) => question.asker,
        EventKind::Run(_) => None,
    }
}

/// The word for how a task ended.
#[must_use]
pub fn ending(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::NoAnswer { .. } => "no_answer",
        Outcome::Answered { end, .. } => match end {
            OutcomeEnd::Consensus | OutcomeEnd::AnswerNow | OutcomeEnd::AgentsLost => "answered",
            OutcomeEnd::Limit => "limit",
            OutcomeEnd::Stopped => "stopped",
        },
    }
}

/// The moment that an event is; `state` has taken it in. Most events are none.
#[must_use]
pub fn moment(event: &Event, state: &RunState) -> Option<Kind> {
    let over = || {
        let turn = state.turn.as_ref();
        turn.and_then(|turn| turn.last_word()).map(|_| Kind::Ended)
    };
    match &event.kind {
        EventKind::Run(event) => match event {
            RunEvent::Started(_) => Some(Kind::Started),
            RunEvent::Phase(_) => Some(Kind::Phase),
            RunEvent::Question(QuestionEvent::Asked(_)) => Some(Kind::Question),
            RunEvent::Decided(_) => Some(Kind::Decided),
            // A task of several turns is over with the last of them.
            RunEvent::Ended(_) | RunEvent::Stage(StageEvent::Over { .. }) => over(),
            RunEvent::Notice {
                level: Level::Warning | Level::Error,
                ..
            } => Some(Kind::Trouble),
            RunEvent::Notice { .. }
            | RunEvent::BallotsDropped(_)
            | RunEvent::Steer { .. }
            | RunEvent::Question(_)
            | RunEvent::Team(_)
            | RunEvent::Budget(_)
            | RunEvent::Review(_)
            | RunEvent::Stage(_) => None,
        },
        EventKind::Agent { event, .. } => match event {
            AgentEvent::Published(_) => Some(Kind::Published),
            AgentEvent::Ballot(BallotEvent::Cast(_)) => Some(Kind::Voted),
            AgentEvent::Tool(ToolEvent::Finished { .. }) => Some(Kind::Tool),
            AgentEvent::Benched(_) => Some(Kind::Benched),
            AgentEvent::RoundStarted { .. }
            | AgentEvent::RoundEnded { .. }
            | AgentEvent::Delta { .. }
            | AgentEvent::Refused { .. }
            | AgentEvent::Ballot(_)
            | AgentEvent::Delivered { .. }
            | AgentEvent::Nested(_)
            | AgentEvent::Usage(_)
            | AgentEvent::Call(_)
            | AgentEvent::Tool(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::{Question, QuestionId, QuestionKind},
        store::samples,
    };

    #[test]
    fn agents_are_those_who_did_it_or_ask() {
        let mut state = RunState::default();
        let events = samples::session("20261121-101530-k3f9");
        for event in &events {
            state.apply(event);
        }
        let turn = state.turn.as_ref().unwrap();
        let id = turn.agents[0].card.id;
        let asked = |asker| {
            let mut event = events[0].clone();
            event.kind = EventKind::Run(RunEvent::Question(QuestionEvent::Asked(Question {
                id: QuestionId(1),
                asker,
                text: "May I?".to_owned(),
                kind: QuestionKind::Question {
                    options: Vec::new(),
                },
                seconds: 60,
            })));
            event
        };
        for (name, asker, wanted) in [
            (turn.name(id), Some(id), true),
            ("nobody", Some(id), false),
            // The program itself is no agent.
            ("nobody", None, true),
        ] {
            let filter = Filter {
                kinds: vec![Kind::Question],
                agents: vec![name.to_owned()],
                ..Filter::default()
            };
            assert_eq!(filter.wants(Kind::Question, &asked(asker), &state), wanted);
        }
    }
}
