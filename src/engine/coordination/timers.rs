//! Time and impatience: what happens when a timer fires, the person wants the answer now, or stops.

use crate::protocol::{
    Failure, FailureKind, Level, OutcomeEnd, Phase, Purpose, RoundEnd, RunEvent,
};

use super::{Coordination, Timer};

impl Coordination {
    /// A timer fired. One that was stopped in the meantime is ignored.
    pub(super) fn elapsed(&mut self, timer: Timer) {
        if !self.armed.remove(&timer) {
            return;
        }
        match timer {
            Timer::Turn => self.wrap_up(OutcomeEnd::Limit),
            Timer::Round { agent, round } => {
                let running = self.find(agent).filter(|i| {
                    let running = self.members[*i].running.as_ref();
                    running.is_some_and(|running| running.round == round)
                });
                if let Some(i) = running {
                    self.round_elapsed(i, timer);
                }
            }
            Timer::Silence { agent, round } => {
                let running = self
                    .find(agent)
                    .and_then(|i| self.members[i].running.as_mut())
                    .filter(|running| running.round == round);
                if let Some(running) = running {
                    running.silent = true;
                }
            }
            Timer::Stall { agent, round } => self.stalled(agent, round),
            Timer::Pause(agent) => self.pause_elapsed(agent),
            Timer::Phase => self.phase_elapsed(),
        }
        self.advance();
    }

    /// The person wants the answer now. When wrapping up has already begun it goes one step
    /// further.
    pub(super) fn answer_now(&mut self) {
        match self.phase {
            Phase::Work => self.wrap_up(OutcomeEnd::AnswerNow),
            Phase::PublishNow if !self.answers.is_empty() => self.vote_now(),
            phase => self.emit(RunEvent::Notice {
                level: Level::Info,
                text: format!("The answer is on its way: the team is {}.", phase.word()),
            }),
        }
        self.advance();
    }

    /// The person stops the turn: the best answer there is stands as it is.
    pub(super) fn stop(&mut self) {
        if self.phase == Phase::Verifying {
            self.end_all_rounds();
            if let Some(settled) = &mut self.ending.settled {
                settled.end = OutcomeEnd::Stopped;
            }
            self.final_text_stands();
        } else if self.phase == Phase::Presenting {
            self.end_all_rounds();
            if let Some(settled) = &mut self.ending.settled {
                settled.end = OutcomeEnd::Stopped;
            }
            self.answer_as_published();
        } else {
            self.ending.forced = Some(OutcomeEnd::Stopped);
            self.decide(OutcomeEnd::Stopped);
        }
    }

    /// Work is over: vote on what there is, or publish first.
    pub(super) fn wrap_up(&mut self, end: OutcomeEnd) {
        if self.phase != Phase::Work {
            return;
        }
        self.ending.forced = Some(end);
        self.disarm(Timer::Turn);
        if !self.answers.is_empty() {
            return self.vote_now();
        }
        self.enter(Phase::PublishNow);
        self.arm_phase(self.setup.limits.vote_seconds);
        for i in self.everyone() {
            self.interrupt(i);
        }
    }

    /// From here on only votes are taken. Rounds that ran for something else end; whoever has no
    /// ballot is asked for one.
    pub(super) fn vote_now(&mut self) {
        let end = self.ending.forced.unwrap_or(OutcomeEnd::Limit);
        if self.current().len() < 2 || self.skips_voting() {
            return self.decide(end);
        }
        self.disarm(Timer::Phase);
        self.enter(Phase::VoteNow);
        self.arm_phase(self.setup.limits.vote_seconds);
        self.end_all_rounds();
        self.advance();
    }

    pub(super) fn arm_phase(&mut self, seconds: u64) {
        self.arm(Timer::Phase, seconds.saturating_mul(1000));
    }

    fn phase_elapsed(&mut self) {
        match self.phase {
            Phase::PublishNow => {
                // Text that was said but not published is better than nothing.
                for i in self.everyone() {
                    self.publish_for(i);
                }
                if self.answers.is_empty() {
                    self.decide(self.ending.forced.unwrap_or(OutcomeEnd::Limit));
                } else {
                    self.vote_now();
                }
            }
            Phase::VoteNow => self.decide(self.ending.forced.unwrap_or(OutcomeEnd::Limit)),
            Phase::Presenting => {
                self.end_all_rounds();
                self.present_next();
            }
            Phase::Verifying => {
                self.end_all_rounds();
                self.verify_next("no verdict came in time");
            }
            Phase::Work | Phase::Deciding | Phase::Done => {}
        }
    }

    /// The first time the agent is told to hurry and gets half the time again; the second time it
    /// is resolved without it.
    fn round_elapsed(&mut self, i: usize, timer: Timer) {
        let round_seconds = self.setup.limits.round_seconds_of(self.members[i].id);
        let Some(running) = &mut self.members[i].running else {
            return;
        };
        if matches!(running.purpose, Purpose::Present | Purpose::Verify) {
            return;
        }
        if running.purpose == Purpose::Weigh {
            return self.judge_is_done(i, "");
        }
        if !running.overdue {
            running.overdue = true;
            self.arm(timer, round_seconds.saturating_mul(500));
            return self.interrupt(i);
        }
        let seconds = round_seconds.saturating_add(round_seconds / 2);
        if self.publish_for(i) {
            return;
        }
        if self.answers.is_empty() {
            self.bench(
                i,
                Failure::new(
                    FailureKind::Transient,
                    format!("No answer within {seconds} s."),
                )
                .hint("Give rounds more time in the configuration or choose a faster model."),
            );
        } else if self.members[i].ballot.is_some() {
            self.end_round(i, RoundEnd::Interrupted);
        } else {
            self.abstain(i, &format!("no reply within {seconds} s"));
        }
    }
}
