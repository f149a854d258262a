//! How a backend is asked beyond the usual: further headers, and its circuit breaker.
//!
//! The header of the key and those that make up the request itself cannot be set from here.

use secrecy::SecretString;

use super::agents::AgentBuilder;
use super::backends::Backend;
use super::diagnostic::Severity;
use super::excerpt::clean;
use super::model::{BackoffSaid, CircuitSaid, Manners};
use super::node::Node;
use super::yaml::join;

/// Headers that the program sets itself.
const OWN: [&str; 10] = [
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "host",
    "content-length",
    "content-type",
    "accept",
    "accept-encoding",
    "connection",
];

impl AgentBuilder<'_> {
    /// What `betas`, `organization`, `extra_headers`, `default_headers`, `llm_circuit_breaker_*` and
    /// `gemini_backoff_*` say.
    pub fn manners(&mut self, node: &Node, entry: &Backend, path: &str) -> Manners {
        let mut headers = Vec::new();
        if let Some(list) = node.some("betas") {
            let names: Vec<&str> = list.items().iter().filter_map(Node::text).collect();
            if !names.is_empty() {
                let value = SecretString::from(names.join(","));
                headers.push(("anthropic-beta".to_owned(), value));
            }
        }
        if let Some(name) = node.some("organization").and_then(Node::text)
            && entry.r#type == "openai"
        {
            let value = SecretString::from(name.trim());
            headers.push(("openai-organization".to_owned(), value));
        }
        for key in ["default_headers", "extra_headers"] {
            for header in node.some(key).map(Node::entries).unwrap_or_default() {
                let name = header.key.trim().to_ascii_lowercase();
                let value = header.value.text().map(str::trim);
                let good = value.filter(|value| fits(&name, value));
                if let Some(value) = good {
                    headers.retain(|(known, _)| *known != name);
                    headers.push((name, SecretString::from(value)));
                    continue;
                }
                self.push(
                    Severity::Warning,
                    "bad-header",
                    header.key_span,
                    &join(path, key),
                    format!("`{}` is not sent as a header", clean(&header.key, 60)),
                    "a header of your own has a plain name and a text; those of the key and the request are set by the program",
                );
            }
        }
        Manners {
            headers,
            circuit: circuit(node),
            hosted: Vec::new(),
            backoff: if entry.r#type == "gemini" {
                backoff(node)
            } else {
                BackoffSaid::default()
            },
        }
    }
}

fn fits(name: &str, value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty()
        && name.chars().all(plain)
        && !OWN.contains(&name)
        && !value.contains("${")
        && value.chars().all(|c| !c.is_control() && c.is_ascii())
}

fn circuit(node: &Node) -> CircuitSaid {
    let number = |key: &str| node.some(key).and_then(Node::number).filter(|n| *n >= 0.0);
    let milliseconds = |key: &str| number(key).map(|seconds| (seconds * 1000.0) as u64);
    let on = node.some("llm_circuit_breaker_enabled").map(Node::truthy);
    let off = on == Some(false);
    let failures = number("llm_circuit_breaker_max_failures").map(|n| (n as u32).max(1));
    CircuitSaid {
        failures: if off { Some(u32::MAX) } else { failures },
        rest_ms: milliseconds("llm_circuit_breaker_reset_time_seconds"),
        longest_ms: milliseconds("llm_circuit_breaker_max_backoff_seconds"),
        growth: number("llm_circuit_breaker_backoff_multiplier").map(percent),
        asked_ms: milliseconds("llm_circuit_breaker_retry_after_threshold_seconds"),
    }
}

fn backoff(node: &Node) -> BackoffSaid {
    let number = |key: &str| node.some(key).and_then(Node::number).filter(|n| *n >= 0.0);
    let milliseconds = |key: &str| number(key).map(|seconds| (seconds * 1000.0) as u64);
    BackoffSaid {
        attempts: number("gemini_backoff_max_attempts").map(|n| (n as u32).clamp(1, 100)),
        first_ms: milliseconds("gemini_backoff_initial_delay"),
        growth: number("gemini_backoff_multiplier").map(percent),
        longest_ms: milliseconds("gemini_backoff_max_delay"),
        jitter: number("gemini_backoff_jitter").map(|share| percent(share).min(100)),
    }
}

fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_read_as_massgen_writes_them() {
        let node = |text: &str| {
            crate::config::yaml::parse(text.as_bytes())
                .root
                .expect("yaml")
        };
        let said = backoff(&node(
            "{gemini_backoff_max_attempts: 5, gemini_backoff_initial_delay: 2, \
             gemini_backoff_multiplier: 3, gemini_backoff_max_delay: 60, gemini_backoff_jitter: 0.2}",
        ));
        let expected = BackoffSaid {
            attempts: Some(5),
            first_ms: Some(2_000),
            growth: Some(300),
            longest_ms: Some(60_000),
            jitter: Some(20),
        };
        assert_eq!(said, expected);
        let nonsense = "{gemini_backoff_jitter: -1, gemini_backoff_max_attempts: 0}";
        let said = backoff(&node(nonsense));
        assert_eq!((said.jitter, said.attempts), (None, Some(1)));
        let said = circuit(&node(
            "{llm_circuit_breaker_backoff_multiplier: 1.5, \
             llm_circuit_breaker_retry_after_threshold_seconds: 90}",
        ));
        assert_eq!((said.growth, said.asked_ms), (Some(150), Some(90_000)));
    }

    #[test]
    fn headers_of_the_program_are_its_own() {
        for (name, value, good) in [
            ("x-title", "team", true),
            ("http-referer", "https://a.example/b", true),
            ("authorization", "Bearer x", false),
            ("api-key", "x", false),
            ("host", "x", false),
            ("a b", "x", false),
            ("", "x", false),
            ("x-a", "a\r\nb: c", false),
            ("x-a", "${NOT_SET}", false),
        ] {
            assert_eq!(fits(name, value), good, "{name}: {value}");
        }
    }
}
