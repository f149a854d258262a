//! Token counts as servers report them, and what they cost.
//!
//! Knows where each server keeps its numbers. Prices come from the caller; an unknown price leaves the
//! cost marked as partial.

use serde_json::Value;

use crate::protocol::{Cost, Usage};

use super::Price;

/// Counts of one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tokens {
    /// Prompt tokens, cached ones included.
    pub input: u64,
    /// Cached prompt tokens.
    pub cached: u64,
    /// Prompt tokens written to the server's cache.
    pub written: u64,
    /// Completion tokens, reasoning included.
    pub output: u64,
    /// Reasoning tokens.
    pub reasoning: u64,
    /// USD, when the server itself tells (`usage.cost` of `OpenRouter`).
    pub usd: Option<f64>,
}

/// Reads a `usage` object; `None` when it holds no counts.
#[must_use]
pub fn read(usage: &Value) -> Option<Tokens> {
    let number = |path: &str| usage.pointer(path).and_then(Value::as_u64);
    let input = number("/prompt_tokens").or_else(|| number("/input_tokens"));
    let output = number("/completion_tokens").or_else(|| number("/output_tokens"));
    if input.is_none() && output.is_none() {
        return None;
    }
    let input = input.unwrap_or(0);
    let mut output = output.unwrap_or(0);
    // Moonshot keeps cache hits at the top, DeepSeek under a name of its own.
    let cached = number("/prompt_tokens_details/cached_tokens")
        .or_else(|| number("/input_tokens_details/cached_tokens"))
        .or_else(|| number("/cached_tokens"))
        .or_else(|| number("/prompt_cache_hit_tokens"))
        .unwrap_or(0);
    let written = number("/input_tokens_details/cache_write_tokens")
        .or_else(|| number("/prompt_tokens_details/cache_write_tokens"))
        .unwrap_or(0);
    let reasoning = number("/completion_tokens_details/reasoning_tokens")
        .or_else(|| number("/output_tokens_details/reasoning_tokens"))
        .or_else(|| number("/reasoning_tokens"))
        .unwrap_or(0);
    // Some servers count reasoning beside the completion; the total gives it away.
    if reasoning > 0 && number("/total_tokens") == Some(input + output + reasoning) {
        output += reasoning;
    }
    Some(Tokens {
        input,
        cached: cached.min(input),
        written: written.min(input.saturating_sub(cached)),
        output,
        reasoning: reasoning.min(output),
        usd: usage
            .get("cost")
            .and_then(Value::as_f64)
            .filter(|usd| usd.is_finite() && *usd >= 0.0),
    })
}

/// One call's usage in money.
#[must_use]
pub fn priced(tokens: Tokens, price: Option<Price>, estimated: bool) -> Usage {
    let computed = price.map(|price| {
        let read = tokens.cached.saturating_add(tokens.written);
        let fresh = tokens.input.saturating_sub(read) as f64;
        let (cached, written) = (tokens.cached as f64, tokens.written as f64);
        let output = tokens.output as f64;
        let sum = match price.long.filter(|long| tokens.input > long.above) {
            // The surcharge on writing is that on reading afresh.
            Some(long) => {
                let more = long.input / price.input.max(f64::MIN_POSITIVE);
                fresh * long.input
                    + cached * long.cached
                    + written * price.written * more
                    + output * long.output
            }
            None => {
                fresh * price.input
                    + cached * price.cached
                    + written * price.written
                    + output * price.output
            }
        };
        sum / 1_000_000.0
    });
    let usd = tokens.usd.or(computed);
    Usage {
        input: tokens.input,
        cached: tokens.cached,
        written: tokens.written,
        output: tokens.output,
        reasoning: tokens.reasoning,
        calls: 1,
        estimated,
        cost: Cost {
            usd: usd.unwrap_or(0.0),
            partial: usd.is_none(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::LongPrice;

    #[test]
    fn every_vendor_keeps_them_elsewhere() {
        let tokens = |input, cached, output, reasoning| {
            Some(Tokens {
                input,
                cached,
                output,
                reasoning,
                ..Tokens::default()
            })
        };
        for (name, usage, expected) in [
            (
                "openai",
                json!({"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,
                    "prompt_tokens_details":{"cached_tokens":16},
                    "completion_tokens_details":{"reasoning_tokens":6}}),
                tokens(20, 16, 9, 6),
            ),
            (
                "moonshot",
                json!({"prompt_tokens":20,"completion_tokens":9,"cached_tokens":4}),
                tokens(20, 4, 9, 0),
            ),
            (
                "deepseek",
                json!({"prompt_tokens":20,"completion_tokens":9,"prompt_cache_hit_tokens":5}),
                tokens(20, 5, 9, 0),
            ),
            (
                "reasoning beside the completion",
                json!({"prompt_tokens":20,"completion_tokens":9,"total_tokens":35,
                    "completion_tokens_details":{"reasoning_tokens":6}}),
                tokens(20, 0, 15, 6),
            ),
            (
                "cached beyond the prompt",
                json!({"prompt_tokens":2,"completion_tokens":1,"cached_tokens":9}),
                tokens(2, 2, 1, 0),
            ),
            ("empty", json!({}), None),
            ("null", Value::Null, None),
            ("words", json!({"prompt_tokens":"many"}), None),
        ] {
            assert_eq!(read(&usage), expected, "{name}");
        }
        let told = read(&json!({"prompt_tokens":1,"completion_tokens":1,"cost":0.25}));
        assert_eq!(told.and_then(|tokens| tokens.usd), Some(0.25));
    }

    #[test]
    fn money() {
        let tokens = Tokens {
            input: 1_000_000,
            cached: 400_000,
            output: 100_000,
            ..Tokens::default()
        };
        let price = Price::flat(2.0, 0.5, 10.0);
        let usage = priced(tokens, Some(price), false);
        assert!((usage.cost.usd - 2.4).abs() < 1e-9, "{usage:?}");
        assert!(!usage.cost.partial);
        assert_eq!(usage.calls, 1);
        assert!(priced(tokens, None, true).cost.partial);
        let written = Tokens {
            written: 500_000,
            ..tokens
        };
        let dear = Price {
            written: 4.0,
            ..price
        };
        let usage = priced(written, Some(dear), false);
        assert!((usage.cost.usd - 3.4).abs() < 1e-9, "{usage:?}");
        let long = Price {
            long: Some(LongPrice {
                above: 999_999,
                input: 4.0,
                cached: 1.0,
                output: 20.0,
            }),
            ..dear
        };
        let usage = priced(written, Some(long), false);
        assert!((usage.cost.usd - 6.8).abs() < 1e-9, "{usage:?}");
        let told = Tokens {
            usd: Some(0.125),
            ..tokens
        };
        assert!((priced(told, Some(price), false).cost.usd - 0.125).abs() < 1e-9);
    }
}
