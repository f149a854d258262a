//! `backend.enable_mcp_command_line`, `command_line_allowed_commands`, `command_line_blocked_commands`:
//! what one agent may run, beside the rules for all under `orchestrator.permissions`.
//!
//! A pattern that cannot be read is an error: one that is silently left out would allow what it should
//! deny. Without `enable_mcp_command_line` commands are offered, unlike in `MassGen`: here they run in a
//! sandbox.

use regex::Regex;

use super::backends;
use super::diagnostic::{Finding, Severity};
use super::node::Node;
use crate::protocol::{
    AgentId, Offered,
    rules::{OwnRules, from_start},
};

/// What is read here.
pub const KEYS: [&str; 3] = [ENABLED, ALLOWED, BLOCKED];
const ENABLED: &str = "enable_mcp_command_line";
const ALLOWED: &str = "command_line_allowed_commands";
const BLOCKED: &str = "command_line_blocked_commands";

/// Reads what holds for single agents: one entry for each when there is anything, else none.
pub fn read<'n>(
    agents: impl Iterator<Item = (AgentId, &'n Node)>,
    findings: &mut Vec<Finding>,
) -> Vec<OwnRules> {
    let own: Vec<OwnRules> = agents
        .map(|(agent, node)| of(agent, node, findings))
        .collect();
    if own.iter().any(OwnRules::holds) {
        own
    } else {
        Vec::new()
    }
}

fn of(agent: AgentId, node: &Node, findings: &mut Vec<Finding>) -> OwnRules {
    let backend = node.get("backend");
    let mut list = |key: &str| patterns(backend, key, findings);
    let own = OwnRules {
        agent,
        only: list(ALLOWED),
        never: list(BLOCKED),
        commands: match backend.and_then(|map| map.get(ENABLED)?.bool()) {
            Some(false) => Offered::No,
            Some(true) | None => Offered::Yes,
        },
    };
    let kind = backend.and_then(|map| map.get("type")?.text());
    let program = kind
        .and_then(backends::find)
        .is_some_and(|one| one.program.is_some());
    if let Some(entry) = KEYS.iter().find_map(|key| backend?.entry(key))
        && program
        && own.holds()
    {
        findings.push(
            Finding::new(
                Severity::Note,
                "asked-commands",
                entry.key_span,
                "agents[].backend",
            )
            .message(format!(
                "`{}` holds for the commands that this program asks leave for; what it runs \
                     without asking is its own rules' business",
                entry.key
            ))
            .help("give the program its own rules with `extra_args`"),
        );
    }
    own
}

fn patterns(backend: Option<&Node>, key: &str, findings: &mut Vec<Finding>) -> Vec<String> {
    let list = backend.and_then(|map| map.get(key)).map(Node::items);
    let mut read = Vec::new();
    for node in list.unwrap_or_default() {
        let Some(text) = node.text() else { continue };
        match Regex::new(&from_start(text)) {
            Ok(_) => read.push(text.to_owned()),
            Err(_) => findings.push(
                Finding::new(
                    Severity::Error,
                    "command-pattern",
                    node.span,
                    &format!("agents[].backend.{key}"),
                )
                .message(format!(
                    "{} is no regular expression that can be read",
                    node.shown()
                ))
                .help(
                    "for example `git (status|diff)`; there is no look-around: `(?!…)`, `(?<=…)`",
                ),
            ),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn own(agents: &[&str]) -> (Vec<OwnRules>, Vec<Finding>) {
        let nodes = agents
            .iter()
            .map(|text| parse(text.as_bytes()).root.unwrap());
        let nodes: Vec<Node> = nodes.collect();
        let mut findings = Vec::new();
        let agents = (1..).map(AgentId).zip(&nodes);
        (read(agents, &mut findings), findings)
    }

    #[test]
    fn lists_are_read_for_every_agent_or_for_none() {
        let (got, findings) = own(&[
            "backend: {type: openai, command_line_allowed_commands: ['git (status|diff)', ls]}",
            "backend: {type: openai, command_line_blocked_commands: ['rm .*'], enable_mcp_command_line: false}",
            "backend: {type: openai, enable_mcp_command_line: true}",
        ]);
        assert!(findings.is_empty(), "{findings:?}");
        let rules = |agent, commands, only: &[&str], never: &[&str]| OwnRules {
            agent: AgentId(agent),
            commands,
            only: only.iter().map(ToString::to_string).collect(),
            never: never.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            got,
            [
                rules(1, Offered::Yes, &["git (status|diff)", "ls"], &[]),
                rules(2, Offered::No, &[], &["rm .*"]),
                rules(3, Offered::Yes, &[], &[]),
            ]
        );
        let quiet = "backend: {type: openai, enable_mcp_command_line: true}";
        assert_eq!(own(&[quiet, "id: x"]).0, []);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_programs_are_told_apart() {
        let (got, findings) =
            own(&["backend: {type: openai, command_line_blocked_commands: ['(rm', '(?!x)y']}"]);
        assert_eq!(got, []);
        let errors = findings
            .iter()
            .filter(|one| one.severity == Severity::Error);
        assert_eq!(errors.count(), 2);
        let (got, findings) =
            own(&["backend: {type: claude_code, enable_mcp_command_line: false}"]);
        assert_eq!(got.len(), 1);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
    }
}
