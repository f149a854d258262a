//! The four wire families against a raw server: the request as it goes out,
//! streams cut and dressed in every way, and ends that are no ends.

use std::io::Write as _;

use massgen_tui::protocol::FailureKind;
use massgen_tui::provider::{StopReason, Wire};

use super::{Call, KEY, Reply, stream_once};
use crate::harness::sse_server::Server;

struct Family {
    wire: Wire,
    stream: &'static str,
    path: &'static str,
    key: (&'static str, String),
    /// An error sent with status 200, and what it is.
    error: (&'static str, FailureKind),
}

fn families() -> [Family; 4] {
    [
        Family {
            wire: Wire::Chat,
            stream: include_str!("../../fixtures/sse/chat.sse"),
            path: "POST /v1/chat/completions",
            key: ("authorization", format!("Bearer {KEY}")),
            error: (
                r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#,
                FailureKind::Auth,
            ),
        },
        Family {
            wire: Wire::Responses,
            stream: include_str!("../../fixtures/sse/responses.sse"),
            path: "POST /v1/responses",
            key: ("authorization", format!("Bearer {KEY}")),
            error: (
                r#"{"error":{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                FailureKind::Quota,
            ),
        },
        Family {
            wire: Wire::Messages,
            stream: include_str!("../../fixtures/sse/messages.sse"),
            path: "POST /v1/messages",
            key: ("x-api-key", KEY.to_owned()),
            error: (
                r#"{"type":"error","error":{"type":"permission_error","message":"not yours"}}"#,
                FailureKind::Auth,
            ),
        },
        Family {
            wire: Wire::Gemini,
            stream: include_str!("../../fixtures/sse/gemini.sse"),
            path: "POST /v1/models/test-model:streamGenerateContent?alt=sse",
            key: ("x-goog-api-key", KEY.to_owned()),
            error: (
                r#"[{"error":{"code":404,"message":"models/test-model is not found","status":"NOT_FOUND"}}]"#,
                FailureKind::Model,
            ),
        },
    ]
}

fn check(reply: &Reply, what: &str) {
    assert_eq!(reply.failure, None, "{what}");
    assert_eq!(
        (reply.text.as_str(), reply.thinking.trim()),
        ("Hi", "hm"),
        "{what}"
    );
    let calls: Vec<_> = reply
        .calls
        .iter()
        .map(|call| (call.id.as_str(), call.arguments.as_str()))
        .collect();
    assert_eq!(calls, [("call_1", r#"{"a":1}"#)], "{what}");
    assert_eq!(reply.tokens, Some((10, 0, 6, 2)), "{what}");
    assert_eq!(reply.stop, Some(StopReason::ToolUse), "{what}");
}

#[tokio::test]
async fn requests_go_where_the_family_wants_them() {
    for family in families() {
        let server = Server::start().await;
        let call = Call::in_family(&server, family.wire);
        let mut connection = server.accept().await;
        let request = &connection.request;
        assert_eq!(request.line, family.path);
        let (name, value) = &family.key;
        assert_eq!(
            request.header(name),
            Some(value.as_str()),
            "{}",
            family.path
        );
        let version = (family.wire == Wire::Messages).then_some("2023-06-01");
        assert_eq!(request.header("anthropic-version"), version);
        let bearer = request.header("authorization").is_some();
        assert_eq!(
            bearer,
            matches!(family.wire, Wire::Responses | Wire::Chat),
            "the key goes out once"
        );
        connection.open().await;
        connection.send(family.stream).await;
        connection.finish().await;
        check(&call.rest().await, family.path);
    }
}

#[tokio::test]
async fn streams_in_single_bytes_with_comments_and_other_line_ends() {
    for family in families() {
        let commented = family.stream.replace("\n\n", "\n\n: still here\n\n");
        for body in [
            family.stream.to_owned(),
            family.stream.replace('\n', "\r\n"),
            commented,
        ] {
            let server = Server::start().await;
            let call = Call::in_family(&server, family.wire);
            let mut connection = server.accept().await;
            connection.open().await;
            for byte in body.as_bytes() {
                connection.send([*byte]).await;
            }
            connection.finish().await;
            check(&call.rest().await, family.path);
        }
    }
}

#[tokio::test]
async fn a_stream_without_its_end_is_cut_whatever_came() {
    for family in families() {
        // All but the last event: the end mark of each family is there.
        let body = family.stream.trim_end();
        let cut = &body[..body.rfind("\n\n").unwrap()];
        let cut = match family.wire {
            // The event before the last already says that the reply is whole.
            Wire::Messages | Wire::Chat => &cut[..cut.rfind("\n\n").unwrap()],
            _ => cut,
        };
        let server = Server::start().await;
        let call = Call::in_family(&server, family.wire);
        let mut connection = server.accept().await;
        connection.open().await;
        connection.send(cut).await;
        connection.finish().await;
        let reply = call.rest().await;
        assert_eq!(
            reply.kind(),
            Some(FailureKind::Transient),
            "{}",
            family.path
        );
        assert!(reply.calls.is_empty(), "no call of a cut reply counts");
    }
}

#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    for family in families() {
        let server = Server::start().await;
        let call = Call::in_family(&server, family.wire);
        let connection = server.accept().await;
        let (body, kind) = family.error;
        let headers = [("content-type", "application/json")];
        connection.reply(200, &headers, body).await;
        // An unknown model is followed by a look at the list.
        if kind == FailureKind::Model {
            server.accept().await.reply(404, &[], "{}").await;
        }
        assert_eq!(call.rest().await.kind(), Some(kind), "{}", family.path);
    }
}

#[tokio::test]
async fn a_server_without_responses_is_asked_for_a_chat() {
    let server = Server::start().await;
    let call = Call::in_family(&server, Wire::Responses);
    let connection = server.accept().await;
    assert_eq!(connection.request.line, "POST /v1/responses");
    connection
        .reply(404, &[], r#"{"error":"unknown path"}"#)
        .await;
    let mut connection = server.accept().await;
    assert_eq!(connection.request.line, "POST /v1/chat/completions");
    connection.open().await;
    connection.send(super::TEXT).await;
    connection.finish().await;
    assert_eq!(call.rest().await, super::text_reply());
}

#[tokio::test]
async fn a_compressed_stream_is_read_all_the_same() {
    for family in families() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(family.stream.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let server = Server::start().await;
        let call = Call::in_family(&server, family.wire);
        let mut connection = server.accept().await;
        connection
            .open_as("text/event-stream\r\ncontent-encoding: gzip")
            .await;
        for piece in packed.chunks(7) {
            connection.send(piece).await;
        }
        connection.finish().await;
        check(&call.rest().await, family.path);
    }
}

#[tokio::test]
async fn trouble_before_content_is_repeated_in_every_family() {
    for family in families() {
        let server = Server::start().await;
        let call = Call::in_family(&server, family.wire);
        let busy = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        server.accept().await.reply(529, &[], busy).await;
        stream_once(&server, family.stream).await;
        let reply = call.rest().await;
        assert_eq!(reply.retries, [FailureKind::Overloaded], "{}", family.path);
        assert_eq!(reply.text, "Hi");
    }
}
