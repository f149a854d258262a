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
    /// Its server failed several times in a row: how it goes on, for all agents that use it.
    Circuit {
        /// Which server, for people.
        server: String,
        /// What became of it.
        state: CircuitState,
    },
    /// The server reads the model into memory before it can answer. Counts as no attempt.
    Loading {
        /// How far it is.
        loading: LoadProgress,
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
        /// USD per million tokens that later calls do not send again, at least (read from the
        /// provider's cache); `None` where no price is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worth: Option<f64>,
    },
}

/// What becomes of a server that failed several times in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Nobody asks it for a while.
    Open {
        /// Milliseconds until the next try.
        next_ms: u64,
    },
    /// This call finds out whether it is back.
    Trial,
    /// It is back.
    Closed,
}

impl CircuitState {
    /// What to say about `server`.
    #[must_use]
    pub fn words(self, server: &str) -> String {
        match self {
            Self::Open { next_ms } => format!(
                "{server} failed several times in a row and is left alone; next try in {} s",
                next_ms.div_ceil(1000)
            ),
            Self::Trial => format!("finds out whether {server} is back"),
            Self::Closed => format!("{server} is back"),
        }
    }
}

/// How far a model is on its way into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadProgress {
    /// The server does not tell.
    Unknown,
    /// So many percent of it.
    Percent(u8),
}

impl LoadProgress {
    /// What to say.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Percent(percent) => format!("the server loads the model: {percent} %"),
            Self::Unknown => "the server loads the model first; this may take minutes".to_owned(),
        }
    }
}

/// How a conversation was made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompactedBy {
    /// The server did it in its own form.
    Native,
    /// The server left old results of tools out of the prompt; the conversation here keeps them.
    Edited,
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
            Self::Edited => "old results left out by the server",
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
            CallEvent::Circuit {
                server: "s".into(),
                state: CircuitState::Open { next_ms: 9 },
            },
            CallEvent::Loading {
                loading: LoadProgress::Percent(3),
            },
            CallEvent::Loading {
                loading: LoadProgress::Unknown,
            },
            CallEvent::Compacted {
                before: 9,
                after: 2,
                way: CompactedBy::Summary,
                spent: Usage::default(),
                instead: Some(failure()),
                worth: Some(0.5),
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
