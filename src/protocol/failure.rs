//! What went wrong, in words a person can act on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A failure as users see it: a kind (decides retry and wording), what happened, what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Class of the failure.
    pub kind: FailureKind,
    /// What happened and where, one sentence, with the vendor's own message when there is one.
    pub message: String,
    /// What the person can do about it, one sentence; empty when nothing helps.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// HTTP status, when there was an HTTP answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds the server asked us to wait (`Retry-After`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Classes of failure; each has one reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Key missing, wrong or without permission (401, 403): not retried.
    Auth,
    /// Balance or plan exhausted (402, some 429): not retried.
    Quota,
    /// Too many requests (429): retried after the wait the server asks for.
    RateLimit,
    /// The server is busy (503, 529): retried with a longer base.
    Overloaded,
    /// The prompt is longer than the model's window: not retried unchanged.
    Context,
    /// The request is wrong for this server (400, 404, 422): not retried.
    Request,
    /// The server does not know the model: not retried.
    Model,
    /// The model or a filter refused to answer.
    Refused,
    /// Network, TLS, DNS, 5xx, cut stream, malformed frame, timeout: retried.
    Transient,
    /// The user or the engine stopped it.
    Cancelled,
    /// Disk, file or permission trouble on this machine.
    Local,
    /// The team in the place of an agent has no answer: not retried.
    Team,
}

impl FailureKind {
    /// True when the same request may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self, Self::RateLimit | Self::Overloaded | Self::Transient)
    }

    /// The word shown beside the state of an agent.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auth => "no access",
            Self::Quota => "quota used up",
            Self::RateLimit => "rate limited",
            Self::Overloaded => "server busy",
            Self::Context => "prompt too long",
            Self::Request => "request refused",
            Self::Model => "unknown model",
            Self::Refused => "refused to answer",
            Self::Transient => "connection trouble",
            Self::Cancelled => "cancelled",
            Self::Local => "local trouble",
            Self::Team => "its team failed",
        }
    }
}

impl Failure {
    /// A failure without hint, status or wait.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: String::new(),
            status: None,
            retry_after_ms: None,
        }
    }

    /// Message and advice as whole sentences, whether or not the message ended like one.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = self.message.trim_end().to_owned();
        if !words.is_empty() && !words.ends_with(['.', '!', '?', ':', '…']) {
            words.push('.');
        }
        if !self.hint.is_empty() {
            words.push(' ');
            words.push_str(&self.hint);
        }
        words
    }

    /// The same failure with advice for the person.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.word(), self.words())
    }
}

impl std::error::Error for Failure {}
