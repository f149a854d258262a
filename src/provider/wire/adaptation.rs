//! What a server turned out not to take, learnt per base URL and model (see `adapt`).

use crate::provider::{Endpoint, ToolCalling};

/// What is left out of a request because the server has refused it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)] // each a fact by itself, not a state
pub struct Adaptation {
    /// It refused `stream_options`: usage is not asked for.
    pub no_stream_options: bool,
    /// It refused `tool_choice`: the model decides.
    pub no_forced_choice: bool,
    /// It does not know its family's newer API: chat completions instead.
    pub only_chat: bool,
    /// It refused encrypted reasoning, or what was carried back: the neutral form instead.
    pub no_carried: bool,
    /// It refused to tell its reasoning.
    pub no_summary: bool,
    /// It refused marks for its cache.
    pub no_cache_marks: bool,
    /// It knows no compaction.
    pub no_compact: bool,
    /// It refused to leave old results of tools out by itself.
    pub no_edits: bool,
    /// It refused tools that its vendor runs itself.
    pub no_hosted: bool,
    /// It has no tool calling: the text protocol is used when the endpoint allows it.
    pub no_tools: bool,
}

/// Whether tools travel as text for this endpoint.
#[must_use]
pub fn as_text(endpoint: &Endpoint, adaptation: Adaptation) -> bool {
    match endpoint.tool_calling {
        ToolCalling::Text => true,
        ToolCalling::Auto => adaptation.no_tools,
        ToolCalling::Native => false,
    }
}
