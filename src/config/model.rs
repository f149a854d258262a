//! A configuration that can be run: plain data, every limit finite, keys behind [`SecretString`].

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::context::ContextSaid;
use super::diagnostic::Report;
use super::program::Program;
use super::servers::AgentTools;
use crate::protocol::{Limits, Rules};

/// A team and the rules of its run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the file as given, for the log's [`Origin::Config`](crate::protocol::Origin).
    pub source: String,
    /// The team, in the order of the file. Never empty.
    pub agents: Vec<AgentConfig>,
    /// Limits of a turn.
    pub limits: Limits,
    /// Rules of a turn.
    pub rules: Rules,
    /// Task to start with when none is given.
    pub prompt: Option<String>,
    /// The model that reads logs when none is named: `provider/model`.
    pub analysis_model: Option<String>,
    /// Keys that MassGen knows, that are set, and that this version does not use.
    pub kept: Vec<Kept>,
    /// Warnings and notes.
    pub report: Report,
}

/// One agent.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Name in panes and reports. Unique.
    pub name: String,
    /// The model behind it; where it is a team, the one that speaks for it.
    pub backend: BackendConfig,
    /// The team that it is.
    pub team: Option<Box<Config>>,
    /// Further instructions.
    pub system_message: Option<String>,
    /// What it works with besides files.
    pub tools: AgentTools,
}

/// Where and how to reach one model.
#[derive(Clone, Debug)]
pub struct BackendConfig {
    /// Type as in the backend table: `openai`, `lmstudio` …
    pub kind: String,
    /// Which API it speaks.
    pub wire: Wire,
    /// Model id to send.
    pub model: String,
    /// Base URL without the path of the call and without a slash at the end.
    pub base_url: String,
    /// Key to send as bearer token.
    pub key: Option<SecretString>,
    /// Variable the key comes from, or would come from.
    pub key_variable: Option<String>,
    /// Request fields to send along.
    pub parameters: Map<String, Value>,
    /// How tools are offered.
    pub tool_calling: ToolCalling,
    /// True for servers people run themselves: no key needed, first answer may take long.
    pub local: bool,
    /// What the plan of the key allows.
    pub rate_limit: RateLimit,
    /// How it is asked beyond the usual.
    pub manners: Manners,
    /// Its window, and how full a conversation may get.
    pub context: ContextSaid,
    /// The program that it is; nothing else of the address counts then.
    pub program: Option<Box<Program>>,
    /// Servers or keys that share the load with it.
    pub endpoints: Vec<Self>,
    /// What is used when it fails, in this order.
    pub fallbacks: Vec<Self>,
}

/// What a plan allows at the client's side; `None` for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per minute.
    pub requests: Option<u32>,
    /// Tokens per minute, prompt and reply.
    pub tokens: Option<u64>,
}

/// How a backend is asked beyond the usual.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// Further headers, names in lower case; values may be secrets.
    pub headers: Vec<(String, SecretString)>,
    /// When it is left alone after failures.
    pub circuit: CircuitSaid,
    /// How its calls are repeated.
    pub backoff: BackoffSaid,
    /// Tools that the vendor runs itself.
    pub hosted: Vec<HostedTool>,
}

/// A tool that a vendor runs itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostedTool {
    /// Search in the web.
    WebSearch {
        /// How much of it goes into the prompt: `low`, `medium`, `high`.
        context: Option<String>,
    },
    /// Search in the posts of X.
    XSearch,
    /// A sandbox for code.
    Code,
    /// Search in files that were uploaded before; the ids of their stores.
    Files(Vec<String>),
}

impl HostedTool {
    /// One or two words for people.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::WebSearch { .. } => "web search",
            Self::XSearch => "search in X",
            Self::Code => "sandbox for code",
            Self::Files(_) => "search in files",
        }
    }
}

/// What a configuration says about the circuit breaker; `None` leaves the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CircuitSaid {
    /// Failures in a row that open it; `u32::MAX` for never.
    pub failures: Option<u32>,
    /// First rest in milliseconds.
    pub rest_ms: Option<u64>,
    /// Longest rest in milliseconds.
    pub longest_ms: Option<u64>,
    /// How a rest grows with each trial that fails, in percent.
    pub growth: Option<u32>,
    /// Longest wait that its server may ask for, in milliseconds.
    pub asked_ms: Option<u64>,
}

/// What a configuration says about repeated calls; `None` leaves the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackoffSaid {
    /// Attempts, the first included.
    pub attempts: Option<u32>,
    /// First wait in milliseconds.
    pub first_ms: Option<u64>,
    /// How a wait grows, in percent.
    pub growth: Option<u32>,
    /// Longest wait in milliseconds.
    pub longest_ms: Option<u64>,
    /// Percent of a wait that chance takes away at most.
    pub jitter: Option<u32>,
}

/// Which API a server speaks; told in `docs/providers.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// `OpenAI`'s chat completions, as many servers speak them.
    #[default]
    Chat,
    /// `OpenAI`'s Responses.
    Responses,
    /// Anthropic's Messages.
    Messages,
    /// Google's `generateContent`.
    Gemini,
}

/// How tools are offered to a model; the text protocol is told in `docs/text-tools.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolCalling {
    /// The server's tool calling, the text protocol when it has none.
    #[default]
    Auto,
    /// The server's tool calling only.
    Native,
    /// The text protocol only.
    Text,
}

/// A known key that is set and not used by this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Path of the key.
    pub key: String,
    /// What it would need, in words that follow "it".
    pub needs: String,
}
