//! `orchestrator.mode` and what belongs to it: layers, samples, rounds, council, parts, plan, personas.
//!
//! A mode brings the limits and rules that make it what it is; what the file says itself wins, except
//! where the mode could not be played with it. Agents are named by their ids here and by numbers in
//! the rules: numbers follow the order of the names. Wrong shapes and words are the key tables'
//! business; a value that is wrong counts as absent.

use super::diagnostic::{Finding, Severity, nearest};
use super::node::{Entry, Kind, Node};
use crate::protocol::{
    AgentId, Finish, Limits, Mode, Policy, Rules,
    rules::{
        AfterFirst, Approval, Decomposition, Diversity, Part, Persona, Personas, Planning, circle,
    },
};

/// Seconds for dividing a task, as in MassGen.
const SECONDS: u64 = 300;
/// Samples of one agent when nothing else is said.
const SAMPLES: u32 = 5;

/// Puts an agent with `count: 3` into the list three times, and the only agent of a mode of samples as
/// often as `orchestrator.samples` says. Copies are called `id-2`, `id-3` …
pub fn multiply(root: &mut Node) {
    let orchestrator = root.get("orchestrator");
    let sampled = matches!(
        word(orchestrator, "mode"),
        Some("self_consistency" | "samples" | "self_moa")
    );
    let samples = small(orchestrator, "samples");
    let Some(agents) = entry_mut(root, "agents") else {
        return;
    };
    let Kind::List(items) = &mut agents.kind else {
        return;
    };
    let alone = items.len() == 1;
    let mut list = Vec::new();
    for item in std::mem::take(items) {
        let usual = match (sampled, alone) {
            (true, true) => samples.unwrap_or(SAMPLES),
            (true, false) => samples.unwrap_or(1),
            (false, _) => 1,
        };
        let count = small(Some(&item), "count").unwrap_or(usual).max(1);
        let id = item.get("id").and_then(Node::text).map(str::to_owned);
        list.push(item.clone());
        for number in 2..=count.min(200) {
            let mut copy = item.clone();
            if let (Some(id), Some(node)) = (&id, entry_mut(&mut copy, "id")) {
                node.kind = Kind::Text(format!("{id}-{number}"));
            }
            list.push(copy);
        }
    }
    *items = list;
}

fn entry_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let Kind::Map(entries) = &mut node.kind else {
        return None;
    };
    let found: Option<&mut Entry> = entries.iter_mut().find(|entry| entry.key == key);
    found.map(|entry| &mut entry.value)
}

/// Reads the mode and the personas of a team with these names; `limits` and `rules` are those that
/// everything else in the file says.
pub fn read(
    root: &Node,
    names: &[String],
    limits: &mut Limits,
    rules: &mut Rules,
    findings: &mut Vec<Finding>,
) {
    let team = Team::new(root, names);
    let orchestrator = root.get("orchestrator");
    rules.personas = team.personas(orchestrator);
    rules.permitting.own = super::holding::read(team.each(), findings);
    if let Some(mode) = team.mode(orchestrator, findings) {
        let said = |key: &str| orchestrator.is_some_and(|map| map.some(key).is_some());
        suit(&mode, word(orchestrator, "mode"), limits, rules, said);
        rules.mode = mode;
    }
}

/// Gives a mode the limits and rules it is played with.
fn suit(
    mode: &Mode,
    name: Option<&str>,
    limits: &mut Limits,
    rules: &mut Rules,
    said: impl Fn(&str) -> bool,
) {
    if let Some(layers) = mode.layers() {
        let agents = limits
            .answers_total
            .div_ceil(limits.answers_per_agent.max(1));
        limits.answers_per_agent = layers;
        limits.answers_total = layers.saturating_mul(agents.max(1));
        // A round per layer, one to judge after each, a vote, and the vote again.
        let rounds = layers.saturating_mul(2).saturating_add(6);
        limits.rounds_per_agent = limits.rounds_per_agent.max(rounds);
    }
    let finish = match (mode, name) {
        (Mode::Layers { .. }, Some("mixture_of_agents" | "self_moa")) => {
            rules.deciding.skip_voting = true;
            Some(Finish::Synthesize)
        }
        (Mode::Council { .. }, _) => {
            if !said("policy") {
                rules.deciding.policy = Policy::Borda;
            }
            Some(Finish::Synthesize)
        }
        (Mode::Rounds { .. } | Mode::Samples, _) => Some(Finish::Reuse),
        _ => None,
    };
    if let Some(finish) = finish
        && !said("final_answer_strategy")
        && !said("skip_final_presentation")
    {
        rules.finishing.finish = finish;
    }
}

/// The agents of a file by name.
struct Team<'a> {
    names: &'a [String],
    agents: &'a [Node],
}

impl<'a> Team<'a> {
    fn new(root: &'a Node, names: &'a [String]) -> Self {
        let agents = match root.get("agent") {
            Some(agent) => std::slice::from_ref(agent),
            None => root.get("agents").map_or(&[][..], Node::items),
        };
        Self { names, agents }
    }

    /// The number of an agent: its place among all names in order, or what `agent2` says.
    fn number(&self, name: &str) -> Option<AgentId> {
        super::finishing::number(self.names, self.names.len(), name)
    }

    /// The agent that a key names; an unknown one is an error.
    fn named(
        &self,
        map: Option<&Node>,
        path: &str,
        key: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<AgentId> {
        let node = map?.some(key)?;
        let name = node.text()?;
        let number = self.number(name);
        if number.is_none() && !self.names.is_empty() {
            findings.push(unknown(node, &format!("{path}.{key}"), name, self.names));
        }
        number
    }

    /// Every agent with its number.
    fn each(&self) -> impl Iterator<Item = (AgentId, &'a Node)> {
        self.agents.iter().enumerate().filter_map(|(index, node)| {
            let id = node.get("id").and_then(Node::text);
            let name = id.or_else(|| self.names.get(index).map(String::as_str))?;
            Some((self.number(name)?, node))
        })
    }

    fn mode(&self, orchestrator: Option<&Node>, findings: &mut Vec<Finding>) -> Option<Mode> {
        let parts = word(orchestrator, "coordination_mode") == Some("decomposition");
        let name = match word(orchestrator, "mode") {
            None if parts => "decomposition",
            name => name?,
        };
        let mut agent = |key: &str| self.named(orchestrator, "orchestrator", key, findings);
        let number = |key, usual| small(orchestrator, key).unwrap_or(usual);
        Some(match name {
            "layers" | "mixture_of_agents" => Mode::Layers {
                layers: number("layers", 2),
                aggregator: agent("aggregator"),
            },
            "self_moa" => Mode::Layers {
                layers: number("layers", 1),
                aggregator: agent("aggregator"),
            },
            "self_consistency" | "samples" => Mode::Samples,
            "rounds" | "tumix" => {
                let least = number("min_rounds", 2);
                Mode::Rounds {
                    least,
                    most: number("max_rounds", 5).max(least),
                    judge: agent("rounds_judge"),
                }
            }
            "council" => Mode::Council {
                chairman: agent("chairman"),
            },
            "decomposition" => self.decomposition(orchestrator, findings),
            "plan" => Mode::Plan(planning(orchestrator)),
            _ => return None,
        })
    }

    fn decomposition(&self, orchestrator: Option<&Node>, findings: &mut Vec<Finding>) -> Mode {
        let decomposer = orchestrator
            .and_then(|map| map.get("coordination"))
            .and_then(|map| map.get("task_decomposer"));
        let mut parts = Vec::new();
        for (index, (agent, node)) in self.each().enumerate() {
            let Some(text) = words_of(node, "subtask") else {
                continue;
            };
            let path = format!("agents[{index}].depends_on");
            let mut after = Vec::new();
            for on in node.get("depends_on").map_or(&[][..], Node::items) {
                let Some(name) = on.text() else { continue };
                match self.number(name) {
                    Some(number) => after.push(number),
                    None => findings.push(unknown(on, &path, name, self.names)),
                }
            }
            parts.push(Part { agent, text, after });
        }
        if let Some(round) = circle(&parts) {
            let mut path: Vec<&str> = round.iter().map(|id| self.name(*id)).collect();
            path.extend(path.first().copied());
            let span = self
                .each()
                .find(|(agent, _)| round.first() == Some(agent))
                .and_then(|(_, node)| node.get("depends_on"))
                .map(|node| node.span)
                .unwrap_or_default();
            findings.push(
                Finding::new(Severity::Error, "circle", span, "agents.depends_on")
                    .message(format!(
                        "subtasks wait for each other in a circle: {}",
                        path.join(" → ")
                    ))
                    .help("take one of these names out of `depends_on`"),
            );
        }
        let derived = decomposer
            .and_then(|map| map.get("enabled"))
            .and_then(Node::bool)
            != Some(false);
        if parts.is_empty()
            && !derived
            && let Some(map) = orchestrator
        {
            findings.push(
                Finding::new(Severity::Error, "no-subtasks", map.span, "orchestrator")
                    .message("no agent has a `subtask` and `task_decomposer` is switched off")
                    .help("give each agent a `subtask:`, or switch the decomposer on"),
            );
        }
        Mode::Parts(Decomposition {
            parts,
            // An unknown one is told by the rules that span keys.
            presenter: word(orchestrator, "presenter_agent").and_then(|name| self.number(name)),
            seconds: small(decomposer, "timeout_seconds").map_or(SECONDS, u64::from),
            guidelines: decomposer
                .and_then(|map| words_of(map, "decomposition_guidelines"))
                .unwrap_or_default(),
        })
    }

    fn name(&self, id: AgentId) -> &str {
        let found = self.names.iter().find(|name| self.number(name) == Some(id));
        found.map_or("?", String::as_str)
    }

    fn personas(&self, orchestrator: Option<&Node>) -> Personas {
        let mut personas = Personas::default();
        for (agent, node) in self.each() {
            let role = words_of(node, "role").unwrap_or_default();
            let text = words_of(node, "persona").unwrap_or_default();
            if !role.is_empty() || !text.is_empty() {
                personas.given.push(Persona { agent, role, text });
            }
        }
        let maker = orchestrator
            .and_then(|map| map.get("coordination"))
            .and_then(|map| map.get("persona_generator"));
        let Some(maker) = maker else { return personas };
        let flag = |key| maker.get(key).and_then(Node::bool) == Some(true);
        personas.after = match word(Some(maker), "after_first_answer") {
            Some("soften") => AfterFirst::Soften,
            Some("keep") => AfterFirst::Keep,
            _ => AfterFirst::Drop,
        };
        personas.diversity = flag("enabled").then(|| match word(Some(maker), "diversity_mode") {
            Some("implementation") => Diversity::Implementation,
            Some("methodology") => Diversity::Methodology,
            _ => Diversity::Perspective,
        });
        personas.persist = flag("persist_across_turns");
        personas.guidelines = words_of(maker, "persona_guidelines").unwrap_or_default();
        personas
    }
}

fn planning(orchestrator: Option<&Node>) -> Planning {
    let coordination = orchestrator.and_then(|map| map.get("coordination"));
    let usual = Planning::default();
    Planning {
        chunks: small(coordination, "plan_target_chunks").unwrap_or(usual.chunks),
        steps: small(coordination, "plan_target_steps"),
        approval: match word(orchestrator, "plan_approval") {
            Some("auto") => Approval::Auto,
            _ => usual.approval,
        },
    }
}

fn unknown(node: &Node, path: &str, name: &str, names: &[String]) -> Finding {
    let near = nearest(name, names.iter().map(String::as_str));
    Finding::new(Severity::Error, "unknown-agent", node.span, path)
        .message(format!("{} is not the id of an agent", node.shown()))
        .help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "use one of the ids under `agents:`".to_owned(),
        })
}

fn word<'n>(map: Option<&'n Node>, key: &str) -> Option<&'n str> {
    map?.get(key)?.text()
}

/// A text that says something.
fn words_of(map: &Node, key: &str) -> Option<String> {
    let text = map.get(key)?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A whole number above 0.
fn small(map: Option<&Node>, key: &str) -> Option<u32> {
    let number = map?.get(key)?.number()?;
    let fits = number.is_finite() && (1.0..=f64::from(u32::MAX)).contains(&number);
    fits.then_some(number.ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn load(text: &str, names: &[&str]) -> (Limits, Rules, Vec<Finding>) {
        let mut root = parse(text.as_bytes()).root.unwrap();
        multiply(&mut root);
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut findings = Vec::new();
        let (mut limits, mut rules) =
            crate::config::limits::read(&root, names.len(), &mut findings);
        read(&root, &names, &mut limits, &mut rules, &mut findings);
        (limits, rules, findings)
    }

    #[test]
    fn a_mode_brings_its_limits_and_rules() {
        let (limits, rules, _) = load("orchestrator: {mode: layers, layers: 3}", &["a", "b"]);
        assert_eq!(rules.mode.layers(), Some(3));
        assert_eq!((limits.answers_per_agent, limits.answers_total), (3, 6));
        let (_, rules, _) = load("orchestrator: {mode: council, chairman: b}", &["b", "a"]);
        assert_eq!(rules.mode.presenter(), Some(AgentId(2)));
        assert_eq!(rules.deciding.policy, Policy::Borda);
        let (limits, rules, _) = load("orchestrator: {mode: self_consistency}", &["a", "b"]);
        assert_eq!((&rules.mode, limits.answers_per_agent), (&Mode::Samples, 1));
        assert_eq!(rules.finishing.finish, Finish::Reuse);
        let (_, rules, _) = load("a: 1", &["a"]);
        assert_eq!(rules.mode, Mode::Team);
    }

    #[test]
    fn seats_are_multiplied() {
        let ids = |text: &str| {
            let mut root = parse(text.as_bytes()).root.unwrap();
            multiply(&mut root);
            let agents = root.get("agents").unwrap().items().to_vec();
            let ids = agents
                .iter()
                .map(|a| a.get("id").unwrap().text().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(
            ids("agents: [{id: a, count: 2}, {id: b}]"),
            ["a", "a-2", "b"]
        );
        assert_eq!(
            ids("{agents: [{id: a}], orchestrator: {mode: self_moa}}").len(),
            5
        );
        let three = "{agents: [{id: a}], orchestrator: {mode: self_consistency, samples: 3}}";
        assert_eq!(ids(three), ["a", "a-2", "a-3"]);
    }

    #[test]
    fn parts_are_read_and_a_circle_is_named() {
        let team = |after: &str| {
            format!(
                "{{orchestrator: {{coordination_mode: decomposition, presenter_agent: c}}, \
                 agents: [{{id: c, subtask: the end, depends_on: [a]}}, \
                 {{id: a, subtask: the start, depends_on: [{after}]}}]}}"
            )
        };
        let (_, rules, findings) = load(&team(""), &["c", "a"]);
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(rules.mode.presenter(), Some(AgentId(2)));
        assert_eq!(rules.mode.parts()[0].after, [AgentId(1)]);
        let (_, _, findings) = load(&team("c"), &["c", "a"]);
        assert_eq!(findings[0].code, "circle");
        assert!(
            findings[0].message.ends_with("c → a → c"),
            "{}",
            findings[0].message
        );
        let (_, _, findings) = load(&team("d"), &["c", "a"]);
        assert_eq!(findings[0].code, "unknown-agent");
    }

    #[test]
    fn personas_are_read() {
        let text = "{agents: [{id: a, role: critic, persona: doubts}, {id: b}], orchestrator: \
                    {coordination: {persona_generator: {enabled: true, after_first_answer: soften}}}}";
        let (_, rules, _) = load(text, &["a", "b"]);
        assert_eq!(rules.personas.given.len(), 1);
        assert_eq!(rules.personas.diversity, Some(Diversity::Perspective));
        assert_eq!(rules.personas.after, AfterFirst::Soften);
    }
}
