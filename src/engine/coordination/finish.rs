//! Deciding and presenting.

use crate::protocol::{
    AgentId, Answer, Decision, Finish, Label, Outcome, OutcomeEnd, Phase, RunEvent,
};

use super::{
    Coordination, Timer, agreement, extract,
    state::Funds,
    tally::{self, Count},
};

/// Agents that are asked to present before the winning text is used as it is.
pub(super) const PRESENTERS: usize = 2;

/// The vote is over.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub winner: Label,
    pub end: OutcomeEnd,
    /// Who may still be asked to present, next last.
    pub presenters: Vec<AgentId>,
}

impl Coordination {
    /// Ends coordination: every running round ends, ballots are counted, the answer is presented or
    /// used as it is. Without any answer the turn ends without one.
    pub(super) fn decide(&mut self, end: OutcomeEnd) {
        self.end_all_rounds();
        self.disarm(Timer::Turn);
        self.disarm(Timer::Phase);
        let current = self.current_in_order();
        let Some(mut decision) = self.settle(&current) else {
            return self.no_answer(end);
        };
        decision.end = Some(end);
        if self.phase != Phase::Deciding {
            self.enter(Phase::Deciding);
        }
        self.ending.settled = Some(Settled {
            winner: decision.winner,
            end,
            presenters: self.presenters(&decision, end),
        });
        self.emit(RunEvent::Decided(decision));
        self.tell_missing();
        self.present_next();
    }

    /// Counts by the policy of the turn, in a runoff between its two answers only.
    fn settle(&self, current: &[Label]) -> Option<Decision> {
        let answers: Vec<&Answer> = current.iter().filter_map(|l| self.answer(*l)).collect();
        if self.in_parts() {
            return agreement::parts(&answers, self.rules().mode.presenter());
        }
        if self.rules().mode.by_agreement() {
            return agreement::most_equal(&answers);
        }
        let deciding = &self.rules().deciding;
        let live = |id| self.find(id).is_some_and(|i| self.members[i].is_live());
        let count = Count {
            policy: deciding.policy,
            criteria: &deciding.criteria(),
            current,
            runoff: self.voting.runoff,
            electorate: self.electorate(),
        };
        let mut decision = tally::settle(count, self.ballots(), live)?;
        let texts = current
            .iter()
            .filter_map(|label| Some((*label, self.answer(*label)?.text.as_str())));
        decision.majority = extract::majority(texts);
        decision.saved_calls = self.voting.saved_calls;
        Some(decision)
    }

    /// Who presents whoever wins: the named one, or the last of the team when parts are put together.
    fn first_presenter(&self) -> Option<AgentId> {
        let last = || self.members.last().map(|member| member.id);
        let rules = self.rules();
        let named = rules.mode.presenter().or(rules.finishing.presenter);
        named.or_else(|| self.in_parts().then(last).flatten())
    }

    /// How the final answer is made.
    #[must_use]
    pub fn finish(&self) -> Finish {
        self.rules().finishing.finish
    }

    /// Whether an agent can present or verify.
    pub(super) fn can_serve(&self, i: usize) -> bool {
        self.is_here(i) && self.members[i].stint.funds != Funds::Empty
    }

    /// Who presents: the configured presenter, then the winner, then authors by votes, then the
    /// others in configuration order; nobody when the text is to be used as it is. Next last.
    pub(super) fn presenters(&self, decision: &Decision, end: OutcomeEnd) -> Vec<AgentId> {
        let rule = &self.rules().finishing;
        let named = self.first_presenter();
        let asked = self.rules().mode.presenter().is_some() || self.in_parts();
        let alone = self.members.len() < 2 && rule.refine == 0;
        if (rule.finish == Finish::Reuse && !asked) || alone || end == OutcomeEnd::Stopped {
            return Vec::new();
        }
        let mut order: Vec<_> = named.into_iter().collect();
        for row in &decision.tally {
            if !order.contains(&row.label.agent) {
                order.push(row.label.agent);
            }
        }
        for member in &self.members {
            if !order.contains(&member.id) {
                order.push(member.id);
            }
        }
        order.retain(|id| self.find(*id).is_some_and(|i| self.can_serve(i)));
        order.truncate(PRESENTERS);
        order.reverse();
        order
    }

    /// The next presenter who is still there.
    fn next_presenter(&mut self) -> Option<usize> {
        loop {
            let id = self.ending.settled.as_mut()?.presenters.pop()?;
            if let Some(i) = self.find(id).filter(|i| self.can_serve(*i)) {
                return Some(i);
            }
        }
    }

    /// Asks the next presenter, or gives up presenting.
    pub(super) fn present_next(&mut self) {
        let Some(winner) = self.ending.settled.as_ref().map(|settled| settled.winner) else {
            return;
        };
        let Some(i) = self.next_presenter() else {
            return self.answer_as_published();
        };
        if self.phase != Phase::Presenting {
            self.enter(Phase::Presenting);
        }
        self.arm_phase(self.setup.limits.present_seconds);
        self.ask_to_present(i, winner);
    }

    /// The winning text stands as it was published.
    pub(super) fn answer_as_published(&mut self) {
        let text = self
            .ending
            .settled
            .as_ref()
            .and_then(|settled| self.answer(settled.winner))
            .map(|answer| answer.text.clone());
        let text = self.joined_parts().or(text);
        if let Some(text) = text {
            self.answer_with(text, None);
        }
    }

    /// The turn ends with this text.
    pub(super) fn close_with(&mut self, text: String, presenter: Option<AgentId>) {
        if let Some(Settled { winner, end, .. }) = self.ending.settled {
            self.close(Outcome::Answered {
                winner,
                text: self.with_missing(text),
                presenter,
                end,
                // Whoever performs knows the files.
                changes: Vec::new(),
            });
        }
    }
}
