//! `agents:` (or `agent:`) to the team: who there is and what they are called.
//!
//! Shapes that are wrong are the key tables' business and passed over here. What is behind an agent
//! is in [`super::endpoint`].

use super::diagnostic::{Finding, Severity, is_slip};
use super::excerpt::clean;
use super::load::{Env, Purpose};
use super::model::{AgentConfig, BackendConfig};
use super::node::{Entry, Kind, Node, Span};
use super::servers;
use super::teams::Nest;
use super::yaml::join;

/// Largest team. MassGen's largest shipped configuration has 50.
const MOST_AGENTS: usize = 64;

/// Builds agents and collects what is wrong with them.
pub struct AgentBuilder<'a> {
    pub(super) env: Env<'a>,
    pub(super) purpose: Purpose,
    /// What leads to this team.
    pub(super) nest: Nest,
    /// Agents that are teams themselves, in order: where that stands.
    pub(super) teams: Vec<(Span, String)>,
    /// What was found so far.
    pub findings: Vec<Finding>,
}

impl<'a> AgentBuilder<'a> {
    /// A builder without findings.
    #[must_use]
    pub fn new(env: Env<'a>, purpose: Purpose) -> Self {
        Self {
            env,
            purpose,
            nest: Nest::default(),
            teams: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        key: &str,
        message: String,
        help: &str,
    ) {
        self.push(Severity::Error, code, span, key, message, help);
    }

    pub(super) fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: Span,
        key: &str,
        message: String,
        help: &str,
    ) {
        self.findings.push(
            Finding::new(severity, code, span, key)
                .message(message)
                .help(help),
        );
    }

    /// Every agent of the file, in order.
    pub fn team(&mut self, root: &Node) -> Vec<AgentConfig> {
        let mut team: Vec<AgentConfig> = Vec::new();
        let mut names: Vec<(String, u32)> = Vec::new();
        for (index, (node, path)) in self.nodes(root).into_iter().enumerate() {
            if !matches!(node.kind, Kind::Map(_)) {
                continue;
            }
            let name = self.name(node, index, &path, &mut names);
            let below = self.below(node, &path).map(Box::new);
            let backend = match (&below, node.some("backend")) {
                (Some(below), None) => Self::voice(below),
                // What is wrong with the team was said.
                (None, None) if node.some("team").is_some() => None,
                _ => self.agent_backend(node, &path),
            };
            let system_message = node
                .get("system_message")
                .and_then(Node::text)
                .filter(|text| !text.trim().is_empty())
                .map(str::to_owned);
            let around = servers::Around {
                env: self.env,
                unset: self.purpose.missing(),
                folder: &self.nest.folder,
                seen: &self.nest.seen,
            };
            let tools = servers::read(root, node.some("backend"), &around, &mut self.findings);
            team.extend(backend.map(|backend| AgentConfig {
                name,
                backend,
                system_message,
                team: below,
                tools,
            }));
        }
        team
    }

    /// The nodes under `agents` or `agent` with their paths.
    fn nodes<'n>(&mut self, root: &'n Node) -> Vec<(&'n Node, String)> {
        match (root.entry("agents"), root.entry("agent")) {
            (Some(_), Some(agent)) => {
                self.error(
                    "agent-and-agents",
                    agent.key_span,
                    "agent",
                    "both `agents` and `agent` are set".to_owned(),
                    "keep `agents:` for a team or `agent:` for one agent",
                );
                Vec::new()
            }
            (None, None) => {
                // A misspelt key is reported as such; one error is enough.
                let misspelt =
                    |entry: &Entry| is_slip(&entry.key, "agents") || is_slip(&entry.key, "agent");
                if !root.entries().iter().any(misspelt) {
                    self.error(
                        "no-agents",
                        Span::default(),
                        "agents",
                        "there is no `agents:`".to_owned(),
                        "list the team under `agents:`, each with `id:` and `backend:`",
                    );
                }
                Vec::new()
            }
            (None, Some(agent)) => vec![(&agent.value, "agent".to_owned())],
            (Some(agents), None) => self.listed(&agents.value),
        }
    }

    fn listed<'n>(&mut self, list: &'n Node) -> Vec<(&'n Node, String)> {
        let items = list.items();
        if items.is_empty() && matches!(list.kind, Kind::List(_)) {
            let help = "add at least one agent with `id:` and `backend:`";
            let message = "the team is empty".to_owned();
            self.error("no-agents", list.span, "agents", message, help);
        }
        if items.len() > MOST_AGENTS {
            let message = format!("{} agents are more than {MOST_AGENTS}", items.len());
            self.error(
                "too-many-agents",
                list.span,
                "agents",
                message,
                "use a smaller team",
            );
            return Vec::new();
        }
        items
            .iter()
            .enumerate()
            .map(|(index, node)| (node, format!("agents[{index}]")))
            .collect()
    }

    /// The agent's name: its id, or `agentN`; never one that another agent has.
    fn name(
        &mut self,
        node: &Node,
        index: usize,
        path: &str,
        names: &mut Vec<(String, u32)>,
    ) -> String {
        let key = join(path, "id");
        let (name, span) = if let Some(id) = node.some("id") {
            (id.text().unwrap_or_default().to_owned(), id.span)
        } else {
            let name = format!("agent{}", index + 1);
            let message = format!("the agent has no `id`; it is called `{name}`");
            self.push(Severity::Note, "default-id", node.span, &key, message, "");
            (name, node.span)
        };
        let is_text = node.some("id").is_none_or(|id| id.text().is_some());
        if is_text && name.trim().is_empty() {
            let help = "give the agent a name, for example `id: writer`";
            self.error("bad-id", span, &key, "`id` is empty".to_owned(), help);
        } else if name.chars().count() > 64 || name.chars().any(char::is_control) {
            let help = "use a short name on one line, at most 64 characters";
            let message = "`id` is too long or has control characters".to_owned();
            self.error("bad-id", span, &key, message, help);
        } else if let Some((_, line)) = names.iter().find(|(other, _)| *other == name) {
            let message = format!(
                "the id `{}` is taken by the agent on line {line}",
                clean(&name, 64)
            );
            self.error(
                "duplicate-id",
                span,
                &key,
                message,
                "give each agent its own id",
            );
        }
        names.push((name.clone(), span.line));
        name
    }

    fn agent_backend(&mut self, node: &Node, path: &str) -> Option<BackendConfig> {
        let key = join(path, "backend");
        match node.some("backend") {
            None => {
                let span = node
                    .entry("backend")
                    .map_or(node.span, |entry| entry.key_span);
                self.error(
                    "no-backend",
                    span,
                    &key,
                    "the agent has no `backend`".to_owned(),
                    "add `backend: {type: openai, model: …}`, or a team with `team: FILE`",
                );
                None
            }
            Some(backend) => {
                matches!(backend.kind, Kind::Map(_)).then_some(())?;
                self.backend(backend, &key, backend.span)
            }
        }
    }
}
