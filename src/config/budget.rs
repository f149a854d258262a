//! `orchestrator.limits` and the `limits` of an agent: money, tokens, calls and the rest.
//!
//! Precedence, from the strongest: settings of the command line (laid over the file before it is
//! read), the agent's own limits, the team's, MassGen's keys, the defaults. Limits that contradict
//! each other are findings, and each says what holds.

use super::diagnostic::{Finding, Severity};
use super::finishing::{names, number};
use super::node::{Entry, Node};
use crate::protocol::{AgentLimits, Budget, Limits, TokenPrice, UnknownPrice};

/// Reads both. Runs last: what stands here beats MassGen's keys.
pub fn read(root: &Node, agents: usize, limits: &mut Limits, findings: &mut Vec<Finding>) {
    let mut reader = Reader { findings };
    if let Some(team) = root
        .get("orchestrator")
        .and_then(|node| node.some("limits"))
    {
        reader.team(team, limits);
    }
    let names = names(root);
    let list = root.get("agents").map_or(&[][..], Node::items).iter();
    for (index, agent) in root.get("agent").into_iter().chain(list).enumerate() {
        let own = agent.some("limits");
        let id = names
            .get(index)
            .and_then(|name| number(&names, agents, name));
        if let (Some(own), Some(id)) = (own, id) {
            let path = format!("agents[{index}].limits");
            let read = reader.agent(own, &path, AgentLimits::none(id), limits);
            limits.agents.push(read);
        }
    }
}

struct Reader<'a> {
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn team(&mut self, node: &Node, limits: &mut Limits) {
        const PATH: &str = "orchestrator.limits";
        self.budget(node, PATH, &mut limits.budget);
        limits.price = self.price(node, PATH).or(limits.price);
        set(node, "answers_per_agent", &mut limits.answers_per_agent);
        set(node, "answers_total", &mut limits.answers_total);
        set(node, "rounds_per_agent", &mut limits.rounds_per_agent);
        set(node, "misses_per_round", &mut limits.misses_per_round);
        set(node, "refusals_per_round", &mut limits.refusals_per_round);
        set(node, "calls_per_round", &mut limits.calls_per_round);
        set(node, "tools_per_round", &mut limits.tools_per_round);
        set(node, "depth", &mut limits.depth);
        set_long(node, "turn_seconds", &mut limits.turn_seconds);
        let own_rounds = set_long(node, "round_seconds", &mut limits.round_seconds);
        set_long(node, "vote_seconds", &mut limits.vote_seconds);
        set_long(node, "present_seconds", &mut limits.present_seconds);
        if own_rounds && limits.round_seconds > limits.turn_seconds {
            let turn = limits.turn_seconds;
            let holds = format!("a round ends with the turn, after {turn} s");
            self.conflict(
                node,
                PATH,
                "round_seconds",
                "is longer than the turn",
                &holds,
            );
        }
        limits.round_seconds = limits.round_seconds.min(limits.turn_seconds);
        limits.vote_seconds = limits.vote_seconds.min(limits.turn_seconds);
        if limits.answers_per_agent > limits.answers_total
            && node.get("answers_per_agent").is_some()
        {
            let holds = format!("the team stops at {}", limits.answers_total);
            let than = "is more than the whole team may publish";
            self.conflict(node, PATH, "answers_per_agent", than, &holds);
        }
    }

    fn agent(
        &mut self,
        node: &Node,
        path: &str,
        mut own: AgentLimits,
        team: &Limits,
    ) -> AgentLimits {
        // The shares that are kept back and the rule for unknown prices are the team's.
        own.budget = Budget {
            usd: None,
            tokens: None,
            calls: None,
            tool_calls: None,
            ..team.budget.clone()
        };
        self.budget(node, path, &mut own.budget);
        own.price = self.price(node, path);
        own.answers = small(node, "answers");
        own.rounds = small(node, "rounds");
        own.calls_per_round = small(node, "calls_per_round");
        own.tools_per_round = small(node, "tools_per_round");
        own.round_seconds = small(node, "round_seconds").map(u64::from);
        let above = |own: Option<f64>, team: Option<f64>| own.zip(team).is_some_and(|(o, t)| o > t);
        let number = |value: Option<u32>| value.map(f64::from);
        let long = |value: Option<u64>| value.map(|value| value as f64);
        let (mine, all) = (own.budget.clone(), &team.budget);
        for (key, over, holds) in [
            ("usd", above(mine.usd, all.usd), "the team's holds first"),
            (
                "tokens",
                above(long(mine.tokens), long(all.tokens)),
                "the team's holds first",
            ),
            (
                "calls",
                above(number(mine.calls), number(all.calls)),
                "the team's holds first",
            ),
            (
                "tool_calls",
                above(number(mine.tool_calls), number(all.tool_calls)),
                "the team's holds first",
            ),
            (
                "answers",
                above(number(own.answers), Some(f64::from(team.answers_total))),
                "the team stops at its own number",
            ),
            (
                "round_seconds",
                above(long(own.round_seconds), long(Some(team.turn_seconds))),
                "a round ends with the turn",
            ),
        ] {
            if over {
                self.conflict(node, path, key, "is more than the team's limit", holds);
            }
        }
        own
    }

    /// `price`: input and output are needed; what is cached costs as much as the rest of a prompt
    /// unless it is said.
    fn price(&mut self, node: &Node, path: &str) -> Option<TokenPrice> {
        let price = node.some("price")?;
        let usd = |key| {
            let usd = price.get(key).and_then(Node::number);
            usd.filter(|usd| usd.is_finite() && *usd >= 0.0)
        };
        let (Some(input), Some(output)) = (usd("input"), usd("output")) else {
            self.finding(
                Severity::Warning,
                "conflicting-limits",
                node.entry("price"),
                path,
                "`price` needs `input` and `output`; without them the usual price holds, if it is known"
                    .to_owned(),
                "give both, in USD per million tokens",
            );
            return None;
        };
        Some(TokenPrice {
            input,
            cached: usd("cached").unwrap_or(input),
            output,
        })
    }

    fn budget(&mut self, node: &Node, path: &str, budget: &mut Budget) {
        let amount = |key| {
            node.get(key)
                .and_then(Node::number)
                .filter(|n| n.is_finite())
        };
        budget.usd = amount("usd").or(budget.usd);
        budget.tokens = amount("tokens").map(|n| n as u64).or(budget.tokens);
        budget.calls = small(node, "calls").or(budget.calls);
        budget.tool_calls = small(node, "tool_calls").or(budget.tool_calls);
        let percent = |key, old: u8| small(node, key).map_or(old, |n| n.min(100) as u8);
        budget.vote_percent = percent("vote_percent", budget.vote_percent);
        budget.present_percent = percent("present_percent", budget.present_percent);
        budget.unknown_price = match node.get("unknown_price").and_then(Node::text) {
            Some("refuse") => UnknownPrice::Refuse,
            Some("warn") => UnknownPrice::Warn,
            _ => budget.unknown_price,
        };
        for key in ["usd", "tokens", "calls"] {
            if amount(key).is_some_and(|amount| amount <= 0.0) {
                self.finding(
                    Severity::Error,
                    "zero-limit",
                    node.entry(key),
                    path,
                    format!("`{key}: 0` allows no model call at all"),
                    "leave the key out for no limit, or give a number above 0",
                );
            }
        }
        let kept = u32::from(budget.vote_percent) + u32::from(budget.present_percent);
        if kept >= 100 {
            let entry = node.entry("present_percent").or(node.entry("vote_percent"));
            self.finding(
                Severity::Error,
                "no-share-left",
                entry,
                path,
                format!("{kept} % are kept for votes and the presentation, nothing for work"),
                "keep `vote_percent` and `present_percent` together below 100",
            );
        }
    }

    fn conflict(&mut self, node: &Node, path: &str, key: &str, than: &str, holds: &str) {
        self.finding(
            Severity::Warning,
            "conflicting-limits",
            node.entry(key),
            path,
            format!("`{key}` {than}; {holds}"),
            "lower it, or raise the other limit",
        );
    }

    fn finding(
        &mut self,
        severity: Severity,
        code: &'static str,
        entry: Option<&Entry>,
        path: &str,
        message: String,
        help: &'static str,
    ) {
        let Some(entry) = entry else { return };
        let key = format!("{path}.{}", entry.key);
        self.findings.push(
            Finding::new(severity, code, entry.value.span, &key)
                .message(message)
                .help(help),
        );
    }
}

/// A whole number that fits.
fn small(node: &Node, key: &str) -> Option<u32> {
    let number = node.get(key)?.number()?;
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number as u32)
}

fn set(node: &Node, key: &str, value: &mut u32) {
    *value = small(node, key).unwrap_or(*value);
}

/// True when the key was there.
fn set_long(node: &Node, key: &str, value: &mut u64) -> bool {
    let given = small(node, key).map(u64::from);
    *value = given.unwrap_or(*value);
    given.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;
    use crate::protocol::AgentId;

    fn read_all(text: &str) -> (Limits, Vec<&'static str>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let agents = names(&root).len();
        let mut findings = Vec::new();
        let (limits, _) = crate::config::limits::read(&root, agents, &mut findings);
        (
            limits,
            findings.iter().map(|finding| finding.code).collect(),
        )
    }

    #[test]
    fn agent_beats_team_beats_default() {
        let (limits, findings) = read_all(
            "agents: [{id: b, limits: {usd: 0.1, answers: 1, round_seconds: 20}}, {id: a}]\n\
             orchestrator: {limits: {usd: 0.5, tokens: 9000, answers_per_agent: 2, \
             unknown_price: refuse, round_seconds: 60, tools_per_round: 5}}",
        );
        assert_eq!(findings, [""; 0]);
        assert_eq!(limits.budget.usd, Some(0.5));
        assert_eq!(limits.budget.tokens, Some(9000));
        let (a, b) = (AgentId(1), AgentId(2));
        assert_eq!((limits.answers_of(a), limits.answers_of(b)), (2, 1));
        assert_eq!(
            (limits.round_seconds_of(a), limits.round_seconds_of(b)),
            (60, 20)
        );
        assert_eq!((limits.tools_of(a), limits.rounds_of(a)), (5, 12));
        let own = limits.of(b).unwrap();
        assert_eq!(own.budget.usd, Some(0.1));
        assert_eq!(own.budget.unknown_price, UnknownPrice::Refuse);
        assert_eq!(limits.of(a), None);
    }

    #[test]
    fn a_price_of_an_agent_beats_that_of_the_team_and_half_a_price_is_a_finding() {
        let (limits, findings) = read_all(
            "agents: [{id: b, limits: {price: {input: 1, output: 2, cached: 0.5}}}, {id: a}]\n\
             orchestrator: {limits: {price: {input: 3, output: 4}}}",
        );
        assert_eq!(findings, [""; 0]);
        let price = |n| {
            limits
                .price_of(AgentId(n))
                .map(|p| (p.input, p.cached, p.output))
        };
        assert_eq!(
            (price(1), price(2)),
            (Some((3.0, 3.0, 4.0)), Some((1.0, 0.5, 2.0)))
        );
        let (limits, findings) = read_all("orchestrator: {limits: {price: {input: 3}}}");
        assert_eq!((limits.price, findings.len()), (None, 1));
    }

    #[test]
    fn limits_that_contradict_each_other_are_findings() {
        for (text, expected) in [
            (
                "agents: [{id: a, limits: {usd: 2}}]\norchestrator: {limits: {usd: 1}}",
                "conflicting-limits",
            ),
            (
                "agents: [{id: a, limits: {tokens: 20}}]\norchestrator: {limits: {tokens: 10}}",
                "conflicting-limits",
            ),
            (
                "agents: [{id: a, limits: {round_seconds: 5000}}]",
                "conflicting-limits",
            ),
            (
                "orchestrator: {limits: {turn_seconds: 60, round_seconds: 90}}",
                "conflicting-limits",
            ),
            (
                "orchestrator: {limits: {answers_total: 2, answers_per_agent: 3}}",
                "conflicting-limits",
            ),
            ("orchestrator: {limits: {usd: 0}}", "zero-limit"),
            ("agents: [{id: a, limits: {calls: 0}}]", "zero-limit"),
            (
                "orchestrator: {limits: {vote_percent: 50, present_percent: 50}}",
                "no-share-left",
            ),
        ] {
            let (limits, findings) = read_all(text);
            assert_eq!(findings, [expected], "{text}");
            // The effect is defined: nothing lasts longer than the turn.
            assert!(limits.round_seconds <= limits.turn_seconds);
            assert!(limits.round_seconds_of(AgentId(1)) <= limits.turn_seconds);
        }
    }
}
