//! Whole answers and votes: a folder per step of an agent.
//!
//! They are the faithful text of answers; the stream cuts and masks them.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde_json::Value;

use super::{
    clock::ms,
    file::{self, Notes, number, word},
};
use crate::protocol::Label;

/// Folders of an attempt that belong to no agent.
const OTHERS: [&str; 3] = ["agent_outputs", "final", "subagents"];

/// An answer as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Name of its folder: when, in local time.
    pub when: String,
    /// Whole text.
    pub text: String,
}

/// A vote as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptVote {
    /// When, in milliseconds since the epoch; `None` when it does not tell.
    pub at: Option<u64>,
    /// The same in local time.
    pub when: String,
    /// Name of the agent whose answer it is for.
    pub target: String,
    /// That answer.
    pub label: Option<Label>,
    /// The voter's words.
    pub reason: String,
}

/// What agents left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// Answers by name of the agent, oldest first.
    pub answers: BTreeMap<String, Vec<Kept>>,
    /// Votes by name of the voter, oldest first.
    pub votes: BTreeMap<String, Vec<KeptVote>>,
    /// Labels by agent and step, where the log names them.
    labels: HashMap<(String, String), Label>,
    /// The final answer and the agent that gave it.
    pub finale: Option<(String, String)>,
}

impl Steps {
    /// Reads the steps of an attempt.
    pub fn read(folder: &Path, notes: &mut Notes) -> Self {
        let mut steps = Self::default();
        for agent in file::folders(folder) {
            if OTHERS.contains(&agent.as_str()) {
                continue;
            }
            let below = folder.join(&agent);
            for when in file::folders(&below) {
                if when.starts_with(|c: char| c.is_ascii_digit()) {
                    steps.step(&agent, when.clone(), &below.join(&when), notes);
                }
            }
        }
        for agent in file::folders(&folder.join("final")) {
            let path = folder.join("final").join(&agent).join("answer.txt");
            if let Some(text) = file::text(&path, notes) {
                steps.finale = Some((agent, text));
            }
        }
        let named = file::json(&folder.join("snapshot_mappings.json"), notes);
        for (label, about) in named
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if let Ok(label) = label.parse() {
                let step = (
                    word(about, &["agent_id"]).to_owned(),
                    word(about, &["timestamp"]).to_owned(),
                );
                steps.labels.insert(step, label);
            }
        }
        steps
    }

    fn step(&mut self, agent: &str, when: String, folder: &Path, notes: &mut Notes) {
        if let Some(text) = file::text(&folder.join("answer.txt"), notes) {
            let answers = self.answers.entry(agent.to_owned()).or_default();
            answers.push(Kept { when, text });
        } else if let Some(vote) = file::json(&folder.join("vote.json"), notes) {
            let votes = self.votes.entry(agent.to_owned()).or_default();
            votes.push(KeptVote {
                at: number(&vote, &["unix_timestamp"]).map(ms),
                when,
                target: word(&vote, &["voted_for"]).to_owned(),
                label: word(&vote, &["voted_for_label"]).parse().ok(),
                reason: word(&vote, &["reason"]).to_owned(),
            });
        }
    }

    /// The answers of an agent with the numbers of their labels: as the log names them, else counted.
    pub fn numbered(&self, agent: &str) -> Vec<(u32, &Kept)> {
        let answers = self.answers.get(agent).into_iter().flatten();
        let mut next = 1;
        answers
            .map(|kept| {
                let step = (agent.to_owned(), kept.when.clone());
                let number = self.labels.get(&step).map_or(next, |label| label.revision);
                next = number.saturating_add(1);
                (number, kept)
            })
            .collect()
    }
}
