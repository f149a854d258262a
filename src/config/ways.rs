//! Other ways to a model: `fallbacks:` (what to use when it fails), `endpoints:` (servers or keys that
//! share the load), and `rate_limit:` (what its plan allows).
//!
//! A fallback or endpoint is a backend that says only what differs: without a `type` of its own it
//! takes everything else from the backend it stands in. With a type of its own it starts afresh.

use super::agents::AgentBuilder;
use super::diagnostic::Severity;
use super::model::{BackendConfig, RateLimit};
use super::node::{Entry, Kind, Node};
use super::yaml::join;

/// Most fallbacks or endpoints of a backend.
const MOST: usize = 16;
/// Keys that say something about the backend they stand in, and are not taken over.
const OWN: [&str; 3] = ["fallbacks", "endpoints", "rate_limit"];

impl AgentBuilder<'_> {
    /// The backends under `key`, in order.
    pub fn ways(&mut self, node: &Node, key: &str, path: &str) -> Vec<BackendConfig> {
        let Some(list) = node.some(key) else {
            return Vec::new();
        };
        let path = join(path, key);
        if list.items().len() > MOST {
            let message = format!("{} entries are more than {MOST}", list.items().len());
            self.error("too-many-ways", list.span, &path, message, "use fewer");
            return Vec::new();
        }
        let mut ways = Vec::new();
        for (index, item) in list.items().iter().enumerate() {
            let at = format!("{path}[{index}]");
            if let Some(merged) = self.merged(node, item, &at)
                && let Some(way) = self.plain_backend(&merged, &at, item.span)
            {
                ways.push(way);
            }
        }
        ways
    }

    /// The entry with what it leaves to the backend it stands in.
    fn merged(&mut self, outer: &Node, item: &Node, path: &str) -> Option<Node> {
        let own: Vec<Entry> = match &item.kind {
            Kind::Map(entries) => entries.clone(),
            // A text is a model, or an address.
            Kind::Text(text) => {
                let url = text.starts_with("http://") || text.starts_with("https://");
                vec![Entry {
                    key: if url { "base_url" } else { "model" }.to_owned(),
                    key_span: item.span,
                    value: item.clone(),
                }]
            }
            _ => {
                self.error(
                    "bad-way",
                    item.span,
                    path,
                    format!("this is {}, not a backend", item.noun()),
                    "write `{model: …}`, `{base_url: …}`, `{api_key: ${NAME}}` or a backend with its type",
                );
                return None;
            }
        };
        let nested = |entry: &Entry| matches!(entry.key.as_str(), "fallbacks" | "endpoints");
        if own.iter().any(nested) {
            self.push(
                Severity::Warning,
                "nested-ways",
                item.span,
                path,
                "fallbacks of a fallback are not used".to_owned(),
                "list them all in a row",
            );
        }
        let afresh = own.iter().any(|entry| entry.key == "type");
        let taken = outer.entries().iter().filter(|entry| {
            let stated = own.iter().any(|own| own.key == entry.key);
            !afresh && !stated && !OWN.contains(&entry.key.as_str())
        });
        let entries = own
            .iter()
            .filter(|entry| !OWN.contains(&entry.key.as_str()))
            .chain(taken)
            .cloned()
            .collect();
        Some(Node::new(Kind::Map(entries), item.span))
    }
}

/// `rate_limit:` of a backend; shapes and ranges were checked.
pub fn rate_limit(node: &Node) -> RateLimit {
    let number = |key: &str| {
        let value = node.some("rate_limit")?.some(key)?.number()?;
        (value >= 1.0).then_some(value as u64)
    };
    RateLimit {
        requests: number("requests_per_minute").map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
        tokens: number("tokens_per_minute"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Loaded, Purpose, Wire, load_bytes};

    fn load(yaml: &str) -> (Option<Config>, Vec<&'static str>) {
        let env = |name: &str| (name == "OTHER_KEY").then(|| "sk-other-0123456789".to_owned());
        let loaded: Loaded = load_bytes("team.yaml", yaml.as_bytes(), &env, Purpose::Run);
        let codes = loaded.report.findings().iter().map(|finding| finding.code);
        (loaded.config, codes.collect())
    }

    #[test]
    fn what_differs_is_said_and_the_rest_is_taken_over() {
        let yaml = "agents:\n  - id: a\n    backend:\n      type: vllm\n      model: big\n      base_url: http://127.0.0.1:1/v1\n      temperature: 0.5\n      rate_limit: {requests_per_minute: 10}\n      endpoints: [\"http://127.0.0.1:2/v1\"]\n      fallbacks:\n        - small\n        - {api_key: \"${OTHER_KEY}\"}\n        - {type: claude, model: claude-haiku-4-5, api_key: \"${OTHER_KEY}\"}\n";
        let (config, _) = load(yaml);
        let config = config.expect("loads");
        let backend = &config.agents[0].backend;
        assert_eq!(backend.rate_limit.requests, Some(10));
        assert_eq!(backend.endpoints.len(), 1);
        assert_eq!(backend.endpoints[0].base_url, "http://127.0.0.1:2/v1");
        assert_eq!(backend.endpoints[0].model, "big");
        let [small, keyed, claude] = backend.fallbacks.as_slice() else {
            panic!("three fallbacks");
        };
        assert_eq!(
            (small.model.as_str(), &small.base_url),
            ("small", &backend.base_url)
        );
        assert!(small.parameters.contains_key("temperature"));
        assert!(keyed.key.is_some() && backend.key.is_none());
        assert_eq!((claude.wire, claude.parameters.len()), (Wire::Messages, 0));
    }

    #[test]
    fn nonsense_is_told() {
        for (ways, code) in [
            ("[3]", "bad-way"),
            ("[{model: x, fallbacks: [y]}]", "nested-ways"),
        ] {
            let yaml = format!(
                "agents:\n  - id: a\n    backend: {{type: vllm, model: m, fallbacks: {ways}}}\n"
            );
            assert!(load(&yaml).1.contains(&code), "{ways}");
        }
    }
}
