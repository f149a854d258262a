//! Tools that agents may call between their terminal acts.
//!
//! # Wiring of file tools
//!
//! The owner of a session gives the engine a [`Crew`]: asked at an agent's first file tool, it makes
//! the agent's worktree and returns its [`Hands`]. `Toolbox::standard().with_files(crew, &permitting)`
//! offers the tools; nothing else of the engine changes. A crew over one run shares one
//! [`permit::Permits`], one [`hands::Recorder`] and one [`hands::Approver`] between all agents.
//!
//! # Rules of all tools
//!
//! A tool gets its arguments and a read-only [`Context`] and returns text; errors are results the
//! model can read, never a failure of the turn. `new_answer` and `vote` are not tools in this sense:
//! they are interpreted by the engine and never run.

mod beneath;
pub mod fence;
mod files;
pub mod hands;
pub mod html;
pub mod leave;
mod open_answer;
pub mod outside;
mod pattern;
pub mod permit;
mod place;
pub mod sandbox;

pub use hands::{Crew, Ground, Hands, Root};
pub use open_answer::OpenAnswer;
pub use outside::Outside;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::protocol::{AgentId, Label, Permitting, ToolNote, ToolSpec};

/// Name of the tool that runs commands.
pub const RUN_COMMAND: &str = "run_command";

/// Name of the tool that shows the files of other agents' answers.
pub const READ_PEER: &str = "read_peer";

/// What a tool may look at.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who calls.
    pub agent: AgentId,
    /// The answers the calling agent has been shown, by label.
    pub answers: BTreeMap<Label, Arc<str>>,
}

/// Result text, or an error text for the model.
pub type ToolResult = Result<String, String>;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What the model reads.
    pub result: ToolResult,
    /// What it did, for whoever shows it.
    pub note: Option<ToolNote>,
}

impl From<ToolResult> for Ran {
    fn from(result: ToolResult) -> Self {
        Self { result, note: None }
    }
}

/// One tool.
pub trait Tool: Send + Sync + 'static {
    /// How it is offered to the model.
    fn spec(&self) -> ToolSpec;

    /// Runs it. Dropping the future cancels it.
    fn run(&self, arguments: Value, context: Context) -> BoxFuture<'static, Ran>;
}

/// Longest result that a tool may return, in bytes; the rest is cut with a note. How much of it goes into a
/// conversation is decided by whoever holds that.
pub const MAX_RESULT: usize = 8 * 1024 * 1024;

/// Most bytes of an unknown tool's name that are repeated to the model.
const MAX_NAME: usize = 64;

/// The tools of one team.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: Vec<Arc<dyn Tool>>,
    /// Those that work on files.
    files: Vec<Arc<dyn Tool>>,
    /// Those of one agent that come from outside.
    outside: Option<Arc<dyn Outside>>,
}

impl Toolbox {
    /// The tools every agent has.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            tools: vec![Arc::new(OpenAnswer)],
            files: Vec::new(),
            outside: None,
        }
    }

    /// The same with the outside tools of an agent.
    #[must_use]
    pub fn with_outside(mut self, outside: Option<Arc<dyn Outside>>) -> Self {
        self.outside = outside;
        self
    }

    /// The outside tools.
    #[must_use]
    pub const fn outside(&self) -> Option<&Arc<dyn Outside>> {
        self.outside.as_ref()
    }

    /// The same with tools that work on files, as far as they are offered.
    #[must_use]
    pub fn with_files(mut self, crew: &Arc<dyn Crew>, permitting: &Permitting) -> Self {
        self.files.extend(files::all(crew, permitting));
        self
    }

    /// The same for an agent without folders: of files it only sees what others have published.
    #[must_use]
    pub fn without_hands(mut self) -> Self {
        self.files.retain(|tool| tool.spec().name == READ_PEER);
        self
    }

    fn all(&self) -> impl Iterator<Item = &Arc<dyn Tool>> {
        self.tools.iter().chain(&self.files)
    }

    /// How the tools are offered.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.all().map(|tool| tool.spec()).collect()
    }

    /// Runs the tool called `name` with arguments as the model wrote them.
    pub async fn run(&self, name: &str, arguments: &str, context: Context) -> Ran {
        let Some(tool) = self.all().find(|tool| tool.spec().name == name) else {
            let known: Vec<String> = self.all().map(|tool| tool.spec().name).collect();
            let name = &name[..name.floor_char_boundary(MAX_NAME)];
            return Ran::from(Err(format!(
                "There is no tool named \"{name}\". Tools here: new_answer, vote, {}.",
                known.join(", ")
            )));
        };
        let arguments = if arguments.trim().is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            match serde_json::from_str(arguments) {
                Ok(arguments) => arguments,
                Err(error) => {
                    let why = format!("The arguments are not valid JSON: {error}.");
                    return Ran::from(Err(why));
                }
            }
        };
        let Ran { result, note } = tool.run(arguments, context).await;
        Ran {
            result: result.map(bounded).map_err(bounded),
            note,
        }
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
