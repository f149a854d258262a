//! `config explain KEY`: what a key means, where it may stand, what it may be, and what becomes of it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use super::diagnostic::nearest;
use super::excerpt::clean;
use super::schema::{self, Key, Shape, Use};
use super::words::{Words, words};

/// Where maps of a kind stand, shortest path first: `agents[].backend`. Each kind once.
#[must_use]
pub fn places() -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::from([("top", String::new())]);
    let mut queue = VecDeque::from(["top"]);
    while let Some(name) = queue.pop_front() {
        let path = found.get(name).cloned().unwrap_or_default();
        for (key, known) in schema::scope(name).into_iter().flatten() {
            let Some(inner) = known.scope.as_deref() else {
                continue;
            };
            // A team in a team and the short form `agent:` say nothing new.
            if found.contains_key(inner) || (name, key.as_str()) == ("top", "agent") {
                continue;
            }
            let list = known.shapes.contains(&Shape::List);
            let step = super::yaml::join(&path, key);
            found.insert(inner, if list { format!("{step}[]") } else { step });
            queue.push_back(inner);
        }
    }
    found
}

/// What the key at a whole path means (`orchestrator.limits.usd`, `agents[0].backend.model`), and its default.
#[must_use]
pub fn said(path: &str) -> Option<&'static Words> {
    let path = without_indices(path);
    let (place, name) = path.rsplit_once('.').unwrap_or(("", &path));
    let places = places();
    let mut scopes = places.iter();
    let (scope, _) = scopes.find(|(_, known)| without_indices(known) == place)?;
    words(scope, name)
}

/// Explains a key, given by its name or as much of its path as tells it apart.
///
/// # Errors
/// A sentence with the nearest key, when there is no such key.
pub fn explain(asked: &str) -> Result<String, String> {
    let asked = without_indices(asked.trim().trim_end_matches(':'));
    let places = places();
    let mut texts = Vec::new();
    let mut paths = Vec::new();
    for (scope, keys) in schema::scopes() {
        let Some(place) = places.get(scope.as_str()) else {
            continue;
        };
        for (name, key) in keys {
            let path = super::yaml::join(place, name);
            let plain = without_indices(&path);
            let short = plain.strip_prefix("agents.").unwrap_or(&plain);
            let fits = plain == asked
                || short == asked
                || plain
                    .strip_suffix(&asked)
                    .is_some_and(|rest| rest.ends_with('.'))
                || format!("agent.{short}") == asked;
            if fits {
                texts.push(one(scope, name, key, &path));
            }
            if !matches!(key.usage, Use::Removed(_)) {
                paths.push(plain);
            }
        }
    }
    if !texts.is_empty() {
        return Ok(texts.join("\n"));
    }
    let last = asked.rsplit('.').next().unwrap_or_default();
    let whole = paths.iter().map(String::as_str);
    let names = whole
        .clone()
        .map(|path| path.rsplit('.').next().unwrap_or_default());
    // A bare name is most like another name, wherever that stands.
    let near = if asked.contains('.') {
        nearest(&asked, whole).or_else(|| nearest(last, names))
    } else {
        nearest(last, names)
    };
    let hint = match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => "; docs/config.md lists all".to_owned(),
    };
    Err(format!("no key `{}`{hint}", clean(&asked, 80)))
}

/// `agents[0].backend` and `agents[].backend` as `agents.backend`.
fn without_indices(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain
}

fn one(scope: &str, name: &str, key: &Key, path: &str) -> String {
    let mut text = format!("{path}\n");
    let mut line = |label: &str, words: &str| {
        let _ = writeln!(text, "  {label:<9}{words}");
    };
    let said = words(scope, name);
    if let Some(said) = said {
        line("means", &said.means);
    }
    line("value", &value(key));
    if let Some(default) = said.and_then(Words::usual) {
        line("default", &default);
    }
    match &key.usage {
        Use::Honoured => line("here", "used"),
        Use::Kept(why) => {
            let (why, instead) = why.split_once("; ").unwrap_or((why, ""));
            line("here", &format!("kept, not used: it {why}"));
            if !instead.is_empty() {
                line("instead", instead);
            }
        }
        Use::Dead(why) => line("here", &format!("no effect: {why}")),
        Use::Removed(instead) => line("here", &format!("an error; {instead}")),
    }
    text
}

/// Shapes, values and range in words.
fn value(key: &Key) -> String {
    let mut text = key.nouns();
    if !key.values.is_empty() {
        let list = key.values.join(", ");
        let _ = write!(text, ": {list}");
        if key.soft {
            text.push_str(", or another word of the vendor");
        }
    }
    match (key.min, key.max) {
        (Some(min), Some(max)) => {
            let _ = write!(text, ", {min} to {max}");
        }
        (Some(min), None) => {
            let _ = write!(text, ", at least {min}");
        }
        (None, Some(max)) => {
            let _ = write!(text, ", at most {max}");
        }
        (None, None) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_map_has_a_place() {
        let places = places();
        for scope in schema::scopes().keys() {
            assert!(places.contains_key(scope.as_str()), "{scope}");
        }
        assert_eq!(places["backend"], "agents[].backend");
        assert_eq!(places["coordination"], "orchestrator.coordination");
    }

    #[test]
    fn a_key_is_found_by_its_name_or_its_path() {
        for (asked, path) in [
            ("top_p", "agents[].backend.top_p\n"),
            ("agents[3].backend.top_p", "agents[].backend.top_p\n"),
            ("backend.top_p:", "agents[].backend.top_p\n"),
            ("agent.backend.top_p", "agents[].backend.top_p\n"),
            ("prompt", "prompt\n"),
            (
                "coordination.write_mode",
                "orchestrator.coordination.write_mode\n",
            ),
        ] {
            let text = explain(asked).unwrap();
            assert!(text.starts_with(path), "{asked}: {text}");
        }
        let both = explain("voting_sensitivity").unwrap();
        assert!(
            both.contains("agents[].voting_sensitivity") && both.contains("\norchestrator.voting")
        );
        insta::assert_snapshot!(explain("custom_tools").unwrap(), @r"
        agents[].backend.custom_tools
          means    Python functions as tools.
          value    a list
          here     kept, not used: it needs Python tools
          instead  offer them through an MCP server under `mcp_servers`
        ");
        insta::assert_snapshot!(explain("fairness_lead_cap_answers").unwrap(), @r"
        orchestrator.fairness_lead_cap_answers
          means    How many answers an agent may be ahead.
          value    a whole number, 0 to 1000
          default  2
          here     used
        ");
    }

    #[test]
    fn a_whole_path_has_its_meaning_and_its_default() {
        let usual = |path: &str| said(path).map(Words::usual);
        assert_eq!(
            usual("orchestrator.policy"),
            Some(Some("plurality".to_owned()))
        );
        assert_eq!(usual("orchestrator.limits.usd"), Some(None));
        assert_eq!(usual("agents[0].backend.model"), Some(None));
        assert_eq!(usual("orchestrator.no_such_key"), None);
        assert_eq!(usual("nowhere.policy"), None);
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest() {
        assert!(
            explain("votting_sensitivity")
                .unwrap_err()
                .contains("voting_sensitivity")
        );
        // A key of the first format would be a bad guess.
        assert!(
            explain("voting_sensitivty")
                .unwrap_err()
                .contains("voting_sensitivity")
        );
        assert!(explain("\u{1b}[2J").is_err());
        assert!(explain("").is_err());
    }
}
