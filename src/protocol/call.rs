//! What happens to a model call on its way: repeated, sent elsewhere, held back, made smaller.

use serde::{Deserialize, Serialize};

use super::{Failure, Usage};

/// An event of a model call. Told apart by their fields, so that a log of an older version, which
/// knew only repetitions, reads on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CallEvent {
    /// It failed and is tried again after a wait.
    Retrying {
        /// Number of the attempt that will follow, starting at 2.
        attempt: u32,
        /// Wait in milliseconds.
        wait_ms: u64,
        /// Why.
        failure: Failure,
    },
    /// It failed and goes on elsewhere.
    Switched {
        /// Where: `gpt-5.4 at openai`.
        to: String,
        /// Why.
        failure: Failure,
    },
    /// It has not been made yet: the plan of its key, or a pause that the server asked for.
    Held {
        /// Wait in milliseconds.
        held_ms: u64,
    },
    /// The conversation came too near to what the model can read, and was made smaller.
    Compacted {
        /// Prompt tokens before, estimated.
        before: u64,
        /// Prompt tokens after it, estimated.
        after: u64,
        /// How.
        way: CompactedBy,
        /// What it took; told as usage, too.
        spent: Usage,
        /// Why no better way was taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<Failure>,
    },
}

/// How a conversation was made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompactedBy {
    /// The server did it in its own form.
    Native,
    /// A model wrote a summary of the older part.
    Summary,
    /// The older part was left out.
    Trim,
}

impl CompactedBy {
    /// One or two words for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Native => "by the server",
            Self::Summary => "summary",
            Self::Trim => "cut",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{AgentEvent, FailureKind};

    #[test]
    fn each_reads_back_and_so_does_the_form_before() {
        let failure = || Failure::new(FailureKind::Auth, "no");
        let retrying = CallEvent::Retrying {
            attempt: 2,
            wait_ms: 7,
            failure: failure(),
        };
        let old = json!({"retrying": {"attempt": 2, "wait_ms": 7, "failure": failure()}});
        let read: AgentEvent = serde_json::from_value(old).unwrap();
        assert_eq!(read, AgentEvent::Call(retrying.clone()));
        for call in [
            retrying,
            CallEvent::Switched {
                to: "b".into(),
                failure: failure(),
            },
            CallEvent::Held { held_ms: 3 },
            CallEvent::Compacted {
                before: 9,
                after: 2,
                way: CompactedBy::Summary,
                spent: Usage::default(),
                instead: Some(failure()),
            },
        ] {
            let event = AgentEvent::Call(call);
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(
                serde_json::from_str::<AgentEvent>(&text).unwrap(),
                event,
                "{text}"
            );
        }
    }
}
