//! The end of a turn, and the words for a turn without an answer.

use crate::protocol::{AgentId, Failure, NoAnswerReason, Outcome, OutcomeEnd, Phase, RunEvent};

use super::{Action, Coordination, state::Stage};

impl Coordination {
    /// Every agent is out.
    pub(super) fn all_lost(&mut self) {
        self.decide(OutcomeEnd::AgentsLost);
    }

    /// Nobody is left to ask and nothing was published.
    pub(super) fn nothing_came(&mut self) {
        self.decide(self.ending.forced.unwrap_or(OutcomeEnd::Consensus));
    }

    /// Ends a turn in which nothing was ever published.
    pub(super) fn no_answer(&mut self, end: OutcomeEnd) {
        let failures: Vec<_> = self
            .members
            .iter()
            .filter_map(|member| Some((member.id, member.benched.as_ref()?)))
            .collect();
        let (reason, message) = match end {
            OutcomeEnd::Stopped => (
                NoAnswerReason::Cancelled,
                "Stopped before the first answer.".to_owned(),
            ),
            OutcomeEnd::AgentsLost => (NoAnswerReason::AllFailed, String::new()),
            OutcomeEnd::Limit if self.attempts.out_of_budget => (
                NoAnswerReason::Limit,
                "The budget was used up before any agent published an answer. Raise \
                 orchestrator.limits or use cheaper models."
                    .to_owned(),
            ),
            OutcomeEnd::Limit => (
                NoAnswerReason::Limit,
                format!(
                    "No agent published an answer within {} s.",
                    self.setup.limits.turn_seconds
                ),
            ),
            OutcomeEnd::AnswerNow => (
                NoAnswerReason::Limit,
                "No agent had an answer ready.".to_owned(),
            ),
            OutcomeEnd::Consensus => (
                NoAnswerReason::Limit,
                "No agent published an answer: their replies and rounds are used up.".to_owned(),
            ),
        };
        let mut sentences = vec![message];
        if let Some((id, first)) = failures.first() {
            sentences.push(self.lost_words(&failures));
            sentences.push(format!("{id}: {}", first.words()));
        }
        sentences.push(self.away_words());
        sentences.retain(|sentence| !sentence.is_empty());
        let message = sentences.join(" ");
        self.close(Outcome::NoAnswer { reason, message });
    }

    /// `All 3 agents failed (no access, server busy).`
    fn lost_words(&self, failures: &[(AgentId, &Failure)]) -> String {
        let mut words: Vec<&str> = Vec::new();
        for (_, failure) in failures {
            let word = failure.kind.word();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let words = words.join(", ");
        match (failures.len(), self.asked()) {
            (1, 1) => format!("The agent failed ({words})."),
            (lost, all) if lost == all => format!("All {all} agents failed ({words})."),
            (lost, all) => format!("{lost} of {all} agents failed ({words})."),
        }
    }

    /// The last actions of the turn.
    pub(super) fn close(&mut self, outcome: Outcome) {
        self.end_all_rounds();
        while let Some(timer) = self.armed.pop_first() {
            self.act(Action::Disarm(timer));
        }
        for i in self.everyone() {
            self.miss_steering(i);
        }
        if self.phase != Phase::Done {
            self.enter(Phase::Done);
        }
        self.emit(RunEvent::Ended(outcome));
        self.act(Action::Close);
        self.stage = Stage::Closed;
    }
}
