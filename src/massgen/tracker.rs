//! `coordination_events.json`: what the coordination did, in seconds since the epoch.
//!
//! It is written once, at the end. Where there is a stream as well, only what that does not tell is taken:
//! who failed, ran out of time or was cancelled. Where there is none (0.1.12, `--debug`) it is the story.

use serde_json::Value;

use super::{
    clock::ms,
    file::{list, number, word},
    moment::{Moment, What},
};
use crate::protocol::{Failure, FailureKind, Level, Setback};

/// How much of it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What no stream tells.
    Rest,
}

/// Its moments.
pub fn moments(tracker: &Value, part: Part) -> Vec<Moment> {
    let mut moments = Vec::new();
    for event in list(tracker, &["events"]) {
        let when = number(event, &["timestamp"]).map_or(0, ms);
        let agent = word(event, &["agent_id"]);
        let what = rest(event).or_else(|| match part {
            Part::Whole => whole(event, &mut |what| {
                moments.push(Moment::new(when, agent, what));
            }),
            Part::Rest => None,
        });
        moments.extend(what.map(|what| Moment::new(when, agent, what)));
    }
    moments
}

/// What no stream tells.
fn rest(event: &Value) -> Option<What> {
    let details = word(event, &["details"]);
    let lost = |kind| {
        Some(What::Trouble {
            failure: Failure::new(kind, details.trim_start_matches("ERROR: ")),
            last: true,
        })
    };
    match word(event, &["event_type"]) {
        "agent_error" => lost(FailureKind::Request),
        "agent_timeout" => lost(FailureKind::Transient),
        "agent_cancelled" => lost(FailureKind::Cancelled),
        _ => None,
    }
}

/// The rest of the story.
fn whole(event: &Value, tell: &mut dyn FnMut(What)) -> Option<What> {
    let labels = || {
        let labels = list(event, &["context", "available_answer_labels"]);
        labels
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    match word(event, &["event_type"]) {
        "context_received" => {
            tell(What::Round);
            Some(What::Seen(labels()))
        }
        "new_answer" => Some(What::Answer {
            label: word(event, &["context", "label"]).parse().ok(),
            text: String::new(),
        }),
        "vote_cast" => Some(What::Vote {
            target: word(event, &["context", "voted_for"]).to_owned(),
            label: word(event, &["context", "voted_for_label"]).parse().ok(),
            reason: word(event, &["context", "reason"]).to_owned(),
        }),
        "vote_ignored" => Some(What::Refused {
            act: "vote",
            reason: word(event, &["details"]).to_owned(),
            setback: Setback::LooksAgain,
        }),
        "final_agent_selected" => Some(What::Presents { counts: Vec::new() }),
        "final_answer" => Some(What::Final(String::new())),
        "update_injected" => Some(What::Told(
            Level::Info,
            word(event, &["details"]).to_owned(),
        )),
        _ => None,
    }
}
