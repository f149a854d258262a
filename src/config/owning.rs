//! `backend.cwd`: which agents get tools for files, and what they work on where the team was given no
//! folder that it may change.
//!
//! In `MassGen` every agent has a folder of its own, writes there, and sees copies of what the others
//! have. Here all of them begin with one folder, each in a copy of its own: an empty one that is made for
//! the run, or the one that an absolute path names. A relative path never stands for anything in the
//! folder the program was started in. Whether a path exists is found out when a run begins.

use std::path::Path;

use super::diagnostic::{Finding, Severity};
use super::finishing::number;
use super::model::AgentConfig;
use super::node::Node;
use crate::protocol::{AgentId, Own, Working};

/// Reads what the agents of a team bring along. `agents` are those that were built from `root`.
pub fn read(
    root: &Node,
    agents: &[AgentConfig],
    working: &mut Working,
    findings: &mut Vec<Finding>,
) {
    let nodes = match root.get("agent") {
        Some(agent) => std::slice::from_ref(agent),
        None => root.get("agents").map_or(&[][..], Node::items),
    };
    // Something is wrong with one of them, which is told: nothing will run.
    if nodes.len() != agents.len() {
        return;
    }
    let all: Vec<(&AgentConfig, Option<&Node>)> =
        agents.iter().zip(nodes.iter().map(folder)).collect();
    let owner = |(agent, cwd): &&(&AgentConfig, Option<&Node>)| cwd.is_some() || owns_inside(agent);
    if !all.iter().any(|one| owner(&one)) {
        return;
    }
    let names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    // Programs have tools of their own and work in a copy wherever there are folders.
    let has_hands =
        |one: &&(&AgentConfig, Option<&Node>)| owner(one) || one.0.backend.program.is_some();
    let hands: Vec<AgentId> = all
        .iter()
        .filter(has_hands)
        .filter_map(|(agent, _)| number(&names, names.len(), &agent.name))
        .collect();
    let folders: Vec<&Node> = all.iter().filter_map(|(_, cwd)| *cwd).collect();
    if hands.len() < agents.len() {
        findings.extend(folders.first().map(|cwd| some_have(cwd, &all)));
        working.hands = hands;
    }
    working.own = own(&folders, working.is_changed(), findings);
}

/// The folder that an agent brings.
fn folder(agent: &Node) -> Option<&Node> {
    let cwd = agent.get("backend")?.some("cwd")?;
    cwd.text().filter(|text| !text.trim().is_empty())?;
    Some(cwd)
}

/// Whether somebody in the team that an agent is brings a folder.
fn owns_inside(agent: &AgentConfig) -> bool {
    let inner = agent.team.as_deref();
    inner.is_some_and(|team| !team.rules.working.own.is_none())
}

/// What the team works on; `given` when it has a folder that it may change.
fn own(folders: &[&Node], given: bool, findings: &mut Vec<Finding>) -> Own {
    let fixed = |node: &Node| {
        let text = node.text().unwrap_or_default().trim();
        (Path::new(text).is_absolute() || text.starts_with("~/")).then(|| text.to_owned())
    };
    let mut paths: Vec<String> = folders.iter().filter_map(|node| fixed(node)).collect();
    let Some(told) = folders.iter().find(|node| fixed(node).is_some()) else {
        return Own::Empty;
    };
    let many = paths.len() < folders.len();
    paths.sort();
    paths.dedup();
    let (words, help) = match paths.pop() {
        Some(path) if paths.is_empty() && !many && !given => return Own::At(path),
        _ if given => (
            "`cwd` names no further folder: the team works in copies of those under \
             `orchestrator.context_paths`",
            "name it there too if agents are to change it",
        ),
        _ => (
            "agents name different folders with `cwd`: they work on an empty one that is made for the \
             run, each in a copy of its own",
            "to let them change a folder of yours, name it under `orchestrator.context_paths` with \
             `permission: write`",
        ),
    };
    findings.push(note("shared-folder", told, words.to_owned()).help(help));
    Own::Empty
}

/// Told where only some agents bring a folder.
fn some_have(cwd: &Node, all: &[(&AgentConfig, Option<&Node>)]) -> Finding {
    let without = all.iter().filter(|(agent, cwd)| {
        cwd.is_none() && agent.backend.program.is_none() && !owns_inside(agent)
    });
    let names: Vec<String> = without
        .map(|(agent, _)| format!("`{}`", super::excerpt::clean(&agent.name, 40)))
        .collect();
    let words = format!(
        "no tools for files without `cwd`, as in MassGen: {}",
        names.join(", ")
    );
    note("no-file-tools", cwd, words).help("give an agent a `cwd` to let it work on files")
}

fn note(code: &'static str, node: &Node, words: String) -> Finding {
    Finding::new(Severity::Note, code, node.span, "agents[].backend.cwd").message(words)
}

#[cfg(test)]
mod tests {
    use crate::config::{Purpose, load_bytes};
    use crate::protocol::{AgentId, Own, Working};

    fn working(agents: &[(&str, &str)], rest: &str) -> (Working, Vec<&'static str>) {
        let agents = agents.iter().map(|(id, cwd)| {
            format!("  - {{id: {id}, backend: {{type: ollama, model: m{cwd}}}}}\n")
        });
        let text = "agents:\n".to_owned() + &agents.collect::<String>();
        let loaded = load_bytes("t.yaml", (text + rest).as_bytes(), &|_| None, Purpose::Run);
        let config = loaded
            .config
            .unwrap_or_else(|| panic!("{:?}", loaded.report));
        let codes = config.report.findings().iter().map(|one| one.code);
        let codes = codes.filter(|code| ["shared-folder", "no-file-tools"].contains(code));
        (config.rules.working, codes.collect())
    }

    #[test]
    fn a_team_without_folders_of_its_own_only_talks() {
        let (got, codes) = working(&[("a", ""), ("b", ", cwd: ''")], "");
        assert_eq!((got, codes), (Working::default(), vec![]));
    }

    #[test]
    fn relative_paths_are_one_empty_folder() {
        let (got, codes) = working(&[("a", ", cwd: w1"), ("b", ", cwd: ../w2")], "");
        assert_eq!((got.own, got.hands, codes), (Own::Empty, vec![], vec![]));
    }

    #[test]
    fn one_absolute_path_is_that_folder_and_several_are_none() {
        for path in ["/x/y", "~/y"] {
            let cwd = format!(", cwd: {path}");
            let (got, codes) = working(&[("a", &cwd), ("b", &cwd)], "");
            assert_eq!((got.own, codes), (Own::At(path.into()), vec![]), "{path}");
        }
        for other in [", cwd: /z", ", cwd: w"] {
            let (got, codes) = working(&[("a", ", cwd: /x/y"), ("b", other)], "");
            assert_eq!(
                (got.own, codes),
                (Own::Empty, vec!["shared-folder"]),
                "{other}"
            );
        }
        let given = "orchestrator: {context_paths: [{path: ., permission: write}]}";
        let (got, codes) = working(&[("a", ", cwd: /x/y")], given);
        assert_eq!((got.own, codes), (Own::Empty, vec!["shared-folder"]));
    }

    #[test]
    fn only_those_with_a_folder_get_tools_for_files() {
        let (got, codes) = working(&[("zoe", ""), ("ada", ", cwd: w")], "");
        assert_eq!(got.hands, [AgentId(1)], "numbers follow the names");
        assert_eq!(
            (got.own.clone(), codes),
            (Own::Empty, vec!["no-file-tools"])
        );
        assert!(got.has_hands(AgentId(1)) && !got.has_hands(AgentId(2)));
    }

    #[test]
    fn a_team_in_an_agents_place_brings_its_folder() {
        let text = "agents:\n  - {id: a, backend: {type: ollama, model: m}}\n  - id: b\n    team:\n      \
                    agents: [{id: x, backend: {type: ollama, model: m, cwd: w}}]\n";
        let loaded = load_bytes("t.yaml", text.as_bytes(), &|_| None, Purpose::Run);
        let config = loaded
            .config
            .unwrap_or_else(|| panic!("{:?}", loaded.report));
        let working = &config.rules.working;
        assert_eq!(
            (&working.own, &working.hands[..]),
            (&Own::Empty, &[AgentId(2)][..])
        );
    }
}
