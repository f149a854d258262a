//! Backends that are programs: command-line agents that bring their own model, tools and login.
//!
//! What is not in the whitelist of variables never reaches such a program. Looks for the program
//! itself, so that a missing one is told before anything starts.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Map;

use super::agents::AgentBuilder;
use super::backends::Backend;
use super::diagnostic::Severity;
use super::excerpt::clean;
use super::model::{BackendConfig, RateLimit, ToolCalling};
use super::node::{Node, Span};
use super::schema::{self, Use};
use super::servers;
use super::yaml::join;

/// How a program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Claude Code: `claude -p --output-format stream-json`.
    ClaudeCode,
    /// Codex: `codex exec --json`.
    Codex,
    /// Gemini CLI: `gemini -o stream-json`.
    GeminiCli,
    /// Any agent that speaks the Agent Client Protocol on its standard input and output.
    Acp,
}

/// A program as the backend table has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramEntry {
    /// How it speaks.
    pub dialect: Dialect,
    /// Command when none is named; empty when the configuration must name one.
    #[serde(default)]
    pub command: Vec<String>,
    /// What installs it.
    #[serde(default)]
    pub install: String,
    /// What logs it in.
    #[serde(default)]
    pub login: String,
    /// Variables of its own that it may see.
    #[serde(default)]
    pub env: Vec<String>,
}

/// A program, ready to be started.
#[derive(Clone, Debug)]
pub struct Program {
    /// How it speaks.
    pub dialect: Dialect,
    /// Product, for people.
    pub name: String,
    /// Program and first arguments. Never empty.
    pub command: Vec<String>,
    /// Further arguments.
    pub extra_args: Vec<String>,
    /// Everything it sees of the environment.
    pub env: Vec<(String, SecretString)>,
    /// Model to ask it for; `None` for its own choice.
    pub model: Option<String>,
    /// How hard it thinks, in its own word.
    pub effort: Option<String>,
    /// Whose instructions it follows.
    pub instructions: Instructions,
    /// What installs it.
    pub install: String,
    /// What logs it in.
    pub login: String,
}

/// Whose instructions a program follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instructions {
    /// Ours, where it lets us replace its own.
    #[default]
    Ours,
    /// Its own, and then ours.
    Both,
}

/// The word for the model of a program that chooses itself.
pub const OWN_CHOICE: &str = "its own model";

/// What every program may see beside what a server of tools sees.
const FURTHER: [&str; 2] = ["XDG_STATE_HOME", "XDG_RUNTIME_DIR"];

/// Keys of a backend that is a program; others that are request fields mean nothing to it.
const KEYS: [&str; 11] = [
    "type",
    "cwd",
    "model",
    "command",
    "extra_args",
    "env",
    "reasoning",
    "reasoning_effort",
    "model_reasoning_effort",
    "use_default_prompt",
    "api_key",
];

impl AgentBuilder<'_> {
    /// A backend that is a program.
    pub(super) fn program(
        &mut self,
        (backend, entry): (&Backend, &ProgramEntry),
        node: &Node,
        path: &str,
        at: Span,
    ) -> Option<BackendConfig> {
        let command = match words(node.some("command")) {
            command if command.is_empty() => entry.command.clone(),
            command => command,
        };
        let key = join(path, "command");
        let Some(name) = command.first() else {
            let help = "name the program and its arguments, for example `command: [opencode, acp]`";
            let message = format!("`{}` needs a `command`", backend.r#type);
            self.error("no-command", at, &key, message, help);
            return None;
        };
        self.look_for(name, (backend, entry), node, path, at);
        self.unused(backend, node, path);
        let model = node.some("model").and_then(Node::text).map(str::trim);
        let model = model.filter(|model| !model.is_empty()).map(str::to_owned);
        Some(BackendConfig {
            kind: backend.r#type.clone(),
            wire: backend.wire,
            model: model.clone().unwrap_or_else(|| OWN_CHOICE.to_owned()),
            base_url: String::new(),
            key: None,
            key_variable: backend.keys.first().cloned(),
            parameters: Map::new(),
            tool_calling: ToolCalling::Native,
            local: false,
            rate_limit: RateLimit::default(),
            manners: super::model::Manners::default(),
            context: super::context::read(node),
            endpoints: Vec::new(),
            fallbacks: Vec::new(),
            program: Some(Box::new(Program {
                dialect: entry.dialect,
                name: product(backend, entry, &command),
                env: self.surroundings(backend, entry, node),
                command,
                extra_args: words(node.some("extra_args")),
                model,
                effort: effort(node),
                instructions: match node.get("use_default_prompt").and_then(Node::bool) {
                    Some(true) => Instructions::Both,
                    _ => Instructions::Ours,
                },
                install: entry.install.clone(),
                login: entry.login.clone(),
            })),
        })
    }

    /// Says so when the program is not there.
    fn look_for(
        &mut self,
        name: &str,
        (backend, entry): (&Backend, &ProgramEntry),
        node: &Node,
        path: &str,
        at: Span,
    ) {
        let variable = (self.env)("PATH");
        if variable.is_some_and(|folders| find(name, &folders).is_none()) {
            let span = node.get("command").map_or(at, |node| node.span);
            let message = format!(
                "{} is not there: no program `{}`",
                backend.name,
                clean(name, 80)
            );
            let help = if entry.install.is_empty() {
                "install it, or name another with `command:`".to_owned()
            } else {
                format!(
                    "install it with `{}`, or name it with `command:`",
                    entry.install
                )
            };
            self.push(
                self.purpose.missing(),
                "no-program",
                span,
                &join(path, "command"),
                message,
                &help,
            );
        }
    }

    /// The variables it may see, with their values. A key in the file goes to its first key variable.
    fn surroundings(
        &self,
        backend: &Backend,
        entry: &ProgramEntry,
        node: &Node,
    ) -> Vec<(String, SecretString)> {
        let named = words(node.some("env"));
        let common = servers::COMMON.iter().chain(&FURTHER);
        let common = common.map(|name| (*name).to_owned());
        let mut env: Vec<(String, SecretString)> = Vec::new();
        for name in common.chain(entry.env.iter().cloned()).chain(named) {
            if env.iter().all(|(known, _)| *known != name)
                && let Some(value) = (self.env)(&name)
            {
                env.push((name, SecretString::from(value)));
            }
        }
        let given = node.some("api_key").and_then(Node::text).map(str::trim);
        let given = given.filter(|given| !given.is_empty() && !given.contains("${"));
        if let (Some(given), Some(name)) = (given, backend.keys.first()) {
            env.retain(|(known, _)| known != name);
            env.push((name.clone(), SecretString::from(given)));
        }
        env
    }

    /// Keys that a server would get and a program does not.
    fn unused(&mut self, backend: &Backend, node: &Node, path: &str) {
        let summary = node.some("reasoning").and_then(|map| map.entry("summary"));
        if let Some(entry) = summary {
            self.push(
                Severity::Note,
                "not-used",
                entry.key_span,
                &join(path, "reasoning.summary"),
                format!("`summary` means nothing to {}", backend.name),
                "it tells its thoughts by itself, where it does",
            );
        }
        for entry in node.entries() {
            let name = entry.key.as_str();
            let known = schema::scope("backend").and_then(|keys| keys.get(name));
            let honoured = known.is_some_and(|key| key.usage == Use::Honoured);
            if honoured && !KEYS.contains(&name) && !super::holding::KEYS.contains(&name) {
                let message = format!("`{name}` means nothing to {}", backend.name);
                let key = join(path, name);
                self.push(
                    Severity::Note,
                    "not-used",
                    entry.key_span,
                    &key,
                    message,
                    "leave it out, or pass the program's own flag with `extra_args`",
                );
            }
        }
    }
}

/// What people call it: an agent of the protocol by its program.
fn product(backend: &Backend, entry: &ProgramEntry, command: &[String]) -> String {
    let first = command.first().map(|word| Path::new(word).file_name());
    match (entry.dialect, first.flatten()) {
        (Dialect::Acp, Some(name)) => {
            format!(
                "{} (Agent Client Protocol)",
                clean(&name.to_string_lossy(), 40)
            )
        }
        _ => backend.name.clone(),
    }
}

/// A list of texts, or one text.
fn words(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else {
        return Vec::new();
    };
    match node.text() {
        Some(text) => vec![text.to_owned()],
        None => node
            .items()
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect(),
    }
}

/// The word for how hard it thinks.
fn effort(node: &Node) -> Option<String> {
    let direct = ["model_reasoning_effort", "reasoning_effort"];
    let direct = direct.iter().find_map(|key| node.some(key));
    let nested = node
        .some("reasoning")
        .and_then(|reasoning| reasoning.some("effort"));
    direct.or(nested).and_then(Node::text).map(str::to_owned)
}

/// Where a program is: a path as it stands, a name in the first folder of `folders` that has it.
#[must_use]
pub fn find(name: &str, folders: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    std::env::split_paths(folders)
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

/// True for a file that may be run.
pub(super) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::{Loaded, Purpose, load_bytes};

    fn load(text: &str) -> (Option<BackendConfig>, Vec<&'static str>) {
        let env = |name: &str| match name {
            "PATH" => Some("/nowhere".to_owned()),
            "ANTHROPIC_API_KEY" => Some("sk-ant".to_owned()),
            "SECRET_OF_OTHERS" | "WANTED" => Some("x".to_owned()),
            _ => None,
        };
        let yaml = format!("agents:\n  - id: a\n    backend: {text}\n");
        let Loaded { config, report, .. } =
            load_bytes("t.yaml", yaml.as_bytes(), &env, Purpose::Check);
        let codes = report
            .findings()
            .iter()
            .map(|finding| finding.code)
            .collect();
        let backend = config.and_then(|config| config.agents.into_iter().next());
        (backend.map(|agent| agent.backend), codes)
    }

    #[test]
    fn a_program_sees_what_it_needs_and_nothing_else() {
        let (backend, codes) = load("{type: claude_code, env: [WANTED], temperature: 1}");
        let program = backend.unwrap().program.unwrap();
        let seen: Vec<(&str, &str)> = program
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_secret()))
            .collect();
        assert_eq!(
            seen,
            [
                ("PATH", "/nowhere"),
                ("ANTHROPIC_API_KEY", "sk-ant"),
                ("WANTED", "x")
            ]
        );
        assert_eq!(program.command, ["claude"]);
        for code in ["no-program", "not-used"] {
            assert!(codes.contains(&code), "{code}: {codes:?}");
        }
    }

    #[test]
    fn every_shape_of_a_command() {
        let sh = "/bin/sh";
        for (text, command) in [
            (
                format!("{{type: acp, command: [{sh}, acp]}}"),
                Some(vec![sh, "acp"]),
            ),
            (format!("{{type: codex, command: {sh}}}"), Some(vec![sh])),
            ("{type: acp}".to_owned(), None),
        ] {
            let (backend, codes) = load(&text);
            let program = backend.and_then(|backend| backend.program);
            let found = program.as_ref().map(|program| program.command.clone());
            let expected = command.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{text}");
            assert!(!codes.contains(&"no-program"), "{text}");
            assert_eq!(codes.contains(&"no-command"), found.is_none(), "{text}");
        }
    }
}
