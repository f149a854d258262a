//! Model servers and stored sessions, as lists that people pick from.

use serde::{Deserialize, Serialize};

use super::RunId;

/// A model server found on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovered {
    /// What answered.
    pub kind: ServerKind,
    /// Base URL for chat completions, ending in `/v1`.
    pub base_url: String,
    /// Models it offers, loaded ones first.
    pub models: Vec<ModelInfo>,
    /// True when it answered 401: it is there, but wants a key.
    pub needs_key: bool,
}

/// One model of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Id to send.
    pub id: String,
    /// Context window in tokens, when the server tells.
    pub context: Option<u64>,
    /// Whether it is loaded, when the server tells.
    pub loaded: Option<bool>,
}

/// Kinds of local model servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// LM Studio.
    LmStudio,
    /// Ollama.
    Ollama,
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// llama.cpp's server.
    LlamaCpp,
    /// Anything else that lists models the OpenAI way.
    Compatible,
}

impl ServerKind {
    /// The product's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LmStudio => "LM Studio",
            Self::Ollama => "Ollama",
            Self::Vllm => "vLLM",
            Self::Sglang => "SGLang",
            Self::LlamaCpp => "llama.cpp",
            Self::Compatible => "OpenAI-compatible",
        }
    }
}

/// One line of the session list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// The session.
    pub run: RunId,
    /// First prompt.
    pub prompt: String,
    /// Start, milliseconds since the epoch.
    pub started_ms: u64,
    /// Wall-clock length in milliseconds.
    pub duration_ms: u64,
    /// Number of turns.
    pub turns: u32,
    /// Number of agents.
    pub agents: u32,
    /// Outcome word: `answered`, `no answer`, `cancelled`, `unfinished`, `damaged`.
    pub outcome: String,
    /// Name of the winning agent, when there is one.
    pub winner: Option<String>,
    /// USD, `None` when no price is known.
    pub cost_usd: Option<f64>,
    /// True for scripted demo sessions.
    pub demo: bool,
    /// The program that ran it, when it was another: `MassGen 0.1.97`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The team of the last turn, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub team: Vec<Member>,
    /// Working folder of the first turn; empty when the log does not tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Files that the result of the last turn differs in; `None` when agents had no files to change, or
    /// the log does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u32>,
    /// Answers that were published, all revisions of all turns.
    #[serde(default)]
    pub answers: u32,
}

/// An agent of a session as the list knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Configured name.
    pub name: String,
    /// Model as sent to the server; empty when the log does not tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
}

impl SessionSummary {
    /// True for a session whose last turn has no end: it can go on.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.outcome == "unfinished"
    }
}
