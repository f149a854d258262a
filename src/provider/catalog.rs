//! Context windows and prices of known models, from `assets/models.json`.
//!
//! The table is embedded and read on first use, never at program start. A model that is not in it has
//! no price: nothing is guessed beyond leaving out a vendor prefix and a date suffix. Servers on this
//! machine are not in the table; they cost nothing and tell their windows themselves.
//!
//! Prices are the standard ones: surcharges of service tiers are not known, and of several steps for
//! long prompts only the first is kept.

use std::sync::OnceLock;

use serde::Deserialize;

use super::host::host;
use super::{Endpoint, LongPrice, Price};

/// One model of the table.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entry {
    /// Vendor: `openai`, `anthropic`, `xai` …
    pub provider: String,
    /// Model id as the vendor's API takes it.
    pub id: String,
    /// Largest prompt in tokens.
    pub context: Option<u64>,
    /// Largest reply in tokens.
    pub max_output: Option<u64>,
    /// USD per million prompt tokens.
    pub input: Option<f64>,
    /// USD per million completion tokens.
    pub output: Option<f64>,
    /// USD per million prompt tokens read from the cache.
    pub cached_input: Option<f64>,
    /// USD per million prompt tokens written to the cache.
    pub cache_write: Option<f64>,
    /// What holds for the whole call when its prompt is long.
    pub long: Option<Long>,
    /// Whether it calls tools.
    #[serde(default)]
    pub tools: bool,
    /// Whether it reasons.
    #[serde(default)]
    pub reasoning: bool,
    /// Whether it sees pictures.
    #[serde(default)]
    pub vision: bool,
    /// Whether a tool call can be demanded of it; `None` when the source does not say.
    pub forced_tools: Option<bool>,
    /// The day after which the vendor may take it away.
    pub deprecated_after: Option<String>,
}

/// Prices of calls with a long prompt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Long {
    /// Prompts of more tokens than this are long.
    pub tokens: u64,
    /// USD per million prompt tokens.
    pub input: Option<f64>,
    /// USD per million completion tokens.
    pub output: Option<f64>,
    /// USD per million prompt tokens read from the cache.
    pub cached_input: Option<f64>,
}

#[derive(Deserialize)]
struct Table {
    models: Vec<Entry>,
}

static TABLE: OnceLock<Vec<Entry>> = OnceLock::new();

/// All models. Empty only if the embedded table were damaged, which a test rules out.
#[must_use]
pub fn entries() -> &'static [Entry] {
    TABLE.get_or_init(|| {
        serde_json::from_str::<Table>(crate::config::models::TABLE)
            .map(|table| table.models)
            .unwrap_or_default()
    })
}

/// The entry of `model` at `backend`: the exact id, then without the vendor prefix, the date suffix,
/// or both.
#[must_use]
pub fn find(backend: &str, model: &str) -> Option<&'static Entry> {
    let vendor = vendor(backend)?;
    let rows = || entries().iter().filter(move |row| row.provider == vendor);
    let bare = model
        .strip_prefix(vendor)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(model);
    [model, bare, without_date(model), without_date(bare)]
        .into_iter()
        .find_map(|id| rows().find(|row| row.id == id))
}

/// Price of `model` at `backend`; `None` when it is not known.
#[must_use]
pub fn price(backend: &str, model: &str) -> Option<Price> {
    let row = find(backend, model)?;
    let input = row.input?;
    let (cached, output) = (row.cached_input.unwrap_or(input), row.output?);
    let long = row.long.as_ref().map(|long| {
        let fresh = long.input.unwrap_or(input);
        LongPrice {
            above: long.tokens,
            input: fresh,
            cached: long.cached_input.unwrap_or(cached),
            output: long.output.unwrap_or(output),
        }
    });
    Some(Price {
        written: row.cache_write.unwrap_or(input),
        long,
        ..Price::flat(input, cached, output)
    })
}

/// Price of an endpoint: the configured one, nothing for servers on this machine, else the table's.
#[must_use]
pub fn price_of(endpoint: &Endpoint) -> Option<Price> {
    const FREE: Price = Price::flat(0.0, 0.0, 0.0);
    if endpoint.price.is_some() {
        return endpoint.price;
    }
    if endpoint.local {
        return Some(FREE);
    }
    // A backend such as `openai` may be pointed elsewhere: there the price is someone else's.
    let by_host = vendor_of_host(host(&endpoint.base_url))?;
    price(by_host, &endpoint.model)
}

/// Largest prompt of an endpoint's model in tokens, when the table knows it.
#[must_use]
pub fn window_of(endpoint: &Endpoint) -> Option<u64> {
    let by_host = vendor_of_host(host(&endpoint.base_url))?;
    find(by_host, &endpoint.model)?.context
}

/// The table's vendor name for a backend name.
fn vendor(backend: &str) -> Option<&'static str> {
    Some(match backend {
        "openai" | "response" => "openai",
        "claude" | "anthropic" | "claude_code" => "anthropic",
        "gemini" | "google" => "google",
        "grok" | "xai" => "xai",
        "zai" => "zai",
        "cerebras" => "cerebras",
        "together" => "together",
        "fireworks" => "fireworks",
        "groq" => "groq",
        "moonshot" => "moonshot",
        "nebius" => "nebius",
        "qwen" => "qwen",
        "mistral" => "mistral",
        "deepseek" => "deepseek",
        "minimax" => "minimax",
        _ => return None,
    })
}

/// The vendor behind an API host.
fn vendor_of_host(host: &str) -> Option<&'static str> {
    [
        ("openai.com", "openai"),
        ("anthropic.com", "anthropic"),
        ("googleapis.com", "google"),
        ("x.ai", "xai"),
        ("z.ai", "zai"),
        ("bigmodel.cn", "zai"),
        ("cerebras.ai", "cerebras"),
        ("together.ai", "together"),
        ("together.xyz", "together"),
        ("fireworks.ai", "fireworks"),
        ("groq.com", "groq"),
        ("moonshot.ai", "moonshot"),
        ("moonshot.cn", "moonshot"),
        ("nebius.ai", "nebius"),
        ("nebius.com", "nebius"),
        ("aliyuncs.com", "qwen"),
        ("mistral.ai", "mistral"),
        ("deepseek.com", "deepseek"),
        ("minimax.io", "minimax"),
        ("minimaxi.com", "minimax"),
    ]
    .into_iter()
    .find(|(domain, _)| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
    .map(|(_, vendor)| vendor)
}

/// `model-2026-01-31` and `model-20260131` without the date.
fn without_date(model: &str) -> &str {
    for pattern in ["-dddd-dd-dd", "-dddddddd"] {
        let Some(at) = model.len().checked_sub(pattern.len()) else {
            continue;
        };
        let (Some(head), Some(tail)) = (model.get(..at), model.get(at..)) else {
            continue;
        };
        let fits = tail.bytes().zip(pattern.bytes()).all(|(byte, wanted)| {
            if wanted == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == wanted
            }
        });
        if fits && !head.is_empty() {
            return head;
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::super::test_support::endpoint;
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert!(entries().len() > 300);
        for row in entries() {
            assert!(vendor(&row.provider).is_some(), "{}", row.provider);
            assert!(row.input.is_none_or(|usd| usd >= 0.0), "{}", row.id);
        }
        let text = include_str!("../../assets/models.json");
        assert!(text.contains("MIT, © 2023 Berri AI"), "the notice stays");
    }

    #[test]
    fn exact_then_without_prefix_and_date() {
        for (backend, model, found) in [
            ("openai", "gpt-4.1", Some("gpt-4.1")),
            ("openai", "gpt-4.1-2025-04-14", Some("gpt-4.1-2025-04-14")),
            ("openai", "gpt-4.1-2031-01-31", Some("gpt-4.1")),
            ("openai", "openai/gpt-4.1", Some("gpt-4.1")),
            ("openai", "openai/gpt-4.1-20310131", Some("gpt-4.1")),
            (
                "claude",
                "claude-haiku-4-5-20310131",
                Some("claude-haiku-4-5"),
            ),
            ("groq", "openai/gpt-oss-20b", Some("openai/gpt-oss-20b")),
            ("openai", "gpt-4.1-turbo", None),
            ("openai", "gpt", None),
            ("openai", "", None),
            ("openai", "é-2031-01-31", None),
            ("lmstudio", "gpt-4.1", None),
            ("chatcompletion", "gpt-4.1", None),
        ] {
            let row = find(backend, model).map(|row| row.id.as_str());
            assert_eq!(row, found, "{backend} {model}");
        }
    }

    #[test]
    fn prices_of_endpoints() {
        let mut server = endpoint("https://api.openai.com/v1");
        server.model = "gpt-4.1".to_owned();
        assert!(price_of(&server).is_some());
        server.base_url = "https://elsewhere.example/v1".to_owned();
        assert_eq!(price_of(&server), None, "someone else's price");
        server.local = true;
        assert_eq!(price_of(&server).map(|price| price.output), Some(0.0));
        let own = Price::flat(1.0, 1.0, 2.0);
        server.price = Some(own);
        assert_eq!(price_of(&server), Some(own));
    }

    #[test]
    fn long_prompts_and_written_caches_have_prices_of_their_own() {
        let haiku = price("claude", "claude-haiku-5-5").expect("in the table");
        let long = haiku.long.expect("a surcharge");
        assert_eq!((long.above, long.input), (100_000, 0.5));
        assert!(haiku.written > haiku.input);
        let plain = price("openai", "gpt-4.1").expect("in the table");
        assert_eq!(
            (plain.long, plain.written.to_bits()),
            (None, plain.input.to_bits())
        );
    }

    #[test]
    fn hosts_are_matched_whole() {
        assert_eq!(vendor_of_host("api.x.ai"), Some("xai"));
        assert_eq!(vendor_of_host("x.ai"), Some("xai"));
        assert_eq!(vendor_of_host("notx.ai"), None);
        assert_eq!(vendor_of_host(""), None);
    }
}
