//! Connection trouble in words: what the network did, told apart, each with advice.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::protocol::{Failure, FailureKind};

use super::super::Endpoint;
use super::super::classify::{self, Reply, cut_stream};
use super::super::host::host;
use super::super::wait::WaitHeaders;
use super::super::words::{address, hint, quote, who};

#[derive(Debug, PartialEq, Eq)]
enum Cause {
    Refused,
    NameUnknown,
    /// The server's port speaks plain HTTP.
    PlainPort,
    Tls(String),
    ConnectTimeout,
    Closed,
    Other(String),
}

/// True when nothing listens at the address.
#[must_use]
pub fn is_refused(error: &reqwest::Error) -> bool {
    cause(error) == Cause::Refused
}

/// A request that got no answer.
pub fn sending(error: &reqwest::Error, endpoint: &Endpoint) -> Failure {
    let who = who(endpoint);
    let cause = cause(error);
    // Neither heals by itself, so nobody waits for another attempt.
    let kind = match cause {
        Cause::PlainPort | Cause::Tls(_) => FailureKind::Local,
        _ => FailureKind::Transient,
    };
    let (message, advice) = match cause {
        Cause::Refused if endpoint.local => (
            format!("{who} refused the connection"),
            "Start the server, or check the port.".to_owned(),
        ),
        Cause::Refused => (
            format!("{who} refused the connection"),
            "Check the base URL, and HTTPS_PROXY if you use a proxy.".to_owned(),
        ),
        Cause::NameUnknown => (
            format!("the name {} was not found", host(&endpoint.base_url)),
            "Check the base URL and this machine's network connection.".to_owned(),
        ),
        Cause::PlainPort => (
            format!("{who} does not speak TLS"),
            "This port seems to speak plain HTTP: write http:// instead of https://.".to_owned(),
        ),
        Cause::Tls(words) => (
            format!("no secure connection to {who}: {}", quote(&words, endpoint)),
            "Check the clock and the certificates of this machine; SSL_CERT_FILE can name a file \
             with your own authority."
                .to_owned(),
        ),
        Cause::ConnectTimeout => (
            format!("{who} did not accept the connection in time"),
            "Check the base URL, the network, and HTTPS_PROXY if you use a proxy.".to_owned(),
        ),
        Cause::Closed => (
            format!("{who} closed the connection before it answered"),
            hint(FailureKind::Transient, endpoint),
        ),
        Cause::Other(words) => (
            format!("no answer from {who}: {}", quote(&words, endpoint)),
            hint(FailureKind::Transient, endpoint),
        ),
    };
    Failure::new(kind, message).hint(advice)
}

/// A stream that broke.
pub fn reading(error: &reqwest::Error, endpoint: &Endpoint) -> Failure {
    let mut failure = cut_stream(endpoint);
    if let Cause::Other(words) = cause(error) {
        failure.message = format!("{}: {}", failure.message, quote(&words, endpoint));
    }
    failure
}

/// No answer at all within the time.
pub fn silence(endpoint: &Endpoint, wait: Duration) -> Failure {
    let message = format!("{} did not answer within {}", who(endpoint), span(wait));
    let advice = if endpoint.local {
        "It may still be loading the model; look at the server's own log.".to_owned()
    } else {
        hint(FailureKind::Transient, endpoint)
    };
    Failure::new(FailureKind::Transient, message).hint(advice)
}

/// A stream that stopped coming.
pub fn stalled(endpoint: &Endpoint, wait: Duration) -> Failure {
    let message = format!(
        "{} sent nothing for {} in the middle of the reply",
        who(endpoint),
        span(wait)
    );
    Failure::new(FailureKind::Transient, message).hint(hint(FailureKind::Transient, endpoint))
}

/// The client itself could not be built.
pub fn client(error: &str) -> Failure {
    Failure::new(
        FailureKind::Local,
        format!("the HTTP client could not be set up: {error}"),
    )
    .hint("Install the system's certificates (package ca-certificates) or set SSL_CERT_FILE.")
}

/// All messages of an error, outermost first.
pub fn chain(error: &dyn Error) -> String {
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        let words = inner.to_string();
        if !out.contains(&words) {
            out.push_str(": ");
            out.push_str(&words);
        }
        next = inner.source();
    }
    out
}

fn span(wait: Duration) -> String {
    if wait.as_secs() >= 1 {
        format!("{} s", wait.as_secs())
    } else {
        format!("{} ms", wait.as_millis())
    }
}

fn cause(error: &reqwest::Error) -> Cause {
    if error.is_timeout() && error.is_connect() {
        return Cause::ConnectTimeout;
    }
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = next {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return tls_cause(tls);
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return Cause::Refused,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return Cause::Closed,
                _ => {}
            }
            // An I/O error hides what it wraps from `source`.
            if let Some(wrapped) = io.get_ref() {
                next = Some(wrapped);
                continue;
            }
        }
        next = inner.source();
    }
    // The outermost words repeat the address.
    let words = error.source().map_or_else(|| error.to_string(), chain);
    if error.is_dns() || words.contains("dns error") {
        Cause::NameUnknown
    } else if words.contains("connection closed before message completed") {
        Cause::Closed
    } else {
        Cause::Other(words)
    }
}

fn tls_cause(error: &rustls::Error) -> Cause {
    match error {
        rustls::Error::InvalidMessage(_) => Cause::PlainPort,
        other => Cause::Tls(other.to_string()),
    }
}

/// A refusal in an answer.
pub(super) fn refused(
    status: u16,
    headers: &HeaderMap,
    body: &str,
    endpoint: &Endpoint,
) -> Failure {
    let reply = Reply {
        status,
        body,
        wait: WaitHeaders {
            retry_after: header(headers, "retry-after"),
            retry_after_ms: header(headers, "retry-after-ms"),
            date: header(headers, "date"),
        },
        location: header(headers, "location"),
    };
    classify::classify(reply, endpoint)
}

/// A base URL that can be asked at all.
///
/// # Errors
///
/// It is no `http` or `https` address.
pub(super) fn check_address(endpoint: &Endpoint) -> Result<(), Failure> {
    let good = reqwest::Url::parse(endpoint.base_url.trim())
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if good {
        return Ok(());
    }
    let message = format!(
        "the base URL of {} is no address: {}",
        endpoint.backend,
        address(&endpoint.base_url)
    );
    Err(Failure::new(FailureKind::Request, message)
        .hint("Write it like http://127.0.0.1:1234/v1 or https://api.openai.com/v1."))
}

/// A header as text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
