//! How the team decides, from `orchestrator:`: policy, criteria, judge, early stop, and MassGen's
//! voting styles as numbers.
//!
//! MassGen's `voting_sensitivity` and `voting_threshold` change words in a prompt. Here they are a
//! [`Gate`]: a bar from 0 to 10 and a number of improvements. The table is in `docs/coordination.md`.

use super::diagnostic::{Finding, Severity, nearest};
use super::node::Node;
use crate::protocol::{AgentId, Criterion, Deciding, Gate, Policy};

/// Criteria at most: every voter scores every answer on each.
const MOST_CRITERIA: usize = 12;

/// Fills in what `orchestrator:` says about deciding.
pub(super) fn read(root: &Node, deciding: &mut Deciding, findings: &mut Vec<Finding>) {
    let Some(orchestrator) = root.get("orchestrator") else {
        return;
    };
    let style = orchestrator.some("voting_sensitivity").and_then(Node::text);
    let named = orchestrator.some("policy").and_then(Node::text);
    deciding.policy = match named.and_then(Policy::named) {
        Some(policy) => policy,
        // Only scores can hold a checklist.
        None if style.is_some_and(|style| style.starts_with("checklist")) => Policy::Score,
        None => Policy::default(),
    };
    deciding.gate = gate(orchestrator, style);
    deciding.early_stop = orchestrator.get("early_stop").and_then(Node::bool) == Some(true);
    deciding.criteria = criteria(orchestrator, findings);
    deciding.judge = judge(root, orchestrator, findings);
}

/// Bar in tenths and budget of each style.
fn style_numbers(style: &str) -> Option<(u32, u32)> {
    Some(match style {
        "lenient" => (50, 1),
        "balanced" => (70, 2),
        "strict" => (90, 3),
        "sequential" => (90, 2),
        "adversarial" | "consistency" | "diversity" | "reflective" => (80, 2),
        "roi_conservative" => (85, 1),
        "roi" | "roi_balanced" => (92, 2),
        "roi_aggressive" => (97, 3),
        "checklist" | "checklist_scored" | "checklist_gated" => (75, 3),
        _ => return None,
    })
}

/// The gate, when a style or a threshold asks for one. A threshold T sets the bar at 10 − T/2, never
/// below 4; `max_new_answers_per_agent` sets the budget.
fn gate(orchestrator: &Node, style: Option<&str>) -> Option<Gate> {
    let whole = |key| {
        let number = orchestrator.get(key).and_then(Node::number)?;
        (0.0..=10_000.0).contains(&number).then_some(number as u32)
    };
    let numbers = style.and_then(style_numbers);
    let threshold = whole("voting_threshold").filter(|threshold| *threshold <= 10);
    let (bar, budget) = match (numbers, threshold) {
        (None, None) => return None,
        (numbers, None) => numbers?,
        (numbers, Some(threshold)) => {
            let budget = numbers.map_or(Gate::USUAL.budget, |(_, budget)| budget);
            ((100 - threshold * 5).max(40), budget)
        }
    };
    let budget = whole("max_new_answers_per_agent").map_or(budget, |most| most.saturating_sub(1));
    Some(Gate { bar, budget })
}

/// Our `criteria`, or MassGen's `coordination.checklist_criteria_inline` under the names E1, E2 ….
fn criteria(orchestrator: &Node, findings: &mut Vec<Finding>) -> Vec<Criterion> {
    let own = orchestrator.some("criteria");
    let inline = orchestrator
        .get("coordination")
        .and_then(|node| node.some("checklist_criteria_inline"));
    let mut criteria: Vec<Criterion> = Vec::new();
    let items = own.or(inline).map_or(&[][..], Node::items);
    for (index, item) in items.iter().enumerate() {
        let path = format!("orchestrator.criteria[{index}]");
        let criterion = if own.is_some() {
            own_criterion(item)
        } else {
            inline_criterion(item, index)
        };
        let trouble = match &criterion {
            None => Some("a criterion needs a `name`"),
            Some(new) if criteria.iter().any(|known| same(&known.name, &new.name)) => {
                Some("another criterion has this name")
            }
            Some(_) if criteria.len() == MOST_CRITERIA => Some("there are more than 12 criteria"),
            Some(_) => None,
        };
        match (trouble, criterion) {
            (None, Some(criterion)) => criteria.push(criterion),
            (trouble, _) => findings.push(
                Finding::new(Severity::Error, "criterion", item.span, &path)
                    .message(trouble.unwrap_or_default().to_owned())
                    .help("write `- {name: correct, weight: 3, meaning: What it says is true.}`"),
            ),
        }
    }
    criteria
}

fn same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

fn own_criterion(item: &Node) -> Option<Criterion> {
    let text = |key| item.get(key).and_then(Node::text).unwrap_or("").trim();
    let name = text("name");
    let weight = item.get("weight").and_then(Node::number).unwrap_or(1.0);
    (!name.is_empty() && name.chars().count() <= 64).then(|| Criterion {
        name: name.to_owned(),
        weight: weight.clamp(1.0, 100.0) as u32,
        meaning: text("meaning").to_owned(),
    })
}

fn inline_criterion(item: &Node, index: usize) -> Option<Criterion> {
    let text = |key| item.get(key).and_then(Node::text).unwrap_or("").trim();
    let weight = match text("category") {
        "primary" | "must" => 3,
        "stretch" | "could" => 1,
        _ => 2,
    };
    let meaning = text("text");
    (!meaning.is_empty()).then(|| Criterion {
        name: format!("E{}", index + 1),
        weight,
        meaning: meaning.to_owned(),
    })
}

/// The number of the agent that is to judge. Agents are numbered by the order of their names; a
/// number may be written as well (`agent2`), for teams that have no file.
fn judge(root: &Node, orchestrator: &Node, findings: &mut Vec<Finding>) -> Option<AgentId> {
    let named = orchestrator.some("judge")?;
    let name = named.text()?;
    let mut ids: Vec<&str> = root
        .get("agents")
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(|agent| agent.get("id")?.text())
        .collect();
    ids.sort_unstable();
    if let Some(place) = ids.iter().position(|id| *id == name) {
        return u16::try_from(place + 1).ok().map(AgentId);
    }
    let numbered = name.parse().ok();
    if numbered.is_none() && !ids.is_empty() {
        findings.push(
            Finding::new(
                Severity::Error,
                "unknown-agent",
                named.span,
                "orchestrator.judge",
            )
            .message(format!("{} is not the id of an agent", named.shown()))
            .help(match nearest(name, ids.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "use one of the ids under `agents:`".to_owned(),
            }),
        );
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn deciding(text: &str) -> (Deciding, Vec<String>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let (mut deciding, mut findings) = (Deciding::default(), Vec::new());
        read(&root, &mut deciding, &mut findings);
        let told = findings
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        (deciding, told)
    }

    fn gate_of(keys: &str) -> Option<(u32, u32)> {
        let (deciding, _) = deciding(&format!("orchestrator: {{{keys}}}"));
        deciding.gate.map(|gate| (gate.bar, gate.budget))
    }

    #[test]
    fn nothing_said_is_plurality_without_a_gate() {
        assert_eq!(deciding("a: 1").0, Deciding::default());
        assert_eq!(deciding("orchestrator: {}").0, Deciding::default());
    }

    #[test]
    fn every_policy_can_be_named() {
        for policy in Policy::ALL {
            let (got, told) = deciding(&format!("orchestrator: {{policy: {}}}", policy.key()));
            assert_eq!((got.policy, told), (policy, vec![]));
        }
    }

    #[test]
    fn styles_are_numbers_and_a_threshold_sets_the_bar() {
        for (keys, expected) in [
            ("voting_sensitivity: lenient", Some((50, 1))),
            ("voting_sensitivity: strict", Some((90, 3))),
            ("voting_threshold: 2", Some((90, 2))),
            ("voting_threshold: 10", Some((50, 2))),
            (
                "voting_sensitivity: strict, voting_threshold: 5",
                Some((75, 3)),
            ),
            (
                "voting_sensitivity: lenient, max_new_answers_per_agent: 4",
                Some((50, 3)),
            ),
            ("max_new_answers_per_agent: 4", None),
            ("voting_sensitivity: whatever", None),
        ] {
            assert_eq!(gate_of(keys), expected, "{keys}");
        }
        let (gated, _) = deciding("orchestrator: {voting_sensitivity: checklist_gated}");
        assert_eq!(gated.policy, Policy::Score);
        let (named, _) =
            deciding("orchestrator: {voting_sensitivity: checklist_gated, policy: borda}");
        assert_eq!(named.policy, Policy::Borda);
    }

    #[test]
    fn every_style_of_the_key_table_has_numbers() {
        let keys = crate::config::schema::scope("orchestrator").unwrap();
        for style in &keys["voting_sensitivity"].values {
            assert!(style_numbers(style).is_some(), "{style}");
        }
        let policies: Vec<_> = Policy::ALL.iter().map(|policy| policy.key()).collect();
        assert_eq!(keys["policy"].values, policies);
    }

    #[test]
    fn criteria_are_ours_or_massgens() {
        let (own, told) = deciding(
            "orchestrator: {criteria: [{name: true, weight: 3}, {name: short, meaning: No \
             padding.}]}",
        );
        assert_eq!(told.len(), 1, "a boolean is no name: {told:?}");
        assert_eq!(own.criteria.len(), 1);
        assert_eq!(own.criteria[0].weight, 1);
        let (twice, told) = deciding("orchestrator: {criteria: [{name: a}, {name: A}]}");
        assert_eq!((twice.criteria.len(), told.len()), (1, 1));
        let (inline, told) = deciding(
            "orchestrator: {coordination: {checklist_criteria_inline: [{text: It runs., \
             category: must}, {text: It is short., category: could}]}}",
        );
        assert_eq!(told, Vec::<String>::new());
        let names: Vec<_> = inline
            .criteria
            .iter()
            .map(|c| (c.name.as_str(), c.weight, c.meaning.as_str()))
            .collect();
        assert_eq!(names, [("E1", 3, "It runs."), ("E2", 1, "It is short.")]);
    }

    #[test]
    fn the_judge_has_the_number_of_its_name() {
        let team = "agents: [{id: zoe}, {id: amy}, {id: mia}]\norchestrator:";
        let (got, told) = deciding(&format!("{team} {{policy: judge, judge: mia}}"));
        assert_eq!((got.judge, told), (Some(AgentId(2)), vec![]));
        let (got, told) = deciding(&format!("{team} {{judge: mio}}"));
        assert_eq!((got.judge, told.len()), (None, 1));
        let (got, told) = deciding("orchestrator: {judge: agent3}");
        assert_eq!((got.judge, told), (Some(AgentId(3)), vec![]));
    }
}
