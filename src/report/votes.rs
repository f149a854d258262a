//! Who voted for whom, and two habits worth watching: voting for oneself, and for whatever came first.

use serde::Serialize;

use crate::{
    protocol::{AgentEvent, AgentId, BallotEvent, Event, EventKind, Label},
    run::Turn,
};

/// The vote of a turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Voting {
    /// Every ballot that was cast, in order.
    pub edges: Vec<Edge>,
    /// Ballots for an answer.
    pub cast: usize,
    /// Of these, for the voter's own answer.
    pub own: usize,
    /// Of those that had a choice between several answers, for the one that stood first in the voter's view.
    pub first: usize,
    /// Ballots that had such a choice.
    pub choices: usize,
    /// Ballots that stopped counting.
    pub dropped: usize,
    /// Votes of the winner, and of those that counted.
    pub winner: (usize, usize),
}

/// One ballot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// Number of its event.
    pub event: u64,
    /// Who voted.
    pub voter: AgentId,
    /// For which answer; `None` for an abstention.
    pub target: Option<Label>,
    /// Whether it counted in the end.
    pub counted: bool,
    /// The voter's words.
    pub reason: String,
}

/// The vote of a turn.
pub fn of(turn: &Turn, events: &[Event]) -> Voting {
    let mut voting = Voting::default();
    let mut published: Vec<Label> = Vec::new();
    for event in events {
        let EventKind::Agent { id: _, event: what } = &event.kind else {
            continue;
        };
        match what {
            AgentEvent::Published(answer) => {
                published.retain(|label| label.agent != answer.label.agent);
                published.push(answer.label);
                published.sort_unstable_by_key(|label| label.agent);
            }
            AgentEvent::Ballot(BallotEvent::Cast(ballot) | BallotEvent::Auto(ballot)) => {
                if let Some(target) = ballot.target {
                    voting.cast += 1;
                    voting.own += usize::from(target.agent == ballot.voter);
                    if published.len() > 1 {
                        voting.choices += 1;
                        voting.first += usize::from(published.first() == Some(&target));
                    }
                }
                voting.edges.push(Edge {
                    event: event.seq.0,
                    voter: ballot.voter,
                    target: ballot.target,
                    counted: false,
                    reason: ballot.reason.clone(),
                });
            }
            _ => {}
        }
    }
    voting.dropped = turn.dropped.len();
    for agent in &turn.agents {
        let standing = agent.ballot.as_ref();
        let mut edges = voting.edges.iter_mut().rev();
        let last = edges.find(|edge| edge.voter == agent.card.id);
        if let (Some(edge), Some(ballot)) = (last, standing) {
            edge.counted = edge.target == ballot.target;
        }
    }
    if let Some(decision) = &turn.decision {
        let rows = decision.tally.iter();
        let all = rows.map(|row| row.voters.len()).sum();
        let winner = decision.tally.first().map_or(0, |row| row.voters.len());
        voting.winner = (winner, all);
    }
    voting
}
