//! Bodies of requests as typed data. What a schema does not allow is not taken: an unknown field is an
//! error that names it.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{
    port::{Access, Folder, Hears, Pick, Wish},
    problem::Problem,
};
use crate::protocol::{AgentId, Command, QuestionId, Reply, RunId, SteerMode, Target};

/// Most characters of a task or a message.
pub const LONGEST_TEXT: usize = 1_000_000;
/// Most models of a team that is named by its models.
pub const MOST_MODELS: usize = 16;
/// Most characters of the name of a model.
pub const LONGEST_MODEL: usize = 200;
/// Most folders.
pub const MOST_FOLDERS: usize = 16;

/// What to start: a run, or the next turn of a session.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    prompt: String,
    #[serde(default, deserialize_with = "given")]
    team: Option<String>,
    #[serde(default, deserialize_with = "given")]
    config: Option<PathBuf>,
    #[serde(default, deserialize_with = "given")]
    models: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    base_url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    folders: Option<Vec<GivenFolder>>,
    #[serde(default)]
    limits: Limits,
    #[serde(default, deserialize_with = "given")]
    policy: Option<Policy>,
    #[serde(default)]
    answers_questions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenFolder {
    path: PathBuf,
    access: GivenAccess,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GivenAccess {
    Read,
    Write,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    #[serde(default, rename = "max_answers", deserialize_with = "given")]
    answers: Option<u32>,
    #[serde(default, rename = "max_seconds", deserialize_with = "given")]
    seconds: Option<u32>,
    #[serde(default, rename = "max_usd", deserialize_with = "given")]
    usd: Option<f64>,
    #[serde(default, rename = "max_tokens", deserialize_with = "given")]
    tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Policy {
    Plurality,
    Majority,
    Unanimity,
    Approval,
    Ranked,
    Borda,
    Score,
}

impl Policy {
    const fn word(self) -> &'static str {
        match self {
            Self::Plurality => "plurality",
            Self::Majority => "majority",
            Self::Unanimity => "unanimity",
            Self::Approval => "approval",
            Self::Ranked => "ranked",
            Self::Borda => "borda",
            Self::Score => "score",
        }
    }
}

/// A field that may be left out, and is no `null`: the schema has none.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A text that says something and is not longer than allowed.
///
/// # Errors
/// It is blank, or too long.
pub fn said(name: &str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        let detail = format!("`{name}` is empty.");
        return Err(Problem::wrong(
            detail,
            "Write what the team should work on.",
        ));
    }
    if text.chars().count() > LONGEST_TEXT {
        let detail = format!("`{name}` is longer than {LONGEST_TEXT} characters.");
        return Err(Problem::wrong(
            detail,
            "Shorten it, or put it into a file of a folder.",
        ));
    }
    Ok(())
}

/// A limit as a setting: the value must lie within bounds.
fn bounded<N: PartialOrd + std::fmt::Display>(
    name: &str,
    key: &'static str,
    value: Option<N>,
    (least, most): (N, N),
    settings: &mut Vec<(&'static str, String)>,
) -> Result<(), Problem> {
    let Some(value) = value else {
        return Ok(());
    };
    if value < least || value > most {
        let detail = format!("`limits.{name}` is {value}.");
        let hint = format!("Give a value from {least} to {most}.");
        return Err(Problem::wrong(detail, hint));
    }
    settings.push((key, value.to_string()));
    Ok(())
}

impl StartRun {
    /// What the rest of the program is asked for.
    ///
    /// # Errors
    /// Values that contradict each other or make no sense.
    pub fn wish(self) -> Result<Wish, Problem> {
        said("prompt", &self.prompt)?;
        let given = [
            self.team.is_some(),
            self.config.is_some(),
            self.models.is_some(),
        ];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(Problem::wrong(
                "More than one of `team`, `config` and `models` is given.",
                "Give one of them, or none for your own configuration.",
            ));
        }
        if self.base_url.is_some() && self.models.is_none() {
            return Err(Problem::wrong(
                "`base_url` is given without `models`.",
                "Name the models that the server is asked for.",
            ));
        }
        let team = match (self.team, self.config, self.models) {
            (Some(team), ..) => Pick::Named(team),
            (_, Some(config), _) => Pick::File(absolute("config", config)?),
            (.., Some(models)) => Pick::Models {
                base_url: self.base_url,
                models: named_models(models)?,
            },
            (None, None, None) => Pick::Default,
        };
        let folders = self.folders.unwrap_or_default();
        if folders.len() > MOST_FOLDERS {
            let detail = format!("There are more than {MOST_FOLDERS} folders.");
            return Err(Problem::wrong(detail, "Name a folder above them."));
        }
        let folders = folders.into_iter().map(|folder| {
            Ok(Folder {
                path: absolute("folders", folder.path)?,
                access: match folder.access {
                    GivenAccess::Read => Access::Read,
                    GivenAccess::Write => Access::Write,
                },
            })
        });
        let folders = folders.collect::<Result<_, Problem>>()?;
        let mut settings = self.limits.settings()?;
        settings.extend(
            self.policy
                .map(|policy| ("orchestrator.policy", policy.word().to_owned())),
        );
        Ok(Wish {
            prompt: self.prompt,
            after: None,
            team,
            folders,
            settings,
            hears: if self.answers_questions {
                Hears::Client
            } else {
                Hears::Nobody
            },
        })
    }
}

impl StartRun {
    /// The same as the next turn of a session.
    ///
    /// # Errors
    /// As for [`StartRun::wish`]; folders are those of the session.
    pub fn turn_of(self, run: RunId) -> Result<Wish, Problem> {
        if self.folders.is_some() {
            return Err(Problem::wrong(
                "A session keeps its folders: `folders` cannot be given for a further turn.",
                "Leave it out, or start another run.",
            ));
        }
        let wish = self.wish()?;
        Ok(Wish {
            after: Some(run),
            ..wish
        })
    }
}

impl Limits {
    /// As settings, each within its bounds.
    fn settings(self) -> Result<Vec<(&'static str, String)>, Problem> {
        let mut settings = Vec::new();
        let answers = "orchestrator.max_new_answers_per_agent";
        bounded(
            "max_answers",
            answers,
            self.answers,
            (1, 100),
            &mut settings,
        )?;
        let seconds = "timeout_settings.orchestrator_timeout_seconds";
        bounded(
            "max_seconds",
            seconds,
            self.seconds,
            (1, 86_400),
            &mut settings,
        )?;
        let usd = "orchestrator.limits.usd";
        bounded("max_usd", usd, self.usd, (0.0001, 100_000.0), &mut settings)?;
        let tokens = "orchestrator.limits.tokens";
        bounded(
            "max_tokens",
            tokens,
            self.tokens,
            (1, 1_000_000_000),
            &mut settings,
        )?;
        Ok(settings)
    }
}

/// The server's working folder is not that of its clients, so a path says all.
fn absolute(name: &str, path: PathBuf) -> Result<PathBuf, Problem> {
    if path.is_absolute() {
        return Ok(path);
    }
    let detail = format!("A path in `{name}` does not begin with a slash.");
    Err(Problem::wrong(detail, "Write the whole path."))
}

fn named_models(models: Vec<String>) -> Result<Vec<String>, Problem> {
    let fits = (1..=MOST_MODELS).contains(&models.len())
        && models
            .iter()
            .all(|model| !model.trim().is_empty() && model.chars().count() <= LONGEST_MODEL);
    if fits {
        return Ok(models);
    }
    let hint = format!("Give 1 to {MOST_MODELS} names of models.");
    Err(Problem::wrong("`models` does not fit.", hint))
}

/// A message to agents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steer {
    text: String,
    #[serde(default)]
    agents: Vec<u16>,
    #[serde(default, deserialize_with = "given")]
    mode: Option<SteerMode>,
}

impl Steer {
    /// As the engine takes it.
    ///
    /// # Errors
    /// Nothing is said, or to nobody.
    pub fn command(self) -> Result<Command, Problem> {
        said("text", &self.text)?;
        if self.agents.contains(&0) || self.agents.len() > 100 {
            return Err(Problem::wrong("Agents are numbered from 1.", ""));
        }
        let agents = self.agents.into_iter().map(AgentId);
        Ok(Command::Steer {
            target: Target::of(agents).unwrap_or(Target::All),
            text: self.text,
            mode: self.mode.unwrap_or(SteerMode::Queue),
        })
    }
}

/// An answer to a question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    question: u32,
    reply: Reply,
}

impl Answer {
    /// The question and what is said to it.
    #[must_use]
    pub fn parts(self) -> (QuestionId, Reply) {
        (QuestionId(self.question), self.reply)
    }
}

/// A body as typed data.
///
/// # Errors
/// It is no JSON, or not what the schema says.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let wrong = |what: &str, error: &str| {
        let detail = format!("{what}: {error}.");
        Problem::wrong(detail, "/openapi.json has the schema.")
    };
    let mut value: Value = serde_json::from_slice(bytes)
        .map_err(|error| wrong("The body is no JSON", &error.to_string()))?;
    whole(&mut value);
    T::deserialize(value).map_err(|error| {
        let error = error.to_string();
        // Values have no places; the same error in the text has one.
        let placed = serde_json::from_slice::<T>(bytes).err();
        let placed = placed.map(|placed| placed.to_string());
        let placed = placed.filter(|placed| placed.starts_with(&error));
        wrong("The body does not fit its schema", &placed.unwrap_or(error))
    })
}

/// Whole numbers as such: for JSON Schema `3.0` is one, too.
fn whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let exact = number.as_f64().filter(|float| {
                number.is_f64() && float.fract() == 0.0 && (0.0..9e15).contains(float)
            });
            if let Some(float) = exact {
                *value = Value::from(float as u64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Result<Wish, String> {
        read::<StartRun>(text.as_bytes())
            .and_then(StartRun::wish)
            .map_err(|problem| problem.detail)
    }

    #[test]
    fn a_wish_is_whole_or_refused() {
        let whole = wish(
            r#"{"prompt":"p","models":["a","b"],"base_url":"http://127.0.0.1:1/v1",
            "folders":[{"path":"/tmp","access":"write"}],"limits":{"max_usd":0.5,"max_answers":2},"policy":"ranked"}"#,
        )
        .unwrap();
        assert_eq!(whole.folders[0].access, Access::Write);
        assert_eq!(
            whole.settings,
            [
                ("orchestrator.max_new_answers_per_agent", "2".to_owned()),
                ("orchestrator.limits.usd", "0.5".to_owned()),
                ("orchestrator.policy", "ranked".to_owned()),
            ]
        );
        assert_eq!(wish(r#"{"prompt":"p"}"#).unwrap().team, Pick::Default);
        for (text, told) in [
            (r#"{"prompt":" \n"}"#, "`prompt` is empty"),
            (
                r#"{"prompt":"p","team":"a","config":"/b"}"#,
                "More than one",
            ),
            (r#"{"prompt":"p","base_url":"x"}"#, "without `models`"),
            (r#"{"prompt":"p","config":"b.yaml"}"#, "begin with a slash"),
            (r#"{"prompt":"p","models":[]}"#, "`models`"),
            (
                r#"{"prompt":"p","limits":{"max_usd":-1}}"#,
                "limits.max_usd",
            ),
            (r#"{"prompt":"p","colour":1}"#, "colour"),
            (r#"{"prompt":1}"#, "schema"),
            (r#"{"prompt":"p","models":null}"#, "null"),
            (r#"{"prompt":"p","limits":{"max_usd":null}}"#, "null"),
            (r"[", "no JSON"),
        ] {
            let detail = wish(text).unwrap_err();
            assert!(detail.contains(told), "{text}: {detail}");
        }
    }

    #[test]
    fn what_does_not_fit_has_its_place() {
        let text = "{\"prompt\": \"p\",\n \"limits\": {\"max_answers\": \"two\"}}";
        let detail = wish(text).unwrap_err();
        assert!(detail.contains("at line 2 column 32"), "{detail}");
    }

    #[test]
    fn a_further_turn_keeps_the_folders_of_its_session() {
        let turn = |text: &str| {
            let body: StartRun = read(text.as_bytes()).unwrap();
            body.turn_of(RunId("r".into()))
        };
        let next = turn(r#"{"prompt":"p","limits":{"max_seconds":5}}"#).unwrap();
        assert_eq!(next.after, Some(RunId("r".into())));
        assert_eq!((next.team, next.settings.len()), (Pick::Default, 1));
        let refused = turn(r#"{"prompt":"p","folders":[]}"#).unwrap_err();
        assert!(refused.detail.contains("keeps its folders"));
    }

    #[test]
    fn messages_and_answers_become_commands() {
        let steer: Steer = read(br#"{"text":"hi","agents":[2.0,1],"mode":"now"}"#).unwrap();
        assert_eq!(
            steer.command().unwrap(),
            Command::Steer {
                target: Target::Several(vec![AgentId(1), AgentId(2)]),
                text: "hi".into(),
                mode: SteerMode::Now,
            }
        );
        let steer: Steer = read(br#"{"text":"hi"}"#).unwrap();
        assert!(matches!(
            steer.command(),
            Ok(Command::Steer {
                target: Target::All,
                ..
            })
        ));
        let steer: Steer = read(br#"{"text":"hi","agents":[0]}"#).unwrap();
        assert!(steer.command().is_err());
        let answer: Answer = read(br#"{"question":3,"reply":{"option":1}}"#).unwrap();
        assert_eq!(answer.parts().0, QuestionId(3));
    }
}
