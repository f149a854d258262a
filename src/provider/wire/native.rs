//! Conversations made smaller by their server: which families can, what they are asked, and what
//! stands for the conversation afterwards.
//!
//! Pure. The families' own words are in `responses::compact` and `messages::compact`.

use crate::config::Wire;
use crate::protocol::{Carried, Failure, FailureKind, Message};
use crate::provider::usage::Tokens;
use crate::provider::words::who;
use crate::provider::{Compaction, Endpoint};

use super::{Adaptation, Outgoing, as_text, carried, messages, responses};

/// What an answer to a compaction came to.
#[derive(Debug)]
pub enum Answer {
    /// What stands for everything before it, and its tokens where they are told.
    Done(Carried, Option<Tokens>),
    /// The server answered as to an ordinary request: it knows no such thing.
    Unknown(Failure),
}

/// True when this endpoint is worth asking.
#[must_use]
pub fn able(endpoint: &Endpoint, adaptation: Adaptation) -> bool {
    !adaptation.no_compact && reads_marks(endpoint, adaptation) && {
        match endpoint.wire {
            Wire::Responses => true,
            Wire::Messages => messages::compact::speaks(endpoint),
            Wire::Chat | Wire::Gemini => false,
        }
    }
}

/// True when a mark of this endpoint can go back to it.
#[must_use]
pub fn reads_marks(endpoint: &Endpoint, adaptation: Adaptation) -> bool {
    let family = match endpoint.wire {
        Wire::Responses => !adaptation.only_chat,
        Wire::Messages => !adaptation.no_compact,
        Wire::Chat | Wire::Gemini => false,
    };
    family && !adaptation.no_carried && !as_text(endpoint, adaptation)
}

/// True when this endpoint reads the newest mark of a conversation, or there is none.
#[must_use]
pub fn reads(conversation: &[Message], endpoint: &Endpoint, adaptation: Adaptation) -> bool {
    let mark = conversation.iter().rev().find(|one| carried::is_mark(one));
    match mark {
        Some(Message::Assistant { carried, .. }) => {
            reads_marks(endpoint, adaptation)
                && carried::back(carried.as_deref(), endpoint).is_some()
        }
        _ => true,
    }
}

/// The request for a compaction.
#[must_use]
pub fn encode(endpoint: &Endpoint, work: &Compaction, adaptation: Adaptation) -> Outgoing {
    if endpoint.wire == Wire::Messages {
        let body = messages::compact::encode(endpoint, work, adaptation);
        return Outgoing {
            path: "/messages".to_owned(),
            betas: messages::compact::betas(&body),
            body: body.to_string().into_bytes(),
        };
    }
    let body = responses::compact::encode(endpoint, work, adaptation);
    Outgoing {
        path: responses::compact::PATH.to_owned(),
        betas: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

/// Reads the answer.
///
/// # Errors
///
/// An answer that is no compaction, though the server may know how.
pub fn read(
    body: &str,
    endpoint: &Endpoint,
    work: &Compaction,
    adaptation: Adaptation,
) -> Result<Answer, Failure> {
    if endpoint.wire != Wire::Messages {
        return responses::compact::read(body, endpoint, work, adaptation)
            .map(|(carried, tokens)| Answer::Done(carried, tokens));
    }
    let read = messages::compact::read(body, endpoint, work, adaptation)?;
    Ok(read.map_or_else(
        || {
            let words = format!("{} does not sum up conversations itself", who(endpoint));
            Answer::Unknown(Failure::new(FailureKind::Request, words))
        },
        |(carried, tokens)| Answer::Done(carried, tokens),
    ))
}

/// True when a refusal says that the server knows no such call, rather than that it cannot just now.
#[must_use]
pub fn is_unknown(status: u16, body: &str) -> bool {
    let lower = body.to_lowercase();
    match status {
        404 | 405 | 501 => true,
        400 | 422 => [
            "unknown",
            "not supported",
            "unsupported",
            "not found",
            "unrecognized",
            "extra inputs",
            "unexpected value",
            "does not support",
        ]
        .iter()
        .any(|words| lower.contains(words)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_good_is_told_from_trouble() {
        for (status, body, unknown) in [
            (404, "", true),
            (405, "", true),
            (501, "", true),
            (400, "Unknown path", true),
            (400, "compaction: Extra inputs are not permitted", true),
            (
                400,
                "Unexpected value(s) `compact-2026-09-04` for the `anthropic-beta` header",
                true,
            ),
            (400, "compaction_nothing_to_summarize", false),
            (400, "context_length_exceeded", false),
            (429, "unknown", false),
            (529, "compaction_unavailable", false),
            (500, "", false),
        ] {
            assert_eq!(is_unknown(status, body), unknown, "{status} {body}");
        }
    }
}
