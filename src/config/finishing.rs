//! How a turn is finished, from the configuration: MassGen's keys and `orchestrator.verify`, `quick`,
//! `refine`.
//!
//! What a key says outright beats what a mode implies: `quick` with `final_answer_strategy` presents.
//! Agents are named by their ids in the file, or by the anonymous names of the log (`agent2`).

use super::diagnostic::{Finding, Severity};
use super::node::{Kind, Node};
use crate::protocol::{AgentId, Finish, Limits, Rules, Verify};

/// Ids of the agents of a file, in its order; an agent without one is called `agentN`.
#[must_use]
pub fn names(root: &Node) -> Vec<String> {
    let agents: Vec<&Node> = match root.get("agent") {
        Some(agent) => vec![agent],
        None => root
            .get("agents")
            .map_or(&[][..], Node::items)
            .iter()
            .collect(),
    };
    let name = |(index, agent): (usize, &&Node)| match agent.get("id").and_then(Node::text) {
        Some(id) => id.to_owned(),
        None => format!("agent{}", index + 1),
    };
    agents.iter().enumerate().map(name).collect()
}

/// The number of an agent: agents are numbered by the order of their names.
#[must_use]
pub fn number(names: &[String], agents: usize, name: &str) -> Option<AgentId> {
    if let Some(index) = names.iter().position(|known| known == name) {
        let before =
            |(at, other): &(usize, &String)| (other.as_str(), *at) < (names[index].as_str(), index);
        let rank = names.iter().enumerate().filter(before).count();
        return u16::try_from(rank + 1).ok().map(AgentId);
    }
    let number: u16 = name.strip_prefix("agent")?.parse().ok()?;
    (1..=agents)
        .contains(&usize::from(number))
        .then_some(AgentId(number))
}

/// Reads everything about finishing. Runs after limits and the other rules were read.
pub fn read(
    root: &Node,
    agents: usize,
    (limits, rules): (&mut Limits, &mut Rules),
    findings: &mut Vec<Finding>,
) {
    let Some(orchestrator) = root.get("orchestrator") else {
        return;
    };
    let names = names(root);
    let flag = |key| orchestrator.get(key).and_then(Node::bool);
    let given = |key: &str| orchestrator.some(key).is_some();
    if flag("quick") == Some(true) {
        quick(limits, rules, agents, &given);
    }
    strategy(orchestrator, rules);
    if let Some(named) = orchestrator.get("presenter_agent").and_then(Node::text) {
        rules.finishing.presenter = number(&names, agents, named);
    }
    let restarts = orchestrator
        .get("coordination")
        .and_then(|coordination| coordination.get("max_orchestration_restarts"))
        .and_then(count);
    if let Some(restarts) = restarts.filter(|restarts| *restarts > 0) {
        rules.finishing.verify = Some(Verify { by: None, restarts });
    }
    if let Some(node) = orchestrator.some("verify") {
        rules.finishing.verify = verify(node, &names, agents, findings);
    }
    if let Some(times) = orchestrator.get("refine").and_then(count) {
        refine(limits, rules, agents, times);
    }
}

/// One answer each, one vote, the winning text as it is. An agent alone does not even vote.
fn quick(limits: &mut Limits, rules: &mut Rules, agents: usize, given: &dyn Fn(&str) -> bool) {
    if !given("max_new_answers_per_agent") {
        limits.answers_per_agent = 1;
    }
    if !given("max_new_answers_global") {
        let team = u32::try_from(agents.max(1)).unwrap_or(u32::MAX);
        limits.answers_total = limits.answers_per_agent.saturating_mul(team);
    }
    if agents < 2 {
        rules.deciding.skip_voting |= !given("skip_voting");
    } else if !given("defer_voting_until_all_answered") {
        rules.deciding.defer_voting = true;
    }
    rules.finishing.finish = Finish::Reuse;
}

fn strategy(orchestrator: &Node, rules: &mut Rules) {
    let skips = orchestrator
        .get("skip_final_presentation")
        .and_then(Node::bool);
    match skips {
        Some(true) => rules.finishing.finish = Finish::Reuse,
        Some(false) => rules.finishing.finish = Finish::Present,
        None => {}
    }
    rules.finishing.finish = match orchestrator
        .get("final_answer_strategy")
        .and_then(Node::text)
    {
        Some("winner_reuse") => Finish::Reuse,
        Some("winner_present") => Finish::Present,
        Some("synthesize") => Finish::Synthesize,
        _ => rules.finishing.finish,
    };
}

/// `true`, or who and how often.
fn verify(
    node: &Node,
    names: &[String],
    agents: usize,
    findings: &mut Vec<Finding>,
) -> Option<Verify> {
    match &node.kind {
        Kind::Bool(on) => on.then(Verify::default),
        Kind::Map(_) => {
            let by = node.get("by").and_then(Node::text).unwrap_or("auto");
            let number = number(names, agents, by);
            if by != "auto" && number.is_none() {
                let span = node.get("by").map_or(node.span, |by| by.span);
                findings.push(
                    Finding::new(
                        Severity::Error,
                        "unknown-agent",
                        span,
                        "orchestrator.verify.by",
                    )
                    .message(format!(
                        "`{}` is not the id of an agent",
                        super::excerpt::clean(by, 60)
                    ))
                    .help("use one of the ids under `agents:`, or `auto`"),
                );
            }
            Some(Verify {
                by: number,
                restarts: node.get("restarts").and_then(count).unwrap_or(0),
            })
        }
        _ => None,
    }
}

/// An agent alone improves its own answer; in a team the others do that for it.
fn refine(limits: &mut Limits, rules: &mut Rules, agents: usize, times: u32) {
    if agents != 1 {
        return;
    }
    rules.finishing.refine = times;
    limits.answers_per_agent = times.saturating_add(1);
    limits.answers_total = limits.answers_total.max(limits.answers_per_agent);
    let rounds = limits.answers_per_agent.saturating_mul(2).saturating_add(6);
    limits.rounds_per_agent = limits.rounds_per_agent.max(rounds);
}

/// A whole number of people's size.
fn count(node: &Node) -> Option<u32> {
    let number = node.number()?;
    (number.is_finite() && (0.0..=10_000.0).contains(&number)).then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn read_all(text: &str, agents: usize) -> (Limits, Rules, Vec<Finding>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let mut findings = Vec::new();
        let (limits, rules) = crate::config::limits::read(&root, agents, &mut findings);
        (limits, rules, findings)
    }

    const TEAM: &str = "agents: [{id: zoe}, {id: ada}, {id: mia}]\n";

    #[test]
    fn agents_are_numbered_as_the_session_numbers_them() {
        let root = parse(TEAM.as_bytes()).root.unwrap();
        let names = names(&root);
        for (name, expected) in [
            ("ada", Some(1)),
            ("mia", Some(2)),
            ("zoe", Some(3)),
            ("agent3", Some(3)),
            ("agent4", None),
            ("agent0", None),
            ("bob", None),
        ] {
            assert_eq!(number(&names, 3, name), expected.map(AgentId), "{name}");
        }
    }

    #[test]
    fn massgen_keys_and_ours() {
        let (_, rules, _) = read_all(
            &format!(
                "{TEAM}orchestrator: {{final_answer_strategy: synthesize, presenter_agent: zoe, \
             coordination: {{max_orchestration_restarts: 2}}}}"
            ),
            3,
        );
        assert_eq!(rules.finishing.finish, Finish::Synthesize);
        assert_eq!(rules.finishing.presenter, Some(AgentId(3)));
        let verify = |by, restarts| Some(Verify { by, restarts });
        assert_eq!(rules.finishing.verify, verify(None, 2));
        let (_, rules, _) = read_all(
            &format!("{TEAM}orchestrator: {{verify: {{by: mia, restarts: 1}}}}"),
            3,
        );
        assert_eq!(rules.finishing.verify, verify(Some(AgentId(2)), 1));
        let (_, rules, _) = read_all("orchestrator: {verify: true}", 3);
        assert_eq!(rules.finishing.verify, verify(None, 0));
        let (_, _, findings) = read_all(&format!("{TEAM}orchestrator: {{verify: {{by: bob}}}}"), 3);
        assert!(
            findings.iter().any(|f| f.code == "unknown-agent"),
            "{findings:?}"
        );
    }

    #[test]
    fn quick_is_one_answer_one_vote_and_reuse() {
        let (limits, rules, _) = read_all("orchestrator: {quick: true}", 3);
        assert_eq!((limits.answers_per_agent, limits.answers_total), (1, 3));
        assert!(rules.deciding.defer_voting && !rules.deciding.skip_voting);
        assert_eq!(rules.finishing.finish, Finish::Reuse);
        let (_, rules, _) = read_all("orchestrator: {quick: true}", 1);
        assert!(rules.deciding.skip_voting);
        // What is said outright beats what the mode implies.
        let (_, rules, _) = read_all(
            "orchestrator: {quick: true, final_answer_strategy: synthesize}",
            3,
        );
        assert_eq!(rules.finishing.finish, Finish::Synthesize);
    }

    #[test]
    fn refine_is_for_an_agent_alone() {
        let (limits, rules, _) = read_all("orchestrator: {refine: 4}", 1);
        assert_eq!((limits.answers_per_agent, rules.finishing.refine), (5, 4));
        let (limits, rules, _) = read_all("orchestrator: {refine: 4}", 2);
        assert_eq!((limits.answers_per_agent, rules.finishing.refine), (3, 0));
    }
}
