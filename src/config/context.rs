//! `context_window:` and `compaction:`, of one backend and under `orchestrator:` for all of them.
//!
//! `compaction: false` switches it off, `true` on; a map says how. Wrong shapes and ranges are the
//! key tables' business; a value that is wrong counts as absent here.

use super::node::Node;
use crate::protocol::Context;

/// What one place says; `None` leaves it to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextSaid {
    window: Option<u64>,
    /// Percent; 0 for never.
    full: Option<u8>,
    model: Option<String>,
    native: Option<bool>,
    result: Option<u64>,
}

impl ContextSaid {
    /// These words over those for everybody.
    #[must_use]
    pub fn over(&self, all: &Context) -> Context {
        Context {
            window: self.window.or(all.window),
            full: match self.full {
                None => all.full,
                Some(percent) => (percent > 0).then_some(percent),
            },
            model: self.model.clone().or_else(|| all.model.clone()),
            native: self.native.unwrap_or(all.native),
            result: self.result.unwrap_or(all.result),
        }
    }
}

/// Reads a backend, or `orchestrator:`.
pub fn read(node: &Node) -> ContextSaid {
    let mut said = ContextSaid {
        window: whole(node, "context_window"),
        ..ContextSaid::default()
    };
    let Some(how) = node.some("compaction") else {
        return said;
    };
    match how.bool() {
        Some(false) => said.full = Some(0),
        Some(true) => said.full = Context::default().full,
        None => {}
    }
    if let Some(share) = how.some("threshold").and_then(Node::number)
        && (0.1..=0.95).contains(&share)
    {
        said.full = Some((share * 100.0).round() as u8);
    }
    let model = how.some("model").and_then(Node::text).map(str::trim);
    said.model = model.filter(|model| !model.is_empty()).map(str::to_owned);
    said.result = whole(how, "tool_result");
    said.native = how.some("native").and_then(Node::bool);
    said
}

fn whole(node: &Node, key: &str) -> Option<u64> {
    let number = node.some(key)?.number()?;
    (number.is_finite() && number >= 1.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn said(text: &str) -> ContextSaid {
        read(&parse(text.as_bytes()).root.expect("yaml"))
    }

    #[test]
    fn a_backend_wins_over_all_and_nonsense_says_nothing() {
        let all = said(
            "{context_window: 9000, compaction: {threshold: 0.5, model: small, native: false, \
             tool_result: 700}}",
        )
        .over(&Context::default());
        let expected = Context {
            window: Some(9000),
            full: Some(50),
            model: Some("small".into()),
            native: false,
            result: 700,
        };
        assert_eq!(all, expected);
        for (text, full) in [
            ("a: 1", Some(50)),
            ("compaction: false", None),
            ("compaction: true", Some(75)),
            ("compaction: {threshold: 0.9}", Some(90)),
            ("compaction: {threshold: 7, model: ' '}", Some(50)),
            ("{context_window: -4, compaction: x}", Some(50)),
        ] {
            let got = said(text).over(&all);
            assert_eq!(
                got,
                Context {
                    full,
                    ..all.clone()
                },
                "{text}"
            );
        }
        assert_eq!(said("context_window: 128").over(&all).window, Some(128));
    }
}
