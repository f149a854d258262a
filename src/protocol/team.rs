//! Who takes part in a turn and under which limits: what the log and the screen need to know.

use serde::{Deserialize, Serialize};

use super::{AgentId, Limits, Rules, RunId, Stage, change::Workplace};

/// The first event of a turn: everything that is fixed while it runs. It is told again, with
/// `resumed`, when a turn that broke off goes on: nothing that was published, voted or spent is over
/// then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnStart {
    /// The session.
    pub run: RunId,
    /// Turn within the session, starting at 1.
    pub turn: u32,
    /// The task.
    pub prompt: String,
    /// The team, in configuration order (the order of panes and the last tie-break).
    pub team: Vec<AgentCard>,
    /// Limits in force.
    pub limits: Limits,
    /// Rules in force.
    #[serde(default)]
    pub rules: Rules,
    /// The place of the turn in a chain of turns, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Where the team comes from.
    pub origin: Origin,
    /// Version of the program.
    pub version: String,
    /// Working folder of the session.
    pub cwd: String,
    /// The folders that agents look at and change, as they were when the session began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Workplace>,
    /// Set when this turn began before, in a process that ended in the middle of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
}

/// A turn goes on in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Which resumption of this turn it is, starting at 1.
    pub times: u32,
    /// Milliseconds of the turn that were used before, pauses between processes left out.
    pub used_ms: u64,
}

/// One agent as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCard {
    /// Anonymous number, what peers see.
    pub id: AgentId,
    /// Configured name, what the person sees.
    pub name: String,
    /// Model name as sent to the server.
    pub model: String,
    /// Backend type or server, for example `openai`, `lmstudio`, `demo`.
    pub backend: String,
}

/// Where a team comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Origin {
    /// The scripted demo team: no model is involved, and every screen says so.
    Demo {
        /// Scenario name.
        scenario: String,
    },
    /// A configuration file.
    Config {
        /// Its path as given.
        path: String,
    },
    /// `--base-url`, `--model` and the like, or a server picked on the start screen.
    Direct,
    /// A log of another program.
    Imported {
        /// Program and version.
        program: String,
    },
}
