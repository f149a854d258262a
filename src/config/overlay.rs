//! Settings of the command line, laid over a configuration: `--set KEY=VALUE` and the flags that are
//! short for one.
//!
//! A setting names a key by its path (`orchestrator.policy`, `agents[0].backend.model`) and holds a
//! YAML value. It is checked by the same tables as a file, and it wins over the file. Whatever has no
//! file (the demo team, models named by flags) is ruled by settings alone.

use std::path::Path;

use super::check::check;
use super::diagnostic::{Finding, Severity};
use super::layers::{Stack, placeless};
use super::limits;
use super::modes;
use super::node::{Entry, Kind, Node, Span};
use super::rules;
use super::yaml;
use crate::protocol::{Limits, Rules};

/// Settings in the order given; a later one wins. Below them lie the layers of other files.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    settings: Vec<Setting>,
    stack: Stack,
}

#[derive(Clone, Debug)]
struct Setting {
    path: Vec<Step>,
    value: Node,
    /// As the person wrote it.
    flag: String,
    /// Where they wrote it.
    given: Given,
}

/// How the screen is to look, as somebody said it; nobody has judged the words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// The name of a theme.
    pub theme: Option<String>,
    /// How much of an agent's work its pane shows.
    pub verbosity: Option<String>,
}

/// Where a setting was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// On the command line.
    Flag,
    /// In a variable of the environment.
    Environment,
    /// On the screen of settings.
    Screen,
}

/// How variables begin that are settings.
const VARIABLE: &str = "MASSGEN_TUI__";

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

impl Overlay {
    /// True without settings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The same over the layers of files.
    #[must_use]
    pub fn over(mut self, stack: Stack) -> Self {
        self.stack = stack;
        self
    }

    /// The layers of files.
    #[must_use]
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Takes the variables that are settings, below those of flags: `MASSGEN_TUI__A__B` is `a.b`.
    ///
    /// # Errors
    /// One sentence: a name that is no key, a value that is no YAML.
    pub fn environment<'a>(
        &mut self,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), String> {
        let flags = std::mem::take(&mut self.settings);
        for (name, value) in variables {
            let Some(key) = name.strip_prefix(VARIABLE) else {
                continue;
            };
            let key = key.to_lowercase().replace("__", ".");
            self.put(Given::Environment, name, &key, value)?;
        }
        self.settings.extend(flags);
        Ok(())
    }

    /// The setting that a value comes from: `flag` or `environment`, and how it was written, without the
    /// value.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<(&'static str, String)> {
        let wanted = steps(key)?;
        let mut settings = self.settings.iter().rev();
        let setting = settings.find(|one| wanted.starts_with(&one.path))?;
        let words = setting
            .flag
            .split('=')
            .next()
            .unwrap_or_default()
            .to_owned();
        Some(match setting.given {
            Given::Flag => ("flag", words),
            Given::Environment => ("environment", words),
            Given::Screen => ("screen", words),
        })
    }

    /// The number that a key is set to; `None` when nothing sets it, or not to a number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        let wanted = steps(key)?;
        let mut settings = self.settings.iter().rev();
        let setting = settings.find(|one| one.path == wanted)?;
        setting.value.number()
    }

    /// Adds `KEY=VALUE`, as `--set` takes it.
    ///
    /// # Errors
    /// One sentence: no `=`, no key, a value that is no YAML.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| format!("`--set {text}` has no `=`: write --set KEY=VALUE"))?;
        self.add(&format!("--set {text}"), key.trim(), value)
    }

    /// Adds a value for a key on behalf of a flag.
    ///
    /// # Errors
    /// One sentence: a key that is no path, a value that is no YAML.
    pub fn add(&mut self, flag: &str, key: &str, value: &str) -> Result<(), String> {
        self.put(Given::Flag, flag, key, value)
    }

    /// Adds a value that was typed on the screen of settings.
    ///
    /// # Errors
    /// As for [`Overlay::add`].
    pub fn screen(&mut self, key: &str, value: &str) -> Result<(), String> {
        self.put(Given::Screen, "F9", key, value)
    }

    fn put(&mut self, given: Given, flag: &str, key: &str, value: &str) -> Result<(), String> {
        let path = steps(key).ok_or_else(|| {
            format!("`{flag}`: \"{key}\" is no key; write it like orchestrator.policy")
        })?;
        let parsed = yaml::parse(format!("value: {value}").as_bytes());
        let value = parsed
            .root
            .and_then(|root| root.get("value").cloned())
            .ok_or_else(|| format!("`{flag}`: the value is no YAML"))?;
        self.settings.push(Setting {
            path,
            value: placeless(&value),
            flag: flag.to_owned(),
            given,
        });
        Ok(())
    }

    /// Lays everything over and under the configuration in a file, if it is in one.
    pub(super) fn lay(&self, root: &mut Node, file: Option<&Path>) {
        self.stack.lay(root, file);
        self.lay_settings(root);
    }

    fn lay_settings(&self, root: &mut Node) {
        for setting in &self.settings {
            put(root, &setting.path, &setting.value);
        }
    }

    /// Says of findings about values from other files where those stand.
    pub(super) fn place(&self, findings: &mut [Finding], file: Option<&Path>) {
        let others = findings.iter_mut();
        for finding in others.filter(|one| self.setting(&one.key).is_none()) {
            self.stack.place(std::slice::from_mut(finding), file);
        }
    }

    /// What is wrong with the settings by themselves, one sentence each.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.settings.iter().filter_map(Setting::trouble).collect()
    }

    /// Limits and rules for a team of these names that has no file of its own; `base` is the text of a
    /// configuration to begin with, empty for none.
    #[must_use]
    pub fn rules(&self, base: &str, names: &[String]) -> (Limits, Rules) {
        let mut root = yaml::parse(base.as_bytes())
            .root
            .unwrap_or_else(|| Node::new(Kind::Map(Vec::new()), Span::default()));
        self.lay_settings(&mut root);
        read(&root, names)
    }

    /// How the screen is to look, by settings and by the layers of files.
    #[must_use]
    pub fn looks(&self) -> Looks {
        let mut root = Node::new(Kind::Map(Vec::new()), Span::default());
        self.lay(&mut root, None);
        let said = |key: &str| Some(root.get("ui")?.get(key)?.text()?.to_owned());
        Looks {
            theme: said("theme"),
            verbosity: said("verbosity"),
        }
    }

    /// Limits and rules for a team that has no file, with what the layers of files say.
    #[must_use]
    pub fn layered(&self, names: &[String]) -> (Limits, Rules) {
        let mut root = Node::new(Kind::Map(Vec::new()), Span::default());
        self.lay(&mut root, None);
        read(&root, names)
    }
}

fn read(root: &Node, names: &[String]) -> (Limits, Rules) {
    let (mut limits, mut rules) = limits::read(root, names.len(), &mut Vec::new());
    modes::read(root, names, &mut limits, &mut rules, &mut Vec::new());
    (limits, rules)
}

impl Setting {
    /// Checks this setting alone; agents in a list cannot be judged without the others.
    fn trouble(&self) -> Option<String> {
        if self.path.iter().any(|step| matches!(step, Step::Item(_))) {
            return None;
        }
        let mut root = Node::new(Kind::Map(Vec::new()), Span::default());
        put(&mut root, &self.path, &self.value);
        let mut findings = check(&root).findings;
        findings.extend(rules::check(&root));
        let _ = limits::read(&root, 1, &mut findings);
        let worst = findings.into_iter().find(|finding: &Finding| {
            finding.severity == Severity::Error || finding.code == "unknown-key"
        })?;
        let help = if worst.suggestion.is_empty() {
            String::new()
        } else {
            format!("; {}", worst.suggestion)
        };
        Some(format!(
            "`{}`: {}: {}{help}",
            self.flag, worst.key, worst.message
        ))
    }
}

/// `a.b[0].c` in steps; `None` when it is no path.
pub(super) fn steps(key: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in key.split('.') {
        let (name, mut rest) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        steps.push(Step::Key(name.to_owned()));
        while !rest.is_empty() {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Item(index.parse().ok()?));
            rest = after;
        }
    }
    Some(steps)
}

/// Replaces or adds the value at a path. An item that a list does not have is left alone.
pub(super) fn put(node: &mut Node, path: &[Step], value: &Node) {
    match path {
        [] => *node = value.clone(),
        [Step::Item(index), rest @ ..] => {
            if let Kind::List(items) = &mut node.kind
                && let Some(item) = items.get_mut(*index)
            {
                put(item, rest, value);
            }
        }
        [Step::Key(key), rest @ ..] => {
            if !matches!(node.kind, Kind::Map(_)) {
                node.kind = Kind::Map(Vec::new());
            }
            let Kind::Map(entries) = &mut node.kind else {
                return;
            };
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *key) {
                return put(&mut entry.value, rest, value);
            }
            let mut new = Node::new(Kind::Null, Span::default());
            put(&mut new, rest, value);
            entries.push(Entry {
                key: key.clone(),
                key_span: Span::default(),
                value: new,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(settings: &[&str]) -> Overlay {
        let mut overlay = Overlay::default();
        for setting in settings {
            overlay.set(setting).unwrap();
        }
        overlay
    }

    #[test]
    fn settings_win_over_the_file_and_the_last_one_wins() {
        let overlay = overlay(&[
            "orchestrator.skip_voting=yes",
            "orchestrator.max_new_answers_per_agent=2",
            "orchestrator.max_new_answers_per_agent=5",
        ]);
        let (limits, rules) = overlay.rules(
            "orchestrator: {max_new_answers_per_agent: 1}",
            &["a".to_owned(), "b".to_owned()],
        );
        assert_eq!(limits.answers_per_agent, 5);
        assert!(rules.deciding.skip_voting);
        assert_eq!(overlay.troubles(), Vec::<String>::new());
    }

    #[test]
    fn a_list_is_reached_by_its_number() {
        let mut root = yaml::parse(b"agents: [{id: a}, {id: b}]").root.unwrap();
        overlay(&["agents[1].id=c", "agents[7].id=d"]).lay(&mut root, None);
        let agents = root.get("agents").unwrap().items();
        let names: Vec<_> = agents
            .iter()
            .map(|agent| agent.get("id").and_then(Node::text))
            .collect();
        assert_eq!(names, [Some("a"), Some("c")]);
    }

    #[test]
    fn nonsense_is_told_with_the_flag() {
        let mut overlay = Overlay::default();
        for text in ["x", "=1", "a..b=1", "a[x]=1", "a b=1", "a=[1"] {
            assert!(overlay.set(text).is_err(), "{text}");
        }
        for (text, word) in [
            ("orchestrator.skip_votin=yes", "skip_voting"),
            (
                "orchestrator.max_new_answers_per_agent=lots",
                "whole number",
            ),
        ] {
            let mut overlay = Overlay::default();
            overlay.set(text).unwrap();
            let troubles = overlay.troubles();
            assert_eq!(troubles.len(), 1, "{text}");
            assert!(
                troubles[0].contains(text) && troubles[0].contains(word),
                "{troubles:?}"
            );
        }
    }
}
