//! What a server's answer means: status, body and headers turned into a [`Failure`].
//!
//! Pure. Codes win over words, words over the status: the status alone cannot tell an exhausted
//! account from a busy minute. The vendor's own sentence is always kept.

use serde_json::Value;

use crate::protocol::{Failure, FailureKind};

use super::Endpoint;
use super::wait::{self, WaitHeaders};
use super::words::{address, hint, quote, who};

/// An HTTP answer that is no stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    /// Status code.
    pub status: u16,
    /// Body text, possibly cut.
    pub body: &'a str,
    /// Wait headers.
    pub wait: WaitHeaders<'a>,
    /// `Location`, for redirects.
    pub location: Option<&'a str>,
}

/// What an error body says, whatever its shape.
#[derive(Debug, Default)]
struct Facts {
    /// Codes and types, lower case.
    codes: Vec<String>,
    /// The vendor's sentence.
    message: String,
}

/// The failure behind an HTTP answer other than a successful stream.
#[must_use]
pub fn classify(reply: Reply<'_>, endpoint: &Endpoint) -> Failure {
    if is_html(reply.body) {
        return web_page(reply, endpoint);
    }
    let facts = facts(reply.body);
    let kind = kind(Some(reply.status), &facts, reply.body);
    let mut message = format!("{} answered {}", who(endpoint), status_words(reply.status));
    let said = quote(&facts.message, endpoint);
    if !said.is_empty() {
        message.push_str(": ");
        message.push_str(&said);
    }
    let advice = match (kind, reply.status) {
        (FailureKind::Request, 300..=399) => redirect_hint(reply.location, endpoint),
        (FailureKind::Request, 404 | 405) => format!(
            "Check the base URL: {}/chat/completions was asked, and most servers want it to end in /v1.",
            address(&endpoint.base_url)
        ),
        _ => hint(kind, endpoint),
    };
    Failure {
        status: Some(reply.status),
        retry_after_ms: wait::asked(reply.wait, reply.body),
        ..Failure::new(kind, message).hint(advice)
    }
}

/// An error that arrived inside a stream, or in a JSON document with status 200.
#[must_use]
pub fn in_stream(error: &Value, endpoint: &Endpoint) -> Failure {
    let body = serde_json::json!({ "error": error }).to_string();
    let facts = facts(&body);
    let status = facts
        .codes
        .iter()
        .filter_map(|code| code.parse::<u16>().ok())
        .find(|code| (400..600).contains(code));
    let kind = kind(status, &facts, &body);
    let said = quote(&facts.message, endpoint);
    let message = if said.is_empty() {
        format!("{} sent an error without words", who(endpoint))
    } else {
        format!("{} sent an error: {said}", who(endpoint))
    };
    Failure {
        status,
        retry_after_ms: wait::asked(WaitHeaders::default(), &body),
        ..Failure::new(kind, message).hint(hint(kind, endpoint))
    }
}

/// True for an error object that is not wrapped in `error`.
#[must_use]
pub fn looks_like_an_error(value: &Value) -> bool {
    value.get("choices").is_none()
        && (value.get("object").and_then(Value::as_str) == Some("error")
            || value.get("message").is_some_and(Value::is_string)
            || value.get("detail").is_some())
}

/// The connection ended before the reply did.
#[must_use]
pub fn cut_stream(endpoint: &Endpoint) -> Failure {
    transient(
        format!(
            "{} closed the connection in the middle of the reply",
            who(endpoint)
        ),
        endpoint,
    )
}

/// The reply held neither text nor a call.
#[must_use]
pub fn empty_reply(endpoint: &Endpoint) -> Failure {
    let message = format!(
        "{} gave an empty reply: no text and no tool call from {}",
        who(endpoint),
        endpoint.model
    );
    Failure::new(FailureKind::Transient, message)
        .hint("If it stays, the model may not fit its chat template; try another model.")
}

/// A frame that is no JSON, or JSON of an impossible shape.
#[must_use]
pub fn broken_frame(data: &str, error: &str, endpoint: &Endpoint) -> Failure {
    let head: String = data.chars().take(120).collect();
    transient(
        format!(
            "{} sent malformed JSON in its stream ({error}): {}",
            who(endpoint),
            quote(&head, endpoint)
        ),
        endpoint,
    )
}

/// One event of the stream is larger than anything sensible.
#[must_use]
pub fn oversized(limit: usize, endpoint: &Endpoint) -> Failure {
    let message = format!(
        "{} sent more than {} MiB in one piece",
        who(endpoint),
        limit / (1024 * 1024)
    );
    Failure::new(FailureKind::Request, message)
        .hint("This is not a model's reply; check what answers at this address.")
}

/// JSON with status 200 that is no reply.
#[must_use]
pub fn strange_document(body: &str, endpoint: &Endpoint) -> Failure {
    let head: String = body.chars().take(120).collect();
    let message = format!(
        "{} answered with JSON that is no chat completion: {}",
        who(endpoint),
        quote(&head, endpoint)
    );
    Failure::new(FailureKind::Request, message).hint(format!(
        "Check that {} speaks the OpenAI chat completions API.",
        address(&endpoint.base_url)
    ))
}

/// The server gave up with a finish reason that stands for a failure.
#[must_use]
pub fn stopped(kind: FailureKind, reason: &str, endpoint: &Endpoint) -> Failure {
    let message = format!("{} stopped the reply: {reason}", who(endpoint));
    Failure::new(kind, message).hint(hint(kind, endpoint))
}

/// True when a body begins like a web page.
#[must_use]
pub fn is_html(body: &str) -> bool {
    let head: String = body
        .trim_start_matches('\u{feff}')
        .trim_start()
        .chars()
        .take(16)
        .collect();
    let head = head.to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<body", "<!--"]
        .iter()
        .any(|tag| head.starts_with(tag))
}

fn transient(message: String, endpoint: &Endpoint) -> Failure {
    Failure::new(FailureKind::Transient, message).hint(hint(FailureKind::Transient, endpoint))
}

/// A proxy or a web site answered instead of a model server.
fn web_page(reply: Reply<'_>, endpoint: &Endpoint) -> Failure {
    let lower = reply.body.to_ascii_lowercase();
    let title = lower
        .find("<title>")
        .and_then(|at| reply.body.get(at + 7..)?.split('<').next())
        .map(|title| quote(title, endpoint))
        .filter(|title| !title.is_empty())
        .map(|title| format!(" “{title}”"))
        .unwrap_or_default();
    let kind = match reply.status {
        401 | 403 => FailureKind::Auth,
        429 => FailureKind::RateLimit,
        503 | 529 => FailureKind::Overloaded,
        300..=499 => FailureKind::Request,
        _ => FailureKind::Transient,
    };
    let message = format!(
        "{} answered {} with a web page{title} instead of a model's reply",
        who(endpoint),
        status_words(reply.status)
    );
    Failure {
        status: Some(reply.status),
        retry_after_ms: wait::asked(reply.wait, ""),
        ..Failure::new(kind, message).hint(format!(
            "Check the base URL {} and any proxy between; it should end in /v1 for most servers.",
            address(&endpoint.base_url)
        ))
    }
}

fn redirect_hint(location: Option<&str>, endpoint: &Endpoint) -> String {
    let target = location.map(|location| {
        let address = address(location);
        let base = address.trim_end_matches('/');
        quote(
            base.strip_suffix("/chat/completions").unwrap_or(base),
            endpoint,
        )
    });
    match target.filter(|target| !target.is_empty()) {
        Some(target) => format!("Keys are not sent along redirects; use {target} as the base URL."),
        None => {
            "Keys are not sent along redirects; use the final address as the base URL.".to_owned()
        }
    }
}

fn status_words(status: u16) -> String {
    let name = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Overloaded",
        _ => return status.to_string(),
    };
    format!("{status} {name}")
}

/// Reads `{error:{…}}`, `{error:"…"}`, flat objects, `{detail:…}`, and any of these in an array.
fn facts(body: &str) -> Facts {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return Facts {
            codes: Vec::new(),
            message: body.to_owned(),
        };
    };
    let root = match &value {
        Value::Array(list) => list.first().unwrap_or(&Value::Null),
        other => other,
    };
    let inner = root.get("error").unwrap_or(root);
    let mut facts = Facts::default();
    for object in [inner, root] {
        for key in ["code", "type", "status", "error_code"] {
            facts.code(object.get(key));
        }
    }
    facts.code(inner.pointer("/details/error_code"));
    for detail in inner
        .get("details")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        facts.code(detail.get("reason"));
    }
    let words = |value: &Value| value.as_str().map(str::to_owned);
    facts.message = words(inner)
        .or_else(|| inner.get("message").and_then(words))
        .or_else(|| root.get("message").and_then(words))
        .or_else(|| root.get("detail").map(detail_words))
        .or_else(|| inner.get("msg").and_then(words))
        .unwrap_or_default();
    // OpenRouter keeps the upstream's words beside its own.
    if let Some(raw) = inner.pointer("/metadata/raw").and_then(Value::as_str) {
        facts.message = format!("{} {raw}", facts.message);
    }
    facts
}

/// `detail` is a sentence, or a list of objects with `msg` and `loc` (`FastAPI`).
fn detail_words(detail: &Value) -> String {
    match detail {
        Value::String(text) => text.clone(),
        Value::Array(list) => list
            .iter()
            .filter_map(|entry| entry.get("msg").and_then(Value::as_str))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}

impl Facts {
    fn code(&mut self, value: Option<&Value>) {
        match value {
            Some(Value::String(text)) => self.codes.push(text.to_ascii_lowercase()),
            Some(Value::Number(number)) => self.codes.push(number.to_string()),
            _ => {}
        }
    }

    fn has(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }
}

const AUTH_CODES: &[&str] = &[
    "invalid_api_key",
    "authentication_error",
    "api_key_invalid",
    "permission_error",
    "permission_denied",
    "unauthenticated",
];
const QUOTA_CODES: &[&str] = &[
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_error",
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "exceeded_current_quota_error",
    "allocationquota.freetieronly",
    "arrearage",
    "1113",
];
const BUSY_CODES: &[&str] = &[
    "server_is_overloaded",
    "overloaded_error",
    "engine_overloaded_error",
    "unavailable_error",
    "unavailable",
    "1305",
];
const RATE_CODES: &[&str] = &[
    "rate_limit_exceeded",
    "slow_down",
    "rate_limit_error",
    "rate_limit_reached_error",
    "ramp_limit_exceeded",
    "resource_exhausted",
    "1302",
];
const CONTEXT_CODES: &[&str] = &["context_length_exceeded", "exceed_context_size_error"];
const MODEL_CODES: &[&str] = &[
    "model_not_found",
    "invalid_model",
    "resource_not_found_error",
];
const FILTER_CODES: &[&str] = &["content_filter", "content_policy_violation"];

const CONTEXT_WORDS: &[&str] = &[
    "context_length_exceeded",
    "maximum context length",
    "maximum context limit",
    "longer than the model's context length",
    "exceed context limit",
    "exceeds the maximum number of tokens allowed",
    "exceeds the available context size",
    "input tokens exceed the configured limit",
    "prompt is too long",
    "prompt: length",
    "tokens + `max_new_tokens` must be",
    "maximum input length is",
    "input too long",
    "requested token count exceeds",
    "too large for model with",
    "exceeded model token limit",
    "range of input length",
    "number of tokens to keep from the initial prompt",
    "exceeds the context window",
];
const QUOTA_WORDS: &[&str] = &[
    "insufficient_quota",
    "insufficient balance",
    "insufficient credit",
    "billing",
    "credit balance",
    "out of credits",
    "available credits",
    "recharge",
    "arrear",
    "spend limit",
    "spending limit",
    "per day",
    "perday",
    "key limit exceeded",
    "account is suspended",
    "account suspended",
];
/// Words that mean money whatever the status: Groq says so with a 400.
const SPENT_WORDS: &[&str] = &["spend limit", "spending limit"];
const MODEL_WORDS: &[&str] = &[
    "model not exist",
    "not a valid model id",
    "model_not_found",
    "unknown model",
    "no such model",
    "invalid model",
];
const KEY_WORDS: &[&str] = &["incorrect api key", "invalid api key", "api key not valid"];

/// The class of an answer; `status` is `None` for an error inside a stream.
fn kind(status: Option<u16>, facts: &Facts, body: &str) -> FailureKind {
    let lower = body.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let too_large_for_the_tier = status == Some(413)
        || (lower.contains("request too large") && lower.contains("tokens per min"));
    if facts.has(QUOTA_CODES) {
        FailureKind::Quota
    } else if facts.has(CONTEXT_CODES) || too_large_for_the_tier {
        FailureKind::Context
    } else if facts.has(AUTH_CODES) {
        FailureKind::Auth
    } else if facts.has(RATE_CODES) && !says(&["perday", "per day"]) {
        FailureKind::RateLimit
    } else if facts.has(BUSY_CODES) {
        FailureKind::Overloaded
    } else if facts.has(MODEL_CODES) {
        FailureKind::Model
    } else if facts.has(&["tool_use_failed"]) {
        // Groq: the model wrote a call that is none; the next try may be one.
        FailureKind::Transient
    } else if facts.has(FILTER_CODES) {
        FailureKind::Refused
    } else if matches!(status, None | Some(400 | 403 | 422 | 500)) && is_context(&lower) {
        FailureKind::Context
    } else if matches!(status, Some(402 | 403 | 412 | 429)) && says(QUOTA_WORDS)
        || status == Some(400) && says(SPENT_WORDS)
    {
        FailureKind::Quota
    } else if matches!(status, None | Some(400 | 404 | 422))
        && (says(MODEL_WORDS) || names_a_missing_model(&lower))
    {
        FailureKind::Model
    } else if status == Some(400) && says(KEY_WORDS) {
        FailureKind::Auth
    } else {
        by_status(status, facts)
    }
}

fn is_context(lower: &str) -> bool {
    !lower.contains("string_above_max_length")
        && (CONTEXT_WORDS.iter().any(|words| lower.contains(words))
            || (lower.contains("current length is") && lower.contains("while limit is")))
}

fn names_a_missing_model(lower: &str) -> bool {
    lower.contains("model")
        && [
            "not found",
            "does not exist",
            "not exist",
            "notfounderror",
            "not_found_error",
        ]
        .iter()
        .any(|words| lower.contains(words))
}

fn by_status(status: Option<u16>, facts: &Facts) -> FailureKind {
    match status {
        None if facts.has(&["invalid_request_error"]) => FailureKind::Request,
        None | Some(408 | 425 | 500 | 502 | 504..=528 | 530..) => FailureKind::Transient,
        Some(401 | 403) => FailureKind::Auth,
        Some(402) => FailureKind::Quota,
        Some(429) => FailureKind::RateLimit,
        Some(498 | 503 | 529) => FailureKind::Overloaded,
        Some(_) => FailureKind::Request,
    }
}

#[cfg(test)]
mod tests;
