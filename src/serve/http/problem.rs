//! What went wrong, as JSON: RFC 9457 for our own paths, OpenAI's form for theirs.

use serde_json::{Value, json};

use super::port::{Refused, Why};

/// Media type of our own errors.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Status.
    pub status: u16,
    /// Its kind, for programs.
    pub code: &'static str,
    /// What happened.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// The methods that would do, for 405.
    pub allow: Vec<&'static str>,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(
        status: u16,
        code: &'static str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            hint: hint.into(),
            allow: Vec::new(),
        }
    }

    /// A request that makes no sense.
    #[must_use]
    pub fn wrong(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(400, "wrong-request", detail, hint)
    }

    /// The title of its status.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self.status {
            400 => "Bad request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not found",
            405 => "Method not allowed",
            408 => "Request timeout",
            409 => "Conflict",
            413 => "Content too large",
            415 => "Unsupported media type",
            421 => "Misdirected request",
            422 => "Unprocessable content",
            429 => "Too many requests",
            503 => "Service unavailable",
            _ => "Internal server error",
        }
    }

    /// As RFC 9457 has it, with `code` and `hint`.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "type": format!("urn:massgen-tui:problem:{}", self.code),
            "title": self.title(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
        })
    }

    /// As OpenAI's clients read it.
    #[must_use]
    pub fn openai(&self) -> Value {
        let kind = match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        };
        let mut message = self.detail.clone();
        if !self.hint.is_empty() {
            message.push(' ');
            message.push_str(&self.hint);
        }
        json!({"error": {
            "message": message,
            "type": kind,
            "param": null,
            "code": self.code.replace('-', "_"),
        }})
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (status, code) = match refused.why {
            Why::Missing => (404, "not-found"),
            Why::Over => (409, "run-over"),
            Why::AtWork => (409, "run-at-work"),
            Why::Full => (429, "too-many-runs"),
            Why::Forbidden => (403, "not-approved"),
            Why::Wrong => (400, "wrong-request"),
            Why::Unusable => (422, "unusable"),
            Why::Failed => (500, "failed"),
        };
        let failure = refused.failure;
        Self::new(status, code, failure.message, failure.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_what_to_do() {
        let refused = Refused::new(Why::Full, "4 runs are going on.").hint("Wait for one.");
        let problem = Problem::from(refused);
        assert_eq!(
            problem.body(),
            json!({"type": "urn:massgen-tui:problem:too-many-runs", "title": "Too many requests", "status": 429,
                "detail": "4 runs are going on.", "code": "too-many-runs", "hint": "Wait for one."})
        );
        assert_eq!(
            problem.openai(),
            json!({"error": {"message": "4 runs are going on. Wait for one.", "type": "rate_limit_error",
                "param": null, "code": "too_many_runs"}})
        );
    }
}
