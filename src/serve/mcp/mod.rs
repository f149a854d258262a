//! An MCP server over stdin and stdout: its tools start, watch, steer and stop teams.
//!
//! The only door to the server half of `rmcp`. What a client says is read in [`arguments`] and
//! [`answering`], done in [`calls`] and [`sessions`], and answered as text for a model and as data for a
//! program; every string of either passes the gate in one place. Sessions are resources ([`resources`]),
//! prompts that are kept are prompts ([`prompts`]). Wrong arguments and failures are
//! results of tools, in plain words, and not errors of the protocol, so that a model can read them. A call
//! that the client cancels stops its run. When the client goes away the server ends; the caller closes the
//! host, which writes the logs of what still ran.

#![expect(
    deprecated,
    reason = "logging leaves the protocol one day; clients of today use it"
)]

mod answering;
mod arguments;
mod calls;
mod news;
mod prompts;
mod resources;
mod sessions;
#[cfg(test)]
mod tests;
mod words;

use std::{borrow::Cow, sync::Arc};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock,
        GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents,
        ServerCapabilities, ServerConfig, SetLevelRequestParams, Tool,
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
    logging::{Area, Level, tell},
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
    run_status and run_result do the same without waiting. config_list says which teams there are. A person \
    looks at any session with \
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
        let capabilities: ServerCapabilities = serde_json::from_value(
            json!({"tools": {}, "logging": {}, "prompts": {}, "resources": {}}),
        )
        .unwrap_or_default();
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
        tell(Level::Debug, Area::Mcp, || {
            let came = if done.is_ok() { "answered" } else { "refused" };
            let told = news.progress.told();
            format!("a client called {name}: {came}, {told} pieces of progress were sent")
        });
        Ok(answer(done).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = self
            .calls
            .prompts()
            .await
            .map_err(|failure| internal(&failure))?;
        Ok(ListPromptsResult::with_all_items(prompts))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let made = self.calls.prompt(&request.name, request.arguments).await;
        let wrong = |failure: Failure| ErrorData::invalid_params(words_of(&failure), None);
        Ok(made.map_err(wrong)?.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let all = self
            .calls
            .resources()
            .await
            .map_err(|failure| internal(&failure))?;
        Ok(ListResourcesResult::with_all_items(all))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let all = resources::templates();
        Ok(ListResourceTemplatesResult::with_all_items(all))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let address = request.uri;
        let Some((id, part)) = resources::meant(&address) else {
            let what = format!(
                "There is nothing at {:?}. resources/templates/list says what can be read.",
                clean::line(&address)
            );
            return Err(ErrorData::resource_not_found(what, None));
        };
        let missing = |failure: Failure| ErrorData::resource_not_found(words_of(&failure), None);
        let text = self.calls.resource(id, part).await.map_err(missing)?;
        let text = ResourceContents::text(clean::text(&text).into_owned(), address.clone());
        let text = text.with_mime_type(resources::MARKDOWN);
        Ok(ReadResourceResult::new(vec![text]).into())
    }
}

fn words_of(failure: &Failure) -> String {
    clean::text(&failure.words()).into_owned()
}

fn internal(failure: &Failure) -> ErrorData {
    ErrorData::internal_error(words_of(failure), None)
}

/// The result of a tool: words for a model, data for a program.
fn answer(done: Result<Done, Failure>) -> CallToolResult {
    match done {
        Ok(Done { text, mut data }) => {
            cleaned(&mut data);
            let text = clean::text(&text).into_owned();
            let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
            result.structured_content = Some(data);
            result
        }
        Err(failure) => CallToolResult::error(vec![ContentBlock::text(words_of(&failure))]),
    }
}

/// Passes every string of a value through the gate.
fn cleaned(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = clean::text(text) {
                *text = clean;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(cleaned),
        Value::Object(all) => all.values_mut().for_each(cleaned),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
