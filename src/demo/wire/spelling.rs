//! How clients spell tools: command-line agents put the name of a tool server before the name that
//! the script knows (`mcp__team__vote`, `mcp_team_vote`, or a namespace beside it).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Delta, WireTool};

/// Tools that scripts call.
const KNOWN: [&str; 4] = ["new_answer", "vote", "ask_others", "open_answer"];

/// The client's names of tools that the script knows by others.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    /// Script's name to the client's.
    names: BTreeMap<String, String>,
    /// Script's name to the namespace it stands in.
    namespaces: BTreeMap<String, String>,
}

impl Spelling {
    /// Learns the client's names and gives the tools those of the script.
    pub fn learn(tools: &mut [WireTool]) -> Self {
        let mut spelling = Self::default();
        for tool in tools {
            let function = &mut tool.function;
            let (space, name) = match function.name.split_once('\u{1f}') {
                Some((space, name)) => (Some(space.to_owned()), name.to_owned()),
                None => (None, function.name.clone()),
            };
            let short = KNOWN
                .iter()
                .find(|known| {
                    name.strip_suffix(**known).is_some_and(|rest| {
                        rest.is_empty() || (rest.starts_with("mcp_") && rest.ends_with('_'))
                    })
                })
                .map_or(name.as_str(), |known| *known)
                .to_owned();
            if let Some(space) = space {
                spelling.namespaces.insert(short.clone(), space);
            }
            if short != name {
                spelling.names.insert(short.clone(), name);
            }
            function.name = short;
        }
        spelling
    }

    /// A tool name that stands in a namespace, as [`learn`](Self::learn) reads it.
    pub fn within(space: &str, name: &str) -> Value {
        Value::from(format!("{space}\u{1f}{name}"))
    }

    /// The client's name of a tool.
    pub fn of<'a>(&'a self, name: &'a str) -> &'a str {
        self.names.get(name).map_or(name, String::as_str)
    }

    /// The namespace of the tool that a piece begins to call.
    pub fn namespace_of(&self, delta: &Delta) -> Option<&str> {
        match delta {
            Delta::Call { name, .. } => self.namespaces.get(name).map(String::as_str),
            _ => None,
        }
    }
}
