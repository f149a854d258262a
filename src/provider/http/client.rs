//! The HTTP client: built once, on first use, and shared by every agent, `doctor` and discovery.
//!
//! Three connection pools because the connect timeout belongs to the pool: servers far away, servers
//! on this machine (which also never go through a proxy), and probes. The system's certificates are
//! loaded only where TLS may be needed, so a machine without any still reaches its own servers.
//! Redirects are never followed:
//! keys must not travel to another host, and a redirected POST would lose its body. Proxies and
//! `SSL_CERT_FILE` are taken from the environment by the libraries below.
//!
//! It also keeps what each server turned out not to take ([`Adaptation`]), by base URL and model.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use secrecy::ExposeSecret;

use tokio::time::{Instant, sleep};

use crate::logging::{self, Area, Level, tell};
use crate::protocol::Failure;

use super::super::Endpoint;
use super::super::retry::Policy;
use super::super::wire::{Adaptation, Outgoing};
use super::super::words::without_key;
use super::circuit::Circuit;
use super::compact::Accept;
use super::headers::dressed;
use super::known::Known;
use super::pace::Pace;
use super::trouble;

/// Largest body that is read whole from a listing or a probe.
const MAX_LISTING: usize = 8 * 1024 * 1024;
/// Largest error body that is read.
const MAX_ERROR: usize = 64 * 1024;

/// How long to wait for a server of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the connection.
    pub connect: Duration,
    /// For the head of the answer.
    pub first_byte: Duration,
    /// Between two pieces of the stream, comments included.
    pub idle: Duration,
    /// Between two frames with content: guards against endless keep-alives.
    pub useful: Duration,
}

/// All waits of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Servers elsewhere.
    pub cloud: Patience,
    /// Servers on this machine: they may load a model first.
    pub local: Patience,
    /// After the reply is complete, for a usage report and the end mark.
    pub tail: Duration,
    /// For a whole listing, and for the body of an error.
    pub listing: Duration,
    /// For the connection of a probe.
    pub probe_connect: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            cloud: Patience {
                connect: seconds(10),
                first_byte: seconds(60),
                idle: seconds(120),
                useful: seconds(600),
            },
            local: Patience {
                connect: seconds(2),
                first_byte: seconds(600),
                idle: seconds(300),
                useful: seconds(900),
            },
            tail: seconds(5),
            listing: seconds(10),
            probe_connect: Duration::from_millis(150),
        }
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Body, invalid UTF-8 replaced.
    pub body: String,
}

/// What a probe met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// An answer.
    Answer(Answer),
    /// Nothing listens there.
    Refused,
    /// Something else: no HTTP, no route, too slow.
    Silent,
}

/// The shared client. Cloning is cheap; making one costs nothing until the first request.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// Where the grid of pauses begins.
    began: Instant,
    timeouts: Timeouts,
    policy: Policy,
    cloud: Pools,
    local: Pools,
    probe: Pools,
    learnt: Mutex<HashMap<(String, String), Adaptation>>,
    paces: Mutex<HashMap<u64, Pace>>,
    pub(super) circuits: Mutex<HashMap<String, Circuit>>,
    pub(super) known: Mutex<HashMap<(String, String), Known>>,
}

/// The pools of one route.
#[derive(Default)]
struct Pools {
    /// Trusts the system's certificates.
    secure: OnceLock<Result<reqwest::Client, String>>,
    /// Trusts nobody: for plain HTTP.
    plain: OnceLock<Result<reqwest::Client, String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    System,
    Nobody,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    Cloud,
    Local,
    Probe,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client with the usual waits.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Timeouts::default(), Policy::default())
    }

    /// A client with waits of its own.
    #[must_use]
    pub fn with(timeouts: Timeouts, policy: Policy) -> Self {
        Self(Arc::new(Inner {
            began: Instant::now(),
            timeouts,
            policy,
            cloud: Pools::default(),
            local: Pools::default(),
            probe: Pools::default(),
            learnt: Mutex::new(HashMap::new()),
            paces: Mutex::new(HashMap::new()),
            circuits: Mutex::new(HashMap::new()),
            known: Mutex::new(HashMap::new()),
        }))
    }

    /// Waits for the next point of a grid of `step`: all streams of a client that wait are woken by
    /// one wake-up.
    pub(super) async fn pause(&self, step: Duration) {
        let past = self.0.began.elapsed();
        let into = past.as_nanos() % step.as_nanos().max(1);
        sleep(step.saturating_sub(Duration::from_nanos(into as u64))).await;
    }

    /// Its waits.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.0.timeouts
    }

    /// The waits that apply to an endpoint.
    #[must_use]
    pub fn patience(&self, endpoint: &Endpoint) -> Patience {
        if endpoint.local {
            self.0.timeouts.local
        } else {
            self.0.timeouts.cloud
        }
    }

    /// Its retry rules.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.0.policy
    }

    /// Books a call of about `tokens` tokens; how long it has to wait for the plan of its key, or
    /// because the server asked for a pause.
    pub(super) fn book(&self, endpoint: &Endpoint, tokens: u64) -> Duration {
        let now = self.now();
        let mut paces = self.paces();
        let pace = paces.entry(account(endpoint)).or_default();
        let start = pace.book(endpoint.rate_limit, tokens, now);
        Duration::from_millis(start.saturating_sub(now))
    }

    /// The server has had too many requests of this key: nobody sends more until the time it named.
    pub(super) fn slow_down(&self, endpoint: &Endpoint, asked_ms: Option<u64>) {
        // A wait that is too long ends the call; the others need not share it.
        let Some(wait) = asked_ms.filter(|wait| *wait <= self.0.policy.asked_cap_ms) else {
            return;
        };
        let now = self.now();
        self.paces()
            .entry(account(endpoint))
            .or_default()
            .pause(wait, now);
    }

    pub(super) fn now(&self) -> u64 {
        self.0.began.elapsed().as_millis() as u64
    }

    fn paces(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Pace>> {
        self.0.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server of this endpoint is known not to take.
    #[must_use]
    pub fn learnt(&self, endpoint: &Endpoint) -> Adaptation {
        self.memory()
            .get(&place(endpoint))
            .copied()
            .unwrap_or_default()
    }

    /// Remembers what a server does not take, for all agents that use it.
    pub fn learn(&self, endpoint: &Endpoint, adaptation: Adaptation) {
        self.memory().insert(place(endpoint), adaptation);
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), Adaptation>> {
        self.0.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `GET {base}{path}` with the endpoint's key, read whole.
    ///
    /// # Errors
    ///
    /// Connection trouble, or no answer in time. Any status is an answer.
    pub async fn get(&self, endpoint: &Endpoint, path: &str) -> Result<Answer, Failure> {
        let wait = self.0.timeouts.listing;
        let began = self.now();
        let work = async {
            let url = join(&endpoint.base_url, path);
            let request = self
                .pool(route(endpoint), &url)?
                .get(url)
                .header(ACCEPT, "application/json");
            let request = dressed(request, endpoint, &[])?;
            let response = request
                .send()
                .await
                .map_err(|error| trouble::sending(&error, endpoint))?;
            let status = response.status().as_u16();
            let body = read_some(response, MAX_LISTING).await;
            Ok(Answer { status, body })
        };
        let answer = tokio::time::timeout(wait, work)
            .await
            .unwrap_or_else(|_| Err(trouble::silence(endpoint, wait)));
        let status = answer.as_ref().map(|answer| answer.status);
        self.log("GET", (endpoint, path), status, began);
        answer.map_err(|failure| without_key(failure, endpoint))
    }

    /// Tells a request in the log: where to and what came of it, never what was in it.
    fn log(
        &self,
        method: &str,
        (endpoint, path): (&Endpoint, &str),
        status: Result<u16, &Failure>,
        began: u64,
    ) {
        let level = match status {
            Ok(200..300) => Level::Debug,
            Ok(_) | Err(_) => Level::Warn,
        };
        tell(level, Area::Http, || {
            let ms = self.now().saturating_sub(began);
            let place = logging::place(&join(&endpoint.base_url, path));
            match status {
                Ok(status) => format!("{method} {place} {status} after {ms} ms"),
                Err(failure) => {
                    let failure = without_key(failure.clone(), endpoint);
                    format!("{method} {place} failed after {ms} ms: {}", failure.message)
                }
            }
        });
    }

    /// `GET url` without a key; the caller bounds the time.
    pub async fn probe(&self, url: &str) -> Probe {
        let Ok(pool) = self.pool(Route::Probe, url) else {
            return Probe::Silent;
        };
        match pool
            .get(url)
            .header(ACCEPT, "application/json")
            .send()
            .await
        {
            Ok(response) => {
                let status = response.status().as_u16();
                let body = read_some(response, MAX_LISTING).await;
                Probe::Answer(Answer { status, body })
            }
            Err(error) if trouble::is_refused(&error) => Probe::Refused,
            Err(_) => Probe::Silent,
        }
    }

    /// Sends a request for a stream and waits for the head of the answer.
    pub(super) async fn post(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing,
    ) -> Result<reqwest::Response, Failure> {
        let wait = self.patience(endpoint).first_byte;
        self.post_as(endpoint, outgoing, (Accept::Events, wait))
            .await
    }

    /// Sends a request for one form of answer and waits for its head.
    pub(super) async fn post_as(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing,
        (accept, wait): (Accept, Duration),
    ) -> Result<reqwest::Response, Failure> {
        let path = outgoing.path.clone();
        let url = join(&endpoint.base_url, &path);
        let request = self
            .pool(route(endpoint), &url)?
            .post(url)
            .header(ACCEPT, accept.kind())
            // A compressing proxy would hold events back until its window is full.
            .header(ACCEPT_ENCODING, "identity")
            .header(CONTENT_TYPE, "application/json")
            .body(outgoing.body);
        let request = dressed(request, endpoint, &outgoing.betas)?;
        let began = self.now();
        let answer = match tokio::time::timeout(wait, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(trouble::sending(&error, endpoint)),
            Err(_) => Err(trouble::silence(endpoint, wait)),
        };
        let status = answer.as_ref().map(|response| response.status().as_u16());
        self.log("POST", (endpoint, &path), status, began);
        answer
    }

    /// The body of an error, as much as matters, as far as it comes in time.
    pub(super) async fn error_body(&self, response: reqwest::Response) -> String {
        tokio::time::timeout(self.0.timeouts.listing, read_some(response, MAX_ERROR))
            .await
            .unwrap_or_default()
    }

    fn pool(&self, route: Route, url: &str) -> Result<reqwest::Client, Failure> {
        let timeouts = &self.0.timeouts;
        let (pools, connect) = match route {
            Route::Cloud => (&self.0.cloud, timeouts.cloud.connect),
            Route::Local => (&self.0.local, timeouts.local.connect),
            Route::Probe => (&self.0.probe, timeouts.probe_connect),
        };
        let https = url
            .trim_start()
            .get(..6)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        // A proxy may want TLS where the server does not.
        if https || route == Route::Cloud {
            let made = pools
                .secure
                .get_or_init(|| build(route, connect, Trust::System));
            if https || made.is_ok() {
                return made.clone().map_err(|error| trouble::client(&error));
            }
        }
        pools
            .plain
            .get_or_init(|| build(route, connect, Trust::Nobody))
            .clone()
            .map_err(|error| trouble::client(&error))
    }
}

fn build(route: Route, connect: Duration, trust: Trust) -> Result<reqwest::Client, String> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("massgen-tui/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .gzip(true)
        .connect_timeout(connect)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(90));
    if route != Route::Cloud {
        builder = builder.no_proxy();
    }
    if trust == Trust::Nobody {
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| trouble::chain(&error))
}

fn route(endpoint: &Endpoint) -> Route {
    if endpoint.local {
        Route::Local
    } else {
        Route::Cloud
    }
}

/// Who pays: a key at a server. The key itself is not kept.
fn account(endpoint: &Endpoint) -> u64 {
    let mut hasher = DefaultHasher::new();
    endpoint.base_url.hash(&mut hasher);
    let key = endpoint.key.as_ref().map(ExposeSecret::expose_secret);
    key.hash(&mut hasher);
    hasher.finish()
}

fn place(endpoint: &Endpoint) -> (String, String) {
    (endpoint.base_url.clone(), endpoint.model.clone())
}

/// Puts a path behind a base URL, before its query (Azure's `?api-version=…`).
fn join(base: &str, path: &str) -> String {
    let (base, query) = match base.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (base, String::new()),
    };
    let base = base.trim().trim_end_matches('/');
    let base = ["/chat/completions", "/responses", "/messages"]
        .iter()
        .find_map(|own| base.strip_suffix(own))
        .unwrap_or(base);
    format!("{base}{path}{query}")
}

/// Reads a body up to `limit` bytes; what came before an error counts.
pub(super) async fn read_some(mut response: reqwest::Response, limit: usize) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= limit {
            body.truncate(limit);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::endpoint;
    use super::trouble::check_address;
    use super::*;

    #[test]
    fn addresses_are_joined() {
        for (base, expected) in [
            ("http://h/v1", "http://h/v1/models"),
            ("http://h/v1/", "http://h/v1/models"),
            (
                "http://h/v1?api-version=1",
                "http://h/v1/models?api-version=1",
            ),
            ("http://h/v1/chat/completions", "http://h/v1/models"),
        ] {
            assert_eq!(join(base, "/models"), expected);
        }
    }

    #[test]
    fn addresses_are_checked() {
        for (base, good) in [
            ("http://127.0.0.1:1/v1", true),
            ("https://h", true),
            ("127.0.0.1:1234", false),
            ("ftp://h", false),
            ("", false),
            ("http://", false),
        ] {
            assert_eq!(check_address(&endpoint(base)).is_ok(), good, "{base}");
        }
    }

    #[test]
    fn what_was_learnt_is_shared() {
        let client = Client::new();
        let endpoint = endpoint("http://h");
        let adaptation = Adaptation {
            no_tools: true,
            ..Adaptation::default()
        };
        client.clone().learn(&endpoint, adaptation);
        assert_eq!(client.learnt(&endpoint), adaptation);
        let mut other = endpoint.clone();
        other.model = "another".to_owned();
        assert_eq!(client.learnt(&other), Adaptation::default());
    }
}
