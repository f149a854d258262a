//! `POST /responses/compact` over real sockets: what is sent, what comes of it, and that a server
//! without it is asked once.

use futures_util::StreamExt as _;
use massgen_tui::protocol::{CallEvent, Failure, FailureKind, Message, Usage};
use massgen_tui::provider::http::{Client, HttpProvider};
use massgen_tui::provider::{Compaction, Endpoint, Provider as _, StreamEvent, Wire};
use serde_json::json;

use super::{KEY, client_with, endpoint, patient};
use crate::harness::sse_server::Server;

fn provider(server: &Server, client: &Client) -> HttpProvider {
    let endpoint = Endpoint {
        wire: Wire::Responses,
        ..endpoint(server.base_url())
    };
    HttpProvider::new(client.clone(), endpoint)
}

fn work() -> Compaction {
    Compaction {
        before: vec![Message::User {
            text: "the task".into(),
        }],
        kept: vec![Message::User {
            text: "go on".into(),
        }],
        tools: vec![],
    }
}

/// Everything that is told about one compaction; `None` when the server is not even asked.
fn compact(
    provider: &HttpProvider,
) -> Option<tokio::task::JoinHandle<Vec<Result<StreamEvent, Failure>>>> {
    let stream = provider.compact(work())?;
    Some(tokio::spawn(stream.collect()))
}

const DONE: &str = r#"{"object":"response.compaction","output":[
    {"type":"message","role":"user","content":[{"type":"input_text","text":"the task"}]},
    {"type":"compaction","id":"cmp_1","encrypted_content":"OPAQUE"}],
    "usage":{"input_tokens":900,"output_tokens":20,"total_tokens":920}}"#;

#[tokio::test]
async fn a_compaction_comes_back_whole_and_is_tried_again_when_the_server_is_busy() {
    let server = Server::start().await;
    let provider = provider(&server, &client_with(patient()));
    let told = compact(&provider).expect("it is asked");
    server.accept().await.reply(503, &[], "{}").await;
    let connection = server.accept().await;
    assert_eq!(connection.request.line, "POST /v1/responses/compact");
    assert_eq!(
        connection.request.header("accept"),
        Some("application/json")
    );
    let bearer = format!("Bearer {KEY}");
    assert_eq!(
        connection.request.header("authorization"),
        Some(bearer.as_str())
    );
    assert_eq!(
        connection.request.json(),
        json!({"model": "test-model", "input": [{"role": "user", "content": "the task"}]})
    );
    connection
        .reply(200, &[("content-type", "application/json")], DONE)
        .await;
    let told = told.await.expect("no panic");
    let [retry, carried, usage, stop] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(matches!(
        retry,
        Ok(StreamEvent::Call(CallEvent::Retrying { attempt: 2, .. }))
    ));
    let Ok(StreamEvent::Carried(carried)) = carried else {
        panic!("{carried:?}");
    };
    assert_eq!(carried.items.len(), 3);
    assert_eq!(carried.items[1]["encrypted_content"], "OPAQUE");
    assert!(matches!(
        usage,
        Ok(StreamEvent::Usage(Usage {
            input: 900,
            output: 20,
            ..
        }))
    ));
    assert!(matches!(stop, Ok(StreamEvent::Stop(_))));
}

#[tokio::test]
async fn a_server_without_it_is_asked_once_and_trouble_is_no_proof() {
    for (status, body, asked_again) in [
        (404, "not found", false),
        (405, "", false),
        (400, r#"{"error":{"message":"Unknown request URL"}}"#, false),
        (401, r#"{"error":{"message":"no"}}"#, true),
    ] {
        let server = Server::start().await;
        let client = client_with(patient());
        let first = provider(&server, &client);
        let told = compact(&first).expect("it is asked");
        server.accept().await.reply(status, &[], body).await;
        let told = told.await.expect("no panic");
        let [Err(failure)] = told.as_slice() else {
            panic!("one failure: {told:?}");
        };
        assert!(!failure.to_string().contains(KEY));
        assert_eq!(
            provider(&server, &client).compact(work()).is_some(),
            asked_again,
            "{status}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_no_compaction_fails_after_three_attempts() {
    let server = Server::start().await;
    let provider = provider(&server, &client_with(patient()));
    let told = compact(&provider).expect("it is asked");
    for _ in 0..3 {
        server
            .accept()
            .await
            .reply(200, &[], "<html>hello</html>")
            .await;
    }
    let told = told.await.expect("no panic");
    let kinds: Vec<Option<FailureKind>> = told
        .iter()
        .map(|item| item.as_ref().err().map(|failure| failure.kind))
        .collect();
    assert_eq!(kinds, [None, None, Some(FailureKind::Transient)]);
}

#[tokio::test]
async fn other_families_are_not_asked() {
    let server = Server::start().await;
    for wire in [Wire::Chat, Wire::Messages, Wire::Gemini] {
        let endpoint = Endpoint {
            wire,
            ..endpoint(server.base_url())
        };
        let provider = HttpProvider::new(client_with(patient()), endpoint);
        assert!(provider.compact(work()).is_none());
    }
}

fn claude(server: &Server, client: &Client) -> HttpProvider {
    let endpoint = Endpoint {
        wire: Wire::Messages,
        backend: "claude".into(),
        ..endpoint(server.base_url())
    };
    HttpProvider::new(client.clone(), endpoint)
}

#[tokio::test]
async fn claude_sums_up_itself_with_its_beta_and_in_one_block() {
    let server = Server::start().await;
    let provider = claude(&server, &client_with(patient()));
    let told = compact(&provider).expect("it is asked");
    let busy = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy",
        "details":{"error_code":"compaction_unavailable"}}}"#;
    server.accept().await.reply(529, &[], busy).await;
    let connection = server.accept().await;
    assert_eq!(connection.request.line, "POST /v1/messages");
    assert_eq!(
        connection.request.header("anthropic-beta"),
        Some("compact-2026-09-04")
    );
    assert_eq!(connection.request.json()["compaction"]["type"], "summarize");
    let done = r#"{"type":"message","role":"assistant","stop_reason":"compaction","content":[
        {"type":"compaction","content":"what was","encrypted_content":"E","signature":"SIG"}],
        "usage":{"input_tokens":900,"output_tokens":20}}"#;
    connection
        .reply(200, &[("content-type", "application/json")], done)
        .await;
    let told = told.await.expect("no panic");
    let [
        retry,
        Ok(StreamEvent::Carried(carried)),
        usage,
        Ok(StreamEvent::Stop(_)),
    ] = told.as_slice()
    else {
        panic!("{told:?}");
    };
    assert!(matches!(
        retry,
        Ok(StreamEvent::Call(CallEvent::Retrying { attempt: 2, .. }))
    ));
    assert!(matches!(
        usage,
        Ok(StreamEvent::Usage(Usage {
            input: 900,
            output: 20,
            ..
        }))
    ));
    assert_eq!(carried.items[0]["signature"], "SIG");
    assert_eq!(carried.items[1]["content"][0]["text"], "the task");
}

#[tokio::test]
async fn a_model_of_anthropic_without_it_is_asked_once() {
    let ordinary = r#"{"content":[{"type":"text","text":"Sure!"}],"stop_reason":"end_turn"}"#;
    let beta = r#"{"type":"error","error":{"type":"invalid_request_error",
        "message":"Unexpected value(s) `compact-2026-09-04` for the `anthropic-beta` header"}}"#;
    let nothing = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no",
        "details":{"error_code":"compaction_nothing_to_summarize"}}}"#;
    for (status, body, asked_again) in [
        (200, ordinary, false),
        (400, beta, false),
        (400, nothing, true),
    ] {
        let server = Server::start().await;
        let client = client_with(patient());
        let told = compact(&claude(&server, &client)).expect("it is asked");
        server.accept().await.reply(status, &[], body).await;
        let told = told.await.expect("no panic");
        assert!(matches!(told.as_slice(), [Err(_)]), "one failure: {told:?}");
        let again = claude(&server, &client).compact(work()).is_some();
        assert_eq!(again, asked_again, "{body}");
    }
}
