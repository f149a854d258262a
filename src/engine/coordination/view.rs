//! Who may do and see what: pure questions about the state, and the brief that answers them all.

use std::cmp::Reverse;

use crate::protocol::{
    AgentEvent, Label, Mode, Phase, Purpose, RunEvent, SteerId, SteerState, Target, Visibility,
};

use super::{
    Aim, Brief, Cause, Coordination, Refusal, Votes, graph,
    state::{FirstAnswer, Funds, Lost, Member},
};

/// Whether what is new goes into a brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It does.
    Due,
    /// It waits for the next round.
    Waits,
}

impl Coordination {
    /// The current answers in label order.
    pub(super) fn current(&self) -> Vec<Label> {
        let mut labels: Vec<_> = self.members.iter().filter_map(Member::current).collect();
        labels.sort_unstable();
        labels
    }

    /// The current answers of the agents that this one may see, its own among them, in label order.
    pub(super) fn in_sight(&self, i: usize) -> Vec<Label> {
        let mut labels = self.current();
        labels.retain(|label| self.is_in_sight(i, *label));
        labels
    }

    /// Whether the agent at `i` is a neighbour of the one at `peer`.
    pub(super) fn sees(&self, i: usize, peer: usize) -> bool {
        let rule = self.rules().seeing.visibility;
        graph::sees(rule, self.members.len(), i, peer)
    }

    /// Whether this agent may see an answer: it is a neighbour's, it is in the runoff, which is for
    /// all, the agent judges for all, or its own part builds on it.
    pub(super) fn is_in_sight(&self, i: usize, label: Label) -> bool {
        self.rules().seeing.visibility.is_whole()
            || self
                .find(label.agent)
                .is_some_and(|peer| self.sees(i, peer))
            || self
                .voting
                .runoff
                .is_some_and(|(one, other)| label == one || label == other)
            || (self.phase == Phase::VoteNow && self.judged() && self.may_choose(i))
            || self.is_basis(i, label)
    }

    /// Why this agent may not publish now; `None` when it may.
    pub(super) fn publish_bar(&self, i: usize) -> Option<Refusal> {
        let member = &self.members[i];
        if !matches!(self.phase, Phase::Work | Phase::PublishNow)
            || member.first == FirstAnswer::GivenUp
            || member.stint.funds != Funds::Open
        {
            Some(Refusal::VotesOnly)
        } else if self.answers_left(i) == 0 {
            Some(Refusal::AnswerLimit)
        } else if self.rules().mode.layers().is_some() {
            match self.layer() {
                None => Some(Refusal::VotesOnly),
                Some(_) => self.waits_for_layer(i).then_some(Refusal::Lead),
            }
        } else if self.in_parts() {
            match self.part(i) {
                None => Some(Refusal::VotesOnly),
                Some(_) if member.revised() > 0 => Some(Refusal::AnswerLimit),
                Some(_) => self.waits_for_parts(i).then_some(Refusal::Lead),
            }
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
    /// are out, overdue, silent, or stumbling before their first answer hold nobody back.
    fn leads(&self, i: usize) -> bool {
        let Some(cap) = self.rules().improving.lead else {
            return false;
        };
        let own = self.members[i].revisions;
        let slowest = self
            .members
            .iter()
            .enumerate()
            .filter(|(peer, member)| *peer != i && self.is_here(*peer) && member.ballot.is_none())
            .filter(|(peer, member)| {
                let stumbles = member.running.as_ref().is_some_and(|running| {
                    running.overdue
                        || running.silent
                        || (member.revisions == 0 && running.misses > 0)
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
            .saturating_sub(member.stint.base_rounds)
            .saturating_sub(member.stint.again);
        !member.is_running()
            && (member.stint.funds == Funds::Empty
                || rounds >= self.setup.limits.rounds_of(member.id))
    }

    /// Whether the agent may look at answers of others: first answers are independent (unless all is
    /// visible from the start), so an agent without one looks only when it cannot write one any more
    /// or wrote the same as another.
    pub(super) fn may_look(&self, i: usize) -> bool {
        let member = &self.members[i];
        self.rules().seeing.visibility == Visibility::All
            || member.revisions > 0
            || member.first != FirstAnswer::Expected
            || self.vote_only(i)
            || self.layer().is_some_and(|layer| layer > 1)
            || self.in_parts()
    }

    /// Whether the turn is decided without a vote.
    pub(super) fn skips_voting(&self) -> bool {
        self.rules().deciding.skip_voting || self.rules().mode.by_agreement() || self.in_parts()
    }

    /// Whether votes are taken at all at this point.
    pub(super) fn voting_open(&self) -> bool {
        let rules = &self.rules().deciding;
        if self.skips_voting() || self.layer().is_some() {
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
                !self.counts(i)
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
        let mut labels = self.on_show(i);
        labels.retain(|label| !member.has_seen(*label));
        if self.in_parts() {
            self.keep_basis(i, &mut labels);
        }
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
            let mut labels = self.in_sight(i);
            if let Some((one, other)) = self.voting.runoff {
                labels.retain(|label| *label == one || *label == other);
            }
            if self.bars_own() {
                let own = self.members[i].id;
                labels.retain(|label| label.agent != own);
            }
            labels
        } else {
            Vec::new()
        }
    }

    /// Whether nobody may vote for its own answer.
    pub(super) fn bars_own(&self) -> bool {
        matches!(self.rules().mode, Mode::Council { .. }) && self.current().len() > 1
    }

    /// Whether there is anything this agent could do with a further call.
    pub(super) fn has_offer(&self, i: usize) -> bool {
        self.publish_bar(i).is_none() || !self.choices(i).is_empty()
    }

    /// It is idle only until it is asked for an answer again.
    fn will_write(&self, i: usize) -> bool {
        let member = &self.members[i];
        self.counts(i)
            && member.ballot.is_none()
            && !self.is_spent(i)
            && self.publish_bar(i).is_none()
    }

    /// Whether an agent that is not expected to write has a reason to be asked: somebody else's
    /// answer, or its own when nobody else can be expected to add one.
    pub(super) fn has_something_to_judge(&self, i: usize) -> bool {
        let own = self.members[i].id;
        self.in_sight(i).iter().any(|label| label.agent != own)
            || !self.members.iter().enumerate().any(|(peer, member)| {
                member.id != own
                    && self.sees(i, peer)
                    && (member.is_running() || self.will_write(peer))
                    && member.revisions == 0
                    && member.first == FirstAnswer::Expected
            })
    }

    /// Whether a further call of a round brings news. In the middle of a round they may have to wait,
    /// as long as the agent can go on without them; a refused vote always brings what it lacked.
    pub(super) fn delivery(&self, i: usize, cause: &Cause) -> Delivery {
        let most = self.rules().seeing.midstream;
        let had = self.members[i]
            .running
            .as_ref()
            .map(|running| running.updates);
        let full = most.is_some_and(|most| had.is_some_and(|had| had >= most));
        if full && matches!(cause, Cause::Boundary) && self.publish_bar(i).is_none() {
            Delivery::Waits
        } else {
            Delivery::Due
        }
    }

    /// Writes a brief and takes note of what it shows: from here on it counts as seen and heard.
    /// Receipts for steering are emitted; news are announced by the caller.
    pub(super) fn brief(&mut self, i: usize, delivery: Delivery) -> Brief {
        let waits = delivery == Delivery::Waits;
        let news = if waits { Vec::new() } else { self.news(i) };
        let epoch = self.epoch_on_show();
        let first = self.members[i]
            .running
            .as_ref()
            .is_some_and(|running| running.calls == 1);
        let last_call = self.members[i]
            .running
            .as_ref()
            .is_some_and(|running| running.overdue || running.calls >= self.calls_limit(i));
        let hurry = last_call || matches!(self.phase, Phase::PublishNow | Phase::VoteNow);
        let member = &mut self.members[i];
        let own = member.id;
        let first_look = news.iter().any(|label| label.agent != own)
            && member.seen.keys().all(|author| *author == own);
        for label in &news {
            member.seen.insert(label.agent, label.revision);
        }
        let looks = !news.is_empty() || (first && !self.in_view(i).is_empty());
        let member = &mut self.members[i];
        if looks {
            member.epoch = epoch;
        }
        if let Some(running) = &mut member.running
            && running.calls > 1
            && !news.is_empty()
        {
            running.updates += 1;
        }
        let lost_vote = match std::mem::replace(&mut member.lost, Lost::Nothing) {
            Lost::Ballot(target) => target,
            Lost::Nothing => None,
        };
        let revise = self.members[i].stint.revise.take();
        let steering = self.take_steering(i);
        let aim = self.aim(i);
        Brief {
            news,
            steering,
            may_publish: self.publish_bar(i).is_none(),
            choices: if waits && !self.choices(i).is_empty() {
                self.in_view(i)
            } else {
                self.choices(i)
            },
            vote: self.vote_ask(i),
            votes: self.told_votes(i),
            again: Vec::new(),
            answers_left: self.answers_left(i),
            lost_vote,
            revise,
            first_look,
            aim,
            verifies: false,
            hurry,
        }
    }

    /// What the agent is told of the votes so far: nothing, unless the rules say otherwise.
    fn told_votes(&self, i: usize) -> Vec<Votes> {
        let seeing = &self.rules().seeing;
        if seeing.hide_tally || !self.may_look(i) {
            return Vec::new();
        }
        self.in_view(i)
            .into_iter()
            .map(|label| {
                let voters: Vec<_> = self
                    .ballots()
                    .filter(|ballot| ballot.target == Some(label))
                    .map(|ballot| ballot.voter)
                    .collect();
                Votes {
                    label,
                    count: voters.len() as u32,
                    voters: if seeing.hide_identities {
                        Vec::new()
                    } else {
                        voters
                    },
                }
            })
            .filter(|votes| votes.count > 0)
            .collect()
    }

    /// What the running round of this agent is about.
    fn aim(&self, i: usize) -> Aim {
        let purpose = self.members[i].running.as_ref().map(|run| run.purpose);
        match purpose {
            Some(Purpose::Weigh) => Aim::Weigh,
            Some(Purpose::Work) if self.in_parts() => Aim::Part,
            Some(Purpose::Work) if self.layer().is_some_and(|layer| layer > 1) => Aim::Refine,
            _ => Aim::Free,
        }
    }

    /// Empties the inbox into a brief and emits the receipts.
    pub(super) fn take_steering(&mut self, i: usize) -> Vec<(SteerId, String)> {
        let member = &mut self.members[i];
        let id = member.id;
        let steering = std::mem::take(&mut member.mail.inbox);
        member.mail.heard.extend(steering.iter().cloned());
        member
            .mail
            .unseen
            .extend(steering.iter().map(|(id, _)| *id));
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
        let mut labels = if self.in_parts() {
            self.current()
        } else {
            self.in_sight(i)
        };
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
