//! The vote, counted from the ballots that stand.

use crate::protocol::{AgentId, Ballot, Decision, Label, NoVote, Policy, TallyRow, TieBreak};

/// The count: `current` are the answers that could be voted for, one per agent at most.
pub fn decision<'a>(
    winner: Label,
    current: impl Iterator<Item = Label>,
    ballots: &(impl Iterator<Item = &'a Ballot> + Clone),
) -> Decision {
    let voters = |label: Label| -> Vec<AgentId> {
        let mine = ballots
            .clone()
            .filter(|ballot| ballot.target == Some(label));
        mine.map(|ballot| ballot.voter).collect()
    };
    let mut tally: Vec<TallyRow> = current
        .map(|label| TallyRow {
            label,
            voters: voters(label),
        })
        .collect();
    tally.sort_by_key(|row| {
        let fewest_last = usize::MAX - row.voters.len();
        (row.label != winner, fewest_last, row.label)
    });
    let votes = |row: &TallyRow| row.voters.len();
    let mine = tally.first().map_or(0, votes);
    let best = tally.iter().skip(1).map(votes).max().unwrap_or_default();
    let by = if tally.len() == 1 && mine == 0 {
        TieBreak::NoVote(NoVote::OnlyAnswer)
    } else if mine > best {
        TieBreak::Votes
    } else {
        TieBreak::TeamOrder
    };
    Decision {
        winner,
        tally,
        abstained: Vec::new(),
        by,
        policy: Policy::default(),
        points: Vec::new(),
        rounds: Vec::new(),
        bar: None,
        majority: None,
        saved_calls: 0,
        end: None,
    }
}
