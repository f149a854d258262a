//! Attempts and verifications of a turn, as people read them.

use crate::protocol::{AgentId, ReviewEvent, Verdict};

use super::Turn;

/// Attempts of a turn and what verifications said.
#[derive(Clone, Debug, PartialEq)]
pub struct Reviews {
    /// The running or last attempt, starting at 1.
    pub attempt: u32,
    /// Attempts there may be.
    pub of: u32,
    /// Who looks at the final text now.
    pub asked: Option<AgentId>,
    /// Verdicts, oldest first.
    pub verdicts: Vec<Verdict>,
    /// Why the text stands unverified, if it was to be verified.
    pub skipped: Option<String>,
}

impl Default for Reviews {
    fn default() -> Self {
        Self {
            attempt: 1,
            of: 1,
            asked: None,
            verdicts: Vec::new(),
            skipped: None,
        }
    }
}

impl Turn {
    pub(super) fn review(&mut self, event: &ReviewEvent) -> String {
        let reviews = &mut self.record.reviews;
        match event {
            ReviewEvent::Asked { by, attempt, of } => {
                (reviews.attempt, reviews.of) = (*attempt, *of);
                reviews.asked = Some(*by);
            }
            ReviewEvent::Verdict(verdict) => {
                reviews.asked = None;
                reviews.verdicts.push(verdict.clone());
            }
            ReviewEvent::Skipped { why } => {
                reviews.asked = None;
                reviews.skipped = Some(why.clone());
            }
            ReviewEvent::Again { attempt, of, .. } => {
                (reviews.attempt, reviews.of) = (*attempt, *of);
                // The vote of this attempt is still to come.
                self.decision = None;
            }
        }
        self.review_words(event)
    }

    /// A review event as a sentence, with configured names.
    #[must_use]
    pub fn review_words(&self, event: &ReviewEvent) -> String {
        match event {
            ReviewEvent::Asked { by, attempt, of } => {
                let attempt = if *of > 1 {
                    format!(" (attempt {attempt} of {of})")
                } else {
                    String::new()
                };
                format!("{} verifies the final answer{attempt}", self.name(*by))
            }
            ReviewEvent::Verdict(verdict) => self.verdict_words(verdict),
            ReviewEvent::Skipped { why } => format!("not verified: {why}"),
            ReviewEvent::Again {
                attempt,
                of,
                agents,
            } => {
                let who: Vec<&str> = agents.iter().map(|id| self.name(*id)).collect();
                format!("attempt {attempt} of {of} begins: {}", who.join(", "))
            }
        }
    }

    /// `mia accepted the answer`, `mia asks for changes: …`.
    #[must_use]
    pub fn verdict_words(&self, verdict: &Verdict) -> String {
        let who = self.name(verdict.by);
        let words = verdict.instructions.trim();
        match (verdict.accept, words.is_empty()) {
            (true, true) => format!("{who} accepted the answer"),
            (true, false) => format!("{who} accepted the answer: {words}"),
            (false, _) => format!("{who} asks for changes: {words}"),
        }
    }
}
