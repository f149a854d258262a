//! `orchestrator:` and `timeout_settings:` to limits and rules.
//!
//! Wrong shapes and ranges are the key tables' business; a value that is wrong counts as absent here.
//! Everything that the file does not limit keeps a finite default.

use super::deciding;
use super::diagnostic::{Finding, Severity};
use super::node::Node;
use super::{budget, finishing, talking, working};
use crate::protocol::{Limits, Rules};

/// MassGen's time between the word to finish a round and its forced end, when a round limit is set.
const GRACE_SECONDS: u64 = 120;

/// Reads limits and rules for a team of this size.
pub fn read(root: &Node, agents: usize, findings: &mut Vec<Finding>) -> (Limits, Rules) {
    let orchestrator = root.get("orchestrator");
    let times = root.get("timeout_settings");
    let mut limits = Limits::default();
    answers(&mut limits, orchestrator, agents);
    times_of(&mut limits, times, findings);
    let mut rules = rules(orchestrator, findings);
    finishing::read(root, agents, (&mut limits, &mut rules), findings);
    budget::read(root, agents, &mut limits, findings);
    deciding::read(root, &mut rules.deciding, findings);
    (limits, rules)
}

/// A whole number of a map, when it is at least `least`.
fn whole(map: Option<&Node>, key: &str, least: u64) -> Option<u64> {
    let number = map?.get(key)?.number()?;
    (number.is_finite() && number >= least as f64).then_some(number.ceil() as u64)
}

fn small(map: Option<&Node>, key: &str, least: u64) -> Option<u32> {
    whole(map, key, least).and_then(|value| u32::try_from(value).ok())
}

fn answers(limits: &mut Limits, orchestrator: Option<&Node>, agents: usize) {
    let agents = u32::try_from(agents.max(1)).unwrap_or(u32::MAX);
    if let Some(most) = small(orchestrator, "max_new_answers_per_agent", 1) {
        limits.answers_per_agent = most;
    }
    limits.answers_total = small(orchestrator, "max_new_answers_global", 1)
        .unwrap_or_else(|| limits.answers_per_agent.saturating_mul(agents));
    // Each answer is a round, and each may cost every other agent a vote again.
    limits.rounds_per_agent = limits
        .rounds_per_agent
        .max(limits.answers_per_agent.saturating_mul(2).saturating_add(6));
}

fn times_of(limits: &mut Limits, times: Option<&Node>, findings: &mut Vec<Finding>) {
    if let Some(seconds) = whole(times, "orchestrator_timeout_seconds", 1) {
        limits.turn_seconds = seconds;
    }
    let first = whole(times, "initial_round_timeout_seconds", 1);
    let later = whole(times, "subsequent_round_timeout_seconds", 1);
    if let Some(round) = first.max(later) {
        let grace = whole(times, "round_timeout_grace_seconds", 0).unwrap_or(GRACE_SECONDS);
        limits.round_seconds = round.saturating_add(grace);
        if let (Some(first), Some(later)) = (first, later)
            && first != later
            && let Some(entry) =
                times.and_then(|times| times.entry("subsequent_round_timeout_seconds"))
        {
            findings.push(
                Finding::new(
                    Severity::Note,
                    "one-round-limit",
                    entry.value.span,
                    "timeout_settings.subsequent_round_timeout_seconds",
                )
                .message(format!(
                    "every round may take {} s: the longer of the two limits and the grace time",
                    limits.round_seconds
                )),
            );
        }
    }
    limits.round_seconds = limits.round_seconds.min(limits.turn_seconds);
    limits.vote_seconds = limits.vote_seconds.min(limits.turn_seconds);
}

fn rules(orchestrator: Option<&Node>, findings: &mut Vec<Finding>) -> Rules {
    let mut rules = Rules::default();
    let Some(orchestrator) = orchestrator else {
        return rules;
    };
    let flag = |key| orchestrator.get(key).and_then(Node::bool);
    rules.deciding.defer_voting = flag("defer_voting_until_all_answered").unwrap_or(false);
    rules.deciding.skip_voting = flag("skip_voting").unwrap_or(false);
    if let Some(lead) = small(Some(orchestrator), "fairness_lead_cap_answers", 0) {
        rules.improving.lead = Some(lead);
    }
    if flag("fairness_enabled") == Some(false) {
        rules.improving.lead = None;
    }
    rules.scaling = super::scaling::read(orchestrator);
    rules.context = super::context::read(orchestrator).over(&rules.context);
    rules.talking = talking::read(orchestrator, findings);
    rules.working = working::read(orchestrator, findings);
    rules.permitting = super::permitting::read(orchestrator, findings);
    super::seeing::read(orchestrator, &mut rules, findings);
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;
    use crate::protocol::Finish;

    fn limits(text: &str, agents: usize) -> (Limits, Rules) {
        let root = parse(text.as_bytes()).root.unwrap();
        read(&root, agents, &mut Vec::new())
    }

    #[test]
    fn nothing_said_means_finite_defaults() {
        let (got, rules) = limits("a: 1", 6);
        assert_eq!(got.answers_total, 18);
        assert_eq!(got.turn_seconds, 1800);
        assert_eq!(rules, Rules::default());
    }

    #[test]
    fn massgen_keys_set_limits() {
        let (got, rules) = limits(
            "orchestrator: {max_new_answers_per_agent: 10, max_new_answers_global: 15, \
             fairness_lead_cap_answers: 0, skip_final_presentation: true, skip_voting: true}\n\
             timeout_settings: {orchestrator_timeout_seconds: 90.5, \
             initial_round_timeout_seconds: 60, round_timeout_grace_seconds: 5}",
            2,
        );
        assert_eq!((got.answers_per_agent, got.answers_total), (10, 15));
        assert_eq!(got.rounds_per_agent, 26);
        assert_eq!((got.turn_seconds, got.round_seconds), (91, 65));
        assert_eq!(rules.improving.lead, Some(0));
        assert_eq!(rules.finishing.finish, Finish::Reuse);
        assert!(rules.deciding.skip_voting && !rules.deciding.defer_voting);
    }

    #[test]
    fn a_short_turn_shortens_its_rounds() {
        let (got, _) = limits("timeout_settings: {orchestrator_timeout_seconds: 30}", 2);
        assert_eq!((got.round_seconds, got.vote_seconds), (30, 30));
    }

    #[test]
    fn the_strategy_beats_the_shortcut() {
        let (_, rules) = limits(
            "orchestrator: {skip_final_presentation: true, final_answer_strategy: winner_present, \
             fairness_enabled: false}",
            2,
        );
        assert_eq!(rules.finishing.finish, Finish::Present);
        assert_eq!(rules.improving.lead, None);
    }
}
