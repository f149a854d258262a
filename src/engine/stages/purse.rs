//! What a chain has used of its budget, and what the next turn of it may use.
//!
//! Money, tokens, model calls and tool calls are limits of the whole task, so every turn of a chain
//! is given what the turns before it left. Time, rounds and answers hold per turn. Pure.

use std::collections::BTreeMap;

use crate::protocol::{AgentId, Budget, Limits, Share, Usage};

/// What each agent has used in the turns that are over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Purse {
    used: BTreeMap<AgentId, Used>,
}

/// What somebody has used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Used {
    usage: Usage,
    tools: u32,
}

impl Used {
    fn add(&mut self, usage: Usage, tools: u32) {
        self.usage += usage;
        self.tools = self.tools.saturating_add(tools);
    }
}

impl Purse {
    /// A turn is over and went to this.
    pub fn pay(&mut self, shares: &[Share]) {
        for share in shares {
            let used = self.used.entry(share.agent).or_default();
            used.add(share.usage, share.tools);
        }
    }

    /// The limits with what is left of every budget.
    pub fn left(&self, limits: &Limits) -> Limits {
        let mut limits = limits.clone();
        let mut all = Used::default();
        for one in self.used.values() {
            all.add(one.usage, one.tools);
        }
        take_off(&mut limits.budget, all);
        for own in &mut limits.agents {
            if let Some(used) = self.used.get(&own.agent) {
                take_off(&mut own.budget, *used);
            }
        }
        limits
    }
}

fn take_off(budget: &mut Budget, Used { usage: used, tools }: Used) {
    if let Some(most) = &mut budget.tool_calls {
        *most = most.saturating_sub(tools);
    }
    if let Some(usd) = &mut budget.usd {
        *usd = (*usd - used.cost.usd).max(0.0);
    }
    if let Some(tokens) = &mut budget.tokens {
        *tokens = tokens.saturating_sub(used.input.saturating_add(used.output));
    }
    if let Some(calls) = &mut budget.calls {
        *calls = calls.saturating_sub(used.calls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Cost, Phase};

    fn share(agent: u16, calls: u32) -> Share {
        Share {
            agent: AgentId(agent),
            round: 1,
            purpose: None,
            phase: Phase::Work,
            usage: Usage {
                input: 60,
                output: 40,
                calls,
                cost: Cost {
                    usd: 0.3,
                    partial: false,
                },
                ..Usage::default()
            },
            tools: 3,
        }
    }

    #[test]
    fn what_is_limited_shrinks_and_the_rest_stays_open() {
        let mut purse = Purse::default();
        purse.pay(&[share(1, 2), share(2, 1)]);
        purse.pay(&[share(1, 1)]);
        let limits = Limits {
            budget: Budget {
                usd: Some(1.0),
                tokens: Some(250),
                tool_calls: Some(10),
                ..Budget::default()
            },
            ..Limits::default()
        };
        let left = purse.left(&limits);
        assert!((left.budget.usd.unwrap() - 0.1).abs() < 1e-9);
        assert_eq!(left.budget.tokens, Some(0), "never below nothing");
        assert_eq!(left.budget.tool_calls, Some(1));
        assert_eq!(left.budget.calls, None);
        assert_eq!(left.turn_seconds, limits.turn_seconds);
    }
}
