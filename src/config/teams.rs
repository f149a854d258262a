//! `team:` of an agent: a configuration of its own, in another file or on the spot.
//!
//! A file is read like any other; what is wrong in it is told at the place that names it, with its
//! own place in the words. Files that lead back to themselves and teams deeper than `limits.depth`
//! are errors here, before anything runs.

use std::path::{Path, PathBuf};

use super::agents::AgentBuilder;
use super::diagnostic::{Finding, Severity};
use super::excerpt::clean;
use super::layers::Seen;
use super::limits;
use super::load::load_nested;
use super::model::{AgentConfig, BackendConfig, Config};
use super::modes;
use super::node::{Kind, Node, Span};
use super::owning;
use super::rules;
use super::yaml::join;

/// Levels of teams that are read at all; `limits.depth` has the same maximum.
const DEEPEST: usize = 8;
/// Errors of another file that are told where it is named.
const TOLD: usize = 3;

/// The files and maps that lead to a team, outermost first.
#[derive(Clone, Debug, Default)]
pub struct Nest {
    /// Folder that names of files start from.
    pub(super) folder: PathBuf,
    /// Files, as the system knows them, with their names as given.
    files: Vec<(PathBuf, String)>,
    /// Levels above.
    levels: usize,
    /// Every file that was read on the way, other ways included.
    pub(super) seen: Seen,
}

impl Nest {
    /// One file further in.
    #[must_use]
    pub fn enter(&self, path: &Path) -> Self {
        let mut files = self.files.clone();
        let name = path.display().to_string();
        files.push((known_as(path), name));
        Self {
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            files,
            levels: self.levels,
            seen: self.seen.clone(),
        }
    }

    /// The file that is read.
    pub(super) fn here(&self) -> Option<&Path> {
        self.files.last().map(|(path, _)| path.as_path())
    }

    /// One team further in.
    fn deeper(&self) -> Self {
        Self {
            levels: self.levels + 1,
            ..self.clone()
        }
    }
}

fn known_as(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl AgentBuilder<'_> {
    /// The team that an agent is; `None` without one, or when something is wrong with it.
    pub(super) fn below(&mut self, node: &Node, path: &str) -> Option<Config> {
        let team = node.some("team")?;
        let key = join(path, "team");
        if self.nest.levels >= DEEPEST {
            self.error(
                "too-deep",
                team.span,
                &key,
                format!("teams are nested deeper than {DEEPEST} levels"),
                "put a model in its place: an agent with `backend:`",
            );
            return None;
        }
        let config = match &team.kind {
            Kind::Text(name) => self.other_file(name, team.span, &key),
            Kind::Map(_) => self.on_the_spot(team, &key),
            // The key tables say so.
            _ => None,
        };
        let held = config.as_ref().map(|config| &config.rules.permitting.own);
        if held.is_some_and(|own| !own.is_empty()) {
            let message =
                "lists of commands of single agents do not hold inside this team".to_owned();
            let help = "put them at the agent in whose place the team works, or deny commands for all \
                        under `orchestrator.permissions`";
            self.push(
                Severity::Warning,
                "inner-commands",
                team.span,
                &key,
                message,
                help,
            );
        }
        if config.is_some() {
            self.teams.push((team.span, key));
        }
        config
    }

    fn other_file(&mut self, name: &str, span: Span, key: &str) -> Option<Config> {
        let path = self.nest.folder.join(name.trim());
        let known = known_as(&path);
        if let Some(at) = self.nest.files.iter().position(|(file, _)| *file == known) {
            let mut way: Vec<&str> = self.nest.files.iter().skip(at).map(|f| &*f.1).collect();
            way.push(name);
            let message = format!(
                "the team leads back to itself: {}",
                clean(&way.join(" → "), 300)
            );
            let help = "name another file, or put a model in this place";
            self.error("team-circle", span, key, message, help);
            return None;
        }
        let loaded = load_nested(&path, self.env, self.purpose, &self.nest.deeper());
        let report = &loaded.report;
        let errors = report.findings().iter();
        for finding in errors
            .filter(|one| one.severity == Severity::Error)
            .take(TOLD)
        {
            let message = format!(
                "the team in `{}` cannot be run: {}",
                clean(name, 100),
                report.headline(finding)
            );
            let help = match finding.suggestion.as_str() {
                "" => "check it alone: massgen-tui config check FILE",
                help => help,
            };
            self.error("bad-team", span, key, message, help);
        }
        loaded.config
    }

    /// A team written where it is used. Its findings have their own places in this file.
    fn on_the_spot(&mut self, team: &Node, key: &str) -> Option<Config> {
        let mut root = team.clone();
        let mut findings = rules::check(&root);
        modes::multiply(&mut root);
        let mut inner = AgentBuilder::new(self.env, self.purpose);
        inner.nest = self.nest.deeper();
        let agents = inner.team(&root);
        findings.append(&mut inner.findings);
        let (mut limits, mut rules) = limits::read(&root, agents.len(), &mut findings);
        let names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
        modes::read(&root, &names, &mut limits, &mut rules, &mut findings);
        owning::read(&root, &agents, &mut rules.working, &mut findings);
        let broken = findings.iter().any(|one| one.severity == Severity::Error);
        self.findings
            .extend(findings.into_iter().map(|one| Finding {
                key: join(key, &one.key),
                ..one
            }));
        (!broken && !agents.is_empty()).then(|| Config {
            source: self
                .nest
                .files
                .last()
                .map_or_else(String::new, |(_, name)| name.clone()),
            agents,
            limits,
            rules,
            prompt: None,
            analysis_model: None,
            kept: Vec::new(),
            report: super::Report::default(),
        })
    }

    /// Who speaks for a team without a backend of its own: its presenter, or its first member.
    pub(super) fn voice(team: &Config) -> Option<BackendConfig> {
        let presenter = team.rules.finishing.presenter;
        let named = presenter.and_then(|id| by_number(&team.agents, id.0));
        named
            .or_else(|| team.agents.first())
            .map(|one| one.backend.clone())
    }
}

/// The agent of this number: numbers follow the order of the names.
fn by_number(agents: &[AgentConfig], number: u16) -> Option<&AgentConfig> {
    let mut sorted: Vec<&AgentConfig> = agents.iter().collect();
    sorted.sort_by_key(|agent| &agent.name);
    sorted.into_iter().nth(usize::from(number).checked_sub(1)?)
}

/// Teams that `depth` does not allow, each told where it is named.
pub fn too_deep(agents: &[AgentConfig], depth: u32, places: &[(Span, String)]) -> Vec<Finding> {
    let teams = agents.iter().filter_map(|agent| agent.team.as_deref());
    teams
        .zip(places)
        .filter(|(team, _)| !fits(team, depth))
        .map(|(_, (span, key))| {
            let levels = if depth == 1 { "level" } else { "levels" };
            Finding::new(Severity::Error, "too-deep", *span, key)
                .message(format!(
                    "the limit `depth` allows {depth} {levels} of teams below this one"
                ))
                .help("raise `orchestrator.limits.depth`, or put a model in its place")
        })
        .collect()
}

/// Whether a team and the teams in it may be started, with so many levels allowed.
fn fits(team: &Config, depth: u32) -> bool {
    let Some(left) = depth.checked_sub(1) else {
        return false;
    };
    let left = left.min(team.limits.depth);
    let mut teams = team.agents.iter().filter_map(|agent| agent.team.as_deref());
    teams.all(|inner| fits(inner, left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Purpose, load_bytes, load_file};

    const MODEL: &str = "{type: ollama, model: m}";

    fn check(text: &str) -> super::super::Loaded {
        load_bytes("t.yaml", text.as_bytes(), &|_| None, Purpose::Check)
    }

    fn errors(loaded: &super::super::Loaded) -> Vec<String> {
        let findings = loaded.report.findings().iter();
        findings
            .filter(|one| one.severity == Severity::Error)
            .map(|one| {
                let (line, column) = (one.span.line, one.span.column);
                format!("{line}:{column} {} {}", one.code, one.key)
            })
            .collect()
    }

    #[test]
    fn a_team_on_the_spot_is_a_configuration() {
        let loaded = check(&format!(
            "agents:\n  - id: a\n    team:\n      agents:\n        - {{id: x, backend: {MODEL}}}\n        \
             - {{id: y, backend: {{type: ollama, model: n}}}}\n      orchestrator: {{presenter_agent: y, \
             limits: {{answers_per_agent: 1}}}}\n  - {{id: b, backend: {MODEL}}}\n"
        ));
        let config = loaded
            .config
            .unwrap_or_else(|| panic!("{:?}", loaded.report));
        let team = config.agents[0].team.as_ref().unwrap();
        assert_eq!(team.agents.len(), 2);
        assert_eq!(team.limits.answers_per_agent, 1);
        // Its presenter is its voice.
        assert_eq!(config.agents[0].backend.model, "n");
        assert!(config.agents[1].team.is_none());
    }

    #[test]
    fn what_is_wrong_inside_has_its_place() {
        for (text, expected) in [
            (
                "agents:\n  - id: a\n    team:\n      agents: [{id: x}]\n",
                "4:16 no-backend agents[0].team.agents[0].backend",
            ),
            (
                "agents:\n  - id: a\n    team: {}\n",
                "0:0 no-agents agents[0].team.agents",
            ),
            (
                "agents:\n  - id: a\n    team: 7\n",
                "3:11 wrong-type agents[0].team",
            ),
            (
                "agents:\n  - id: a\n    team: no-such-file.yaml\n",
                "3:11 bad-team agents[0].team",
            ),
        ] {
            let loaded = check(text);
            assert!(loaded.config.is_none());
            assert_eq!(errors(&loaded), [expected], "{text}");
        }
    }

    #[test]
    fn teams_deeper_than_the_limit_are_refused() {
        let inner = format!("{{agents: [{{id: z, backend: {MODEL}}}]}}");
        let nested = |levels: usize| {
            (1..levels).fold(inner.clone(), |team, level| {
                format!("{{agents: [{{id: l{level}, team: {team}}}]}}")
            })
        };
        for (levels, depth, fits) in [(1, 1, true), (2, 1, false), (2, 2, true), (3, 2, false)] {
            let text = format!(
                "orchestrator: {{limits: {{depth: {depth}}}}}\nagents:\n  - id: a\n    team: {}\n",
                nested(levels)
            );
            let found = errors(&check(&text));
            let expected: &[&str] = if fits {
                &[]
            } else {
                &["5:11 too-deep agents[0].team"]
            };
            let expected: Vec<String> =
                expected.iter().map(|one| one.replace("5:", "4:")).collect();
            assert_eq!(found, expected, "{levels} of {depth}");
        }
        assert!(
            check(&format!("agents:\n  - id: a\n    team: {}\n", nested(12)))
                .config
                .is_none()
        );
    }

    #[test]
    fn files_are_found_beside_the_one_that_names_them_and_circles_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        write(
            "teams/low.yaml",
            &format!("agents: [{{id: z, backend: {MODEL}}}]\n"),
        );
        write("teams/mid.yaml", "agents: [{id: y, team: low.yaml}]\n");
        let top = write("top.yaml", "agents: [{id: x, team: teams/mid.yaml}]\n");
        let load = |path: &Path| load_file(path, &|_| None, Purpose::Check);
        let config = load(&top).config.expect("two levels are allowed");
        let middle = config.agents[0].team.as_ref().unwrap();
        assert!(middle.agents[0].team.is_some());
        assert_eq!(config.agents[0].backend.model, "m");
        // Now the lowest names the top again.
        write("teams/low.yaml", "agents: [{id: z, team: ../top.yaml}]\n");
        let loaded = load(&top);
        assert!(loaded.config.is_none());
        let words = loaded.report.render_all(Severity::Error);
        assert!(words.contains("top.yaml:1:24"), "{words}");
        assert!(words.contains("leads back to itself"), "{words}");
    }
}
