//! What a chain comes to: the text of the last turn, or what there is with the names of what is missing.

use super::{Chain, words};
use crate::protocol::{Label, Outcome, OutcomeEnd, change::Snapshot};

impl Chain {
    /// What was to be done and was not, a few words each.
    pub fn missing(&self) -> Vec<String> {
        let Some(chunks) = &self.plan.chunks else {
            return match self.planning() {
                Some(_) => vec!["the plan was not carried out".to_owned()],
                None => Vec::new(),
            };
        };
        let there = |at: usize| self.results.get(at).and_then(text_of).is_some();
        let missing = (0..chunks.len()).filter(|at| !there(*at));
        missing
            .filter_map(|at| Some(format!("chunk {}: {}", at + 1, chunks.get(at)?.title)))
            .collect()
    }

    /// A plan that is not carried out is the answer, and says so.
    fn mere_plan(&self, missing: &[String]) -> Option<Outcome> {
        match self.last.as_ref().filter(|_| !missing.is_empty())? {
            Outcome::Answered {
                winner,
                text,
                presenter,
                end,
                changes,
            } => Some(Outcome::Answered {
                winner: *winner,
                text: words::with_missing(text.clone(), missing),
                presenter: *presenter,
                end: match (end, self.cut) {
                    (OutcomeEnd::Consensus, cut) => cut.unwrap_or(OutcomeEnd::Limit),
                    (end, _) => *end,
                },
                changes: changes.clone(),
            }),
            Outcome::NoAnswer { .. } => None,
        }
    }

    /// The outcome of the whole task, when it is not that of the last turn.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let missing = self.missing();
        let Some(chunks) = &self.plan.chunks else {
            return self.mere_plan(&missing);
        };
        let assembled = self.results.len() >= chunks.len() && self.cut.is_none();
        if assembled
            && missing.is_empty()
            && self.last.as_ref().is_some_and(|o| text_of(o).is_some())
        {
            return None;
        }
        // Without a single result the plan is all there is.
        let winner = self.results.iter().rev().find_map(label_of);
        let Some(winner) = winner else {
            return Some(Outcome::Answered {
                winner: self.plan.label?,
                text: words::with_missing(words::outline(chunks), &missing),
                presenter: None,
                end: self.cut.unwrap_or(OutcomeEnd::Limit),
                changes: self.files(),
            });
        };
        let own = self.last.as_ref().filter(|_| assembled).and_then(text_of);
        let text = own.map_or_else(|| words::joined(chunks, &self.results), str::to_owned);
        Some(Outcome::Answered {
            winner,
            text: words::with_missing(text, &missing),
            presenter: None,
            end: self.cut.unwrap_or(OutcomeEnd::Limit),
            changes: self.files(),
        })
    }
}

impl Chain {
    /// The files of the last step that had some: every step begins with those of the one before.
    fn files(&self) -> Vec<Snapshot> {
        let last = self.last.iter().chain(self.results.iter().rev());
        let mut files = last.map(files_of).filter(|files| !files.is_empty());
        files.next().unwrap_or_default().to_vec()
    }
}

/// The files that a turn ended with.
pub(in crate::engine) fn files_of(outcome: &Outcome) -> &[Snapshot] {
    match outcome {
        Outcome::Answered { changes, .. } => changes,
        Outcome::NoAnswer { .. } => &[],
    }
}

/// The text of an answer.
pub(super) fn text_of(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Answered { text, .. } => Some(text),
        Outcome::NoAnswer { .. } => None,
    }
}

pub(super) fn label_of(outcome: &Outcome) -> Option<Label> {
    match outcome {
        Outcome::Answered { winner, .. } => Some(*winner),
        Outcome::NoAnswer { .. } => None,
    }
}

pub(super) fn end_of(outcome: &Outcome) -> Option<OutcomeEnd> {
    match outcome {
        Outcome::Answered { end, .. } => Some(*end),
        Outcome::NoAnswer { .. } => None,
    }
}
