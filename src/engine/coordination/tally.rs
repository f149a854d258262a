//! Counting: plurality over standing ballots, and the documented chain that settles ties.

use std::cmp::Reverse;

use crate::protocol::{AgentId, Ballot, Decision, Label, TallyRow, TieBreak};

/// Settles the vote over `current` (current answers in order of publication). Ballots for other
/// labels are not counted. `None` without answers.
///
/// Chain: most ballots; of those, most voters other than the author; of those, published first.
/// Without a single vote: the only answer; the latest of an agent that is still live; the latest.
pub(super) fn settle<'a>(
    current: &[Label],
    ballots: impl Iterator<Item = &'a Ballot> + Clone,
    is_live: impl Fn(AgentId) -> bool,
) -> Option<Decision> {
    let mut rows: Vec<_> = current
        .iter()
        .map(|label| {
            let mut voters: Vec<_> = ballots
                .clone()
                .filter(|ballot| ballot.target == Some(*label))
                .map(|ballot| ballot.voter)
                .collect();
            voters.sort_unstable();
            TallyRow {
                label: *label,
                voters,
            }
        })
        .collect();
    let (winner, by) = winner(&rows, is_live)?;
    rows.sort_by_key(|row| (row.label != winner, Reverse(row.voters.len()), row.label));
    let mut abstained: Vec<_> = ballots
        .filter(|ballot| ballot.target.is_none())
        .map(|ballot| ballot.voter)
        .collect();
    abstained.sort_unstable();
    Some(Decision {
        winner,
        tally: rows,
        abstained,
        by,
    })
}

/// The winner among rows in order of publication.
fn winner(rows: &[TallyRow], is_live: impl Fn(AgentId) -> bool) -> Option<(Label, TieBreak)> {
    let most = rows.iter().map(|row| row.voters.len()).max()?;
    if most == 0 {
        return no_votes(rows, is_live);
    }
    let tied: Vec<_> = rows.iter().filter(|row| row.voters.len() == most).collect();
    if let [only] = tied.as_slice() {
        return Some((only.label, TieBreak::Votes));
    }
    let others = tied.iter().map(|row| others(row)).max()?;
    let mut best = tied.into_iter().filter(|row| self::others(row) == others);
    let first = best.next()?;
    let by = match best.next() {
        None => TieBreak::OtherVoters,
        Some(_) => TieBreak::Earliest,
    };
    Some((first.label, by))
}

/// Voters other than the author.
fn others(row: &TallyRow) -> usize {
    let author = row.label.agent;
    row.voters.iter().filter(|voter| **voter != author).count()
}

fn no_votes(rows: &[TallyRow], is_live: impl Fn(AgentId) -> bool) -> Option<(Label, TieBreak)> {
    if let [only] = rows {
        return Some((only.label, TieBreak::OnlyAnswer));
    }
    match rows.iter().rev().find(|row| is_live(row.label.agent)) {
        Some(row) => Some((row.label, TieBreak::LatestLive)),
        None => rows.last().map(|row| (row.label, TieBreak::Latest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Authors of current answers in order of publication, votes as (voter, author or 0), live
    /// agents; the winning author and the rule.
    fn check(
        authors: &[u16],
        votes: &[(u16, u16)],
        live: &[u16],
        expected: Option<(u16, TieBreak)>,
    ) {
        let labels: Vec<_> = authors.iter().map(|a| Label::new(AgentId(*a), 1)).collect();
        let ballots: Vec<_> = votes
            .iter()
            .map(|(voter, author)| Ballot {
                voter: AgentId(*voter),
                target: (*author > 0).then(|| Label::new(AgentId(*author), 1)),
                reason: String::new(),
                epoch: 1,
            })
            .collect();
        let decision = settle(&labels, ballots.iter(), |id| live.contains(&id.0));
        let got = decision.as_ref().map(|d| (d.winner.agent.0, d.by));
        assert_eq!(got, expected, "{authors:?} {votes:?}");
        if let Some(decision) = decision {
            assert_eq!(decision.tally[0].label, decision.winner);
            assert_eq!(decision.tally.len(), authors.len());
        }
    }

    #[test]
    fn the_chain() {
        use TieBreak::{Earliest, Latest, LatestLive, OnlyAnswer, OtherVoters, Votes};
        let all: &[u16] = &[1, 2, 3];
        check(&[], &[(1, 0)], all, None);
        check(&[2, 1], &[(1, 1), (2, 1), (3, 2)], all, Some((1, Votes)));
        check(&[2, 1], &[(1, 1)], all, Some((1, Votes)));
        // One vote each: agent 1 has that of another, agent 2 its own.
        check(&[2, 1], &[(2, 2), (3, 1)], all, Some((1, OtherVoters)));
        check(&[2, 1], &[(1, 2), (2, 1)], all, Some((2, Earliest)));
        check(&[2, 1], &[(1, 1), (2, 2)], all, Some((2, Earliest)));
        check(&[3], &[(1, 0), (2, 0)], all, Some((3, OnlyAnswer)));
        check(&[2, 1, 3], &[], &[1, 2], Some((1, LatestLive)));
        check(&[2, 1, 3], &[(2, 0)], &[], Some((3, Latest)));
        // A vote for something that is not current is not counted.
        check(&[2, 1], &[(1, 9), (2, 2)], all, Some((2, Votes)));
    }
}
