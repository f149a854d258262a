//! One file as a layer, and how it is laid under or over a team.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use crate::config::{
    diagnostic::{Finding, Severity},
    expand::expand,
    load::Env,
    node::{Entry, Kind, Node, Span},
    yaml,
};

/// Whose a layer is, from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The whole machine's.
    Machine,
    /// The person's.
    User,
    /// The project's.
    Project,
}

impl Rank {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::User => "yours",
            Self::Project => "project",
        }
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Whose it is.
    pub rank: Rank,
    /// Its name.
    pub path: PathBuf,
    /// Its name as the system knows it.
    pub(super) known: PathBuf,
    /// What is in it, variables replaced.
    pub(super) root: Node,
}

impl Tree {
    /// Takes a text in. What is wrong in it is found where it is used; a text that is no YAML at all, or
    /// no map, is an error here.
    ///
    /// # Errors
    /// One sentence with the place.
    pub fn new(path: &Path, bytes: &[u8], rank: Rank, env: Env) -> Result<Self, String> {
        let parsed = yaml::parse(bytes);
        let mut findings = parsed.findings.iter();
        let wrong = findings
            .find(|finding| finding.severity == Severity::Error && finding.code != yaml::EMPTY);
        if let Some(wrong) = wrong {
            return Err(told(path, wrong));
        }
        let empty = || Node::new(Kind::Map(Vec::new()), Span::default());
        let mut root = parsed.root.unwrap_or_else(empty);
        // A variable that is not set stays as it is written, and is found where it is used.
        expand(&mut root, env, Severity::Warning, &mut Vec::new());
        Ok(Self {
            rank,
            path: path.to_owned(),
            known: known_as(path),
            root,
        })
    }

    /// The same file with another map in the place of the whole.
    pub(super) fn with(&self, root: &Node) -> Self {
        Self {
            root: root.clone(),
            ..self.clone()
        }
    }

    /// True when it names agents.
    #[must_use]
    pub fn has_team(&self) -> bool {
        self.root.some("agents").is_some() || self.root.some("agent").is_some()
    }
}

/// What is wrong with a file, where, and what to do.
fn told(path: &Path, wrong: &Finding) -> String {
    let mut place = path.display().to_string();
    if wrong.span.line > 0 {
        let _ = write!(place, ":{}:{}", wrong.span.line, wrong.span.column);
    }
    let way_out = match wrong.suggestion.as_str() {
        "" => String::new(),
        suggestion => format!("; {suggestion}"),
    };
    format!("{place}: {}{way_out}", wrong.message)
}

/// A path as the system knows it.
pub(super) fn known_as(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Keys at the top that settings of other files may give.
const TOP: [&str; 5] = ["orchestrator", "ui", "timeout_settings", "memory", "share"];
/// Keys that belong to one team: they name its agents, its folders, its words.
const TEAM: [&str; 13] = [
    "orchestrator.context_paths",
    "orchestrator.inbox",
    "orchestrator.presenter_agent",
    "orchestrator.aggregator",
    "orchestrator.chairman",
    "orchestrator.judge",
    "orchestrator.layers",
    "orchestrator.mode",
    "orchestrator.verify",
    "orchestrator.criteria",
    "orchestrator.snapshot_storage",
    "orchestrator.agent_temporary_workspace",
    "orchestrator.session_storage",
];
/// Keys that a project gives to nobody's team but its own: they open something, or send something.
const OWN: [&str; 4] = [
    "orchestrator.permissions",
    "orchestrator.sandbox",
    "share",
    "ui.analysis_model",
];

/// Whether a file of this rank may give this key to a team that stands in another file.
#[must_use]
pub fn may_fill(rank: Rank, key: &str) -> bool {
    let within = |whole: &str| {
        key == whole
            || key
                .strip_prefix(whole)
                .is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let top = TOP.iter().any(|top| within(top));
    let team = TEAM.iter().any(|team| within(team));
    let own = rank == Rank::Project && OWN.iter().any(|own| within(own));
    top && !team && !own
}

/// Puts in what is not there.
pub(super) fn fill(into: &mut Node, from: &Node, rank: Rank, path: &str) {
    for entry in from.entries() {
        let path = yaml::join(path, &entry.key);
        if !may_fill(rank, &path) && !is_above(&path) {
            continue;
        }
        let Kind::Map(entries) = &mut into.kind else {
            return;
        };
        let known = entries.iter_mut().find(|known| known.key == entry.key);
        match (known, &entry.value.kind) {
            (Some(known), Kind::Map(_)) if matches!(known.value.kind, Kind::Map(_)) => {
                fill(&mut known.value, &entry.value, rank, &path);
            }
            (Some(_), _) => {}
            (None, Kind::Map(_)) => {
                let mut value = Node::new(Kind::Map(Vec::new()), Span::default());
                fill(&mut value, &entry.value, rank, &path);
                if !value.entries().is_empty() {
                    entries.push(placed(&entry.key, value));
                }
            }
            (None, _) => entries.push(placed(&entry.key, placeless(&entry.value))),
        }
    }
}

/// Puts its values in the place of what is there; with a rank, those alone that it may give.
pub(super) fn cover(into: &mut Node, from: &Node, rank: Option<Rank>, path: &str) {
    for entry in from.entries() {
        let path = yaml::join(path, &entry.key);
        let may = rank.is_none_or(|rank| may_fill(rank, &path) || is_above(&path));
        let Kind::Map(entries) = &mut into.kind else {
            return;
        };
        if !may || entry.value.kind == Kind::Null {
            continue;
        }
        let known = entries.iter_mut().find(|known| known.key == entry.key);
        match (known, &entry.value.kind) {
            (Some(known), Kind::Map(_)) if matches!(known.value.kind, Kind::Map(_)) => {
                cover(&mut known.value, &entry.value, rank, &path);
            }
            (known, kind) => {
                let value = match kind {
                    Kind::Map(_) => {
                        let mut value = Node::new(Kind::Map(Vec::new()), Span::default());
                        cover(&mut value, &entry.value, rank, &path);
                        value
                    }
                    _ => placeless(&entry.value),
                };
                match known {
                    Some(known) => *known = placed(&entry.key, value),
                    None => entries.push(placed(&entry.key, value)),
                }
            }
        }
    }
}

/// True for a map that has keys of both kinds in it.
fn is_above(path: &str) -> bool {
    TOP.contains(&path)
}

fn placed(key: &str, value: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        key_span: Span::default(),
        value,
    }
}

/// The same value without places: they would point into another text.
pub(in crate::config) fn placeless(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::List(items) => Kind::List(items.iter().map(placeless).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|entry| placed(&entry.key, placeless(&entry.value)))
                .collect(),
        ),
        kind => kind.clone(),
    };
    Node {
        kind,
        span: Span::default(),
        written: node.written.clone(),
    }
}

/// The value at a key path (`a.b[0].c`); of a path that leads further than the tree, the nearest value
/// above that is no map.
pub(in crate::config) fn at<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    let mut node = root;
    for part in key.split('.') {
        let (name, rest) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        node = node.get(name)?;
        for index in rest.split('[').skip(1) {
            let index: usize = index.strip_suffix(']')?.parse().ok()?;
            node = node.items().get(index)?;
        }
    }
    Some(node)
}
