//! The settled vote: what the policy's count says, what to do without a single vote, and what
//! stands beside the result.

use std::cmp::Reverse;

use crate::protocol::{
    AgentId, Ballot, Bar, Criterion, Decision, Label, NoVote, Policy, TallyRow, TieBreak,
};

use super::policy::{self, Race, Verdict};

/// What a count needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count<'a> {
    pub policy: Policy,
    pub criteria: &'a [Criterion],
    /// Current answers in order of publication.
    pub current: &'a [Label],
    /// The two answers that are left to choose from.
    pub runoff: Option<(Label, Label)>,
    /// Agents that could vote.
    pub electorate: u32,
}

/// Settles the vote over the current answers. Ballots for other labels are not counted. `None`
/// without answers.
///
/// Without a single vote: the only answer; the latest of an agent that is still live; the latest.
pub(super) fn settle<'a>(
    count: Count,
    ballots: impl Iterator<Item = &'a Ballot>,
    is_live: impl Fn(AgentId) -> bool,
) -> Option<Decision> {
    let Count {
        policy, current, ..
    } = count;
    let ballots: Vec<_> = ballots.collect();
    let mut labels = current.to_vec();
    if let Some((one, other)) = count.runoff {
        labels.retain(|label| *label == one || *label == other);
    }
    let race = Race {
        labels: &labels,
        ballots: &ballots,
        criteria: count.criteria,
    };
    let verdict = match policy::count_by(policy, &race) {
        Some(verdict) => verdict,
        None => no_votes(&labels, is_live)?,
    };
    let bar = policy::needed(policy, count.electorate).map(|need| Bar {
        need,
        of: count.electorate,
        got: race.votes(verdict.winner),
        runoff: count.runoff,
    });
    let Verdict {
        winner,
        by,
        points,
        rounds,
    } = verdict;
    let place = |label| points.iter().position(|row| row.label == label);
    let mut tally = rows(current, &ballots);
    // Of equals the earlier answer comes first: numbers decide nothing.
    tally.sort_by_key(|row| {
        (
            row.label != winner,
            place(row.label),
            Reverse(row.voters.len()),
        )
    });
    let mut abstained: Vec<_> = ballots
        .iter()
        .filter(|ballot| ballot.target.is_none())
        .map(|ballot| ballot.voter)
        .collect();
    abstained.sort_unstable();
    Some(Decision {
        winner,
        tally,
        abstained,
        by,
        policy,
        points,
        rounds,
        bar,
        majority: None,
        saved_calls: 0,
        end: None,
    })
}

/// Who voted for each answer, in order of publication.
fn rows(current: &[Label], ballots: &[&Ballot]) -> Vec<TallyRow> {
    let row = |label: &Label| {
        let mut voters: Vec<_> = ballots
            .iter()
            .filter(|ballot| ballot.supports(*label))
            .map(|ballot| ballot.voter)
            .collect();
        voters.sort_unstable();
        TallyRow {
            label: *label,
            voters,
        }
    };
    current.iter().map(row).collect()
}

fn no_votes(current: &[Label], is_live: impl Fn(AgentId) -> bool) -> Option<Verdict> {
    let (winner, by) = match current {
        [only] => (*only, TieBreak::NoVote(NoVote::OnlyAnswer)),
        _ => match current.iter().rev().find(|label| is_live(label.agent)) {
            Some(label) => (*label, TieBreak::NoVote(NoVote::LatestLive)),
            None => (*current.last()?, TieBreak::NoVote(NoVote::Latest)),
        },
    };
    Some(Verdict {
        winner,
        by,
        points: Vec::new(),
        rounds: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Marks;

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
                marks: Marks::Single,
            })
            .collect();
        let is_live = |id: AgentId| live.contains(&id.0);
        let count = Count {
            policy: Policy::Plurality,
            criteria: &[],
            current: &labels,
            runoff: None,
            electorate: 3,
        };
        let decision = settle(count, ballots.iter(), is_live);
        let got = decision.as_ref().map(|d| (d.winner.agent.0, d.by));
        assert_eq!(got, expected, "{authors:?} {votes:?}");
        if let Some(decision) = decision {
            assert_eq!(decision.tally[0].label, decision.winner);
            assert_eq!(decision.tally.len(), authors.len());
        }
    }

    #[test]
    fn the_chain() {
        use NoVote::{Latest, LatestLive, OnlyAnswer};
        use TieBreak::{Earliest, OtherVoters, Votes};
        let all: &[u16] = &[1, 2, 3];
        check(&[], &[(1, 0)], all, None);
        check(&[2, 1], &[(1, 1), (2, 1), (3, 2)], all, Some((1, Votes)));
        check(&[2, 1], &[(1, 1)], all, Some((1, Votes)));
        // One vote each: agent 1 has that of another, agent 2 its own.
        check(&[2, 1], &[(2, 2), (3, 1)], all, Some((1, OtherVoters)));
        check(&[2, 1], &[(1, 2), (2, 1)], all, Some((2, Earliest)));
        check(&[2, 1], &[(1, 1), (2, 2)], all, Some((2, Earliest)));
        check(
            &[3],
            &[(1, 0), (2, 0)],
            all,
            Some((3, TieBreak::NoVote(OnlyAnswer))),
        );
        check(
            &[2, 1, 3],
            &[],
            &[1, 2],
            Some((1, TieBreak::NoVote(LatestLive))),
        );
        check(
            &[2, 1, 3],
            &[(2, 0)],
            &[],
            Some((3, TieBreak::NoVote(Latest))),
        );
        // A vote for something that is not current is not counted.
        check(&[2, 1], &[(1, 9), (2, 2)], all, Some((2, Votes)));
    }
}
