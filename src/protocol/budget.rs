//! Money and tokens as events: the forecast before a turn, calls that were refused, the shares after
//! it.
//!
//! Numbers only: no text of anybody. An unknown price is told as unknown, never as 0.

use serde::{Deserialize, Serialize};

use super::{AgentId, Phase, Purpose, UnknownPrice, Usage};

/// What is told about money and tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetEvent {
    /// What the turn may cost, before its first call.
    Forecast(Forecast),
    /// There is a money limit and nobody knows what these agents' models cost.
    Unpriced {
        /// Whose.
        agents: Vec<AgentId>,
        /// What follows.
        rule: UnknownPrice,
    },
    /// A model call was not made, because it could have gone over a limit.
    Refused(Refused),
    /// The turn is over: where its tokens and money went. Their sum is the sum of all usage events.
    Spent(Vec<Share>),
}

/// What a turn may come to, from a straight settlement to everything its limits allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Model calls, tools apart.
    pub calls: Span<u64>,
    /// Tokens.
    pub tokens: Span<u64>,
    /// US dollars of the agents whose price is known.
    pub usd: Span<f64>,
    /// Agents whose price is not known: their money comes on top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<AgentId>,
}

/// From a low to a high estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span<T> {
    /// Low.
    pub low: T,
    /// High.
    pub high: T,
}

/// A call that was not made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Who wanted to call.
    pub agent: AgentId,
    /// Whose limit it was.
    pub scope: BudgetScope,
    /// Which limit.
    pub limit: BudgetLimit,
    /// What the call could have come to, in the unit of the limit.
    pub needs: f64,
    /// What was left for calls of its kind.
    pub left: f64,
}

/// Whose budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetScope {
    /// The whole team's.
    Team,
    /// The agent's own.
    Agent,
}

/// Which limit of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetLimit {
    /// US dollars.
    Usd,
    /// Tokens.
    Tokens,
    /// Model calls.
    Calls,
    /// The price is unknown and the rule is to refuse.
    Price,
}

/// What one round of one agent used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Who.
    pub agent: AgentId,
    /// Round of this agent.
    pub round: u32,
    /// What it was for; `None` for calls outside any round.
    pub purpose: Option<Purpose>,
    /// Phase in which the round began.
    pub phase: Phase,
    /// Tokens and money.
    pub usage: Usage,
    /// Tool calls that ran, as far as the books count them; 0 where only calls of models are told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tools: u32,
}

/// Serde's way to leave out what is nothing.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}
