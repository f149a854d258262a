//! The HTTP provider against a raw server on loopback: bytes released one by one, and every way in
//! which a server can fail.

use std::time::Duration;

use futures_util::StreamExt as _;
use massgen_tui::protocol::{
    CallEvent, Failure, FailureKind, Message, ServerKind, ToolCall, ToolChoice, ToolSpec,
};
use massgen_tui::provider::discovery::{Targets, discover};
use massgen_tui::provider::http::{Client, HttpProvider, Patience, Timeouts};
use massgen_tui::provider::retry::Policy;
use massgen_tui::provider::{
    Endpoint, Manners, Provider, RateLimit, Request, StopReason, StreamEvent, ToolCalling, Wire,
    listing,
};
use serde_json::{Map, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::harness::scripted::{Scripted, Step};
use super::harness::sse_server::Server;

const KEY: &str = "sk-test-0123456789";
const TEXT: &str = include_str!("../fixtures/sse/text.sse");
const CALLS: &str = include_str!("../fixtures/sse/calls.sse");
/// Never reached.
const LONG: Duration = Duration::from_mins(10);
/// For waits that must end; long enough for a busy machine to do something else first.
const SHORT: Duration = Duration::from_millis(250);

/// Generous waits, hardly any pause between attempts.
fn patient() -> Patience {
    Patience {
        connect: LONG,
        first_byte: LONG,
        idle: LONG,
        useful: LONG,
    }
}

fn client_with(patience: Patience) -> Client {
    client_with_tail(patience, LONG)
}

fn client_with_tail(patience: Patience, tail: Duration) -> Client {
    let timeouts = Timeouts {
        cloud: patience,
        local: patience,
        tail,
        listing: LONG,
        probe_connect: LONG,
    };
    let policy = Policy {
        base_ms: 2,
        overloaded_base_ms: 2,
        spread_ms: 0,
        ..Policy::default()
    };
    Client::with(timeouts, policy)
}

fn endpoint(base_url: String) -> Endpoint {
    Endpoint {
        backend: "openai".to_owned(),
        base_url,
        model: "test-model".to_owned(),
        key: Some(KEY.to_owned().into()),
        key_variable: Some("OPENAI_API_KEY".to_owned()),
        parameters: Map::new(),
        tool_calling: ToolCalling::Auto,
        wire: Wire::Chat,
        local: true,
        price: None,
        rate_limit: RateLimit::default(),
        manners: Manners::default(),
        context: massgen_tui::protocol::Context::default(),
    }
}

fn request() -> Request {
    Request {
        messages: vec![Message::User {
            text: "Q".to_owned(),
        }],
        tools: vec![ToolSpec {
            name: "vote".to_owned(),
            description: "Vote.".to_owned(),
            parameters: json!({"type": "object"}),
        }],
        choice: ToolChoice::Auto,
    }
}

/// A call under way; its events arrive as they are decoded.
struct Call(mpsc::Receiver<Result<StreamEvent, Failure>>);

impl Call {
    fn start(client: Client, endpoint: Endpoint) -> Self {
        Self::through(&HttpProvider::new(client, endpoint))
    }

    fn through(provider: &dyn Provider) -> Self {
        let (sender, receiver) = mpsc::channel(64);
        let mut stream = provider.stream(request());
        tokio::spawn(async move {
            while let Some(item) = stream.next().await {
                if sender.send(item).await.is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    fn in_family(server: &Server, wire: Wire) -> Self {
        let endpoint = Endpoint {
            wire,
            ..endpoint(server.base_url())
        };
        Self::start(client_with(patient()), endpoint)
    }

    fn to(server: &Server) -> Self {
        Self::start(client_with(patient()), endpoint(server.base_url()))
    }

    async fn next(&mut self) -> Result<StreamEvent, Failure> {
        let item = self.0.recv().await.expect("one more event");
        if let Err(failure) | Ok(StreamEvent::Call(CallEvent::Retrying { failure, .. })) = &item {
            let all = format!("{failure:?}");
            assert!(!all.contains(KEY), "the key leaks: {all}");
        }
        item
    }

    /// Everything up to the end.
    async fn rest(mut self) -> Reply {
        let mut reply = Reply::default();
        while !self.0.is_closed() || !self.0.is_empty() {
            let Some(item) = self.0.recv().await else {
                break;
            };
            reply.add(item);
        }
        reply
    }
}

#[derive(Debug, Default, PartialEq)]
struct Reply {
    text: String,
    thinking: String,
    calls: Vec<ToolCall>,
    tokens: Option<(u64, u64, u64, u64)>,
    stop: Option<StopReason>,
    retries: Vec<FailureKind>,
    switches: Vec<(String, FailureKind)>,
    waits: Vec<u64>,
    failure: Option<Failure>,
}

impl Reply {
    fn add(&mut self, item: Result<StreamEvent, Failure>) {
        assert_eq!(
            (self.stop, &self.failure),
            (None, &None),
            "nothing follows the end"
        );
        match item {
            Ok(StreamEvent::Text(text)) => self.text.push_str(&text),
            Ok(StreamEvent::Thinking(text)) => self.thinking.push_str(&text),
            Ok(
                StreamEvent::ToolStart { .. }
                | StreamEvent::ToolArguments { .. }
                | StreamEvent::Carried(_)
                | StreamEvent::Call(CallEvent::Circuit { .. } | CallEvent::Loading { .. }),
            ) => {}
            Ok(StreamEvent::ToolCall(call)) => self.calls.push(call),
            Ok(StreamEvent::Call(CallEvent::Switched { to, failure })) => {
                self.switches.push((to, failure.kind));
            }
            Ok(StreamEvent::Call(CallEvent::Compacted { .. })) => panic!("only a seat tells it"),
            Ok(StreamEvent::Call(CallEvent::Held { held_ms: wait_ms })) => self.waits.push(wait_ms),
            Ok(StreamEvent::Call(CallEvent::Retrying { failure, .. })) => {
                self.retries.push(failure.kind);
            }
            Ok(StreamEvent::Nested(_) | StreamEvent::Tool(_) | StreamEvent::Permission(_)) => {
                panic!("a model has no team and asks nobody")
            }
            Ok(StreamEvent::Usage(usage)) => {
                self.tokens = Some((usage.input, usage.cached, usage.output, usage.reasoning));
            }
            Ok(StreamEvent::Stop(stop)) => self.stop = Some(stop),
            Err(failure) => {
                assert!(!format!("{failure:?}").contains(KEY), "the key leaks");
                self.failure = Some(failure);
            }
        }
    }

    fn kind(&self) -> Option<FailureKind> {
        self.failure.as_ref().map(|failure| failure.kind)
    }

    fn message(&self) -> String {
        self.failure
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

fn text_reply() -> Reply {
    Reply {
        text: "Grüße, 世界 🦀".to_owned(),
        thinking: "Let me see … 漢".to_owned(),
        tokens: Some((20, 16, 9, 6)),
        stop: Some(StopReason::EndTurn),
        ..Reply::default()
    }
}

/// Serves `body` as one event stream on the next connection.
async fn stream_once(server: &Server, body: &str) {
    let mut connection = server.accept().await;
    connection.open().await;
    connection.send(body).await;
    connection.finish().await;
}

#[tokio::test]
async fn the_request_and_its_headers() {
    let server = Server::start().await;
    let call = Call::to(&server);
    let mut connection = server.accept().await;
    let request = &connection.request;
    assert_eq!(request.line, "POST /v1/chat/completions");
    let bearer = format!("Bearer {KEY}");
    assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    let agent = concat!("massgen-tui/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(agent));
    let body = request.json();
    assert_eq!(body["model"], "test-model");
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert_eq!(body["tools"][0]["function"]["name"], "vote");
    connection.open().await;
    connection.send(TEXT).await;
    connection.finish().await;
    assert_eq!(call.rest().await, text_reply());
}

#[tokio::test]
async fn headers_of_the_configuration_and_azures_key() {
    let server = Server::start().await;
    let own = Manners {
        headers: vec![("x-title".to_owned(), "team".to_owned().into())],
        ..Manners::default()
    };
    let azure = Endpoint {
        backend: "azure_openai".to_owned(),
        manners: own,
        ..endpoint(format!("{}?api-version=preview", server.base_url()))
    };
    let call = Call::start(client_with(patient()), azure);
    let connection = server.accept().await;
    let request = &connection.request;
    assert_eq!(
        request.line,
        "POST /v1/chat/completions?api-version=preview"
    );
    assert_eq!(request.header("x-title"), Some("team"));
    assert_eq!(request.header("api-key"), Some(KEY));
    assert_eq!(request.header("authorization"), None);
    connection.reply(401, &[], "{}").await;
    assert_eq!(call.rest().await.kind(), Some(FailureKind::Auth));
}

#[tokio::test]
async fn a_stream_cut_into_single_bytes() {
    for (body, line_end) in [
        (TEXT.to_owned(), "lf"),
        (TEXT.replace('\n', "\r\n"), "crlf"),
    ] {
        let server = Server::start().await;
        let call = Call::to(&server);
        let mut connection = server.accept().await;
        connection.open().await;
        for byte in body.as_bytes() {
            connection.send([*byte]).await;
        }
        connection.finish().await;
        assert_eq!(call.rest().await, text_reply(), "{line_end}");
    }
}

#[tokio::test]
async fn text_arrives_before_the_stream_goes_on() {
    let server = Server::start().await;
    let mut call = Call::to(&server);
    let mut connection = server.accept().await;
    connection.open().await;
    connection
        .send("data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n")
        .await;
    assert_eq!(call.next().await, Ok(StreamEvent::Text("one".to_owned())));
    connection
        .send("data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n")
        .await;
    assert_eq!(call.next().await, Ok(StreamEvent::Text("two".to_owned())));
    connection.cut();
    let reply = call.rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::Transient), "{reply:?}");
    assert!(
        reply.message().contains("in the middle of the reply"),
        "{reply:?}"
    );
    assert!(reply.retries.is_empty(), "no second attempt after content");
    assert!(reply.tokens.is_some(), "what was said is counted");
}

#[tokio::test]
async fn tool_calls_come_complete_at_the_end() {
    let server = Server::start().await;
    let call = Call::to(&server);
    stream_once(&server, CALLS).await;
    let reply = call.rest().await;
    let calls: Vec<_> = reply
        .calls
        .iter()
        .map(|call| {
            (
                call.id.as_str(),
                call.name.as_str(),
                call.arguments.as_str(),
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            ("call_a", "vote", r#"{"agent_id":"agent1"}"#),
            ("call_b", "new_answer", r#"{"content":"x"}"#),
        ]
    );
    assert_eq!(reply.stop, Some(StopReason::ToolUse));
}

#[tokio::test]
async fn answers_that_end_the_call_at_once() {
    let page = "<html><title>Blocked</title></html>";
    for (status, body, kind, words) in [
        (
            401,
            r#"{"error":{"message":"Incorrect API key provided: sk-test-0123456789"}}"#,
            FailureKind::Auth,
            "OPENAI_API_KEY",
        ),
        (
            402,
            r#"{"error":{"message":"Insufficient credits"}}"#,
            FailureKind::Quota,
            "Insufficient credits",
        ),
        (403, page, FailureKind::Auth, "web page"),
        (
            404,
            r#"{"detail":"Not Found"}"#,
            FailureKind::Request,
            "should end in /v1|most servers want it to end in /v1",
        ),
        (
            413,
            r#"{"error":{"message":"Request too large"}}"#,
            FailureKind::Context,
            "Request too large",
        ),
        (
            422,
            r#"{"detail":[{"msg":"Extra inputs"}]}"#,
            FailureKind::Request,
            "Extra inputs",
        ),
        (
            429,
            r#"{"error":{"code":"insufficient_quota","message":"no money"}}"#,
            FailureKind::Quota,
            "no money",
        ),
    ] {
        let server = Server::start().await;
        let call = Call::to(&server);
        server.accept().await.reply(status, &[], body).await;
        let reply = call.rest().await;
        assert_eq!(reply.kind(), Some(kind), "{status}");
        assert!(
            words
                .split('|')
                .any(|words| reply.message().contains(words)),
            "{status}: {}",
            reply.message()
        );
        assert!(reply.retries.is_empty(), "{status}");
    }
}

#[tokio::test]
async fn troubles_that_pass() {
    for (status, body, kind) in [
        (429, "{}", FailureKind::RateLimit),
        (500, "oops", FailureKind::Transient),
        (
            502,
            "<html><title>Bad gateway</title>",
            FailureKind::Transient,
        ),
        (
            503,
            r#"{"error":{"message":"Slots are full","type":"unavailable_error"}}"#,
            FailureKind::Overloaded,
        ),
        (
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#,
            FailureKind::Overloaded,
        ),
    ] {
        let server = Server::start().await;
        let call = Call::to(&server);
        server
            .accept()
            .await
            .reply(status, &[("retry-after", "0")], body)
            .await;
        stream_once(&server, TEXT).await;
        let expected = Reply {
            retries: vec![kind],
            ..text_reply()
        };
        assert_eq!(call.rest().await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_wait_the_server_asks_for_is_told_and_kept() {
    let server = Server::start().await;
    let mut call = Call::to(&server);
    server
        .accept()
        .await
        .reply(429, &[("retry-after-ms", "30")], "{}")
        .await;
    let Ok(StreamEvent::Call(CallEvent::Retrying {
        attempt,
        wait_ms,
        failure,
    })) = call.next().await
    else {
        panic!("a second attempt is announced");
    };
    assert_eq!((attempt, wait_ms), (2, 30));
    assert_eq!(failure.status, Some(429));
    stream_once(&server, TEXT).await;
    assert_eq!(call.rest().await, text_reply());

    let server = Server::start().await;
    let call = Call::to(&server);
    server
        .accept()
        .await
        .reply(429, &[("retry-after", "3600")], "{}")
        .await;
    let reply = call.rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::RateLimit));
    assert!(reply.message().contains("asks to wait 60 min"), "{reply:?}");
}

#[tokio::test]
async fn attempts_are_limited() {
    let server = Server::start().await;
    let call = Call::to(&server);
    for _ in 0..4 {
        server.accept().await.reply(500, &[], "oops").await;
    }
    let reply = call.rest().await;
    assert_eq!(reply.retries.len(), 3);
    assert!(reply.message().contains("after 4 attempts"), "{reply:?}");
}

#[tokio::test]
async fn streams_that_break_before_content_are_repeated() {
    let server = Server::start().await;
    let call = Call::to(&server);
    // Before the head.
    server.accept().await.cut();
    // Before the first byte of the body.
    let mut connection = server.accept().await;
    connection.open().await;
    connection.cut();
    // A frame that is no JSON.
    stream_once(&server, "data: {\"choices\":[{\"del\n\n").await;
    stream_once(&server, TEXT).await;
    let expected = Reply {
        retries: vec![FailureKind::Transient; 3],
        ..text_reply()
    };
    assert_eq!(call.rest().await, expected);
}

#[tokio::test]
async fn troubles_inside_a_stream() {
    let start = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
    for (name, tail, words) in [
        (
            "malformed",
            "data: {\"choices\":[{\"del\n\n",
            "malformed JSON",
        ),
        (
            "error",
            "data: {\"error\":{\"message\":\"upstream gone\",\"code\":502}}\n\n",
            "upstream gone",
        ),
        (
            "event: error",
            "event: error\ndata: {\"message\":\"proxy gone\"}\n\n",
            "proxy gone",
        ),
        ("a clean end too early", "", "in the middle of the reply"),
        (
            "an end within a frame",
            "data: {\"choices\":[{\"del",
            "in the middle of the reply",
        ),
    ] {
        let server = Server::start().await;
        let call = Call::to(&server);
        stream_once(&server, &format!("{start}{tail}")).await;
        let reply = call.rest().await;
        assert_eq!(reply.text, "half", "{name}");
        assert_eq!(reply.kind(), Some(FailureKind::Transient), "{name}");
        assert!(reply.message().contains(words), "{name}: {reply:?}");
        assert!(reply.retries.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn ends_that_servers_forget() {
    let body =
        "data: {\"choices\":[{\"delta\":{\"content\":\"whole\"},\"finish_reason\":\"stop\"}]}\n\n";
    let whole = |reply: &Reply| (reply.text.clone(), reply.stop);
    let expected = ("whole".to_owned(), Some(StopReason::EndTurn));

    let server = Server::start().await;
    let call = Call::to(&server);
    stream_once(&server, body).await;
    assert_eq!(whole(&call.rest().await), expected, "no end mark");

    let server = Server::start().await;
    let call = Call::start(
        client_with_tail(patient(), SHORT),
        endpoint(server.base_url()),
    );
    let mut connection = server.accept().await;
    connection.open().await;
    connection.send(body).await;
    assert_eq!(
        whole(&call.rest().await),
        expected,
        "the connection stays open"
    );
    connection.closed().await;

    let server = Server::start().await;
    let call = Call::to(&server);
    let mut connection = server.accept().await;
    connection.open().await;
    connection.send(body).await;
    connection.cut();
    assert_eq!(whole(&call.rest().await), expected, "cut after the end");

    let server = Server::start().await;
    let call = Call::to(&server);
    stream_once(&server, body.trim_end()).await;
    assert_eq!(
        whole(&call.rest().await),
        expected,
        "no blank line at the end"
    );
}

#[tokio::test]
async fn servers_that_do_not_stream() {
    let answer = r#"{"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    for content_type in ["application/json", "text/event-stream"] {
        let server = Server::start().await;
        let call = Call::to(&server);
        let mut connection = server.accept().await;
        connection.open_as(content_type).await;
        connection
            .send(if content_type == "application/json" {
                answer.to_owned()
            } else {
                format!("data: {}\n\n", answer.replace('\n', ""))
            })
            .await;
        connection.finish().await;
        let reply = call.rest().await;
        assert_eq!(reply.text, "whole", "{content_type}: {reply:?}");
        assert_eq!(reply.tokens, Some((1, 0, 2, 0)), "{content_type}");
    }
    // Events under the wrong name are still events.
    let server = Server::start().await;
    let call = Call::to(&server);
    let mut connection = server.accept().await;
    connection.open_as("application/json").await;
    connection.send("\n").await;
    connection.send(TEXT).await;
    connection.finish().await;
    assert_eq!(call.rest().await, text_reply());

    for (body, kind, words) in [
        (
            r#"{"error":{"message":"no such thing","code":"model_not_found"}}"#,
            FailureKind::Model,
            "no such thing",
        ),
        (
            r#"{"hello":"world"}"#,
            FailureKind::Request,
            "no chat completion",
        ),
    ] {
        let server = Server::start().await;
        let call = Call::to(&server);
        let mut connection = server.accept().await;
        connection.open_as("application/json").await;
        connection.send(body).await;
        connection.finish().await;
        if kind == FailureKind::Model {
            server.accept().await.reply(404, &[], "").await;
        }
        let reply = call.rest().await;
        assert_eq!(reply.kind(), Some(kind), "{body}");
        assert!(reply.message().contains(words), "{reply:?}");
    }
}

#[tokio::test]
async fn an_unknown_model_gets_a_suggestion() {
    let server = Server::start().await;
    let call = Call::to(&server);
    let body = r#"{"error":{"message":"The model does not exist","code":"model_not_found"}}"#;
    server.accept().await.reply(404, &[], body).await;
    let listing = server.accept().await;
    assert_eq!(listing.request.line, "GET /v1/models");
    let models = r#"{"data":[{"id":"other"},{"id":"test-model-2"}]}"#;
    listing.reply(200, &[], models).await;
    let reply = call.rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::Model));
    assert!(
        reply.message().contains("Did you mean test-model-2?"),
        "{reply:?}"
    );
}

#[tokio::test]
async fn connections_that_fail() {
    let server = Server::start().await;
    let address = server.base_url();
    drop(server);
    let reply = Call::start(client_with(patient()), endpoint(address))
        .rest()
        .await;
    assert_eq!(reply.kind(), Some(FailureKind::Transient));
    assert!(
        reply.message().contains("refused the connection"),
        "{reply:?}"
    );
    assert!(reply.message().contains("Start the server"), "{reply:?}");

    // A label of more than 63 letters fails without asking a name server.
    let name = "x".repeat(64);
    let unknown = endpoint(format!("http://{name}/v1"));
    let reply = Call::start(client_with(patient()), unknown).rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::Transient));
    let words = format!("name {name} was not found");
    assert!(reply.message().contains(&words), "{reply:?}");

    let reply = Call::start(
        client_with(patient()),
        endpoint("127.0.0.1:1234".to_owned()),
    )
    .rest()
    .await;
    assert_eq!(reply.kind(), Some(FailureKind::Request));
    assert!(reply.message().contains("is no address"), "{reply:?}");
}

#[tokio::test]
async fn tls_to_a_plain_port() {
    let server = Server::start().await;
    let address = server.base_url().replace("http://", "https://");
    let call = Call::start(client_with(patient()), endpoint(address));
    let mut stream = server.accept_raw().await;
    let mut hello = [0; 1024];
    let _ = stream.read(&mut hello).await;
    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let _ = stream.shutdown().await;
    let reply = call.rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::Local), "not tried again");
    assert!(reply.message().contains("does not speak TLS"), "{reply:?}");
    assert!(reply.message().contains("write http://"), "{reply:?}");
}

#[tokio::test]
async fn silence_has_an_end() {
    // No head.
    let server = Server::start().await;
    let hasty = Patience {
        first_byte: SHORT,
        ..patient()
    };
    let mut call = Call::start(client_with(hasty), endpoint(server.base_url()));
    let held = server.accept().await;
    let Ok(StreamEvent::Call(CallEvent::Retrying { failure, .. })) = call.next().await else {
        panic!("another attempt");
    };
    assert!(
        failure.message.contains("did not answer within 250 ms"),
        "{failure}"
    );
    held.closed().await;
    drop(call);

    // No more bytes.
    let server = Server::start().await;
    let hasty = Patience {
        idle: SHORT,
        ..patient()
    };
    let mut call = Call::start(client_with(hasty), endpoint(server.base_url()));
    let mut connection = server.accept().await;
    connection.open().await;
    connection
        .send("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n")
        .await;
    assert_eq!(call.next().await, Ok(StreamEvent::Text("x".to_owned())));
    let reply = call.rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::Transient));
    assert!(
        reply.message().contains("sent nothing for 250 ms"),
        "{reply:?}"
    );
    connection.closed().await;

    // Comments for ever.
    let server = Server::start().await;
    let hasty = Patience {
        useful: SHORT,
        ..patient()
    };
    let mut call = Call::start(client_with(hasty), endpoint(server.base_url()));
    let mut connection = server.accept().await;
    connection.open().await;
    while connection.send(": waiting\n\n").await {
        tokio::task::yield_now().await;
    }
    let Ok(StreamEvent::Call(CallEvent::Retrying { failure, .. })) = call.next().await else {
        panic!("another attempt");
    };
    assert!(failure.message.contains("sent nothing"), "{failure}");
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server = Server::start().await;
    let mut stream =
        HttpProvider::new(client_with(patient()), endpoint(server.base_url())).stream(request());
    let (first, mut connection) = tokio::join!(stream.next(), async {
        let mut connection = server.accept().await;
        connection.open().await;
        connection
            .send("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n")
            .await;
        connection
    });
    assert_eq!(first, Some(Ok(StreamEvent::Text("x".to_owned()))));
    connection.send(": still here\n\n").await;
    drop(stream);
    connection.closed().await;
}

#[tokio::test]
async fn ten_megabytes_in_one_line() {
    let server = Server::start().await;
    let call = Call::to(&server);
    let mut connection = server.accept().await;
    connection.open().await;
    connection
        .send("data: {\"choices\":[{\"delta\":{\"content\":\"")
        .await;
    let piece = "é".repeat(16 * 1024);
    for _ in 0..320 {
        connection.send(&piece).await;
    }
    connection
        .send("\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
        .await;
    connection.finish().await;
    let reply = call.rest().await;
    assert_eq!(reply.text.len(), 320 * piece.len());
    assert_eq!(reply.stop, Some(StopReason::EndTurn));
}

#[tokio::test]
async fn fields_a_server_refuses_are_left_out_from_then_on() {
    let server = Server::start().await;
    let client = client_with(patient());
    let call = Call::start(client.clone(), endpoint(server.base_url()));
    let refusal = r#"{"error":{"message":"Unrecognized request argument: stream_options"}}"#;
    server.accept().await.reply(400, &[], refusal).await;
    let mut connection = server.accept().await;
    assert_eq!(connection.request.json().get("stream_options"), None);
    connection.open().await;
    connection.send(TEXT).await;
    connection.finish().await;
    assert_eq!(call.rest().await, text_reply(), "a repair is no retry");

    let call = Call::start(client, endpoint(server.base_url()));
    let mut connection = server.accept().await;
    assert_eq!(connection.request.json().get("stream_options"), None);
    connection.open().await;
    connection.send(TEXT).await;
    connection.finish().await;
    assert_eq!(call.rest().await, text_reply());
}

#[tokio::test]
async fn a_server_without_tools_gets_the_text_protocol() {
    let server = Server::start().await;
    let call = Call::to(&server);
    let refusal = r#"{"error":{"message":"test-model does not support tools"}}"#;
    server.accept().await.reply(400, &[], refusal).await;
    let mut connection = server.accept().await;
    let body = connection.request.json();
    assert_eq!(body.get("tools"), None);
    let system = body["messages"][0]["content"]
        .as_str()
        .expect("a system message");
    assert!(
        system.contains("```tool") && system.contains("## vote"),
        "{system}"
    );
    connection.open().await;
    let block = "Yes.\n\n```tool\n{\"tool_name\": \"vote\", \"arguments\": {\"agent_id\": \"agent1\"}}\n```";
    for letter in block.chars() {
        let frame = json!({"choices": [{"delta": {"content": letter.to_string()}}]});
        connection.send(format!("data: {frame}\n\n")).await;
    }
    connection.send("data: [DONE]\n\n").await;
    connection.finish().await;
    let reply = call.rest().await;
    assert_eq!(reply.text, "Yes.\n\n");
    assert_eq!(
        reply.calls.first().map(|call| call.arguments.as_str()),
        Some(r#"{"agent_id": "agent1"}"#)
    );
    assert_eq!(reply.stop, Some(StopReason::ToolUse));
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    let server = Server::start().await;
    let call = Call::to(&server);
    let to = [("location", "https://elsewhere.example/v1/chat/completions")];
    server.accept().await.reply(307, &to, "").await;
    let reply = call.rest().await;
    assert_eq!(reply.kind(), Some(FailureKind::Request));
    assert!(
        reply
            .message()
            .contains("https://elsewhere.example/v1 as the base URL"),
        "{reply:?}"
    );
}

#[tokio::test]
async fn the_models_of_a_server() {
    let server = Server::start().await;
    let endpoint = endpoint(server.base_url());
    let client = client_with(patient());
    let models = r#"{"data":[{"id":"a","max_model_len":4096},{"id":"text-embedding-1"}]}"#;
    let (listed, ()) = tokio::join!(listing::list(&client, &endpoint), async {
        server.accept().await.reply(200, &[], models).await;
    });
    let listed = listed.expect("a list");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed.first().and_then(|model| model.context), Some(4096));
    let (refused, ()) = tokio::join!(listing::list(&client, &endpoint), async {
        server.accept().await.reply(401, &[], "").await;
    });
    assert_eq!(refused.expect_err("no access").kind, FailureKind::Auth);
}

#[tokio::test]
async fn local_servers_are_found_by_their_answers() {
    let list = |row: serde_json::Value| json!({ "data": [row] }).to_string();
    let ollama = Server::start().await;
    let lm_studio = Server::start().await;
    let locked = Server::start().await;
    let website = Server::start().await;
    let mute = Server::start().await;
    let gone = Server::start().await;
    let roots: Vec<String> = [&website, &mute, &gone, &locked, &ollama, &lm_studio]
        .iter()
        .map(|server| server.root())
        .collect();
    drop(gone);
    let tasks = [
        ollama.serve(vec![
            ("/v1/models", 200, json!({"data": [{"id": "b:2b"}, {"id": "a:1b"}]}).to_string()),
            ("/api/version", 200, r#"{"version":"0.9"}"#.to_owned()),
            ("/api/ps", 200, r#"{"models":[{"name":"a:1b","context_length":8192}]}"#.to_owned()),
        ]),
        lm_studio.serve(vec![
            ("/v1/models", 200, list(json!({"id": "q"}))),
            ("/lmstudio-greeting", 200, r#"{"lmstudio":true}"#.to_owned()),
            (
                "/api/v1/models",
                200,
                r#"{"models":[{"type":"llm","key":"q","max_context_length":9,"loaded_instances":[]}]}"#.to_owned(),
            ),
        ]),
        locked.serve(vec![("/v1/models", 401, String::new())]),
        website.serve(vec![("/v1/models", 200, "<html></html>".to_owned())]),
    ];
    let targets = Targets {
        roots,
        bound: Duration::from_secs(3),
    };
    let client = client_with(patient());
    let found = discover(&client, &targets).await;
    for task in tasks {
        task.abort();
    }
    let kinds: Vec<ServerKind> = found.iter().map(|server| server.kind).collect();
    assert_eq!(
        kinds,
        [
            ServerKind::LmStudio,
            ServerKind::Ollama,
            ServerKind::Compatible
        ],
        "{found:?}"
    );
    let ollama = &found[1];
    let models: Vec<_> = ollama
        .models
        .iter()
        .map(|model| (model.id.as_str(), model.loaded, model.context))
        .collect();
    assert_eq!(
        models,
        [
            ("a:1b", Some(true), Some(8192)),
            ("b:2b", Some(false), None)
        ]
    );
    assert_eq!(
        found[0].models.first().and_then(|model| model.context),
        Some(9)
    );
    assert!(found[2].needs_key);
}

#[tokio::test(start_paused = true)]
async fn the_scripted_model_plays_call_by_call() {
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let text = |words: &str| Ok(StreamEvent::Text(words.to_owned()));
    let model = Scripted::new(vec![vec![
        text("a").into(),
        Step::Pause(Duration::from_hours(1)),
        Step::Gate(gate.clone()),
        text("b").into(),
    ]]);
    let mut stream = model.stream(request());
    assert_eq!(stream.next().await, Some(text("a")));
    gate.notify_one();
    assert_eq!(stream.next().await, Some(text("b")));
    assert_eq!(stream.next().await, None);
    let beyond = model.stream(request()).next().await;
    assert!(matches!(beyond, Some(Err(_))), "{beyond:?}");
    assert_eq!(model.asked().len(), 2);
    let plain = Scripted::plain(vec![vec![text("c")]]);
    assert_eq!(plain.stream(request()).next().await, Some(text("c")));
}

mod chains;
mod compact;
mod errors;
mod families;
mod health;
mod resting;
mod streams;
