//! Tools that agents may call between their terminal acts.
//!
//! A tool gets its arguments and a read-only [`Context`] and returns text; errors are results the
//! model can read, never a failure of the turn. `new_answer` and `vote` are not tools in this sense:
//! they are interpreted by the engine and never run.

pub mod fence;
mod open_answer;

pub use open_answer::OpenAnswer;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::protocol::{Label, ToolSpec};

/// What a tool may look at.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The answers the calling agent has been shown, by label.
    pub answers: BTreeMap<Label, Arc<str>>,
}

/// Result text, or an error text for the model.
pub type ToolResult = Result<String, String>;

/// One tool.
pub trait Tool: Send + Sync + 'static {
    /// How it is offered to the model.
    fn spec(&self) -> ToolSpec;

    /// Runs it. Dropping the future cancels it.
    fn run(&self, arguments: Value, context: Context) -> BoxFuture<'static, ToolResult>;
}

/// Longest result that goes into a conversation, in bytes; the rest is cut with a note.
pub const MAX_RESULT: usize = 64 * 1024;

/// Most bytes of an unknown tool's name that are repeated to the model.
const MAX_NAME: usize = 64;

/// The tools of one team.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: Vec<Arc<dyn Tool>>,
}

impl Toolbox {
    /// The tools every agent has.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            tools: vec![Arc::new(OpenAnswer)],
        }
    }

    /// How the tools are offered.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.iter().map(|tool| tool.spec()).collect()
    }

    /// Runs the tool called `name` with arguments as the model wrote them.
    pub async fn run(&self, name: &str, arguments: &str, context: Context) -> ToolResult {
        let Some(tool) = self.tools.iter().find(|tool| tool.spec().name == name) else {
            let known: Vec<String> = self.tools.iter().map(|tool| tool.spec().name).collect();
            let name = &name[..name.floor_char_boundary(MAX_NAME)];
            return Err(format!(
                "There is no tool named \"{name}\". Tools here: new_answer, vote, {}.",
                known.join(", ")
            ));
        };
        let arguments = if arguments.trim().is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_str(arguments)
                .map_err(|error| format!("The arguments are not valid JSON: {error}."))?
        };
        tool.run(arguments, context)
            .await
            .map(bounded)
            .map_err(bounded)
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > MAX_RESULT {
        let cut = text.floor_char_boundary(MAX_RESULT);
        let left = text.len() - cut;
        text.truncate(cut);
        let _ = write!(text, "\n[{left} bytes more were cut]");
    }
    text
}
