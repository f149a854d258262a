//! Tokens and money.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Tokens of one or several model calls, as the provider reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens, cached ones included.
    pub input: u64,
    /// Prompt tokens that the provider read from its cache (a part of `input`).
    pub cached: u64,
    /// Prompt tokens that the provider wrote to its cache (a part of `input`).
    pub written: u64,
    /// Completion tokens, reasoning included.
    pub output: u64,
    /// Reasoning tokens (a part of `output`).
    pub reasoning: u64,
    /// Number of model calls.
    pub calls: u32,
    /// True when any part was counted by us because the provider did not report it.
    pub estimated: bool,
    /// Money.
    pub cost: Cost,
}

/// Money in US dollars. An unknown price is never 0: it makes the total "at least".
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Sum of all known parts, in USD.
    pub usd: f64,
    /// True when some call had no known price.
    pub partial: bool,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            usd: self.usd + other.usd,
            partial: self.partial || other.partial,
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            written: self.written.saturating_add(other.written),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            calls: self.calls.saturating_add(other.calls),
            estimated: self.estimated || other.estimated,
            cost: self.cost + other.cost,
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_back_as_it_was_counted() {
        for usd in [0.000_140_000_000_000_000_01, 0.1 + 0.2, 1e-9 / 3.0, 12.0] {
            let cost = Cost {
                usd,
                partial: false,
            };
            let text = serde_json::to_string(&cost).unwrap();
            let read: Cost = serde_json::from_str(&text).unwrap();
            assert_eq!(read.usd.to_bits(), usd.to_bits(), "{text}");
        }
    }
}
