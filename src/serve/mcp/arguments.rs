//! What a client gives a tool, checked: unknown names and wrong types are told in plain words.

use std::path::PathBuf;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    app::host::{Presence, StartRequest, TeamChoice},
    protocol::{AgentId, Failure, FailureKind, Folder, RunId, SteerMode, Target, change::Access},
};

/// Longest message to agents, in characters.
const MESSAGE: usize = 20_000;

/// Reads the arguments of a tool.
///
/// # Errors
/// Which argument is wrong, and what the tool takes.
pub fn read<T: DeserializeOwned>(
    tool: &str,
    arguments: Option<Map<String, Value>>,
) -> Result<T, Failure> {
    let arguments = Value::Object(arguments.unwrap_or_default());
    serde_json::from_value(arguments).map_err(|error| {
        refused(format!("The arguments of {tool} are wrong: {error}."))
            .hint("tools/list says what it takes.")
    })
}

/// What is started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    prompt: String,
    demo: Option<String>,
    config: Option<String>,
    template: Option<String>,
    models: Option<Vec<String>>,
    base_url: Option<String>,
    #[serde(default)]
    files: Vec<PathBuf>,
    folders: Option<Vec<String>>,
    writable_folders: Option<Vec<String>>,
    cwd: Option<PathBuf>,
    #[serde(rename = "continue")]
    after: Option<String>,
    #[serde(skip)]
    limits: Limits,
    /// Of `run_start` alone.
    #[serde(default)]
    questions: Questions,
    /// Of `run_ask` alone.
    pub wait_seconds: Option<u64>,
}

/// What a run may take.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    #[serde(rename = "max_seconds")]
    seconds: Option<u64>,
    #[serde(rename = "max_usd")]
    usd: Option<f64>,
    #[serde(rename = "max_answers")]
    answers: Option<u32>,
}

/// Reads what is to be started.
///
/// # Errors
/// As for [`read`].
pub fn start(tool: &str, arguments: Option<Map<String, Value>>) -> Result<Start, Failure> {
    let (limits, rest) = arguments
        .unwrap_or_default()
        .into_iter()
        .partition(|(name, _)| name.starts_with("max_"));
    Ok(Start {
        limits: read(tool, Some(limits))?,
        ..read(tool, Some(rest))?
    })
}

/// What becomes of questions of the agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Questions {
    /// Nobody hears them.
    #[default]
    Skip,
    /// They wait for `run_answer`, as long as agents are patient.
    Wait,
}

impl Start {
    /// The session that is gone on with, as it was named.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Whether questions of the agents wait for an answer.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.questions == Questions::Wait
    }

    /// The request for it; `usual` is the team when none is named, `after` the whole name of the session
    /// that is gone on with.
    ///
    /// # Errors
    /// Two teams are named, or a limit makes no sense.
    pub fn request(
        self,
        usual: &TeamChoice,
        after: Option<RunId>,
    ) -> Result<StartRequest, Failure> {
        let settings = self.limits.settings()?;
        let folders = self.given();
        if self.base_url.is_some() && self.models.is_none() {
            return Err(refused("base_url is given without models.")
                .hint("Name the models that the server has."));
        }
        let base_url = self.base_url;
        let models = |models| TeamChoice::Models { base_url, models };
        let mut named = [
            self.demo
                .map(|name| TeamChoice::Demo(name.trim().to_owned())),
            self.config.map(TeamChoice::Config),
            self.template.map(TeamChoice::Template),
            self.models.map(models),
        ]
        .into_iter()
        .flatten();
        let team = match (named.next(), named.next()) {
            (None, _) if after.is_some() => TeamChoice::Usual,
            (None, _) => usual.clone(),
            (Some(team), None) => team,
            (Some(_), Some(_)) => {
                return Err(refused("Several teams are named.")
                    .hint("Give one of demo, config, template and models."));
            }
        };
        Ok(StartRequest {
            prompt: self.prompt,
            team,
            cwd: self.cwd,
            folders,
            files: self.files,
            settings,
            after,
            name: None,
            presence: match self.questions {
                Questions::Skip => Presence::Nobody,
                Questions::Wait => Presence::Somebody,
            },
        })
    }

    /// Folders with what may be done in them; `None` when none are named.
    fn given(&self) -> Option<Vec<Folder>> {
        if self.folders.is_none() && self.writable_folders.is_none() {
            return None;
        }
        let all = |paths: &Option<Vec<String>>, access: Access| -> Vec<Folder> {
            let folder = |path: &String| Folder {
                path: path.clone(),
                access,
                protected: Vec::new(),
            };
            paths.iter().flatten().map(folder).collect()
        };
        let mut folders = all(&self.folders, Access::Read);
        folders.extend(all(&self.writable_folders, Access::Write));
        Some(folders)
    }
}

impl Limits {
    /// Limits as settings. Their keys are ours, never the client's.
    fn settings(self) -> Result<Vec<String>, Failure> {
        let mut settings = Vec::new();
        if let Some(seconds) = self.seconds {
            settings.push(format!("{SECONDS}={seconds}"));
        }
        if let Some(usd) = self.usd {
            if !usd.is_finite() || usd <= 0.0 {
                return Err(refused("max_usd is no amount of money.").hint("Give more than 0."));
            }
            settings.push(format!("{USD}={usd}"));
        }
        if let Some(answers) = self.answers {
            settings.push(format!("{ANSWERS}={answers}"));
        }
        Ok(settings)
    }
}

const SECONDS: &str = "timeout_settings.orchestrator_timeout_seconds";
const USD: &str = "orchestrator.limits.usd";
const ANSWERS: &str = "orchestrator.max_new_answers_per_agent";

/// A session.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// As it was named.
    pub id: String,
}

/// A session that is looked at afterwards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analyzed {
    /// As it was named.
    pub id: String,
    /// Who reads it; nobody: figures alone.
    pub model: Option<String>,
    /// Which turn the model reads.
    pub turn: Option<String>,
    /// US dollars that this may cost.
    pub max_usd: Option<f64>,
}

/// A session and how long it is waited for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Awaited {
    /// As it was named.
    pub id: String,
    /// Seconds; none means not at all.
    #[serde(default)]
    pub wait_seconds: u64,
}

/// Which sessions are listed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Most sessions.
    pub limit: Option<usize>,
    /// Which are meant, in the words of the list of sessions.
    pub filter: Option<String>,
}

/// A session to stop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// As it was named.
    pub id: String,
    /// Vote and present first.
    #[serde(default)]
    pub answer_now: bool,
}

/// Whose changes are looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// As it was named.
    pub id: String,
    /// Write a patch.
    #[serde(default)]
    pub patch: bool,
}

/// Where configurations are looked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// A folder.
    pub cwd: Option<PathBuf>,
}

/// A message to agents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steer {
    /// As it was named.
    pub id: String,
    /// The words.
    pub text: String,
    agent: Option<String>,
    #[serde(default)]
    now: bool,
}

impl Steer {
    /// Whom it is for and how soon.
    ///
    /// # Errors
    /// Nothing is said, too much, or to nobody of the team.
    pub fn target(&self, agents: &[(AgentId, String)]) -> Result<(Target, SteerMode), Failure> {
        if self.text.trim().is_empty() {
            return Err(refused("The message is empty."));
        }
        if self.text.chars().count() > MESSAGE {
            return Err(refused(format!(
                "The message is longer than {MESSAGE} characters."
            )));
        }
        let mode = if self.now {
            SteerMode::Now
        } else {
            SteerMode::Queue
        };
        let Some(name) = self.agent.as_deref().map(str::trim) else {
            return Ok((Target::All, mode));
        };
        let found = agents
            .iter()
            .find(|(id, known)| id.to_string() == name || known == name);
        if let Some((id, _)) = found {
            return Ok((Target::One(*id), mode));
        }
        let all: Vec<String> = agents
            .iter()
            .map(|(id, known)| format!("{id} ({known})"))
            .collect();
        let refused = refused(format!("No agent is called \"{name}\"."));
        Err(refused.hint(format!("There are {}.", all.join(", "))))
    }
}

fn refused(what: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Request, what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn start(arguments: &Value) -> Result<StartRequest, Failure> {
        let read = super::start("run_start", arguments.as_object().cloned())?;
        read.request(&TeamChoice::Demo("quick".into()), None)
    }

    #[test]
    fn arguments_become_a_request_or_are_told() {
        let one = start(
            &json!({"prompt": "Task", "folders": ["src"], "writable_folders": ["."],
            "max_seconds": 60, "max_usd": 0.5, "max_answers": 2}),
        )
        .expect("a request");
        assert_eq!(one.team, TeamChoice::Demo("quick".into()));
        assert_eq!(one.presence, Presence::Nobody);
        let folders = one.folders.expect("folders");
        assert_eq!(folders.len(), 2);
        assert_eq!(folders[1].access, Access::Write);
        assert_eq!(one.settings.len(), 3);
        let mut overlay = crate::config::Overlay::default();
        for setting in &one.settings {
            overlay.set(setting).expect("a setting");
        }
        assert_eq!(overlay.troubles(), Vec::<String>::new());
        let (limits, _) = overlay.rules("", &["a".into(), "b".into()]);
        assert_eq!((limits.turn_seconds, limits.answers_per_agent), (60, 2));
        for (wrong, told) in [
            (json!({}), "missing field `prompt`"),
            (
                json!({"prompt": "x", "promt": "y"}),
                "unknown field `promt`",
            ),
            (json!({"prompt": 5}), "invalid type"),
            (
                json!({"prompt": "x", "demo": "", "config": "y"}),
                "Several teams",
            ),
            (
                json!({"prompt": "x", "base_url": "http://h"}),
                "without models",
            ),
            (
                json!({"prompt": "x", "base_url": "http://h", "config": "y"}),
                "without models",
            ),
            (
                json!({"prompt": "x", "template": "cheap", "models": ["y"]}),
                "Several teams",
            ),
            (
                json!({"prompt": "x", "questions": "maybe"}),
                "unknown variant",
            ),
            (json!({"prompt": "x", "max_usd": -1}), "no amount of money"),
        ] {
            let failure = start(&wrong).expect_err(told);
            assert!(failure.words().contains(told), "{failure}");
        }
    }

    #[test]
    fn a_template_is_a_team_and_questions_wait_when_they_are_wanted() {
        let one = json!({"prompt": "x", "template": "cheap", "questions": "wait"});
        let one = start(&one).expect("a request");
        assert_eq!(one.team, TeamChoice::Template("cheap".into()));
        assert_eq!(one.presence, Presence::Somebody);
    }

    #[test]
    fn a_message_finds_its_agent() {
        let agents = [
            (AgentId(1), "ada".to_owned()),
            (AgentId(2), "brook".to_owned()),
        ];
        let say = |agent: Option<&str>, text: &str| {
            let arguments = json!({"id": "latest", "text": text, "agent": agent, "now": true});
            let steer: Steer = read("run_steer", arguments.as_object().cloned()).expect("read");
            steer.target(&agents).map(|(target, _)| target)
        };
        assert_eq!(say(None, "x").ok(), Some(Target::All));
        assert_eq!(say(Some("brook"), "x").ok(), Some(Target::One(AgentId(2))));
        assert_eq!(say(Some("agent1"), "x").ok(), Some(Target::One(AgentId(1))));
        assert!(
            say(Some("eve"), "x")
                .expect_err("nobody")
                .words()
                .contains("agent2 (brook)")
        );
        assert!(say(None, " ").is_err());
    }
}
