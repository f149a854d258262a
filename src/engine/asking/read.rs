//! What the model wrote: questions, and whom they are for.
//!
//! Reads our shape (`question`, `to`, `options`, `wait`) and MassGen's (`questions`,
//! `target_agents`, options as objects). Everything is bounded.

use serde_json::Value;

use crate::protocol::{AgentId, Asking, Label};

/// Questions of one call.
const MOST_QUESTIONS: usize = 5;
/// Options of one question; more would not be a choice.
const MOST_OPTIONS: usize = 9;
/// Longest question and option, in bytes.
const QUESTION_BYTES: usize = 8 * 1024;
const OPTION_BYTES: usize = 400;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The words.
    pub text: String,
    /// Answers to choose from.
    pub options: Vec<String>,
}

/// A call as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// At least one.
    pub questions: Vec<Asked>,
    /// Addressees as written.
    pub to: Vec<String>,
    /// Whether the agent waits.
    pub waits: bool,
}

/// Addressees as meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// Agents, each once, with the answer that is asked about.
    pub agents: Vec<(AgentId, Option<Label>)>,
    /// The person.
    pub person: bool,
}

/// Reads the arguments.
///
/// # Errors
/// What is wrong, for the model.
pub fn read(arguments: &str, waits: bool) -> Result<Request, String> {
    let arguments: Value = serde_json::from_str(arguments)
        .map_err(|error| format!("The arguments are not valid JSON: {error}."))?;
    let mut questions = Vec::new();
    if let Some(text) = words(arguments.get("question"), QUESTION_BYTES) {
        let options = options(arguments.get("options"));
        questions.push(Asked { text, options });
    }
    for item in list(arguments.get("questions"))
        .iter()
        .take(MOST_QUESTIONS + 1)
    {
        let text = words(Some(item), QUESTION_BYTES).or_else(|| {
            words(
                item.get("text").or_else(|| item.get("question")),
                QUESTION_BYTES,
            )
        });
        if let Some(text) = text {
            let options = options(item.get("options"));
            questions.push(Asked { text, options });
        }
    }
    if questions.is_empty() {
        return Err("The argument \"question\" is missing.".into());
    }
    if questions.len() > MOST_QUESTIONS {
        return Err(format!("Ask at most {MOST_QUESTIONS} questions at once."));
    }
    let to = arguments
        .get("to")
        .or_else(|| arguments.get("target_agents"));
    let to = match to {
        Some(Value::String(one)) => one.split([',', ' ']).map(str::to_owned).collect(),
        other => list(other)
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect::<Vec<_>>(),
    };
    Ok(Request {
        questions,
        to: to
            .into_iter()
            .filter(|name| !name.trim().is_empty())
            .collect(),
        waits: arguments
            .get("wait")
            .and_then(Value::as_bool)
            .unwrap_or(waits),
    })
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text that is not blank, cut to `most` bytes.
fn words(value: Option<&Value>, most: usize) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text[..text.floor_char_boundary(most)].to_owned())
}

fn options(value: Option<&Value>) -> Vec<String> {
    list(value)
        .iter()
        .filter_map(|option| {
            words(Some(option), OPTION_BYTES)
                .or_else(|| words(option.get("label"), OPTION_BYTES))
                .or_else(|| words(option.get("text"), OPTION_BYTES))
        })
        .take(MOST_OPTIONS)
        .collect()
}

/// Who is meant. Answers can be named only when the asker has been shown them; so can their authors
/// through them.
///
/// # Errors
/// Who cannot be asked, for the model.
pub fn address(
    to: &[String],
    asker: AgentId,
    may: Asking,
    known: &[AgentId],
    seen: impl Fn(Label) -> bool,
) -> Result<Whom, String> {
    let mut whom = Whom::default();
    if to.is_empty() {
        if may.agents() {
            whom.agents = others(known, asker);
        } else {
            whom.person = true;
        }
    }
    for name in to {
        let name = name.trim().to_lowercase();
        let meant = match name.as_str() {
            "person" | "human" | "user" => None,
            "all" | "others" | "agents" | "everyone" => Some(others(known, asker)),
            name => Some(vec![named(name, asker, known, &seen)?]),
        };
        match meant {
            None if may.person() => whom.person = true,
            None => return Err("The person cannot be asked here; ask agents.".into()),
            Some(_) if !may.agents() => {
                return Err(
                    "Agents cannot be asked here; leave out \"to\" to ask the person.".into(),
                );
            }
            Some(agents) => {
                for (agent, label) in agents {
                    match whom.agents.iter_mut().find(|(known, _)| *known == agent) {
                        Some((_, known)) => *known = known.or(label),
                        None => whom.agents.push((agent, label)),
                    }
                }
            }
        }
    }
    if whom.agents.is_empty() && !whom.person {
        return Err("There is no other agent to ask.".into());
    }
    Ok(whom)
}

fn others(known: &[AgentId], asker: AgentId) -> Vec<(AgentId, Option<Label>)> {
    known
        .iter()
        .filter(|agent| **agent != asker)
        .map(|agent| (*agent, None))
        .collect()
}

fn named(
    name: &str,
    asker: AgentId,
    known: &[AgentId],
    seen: &impl Fn(Label) -> bool,
) -> Result<(AgentId, Option<Label>), String> {
    let label = name.parse::<Label>().ok();
    let agent = label
        .map(|label| label.agent)
        .or_else(|| name.parse::<AgentId>().ok());
    let valid = || {
        let names: Vec<String> = others(known, asker)
            .iter()
            .map(|(agent, _)| agent.to_string())
            .collect();
        let name = &name[..name.floor_char_boundary(64)];
        format!(
            "\"{name}\" cannot be asked. You can ask: {}.",
            names.join(", ")
        )
    };
    match agent {
        Some(agent) if agent == asker => Err("You cannot ask yourself.".into()),
        Some(agent) if known.contains(&agent) => match label {
            Some(label) if !seen(label) => Err(format!("{label} was not shown to you.")),
            label => Ok((agent, label)),
        },
        Some(_) | None => Err(valid()),
    }
}
