//! The rules by which ballots become a winner.

use serde::{Deserialize, Serialize};

/// How ballots are cast and counted. What each means is told in `docs/coordination.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// One vote each, most votes win.
    #[default]
    Plurality,
    /// One vote each, more than half of those who can vote; one runoff, then plurality.
    Majority,
    /// One vote each, all that can vote; one runoff, then plurality.
    Unanimity,
    /// A vote for every answer that is good enough.
    Approval,
    /// A ranking; the weakest is struck until one has more than half.
    InstantRunoff,
    /// A ranking; every place is worth points.
    Borda,
    /// Every answer is scored on every criterion; the highest mean wins.
    Score,
    /// No votes of authors: a judge chooses.
    Judge,
}

/// What a ballot consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One answer.
    #[default]
    One,
    /// Any number of answers.
    Several,
    /// Answers from best to worst.
    Ranking,
    /// A number per answer and criterion.
    Scores,
}

impl Policy {
    /// Every policy, for lists.
    pub const ALL: [Self; 8] = [
        Self::Plurality,
        Self::Majority,
        Self::Unanimity,
        Self::Approval,
        Self::InstantRunoff,
        Self::Borda,
        Self::Score,
        Self::Judge,
    ];

    /// The name on screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plurality => "plurality",
            Self::Majority => "majority",
            Self::Unanimity => "unanimity",
            Self::Approval => "approval",
            Self::InstantRunoff => "instant runoff",
            Self::Borda => "Borda count",
            Self::Score => "scores",
            Self::Judge => "judge",
        }
    }

    /// The name in configurations and flags.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Plurality => "plurality",
            Self::Majority => "majority",
            Self::Unanimity => "unanimity",
            Self::Approval => "approval",
            Self::InstantRunoff => "ranked",
            Self::Borda => "borda",
            Self::Score => "score",
            Self::Judge => "judge",
        }
    }

    /// The policy of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.key() == name)
    }

    /// What its ballots consist of.
    #[must_use]
    pub const fn form(self) -> Form {
        match self {
            Self::Plurality | Self::Majority | Self::Unanimity | Self::Judge => Form::One,
            Self::Approval => Form::Several,
            Self::InstantRunoff | Self::Borda => Form::Ranking,
            Self::Score => Form::Scores,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_found_by_its_name() {
        for policy in Policy::ALL {
            assert_eq!(Policy::named(policy.key()), Some(policy));
        }
        assert_eq!(Policy::named("dictator"), None);
    }
}
