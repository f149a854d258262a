//! What a referee says to a decision: nothing is counted that does not stand, and the winner is the
//! one that the policy says.

use std::collections::BTreeSet;

use super::World;
use crate::protocol::{Decision, Label, Marks, Phase, Policy};

impl World {
    /// Checks a decision against the ballots that stand.
    pub(super) fn check_decision(&self, decision: &Decision) {
        let labels: BTreeSet<_> = decision.tally.iter().map(|row| row.label).collect();
        assert_eq!(labels, self.current().into_iter().collect());
        assert_eq!(decision.tally[0].label, decision.winner);
        let plain = decision.majority.as_ref().expect("always computed");
        assert_eq!(plain.of as usize, labels.len());
        assert!(plain.labels.iter().all(|label| labels.contains(label)));
        assert_ne!(plain.labels.len(), 1);
        for row in &decision.tally {
            let once: BTreeSet<_> = row.voters.iter().collect();
            assert_eq!(once.len(), row.voters.len(), "counted twice: {row:?}");
        }
        let mode = &self.setup.rules.mode;
        if mode.by_agreement() || !mode.parts().is_empty() {
            return;
        }
        let rules = &self.setup.rules.deciding;
        assert_eq!(decision.policy, rules.policy);
        let cast: Vec<_> = self
            .standing
            .values()
            .map(|(ballot, _)| ballot)
            .filter(|ballot| ballot.target.is_some())
            .collect();
        let supported: usize = cast
            .iter()
            .map(|ballot| match &ballot.marks {
                Marks::Approve(labels) => labels.len(),
                Marks::Single | Marks::Rank(_) | Marks::Score(_) => 1,
            })
            .sum();
        let votes: usize = decision.tally.iter().map(|row| row.voters.len()).sum();
        assert_eq!(votes, supported, "every standing ballot is counted");
        self.check_winner(decision);
        self.check_runoff(decision);
        self.check_saved(decision);
    }

    /// The count in the decision leads to its winner.
    fn check_winner(&self, decision: &Decision) {
        let own = decision.tally[0].voters.len();
        let most = |labels: &dyn Fn(Label) -> bool| {
            let rows = decision.tally.iter().filter(|row| labels(row.label));
            rows.map(|row| row.voters.len()).max().unwrap_or(0)
        };
        match decision.policy {
            Policy::Plurality | Policy::Approval | Policy::Judge => {
                assert_eq!(own, most(&|_| true));
            }
            Policy::Majority | Policy::Unanimity => match self.books.runoff {
                None => assert_eq!(own, most(&|_| true)),
                Some((one, other)) => {
                    let finalists = |label| label == one || label == other;
                    assert!(finalists(decision.winner));
                    assert_eq!(own, most(&finalists));
                }
            },
            Policy::Borda | Policy::Score => {
                let points = decision.points.iter().map(|row| row.hundredths);
                let won = decision.points.first().map(|row| row.hundredths);
                assert_eq!(won, points.max(), "the most points win");
            }
            Policy::InstantRunoff => {
                if let Some(last) = decision.rounds.last() {
                    let own = last.counts.iter().find(|(l, _)| *l == decision.winner);
                    let most = last.counts.iter().map(|(_, votes)| *votes).max();
                    assert_eq!(own.map(|(_, votes)| *votes), most);
                }
            }
        }
    }

    fn check_runoff(&self, decision: &Decision) {
        let bar = decision.bar;
        let barred = matches!(decision.policy, Policy::Majority | Policy::Unanimity);
        assert_eq!(bar.is_some(), barred);
        if let Some(bar) = bar {
            assert_eq!(bar.runoff, self.books.runoff);
            assert_eq!(bar.got as usize, decision.tally[0].voters.len());
            assert!(bar.need <= bar.of.max(1));
        }
    }

    /// Votes are saved only by an early stop, and only those of live agents without a ballot.
    fn check_saved(&self, decision: &Decision) {
        if decision.saved_calls == 0 {
            return;
        }
        assert!(self.setup.rules.deciding.early_stop);
        // Agents may have joined, and those that were sent away are not waited for.
        let members = self.books.members.iter();
        let open =
            members.filter(|id| !self.benched.contains(id) && !self.standing.contains_key(id));
        assert!(decision.saved_calls as usize <= open.count());
        assert_eq!(self.phase, Some(Phase::Deciding));
    }
}
