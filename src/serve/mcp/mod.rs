//! An MCP server over stdin and stdout: its tools start, watch, steer and stop teams.
//!
//! The only door to the server half of `rmcp`. What a client says is read in [`arguments`], done in
//! [`calls`], and answered as text for a model and as data for a program. Wrong arguments and failures are
//! results of tools, in plain words, and not errors of the protocol, so that a model can read them. A call
//! that the client cancels stops its run. When the client goes away the server ends; the caller closes the
//! host, which writes the logs of what still ran.

#![expect(
    deprecated,
    reason = "logging leaves the protocol one day; clients of today use it"
)]

mod arguments;
mod calls;
mod news;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
        SetLevelRequestParams, Tool,
    },
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

use self::{
    calls::{Calls, Done},
    news::{Logged, Progress},
};
use crate::{
    app::host::{Host, TeamChoice},
    protocol::Failure,
    text::clean,
};

/// The tools, as clients are told.
const TOOLS: &str = include_str!("../../../assets/mcp_tools.json");

/// What a client tells its model about this server.
const INSTRUCTIONS: &str = "A team of LLM agents works on one task at the same time; they see each other's \
    answers without names, improve or vote, and the winner presents. Use it for questions where several \
    independent views pay: hard decisions, reviews, designs, bugs nobody finds. Give the whole context in \
    the prompt or as files, because the team sees nothing else. run_ask waits for the answer; run_start, \
    run_status and run_result do the same without waiting. A person looks at any session with \
    `massgen-tui open ID`.";

/// The server of one client.
#[derive(Clone)]
struct Server {
    calls: Arc<Calls>,
    logged: Arc<Logged>,
    tools: Arc<Vec<Tool>>,
}

/// Serves one client until it goes away. The host is left open.
///
/// # Errors
/// The client does not begin as the protocol wants it, or cannot be read.
pub async fn serve(
    host: Host,
    usual: TeamChoice,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> Result<(), String> {
    let server = Server {
        calls: Arc::new(Calls { host, usual }),
        logged: Arc::default(),
        tools: Arc::new(tools()?),
    };
    let running = rmcp::serve_server(server, (input, output))
        .await
        .map_err(|error| format!("The client did not begin as MCP wants it: {error}."))?;
    running
        .waiting()
        .await
        .map(drop)
        .map_err(|error| format!("The connection broke: {error}."))
}

/// The tools.
fn tools() -> Result<Vec<Tool>, String> {
    let listed: ListToolsResult = serde_json::from_str(TOOLS)
        .map_err(|error| format!("The list of tools cannot be read: {error}."))?;
    Ok(listed.tools)
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        // Logging is on its way out of the protocol; clients of today still use it.
        let capabilities: ServerCapabilities =
            serde_json::from_value(json!({"tools": {}, "logging": {}})).unwrap_or_default();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new(
                "massgen-tui",
                env!("CARGO_PKG_VERSION"),
            ))
            .with_instructions(INSTRUCTIONS)
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.logged.set(request.level);
        Ok(())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.into_owned();
        if !self.tools.iter().any(|tool| tool.name == name) {
            let what = format!("There is no tool {:?}.", clean::line(&name));
            return Err(ErrorData::invalid_params(what, None));
        }
        let gone = context.ct.clone();
        let progress = Progress::new(&context);
        let mut news = news::News {
            progress,
            logged: Arc::clone(&self.logged),
            peer: context.peer,
        };
        let done = self
            .calls
            .call(&name, request.arguments, &mut news, &gone)
            .await;
        Ok(answer(done).into())
    }
}

/// The result of a tool: words for a model, data for a program.
fn answer(done: Result<Done, Failure>) -> CallToolResult {
    match done {
        Ok(Done { text, data }) => {
            let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
            result.structured_content = Some(data);
            result
        }
        Err(failure) => {
            let words = clean::text(&failure.words()).into_owned();
            let mut result = CallToolResult::error(vec![ContentBlock::text(words)]);
            result.structured_content = None::<Value>;
            result
        }
    }
}
