//! Scores: every ballot gives every answer 0 to 10 on each criterion; the highest weighted mean over
//! all ballots wins. An answer that a ballot does not score (it had not seen it) takes the mean over
//! those that do.

use std::cmp::{Ordering, Reverse};

use crate::protocol::{Criterion, Label, Marks, Points, Scores, TieBreak};

use super::{Race, Verdict, ties};

/// A mean as an exact fraction: compared without rounding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mean {
    sum: u64,
    weight: u64,
}

impl Mean {
    const fn zero() -> Self {
        Self { sum: 0, weight: 0 }
    }

    /// The weighted mean of one row of scores. Criteria without a score count as 0.
    pub(super) fn of(criteria: &[Criterion], scores: &[u8]) -> Self {
        let mut mean = Self::zero();
        for (index, criterion) in criteria.iter().enumerate() {
            let score = scores.get(index).copied().unwrap_or(0);
            mean.sum += u64::from(criterion.weight) * u64::from(score);
            mean.weight += u64::from(criterion.weight);
        }
        mean
    }

    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.weight += other.weight;
    }

    /// Weighted points it is the mean of.
    pub(super) const fn sum(self) -> u64 {
        self.sum
    }

    /// Weights they are divided by.
    pub(super) const fn weight(self) -> u64 {
        self.weight
    }

    /// In hundredths, rounded down.
    pub(super) fn hundredths(self) -> u64 {
        (self.sum * 100).checked_div(self.weight).unwrap_or(0)
    }

    /// Whether it reaches a bar in tenths.
    pub(super) fn reaches(self, tenths: u32) -> bool {
        self.sum * 10 >= u64::from(tenths) * self.weight
    }
}

impl Ord for Mean {
    fn cmp(&self, other: &Self) -> Ordering {
        // Nothing is below 0 of something: no score at all is no better than 0.
        let left = self.sum * other.weight.max(1);
        let right = other.sum * self.weight.max(1);
        left.cmp(&right)
    }
}

impl PartialOrd for Mean {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Mean {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Mean {}

/// Counts scores.
pub(super) fn count(race: &Race) -> Option<Verdict> {
    let tied = ties::best(race.labels, |label| mean(race, label));
    let (winner, by) = ties::settle(race, &tied, TieBreak::Score)?;
    let mut points: Vec<_> = race
        .labels
        .iter()
        .map(|label| Points {
            label: *label,
            hundredths: mean(race, *label).hundredths(),
        })
        .collect();
    points.sort_by_key(|row| (row.label != winner, Reverse(row.hundredths)));
    Some(Verdict {
        winner,
        by,
        points,
        rounds: Vec::new(),
    })
}

/// Mean of an answer over all ballots that score it.
pub(super) fn mean(race: &Race, label: Label) -> Mean {
    let mut mean = Mean::zero();
    for ballot in race.cast() {
        if let Marks::Score(rows) = &ballot.marks
            && let Some(row) = rows.iter().find(|row| row.label == label)
        {
            mean.add(Mean::of(race.criteria, &row.scores));
        }
    }
    mean
}

/// The best answer of one ballot and its mean. Of equals the one that somebody else than the voter
/// wrote, then the first of the ballot.
pub(in crate::engine::coordination) fn best_of<'a>(
    criteria: &[Criterion],
    rows: &'a [Scores],
    voter: crate::protocol::AgentId,
) -> Option<&'a Scores> {
    rows.iter()
        .rev()
        .max_by_key(|row| (Mean::of(criteria, &row.scores), row.label.agent != voter))
}
