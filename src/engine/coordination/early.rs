//! Early stop: voting ends when the votes that are missing cannot change the winner and nobody who
//! could still publish wants to.

use crate::protocol::{Phase, Purpose};

use super::{
    Coordination,
    policy::{self, Race},
    state::Lost,
};

impl Coordination {
    /// Whether the turn can be decided without the missing votes; takes note of how many they are.
    /// Never while a word of the person waits to be heard.
    pub(super) fn is_certain(&mut self) -> bool {
        if !self.rules().deciding.early_stop
            || !matches!(self.phase, Phase::Work | Phase::VoteNow)
            || !self.voting_open()
            // Whoever was just told to go on is not told to stop in the same breath.
            || self.has_continued()
        {
            return false;
        }
        let open: Vec<usize> = self
            .everyone()
            .filter(|i| self.counts(*i) && self.members[*i].ballot.is_none())
            .collect();
        let heard = self
            .members
            .iter()
            .all(|member| member.mail.inbox.is_empty());
        if open.is_empty() || !heard || !open.iter().all(|i| self.merely_votes(*i)) {
            return false;
        }
        self.is_safe_without(&open)
    }

    /// Whether the votes of these agents cannot change the winner; takes note of how many they are.
    pub(super) fn is_safe_without(&mut self, open: &[usize]) -> bool {
        let missing = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let mut labels = self.current_in_order();
        if let Some((one, other)) = self.voting.runoff {
            labels.retain(|label| *label == one || *label == other);
        }
        let ballots: Vec<_> = self.ballots().collect();
        let race = Race {
            labels: &labels,
            ballots: &ballots,
            criteria: &self.rules().deciding.criteria(),
        };
        let safe = policy::is_safe(self.rules().deciding.policy, &race, missing).is_some();
        if safe {
            self.voting.saved_calls = missing;
        }
        safe
    }

    /// An agent that cannot publish any more, or that had voted before and is only asked again.
    /// Being too far ahead passes, so it does not count.
    fn merely_votes(&self, i: usize) -> bool {
        let member = &self.members[i];
        let revotes = match &member.running {
            Some(running) => matches!(running.purpose, Purpose::Revote | Purpose::VoteOnly),
            None => member.lost != Lost::Nothing,
        };
        self.vote_only(i) || (member.revisions > 0 && revotes)
    }
}
