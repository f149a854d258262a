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
    /// Whether the answer that got the first vote won; `None` without a vote or a winner.
    pub first_won: Option<bool>,
    /// The same habits for each model, in the order of the team.
    pub habits: Vec<Habit>,
}

/// How a model votes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Habit {
    /// Which model.
    pub model: String,
    /// Ballots for an answer.
    pub cast: usize,
    /// Of these, for the voter's own answer.
    pub own: usize,
    /// Of those that had a choice, for the answer that stood first.
    pub first: usize,
    /// Ballots that had a choice.
    pub choices: usize,
    /// Ballots that stopped counting.
    pub dropped: usize,
}

/// Adds habits to those of other turns.
pub fn add(all: &mut Vec<Habit>, more: &[Habit]) {
    for habit in more {
        let place = all.iter().position(|one| one.model == habit.model);
        let Some(same) = place.and_then(|place| all.get_mut(place)) else {
            all.push(habit.clone());
            continue;
        };
        same.cast += habit.cast;
        same.own += habit.own;
        same.first += habit.first;
        same.choices += habit.choices;
        same.dropped += habit.dropped;
    }
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
                    let choice = published.len() > 1;
                    let one = Habit {
                        model: model(turn, ballot.voter),
                        cast: 1,
                        own: usize::from(target.agent == ballot.voter),
                        first: usize::from(choice && published.first() == Some(&target)),
                        choices: usize::from(choice),
                        dropped: 0,
                    };
                    voting.cast += one.cast;
                    voting.own += one.own;
                    voting.first += one.first;
                    voting.choices += one.choices;
                    add(&mut voting.habits, &[one]);
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
    for drop in &turn.dropped {
        let model = model(turn, drop.ballot.voter);
        if let Some(habit) = voting.habits.iter_mut().find(|habit| habit.model == model) {
            habit.dropped += 1;
        }
    }
    let order = |habit: &Habit| {
        let mut agents = turn.agents.iter();
        agents.position(|agent| agent.card.model == habit.model)
    };
    voting.habits.sort_by_key(order);
    let first = voting.edges.iter().find_map(|edge| edge.target);
    if let (Some(first), Some(decision)) = (first, &turn.decision) {
        voting.first_won = Some(first == decision.winner);
    }
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

fn model(turn: &Turn, id: AgentId) -> String {
    let agent = turn.agent(id);
    agent.map_or_else(String::new, |agent| agent.card.model.clone())
}
