//! The demo team's model server: HTTP/1.1 on the loopback interface, the only door to hyper.
//!
//! Not reachable from outside this machine, and not usable by others on it: it listens on 127.0.0.1
//! only, wants a random token, and refuses a `Host` that does not name the loopback interface (a web
//! page could otherwise reach it under a name of its own). Stops when [`DemoServer`] is dropped.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::TryStreamExt as _;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    header::{self, HeaderMap, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    director::Director,
    pace::Speed,
    player::{self, Cut},
    route::{Answer, Place, Refusal, Route, Stage},
    script::Scenario,
    token,
    wire::{self, Family, Wish},
};
use crate::protocol::{Failure, FailureKind};

/// Largest request body.
const BODY_LIMIT: usize = 64 << 20;

/// How to run a server.
#[derive(Debug, Default)]
pub struct Options {
    /// Pace.
    pub speed: Speed,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Token; a random one when `None`.
    pub token: Option<String>,
    /// The only scenario to serve; any when `None`.
    pub scenario: Option<Arc<Scenario>>,
    /// Gets a line per request; lines are dropped when it is full.
    pub log: Option<mpsc::Sender<String>>,
}

/// A running server.
#[derive(Debug)]
pub struct DemoServer {
    address: SocketAddr,
    token: String,
    sessions: AtomicU64,
    _stop: DropGuard,
}

impl DemoServer {
    /// Starts a server on a free port with a random token, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Local`] when the loopback interface gives no port.
    pub async fn start(speed: Speed) -> Result<Self, Failure> {
        Self::start_with(Options {
            speed,
            ..Options::default()
        })
        .await
    }

    /// Starts a server as told.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Local`] when the port cannot be had.
    pub async fn start_with(options: Options) -> Result<Self, Failure> {
        let trouble = |error: std::io::Error| {
            let port = options.port;
            Failure::new(
                FailureKind::Local,
                format!("The demo server cannot listen on 127.0.0.1 port {port}: {error}."),
            )
            .hint("Choose another port, or 0 for any free one.")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .map_err(trouble)?;
        let address = listener.local_addr().map_err(trouble)?;
        let token = options.token.unwrap_or_else(token::random);
        let stop = CancellationToken::new();
        let house = House {
            stage: Stage {
                director: Director::start(),
                speed: options.speed,
                scenario: options.scenario,
            },
            token: token.clone(),
            port: address.port(),
            requests: AtomicU64::new(0),
            log: options.log,
        };
        tokio::spawn(accept(listener, Arc::new(house), stop.clone()));
        Ok(Self {
            address,
            token,
            sessions: AtomicU64::new(0),
            _stop: stop.drop_guard(),
        })
    }

    /// Base URL without a session, ending in `/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Base URL of a new session, in which every script is at its beginning; ends in `/v1`.
    #[must_use]
    pub fn session(&self) -> String {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        format!("http://{}/s/{number}/v1", self.address)
    }

    /// The bearer token every request needs.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }
}

/// What all connections share.
struct House {
    stage: Stage,
    token: String,
    port: u16,
    requests: AtomicU64,
    log: Option<mpsc::Sender<String>>,
}

type Reply = Response<UnsyncBoxBody<Bytes, Cut>>;

async fn accept(listener: TcpListener, house: Arc<House>, stop: CancellationToken) {
    loop {
        let connection = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match connection {
            Ok((stream, _)) => {
                let (house, stop) = (Arc::clone(&house), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = serve(stream, house) => {}
                    }
                });
            }
            // Too many open files, or a client gone before it was accepted: nothing to answer.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn serve(stream: TcpStream, house: Arc<House>) {
    // Small frames must leave at once; without it they wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let house = Arc::clone(&house);
        async move { Ok::<_, Infallible>(house.answer(request).await) }
    });
    // An error here is a client that left or a script's cut: both end the connection, as meant.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl House {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let line = format!("{} {}", request.method(), request.uri().path());
        let (mut reply, note) = match self.admit(&request) {
            Err(refusal) => (refused(&refusal), String::new()),
            Ok(route) => self.perform(&route, request, number).await,
        };
        if let Ok(id) = HeaderValue::from_str(&format!("req_{number}")) {
            reply
                .headers_mut()
                .insert(HeaderName::from_static("x-request-id"), id);
        }
        if let Some(log) = &self.log {
            let _ = log.try_send(format!("{line} {} {note}", reply.status().as_u16()));
        }
        reply
    }

    /// Who may come in, and where to.
    fn admit(&self, request: &Request<Incoming>) -> Result<Route, Refusal> {
        if !self.own_host(request.headers()) {
            let message = "This server answers to 127.0.0.1 and localhost only.";
            return Err(Refusal::new(Family::Chat, 421, message, "wrong_host"));
        }
        let family = Route::read(request.uri().path()).map_or(Family::Chat, |route| route.family);
        let bearer = given_key(request.headers());
        if !bearer.is_some_and(|given| token::matches(given.trim(), &self.token)) {
            let message = if bearer.is_some() {
                "Incorrect API key provided. The demo server's token is printed when it starts."
            } else {
                "You didn't provide an API key: send `Authorization: Bearer TOKEN`."
            };
            return Err(Refusal::new(family, 401, message, "invalid_api_key"));
        }
        let (method, path) = (request.method(), request.uri().path());
        let Some(route) = Route::read(path) else {
            let message = format!("Unknown request URL: {method} {path}.");
            return Err(Refusal::new(family, 404, &message, "unknown_url"));
        };
        let wanted = match route.place {
            Place::Models | Place::Model(_) => Method::GET,
            Place::Call(_) | Place::Compact => Method::POST,
        };
        if *method != wanted {
            let message = format!("{method} is not allowed on {path}; use {wanted}.");
            return Err(Refusal::new(family, 405, &message, "method_not_allowed"));
        }
        Ok(route)
    }

    fn own_host(&self, headers: &HeaderMap) -> bool {
        let host = headers
            .get(header::HOST)
            .and_then(|value| value.to_str().ok());
        ["127.0.0.1", "localhost"]
            .iter()
            .any(|name| host == Some(format!("{name}:{}", self.port).as_str()))
    }

    async fn perform(
        &self,
        route: &Route,
        request: Request<Incoming>,
        number: u64,
    ) -> (Reply, String) {
        let betas = request.headers().get("anthropic-beta");
        let betas = betas.and_then(|value| value.to_str().ok());
        let betas = betas.unwrap_or_default().to_owned();
        match &route.place {
            Place::Models => {
                let list = wire::models(route.family, &self.stage.models());
                (json(StatusCode::OK, &list), String::new())
            }
            Place::Model(id) => {
                let known = self.stage.models().contains(id);
                let reply = if known {
                    let list = wire::models(route.family, std::slice::from_ref(id));
                    let rows = if route.family == Family::Gemini {
                        "models"
                    } else {
                        "data"
                    };
                    json(StatusCode::OK, &list[rows][0])
                } else {
                    let message = format!("The model `{id}` does not exist.");
                    refused(&Refusal::new(
                        route.family,
                        404,
                        &message,
                        "model_not_found",
                    ))
                };
                (reply, String::new())
            }
            Place::Call(_) | Place::Compact => match Limited::new(request.into_body(), BODY_LIMIT)
                .collect()
                .await
            {
                Ok(body) => self.call(route, &body.to_bytes(), (number, &betas)).await,
                Err(error) => {
                    let message = format!("The request body could not be read: {error}");
                    (
                        refused(&Refusal::new(route.family, 413, &message, "body")),
                        String::new(),
                    )
                }
            },
        }
    }

    async fn call(
        &self,
        route: &Route,
        body: &[u8],
        (number, betas): (u64, &str),
    ) -> (Reply, String) {
        let wish = wire::wish(route.family, body, betas);
        if let Wish::Unknown(field) = wish {
            let message = format!("{field}: Extra inputs are not permitted");
            let refusal = Refusal::new(route.family, 400, &message, "invalid_request");
            return (refused(&refusal), format!("{field} without its beta"));
        }
        if route.place == Place::Compact || wish == Wish::Compaction {
            return match self.stage.compact(route.family, body, number) {
                Ok(smaller) => (json(StatusCode::OK, &smaller), "compaction".into()),
                Err(refusal) => (refused(&refusal), "no compaction".into()),
            };
        }
        let (answer, note) = self.stage.call(route, body, number).await;
        let reply = match answer {
            Answer::Refused(refusal) => refused(&refusal),
            Answer::Silence => std::future::pending().await,
            Answer::Stream(reply, setting) => {
                let frames = player::play(reply, setting);
                let body = StreamBody::new(frames.map_ok(|bytes| Frame::data(Bytes::from(bytes))));
                let mut response = Response::new(body.boxed_unsync());
                let headers = response.headers_mut();
                let sse = HeaderValue::from_static("text/event-stream; charset=utf-8");
                headers.insert(header::CONTENT_TYPE, sse);
                let fresh = HeaderValue::from_static("no-cache");
                headers.insert(header::CACHE_CONTROL, fresh);
                response
            }
            Answer::Whole {
                reply,
                body,
                setting,
            } => {
                player::wait_out(&reply.score, setting.speed).await;
                setting.ledger.commit(reply.commit).await;
                json(StatusCode::OK, &body)
            }
        };
        (reply, note)
    }
}

/// The key, wherever the families put it.
fn given_key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .or_else(|| text("x-api-key"))
        .or_else(|| text("x-goog-api-key"))
}

fn refused(refusal: &Refusal) -> Reply {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut reply = json(status, &refusal.body);
    let headers = reply.headers_mut();
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

fn json(status: StatusCode, body: &Value) -> Reply {
    let full = Full::from(body.to_string()).map_err(|never| match never {});
    let mut reply = Response::new(full.boxed_unsync());
    *reply.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}
