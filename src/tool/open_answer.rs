//! `open_answer`: read a published answer again in full.

use futures_util::future::{BoxFuture, FutureExt, ready};
use serde_json::{Value, json};

use super::{Context, Tool, ToolResult};
use crate::protocol::{AgentId, Label, ToolSpec};

/// Reads an answer that the agent has been shown before. Nothing else is reachable through it.
pub struct OpenAnswer;

impl Tool for OpenAnswer {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "open_answer".into(),
            description: "Read a published answer again, in full.".into(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "label": {
                        "type": "string",
                        "description": "The label of the answer, for example agent2.1"
                    }
                },
                "required": ["label"]
            }),
        }
    }

    fn run(&self, arguments: Value, context: Context) -> BoxFuture<'static, ToolResult> {
        ready(open(&arguments, &context)).boxed()
    }
}

fn open(arguments: &Value, context: &Context) -> ToolResult {
    let asked = arguments
        .get("label")
        .and_then(Value::as_str)
        .ok_or("The argument \"label\" is missing.")?;
    let label = match asked.parse::<Label>() {
        Ok(label) => Some(label),
        Err(_) => asked.parse::<AgentId>().ok().and_then(|agent| {
            context
                .answers
                .keys()
                .filter(|label| label.agent == agent)
                .max()
                .copied()
        }),
    };
    label
        .and_then(|label| context.answers.get(&label))
        .map(ToString::to_string)
        .ok_or_else(|| {
            let known: Vec<String> = context.answers.keys().map(Label::to_string).collect();
            if known.is_empty() {
                "No answer has been shown to you yet.".to_owned()
            } else {
                format!(
                    "\"{asked}\" was not shown to you. You can open: {}.",
                    known.join(", ")
                )
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            answers: [
                (Label::new(AgentId(2), 1), "old".into()),
                (Label::new(AgentId(2), 2), "new".into()),
            ]
            .into(),
        }
    }

    #[test]
    fn opens_by_label_and_by_agent() {
        let run = |label: &str| open(&json!({ "label": label }), &context());
        assert_eq!(run("agent2.1"), Ok("old".into()));
        assert_eq!(run("agent2"), Ok("new".into()));
        assert_eq!(
            run("agent3.1"),
            Err("\"agent3.1\" was not shown to you. You can open: agent2.1, agent2.2.".into())
        );
        assert_eq!(
            open(&json!({}), &context()),
            Err("The argument \"label\" is missing.".into())
        );
    }
}
