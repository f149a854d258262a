//! A turn that broke off goes on: state from events, then what was half done is finished, then
//! whoever was at work is asked again.
//!
//! What was published, voted and spent stays. A round that ran when the process ended is closed and
//! asked again in a new conversation; it is a round of its own but not counted twice under the cap.
//! Phases never go back, and a phase that only the rest of its step is missing from is not told
//! again. The time that the turn had run counts; a forced phase gets its whole time again, because
//! nobody can finish from the start in what was left of it.

use crate::protocol::{
    AgentEvent, BallotDrop, BallotDropReason, Event, OutcomeEnd, Phase, Purpose, RoundEnd, RunEvent,
};

use super::{
    Coordination, Setup, Timer,
    finish::{PRESENTERS, Settled},
    replay::{Open, Replay, Torn},
    state::{FirstAnswer, Member, Stage},
};

impl Coordination {
    /// The machine of a turn that broke off, from the events of the turn (its `Started` first). It
    /// waits for [`super::Input::Start`] to go on, or for [`super::Input::Stop`] to end the turn
    /// with what there is. For a turn that is over the machine is closed.
    #[must_use]
    pub fn resume(setup: Setup, events: &[Event]) -> Self {
        let mut replay = Replay::new(setup);
        for event in events {
            replay.take(event);
        }
        let (mut machine, torn) = replay.finish();
        if machine.stage == Stage::New {
            machine.stage = Stage::Broken;
            machine.torn = Some(Box::new(torn));
        }
        machine
    }

    /// Goes on.
    pub(super) fn go_on_again(&mut self) {
        let Some(torn) = self.torn.take() else { return };
        let cut = self.mend(&torn);
        if self.phase >= Phase::Deciding {
            return self.finish_again(*torn, None);
        }
        match self.phase {
            Phase::Work => {
                if !torn.phase_told {
                    self.enter(Phase::Work);
                }
                let limit = self.setup.limits.turn_seconds.saturating_mul(1000);
                // A time that is used up fires at once.
                let left = limit.saturating_sub(torn.used_ms).max(1);
                self.arm(Timer::Turn, left);
                self.wait_for_paused();
            }
            // Nobody is asked in this phase by itself: whoever was writing goes on.
            Phase::PublishNow => {
                self.arm_phase(self.setup.limits.vote_seconds);
                for i in cut {
                    if self.is_here(i) && !self.is_spent(i) && self.publish_bar(i).is_none() {
                        self.ask(i, Purpose::Work);
                    }
                }
            }
            Phase::VoteNow => self.arm_phase(self.setup.limits.vote_seconds),
            Phase::Deciding | Phase::Presenting | Phase::Verifying | Phase::Done => {}
        }
        self.advance();
    }

    /// Ends the turn with what there is, without asking anybody.
    pub(super) fn stop_broken(&mut self) {
        let Some(torn) = self.torn.take() else { return };
        self.mend(&torn);
        if self.phase >= Phase::Deciding {
            return self.finish_again(*torn, Some(OutcomeEnd::Stopped));
        }
        self.stop();
    }

    /// Finishes what steps had begun: open rounds end, ballots without their drop drop, words
    /// without a receipt get one. Returns who was cut off at work.
    fn mend(&mut self, torn: &Torn) -> Vec<usize> {
        self.stage = Stage::Running;
        let mut cut = Vec::new();
        for (i, open) in &torn.open {
            self.close_open(*i, open);
            if open.acted.is_none() {
                cut.push(*i);
            }
        }
        self.drop_stale(&torn.stale);
        self.drop_revised();
        for (message, agent) in &torn.unheard {
            self.missed(*message, *agent);
        }
        for i in self.everyone() {
            if !self.members[i].is_live() {
                self.miss_steering(i);
            }
        }
        cut
    }

    fn close_open(&mut self, i: usize, open: &Open) {
        let member = &mut self.members[i];
        let end = if let Some(end) = open.acted {
            if end == RoundEnd::Abstained && member.revisions == 0 {
                member.first = FirstAnswer::GivenUp;
            }
            end
        } else {
            member.stint.again += 1;
            RoundEnd::Interrupted
        };
        let (id, round) = (member.id, open.round);
        self.emit_of(id, AgentEvent::RoundEnded { round, end });
    }

    /// The publication was told, the ballots that fell with it were not.
    fn drop_stale(&mut self, stale: &[usize]) {
        let Some(by) = self.answers.last().map(|answer| answer.label) else {
            return;
        };
        let drops: Vec<_> = stale
            .iter()
            .filter_map(|i| self.members[*i].ballot.take())
            .map(|ballot| BallotDrop {
                ballot,
                reason: BallotDropReason::NewAnswer { by },
            })
            .collect();
        if !drops.is_empty() {
            self.emit(RunEvent::BallotsDropped(drops));
        }
    }

    /// Counting had begun: the decision that was told stands, the presentation is asked for again
    /// or, when it was complete, used.
    fn finish_again(&mut self, torn: Torn, forced: Option<OutcomeEnd>) {
        let told = torn.decision.as_ref().and_then(|decision| decision.end);
        let end = forced
            .or(told)
            .unwrap_or_else(|| self.why_decided(torn.used_ms));
        let Some(decision) = torn.decision else {
            return if self.phase == Phase::Done {
                self.no_answer(end);
            } else {
                self.decide(end);
            };
        };
        let mut presenters = self.presenters(&decision, end);
        presenters.retain(|id| !torn.tried.contains(id));
        let left = PRESENTERS.saturating_sub(torn.tried.len());
        // Next last: who comes later is left out first.
        presenters.drain(..presenters.len().saturating_sub(left));
        self.ending.settled = Some(Settled {
            winner: decision.winner,
            end,
            presenters,
        });
        match torn.presented {
            Some((agent, text)) if !text.trim().is_empty() => {
                self.answer_with(text.trim().to_owned(), Some(agent));
            }
            Some(_) => self.answer_as_published(),
            None if self.phase >= Phase::Verifying => self.answer_as_published(),
            None => self.present_next(),
        }
    }

    /// Why coordination had ended, when the decision is not there to tell: nobody had anything left to
    /// do, the votes that were missing could not change the winner, a phase was forced, a limit was
    /// reached, or else the person stopped it.
    fn why_decided(&mut self, used_ms: u64) -> OutcomeEnd {
        if !self.members.iter().any(Member::is_live) {
            return OutcomeEnd::AgentsLost;
        }
        if let Some(end) = self.ending.forced {
            return end;
        }
        if self.attempts.out_of_budget || self.is_time_up(used_ms) {
            return OutcomeEnd::Limit;
        }
        let open: Vec<usize> = self
            .everyone()
            .filter(|i| self.counts(*i) && self.members[*i].ballot.is_none() && !self.is_spent(*i))
            .collect();
        let settled = open.is_empty() || self.is_foregone() || self.skips_voting();
        if settled || (self.rules().deciding.early_stop && self.is_safe_without(&open)) {
            self.end()
        } else {
            OutcomeEnd::Stopped
        }
    }
}
