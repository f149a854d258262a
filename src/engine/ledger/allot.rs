//! What a whole team may use in the place of one call.
//!
//! Like a call it is reserved before and settled after; in between it is paid call by call out of
//! its reservation, so what is used and reserved never goes over a limit.

use super::{Amount, Answer, LEAST_REPLY, Ledger, Ticket, Tier, Wish, cost, open_part};
use crate::{
    protocol::{AgentId, BudgetLimit, BudgetScope, Refused, UnknownPrice, Usage},
    provider::Allowance,
};

/// What the ledger says to a team that wants to work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allotment {
    /// It may use this.
    Granted(Allowance),
    /// It could fit when calls that run now are settled: ask again then.
    Later,
    /// Not even one call fits.
    Refused(Refused),
}

impl Ledger {
    /// Reserves what a team may use: at least one call, at most its share of what is free.
    pub fn allot(&mut self, wish: Wish) -> Allotment {
        // A call without a known price is the business of the team's own books.
        match self.reserve_unpriced(wish) {
            Answer::Granted(_) => {}
            Answer::Later => return Allotment::Later,
            Answer::Refused(refused) => return Allotment::Refused(refused),
        }
        self.reserved.remove(&(wish.agent, wish.ticket));
        let usd = self.share(wish, BudgetLimit::Usd);
        let tokens = self.share(wish, BudgetLimit::Tokens).map(|n| n as u64);
        let calls = self.share(wish, BudgetLimit::Calls).map(|n| n as u32);
        self.reserved.insert(
            (wish.agent, wish.ticket),
            Amount {
                usd: usd.unwrap_or(0.0),
                tokens: tokens.unwrap_or(0),
                calls: u64::from(calls.unwrap_or(0)),
            },
        );
        let scopes = [BudgetScope::Team, BudgetScope::Agent];
        let refuses = scopes.into_iter().any(|scope| {
            self.budget(scope, wish.agent)
                .is_some_and(|budget| budget.unknown_price == UnknownPrice::Refuse)
        });
        Allotment::Granted(Allowance {
            usd,
            tokens,
            calls,
            tool_calls: self.tools_left(wish.agent),
            unknown_price: if refuses {
                UnknownPrice::Refuse
            } else {
                UnknownPrice::Warn
            },
            ..Allowance::default()
        })
    }

    /// A call of the team was paid for: out of its reservation.
    pub fn draw(&mut self, agent: AgentId, usage: Usage) {
        if let Some(reserved) = self.reserved.get_mut(&(agent, Ticket::Own)) {
            reserved.usd = (reserved.usd - usage.cost.usd).max(0.0);
            let tokens = usage.input.saturating_add(usage.output);
            reserved.tokens = reserved.tokens.saturating_sub(tokens);
            reserved.calls = reserved.calls.saturating_sub(u64::from(usage.calls));
        }
        self.charge(agent, usage);
    }

    /// A tool was called inside the team.
    pub fn tool_below(&mut self, agent: AgentId) {
        let used = self.tools.entry(agent).or_default();
        *used = used.saturating_add(1);
    }

    /// The smallest share of what is free of a limit, over all scopes that have it.
    fn share(&self, wish: Wish, limit: BudgetLimit) -> Option<f64> {
        let of = |scope| {
            let budget = self.budget(scope, wish.agent)?;
            let cap = match limit {
                BudgetLimit::Usd | BudgetLimit::Price => budget.usd?,
                BudgetLimit::Tokens => budget.tokens? as f64,
                BudgetLimit::Calls => f64::from(budget.calls?),
            };
            let cap = open_part(cap, limit, wish.tier, budget);
            let used = self.used_by(scope, wish.agent).get(limit);
            let held = self.held_by(scope, wish.agent).get(limit);
            let free = (cap - used - held).max(0.0);
            let idle = match scope {
                BudgetScope::Team => self.team.saturating_sub(self.reserved.len() as u64).max(1),
                BudgetScope::Agent => 1,
            };
            // One call always fits: that was asked before.
            let least = cost(wish, LEAST_REPLY).get(limit);
            Some((free / idle as f64).max(least).min(free))
        };
        let (team, own) = (of(BudgetScope::Team), of(BudgetScope::Agent));
        match (team, own) {
            (Some(team), Some(own)) => Some(team.min(own)),
            (team, own) => team.or(own),
        }
    }

    /// Tool calls that are left, in all.
    fn tools_left(&self, agent: AgentId) -> Option<u32> {
        let own = self.tools.get(&agent).copied().unwrap_or_default();
        let all = self
            .tools
            .values()
            .fold(0_u32, |sum, n| sum.saturating_add(*n));
        let left = |scope, used| {
            let cap = self.budget(scope, agent)?.tool_calls?;
            Some(cap.saturating_sub(used))
        };
        match (left(BudgetScope::Agent, own), left(BudgetScope::Team, all)) {
            (Some(own), Some(all)) => Some(own.min(all)),
            (own, all) => own.or(all),
        }
    }

    fn reserve_unpriced(&mut self, wish: Wish) -> Answer {
        self.reserved.remove(&(wish.agent, wish.ticket));
        for scope in [BudgetScope::Team, BudgetScope::Agent] {
            if let Err(answer) = self.room(wish, scope) {
                return answer;
            }
        }
        Answer::Granted(None)
    }
}

impl Tier {
    /// Percent of a budget that calls of this kind must leave alone.
    pub(super) fn kept(self, budget: &crate::protocol::Budget) -> u32 {
        match self {
            Self::Work => u32::from(budget.vote_percent) + u32::from(budget.present_percent),
            Self::Vote => u32::from(budget.present_percent),
            Self::Finish => 0,
        }
    }
}
