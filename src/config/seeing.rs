//! `orchestrator:` to the rules of improving and seeing.
//!
//! `MassGen`'s keys keep their meaning: `disable_injection` and `defer_peer_updates_until_restart` both
//! say that answers of others arrive at the beginning of a round only, and
//! `max_midstream_injections_per_round` bounds how often they arrive within one. Ours are
//! `visibility`, `visibility_neighbours`, `fairness_silent_seconds`, `hide_tally`, `hide_identities`.

use super::diagnostic::{Finding, Severity};
use super::node::Node;
use crate::protocol::{Novelty, Rules, Visibility};

/// Neighbours on an island when only `visibility: islands` is said.
const NEIGHBOURS: u16 = 3;

/// Reads the keys; what is absent or wrong keeps its default.
pub fn read(orchestrator: &Node, rules: &mut Rules, findings: &mut Vec<Finding>) {
    let flag = |key| orchestrator.get(key).and_then(Node::bool);
    let number = |key| {
        let number = orchestrator.get(key)?.number()?;
        (number.is_finite() && number >= 0.0).then_some(number)
    };
    if let Some(level) = orchestrator.some("answer_novelty_requirement") {
        rules.improving.novelty = match level.text() {
            Some("off") => Novelty::Off,
            Some("lenient") => Novelty::Lenient,
            Some("balanced") => Novelty::Balanced,
            Some("strict") => Novelty::Strict,
            _ => rules.improving.novelty,
        };
    }
    if let Some(seconds) = number("fairness_silent_seconds") {
        rules.improving.silent_seconds = seconds.ceil() as u64;
    }
    let seeing = &mut rules.seeing;
    if let Some(most) = number("max_midstream_injections_per_round") {
        seeing.midstream = Some(most as u32);
    }
    if flag("disable_injection") == Some(true)
        || flag("defer_peer_updates_until_restart") == Some(true)
    {
        seeing.midstream = Some(0);
    }
    seeing.hide_tally = flag("hide_tally").unwrap_or(seeing.hide_tally);
    seeing.hide_identities = flag("hide_identities").unwrap_or(seeing.hide_identities);
    seeing.visibility = visibility(orchestrator, seeing.visibility, findings);
}

fn visibility(orchestrator: &Node, usual: Visibility, findings: &mut Vec<Finding>) -> Visibility {
    let word = orchestrator.some("visibility").and_then(Node::text);
    let neighbours = orchestrator.entry("visibility_neighbours");
    let count = neighbours
        .and_then(|entry| entry.value.number())
        .filter(|number| (1.0..=f64::from(u16::MAX)).contains(number))
        .map_or(NEIGHBOURS, |number| number as u16);
    if let Some(entry) = neighbours
        && word != Some("islands")
    {
        findings.push(
            Finding::new(
                Severity::Warning,
                "no-islands",
                entry.key_span,
                "orchestrator.visibility_neighbours",
            )
            .message("`visibility_neighbours` counts only with `visibility: islands`")
            .help("add `visibility: islands`, or remove the key"),
        );
    }
    match word {
        Some("all") => Visibility::All,
        Some("after_own") => Visibility::AfterOwn,
        Some("ring") => Visibility::Ring,
        Some("islands") => Visibility::Islands { neighbours: count },
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn rules(text: &str) -> (Rules, Vec<&'static str>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let (mut rules, mut findings) = (Rules::default(), Vec::new());
        read(&root, &mut rules, &mut findings);
        (rules, findings.iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn keys_become_rules() {
        let (got, found) = rules(
            "{answer_novelty_requirement: strict, visibility: islands, visibility_neighbours: 4, \
             max_midstream_injections_per_round: 2, fairness_silent_seconds: 30, hide_tally: false}",
        );
        assert_eq!(got.improving.novelty, Novelty::Strict);
        assert_eq!(got.improving.silent_seconds, 30);
        assert_eq!(got.seeing.visibility, Visibility::Islands { neighbours: 4 });
        assert_eq!(got.seeing.midstream, Some(2));
        assert!(!got.seeing.hide_tally && got.seeing.hide_identities);
        assert!(found.is_empty());
    }

    #[test]
    fn nothing_said_changes_nothing_and_a_lost_key_is_told() {
        let (got, found) = rules("{visibility: ring, visibility_neighbours: 4}");
        assert_eq!(got.seeing.visibility, Visibility::Ring);
        assert_eq!(found, ["no-islands"]);
        for key in ["disable_injection", "defer_peer_updates_until_restart"] {
            let (got, _) = rules(&format!(
                "{{{key}: true, max_midstream_injections_per_round: 3}}"
            ));
            assert_eq!(got.seeing.midstream, Some(0), "{key}");
        }
        let (got, _) = rules("{visibility: sideways, fairness_silent_seconds: .nan}");
        assert_eq!(got, Rules::default());
    }
}
