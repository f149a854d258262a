//! Who has used what, who may use how much more: money, tokens, calls. Pure; the driver feeds it.
//!
//! A call is reserved before it is made and settled when it is over. A reservation takes the prompt
//! (estimated) and a bounded reply; what is used and reserved never goes over a limit, so a limit is
//! kept but for what one running call may use beyond its reservation. Of a limit, one part is kept
//! for forced votes and one for the presentation and verification. What nobody can price is not
//! counted in money, and told as unknown.

mod allot;

pub use allot::Allotment;

use std::collections::BTreeMap;

use crate::{
    protocol::{
        AgentEvent, AgentId, Budget, BudgetLimit, BudgetScope, Event, EventKind, Limits, Phase,
        Purpose, Refused, RunEvent, Share, ToolEvent, UnknownPrice, Usage,
    },
    provider::Price,
};

/// Tokens a reply is reserved when nobody limits it further.
const USUAL_REPLY: u64 = 8_192;
/// A call that cannot have a reply of this many tokens is not made.
const LEAST_REPLY: u64 = 256;

/// What a call is for, as far as the shares that are kept back are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Work and free votes.
    Work,
    /// Votes and publications once time or money is up.
    Vote,
    /// Presentation and verification.
    Finish,
}

impl Tier {
    /// The tier of a round in a phase.
    #[must_use]
    pub const fn of(purpose: Purpose, phase: Phase) -> Self {
        match purpose {
            Purpose::Present | Purpose::Verify => Self::Finish,
            Purpose::VoteOnly | Purpose::Judge => Self::Vote,
            Purpose::Work | Purpose::Revote | Purpose::Weigh => match phase {
                Phase::Work => Self::Work,
                _ => Self::Vote,
            },
        }
    }
}

/// Which of the calls that an agent pays for at the same time: its own, or one that answers a question
/// it asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ticket {
    /// The agent's own.
    Own,
    /// A peer's answer; the number is never used again by this agent.
    Side(u32),
}

/// A call somebody wants to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Who pays.
    pub agent: AgentId,
    /// Which of its calls.
    pub ticket: Ticket,
    /// What for.
    pub tier: Tier,
    /// Estimated prompt tokens.
    pub prompt: u64,
    /// What its model costs.
    pub price: Option<Price>,
}

/// What the ledger says to a wish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// The call may be made; its reply may have this many tokens (`None`: nobody limits it).
    Granted(Option<u64>),
    /// It could fit when calls that run now are settled: ask again then.
    Later,
    /// It does not fit.
    Refused(Refused),
}

/// Amounts in the three currencies. Dollars of unpriced calls are not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Amount {
    usd: f64,
    tokens: u64,
    calls: u64,
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.usd += other.usd;
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.calls = self.calls.saturating_add(other.calls);
    }

    const fn get(self, limit: BudgetLimit) -> f64 {
        match limit {
            BudgetLimit::Usd | BudgetLimit::Price => self.usd,
            BudgetLimit::Tokens => self.tokens as f64,
            BudgetLimit::Calls => self.calls as f64,
        }
    }
}

/// The books of one turn.
#[derive(Clone, Debug)]
pub struct Ledger {
    limits: Limits,
    /// Agents of the team.
    team: u64,
    used: BTreeMap<AgentId, Amount>,
    reserved: BTreeMap<(AgentId, Ticket), Amount>,
    tools: BTreeMap<AgentId, u32>,
    shares: Vec<Share>,
}

impl Ledger {
    /// Empty books for a team of this size.
    #[must_use]
    pub fn new(limits: Limits, team: usize) -> Self {
        Self {
            limits,
            team: team.max(1) as u64,
            used: BTreeMap::new(),
            reserved: BTreeMap::new(),
            tools: BTreeMap::new(),
            shares: Vec::new(),
        }
    }

    /// The books of a turn that broke off, from its events.
    pub fn recall(&mut self, events: &[Event]) {
        let mut phase = Phase::Work;
        for event in events {
            match &event.kind {
                EventKind::Run(RunEvent::Phase(next)) => phase = *next,
                EventKind::Agent { id, event } => match event {
                    AgentEvent::RoundStarted { round, purpose, .. } => {
                        self.begin(*id, *round, *purpose, phase);
                    }
                    AgentEvent::Usage(usage) => self.settle(*id, Ticket::Own, Some(*usage)),
                    AgentEvent::Tool(ToolEvent::Started { .. }) => self.ran(*id),
                    _ => {}
                },
                EventKind::Run(_) => {}
            }
        }
    }

    /// Counts a tool call, the `number`th of its round; `Some` says why it must not run.
    pub fn tool(&mut self, agent: AgentId, number: u32) -> Option<String> {
        let round = self.limits.tools_of(agent);
        if number > round {
            return Some(format!(
                "The limit of {round} tool calls in one round is reached; finish without tools."
            ));
        }
        let own = self.tools.get(&agent).copied().unwrap_or_default();
        let all = self
            .tools
            .values()
            .fold(0_u32, |sum, n| sum.saturating_add(*n));
        for (scope, whose, used) in [
            (BudgetScope::Agent, "your", own),
            (BudgetScope::Team, "the team's", all),
        ] {
            let cap = self
                .budget(scope, agent)
                .and_then(|budget| budget.tool_calls);
            if let Some(cap) = cap.filter(|cap| used >= *cap) {
                return Some(format!(
                    "All {cap} of {whose} tool calls are used up; finish without tools."
                ));
            }
        }
        self.ran(agent);
        None
    }

    /// True when nothing is limited: no call needs to be reserved.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.limits.budget.is_open() && self.limits.agents.iter().all(|own| own.budget.is_open())
    }

    /// A round begins.
    pub fn begin(&mut self, agent: AgentId, round: u32, purpose: Purpose, phase: Phase) {
        self.shares.push(Share {
            agent,
            round,
            purpose: Some(purpose),
            phase,
            usage: Usage::default(),
            tools: 0,
        });
    }

    /// Reserves a call. A reservation that the agent still holds under the same ticket is replaced.
    pub fn reserve(&mut self, wish: Wish) -> Answer {
        self.reserved.remove(&(wish.agent, wish.ticket));
        if let Some(refused) = self.without_price(wish) {
            return Answer::Refused(refused);
        }
        let mut reply = None;
        for scope in [BudgetScope::Team, BudgetScope::Agent] {
            match self.room(wish, scope) {
                Err(answer) => return answer,
                Ok(None) => {}
                Ok(Some(room)) => reply = Some(reply.map_or(room, |old: u64| old.min(room))),
            }
        }
        let mut amount = Amount::default();
        amount.add(cost(wish, reply.unwrap_or(0)));
        self.reserved.insert((wish.agent, wish.ticket), amount);
        Answer::Granted(reply)
    }

    /// A call is over; `None` when it never reached the model.
    pub fn settle(&mut self, agent: AgentId, ticket: Ticket, usage: Option<Usage>) {
        self.reserved.remove(&(agent, ticket));
        if let Some(usage) = usage {
            self.charge(agent, usage);
        }
    }

    /// Counts what a call has used.
    fn charge(&mut self, agent: AgentId, usage: Usage) {
        self.used.entry(agent).or_default().add(Amount {
            usd: usage.cost.usd,
            tokens: usage.input.saturating_add(usage.output),
            calls: u64::from(usage.calls),
        });
        match self.shares.iter_mut().rfind(|share| share.agent == agent) {
            Some(share) => share.usage += usage,
            None => self.shares.push(Share {
                agent,
                round: 0,
                purpose: None,
                phase: Phase::Work,
                usage,
                tools: 0,
            }),
        }
    }

    /// Counts a tool call that runs.
    fn ran(&mut self, agent: AgentId) {
        *self.tools.entry(agent).or_default() += 1;
        match self.shares.iter_mut().rfind(|share| share.agent == agent) {
            Some(share) => share.tools += 1,
            None => self.shares.push(Share {
                agent,
                round: 0,
                purpose: None,
                phase: Phase::Work,
                usage: Usage::default(),
                tools: 1,
            }),
        }
    }

    /// Where it went, one row per round that made calls or ran tools.
    #[must_use]
    pub fn shares(&self) -> Vec<Share> {
        let used = self
            .shares
            .iter()
            .filter(|share| share.usage.calls > 0 || share.tools > 0);
        used.copied().collect()
    }

    /// Under a money limit with the rule to refuse, a call without a price is refused.
    fn without_price(&self, wish: Wish) -> Option<Refused> {
        let scopes = [BudgetScope::Team, BudgetScope::Agent];
        let scope = scopes.into_iter().find(|scope| {
            self.budget(*scope, wish.agent).is_some_and(|budget| {
                budget.usd.is_some() && budget.unknown_price == UnknownPrice::Refuse
            })
        })?;
        wish.price.is_none().then_some(Refused {
            agent: wish.agent,
            // It is this agent that cannot be priced; the others go on.
            scope: BudgetScope::Agent,
            limit: BudgetLimit::Price,
            needs: 0.0,
            left: self
                .budget(scope, wish.agent)
                .and_then(|budget| budget.usd)
                .unwrap_or_default(),
        })
    }

    /// What is used of a budget.
    fn used_by(&self, scope: BudgetScope, agent: AgentId) -> Amount {
        let used = self.used.iter().map(|(id, amount)| (*id, *amount));
        sum(used, scope, agent)
    }

    /// What running calls hold of it.
    fn held_by(&self, scope: BudgetScope, agent: AgentId) -> Amount {
        let held = self.reserved.iter();
        sum(held.map(|((id, _), amount)| (*id, *amount)), scope, agent)
    }

    fn budget(&self, scope: BudgetScope, agent: AgentId) -> Option<&Budget> {
        match scope {
            BudgetScope::Team => Some(&self.limits.budget),
            BudgetScope::Agent => self.limits.of(agent).map(|own| &own.budget),
        }
    }

    /// Tokens a reply may have within one scope: `None` when nothing limits it.
    fn room(&self, wish: Wish, scope: BudgetScope) -> Result<Option<u64>, Answer> {
        let Some(budget) = self.budget(scope, wish.agent) else {
            return Ok(None);
        };
        let usd = budget.usd.filter(|_| wish.price.is_some());
        let caps = [
            (BudgetLimit::Usd, usd),
            (
                BudgetLimit::Tokens,
                budget.tokens.map(|tokens| tokens as f64),
            ),
            (BudgetLimit::Calls, budget.calls.map(f64::from)),
        ];
        let least = cost(wish, LEAST_REPLY);
        let mut reply: Option<u64> = None;
        for (limit, cap) in caps {
            let Some(cap) = cap else { continue };
            let cap = open_part(cap, limit, wish.tier, budget);
            let left = cap - self.used_by(scope, wish.agent).get(limit);
            let needs = least.get(limit);
            if needs > left {
                return Err(Answer::Refused(Refused {
                    agent: wish.agent,
                    scope,
                    limit,
                    needs,
                    left: left.max(0.0),
                }));
            }
            let free = left - self.held_by(scope, wish.agent).get(limit);
            if needs > free {
                return Err(Answer::Later);
            }
            if let Some(room) = self.reply_within(wish, scope, limit, free) {
                reply = Some(reply.map_or(room, |old| old.min(room)));
            }
        }
        Ok(reply)
    }

    /// The longest reply that a free amount pays for; one of several that may run leaves their
    /// part to the others.
    fn reply_within(
        &self,
        wish: Wish,
        scope: BudgetScope,
        limit: BudgetLimit,
        free: f64,
    ) -> Option<u64> {
        let idle = match scope {
            BudgetScope::Team => self.team.saturating_sub(self.reserved.len() as u64).max(1),
            BudgetScope::Agent => 1,
        };
        let prompt = cost(wish, 0).get(limit);
        let part = (free / idle as f64 - prompt).max(0.0);
        let tokens = match limit {
            BudgetLimit::Tokens => part,
            BudgetLimit::Usd => match wish.price.map(|price| price.dearest(wish.prompt).1) {
                Some(output) if output > 0.0 => part / output * 1e6,
                _ => return None,
            },
            BudgetLimit::Calls | BudgetLimit::Price => return None,
        };
        Some((tokens as u64).clamp(LEAST_REPLY, USUAL_REPLY))
    }
}

/// What a kind of call may use of a limit. Whole calls: what is kept back is rounded down, so that one
/// call is never none.
fn open_part(cap: f64, limit: BudgetLimit, tier: Tier, budget: &Budget) -> f64 {
    let open = 1.0 - f64::from(tier.kept(budget).min(100)) / 100.0;
    match limit {
        BudgetLimit::Calls => cap - (cap * (1.0 - open)).floor(),
        _ => cap * open,
    }
}

/// What one agent or all of them have in these books.
fn sum(
    amounts: impl Iterator<Item = (AgentId, Amount)>,
    scope: BudgetScope,
    agent: AgentId,
) -> Amount {
    let mut sum = Amount::default();
    for (_, amount) in amounts.filter(|(id, _)| scope == BudgetScope::Team || *id == agent) {
        sum.add(amount);
    }
    sum
}

/// What a call with a reply of this length comes to.
fn cost(wish: Wish, reply: u64) -> Amount {
    let usd = wish.price.map_or(0.0, |price| {
        let (input, output) = price.dearest(wish.prompt);
        (wish.prompt as f64 * input + reply as f64 * output) / 1e6
    });
    Amount {
        usd,
        tokens: wish.prompt.saturating_add(reply),
        calls: 1,
    }
}

#[cfg(test)]
mod tests;
