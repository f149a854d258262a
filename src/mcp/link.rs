//! One connection: made, listed, called. The one place that speaks the protocol; everything a server
//! says leaves it as plain JSON.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use rmcp::{
    ClientHandler, Peer, RoleClient, ServiceError, ServiceExt as _,
    model::{
        CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
        ClientCapabilities, ClientConfig, Implementation, ListToolsRequest, PaginatedRequestParams,
        ProgressNotificationParam, ProtocolVersion, RequestId, ServerResult,
    },
    service::{ClientInitializeError, NotificationContext, PeerRequestOptions, RunningService},
    transport::{
        StreamableHttpClientTransport, Transport,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use tokio::{
    runtime::Handle,
    sync::{broadcast, mpsc},
    time::timeout,
};

use super::{
    define::{Definition, MOST},
    pipe::{Complaints, Pipe},
    plain::Plain,
    seal,
};
use crate::{
    config::servers::{Patience, Reached, Remote, Speaks},
    provider::http::bare,
    text::clean,
};

/// Notices of progress that wait for somebody slow; older ones are lost.
const PROGRESS: usize = 64;
/// Pages of a list that are read.
const PAGES: usize = 64;
/// Most bytes of one event of a server over HTTP.
const EVENT: usize = 16 * 1024 * 1024;
/// Longest wait for a connection to close.
const CLOSING: Duration = Duration::from_secs(8);
/// Letters of an error that are told.
const SHORT: usize = 600;

/// What a server tells by itself.
#[derive(Clone, Debug)]
pub struct Ear {
    progress: broadcast::Sender<ProgressNotificationParam>,
    changed: mpsc::Sender<()>,
}

impl ClientHandler for Ear {
    fn get_info(&self) -> ClientConfig {
        let own = Implementation::new("massgen-tui", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), own)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) -> impl Future<Output = ()> + Send + '_ {
        // Nobody listens where no call runs.
        let _ = self.progress.send(params);
        std::future::ready(())
    }

    fn on_tool_list_changed(
        &self,
        _: NotificationContext<RoleClient>,
    ) -> impl Future<Output = ()> + Send + '_ {
        // One that waits says enough.
        let _ = self.changed.try_send(());
        std::future::ready(())
    }
}

/// A connection and what ends it.
pub struct Link {
    service: RunningService<RoleClient, Ear>,
    progress: broadcast::Sender<ProgressNotificationParam>,
    /// Its server has other tools now.
    pub changed: mpsc::Receiver<()>,
    complaints: Option<Complaints>,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is gone.
    Lost,
    /// Anything else, in words.
    Failed(String),
}

impl Link {
    /// Connects within the patience for it.
    ///
    /// # Errors
    /// Why not, with the last words of the server.
    pub async fn open(reached: &Reached, patience: &Patience) -> Result<Self, String> {
        match reached {
            Reached::Started(started) => {
                seal::holds(started.seal.clone()).await?;
                if let Speaks::Lines(tools) = &started.speaks {
                    let plain = Plain::new(started, Arc::clone(tools));
                    return Self::over(plain, None, patience).await;
                }
                let pipe = Pipe::start(started).map_err(|error| {
                    let name = started.command.first().map_or("?", String::as_str);
                    format!("`{}` cannot be started: {error}", clean::line(name))
                })?;
                let complaints = pipe.complaints();
                Self::over(pipe, Some(complaints), patience).await
            }
            Reached::Remote(remote) => Self::over(web(remote)?, None, patience).await,
        }
    }

    /// The same over a transport.
    pub(super) async fn over<T>(
        transport: T,
        complaints: Option<Complaints>,
        patience: &Patience,
    ) -> Result<Self, String>
    where
        T: Transport<RoleClient> + 'static,
    {
        let (progress, _) = broadcast::channel(PROGRESS);
        let (sender, changed) = mpsc::channel(1);
        let ear = Ear {
            progress: progress.clone(),
            changed: sender,
        };
        let started = timeout(patience.start, ear.serve(transport)).await;
        let why = match started {
            Ok(Ok(service)) => {
                return Ok(Self {
                    service,
                    progress,
                    changed,
                    complaints,
                });
            }
            Ok(Err(error)) => opening(&error),
            Err(_) => format!("no answer within {} s", patience.start.as_secs()),
        };
        Err(with_last_words(why, complaints.as_ref()))
    }

    /// The tools of the server, page by page; what is beyond the bounds is left out.
    ///
    /// # Errors
    /// Why there is no list.
    pub async fn list(&self, patience: &Patience) -> Result<Vec<Definition>, String> {
        let mut tools: Vec<Definition> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let request = ListToolsRequest {
                params: cursor
                    .take()
                    .map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor))),
                ..ListToolsRequest::default()
            };
            let options = PeerRequestOptions::with_timeout(patience.list);
            let asked = self
                .service
                .send_cancellable_request(request.into(), options);
            let answer = async { asked.await?.await_response().await };
            let page = answer.await.map_err(|error| {
                let why = match trouble(&error) {
                    Trouble::Lost => "the connection ended".to_owned(),
                    Trouble::Failed(why) => why,
                };
                with_last_words(
                    format!("it does not list its tools: {why}"),
                    self.complaints.as_ref(),
                )
            })?;
            let page = plain(&page);
            for tool in Definition::page(&page) {
                if tools.iter().all(|known| known.name != tool.name) {
                    tools.push(tool);
                }
            }
            let next = page.get("nextCursor").and_then(Value::as_str);
            cursor = next.filter(|next| !next.is_empty()).map(str::to_owned);
            if cursor.is_none() || tools.len() >= MOST {
                break;
            }
        }
        tools.truncate(MOST);
        Ok(tools)
    }

    /// The way to call it.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller {
            peer: self.service.peer().clone(),
            progress: self.progress.clone(),
        }
    }

    /// Whether it is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.service.is_closed() || self.service.peer().is_transport_closed()
    }

    /// What its process said last; empty when nothing, or when it is none.
    #[must_use]
    pub fn last_words(&self) -> String {
        self.complaints
            .as_ref()
            .map_or_else(String::new, Complaints::last)
    }

    /// Closes it; what was started for it ends.
    pub async fn close(mut self) {
        let _ = self.service.close_with_timeout(CLOSING).await;
    }
}

/// The way to call the tools of a connection.
#[derive(Clone)]
pub struct Caller {
    peer: Peer<RoleClient>,
    progress: broadcast::Sender<ProgressNotificationParam>,
}

/// Tells the server that nobody waits any more, unless the answer came.
struct Withdrawal {
    peer: Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), Handle::try_current()) else {
            return;
        };
        let peer = self.peer.clone();
        runtime.spawn(async move {
            let why = Some("nobody waits for it any more".to_owned());
            let params = CancelledNotificationParam::new(Some(id), why);
            let notice = CancelledNotification::new(params);
            let _ = peer.send_notification(notice.into()).await;
        });
    }
}

impl Caller {
    /// Calls a tool. Each sign of progress begins the patience anew. Dropping the future withdraws the
    /// call.
    ///
    /// # Errors
    /// Why there is no result.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        patience: &Patience,
        told: &mpsc::Sender<String>,
    ) -> Result<Value, Trouble> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let options = PeerRequestOptions::with_timeout(patience.call)
            .reset_timeout_on_progress()
            .with_max_total_timeout(patience.total);
        let mut progress = self.progress.subscribe();
        let request = CallToolRequest::new(params);
        let handle = self
            .peer
            .send_cancellable_request(request.into(), options)
            .await
            .map_err(|error| trouble(&error))?;
        let mut withdrawal = Withdrawal {
            peer: self.peer.clone(),
            id: Some(handle.id.clone()),
        };
        let token = handle.progress_token.clone();
        let answer = handle.await_response();
        tokio::pin!(answer);
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut answer => break answer,
                sign = progress.recv() => match sign {
                    Ok(sign) if sign.progress_token == token => {
                        let _ = told.try_send(how_far(&sign));
                    }
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => break answer.await,
                },
            }
        };
        // It was answered, or withdrawn by the library when the patience ended.
        withdrawal.id = None;
        answer
            .map(|result| plain(&result))
            .map_err(|error| trouble(&error))
    }
}

/// How far a call is, in words.
fn how_far(sign: &ProgressNotificationParam) -> String {
    let share = match sign.total {
        Some(total) if total > 0.0 => format!("{} of {}", round(sign.progress), round(total)),
        _ => round(sign.progress),
    };
    let words = sign.message.as_deref().unwrap_or_default();
    let words = clean::line(words);
    let words = words.trim();
    if words.is_empty() {
        return share;
    }
    let words = &words[..words.floor_char_boundary(SHORT / 4)];
    // A number of nobody knows how many says less than the words.
    match sign.total {
        Some(_) => format!("{share} · {words}"),
        None => words.to_owned(),
    }
}

fn round(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The transport over HTTP.
fn web(remote: &Remote) -> Result<impl Transport<RoleClient> + 'static, String> {
    let mut headers = HashMap::new();
    for (name, value) in &remote.headers {
        let shown = clean::line(name).into_owned();
        let name = name
            .parse()
            .map_err(|_| format!("`{shown}` is no header"))?;
        let value = value.expose_secret().parse();
        let value =
            value.map_err(|_| format!("the value of the header `{shown}` cannot be sent"))?;
        headers.insert(name, value);
    }
    let client = bare::client(&remote.url)?;
    let config = StreamableHttpClientTransportConfig::with_uri(remote.url.as_str())
        .custom_headers(headers)
        .max_sse_event_size(EVENT);
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

/// A result as JSON, whatever the library took it for.
fn plain(result: &ServerResult) -> Value {
    serde_json::to_value(result).unwrap_or(Value::Null)
}

fn trouble(error: &ServiceError) -> Trouble {
    match error {
        ServiceError::TransportClosed | ServiceError::TransportSend(_) => Trouble::Lost,
        ServiceError::Timeout { timeout } => Trouble::Failed(format!(
            "no answer within {} s; the call was withdrawn",
            timeout.as_secs()
        )),
        ServiceError::McpError(error) => Trouble::Failed(short(&error.message)),
        other => Trouble::Failed(short(&chain(other))),
    }
}

fn opening(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::JsonRpcError(error) => {
            format!("it refuses: {}", short(&error.message))
        }
        ClientInitializeError::ConnectionClosed(_) => "it ended before it had answered".to_owned(),
        other => short(&chain(other)),
    }
}

/// An error with its reasons.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(reason) = next {
        let words = reason.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = reason.source();
    }
    text
}

fn short(text: &str) -> String {
    let text = clean::line(text);
    text[..text.floor_char_boundary(SHORT)].to_owned()
}

fn with_last_words(why: String, complaints: Option<&Complaints>) -> String {
    let last = complaints.map_or_else(String::new, Complaints::last);
    if last.is_empty() {
        why
    } else {
        format!("{why}. Its last words: {last}")
    }
}
