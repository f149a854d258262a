//! Reads the keymap file: the small part of TOML that it needs.
//!
//! Sections are contexts, lines are `"action.name" = ["key", "key key"]`, comments start with `#`.
//! Nothing else of TOML is understood.

use std::fmt;

use super::{Binding, Chord, Context};
use crate::tui::action::{Action, Entry};

/// A line that could not be read, or a key that stands twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "keymap: {}", self.what),
            line => write!(f, "keymap line {line}: {}", self.what),
        }
    }
}

/// All bindings of a file, and what could not be read.
pub(super) fn read(text: &str) -> (Vec<Binding>, Vec<Problem>) {
    let actions = Action::all();
    let mut bindings = Vec::new();
    let mut problems = Vec::new();
    let mut context = None;
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let read = if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            find_context(section).map(|found| context = Some(found))
        } else {
            binding(line, context, &actions).map(|binding| bindings.push(binding))
        };
        if let Err(what) = read {
            problems.push(Problem {
                line: index + 1,
                what,
            });
        }
    }
    (bindings, problems)
}

fn find_context(section: &str) -> Result<Context, String> {
    Context::ALL
        .into_iter()
        .find(|context| context.section() == section)
        .ok_or_else(|| format!("no context is called {section}"))
}

fn binding(line: &str, context: Option<Context>, actions: &[Entry]) -> Result<Binding, String> {
    let context = context.ok_or("a binding before the first [context]")?;
    let (name, keys) = line.split_once('=').ok_or("expected \"action\" = [keys]")?;
    let name = quoted(name.trim()).ok_or("the action stands in quotes")?;
    let entry = actions
        .iter()
        .find(|entry| entry.name == name)
        .cloned()
        .ok_or_else(|| format!("no action is called {name}"))?;
    let list = keys
        .trim()
        .strip_prefix('[')
        .and_then(|keys| keys.strip_suffix(']'))
        .ok_or("the keys stand in [brackets]")?;
    let keys = list
        .split(", ")
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(|key| {
            quoted(key)
                .ok_or_else(|| format!("the key {key} stands in quotes"))?
                .parse::<Chord>()
                .map_err(|error| error.to_string())
        })
        .collect::<Result<_, _>>()?;
    Ok(Binding {
        context,
        entry,
        keys,
    })
}

/// The text between double quotes; `\\` and `\"` are the only escapes.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}
