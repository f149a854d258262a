//! Keys that cannot both mean what they say, and limits that cannot be kept.
//!
//! Each is a warning at the key that loses: the file runs, but not as it reads. What a single key may be
//! is the key tables' business.

use super::diagnostic::{Finding, Severity};
use super::node::{Entry, Node};

/// What a key says.
#[derive(Clone, Copy)]
enum Says {
    /// True.
    Yes,
    /// False.
    No,
    /// More than nothing.
    Some,
    /// This word.
    Word(&'static str),
    /// Any word but this one.
    Other(&'static str),
}

impl Says {
    fn fits(self, node: &Node) -> bool {
        match self {
            Self::Yes => node.bool() == Some(true),
            Self::No => node.bool() == Some(false),
            Self::Some => node.truthy(),
            Self::Word(word) => node.text() == Some(word),
            Self::Other(word) => node.text().is_some_and(|text| text != word),
        }
    }
}

/// Under `orchestrator`: a key that wins and what it says, a key that loses and what that says.
const PAIRS: &[(&str, Says, &str, Says)] = &[
    ("skip_voting", Says::Yes, "policy", Says::Some),
    (
        "skip_voting",
        Says::Yes,
        "defer_voting_until_all_answered",
        Says::Yes,
    ),
    ("skip_voting", Says::Yes, "early_stop", Says::Yes),
    (
        "final_answer_strategy",
        Says::Word("winner_present"),
        "skip_final_presentation",
        Says::Yes,
    ),
    (
        "final_answer_strategy",
        Says::Word("synthesize"),
        "skip_final_presentation",
        Says::Yes,
    ),
    (
        "fairness_enabled",
        Says::No,
        "fairness_lead_cap_answers",
        Says::Some,
    ),
    (
        "disable_injection",
        Says::Yes,
        "max_midstream_injections_per_round",
        Says::Some,
    ),
    ("quick", Says::Yes, "refine", Says::Some),
    (
        "mode",
        Says::Other("decomposition"),
        "coordination_mode",
        Says::Word("decomposition"),
    ),
];

/// Findings of a whole file; `agents` is the size of the team.
pub fn check(root: &Node, agents: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let orchestrator = root.get("orchestrator");
    for (wins, so, loses, but) in PAIRS {
        let entry = |key| orchestrator.and_then(|map| map.entry(key));
        if let (Some(winner), Some(loser)) = (entry(wins), entry(loses))
            && so.fits(&winner.value)
            && but.fits(&loser.value)
        {
            let why = format!("`{wins}` is {}", winner.value.shown());
            findings.push(warning(
                loser,
                "orchestrator",
                &format!("has no effect: {why}"),
                "keep one of them",
            ));
        }
    }
    limits(root, agents, &mut findings);
    findings
}

fn warning(entry: &Entry, place: &str, what: &str, help: &str) -> Finding {
    let key = format!("{place}.{}", entry.key);
    Finding::new(Severity::Warning, "contradiction", entry.key_span, &key)
        .message(format!("`{}` {what}", entry.key))
        .help(help)
}

/// Numbers that do not go together.
fn limits(root: &Node, agents: usize, findings: &mut Vec<Finding>) {
    let times = root.get("timeout_settings");
    let number = |map: Option<&Node>, key: &str| map.and_then(|map| map.get(key)?.number());
    let turn = number(times, "orchestrator_timeout_seconds").filter(|turn| *turn >= 1.0);
    if let Some(turn) = turn {
        for key in [
            "initial_round_timeout_seconds",
            "subsequent_round_timeout_seconds",
        ] {
            if let Some(entry) = times.and_then(|map| map.entry(key))
                && entry.value.number().is_some_and(|round| round > turn)
            {
                let what = format!("is longer than the whole turn, which ends after {turn} s");
                let help = "a round must fit into `orchestrator_timeout_seconds`";
                findings.push(warning(entry, "timeout_settings", &what, help));
            }
        }
    }
    let orchestrator = root.get("orchestrator");
    if let Some(entry) = orchestrator.and_then(|map| map.entry("max_new_answers_global"))
        && entry
            .value
            .number()
            .is_some_and(|all| all >= 1.0 && all < agents as f64)
    {
        let what = format!("is less than one answer for each of {agents} agents");
        findings.push(warning(
            entry,
            "orchestrator",
            &what,
            "some agents will only vote",
        ));
    }
    if let (Some(least), Some(entry)) = (
        number(orchestrator, "min_rounds"),
        orchestrator.and_then(|map| map.entry("max_rounds")),
    ) && entry.value.number().is_some_and(|most| most < least)
    {
        let what = format!("is less than `min_rounds`, {least}");
        findings.push(warning(entry, "orchestrator", &what, "`min_rounds` wins"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    #[test]
    fn what_does_not_go_together_is_told_at_the_key_that_loses() {
        for (text, key) in [
            (
                "orchestrator: {skip_voting: true, policy: borda}",
                "orchestrator.policy",
            ),
            (
                "orchestrator: {final_answer_strategy: synthesize, skip_final_presentation: true}",
                "orchestrator.skip_final_presentation",
            ),
            (
                "orchestrator: {fairness_enabled: no, fairness_lead_cap_answers: 3}",
                "orchestrator.fairness_lead_cap_answers",
            ),
            (
                "orchestrator: {max_new_answers_global: 2}",
                "orchestrator.max_new_answers_global",
            ),
            (
                "orchestrator: {min_rounds: 4, max_rounds: 3}",
                "orchestrator.max_rounds",
            ),
            (
                "orchestrator: {mode: council, coordination_mode: decomposition}",
                "orchestrator.coordination_mode",
            ),
            (
                "timeout_settings: {orchestrator_timeout_seconds: 60, initial_round_timeout_seconds: 90}",
                "timeout_settings.initial_round_timeout_seconds",
            ),
        ] {
            let root = parse(text.as_bytes()).root.unwrap();
            let found = check(&root, 3);
            let keys: Vec<&str> = found.iter().map(|one| one.key.as_str()).collect();
            assert_eq!(keys, [key], "{text}");
            assert!(found[0].span.line > 0 && !found[0].suggestion.is_empty());
        }
        for text in [
            "orchestrator: {skip_voting: false, policy: borda}",
            "orchestrator: {fairness_enabled: true, fairness_lead_cap_answers: 3}",
            "orchestrator: {mode: decomposition, coordination_mode: decomposition}",
            "orchestrator: {max_new_answers_global: 3, min_rounds: 2, max_rounds: 2}",
            "timeout_settings: {orchestrator_timeout_seconds: 60}",
            "a: 1",
        ] {
            let root = parse(text.as_bytes()).root.unwrap();
            assert_eq!(check(&root, 3), [], "{text}");
        }
    }
}
