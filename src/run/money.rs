//! Where tokens and money went: by agent, by phase, by round, and what was refused.
//!
//! Folded from usage events alone, so that the sum over rounds is the sum over agents is the sum of
//! the turn, judges and verifications included. The phase of a share is the one in which its round
//! began. Amounts are written here, once, for screen, headless output and reports.

use crate::protocol::{
    AgentId, BudgetEvent, BudgetLimit, BudgetScope, Forecast, Phase, Purpose, Refused, Share,
    UnknownPrice, Usage,
};

use super::Turn;

/// Money and tokens of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spending {
    /// One row per round that made calls, in order of their beginning.
    pub shares: Vec<Share>,
    /// What the turn may cost, as told before it.
    pub forecast: Option<Forecast>,
    /// Calls that were not made.
    pub refused: Vec<Refused>,
    /// Agents whose price nobody knows, under a money limit.
    pub unpriced: Vec<AgentId>,
    /// Conversations that were made smaller.
    pub compactions: super::compaction::Ledger,
}

impl Spending {
    /// A round begins: what its agent uses from now on is its share.
    pub(super) fn begin(&mut self, agent: AgentId, round: u32, purpose: Purpose, phase: Phase) {
        self.shares.push(Share {
            agent,
            round,
            purpose: Some(purpose),
            phase,
            usage: Usage::default(),
            tools: 0,
        });
    }

    /// A model call was paid for. One outside any round gets a row of its own.
    pub(super) fn spend(&mut self, agent: AgentId, usage: Usage, phase: Phase) {
        if let Some(share) = self.shares.iter_mut().rfind(|row| row.agent == agent) {
            share.usage += usage;
            return;
        }
        self.shares.push(Share {
            agent,
            round: 0,
            purpose: None,
            phase,
            usage,
            tools: 0,
        });
    }

    /// Sum of the shares for which `wanted` holds.
    #[must_use]
    pub fn sum(&self, wanted: impl Fn(&Share) -> bool) -> Usage {
        let shares = self.shares.iter().filter(|share| wanted(share));
        shares.fold(Usage::default(), |sum, share| sum + share.usage)
    }

    /// Phases in which anything was used, in order, with their sums.
    #[must_use]
    pub fn phases(&self) -> Vec<(Phase, Usage)> {
        let mut phases: Vec<Phase> = self.shares.iter().map(|share| share.phase).collect();
        phases.sort_unstable();
        phases.dedup();
        let sums = phases
            .into_iter()
            .map(|phase| (phase, self.sum(|share| share.phase == phase)));
        sums.filter(|(_, usage)| usage.calls > 0).collect()
    }
}

impl Turn {
    pub(super) fn budget(&mut self, event: &BudgetEvent) -> Option<String> {
        match event {
            BudgetEvent::Forecast(forecast) => {
                self.record.spending.forecast = Some(forecast.clone());
                None
            }
            BudgetEvent::Unpriced { agents, .. } => {
                self.record.spending.unpriced.clone_from(agents);
                Some(self.budget_words(event))
            }
            BudgetEvent::Refused(refused) => {
                self.record.spending.refused.push(*refused);
                Some(self.budget_words(event))
            }
            // The same as the shares folded so far.
            BudgetEvent::Spent(_) => None,
        }
    }

    /// A budget event as a sentence, with configured names.
    #[must_use]
    pub fn budget_words(&self, event: &BudgetEvent) -> String {
        match event {
            BudgetEvent::Forecast(forecast) => {
                format!("forecast: {}", self.forecast_words(forecast))
            }
            BudgetEvent::Unpriced { agents, rule } => {
                let who: Vec<&str> = agents.iter().map(|id| self.name(*id)).collect();
                let follows = match rule {
                    UnknownPrice::Warn => "its calls are not counted in money",
                    UnknownPrice::Refuse => "its calls are refused",
                };
                format!("unknown price: {} ({follows})", who.join(", "))
            }
            BudgetEvent::Refused(refused) => {
                let whose = match refused.scope {
                    BudgetScope::Team => "the team's",
                    BudgetScope::Agent => "its own",
                };
                format!(
                    "{} was refused a call: {whose} {} ({} needed, {} left)",
                    self.name(refused.agent),
                    limit_words(refused.limit),
                    amount(refused.limit, refused.needs),
                    amount(refused.limit, refused.left),
                )
            }
            BudgetEvent::Spent(shares) => {
                let all = shares
                    .iter()
                    .fold(Usage::default(), |sum, share| sum + share.usage);
                let of = |id: AgentId| {
                    let own = shares.iter().filter(|share| share.agent == id);
                    own.fold(Usage::default(), |sum, share| sum + share.usage)
                };
                let each: Vec<String> = (self.agents.iter())
                    .map(|agent| (agent, of(agent.card.id)))
                    .filter(|(_, usage)| usage.calls > 0)
                    .map(|(agent, usage)| {
                        format!("{} {}", agent.card.name, Self::share_words(usage, all))
                    })
                    .collect();
                format!("shares: {}", each.join(", "))
            }
        }
    }

    /// `1.2k tokens (34 %), $0.0031`; an unknown price is told as unknown.
    fn share_words(usage: Usage, all: Usage) -> String {
        let tokens = usage.input + usage.output;
        let percent = (tokens * 100)
            .checked_div(all.input + all.output)
            .unwrap_or(0);
        let money = match (usage.cost.partial, usage.cost.usd > 0.0) {
            (true, false) => "price unknown".to_owned(),
            (true, true) => format!("at least {}", usd(usage.cost.usd)),
            (false, _) => usd(usage.cost.usd),
        };
        format!("{} tokens ({percent} %) {money}", short(tokens))
    }

    /// `3–14 calls, 4k–40k tokens, $0.02–$0.31`.
    #[must_use]
    pub fn forecast_words(&self, forecast: &Forecast) -> String {
        let range = |low: String, high: String| {
            if low == high {
                low
            } else {
                format!("{low}–{high}")
            }
        };
        let calls = range(
            forecast.calls.low.to_string(),
            forecast.calls.high.to_string(),
        );
        let tokens = range(short(forecast.tokens.low), short(forecast.tokens.high));
        let money = match (forecast.unpriced.len(), self.agents.len()) {
            (unknown, all) if unknown >= all => "price unknown".to_owned(),
            (unknown, _) => {
                let sum = range(usd(forecast.usd.low), usd(forecast.usd.high));
                if unknown == 0 {
                    sum
                } else {
                    format!("at least {sum}")
                }
            }
        };
        format!("{calls} calls, {tokens} tokens, {money}")
    }

    /// What was used of what may be used: `$0.12 of $0.50`, `12k of 50k tokens`; empty without a limit.
    #[must_use]
    pub fn spent_of_limit(&self) -> Vec<String> {
        let budget = &self.start.limits.budget;
        let usage = self.usage();
        let mut parts = Vec::new();
        if let Some(limit) = budget.usd {
            let least = if usage.cost.partial { "≥" } else { "" };
            parts.push(format!("{least}{} of {}", usd(usage.cost.usd), usd(limit)));
        }
        if let Some(limit) = budget.tokens {
            let used = short(usage.input + usage.output);
            parts.push(format!("{used} of {} tokens", short(limit)));
        }
        if let Some(limit) = budget.calls {
            parts.push(format!("{} of {limit} calls", usage.calls));
        }
        parts
    }
}

const fn limit_words(limit: BudgetLimit) -> &'static str {
    match limit {
        BudgetLimit::Usd => "money limit",
        BudgetLimit::Tokens => "token limit",
        BudgetLimit::Calls => "limit of calls",
        BudgetLimit::Price => "limit needs a price that nobody knows",
    }
}

/// An amount in the unit of a limit.
fn amount(limit: BudgetLimit, number: f64) -> String {
    match limit {
        BudgetLimit::Usd | BudgetLimit::Price => usd(number.max(0.0)),
        BudgetLimit::Tokens | BudgetLimit::Calls => short(number.max(0.0) as u64),
    }
}

/// US dollars with as many digits as say something: `$0.00`, `$0.0021`, `$0.12`, `$3.40`.
#[must_use]
pub fn usd(usd: f64) -> String {
    if usd < 0.1 && usd > 0.0 {
        format!("${usd:.4}")
    } else {
        format!("${usd:.2}")
    }
}

/// A count in few characters: `950`, `1.2k`, `34k`, `1.2M`.
#[must_use]
pub fn short(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..10_000 => format!("{}.{}k", number / 1000, number % 1000 / 100),
        10_000..1_000_000 => format!("{}k", number / 1000),
        _ => format!("{}.{}M", number / 1_000_000, number % 1_000_000 / 100_000),
    }
}
