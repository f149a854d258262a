//! Other ways to a model over real sockets: a fallback takes over with the conversation as it is, and
//! the pause that a server asks for holds for everybody who uses the key.

use std::sync::Arc;

use massgen_tui::protocol::{CallEvent, FailureKind};
use massgen_tui::provider::chain::{Chain, Link};
use massgen_tui::provider::http::HttpProvider;
use massgen_tui::provider::{Endpoint, RateLimit, Wire};

use super::{Call, client_with, endpoint, patient, stream_once};
use crate::harness::sse_server::Server;

fn link(name: &str, endpoint: Endpoint) -> Link {
    Link {
        name: name.to_owned(),
        provider: Arc::new(HttpProvider::new(client_with(patient()), endpoint)),
    }
}

#[tokio::test]
async fn a_fallback_of_another_family_takes_over() {
    let (first, second) = (Server::start().await, Server::start().await);
    let other = Endpoint {
        wire: Wire::Messages,
        ..endpoint(second.base_url())
    };
    let links = vec![link("a", endpoint(first.base_url())), link("b", other)];
    let call = Call::through(&Chain::new(links, 1));
    let refusal = r#"{"error":{"message":"no such key","code":"invalid_api_key"}}"#;
    first.accept().await.reply(401, &[], refusal).await;
    let mut connection = second.accept().await;
    assert_eq!(connection.request.line, "POST /v1/messages");
    assert_eq!(
        connection.request.json()["messages"][0]["content"][0]["text"],
        "Q"
    );
    connection.open().await;
    connection
        .send(include_str!("../../fixtures/sse/messages.sse"))
        .await;
    connection.finish().await;
    let reply = call.rest().await;
    assert_eq!(reply.switches, [("b".to_owned(), FailureKind::Auth)]);
    assert_eq!((reply.text.as_str(), reply.failure), ("Hi", None));
}

#[tokio::test]
async fn a_pause_that_a_server_asks_for_holds_for_the_key() {
    let server = Server::start().await;
    let client = client_with(patient());
    let limited = Call::start(client.clone(), endpoint(server.base_url()));
    let headers = [("retry-after-ms", "40")];
    server.accept().await.reply(429, &headers, "{}").await;
    stream_once(&server, super::TEXT).await;
    assert_eq!(limited.rest().await.retries, [FailureKind::RateLimit]);
    // A minute's plan of one request: the next call of the same key is held back, and says so.
    let one = RateLimit {
        requests: Some(1),
        tokens: None,
    };
    let plan = Endpoint {
        rate_limit: one,
        ..endpoint(server.base_url())
    };
    let mut held = Call::start(client, plan);
    let first = held.next().await;
    let waits = matches!(first, Ok(massgen_tui::provider::StreamEvent::Call(CallEvent::Held { held_ms: wait_ms })) if wait_ms > 0);
    assert!(waits, "{first:?}");
}
