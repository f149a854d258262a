//! Who may do and see what: pure questions about the state, and the brief that answers them all.

use std::cmp::Reverse;

use crate::protocol::{AgentEvent, Label, Phase, RunEvent, SteerId, SteerState, Target};

use super::{
    Brief, Coordination, Refusal,
    state::{FirstAnswer, Funds, Lost, Member},
};

impl Coordination {
    /// The current answers in label order.
    pub(super) fn current(&self) -> Vec<Label> {
        let mut labels: Vec<_> = self.members.iter().filter_map(Member::current).collect();
        labels.sort_unstable();
        labels
    }

    /// Why this agent may not publish now; `None` when it may.
    pub(super) fn publish_bar(&self, i: usize) -> Option<Refusal> {
        let member = &self.members[i];
        if !matches!(self.phase, Phase::Work | Phase::PublishNow)
            || member.first == FirstAnswer::GivenUp
            || member.funds != Funds::Open
        {
            Some(Refusal::VotesOnly)
        } else if self.answers_left(i) == 0 {
            Some(Refusal::AnswerLimit)
        } else if self.leads(i) {
            Some(Refusal::Lead)
        } else {
            None
        }
    }

    /// Publications left to this agent under both caps.
    pub(super) fn answers_left(&self, i: usize) -> u32 {
        let limits = &self.setup.limits;
        let member = &self.members[i];
        let own = limits
            .answers_of(member.id)
            .saturating_sub(member.revised());
        let gate = self.rules().deciding.gate().map_or(u32::MAX, |gate| {
            let chances = gate.budget.saturating_add(1);
            chances.saturating_sub(member.revised())
        });
        let all = self.epoch() - self.attempts.answers;
        own.min(limits.answers_total.saturating_sub(all)).min(gate)
    }

    /// It will never publish again in this turn (unlike being ahead, which passes).
    pub(super) fn vote_only(&self, i: usize) -> bool {
        !matches!(self.publish_bar(i), None | Some(Refusal::Lead))
    }

    /// Too far ahead of the slowest peer that can be expected to catch up. Peers that have voted,
    /// are out, overdue, or stumbling before their first answer hold nobody back.
    fn leads(&self, i: usize) -> bool {
        let Some(cap) = self.rules().improving.lead else {
            return false;
        };
        let own = self.members[i].revisions;
        let slowest = self
            .members
            .iter()
            .enumerate()
            .filter(|(peer, member)| *peer != i && member.is_live() && member.ballot.is_none())
            .filter(|(peer, member)| {
                let stumbles = member.running.as_ref().is_some_and(|running| {
                    running.overdue || (member.revisions == 0 && running.misses > 0)
                });
                member.first != FirstAnswer::GivenUp && !stumbles && !self.is_spent(*peer)
            })
            .map(|(_, member)| member.revisions)
            .min();
        own > 0 && slowest.is_some_and(|slowest| own + 1 > slowest.saturating_add(cap))
    }

    /// Its rounds are used up and none is running: it is not asked again.
    pub(super) fn is_spent(&self, i: usize) -> bool {
        let member = &self.members[i];
        let rounds = member
            .rounds
            .saturating_sub(member.base_rounds)
            .saturating_sub(member.again);
        !member.is_running()
            && (member.funds == Funds::Empty || rounds >= self.setup.limits.rounds_of(member.id))
    }

    /// Whether the agent may look at answers of others: first answers are independent, so an agent
    /// without one looks only when it cannot write one any more or wrote the same as another.
    pub(super) fn may_look(&self, i: usize) -> bool {
        let member = &self.members[i];
        member.revisions > 0 || member.first != FirstAnswer::Expected || self.vote_only(i)
    }

    /// Whether votes are taken at all at this point.
    pub(super) fn voting_open(&self) -> bool {
        let rules = &self.rules().deciding;
        if rules.skip_voting {
            return false;
        }
        if self.judged() {
            return self.phase == Phase::VoteNow;
        }
        !rules.defer_voting
            || self.phase == Phase::VoteNow
            || self.epoch() - self.attempts.answers >= self.setup.limits.answers_total
            || self.everyone().all(|i| {
                let member = &self.members[i];
                !member.is_live()
                    || member.revisions > 0
                    || member.first != FirstAnswer::Expected
                    || self.is_spent(i)
            })
    }

    /// Current answers that the agent may look at and has not been shown: those of others by label,
    /// beginning after the reader's own number so that every reader gets another order; its own
    /// last.
    pub(super) fn news(&self, i: usize) -> Vec<Label> {
        if !self.may_look(i) {
            return Vec::new();
        }
        let member = &self.members[i];
        let mut labels = self.current();
        labels.retain(|label| !member.has_seen(*label));
        self.arrange(i, &mut labels);
        labels
    }

    /// Puts labels into the display order of this reader.
    pub(super) fn arrange(&self, i: usize, labels: &mut [Label]) {
        let own = self.members[i].id;
        labels.sort_unstable_by_key(|label| {
            (label.agent == own, Reverse(label.agent > own), label.agent)
        });
    }

    /// The labels the agent may vote for once it has been brought up to date.
    pub(super) fn choices(&self, i: usize) -> Vec<Label> {
        if self.voting_open() && self.may_look(i) && self.may_choose(i) {
            let mut labels = self.current();
            if let Some((one, other)) = self.voting.runoff {
                labels.retain(|label| *label == one || *label == other);
            }
            labels
        } else {
            Vec::new()
        }
    }

    /// Whether there is anything this agent could do with a further call.
    pub(super) fn has_offer(&self, i: usize) -> bool {
        self.publish_bar(i).is_none() || !self.choices(i).is_empty()
    }

    /// Whether an agent that is not expected to write has a reason to be asked: somebody else's
    /// answer, or its own when nobody else can be expected to add one.
    pub(super) fn has_something_to_judge(&self, i: usize) -> bool {
        let own = self.members[i].id;
        self.current().iter().any(|label| label.agent != own)
            || !self.members.iter().any(|member| {
                member.id != own
                    && member.is_running()
                    && member.revisions == 0
                    && member.first == FirstAnswer::Expected
            })
    }

    /// Writes a brief and takes note of what it shows: from here on it counts as seen and heard.
    /// Receipts for steering are emitted; news are announced by the caller.
    pub(super) fn brief(&mut self, i: usize) -> Brief {
        let news = self.news(i);
        let epoch = self.epoch();
        let looks = self.may_look(i);
        let last_call = self.members[i]
            .running
            .as_ref()
            .is_some_and(|running| running.overdue || running.calls >= self.calls_limit(i));
        let hurry = last_call || matches!(self.phase, Phase::PublishNow | Phase::VoteNow);
        let member = &mut self.members[i];
        for label in &news {
            member.seen.insert(label.agent, label.revision);
        }
        if looks {
            member.epoch = epoch;
        }
        let lost_vote = match std::mem::replace(&mut member.lost, Lost::Nothing) {
            Lost::Ballot(target) => target,
            Lost::Nothing => None,
        };
        let revise = self.members[i].revise.take();
        let steering = self.take_steering(i);
        Brief {
            news,
            steering,
            may_publish: self.publish_bar(i).is_none(),
            choices: self.choices(i),
            vote: self.vote_ask(i),
            answers_left: self.answers_left(i),
            lost_vote,
            revise,
            hurry,
        }
    }

    /// Empties the inbox into a brief and emits the receipts.
    pub(super) fn take_steering(&mut self, i: usize) -> Vec<(SteerId, String)> {
        let member = &mut self.members[i];
        let id = member.id;
        let steering = std::mem::take(&mut member.inbox);
        member.heard.extend(steering.iter().cloned());
        member.unseen.extend(steering.iter().map(|(id, _)| *id));
        for (message, _) in &steering {
            self.emit(RunEvent::Steer {
                id: *message,
                target: Target::One(id),
                text: String::new(),
                state: SteerState::Delivered(id),
            });
        }
        steering
    }

    /// Model calls of one round, at least one.
    pub(super) fn calls_limit(&self, i: usize) -> u32 {
        self.setup.limits.calls_of(self.members[i].id)
    }

    /// The labels in the view of this agent that are current.
    pub(super) fn in_view(&self, i: usize) -> Vec<Label> {
        let member = &self.members[i];
        let mut labels = self.current();
        labels.retain(|label| member.has_seen(*label));
        labels
    }

    /// Announces answers that went into a running conversation.
    pub(super) fn announce(&mut self, i: usize, labels: &[Label]) {
        if !labels.is_empty() {
            let id = self.members[i].id;
            let labels = labels.to_vec();
            self.emit_of(id, AgentEvent::Delivered { labels });
        }
    }
}
