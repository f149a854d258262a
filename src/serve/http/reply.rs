//! Answers as hyper sends them.

use std::convert::Infallible;

use futures_util::{Stream, StreamExt as _};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::{Bytes, Frame},
    header::{self, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::{
    port::File,
    problem::{PROBLEM_JSON, Problem},
    routes::Form,
};

/// An answer.
pub type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

fn reply(status: u16, kind: &'static str, bytes: Vec<u8>) -> Reply {
    let mut reply = Response::new(Full::from(bytes).boxed_unsync());
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    private(reply)
}

/// Nothing of it is kept, guessed at or shown inside a page.
fn private(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// JSON.
#[must_use]
pub fn json(status: u16, body: &Value) -> Reply {
    reply(status, "application/json", body.to_string().into_bytes())
}

/// Nothing further to come.
#[must_use]
pub fn nothing() -> Reply {
    let mut reply = Response::new(Full::default().boxed_unsync());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    private(reply)
}

/// A file to keep. It is never shown inside of a browser: a page of a session is outside text.
#[must_use]
pub fn file(file: File) -> Reply {
    let name: String = file
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut reply = reply(200, file.mime, file.bytes);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        reply
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    reply
}

/// Server-sent events.
#[must_use]
pub fn stream(frames: impl Stream<Item = String> + Send + 'static) -> Reply {
    let frames = frames.map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from(text))));
    let mut reply = Response::new(StreamBody::new(frames).boxed_unsync());
    let kind = HeaderValue::from_static("text/event-stream");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    private(reply)
}

/// What went wrong.
#[must_use]
pub fn problem(problem: &Problem, form: Form) -> Reply {
    let (kind, body) = match form {
        Form::Problem => (PROBLEM_JSON, problem.body()),
        Form::OpenAi => ("application/json", problem.openai()),
    };
    let mut reply = reply(problem.status, kind, body.to_string().into_bytes());
    let headers = reply.headers_mut();
    match problem.status {
        401 => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        405 => {
            if let Ok(value) = HeaderValue::from_str(&problem.allow.join(", ")) {
                headers.insert(header::ALLOW, value);
            }
        }
        429 => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        // What is left of a body that was not read is no next request.
        408 | 413 => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    reply
}
