//! The live count: standing ballots over current answers.
//!
//! Shows who leads, not who won: the winner and its tie-break are in [`Turn::decision`].

use std::cmp::Reverse;

use crate::protocol::{AgentId, Ballot, TallyRow};

use super::Turn;

impl Turn {
    /// The ballots that stand, in the order of the agents.
    pub fn ballots(&self) -> impl Iterator<Item = &Ballot> {
        self.agents.iter().filter_map(|agent| agent.ballot.as_ref())
    }

    /// Standing ballots per current answer: most votes first, then by label; answers without votes
    /// included. A ballot for a label that is not current is not counted.
    #[must_use]
    pub fn standing(&self) -> Vec<TallyRow> {
        let mut rows: Vec<_> = self
            .current_labels()
            .into_iter()
            .map(|label| TallyRow {
                label,
                voters: self.voters(|ballot| ballot.supports(label)),
            })
            .collect();
        rows.sort_by_key(|row| (Reverse(row.voters.len()), row.label));
        rows
    }

    /// Agents whose standing ballot is an abstention, in agent order.
    #[must_use]
    pub fn abstained(&self) -> Vec<AgentId> {
        self.voters(|ballot| ballot.target.is_none())
    }

    fn voters(&self, wanted: impl Fn(&Ballot) -> bool) -> Vec<AgentId> {
        let mut voters: Vec<_> = self
            .agents
            .iter()
            .filter(|agent| agent.ballot.as_ref().is_some_and(&wanted))
            .map(|agent| agent.card.id)
            .collect();
        voters.sort_unstable();
        voters
    }
}
