//! Who takes part in a turn and under which limits: what the log and the screen need to know.

use serde::{Deserialize, Serialize};

use super::{AgentId, Rules, RunId, Stage};

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

/// Limits of one turn. All finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Answers one agent may publish.
    pub answers_per_agent: u32,
    /// Answers all agents together may publish.
    pub answers_total: u32,
    /// Rounds (fresh or continued asks) one agent may take.
    pub rounds_per_agent: u32,
    /// Replies without a terminal call within one round before the engine resolves it.
    pub misses_per_round: u32,
    /// Acts refused within one round (empty, duplicate, not on the ballot …) before the engine
    /// resolves it; refusals because of news the agent could not know do not count.
    pub refusals_per_round: u32,
    /// Model calls within one round.
    pub calls_per_round: u32,
    /// Seconds for the whole turn, presentation excluded.
    pub turn_seconds: u64,
    /// Seconds for one round.
    pub round_seconds: u64,
    /// Seconds for a vote once voting is forced.
    pub vote_seconds: u64,
    /// Seconds for the presentation.
    pub present_seconds: u64,
}

impl Default for Limits {
    /// 3 answers each, 12 in all, 12 rounds each, 2 misses, 4 refusals, 24 calls, 30 minutes in all.
    fn default() -> Self {
        Self {
            answers_per_agent: 3,
            answers_total: 12,
            rounds_per_agent: 12,
            misses_per_round: 2,
            refusals_per_round: 4,
            calls_per_round: 24,
            turn_seconds: 1800,
            round_seconds: 600,
            vote_seconds: 120,
            present_seconds: 300,
        }
    }
}
