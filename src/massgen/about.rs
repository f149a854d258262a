//! What a turn was: task, team, folder, version; and how MassGen says it ended.

use std::path::Path;

use serde_json::Value;

use super::{
    clock::{Clock, ms},
    file::{self, Notes, number, word},
    folders::Attempt,
    steps::Steps,
};
use crate::config::{Node, yaml};

/// One agent as it was configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its model; empty when the log does not tell.
    pub model: String,
    /// Its type of backend; empty when the log does not tell.
    pub backend: String,
}

/// A turn, as far as its log tells.
#[derive(Debug, Default)]
pub struct About {
    /// The task.
    pub prompt: String,
    /// The team in the order of its configuration.
    pub team: Vec<Member>,
    /// Working folder.
    pub cwd: String,
    /// MassGen's version; empty when the log does not tell.
    pub version: String,
    /// The configuration's path as it was given.
    pub config: String,
    /// When it was noted down, in local time.
    pub noted: String,
    /// `status.json`; null when there is none.
    pub status: Value,
    /// `coordination_events.json`; null when there is none.
    pub tracker: Value,
}

impl About {
    /// Reads it.
    pub fn read(attempt: &Attempt, steps: &Steps, notes: &mut Notes) -> Self {
        let mut json = |name: &str| file::json(&attempt.folder.join(name), notes);
        let mut about = Self {
            status: json("status.json").unwrap_or_default(),
            tracker: json("coordination_events.json").unwrap_or_default(),
            ..Self::default()
        };
        let own = attempt.folder.join("execution_metadata.yaml");
        let above = attempt.above.join("execution_metadata.yaml");
        about.metadata(if own.is_file() { &own } else { &above }, notes);
        if about.prompt.is_empty() {
            let told = [
                word(&about.status, &["meta", "question"]),
                word(&about.tracker, &["session_metadata", "user_prompt"]),
            ];
            let told = told.into_iter().find(|told| !told.is_empty());
            told.unwrap_or_default().clone_into(&mut about.prompt);
        }
        about.complete(steps);
        about
    }

    /// `execution_metadata.yaml`.
    fn metadata(&mut self, path: &Path, notes: &mut Notes) {
        let Some(text) = file::text(path, notes) else {
            return;
        };
        let parsed = yaml::parse(text.as_bytes());
        let Some(root) = parsed.root else {
            notes.add("execution_metadata.yaml is damaged; models and backends are unknown.");
            return;
        };
        let text = |node: &Node, key: &str| {
            let value = node.get(key);
            value.and_then(Node::text).unwrap_or_default().to_owned()
        };
        self.prompt = text(&root, "query");
        self.noted = text(&root, "timestamp");
        self.cwd = text(&root, "working_directory");
        self.version = text(&root, "massgen_version");
        self.config = text(&root, "config_path");
        let Some(config) = root.get("config") else {
            return;
        };
        let many = config.get("agents").map(Node::items).unwrap_or_default();
        let agents = many.iter().chain(config.get("agent"));
        for (place, agent) in agents.enumerate() {
            let backend = agent.get("backend");
            let of = |key| backend.map(|node| text(node, key)).unwrap_or_default();
            let name = text(agent, "id");
            self.team.push(Member {
                name: if name.is_empty() {
                    format!("agent{}", place + 1)
                } else {
                    name
                },
                model: of("model"),
                backend: of("type"),
            });
        }
    }

    /// Agents that only other files know.
    fn complete(&mut self, steps: &Steps) {
        let status = self.status.get("agents").and_then(Value::as_object);
        let listed = file::list(&self.tracker, &["session_metadata", "agent_ids"]);
        let known = listed
            .iter()
            .filter_map(Value::as_str)
            .chain(status.into_iter().flatten().map(|(name, _)| name.as_str()))
            .chain(steps.answers.keys().map(String::as_str))
            .chain(steps.votes.keys().map(String::as_str));
        // A configuration whose agents have other names than the run is not that of the run.
        let known: Vec<String> = known.map(str::to_owned).collect();
        let fits = self.team.iter().any(|one| known.contains(&one.name));
        if !known.is_empty() && !fits {
            self.team.clear();
        }
        for name in known {
            self.member(&name);
        }
    }

    /// Adds an agent that is not known yet.
    pub fn member(&mut self, name: &str) {
        if !name.is_empty() && !self.team.iter().any(|one| one.name == name) {
            self.team.push(Member {
                name: name.to_owned(),
                ..Member::default()
            });
        }
    }

    /// When the turn began, as `status.json` or the tracker says.
    pub fn began(&self) -> Option<u64> {
        number(&self.status, &["meta", "start_time"])
            .or_else(|| number(&self.tracker, &["session_metadata", "start_time"]))
            .map(ms)
    }

    /// The zone of its local times.
    pub fn clock(&self, steps: &Steps) -> Clock {
        let votes = steps.votes.values().flatten();
        let mut pairs = votes.filter_map(|vote| Some((vote.when.as_str(), vote.at?)));
        pairs
            .find_map(|(local, unix)| Clock::of(local, unix))
            .or_else(|| Clock::of(&self.noted, self.began()?))
            .unwrap_or_default()
    }

    /// MassGen's word for how it ended; empty when it does not say.
    pub fn finish(&self) -> &str {
        word(&self.status, &["finish_reason"])
    }
}
