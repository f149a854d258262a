//! What a line of a program says, whichever program it is.

use crate::protocol::{Failure, FailureKind, ToolEvent};
use crate::provider::{Permission, usage::Tokens};

/// Name of the server that gives a program our tools.
pub const SERVER: &str = "massgen";

/// One thing that a program says.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Its session, under the name that resumes it.
    Session(String),
    /// Text of the reply.
    Text(String),
    /// Reasoning.
    Thinking(String),
    /// It writes a call of one of our tools. The call itself comes from the tool server.
    Writes(Writing),
    /// A tool of its own.
    Tool(ToolEvent),
    /// Its model call failed and it tries again.
    Retrying {
        /// Number of the attempt that follows.
        attempt: u32,
        /// Wait in milliseconds, as far as it tells.
        wait_ms: u64,
        /// Why.
        failure: Failure,
    },
    /// Tokens of one model call.
    Tokens(Tokens),
    /// Tokens of everything it did so far, and its price if it tells.
    Total(Tokens),
    /// It asks whether it may do something.
    Asks(Permission),
    /// This line is to be written to it.
    Say(String),
    /// Its turn is over.
    Done,
    /// Its turn failed.
    Failed(Failure),
}

/// A call of one of our tools while it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writing {
    /// It begins, with this name.
    Begins(String),
    /// More of its arguments.
    More(String),
}

/// Most bytes of a result of a tool that are shown.
const MOST_SHOWN: usize = 4 * 1024;

/// A text cut to what a tool card shows.
#[must_use]
pub fn shown(text: &str) -> String {
    let cut = (0..=MOST_SHOWN.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    match cut {
        Some(cut) if cut < text.len() => {
            format!("{}\n[{} bytes more]", &text[..cut], text.len() - cut)
        }
        _ => text.to_owned(),
    }
}

/// A card that is finished as it appears: a remark of the program.
#[must_use]
pub fn remark(call: &str, name: &str, text: &str) -> [Heard; 2] {
    [
        Heard::Tool(ToolEvent::Started {
            call: call.to_owned(),
            name: name.to_owned(),
            arguments: String::new(),
        }),
        Heard::Tool(ToolEvent::Finished {
            call: call.to_owned(),
            ok: false,
            output: shown(text),
            elapsed_ms: 0,
        }),
    ]
}

/// The failure that the words of a program speak of.
#[must_use]
pub fn failure(program: &str, words: &str) -> Failure {
    let kind = kind_of(words);
    let words = words.trim();
    let message = if words.is_empty() {
        format!("{program} failed without a word.")
    } else {
        format!("{program}: {}", shown(words))
    };
    Failure::new(kind, message)
}

/// The class of a failure by its words; programs tell no more.
fn kind_of(words: &str) -> FailureKind {
    const TABLE: [(FailureKind, &[&str]); 7] = [
        (
            FailureKind::Quota,
            &[
                "insufficient_quota",
                "quota",
                "credit balance",
                "billing",
                "usage limit",
            ],
        ),
        (
            FailureKind::Auth,
            &[
                "api key",
                "api_key",
                "unauthorized",
                "401",
                "403",
                "authenticat",
                "/login",
                "log in",
                "logged in",
                "auth method",
                "credentials",
                "missing environment variable",
            ],
        ),
        (
            FailureKind::Context,
            &[
                "ran out of room",
                "context window",
                "context_length",
                "prompt is too long",
                "context length",
            ],
        ),
        (
            FailureKind::RateLimit,
            &["rate limit", "rate_limit", "429", "too many requests"],
        ),
        (
            FailureKind::Overloaded,
            &["overloaded", "529", "503", "at capacity"],
        ),
        (
            FailureKind::Model,
            &[
                "model_not_found",
                "model not found",
                "issue with the selected model",
                "does not exist",
                "unknown model",
            ],
        ),
        (
            FailureKind::Refused,
            &["usage policy", "content policy", "safety"],
        ),
    ];
    let words = words.to_lowercase();
    let found = TABLE
        .iter()
        .find(|(_, marks)| marks.iter().any(|mark| words.contains(mark)));
    found.map_or(FailureKind::Transient, |(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_programs_have_classes() {
        for (words, kind) in [
            ("Invalid API key · Please run /login", FailureKind::Auth),
            ("Not logged in · Please run /login", FailureKind::Auth),
            (
                "unexpected status 401 Unauthorized: Missing bearer or basic authentication in header",
                FailureKind::Auth,
            ),
            ("Missing environment variable: `X_KEY`.", FailureKind::Auth),
            (
                "Please set an Auth method in your ~/.gemini/settings.json or specify GEMINI_API_KEY",
                FailureKind::Auth,
            ),
            ("Credit balance is too low", FailureKind::Quota),
            (
                "Quota exceeded. Check your plan and billing details.",
                FailureKind::Quota,
            ),
            (
                "Codex ran out of room in the model's context window.",
                FailureKind::Context,
            ),
            ("API Error: 529 Overloaded", FailureKind::Overloaded),
            (
                "stream disconnected before completion",
                FailureKind::Transient,
            ),
            ("", FailureKind::Transient),
        ] {
            assert_eq!(failure("X", words).kind, kind, "{words}");
        }
    }

    #[test]
    fn long_results_are_cut_between_letters() {
        let text = "ä".repeat(MOST_SHOWN);
        let cut = shown(&text);
        assert!(cut.len() < MOST_SHOWN + 40 && cut.contains("bytes more"));
        assert_eq!(shown("short"), "short");
    }
}
