//! Limits of a turn as data: what may be used up, by the team and by single agents.
//!
//! Precedence, from the strongest: the command line, the agent's own `limits`, the team's, the
//! defaults here. An agent's own value takes the place of the per-agent value of the team
//! ([`Limits::answers_of`] and its neighbours); what limits the whole team (`answers_total`,
//! `turn_seconds`, `budget`) holds beside it, so the smaller of the two decides. Money and tokens have
//! no default: nobody but the person knows what an answer is worth.

use serde::{Deserialize, Serialize};

use super::AgentId;

/// Limits of one turn. All counts and times are finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Answers one agent may publish.
    pub answers_per_agent: u32,
    /// Answers all agents together may publish.
    pub answers_total: u32,
    /// Rounds (fresh or continued asks) one agent may take.
    pub rounds_per_agent: u32,
    /// Replies without a terminal call within one round before the engine resolves it.
    pub misses_per_round: u32,
    /// Acts refused within one round (empty, duplicate, not on the ballot …) before the engine
    /// resolves it; refusals because of news the agent could not know do not count.
    pub refusals_per_round: u32,
    /// Model calls within one round.
    pub calls_per_round: u32,
    /// Tool calls within one round; further ones get an error as their result.
    pub tools_per_round: u32,
    /// Seconds for the whole turn, presentation excluded.
    pub turn_seconds: u64,
    /// Seconds for one round.
    pub round_seconds: u64,
    /// Seconds for a vote once voting is forced.
    pub vote_seconds: u64,
    /// Seconds for the presentation, and for a verification.
    pub present_seconds: u64,
    /// Levels of teams below this one that an agent may be.
    pub depth: u32,
    /// Money, tokens and calls of the whole turn.
    pub budget: Budget,
    /// What tokens cost, where the person knows it better than the table of prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<TokenPrice>,
    /// Limits of single agents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentLimits>,
}

impl Default for Limits {
    /// 3 answers each, 12 in all, 12 rounds each, 2 misses, 4 refusals, 24 calls and 200 tool calls
    /// a round, 30 minutes in all, teams two levels deep.
    fn default() -> Self {
        Self {
            answers_per_agent: 3,
            answers_total: 12,
            rounds_per_agent: 12,
            misses_per_round: 2,
            refusals_per_round: 4,
            calls_per_round: 24,
            tools_per_round: 200,
            turn_seconds: 1800,
            round_seconds: 600,
            vote_seconds: 120,
            present_seconds: 300,
            depth: 2,
            budget: Budget::default(),
            price: None,
            agents: Vec::new(),
        }
    }
}

/// What may be used up by model calls, all kinds of them. `None`: no such limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Tokens, of prompts and replies together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Model calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    /// Tool calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u32>,
    /// Percent of money, tokens and calls that only forced votes, presentation and verification may use.
    pub vote_percent: u8,
    /// Percent that only presentation and verification may use.
    pub present_percent: u8,
    /// What a money limit means for a model whose price nobody knows.
    pub unknown_price: UnknownPrice,
}

impl Default for Budget {
    /// No limit; if there is one, 10 % of it for forced votes and 15 % for the presentation.
    fn default() -> Self {
        Self {
            usd: None,
            tokens: None,
            calls: None,
            tool_calls: None,
            vote_percent: 10,
            present_percent: 15,
            unknown_price: UnknownPrice::Warn,
        }
    }
}

impl Budget {
    /// True when nothing is limited.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.usd.is_none()
            && self.tokens.is_none()
            && self.calls.is_none()
            && self.tool_calls.is_none()
    }
}

/// US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenPrice {
    /// Of prompts.
    pub input: f64,
    /// Of what a prompt takes from the server's cache.
    pub cached: f64,
    /// Of replies.
    pub output: f64,
}

/// What a money limit means for a model without a known price. An unknown price is never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPrice {
    /// Its calls are made and not counted in money; the person is told. Token and call limits hold.
    #[default]
    Warn,
    /// Its calls are refused.
    Refuse,
}

/// Limits of one agent, where they differ from the team's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentLimits {
    /// Who.
    pub agent: AgentId,
    /// Answers it may publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<u32>,
    /// Rounds it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// Model calls within one round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_round: Option<u32>,
    /// Tool calls within one round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools_per_round: Option<u32>,
    /// Seconds for one round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_seconds: Option<u64>,
    /// Money, tokens and calls of this agent in the whole turn.
    #[serde(default)]
    pub budget: Budget,
    /// What its tokens cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<TokenPrice>,
}

impl AgentLimits {
    /// Nothing of its own.
    #[must_use]
    pub fn none(agent: AgentId) -> Self {
        Self {
            agent,
            answers: None,
            rounds: None,
            calls_per_round: None,
            tools_per_round: None,
            round_seconds: None,
            budget: Budget::default(),
            price: None,
        }
    }
}

impl Limits {
    /// What the tokens of this agent cost, as far as the person has said so.
    #[must_use]
    pub fn price_of(&self, agent: AgentId) -> Option<TokenPrice> {
        self.of(agent).and_then(|own| own.price).or(self.price)
    }

    /// What is special for this agent.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> Option<&AgentLimits> {
        self.agents.iter().find(|own| own.agent == agent)
    }

    /// Answers this agent may publish. An agent's own limit takes the place of the one that all
    /// agents have by default, in either direction; `answers_total` holds anyway.
    #[must_use]
    pub fn answers_of(&self, agent: AgentId) -> u32 {
        self.of(agent)
            .and_then(|own| own.answers)
            .unwrap_or(self.answers_per_agent)
            .min(self.answers_total)
    }

    /// Rounds this agent may take.
    #[must_use]
    pub fn rounds_of(&self, agent: AgentId) -> u32 {
        self.of(agent)
            .and_then(|own| own.rounds)
            .unwrap_or(self.rounds_per_agent)
    }

    /// Model calls of one of its rounds, at least one.
    #[must_use]
    pub fn calls_of(&self, agent: AgentId) -> u32 {
        self.of(agent)
            .and_then(|own| own.calls_per_round)
            .unwrap_or(self.calls_per_round)
            .max(1)
    }

    /// Tool calls of one of its rounds.
    #[must_use]
    pub fn tools_of(&self, agent: AgentId) -> u32 {
        self.of(agent)
            .and_then(|own| own.tools_per_round)
            .unwrap_or(self.tools_per_round)
    }

    /// Seconds of one of its rounds; its own limit is never more than the turn has.
    #[must_use]
    pub fn round_seconds_of(&self, agent: AgentId) -> u64 {
        match self.of(agent).and_then(|own| own.round_seconds) {
            Some(own) => own.min(self.turn_seconds),
            None => self.round_seconds,
        }
    }
}
