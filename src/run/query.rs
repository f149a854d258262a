//! Questions everybody asks a fold.

use crate::protocol::{
    AgentCard, AgentId, Answer, Label, Origin, Outcome, Seq, Timestamp, Usage, change::Snapshot,
};

use super::{AgentState, Happening, RunState, Turn};

impl RunState {
    /// True when no turn runs: before the first event and after each outcome.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.turn.as_ref().is_none_or(Turn::is_over)
    }

    /// The scenario of the scripted demo team, when the running or last turn is one.
    #[must_use]
    pub fn demo(&self) -> Option<&str> {
        match &self.turn.as_ref()?.start.origin {
            Origin::Demo { scenario } => Some(scenario),
            Origin::Config { .. } | Origin::Direct | Origin::Imported { .. } => None,
        }
    }

    /// Tokens and money of all turns of the session.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.turns()
            .fold(Usage::default(), |sum, turn| sum + turn.usage())
    }

    /// About how many bytes it holds: texts in full, what else there is by its number.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.turns().map(Turn::weight).sum()
    }

    /// All turns, oldest first, the running or last one at the end.
    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.history.iter().chain(&self.turn)
    }
}

impl Turn {
    /// See [`RunState::weight`].
    fn weight(&self) -> usize {
        /// What an entry of a list is taken to weigh beside its text.
        const ENTRY: usize = 128;
        let answers = self.answers.iter().map(|one| one.answer.text.len() + ENTRY);
        let dropped = self
            .dropped
            .iter()
            .map(|one| one.ballot.reason.len() + ENTRY);
        let notices = self.record.notices.iter().map(|(_, _, text)| text.len());
        answers.chain(dropped).chain(notices).sum::<usize>()
            + (self.timeline.len() + self.record.spending.shares.len()) * ENTRY
            + self.start.prompt.len()
            + self.agents.len() * 8 * ENTRY
            + self.record.metrics.weight()
    }

    /// The program that ran this turn, when it was another: its log tells what happened, not its rules.
    #[must_use]
    pub fn imported(&self) -> Option<&str> {
        match &self.start.origin {
            Origin::Imported { program } => Some(program),
            Origin::Demo { .. } | Origin::Config { .. } | Origin::Direct => None,
        }
    }

    /// True after the outcome.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    /// The agent with this number.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<&AgentState> {
        self.agents.iter().find(|agent| agent.card.id == id)
    }

    /// The configured name of an agent, what people read instead of `agent2`.
    #[must_use]
    pub fn name(&self, id: AgentId) -> &str {
        self.agent(id)
            .map_or("unknown agent", |agent| agent.card.name.as_str())
    }

    /// The team as it is now, in the order of its panes.
    #[must_use]
    pub fn cards(&self) -> Vec<AgentCard> {
        self.agents.iter().map(|agent| agent.card.clone()).collect()
    }

    /// The answer behind a label, current or not.
    #[must_use]
    pub fn answer(&self, label: Label) -> Option<&Answer> {
        self.answers
            .iter()
            .map(|published| &published.answer)
            .find(|answer| answer.label == label)
    }

    /// The event that began the turn.
    #[must_use]
    pub fn began(&self) -> Seq {
        Seq(self.timeline.first().map_or(0, |entry| entry.seq))
    }

    /// The event that published an answer.
    #[must_use]
    pub fn published_by(&self, label: Label) -> Option<Seq> {
        let mut lines = self.timeline.iter();
        let line = lines.find(|entry| entry.what == Happening::Published(label))?;
        Some(Seq(line.seq))
    }

    /// The files that the turn ended with: of the final answer, which begins with the winner's; none
    /// before the end. Logs of earlier versions know the winner's alone.
    #[must_use]
    pub fn final_files(&self) -> &[Snapshot] {
        match &self.outcome {
            Some(Outcome::Answered {
                winner, changes, ..
            }) if changes.is_empty() => self
                .answer(*winner)
                .map_or(&[], |answer| answer.changes.as_slice()),
            Some(Outcome::Answered { changes, .. }) => changes,
            Some(Outcome::NoAnswer { .. }) | None => &[],
        }
    }

    /// The current answer of every agent that has one, in label order.
    #[must_use]
    pub fn current_labels(&self) -> Vec<Label> {
        let mut labels: Vec<_> = self.agents.iter().filter_map(|a| a.current).collect();
        labels.sort_unstable();
        labels
    }

    /// Tokens and money of all agents in this turn.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.agents
            .iter()
            .fold(Usage::default(), |sum, agent| sum + agent.usage)
    }

    /// Milliseconds since the start, or the length of a turn that is over.
    #[must_use]
    pub fn elapsed(&self, now: Timestamp) -> u64 {
        self.time(self.ended.unwrap_or(now))
    }
}
