//! `config migrate`: keys of earlier days to today's, in the text itself.
//!
//! Renames keys that were renamed, moves keys that stand in the wrong map, takes away keys that MassGen
//! itself makes no use of, and turns its first format into agents. Everything else keeps its bytes,
//! comments included. What cannot be done safely is left and told. Writes nothing: the command shows the
//! difference first.

mod diff;
pub(super) mod edits;
mod first;

use super::backends;
use super::excerpt::clean;
use super::node::{Entry, Kind, Node};
use super::schema::{self, Key, Use};
use super::yaml;
use edits::Edits;

pub use diff::diff;

/// What came of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The new text; the old one when nothing changed.
    pub text: String,
    /// What was changed, a sentence each without a full stop.
    pub changes: Vec<String>,
    /// What is old and has to be changed by hand.
    pub left: Vec<String>,
}

/// Keys that only have another name now: kind of map, old key, new key.
const RENAMED: &[(&str, &str, &str)] = &[
    ("top", "task", "prompt"),
    ("top", "timeout", "timeout_settings"),
    ("top", "display", "ui"),
    ("agent", "append_system_prompt", "system_message"),
    ("coordination", "async_subagents", "background_subagents"),
    ("ui", "type", "display_type"),
];

/// Brings a text up to date.
///
/// # Errors
/// One sentence, when the text cannot be read or the result would be worse.
pub fn migrate(text: &str) -> Result<Migration, String> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = yaml::sound(body)
        .ok_or("it cannot be read as it is; `massgen-tui config check` says why")?;
    let mut work = Work {
        edits: Edits::new(body),
        changes: Vec::new(),
        left: Vec::new(),
    };
    first::bring(&root, &mut work);
    work.map(&root, "top", "");
    let new = work.edits.apply();
    if yaml::sound(&new).is_none() {
        return Err("the result could not be read; change it by hand".to_owned());
    }
    Ok(Migration {
        text: new,
        changes: work.changes,
        left: work.left,
    })
}

/// A migration under way.
struct Work<'a> {
    edits: Edits<'a>,
    changes: Vec<String>,
    left: Vec<String>,
}

impl Work<'_> {
    fn changed(&mut self, entry: &Entry, what: &str) {
        let line = entry.key_span.line;
        self.changes.push(format!("line {line}: {what}"));
    }

    fn by_hand(&mut self, entry: &Entry, path: &str, what: &str) {
        let line = entry.key_span.line;
        self.left
            .push(format!("line {line}: `{}` {what}", clean(path, 120)));
    }

    /// Every key of a map of a kind, and of the maps below it.
    fn map(&mut self, node: &Node, scope: &str, path: &str) {
        let Some(keys) = schema::scope(scope) else {
            return;
        };
        for entry in node.entries() {
            let path = yaml::join(path, &entry.key);
            let Some(key) = keys.get(&entry.key) else {
                continue;
            };
            if self.renamed(node, entry, scope, &path) {
                continue;
            }
            match &key.usage {
                Use::Dead(why) if scope != "ui" => self.take_away(entry, &path, why),
                Use::Removed(_) if scope == "backend" => {}
                Use::Removed(_) if scope == "top" && first::is_old(&entry.key) => {}
                Use::Removed(instead) => self.by_hand(entry, &path, instead),
                _ => self.value(entry, scope),
            }
            self.below(entry, key, &path);
        }
        if scope == "agent" {
            self.instructions(node, path);
        }
    }

    /// The maps behind a key.
    fn below(&mut self, entry: &Entry, key: &Key, path: &str) {
        let Some(inner) = &key.scope else { return };
        match &entry.value.kind {
            Kind::Map(entries) if key.named => {
                for one in entries {
                    self.map(&one.value, inner, &yaml::join(path, &one.key));
                }
            }
            Kind::Map(_) => self.map(&entry.value, inner, path),
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.map(item, inner, &format!("{path}[{index}]"));
                }
            }
            _ => {}
        }
    }

    /// Gives a key its new name; false when it keeps its own.
    fn renamed(&mut self, map: &Node, entry: &Entry, scope: &str, path: &str) -> bool {
        let row = RENAMED
            .iter()
            .find(|(place, old, _)| *place == scope && *old == entry.key);
        let Some((_, old, new)) = row else {
            return false;
        };
        let known = schema::scope(scope).and_then(|keys| keys.get(*new));
        let known = known.filter(|key| key.fits(&entry.value) && entry.value.kind != Kind::Null);
        let Some(key) = known.filter(|_| map.get(new).is_none()) else {
            let why = format!("is called `{new}` now, which has another form or is there already");
            self.by_hand(entry, path, &why);
            return true;
        };
        if self.edits.rename(entry, new) {
            self.changed(entry, &format!("`{old}` is called `{new}` now"));
            self.below(entry, key, path);
        } else {
            self.by_hand(entry, path, &format!("is called `{new}` now"));
        }
        true
    }

    fn take_away(&mut self, entry: &Entry, path: &str, why: &str) {
        if self.edits.remove(entry) {
            self.changed(
                entry,
                &format!("`{}` is gone: {why}", clean(&entry.key, 60)),
            );
        } else {
            self.by_hand(entry, path, &format!("can go: {why}"));
        }
    }

    /// Words that have another spelling now.
    fn value(&mut self, entry: &Entry, scope: &str) {
        let Some(text) = entry.value.text() else {
            return;
        };
        let new = match (scope, entry.key.as_str()) {
            ("backend", "type") => backends::find(text).map(|one| one.r#type.as_str()),
            ("orchestrator", "coordination_mode") if text == "parallel" => Some("voting"),
            _ => None,
        };
        if let Some(new) = new.filter(|new| *new != text)
            && self.edits.replace_word(&entry.value, text, new)
        {
            let old = clean(text, 40);
            self.changed(entry, &format!("`{old}` is spelt `{new}` now"));
        }
    }

    /// Instructions inside a backend belong to its agent.
    fn instructions(&mut self, agent: &Node, path: &str) {
        let Some(home) = agent.entry("backend") else {
            return;
        };
        for name in ["system_prompt", "append_system_prompt"] {
            let Some(entry) = home.value.entry(name) else {
                continue;
            };
            let path = format!("{path}.backend.{name}");
            let free = agent.get("system_message").is_none()
                && agent.get("append_system_prompt").is_none()
                && home
                    .value
                    .entries()
                    .iter()
                    .filter(|one| one.key.ends_with("system_prompt"))
                    .count()
                    == 1;
            if free && self.edits.move_before(entry, home, "system_message") {
                self.changed(
                    entry,
                    &format!("`{name}` is `system_message` of the agent now"),
                );
            } else {
                self.by_hand(
                    entry,
                    &path,
                    "is `system_message` of the agent now, beside `backend:`",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
