//! Settings of the command line, laid over a configuration: `--set KEY=VALUE` and the flags that are
//! short for one.
//!
//! A setting names a key by its path (`orchestrator.policy`, `agents[0].backend.model`) and holds a
//! YAML value. It is checked by the same tables as a file, and it wins over the file. Whatever has no
//! file (the demo team, models named by flags) is ruled by settings alone.

use super::check::check;
use super::diagnostic::{Finding, Severity};
use super::limits;
use super::modes;
use super::node::{Entry, Kind, Node, Span};
use super::rules;
use super::yaml;
use crate::protocol::{Limits, Rules};

/// Settings in the order given; a later one wins.
#[derive(Clone, Debug, Default)]
pub struct Overlay(Vec<Setting>);

#[derive(Clone, Debug)]
struct Setting {
    path: Vec<Step>,
    value: Node,
    /// As the person wrote it.
    flag: String,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Item(usize),
}

impl Overlay {
    /// True without settings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        let path = steps(key).ok_or_else(|| {
            format!("`{flag}`: \"{key}\" is no key; write it like orchestrator.policy")
        })?;
        let parsed = yaml::parse(format!("value: {value}").as_bytes());
        let value = parsed
            .root
            .and_then(|root| root.get("value").cloned())
            .ok_or_else(|| format!("`{flag}`: the value is no YAML"))?;
        self.0.push(Setting {
            path,
            value: placeless(value),
            flag: flag.to_owned(),
        });
        Ok(())
    }

    /// Lays the settings over a configuration.
    pub(super) fn lay(&self, root: &mut Node) {
        for setting in &self.0 {
            put(root, &setting.path, &setting.value);
        }
    }

    /// What is wrong with the settings by themselves, one sentence each.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.0.iter().filter_map(Setting::trouble).collect()
    }

    /// Limits and rules for a team of these names that has no file of its own; `base` is the text of a
    /// configuration to begin with, empty for none.
    #[must_use]
    pub fn rules(&self, base: &str, names: &[String]) -> (Limits, Rules) {
        let mut root = yaml::parse(base.as_bytes())
            .root
            .unwrap_or_else(|| Node::new(Kind::Map(Vec::new()), Span::default()));
        self.lay(&mut root);
        let (mut limits, mut rules) = limits::read(&root, names.len(), &mut Vec::new());
        modes::read(&root, names, &mut limits, &mut rules, &mut Vec::new());
        (limits, rules)
    }
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
fn steps(key: &str) -> Option<Vec<Step>> {
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
fn put(node: &mut Node, path: &[Step], value: &Node) {
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

/// The same value without places: they would point into another text.
fn placeless(mut node: Node) -> Node {
    node.span = Span::default();
    node.kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(placeless).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|entry| Entry {
                    key: entry.key,
                    key_span: Span::default(),
                    value: placeless(entry.value),
                })
                .collect(),
        ),
        kind => kind,
    };
    node
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
        overlay(&["agents[1].id=c", "agents[7].id=d"]).lay(&mut root);
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
