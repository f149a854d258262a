//! What a tool call wants to do, and what was decided about it.
//!
//! The same words stand in the question that a person sees, in the record of permissions and in the
//! reason that a model is given, so that nobody is told another thing than what would be done.

use serde::{Deserialize, Serialize};

use super::AgentId;

/// What a call is told where nobody can be asked; a run that nobody watches answers with it.
pub const NOBODY: &str = "nobody is here to allow it";

/// One thing that a tool call would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Run a command.
    Command {
        /// The line exactly as it would run.
        line: String,
        /// Folder it would run in, as the agent names it.
        folder: String,
    },
    /// Read a file or a folder.
    Read {
        /// Its path, as the agent names it.
        path: String,
    },
    /// Write a file.
    Write {
        /// Its path, as the agent names it.
        path: String,
        /// What would change, as a unified diff; empty where that is not known.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        diff: String,
    },
    /// Fetch a page.
    Fetch {
        /// Its address.
        url: String,
    },
    /// Call a tool of a server.
    Tool {
        /// The tool as agents know it: `mcp__SERVER__TOOL`.
        tool: String,
        /// Its arguments.
        arguments: String,
        /// What the server says of the tool is not what it said when the run began; empty otherwise. No
        /// rule allows such a call.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        changed: String,
    },
    /// Anything else, such as the request of a command-line agent.
    Other {
        /// What, in its own words.
        words: String,
    },
}

impl Deed {
    /// The name under which rules know it: `MassGen`'s action names.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Read { .. } => "read_file",
            Self::Write { .. } => "write_file",
            Self::Fetch { .. } => "read_url",
            Self::Tool { .. } => "mcp",
            Self::Other { .. } => "other",
        }
    }

    /// What rules compare with: the command, the path, the address.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::Command { line, .. } => line,
            Self::Read { path } | Self::Write { path, .. } => path,
            Self::Fetch { url } => url,
            Self::Tool { tool, .. } => tool,
            Self::Other { words } => words,
        }
    }

    /// Whether a person may change it before it is done.
    #[must_use]
    pub const fn is_editable(&self) -> bool {
        matches!(self, Self::Command { .. })
    }

    /// Passes every text of it that comes from outside.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Command { line, folder } => {
                change(line);
                change(folder);
            }
            Self::Read { path } => change(path),
            Self::Write { path, diff } => {
                change(path);
                change(diff);
            }
            Self::Fetch { url } => change(url),
            Self::Tool {
                tool,
                arguments,
                changed,
            } => {
                change(tool);
                change(arguments);
                change(changed);
            }
            Self::Other { words } => change(words),
        }
    }
}

/// A tool call that waits for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The tool.
    pub tool: String,
    /// What it would do.
    pub deed: Deed,
    /// Why it is asked and not done: a rule, a missing sandbox.
    pub why: String,
    /// The rule that "always" would add for this run; `None` when it cannot be allowed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always: Option<String>,
    /// What holds the command, in a sentence: the sandbox, or that nothing does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held: String,
    /// It is done as it is or not at all, though it is a command.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
}

impl Approval {
    /// Whether a person may change it before it is done.
    #[must_use]
    pub const fn is_editable(&self) -> bool {
        !self.fixed && self.deed.is_editable()
    }

    /// Passes every text of it that comes from outside.
    pub fn texts_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        change(&mut self.tool);
        self.deed.texts_mut(change);
        change(&mut self.why);
        self.always.iter_mut().for_each(&mut *change);
        change(&mut self.held);
    }
}

/// What is done about a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// It is done.
    Allowed,
    /// It is not done.
    Denied,
}

/// Who or what decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The floor that no setting lifts.
    Floor,
    /// A rule, as it is written.
    Rule(String),
    /// What is usual for the tool where no rule says anything.
    Usual,
    /// The person, for this once.
    Person,
    /// The person, for the rest of the run.
    Always(String),
    /// The policy of a run that nobody watches.
    Policy,
    /// Nobody answered in time.
    Silence,
}

/// One line of the record of permissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Whose call it was; the agent of the session where a member of the team in its place called.
    pub agent: AgentId,
    /// That member, as people call it: `agent2/agent1`. Empty for agents of the session.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub member: String,
    /// The tool.
    pub tool: String,
    /// What it would have done, or did.
    pub deed: Deed,
    /// The outcome.
    pub permission: Permission,
    /// Who decided.
    pub by: DecidedBy,
    /// In words; the person's own where there are some.
    pub why: String,
    /// What holds the command, in a word: `bubblewrap`, `landlock`, `nothing`; empty for files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tier: String,
}
