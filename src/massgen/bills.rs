//! Tokens and money: MassGen's counters run through all turns of a process, so only what is new counts.
//!
//! Rounds are told one by one with their times; what an agent used beyond them (a vote that was dropped has
//! no round) follows from its total.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    clock::ms,
    file::{at, list, number, word},
    moment::{Moment, What},
};
use crate::protocol::{Cost, Usage};

/// What an agent used of which the log does not tell.
const UNTOLD: Usage = Usage {
    input: 0,
    cached: 0,
    written: 0,
    output: 0,
    reasoning: 0,
    calls: 0,
    estimated: false,
    cost: Cost {
        usd: 0.0,
        partial: true,
    },
};

/// What the turns of a session used up so far, by agent.
#[derive(Debug, Default)]
pub struct Account {
    before: BTreeMap<String, Usage>,
}

impl Account {
    /// What one attempt used that no earlier one did, as moments; `began` and `ended` bound it.
    pub fn moments(
        &mut self,
        status: &Value,
        metrics: &Value,
        began: u64,
        ended: u64,
    ) -> Vec<Moment> {
        let mut moments = Vec::new();
        let mut told: BTreeMap<String, Usage> = BTreeMap::new();
        for round in rounds(status, metrics) {
            let (from, until) = (time(round, "start_time"), time(round, "end_time"));
            // A second's grace: the clock of the turn is read after that of its first round.
            if until == 0 || from + 1_000 < began {
                continue;
            }
            let usage = usage(round, 1);
            let agent = word(round, &["agent_id"]);
            *told.entry(agent.to_owned()).or_default() += usage;
            moments.push(Moment::new(until, agent, What::Spent(usage)));
        }
        let totals = at(status, &["agents"]).and_then(Value::as_object);
        for (agent, state) in totals.into_iter().flatten() {
            let Some(total) = at(state, &["token_usage"]) else {
                // Older versions count nothing: that is not the same as nothing spent.
                if !told.contains_key(agent) {
                    moments.push(Moment::new(ended, agent.clone(), What::Spent(UNTOLD)));
                }
                continue;
            };
            let total = usage(total, 0);
            let before = self.before.insert(agent.clone(), total).unwrap_or_default();
            let new = less(total, before);
            let told = told.get(agent).copied().unwrap_or_default();
            // Each figure was rounded for itself: the total is the better one.
            let over = told.cost.usd - new.cost.usd;
            let last = moments.iter_mut().rev().find(|one| one.agent == *agent);
            if let Some(What::Spent(last)) = last.map(|one| &mut one.what)
                && over > 0.0
            {
                last.cost.usd = (last.cost.usd - over).max(0.0);
            }
            let rest = less(new, told);
            if rest.input + rest.output > 0 || rest.cost.usd > 1e-9 {
                moments.push(Moment::new(ended, agent.clone(), What::Spent(rest)));
            }
        }
        moments
    }
}

/// The rounds of an attempt, each once: from the metrics, else from the state.
fn rounds<'a>(status: &'a Value, metrics: &'a Value) -> Vec<&'a Value> {
    let told = list(metrics, &["round_completions"]);
    if !told.is_empty() {
        return told.iter().collect();
    }
    let agents = at(status, &["agents"]).and_then(Value::as_object);
    let agents = agents.into_iter().flatten();
    agents
        .flat_map(|(_, state)| list(state, &["round_history"]))
        .collect()
}

fn time(round: &Value, key: &str) -> u64 {
    number(round, &[key]).map_or(0, ms)
}

fn usage(told: &Value, calls: u32) -> Usage {
    let count = |key: &str| at(told, &[key]).and_then(Value::as_u64).unwrap_or_default();
    let usd = number(told, &["estimated_cost"])
        .unwrap_or_default()
        .max(0.0);
    let (input, output) = (count("input_tokens"), count("output_tokens"));
    let reasoning = count("reasoning_tokens");
    Usage {
        input,
        cached: count("cached_input_tokens").min(input),
        written: 0,
        // MassGen counts reasoning apart where it is not a part of the output.
        output: output.max(reasoning),
        reasoning,
        calls,
        estimated: !matches!(word(told, &["token_source"]), "api" | ""),
        // It writes 0 where it knows no price.
        cost: Cost {
            usd,
            partial: usd <= 0.0 && input + output > 0,
        },
    }
}

/// What `all` has beyond `part`.
fn less(all: Usage, part: Usage) -> Usage {
    let usd = (all.cost.usd - part.cost.usd).max(0.0);
    let left = Usage {
        input: all.input.saturating_sub(part.input),
        cached: all.cached.saturating_sub(part.cached),
        output: all.output.saturating_sub(part.output),
        reasoning: all.reasoning.saturating_sub(part.reasoning),
        ..all
    };
    Usage {
        cost: Cost {
            usd,
            partial: usd <= 0.0 && left.input + left.output > 0,
        },
        ..left
    }
}
