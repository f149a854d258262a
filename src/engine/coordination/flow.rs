//! Who is asked next, and when there is nothing left to ask.
//!
//! Runs after every input. It looks at the state only, so no event can be forgotten: whoever is
//! idle and has something to do is asked; when nobody is, the turn moves on. That is why it can
//! never stall.

use crate::protocol::{Limits, OutcomeEnd, Phase, Purpose, RoundEnd};

use super::{
    Coordination, Timer,
    state::{FirstAnswer, Lost, Member, Stage},
};

impl Coordination {
    /// The beginning.
    pub(super) fn start(&mut self) {
        self.stage = Stage::Running;
        self.enter(Phase::Work);
        let Limits { turn_seconds, .. } = self.setup.limits;
        self.arm(Timer::Turn, turn_seconds.saturating_mul(1000));
        self.start_layers();
        self.advance();
    }

    /// Moves the turn on as far as it goes by itself.
    pub(super) fn advance(&mut self) {
        while self.coordinating() {
            if !self.members.iter().any(Member::is_live) {
                return self.all_lost();
            }
            self.seat_judge();
            self.retire();
            if self.is_foregone() || self.is_certain() {
                return self.decide(self.end());
            }
            self.ask_whom_there_is();
            if self.somebody_runs() || self.waits_for_paused() {
                return;
            }
            // Every layer that is left takes a step towards the last one.
            if !self.next_layer() {
                break;
            }
        }
        if !self.coordinating() || self.somebody_runs() {
            return;
        }
        if self.answers.is_empty() {
            self.nothing_came();
        } else if self.phase == Phase::PublishNow {
            self.vote_now();
        } else if !self.recruits_on_split() && !self.goes_further() {
            self.decide(self.end());
        }
    }

    /// Asks whoever is idle and has something to do; ends rounds that have nothing to do any more.
    fn ask_whom_there_is(&mut self) {
        for i in self.everyone() {
            if let Some(running) = &self.members[i].running {
                // Caps reached by others can leave a running round with nothing to do.
                if running.purpose != Purpose::Weigh && !self.has_offer(i) {
                    self.end_round(i, RoundEnd::Interrupted);
                }
            } else if let Some(purpose) = self.need(i) {
                self.ask(i, purpose);
            }
        }
    }

    /// Agents whose rounds are used up abstain and hear nothing more.
    fn retire(&mut self) {
        for i in self.everyone() {
            if self.members[i].is_live() && self.is_spent(i) {
                self.miss_steering(i);
                if self.members[i].ballot.is_none() {
                    self.cast_abstention(i, "no rounds left");
                }
            }
        }
    }

    /// One answer, and nobody can add another: there is nothing to vote on.
    pub(super) fn is_foregone(&self) -> bool {
        self.current().len() == 1
            && self
                .everyone()
                .all(|i| !self.counts(i) || self.is_spent(i) || self.vote_only(i))
    }

    /// What an idle agent should be asked for, if anything.
    fn need(&self, i: usize) -> Option<Purpose> {
        self.wanted(i).filter(|_| self.is_here(i))
    }

    /// The same, whether or not it is paused.
    pub(super) fn wanted(&self, i: usize) -> Option<Purpose> {
        let member = &self.members[i];
        if !member.is_live()
            || self.is_spent(i)
            || self.phase == Phase::PublishNow
            || !self.has_offer(i)
        {
            return None;
        }
        let purpose = match member.lost {
            _ if self.judged() && self.phase == Phase::VoteNow => Purpose::Judge,
            _ if self.phase == Phase::VoteNow => Purpose::VoteOnly,
            // In a layer everybody writes first; votes come after the last.
            Lost::Ballot(_) if self.layer().is_none() => Purpose::Revote,
            _ if self.publish_bar(i).is_none() => Purpose::Work,
            _ => Purpose::VoteOnly,
        };
        let expected = member.revisions == 0 && member.first == FirstAnswer::Expected;
        let expected = expected || self.layer().is_some();
        let wanted = if member.stint.revise.is_some() && self.publish_bar(i).is_none() {
            true
        } else if member.ballot.is_some() {
            false
        } else if expected && self.publish_bar(i).is_none() {
            true
        } else {
            self.voting_open()
                && (self.phase == Phase::VoteNow
                    || member.lost != Lost::Nothing
                    || self.has_something_to_judge(i))
        };
        (wanted || !member.mail.inbox.is_empty()).then_some(purpose)
    }

    /// Why coordination is over when nobody is left to ask.
    pub(super) fn end(&self) -> OutcomeEnd {
        let cut_off = self.everyone().any(|i| {
            let voted = self.members[i]
                .ballot
                .as_ref()
                .is_some_and(|ballot| ballot.target.is_some());
            self.members[i].is_live() && self.is_spent(i) && !voted
        });
        match self.ending.forced {
            Some(end) => end,
            None if self.lacks_parts() => OutcomeEnd::Limit,
            None if cut_off && !self.skips_voting() && !self.is_foregone() => OutcomeEnd::Limit,
            None => self.somebody_overdue().unwrap_or(OutcomeEnd::Consensus),
        }
    }
}
