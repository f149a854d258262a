//! Counting: ballots in, winner out, one file per family of policies.
//!
//! Pure arithmetic over the ballots of a race. It does not matter in which order ballots come, nor
//! which numbers agents have; the only order is that of publication, the last tie-break. Who may
//! vote, and when, is not decided here.

mod approval;
mod bar;
mod borda;
mod gate;
mod runoff;
mod safe;
mod score;
mod single;
#[cfg(test)]
mod tests;
mod ties;

use crate::protocol::{Ballot, Criterion, Elimination, Label, Points, Policy, TieBreak};

pub(super) use bar::{finalists, needed};
pub(super) use gate::{Judgement, judge};
pub(super) use safe::is_safe;
pub(super) use score::best_of;

/// Everything a count looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Race<'a> {
    /// Current answers in order of publication.
    pub labels: &'a [Label],
    /// Standing ballots, abstentions included. Ballots for other labels do not count.
    pub ballots: &'a [&'a Ballot],
    /// What scores are about.
    pub criteria: &'a [Criterion],
}

/// The outcome of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub winner: Label,
    pub by: TieBreak,
    /// What each answer got, where that is not a number of voters.
    pub points: Vec<Points>,
    /// Counts of an instant runoff.
    pub rounds: Vec<Elimination>,
}

impl Race<'_> {
    /// Ballots for answers of this race.
    fn cast(&self) -> impl Iterator<Item = &Ballot> {
        self.ballots.iter().copied().filter(|ballot| {
            ballot
                .target
                .is_some_and(|target| self.labels.contains(&target))
        })
    }

    /// Voters of an answer in a plain count.
    pub(super) fn votes(&self, label: Label) -> u32 {
        count(self.cast().filter(|ballot| ballot.supports(label)))
    }

    /// Those of them that did not write it.
    fn others(&self, label: Label) -> u32 {
        let others = self.cast().filter(|ballot| ballot.voter != label.agent);
        count(others.filter(|ballot| ballot.supports(label)))
    }

    /// Ballots that name it first.
    fn firsts(&self, label: Label) -> u32 {
        count(self.cast().filter(|ballot| ballot.target == Some(label)))
    }
}

fn count(ballots: impl Iterator) -> u32 {
    u32::try_from(ballots.count()).unwrap_or(u32::MAX)
}

/// Counts; `None` when no ballot names an answer.
pub(super) fn count_by(policy: Policy, race: &Race) -> Option<Verdict> {
    race.cast().next()?;
    match policy {
        Policy::Plurality | Policy::Majority | Policy::Unanimity => {
            single::count(race, TieBreak::Votes)
        }
        Policy::Judge => single::count(race, TieBreak::Judged),
        Policy::Approval => approval::count(race),
        Policy::InstantRunoff => runoff::count(race),
        Policy::Borda => borda::count(race),
        Policy::Score => score::count(race),
    }
}
