//! What a ballot says beyond its top choice.

use serde::{Deserialize, Serialize};

use super::{Ballot, Label};

/// The marks on a ballot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marks {
    /// Nothing but the target.
    #[default]
    Single,
    /// Every answer that is good enough, the target first.
    Approve(Vec<Label>),
    /// Answers from best to worst, the target first; those left out share the last place.
    Rank(Vec<Label>),
    /// Scores of every answer; the target has the highest mean.
    Score(Vec<Scores>),
}

/// Scores of one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// The answer.
    pub label: Label,
    /// 0 to 10 for each criterion of the turn, in the order of the criteria.
    pub scores: Vec<u8>,
}

impl Marks {
    /// True when the target says it all.
    #[must_use]
    pub fn is_single(&self) -> bool {
        *self == Self::Single
    }
}

impl Ballot {
    /// Whether it counts as a vote for this answer in a plain count: the target, or any approved
    /// answer.
    #[must_use]
    pub fn supports(&self, label: Label) -> bool {
        match &self.marks {
            Marks::Approve(labels) => labels.contains(&label),
            Marks::Single | Marks::Rank(_) | Marks::Score(_) => self.target == Some(label),
        }
    }
}
