//! The form of a script (`assets/demo/*.yaml`) and the checks it must pass.
//!
//! The order in which agents of a running team get their turns is not known in advance, so a script
//! is not a list of replies: it is a list per situation. `answers` are published in order, an answer
//! with `after` only once the named agents have published; `votes` are rules, the first that fits is
//! taken; `present` is the final answer. Agents are named by their names. Peers know them as
//! `agent1`, `agent2` … in the lexicographic order of the names, and [`Scenario::number`] converts.
//!
//! Reading checks everything that can be wrong with a script; playing one cannot fail after that.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Deserialize;

use crate::protocol::AgentId;

/// A scripted team and its task.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name for `--demo`.
    pub name: String,
    /// Title on the start screen, a few words.
    pub title: String,
    /// What there is to see, one sentence.
    pub about: String,
    /// The task the script answers.
    pub prompt: String,
    /// Settings of the team, the text of a configuration without backends; empty for none.
    #[serde(default)]
    pub settings: String,
    /// The files of the sample repository that the team works on, by path; empty for a team that only
    /// talks.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The team.
    pub agents: Vec<Actor>,
}

/// One scripted agent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Name, `[a-z0-9-]+`, unique in the scenario.
    pub name: String,
    /// Model id to send, unique among all scripts; starts with `script-`, so that nobody takes it for
    /// a model.
    pub model: String,
    /// Tokens per second.
    pub speed: f64,
    /// Answers to publish, in order.
    pub answers: Vec<Line>,
    /// Voting rules; the first that fits the ballot is used.
    pub votes: Vec<VoteRule>,
    /// The final answer, when this agent presents; its last answer when missing.
    #[serde(default)]
    pub present: Option<Line>,
    /// What it says when another agent asks it something beside its work.
    #[serde(default)]
    pub aside: String,
    /// The notes it writes on a conversation that has become too long.
    #[serde(default)]
    pub notes: String,
    /// What it publishes in a step of a mode, by the name of the step: `plan`, `chunk 2`.
    #[serde(default)]
    pub steps: BTreeMap<String, Line>,
    /// What it says when it is asked whether another round is worth it, in order.
    #[serde(default)]
    pub verdicts: Vec<String>,
    /// Its verdicts when it is asked to check the final text, in order; then the last one again.
    #[serde(default)]
    pub reviews: Vec<Review>,
    /// Troubles, by number of call.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// The team that it is; all of the above is what its voice says.
    #[serde(default)]
    pub team: Option<Troupe>,
}

/// A scripted team in the place of an agent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Troupe {
    /// Its settings, as in [`Scenario::settings`].
    #[serde(default)]
    pub settings: String,
    /// Its agents.
    pub agents: Vec<Actor>,
}

/// A verdict about the final text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Whether it stands.
    pub accept: bool,
    /// What has to be done, or why it stands.
    pub instructions: String,
    /// Who should do it; nobody named: everybody.
    #[serde(default)]
    pub agents: Vec<String>,
    /// Seconds before the first character.
    #[serde(default)]
    pub wait: f64,
    /// Reasoning text.
    #[serde(default)]
    pub think: String,
}

/// One thing to say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Line {
    /// Publish this only when all of these are on the ballot: a name, or `name.2` for at least its
    /// second answer. Until then the agent votes.
    pub after: Vec<Seen>,
    /// Publish this only when a check of the final text has asked for changes.
    pub revises: bool,
    /// Seconds before the first character.
    pub wait: f64,
    /// Reasoning text, streamed first. `[[pause 1.5]]` anywhere in a text is a wait in seconds.
    pub think: String,
    /// Plain text before the tool call.
    pub say: String,
    /// Tool calls, made in a reply of their own before this line is spoken.
    pub calls: Vec<Call>,
    /// The answer, Markdown.
    pub text: String,
    /// Tokens per second, when other than the agent's.
    pub speed: Option<f64>,
}

/// How an agent votes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoteRule {
    /// For whom: a name with an answer on the ballot.
    #[serde(rename = "for")]
    pub choice: Seen,
    /// The rule fits only when these are on the ballot too.
    #[serde(default)]
    pub when: Vec<Seen>,
    /// Seconds before the first character.
    #[serde(default)]
    pub wait: f64,
    /// Reasoning text.
    #[serde(default)]
    pub think: String,
    /// Tool calls, made in a reply of their own before the vote.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Where several answers are wanted: approved as well, or ranked next, in this order.
    #[serde(default)]
    pub also: Vec<Seen>,
    /// Where scores are wanted: 0 to 10 per criterion, by name of the author.
    #[serde(default)]
    pub scores: BTreeMap<String, Vec<u8>>,
    /// The reason given. `{name}` becomes the agent's label on the ballot.
    pub reason: String,
}

/// A tool call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Tool.
    pub tool: String,
    /// Arguments as JSON text. `{name}` becomes the agent's label on the ballot; when it has none
    /// the call is left out.
    pub arguments: String,
    /// Whether it is made though the tool is not on offer (to show what happens then).
    #[serde(default)]
    pub when: CallWhen,
}

/// When a scripted call is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallWhen {
    /// When the request offers the tool.
    #[default]
    Offered,
    /// Always.
    Always,
}

/// Trouble with one call, or with all calls from one on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Number of the agent's request in the session, starting at 1, failed ones included.
    pub call: u32,
    /// This call only, or every call from it on.
    #[serde(default)]
    pub extent: Extent,
    /// What happens.
    pub trouble: Trouble,
}

/// How long trouble lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// One call.
    #[default]
    Once,
    /// Every further call: the agent is dead.
    Onward,
}

/// What can go wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Trouble {
    /// An HTTP error.
    Status {
        /// Status, 400 to 599.
        code: u16,
        /// Message in the error object.
        message: String,
        /// `Retry-After` in seconds.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The connection is closed after this many tokens of the reply.
    Cut {
        /// Tokens sent before.
        tokens: usize,
    },
    /// No byte is ever sent; the connection stays open.
    Hang {},
}

/// An agent that has published at least so many answers: `birch`, `birch.2`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Seen {
    /// Name of the agent.
    pub name: String,
    /// Smallest revision meant.
    pub revision: u32,
}

impl TryFrom<String> for Seen {
    type Error = ScriptError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('.') {
            None => Ok(Self {
                name: text,
                revision: 1,
            }),
            Some((name, revision)) => match revision.parse() {
                Ok(revision) if revision > 0 => Ok(Self {
                    name: name.to_owned(),
                    revision,
                }),
                _ => Err(ScriptError(format!(
                    "\"{text}\" is not name or name.number"
                ))),
            },
        }
    }
}

/// What is wrong with a script, one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError(pub String);

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScriptError {}

impl Scenario {
    /// Reads and checks a script.
    ///
    /// # Errors
    ///
    /// When the text is no YAML of this form (with line and column), or a check fails.
    pub fn parse(yaml: &str) -> Result<Self, ScriptError> {
        let scenario: Self =
            serde_saphyr::from_str(yaml).map_err(|error| ScriptError(error.to_string()))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Names and model ids of the team, in the order of the script.
    #[must_use]
    pub fn agents(&self) -> Vec<(String, String)> {
        self.agents
            .iter()
            .map(|actor| (actor.name.clone(), actor.model.clone()))
            .collect()
    }

    /// The team that an agent is, as a script over the same task.
    #[must_use]
    pub fn below(&self, actor: &Actor) -> Option<Self> {
        actor.team.as_ref().map(|troupe| Self {
            name: format!("{}/{}", self.name, actor.name),
            settings: troupe.settings.clone(),
            agents: troupe.agents.clone(),
            ..self.clone()
        })
    }

    /// The script and the agent of a model id, teams inside the team included.
    #[must_use]
    pub fn cast(&self, model: &str) -> Option<(Self, String)> {
        self.agents.iter().find_map(|actor| {
            if actor.model == model {
                return Some((self.clone(), actor.name.clone()));
            }
            self.below(actor)?.cast(model)
        })
    }

    /// Every model id, teams inside the team included.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        self.agents
            .iter()
            .flat_map(|actor| {
                let below = self.below(actor).map(|team| team.models());
                [actor.model.clone()]
                    .into_iter()
                    .chain(below.unwrap_or_default())
            })
            .collect()
    }

    /// The number peers know an agent by: its place in the lexicographic order of all names.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<AgentId> {
        let mut names: Vec<_> = self.agents.iter().map(|actor| &actor.name).collect();
        names.sort();
        let place = names.iter().position(|other| *other == name)?;
        u16::try_from(place + 1).ok().map(AgentId)
    }

    fn check(&self) -> Result<(), ScriptError> {
        let fail = |what: String| Err(ScriptError(format!("script {}: {what}", self.name)));
        let names: BTreeSet<_> = self.agents.iter().map(|a| a.name.as_str()).collect();
        if names.is_empty() || names.len() != self.agents.len() {
            return fail("agents need distinct names, and there must be one".into());
        }
        if [&self.name, &self.title, &self.about, &self.prompt]
            .iter()
            .any(|text| text.trim().is_empty())
        {
            return fail("name, title, about and prompt may not be empty".into());
        }
        for actor in &self.agents {
            if let Err(what) = actor.check(&names) {
                return fail(format!("agent {}: {what}", actor.name));
            }
            if let Some(below) = self.below(actor) {
                below.check()?;
            }
        }
        Ok(())
    }
}

impl Actor {
    fn check(&self, names: &BTreeSet<&str>) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err("the name may only have a-z, 0-9 and -".into());
        }
        if !self.model.starts_with("script-") {
            return Err("the model id must start with script-".into());
        }
        if self.answers.is_empty() || self.votes.is_empty() {
            return Err("at least one answer and one vote are needed".into());
        }
        let texts: BTreeSet<_> = self.answers.iter().map(|line| line.text.trim()).collect();
        if texts.len() != self.answers.len() || texts.contains("") {
            return Err("answers must differ and may not be empty".into());
        }
        if self
            .answers
            .first()
            .is_some_and(|line| !line.after.is_empty() || line.revises)
        {
            return Err("the first answer waits for nobody".into());
        }
        let mentioned = self.answers.iter().flat_map(|line| &line.after).chain(
            self.votes
                .iter()
                .flat_map(|rule| rule.when.iter().chain(&rule.also).chain([&rule.choice])),
        );
        if let Some(seen) = mentioned.into_iter().find(|s| !names.contains(&*s.name)) {
            return Err(format!("{} is not in the team", seen.name));
        }
        let named = self.reviews.iter().flat_map(|review| &review.agents);
        if let Some(name) = named.into_iter().find(|n| !names.contains(n.as_str())) {
            return Err(format!("{name} is not in the team"));
        }
        if self
            .reviews
            .iter()
            .any(|one| one.instructions.trim().is_empty())
        {
            return Err("a review says why".into());
        }
        let scored = self.votes.iter().flat_map(|rule| rule.scores.keys());
        if let Some(name) = scored.clone().find(|name| !names.contains(name.as_str())) {
            return Err(format!("{name} is not in the team"));
        }
        let scores = self
            .votes
            .iter()
            .flat_map(|rule| rule.scores.values().flatten());
        if !scores.clone().all(|score| *score <= 10) {
            return Err("scores go from 0 to 10".into());
        }
        self.check_numbers()
    }

    fn check_numbers(&self) -> Result<(), String> {
        let lines = self.answers.iter().chain(&self.present);
        let speeds = lines.clone().filter_map(|line| line.speed);
        if !speeds
            .chain([self.speed])
            .all(|s| (0.1..=1000.0).contains(&s))
        {
            return Err("speeds go from 0.1 to 1000 tokens per second".into());
        }
        let waits = lines.map(|line| line.wait);
        let waits = waits.chain(self.reviews.iter().map(|review| review.wait));
        let mut waits = waits.chain(self.votes.iter().map(|rule| rule.wait));
        if !waits.all(|w| (0.0..=600.0).contains(&w)) {
            return Err("waits go from 0 to 600 seconds".into());
        }
        for fault in &self.faults {
            let wrong = match fault.trouble {
                Trouble::Status { code, .. } => !(400..600).contains(&code),
                Trouble::Cut { .. } | Trouble::Hang {} => false,
            };
            if wrong || fault.call == 0 {
                return Err("faults need a call from 1 on and a status from 400 to 599".into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
name: small
title: T
about: A
prompt: P
agents:
  - name: birch
    model: script-birch
    speed: 50
    answers:
      - { think: Hm., text: One. }
      - { after: [alder.2], text: Two. }
    votes:
      - { for: alder, reason: "{alder} is good." }
    faults:
      - { call: 1, trouble: { status: { code: 500, message: down } } }
      - { call: 2, trouble: { cut: { tokens: 3 } } }
      - { call: 3, extent: onward, trouble: { hang: {} } }
  - name: alder
    model: script-alder
    speed: 50
    answers: [{ text: Three. }]
    votes: [{ for: birch, reason: Yes. }]
"#;

    #[test]
    fn a_script_reads() {
        let scenario = Scenario::parse(SMALL).unwrap();
        assert_eq!(scenario.number("alder"), Some(AgentId(1)));
        assert_eq!(scenario.number("birch"), Some(AgentId(2)));
        assert_eq!(scenario.number("cedar"), None);
        assert_eq!(
            scenario.agents()[0],
            ("birch".into(), "script-birch".into())
        );
        let birch = &scenario.agents[0];
        assert_eq!(birch.answers[1].after[0].revision, 2);
        assert_eq!(birch.faults[1].trouble, Trouble::Cut { tokens: 3 });
        assert_eq!(birch.faults[2].extent, Extent::Onward);
    }

    #[test]
    fn wrong_scripts_are_told_apart() {
        for (from, to, word) in [
            ("name: alder", "name: birch", "distinct"),
            ("script-alder", "gpt-alder", "script-"),
            ("for: birch", "for: cedar", "cedar is not in the team"),
            ("speed: 50", "speed: 0", "speeds"),
            ("code: 500", "code: 200", "status"),
            ("title: T", "titel: T", "titel"),
            ("text: Two.", "text: One.", "differ"),
            ("alder.2", "alder.x", "alder.x"),
            ("prompt: P", "prompt: ''", "empty"),
            ("name: birch", "name: Birch", "a-z"),
        ] {
            let error = Scenario::parse(&SMALL.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(word), "{to}: {error}");
        }
    }
}
