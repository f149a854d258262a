//! Rules that span several keys, also for keys that this version does not use: a file that MassGen
//! would refuse is not called good here.

use std::path::{Path, PathBuf};

use super::diagnostic::{Finding, Severity};
use super::node::{Entry, Kind, Node, Span};

/// Findings of every rule.
#[must_use]
pub fn check(root: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    let agents: Vec<(&Node, String)> = match root.get("agent") {
        Some(agent) => vec![(agent, "agent".to_owned())],
        None => root
            .get("agents")
            .map_or(&[][..], Node::items)
            .iter()
            .enumerate()
            .map(|(index, agent)| (agent, format!("agents[{index}]")))
            .collect(),
    };
    delegates(&agents, &mut findings);
    if let Some(orchestrator) = root.get("orchestrator") {
        presenter(orchestrator, &agents, &mut findings);
        subagent_times(orchestrator, &mut findings);
    }
    hooks(root.get("hooks"), "hooks", &mut findings);
    for (agent, path) in &agents {
        if let Some(backend) = agent.get("backend") {
            let path = format!("{path}.backend");
            workspace(backend, root, &path, &mut findings);
            program_folder(backend, &path, &mut findings);
            tool_filters(backend, &path, &mut findings);
            servers(backend, &path, &mut findings);
            hooks(
                backend.get("hooks"),
                &format!("{path}.hooks"),
                &mut findings,
            );
        }
    }
    findings
}

fn error(code: &'static str, span: Span, key: &str, message: String) -> Finding {
    Finding::new(Severity::Error, code, span, key).message(message)
}

fn delegates(agents: &[(&Node, String)], findings: &mut Vec<Finding>) {
    let main =
        |node: &&(&Node, String)| node.0.get("main_agent").and_then(Node::bool) == Some(true);
    for (agent, path) in agents.iter().filter(main).skip(1) {
        let span = agent.get("main_agent").map_or(agent.span, |node| node.span);
        findings.push(
            error(
                "two-main-agents",
                span,
                &format!("{path}.main_agent"),
                "another agent is the main agent already".to_owned(),
            )
            .help("set `main_agent: true` on one agent only"),
        );
    }
}

fn presenter(orchestrator: &Node, agents: &[(&Node, String)], findings: &mut Vec<Finding>) {
    let Some(named) = orchestrator.get("presenter_agent") else {
        return;
    };
    let Some(name) = named.text() else { return };
    let ids: Vec<&str> = agents
        .iter()
        .filter_map(|(agent, _)| agent.get("id")?.text())
        .collect();
    if !ids.is_empty() && !ids.contains(&name) {
        findings.push(
            error(
                "unknown-agent",
                named.span,
                "orchestrator.presenter_agent",
                format!("{} is not the id of an agent", named.shown()),
            )
            .help(
                match super::diagnostic::nearest(name, ids.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "use one of the ids under `agents:`".to_owned(),
                },
            ),
        );
    }
}

fn subagent_times(orchestrator: &Node, findings: &mut Vec<Finding>) {
    let Some(coordination) = orchestrator.get("coordination") else {
        return;
    };
    let number = |key| coordination.get(key).and_then(Node::number);
    if let (Some(min), Some(max)) = (
        number("subagent_min_timeout"),
        number("subagent_max_timeout"),
    ) && min > max
        && let Some(node) = coordination.get("subagent_min_timeout")
    {
        findings.push(error(
            "out-of-range",
            node.span,
            "orchestrator.coordination.subagent_min_timeout",
            format!("`subagent_min_timeout` ({min}) is more than `subagent_max_timeout` ({max})"),
        ));
    }
}

/// MassGen refuses to start an agent with a workspace when the orchestrator has no place for
/// snapshots.
fn workspace(backend: &Node, root: &Node, path: &str, findings: &mut Vec<Finding>) {
    let Some(cwd) = backend.some("cwd") else {
        return;
    };
    let orchestrator = root.get("orchestrator");
    let missing: Vec<&str> = ["snapshot_storage", "agent_temporary_workspace"]
        .into_iter()
        .filter(|key| orchestrator.and_then(|node| node.some(key)).is_none())
        .collect();
    if !missing.is_empty() {
        findings.push(
            Finding::new(
                Severity::Note,
                "incomplete-workspace",
                cwd.span,
                &format!("{path}.cwd"),
            )
            .message(format!(
                "MassGen does not start with `cwd` and without `orchestrator.{}`",
                missing.join("` and `orchestrator.")
            ))
            .help("nothing to do here"),
        );
    }
}

/// MassGen wants a folder for these programs, so that they do not write their settings into the project.
fn program_folder(backend: &Node, path: &str, findings: &mut Vec<Finding>) {
    let kind = backend.get("type");
    if let Some(kind) = kind
        && matches!(kind.text(), Some("codex" | "claude_code"))
        && backend.some("cwd").is_none()
    {
        findings.push(
            Finding::new(
                Severity::Note,
                "massgen-wants",
                kind.span,
                &format!("{path}.cwd"),
            )
            .message(format!(
                "MassGen does not start {} without `cwd`",
                kind.shown()
            ))
            .help("nothing to do here: it works in copies of the shared folders"),
        );
    }
}

/// Folders of the task that are not on this machine. Relative paths begin in the folder the program
/// was started in.
pub fn missing_paths(root: &Node, home: Option<&str>) -> Vec<Finding> {
    let list = root
        .get("orchestrator")
        .and_then(|orchestrator| orchestrator.get("context_paths"))
        .map_or(&[][..], Node::items);
    let mut findings = Vec::new();
    for (index, item) in list.iter().take(100).enumerate() {
        let Some(node) = item.get("path") else {
            continue;
        };
        let Some(text) = node.text().filter(|text| !text.contains("${")) else {
            continue;
        };
        let path = match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            _ => PathBuf::from(text),
        };
        if !path.exists() {
            let key = format!("orchestrator.context_paths[{index}].path");
            findings.push(
                Finding::new(Severity::Warning, "missing-path", node.span, &key)
                    .message(format!("{} is not there on this machine", node.shown()))
                    .help("relative paths begin in the folder you start the program in"),
            );
        }
    }
    findings
}

fn tool_filters(backend: &Node, path: &str, findings: &mut Vec<Finding>) {
    if let (Some(_), Some(entry)) = (
        backend.some("allowed_tools"),
        backend.entry("exclude_tools"),
    ) && entry.value.truthy()
    {
        findings.push(
            Finding::new(
                Severity::Warning,
                "two-tool-filters",
                entry.key_span,
                &format!("{path}.exclude_tools"),
            )
            .message("`allowed_tools` and `exclude_tools` are both set")
            .help("keep `allowed_tools`: what it does not list is excluded"),
        );
    }
}

fn servers(backend: &Node, path: &str, findings: &mut Vec<Finding>) {
    let Some(list) = backend.get("mcp_servers") else {
        return;
    };
    for entry in list.entries() {
        server(
            &entry.value,
            &format!("{path}.mcp_servers.{}", entry.key),
            findings,
        );
    }
    let mut names: Vec<(&str, u32)> = Vec::new();
    for (index, node) in list.items().iter().enumerate() {
        let path = format!("{path}.mcp_servers[{index}]");
        if !matches!(node.kind, Kind::Map(_)) {
            continue;
        }
        server(node, &path, findings);
        match node.get("name") {
            None => findings.push(
                error(
                    "no-name",
                    node.span,
                    &path,
                    "the MCP server has no `name`".to_owned(),
                )
                .help("tools of the server appear as `mcp__NAME__tool`"),
            ),
            Some(named) => {
                let Some(name) = named.text() else { continue };
                if let Some((_, line)) = names.iter().find(|(other, _)| *other == name) {
                    findings.push(
                        error(
                            "duplicate-name",
                            named.span,
                            &format!("{path}.name"),
                            format!("{} is the name of the server on line {line}", named.shown()),
                        )
                        .help("give each server its own name"),
                    );
                }
                names.push((name, named.span.line));
            }
        }
    }
}

fn server(node: &Node, path: &str, findings: &mut Vec<Finding>) {
    if !matches!(node.kind, Kind::Map(_)) {
        return;
    }
    let kind = node.get("type").and_then(Node::text).unwrap_or("stdio");
    let missing = match kind {
        "stdio" if node.get("command").is_none() && node.get("args").is_none() => {
            Some(("no-command", "command"))
        }
        "streamable-http" if node.get("url").is_none() => Some(("no-url", "url")),
        _ => None,
    };
    if let Some((code, key)) = missing {
        let message = format!("the MCP server has no `{key}`");
        findings.push(error(code, node.span, path, message).help(format!("add `{key}:`")));
    }
    if let Some(command) = node.get("command")
        && let Some(text) = command.text()
        && text.contains(['&', ';', '$', '(', ')', '<', '>', '`', '|'])
        && command.written.is_none()
    {
        findings.push(
            error(
                "unsafe-command",
                command.span,
                &format!("{path}.command"),
                "`command` has characters of a shell".to_owned(),
            )
            .help("name the program in `command` and its arguments in `args`"),
        );
    }
}

fn hooks(node: Option<&Node>, path: &str, findings: &mut Vec<Finding>) {
    for Entry { key, value, .. } in node.map_or(&[][..], Node::entries) {
        let list = match &value.kind {
            Kind::List(items) => items.as_slice(),
            _ => value.get("hooks").map_or(&[][..], Node::items),
        };
        for (index, hook) in list.iter().enumerate() {
            if matches!(hook.kind, Kind::Map(_)) && hook.get("handler").is_none() {
                findings.push(
                    error(
                        "no-handler",
                        hook.span,
                        &format!("{path}.{key}[{index}]"),
                        "the hook has no `handler`".to_owned(),
                    )
                    .help("name a function, `module.function`, or a file"),
                );
            }
        }
    }
}
