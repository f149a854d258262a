//! Our keys under `orchestrator:` for a team that grows, shrinks and pauses.
//!
//! Wrong shapes and ranges are the key tables' business; a value that is wrong counts as absent here.

use super::node::Node;
use crate::protocol::Scaling;

/// Reads the rules.
pub fn read(orchestrator: &Node) -> Scaling {
    let mut rules = Scaling::default();
    let small = |key| whole(orchestrator, key).and_then(|value| u32::try_from(value).ok());
    if let Some(agents) = small("add_on_split") {
        rules.add_on_split = agents;
    }
    rules.add_like = orchestrator
        .some("add_like")
        .and_then(Node::text)
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    // 0 switches it off, as absence does.
    rules.stall_seconds = whole(orchestrator, "stall_seconds").filter(|seconds| *seconds > 0);
    if let Some(seconds) = whole(orchestrator, "pause_seconds").filter(|seconds| *seconds > 0) {
        rules.pause_seconds = seconds;
    }
    if let Some(agents) = small("max_agents").filter(|agents| *agents > 0) {
        rules.agents = agents;
    }
    rules
}

/// A whole number that is not negative.
fn whole(map: &Node, key: &str) -> Option<u64> {
    let number = map.get(key)?.number()?;
    (number.is_finite() && number >= 0.0).then_some(number.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn check(text: &str, expected: &Scaling) {
        let root = parse(text.as_bytes()).root.expect("yaml");
        assert_eq!(read(&root), *expected, "{text}");
    }

    #[test]
    fn keys_set_rules_and_nonsense_sets_none() {
        let usual = Scaling::default();
        check("a: 1", &usual);
        check(
            "{add_on_split: -1, add_like: ' ', stall_seconds: 0, pause_seconds: 0, max_agents: x}",
            &usual,
        );
        check(
            "{add_on_split: 2, add_like: finch, stall_seconds: 90.5, pause_seconds: 60, \
             max_agents: 12}",
            &Scaling {
                add_on_split: 2,
                add_like: Some("finch".into()),
                stall_seconds: Some(91),
                pause_seconds: 60,
                agents: 12,
            },
        );
    }
}
