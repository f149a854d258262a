//! How MassGen's files say that an attempt ended.

use super::{about::About, file, folders::Attempt, steps::Steps};
use crate::protocol::{NoAnswerReason, Outcome};

/// How an attempt ended, as far as files tell.
#[derive(Debug, Default)]
pub struct Ending {
    /// MassGen's word.
    pub finish: String,
    /// Its words for it.
    details: String,
    /// Name of the winner that files name.
    pub winner: Option<String>,
    /// Whether a later attempt took its place.
    pub superseded: bool,
    /// Whether its coordination was written down, which MassGen does at the end.
    pub written: bool,
    /// The final answer as it was kept.
    pub text: Option<String>,
}

impl Ending {
    /// What the files of an attempt say.
    pub fn of(attempt: &Attempt, about: &About, steps: &Steps) -> Self {
        let named = [
            file::word(&about.status, &["results", "winner"]),
            file::word(&about.tracker, &["session_metadata", "final_winner"]),
        ];
        let named = named.into_iter().find(|name| !name.is_empty());
        let kept = steps.finale.as_ref();
        Self {
            finish: about.finish().to_owned(),
            details: file::word(&about.status, &["finish_reason_details"]).to_owned(),
            winner: named
                .map(str::to_owned)
                .or_else(|| kept.map(|(name, _)| name.clone())),
            superseded: attempt.superseded,
            written: about.tracker.is_object(),
            text: kept.map(|(_, text)| text.clone()),
        }
    }

    /// Whether MassGen says that it came to its end.
    pub fn over(&self) -> bool {
        matches!(
            self.finish.as_str(),
            "completed" | "timeout" | "waiting_for_review"
        ) || self.written
            || self.text.is_some()
    }

    /// An end without an answer; `None` when the log just stops. `idle` says that no agent was ever asked.
    pub fn no_answer(&self, idle: bool) -> Option<Outcome> {
        let (reason, message) = match self.finish.as_str() {
            _ if self.superseded => (
                NoAnswerReason::Cancelled,
                "MassGen began another attempt.".to_owned(),
            ),
            "timeout" => (NoAnswerReason::Limit, self.told("MassGen ran out of time")),
            "error" => (NoAnswerReason::AllFailed, self.told("MassGen failed")),
            _ if self.written => (
                NoAnswerReason::Cancelled,
                "MassGen ended without an answer.".to_owned(),
            ),
            "" if idle => {
                let words = "MassGen ended before its team began, most often because it refused the \
                             configuration; massgen.log beside it may say more.";
                (NoAnswerReason::AllFailed, words.to_owned())
            }
            _ => return None,
        };
        Some(Outcome::NoAnswer { reason, message })
    }

    /// What happened, with MassGen's details where it gives any.
    fn told(&self, what: &str) -> String {
        if self.details.is_empty() {
            format!("{what}.")
        } else {
            format!("{what}: {}.", self.details.trim_end_matches('.'))
        }
    }
}
