//! A call that the budget does not allow: what its agent and the team do then.
//!
//! The ledger counts; here is only what follows. The team's budget for work is used up: work ends as
//! if the turn's time were up, with the share that is kept for votes and the presentation. An
//! agent's own budget is used up: it votes only, then it abstains and is not asked again.

use crate::protocol::{BudgetScope, OutcomeEnd, Phase, RoundEnd};

use super::{
    Cause, Coordination,
    state::{FirstAnswer, Funds},
};

impl Coordination {
    /// The next call of a working or voting agent was refused.
    pub(super) fn unaffordable(&mut self, i: usize, scope: BudgetScope) {
        match scope {
            BudgetScope::Agent => self.own_budget_is_used_up(i),
            BudgetScope::Team => self.team_budget_is_used_up(i),
        }
    }

    fn own_budget_is_used_up(&mut self, i: usize) {
        if self.members[i].stint.funds == Funds::Open && self.phase == Phase::Work {
            // What it said so far may be its answer; it may still vote from the share for votes.
            if !self.publish_for(i) {
                self.end_round(i, RoundEnd::Interrupted);
            }
            self.note_refusal(i, BudgetScope::Agent);
        } else {
            self.note_refusal(i, BudgetScope::Agent);
            self.resolve(i, "its budget is used up");
        }
    }

    /// What a refused call means for later ones.
    pub(super) fn note_refusal(&mut self, i: usize, scope: BudgetScope) {
        let work = self.phase == Phase::Work;
        let member = &mut self.members[i];
        match (scope, member.stint.funds) {
            (BudgetScope::Team, _) => self.attempts.out_of_budget = true,
            (BudgetScope::Agent, Funds::Open) if work => {
                member.stint.funds = Funds::VoteOnly;
                if member.revisions == 0 {
                    member.first = FirstAnswer::GivenUp;
                }
            }
            (BudgetScope::Agent, _) => member.stint.funds = Funds::Empty,
        }
    }

    fn team_budget_is_used_up(&mut self, i: usize) {
        self.note_refusal(i, BudgetScope::Team);
        match self.phase {
            Phase::Work => {
                let round = self.members[i].rounds;
                self.publish_for(i);
                self.wrap_up(OutcomeEnd::Limit);
                // Publishing what is there may still be paid from the share for votes.
                let running = self.members[i].running.as_ref();
                if running.is_some_and(|running| running.round == round) {
                    self.go_on(i, Cause::Boundary);
                }
            }
            _ => self.resolve(i, "the team's budget is used up"),
        }
    }
}
