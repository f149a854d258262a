//! Instant runoff: every ballot counts for the first of its answers that is still in; until one has
//! more than half of those ballots, the weakest is struck.
//!
//! The weakest has the fewest ballots; of those, the fewest of voters other than its author; of
//! those, it was published last.

use std::cmp::Reverse;

use crate::protocol::{Ballot, Elimination, Label, Marks, TieBreak};

use super::{Race, Verdict};

/// Counts until one has more than half of the ballots that are still in, or is alone.
pub(super) fn count(race: &Race) -> Option<Verdict> {
    let mut left = race.labels.to_vec();
    let mut rounds = Vec::new();
    loop {
        let counted = Counted::of(race, &left);
        let (leader, most) = *counted.sorted().first()?;
        let all: u32 = counted.votes.iter().sum();
        if most * 2 > all || left.len() == 1 {
            rounds.push(counted.told(None));
            return Some(Verdict {
                winner: leader,
                by: TieBreak::Elimination,
                points: Vec::new(),
                rounds,
            });
        }
        let out = counted.weakest()?;
        // With two left and as many ballots each, what strikes the loser settles the race.
        if let [one, other] = left.as_slice() {
            let winner = if out == *one { *other } else { *one };
            rounds.push(counted.told(None));
            return Some(Verdict {
                winner,
                by: counted.tie(winner, out),
                points: Vec::new(),
                rounds,
            });
        }
        rounds.push(counted.told(Some(out)));
        left.retain(|label| *label != out);
    }
}

/// The answers of this race on a ballot, best first. Any ballot is a ranking: at least of its target.
pub(super) fn ranking(race: &Race, ballot: &Ballot) -> impl Iterator<Item = Label> {
    let ranked: &[Label] = match &ballot.marks {
        Marks::Rank(labels) => labels,
        Marks::Single | Marks::Approve(_) | Marks::Score(_) => ballot.target.as_slice(),
    };
    ranked
        .iter()
        .copied()
        .filter(|label| race.labels.contains(label))
}

/// One count.
struct Counted {
    /// Answers still in, in order of publication.
    left: Vec<Label>,
    votes: Vec<u32>,
    /// Of them, those of voters other than the author.
    others: Vec<u32>,
    exhausted: u32,
}

impl Counted {
    fn of(race: &Race, left: &[Label]) -> Self {
        let mut counted = Self {
            left: left.to_vec(),
            votes: vec![0; left.len()],
            others: vec![0; left.len()],
            exhausted: 0,
        };
        for ballot in race.cast() {
            let choice = ranking(race, ballot)
                .find_map(|label| left.iter().position(|candidate| *candidate == label));
            let Some(place) = choice else {
                counted.exhausted += 1;
                continue;
            };
            counted.votes[place] += 1;
            if left[place].agent != ballot.voter {
                counted.others[place] += 1;
            }
        }
        counted
    }

    fn sorted(&self) -> Vec<(Label, u32)> {
        let mut rows: Vec<_> = self
            .left
            .iter()
            .copied()
            .zip(self.votes.iter().copied())
            .collect();
        rows.sort_by_key(|(_, votes)| Reverse(*votes));
        rows
    }

    fn weakest(&self) -> Option<Label> {
        let place = (0..self.left.len())
            .min_by_key(|place| (self.votes[*place], self.others[*place], Reverse(*place)))?;
        self.left.get(place).copied()
    }

    /// What told two answers with as many ballots apart.
    fn tie(&self, winner: Label, loser: Label) -> TieBreak {
        let others = |label| {
            let place = self.left.iter().position(|candidate| *candidate == label);
            place.and_then(|place| self.others.get(place).copied())
        };
        if others(winner) == others(loser) {
            TieBreak::Earliest
        } else {
            TieBreak::OtherVoters
        }
    }

    fn told(&self, out: Option<Label>) -> Elimination {
        Elimination {
            counts: self.sorted(),
            exhausted: self.exhausted,
            out,
        }
    }
}
