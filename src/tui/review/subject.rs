//! What is reviewed: folders, agents, their trees and votes, as the run's fold tells it.
//!
//! Derived anew whenever an event arrives; holds no state of the screen.

use std::sync::Arc;

use crate::{
    protocol::{
        AgentId, Label, Outcome, RunId,
        change::{Access, ContextId, Snapshot, Workplace},
    },
    run::{RunState, Turn},
};

/// What is reviewed.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The session.
    pub run: RunId,
    /// Folders that agents may change, in their order; never empty.
    pub places: Vec<Workplace>,
    /// The agents in their order.
    pub agents: Vec<Worker>,
    /// Whose answer won, or leads.
    pub winner: Option<AgentId>,
}

/// One agent and what it has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Who.
    pub id: AgentId,
    /// Its configured name.
    pub name: String,
    /// Its current answer; `None` before its first.
    pub label: Option<Label>,
    /// The text of that answer.
    pub text: Arc<str>,
    /// What its worktrees held when it published.
    pub changes: Vec<Snapshot>,
    /// Standing votes for it.
    pub votes: usize,
}

impl Worker {
    /// What its worktree of a folder held.
    #[must_use]
    pub fn snapshot(&self, context: ContextId) -> Option<&Snapshot> {
        self.changes
            .iter()
            .find(|snapshot| snapshot.context == context)
    }
}

impl Subject {
    /// The newest turn that has something to review; `None` when the session works on no folder.
    #[must_use]
    pub fn of(run: &RunState) -> Option<Self> {
        let turns: Vec<&Turn> = run.turns().collect();
        let places = |turn: &&&Turn| turn.start.places.iter().any(writes);
        let newest = turns.iter().rev().filter(places);
        let changed = |turn: &&&Turn| {
            let mut answers = turn.answers.iter();
            answers.any(|published| !published.answer.changes.is_empty())
        };
        let turn = newest
            .clone()
            .find(changed)
            .or_else(|| newest.clone().next())?;
        Some(Self::of_turn(turn))
    }

    fn of_turn(turn: &Turn) -> Self {
        let standing = turn.standing();
        let votes = |agent: AgentId| {
            let rows = standing.iter().filter(|row| row.label.agent == agent);
            rows.map(|row| row.voters.len()).sum()
        };
        let won = match &turn.outcome {
            Some(Outcome::Answered { winner, .. }) => Some(winner.agent),
            Some(Outcome::NoAnswer { .. }) | None => None,
        };
        let agents = turn
            .agents
            .iter()
            .map(|agent| {
                let id = agent.card.id;
                let answers = turn.answers.iter().rev();
                let answer = answers
                    .map(|published| &published.answer)
                    .find(|answer| answer.label.agent == id);
                // What the turn ended with stands for the answer that won.
                let last = match &turn.outcome {
                    Some(Outcome::Answered { changes, .. }) if won == Some(id) => changes,
                    _ => &Vec::new(),
                };
                let last = (!last.is_empty()).then_some(last.as_slice());
                Worker {
                    id,
                    name: turn.name(id).to_owned(),
                    label: answer.map(|answer| answer.label),
                    text: answer.map_or("", |answer| &answer.text).into(),
                    changes: last
                        .or(answer.map(|answer| answer.changes.as_slice()))
                        .unwrap_or_default()
                        .to_vec(),
                    votes: votes(id),
                }
            })
            .collect();
        let leads = standing.first().filter(|row| !row.voters.is_empty());
        Self {
            run: turn.start.run.clone(),
            places: turn
                .start
                .places
                .iter()
                .filter(|place| writes(place))
                .cloned()
                .collect(),
            agents,
            winner: won.or(leads.map(|row| row.label.agent)),
        }
    }

    /// True when some agent has changed a file.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        let snapshots = self.agents.iter().flat_map(|agent| &agent.changes);
        snapshots.into_iter().any(|snapshot| snapshot.files > 0)
    }

    /// The agent with this number.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<&Worker> {
        self.agents.iter().find(|agent| agent.id == id)
    }

    /// The folder with this number.
    #[must_use]
    pub fn place(&self, context: ContextId) -> Option<&Workplace> {
        self.places.iter().find(|place| place.context == context)
    }
}

fn writes(place: &Workplace) -> bool {
    place.access == Access::Write
}
