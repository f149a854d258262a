//! What comes after everybody has had a say: the judge of [`Policy::Judge`], or the one runoff of a
//! majority and of unanimity. Bounded: one runoff per turn, one round per judge, both within the
//! timer of `VoteNow`.

use crate::protocol::{
    BallotDrop, BallotDropReason, Label, Level, Phase, Policy, Purpose, RunEvent,
};

use super::{
    Coordination, Timer, VoteAsk, VoteWhy,
    policy::{self, Race},
    state::{FirstAnswer, Lost},
};

impl Coordination {
    /// Whether a judge decides.
    pub(super) fn judged(&self) -> bool {
        self.rules().deciding.policy == Policy::Judge && !self.skips_voting()
    }

    /// The judge by configuration writes no answer, as long as somebody else can.
    pub(super) fn seat_judge(&mut self) {
        let Some(judge) = self.rules().deciding.judge.filter(|_| self.judged()) else {
            return;
        };
        let Some(i) = self.find(judge) else { return };
        let alone = !self.everyone().any(|peer| peer != i && self.is_here(peer));
        let judge = &mut self.members[i];
        if judge.rounds == 0 && judge.revisions == 0 {
            judge.first = if alone && self.answers.is_empty() {
                FirstAnswer::Expected
            } else {
                FirstAnswer::GivenUp
            };
        }
    }

    /// Who judges now: whoever already does; the one by configuration; an agent without an answer;
    /// the author of the oldest current answer. An agent that abstained is not asked again. `None`
    /// once a judge has chosen.
    fn judge(&self) -> Option<usize> {
        if self.ballots().any(|ballot| ballot.target.is_some()) {
            return None;
        }
        let at_work = |i: &usize| {
            let running = self.members[*i].running.as_ref();
            running.is_some_and(|running| running.purpose == Purpose::Judge)
        };
        if let Some(i) = self.everyone().find(at_work) {
            return Some(i);
        }
        let named = self.rules().deciding.judge;
        let order = self.current_in_order();
        self.everyone()
            .filter(|i| {
                let member = &self.members[*i];
                self.is_here(*i) && member.ballot.is_none() && !self.is_spent(*i)
            })
            .min_by_key(|i| {
                let id = self.members[*i].id;
                let place = order.iter().position(|label| label.agent == id);
                (Some(id) != named, place, *i)
            })
    }

    /// Whether this agent has a voice where not everybody has one.
    pub(super) fn may_choose(&self, i: usize) -> bool {
        !self.judged() || self.judge() == Some(i)
    }

    /// How a vote is asked of this agent.
    pub(super) fn vote_ask(&self, i: usize) -> VoteAsk {
        let deciding = &self.rules().deciding;
        let (form, why) = if self.voting.runoff.is_some() {
            (crate::protocol::Form::One, VoteWhy::Runoff)
        } else if self.judged() {
            (deciding.policy.form(), VoteWhy::Judge)
        } else {
            (deciding.policy.form(), VoteWhy::Usual)
        };
        let left = match self.publish_bar(i) {
            None => self.answers_left(i),
            Some(_) => 0,
        };
        let bar = deciding.gate().map(|gate| gate.bar_with(left));
        VoteAsk { form, why, bar }
    }

    /// Agents that could vote: live, or out with a ballot that stands.
    pub(super) fn electorate(&self) -> u32 {
        let voters = self.everyone();
        let voters = voters.filter(|i| self.counts(*i) || self.members[*i].ballot.is_some());
        u32::try_from(voters.count()).unwrap_or(u32::MAX)
    }

    /// The current answers in order of publication.
    pub(super) fn current_in_order(&self) -> Vec<Label> {
        let current = self.current();
        self.answers
            .iter()
            .map(|answer| answer.label)
            .filter(|label| current.binary_search(label).is_ok())
            .collect()
    }

    /// Nobody is left to ask: takes the further step of the policy, if there is one to take and
    /// somebody to take it.
    pub(super) fn goes_further(&mut self) -> bool {
        if self.judged() {
            let wanted =
                self.phase == Phase::Work && self.current().len() > 1 && self.judge().is_some();
            if wanted {
                self.disarm(Timer::Turn);
                self.vote_now();
            }
            return wanted;
        }
        self.hold_runoff()
    }

    fn hold_runoff(&mut self) -> bool {
        let deciding = &self.rules().deciding;
        let policy = deciding.policy;
        let Some(need) = policy::needed(policy, self.electorate()) else {
            return false;
        };
        if self.voting.runoff.is_some() || self.skips_voting() {
            return false;
        }
        let labels = self.current_in_order();
        let ballots: Vec<_> = self.ballots().collect();
        let race = Race {
            labels: &labels,
            ballots: &ballots,
            criteria: &[],
        };
        let Some((one, other)) = policy::finalists(&race) else {
            return false;
        };
        if race.votes(one) == 0 || race.votes(one) >= need {
            return false;
        }
        // Where all must agree everybody is asked once more; for a majority only those whose
        // answer is out of the race.
        let asked: Vec<usize> = self
            .everyone()
            .filter(|i| {
                let Some(ballot) = &self.members[*i].ballot else {
                    return false;
                };
                let settled = ballot.target == Some(one) || ballot.target == Some(other);
                self.is_here(*i) && !self.is_spent(*i) && (policy == Policy::Unanimity || !settled)
            })
            .collect();
        if asked.is_empty() {
            return false;
        }
        let got = race.votes(one);
        self.voting.runoff = Some((one, other));
        self.emit(RunEvent::Notice {
            level: Level::Info,
            text: format!(
                "No {}: {one} has {got} of the {need} votes needed. Runoff between {one} and {other}.",
                policy.word()
            ),
        });
        self.clear_for_runoff(&asked, (one, other));
        self.disarm(Timer::Turn);
        if self.phase != Phase::VoteNow {
            self.enter(Phase::VoteNow);
        }
        self.arm_phase(self.setup.limits.vote_seconds);
        self.advance();
        true
    }

    fn clear_for_runoff(&mut self, asked: &[usize], (one, other): (Label, Label)) {
        let mut drops = Vec::new();
        for i in asked {
            let member = &mut self.members[*i];
            member.lost = Lost::Nothing;
            if let Some(ballot) = member.ballot.take() {
                drops.push(BallotDrop {
                    ballot,
                    reason: BallotDropReason::Runoff { one, other },
                });
            }
        }
        self.emit(RunEvent::BallotsDropped(drops));
    }
}
