//! A conversation as a task.

use serde::Deserialize;
use serde_json::Value;

use super::super::{input, problem::Problem};

/// The body of a request. Fields that are not named here are sampling parameters and the like.
#[derive(Debug, Deserialize)]
pub struct Ask {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    n: Option<Value>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    response_format: Option<Value>,
    #[serde(default)]
    massgen: Option<Extra>,
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

/// Wishes of ours in a request of theirs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extra {
    #[serde(default)]
    progress: Show,
}

/// How the work of the team is shown while it goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// As `reasoning_content`.
    #[default]
    Reasoning,
    /// As comments of the stream, which clients pass over.
    Comments,
    /// Not at all.
    Nothing,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: Role,
    content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
    Nothing(()),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

/// What a request comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the team.
    pub team: String,
    /// The task.
    pub prompt: String,
    /// Whether the answer is streamed.
    pub streamed: bool,
    /// Whether the last piece of a stream tells tokens.
    pub usage: bool,
    /// How the work is shown.
    pub show: Show,
}

impl Ask {
    /// The task of the conversation.
    ///
    /// # Errors
    /// A conversation that ends without a message of the user, or a wish that a team cannot fulfil.
    pub fn asked(self) -> Result<Asked, Problem> {
        self.fulfilled()?;
        let prompt = task(self.messages)?;
        input::said("messages", &prompt)?;
        Ok(Asked {
            team: self.model,
            prompt,
            streamed: self.stream.unwrap_or_default(),
            usage: self
                .stream_options
                .and_then(|options| options.include_usage)
                .unwrap_or_default(),
            show: self.massgen.unwrap_or_default().progress,
        })
    }

    /// Refuses what would be answered wrongly.
    fn fulfilled(&self) -> Result<(), Problem> {
        if self.n.as_ref().is_some_and(|n| !n.is_null() && *n != 1) {
            return Err(Problem::wrong(
                "A team gives one answer: `n` can only be 1.",
                "Leave it out.",
            ));
        }
        let must = match &self.tool_choice {
            Some(Value::String(choice)) => !matches!(choice.as_str(), "auto" | "none"),
            Some(Value::Null) | None => false,
            Some(_) => true,
        };
        if must {
            return Err(Problem::wrong(
                "A team calls no tools of the caller, so none can be required.",
                "Set `tool_choice` to auto or none.",
            ));
        }
        let text = match &self.response_format {
            None | Some(Value::Null) => true,
            Some(format) => format.get("type").is_some_and(|kind| kind == "text"),
        };
        if !text {
            return Err(Problem::wrong(
                "A team answers in text: `response_format` cannot be promised.",
                "Leave it out and ask for JSON in the task.",
            ));
        }
        Ok(())
    }
}

/// The task: the last message, with what was before it when there was something.
fn task(messages: Vec<Message>) -> Result<String, Problem> {
    let mut said = Vec::with_capacity(messages.len());
    for message in messages {
        said.push((message.role, words(message.content)?));
    }
    let last = match said.pop() {
        Some((Role::User, text)) => text,
        Some(_) => {
            return Err(Problem::wrong(
                "The last message is not the user's.",
                "A team works on what the user said last.",
            ));
        }
        None => return Err(Problem::wrong("There is no message.", "Send at least one.")),
    };
    let mut rules = String::new();
    let mut before = String::new();
    for (role, text) in said {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let who = match role {
            Role::System | Role::Developer => {
                rules.push_str(text);
                rules.push_str("\n\n");
                continue;
            }
            Role::User => "The user",
            Role::Assistant => "The assistant",
            Role::Tool => "A tool",
        };
        for piece in [who, ":\n", text, "\n\n"] {
            before.push_str(piece);
        }
    }
    if rules.is_empty() && before.is_empty() {
        return Ok(last);
    }
    let mut task = String::new();
    if !rules.is_empty() {
        task.push_str("Keep to this:\n\n");
        task.push_str(&rules);
    }
    if !before.is_empty() {
        task.push_str("What was said before:\n\n");
        task.push_str(&before);
    }
    task.push_str("The task:\n\n");
    task.push_str(&last);
    Ok(task)
}

/// The words of a message.
fn words(content: Content) -> Result<String, Problem> {
    let parts = match content {
        Content::Text(text) => return Ok(text),
        Content::Nothing(()) => return Ok(String::new()),
        Content::Parts(parts) => parts,
    };
    let mut words = Vec::with_capacity(parts.len());
    for part in parts {
        match (part.kind.as_str(), part.text) {
            ("text", Some(text)) => words.push(text),
            _ => {
                return Err(Problem::wrong(
                    "A message holds something that is no text.",
                    "Start a run with folders (/api/v1/runs) to give a team files.",
                ));
            }
        }
    }
    Ok(words.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Asked, String> {
        input::read::<Ask>(text.as_bytes())
            .and_then(Ask::asked)
            .map_err(|problem| problem.detail)
    }

    #[test]
    fn one_message_is_the_task_as_it_is() {
        let one = asked(r#"{"model":"demo:quick","messages":[{"role":"user","content":" Why? "}],"temperature":0.3}"#).unwrap();
        assert_eq!(one.prompt, " Why? ");
        assert!(!one.streamed && !one.usage);
        assert_eq!(one.show, Show::Reasoning);
        let parts = asked(
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"massgen":{"progress":"comments"},
            "messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"#,
        )
        .unwrap();
        assert_eq!(parts.prompt, "a\nb");
        assert!(parts.streamed && parts.usage);
        assert_eq!(parts.show, Show::Comments);
    }

    #[test]
    fn a_conversation_is_told_before_the_task() {
        let told = asked(
            r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"One?"},
            {"role":"assistant","content":null},{"role":"assistant","content":"Two."},{"role":"user","content":"And?"}]}"#,
        )
        .unwrap();
        assert_eq!(
            told.prompt,
            "Keep to this:\n\nBe brief.\n\nWhat was said before:\n\nThe user:\nOne?\n\nThe assistant:\nTwo.\n\nThe task:\n\nAnd?"
        );
    }

    #[test]
    fn what_cannot_be_promised_is_refused() {
        for (text, told) in [
            (r#"{"model":"m","messages":[]}"#, "no message"),
            (
                r#"{"model":"m","messages":[{"role":"assistant","content":"x"}]}"#,
                "not the user's",
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":""}]}"#,
                "empty",
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#,
                "no text",
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"n":2}"#,
                "one answer",
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tool_choice":"required"}"#,
                "no tools",
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}"#,
                "response_format",
            ),
            (r#"{"model":"m"}"#, "schema"),
            (
                r#"{"model":"m","messages":[{"role":"nobody","content":"x"}]}"#,
                "schema",
            ),
        ] {
            let detail = asked(text).unwrap_err();
            assert!(detail.contains(told), "{text}: {detail}");
        }
    }
}
