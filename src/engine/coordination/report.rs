//! What a round reports, and what comes of it.

use crate::protocol::{AgentEvent, AgentId, Purpose, RoundEnd, Setback};

use super::{Cause, Coordination, Refusal, Report};

impl Coordination {
    /// A report of a running round. Reports of rounds that are over are ignored.
    pub(super) fn report(&mut self, agent: AgentId, round: u32, report: Report) {
        let Some(i) = self.find(agent) else { return };
        let Some(purpose) = self.members[i]
            .running
            .as_ref()
            .filter(|running| running.round == round)
            .map(|running| running.purpose)
        else {
            return;
        };
        self.note_seen(i, &report);
        match purpose {
            Purpose::Present => self.presenter_report(i, report),
            Purpose::Weigh => self.judge_report(i, report),
            Purpose::Verify => self.verifier_report(i, report),
            Purpose::Work | Purpose::Revote | Purpose::VoteOnly | Purpose::Judge => match report {
                Report::Publish { text, changes } => self.publish(i, &text, changes),
                Report::Vote { choice, reason } => self.vote(i, &choice, reason),
                Report::Miss { text } | Report::Presented { text } => self.miss(i, &text),
                Report::Verdict { .. } => self.miss(i, ""),
                Report::Boundary => self.go_on(i, Cause::Boundary),
                Report::Unaffordable(scope) => self.unaffordable(i, scope),
                Report::Failed(failure) => self.bench(i, failure),
            },
        }
        self.advance();
    }

    /// In a presentation any text is the presentation.
    fn presenter_report(&mut self, i: usize, report: Report) {
        match report {
            Report::Presented { text } | Report::Publish { text, .. } | Report::Miss { text } => {
                self.presented(i, &text);
            }
            Report::Vote { .. } | Report::Verdict { .. } => self.presented(i, ""),
            Report::Unaffordable(_) => {
                self.end_round(i, RoundEnd::Interrupted);
                self.present_next();
            }
            Report::Boundary => self.go_on(i, Cause::Boundary),
            Report::Failed(failure) => {
                self.bench(i, failure);
                self.present_next();
            }
        }
    }

    /// Whatever a judge says in words is its verdict.
    fn judge_report(&mut self, i: usize, report: Report) {
        match report {
            Report::Presented { text } | Report::Publish { text, .. } | Report::Miss { text } => {
                self.judge_is_done(i, &text);
            }
            Report::Vote { .. } | Report::Verdict { .. } => self.judge_is_done(i, ""),
            Report::Unaffordable(scope) => self.unaffordable(i, scope),
            Report::Boundary => self.go_on(i, Cause::Boundary),
            Report::Failed(failure) => self.bench(i, failure),
        }
    }

    /// The verdict is there.
    pub(super) fn judge_is_done(&mut self, i: usize, text: &str) {
        self.weighed(text);
        self.end_round(i, RoundEnd::Weighed);
    }

    /// A reply without a terminal call.
    fn miss(&mut self, i: usize, text: &str) {
        let limit = self.setup.limits.misses_per_round;
        let Some(running) = &mut self.members[i].running else {
            return;
        };
        running.misses += 1;
        let text = text.trim();
        if text.len() > running.text.len() {
            text.clone_into(&mut running.text);
        }
        let left = limit.saturating_sub(running.misses);
        let why = "The reply held no usable new_answer or vote.";
        self.refused(i, "reply", why, Setback::Refused);
        if left == 0 {
            self.resolve(i, "no usable reply");
        } else {
            self.go_on(i, Cause::Missed { left });
        }
    }

    /// Refuses an act; the round goes on, unless the agent insists.
    pub(super) fn refuse(&mut self, i: usize, act: &str, refusal: Refusal) {
        let setback = refusal.setback();
        self.refused(i, act, &refusal.sentence(), setback);
        let limit = self.setup.limits.refusals_per_round;
        let blameless = setback != Setback::Refused;
        if let Some(running) = &mut self.members[i].running
            && !blameless
        {
            running.refusals += 1;
            if running.refusals >= limit {
                return self.resolve(i, "refused too often in this round");
            }
        }
        self.go_on(i, Cause::Refused { refusal });
    }

    pub(super) fn refused(&mut self, i: usize, act: &str, reason: &str, setback: Setback) {
        let id = self.members[i].id;
        self.emit_of(
            id,
            AgentEvent::Refused {
                act: act.to_owned(),
                reason: reason.to_owned(),
                setback,
            },
        );
    }

    /// The presentation is there.
    pub(super) fn presented(&mut self, i: usize, text: &str) {
        let id = self.members[i].id;
        self.end_round(i, RoundEnd::Presented);
        let text = text.trim();
        if text.is_empty() {
            self.answer_as_published();
        } else {
            self.answer_with(text.to_owned(), Some(id));
        }
    }
}
