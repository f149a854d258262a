//! What is in force, key by key, with the place that each value comes from. Secrets never show.

use std::path::Path;

use serde::Serialize;

use super::tree::{self, Tree};
use crate::config::{
    excerpt::{clean, is_reference, is_secret_key, looks_secret},
    node::{Kind, Node},
    overlay::Overlay,
    yaml::join,
};

/// Cells of a value.
const VALUE: usize = 200;

/// One value in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Key path.
    pub key: String,
    /// The value as YAML; masked.
    pub value: String,
    /// `machine`, `yours`, `project`, `file`, `profile`, `environment`, `flag` or `default`.
    pub layer: &'static str,
    /// The place: `file:line:column`, a variable, a flag; empty for a default.
    pub place: String,
}

/// A configuration key by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Values that some layer says, in the order of the team's file, then of the others.
    pub rows: Vec<Row>,
}

impl Shown {
    /// Everything that is in force for the team in a file; without one, what the layers say.
    #[must_use]
    pub fn new(team: Option<&Tree>, overlay: &Overlay) -> Self {
        let empty = || Node::new(Kind::Map(Vec::new()), crate::config::Span::default());
        let mut root = team.map_or_else(empty, |tree| tree.root.clone());
        let file = team.map(|tree| tree.path.as_path());
        overlay.lay(&mut root, file);
        let mut shown = Self::default();
        shown.walk(
            &root,
            "",
            &Sources {
                team,
                overlay,
                file,
            },
        );
        shown
    }

    fn walk(&mut self, node: &Node, path: &str, sources: &Sources<'_>) {
        // What a profile says is in force where it lies over the team, and nowhere else.
        if path == "profiles" {
            return;
        }
        match &node.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                for entry in entries {
                    self.walk(&entry.value, &join(path, &entry.key), sources);
                }
            }
            Kind::List(items) if items.iter().any(|item| !item.entries().is_empty()) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, &format!("{path}[{index}]"), sources);
                }
            }
            _ if path.is_empty() => {}
            _ => {
                let (layer, place) = sources.of(path);
                self.rows.push(Row {
                    key: clean(path, 200),
                    value: value(node, path),
                    layer,
                    place,
                });
            }
        }
    }
}

/// Where values may come from.
struct Sources<'a> {
    team: Option<&'a Tree>,
    overlay: &'a Overlay,
    file: Option<&'a Path>,
}

impl Sources<'_> {
    fn of(&self, path: &str) -> (&'static str, String) {
        if let Some((layer, words)) = self.overlay.setting(path) {
            return (layer, clean(&words, VALUE));
        }
        let stack = self.overlay.stack();
        let profile = stack.profile.iter();
        let mut profile = profile.filter_map(|tree| Some((tree, tree::at(&tree.root, path)?)));
        if let Some((tree, node)) = profile.next() {
            return ("profile", place(tree, node));
        }
        let own = self
            .team
            .and_then(|tree| Some((tree, tree::at(&tree.root, path)?)));
        // A stronger file without agents wins over the team's own.
        let other = stack.origin(path, self.file);
        let stronger = |tree: &Tree| {
            let position = |tree: &Tree| stack.trees.iter().position(|one| one.known == tree.known);
            own.is_none_or(|(team, _)| {
                position(team).is_some_and(|team| position(tree).is_some_and(|one| one < team))
            })
        };
        match (own, other) {
            (_, Some((tree, node))) if stronger(tree) => (tree.rank.word(), place(tree, node)),
            (Some((tree, node)), _) => {
                let known = stack.trees.iter().any(|one| one.known == tree.known);
                (
                    if known { tree.rank.word() } else { "file" },
                    place(tree, node),
                )
            }
            (None, Some((tree, node))) => (tree.rank.word(), place(tree, node)),
            (None, None) => ("default", String::new()),
        }
    }
}

fn place(tree: &Tree, node: &Node) -> String {
    let name = clean(&tree.path.display().to_string(), 300);
    format!("{name}:{}:{}", node.span.line, node.span.column)
}

/// A value as people write it; never a secret, and of a variable its name alone.
fn value(node: &Node, path: &str) -> String {
    let secret =
        path.split('.').any(is_secret_key) || path.contains(".env.") || path.contains("headers");
    let text = match (&node.written, &node.kind) {
        (Some(written), _) if !secret || is_reference(written.trim()) => written.clone(),
        (_, Kind::Text(_)) if secret => return "***".to_owned(),
        (_, Kind::Text(text)) => text.clone(),
        (_, Kind::Null) => "null".to_owned(),
        (_, Kind::Bool(value)) => value.to_string(),
        (_, Kind::Int(value)) => value.to_string(),
        (_, Kind::Float(value)) => value.to_string(),
        (_, Kind::List(items)) => {
            let items: Vec<String> = items.iter().map(|item| value(item, path)).collect();
            return clean(&format!("[{}]", items.join(", ")), VALUE);
        }
        (_, Kind::Map(_)) => "{}".to_owned(),
    };
    if text.split_whitespace().any(looks_secret) {
        return "***".to_owned();
    }
    clean(&without_secrets(&text), VALUE)
}

/// Addresses may carry a password, or a key behind their question mark: they are nothing to be shown.
fn without_secrets(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    words.map(address).collect()
}

/// One word, when it is an address without what may be a secret.
fn address(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let bare = rest.trim_end();
    let gap = rest.get(bare.len()..).unwrap_or_default();
    let (bare, query) = match bare.split_once('?') {
        Some((bare, _)) => (bare, "?…"),
        None => (bare, ""),
    };
    let (host, path) = bare.split_at(bare.find('/').unwrap_or(bare.len()));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}{path}{query}{gap}"),
        None => format!("{scheme}://{host}{path}{query}{gap}"),
    }
}
