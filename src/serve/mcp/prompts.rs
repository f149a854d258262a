//! Prompts that are kept, as prompts of the protocol: a client shows them to its person with their
//! variables, and what comes of one asks the client's model to give it to a team.

use std::{collections::BTreeMap, fmt::Write as _};

use rmcp::model::{GetPromptResult, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::{Map, Value};

use super::calls::Calls;
use crate::{
    protocol::{Failure, FailureKind},
    setup::preset::{Preset, Variable},
    text::clean,
};

impl Calls {
    /// All of them.
    ///
    /// # Errors
    /// The program is leaving.
    pub async fn prompts(&self) -> Result<Vec<Prompt>, Failure> {
        let all = self.host.presets().await?;
        Ok(all.iter().map(listed).collect())
    }

    /// One with its variables filled in.
    ///
    /// # Errors
    /// There is none of that name, or a value is missing or not wanted.
    pub async fn prompt(
        &self,
        name: &str,
        given: Option<Map<String, Value>>,
    ) -> Result<GetPromptResult, Failure> {
        let preset = self.host.preset(name).await?;
        let values: BTreeMap<String, String> = given
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect();
        let tasks = preset
            .fill(&values)
            .map_err(|words| Failure::new(FailureKind::Request, words))?;
        let message = PromptMessage::new_text(Role::User, asked(&tasks));
        Ok(GetPromptResult::new(vec![message])
            .with_description(clean::line(&preset.description).into_owned()))
    }
}

fn listed(preset: &Preset) -> Prompt {
    let arguments = preset.variables.iter().map(argument).collect();
    let description = clean::line(&preset.description).into_owned();
    Prompt::new(preset.name.as_str(), Some(description), Some(arguments))
}

fn argument(variable: &Variable) -> PromptArgument {
    let mut about = clean::line(&variable.help).into_owned();
    if let Some(default) = &variable.default {
        let gap = if about.is_empty() { "" } else { "; " };
        let _ = write!(about, "{gap}without it: {}", clean::line(default));
    }
    PromptArgument::new(variable.name.as_str())
        .with_description(about)
        .with_required(variable.default.is_none())
}

/// What the client's model is asked to do with it.
fn asked(tasks: &[String]) -> String {
    let how = if tasks.len() > 1 {
        "Give these tasks to a team of agents, one after the other: run_ask (or run_start and run_result) \
         with the first, then each further one with `continue` and the session's ID."
    } else {
        "Give this task to a team of agents with run_ask, or with run_start and run_result."
    };
    let mut text = format!(
        "{how} Pass each task on as it is, with what the team must know added below it: it sees nothing of \
         this conversation. Bring the answer back with who won and the line `massgen-tui open ID`."
    );
    for (number, task) in (1..).zip(tasks) {
        let head = if tasks.len() > 1 {
            format!("Task {number}")
        } else {
            "The task".to_owned()
        };
        let _ = write!(text, "\n\n{head}:\n\n{}", clean::text(task));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::preset;

    #[test]
    fn variables_are_arguments_with_what_they_are() {
        let text = "---\ndescription: d\nsubject: # of what\nlength: a page\n---\n{{subject}}";
        let preset = preset::parse("p", text).expect("a prompt");
        let prompt = listed(&preset);
        let told: Vec<_> = prompt
            .arguments
            .unwrap_or_default()
            .into_iter()
            .map(|one| (one.name, one.description, one.required))
            .collect();
        assert_eq!(
            told,
            [
                ("subject".into(), Some("of what".into()), Some(true)),
                (
                    "length".into(),
                    Some("without it: a page".into()),
                    Some(false)
                ),
            ]
        );
        let one = asked(&["Do it.".to_owned()]);
        assert!(one.contains("The task:\n\nDo it.") && !one.contains("continue"));
        let two = asked(&["One.".to_owned(), "Two.".to_owned()]);
        assert!(two.contains("Task 2:\n\nTwo.") && two.contains("`continue`"));
    }
}
